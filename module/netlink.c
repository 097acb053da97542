// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "kgil": docs/netlink/kgil.yaml describes it, and
 * netlink_gen.c is made of that.  A socket sees the objects of its network namespace.
 */
#include <linux/netlink.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "access.h"
#include "name.h"
#include "netlink.h"
#include "object.h"
#include "register.h"
#include "view.h"

static_assert((int)KGIL_A_STATS_PAD == (int)KGIL_A_OBJECT_PAD);
static_assert((int)KGIL_A_THREAD_PAD == (int)KGIL_A_OBJECT_PAD);
static_assert((int)KGIL_A_TIMES_PAD == (int)KGIL_A_OBJECT_PAD);
static_assert((int)KGIL_A_AWAY_PAD == (int)KGIL_A_OBJECT_PAD);
static_assert(KGIL_A_STATS_MAX - KGIL_A_STATS_PAD ==
	      sizeof(struct kgil_stats) / sizeof(u64));

/* @nest_attr: the attribute that holds them. */
int kgil_put_stats(struct sk_buff *msg, int nest_attr,
		   const struct kgil_stats *stats)
{
	const u64 *counter = (const u64 *)stats;
	struct nlattr *nest;
	int attr;

	nest = nla_nest_start(msg, nest_attr);
	if (!nest)
		return -EMSGSIZE;
	for (attr = KGIL_A_STATS_PAD + 1; attr <= KGIL_A_STATS_MAX; attr++)
		if (kgil_put_u64(msg, attr, *counter++))
			return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* A histogram, without the empty buckets at its end. */
static int kgil_put_hist(struct sk_buff *msg, int attr, const u64 *hist)
{
	unsigned int n = KGIL_HIST_BUCKETS;

	while (n && !hist[n - 1])
		n--;
	return n ? nla_put(msg, attr, n * sizeof(*hist), hist) : 0;
}

/* @attr: the attribute that holds them. */
int kgil_put_times(struct sk_buff *msg, int attr,
		   const struct kgil_times *times)
{
	struct nlattr *nest = nla_nest_start(msg, attr);

	if (!nest ||
	    kgil_put_u64(msg, KGIL_A_TIMES_WAITS, times->waits) ||
	    kgil_put_u64(msg, KGIL_A_TIMES_WAIT_MIN, times->wait_min_ns) ||
	    kgil_put_u64(msg, KGIL_A_TIMES_HOLDS, times->holds) ||
	    kgil_put_u64(msg, KGIL_A_TIMES_HOLD_MIN, times->hold_min_ns) ||
	    kgil_put_u64(msg, KGIL_A_TIMES_HEEDS, times->heeds) ||
	    kgil_put_u64(msg, KGIL_A_TIMES_HEED_TOTAL, times->heed_total_ns) ||
	    kgil_put_u64(msg, KGIL_A_TIMES_HEED_MAX, times->heed_max_ns) ||
	    kgil_put_hist(msg, KGIL_A_TIMES_WAIT_HIST, times->wait) ||
	    kgil_put_hist(msg, KGIL_A_TIMES_HOLD_HIST, times->hold))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

/* Of a gil whose user has asked for it. */
static int kgil_put_away(struct sk_buff *msg, const struct kgil_object *obj,
			 const struct kgil_away *away)
{
	struct nlattr *nest;

	if (!kgil_is_gil(obj))
		return 0;
	if (kgil_put_u64(msg, KGIL_A_OBJECT_AWAY_THRESHOLD, away->threshold_ns))
		return -EMSGSIZE;
	if (!READ_ONCE(obj->absence))
		return 0;
	nest = nla_nest_start(msg, KGIL_A_OBJECT_AWAY);
	if (!nest ||
	    kgil_put_u64(msg, KGIL_A_AWAY_BLOCKS, away->blocks) ||
	    kgil_put_u64(msg, KGIL_A_AWAY_BLOCKED_TOTAL,
			 away->blocked_total_ns) ||
	    kgil_put_u64(msg, KGIL_A_AWAY_BLOCKED_MAX, away->blocked_max_ns) ||
	    kgil_put_u64(msg, KGIL_A_AWAY_PREEMPTIONS, away->preemptions) ||
	    kgil_put_u64(msg, KGIL_A_AWAY_PREEMPTED_TOTAL,
			 away->preempted_total_ns) ||
	    kgil_put_u64(msg, KGIL_A_AWAY_PREEMPTED_MAX,
			 away->preempted_max_ns) ||
	    kgil_put_u64(msg, KGIL_A_AWAY_MISSED, away->missed))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int kgil_put_owner(struct sk_buff *msg, const struct kgil_view *view)
{
	const struct kgil_state *state = &view->state;

	if (state->owner &&
	    kgil_put_u64(msg, KGIL_A_OBJECT_OWNER, state->owner))
		return -EMSGSIZE;
	if (!state->owner_tid)
		return 0;
	if (nla_put_u32(msg, KGIL_A_OBJECT_OWNER_PID, state->owner_pid) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_OWNER_TID, state->owner_tid) ||
	    nla_put_string(msg, KGIL_A_OBJECT_OWNER_COMM, view->comm))
		return -EMSGSIZE;
	return 0;
}

/* What the type has of the settings. */
int kgil_put_settings(struct sk_buff *msg, const struct kgil_state *state)
{
	if (state->type == KGIL_TYPE_GIL &&
	    (nla_put_u32(msg, KGIL_A_OBJECT_POLICY, state->policy) ||
	     kgil_put_u64(msg, KGIL_A_OBJECT_INTERVAL, state->interval_ns)))
		return -EMSGSIZE;
	if (state->handoff_ns &&
	    kgil_put_u64(msg, KGIL_A_OBJECT_HANDOFF, state->handoff_ns))
		return -EMSGSIZE;
	return 0;
}

static int kgil_put_state(struct sk_buff *msg, const struct kgil_state *state)
{
	if (kgil_put_u64(msg, KGIL_A_OBJECT_ID, state->id) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_TYPE, state->type) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_FLAGS, state->flags) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_DEPTH, state->depth) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_COUNT, state->count) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_COUNT_MAX, state->max) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_WAITERS, state->waiters))
		return -EMSGSIZE;
	return kgil_put_settings(msg, state);
}

