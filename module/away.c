// SPDX-License-Identifier: GPL-2.0
/*
 * How long the owners of a gil are away from the processor while others wait: blocked
 * in the kernel, as by a read() with the gil in hand, or preempted.
 *
 * It is measured for the objects whose user asks for it.  While there is one, a
 * probe follows the scheduler's switches.  It runs with the lock of a run queue:
 * it finds the object by the thread in a small table, counts, and that is all.
 * The locks of the table are the innermost ones, here and there, and nothing is
 * woken under them.  What is to be reported leaves through an irq_work, which
 * queues a work that sends it.
 *
 * A thread is followed from when it is granted the gil or when the first waiter
 * finds it as the owner, until another one is or the thread is gone.  What is
 * counted is the part of an absence in which somebody waits.
 */
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "away.h"
#include "netlink.h"
#include "object.h"
#include "owner.h"
#include "word.h"

#define KGIL_AWAY_BITS		8
/* More in one bucket are not followed: the probe has an end. */
#define KGIL_AWAY_IN_BUCKET	8
/* How long the probe outlives its last user, who may be back. */
#define KGIL_AWAY_LINGER	HZ

/**
 * struct kgil_absence - the absences of an object's owners
 * @node: in the bucket of @task
 * @task: who is followed, whose tie holds a reference; NULL: nobody
 * @owner: id of that thread
 * @counting: @task owns the gil and somebody waits
 * @coming: @task was granted the gil in its wait, and has not returned from that
 * @out: @task is away
 * @unseen: no switch of @task was seen yet, so that @out is a guess
 * @blocked: it is away, or will be when @unseen, because it blocks
 * @since: since when, or since when it counts, ns
 * @threshold: how long it has to be blocked to be reported, ns; 0: nobody asks
 * @counts: what is told
 * @late_owner: id of who was blocked for so long; 0: nothing to report
 * @late_ns: for how long
 * @obj: the object
 * @irq_work: from the scheduler
 * @work: to where an event can be sent
 *
 * @task, @owner and @threshold change under the object's lock, all that is between
 * @node and @late_ns under the lock of the bucket, too, if there is a @task.
 */
struct kgil_absence {
	struct hlist_node node;
	struct task_struct *task;
	u64 owner;
	bool counting;
	bool coming;
	bool out;
	bool unseen;
	bool blocked;
	u64 since;
	u64 threshold;
	struct kgil_away counts;
	u64 late_owner;
	u64 late_ns;
	struct kgil_object *obj;
	struct irq_work irq_work;
	struct work_struct work;
};

struct kgil_away_bucket {
	raw_spinlock_t lock;
	unsigned int length;
	struct hlist_head absences;
};

static struct kgil_away_bucket kgil_away_buckets[1 << KGIL_AWAY_BITS];

/* Protects the next three, and who asks. */
static DEFINE_MUTEX(kgil_away_mutex);
static unsigned int kgil_away_users;
static bool kgil_away_probed;
static struct tracepoint *kgil_away_tp;

static struct kgil_away_bucket *kgil_away_bucket(const struct task_struct *task)
{
	return &kgil_away_buckets[hash_ptr(task, KGIL_AWAY_BITS)];
}

/*
 * An absence, or the part that counts, is over.  Under the bucket's lock, so that the
 * irq_work isn't queued any more when the object is forgotten.
 */
static void kgil_absence_over(struct kgil_absence *absence, u64 now)
{
	struct kgil_away *counts = &absence->counts;
	u64 ns = kgil_elapsed(absence->since, now);

	if (!absence->counting)
		return;
	if (!absence->blocked) {
		counts->preemptions++;
		counts->preempted_total_ns += ns;
		counts->preempted_max_ns = max(counts->preempted_max_ns, ns);
		return;
	}
	counts->blocks++;
	counts->blocked_total_ns += ns;
	counts->blocked_max_ns = max(counts->blocked_max_ns, ns);
	if (ns <= READ_ONCE(absence->threshold))
		return;
	absence->late_owner = absence->owner;
	absence->late_ns = ns;
	irq_work_queue(&absence->irq_work);
}

static void kgil_absence_begins(struct kgil_absence *absence, bool blocked,
				u64 now)
{
	absence->out = true;
	absence->unseen = false;
	absence->blocked = blocked;
	absence->since = now;
}

static void kgil_absence_ends(struct kgil_absence *absence, u64 now)
{
	/* The switch away was over before it was followed. */
	if (absence->out || absence->unseen)
		kgil_absence_over(absence, now);
	absence->out = false;
	absence->unseen = false;
}

