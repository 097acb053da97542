/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of an object, and the sums of all. */
#ifndef _KGIL_STATS_H
#define _KGIL_STATS_H

#include <linux/minmax.h>
#include <linux/sched/clock.h>
#include <linux/types.h>

#include <linux/kgil.h>

struct kgil_object;

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

/* A wait that is over.  Under the object's lock, as the next one. */
static inline void kgil_stats_waited(struct kgil_stats *stats, u64 ns)
{
	stats->wait_total_ns += ns;
	stats->wait_max_ns = max_t(u64, stats->wait_max_ns, ns);
}

static inline void kgil_stats_held(struct kgil_stats *stats, u64 ns)
{
	stats->hold_total_ns += ns;
	stats->hold_max_ns = max_t(u64, stats->hold_max_ns, ns);
}

/**
 * struct kgil_totals - all objects of a network namespace
 * @objects: that exist
 * @created: that ever did
 * @waiters: threads that wait now
 * @stats: sums, the greatest of the maxima; of those that are gone too
 */
struct kgil_totals {
	u64 objects;
	u64 created;
	u64 waiters;
	struct kgil_stats stats;
};

void kgil_stats_read(const struct kgil_object *obj, struct kgil_stats *stats);
void kgil_totals_add(struct kgil_totals *totals, struct kgil_object *obj);
void kgil_totals_retire(struct kgil_totals *retired,
			const struct kgil_object *obj);

#endif /* _KGIL_STATS_H */