static struct user_namespace *kgil_user_ns(const struct sk_buff *request)
{
	return sk_user_ns(NETLINK_CB(request).sk);
}

/* What only who may see the object is told. */
static int kgil_put_name(struct sk_buff *msg, const struct sk_buff *request,
			 const struct kgil_object *obj)
{
	gid_t gid = from_kgid_munged(kgil_user_ns(request), obj->cred->egid);

	if (!obj->name)
		return 0;
	if (nla_put_string(msg, KGIL_A_OBJECT_NAME, obj->name->text) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_MODE, obj->name->mode) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_GID, gid))
		return -EMSGSIZE;
	return 0;
}

/* @msg: where to; @request: what for; @head: of the message, begun. */
static int kgil_put_object(struct sk_buff *msg, const struct sk_buff *request,
			   struct kgil_object *obj, void *head)
{
	struct kgil_view view;
	uid_t uid = from_kuid_munged(kgil_user_ns(request), obj->cred->euid);
	bool seen = kgil_netlink_may_see(request, obj);

	kgil_view(obj, seen ? task_active_pid_ns(current) : NULL, &view);
	if (kgil_put_state(msg, &view.state) || kgil_put_owner(msg, &view) ||
	    nla_put_u32(msg, KGIL_A_OBJECT_UID, uid) ||
	    (seen && kgil_put_name(msg, request, obj)) ||
	    kgil_put_u64(msg, KGIL_A_OBJECT_THRESHOLD, view.threshold) ||
	    (view.times.waiting_ns &&
	     kgil_put_u64(msg, KGIL_A_OBJECT_WAITING, view.times.waiting_ns)) ||
	    kgil_put_stats(msg, KGIL_A_OBJECT_STATS, &view.stats) ||
	    kgil_put_times(msg, KGIL_A_OBJECT_TIMES, &view.times) ||
	    kgil_put_away(msg, obj, &view.away)) {
		genlmsg_cancel(msg, head);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, head);
	return 0;
}

