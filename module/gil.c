// SPDX-License-Identifier: GPL-2.0
/*
 * The global interpreter lock: the semaphore of maximum 1 with an owner who is
 * asked to drop it (drop.c) and can hand it over and queue again in one step.
 *
 * Ownership moves with the wake-up.  An owner that yields to a waiter can't get
 * the lock back before that waiter had it, however fast it comes back: what
 * CPython calls a forced switch.
 *
 * What the policy "fair" decides is in policy.c; here it is told what happens.
 * The object's lock protects the shares of all threads.
 */
#include <linux/sched.h>

#include "away.h"
#include "deadlock.h"
#include "gil.h"
#include "object.h"
#include "owner.h"
#include "sem.h"
#include "tell.h"
#include "wait.h"
#include "word.h"

/* The thread for which the gil was kept has come back. */
static void kgil_gil_return(struct kgil_object *obj, struct kgil_tie *tie)
{
	obj->kept = NULL;
	kgil_fair_return(&tie->share, &obj->turns, kgil_now(), true);
}

/* Return: as kgil_sem_wait(); -EDEADLK: it is the caller's own; -ENOMEM. */
int kgil_gil_acquire(struct kgil_object *obj, ktime_t deadline)
{
	struct kgil_tie *tie;
	u64 word;

	/* Not with the gil in hand. */
	if (deadline != KGIL_TRY && unlikely(kgil_preemption_due()))
		schedule();
	raw_spin_lock(&obj->lock);
	tie = kgil_tie_locked(obj);
	if (IS_ERR(tie)) {
		raw_spin_unlock(&obj->lock);
		return PTR_ERR(tie);
	}
	word = kgil_word_freeze(obj);
	if (kgil_word_value(word) == tie->id)
		return kgil_sem_refuse_acquire(obj, tie, word,
					       deadline == KGIL_TRY ?
					       -EAGAIN : -EDEADLK);
	if (unlikely(obj->kept == tie))
		kgil_gil_return(obj, tie);
	return kgil_sem_acquire_locked(obj, tie, word, deadline);
}

/* Return: 0; -EPERM: the caller is not the owner. */
int kgil_gil_release(struct kgil_object *obj)
{
	u64 word;

	raw_spin_lock(&obj->lock);
	word = kgil_word_freeze(obj);
	if (!kgil_is_mine(obj, word))
		return kgil_sem_refuse(obj, word, -EPERM);
	return kgil_sem_release_locked(obj, word);
}

/**
 * kgil_gil_yield() - let the next waiter run, then run again
 * @obj: the gil
 *
 * Return: 0: the caller owns it, without a break if nobody waited; -EOWNERDEAD:
 * it owns it again, and the last owner died; -EPERM: it was not the owner;
 * -EINTR: a signal ended the wait, and it is not the owner any more.  That call
 * must not be restarted: it would find a caller that owns nothing.
 */
int kgil_gil_yield(struct kgil_object *obj)
{
	struct kgil_waiter waiter;
	struct task_struct *next;
	struct kgil_tie *tie;
	u64 word, now;
	int err;

	raw_spin_lock(&obj->lock);
	word = kgil_word_freeze(obj);
	tie = kgil_owner(obj, word);
	if (!tie || tie->key.task != current)
		return kgil_sem_refuse(obj, word, -EPERM);
	if (!obj->queue.length)
		return kgil_sem_refuse(obj, word, 0);

	now = kgil_now();
	obj->stats.yields++;
	tie->stats.yields++;
	kgil_tell_yield(obj, word, now);
	/* Before who gets it can know that. */
	kgil_wait_announce(tie);
	next = kgil_sem_pass(obj, word, now);
	word = kgil_word_freeze(obj);
	kgil_sem_queue(obj, &waiter, tie, word, now);
	/* Cut short: it is next, and won't have to wait for long. */
	if (tie->share.used && !obj->queue.spinning) {
		obj->queue.spinning = &waiter;
		waiter.asleep = false;
	}
	kgil_word_thaw(obj, word);
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);

	err = kgil_sem_wait(obj, &waiter, KGIL_FOREVER);
	kgil_wait_over(tie);
	return err == -ERESTARTSYS ? -EINTR : err;
}

/* A thread comes to wait: how far it is behind the others. */
void kgil_gil_arrive(struct kgil_object *obj, struct kgil_tie *tie, u64 word,
		     u64 now)
{
	struct kgil_tie *owner = kgil_owner(obj, word);
	u64 interval = obj->drop.interval;

	if (owner && !obj->queue.length) {
		kgil_fair_arrive(&owner->share, &obj->turns, interval);
		kgil_fair_contended(&obj->turns, &owner->share,
				    kgil_sem_ran(obj, word, now), interval);
	}
	kgil_fair_return(&tie->share, &obj->turns, now, false);
	kgil_fair_arrive(&tie->share, &obj->turns, interval);
}

