// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that own, and die.
 *
 * A thread gets a record (struct kgil_thread) with its first acquire of a gil
 * or rlock, and a tie to each such object.  When it exits, the scheduler's
 * tracepoint tells us; the probe runs with preemption off, so that it only
 * queues the thread's work.  The work walks the ties of the dead: what they
 * owned goes to the next waiter with EOWNERDEAD.
 *
 * A thread that takes an object by its word has a tie from before, and the word
 * has its id.  So the kernel finds who it is, and the dead are found in the same
 * way, whichever way they took what they owned.
 *
 * Both tables and the array are read under RCU.  kgil_ties_mutex protects the
 * lists of ties and is taken before an object's lock.
 */
#include <linux/fdtable.h>
#include <linux/mutex.h>
#include <linux/resource.h>
#include <linux/rhashtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/xarray.h>

#include "away.h"
#include "file.h"
#include "netlink.h"
#include "owner.h"
#include "poll.h"
#include "sem.h"
#include "tell.h"
#include "wait.h"
#include "word.h"

/* Descriptors that exec looks at before it lets others run. */
#define KGIL_FDS_AT_ONCE	1024

static struct rhashtable kgil_thread_table;
static const struct rhashtable_params kgil_thread_params = {
	.key_len = sizeof(struct task_struct *),
	.key_offset = offsetof(struct kgil_thread, task),
	.head_offset = offsetof(struct kgil_thread, node),
	.automatic_shrinking = true,
};

static struct rhashtable kgil_tie_table;
static const struct rhashtable_params kgil_tie_params = {
	.key_len = sizeof(struct kgil_tie_key),
	.key_offset = offsetof(struct kgil_tie, key),
	.head_offset = offsetof(struct kgil_tie, node),
	.automatic_shrinking = true,
};

/* The threads that live, by id. */
static DEFINE_XARRAY_FLAGS(kgil_threads, XA_FLAGS_ACCOUNT);

static DEFINE_MUTEX(kgil_ties_mutex);
static atomic64_t kgil_last_thread_id;
static struct workqueue_struct *kgil_bury_wq;
static struct tracepoint *kgil_exit_tp;

static void kgil_bury(struct work_struct *work);

static void kgil_thread_free(struct rcu_head *rcu)
{
	struct kgil_thread *thread = container_of(rcu, struct kgil_thread, rcu);

	put_task_struct(thread->task);
	kfree(thread);
}

static void kgil_thread_put(struct kgil_thread *thread)
{
	if (refcount_dec_and_test(&thread->refs))
		call_rcu(&thread->rcu, kgil_thread_free);
}

/* The calling thread's record, which only its own exit ends; NULL: none. */
static struct kgil_thread *kgil_thread_find(void)
{
	const struct task_struct *task = current;

	return rhashtable_lookup_fast(&kgil_thread_table, &task,
				      kgil_thread_params);
}

/*
 * How many ties a thread may have before those of objects that it doesn't own
 * go: as many as it may have descriptors.
 */
static unsigned int kgil_ties_kept(void)
{
	return min_t(unsigned long, rlimit(RLIMIT_NOFILE), INT_MAX / 4);
}

static int kgil_thread_insert(struct kgil_thread *thread)
{
	int err = xa_insert(&kgil_threads, thread->id, thread,
			    GFP_KERNEL_ACCOUNT);

	if (err)
		return err;
	err = rhashtable_insert_fast(&kgil_thread_table, &thread->node,
				     kgil_thread_params);
	if (err)
		xa_erase(&kgil_threads, thread->id);
	return err;
}

static struct kgil_thread *kgil_thread_create(void)
{
	struct kgil_thread *thread;

	thread = kzalloc(sizeof(*thread), GFP_KERNEL_ACCOUNT);
	if (!thread)
		return NULL;
	thread->task = get_task_struct(current);
	thread->id = atomic64_inc_return(&kgil_last_thread_id);
	thread->max_ties = kgil_ties_kept();
	INIT_LIST_HEAD(&thread->ties);
	INIT_WORK(&thread->bury, kgil_bury);
	refcount_set(&thread->refs, 1);
	if (kgil_thread_insert(thread)) {
		kgil_thread_put(thread);
		return NULL;
	}
	return thread;
}

