/* SPDX-License-Identifier: GPL-2.0 */
/* Made by scripts/netlink-gen of docs/netlink/kgil.yaml: change that. */
#ifndef _KGIL_NETLINK_GEN_H
#define _KGIL_NETLINK_GEN_H

#include <net/genetlink.h>
#include <net/netlink.h>

#include <linux/kgil.h>

enum kgil_group {
	KGIL_GROUP_EVENTS,
	KGIL_GROUP_OBJECTS,
};

int kgil_nl_object_get_doit(struct sk_buff *skb, struct genl_info *info);
int kgil_get_start(struct netlink_callback *cb);
int kgil_nl_object_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kgil_thread_start(struct netlink_callback *cb);
int kgil_nl_thread_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kgil_nl_object_set_doit(struct sk_buff *skb, struct genl_info *info);

extern const struct genl_ops kgil_nl_ops[3];
extern const struct genl_multicast_group kgil_nl_groups[2];

#endif /* _KGIL_NETLINK_GEN_H */
