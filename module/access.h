/* SPDX-License-Identifier: GPL-2.0 */
/* Who may open, see and change an object. */
#ifndef _KGIL_ACCESS_H
#define _KGIL_ACCESS_H

#include <linux/types.h>

struct file;
struct kgil_object;
struct sk_buff;

bool kgil_may_open(const struct kgil_object *obj, bool write);
bool kgil_may_see(const struct file *reader, const struct kgil_object *obj);
bool kgil_may_set(const struct file *file, const struct kgil_object *obj);
bool kgil_netlink_may_see(const struct sk_buff *request,
			  const struct kgil_object *obj);
bool kgil_netlink_may_set(const struct sk_buff *request,
			  const struct kgil_object *obj);

#endif /* _KGIL_ACCESS_H */
