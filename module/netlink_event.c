// SPDX-License-Identifier: GPL-2.0
/*
 * Events, to who listens in the object's network namespace.  Each is sent by the
 * thread that makes it happen, or by a work queue, with no lock held.
 *
 * Every listener of the namespace gets them, so that they tell no pid and no
 * name; who may know these asks for the object.  Best effort: a listener without
 * room learns from its socket that it lost something.
 */
#include "netlink.h"
#include "object.h"
#include "view.h"

/* An event under construction; @msg is NULL if nobody wants it. */
struct kgil_event {
	struct kgil_object *obj;
	enum kgil_group group;
	struct sk_buff *msg;
	void *head;
};

static struct kgil_event kgil_event(struct kgil_object *obj,
				    enum kgil_group group, u8 cmd)
{
	struct kgil_event event = { .obj = obj, .group = group };

	if (!genl_has_listeners(&kgil_family, obj->net, group))
		return event;
	event.msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!event.msg)
		return event;
	/* There is room for all that any event holds. */
	event.head = genlmsg_put(event.msg, 0, 0, &kgil_family, 0, cmd);
	kgil_put_u64(event.msg, KGIL_A_OBJECT_ID, obj->id);
	nla_put_u32(event.msg, KGIL_A_OBJECT_TYPE, obj->type);
	return event;
}

static void kgil_event_send(struct kgil_event *event)
{
	genlmsg_end(event->msg, event->head);
	genlmsg_multicast_netns(&kgil_family, event->obj->net, event->msg, 0,
				event->group, GFP_KERNEL);
}

void kgil_event_created(struct kgil_object *obj)
{
	struct kgil_event event = kgil_event(obj, KGIL_GROUP_OBJECTS,
					     KGIL_CMD_CREATED_NTF);

	if (event.msg)
		kgil_event_send(&event);
}

/* It has no reference left. */
void kgil_event_destroyed(struct kgil_object *obj)
{
	struct kgil_event event = kgil_event(obj, KGIL_GROUP_OBJECTS,
					     KGIL_CMD_DESTROYED_NTF);

	if (event.msg)
		kgil_event_send(&event);
}

/* A setting was set. */
void kgil_event_changed(struct kgil_object *obj)
{
	struct kgil_event event = kgil_event(obj, KGIL_GROUP_EVENTS,
					     KGIL_CMD_CHANGED_NTF);
	struct kgil_view view;

	if (!event.msg)
		return;
	kgil_view(obj, NULL, &view);
	kgil_put_settings(event.msg, &view.state);
	kgil_put_u64(event.msg, KGIL_A_OBJECT_THRESHOLD, view.threshold);
	if (kgil_is_gil(obj))
		kgil_put_u64(event.msg, KGIL_A_OBJECT_AWAY_THRESHOLD,
			     view.away.threshold_ns);
	kgil_event_send(&event);
}

/**
 * kgil_event_long_wait() - the calling thread has waited for long
 * @obj: for what
 * @waiter: its id; 0: it has none
 * @ns: for how long
 */
void kgil_event_long_wait(struct kgil_object *obj, u64 waiter, u64 ns)
{
	struct kgil_event event = kgil_event(obj, KGIL_GROUP_EVENTS,
					     KGIL_CMD_LONG_WAIT_NTF);
	struct kgil_view view;

	if (!event.msg)
		return;
	kgil_view(obj, NULL, &view);
	if (view.state.owner)
		kgil_put_u64(event.msg, KGIL_A_OBJECT_OWNER, view.state.owner);
	nla_put_u32(event.msg, KGIL_A_OBJECT_WAITERS, view.state.waiters);
	kgil_put_u64(event.msg, KGIL_A_OBJECT_WAITING, ns);
	if (waiter)
		kgil_put_u64(event.msg, KGIL_A_OBJECT_WAITER, waiter);
	kgil_event_send(&event);
}

/**
 * kgil_event_owner_blocked() - an owner was blocked for long while others waited
 * @obj: what it owned
 * @owner: its id
 * @ns: for how long
 */
void kgil_event_owner_blocked(struct kgil_object *obj, u64 owner, u64 ns)
{
	struct kgil_event event = kgil_event(obj, KGIL_GROUP_EVENTS,
					     KGIL_CMD_OWNER_BLOCKED_NTF);

	if (!event.msg)
		return;
	kgil_put_u64(event.msg, KGIL_A_OBJECT_OWNER, owner);
	kgil_put_u64(event.msg, KGIL_A_OBJECT_BLOCKED, ns);
	kgil_event_send(&event);
}

/**
 * kgil_netlink_owner_died() - an owner died, and was found out
 * @obj: what it owned
 * @owner: id of the thread that died
 * @waiters: how many waited at that moment
 */
void kgil_netlink_owner_died(struct kgil_object *obj, u64 owner, u32 waiters)
{
	struct kgil_event event = kgil_event(obj, KGIL_GROUP_EVENTS,
					     KGIL_CMD_OWNER_DIED_NTF);

	if (!event.msg)
		return;
	kgil_put_u64(event.msg, KGIL_A_OBJECT_OWNER, owner);
	nla_put_u32(event.msg, KGIL_A_OBJECT_WAITERS, waiters);
	kgil_event_send(&event);
}

/**
 * kgil_netlink_deadlock() - an acquire would have closed a cycle, and was refused
 * @obj: what was to be acquired
 * @thread: id of the calling thread
 * @waiters: how many waited at that moment
 */
void kgil_netlink_deadlock(struct kgil_object *obj, u64 thread, u32 waiters)
{
	struct kgil_event event = kgil_event(obj, KGIL_GROUP_EVENTS,
					     KGIL_CMD_DEADLOCK_NTF);

	if (!event.msg)
		return;
	kgil_put_u64(event.msg, KGIL_A_OBJECT_THREAD, thread);
	nla_put_u32(event.msg, KGIL_A_OBJECT_WAITERS, waiters);
	kgil_event_send(&event);
}
