// SPDX-License-Identifier: GPL-2.0
/*
 * Threads over netlink: a message for each thread and object.
 */
#include <linux/netlink.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "access.h"
#include "netlink.h"
#include "object.h"
#include "register.h"
#include "threads.h"

/* Where a dump is. */
enum {
	KGIL_DUMP_OBJECT,	/* the object to go on with */
	KGIL_DUMP_PLACE,	/* the place in it */
	KGIL_DUMP_ONLY,		/* the only object that is wanted; 0: all */
};

/* Nothing of a thread that has no pid in the reader's namespace. */
static int kgil_put_task(struct sk_buff *msg, struct task_struct *task)
{
	struct pid_namespace *pids = task_active_pid_ns(current);
	u32 tid = task_pid_nr_ns(task, pids);
	char comm[TASK_COMM_LEN];

	if (!tid)
		return 0;
	get_task_comm(comm, task);
	if (nla_put_u32(msg, KGIL_A_THREAD_PID, task_tgid_nr_ns(task, pids)) ||
	    nla_put_u32(msg, KGIL_A_THREAD_TID, tid) ||
	    nla_put_string(msg, KGIL_A_THREAD_COMM, comm))
		return -EMSGSIZE;
	return 0;
}

static int kgil_put_thread(struct sk_buff *msg, const struct kgil_object *obj,
			   const struct kgil_thread_view *view, bool may_see)
{
	if (kgil_put_u64(msg, KGIL_A_THREAD_OBJECT, obj->id) ||
	    nla_put_u32(msg, KGIL_A_THREAD_STATE, view->state))
		return -EMSGSIZE;
	if (view->id && kgil_put_u64(msg, KGIL_A_THREAD_ID, view->id))
		return -EMSGSIZE;
	if (view->state == KGIL_THREAD_WAITER &&
	    kgil_put_u64(msg, KGIL_A_THREAD_WAITED, view->waited))
		return -EMSGSIZE;
	if (view->held && kgil_put_u64(msg, KGIL_A_THREAD_HELD, view->held))
		return -EMSGSIZE;
	if (view->id &&
	    (kgil_put_stats(msg, KGIL_A_THREAD_STATS, &view->stats) ||
	     kgil_put_times(msg, KGIL_A_THREAD_TIMES, &view->times)))
		return -EMSGSIZE;
	return may_see ? kgil_put_task(msg, view->task) : 0;
}

static int kgil_dump_thread(struct sk_buff *msg, struct netlink_callback *cb,
			    const struct kgil_object *obj,
			    const struct kgil_thread_view *view)
{
	void *head = kgil_netlink_dump_head(msg, cb, KGIL_CMD_THREAD_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (kgil_put_thread(msg, obj, view, kgil_netlink_may_see(cb->skb, obj))) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return 0;
}

/* Return: 0: all threads of @obj have been shown; -EMSGSIZE. */
static int kgil_dump_threads(struct sk_buff *msg, struct netlink_callback *cb,
			     struct kgil_object *obj)
{
	struct kgil_thread_view view;
	int err = 0;

	while (!err &&
	       kgil_threads_next(obj, cb->args[KGIL_DUMP_PLACE], &view)) {
		err = kgil_dump_thread(msg, cb, obj, &view);
		if (!err)
			cb->args[KGIL_DUMP_PLACE] = view.at + 1;
		kgil_threads_put(&view);
		cond_resched();
	}
	return err;
}

/* With KGIL_A_THREAD_OBJECT, the dump is of that object alone. */
int kgil_thread_start(struct netlink_callback *cb)
{
	const struct nlattr *attr = nlmsg_find_attr(cb->nlh, GENL_HDRLEN,
						    KGIL_A_THREAD_OBJECT);
	struct kgil_object *obj;

	if (!attr)
		return 0;
	obj = kgil_register_get(sock_net(cb->skb->sk), nla_get_u64(attr));
	if (!obj) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attr, "no object has this id");
		return -ENOENT;
	}
	cb->args[KGIL_DUMP_ONLY] = obj->id;
	cb->args[KGIL_DUMP_OBJECT] = obj->id;
	kgil_object_put(obj);
	return 0;
}

/* The object to go on with, with a reference; NULL: none. */
static struct kgil_object *kgil_thread_object(struct net *net,
					      struct netlink_callback *cb)
{
	u64 from = cb->args[KGIL_DUMP_OBJECT], only = cb->args[KGIL_DUMP_ONLY];
	struct kgil_object *obj;

	if (only)
		return from == only ? kgil_register_get(net, only) : NULL;
	obj = kgil_register_next(net, from);
	/* The one that it was at has gone. */
	if (obj && obj->id != from) {
		cb->args[KGIL_DUMP_OBJECT] = obj->id;
		cb->args[KGIL_DUMP_PLACE] = 0;
	}
	return obj;
}

int kgil_nl_thread_get_dumpit(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct net *net = sock_net(msg->sk);
	struct kgil_object *obj;
	int err = 0;

	cb->seq = kgil_register_generation(net);
	while (!err && (obj = kgil_thread_object(net, cb))) {
		err = kgil_dump_threads(msg, cb, obj);
		if (!err) {
			cb->args[KGIL_DUMP_OBJECT] = obj->id + 1;
			cb->args[KGIL_DUMP_PLACE] = 0;
		}
		kgil_object_put(obj);
	}
	/* The message is full: there is more to come. */
	return msg->len ?: err;
}
