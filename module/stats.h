/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of an object, and the sums of all. */
#ifndef _KGIL_STATS_H
#define _KGIL_STATS_H

#include <linux/minmax.h>
#include <linux/sched/clock.h>
#include <linux/types.h>

#include <linux/kgil.h>

#include "spans.h"

struct kgil_object;
struct kgil_tie;

/*
 * The clock of everything that is measured and decided: the scheduler's, because
 * an acquire and a release each read it, and it is read in half the time.  On
 * hardware whose processors disagree it may go back a little between two of them;
 * who subtracts uses kgil_elapsed().
 */
static inline u64 kgil_now(void)
{
	return local_clock();
}

/* From @start to @now, ns. */
static inline u64 kgil_elapsed(u64 start, u64 now)
{
	return (s64)(now - start) > 0 ? now - start : 0;
}

/**
 * struct kgil_timing - how long something was waited for, held and asked for
 * @wait: waits that are over
 * @hold: holds that are over
 * @heeds: drop requests that were heeded
 * @heed_total: how long that took, ns
 * @heed_max: the longest of them
 */
struct kgil_timing {
	struct kgil_spans wait;
	struct kgil_spans hold;
	u64 heeds;
	u64 heed_total;
	u64 heed_max;
};

static inline void kgil_timing_heeded(struct kgil_timing *timing, u64 ns)
{
	timing->heeds++;
	timing->heed_total += ns;
	timing->heed_max = max(timing->heed_max, ns);
}

/**
 * struct kgil_totals - all objects of a network namespace
 * @objects: that exist
 * @created: that ever did
 * @waiters: threads that wait now
 * @stats: sums, the greatest of the maxima; of those that are gone too
 * @waits: that are over, likewise
 * @holds: that are over and were timed, likewise
 */
struct kgil_totals {
	u64 objects;
	u64 created;
	u64 waiters;
	struct kgil_stats stats;
	u64 waits;
	u64 holds;
};

void kgil_stats_waited(struct kgil_object *obj, struct kgil_tie *tie, u64 ns);
void kgil_stats_heeded(struct kgil_object *obj, struct kgil_tie *tie, u64 ns);
void kgil_stats_end_run(struct kgil_object *obj);

void kgil_stats_read(const struct kgil_object *obj, struct kgil_stats *stats);
void kgil_times_read(struct kgil_object *obj, struct kgil_times *times);
void kgil_stats_read_tie(const struct kgil_tie *tie, struct kgil_stats *stats,
			 struct kgil_times *times);
void kgil_totals_add(struct kgil_totals *totals, struct kgil_object *obj);
void kgil_totals_retire(struct kgil_totals *retired,
			const struct kgil_object *obj);

#endif /* _KGIL_STATS_H */
