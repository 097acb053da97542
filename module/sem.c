// SPDX-License-Identifier: GPL-2.0
/*
 * The semaphore: the count in the word of the page, and the queue of the wait
 * core.  Of a gil, lock or rlock the count is 1 or 0, and the word says who has
 * it; the owner that gil and rlock add moves here too, because it has to move in
 * the same critical section.
 *
 * There are two ways to give it back while threads wait.  Handing over gives it
 * to one of them, so that nobody can get in between: a gil, always, and a sem,
 * lock or rlock whose oldest waiter has waited for as long as it can be passed
 * over.  Else it is freed and a waiter is called to try for itself.  As long as
 * that one is on its way, the others come and go without a call.
 *
 * Every acquire is an acquire barrier, every release a release: both take the
 * object's lock, and a grant is published by kgil_grant().  By the word, they are
 * what user space makes them.  A failed try orders nothing.
 */
#include <linux/sched/signal.h>

#include "away.h"
#include "deadlock.h"
#include "gil.h"
#include "netlink.h"
#include "object.h"
#include "owner.h"
#include "poll.h"
#include "sem.h"
#include "tell.h"
#include "wait.h"
#include "word.h"

static __always_inline u64 kgil_sem_new_owner(struct kgil_object *obj,
					      struct kgil_tie *tie, u64 now)
{
	struct kgil_page *page = obj->page;
	u64 last = READ_ONCE(page->last);

	if (last != tie->id) {
		obj->stats.switches += last != 0;
		tie->stats.switches += last != 0;
		WRITE_ONCE(page->last, tie->id);
	}
	if (obj->type == KGIL_TYPE_RLOCK)
		WRITE_ONCE(page->depth, 1);
	else if (obj->drop.requested || obj->drop.called || obj->queue.length)
		kgil_drop_new_owner(obj, now);
	return tie->id | KGIL_WORD_CALL;
}

static __always_inline u64 kgil_sem_new_taker(struct kgil_object *obj,
					      struct task_struct *task)
{
	WRITE_ONCE(obj->taker, task_pid_nr(task));
	WRITE_ONCE(obj->taker_start, task->start_time);
	/* Tells this hold from all others that the kernel sees. */
	return kgil_word_value(obj->stats.acquisitions) | KGIL_WORD_CALL;
}

/* @task has the object from now on.  Return: its new word. */
static __always_inline u64 kgil_sem_take(struct kgil_object *obj,
					 struct task_struct *task,
					 struct kgil_tie *tie, u64 word,
					 u64 now)
{
	if (tie)
		kgil_set_last(obj, tie);
	obj->stats.acquisitions++;
	obj->hold_start = now;
	if (tie)
		return kgil_sem_new_owner(obj, tie, now);
	if (kgil_is_sem(obj))
		return kgil_word_value(word) - 1;
	return kgil_sem_new_taker(obj, task);
}

/* What who takes it is told of its last owner, once: 0 or -EOWNERDEAD. */
static int kgil_sem_news(struct kgil_object *obj)
{
	int news = obj->owner_died ? -EOWNERDEAD : 0;

	obj->owner_died = false;
	return news;
}

/* Is obj->hold_start when the hold that is @word began? */
static bool kgil_sem_is_timed(const struct kgil_object *obj, u64 word)
{
	if (!obj->hold_start)
		return false;
	if (kgil_is_sem(obj))
		return obj->max == 1 && !obj->shared;
	return word & KGIL_WORD_CALL;
}

/* How long the hold that is @word has lasted, as far as is known. */
u64 kgil_sem_ran(const struct kgil_object *obj, u64 word, u64 now)
{
	return kgil_sem_is_timed(obj, word) ?
	       kgil_elapsed(obj->hold_start, now) : 0;
}

/* A hold is over.  Return: the word of the object as nobody has it. */
static __always_inline u64 kgil_sem_drop(struct kgil_object *obj, u64 word,
					 u64 now)
{
	kgil_tell_release(obj, word, now);
	if (kgil_sem_is_timed(obj, word))
		kgil_spans_add(&obj->run, kgil_elapsed(obj->hold_start, now));
	obj->hold_start = 0;
	if (kgil_is_sem(obj))
		return kgil_word_value(word) + 1;
	if (obj->type == KGIL_TYPE_RLOCK)
		WRITE_ONCE(obj->page->depth, 0);
	return obj->owner_died ? KGIL_WORD_OWNER_DIED : 0;
}

