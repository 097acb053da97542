// SPDX-License-Identifier: GPL-2.0
/* Events replayed, as docs/tracing.md says they can be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kgil.h>

#include "lanes.h"
#include "lanes_out.h"
#include "out.h"
#include "trace.h"

const char *const lane_state_names[LANE_STATES] = {
	[LANE_OUTSIDE] = "outside",
	[LANE_RUNNING] = "running with it",
	[LANE_WAITING] = "waiting",
	[LANE_WAKING] = "has it, being woken",
	[LANE_PREEMPTED] = "has it, no processor",
	[LANE_BLOCKED] = "has it, blocked",
};

const char *lanes_state(const struct lanes *lanes, int state)
{
	return lanes->no_switches && state == LANE_RUNNING ? "has it" : lane_state_names[state];
}

/* An array that has room for one more than @n, at powers of two. */
static void *grown(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	array = realloc(array, (n ? 2 * n : 1) * size);
	if (!array)
		abort();
	return array;
}

/* --- which object, which threads ------------------------------------------- */

struct tally {
	uint64_t id;
	uint64_t events;
	bool used;
};

static bool is_of_object(const struct trace_event *event)
{
	return event->kind != TRACE_SWITCH && event->kind != TRACE_FORK;
}

/* The ids of @pid and all that descends from it. */
struct family {
	int *pids;
	size_t n;
};

static bool is_in(const struct family *family, int pid)
{
	size_t i;

	for (i = 0; i < family->n; i++)
		if (family->pids[i] == pid)
			return true;
	return !family->n;
}

static void join(struct family *family, int pid)
{
	family->pids = grown(family->pids, family->n, sizeof(*family->pids));
	family->pids[family->n++] = pid;
}

static struct tally *tally_of(struct tally **tallies, size_t *n, uint64_t id)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if ((*tallies)[i].id == id)
			return &(*tallies)[i];
	*tallies = grown(*tallies, *n, sizeof(**tallies));
	(*tallies)[*n] = (struct tally){ .id = id };
	return &(*tallies)[(*n)++];
}

/* The object with most events, of those that the family of @pid used. */
static uint64_t choose(const struct trace *trace, int pid, unsigned int *others)
{
	struct family family = { NULL, 0 };
	struct tally *tallies = NULL, *tally;
	uint64_t best = 0, most = 0;
	size_t n = 0, i;

	if (pid)
		join(&family, pid);
	for (i = 0; i < trace->n; i++) {
		const struct trace_event *event = &trace->events[i];

		if (event->kind == TRACE_FORK && pid && is_in(&family, event->pid))
			join(&family, event->other);
		if (!is_of_object(event))
			continue;
		tally = tally_of(&tallies, &n, event->id);
		tally->events++;
		tally->used |= is_in(&family, event->pid);
	}
	*others = 0;
	for (i = 0; i < n; i++) {
		if (!tallies[i].used)
			continue;
		(*others)++;
		if (tallies[i].events > most) {
			most = tallies[i].events;
			best = tallies[i].id;
		}
	}
	*others -= *others > 0;
	free(tallies);
	free(family.pids);
	return best;
}

/* --- lanes ------------------------------------------------------------------ */

static int find_lane(const struct lanes *lanes, int tid)
{
	unsigned int i;

	for (i = 0; i < lanes->n; i++)
		if (lanes->lane[i].tid == tid)
			return i;
	return -1;
}

static int need_lane(struct lanes *lanes, int tid)
{
	int found = find_lane(lanes, tid);

	if (found >= 0)
		return found;
	lanes->lane = grown(lanes->lane, lanes->n, sizeof(*lanes->lane));
	lanes->lane[lanes->n] = (struct lane){ .tid = tid, .since = lanes->from };
	return lanes->n++;
}

static void add_span(struct lane *lane, uint64_t from, uint64_t to, enum lane_state state)
{
	struct lane_span *last = lane->n ? &lane->spans[lane->n - 1] : NULL;

	if (from >= to || state == LANE_OUTSIDE)
		return;
	lane->total[state] += to - from;
	if (last && last->state == state && last->to == from) {
		last->to = to;
		return;
	}
	lane->spans = grown(lane->spans, lane->n, sizeof(*lane->spans));
	lane->spans[lane->n++] = (struct lane_span){ from, to, state };
}

