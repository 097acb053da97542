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
 *   shares	of three or more threads that always want it, and nobody else
 *		does, any two differ by two intervals at most in what they had,
 *		over any stretch of time.  Two take turns, and differ by what
 *		they take to answer, too.  Others for which the gil is not kept
 *		(see below) make that four intervals.
 *   credit	a thread that comes back has at most two intervals more to its
 *		credit than who was there all along, however long it slept
 *   at once	a thread at least an interval behind the owner has it asked at once
 *   waiting	who comes when k threads wait gets it after at most 9 (k + 1)
 *		intervals, and KGIL_SOON_NS each time, whoever comes later: the
 *		oldest waiter is passed over for 6 intervals at most, then it is
 *		next, and isn't interrupted
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
 * A thread back within this time after a release is back soon: about what two
 * switches cost.  Each time counts KGIL_SOON_STEP, up to a maximum, and each time
 * that it is late takes a quarter of the count: an interrupt now and then doesn't
 * matter, a call that blocks every other time does.
 *
 * From KGIL_SOON_ALWAYS on, it is a thread that releases around calls that don't
 * block.  Its release then doesn't hand over: the gil stays free for it for that
 * time, unless its interval is over or the oldest waiter was passed over for long.
 * From KGIL_SOON_AT_TIMES on, it may have the gil back until a waiter that sleeps
 * has been woken and is there.
 */
#define KGIL_SOON_NS		20000
#define KGIL_SOON_STEP		2
#define KGIL_SOON_MAX		128
#define KGIL_SOON_ALWAYS	20
#define KGIL_SOON_AT_TIMES	2

/**
 * struct kgil_share - what a thread has had of a gil; zeroed: it is new
 * @key: time held when its present interval began, ns, in the gil's own time
 * @used: time held of this interval, less than an interval
 * @left: when it released last, ns; 0: unknown
 * @soon: how often it was back within KGIL_SOON_NS
 * @known: @key means something
 */
struct kgil_share {
	u64 key;
	u64 used;
	u64 left;
	u32 soon;
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
bool kgil_fair_may_return(const struct kgil_share *share);
void kgil_fair_kept_in_vain(struct kgil_turns *turns, u64 until, u64 now);

#endif /* _KGIL_POLICY_H */
