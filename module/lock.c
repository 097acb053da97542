// SPDX-License-Identifier: GPL-2.0
/*
 * Lock and RLock, as Python has them.
 *
 * A lock is a semaphore of maximum 1, and no more: its acquire is
 * kgil_sem_acquire().  Only the name of one error differs.  An rlock is the same
 * semaphore with an owner, who may take it again.
 */
#include "lock.h"
#include "object.h"
#include "owner.h"
#include "sem.h"

/* Return: 0; -EPERM: the lock is free. */
int kgil_lock_release(struct kgil_object *obj)
{
	int err = kgil_sem_release(obj);

	return err == -EOVERFLOW ? -EPERM : err;
}

/* One more or one less of what the caller owns; its own business, but shown. */
static int kgil_rlock_nest(struct kgil_object *obj, int change)
{
	int err = 0;

	raw_spin_lock_irq(&obj->lock);
	if (change > 0 && obj->depth == obj->max_depth)
		err = -EOVERFLOW;
	else
		obj->depth += change;
	raw_spin_unlock_irq(&obj->lock);
	return err;
}

/* Return: as kgil_sem_acquire(); -EOVERFLOW: too deep; -ENOMEM. */
int kgil_rlock_acquire(struct kgil_object *obj, ktime_t deadline)
{
	struct kgil_tie *tie = kgil_tie(obj);

	if (IS_ERR(tie))
		return PTR_ERR(tie);
	if (kgil_owns(obj, tie))
		return kgil_rlock_nest(obj, 1);
	return kgil_sem_acquire(obj, tie, deadline);
}

/* Return: 0; -EPERM: the caller is not the owner. */
int kgil_rlock_release(struct kgil_object *obj)
{
	if (!kgil_owns(obj, kgil_tie_find(obj)))
		return -EPERM;
	if (READ_ONCE(obj->depth) > 1)
		return kgil_rlock_nest(obj, -1);
	return kgil_sem_release(obj);
}
