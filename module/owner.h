/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that own, and die. */
#ifndef _KGIL_OWNER_H
#define _KGIL_OWNER_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "object.h"

struct file;
struct task_struct;

/**
 * struct kgil_thread - a thread that has ever asked for an owner-bound object
 * @node: in the table of threads, by @task
 * @task: a reference, so that the address means this thread and no later one
 * @id: module-wide, never used again
 * @ties: struct kgil_tie of this thread
 * @nr_ties: length of @ties
 * @max_ties: when to look which of them can go
 * @refs: one while it lives, one for each tie
 * @bury: queued when it exits
 * @rcu: the table is read under RCU
 *
 * The ties and their number are protected by the mutex of owner.c.
 */
struct kgil_thread {
	struct rhash_head node;
	struct task_struct *task;
	u64 id;
	struct list_head ties;
	unsigned int nr_ties;
	unsigned int max_ties;
	refcount_t refs;
	struct work_struct bury;
	struct rcu_head rcu;
};

struct kgil_tie_key {
	const struct task_struct *task;
	struct kgil_object *obj;
};

/**
 * struct kgil_tie - a thread's record on an object
 * @node: in the table of ties, by @key
 * @key: whose, and on what.  No references: the object's last put removes its
 *	ties, and @thread holds the task.
 * @thread: a reference
 * @of_thread: in @thread->ties
 * @of_object: in the object's ties
 * @rcu: the table is read under RCU
 *
 * Made by the thread's first acquire, so that later ones find it and allocate
 * nothing.  It ends with the object or the thread, or when the thread has many
 * and doesn't own this one.  A call of the thread on the object therefore needs
 * no reference to it.
 */
struct kgil_tie {
	struct rhash_head node;
	struct kgil_tie_key key;
	struct kgil_thread *thread;
	struct list_head of_thread;
	struct list_head of_object;
	struct rcu_head rcu;
};

struct kgil_tie *kgil_tie_find(struct kgil_object *obj);
struct kgil_tie *kgil_tie(struct kgil_object *obj);
void kgil_untie_object(struct kgil_object *obj);
void kgil_owner_execs(struct kgil_object *obj, const struct file *file);

/*
 * Does the caller, whose record @tie is, own @obj?  No lock: nobody else can
 * make it the owner while it runs here, or stop it being one.
 */
static inline bool kgil_owns(const struct kgil_object *obj,
			     const struct kgil_tie *tie)
{
	return tie && READ_ONCE(obj->owner) == tie;
}

int kgil_owner_init(void);
void kgil_owner_stop(void);
void kgil_owner_exit(void);

#endif /* _KGIL_OWNER_H */
