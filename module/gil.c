// SPDX-License-Identifier: GPL-2.0
/*
 * The global interpreter lock: the semaphore of maximum 1 with an owner who is
 * asked to drop it (drop.c) and can hand it over and queue again in one step.
 *
 * Ownership moves with the wake-up.  An owner that yields to a waiter can't get
 * the lock back before that waiter had it, however fast it comes back: what
 * CPython calls a forced switch.
 */
#include "gil.h"
#include "object.h"
#include "owner.h"
#include "sem.h"
#include "wait.h"

/* Return: as kgil_sem_acquire(); -EDEADLK: it is the caller's own; -ENOMEM. */
int kgil_gil_acquire(struct kgil_object *obj, ktime_t deadline)
{
	struct kgil_tie *tie = kgil_tie(obj);

	if (IS_ERR(tie))
		return PTR_ERR(tie);
	if (kgil_owns(obj, tie))
		return deadline == KGIL_TRY ? -EAGAIN : -EDEADLK;
	return kgil_sem_acquire(obj, tie, deadline);
}

/* Return: 0; -EPERM: the caller is not the owner. */
int kgil_gil_release(struct kgil_object *obj)
{
	if (!kgil_owns(obj, kgil_tie_find(obj)))
		return -EPERM;
	return kgil_sem_release(obj);
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
	struct kgil_tie *tie = kgil_tie_find(obj);
	struct kgil_waiter waiter;
	struct task_struct *next;
	u64 now;
	int err;

	if (!kgil_owns(obj, tie))
		return -EPERM;

	raw_spin_lock_irq(&obj->lock);
	if (!obj->nr_waiters) {
		raw_spin_unlock_irq(&obj->lock);
		return 0;
	}
	now = kgil_now();
	obj->stats.yields++;
	next = kgil_sem_give(obj, now);
	kgil_enqueue(obj, &waiter, tie, now);
	raw_spin_unlock_irq(&obj->lock);
	kgil_wake(next);

	err = kgil_sem_wait(obj, &waiter, KGIL_FOREVER);
	return err == -ERESTARTSYS ? -EINTR : err;
}
