// SPDX-License-Identifier: GPL-2.0
/*
 * The wait core.
 *
 * A waiter queues under the object's lock, spins if that is likely to be worth
 * it, and sleeps.  It ends in one of three ways, each under the lock:
 *
 *   granted	Whoever releases the object gives it to a waiter: takes it out of
 *		the queue and stores the result in it.  From then on the waiter
 *		owns the object, awake or not.
 *   its turn	Where barging is allowed, and of a gil whose owner may be back
 *		soon, a release frees the object and calls a waiter to try for
 *		itself.  One at a time is called.
 *   gives up	By a signal or its deadline.  If it finds that it was granted
 *		meanwhile, the grant wins.
 *
 * A wake-up follows after the lock is dropped, with a reference to the task,
 * because by then the waiter may have seen by itself what it waited for, returned
 * and exited.
 */
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "netlink.h"
#include "object.h"
#include "owner.h"
#include "wait.h"
#include "word.h"

/*
 * How long to spin: what it costs to sleep and be woken, which is measured each
 * time that somebody does, within these bounds.
 */
#define KGIL_SPIN_MIN_NS	50000
#define KGIL_SPIN_MAX_NS	300000
/* How long who may try lets an owner that comes back at once have it. */
#define KGIL_TRY_NS	25000
/* How often who may try looks: seldom enough not to slow down the owner. */
#define KGIL_LOOK_NS	2000

static struct task_struct *kgil_task_to_wake(const struct kgil_waiter *waiter)
{
	return waiter->asleep ? get_task_struct(waiter->task) : NULL;
}

/* An average of how long a wake-up takes; who writes it last is right enough. */
static u64 kgil_wake_ns = KGIL_SPIN_MIN_NS;

/* The caller slept, was woken at @since, and runs at last. */
void kgil_woken(u64 since, u64 now)
{
	u64 took = clamp_t(u64, kgil_elapsed(since, now), KGIL_SPIN_MIN_NS,
			   KGIL_SPIN_MAX_NS);

	WRITE_ONCE(kgil_wake_ns, (7 * READ_ONCE(kgil_wake_ns) + took) / 8);
}

/**
 * kgil_call() - let a waiter try for itself
 * @obj: the object, locked
 * @waiter: in its queue: the oldest or, of a gil, the next
 * @now: ns
 *
 * Return: whom to kgil_wake() after the lock is dropped.
 */
struct task_struct *kgil_call(struct kgil_object *obj,
			      struct kgil_waiter *waiter, u64 now)
{
	lockdep_assert_held(&obj->lock);
	if (obj->queue.trying == waiter)
		return NULL;
	obj->queue.trying = waiter;
	WRITE_ONCE(waiter->turn, true);
	if (kgil_is_barging(obj))
		kgil_drop_watch_called(obj, now);
	return kgil_task_to_wake(waiter);
}

/* Does @task run now, or is it about to on another processor? */
static bool kgil_runs(struct task_struct *task, bool soon)
{
	if (task == current)
		return false;
	if (owner_on_cpu(task))
		return true;
	return soon && task_is_running(task) &&
	       task_cpu(task) != raw_smp_processor_id();
}

/* Is it worth to spin for who has it by @word? */
static bool kgil_holder_runs(const struct kgil_object *obj, u64 word, bool soon)
{
	struct task_struct *task;
	bool runs;

	rcu_read_lock();
	task = kgil_holder(obj, word);
	runs = task && kgil_runs(task, soon);
	rcu_read_unlock();
	return runs;
}

static u64 kgil_peek(const struct kgil_object *obj)
{
	return READ_ONCE(READ_ONCE(obj->page)->word) & ~KGIL_WORD_WAITERS;
}

/**
 * kgil_enqueue() - queue the calling thread
 * @obj: the object, locked
 * @waiter: on the caller's stack
 * @tie: the caller's record, or NULL
 * @now: ns
 */
