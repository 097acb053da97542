// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that own, and die.
 *
 * A thread gets a record (struct kgil_thread) with its first acquire of a gil
 * or rlock, and a tie to each such object.  When it exits, the scheduler's
 * tracepoint tells us; the probe runs with preemption off, so that it only moves
 * the record to a list and queues work.  The work walks the ties of the dead:
 * what they owned goes to the next waiter with EOWNERDEAD.
 *
 * kgil_ties_mutex protects the lists of ties and is taken before an object's
 * lock.  kgil_threads_lock protects the hash of threads, and nothing is taken
 * under it.
 */
#include <linux/fdtable.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "file.h"
#include "netlink.h"
#include "owner.h"
#include "sem.h"
#include "wait.h"

static DEFINE_HASHTABLE(kgil_thread_hash, 10);
static DEFINE_RAW_SPINLOCK(kgil_threads_lock);
static atomic64_t kgil_last_thread_id;
static atomic_t kgil_nr_threads;

static struct rhashtable kgil_tie_table;
static DEFINE_MUTEX(kgil_ties_mutex);

static const struct rhashtable_params kgil_tie_params = {
	.key_len = sizeof(struct kgil_tie_key),
	.key_offset = offsetof(struct kgil_tie, key),
	.head_offset = offsetof(struct kgil_tie, node),
	.automatic_shrinking = true,
};

static LLIST_HEAD(kgil_dead);
static struct workqueue_struct *kgil_bury_wq;
static struct tracepoint *kgil_exit_tp;

static void kgil_thread_put(struct kgil_thread *thread)
{
	if (!refcount_dec_and_test(&thread->refs))
		return;
	put_task_struct(thread->task);
	kfree_rcu(thread, rcu);
}

