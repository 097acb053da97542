// SPDX-License-Identifier: GPL-2.0
/*
 * The drop request, and what else happens by a timer.
 *
 * The owner of a gil polls one word of the page it shares with the kernel.  The
 * word is set when somebody waits and the owner's switch interval is over, by
 * one timer for each gil, and cleared when the ownership changes.
 *
 * The timer is lazy: a change of owner doesn't touch it.  It runs until the
 * deadline of an owner who may be gone by then, and its callback looks who owns
 * the gil now: the deadline has moved, and the timer with it, or it is over,
 * and the request is raised.  So a gil that changes hands a million times a
 * second starts no timer a million times, and there are at most two expiries for
 * each change of owner: who is next is woken first, and if it doesn't come the
 * owner is asked without it.
 *
 * An object that is no gil uses the timer for the bound on how long a waiter can
 * be passed over.
 */
#include "away.h"
#include "drop.h"
#include "gil.h"
#include "object.h"
#include "owner.h"
#include "poll.h"
#include "sem.h"
#include "tell.h"
#include "wait.h"
#include "word.h"

/*
 * How much longer than promised a gil may stay free for a thread that didn't
 * come back: what it takes for the timer not to be the work that is done.
 */
#define KGIL_KEEP_SLACK_NS	50000

/* How long who was woken to ask the owner may take to get a processor. */
#define KGIL_CALL_NS		1000000

/* When the timer comes back that found the lock taken. */
#define KGIL_DROP_RETRY_NS	10000

static void kgil_drop_set(struct kgil_object *obj, bool requested)
{
	obj->drop.called = false;
	if (obj->drop.requested == requested)
		return;
	obj->drop.requested = requested;
	obj->drop.since = requested ? kgil_now() : 0;
	obj->stats.drop_requests += requested;
	if (obj->last)
		obj->last->stats.drop_requests += requested;
	WRITE_ONCE(obj->page->drop_request, requested);
	if (requested)
		kgil_tell_drop_request(obj);
}

/* The owner is to drop it now. */
void kgil_drop_request(struct kgil_object *obj)
{
	kgil_drop_set(obj, true);
}

/* Who was woken to ask the owner is there. */
void kgil_drop_answer(struct kgil_object *obj)
{
	if (obj->drop.called)
		kgil_drop_set(obj, true);
}

/* A hold is over; was the owner asked to end it? */
void kgil_drop_heeded(struct kgil_object *obj, u64 now)
{
	if (!obj->drop.since)
		return;
	kgil_stats_heeded(obj, obj->last, kgil_elapsed(obj->drop.since, now));
	obj->drop.since = 0;
}

/* How much of its interval the owner has had before this hold. */
static u64 kgil_drop_used(const struct kgil_object *obj)
{
	return kgil_is_fair(obj) && obj->last ? obj->last->share.used : 0;
}

/* When the timer has to fire; 0: no need to. */
static u64 kgil_drop_due(const struct kgil_object *obj)
{
	if (!obj->queue.length)
		return 0;
	if (obj->kept)
		return obj->kept_until ? obj->kept_until + KGIL_KEEP_SLACK_NS :
					 0;
	if (obj->drop.requested)
		return 0;
	return kgil_policy_drop_at(obj->hold_start, kgil_drop_used(obj),
				   obj->drop.interval);
}

static void kgil_drop_arm(struct kgil_object *obj, u64 due, u64 now)
{
	if (obj->drop.armed && (s64)(obj->drop.at - due) <= 0)
		return;
	obj->drop.armed = true;
	obj->drop.at = due;
	hrtimer_start(&obj->drop.timer, ns_to_ktime(kgil_elapsed(now, due)),
		      HRTIMER_MODE_REL_SOFT);
}

/**
 * kgil_drop_watch() - see to it that the owner is asked in time
 * @obj: the gil, locked
 * @now: ns
 */
void kgil_drop_watch(struct kgil_object *obj, u64 now)
{
	u64 due = kgil_drop_due(obj);

	if (!due)
		return;
	if ((s64)(due - now) <= 0 && !obj->kept) {
		kgil_drop_set(obj, true);
		return;
	}
	kgil_drop_arm(obj, due, now);
}

/**
 * kgil_drop_watch_called() - see to it that who was called is not passed over
 * @obj: a barging object, locked
 * @now: ns
 *
 * A waiter that is called may not get a processor, and until it does nobody has
 * to make a call.
 */
