// SPDX-License-Identifier: GPL-2.0
/*
 * Sums of the counters.  A hot path counts in its object alone; who reads adds
 * up.
 */
#include "object.h"
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
	stats->acquisitions += READ_ONCE(obj->page->acquisitions);
	stats->switches += READ_ONCE(obj->page->switches);
}

/* Add an object that exists. */
void kgil_totals_add(struct kgil_totals *totals, struct kgil_object *obj)
{
	struct kgil_stats stats;

	raw_spin_lock(&obj->lock);
	kgil_stats_read(obj, &stats);
	kgil_stats_add(&totals->stats, &stats);
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
	retired->created++;
}
