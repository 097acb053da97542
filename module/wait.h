/* SPDX-License-Identifier: GPL-2.0 */
/* The one wait core: a queue, a grant, a wake-up. */
#ifndef _KGIL_WAIT_H
#define _KGIL_WAIT_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/types.h>

struct kgil_object;
struct kgil_tie;
struct task_struct;

/* How long to wait for an object: until a time, or one of these. */
#define KGIL_FOREVER	KTIME_MAX
#define KGIL_TRY	((ktime_t)-1)

/* struct kgil_waiter.grant before it is a result. */
#define KGIL_WAITING	1

/**
 * struct kgil_waiter - a thread in the queue of an object
 * @node: in the queue, under the object's lock
 * @task: the thread; valid while it is in the queue
 * @tie: the thread's record on the object; NULL: the type has no owner
 * @since: when it came, ns
 * @hold: written before @grant: which of the object's acquisitions that is
 * @grant: KGIL_WAITING, then 0 or -EOWNERDEAD.  From that store on the waiter
 *	owns the object and this structure is gone as soon as it sees that.
 *
 * On the waiter's stack.
 */
struct kgil_waiter {
	struct list_head node;
	struct task_struct *task;
	struct kgil_tie *tie;
	u64 since;
	u64 hold;
	int grant;
};

void kgil_enqueue(struct kgil_object *obj, struct kgil_waiter *waiter,
		  struct kgil_tie *tie, u64 now);
int kgil_sleep(struct kgil_object *obj, struct kgil_waiter *waiter,
	       ktime_t deadline);

void kgil_dequeue(struct kgil_object *obj, struct kgil_waiter *waiter, u64 now);
struct task_struct *kgil_grant(struct kgil_waiter *waiter, int result);
void kgil_wake(struct task_struct *task);

#endif /* _KGIL_WAIT_H */
