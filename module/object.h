/* SPDX-License-Identifier: GPL-2.0 */
/* A lock object: what it is made of, how it is found, who keeps it alive. */
#ifndef _KGIL_OBJECT_H
#define _KGIL_OBJECT_H

#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <net/net_namespace.h>

#include <linux/kgil.h>

#include "drop.h"
#include "stats.h"

struct kgil_page;
struct kgil_tie;

/**
 * struct kgil_object - a gil, sem, lock or rlock
 * @lock: protects the group below it; the innermost lock but for the locks of
 *	the timer core.  Taken with interrupts off, because the timer of a gil
 *	takes it in a soft interrupt.
 * @count: the semaphore: acquires that would not block.  Not 0 implies that
 *	nobody waits.
 * @nr_waiters: length of @waiters
 * @waiters: struct kgil_waiter, in order of arrival
 * @owner: who owns a gil or rlock.  Set by the owner itself or, while it waits,
 *	by who grants it; cleared by the owner itself or after its death.  So a
 *	thread may ask without @lock whether it is the owner itself.
 * @depth: how often the owner of an rlock holds it
 * @owner_died: the next who acquires it learns that its owner died
 * @last_owner: id of the thread that owned it last
 * @taker: who acquired it last, a pid of the first pid namespace; shown for a
 *	lock, which has no owner
 * @taker_start: when that thread was born, because pids are used again
 * @hold_start: when it was acquired, ns of CLOCK_MONOTONIC; 0: it was released
 *	since.  Means something where the maximum is 1.
 * @stats: what happened to it
 * @drop: what only a gil has
 * @page: what mmap shows, NULL until the first one; freed with the object
 * @id: never used again; 0: not in the register
 * @type: enum kgil_type
 * @policy: gil: enum kgil_policy
 * @max: greatest @count
 * @max_depth: greatest @depth
 * @net: network namespace that it is shown in; a reference
 * @cred: of its creator; a reference
 * @ties: struct kgil_tie of this object; protected by the mutex of owner.c
 * @ref: one for the file, and one for each netlink or /proc reader and each
 *	dead owner being buried, which may outlive the file
 * @rcu: readers find it under RCU, then take a reference
 *
 * A descriptor, a mapping and a running call each keep the file, and the file
 * keeps the object.  Ownership doesn't.
 */
struct kgil_object {
	raw_spinlock_t lock;
	u32 count;
	u32 nr_waiters;
	struct list_head waiters;
	struct kgil_tie *owner;
	u32 depth;
	bool owner_died;
	u64 last_owner;
	pid_t taker;
	u64 taker_start;
	u64 hold_start;
	struct kgil_stats stats;
	struct kgil_drop drop;
	struct kgil_page *page;

	u64 id;
	u32 type;
	u32 policy;
	u32 max;
	u32 max_depth;
	struct net *net;
	const struct cred *cred;

	struct list_head ties;
	struct kref ref;
	struct rcu_head rcu;
};

struct kgil_object *kgil_object_create(const struct kgil_create *create);
void kgil_object_put(struct kgil_object *obj);

static inline bool kgil_is_gil(const struct kgil_object *obj)
{
	return obj->type == KGIL_TYPE_GIL;
}

static inline bool kgil_is_owned(const struct kgil_object *obj)
{
	return obj->type == KGIL_TYPE_GIL || obj->type == KGIL_TYPE_RLOCK;
}

#endif /* _KGIL_OBJECT_H */
