// SPDX-License-Identifier: GPL-2.0
/*
 * Who is next, and when the owner must drop.  Functions of their arguments
 * alone: no lock, no clock.
 */
#include "policy.h"

bool kgil_valid_policy(u32 policy)
{
	return policy <= KGIL_POLICY_FAIR;
}

u32 kgil_policy_resolve(u32 policy)
{
	return policy == KGIL_POLICY_DEFAULT ? KGIL_POLICY_OF_DEFAULT : policy;
}

bool kgil_valid_interval(u64 ns)
{
	return ns >= KGIL_INTERVAL_MIN && ns <= KGIL_INTERVAL_MAX;
}

bool kgil_valid_handoff(u64 ns)
{
	return ns >= KGIL_HANDOFF_AT_ONCE && ns <= KGIL_HANDOFF_MAX;
}

/* Is @a before @b?  Both are of one gil's time, which may wrap. */
static bool kgil_time_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

/**
 * kgil_policy_drop_at() - when an owner that somebody waits for is asked to drop
 * @hold_start: when it got the gil
 * @used: how much of its interval it has had before this hold
 * @interval: switch interval
 *
 * Its interval runs from when it got the gil, not from when the waiter came: an
 * owner that has had its time is asked at once.
 */
u64 kgil_policy_drop_at(u64 hold_start, u64 used, u64 interval)
{
	return hold_start + interval - (used < interval ? used : interval);
}

/* Has a waiter been passed over for as long as it can be? */
bool kgil_policy_overdue(u64 since, u64 now, u64 handoff)
{
	return !kgil_time_before(now, since + handoff);
}

/* Is @a next before @b, who came later? */
bool kgil_fair_before(const struct kgil_share *a, const struct kgil_share *b)
{
	if (a->key != b->key)
		return kgil_time_before(a->key, b->key);
	return a->used && !b->used;
}

static void kgil_fair_raise(struct kgil_turns *turns, u64 key)
{
	if (kgil_time_before(turns->floor, key))
		turns->floor = key;
}

/**
 * kgil_fair_contended() - the first waiter comes
 * @turns: of the gil
 * @owner: whom it waits for
 * @ran: how long the owner has held it
 * @interval: switch interval
 *
 * What the owner has held alone is not held against it, but for an interval.
 */
void kgil_fair_contended(struct kgil_turns *turns,
			 const struct kgil_share *owner, u64 ran, u64 interval)
{
	u64 spent = owner->used + ran;

	turns->passed = 0;
	kgil_fair_raise(turns, owner->key +
			       (spent > interval ? spent - interval : 0));
}

/**
 * kgil_fair_arrive() - a thread comes to wait
 * @share: of the thread
 * @turns: of the gil
 * @interval: switch interval
 *
 * A new one is as far as who has had least; one that was away is at most
 * KGIL_CREDIT intervals behind, and begins an interval then.
 */
void kgil_fair_arrive(struct kgil_share *share, const struct kgil_turns *turns,
		      u64 interval)
{
	u64 least = turns->floor - KGIL_CREDIT * interval;

	if (!share->known) {
		share->known = true;
		share->key = turns->floor;
	} else if (kgil_time_before(share->key, least)) {
		share->key = least;
		share->used = 0;
	}
}

/**
 * kgil_fair_charge() - a hold is over that somebody waited for
 * @share: of who held it
 * @turns: of the gil
 * @ran: for how long
 * @interval: switch interval
 *
 * Return: the owner's interval is over, too.
 */
bool kgil_fair_charge(struct kgil_share *share, struct kgil_turns *turns,
		      u64 ran, u64 interval)
{
	turns->passed += ran;
	share->used += ran;
	if (share->used < interval)
		return false;
	share->key += share->used;
	share->used = 0;
	return true;
}

/**
 * kgil_fair_preempts() - is a waiter so far behind that the owner is asked now?
 * @waiter: who waits
 * @owner: who holds it
 * @ran: for how long
 * @turns: of the gil
 * @interval: switch interval
 */
bool kgil_fair_preempts(const struct kgil_share *waiter,
			const struct kgil_share *owner, u64 ran,
			const struct kgil_turns *turns, u64 interval)
{
	u64 has = waiter->key + waiter->used;

	return !turns->guarded &&
	       !kgil_time_before(owner->key + owner->used + ran, has + interval);
}

/* Is the oldest waiter next, although others have had less? */
bool kgil_fair_takes_oldest(const struct kgil_turns *turns, u64 interval)
{
	return turns->passed >= KGIL_PASSED_OVER * interval;
}

/**
 * kgil_fair_turn() - a waiter is chosen
 * @turns: of the gil
 * @least: share of the waiter that has had least
 * @is_least: that is the one that is chosen
 * @is_oldest: it has waited longest
 */
void kgil_fair_turn(struct kgil_turns *turns, const struct kgil_share *least,
		    bool is_least, bool is_oldest)
{
	kgil_fair_raise(turns, least->key);
	turns->guarded = is_oldest && !is_least;
	if (is_oldest)
		turns->passed = 0;
}

/* A thread releases. */
void kgil_fair_leave(struct kgil_share *share, u64 now)
{
	share->left = now;
}

/**
 * kgil_fair_return() - it wants the gil again
 * @share: of the thread
 * @turns: of the gil
 * @now: ns
 * @kept: the gil was left free for it meanwhile
 */
void kgil_fair_return(struct kgil_share *share, struct kgil_turns *turns,
		      u64 now, bool kept)
{
	u64 gap = now - share->left;

	if (share->left && gap > KGIL_SOON_NS)
		share->soon -= (share->soon + 3) / 4;
	else if (share->left && share->soon <= KGIL_SOON_MAX - KGIL_SOON_STEP)
		share->soon += KGIL_SOON_STEP;
	share->left = 0;
	if (kept)
		turns->passed += gap;
}

/* Does a release in the middle of its interval leave the gil free for it? */
bool kgil_fair_keeps(const struct kgil_share *share,
		     const struct kgil_turns *turns, u64 interval)
{
	return share->soon >= KGIL_SOON_ALWAYS &&
	       !kgil_fair_takes_oldest(turns, interval);
}

/* Is it back soon often enough to be let have it while the next one wakes up? */
bool kgil_fair_may_return(const struct kgil_share *share)
{
	return share->soon >= KGIL_SOON_AT_TIMES;
}

/**
 * kgil_fair_kept_in_vain() - the gil was left free for a thread that did not come
 * @turns: of the gil
 * @until: until when it was to be kept, ns
 * @now: when that ended
 */
void kgil_fair_kept_in_vain(struct kgil_turns *turns, u64 until, u64 now)
{
	turns->passed += now + KGIL_SOON_NS - until;
}