/*
 * What tells the hold that is @word from later ones.  Of a semaphore, which has
 * no owner in its word, that is how often it was taken, as far as the page says.
 */
static u64 kgil_sem_hold(const struct kgil_object *obj, u64 word)
{
	return kgil_is_sem(obj) ? obj->stats.acquisitions +
				  READ_ONCE(obj->page->acquisitions) : word;
}

/* Give a unit of what is free to @next.  Return: as kgil_sem_give(). */
static struct task_struct *kgil_sem_grant(struct kgil_object *obj,
					  struct kgil_waiter *next, u64 word,
					  u64 now)
{
	int news = kgil_sem_news(obj);

	if (kgil_is_gil(obj))
		kgil_gil_turn(obj, next);
	kgil_dequeue(obj, next, now);
	word = kgil_sem_take(obj, next->task, next->tie, word, now);
	next->hold = kgil_sem_hold(obj, word);
	next->granted = now;
	kgil_tell_grant(obj, next, news);
	/* Else kgil_drop_new_owner() did so. */
	if (unlikely(obj->absence) && !obj->queue.length)
		kgil_away_owner(obj, next->tie, now);
	kgil_word_thaw(obj, word);
	return kgil_grant(next, news);
}

/* Let go of what is free, and call the oldest waiter unless it is on its way. */
static struct task_struct *kgil_sem_free(struct kgil_object *obj, u64 word,
					 u64 now)
{
	struct task_struct *next = NULL;

	if (kgil_is_barging(obj) && obj->queue.length && !obj->queue.trying)
		next = kgil_call(obj, kgil_queue_oldest(&obj->queue), now);
	kgil_word_thaw(obj, word);
	return next;
}

/* One waiter has taken a unit; of a semaphore, there may be more. */
static struct task_struct *kgil_sem_call_more(struct kgil_object *obj,
					      u64 now)
{
	u64 word;

	if (!kgil_is_sem(obj))
		return NULL;
	word = kgil_word_freeze(obj);
	if (kgil_word_free(obj, word))
		return kgil_sem_free(obj, word, now);
	kgil_word_thaw(obj, word);
	return NULL;
}

/*
 * Does a release, of which @word is the word before, give it to a waiter?  Where
 * barging is allowed, not if a unit is free already: then a waiter was called,
 * and it will call the next.
 */
static bool kgil_sem_hands_over(const struct kgil_object *obj, u64 word,
				u64 now)
{
	const struct kgil_queue *queue = &obj->queue;

	if (!queue->length)
		return false;
	if (!kgil_is_barging(obj))
		return true;
	return !kgil_word_free(obj, word) &&
	       (queue->overdue ||
		kgil_policy_overdue(queue->since, now, obj->handoff));
}

/**
 * kgil_sem_give() - give one unit to a waiter, or let go of it
 * @obj: the object, locked
 * @word: its word, frozen; the caller has checked that there is a unit to give
 * @now: ns
 *
 * Return: for kgil_unlock_and_wake().
 */
struct task_struct *kgil_sem_give(struct kgil_object *obj, u64 word, u64 now)
{
	struct kgil_waiter *next;
	bool over, hands_over;

	lockdep_assert_held(&obj->lock);
	over = kgil_gil_charge(obj, kgil_sem_ran(obj, word, now));
	kgil_drop_heeded(obj, now);
	if (unlikely(obj->absence))
		kgil_away_end(obj, now);
	hands_over = kgil_sem_hands_over(obj, word, now);
	word = kgil_sem_drop(obj, word, now);
	if (!hands_over) {
		kgil_poll_freed(obj);
		return kgil_sem_free(obj, word, now);
	}
	if (!over && kgil_gil_keeps(obj, now)) {
		kgil_word_thaw(obj, word);
		return NULL;
	}
	next = kgil_queue_next(obj);
	if (!over && kgil_gil_calls(obj, next)) {
		kgil_word_thaw(obj, word);
		return kgil_call(obj, next, now);
	}
	return kgil_sem_grant(obj, next, word, now);
}

/* Give it to a waiter, of whom there is one, in any case. */
struct task_struct *kgil_sem_pass(struct kgil_object *obj, u64 word, u64 now)
{
	kgil_gil_charge(obj, kgil_sem_ran(obj, word, now));
	kgil_drop_heeded(obj, now);
	if (unlikely(obj->absence))
		kgil_away_end(obj, now);
	word = kgil_sem_drop(obj, word, now);
	return kgil_sem_grant(obj, kgil_queue_next(obj), word, now);
}

