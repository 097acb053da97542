/* SPDX-License-Identifier: GPL-2.0 */
/* The semaphore, which every type is made of. */
#ifndef _KGIL_SEM_H
#define _KGIL_SEM_H

#include <linux/ktime.h>
#include <linux/types.h>

struct kgil_object;
struct kgil_tie;
struct kgil_waiter;
struct task_struct;

int kgil_sem_acquire(struct kgil_object *obj, struct kgil_tie *tie,
		     ktime_t deadline);
int kgil_sem_release(struct kgil_object *obj);

struct task_struct *kgil_sem_give(struct kgil_object *obj, u64 now);
int kgil_sem_wait(struct kgil_object *obj, struct kgil_waiter *waiter,
		  ktime_t deadline);

#endif /* _KGIL_SEM_H */
