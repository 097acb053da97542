// SPDX-License-Identifier: GPL-2.0
/*
 * Lock and RLock, as Python has them.
 *
 * A lock is a semaphore of maximum 1, and no more: its acquire is
 * kgil_sem_acquire().  Only the name of one error differs.  An rlock is the same
 * semaphore with an owner, who may take it again; how often it has is in the
 * page, because it may do so without a call.
 */
#include "lock.h"
#include "object.h"
#include "owner.h"
#include "sem.h"
#include "word.h"

/* Return: 0; -EPERM: the lock is free. */
int kgil_lock_release(struct kgil_object *obj)
{
	int err = kgil_sem_release(obj);

	return err == -EOVERFLOW ? -EPERM : err;
}

/* One more or one less of what the caller owns. */
static int kgil_rlock_nest(struct kgil_object *obj, u64 word, u32 depth)
	__releases(&obj->lock)
{
	WRITE_ONCE(obj->page->depth, depth);
	return kgil_sem_refuse(obj, word, 0);
}

/* Return: as kgil_sem_wait(); -EOVERFLOW: too deep; -ENOMEM. */
int kgil_rlock_acquire(struct kgil_object *obj, ktime_t deadline)
{
	struct kgil_tie *tie;
	u64 word;
	u32 depth;

	raw_spin_lock(&obj->lock);
	tie = kgil_tie_locked(obj);
	if (IS_ERR(tie)) {
		raw_spin_unlock(&obj->lock);
		return PTR_ERR(tie);
	}
	word = kgil_word_freeze(obj);
	if (kgil_word_value(word) != tie->id)
		return kgil_sem_acquire_locked(obj, tie, word, deadline);
	depth = kgil_word_depth(obj);
	if (depth >= obj->max_depth)
		return kgil_sem_refuse_acquire(obj, tie, word, -EOVERFLOW);
	return kgil_rlock_nest(obj, word, depth + 1);
}

/* Return: 0; -EPERM: the caller is not the owner. */
int kgil_rlock_release(struct kgil_object *obj)
{
	u64 word;
	u32 depth;

	raw_spin_lock(&obj->lock);
	word = kgil_word_freeze(obj);
	if (!kgil_is_mine(obj, word))
		return kgil_sem_refuse(obj, word, -EPERM);
	depth = kgil_word_depth(obj);
	if (depth > 1)
		return kgil_rlock_nest(obj, word, depth - 1);
	return kgil_sem_release_locked(obj, word);
}
