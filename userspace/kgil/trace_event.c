// SPDX-License-Identifier: GPL-2.0
/* Records of the kernel's ring buffer, made into events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "trace.h"
#include "trace_event.h"

static const struct {
	const char *name;
	enum trace_kind kind;
	const char *other;
	const char *span;
} kinds[] = {
	{ "kgil_create", TRACE_CREATE, NULL, NULL },
	{ "kgil_acquire", TRACE_ACQUIRE, NULL, "waited_ns" },
	{ "kgil_contend", TRACE_CONTEND, "owner_pid", NULL },
	{ "kgil_grant", TRACE_GRANT, "pid", "waited_ns" },
	{ "kgil_release", TRACE_RELEASE, "pid", "held_ns" },
	{ "kgil_drop_request", TRACE_DROP_REQUEST, "pid", "held_ns" },
	{ "kgil_yield", TRACE_YIELD, "pid", "held_ns" },
	{ "kgil_owner_death", TRACE_OWNER_DEATH, "pid", "held_ns" },
	{ "sched_switch", TRACE_SWITCH, "next_pid", NULL },
	{ "sched_process_fork", TRACE_FORK, "child_pid", NULL },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Functions that a stack may have; and so many events may come between. */
#define STACK_MAX 64
#define STACK_NEAR 64

static uint64_t field(struct tep_event *event, struct tep_record *record, const char *name)
{
	unsigned long long value = 0;

	if (!name || tep_get_field_val(NULL, event, name, record, &value, 0))
		return 0;
	return value;
}

void trace_set_name(struct trace *trace, int pid, const char *name)
{
	size_t i;

	for (i = 0; i < trace->names_n && trace->names[i].pid != pid; i++)
		;
	if (i == trace->names_n) {
		if (!(i & (i - 1)) || !i) {
			trace->names = realloc(trace->names, (2 * i + 1) * sizeof(*trace->names));
			if (!trace->names)
				abort();
		}
		trace->names_n++;
	}
	trace->names[i].pid = pid;
	snprintf(trace->names[i].comm, sizeof(trace->names[i].comm), "%s", name);
}

static void learn_name(struct trace *trace, int pid, struct tep_event *event,
		       struct tep_record *record, const char *name)
{
	const char *comm;
	int len;

	comm = tep_get_field_raw(NULL, event, name, record, &len, 0);
	if (comm && pid)
		trace_set_name(trace, pid, comm);
}

/* A stack comes right after its event, and from the same thread. */
static void add_stack(struct trace *trace, struct tep_handle *tep, struct tep_event *event,
		      struct tep_record *record)
{
	struct tep_format_field *caller = tep_find_field(event, "caller");
	bool user = !strcmp(event->name, "user_stack");
	int pid = tep_data_pid(tep, record);
	uint64_t addrs[STACK_MAX];
	size_t last = trace->n, n;

	while (last && trace->events[last - 1].pid != pid && trace->n - last < STACK_NEAR)
		last--;
	if (!caller || caller->offset > record->size || !last ||
	    trace->events[last - 1].pid != pid || trace->events[last - 1].kind != TRACE_CONTEND)
		return;
	n = (record->size - caller->offset) / sizeof(addrs[0]);
	if (!user && n > field(event, record, "size"))
		n = field(event, record, "size");
	if (n > STACK_MAX)
		n = STACK_MAX;
	memcpy(addrs, (char *)record->data + caller->offset, n * sizeof(addrs[0]));
	trace->events[last - 1].stacks[user ? TRACE_USER : TRACE_KERNEL] =
		user ? trace_add_user_stack(trace, field(event, record, "tgid"), addrs, n) :
		       trace_add_kernel_stack(trace, tep, addrs, n);
}

static struct trace_event *new_event(struct trace *trace)
{
	if (trace->n == trace->size) {
		trace->size = trace->size ? 2 * trace->size : 4096;
		trace->events = realloc(trace->events, trace->size * sizeof(*trace->events));
		if (!trace->events)
			abort();
	}
	return memset(&trace->events[trace->n++], 0, sizeof(*trace->events));
}

/* Who could have gone on: the state is 0, or has but the bit that says so. */
static bool was_runnable(uint64_t state)
{
	return !(state & 0xff);
}

void trace_add(struct trace *trace, struct tep_handle *tep, struct tep_record *record)
{
	struct tep_event *event = tep_find_event_by_record(tep, record);
	struct trace_event *new;
	size_t i;

	if (record->missed_events > 0)
		trace->lost += record->missed_events;
	if (!event)
		return;
	if (!strcmp(event->name, "user_stack") || !strcmp(event->name, "kernel_stack")) {
		add_stack(trace, tep, event, record);
		return;
	}
	for (i = 0; i < KINDS && strcmp(event->name, kinds[i].name); i++)
		;
	if (i == KINDS)
		return;
	new = new_event(trace);
	new->ns = record->ts;
	new->kind = kinds[i].kind;
	new->pid = tep_data_pid(tep, record);
	new->other = field(event, record, kinds[i].other);
	if (new->kind == TRACE_SWITCH) {
		new->result = !was_runnable(field(event, record, "prev_state"));
		learn_name(trace, new->pid, event, record, "prev_comm");
		learn_name(trace, new->other, event, record, "next_comm");
		return;
	}
	if (new->kind == TRACE_FORK)
		return;
	new->id = field(event, record, "id");
	new->type = field(event, record, "type");
	new->span_ns = field(event, record, kinds[i].span);
	if (new->kind == TRACE_ACQUIRE || new->kind == TRACE_GRANT)
		new->result = (int32_t)field(event, record, "result");
	if (new->kind == TRACE_CREATE)
		new->policy = field(event, record, "policy");
}

static int compare_events(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

void trace_sort(struct trace *trace)
{
	if (trace->n)
		qsort(trace->events, trace->n, sizeof(*trace->events), compare_events);
}

const char *trace_comm(const struct trace *trace, int pid)
{
	size_t i;

	for (i = 0; i < trace->names_n; i++)
		if (trace->names[i].pid == pid)
			return trace->names[i].comm;
	return NULL;
}

void trace_free(struct trace *trace)
{
	free(trace->events);
	free(trace->names);
	free(trace->policies);
	trace_free_stacks(trace);
	*trace = (struct trace){ .events = NULL };
}
