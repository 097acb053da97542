// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: creation, the register that finds them by id, and the last put.
 */
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "object.h"
#include "owner.h"
#include "page.h"
#include "policy.h"

/*
 * Every object by its id.  Readers walk it under RCU.  The last put of an
 * object takes it out before freeing it, and in the same critical section of
 * the mutex adds its counters to those of the dead, so that who adds up all
 * under the mutex counts each object once.
 */
static DEFINE_XARRAY(kgil_objects);
static DEFINE_MUTEX(kgil_objects_mutex);
static atomic64_t kgil_last_id;
/* Changes with every object that comes or goes. */
static atomic_t kgil_generation;

static bool kgil_valid_gil(const struct kgil_create *create)
{
	return (!create->interval_ns ||
		kgil_valid_interval(create->interval_ns)) &&
	       kgil_valid_policy(create->policy) &&
	       !create->count && !create->max;
}

static bool kgil_valid_sem(const struct kgil_create *create)
{
	return create->max && create->max <= KGIL_COUNT_MAX &&
	       create->count <= create->max;
}

static bool kgil_valid(const struct kgil_create *create)
{
	if (create->flags || create->pad)
		return false;
	if (create->type == KGIL_TYPE_GIL)
		return kgil_valid_gil(create);
	if (create->interval_ns || create->policy)
		return false;

	switch (create->type) {
	case KGIL_TYPE_SEM:
		return kgil_valid_sem(create);
	case KGIL_TYPE_LOCK:
		return !create->count && !create->max;
	case KGIL_TYPE_RLOCK:
		return !create->count && create->max <= KGIL_COUNT_MAX;
	default:
		return false;
	}
}

static void kgil_object_setup(struct kgil_object *obj,
			      const struct kgil_create *create)
{
	raw_spin_lock_init(&obj->lock);
	INIT_LIST_HEAD(&obj->waiters);
	INIT_LIST_HEAD(&obj->ties);
	kref_init(&obj->ref);

	obj->type = create->type;
	obj->max = 1;
	obj->count = 1;
	if (obj->type == KGIL_TYPE_SEM) {
		obj->max = create->max;
		obj->count = create->count;
	}
	obj->max_depth = create->max ?: KGIL_COUNT_MAX;
	if (kgil_is_gil(obj))
		kgil_drop_init(obj, create->interval_ns, create->policy);

	obj->net = get_net(current->nsproxy->net_ns);
	obj->cred = get_current_cred();
}

static void kgil_object_free(struct kgil_object *obj)
{
	kgil_drop_exit(obj);
	kgil_page_free(obj->page);
	put_cred(obj->cred);
	put_net(obj->net);
	kfree_rcu(obj, rcu);
}

/**
 * kgil_object_create() - make an object and enter it in the register
 * @create: what the user asked for, not checked yet
 *
 * Return: the object, with one reference for the caller; -EINVAL, -ENOMEM.
 */
struct kgil_object *kgil_object_create(const struct kgil_create *create)
{
	struct kgil_object *obj;
	int err;

	if (!kgil_valid(create))
		return ERR_PTR(-EINVAL);
	obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);
	if (!obj)
		return ERR_PTR(-ENOMEM);
	kgil_object_setup(obj, create);

	obj->id = atomic64_inc_return(&kgil_last_id);
	err = xa_insert(&kgil_objects, obj->id, obj, GFP_KERNEL_ACCOUNT);
	if (err) {
		kgil_object_free(obj);
		return ERR_PTR(err);
	}
	atomic_inc(&kgil_generation);
	return obj;
}

static void kgil_object_release(struct kref *ref)
{
	struct kgil_object *obj = container_of(ref, struct kgil_object, ref);

	kgil_untie_object(obj);
	mutex_lock(&kgil_objects_mutex);
	xa_erase(&kgil_objects, obj->id);
	kgil_totals_retire(obj);
	mutex_unlock(&kgil_objects_mutex);
	atomic_inc(&kgil_generation);
	kgil_object_free(obj);
}

/* Drop a reference; may sleep. */
void kgil_object_put(struct kgil_object *obj)
{
	kref_put(&obj->ref, kgil_object_release);
}

/* The object @id of @net with a reference, or NULL. */
struct kgil_object *kgil_object_get(const struct net *net, u64 id)
{
	struct kgil_object *obj;

	rcu_read_lock();
	obj = xa_load(&kgil_objects, id);
	if (obj && (!net_eq(obj->net, net) || !kref_get_unless_zero(&obj->ref)))
		obj = NULL;
	rcu_read_unlock();
	return obj;
}

/* The first object of @net whose id is @from or greater; else as get. */
struct kgil_object *kgil_object_next(const struct net *net, u64 from)
{
	unsigned long id = from;
	struct kgil_object *obj;

	rcu_read_lock();
	xa_for_each_start(&kgil_objects, id, obj, from) {
		if (net_eq(obj->net, net) && kref_get_unless_zero(&obj->ref))
			break;
	}
	rcu_read_unlock();
	return obj;
}

/* Sums of all objects of @net, those that are gone included; may sleep. */
void kgil_object_totals(struct net *net, struct kgil_totals *totals)
{
	struct kgil_object *obj;
	unsigned long id;

	mutex_lock(&kgil_objects_mutex);
	kgil_totals_retired(net, totals);
	rcu_read_lock();
	xa_for_each(&kgil_objects, id, obj) {
		if (net_eq(obj->net, net))
			kgil_totals_add(totals, obj);
		cond_resched_rcu();
	}
	rcu_read_unlock();
	mutex_unlock(&kgil_objects_mutex);
}

/* For who lists objects: did any come or go in between? */
unsigned int kgil_object_generation(void)
{
	return atomic_read(&kgil_generation);
}