/* A thread has queued: when to ask the owner, and whether to sleep at once. */
void kgil_gil_contend(struct kgil_object *obj, struct kgil_waiter *waiter,
		      u64 word, u64 now)
{
	struct kgil_tie *owner = kgil_owner(obj, word);

	if (kgil_is_fair(obj) && owner &&
	    kgil_fair_preempts(&waiter->tie->share, &owner->share,
			       kgil_sem_ran(obj, word, now), &obj->turns,
			       obj->drop.interval))
		kgil_drop_request(obj);
	else
		kgil_drop_watch(obj, now);
	if (obj->drop.requested && !obj->queue.spinning)
		obj->queue.spinning = waiter;
	if (unlikely(obj->absence) && owner)
		kgil_away_contended(obj, owner, now);
}

/*
 * The owner's hold is over, after @ran.  Return: its interval is, too, or
 * nothing is known of it.
 */
bool kgil_gil_charge(struct kgil_object *obj, u64 ran)
{
	if (!kgil_is_fair(obj) || !obj->queue.length || !obj->last)
		return true;
	return kgil_fair_charge(&obj->last->share, &obj->turns, ran,
				obj->drop.interval);
}

/*
 * The owner releases it in the middle of its interval, and others wait.
 * Return: true: it will be back in no time, so that the gil stays free for it.
 */
bool kgil_gil_keeps(struct kgil_object *obj, u64 now)
{
	struct kgil_tie *tie = obj->last;

	if (!kgil_is_fair(obj) || !tie || obj->owner_died)
		return false;
	kgil_fair_leave(&tie->share, now);
	if (obj->drop.requested ||
	    !kgil_fair_keeps(&tie->share, &obj->turns, obj->drop.interval))
		return false;
	obj->kept = tie;
	obj->kept_until = now + KGIL_SOON_NS;
	kgil_drop_watch(obj, now);
	return true;
}

/*
 * The same, of an owner that may block.  Who is next sleeps, and can't use it
 * before it has been woken and has a processor, perhaps the very one that the
 * owner runs on.  Return: true: it is to be called.  Until it is there, the owner
 * may come back.
 */
bool kgil_gil_calls(struct kgil_object *obj, const struct kgil_waiter *next)
{
	if (!kgil_is_fair(obj) || !obj->last || obj->owner_died ||
	    !next->asleep || !kgil_fair_may_return(&obj->last->share))
		return false;
	obj->kept = obj->last;
	obj->kept_until = 0;
	/* To wake somebody takes a while, which is not the owner's doing. */
	obj->last->share.left = 0;
	return true;
}

/* May a waiter that was called take it, if it is free? */
bool kgil_gil_is_open(const struct kgil_object *obj, u64 now)
{
	return !obj->kept || !obj->kept_until ||
	       (s64)(now - obj->kept_until) >= 0;
}

/* It was kept for a thread that did not come. */
void kgil_gil_end_keeping(struct kgil_object *obj, u64 now)
{
	if (obj->kept && obj->kept_until)
		kgil_fair_kept_in_vain(&obj->turns, obj->kept_until, now);
	obj->kept = NULL;
}

/* A waiter gets it. */
void kgil_gil_turn(struct kgil_object *obj, const struct kgil_waiter *next)
{
	const struct kgil_waiter *least = kgil_queue_least(&obj->queue);

	obj->kept = NULL;
	if (!kgil_is_fair(obj) || !least)
		return;
	kgil_fair_turn(&obj->turns, &least->tie->share, next == least,
		       next == kgil_queue_oldest(&obj->queue));
}

/* Is it not kept for somebody else any more, now that @waiter came? */
bool kgil_gil_ends_keeping(struct kgil_object *obj,
			   const struct kgil_waiter *waiter, u64 now)
{
	if (!obj->kept)
		return false;
	if (!obj->kept_until)
		return kgil_queue_next(obj) == waiter;
	return kgil_gil_is_open(obj, now) ||
	       kgil_fair_preempts(&waiter->tie->share, &obj->kept->share, 0,
				  &obj->turns, obj->drop.interval);
}

/* @policy: valid. */
void kgil_gil_set_policy(struct kgil_object *obj, u32 policy)
{
	raw_spin_lock(&obj->lock);
	obj->policy = kgil_policy_resolve(policy);
	kgil_drop_rewatch(obj);
	raw_spin_unlock(&obj->lock);
}
