// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlocks of gils and rlocks: an acquire that would close a cycle is refused.
 *
 * A thread waits for one object at a time, and a gil or rlock has one owner.  So
 * from a thread that is about to wait there is one way to walk: the owner of what
 * it wants, what that one waits for, the owner of that, and so on.  It ends at an
 * owner that doesn't wait, at an object without an owner (a sem or lock has none
 * at all), or at the thread itself: that is a cycle.
 *
 * Nothing is found late.  A thread first announces what it is going to wait for,
 * then, after a full barrier, it walks.  Who owns something by the time it waits
 * has written so before it announced its wait, or somebody has for it who handed
 * it over.  So let the threads of a cycle wait for ever.  If one of them has not
 * seen the whole cycle, it read something, after its barrier, that another one,
 * or who handed over to it, wrote only later, and before the barrier of that
 * other one.  If that were so for all, each barrier would be before another one
 * of them, all around.  So at least one of them has seen it.
 *
 * What changes the owner of an object without an acquire needs no walk:
 *
 *   hand-off	Who gets the object did wait for it, and does so no more.  It waits
 *		for nothing.  Who waits for the object waits for that one now, which
 *		walks before it waits again.
 *   word	The same, of a thread that takes it by its word, waiter or not.
 *   yield	Gives the gil away before it waits for it: to a thread that waits for
 *		nothing then.  The wait is announced before that thread can know
 *		that it has the gil, so that a later walk of it comes by here.
 *   death	An owner that dies waits for nothing any more, and its objects go
 *		to others like those that are released.
 *   the end of a wait, by a signal or deadline, and a change of policy, which
 *		only chooses who is next, take something away or nothing.
 *
 * A walk looks at one thing after the other, and what it saw may be over when it
 * comes to the end.  Therefore a cycle is looked at twice more, by one thread at
 * a time.  If each thread in it is still in the wait in which it was the first
 * time, it was in between, too, when the second look began.  Who waits releases
 * nothing: it owned all the time what it owned in the second look.  So there was
 * a moment at which all this was true at once.  The thread that is refused waits
 * no more before the next one may look: of those that could close a cycle at the
 * same time, one is refused.
 *
 * Who waits awake, or until a time, waits.  A cycle with a timed wait in it would
 * end by itself, and is refused all the same: who comes last could do nothing
 * else than wait for that.
 *
 * No lock of an object is taken.  An object on the way is held by a reference,
 * a thread by RCU.  When nobody waits for two things, that is, when the owner of
 * what is wanted doesn't wait itself, there is no walk at all.
 *
 * A walk that finds others in a cycle has found nothing: one of those is refused.
 * More than KGIL_HOPS_MAX owners in a row are not followed; that is counted.
 *
 * The page may say anything.  A word counts if it names a thread that has a tie
 * on the object, that is, has attached to it or asked for it by a call.  Who
 * shares the page can name one of those although another one, or nobody, is the
 * owner.  So it can have an acquire of that object refused, if the thread it names
 * waits for the one that asks; and it can hide a cycle, as it can keep the object
 * for ever anyway.
 */
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "deadlock.h"
#include "netlink.h"
#include "object.h"
#include "owner.h"
#include "word.h"

/* How far a walk goes. */
#define KGIL_HOPS_MAX	1024

/* What a walk does with the threads that it comes by. */
enum kgil_walk {
	KGIL_WALK_LOOK,		/* nothing */
	KGIL_WALK_MARK,		/* remember in which wait they are */
	KGIL_WALK_COMPARE,	/* check that they still are */
};

/* Of the last two. */
static DEFINE_MUTEX(kgil_walk_mutex);
static u64 kgil_walks;

/**
 * kgil_wait_announce() - the calling thread is going to wait
 * @tie: its record on what it is going to wait for
 *
 * Whoever reads that it waits reads its number, and knows all that it has owned.
 */
void kgil_wait_announce(struct kgil_tie *tie)
{
	struct kgil_wait *wait = &tie->thread->wait;

	/* After the end of the last one, before the beginning of this one. */
	smp_store_release(&wait->number, wait->number + 1);
	/* After all that the thread has owned; pairs with kgil_walk_by(). */
	smp_store_release(&wait->obj, tie->key.obj);
}

/* The calling thread waits no more, or never did. */
void kgil_wait_over(struct kgil_tie *tie)
{
	WRITE_ONCE(tie->thread->wait.obj, NULL);
}

/**
 * kgil_wait_is_nested() - announce a wait; does the owner wait, too?
 * @obj: a gil or rlock, locked
 * @tie: record of the calling thread, which is about to wait for it
 * @word: its word
 *
 * Return: true: there is something for kgil_deadlock_check() to check; false:
 * no, or it has been checked.
 */
bool kgil_wait_is_nested(struct kgil_object *obj, struct kgil_tie *tie,
			 u64 word)
{
	const struct kgil_tie *owner = kgil_owner(obj, word);

	lockdep_assert_held(&obj->lock);
	if (tie->thread->wait.obj == obj)
		return false;
	kgil_wait_announce(tie);
	/* See above: pairs with the same one of each other thread. */
	smp_mb();
	return owner && READ_ONCE(owner->thread->wait.obj);
}

