/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family. */
#ifndef _KGIL_NETLINK_H
#define _KGIL_NETLINK_H

#include <linux/types.h>

struct kgil_object;

void kgil_netlink_owner_died(struct kgil_object *obj, u64 owner, u32 waiters);

int kgil_netlink_init(void);
void kgil_netlink_exit(void);

#endif /* _KGIL_NETLINK_H */