/* A free gil isn't kept any longer: to the next waiter.  As kgil_sem_give(). */
struct task_struct *kgil_sem_hand_over(struct kgil_object *obj, u64 now)
{
	u64 word = kgil_word_freeze(obj);

	kgil_gil_end_keeping(obj, now);
	if (!obj->queue.length || !kgil_word_free(obj, word)) {
		kgil_word_thaw(obj, word);
		return NULL;
	}
	return kgil_sem_grant(obj, kgil_queue_next(obj), word, now);
}

/* The word stays what it was, the call fails. */
int kgil_sem_refuse(struct kgil_object *obj, u64 word, int err)
	__releases(&obj->lock)
{
	kgil_word_thaw(obj, word);
	raw_spin_unlock(&obj->lock);
	return err;
}

/* The same, of an acquire that does not begin to wait. */
int kgil_sem_refuse_acquire(struct kgil_object *obj, struct kgil_tie *tie,
			    u64 word, int err)
	__releases(&obj->lock)
{
	kgil_tell_acquire(obj, tie, 0, err);
	return kgil_sem_refuse(obj, word, err);
}

/*
 * Is what was granted to @waiter still to be given back?  Anybody may release a
 * sem or lock, and somebody else may have taken the lock since: that is not the
 * hold that was granted.  The units of a greater semaphore are all alike.
 */
static bool kgil_sem_still_granted(const struct kgil_object *obj,
				   const struct kgil_waiter *waiter, u64 word)
{
	if (kgil_word_all_free(obj, word) || kgil_word_nonsense(obj, word))
		return false;
	return obj->max > 1 || kgil_sem_hold(obj, word) == waiter->hold;
}

/* Granted to a thread that is being killed: pass it on, and what it was told. */
static void kgil_sem_pass_on(struct kgil_object *obj,
			     const struct kgil_waiter *waiter)
{
	struct task_struct *next = NULL;
	u64 word;

	raw_spin_lock(&obj->lock);
	word = kgil_word_freeze(obj);
	if (kgil_sem_still_granted(obj, waiter, word)) {
		obj->owner_died = waiter->grant == -EOWNERDEAD;
		next = kgil_sem_give(obj, word, kgil_now());
	} else {
		kgil_word_thaw(obj, word);
	}
	kgil_unlock_and_wake(obj, next);
}

/* A wait ended without the object. */
static void kgil_sem_count_end(struct kgil_stats *stats, int err)
{
	if (err == -ETIMEDOUT)
		stats->timeouts++;
	else
		stats->interrupts++;
}

/* Leave the queue for @err, unless the grant was faster. */
static int kgil_sem_give_up(struct kgil_object *obj, struct kgil_waiter *waiter,
			    int err)
{
	struct task_struct *next = NULL;
	u64 word, now;

	raw_spin_lock(&obj->lock);
	if (waiter->grant != KGIL_WAITING) {
		raw_spin_unlock(&obj->lock);
		return waiter->grant;
	}
	now = kgil_now();
	word = kgil_word_freeze(obj);
	kgil_dequeue(obj, waiter, now);
	kgil_drop_lost_waiter(obj);
	kgil_sem_count_end(&obj->stats, err);
	if (waiter->tie)
		kgil_sem_count_end(&waiter->tie->stats, err);
	kgil_tell_acquire(obj, waiter->tie, kgil_elapsed(waiter->since, now),
			  err);
	/* If it was its turn, it is the turn of another now. */
	if (kgil_word_free(obj, word) && kgil_is_barging(obj))
		next = kgil_sem_free(obj, word, now);
	else if (kgil_word_free(obj, word))
		next = kgil_sem_hand_over(obj, now);
	else
		kgil_word_thaw(obj, word);
	kgil_unlock_and_wake(obj, next);
	return err;
}

/*
 * Grant it to the caller if it is its turn and @word, frozen, is free.  If not,
 * the word is still frozen.
 */
static bool kgil_sem_take_turn(struct kgil_object *obj,
			       struct kgil_waiter *waiter, u64 word, u64 now,
			       struct task_struct **next)
{
	if (!waiter->turn || !kgil_word_free(obj, word) ||
	    !kgil_gil_is_open(obj, now))
		return false;
	waiter->asleep = false;
	kgil_sem_grant(obj, waiter, word, now);
	*next = kgil_sem_call_more(obj, now);
	return true;
}