void kgil_enqueue(struct kgil_object *obj, struct kgil_waiter *waiter,
		  struct kgil_tie *tie, u64 now)
{
	lockdep_assert_held(&obj->lock);
	*waiter = (struct kgil_waiter) {
		.task = current,
		.tie = tie,
		.since = now,
		.number = ++obj->stats.contentions,
		.grant = KGIL_WAITING,
	};
	kgil_queue_add(obj, waiter);
	/* Alone, it is its turn at once, unless it would only go to sleep. */
	if (kgil_is_barging(obj) && obj->queue.length == 1 &&
	    kgil_holder_runs(obj, kgil_peek(obj), false))
		kgil_call(obj, waiter, now);
	if (tie) {
		tie->waits_since = now;
		tie->stats.contentions++;
	}
}

/* A wait is over, whatever its result; under the lock. */
void kgil_dequeue(struct kgil_object *obj, struct kgil_waiter *waiter, u64 now)
{
	lockdep_assert_held(&obj->lock);
	kgil_queue_del(obj, waiter, now);
	if (waiter->tie)
		waiter->tie->waits_since = 0;
	kgil_stats_waited(obj, waiter->tie, kgil_elapsed(waiter->since, now));
}

/**
 * kgil_grant() - tell a waiter, already dequeued, that it has the object
 * @waiter: not to be touched any more after this
 * @result: 0 or -EOWNERDEAD
 *
 * Return: whom to kgil_wake() after the lock is dropped.
 */
struct task_struct *kgil_grant(struct kgil_waiter *waiter, int result)
{
	struct task_struct *task = kgil_task_to_wake(waiter);

	/*
	 * Pairs with the load in kgil_granted(): the new owner sees all that the
	 * last one did.
	 */
	smp_store_release(&waiter->grant, result);
	return task;
}

/* Wake whom kgil_grant() or kgil_call() returned; NULL: nobody. */
void kgil_wake(struct task_struct *task)
{
	if (!task)
		return;
	wake_up_process(task);
	put_task_struct(task);
}

bool kgil_granted(const struct kgil_waiter *waiter)
{
	/* Pairs with the store in kgil_grant(). */
	return smp_load_acquire(&waiter->grant) != KGIL_WAITING;
}

/* It is the waiter's turn for long enough: let the next release hand over. */
static void kgil_hurry(struct kgil_object *obj, struct kgil_waiter *waiter)
{
	raw_spin_lock(&obj->lock);
	if (obj->queue.trying == waiter)
		kgil_word_hurry(obj);
	raw_spin_unlock(&obj->lock);
}

static bool kgil_disturbed(const struct kgil_waiter *waiter)
{
	return need_resched() || signal_pending(current) ||
	       kgil_granted(waiter);
}

/*
 * It is the waiter's turn to try.  An owner that comes back at once is let have
 * it for KGIL_TRY_NS: to take it from under its eyes each time would be slower
 * for both.  So the object has to be found free twice, until it is handed over.
 */
static void kgil_spin_to_try(struct kgil_object *obj,
			     struct kgil_waiter *waiter)
{
	u64 limit = READ_ONCE(kgil_wake_ns), start = kgil_now();
	u64 look = start, now, word;
	bool was_free = false, hurried = false, free;

	for (now = start; !kgil_disturbed(waiter); now = kgil_now()) {
		cpu_relax();
		if ((s64)(now - look) < 0)
			continue;
		look = now + KGIL_LOOK_NS;
		word = kgil_peek(obj);
		free = kgil_word_free(obj, word);
		if (free ? was_free : !kgil_holder_runs(obj, word, false))
			break;
		was_free = free;
		if (!hurried && now - start > KGIL_TRY_NS) {
			kgil_hurry(obj, waiter);
			hurried = true;
		}
		if (now - start > KGIL_TRY_NS + limit)
			break;
	}
}

/*
 * It is next after an owner that will drop the gil any moment.  The grant is
 * what counts, so that there is no pause between two looks at it.
 */
