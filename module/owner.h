/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that own, and die. */
#ifndef _KGIL_OWNER_H
#define _KGIL_OWNER_H

#include <linux/err.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "deadlock.h"
#include "object.h"
#include "policy.h"
#include "word.h"

struct task_struct;

/**
 * struct kgil_thread - a thread that has ever asked for an owner-bound object
 * @node: in the table of threads, by @task
 * @task: a reference, so that the address means this thread and no later one;
 *	dropped after an RCU grace period
 * @id: module-wide, never used again; also the index in the array of threads
 * @ties: struct kgil_tie of this thread
 * @nr_ties: length of @ties
 * @max_ties: when to look which of them can go
 * @wait: what it waits for
 * @refs: one while it lives, one for each tie
 * @bury: queued when it exits
 * @rcu: the table and the array are read under RCU
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
	struct kgil_wait wait;
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
 * @id: of @thread
 * @share: what the thread has had of a gil; under the object's lock, as the next
 *	three
 * @waits_since: since when the thread waits for it, ns; 0: it doesn't
 * @stats: what it did, but for times, and for what it does since it is the
 *	object's @last
 * @timing: likewise, the times
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
	u64 id;
	struct kgil_share share;
	u64 waits_since;
	struct kgil_stats stats;
	struct kgil_timing timing;
	struct list_head of_thread;
	struct rb_node of_object;
	struct rcu_head rcu;
};

struct kgil_tie *kgil_tie(struct kgil_object *obj);
struct kgil_tie *kgil_tie_locked_slow(struct kgil_object *obj);
struct kgil_tie *kgil_tie_of(struct kgil_object *obj, u64 id);
struct kgil_tie *kgil_owner_slow(struct kgil_object *obj, u64 word);
struct task_struct *kgil_holder(const struct kgil_object *obj, u64 word);
struct task_struct *kgil_thread_task(u64 id);
int kgil_owner_check(struct kgil_object *obj, u64 word);
int kgil_thread_id(u64 *id);
bool kgil_thread_is_mine(u64 id);
void kgil_ties_lock(void);
void kgil_ties_unlock(void);
struct kgil_tie *kgil_tie_from(struct kgil_object *obj, u64 from);
void kgil_untie_object(struct kgil_object *obj);
void kgil_owner_execs(struct kgil_object *obj);

/**
 * kgil_tie_locked() - the calling thread's record on an object, made if need be
 * @obj: locked, and again on return; not meanwhile, unless the caller is one of
 *	the two who owned it last
 *
 * Return: as kgil_tie().
 */
static inline struct kgil_tie *kgil_tie_locked(struct kgil_object *obj)
{
	struct kgil_tie *tie = obj->last;

	if (likely(tie && tie->key.task == current))
		return tie;
	tie = obj->before;
	if (tie && tie->key.task == current)
		return tie;
	return kgil_tie_locked_slow(obj);
}

/**
 * kgil_owner() - whom the word of a gil or rlock names
 * @obj: the object, locked
 * @word: its word
 *
 * Return: its record, valid under the lock; NULL: nobody, or nobody who could be.
 */
static inline struct kgil_tie *kgil_owner(struct kgil_object *obj, u64 word)
{
	struct kgil_tie *tie = obj->last;

	if (likely(tie && tie->id == kgil_word_value(word)))
		return tie;
	return kgil_owner_slow(obj, word);
}

/* @tie is who owned @obj last, from now on.  Under the object's lock. */
static inline void kgil_set_last(struct kgil_object *obj, struct kgil_tie *tie)
{
	if (obj->last == tie)
		return;
	kgil_stats_end_run(obj);
	obj->before = obj->last;
	obj->last = tie;
}

/* Does the caller own @obj, whose word is @word?  Under the object's lock. */
static inline bool kgil_is_mine(struct kgil_object *obj, u64 word)
{
	const struct kgil_tie *tie = kgil_owner(obj, word);

	return tie && tie->key.task == current;
}

int kgil_owner_init(void);
void kgil_owner_stop(void);
void kgil_owner_exit(void);

#endif /* _KGIL_OWNER_H */