/* The calling thread's id, made if need be.  Return: 0; -ENOMEM. */
int kgil_thread_id(u64 *id)
{
	struct kgil_thread *thread = kgil_thread_find() ?: kgil_thread_create();

	if (!thread)
		return -ENOMEM;
	*id = thread->id;
	return 0;
}

/* Is @id the calling thread's? */
bool kgil_thread_is_mine(u64 id)
{
	const struct kgil_thread *thread = kgil_thread_find();

	return thread && thread->id == id;
}

/* The task of a thread, while the caller is in an RCU section; NULL: none. */
struct task_struct *kgil_thread_task(u64 id)
{
	const struct kgil_thread *thread = xa_load(&kgil_threads, id);

	return thread ? thread->task : NULL;
}

/* The calling thread's record on an object, valid for this call, or NULL. */
static struct kgil_tie *kgil_tie_find(struct kgil_object *obj)
{
	struct kgil_tie_key key = { .task = current, .obj = obj };

	return rhashtable_lookup_fast(&kgil_tie_table, &key, kgil_tie_params);
}

/*
 * Out of the lists and the table; under the mutex.  The table first: who looks
 * under the object's lock after that doesn't find it any more.
 */
static void kgil_tie_remove(struct kgil_tie *tie)
{
	struct kgil_object *obj = tie->key.obj;
	struct task_struct *next = NULL;

	lockdep_assert_held(&kgil_ties_mutex);
	list_del(&tie->of_thread);
	rb_erase(&tie->of_object, &obj->ties);
	tie->thread->nr_ties--;
	rhashtable_remove_fast(&kgil_tie_table, &tie->node, kgil_tie_params);

	raw_spin_lock(&obj->lock);
	if (obj->last == tie) {
		kgil_stats_end_run(obj);
		obj->last = NULL;
	}
	if (obj->before == tie)
		obj->before = NULL;
	if (unlikely(obj->absence))
		kgil_away_forget(obj, tie);
	if (obj->kept == tie)
		next = kgil_sem_hand_over(obj, kgil_now());
	raw_spin_unlock(&obj->lock);
	kgil_wake(next);
}

static void kgil_tie_free(struct kgil_tie *tie)
{
	kgil_thread_put(tie->thread);
	kfree_rcu(tie, rcu);
}

/* Does the calling thread, whose tie it is, own it now? */
static bool kgil_tie_owns(const struct kgil_tie *tie)
{
	struct kgil_object *obj = tie->key.obj;
	bool owns;

	raw_spin_lock(&obj->lock);
	owns = kgil_word_value(READ_ONCE(obj->page->word)) == tie->id;
	raw_spin_unlock(&obj->lock);
	return owns;
}

/* The calling thread has many ties: drop those it has no use for now. */
static void kgil_tie_prune(struct kgil_thread *thread)
{
	struct kgil_tie *tie, *next;

	list_for_each_entry_safe(tie, next, &thread->ties, of_thread) {
		/* Without a call, it could own what it has mapped. */
		if (tie->key.obj->shared || kgil_tie_owns(tie))
			continue;
		kgil_tie_remove(tie);
		kgil_tie_free(tie);
	}
	thread->max_ties = 2 * thread->nr_ties + kgil_ties_kept();
}

static struct kgil_tie *kgil_tie_in(struct rb_node *node)
{
	return rb_entry_safe(node, struct kgil_tie, of_object);
}

static bool kgil_tie_less(struct rb_node *a, const struct rb_node *b)
{
	return kgil_tie_in(a)->id <
	       rb_entry(b, struct kgil_tie, of_object)->id;
}

static int kgil_tie_insert(struct kgil_tie *tie)
{
	struct kgil_thread *thread = tie->thread;
	int err;

	mutex_lock(&kgil_ties_mutex);
	if (thread->nr_ties >= thread->max_ties)
		kgil_tie_prune(thread);
	err = rhashtable_insert_fast(&kgil_tie_table, &tie->node,
				     kgil_tie_params);
	if (!err) {
		refcount_inc(&thread->refs);
		thread->nr_ties++;
		list_add(&tie->of_thread, &thread->ties);
		rb_add(&tie->of_object, &tie->key.obj->ties, kgil_tie_less);
	}
	mutex_unlock(&kgil_ties_mutex);
	return err ? -ENOMEM : 0;
}