static enum lane_state state_of(const struct lane *lane)
{
	if (lane->waits_now)
		return LANE_WAITING;
	if (!lane->holds)
		return LANE_OUTSIDE;
	if (!lane->off_cpu)
		return LANE_RUNNING;
	if (lane->fresh)
		return LANE_WAKING;
	return lane->slept ? LANE_BLOCKED : LANE_PREEMPTED;
}

/* Something about @lane has changed at @ns. */
static void settle(struct lane *lane, uint64_t ns)
{
	enum lane_state state = state_of(lane);

	if (state == lane->state)
		return;
	add_span(lane, lane->since, ns, lane->state);
	lane->since = ns;
	lane->state = state;
}

static void add_mark(struct lanes *lanes, struct lane_mark mark)
{
	lanes->marks = grown(lanes->marks, lanes->marks_n, sizeof(*lanes->marks));
	lanes->marks[lanes->marks_n++] = mark;
}

/* --- the events ------------------------------------------------------------- */

/**
 * struct replay - what is known at one moment
 * @holder: lane; -1: nobody that is known
 * @last: lane that released it last
 * @released: when
 * @waiting: how many wait
 */
struct replay {
	struct lanes *lanes;
	int holder;
	int last;
	uint64_t released;
	unsigned int waiting;
};

static void queue_changes(struct replay *r, uint64_t ns, int by)
{
	struct lanes *lanes = r->lanes;

	if (by < 0 && !r->waiting)
		return;
	r->waiting += by;
	if (r->waiting > lanes->most_waiting)
		lanes->most_waiting = r->waiting;
	lanes->queue = grown(lanes->queue, lanes->queue_n, sizeof(*lanes->queue));
	lanes->queue[lanes->queue_n++] = (struct lane_queue){ ns, r->waiting };
}

static void begins_to_hold(struct replay *r, int lane, uint64_t ns)
{
	struct lane *l = &r->lanes->lane[lane];

	r->holder = lane;
	l->holds = true;
	settle(l, ns);
}

static void ends_waiting(struct replay *r, struct lane *lane, uint64_t ns)
{
	if (!lane->waits_now)
		return;
	lane->waits_now = false;
	if (ns - lane->waits_since > lane->longest_wait)
		lane->longest_wait = ns - lane->waits_since;
	queue_changes(r, ns, -1);
}

static void replay_contend(struct replay *r, const struct trace_event *event)
{
	int waiter = need_lane(r->lanes, event->pid), owner;
	struct lane *lane;

	/* The kernel had not seen it, until now. */
	if (event->other > 0) {
		owner = need_lane(r->lanes, event->other);
		if (!r->lanes->lane[owner].holds)
			begins_to_hold(r, owner, event->ns);
	}
	lane = &r->lanes->lane[waiter];
	lane->off_cpu = false;
	lane->waits_now = true;
	lane->waits_since = event->ns;
	lane->waits++;
	settle(lane, event->ns);
	queue_changes(r, event->ns, 1);
}

static void replay_grant(struct replay *r, const struct trace_event *event)
{
	int next = need_lane(r->lanes, event->other);
	struct lane *lane = &r->lanes->lane[next];

	ends_waiting(r, lane, event->ns);
	lane->returning = true;
	lane->fresh = lane->off_cpu;
	lane->acquired++;
	begins_to_hold(r, next, event->ns);
	if (r->last >= 0 && r->last != next)
		add_mark(r->lanes, (struct lane_mark){ event->ns, r->released, r->last, next });
	r->last = -1;
}

static void replay_acquire(struct replay *r, const struct trace_event *event)
{
	bool got = !event->result || event->result == -EOWNERDEAD;
	int mine = need_lane(r->lanes, event->pid);
	struct lane *lane = &r->lanes->lane[mine];

	/* It runs. */
	lane->off_cpu = false;
	lane->fresh = false;
	if (got && !lane->returning) {
		lane->acquired++;
		r->last = -1;
		begins_to_hold(r, mine, event->ns);
	} else if (!got) {
		ends_waiting(r, lane, event->ns);
	}
	lane->returning = false;
	settle(lane, event->ns);
}

/* A hold of which only the end was seen: its length tells when it began. */
static void add_hold_before(struct lanes *lanes, struct lane *lane, const struct trace_event *event)
{
	uint64_t begin = event->ns - event->span_ns;

	if (begin < lane->since)
		begin = lane->since;
	if (begin < lanes->from)
		begin = lanes->from;
	if (lane->state != LANE_OUTSIDE)
		return;
	add_span(lane, begin, event->ns, LANE_RUNNING);
	lane->since = event->ns;
}

