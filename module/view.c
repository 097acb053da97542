// SPDX-License-Identifier: GPL-2.0
/*
 * An object at one moment: what the ioctls, /proc and netlink all show.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "object.h"
#include "owner.h"
#include "view.h"

const char *kgil_type_name(u32 type)
{
	static const char * const names[] = {
		[KGIL_TYPE_GIL] = "gil",
		[KGIL_TYPE_SEM] = "sem",
		[KGIL_TYPE_LOCK] = "lock",
		[KGIL_TYPE_RLOCK] = "rlock",
	};

	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "?";
}

static u32 kgil_view_flags(const struct kgil_object *obj)
{
	return (obj->owner_died ? KGIL_STATE_OWNER_DIED : 0) |
	       (obj->drop.requested ? KGIL_STATE_DROP_REQUEST : 0);
}

const char *kgil_policy_name(u32 policy)
{
	return policy == KGIL_POLICY_FIFO ? "fifo" : "?";
}

/* Under the lock. */
static void kgil_view_state(const struct kgil_object *obj,
			    struct kgil_state *state)
{
	*state = (struct kgil_state) {
		.id = obj->id,
		.type = obj->type,
		.flags = kgil_view_flags(obj),
		.owner = obj->owner ? obj->owner->thread->id : 0,
		.depth = kgil_is_owned(obj) ? obj->depth : 0,
		.count = obj->count,
		.max = obj->type == KGIL_TYPE_RLOCK ? obj->max_depth : obj->max,
		.waiters = obj->nr_waiters,
		.policy = obj->policy,
		.interval_ns = obj->drop.interval,
	};
}

/* Who took a lock, if it still runs: only numbers are kept of it. */
static struct task_struct *kgil_view_taker(pid_t taker, u64 start)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(find_pid_ns(taker, &init_pid_ns), PIDTYPE_PID);
	if (task && task->start_time == start)
		get_task_struct(task);
	else
		task = NULL;
	rcu_read_unlock();
	return task;
}

/* Nothing of a thread that has no pid in @pids. */
static void kgil_view_task(struct kgil_view *view, struct task_struct *task,
			   struct pid_namespace *pids)
{
	view->state.owner_tid = task_pid_nr_ns(task, pids);
	if (!view->state.owner_tid)
		return;
	view->state.owner_pid = task_tgid_nr_ns(task, pids);
	get_task_comm(view->comm, task);
}

/**
 * kgil_view() - look at an object
 * @obj: pinned by the caller
 * @pids: pid namespace of the reader; NULL: it may not see pids and names
 * @view: all of it is written
 */
void kgil_view(struct kgil_object *obj, struct pid_namespace *pids,
	       struct kgil_view *view)
{
	struct task_struct *task = NULL;
	pid_t taker = 0;
	u64 start = 0;

	memset(view, 0, sizeof(*view));
	raw_spin_lock_irq(&obj->lock);
	kgil_view_state(obj, &view->state);
	view->stats = obj->stats;
	if (obj->owner) {
		task = get_task_struct(obj->owner->thread->task);
	} else if (obj->type == KGIL_TYPE_LOCK && !obj->count) {
		taker = obj->taker;
		start = obj->taker_start;
	}
	raw_spin_unlock_irq(&obj->lock);

	if (taker)
		task = kgil_view_taker(taker, start);
	if (!task)
		return;
	if (pids)
		kgil_view_task(view, task, pids);
	put_task_struct(task);
}