static struct kgil_tie *kgil_tie_create(struct kgil_object *obj)
{
	struct kgil_thread *thread = kgil_thread_find() ?: kgil_thread_create();
	struct kgil_tie *tie;

	/* Without a tie the thread's record stays, for the next time. */
	if (!thread)
		return ERR_PTR(-ENOMEM);
	tie = kzalloc(sizeof(*tie), GFP_KERNEL_ACCOUNT);
	if (!tie)
		return ERR_PTR(-ENOMEM);
	tie->key.task = current;
	tie->key.obj = obj;
	tie->thread = thread;
	tie->id = thread->id;
	if (kgil_tie_insert(tie)) {
		kfree(tie);
		return ERR_PTR(-ENOMEM);
	}
	return tie;
}

/**
 * kgil_tie() - the calling thread's record on an object, made if need be
 * @obj: pinned by the caller
 *
 * Return: the record, valid for this call; ERR_PTR(-ENOMEM).
 */
struct kgil_tie *kgil_tie(struct kgil_object *obj)
{
	return kgil_tie_find(obj) ?: kgil_tie_create(obj);
}

/* The slow part of kgil_tie_locked(): the lock is dropped meanwhile. */
struct kgil_tie *kgil_tie_locked_slow(struct kgil_object *obj)
	__must_hold(&obj->lock)
{
	struct kgil_tie *tie;

	raw_spin_unlock(&obj->lock);
	tie = kgil_tie(obj);
	raw_spin_lock(&obj->lock);
	return tie;
}

/*
 * The record of thread @id on @obj, or NULL.  Valid under the object's lock, or in
 * the RCU section of the caller.
 */
struct kgil_tie *kgil_tie_of(struct kgil_object *obj, u64 id)
{
	struct kgil_tie_key key = { .obj = obj };
	struct kgil_tie *tie = NULL;

	rcu_read_lock();
	key.task = kgil_thread_task(id);
	if (key.task)
		tie = rhashtable_lookup(&kgil_tie_table, &key, kgil_tie_params);
	rcu_read_unlock();
	return tie;
}

/* The slow part of kgil_owner(): it is not who owned it last. */
struct kgil_tie *kgil_owner_slow(struct kgil_object *obj, u64 word)
{
	struct kgil_tie *tie;

	lockdep_assert_held(&obj->lock);
	if (!kgil_word_value(word))
		return NULL;
	tie = obj->before;
	if (!tie || tie->id != kgil_word_value(word))
		tie = kgil_tie_of(obj, kgil_word_value(word));
	if (tie)
		kgil_set_last(obj, tie);
	return tie;
}

/**
 * kgil_owner_check() - can the owner that the word names give it back?
 * @obj: a gil or rlock, locked
 * @word: its word
 *
 * Return: 0: yes, or there is none; -EOWNERDEAD: it is dead, and its death has
 * been dealt with before it could be seen to own this; -ENOTRECOVERABLE: no
 * thread that ever lived can have written this.
 */
int kgil_owner_check(struct kgil_object *obj, u64 word)
{
	u64 id = kgil_word_value(word);
	const struct task_struct *task;
	bool lives;

	if (!id || kgil_owner(obj, word))
		return 0;
	if (id > atomic64_read(&kgil_last_thread_id))
		return -ENOTRECOVERABLE;
	rcu_read_lock();
	task = kgil_thread_task(id);
	lives = task && !(READ_ONCE(task->flags) & PF_EXITING);
	rcu_read_unlock();
	return lives ? -ENOTRECOVERABLE : -EOWNERDEAD;
}

/* Who took a lock by a call, if it still runs: only numbers are kept of it. */
static struct task_struct *kgil_taker(const struct kgil_object *obj)
{
	struct task_struct *task;

	task = pid_task(find_pid_ns(READ_ONCE(obj->taker), &init_pid_ns),
			PIDTYPE_PID);
	return task && task->start_time == READ_ONCE(obj->taker_start) ? task :
									 NULL;
}