static void replay_release(struct replay *r, const struct trace_event *event)
{
	int mine = need_lane(r->lanes, event->other > 0 ? event->other : event->pid);
	struct lane *lane = &r->lanes->lane[mine];

	if (!lane->holds)
		add_hold_before(r->lanes, lane, event);
	lane->holds = false;
	lane->fresh = false;
	settle(lane, event->ns);
	r->holder = -1;
	r->last = mine;
	r->released = event->ns;
}

static void replay_switch(struct replay *r, const struct trace_event *event)
{
	int from = find_lane(r->lanes, event->pid), to = find_lane(r->lanes, event->other);

	if (from >= 0) {
		struct lane *lane = &r->lanes->lane[from];

		lane->off_cpu = true;
		lane->slept = event->result;
		settle(lane, event->ns);
	}
	if (to >= 0) {
		struct lane *lane = &r->lanes->lane[to];

		lane->off_cpu = false;
		lane->fresh = false;
		settle(lane, event->ns);
	}
}

static void replay_drop_request(struct replay *r, const struct trace_event *event)
{
	int lane;

	if (event->other <= 0)
		return;
	lane = need_lane(r->lanes, event->other);
	r->lanes->lane[lane].asked++;
	add_mark(r->lanes, (struct lane_mark){ event->ns, event->ns, lane, -1 });
}

static void replay_event(struct replay *r, const struct trace_event *event)
{
	switch (event->kind) {
	case TRACE_CREATE:
		r->lanes->policy = event->policy;
		break;
	case TRACE_CONTEND:
		replay_contend(r, event);
		break;
	case TRACE_GRANT:
		replay_grant(r, event);
		break;
	case TRACE_ACQUIRE:
		replay_acquire(r, event);
		break;
	case TRACE_RELEASE:
		replay_release(r, event);
		break;
	case TRACE_DROP_REQUEST:
		replay_drop_request(r, event);
		break;
	case TRACE_SWITCH:
		replay_switch(r, event);
		break;
	default:
		break;
	}
}

/* --- all of it -------------------------------------------------------------- */

static uint64_t busy(const struct lane *lane)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = LANE_RUNNING; i < LANE_STATES; i++)
		sum += lane->total[i];
	return sum;
}

