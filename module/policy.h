/* SPDX-License-Identifier: GPL-2.0 */
/* Who is next, and when the owner must drop: decisions on plain data. */
#ifndef _KGIL_POLICY_H
#define _KGIL_POLICY_H

#include <linux/list.h>
#include <linux/types.h>

#include <linux/kgil.h>

struct kgil_waiter;

#define KGIL_POLICY_OF_DEFAULT	KGIL_POLICY_FIFO

bool kgil_valid_policy(u32 policy);
u32 kgil_policy_resolve(u32 policy);
bool kgil_valid_interval(u64 ns);

struct kgil_waiter *kgil_policy_next(struct list_head *waiters);
u64 kgil_policy_drop_at(u64 hold_start, u64 interval);

#endif /* _KGIL_POLICY_H */
