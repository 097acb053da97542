/* SPDX-License-Identifier: GPL-2.0 */
/* Who waits for an object, and in which order. */
#ifndef _KGIL_QUEUE_H
#define _KGIL_QUEUE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct kgil_object;
struct kgil_tie;
struct task_struct;

/* struct kgil_waiter.grant before it is a result. */
#define KGIL_WAITING	1

/**
 * struct kgil_waiter - a thread in the queue of an object
 * @node: in the queue, by arrival
 * @order: in the queue, by what it has had
 * @ordered: @order is in use: it came while the policy was fair
 * @task: the thread; valid while it is in the queue
 * @tie: the thread's record on the object; NULL: the type has no owner
 * @since: when it came, ns
 * @number: how many have come to wait for the object until then
 * @asleep: it has to be woken to see anything: it sleeps, or is about to
 * @reported: who listens was told that it has waited for long; its own
 * @turn: it is to try for itself; written under the lock, read without
 * @hold: written before @grant: which of the object's holds was granted
 * @granted: likewise: when
 * @grant: KGIL_WAITING, then 0 or -EOWNERDEAD.  From that store on the waiter
 *	owns the object and this structure is gone as soon as it sees that.
 *
 * On the waiter's stack; all but @grant, @turn and @reported under the object's lock.
 */
struct kgil_waiter {
	struct list_head node;
	struct rb_node order;
	bool ordered;
	struct task_struct *task;
	struct kgil_tie *tie;
	u64 since;
	u64 number;
	bool asleep;
	bool reported;
	bool turn;
	u64 hold;
	u64 granted;
	int grant;
};

/**
 * struct kgil_queue - who waits
 * @arrival: struct kgil_waiter, in order of arrival
 * @order: those that came while the policy was fair, least share first
 * @length: of @arrival
 * @since: since when the oldest is that
 * @overdue: the oldest is to have it from who releases it next
 * @trying: the oldest or, of a gil, the next, if it is awake, or being woken, to
 *	try for itself
 * @spinning: the one waiter that may spin
 */
struct kgil_queue {
	struct list_head arrival;
	struct rb_root_cached order;
	u32 length;
	u64 since;
	bool overdue;
	struct kgil_waiter *trying;
	struct kgil_waiter *spinning;
};

void kgil_queue_init(struct kgil_queue *queue);
void kgil_queue_add(struct kgil_object *obj, struct kgil_waiter *waiter);
void kgil_queue_del(struct kgil_object *obj, struct kgil_waiter *waiter,
		    u64 now);
struct kgil_waiter *kgil_queue_oldest(struct kgil_queue *queue);
struct kgil_waiter *kgil_queue_least(struct kgil_queue *queue);
struct kgil_waiter *kgil_queue_next(struct kgil_object *obj);

#endif /* _KGIL_QUEUE_H */
