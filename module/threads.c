// SPDX-License-Identifier: GPL-2.0
/*
 * The threads of an object: who owns it, who waits for it, who has it at hand.
 *
 * Of a gil or rlock they are its ties, which are in no order, so that a reader
 * gets those with the least ids that it has not had.  The kernel keeps no record
 * of a thread and a sem or lock: there it is who took the lock, and who waits at
 * the head of the queue.
 */
#include <linux/sched/task.h>

#include "object.h"
#include "owner.h"
#include "threads.h"
#include "word.h"

/* How much of the queue of a sem or lock is shown: it is read under the lock. */
#define KGIL_WAITERS_SHOWN	64

/* A tie into the sorted @views, of which there are @n, if there is room. */
static unsigned int kgil_threads_sort(struct kgil_thread_view *views,
				      unsigned int n, unsigned int room,
				      struct kgil_tie *tie)
{
	unsigned int i;

	if (n == room && views[n - 1].id < tie->id)
		return n;
	if (n < room)
		n++;
	for (i = n - 1; i && views[i - 1].id > tie->id; i--)
		views[i] = views[i - 1];
	views[i] = (struct kgil_thread_view) {
		.at = tie->id,
		.id = tie->id,
		.tie = tie,
	};
	return n;
}

/* What a thread does, and since when.  Under the object's lock. */
static void kgil_threads_look(const struct kgil_object *obj, u64 now,
			      struct kgil_thread_view *view)
{
	u64 since = view->tie->waits_since;

	view->state = KGIL_THREAD_IDLE;
	if (since) {
		view->state = KGIL_THREAD_WAITER;
		view->waited = kgil_elapsed(since, now);
	} else if (kgil_word_value(READ_ONCE(obj->page->word)) == view->id) {
		view->state = KGIL_THREAD_OWNER;
	}
}

static unsigned int kgil_threads_of_ties(struct kgil_object *obj, u64 from,
					 struct kgil_thread_view *views,
					 unsigned int room)
{
	unsigned int n = 0, i;
	struct kgil_tie *tie;
	u64 now = kgil_now();

	kgil_ties_lock();
	list_for_each_entry(tie, &obj->ties, of_object) {
		if (tie->id >= from)
			n = kgil_threads_sort(views, n, room, tie);
		cond_resched();
	}
	raw_spin_lock(&obj->lock);
	for (i = 0; i < n; i++)
		kgil_threads_look(obj, now, &views[i]);
	raw_spin_unlock(&obj->lock);
	for (i = 0; i < n; i++)
		views[i].task = get_task_struct(views[i].tie->thread->task);
	kgil_ties_unlock();
	return n;
}

/* Who took a lock, as far as is known; its place is before all waiters. */
static unsigned int kgil_threads_taker(const struct kgil_object *obj,
				       struct kgil_thread_view *view)
{
	struct task_struct *task;

	rcu_read_lock();
	task = kgil_holder(obj, READ_ONCE(obj->page->word));
	if (task)
		*view = (struct kgil_thread_view) {
			.task = get_task_struct(task),
			.state = KGIL_THREAD_OWNER,
		};
	rcu_read_unlock();
	return task ? 1 : 0;
}

static unsigned int kgil_threads_of_queue(struct kgil_object *obj, u64 from,
					  struct kgil_thread_view *views,
					  unsigned int room)
{
	unsigned int n = 0, seen = 0;
	struct kgil_waiter *waiter;
	u64 now = kgil_now();

	raw_spin_lock(&obj->lock);
	if (!from)
		n = kgil_threads_taker(obj, views);
	list_for_each_entry(waiter, &obj->queue.arrival, node) {
		if (n == room || seen++ == KGIL_WAITERS_SHOWN)
			break;
		if (waiter->number < from)
			continue;
		views[n++] = (struct kgil_thread_view) {
			.at = waiter->number,
			.task = get_task_struct(waiter->task),
			.state = KGIL_THREAD_WAITER,
			.waited = kgil_elapsed(waiter->since, now),
		};
	}
	raw_spin_unlock(&obj->lock);
	return n;
}

/**
 * kgil_threads_next() - look at some of an object's threads
 * @obj: pinned by the caller
 * @from: the place of the first that is wanted; 0: from the beginning
 * @views: written
 * @room: how many there is room for in @views
 *
 * Return: how many there were, at most @room.  Each has a reference to a task,
 * which kgil_threads_put() drops.  The next ones begin after the place of the
 * last.
 */
unsigned int kgil_threads_next(struct kgil_object *obj, u64 from,
			       struct kgil_thread_view *views,
			       unsigned int room)
{
	return kgil_is_owned(obj) ?
	       kgil_threads_of_ties(obj, from, views, room) :
	       kgil_threads_of_queue(obj, from, views, room);
}

void kgil_threads_put(struct kgil_thread_view *views, unsigned int n)
{
	while (n--)
		put_task_struct(views[n].task);
}