/**
 * kgil_holder() - the task that the word names
 * @obj: the object, locked or not
 * @word: its word
 *
 * Return: the task, valid while the caller is in an RCU section; NULL: nobody,
 * or not known.  A semaphore doesn't know who has its units.
 */
struct task_struct *kgil_holder(const struct kgil_object *obj, u64 word)
{
	if (kgil_is_sem(obj) || !kgil_word_value(word))
		return NULL;
	if (obj->type == KGIL_TYPE_LOCK && word & KGIL_WORD_CALL)
		return kgil_taker(obj);
	return kgil_thread_task(kgil_word_value(word));
}

/* For who reads the ties of an object; before the object's lock. */
void kgil_ties_lock(void)
{
	mutex_lock(&kgil_ties_mutex);
}

void kgil_ties_unlock(void)
{
	mutex_unlock(&kgil_ties_mutex);
}

/*
 * The first record of @obj whose thread has the id @from or a greater one; NULL:
 * none has.  Between kgil_ties_lock() and kgil_ties_unlock().
 */
struct kgil_tie *kgil_tie_from(struct kgil_object *obj, u64 from)
{
	struct rb_node *node = obj->ties.rb_node;
	struct kgil_tie *tie, *found = NULL;

	lockdep_assert_held(&kgil_ties_mutex);
	while (node) {
		tie = kgil_tie_in(node);
		if (tie->id < from) {
			node = node->rb_right;
		} else {
			found = tie;
			node = node->rb_left;
		}
	}
	return found;
}

static struct kgil_tie *kgil_untie_one(struct kgil_object *obj)
{
	struct kgil_tie *tie;

	mutex_lock(&kgil_ties_mutex);
	tie = kgil_tie_in(rb_first(&obj->ties));
	if (tie)
		kgil_tie_remove(tie);
	mutex_unlock(&kgil_ties_mutex);
	return tie;
}

/* The object has no reference left; nobody looks any more who owned it. */
void kgil_untie_object(struct kgil_object *obj)
{
	struct kgil_tie *tie;

	while ((tie = kgil_untie_one(obj))) {
		kgil_tie_free(tie);
		cond_resched();
	}
}

/* The thread of @tie is gone for @obj: if it owned it, the next one gets it. */
static void kgil_owner_dies(struct kgil_object *obj, struct kgil_tie *tie)
{
	struct task_struct *next = NULL;
	u32 waiters;
	bool died;
	u64 word;

	raw_spin_lock(&obj->lock);
	word = kgil_word_freeze(obj);
	died = kgil_word_value(word) == tie->id;
	waiters = obj->queue.length;
	if (died) {
		obj->stats.owner_deaths++;
		obj->owner_died = true;
		kgil_tell_owner_death(obj, word);
		next = kgil_sem_give(obj, word, kgil_now());
	} else {
		kgil_word_thaw(obj, word);
	}
	kgil_unlock_and_wake(obj, next);
	if (died)
		kgil_netlink_owner_died(obj, tie->id, waiters);
}

struct kgil_fd_search {
	const struct kgil_object *obj;
	unsigned int seen;
	bool found;
};

/* Not 0, that is, stop: found, or enough for once. */
static int kgil_fd_match(const void *data, struct file *file, unsigned int fd)
{
	struct kgil_fd_search *search = (void *)data;

	search->found = kgil_file_releases(file, search->obj);
	if (search->found || !(++search->seen % KGIL_FDS_AT_ONCE))
		return fd + 1;
	return 0;
}

/* Has the caller a descriptor by which it could give @obj back? */
static bool kgil_has_fd(const struct kgil_object *obj)
{
	struct kgil_fd_search search = { .obj = obj };
	int fd = 0;

	do {
		fd = iterate_fd(current->files, fd, kgil_fd_match, &search);
		cond_resched();
	} while (fd && !search.found && !fatal_signal_pending(current));
	return search.found;
}

/**
 * kgil_owner_execs() - the calling thread's exec has closed a descriptor
 * @obj: what the descriptor was of; it is not in the table any more
 *
 * The same task goes on, but if this was its last way to give the object back,
 * what it owned dies with the old program.
 */