/* It is no longer its turn, and whatever it waits for has to wake it. */
static void kgil_sem_lie_down(struct kgil_object *obj,
			      struct kgil_waiter *waiter)
{
	if (obj->queue.trying == waiter) {
		obj->queue.trying = NULL;
		/* It can wait asleep until the bound. */
		obj->queue.overdue = false;
	}
	if (obj->queue.spinning == waiter)
		obj->queue.spinning = NULL;
	WRITE_ONCE(waiter->turn, false);
	waiter->asleep = true;
}

/*
 * Try, if it is the waiter's turn; else go to sleep, and let the next release be
 * a call.  Return: it has the object.
 */
static bool kgil_sem_settle(struct kgil_object *obj, struct kgil_waiter *waiter)
{
	struct task_struct *next = NULL;
	u64 word, now;

	raw_spin_lock(&obj->lock);
	if (waiter->grant != KGIL_WAITING) {
		raw_spin_unlock(&obj->lock);
		return true;
	}
	now = kgil_now();
	word = kgil_word_freeze(obj);
	if (!kgil_sem_take_turn(obj, waiter, word, now, &next)) {
		kgil_sem_lie_down(obj, waiter);
		kgil_word_thaw(obj, word);
	}
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);
	return kgil_granted(waiter);
}

/* Of a gil: it can be handed over to from now on. */
static void kgil_sem_stand_by(struct kgil_object *obj,
			      struct kgil_waiter *waiter)
{
	waiter->asleep = false;
	kgil_drop_answer(obj);
	if (!obj->queue.spinning)
		obj->queue.spinning = waiter;
}

/* Else it may be free by now, as an owner that comes back at once is back. */
static struct task_struct *kgil_sem_try_at_once(struct kgil_object *obj,
						struct kgil_waiter *waiter)
{
	struct task_struct *next = NULL;
	u64 word = kgil_word_freeze(obj);

	waiter->asleep = false;
	if (!kgil_sem_take_turn(obj, waiter, word, kgil_now(), &next))
		kgil_word_thaw(obj, word);
	return next;
}

/* It was called, and is there.  Return: it has the object. */
static bool kgil_sem_awake(struct kgil_object *obj, struct kgil_waiter *waiter)
{
	struct task_struct *next = NULL;

	raw_spin_lock(&obj->lock);
	if (waiter->grant != KGIL_WAITING) {
		raw_spin_unlock(&obj->lock);
		return true;
	}
	if (kgil_is_gil(obj))
		kgil_sem_stand_by(obj, waiter);
	else
		next = kgil_sem_try_at_once(obj, waiter);
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);
	return kgil_granted(waiter);
}

/* Return: 0 or -EOWNERDEAD: granted; -ERESTARTSYS, -ETIMEDOUT. */
static int kgil_sem_wait_grant(struct kgil_object *obj,
			       struct kgil_waiter *waiter, ktime_t deadline)
{
	int err;

	for (;;) {
		if (!waiter->asleep) {
			kgil_spin(obj, waiter);
			if (kgil_granted(waiter) ||
			    kgil_sem_settle(obj, waiter))
				return waiter->grant;
		}
		err = kgil_sleep(obj, waiter, deadline);
		if (err)
			return kgil_sem_give_up(obj, waiter, err);
		if (kgil_granted(waiter)) {
			kgil_woken(waiter->granted, kgil_now());
			return waiter->grant;
		}
		if (kgil_sem_awake(obj, waiter))
			return waiter->grant;
	}
}

/**
 * kgil_sem_wait() - wait for a unit
 * @obj: the object, not locked
 * @waiter: queued by the caller
 * @deadline: KGIL_FOREVER or a time
 *
 * Return: 0; -EOWNERDEAD: taken, and its last owner died; -ERESTARTSYS,
 * -ETIMEDOUT.  It is never taken with a fatal signal pending: user space would
 * never run with what it got.
 */
int kgil_sem_wait(struct kgil_object *obj, struct kgil_waiter *waiter,
		  ktime_t deadline)
{
	int err;

	kgil_contention_begin(obj);
	err = kgil_sem_wait_grant(obj, waiter, deadline);
	kgil_contention_end(obj, err);
	if (unlikely(READ_ONCE(obj->threshold)))
		kgil_report_if_long(obj, waiter);
	if (err && err != -EOWNERDEAD)
		return err;
	if (unlikely(READ_ONCE(obj->absence)))
		kgil_away_arrived(obj);
	if (unlikely(fatal_signal_pending(current))) {
		kgil_sem_pass_on(obj, waiter);
		err = -ERESTARTSYS;
	}
	kgil_tell_return(obj, waiter, err);
	return err;
}

