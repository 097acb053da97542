// SPDX-License-Identifier: GPL-2.0
/*
 * What kgil top says in sentences.
 */
#define _GNU_SOURCE /* strcasestr() */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "top.h"

/* Append to @text, as much as there is room for. */
static void add(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, size - used, fmt, args);
	va_end(args);
}

void top_object_name(const struct net_object *object, char *text, size_t size)
{
	snprintf(text, size, "%llu %s", (unsigned long long)object->id,
		 net_type_name(object->type).s);
	if (net_has(object, KGIL_A_OBJECT_NAME))
		add(text, size, " \"%s\"", object->name);
}

static void add_holder(const struct top_row *row, char *text, size_t size)
{
	const struct net_object *object = row->object;

	if (object->type == KGIL_TYPE_SEM) {
		add(text, size, "count %s", net_state_name(object).s);
		return;
	}
	if (strcmp(net_state_name(object).s, "held")) {
		add(text, size, "%s", net_state_name(object).s);
		return;
	}
	if (net_has(object, KGIL_A_OBJECT_OWNER_COMM) && object->owner_tid)
		add(text, size, "%s (%u)", object->owner_comm, object->owner_tid);
	else
		add(text, size, "someone");
	if (row->since)
		add(text, size, " has had it for %s", out_time(row->since).s);
	else
		add(text, size, " has it");
	if (row->asleep)
		add(text, size, " and sleeps");
}

void top_trouble(const struct top_row *row, char *text, size_t size)
{
	text[0] = '\0';
	add_holder(row, text, size);
	if (!row->object->waiters) {
		add(text, size, "; nobody waits now");
		return;
	}
	add(text, size, "; %u wait%s", row->object->waiters, row->object->waiters > 1 ? "" : "s");
	if (row->longest)
		add(text, size, ", %s%s", row->object->waiters > 1 ? "the longest for " : "for ",
		    out_time(row->longest).s);
}

void top_object_line(const struct top_row *row, char *text, size_t size)
{
	const struct net_object *object = row->object;

	top_object_name(object, text, size);
	if (net_has(object, KGIL_A_OBJECT_POLICY))
		add(text, size, ", %s", net_policy_name(object->policy).s);
	if (net_has(object, KGIL_A_OBJECT_INTERVAL))
		add(text, size, ", interval %s", out_time(object->interval_ns).s);
	if (row->acquired >= 0)
		add(text, size, "; acquired %s", out_rate(row->acquired).s);
	if (row->held.known != TOP_UNKNOWN)
		add(text, size, ", held %s%.0f %%", row->held.known == TOP_EXACT ? "" : "at least ",
		    100 * row->held.value);
	if (row->acquired >= 0 && row->held.known != TOP_EXACT && object->type != KGIL_TYPE_SEM)
		add(text, size, "; what is held by the shared word isn't timed");
}

void top_counts(const struct top_sample *sample, char *text, size_t size)
{
	unsigned int objects, threads;

	top_count_waiters(sample, &objects, &threads);
	snprintf(text, size, "%u object%s, ", sample->n_objects,
		 sample->n_objects == 1 ? "" : "s");
	if (threads)
		add(text, size, "%u thread%s wait%s for %u of them", threads,
		    threads == 1 ? "" : "s", threads == 1 ? "s" : "", objects);
	else
		add(text, size, "nobody waits");
}

/* --- the filter --------------------------------------------------------------- */

bool top_matches(const struct top_row *row, const char *filter)
{
	const struct net_object *object = row->object;
	const struct net_thread *thread = row->thread;
	char text[256];

	if (thread)
		snprintf(text, sizeof(text), "%u %s %s", thread->tid, thread->comm,
			 net_thread_state(thread));
	else
		snprintf(text, sizeof(text), "%llu %s %s %s %u %u",
			 (unsigned long long)object->id, net_type_name(object->type).s,
			 object->name, object->owner_comm, object->owner_pid, object->owner_tid);
	return strcasestr(text, filter);
}

void top_filter(struct top_rows *rows, const char *filter)
{
	unsigned int i, kept = 0;

	for (i = 0; i < rows->n; i++)
		if (top_matches(&rows->rows[i], filter))
			rows->rows[kept++] = rows->rows[i];
	rows->n = kept;
}
