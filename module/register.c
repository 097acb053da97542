// SPDX-License-Identifier: GPL-2.0
/*
 * The register: each network namespace has the objects that were created in it,
 * by id, and the counters of those that are gone.
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/xarray.h>
#include <net/netns/generic.h>

#include "name.h"
#include "object.h"
#include "register.h"
#include "tell.h"

/**
 * struct kgil_register - one network namespace
 * @objects: by id; read under RCU, then a reference is taken
 * @mutex: an object leaves @objects and enters @retired under it, so that who
 *	adds up all under it counts each object once
 * @retired: sums of what is gone; under @mutex
 * @generation: changes with each object that comes or goes
 * @names: the objects that have one
 *
 * An object holds its namespace, so that this outlives the object.
 */
struct kgil_register {
	struct xarray objects;
	struct mutex mutex;	/* from @objects to @retired */
	struct kgil_totals retired;
	atomic_t generation;
	struct kgil_names names;
};

static unsigned int kgil_net_id;
static atomic64_t kgil_last_id;

static struct kgil_register *kgil_register_of(struct net *net)
{
	return net_generic(net, kgil_net_id);
}

/* Give @obj its id and let others find it.  Return: 0; -ENOMEM. */
int kgil_register_add(struct kgil_object *obj)
{
	struct kgil_register *reg = kgil_register_of(obj->net);
	int err;

	obj->id = atomic64_inc_return(&kgil_last_id);
	err = xa_insert(&reg->objects, obj->id, obj, GFP_KERNEL_ACCOUNT);
	if (err) {
		obj->id = 0;
		return err;
	}
	atomic_inc(&reg->generation);
	kgil_tell_create(obj);
	return 0;
}

/* @obj has no reference left, and is not found any more; may sleep. */
void kgil_register_remove(struct kgil_object *obj)
{
	struct kgil_register *reg = kgil_register_of(obj->net);

	kgil_tell_destroy(obj);
	mutex_lock(&reg->mutex);
	xa_erase(&reg->objects, obj->id);
	kgil_totals_retire(&reg->retired, obj);
	mutex_unlock(&reg->mutex);
	atomic_inc(&reg->generation);
}

/* The object @id of @net with a reference, or NULL. */
struct kgil_object *kgil_register_get(struct net *net, u64 id)
{
	struct kgil_object *obj;

	rcu_read_lock();
	obj = xa_load(&kgil_register_of(net)->objects, id);
	if (obj && !kref_get_unless_zero(&obj->ref))
		obj = NULL;
	rcu_read_unlock();
	return obj;
}

/* The first object of @net whose id is @from or greater, likewise. */
struct kgil_object *kgil_register_next(struct net *net, u64 from)
{
	struct kgil_object *obj;
	unsigned long id;

	rcu_read_lock();
	xa_for_each_start(&kgil_register_of(net)->objects, id, obj, from) {
		if (kref_get_unless_zero(&obj->ref))
			break;
	}
	rcu_read_unlock();
	return obj;
}

/* Sums over all objects of @net, those that are gone included; may sleep. */
void kgil_register_totals(struct net *net, struct kgil_totals *totals)
{
	struct kgil_register *reg = kgil_register_of(net);
	struct kgil_object *obj;
	unsigned long id;

	mutex_lock(&reg->mutex);
	*totals = reg->retired;
	rcu_read_lock();
	xa_for_each(&reg->objects, id, obj) {
		kgil_totals_add(totals, obj);
		/* The walk goes on by id, and the mutex keeps all in it. */
		if (need_resched()) {
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
	mutex_unlock(&reg->mutex);
}

struct kgil_names *kgil_register_names(struct net *net)
{
	return &kgil_register_of(net)->names;
}

/* For who lists objects: did any come or go in between? */
unsigned int kgil_register_generation(struct net *net)
{
	return atomic_read(&kgil_register_of(net)->generation);
}

static int __net_init kgil_net_init(struct net *net)
{
	struct kgil_register *reg = kgil_register_of(net);

	xa_init_flags(&reg->objects, XA_FLAGS_ACCOUNT);
	mutex_init(&reg->mutex);
	kgil_names_init(&reg->names);
	return 0;
}

static struct pernet_operations kgil_net_ops = {
	.init = kgil_net_init,
	.id = &kgil_net_id,
	.size = sizeof(struct kgil_register),
};

int __init kgil_register_init(void)
{
	return register_pernet_subsys(&kgil_net_ops);
}

void kgil_register_exit(void)
{
	unregister_pernet_subsys(&kgil_net_ops);
}