static void kgil_spin_for_grant(struct kgil_object *obj,
				struct kgil_waiter *waiter)
{
	u64 now = kgil_now(), end = now + READ_ONCE(kgil_wake_ns), look = now;

	for (; !kgil_disturbed(waiter) && now < end; now = kgil_now()) {
		if ((s64)(now - look) < 0)
			continue;
		if (!kgil_holder_runs(obj, kgil_peek(obj), true))
			break;
		look = now + KGIL_LOOK_NS;
	}
}

/**
 * kgil_spin() - wait awake, while the owner runs on another processor
 * @obj: the object, not locked
 * @waiter: queued by the caller
 *
 * One waiter of an object does so at a time: of a barging object the one whose
 * turn it is, of a gil the one that is next.  Ends when it was granted or the
 * object is free for it to try, when the owner stops running, when the processor
 * is wanted, or after a while.
 */
void kgil_spin(struct kgil_object *obj, struct kgil_waiter *waiter)
{
	if (READ_ONCE(obj->queue.spinning) == waiter)
		kgil_spin_for_grant(obj, waiter);
	else if (READ_ONCE(waiter->turn))
		kgil_spin_to_try(obj, waiter);
}

static int kgil_sleep_until(struct kgil_waiter *waiter, ktime_t deadline)
{
	ktime_t *until = deadline == KGIL_FOREVER ? NULL : &deadline;
	int err = 0;

	for (;;) {
		/* Pairs with the barrier of wake_up_process(). */
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (kgil_granted(waiter) || READ_ONCE(waiter->turn)) {
			err = 0;
			break;
		}
		if (signal_pending(current))
			err = -ERESTARTSYS;
		if (err)
			break;
		if (!schedule_hrtimeout_range_clock(until,
						    current->timer_slack_ns,
						    HRTIMER_MODE_ABS,
						    CLOCK_MONOTONIC))
			err = -ETIMEDOUT;
	}
	__set_current_state(TASK_RUNNING);
	return err;
}

static void kgil_report(struct kgil_object *obj, struct kgil_waiter *waiter,
			u64 waited)
{
	waiter->reported = true;
	kgil_event_long_wait(obj, waiter->tie ? waiter->tie->id : 0, waited);
}

/* The wait of the calling thread is over: is it to be reported now? */
void kgil_report_if_long(struct kgil_object *obj, struct kgil_waiter *waiter)
{
	u64 threshold = READ_ONCE(obj->threshold);
	u64 waited = kgil_elapsed(waiter->since, kgil_now());

	if (threshold && waited > threshold && !waiter->reported)
		kgil_report(obj, waiter, waited);
}

/* When a wait that goes on is to be reported. */
static ktime_t kgil_report_at(const struct kgil_object *obj,
			      const struct kgil_waiter *waiter)
{
	u64 threshold = READ_ONCE(obj->threshold);
	u64 waited;

	if (likely(!threshold) || waiter->reported)
		return KGIL_FOREVER;
	waited = kgil_elapsed(waiter->since, kgil_now());
	return ktime_add_ns(ktime_get(), threshold - min(waited, threshold));
}

/**
 * kgil_sleep() - wait asleep
 * @obj: the object
 * @waiter: queued and marked as asleep by the caller
 * @deadline: of CLOCK_MONOTONIC, not in a time namespace; or KGIL_FOREVER
 *
 * A wait that lasts longer than the object's threshold is reported by the waiter
 * itself, which wakes up for that.
 *
 * Return: 0: granted, or its turn; -ERESTARTSYS: a signal; -ETIMEDOUT.
 */
int kgil_sleep(struct kgil_object *obj, struct kgil_waiter *waiter,
	       ktime_t deadline)
{
	ktime_t report = kgil_report_at(obj, waiter);
	int err;

	if (unlikely(report < deadline)) {
		err = kgil_sleep_until(waiter, report);
		if (err != -ETIMEDOUT)
			return err;
		kgil_report(obj, waiter,
			    kgil_elapsed(waiter->since, kgil_now()));
	}
	return kgil_sleep_until(waiter, deadline);
}