static int kgil_reply_object(struct sk_buff *request, struct genl_info *info,
			     struct kgil_object *obj)
{
	struct sk_buff *msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *head;
	int err;

	if (!msg)
		return -ENOMEM;
	head = genlmsg_put_reply(msg, info, &kgil_family, 0,
				 KGIL_CMD_OBJECT_GET);
	err = head ? kgil_put_object(msg, request, obj, head) : -EMSGSIZE;
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/* The object that a request names, with a reference; or an error, explained. */
struct kgil_object *kgil_netlink_find(struct genl_info *info)
{
	struct nlattr *id = info->attrs[KGIL_A_OBJECT_ID];
	struct kgil_object *obj;

	if (!id) {
		NL_SET_ERR_MSG(info->extack, "the object's id is missing");
		return ERR_PTR(-EINVAL);
	}
	obj = kgil_register_get(genl_info_net(info), nla_get_u64(id));
	if (obj)
		return obj;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "no object has this id");
	return ERR_PTR(-ENOENT);
}

int kgil_nl_object_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct kgil_object *obj = kgil_netlink_find(info);
	int err;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	err = kgil_reply_object(request, info, obj);
	kgil_object_put(obj);
	return err;
}

/* Begin a message of a dump; NULL: there is no room. */
void *kgil_netlink_dump_head(struct sk_buff *msg, struct netlink_callback *cb,
			     u8 cmd)
{
	return genlmsg_put(msg, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &kgil_family, NLM_F_MULTI, cmd);
}

static int kgil_dump_object(struct sk_buff *msg, struct netlink_callback *cb,
			    struct kgil_object *obj)
{
	void *head = kgil_netlink_dump_head(msg, cb, KGIL_CMD_OBJECT_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	return kgil_put_object(msg, cb->skb, obj, head);
}

/* The policy lets the id of the "do" through. */
int kgil_get_start(struct netlink_callback *cb)
{
	if (!nlmsg_find_attr(cb->nlh, GENL_HDRLEN, KGIL_A_OBJECT_ID))
		return 0;
	NL_SET_ERR_MSG(cb->extack, "a dump takes no id: it shows all objects");
	return -EINVAL;
}

/* cb->args[0]: the id to go on with. */
int kgil_nl_object_get_dumpit(struct sk_buff *msg, struct netlink_callback *cb)
{
	struct net *net = sock_net(msg->sk);
	struct kgil_object *obj;
	int err = 0;

	cb->seq = kgil_register_generation(net);
	while (!err && (obj = kgil_register_next(net, cb->args[0]))) {
		err = kgil_dump_object(msg, cb, obj);
		if (!err)
			cb->args[0] = obj->id + 1;
		kgil_object_put(obj);
	}
	/* The message is full: there is more to come. */
	return msg->len ?: err;
}

struct genl_family kgil_family __ro_after_init = {
	.name = KGIL_GENL_NAME,
	.version = KGIL_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = kgil_nl_ops,
	.n_ops = ARRAY_SIZE(kgil_nl_ops),
	.resv_start_op = KGIL_CMD_OBJECT_GET,
	.mcgrps = kgil_nl_groups,
	.n_mcgrps = ARRAY_SIZE(kgil_nl_groups),
};

int __init kgil_netlink_init(void)
{
	return genl_register_family(&kgil_family);
}

void kgil_netlink_exit(void)
{
	genl_unregister_family(&kgil_family);
}
