/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that own, and die. */
#ifndef _KGIL_OWNER_H
#define _KGIL_OWNER_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include "object.h"

struct files_struct;
struct task_struct;

/**
 * struct kgil_thread - a thread that has ever taken an owner-bound object
 * @node: in the hash of living threads, by @task
 * @dead: in the list of the threads to bury
 * @task: a reference, so that the address means this thread and no later one
 * @id: module-wide, never used again
 * @ties: struct kgil_tie of this thread; protected by the mutex of owner.c
 * @refs: one while it lives, one for each tie
 * @rcu: the hash is read under RCU
 */
struct kgil_thread {
	struct hlist_node node;
	struct llist_node dead;
	struct task_struct *task;
	u64 id;
	struct list_head ties;
	refcount_t refs;
	struct rcu_head rcu;
};

struct kgil_tie_key {
	const struct task_struct *task;
	const struct kgil_object *obj;
};

/**
 * struct kgil_tie - a thread's record on an object
 * @node: in the table of ties, by @key
 * @key: whose, and on what
 * @thread: a reference
 * @obj: no reference: the object's last put removes its ties
 * @of_thread: in @thread->ties
 * @of_object: in @obj->ties
 * @rcu: the table is read under RCU
 *
 * Made by the thread's first acquire, so that later ones find it and allocate
 * nothing.  It ends with the object, or with the thread; a call of the thread
 * on the object therefore needs no reference to it.
 */
struct kgil_tie {
	struct rhash_head node;
	struct kgil_tie_key key;
	struct kgil_thread *thread;
	struct kgil_object *obj;
	struct list_head of_thread;
	struct list_head of_object;
	struct rcu_head rcu;
};

struct kgil_tie *kgil_tie_find(struct kgil_object *obj);
struct kgil_tie *kgil_tie(struct kgil_object *obj);
void kgil_untie_object(struct kgil_object *obj);
void kgil_owner_execs(struct kgil_object *obj, struct files_struct *files);
unsigned int kgil_threads(void);

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
void kgil_owner_exit(void);

#endif /* _KGIL_OWNER_H */