/* A walk comes by @thread.  Return: what it waits for; NULL: nothing. */
static struct kgil_object *kgil_walk_by(struct kgil_thread *thread,
					enum kgil_walk walk)
{
	struct kgil_wait *wait = &thread->wait;
	struct kgil_object *obj;
	u64 number;

	/* Pairs with kgil_wait_announce(): not later than the wait it is of. */
	number = smp_load_acquire(&wait->number);
	if (walk == KGIL_WALK_MARK) {
		wait->walk = kgil_walks;
		wait->walk_number = number;
	}
	/* Likewise: what the thread owned before it waited is read after it. */
	obj = smp_load_acquire(&wait->obj);
	if (walk == KGIL_WALK_COMPARE &&
	    (wait->walk != kgil_walks ||
	     wait->walk_number != READ_ONCE(wait->number)))
		return NULL;
	return obj;
}

/*
 * One hop, from @obj to what its owner waits for.  Return: that, with a
 * reference; NULL: the walk is over; ERR_PTR(-EDEADLK): the owner is @me.
 */
static struct kgil_object *kgil_walk_hop(struct kgil_object *obj,
					 const struct kgil_thread *me,
					 enum kgil_walk walk)
{
	struct kgil_object *next = NULL;
	struct kgil_tie *tie;
	u64 word;

	/* Before what the owner waits for. */
	word = smp_load_acquire(&READ_ONCE(obj->page)->word);
	rcu_read_lock();
	tie = kgil_tie_of(obj, kgil_word_value(word));
	if (tie && tie->thread == me)
		next = ERR_PTR(-EDEADLK);
	else if (tie)
		next = kgil_walk_by(tie->thread, walk);
	/* It has got what it waited for, and has not seen it yet. */
	if (next == obj)
		next = NULL;
	if (!IS_ERR_OR_NULL(next) && !kref_get_unless_zero(&next->ref))
		next = NULL;
	rcu_read_unlock();
	return next;
}

/*
 * Walk from @obj.  Return: 0: the walk has come to an end, or goes round without
 * @me; -EDEADLK: it has come to @me; -ELOOP: it was too long.
 *
 * Others may be in a cycle as long as the one that will be refused hasn't heard.
 * It is noticed by an object that was remembered not too long before.
 */
static int kgil_walk(struct kgil_object *obj, const struct kgil_thread *me,
		     enum kgil_walk walk)
{
	struct kgil_object *next;
	unsigned int hops;
	int err = -ELOOP;
	u64 seen = 0;

	kref_get(&obj->ref);
	for (hops = 1; hops <= KGIL_HOPS_MAX && err == -ELOOP; hops++) {
		if (is_power_of_2(hops))
			seen = obj->id;
		next = kgil_walk_hop(obj, me, walk);
		kgil_object_put(obj);
		if (IS_ERR_OR_NULL(next))
			return PTR_ERR_OR_ZERO(next);
		obj = next;
		if (obj->id == seen)
			err = 0;
		cond_resched();
	}
	kgil_object_put(obj);
	return err;
}

/* Is there a cycle at one moment?  If so, the caller waits no more. */
static int kgil_walk_again(struct kgil_object *obj, struct kgil_tie *tie)
{
	int err;

	mutex_lock(&kgil_walk_mutex);
	kgil_walks++;
	err = kgil_walk(obj, tie->thread, KGIL_WALK_MARK);
	if (err == -EDEADLK)
		err = kgil_walk(obj, tie->thread, KGIL_WALK_COMPARE);
	if (err == -EDEADLK)
		kgil_wait_over(tie);
	mutex_unlock(&kgil_walk_mutex);
	return err;
}

/* Return: how many wait for @obj. */
static u32 kgil_deadlock_count(struct kgil_object *obj, struct kgil_tie *tie,
			       int err)
{
	u32 waiters;

	raw_spin_lock(&obj->lock);
	if (err == -EDEADLK) {
		obj->stats.deadlocks++;
		tie->stats.deadlocks++;
	} else {
		obj->stats.unchecked++;
		tie->stats.unchecked++;
	}
	waiters = obj->queue.length;
	raw_spin_unlock(&obj->lock);
	return waiters;
}

/**
 * kgil_deadlock_check() - would the caller's wait close a cycle?
 * @obj: what it has announced to wait for, not locked
 * @tie: its record on it
 *
 * Return: 0: no, as far as is known; -EDEADLK: it would, and the caller doesn't
 * wait any more.
 */
int kgil_deadlock_check(struct kgil_object *obj, struct kgil_tie *tie)
{
	int err = kgil_walk(obj, tie->thread, KGIL_WALK_LOOK);
	u32 waiters;

	if (err == -EDEADLK)
		err = kgil_walk_again(obj, tie);
	if (!err)
		return 0;
	waiters = kgil_deadlock_count(obj, tie, err);
	if (err != -EDEADLK)
		return 0;
	kgil_netlink_deadlock(obj, tie->id, waiters);
	return err;
}
