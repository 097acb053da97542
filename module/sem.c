// SPDX-License-Identifier: GPL-2.0
/*
 * The semaphore: a count and the queue of the wait core.  It grants by handing
 * over: a release with waiters gives to one of them and leaves the count at 0,
 * so that nobody can get in between.
 *
 * The owner that gil and rlock add to it moves here too, because it has to move
 * in the same critical section.
 *
 * Every acquire is an acquire barrier, every release a release: both take the
 * object's lock, and a grant is published by kgil_grant().  A failed try orders
 * nothing.
 */
#include <linux/sched/signal.h>

#include "object.h"
#include "owner.h"
#include "page.h"
#include "policy.h"
#include "sem.h"
#include "wait.h"

static void kgil_sem_new_owner(struct kgil_object *obj, struct kgil_tie *tie,
			       u64 now)
{
	u64 id = tie->thread->id;

	obj->stats.switches += obj->last_owner && obj->last_owner != id;
	obj->last_owner = id;
	obj->depth = 1;
	WRITE_ONCE(obj->owner, tie);
	kgil_page_show_owner(obj->page, id);
	kgil_drop_new_owner(obj, now);
}

/* @task has the object from now on.  Return: 0 or -EOWNERDEAD. */
static int kgil_sem_take(struct kgil_object *obj, struct task_struct *task,
			 struct kgil_tie *tie, u64 now)
{
	int result = obj->owner_died ? -EOWNERDEAD : 0;

	obj->owner_died = false;
	obj->stats.acquisitions++;
	obj->hold_start = now;
	obj->taker = task_pid_nr(task);
	obj->taker_start = task->start_time;
	if (tie)
		kgil_sem_new_owner(obj, tie, now);
	return result;
}

static void kgil_sem_drop(struct kgil_object *obj, u64 now)
{
	if (obj->max == 1 && obj->hold_start)
		kgil_stats_held(&obj->stats, now - obj->hold_start);
	obj->hold_start = 0;
	obj->depth = 0;
	WRITE_ONCE(obj->owner, NULL);
}

/**
 * kgil_sem_give() - give one unit to the next waiter, or back to the count
 * @obj: the object, locked; the caller has checked that there is a unit to give
 * @now: ns
 *
 * Return: whom to kgil_wake() after the lock is dropped.
 */
struct task_struct *kgil_sem_give(struct kgil_object *obj, u64 now)
{
	struct kgil_waiter *next = kgil_policy_next(&obj->waiters);
	int result;

	lockdep_assert_held(&obj->lock);
	kgil_sem_drop(obj, now);
	if (!next) {
		obj->count++;
		kgil_page_show_owner(obj->page, 0);
		return NULL;
	}
	kgil_dequeue(obj, next, now);
	result = kgil_sem_take(obj, next->task, next->tie, now);
	next->hold = obj->stats.acquisitions;
	return kgil_grant(next, result);
}

/*
 * Is what was granted to @waiter still to be given back?  Anybody may release a
 * sem or lock, and somebody else may have taken the lock since: that is not the
 * hold that was granted.  The units of a greater semaphore are all alike.
 */
static bool kgil_sem_still_granted(const struct kgil_object *obj,
				   const struct kgil_waiter *waiter)
{
	if (obj->count == obj->max)
		return false;
	return obj->max > 1 || obj->stats.acquisitions == waiter->hold;
}

/* Granted to a thread that is being killed: pass it on, and what it was told. */
static void kgil_sem_pass_on(struct kgil_object *obj,
			     const struct kgil_waiter *waiter)
{
	struct task_struct *next = NULL;

	raw_spin_lock_irq(&obj->lock);
	if (kgil_sem_still_granted(obj, waiter)) {
		obj->owner_died = waiter->grant == -EOWNERDEAD;
		next = kgil_sem_give(obj, kgil_now());
	}
	raw_spin_unlock_irq(&obj->lock);
	kgil_wake(next);
}

/**
 * kgil_sem_wait() - wait for a unit
 * @obj: the object, not locked
 * @waiter: queued by the caller
 * @deadline: as for kgil_sleep()
 *
 * Return: as kgil_sleep(), and never granted with a fatal signal pending: user
 * space would never run with what it got.
 */
int kgil_sem_wait(struct kgil_object *obj, struct kgil_waiter *waiter,
		  ktime_t deadline)
{
	int err = kgil_sleep(obj, waiter, deadline);

	if (err && err != -EOWNERDEAD)
		return err;
	if (!fatal_signal_pending(current))
		return err;
	kgil_sem_pass_on(obj, waiter);
	return -ERESTARTSYS;
}

/**
 * kgil_sem_acquire() - take one unit
 * @obj: the object
 * @tie: the caller's record on it; NULL: the type has no owner
 * @deadline: KGIL_TRY, KGIL_FOREVER or a time
 *
 * Return: 0; -EOWNERDEAD: taken, and its last owner died; -EAGAIN: a try that
 * would have to wait; -ERESTARTSYS, -ETIMEDOUT.
 */
int kgil_sem_acquire(struct kgil_object *obj, struct kgil_tie *tie,
		     ktime_t deadline)
{
	struct kgil_waiter waiter;
	int err;

	raw_spin_lock_irq(&obj->lock);
	if (obj->count) {
		obj->count--;
		err = kgil_sem_take(obj, current, tie, kgil_now());
		raw_spin_unlock_irq(&obj->lock);
		return err;
	}
	if (deadline == KGIL_TRY) {
		raw_spin_unlock_irq(&obj->lock);
		return -EAGAIN;
	}
	kgil_enqueue(obj, &waiter, tie, kgil_now());
	raw_spin_unlock_irq(&obj->lock);
	return kgil_sem_wait(obj, &waiter, deadline);
}

/**
 * kgil_sem_release() - give one unit back
 * @obj: the object
 *
 * Return: 0; -EOVERFLOW: the count is at its maximum.
 */
int kgil_sem_release(struct kgil_object *obj)
{
	struct task_struct *next;

	raw_spin_lock_irq(&obj->lock);
	if (obj->count == obj->max) {
		raw_spin_unlock_irq(&obj->lock);
		return -EOVERFLOW;
	}
	next = kgil_sem_give(obj, kgil_now());
	raw_spin_unlock_irq(&obj->lock);
	kgil_wake(next);
	return 0;
}
