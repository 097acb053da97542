/* SPDX-License-Identifier: GPL-2.0 */
/* A lock object: what it is made of, how it is found, who keeps it alive. */
#ifndef _KGIL_OBJECT_H
#define _KGIL_OBJECT_H

#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <net/net_namespace.h>

#include <linux/kgil.h>

#include "drop.h"
#include "policy.h"
#include "queue.h"
#include "stats.h"

struct kgil_absence;
struct kgil_name;
struct kgil_tie;

/* struct kgil_object.watched: why every acquire and release has to be a call. */
#define KGIL_TIMED	BIT(0)	/* it was created so */
#define KGIL_POLLED	BIT(1)	/* somebody polls it, or did so before the last call */
/* Pollers are to be told, when the lock is dropped. */
#define KGIL_POLL_NEWS	BIT(2)

/**
 * struct kgil_object - a gil, sem, lock or rlock
 * @lock: protects the group below it; the innermost lock but for the locks of
 *	the timer core.  Taken with interrupts on: the only one that wants it,
 *	the object's timer, tries and comes back later.
 * @page: where the word is, and what else user space may see: @own until the
 *	first mmap, then the page that mmap shows.  See word.h on who may change
 *	it.  Read without @lock only to decide whether to spin.
 * @shared: somebody has mapped it writable, so that user space changes it
 * @watched: not 0: every acquire and release has to be a call; KGIL_TIMED,
 *	KGIL_POLLED
 * @owner_died: the next who acquires it learns that its owner died
 * @queue: who waits
 * @last: record of who owned it last, as far as the kernel knows; it is the
 *	owner if the word has its id.  Only of a gil or rlock.
 * @before: record of who owned it before @last, or NULL: two threads that take
 *	turns are both found without a look-up
 * @kept: gil: for whom a free one is kept, although others wait
 * @kept_until: until when; 0: until the waiter that was called is there
 * @taker: lock: who took it last by a call, a pid of the first pid namespace
 * @taker_start: when that thread was born, because pids are used again
 * @hold_start: when it was taken, ns of kgil_now(), if the word says that
 *	it was taken by a call; of a sem if it isn't @shared; 0: nobody
 * @handoff: sem, lock, rlock: how long a waiter can be passed over, ns
 * @turns: gil: what the policy remembers
 * @stats: what happened to it, but for times
 * @timing: times, but for the holds of @run
 * @run: holds since @last is that
 * @run_start: of @stats, acquisitions before @run
 * @threshold: how long a wait has to last to be reported, ns; 0: none is;
 *	read without @lock
 * @absence: gil: what is measured of its owners' absences; NULL: nobody has asked
 * @drop: what asks the owner of a gil
 * @pollers: who polls it; has a lock of its own, which is not taken under @lock
 * @own: the page until the first mmap
 * @id: never used again; 0: not in the register
 * @type: enum kgil_type
 * @policy: gil: enum kgil_policy; under @lock, too
 * @max: greatest count
 * @max_depth: greatest depth of an rlock
 * @net: network namespace that it is shown in; a reference
 * @cred: of its creator; a reference
 * @name: its name and mode; NULL: it has none.  Set before others find it.
 * @ties: struct kgil_tie of this object, by the thread's id; protected by the
 *	mutex of owner.c
 * @ref: one for each file, and one for each netlink or /proc reader, each dead
 *	owner being buried and each search for a deadlock that is just here,
 *	which may outlive the files
 * @rcu: readers find it under RCU, then take a reference
 *
 * A descriptor, a mapping and a running call each keep a file, and each file
 * keeps the object.  Ownership doesn't.  An object without a name has one file,
 * one with a name gets another by each open.
 */
struct kgil_object {
	raw_spinlock_t lock;
	struct kgil_page *page;
	bool shared;
	u8 watched;
	bool owner_died;
	struct kgil_tie *last;
	struct kgil_tie *before;
	struct kgil_queue queue;
	u64 hold_start;
	u64 handoff;
	struct kgil_tie *kept;
	u64 kept_until;
	pid_t taker;
	u64 taker_start;
	struct kgil_turns turns;
	struct kgil_stats stats;
	struct kgil_spans run;
	u64 run_start;
	struct kgil_timing timing;
	u64 threshold;
	struct kgil_absence *absence;
	struct kgil_drop drop;
	wait_queue_head_t pollers;
	struct kgil_page own;

	u64 id;
	u32 type;
	u32 policy;
	u32 max;
	u32 max_depth;
	struct net *net;
	const struct cred *cred;
	struct kgil_name *name;

	struct rb_root ties;
	struct kref ref;
	struct rcu_head rcu;
};

bool kgil_create_valid(const struct kgil_create *create);
struct kgil_object *kgil_object_create(const struct kgil_create *create);
void kgil_object_put(struct kgil_object *obj);

static inline bool kgil_is_gil(const struct kgil_object *obj)
{
	return obj->type == KGIL_TYPE_GIL;
}

static inline bool kgil_is_sem(const struct kgil_object *obj)
{
	return obj->type == KGIL_TYPE_SEM;
}

static inline bool kgil_is_owned(const struct kgil_object *obj)
{
	return obj->type == KGIL_TYPE_GIL || obj->type == KGIL_TYPE_RLOCK;
}

static inline bool kgil_is_fair(const struct kgil_object *obj)
{
	return kgil_is_gil(obj) && obj->policy == KGIL_POLICY_FAIR;
}

/* May a thread that comes later take it from under the eyes of a waiter? */
static inline bool kgil_is_barging(const struct kgil_object *obj)
{
	return !kgil_is_gil(obj) && obj->handoff != KGIL_HANDOFF_AT_ONCE;
}

#endif /* _KGIL_OBJECT_H */