static void kgil_away_leaves(struct task_struct *task, bool blocked)
{
	struct kgil_away_bucket *bucket = kgil_away_bucket(task);
	struct kgil_absence *absence;

	if (likely(hlist_empty(&bucket->absences)))
		return;
	raw_spin_lock(&bucket->lock);
	hlist_for_each_entry(absence, &bucket->absences, node)
		if (absence->task == task && !absence->coming)
			kgil_absence_begins(absence, blocked, kgil_now());
	raw_spin_unlock(&bucket->lock);
}

static void kgil_away_returns(struct task_struct *task)
{
	struct kgil_away_bucket *bucket = kgil_away_bucket(task);
	struct kgil_absence *absence;

	if (likely(hlist_empty(&bucket->absences)))
		return;
	raw_spin_lock(&bucket->lock);
	hlist_for_each_entry(absence, &bucket->absences, node)
		if (absence->task == task)
			kgil_absence_ends(absence, kgil_now());
	raw_spin_unlock(&bucket->lock);
}

/* In the scheduler: interrupts are off, and the run queue is locked. */
static void kgil_away_switch(void *data, bool preempt, struct task_struct *prev,
			     struct task_struct *next, unsigned int prev_state)
{
	kgil_away_leaves(prev, !preempt && prev_state != TASK_RUNNING);
	kgil_away_returns(next);
}

static void kgil_away_irq(struct irq_work *irq_work)
{
	struct kgil_absence *absence = container_of(irq_work,
						    struct kgil_absence,
						    irq_work);

	schedule_work(&absence->work);
}

/* Who is to be reported; 0: nobody any more. */
static u64 kgil_absence_late(struct kgil_absence *absence, u64 *ns)
{
	u64 owner = absence->late_owner;

	*ns = absence->late_ns;
	absence->late_owner = 0;
	return owner;
}

static void kgil_away_report(struct work_struct *work)
{
	struct kgil_absence *absence = container_of(work, struct kgil_absence,
						    work);
	struct kgil_object *obj = absence->obj;
	struct kgil_away_bucket *bucket;
	unsigned long flags;
	u64 owner, ns;

	raw_spin_lock(&obj->lock);
	if (!absence->task) {
		owner = kgil_absence_late(absence, &ns);
	} else {
		bucket = kgil_away_bucket(absence->task);
		raw_spin_lock_irqsave(&bucket->lock, flags);
		owner = kgil_absence_late(absence, &ns);
		raw_spin_unlock_irqrestore(&bucket->lock, flags);
	}
	raw_spin_unlock(&obj->lock);
	if (owner)
		kgil_event_owner_blocked(obj, owner, ns);
}

static void kgil_absence_unfollow(struct kgil_absence *absence)
{
	struct kgil_away_bucket *bucket;
	unsigned long flags;

	if (!absence->task)
		return;
	bucket = kgil_away_bucket(absence->task);
	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_del(&absence->node);
	bucket->length--;
	absence->counting = false;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	absence->task = NULL;
}

