// SPDX-License-Identifier: GPL-2.0
/*
 * Who is next, and when the owner must drop.  Functions of their arguments
 * alone: no lock, no clock, no side effect.
 */
#include "policy.h"
#include "wait.h"

bool kgil_valid_policy(u32 policy)
{
	return policy == KGIL_POLICY_DEFAULT || policy == KGIL_POLICY_FIFO;
}

u32 kgil_policy_resolve(u32 policy)
{
	return policy == KGIL_POLICY_DEFAULT ? KGIL_POLICY_OF_DEFAULT : policy;
}

bool kgil_valid_interval(u64 ns)
{
	return ns >= KGIL_INTERVAL_MIN && ns <= KGIL_INTERVAL_MAX;
}

/* The waiter that gets the object next: first come, first served. */
struct kgil_waiter *kgil_policy_next(struct list_head *waiters)
{
	return list_first_entry_or_null(waiters, struct kgil_waiter, node);
}

/*
 * When an owner that somebody waits for is asked to drop.  Its interval runs
 * from when it got the lock, not from when the waiter came: an owner that has
 * had its time is asked at once.
 */
u64 kgil_policy_drop_at(u64 hold_start, u64 interval)
{
	return hold_start + interval;
}