/* Queue the caller; @obj is locked, and @word its word, frozen. */
void kgil_sem_queue(struct kgil_object *obj, struct kgil_waiter *waiter,
		    struct kgil_tie *tie, u64 word, u64 now)
{
	if (kgil_is_fair(obj))
		kgil_gil_arrive(obj, tie, word, now);
	kgil_enqueue(obj, waiter, tie, now);
	kgil_tell_contend(obj, tie, word);
	if (kgil_is_gil(obj))
		kgil_gil_contend(obj, waiter, word, now);
	waiter->asleep = !waiter->turn && obj->queue.spinning != waiter;
}

/* Taken by the word: what the kernel measures of it begins now. */
static u64 kgil_sem_adopt(struct kgil_object *obj, u64 word, u64 now)
{
	if (!kgil_is_gil(obj) || word & KGIL_WORD_CALL)
		return word;
	obj->hold_start = now;
	return word | KGIL_WORD_CALL;
}

/* It is free for the caller. */
static __always_inline int kgil_sem_take_free(struct kgil_object *obj,
					      struct kgil_tie *tie, u64 word)
	__releases(&obj->lock)
{
	int news = kgil_sem_news(obj);

	kgil_word_thaw(obj, kgil_sem_take(obj, current, tie, word, kgil_now()));
	kgil_tell_acquire(obj, tie, 0, news);
	raw_spin_unlock(&obj->lock);
	return news;
}

/* The owner died, and nobody was told: the caller gets it. */
static int kgil_sem_inherit(struct kgil_object *obj, struct kgil_tie *tie,
			    u64 word)
	__releases(&obj->lock)
{
	u64 owner = kgil_word_value(word);
	u32 waiters = obj->queue.length;

	obj->stats.owner_deaths++;
	kgil_tell_owner_death(obj, word);
	word = kgil_sem_drop(obj, word, kgil_now());
	obj->owner_died = true;
	kgil_sem_take_free(obj, tie, word);
	kgil_netlink_owner_died(obj, owner, waiters);
	return -EOWNERDEAD;
}

/* The owner waits itself, perhaps for what the caller owns. */
static noinline int kgil_sem_contend_nested(struct kgil_object *obj,
					    struct kgil_tie *tie, u64 word,
					    ktime_t deadline)
	__releases(&obj->lock)
{
	int err;

	kgil_sem_refuse(obj, word, 0);
	err = kgil_deadlock_check(obj, tie);
	if (err) {
		kgil_tell_acquire(obj, tie, 0, err);
		return err;
	}
	raw_spin_lock(&obj->lock);
	err = kgil_sem_acquire_locked(obj, tie, kgil_word_freeze(obj),
				      deadline);
	/* It may not have had to wait. */
	kgil_wait_over(tie);
	return err;
}

/* Queue and wait. */
static noinline int kgil_sem_contend_wait(struct kgil_object *obj,
					  struct kgil_tie *tie, u64 word,
					  ktime_t deadline)
	__releases(&obj->lock)
{
	struct task_struct *next = NULL;
	struct kgil_waiter waiter;
	u64 now = kgil_now();
	int err;

	if (!kgil_word_free(obj, word))
		word = kgil_sem_adopt(obj, word, now);
	kgil_sem_queue(obj, &waiter, tie, word, now);
	kgil_word_thaw(obj, word);
	if (kgil_gil_ends_keeping(obj, &waiter, now))
		next = kgil_sem_hand_over(obj, now);
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);
	err = kgil_sem_wait(obj, &waiter, deadline);
	if (tie)
		kgil_wait_over(tie);
	return err;
}

/* It is taken, or not for the caller. */
static noinline int kgil_sem_contend(struct kgil_object *obj,
				     struct kgil_tie *tie, u64 word,
				     ktime_t deadline)
	__releases(&obj->lock)
{
	int err;

	if (kgil_is_owned(obj)) {
		err = kgil_owner_check(obj, word);
		if (err == -EOWNERDEAD)
			return kgil_sem_inherit(obj, tie, word);
		if (err)
			return kgil_sem_refuse_acquire(obj, tie, word, err);
	}
	if (deadline == KGIL_TRY)
		return kgil_sem_refuse_acquire(obj, tie, word, -EAGAIN);
	if (tie && kgil_wait_is_nested(obj, tie, word))
		return kgil_sem_contend_nested(obj, tie, word, deadline);
	return kgil_sem_contend_wait(obj, tie, word, deadline);
}

