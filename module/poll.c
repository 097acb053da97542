// SPDX-License-Identifier: GPL-2.0
/*
 * poll(), select() and epoll on an object: readable while an acquire by a thread
 * that doesn't own it would not block, which is when struct kgil_state.count is
 * not 0.
 *
 * A release by the word is not seen by the kernel.  So the word keeps
 * KGIL_WORD_WAITERS as long as somebody is in the object's wait queue, also while
 * it is free: an edge-triggered poller that has been told so has to hear of the
 * next release, too, and of the acquire before it the kernel would not know
 * either.  Every acquire and release is a call then.
 *
 * A poller first joins the wait queue, then looks, under the object's lock, and
 * sets KGIL_POLLED.  Who releases before that leaves what the poller sees; who
 * does so after it sees KGIL_POLLED, and the poller in the queue.  A poller leaves
 * without telling, so the next call that finds the queue empty ends it.  One that
 * is about to look may be overlooked by that, and sets it again.
 *
 * Pollers are woken when a unit is given back and no waiter gets it.  That is
 * noted under the lock and done after it is dropped: the lock of a wait queue
 * sleeps on PREEMPT_RT, and the queue may be long.
 */
#include "gil.h"
#include "owner.h"
#include "poll.h"
#include "wait.h"
#include "word.h"

#define KGIL_POLL_READABLE	(EPOLLIN | EPOLLRDNORM)

/* Under the lock: does every step still have to be a call? */
bool kgil_is_watched(struct kgil_object *obj)
{
	lockdep_assert_held(&obj->lock);
	/* The lock orders it: who joins the queue takes it after that. */
	if (!waitqueue_active(&obj->pollers))
		obj->watched &= ~(KGIL_POLLED | KGIL_POLL_NEWS);
	return obj->watched;
}

/* What an acquire would find.  Under the lock. */
static __poll_t kgil_poll_events(struct kgil_object *obj, u64 word)
{
	int err;

	if (kgil_word_nonsense(obj, word))
		return EPOLLERR;
	if (kgil_word_free(obj, word))
		return obj->kept ? 0 : KGIL_POLL_READABLE;
	if (!kgil_is_owned(obj))
		return 0;
	err = kgil_owner_check(obj, word);
	if (err == -EOWNERDEAD)
		return KGIL_POLL_READABLE;
	return err ? EPOLLERR : 0;
}

/**
 * kgil_poll() - the events of an object, now
 * @obj: the object
 * @file: one of its files
 * @table: whom to tell of later ones; may be NULL
 *
 * Return: EPOLLIN | EPOLLRDNORM: an acquire would not block, though it may fail
 * with EOWNERDEAD; EPOLLERR: it would fail with ENOTRECOVERABLE; 0.
 */
__poll_t kgil_poll(struct kgil_object *obj, struct file *file,
		   poll_table *table)
{
	__poll_t events;
	u64 word;

	poll_wait(file, &obj->pollers, table);
	raw_spin_lock(&obj->lock);
	obj->watched |= KGIL_POLLED;
	word = kgil_word_freeze(obj);
	events = kgil_poll_events(obj, word);
	/* Ends it at once if there is nobody to be told. */
	kgil_word_thaw(obj, word);
	raw_spin_unlock(&obj->lock);
	return events;
}

/**
 * kgil_unlock_and_wake() - what ends a critical section that may have freed it
 * @obj: locked; pinned by the caller
 * @next: whom to wake; NULL: nobody
 */
void kgil_unlock_and_wake(struct kgil_object *obj, struct task_struct *next)
	__releases(&obj->lock)
{
	bool news = obj->watched & KGIL_POLL_NEWS;

	obj->watched &= ~KGIL_POLL_NEWS;
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);
	if (unlikely(news))
		wake_up_poll(&obj->pollers, KGIL_POLL_READABLE);
}
