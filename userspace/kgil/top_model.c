// SPDX-License-Identifier: GPL-2.0
/*
 * Rows from two samples: rates, and parts of the time between them.  What goes on, a hold
 * or a wait, counts up to each sample.
 */
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "times.h"
#include "top.h"

#define NSEC_PER_SEC 1e9

static struct top_share share(double part, double greatest, enum top_known known)
{
	if (part < 0)
		part = 0;
	if (part > greatest)
		part = greatest;
	/* Of nothing that is known it isn't known to be nothing. */
	if (known == TOP_AT_LEAST && part < 0.005)
		known = TOP_UNKNOWN;
	return (struct top_share){ part, known };
}

static void put_waits(struct top_row *row, const struct kgil_times *now,
		      const struct kgil_times *before, uint64_t max)
{
	struct kgil_times grown = *now;

	if (before)
		times_subtract(&grown, before);
	row->waits = grown.waits;
	row->wait_p50 = times_percentile(grown.wait, 0.5, max);
	row->wait_p99 = times_percentile(grown.wait, 0.99, max);
}

/* --- objects ------------------------------------------------------------------ */

/* Time for which it was held until the sample. */
static double held_until(const struct top_sample *sample, const struct net_object *object)
{
	uint64_t since = sample->held_since[object - sample->objects];

	return (double)object->stats.hold_total_ns + (since ? sample->at - since : 0);
}

/* Did the kernel see all holds of the time since? */
static enum top_known holds_known(const struct net_object *now, const struct net_object *before,
				  const struct net_thread *owner)
{
	static const struct net_object none;
	uint64_t taken, seen;

	if (now->type == KGIL_TYPE_SEM && now->max != 1)
		return TOP_UNKNOWN;
	if (!before)
		before = &none;
	taken = now->stats.acquisitions - before->stats.acquisitions;
	seen = now->times.holds - before->times.holds;
	if (owner && !net_thread_has(owner, KGIL_A_THREAD_HELD))
		return TOP_AT_LEAST;
	/* One may have begun before, and one go on. */
	return taken > seen + 1 ? TOP_AT_LEAST : TOP_EXACT;
}

/* Time that threads have spent waiting, until the sample. */
static double waited_until(const struct top_sample *sample, const struct net_object *object)
{
	double sum = object->stats.wait_total_ns;
	const struct net_thread *threads;
	unsigned int n, i;

	threads = top_sample_threads(sample, object->id, &n);
	for (i = 0; i < n; i++)
		sum += threads[i].waited_ns;
	return sum;
}

static void compare_objects(struct top_row *row, const struct top_sample *before,
			    const struct top_sample *now)
{
	const struct net_object *object = row->object;
	const struct net_object *old = top_sample_object(before, object->id);
	double passed = now->at - before->at;
	double held = held_until(now, object), waited = waited_until(now, object);
	uint64_t acquired = object->stats.acquisitions, contended = object->stats.contentions;

	if (old) {
		held -= held_until(before, old);
		waited -= waited_until(before, old);
		acquired -= old->stats.acquisitions;
		contended -= old->stats.contentions;
	}
	row->acquired = acquired * NSEC_PER_SEC / passed;
	row->contended = contended * NSEC_PER_SEC / passed;
	row->held = share(held / passed, 1, holds_known(object, old, row->owner));
	row->waiting = share(waited / passed, 1e9, TOP_EXACT);
	put_waits(row, &object->times, old ? &old->times : NULL, object->stats.wait_max_ns);
}

static void make_object(struct top_row *row, const struct top_sample *before,
			const struct top_sample *now, const struct net_object *object)
{
	uint64_t since = now->held_since[object - now->objects];

	row->key = object->id;
	row->object = object;
	row->owner = top_sample_owner(now, object->id);
	row->longest = object->waiting_ns;
	row->since = since ? now->at - since : 0;
	row->acquired = -1;
	row->contended = -1;
	if (before->at)
		compare_objects(row, before, now);
}

/* --- threads ------------------------------------------------------------------ */

static const struct net_thread *same_thread(const struct top_sample *sample,
					    const struct net_thread *thread)
{
	bool by_id = net_thread_has(thread, KGIL_A_THREAD_ID);
	const struct net_thread *threads;
	unsigned int n, i;

	threads = top_sample_threads(sample, thread->object, &n);
	for (i = 0; i < n; i++)
		if (by_id ? threads[i].id == thread->id :
			    thread->tid && threads[i].tid == thread->tid)
			return &threads[i];
	return NULL;
}