/* The record of a thread that is alive, or NULL; under RCU or by itself. */
static struct kgil_thread *kgil_thread_find(const struct task_struct *task)
{
	struct kgil_thread *thread, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(kgil_thread_hash, thread, node,
				   (unsigned long)task) {
		if (thread->task == task) {
			found = thread;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static struct kgil_thread *kgil_thread_create(void)
{
	struct kgil_thread *thread;

	thread = kzalloc(sizeof(*thread), GFP_KERNEL_ACCOUNT);
	if (!thread)
		return NULL;
	thread->task = get_task_struct(current);
	thread->id = atomic64_inc_return(&kgil_last_thread_id);
	INIT_LIST_HEAD(&thread->ties);
	refcount_set(&thread->refs, 1);
	atomic_inc(&kgil_nr_threads);

	raw_spin_lock_irq(&kgil_threads_lock);
	hash_add_rcu(kgil_thread_hash, &thread->node, (unsigned long)current);
	raw_spin_unlock_irq(&kgil_threads_lock);
	return thread;
}

/* How many threads have a record. */
unsigned int kgil_threads(void)
{
	return atomic_read(&kgil_nr_threads);
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

static int kgil_tie_insert(struct kgil_tie *tie)
{
	int err;

	mutex_lock(&kgil_ties_mutex);
	err = rhashtable_insert_fast(&kgil_tie_table, &tie->node,
				     kgil_tie_params);
	if (!err) {
		refcount_inc(&tie->thread->refs);
		list_add(&tie->of_thread, &tie->thread->ties);
		list_add(&tie->of_object, &tie->obj->ties);
	}
	mutex_unlock(&kgil_ties_mutex);
	return err ? -ENOMEM : 0;
}

static struct kgil_tie *kgil_tie_create(struct kgil_object *obj)
{
	struct kgil_thread *thread = kgil_thread_find(current);
	struct kgil_tie *tie;

	if (!thread)
		thread = kgil_thread_create();
	tie = kzalloc(sizeof(*tie), GFP_KERNEL_ACCOUNT);
	if (!thread || !tie)
		goto err_free;
	tie->key.task = current;
	tie->key.obj = obj;
	tie->thread = thread;
	tie->obj = obj;
	if (kgil_tie_insert(tie))
		goto err_free;
	return tie;

err_free:
	/* The thread's record stays: it is found next time, and ends with it. */
	kfree(tie);
	return ERR_PTR(-ENOMEM);
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

/* Out of the lists and the table; under the mutex. */
static void kgil_tie_remove(struct kgil_tie *tie)
{
	lockdep_assert_held(&kgil_ties_mutex);
	list_del(&tie->of_thread);
	list_del(&tie->of_object);
	rhashtable_remove_fast(&kgil_tie_table, &tie->node, kgil_tie_params);
}

static void kgil_tie_free(struct kgil_tie *tie)
{
	kgil_thread_put(tie->thread);
	kfree_rcu(tie, rcu);
}

/* The object goes: nobody owns it any more. */
void kgil_untie_object(struct kgil_object *obj)
{
	struct kgil_tie *tie, *next;

	mutex_lock(&kgil_ties_mutex);
	list_for_each_entry_safe(tie, next, &obj->ties, of_object) {
		kgil_tie_remove(tie);
		kgil_tie_free(tie);
	}
	mutex_unlock(&kgil_ties_mutex);
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

static int kgil_same_object(const void *obj, struct file *file,
			    unsigned int fd)
{
	return kgil_object_of(file) == obj;
}

/**
 * kgil_owner_execs() - a descriptor was closed by an exec
 * @obj: what the descriptor was of
 * @files: the caller's descriptors, without that one
 *
 * The same task goes on, but if this was its last way to the object, what it
 * owned dies with the old program.
 */
void kgil_owner_execs(struct kgil_object *obj, struct files_struct *files)
{
	struct kgil_tie *tie = kgil_tie_find(obj);

	if (kgil_owns(obj, tie) && !iterate_fd(files, 0, kgil_same_object, obj))
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
		*obj = kref_get_unless_zero(&tie->obj->ref) ? tie->obj : NULL;
	}
	mutex_unlock(&kgil_ties_mutex);
	return tie;
}

static void kgil_bury(struct kgil_thread *thread)
{
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
	atomic_dec(&kgil_nr_threads);
	kgil_thread_put(thread);
}

static void kgil_bury_all(struct work_struct *work)
{
	struct llist_node *dead = llist_reverse_order(llist_del_all(&kgil_dead));
	struct kgil_thread *thread, *next;

	llist_for_each_entry_safe(thread, next, dead, dead)
		kgil_bury(thread);
}

static DECLARE_WORK(kgil_bury_work, kgil_bury_all);

static void kgil_thread_unhash(struct kgil_thread *thread)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kgil_threads_lock, flags);
	hash_del_rcu(&thread->node);
	raw_spin_unlock_irqrestore(&kgil_threads_lock, flags);
}

/* In the exiting thread, preemption off, after its last system call. */
static KGIL_EXIT_PROBE(kgil_thread_exits)
{
	struct kgil_thread *thread = kgil_thread_find(task);

	if (!thread)
		return;
	kgil_thread_unhash(thread);
	llist_add(&thread->dead, &kgil_dead);
	queue_work(kgil_bury_wq, &kgil_bury_work);
}

static void kgil_match_exit_tp(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		*(struct tracepoint **)found = tp;
}

int kgil_owner_init(void)
{
	int err;

	err = rhashtable_init(&kgil_tie_table, &kgil_tie_params);
	if (err)
		return err;

	err = -ENOMEM;
	kgil_bury_wq = alloc_workqueue("kgil_bury", WQ_HIGHPRI | WQ_UNBOUND, 1);
	if (!kgil_bury_wq)
		goto err_table;

	/* The tracepoint isn't exported by name. */
	for_each_kernel_tracepoint(kgil_match_exit_tp, &kgil_exit_tp);
	err = -ENOENT;
	if (!kgil_exit_tp) {
		pr_err("kgil: this kernel has no tracepoint sched_process_exit\n");
		goto err_wq;
	}
	err = tracepoint_probe_register(kgil_exit_tp, kgil_thread_exits, NULL);
	if (err)
		goto err_wq;
	return 0;

err_wq:
	destroy_workqueue(kgil_bury_wq);
err_table:
	rhashtable_destroy(&kgil_tie_table);
	return err;
}

/* The threads that live on are forgotten. */
static void kgil_forget_threads(void)
{
	struct kgil_thread *thread;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(kgil_thread_hash, bucket, next, thread, node) {
		kgil_thread_unhash(thread);
		kgil_thread_put(thread);
	}
}

/* No object exists any more, so that no tie does either. */
void kgil_owner_exit(void)
{
	tracepoint_probe_unregister(kgil_exit_tp, kgil_thread_exits, NULL);
	tracepoint_synchronize_unregister();
	destroy_workqueue(kgil_bury_wq);
	kgil_forget_threads();
	rhashtable_destroy(&kgil_tie_table);
	/* For every kfree_rcu(), and before the text of this module goes. */
	rcu_barrier();
}