void kgil_owner_execs(struct kgil_object *obj)
{
	struct kgil_tie *tie = kgil_tie_find(obj);

	if (tie && kgil_tie_owns(tie) && !kgil_has_fd(obj))
		kgil_owner_dies(obj, tie);
}

/* Take one tie from the dead; NULL: there is none.  *@obj: a reference. */
static struct kgil_tie *kgil_bury_one(struct kgil_thread *thread,
				      struct kgil_object **obj)
{
	struct kgil_tie *tie;

	mutex_lock(&kgil_ties_mutex);
	tie = list_first_entry_or_null(&thread->ties, struct kgil_tie,
				       of_thread);
	if (tie) {
		kgil_tie_remove(tie);
		*obj = tie->key.obj;
		/* Without a reference left it goes, and nobody waits for it. */
		if (!kref_get_unless_zero(&(*obj)->ref))
			*obj = NULL;
	}
	mutex_unlock(&kgil_ties_mutex);
	return tie;
}

static void kgil_bury(struct work_struct *work)
{
	struct kgil_thread *thread = container_of(work, struct kgil_thread,
						  bury);
	struct kgil_object *obj;
	struct kgil_tie *tie;

	while ((tie = kgil_bury_one(thread, &obj))) {
		if (obj) {
			kgil_owner_dies(obj, tie);
			kgil_object_put(obj);
		}
		kgil_tie_free(tie);
		cond_resched();
	}
	rhashtable_remove_fast(&kgil_thread_table, &thread->node,
			       kgil_thread_params);
	xa_erase(&kgil_threads, thread->id);
	kgil_thread_put(thread);
}

/* In the exiting thread, after its last system call; preemption is off. */
static KGIL_EXIT_PROBE(kgil_thread_exits)
{
	struct kgil_thread *thread = kgil_thread_find();

	if (thread)
		queue_work(kgil_bury_wq, &thread->bury);
}

static void __init kgil_match_exit_tp(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		*(struct tracepoint **)found = tp;
}

/* The tracepoint isn't exported by name. */
static int __init kgil_watch_exits(void)
{
	for_each_kernel_tracepoint(kgil_match_exit_tp, &kgil_exit_tp);
	if (!kgil_exit_tp) {
		pr_err("kgil: this kernel has no tracepoint sched_process_exit\n");
		return -ENOENT;
	}
	return tracepoint_probe_register(kgil_exit_tp, kgil_thread_exits, NULL);
}

int __init kgil_owner_init(void)
{
	int err;

	err = rhashtable_init(&kgil_thread_table, &kgil_thread_params);
	if (err)
		return err;
	err = rhashtable_init(&kgil_tie_table, &kgil_tie_params);
	if (err)
		goto err_threads;

	/* Who waits for a dead owner waits for this, also without memory. */
	kgil_bury_wq = alloc_workqueue("kgil_bury", WQ_HIGHPRI | WQ_UNBOUND |
				       WQ_MEM_RECLAIM, 0);
	err = -ENOMEM;
	if (!kgil_bury_wq)
		goto err_ties;
	err = kgil_watch_exits();
	if (err)
		goto err_wq;
	return 0;

err_wq:
	destroy_workqueue(kgil_bury_wq);
err_ties:
	rhashtable_destroy(&kgil_tie_table);
err_threads:
	rhashtable_destroy(&kgil_thread_table);
	return err;
}

/* Nobody dies any more, as far as this module knows. */
void kgil_owner_stop(void)
{
	tracepoint_probe_unregister(kgil_exit_tp, kgil_thread_exits, NULL);
	tracepoint_synchronize_unregister();
	destroy_workqueue(kgil_bury_wq);
}

/* The threads that live on are forgotten. */
static void kgil_forget_thread(void *thread, void *unused)
{
	kgil_thread_put(thread);
}

/* No object exists any more, so that no tie does either. */
void kgil_owner_exit(void)
{
	rhashtable_destroy(&kgil_tie_table);
	xa_destroy(&kgil_threads);
	rhashtable_free_and_destroy(&kgil_thread_table, kgil_forget_thread,
				    NULL);
	/* The callbacks are this module's code. */
	rcu_barrier();
}
