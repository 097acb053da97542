/* SPDX-License-Identifier: GPL-2.0 */
/* The global interpreter lock. */
#ifndef _KGIL_GIL_H
#define _KGIL_GIL_H

#include <linux/ktime.h>

#include "object.h"

int kgil_gil_acquire(struct kgil_object *obj, ktime_t deadline);
int kgil_gil_release(struct kgil_object *obj);
int kgil_gil_yield(struct kgil_object *obj);
void kgil_gil_set_policy(struct kgil_object *obj, u32 policy);

void kgil_gil_arrive(struct kgil_object *obj, struct kgil_tie *tie, u64 word,
		     u64 now);
void kgil_gil_contend(struct kgil_object *obj, struct kgil_waiter *waiter,
		      u64 word, u64 now);
bool kgil_gil_charge(struct kgil_object *obj, u64 ran);
bool kgil_gil_keeps(struct kgil_object *obj, u64 now);
bool kgil_gil_calls(struct kgil_object *obj, const struct kgil_waiter *next);
void kgil_gil_end_keeping(struct kgil_object *obj, u64 now);
bool kgil_gil_is_open(const struct kgil_object *obj, u64 now);
void kgil_gil_turn(struct kgil_object *obj, const struct kgil_waiter *next);
bool kgil_gil_ends_keeping(struct kgil_object *obj,
			   const struct kgil_waiter *waiter, u64 now);

/* May @tie take it, if it is free?  Of other types anybody may. */
static inline bool kgil_gil_is_for(const struct kgil_object *obj,
				   const struct kgil_tie *tie)
{
	return !obj->kept || obj->kept == tie;
}

#endif /* _KGIL_GIL_H */
