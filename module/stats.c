// SPDX-License-Identifier: GPL-2.0
/*
 * Sums of the counters.  A hot path counts in its object alone; who reads adds
 * up.
 *
 * What an owner does without a break, that is, while no other thread owns the
 * object, is its run.  The holds of a run and how many they are belong to the
 * object and to the owner.  They are added to both when the run is over, so that
 * one who takes the object again and again counts once.
 */
#include "object.h"
#include "owner.h"
#include "stats.h"

static void kgil_stats_add(struct kgil_stats *sum, const struct kgil_stats *one)
{
	sum->acquisitions += one->acquisitions;
	sum->contentions += one->contentions;
	sum->wait_total_ns += one->wait_total_ns;
	sum->wait_max_ns = max(sum->wait_max_ns, one->wait_max_ns);
	sum->hold_total_ns += one->hold_total_ns;
	sum->hold_max_ns = max(sum->hold_max_ns, one->hold_max_ns);
	sum->switches += one->switches;
	sum->yields += one->yields;
	sum->drop_requests += one->drop_requests;
	sum->timeouts += one->timeouts;
	sum->interrupts += one->interrupts;
	sum->owner_deaths += one->owner_deaths;
	sum->deadlocks += one->deadlocks;
	sum->unchecked += one->unchecked;
}

/* A wait of @tie, or of a thread without a record, is over. */
void kgil_stats_waited(struct kgil_object *obj, struct kgil_tie *tie, u64 ns)
{
	kgil_spans_add(&obj->timing.wait, ns);
	if (tie)
		kgil_spans_add(&tie->timing.wait, ns);
}

/* @tie, or an owner that is gone, was asked to drop it, and did so after @ns. */
void kgil_stats_heeded(struct kgil_object *obj, struct kgil_tie *tie, u64 ns)
{
	kgil_timing_heeded(&obj->timing, ns);
	if (tie)
		kgil_timing_heeded(&tie->timing, ns);
}

/* Another thread than obj->last is about to own it. */
void kgil_stats_end_run(struct kgil_object *obj)
{
	struct kgil_tie *tie = obj->last;

	if (tie) {
		tie->stats.acquisitions += obj->stats.acquisitions -
					   obj->run_start;
		kgil_spans_merge(&tie->timing.hold, &obj->run);
	}
	obj->run_start = obj->stats.acquisitions;
	kgil_spans_merge(&obj->timing.hold, &obj->run);
	kgil_spans_clear(&obj->run);
}

static void kgil_stats_set_times(struct kgil_stats *stats,
				 const struct kgil_timing *timing)
{
	stats->wait_total_ns = timing->wait.total;
	stats->wait_max_ns = kgil_spans_max(&timing->wait);
	stats->hold_total_ns = timing->hold.total;
	stats->hold_max_ns = kgil_spans_max(&timing->hold);
}

/**
 * kgil_stats_read() - what happened to an object, by calls and by the word
 * @obj: the object, locked or not in use any more
 * @stats: written
 *
 * What was done by the word is what the page says of it.
 */
void kgil_stats_read(const struct kgil_object *obj, struct kgil_stats *stats)
{
	*stats = obj->stats;
	kgil_stats_set_times(stats, &obj->timing);
	stats->hold_total_ns += obj->run.total;
	stats->hold_max_ns = max(stats->hold_max_ns, kgil_spans_max(&obj->run));
	stats->acquisitions += READ_ONCE(obj->page->acquisitions);
	stats->switches += READ_ONCE(obj->page->switches);
}

static void kgil_times_set_wait(struct kgil_times *times,
				const struct kgil_timing *timing)
{
	times->waits = kgil_spans_number(&timing->wait);
	times->wait_min_ns = timing->wait.min;
	memcpy(times->wait, timing->wait.hist, sizeof(times->wait));
	times->heeds = timing->heeds;
	times->heed_total_ns = timing->heed_total;
	times->heed_max_ns = timing->heed_max;
}

/* Of the holds, what was added up and, if it is to count, the run. */
static void kgil_times_set_hold(struct kgil_times *times,
				const struct kgil_timing *timing,
				const struct kgil_spans *run)
{
	struct kgil_spans hold = timing->hold;

	if (run)
		kgil_spans_merge(&hold, run);
	times->holds = kgil_spans_number(&hold);
	times->hold_min_ns = hold.min;
	memcpy(times->hold, hold.hist, sizeof(times->hold));
}

/**
 * kgil_times_read() - how long an object was waited for and held
 * @obj: the object, locked or not in use any more
 * @times: all of it is written
 */
void kgil_times_read(struct kgil_object *obj, struct kgil_times *times)
{
	const struct kgil_waiter *oldest = kgil_queue_oldest(&obj->queue);

	kgil_times_set_wait(times, &obj->timing);
	kgil_times_set_hold(times, &obj->timing, &obj->run);
	times->waiting_ns = oldest ? kgil_elapsed(oldest->since, kgil_now()) :
				     0;
}

/**
 * kgil_stats_read_tie() - what a thread did with an object, by calls
 * @tie: the thread's record; its object is locked
 * @stats: all of it is written
 * @times: likewise
 */
void kgil_stats_read_tie(const struct kgil_tie *tie, struct kgil_stats *stats,
			 struct kgil_times *times)
{
	const struct kgil_object *obj = tie->key.obj;
	bool runs = obj->last == tie;

	*stats = tie->stats;
	kgil_stats_set_times(stats, &tie->timing);
	kgil_times_set_wait(times, &tie->timing);
	kgil_times_set_hold(times, &tie->timing, runs ? &obj->run : NULL);
	times->waiting_ns = tie->waits_since ?
			    kgil_elapsed(tie->waits_since, kgil_now()) : 0;
	if (!runs)
		return;
	stats->acquisitions += obj->stats.acquisitions - obj->run_start;
	stats->hold_total_ns += obj->run.total;
	stats->hold_max_ns = max(stats->hold_max_ns, kgil_spans_max(&obj->run));
}

static void kgil_totals_add_times(struct kgil_totals *totals,
				  const struct kgil_object *obj)
{
	totals->waits += kgil_spans_number(&obj->timing.wait);
	totals->holds += kgil_spans_number(&obj->timing.hold) +
			 kgil_spans_number(&obj->run);
}

/* Add an object that exists. */
void kgil_totals_add(struct kgil_totals *totals, struct kgil_object *obj)
{
	struct kgil_stats stats;

	raw_spin_lock(&obj->lock);
	kgil_stats_read(obj, &stats);
	kgil_stats_add(&totals->stats, &stats);
	kgil_totals_add_times(totals, obj);
	totals->waiters += obj->queue.length;
	raw_spin_unlock(&obj->lock);
	totals->objects++;
	totals->created++;
}

/* Add an object that is about to go; nobody works on it any more. */
void kgil_totals_retire(struct kgil_totals *retired,
			const struct kgil_object *obj)
{
	struct kgil_stats stats;

	kgil_stats_read(obj, &stats);
	kgil_stats_add(&retired->stats, &stats);
	kgil_totals_add_times(retired, obj);
	retired->created++;
}
