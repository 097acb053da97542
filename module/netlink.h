/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family. */
#ifndef _KGIL_NETLINK_H
#define _KGIL_NETLINK_H

#include <linux/types.h>

struct kgil_object;
struct netlink_callback;
struct sk_buff;

void kgil_netlink_owner_died(struct kgil_object *obj, u64 owner, u32 waiters);

/* For netlink_thread.c. */
int kgil_put_u64(struct sk_buff *msg, int attr, u64 value);
void *kgil_netlink_dump_head(struct sk_buff *msg, struct netlink_callback *cb,
			     u8 cmd);
int kgil_thread_start(struct netlink_callback *cb);
int kgil_thread_dumpit(struct sk_buff *msg, struct netlink_callback *cb);

int kgil_netlink_init(void);
void kgil_netlink_exit(void);

#endif /* _KGIL_NETLINK_H */