void kgil_drop_watch_called(struct kgil_object *obj, u64 now)
{
	kgil_drop_arm(obj, obj->queue.since + obj->handoff, now);
}

/* When it is due has changed. */
void kgil_drop_rewatch(struct kgil_object *obj)
{
	/* To start a timer that is queued moves it. */
	obj->drop.armed = false;
	kgil_drop_watch(obj, kgil_now());
}

/*
 * The owner's interval is over.  Who is next is woken first, and asks the owner
 * when it is there: else nobody would run while it wakes up.
 */
static struct task_struct *kgil_drop_call(struct kgil_object *obj, u64 now)
{
	struct kgil_waiter *next = kgil_queue_next(obj);

	if (obj->drop.called || !next->asleep) {
		kgil_drop_set(obj, true);
		return NULL;
	}
	obj->drop.called = true;
	kgil_drop_arm(obj, now + KGIL_CALL_NS, now);
	return kgil_call(obj, next, now);
}

/* Return: whom to wake.  Under the lock. */
static struct task_struct *kgil_drop_due_now(struct kgil_object *obj, u64 now)
{
	u64 due;

	if (obj->kept && obj->kept_until && kgil_gil_is_open(obj, now))
		return kgil_sem_hand_over(obj, now);
	due = kgil_drop_due(obj);
	if (due && (s64)(due - now) <= 0 && !obj->kept)
		return kgil_drop_call(obj, now);
	kgil_drop_watch(obj, now);
	return NULL;
}

/* The same, of an object that is no gil: the oldest may have been passed over. */
static void kgil_drop_handoff_due_now(struct kgil_object *obj, u64 now)
{
	if (!obj->queue.trying)
		return;
	if (kgil_policy_overdue(obj->queue.since, now, obj->handoff))
		kgil_word_hurry(obj);
	else
		kgil_drop_watch_called(obj, now);
}

/*
 * Runs in a soft interrupt, perhaps of the processor that has the lock: so it
 * only tries to take it, and comes back if it can't.  @armed is still set then.
 * Started by hrtimer_start() in any case, so that all who start it agree.
 */
static enum hrtimer_restart kgil_drop_expired(struct hrtimer *timer)
{
	struct kgil_object *obj = container_of(timer, struct kgil_object,
					       drop.timer);
	struct task_struct *next = NULL;

	if (!raw_spin_trylock(&obj->lock)) {
		hrtimer_start(timer, ns_to_ktime(KGIL_DROP_RETRY_NS),
			      HRTIMER_MODE_REL_SOFT);
		return HRTIMER_NORESTART;
	}
	obj->drop.armed = false;
	if (kgil_is_gil(obj))
		next = kgil_drop_due_now(obj, kgil_now());
	else
		kgil_drop_handoff_due_now(obj, kgil_now());
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);
	return HRTIMER_NORESTART;
}

/* The ownership has changed: the new owner isn't asked for anything yet. */
void kgil_drop_new_owner(struct kgil_object *obj, u64 now)
{
	kgil_drop_set(obj, false);
	if (!obj->queue.length)
		return;
	kgil_drop_watch(obj, now);
	if (unlikely(obj->absence))
		kgil_away_owner(obj, obj->last, now);
}

/* A waiter gave up.  Was it the last, the owner may go on. */
void kgil_drop_lost_waiter(struct kgil_object *obj)
{
	if (obj->queue.length)
		return;
	kgil_drop_set(obj, false);
	if (unlikely(obj->absence))
		kgil_away_end(obj, kgil_now());
	/* It is free for whoever comes. */
	if (obj->kept)
		kgil_poll_freed(obj);
	obj->kept = NULL;
}

/*
 * Also for the interval that is running.  A request that was raised stays: the
 * owner may have seen it.
 */
void kgil_drop_set_interval(struct kgil_object *obj, u64 interval)
{
	raw_spin_lock(&obj->lock);
	obj->drop.interval = interval;
	kgil_drop_rewatch(obj);
	raw_spin_unlock(&obj->lock);
}

void kgil_drop_init(struct kgil_object *obj, u64 interval)
{
	if (kgil_is_gil(obj))
		obj->drop.interval = interval ?: KGIL_INTERVAL_DEFAULT;
	hrtimer_setup(&obj->drop.timer, kgil_drop_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
}

void kgil_drop_exit(struct kgil_object *obj)
{
	hrtimer_cancel(&obj->drop.timer);
}
