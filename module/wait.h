/* SPDX-License-Identifier: GPL-2.0 */
/* The one wait core: a queue, a grant, a wake-up. */
#ifndef _KGIL_WAIT_H
#define _KGIL_WAIT_H

#include <linux/ktime.h>
#include <linux/types.h>

struct kgil_object;
struct kgil_tie;
struct kgil_waiter;
struct task_struct;

/* How long to wait for an object: until a time, or one of these. */
#define KGIL_FOREVER	KTIME_MAX
#define KGIL_TRY	((ktime_t)-1)

void kgil_enqueue(struct kgil_object *obj, struct kgil_waiter *waiter,
		  struct kgil_tie *tie, u64 now);
void kgil_dequeue(struct kgil_object *obj, struct kgil_waiter *waiter, u64 now);

void kgil_spin(struct kgil_object *obj, struct kgil_waiter *waiter);
int kgil_sleep(struct kgil_object *obj, struct kgil_waiter *waiter,
	       ktime_t deadline);
void kgil_report_if_long(struct kgil_object *obj, struct kgil_waiter *waiter);

struct task_struct *kgil_call(struct kgil_object *obj,
			      struct kgil_waiter *waiter, u64 now);
struct task_struct *kgil_grant(struct kgil_waiter *waiter, int result);
void kgil_wake(struct task_struct *task);
void kgil_woken(u64 since, u64 now);
bool kgil_granted(const struct kgil_waiter *waiter);

#endif /* _KGIL_WAIT_H */
