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

	lockdep_assert_held(&obj->lock);
	kgil_sem_drop(obj, now);
	if (!next) {
		obj->count++;
		kgil_page_show_owner(obj->page, 0);
		return NULL;
	}
	kgil_dequeue(obj, next, now);
	return kgil_grant(next, kgil_sem_take(obj, next->task, next->tie, now));
}

/*
 * Granted to a thread that is being killed: pass it on, and what it was told.
 * A unit that somebody else has released meanwhile, as anybody may with a sem
 * or lock, is not released twice.
 */
static void kgil_sem_pass_on(struct kgil_object *obj, int result)
{
	struct task_struct *next = NULL;

	raw_spin_lock_irq(&obj->lock);
	obj->owner_died = result == -EOWNERDEAD;
	if (obj->count < obj->max)
		next = kgil_sem_give(obj, kgil_now());
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
	kgil_sem_pass_on(obj, err);
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
