// SPDX-License-Identifier: GPL-2.0
/*
 * The queue of an object: by arrival and, for a fair gil, also by what each
 * thread has had.
 *
 * A change of policy moves nobody.  Who came under "fifo" is in no tree, and is
 * served under "fair" when it is the oldest: the walk of a long queue under a
 * lock would be the alternative.
 */
#include "object.h"
#include "owner.h"

void kgil_queue_init(struct kgil_queue *queue)
{
	INIT_LIST_HEAD(&queue->arrival);
	queue->order = RB_ROOT_CACHED;
}

static struct kgil_waiter *kgil_waiter_of(const struct rb_node *node)
{
	return rb_entry(node, struct kgil_waiter, order);
}

/* Equals stay in order of arrival. */
static bool kgil_waiter_less(struct rb_node *a, const struct rb_node *b)
{
	return kgil_fair_before(&kgil_waiter_of(a)->tie->share,
				&kgil_waiter_of(b)->tie->share);
}

struct kgil_waiter *kgil_queue_oldest(struct kgil_queue *queue)
{
	return list_first_entry_or_null(&queue->arrival, struct kgil_waiter,
					node);
}

/* Another is the oldest. */
static void kgil_queue_new_oldest(struct kgil_queue *queue, u64 now)
{
	queue->since = now;
	queue->overdue = false;
}

void kgil_queue_add(struct kgil_object *obj, struct kgil_waiter *waiter)
{
	struct kgil_queue *queue = &obj->queue;

	list_add_tail(&waiter->node, &queue->arrival);
	if (!queue->length++)
		kgil_queue_new_oldest(queue, waiter->since);
	waiter->ordered = kgil_is_fair(obj);
	if (waiter->ordered)
		rb_add_cached(&waiter->order, &queue->order, kgil_waiter_less);
}

void kgil_queue_del(struct kgil_object *obj, struct kgil_waiter *waiter,
		    u64 now)
{
	struct kgil_queue *queue = &obj->queue;

	bool oldest = kgil_queue_oldest(queue) == waiter;

	list_del(&waiter->node);
	queue->length--;
	if (oldest)
		kgil_queue_new_oldest(queue, now);
	if (waiter->ordered)
		rb_erase_cached(&waiter->order, &queue->order);
	if (queue->trying == waiter)
		queue->trying = NULL;
	if (queue->spinning == waiter)
		queue->spinning = NULL;
}

/* Who has had least, of those that are ordered. */
struct kgil_waiter *kgil_queue_least(struct kgil_queue *queue)
{
	const struct rb_node *first = rb_first_cached(&queue->order);

	return first ? kgil_waiter_of(first) : NULL;
}

static struct kgil_waiter *kgil_queue_fair(struct kgil_object *obj)
{
	struct kgil_waiter *oldest = kgil_queue_oldest(&obj->queue);

	if (!oldest->ordered ||
	    kgil_fair_takes_oldest(&obj->turns, obj->drop.interval))
		return oldest;
	return kgil_queue_least(&obj->queue);
}

/* Who is next; NULL: nobody waits. */
struct kgil_waiter *kgil_queue_next(struct kgil_object *obj)
{
	if (!obj->queue.length)
		return NULL;
	return kgil_is_fair(obj) ? kgil_queue_fair(obj) :
				   kgil_queue_oldest(&obj->queue);
}