/**
 * kgil_sem_acquire_locked() - take one unit
 * @obj: the object, locked; unlocked on return
 * @tie: the caller's record on it; NULL: the type has no owner
 * @word: its word, frozen
 * @deadline: KGIL_TRY, KGIL_FOREVER or a time
 *
 * Return: as kgil_sem_wait(); -EAGAIN: a try that would have to wait;
 * -EDEADLK: another wait would close a cycle; -ENOTRECOVERABLE: the word is nonsense.
 */
int kgil_sem_acquire_locked(struct kgil_object *obj, struct kgil_tie *tie,
			    u64 word, ktime_t deadline)
	__releases(&obj->lock)
{
	if (unlikely(kgil_word_nonsense(obj, word)))
		return kgil_sem_refuse_acquire(obj, tie, word,
					       -ENOTRECOVERABLE);
	if (kgil_word_free(obj, word) && kgil_gil_is_for(obj, tie))
		return kgil_sem_take_free(obj, tie, word);
	return kgil_sem_contend(obj, tie, word, deadline);
}

/* Somebody waits or polls. */
static noinline int kgil_sem_release_contended(struct kgil_object *obj,
					       u64 word)
	__releases(&obj->lock)
{
	kgil_unlock_and_wake(obj, kgil_sem_give(obj, word, kgil_now()));
	return 0;
}

/* Give one unit back; @word is frozen and says that there is one to give. */
int kgil_sem_release_locked(struct kgil_object *obj, u64 word)
	__releases(&obj->lock)
{
	if (unlikely(obj->queue.length || obj->watched & KGIL_POLLED))
		return kgil_sem_release_contended(obj, word);
	kgil_word_thaw(obj, kgil_sem_drop(obj, word,
					  KGIL_BARE > 1 ? 0 : kgil_now()));
	raw_spin_unlock(&obj->lock);
	return 0;
}

/* Of a sem or lock: as kgil_sem_acquire_locked(). */
int kgil_sem_acquire(struct kgil_object *obj, ktime_t deadline)
{
	raw_spin_lock(&obj->lock);
	return kgil_sem_acquire_locked(obj, NULL, kgil_word_freeze(obj),
				       deadline);
}

/**
 * kgil_sem_release() - give one unit back, of a sem or lock
 * @obj: the object
 *
 * Return: 0; -EOVERFLOW: all units are there; -ENOTRECOVERABLE.
 */
int kgil_sem_release(struct kgil_object *obj)
{
	u64 word;

	raw_spin_lock(&obj->lock);
	word = kgil_word_freeze(obj);
	if (unlikely(kgil_word_nonsense(obj, word)))
		return kgil_sem_refuse(obj, word, -ENOTRECOVERABLE);
	if (kgil_word_all_free(obj, word))
		return kgil_sem_refuse(obj, word, -EOVERFLOW);
	return kgil_sem_release_locked(obj, word);
}

/*
 * Nobody is to be passed over any more: who was called to try may find that
 * nobody tries, and the release that freed the unit won't come again.  Return:
 * there may be another unit for another waiter.
 */
static bool kgil_sem_serve_one(struct kgil_object *obj)
{
	struct task_struct *next = NULL;
	bool served;
	u64 word;

	raw_spin_lock(&obj->lock);
	word = kgil_word_freeze(obj);
	served = !kgil_is_barging(obj) && obj->queue.length &&
		 kgil_word_free(obj, word);
	if (served)
		next = kgil_sem_grant(obj, kgil_queue_next(obj), word,
				      kgil_now());
	else if (kgil_word_free(obj, word))
		next = kgil_sem_free(obj, word, kgil_now());
	else
		kgil_word_thaw(obj, word);
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);
	return served;
}

/* How long a waiter can be passed over, from now on; who waits is included. */
void kgil_sem_set_handoff(struct kgil_object *obj, u64 handoff)
{
	raw_spin_lock(&obj->lock);
	obj->handoff = handoff;
	obj->queue.overdue = false;
	kgil_word_thaw(obj, kgil_word_freeze(obj));
	/* The timer may be set for a later end. */
	if (kgil_is_barging(obj) && obj->queue.trying)
		kgil_drop_watch_called(obj, kgil_now());
	raw_spin_unlock(&obj->lock);

	/* One at a time: the lock is not held for as long as many take. */
	while (kgil_sem_serve_one(obj))
		cond_resched();
}
