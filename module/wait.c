// SPDX-License-Identifier: GPL-2.0
/*
 * The wait core.
 *
 * A waiter queues under the object's lock and sleeps.  Whoever releases the
 * object decides, under the same lock, who gets it, takes that waiter out of
 * the queue and stores the result in it: from then on the waiter owns the
 * object, awake or not.  The wake-up follows after the lock is dropped, with a
 * reference to the task, because by then the waiter may have seen the result by
 * itself, returned and exited.
 *
 * A waiter that gives up (signal, deadline) has to take itself out of the queue
 * under the lock.  If it finds that it was granted meanwhile, the grant wins.
 */
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "object.h"
#include "wait.h"

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
	waiter->task = current;
	waiter->tie = tie;
	waiter->since = now;
	waiter->grant = KGIL_WAITING;
	list_add_tail(&waiter->node, &obj->waiters);
	obj->nr_waiters++;
	obj->stats.contentions++;
	kgil_drop_new_waiter(obj, now);
}

/* A wait is over, whatever its result; under the lock. */
void kgil_dequeue(struct kgil_object *obj, struct kgil_waiter *waiter, u64 now)
{
	lockdep_assert_held(&obj->lock);
	list_del(&waiter->node);
	obj->nr_waiters--;
	kgil_stats_waited(&obj->stats, now - waiter->since);
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
	struct task_struct *task = get_task_struct(waiter->task);

	/*
	 * Pairs with the load in kgil_sleep(): the new owner sees all that the
	 * last one did.
	 */
	smp_store_release(&waiter->grant, result);
	return task;
}

/* Wake whom kgil_grant() returned; NULL: nobody. */
void kgil_wake(struct task_struct *task)
{
	if (!task)
		return;
	wake_up_process(task);
	put_task_struct(task);
}

static bool kgil_granted(const struct kgil_waiter *waiter)
{
	/* Pairs with the store in kgil_grant(). */
	return smp_load_acquire(&waiter->grant) != KGIL_WAITING;
}

/* Leave the queue for @err, unless the grant was faster. */
static int kgil_give_up(struct kgil_object *obj, struct kgil_waiter *waiter,
			int err)
{
	raw_spin_lock_irq(&obj->lock);
	if (waiter->grant != KGIL_WAITING) {
		err = waiter->grant;
	} else {
		kgil_dequeue(obj, waiter, kgil_now());
		kgil_drop_lost_waiter(obj);
		if (err == -ETIMEDOUT)
			obj->stats.timeouts++;
		else
			obj->stats.interrupts++;
	}
	raw_spin_unlock_irq(&obj->lock);
	return err;
}

/**
 * kgil_sleep() - wait for the grant
 * @obj: the object, not locked
 * @waiter: queued by the caller
 * @deadline: of CLOCK_MONOTONIC, not in a time namespace; or KGIL_FOREVER
 *
 * Return: 0 or -EOWNERDEAD: granted; -ERESTARTSYS: a signal; -ETIMEDOUT.
 */
int kgil_sleep(struct kgil_object *obj, struct kgil_waiter *waiter,
	       ktime_t deadline)
{
	ktime_t *until = deadline == KGIL_FOREVER ? NULL : &deadline;
	int err = 0;

	for (;;) {
		/* Pairs with the barrier of wake_up_process(). */
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (kgil_granted(waiter))
			break;
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
	return kgil_granted(waiter) ? waiter->grant :
				      kgil_give_up(obj, waiter, err);
}