static int compare_lanes(const void *a, const void *b)
{
	const struct lane *x = a, *y = b;

	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

static void name_lanes(struct lanes *lanes, const struct trace *trace)
{
	unsigned int i;

	for (i = 0; i < lanes->n; i++) {
		const char *comm = trace_comm(trace, lanes->lane[i].tid);

		if (comm)
			snprintf(lanes->lane[i].name, sizeof(lanes->lane[i].name), "%s", comm);
		else
			snprintf(lanes->lane[i].name, sizeof(lanes->lane[i].name), "thread");
	}
}

/* From the first to the last event of the object, lanes in order of their threads. */
static bool find_range(struct lanes *lanes, const struct trace *trace)
{
	size_t i;

	for (i = 0; i < trace->n; i++) {
		const struct trace_event *event = &trace->events[i];

		if (!is_of_object(event) || event->id != lanes->id)
			continue;
		if (event->kind == TRACE_CREATE) {
			lanes->type = event->type;
			continue;
		}
		if (!lanes->to)
			lanes->from = event->ns;
		lanes->to = event->ns;
		lanes->type = event->type;
		need_lane(lanes, event->pid);
		if (event->other > 0)
			need_lane(lanes, event->other);
	}
	if (lanes->n)
		qsort(lanes->lane, lanes->n, sizeof(*lanes->lane), compare_lanes);
	return lanes->to > lanes->from;
}

/* Threads that only gave it to others, such as a timer's: they had nothing of it. */
static void drop_idle_lanes(struct lanes *lanes)
{
	unsigned int kept = 0, i;
	int *new_index = out_alloc((lanes->n + 1) * sizeof(*new_index));
	size_t m, marks = 0;

	for (i = 0; i < lanes->n; i++) {
		struct lane *lane = &lanes->lane[i];

		new_index[i] = -1;
		if (!busy(lane) && !lane->acquired && !lane->waits) {
			free(lane->spans);
			continue;
		}
		new_index[i] = kept;
		lanes->lane[kept++] = *lane;
	}
	lanes->n = kept;
	for (m = 0; m < lanes->marks_n; m++) {
		struct lane_mark *mark = &lanes->marks[m];

		mark->from = new_index[mark->from];
		mark->to = mark->to < 0 ? -1 : new_index[mark->to];
		if (mark->from >= 0)
			lanes->marks[marks++] = *mark;
	}
	lanes->marks_n = marks;
	free(new_index);
}

/*
 * A convoy: a thread that wants it for much less time than the others, and seldom has to
 * be asked for it, waits each time about as long as one of them has it, or longer; and
 * that is a good part of what it does.
 */
#define CONVOY_SHORTER 5
#define CONVOY_PART 4

/* @had: by others, each time; @ran: of this, with a processor. */
static bool is_in_convoy(const struct lane *lane, uint64_t had, uint64_t ran, uint64_t all)
{
	uint64_t waited = lane->total[LANE_WAITING];

	return lane->total[LANE_RUNNING] / lane->acquired * CONVOY_SHORTER < ran &&
	       lane->asked * 4 <= lane->acquired && waited / lane->waits > had / 4 * 3 &&
	       waited > all / CONVOY_PART;
}

static void find_convoy(struct lanes *lanes)
{
	uint64_t all = lanes->to - lanes->from, had = 0, ran = 0, got = 0;
	uint64_t others, others_had, others_ran;
	unsigned int i;

	for (i = 0; i < lanes->n; i++) {
		had += busy(&lanes->lane[i]) - lanes->lane[i].total[LANE_WAITING];
		ran += lanes->lane[i].total[LANE_RUNNING];
		got += lanes->lane[i].acquired;
	}
	for (i = 0; i < lanes->n; i++) {
		struct lane *lane = &lanes->lane[i];

		if (!lane->acquired || !lane->waits || got == lane->acquired)
			continue;
		others = got - lane->acquired;
		others_had = had - (busy(lane) - lane->total[LANE_WAITING]);
		others_ran = ran - lane->total[LANE_RUNNING];
		lane->convoy = is_in_convoy(lane, others_had / others, others_ran / others, all);
		lanes->convoy += lane->convoy;
	}
}

/* As it was seen last, or else as it was created. */
static void learn_policy(struct lanes *lanes, const struct trace *trace)
{
	size_t i;

	for (i = 0; i < trace->policies_n; i++)
		if (trace->policies[i].id == lanes->id)
			lanes->policy = trace->policies[i].policy;
}

static bool has_switches(const struct trace *trace)
{
	size_t i;

	for (i = 0; i < trace->n && trace->events[i].kind != TRACE_SWITCH; i++)
		;
	return i < trace->n;
}

bool lanes_make(struct lanes *lanes, const struct trace *trace, uint64_t id, int pid)
{
	struct replay r = { .lanes = lanes, .holder = -1, .last = -1 };
	unsigned int i;
	size_t n;

	*lanes = (struct lanes){ .lost = trace->lost, .no_switches = !has_switches(trace) };
	lanes->id = choose(trace, pid, &lanes->others);
	if (id)
		lanes->id = id;
	if (!lanes->id || !find_range(lanes, trace))
		return false;
	for (i = 0; i < lanes->n; i++)
		lanes->lane[i].since = lanes->from;
	for (n = 0; n < trace->n; n++) {
		const struct trace_event *event = &trace->events[n];

		if (event->kind == TRACE_SWITCH ? event->ns <= lanes->to :
						  is_of_object(event) && event->id == lanes->id)
			replay_event(&r, event);
	}
	for (i = 0; i < lanes->n; i++) {
		struct lane *lane = &lanes->lane[i];

		add_span(lane, lane->since, lanes->to, lane->state);
		if (lane->waits_now && lanes->to - lane->waits_since > lane->longest_wait)
			lane->longest_wait = lanes->to - lane->waits_since;
		lane->total[LANE_OUTSIDE] = lanes->to - lanes->from - busy(lane);
	}
	learn_policy(lanes, trace);
	name_lanes(lanes, trace);
	drop_idle_lanes(lanes);
	find_convoy(lanes);
	return lanes->n > 0;
}

void lanes_free(struct lanes *lanes)
{
	unsigned int i;

	for (i = 0; i < lanes->n; i++)
		free(lanes->lane[i].spans);
	free(lanes->lane);
	free(lanes->marks);
	free(lanes->queue);
	*lanes = (struct lanes){ .id = 0 };
}
