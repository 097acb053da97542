/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is next, and when the owner must drop: decisions on plain data.
 *
 * Nothing here takes a lock, reads a clock or calls anything, so that the same
 * source is tested by itself, in user space.
 *
 * The policy "fair" shares a gil as a fair scheduler shares a processor.  Each
 * thread has a share: the time it has held the gil while others waited, in whole
 * intervals (@key), and of the interval that it is in (@used).  Who has the least
 * @key is next, among equals who is in the middle of an interval, then who came
 * first.  As @key only moves when an interval is over, an owner cut short by a
 * thread that needs the gil for a moment is next again, before other CPU-bound
 * threads get their turn.
 *
 * What holds, if the owner drops the gil when it is asked, and "interval" means
 * a hold of one switch interval and the time it takes to answer:
 *
 *   shares	of two threads that always want it differ by two intervals at most,
 *		over any stretch of time
 *   credit	a thread that comes back has at most two intervals more to its
 *		credit than who was there all along, however long it slept
 *   at once	a thread at least an interval behind the owner has it asked at once
 *   waiting	who comes when k threads wait gets it after at most 8 (k + 1)
 *		intervals, whoever comes later: the oldest waiter is passed over
 *		for 6 intervals at most, then it is next, and isn't interrupted
 */
#ifndef _KGIL_POLICY_H
#define _KGIL_POLICY_H

#include <linux/types.h>

#include <linux/kgil.h>

#define KGIL_POLICY_OF_DEFAULT	KGIL_POLICY_FAIR

/* In intervals; see above. */
#define KGIL_CREDIT		2
#define KGIL_PASSED_OVER	6

/*
 * A thread back within this time after a release, so many times, is one that
 * releases around calls that don't block.  Its release then doesn't hand over: the
 * gil stays free for it this long, unless its interval is over or the oldest
 * waiter was passed over for long.  It is about what two switches cost.
 * Each time counts, up to a maximum, and each time that it is late halves the
 * count: an interrupt now and then doesn't matter, a call that blocks every other
 * time does.
 */
#define KGIL_QUICK_NS		20000
#define KGIL_QUICK_TIMES	8
#define KGIL_QUICK_MAX		64

/**
 * struct kgil_share - what a thread has had of a gil; zeroed: it is new
 * @key: time held when its present interval began, ns, in the gil's own time
 * @used: time held of this interval, less than an interval
 * @left: when it released last, ns; 0: unknown
 * @quick: count of the times that it was back within KGIL_QUICK_NS
 * @known: @key means something
 */
struct kgil_share {
	u64 key;
	u64 used;
	u64 left;
	u32 quick;
	bool known;
};

/**
 * struct kgil_turns - what a gil remembers of whose turn it was
 * @floor: the least @key of those who want it; only grows
 * @passed: time it was held, or kept, since the oldest waiter was last the next
 * @guarded: the owner was the oldest waiter, and isn't asked before its interval
 *	is over
 */
struct kgil_turns {
	u64 floor;
	u64 passed;
	bool guarded;
};

bool kgil_valid_policy(u32 policy);
u32 kgil_policy_resolve(u32 policy);
bool kgil_valid_interval(u64 ns);
bool kgil_valid_handoff(u64 ns);

u64 kgil_policy_drop_at(u64 hold_start, u64 used, u64 interval);
bool kgil_policy_overdue(u64 since, u64 now, u64 handoff);

bool kgil_fair_before(const struct kgil_share *a, const struct kgil_share *b);
void kgil_fair_contended(struct kgil_turns *turns,
			 const struct kgil_share *owner, u64 ran, u64 interval);
void kgil_fair_arrive(struct kgil_share *share, const struct kgil_turns *turns,
		      u64 interval);
bool kgil_fair_charge(struct kgil_share *share, struct kgil_turns *turns,
		      u64 ran, u64 interval);
bool kgil_fair_preempts(const struct kgil_share *waiter,
			const struct kgil_share *owner, u64 ran,
			const struct kgil_turns *turns, u64 interval);
bool kgil_fair_takes_oldest(const struct kgil_turns *turns, u64 interval);
void kgil_fair_turn(struct kgil_turns *turns, const struct kgil_share *least,
		    bool is_least, bool is_oldest);

void kgil_fair_leave(struct kgil_share *share, u64 now);
void kgil_fair_return(struct kgil_share *share, struct kgil_turns *turns,
		      u64 now, bool kept);
bool kgil_fair_keeps(const struct kgil_share *share,
		     const struct kgil_turns *turns, u64 interval);

#endif /* _KGIL_POLICY_H */
