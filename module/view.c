// SPDX-License-Identifier: GPL-2.0
/*
 * An object at one moment: what the ioctls, /proc and netlink all show.
 */
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "away.h"
#include "object.h"
#include "owner.h"
#include "view.h"
#include "word.h"

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
	switch (policy) {
	case KGIL_POLICY_FIFO:
		return "fifo";
	case KGIL_POLICY_FAIR:
		return "fair";
	default:
		return "?";
	}
}

/* The count as the contract has it, whatever the page says. */
static u32 kgil_view_count(const struct kgil_object *obj, u64 word)
{
	if (kgil_is_sem(obj))
		return min_t(u64, kgil_word_value(word), obj->max);
	return kgil_word_free(obj, word) && !obj->kept;
}

static u32 kgil_view_depth(const struct kgil_object *obj, u64 word)
{
	if (!kgil_is_owned(obj) || kgil_word_free(obj, word))
		return 0;
	return kgil_is_gil(obj) ? 1 : kgil_word_depth(obj);
}

/* Under the lock. */
static void kgil_view_state(const struct kgil_object *obj, u64 word,
			    struct kgil_state *state)
{
	*state = (struct kgil_state) {
		.id = obj->id,
		.type = obj->type,
		.flags = kgil_view_flags(obj),
		.owner = kgil_is_owned(obj) ? kgil_word_value(word) : 0,
		.depth = kgil_view_depth(obj, word),
		.count = kgil_view_count(obj, word),
		.max = obj->type == KGIL_TYPE_RLOCK ? obj->max_depth : obj->max,
		.waiters = obj->queue.length,
		.policy = obj->policy,
		.interval_ns = obj->drop.interval,
		.handoff_ns = obj->handoff,
	};
}

/* A reference to who has it; NULL: nobody, or unknown.  Under the lock. */
static struct task_struct *kgil_view_holder(const struct kgil_object *obj,
					    u64 word)
{
	struct task_struct *task;

	rcu_read_lock();
	task = kgil_holder(obj, word);
	if (task)
		get_task_struct(task);
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
	struct task_struct *task;
	u64 word;

	memset(view, 0, sizeof(*view));
	raw_spin_lock(&obj->lock);
	word = READ_ONCE(obj->page->word);
	kgil_view_state(obj, word, &view->state);
	kgil_stats_read(obj, &view->stats);
	kgil_times_read(obj, &view->times);
	kgil_away_read(obj, &view->away);
	view->threshold = obj->threshold;
	task = kgil_view_holder(obj, word);
	raw_spin_unlock(&obj->lock);

	if (!task)
		return;
	if (pids)
		kgil_view_task(view, task, pids);
	put_task_struct(task);
}

/* How long it was waited for and held, at one moment. */
void kgil_view_times(struct kgil_object *obj, struct kgil_times *times)
{
	raw_spin_lock(&obj->lock);
	kgil_times_read(obj, times);
	raw_spin_unlock(&obj->lock);
}
