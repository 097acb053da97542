// SPDX-License-Identifier: GPL-2.0
/*
 * Sums of the counters.  A hot path counts in its object alone; who reads adds
 * up what exists and what its network namespace remembers of the rest.
 */
#include <net/netns/generic.h>

#include "object.h"

/* Totals of destroyed objects; protected by the register's mutex. */
static unsigned int kgil_net_id;

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

/* Add an object that exists. */
void kgil_totals_add(struct kgil_totals *totals, struct kgil_object *obj)
{
	raw_spin_lock_irq(&obj->lock);
	kgil_stats_add(&totals->stats, &obj->stats);
	totals->waiters += obj->nr_waiters;
	raw_spin_unlock_irq(&obj->lock);
	totals->objects++;
	totals->created++;
}

/* Remember an object that is about to go; nobody works on it any more. */
void kgil_totals_retire(struct kgil_object *obj)
{
	struct kgil_totals *retired = net_generic(obj->net, kgil_net_id);

	kgil_stats_add(&retired->stats, &obj->stats);
	retired->created++;
}

/* Begin a sum with what is gone. */
void kgil_totals_retired(struct net *net, struct kgil_totals *totals)
{
	*totals = *(struct kgil_totals *)net_generic(net, kgil_net_id);
}

static struct pernet_operations kgil_net_ops = {
	.id = &kgil_net_id,
	.size = sizeof(struct kgil_totals),
};

int kgil_stats_init(void)
{
	return register_pernet_subsys(&kgil_net_ops);
}

void kgil_stats_exit(void)
{
	unregister_pernet_subsys(&kgil_net_ops);
}