/* Only what goes on is known of who uses a sem or lock. */
static void compare_present(struct top_row *row, double passed)
{
	const struct net_thread *thread = row->thread;

	row->held = share(thread->held_ns / passed, 1, TOP_AT_LEAST);
	row->waiting = share(thread->waited_ns / passed, 1, TOP_AT_LEAST);
	if (row->held.value >= 1 || row->waiting.value >= 1) {
		row->held.known = TOP_EXACT;
		row->waiting.known = TOP_EXACT;
		row->idle.known = TOP_EXACT;
	}
}

static void compare_threads(struct top_row *row, const struct top_sample *before,
			    const struct top_sample *now, enum top_known known)
{
	static const struct net_thread none;
	const struct net_thread *thread = row->thread, *old = same_thread(before, thread);
	double passed = now->threads_at - before->threads_at;
	double held, waited;

	if (!net_thread_has(thread, KGIL_A_THREAD_STATS)) {
		compare_present(row, passed);
		return;
	}
	if (!old)
		old = &none;
	held = (double)thread->stats.hold_total_ns + thread->held_ns -
	       ((double)old->stats.hold_total_ns + old->held_ns);
	waited = (double)thread->stats.wait_total_ns + thread->waited_ns -
		 ((double)old->stats.wait_total_ns + old->waited_ns);
	row->held = share(held / passed, 1, known);
	row->waiting = share(waited / passed, 1 - row->held.value, TOP_EXACT);
	row->idle = share(1 - row->held.value - row->waiting.value, 1, TOP_EXACT);
	if (known != TOP_EXACT)
		row->idle.known = TOP_UNKNOWN;
	row->acquired = (thread->stats.acquisitions - old->stats.acquisitions) * NSEC_PER_SEC /
			passed;
	row->contended = (thread->stats.contentions - old->stats.contentions) * NSEC_PER_SEC /
			 passed;
	put_waits(row, &thread->times, &old->times, thread->stats.wait_max_ns);
}

static void make_thread(struct top_row *row, const struct top_sample *before,
			const struct top_sample *now, const struct net_thread *thread)
{
	row->thread = thread;
	row->object = top_sample_object(now, thread->object);
	row->key = net_thread_has(thread, KGIL_A_THREAD_ID) ? thread->id : thread->tid;
	row->longest = thread->waited_ns;
	row->since = thread->state == KGIL_THREAD_WAITER ? thread->waited_ns : thread->held_ns;
	row->acquired = -1;
	row->contended = -1;
	if (before->at)
		compare_threads(row, before, now,
				holds_known(row->object,
					    top_sample_object(before, thread->object),
					    top_sample_owner(now, thread->object)));
}

/* --- all of them -------------------------------------------------------------- */

struct top_rows top_rows_make(const struct top_sample *before, const struct top_sample *now,
			      uint64_t object)
{
	const struct net_thread *threads = NULL;
	struct top_rows made = { NULL, now->n_objects };
	unsigned int i;

	if (object) {
		threads = top_sample_threads(now, object, &made.n);
		if (!top_sample_object(now, object))
			made.n = 0;
	}
	made.rows = out_alloc(made.n * sizeof(*made.rows));
	for (i = 0; i < made.n; i++) {
		if (object)
			make_thread(&made.rows[i], before, now, &threads[i]);
		else
			make_object(&made.rows[i], before, now, &now->objects[i]);
	}
	return made;
}

void top_rows_free(struct top_rows *rows)
{
	free(rows->rows);
	rows->rows = NULL;
	rows->n = 0;
}

const struct top_row *top_worst(const struct top_rows *objects)
{
	const struct top_row *worst = NULL, *row;

	for (row = objects->rows; row < objects->rows + objects->n; row++) {
		if (!row->object->waiters && row->waiting.value < 0.01)
			continue;
		if (!worst || row->waiting.value > worst->waiting.value ||
		    (row->waiting.value == worst->waiting.value &&
		     row->object->waiters > worst->object->waiters))
			worst = row;
	}
	return worst;
}

void top_count_waiters(const struct top_sample *sample, unsigned int *objects,
		       unsigned int *threads)
{
	unsigned int i;

	*objects = 0;
	*threads = 0;
	for (i = 0; i < sample->n_objects; i++) {
		*objects += sample->objects[i].waiters > 0;
		*threads += sample->objects[i].waiters;
	}
}
