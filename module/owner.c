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
 * Both tables are read under RCU.  kgil_ties_mutex protects the lists of ties
 * and is taken before an object's lock.
 */
#include <linux/fdtable.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "netlink.h"
#include "owner.h"
#include "sem.h"
#include "wait.h"

/*
 * How many ties a thread may have before those of objects that it doesn't own
 * go: what threads times objects can make of the kernel's memory has to have an
 * end.
 */
#define KGIL_TIES_KEPT	1024

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

static DEFINE_MUTEX(kgil_ties_mutex);
static atomic64_t kgil_last_thread_id;
static struct workqueue_struct *kgil_bury_wq;
static struct tracepoint *kgil_exit_tp;

static void kgil_bury(struct work_struct *work);

static void kgil_thread_put(struct kgil_thread *thread)
{
	if (!refcount_dec_and_test(&thread->refs))
		return;
	put_task_struct(thread->task);
	kfree_rcu(thread, rcu);
}

/* The calling thread's record, which only its own exit ends; NULL: none. */
static struct kgil_thread *kgil_thread_find(void)
{
	const struct task_struct *task = current;

	return rhashtable_lookup_fast(&kgil_thread_table, &task,
				      kgil_thread_params);
}

static struct kgil_thread *kgil_thread_create(void)
{
	struct kgil_thread *thread;

	thread = kzalloc(sizeof(*thread), GFP_KERNEL_ACCOUNT);
	if (!thread)
		return NULL;
	thread->task = get_task_struct(current);
	thread->id = atomic64_inc_return(&kgil_last_thread_id);
	thread->max_ties = KGIL_TIES_KEPT;
	INIT_LIST_HEAD(&thread->ties);
	INIT_WORK(&thread->bury, kgil_bury);
	refcount_set(&thread->refs, 1);
	if (rhashtable_insert_fast(&kgil_thread_table, &thread->node,
				   kgil_thread_params)) {
		kgil_thread_put(thread);
		return NULL;
	}
	return thread;
}

/**
 * kgil_tie_find() - the calling thread's record on an object
 * @obj: pinned by the caller
 *
 * Return: the record, valid for this call; NULL: none.
 */
struct kgil_tie *kgil_tie_find(struct kgil_object *obj)
{
	struct kgil_tie_key key = { .task = current, .obj = obj };

	return rhashtable_lookup_fast(&kgil_tie_table, &key, kgil_tie_params);
}

/* Out of the lists and the table; under the mutex. */
static void kgil_tie_remove(struct kgil_tie *tie)
{
	lockdep_assert_held(&kgil_ties_mutex);
	list_del(&tie->of_thread);
	list_del(&tie->of_object);
	tie->thread->nr_ties--;
	rhashtable_remove_fast(&kgil_tie_table, &tie->node, kgil_tie_params);
}

static void kgil_tie_free(struct kgil_tie *tie)
{
	kgil_thread_put(tie->thread);
	kfree_rcu(tie, rcu);
}

/* The calling thread has many ties: drop those it has no use for now. */
static void kgil_tie_prune(struct kgil_thread *thread)
{
	struct kgil_tie *tie, *next;

	list_for_each_entry_safe(tie, next, &thread->ties, of_thread) {
		if (kgil_owns(tie->key.obj, tie))
			continue;
		kgil_tie_remove(tie);
		kgil_tie_free(tie);
	}
	thread->max_ties = 2 * thread->nr_ties + KGIL_TIES_KEPT;
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
		list_add(&tie->of_object, &tie->key.obj->ties);
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

static struct kgil_tie *kgil_untie_one(struct kgil_object *obj)
{
	struct kgil_tie *tie;

	mutex_lock(&kgil_ties_mutex);
	tie = list_first_entry_or_null(&obj->ties, struct kgil_tie, of_object);
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
	u32 nr_waiters;
	bool died;

	raw_spin_lock_irq(&obj->lock);
	died = obj->owner == tie;
	nr_waiters = obj->nr_waiters;
	if (died) {
		obj->stats.owner_deaths++;
		obj->owner_died = true;
		next = kgil_sem_give(obj, kgil_now());
	}
	raw_spin_unlock_irq(&obj->lock);
	kgil_wake(next);
	if (died)
		kgil_netlink_owner_died(obj, tie->thread->id, nr_waiters);
}

struct kgil_fd_search {
	const struct file *file;
	unsigned int seen;
	bool found;
};

/* Not 0, that is, stop: found, or enough for once. */
static int kgil_fd_match(const void *data, struct file *file, unsigned int fd)
{
	struct kgil_fd_search *search = (void *)data;

	search->found = file == search->file;
	if (search->found || !(++search->seen % KGIL_FDS_AT_ONCE))
		return fd + 1;
	return 0;
}

/* Has the caller another descriptor of @file? */
static bool kgil_has_fd(const struct file *file)
{
	struct kgil_fd_search search = { .file = file };
	int fd = 0;

	do {
		fd = iterate_fd(current->files, fd, kgil_fd_match, &search);
		cond_resched();
	} while (fd && !search.found && !fatal_signal_pending(current));
	return search.found;
}

/**
 * kgil_owner_execs() - the calling thread's exec has closed a descriptor
 * @obj: what the descriptor was of
 * @file: its file; the descriptor is not in the table any more
 *
 * The same task goes on, but if this was its last way to the object, what it
 * owned dies with the old program.
 */
void kgil_owner_execs(struct kgil_object *obj, const struct file *file)
{
	struct kgil_tie *tie = kgil_tie_find(obj);

	if (kgil_owns(obj, tie) && !kgil_has_fd(file))
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

	rhashtable_remove_fast(&kgil_thread_table, &thread->node,
			       kgil_thread_params);
	while ((tie = kgil_bury_one(thread, &obj))) {
		if (obj) {
			kgil_owner_dies(obj, tie);
			kgil_object_put(obj);
		}
		kgil_tie_free(tie);
		cond_resched();
	}
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
	rhashtable_free_and_destroy(&kgil_thread_table, kgil_forget_thread,
				    NULL);
}