/* Return: it is followed from now on; it wasn't. */
static bool kgil_absence_follow(struct kgil_absence *absence,
				const struct kgil_tie *tie)
{
	struct task_struct *task = tie->thread->task;
	struct kgil_away_bucket *bucket = kgil_away_bucket(task);
	unsigned long flags;
	bool room;

	kgil_absence_unfollow(absence);
	raw_spin_lock_irqsave(&bucket->lock, flags);
	room = bucket->length < KGIL_AWAY_IN_BUCKET;
	if (room) {
		absence->task = task;
		absence->owner = tie->id;
		absence->coming = false;
		absence->out = false;
		absence->unseen = false;
		hlist_add_head(&absence->node, &bucket->absences);
		bucket->length++;
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return room;
}

/*
 * Somebody found it as the owner, and what it did before is not known.  It may be
 * just about to leave or to return, so that this is a guess until it is seen.
 */
static void kgil_absence_guess(struct kgil_absence *absence)
{
	struct task_struct *task = absence->task;

	/* What it does after this, the probe sees. */
	smp_mb();
	absence->unseen = true;
	absence->blocked = !task_is_running(task);
	absence->out = !READ_ONCE(task->on_cpu);
}

/**
 * kgil_away_owner() - a thread gets the gil
 * @obj: the gil, locked
 * @tie: of the thread: the caller, or one that may have to be woken first
 * @now: ns
 *
 * The time until it runs is none in which it is blocked by its own doing.  It may
 * not even sleep yet: then it still goes to sleep as a waiter.
 */
void kgil_away_owner(struct kgil_object *obj, struct kgil_tie *tie, u64 now)
{
	struct kgil_absence *absence = obj->absence;
	struct kgil_away_bucket *bucket;
	unsigned long flags;

	if (!absence->threshold)
		return;
	if (absence->task != tie->thread->task &&
	    !kgil_absence_follow(absence, tie)) {
		absence->counts.missed++;
		return;
	}
	bucket = kgil_away_bucket(absence->task);
	raw_spin_lock_irqsave(&bucket->lock, flags);
	absence->coming = absence->task != current;
	absence->out = false;
	absence->unseen = false;
	absence->since = now;
	absence->counting = obj->queue.length;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/**
 * kgil_away_arrived() - the caller has waited and got the gil
 * @obj: the gil, not locked
 */
void kgil_away_arrived(struct kgil_object *obj)
{
	struct kgil_away_bucket *bucket = kgil_away_bucket(current);
	struct kgil_absence *absence;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(absence, &bucket->absences, node)
		if (absence->task == current && absence->obj == obj)
			absence->coming = false;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/**
 * kgil_away_contended() - a waiter has queued
 * @obj: the gil, locked
 * @tie: of the owner
 * @now: ns
 */
void kgil_away_contended(struct kgil_object *obj, struct kgil_tie *tie, u64 now)
{
	struct kgil_absence *absence = obj->absence;
	bool follow = absence->task != tie->thread->task;
	struct kgil_away_bucket *bucket;
	unsigned long flags;

	if (!absence->threshold)
		return;
	if (follow && !kgil_absence_follow(absence, tie)) {
		/* Once for a hold. */
		absence->counts.missed += obj->queue.length == 1;
		return;
	}
	bucket = kgil_away_bucket(absence->task);
	raw_spin_lock_irqsave(&bucket->lock, flags);
	if (follow)
		kgil_absence_guess(absence);
	if (!absence->counting)
		absence->since = now;
	absence->counting = true;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/* The owner drops it, or nobody waits any more.  Under the object's lock. */
void kgil_away_end(struct kgil_object *obj, u64 now)
{
	struct kgil_absence *absence = obj->absence;
	struct kgil_away_bucket *bucket;
	unsigned long flags;

	if (!absence->task)
		return;
	bucket = kgil_away_bucket(absence->task);
	raw_spin_lock_irqsave(&bucket->lock, flags);
	if (absence->out && !READ_ONCE(absence->task->on_cpu))
		kgil_absence_over(absence, now);
	absence->counting = false;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/* The thread's record is about to go. */
void kgil_away_forget(struct kgil_object *obj, const struct kgil_tie *tie)
{
	if (obj->absence->task == tie->thread->task)
		kgil_absence_unfollow(obj->absence);
}

/* What was counted, of absences that are over.  Under the object's lock. */
void kgil_away_read(const struct kgil_object *obj, struct kgil_away *away)
{
	struct kgil_absence *absence = obj->absence;
	struct kgil_away_bucket *bucket;
	unsigned long flags;

	if (!absence)
		return;
	if (!absence->task) {
		*away = absence->counts;
	} else {
		bucket = kgil_away_bucket(absence->task);
		raw_spin_lock_irqsave(&bucket->lock, flags);
		*away = absence->counts;
		raw_spin_unlock_irqrestore(&bucket->lock, flags);
	}
	away->threshold_ns = absence->threshold;
}

static void kgil_match_switch_tp(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "sched_switch"))
		*(struct tracepoint **)found = tp;
}

static void kgil_away_unprobe(void)
{
	lockdep_assert_held(&kgil_away_mutex);
	if (!kgil_away_probed)
		return;
	tracepoint_probe_unregister(kgil_away_tp, kgil_away_switch, NULL);
	kgil_away_probed = false;
}

static void kgil_away_retire(struct work_struct *work)
{
	mutex_lock(&kgil_away_mutex);
	if (!kgil_away_users)
		kgil_away_unprobe();
	mutex_unlock(&kgil_away_mutex);
}

static DECLARE_DELAYED_WORK(kgil_away_retire_work, kgil_away_retire);

/* One more object asks.  Return: 0; -ENOMEM. */
static int kgil_away_get(void)
{
	int err;

	lockdep_assert_held(&kgil_away_mutex);
	if (!kgil_away_probed) {
		err = tracepoint_probe_register(kgil_away_tp, kgil_away_switch,
						NULL);
		if (err)
			return err;
		kgil_away_probed = true;
	}
	cancel_delayed_work(&kgil_away_retire_work);
	kgil_away_users++;
	return 0;
}

/* One less. */
static void kgil_away_put(void)
{
	lockdep_assert_held(&kgil_away_mutex);
	if (!--kgil_away_users)
		schedule_delayed_work(&kgil_away_retire_work, KGIL_AWAY_LINGER);
}

/* Make it, unless another call was faster. */
static int kgil_absence_make(struct kgil_object *obj)
{
	struct kgil_absence *absence;

	lockdep_assert_held(&kgil_away_mutex);
	if (obj->absence)
		return 0;
	absence = kzalloc(sizeof(*absence), GFP_KERNEL_ACCOUNT);
	if (!absence)
		return -ENOMEM;
	absence->obj = obj;
	init_irq_work(&absence->irq_work, kgil_away_irq);
	INIT_WORK(&absence->work, kgil_away_report);
	raw_spin_lock(&obj->lock);
	WRITE_ONCE(obj->absence, absence);
	raw_spin_unlock(&obj->lock);
	return 0;
}

/* @ns: 0: nobody asks any more. */
static void kgil_absence_set(struct kgil_object *obj, u64 ns)
{
	struct kgil_absence *absence = obj->absence;
	struct kgil_tie *owner;

	raw_spin_lock(&obj->lock);
	WRITE_ONCE(absence->threshold, ns);
	owner = kgil_owner(obj, READ_ONCE(obj->page->word));
	if (!ns)
		kgil_absence_unfollow(absence);
	else if (owner && obj->queue.length)
		kgil_away_contended(obj, owner, kgil_now());
	raw_spin_unlock(&obj->lock);
}

static int kgil_away_set_locked(struct kgil_object *obj, u64 ns)
{
	bool asked = obj->absence && obj->absence->threshold;
	int err;

	if (!ns && !asked)
		return 0;
	err = kgil_absence_make(obj);
	if (!err && !asked)
		err = kgil_away_get();
	if (err)
		return err;
	kgil_absence_set(obj, ns);
	if (!ns)
		kgil_away_put();
	return 0;
}

bool kgil_valid_away(u64 ns)
{
	return !ns || (ns >= KGIL_THRESHOLD_MIN && ns <= KGIL_THRESHOLD_MAX);
}

/**
 * kgil_away_set() - ask for the absences of an object's owners, or don't any more
 * @obj: a gil, not locked
 * @ns: how long one has to be blocked to be reported; 0: nothing is measured
 *
 * What was counted stays.
 *
 * Return: 0; -ENOMEM.
 */
int kgil_away_set(struct kgil_object *obj, u64 ns)
{
	int err;

	mutex_lock(&kgil_away_mutex);
	err = kgil_away_set_locked(obj, ns);
	mutex_unlock(&kgil_away_mutex);
	return err;
}

/* The object has no reference left.  What is to be reported still is. */
void kgil_away_free(struct kgil_object *obj)
{
	struct kgil_absence *absence = obj->absence;

	if (!absence)
		return;
	kgil_away_set(obj, 0);
	irq_work_sync(&absence->irq_work);
	/* A flush would wait for others, perhaps in a work that may not. */
	if (cancel_work_sync(&absence->work))
		kgil_away_report(&absence->work);
	kfree(absence);
}

int __init kgil_away_init(void)
{
	struct kgil_away_bucket *bucket;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kgil_away_buckets); i++) {
		bucket = &kgil_away_buckets[i];
		raw_spin_lock_init(&bucket->lock);
		INIT_HLIST_HEAD(&bucket->absences);
	}
	/* The tracepoint isn't exported by name. */
	for_each_kernel_tracepoint(kgil_match_switch_tp, &kgil_away_tp);
	if (kgil_away_tp)
		return 0;
	pr_err("kgil: this kernel has no tracepoint sched_switch\n");
	return -ENOENT;
}

/* No object exists any more. */
void kgil_away_exit(void)
{
	cancel_delayed_work_sync(&kgil_away_retire_work);
	mutex_lock(&kgil_away_mutex);
	kgil_away_unprobe();
	mutex_unlock(&kgil_away_mutex);
	tracepoint_synchronize_unregister();
}
