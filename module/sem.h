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

int kgil_sem_acquire(struct kgil_object *obj, ktime_t deadline);
int kgil_sem_release(struct kgil_object *obj);
u64 kgil_sem_ran(const struct kgil_object *obj, u64 word, u64 now);
void kgil_sem_set_handoff(struct kgil_object *obj, u64 handoff);

int kgil_sem_acquire_locked(struct kgil_object *obj, struct kgil_tie *tie,
			    u64 word, ktime_t deadline)
	__releases(&obj->lock);
int kgil_sem_release_locked(struct kgil_object *obj, u64 word)
	__releases(&obj->lock);
int kgil_sem_refuse(struct kgil_object *obj, u64 word, int err)
	__releases(&obj->lock);
int kgil_sem_refuse_acquire(struct kgil_object *obj, struct kgil_tie *tie,
			    u64 word, int err)
	__releases(&obj->lock);

struct task_struct *kgil_sem_give(struct kgil_object *obj, u64 word, u64 now);
struct task_struct *kgil_sem_hand_over(struct kgil_object *obj, u64 now);
struct task_struct *kgil_sem_pass(struct kgil_object *obj, u64 word, u64 now);
void kgil_sem_queue(struct kgil_object *obj, struct kgil_waiter *waiter,
		    struct kgil_tie *tie, u64 word, u64 now);
int kgil_sem_wait(struct kgil_object *obj, struct kgil_waiter *waiter,
		  ktime_t deadline);

#endif /* _KGIL_SEM_H */
