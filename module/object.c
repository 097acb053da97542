// SPDX-License-Identifier: GPL-2.0
/*
 * Objects: creation and the last put.
 */
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "away.h"
#include "name.h"
#include "netlink.h"
#include "object.h"
#include "owner.h"
#include "page.h"
#include "policy.h"
#include "register.h"

static bool kgil_valid_gil(const struct kgil_create *create)
{
	return (!create->interval_ns ||
		kgil_valid_interval(create->interval_ns)) &&
	       kgil_valid_policy(create->policy) &&
	       !create->count && !create->max && !create->handoff_ns;
}

static bool kgil_valid_sem(const struct kgil_create *create)
{
	return create->max && create->max <= KGIL_COUNT_MAX &&
	       create->count <= create->max;
}

/* May an object be made so? */
bool kgil_create_valid(const struct kgil_create *create)
{
	if (create->flags & ~KGIL_CREATE_TIMED || create->pad)
		return false;
	if (create->type == KGIL_TYPE_GIL)
		return kgil_valid_gil(create);
	if (create->interval_ns || create->policy)
		return false;
	if (create->handoff_ns && !kgil_valid_handoff(create->handoff_ns))
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
	kgil_queue_init(&obj->queue);
	init_waitqueue_head(&obj->pollers);
	obj->ties = RB_ROOT;
	kref_init(&obj->ref);
	obj->page = &obj->own;

	obj->type = create->type;
	obj->max = 1;
	obj->handoff = create->handoff_ns ?: KGIL_HANDOFF_DEFAULT;
	if (kgil_is_sem(obj)) {
		obj->max = create->max;
		obj->own.word = create->count;
		obj->handoff = create->handoff_ns ?: KGIL_HANDOFF_AT_ONCE;
	}
	obj->max_depth = create->max ?: KGIL_COUNT_MAX;
	if (create->flags & KGIL_CREATE_TIMED) {
		obj->watched = KGIL_TIMED;
		obj->own.word |= KGIL_WORD_WAITERS;
	}
	if (kgil_is_gil(obj)) {
		obj->handoff = 0;
		obj->policy = kgil_policy_resolve(create->policy);
	}
	kgil_drop_init(obj, create->interval_ns);

	obj->net = get_net(current->nsproxy->net_ns);
	obj->cred = get_current_cred();
}

/**
 * kgil_object_create() - make an object, not in the register yet
 * @create: what the user asked for, not checked yet
 *
 * Return: the object, with one reference for the caller; -EINVAL, -ENOMEM.
 */
struct kgil_object *kgil_object_create(const struct kgil_create *create)
{
	struct kgil_object *obj;

	if (!kgil_create_valid(create))
		return ERR_PTR(-EINVAL);
	obj = kzalloc(sizeof(*obj), GFP_KERNEL_ACCOUNT);
	if (!obj)
		return ERR_PTR(-ENOMEM);
	kgil_object_setup(obj, create);
	return obj;
}

static void kgil_object_release(struct kref *ref)
{
	struct kgil_object *obj = container_of(ref, struct kgil_object, ref);

	kgil_untie_object(obj);
	kgil_away_free(obj);
	if (obj->id) {
		kgil_register_remove(obj);
		kgil_event_destroyed(obj);
	}
	kgil_drop_exit(obj);
	kgil_page_free(obj);
	kgil_name_free(obj);
	put_cred(obj->cred);
	put_net(obj->net);
	kfree_rcu(obj, rcu);
}

/* Drop a reference; may sleep. */
void kgil_object_put(struct kgil_object *obj)
{
	kref_put(&obj->ref, kgil_object_release);
}
