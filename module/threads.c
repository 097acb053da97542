// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of an object: who owns it, who waits for it, who has it at hand.
 *
 * Of a gil or rlock they are its ties, by the threads' ids.  The kernel keeps no
 * record of a thread and a sem or lock: there it is who took the lock, and who
 * waits at the head of the queue.
 */
#include <linux/sched/task.h>
#include <linux/string.h>

#include "object.h"
#include "owner.h"
#include "sem.h"
#include "threads.h"
#include "word.h"

/* How much of the queue of a sem or lock is shown: it is read under the lock. */
#define KGIL_WAITERS_SHOWN	64

const char *kgil_thread_state_name(u32 state)
{
	static const char * const names[] = {
		[KGIL_THREAD_OWNER] = "owner",
		[KGIL_THREAD_WAITER] = "waiter",
		[KGIL_THREAD_IDLE] = "idle",
	};

	return state < ARRAY_SIZE(names) && names[state] ? names[state] : "?";
}

/* What the thread does, and since when; what it did.  Under the lock. */
static void kgil_threads_look(const struct kgil_tie *tie,
			      struct kgil_thread_view *view)
{
	const struct kgil_object *obj = tie->key.obj;
	u64 word = READ_ONCE(obj->page->word);

	view->state = KGIL_THREAD_IDLE;
	if (tie->waits_since) {
		view->state = KGIL_THREAD_WAITER;
	} else if (kgil_word_value(word) == tie->id) {
		view->state = KGIL_THREAD_OWNER;
		view->held = kgil_sem_ran(obj, word, kgil_now());
	}
	kgil_stats_read_tie(tie, &view->stats, &view->times);
	view->waited = view->times.waiting_ns;
}

static bool kgil_threads_of_ties(struct kgil_object *obj, u64 from,
				 struct kgil_thread_view *view)
{
	struct kgil_tie *tie;

	kgil_ties_lock();
	tie = kgil_tie_from(obj, from);
	if (tie) {
		view->at = tie->id;
		view->id = tie->id;
		view->task = get_task_struct(tie->thread->task);
		raw_spin_lock(&obj->lock);
		kgil_threads_look(tie, view);
		raw_spin_unlock(&obj->lock);
	}
	kgil_ties_unlock();
	return tie;
}

/* Who took a lock, as far as is known; its place is before all waiters. */
static bool kgil_threads_taker(const struct kgil_object *obj,
			       struct kgil_thread_view *view)
{
	u64 word = READ_ONCE(obj->page->word);
	struct task_struct *task;

	rcu_read_lock();
	task = kgil_holder(obj, word);
	if (task) {
		view->task = get_task_struct(task);
		view->state = KGIL_THREAD_OWNER;
		view->held = kgil_sem_ran(obj, word, kgil_now());
	}
	rcu_read_unlock();
	return task;
}

static bool kgil_threads_waiter(const struct kgil_object *obj, u64 from,
				struct kgil_thread_view *view)
{
	const struct kgil_waiter *waiter;
	unsigned int seen = 0;

	list_for_each_entry(waiter, &obj->queue.arrival, node) {
		if (seen++ == KGIL_WAITERS_SHOWN)
			return false;
		if (waiter->number < from)
			continue;
		view->at = waiter->number;
		view->task = get_task_struct(waiter->task);
		view->state = KGIL_THREAD_WAITER;
		view->waited = kgil_elapsed(waiter->since, kgil_now());
		view->times.waiting_ns = view->waited;
		return true;
	}
	return false;
}

static bool kgil_threads_of_queue(struct kgil_object *obj, u64 from,
				  struct kgil_thread_view *view)
{
	bool found;

	raw_spin_lock(&obj->lock);
	found = (!from && kgil_threads_taker(obj, view)) ||
		kgil_threads_waiter(obj, from, view);
	raw_spin_unlock(&obj->lock);
	return found;
}

/**
 * kgil_threads_next() - look at one of an object's threads
 * @obj: pinned by the caller
 * @from: the place of the first that is wanted; 0: from the beginning
 * @view: all of it is written
 *
 * Return: there is one.  It has a reference to a task, which kgil_threads_put()
 * drops.  The next one begins after its place.
 */
bool kgil_threads_next(struct kgil_object *obj, u64 from,
		       struct kgil_thread_view *view)
{
	memset(view, 0, sizeof(*view));
	return kgil_is_owned(obj) ? kgil_threads_of_ties(obj, from, view) :
				    kgil_threads_of_queue(obj, from, view);
}

void kgil_threads_put(struct kgil_thread_view *view)
{
	put_task_struct(view->task);
}
