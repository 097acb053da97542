/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family, and the events that it sends. */
#ifndef _KGIL_NETLINK_H
#define _KGIL_NETLINK_H

#include <net/genetlink.h>
#include <net/netlink.h>

#include <linux/kgil.h>

#include "netlink_gen.h"

struct kgil_object;
struct netlink_callback;
struct sk_buff;

extern struct genl_family kgil_family;

/* Each type of attributes has its padding by the same number. */
static inline int kgil_put_u64(struct sk_buff *msg, int attr, u64 value)
{
	return nla_put_u64_64bit(msg, attr, value, KGIL_A_OBJECT_PAD);
}

int kgil_put_settings(struct sk_buff *msg, const struct kgil_state *state);
int kgil_put_stats(struct sk_buff *msg, int nest_attr,
		   const struct kgil_stats *stats);
int kgil_put_times(struct sk_buff *msg, int attr,
		   const struct kgil_times *times);

struct kgil_object *kgil_netlink_find(struct genl_info *info);

void kgil_netlink_owner_died(struct kgil_object *obj, u64 owner, u32 waiters);
void kgil_netlink_deadlock(struct kgil_object *obj, u64 thread, u32 waiters);
void kgil_event_created(struct kgil_object *obj);
void kgil_event_destroyed(struct kgil_object *obj);
void kgil_event_changed(struct kgil_object *obj);
void kgil_event_long_wait(struct kgil_object *obj, u64 waiter, u64 ns);
void kgil_event_owner_blocked(struct kgil_object *obj, u64 owner, u64 ns);

void *kgil_netlink_dump_head(struct sk_buff *msg, struct netlink_callback *cb,
			     u8 cmd);

int kgil_netlink_init(void);
void kgil_netlink_exit(void);

#endif /* _KGIL_NETLINK_H */
