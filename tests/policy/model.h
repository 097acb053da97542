/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A gil in virtual time: what module/gil.c, queue.c and drop.c do with the
 * decisions of policy.c, without the kernel.
 */
#ifndef POLICY_MODEL_H
#define POLICY_MODEL_H

#include "kernel.h"
#include "policy.h"

#define THREADS_MAX 512

/**
 * struct thread - a thread that uses the gil
 * @share: what the policy knows of it
 * @waits: it is in the queue
 * @ordered: it came when the policy was fair
 * @since: since when it waits, ns
 * @held: how long it has had the gil, without what runs now
 */
struct thread {
	struct kgil_share share;
	bool waits;
	bool ordered;
	u64 since;
	u64 held;
};

/**
 * struct gil - the gil
 * @turns: what the policy remembers
 * @threads: those that may use it
 * @n: how many
 * @interval: switch interval
 * @policy: KGIL_POLICY_FIFO or KGIL_POLICY_FAIR
 * @owner: has it; NULL: it is free, or kept for @kept
 * @last: had it last
 * @kept: may take it, although others wait, until @kept_until
 * @hold_start: when the owner got it
 * @requested: the owner is asked to drop it
 * @queue: who waits, in order of arrival
 * @length: how many
 * @granted: called when a thread gets it that had to wait for it
 */
struct gil {
	struct kgil_turns turns;
	struct thread threads[THREADS_MAX];
	int n;
	u64 interval;
	u32 policy;
	struct thread *owner;
	struct thread *last;
	struct thread *kept;
	u64 kept_until;
	u64 hold_start;
	bool requested;
	struct thread *queue[THREADS_MAX];
	int length;
	u64 switches;
	void (*granted)(struct gil *gil, struct thread *thread, u64 now);
};

void gil_acquire(struct gil *gil, struct thread *thread, u64 now);
void gil_release(struct gil *gil, u64 now);
void gil_yield(struct gil *gil, u64 now);
void gil_set_policy(struct gil *gil, u32 policy);

/* When does something happen by itself?  False: never. */
bool gil_timer(const struct gil *gil, u64 *at);
void gil_expire(struct gil *gil, u64 now);

/* How long @thread has had it, until @now. */
u64 gil_held(const struct gil *gil, const struct thread *thread, u64 now);

#endif /* POLICY_MODEL_H */
