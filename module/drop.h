/* SPDX-License-Identifier: GPL-2.0 */
/* What happens by a timer: asking an owner to let somebody else have it. */
#ifndef _KGIL_DROP_H
#define _KGIL_DROP_H

#include <linux/hrtimer.h>
#include <linux/types.h>

struct kgil_object;

/**
 * struct kgil_drop - the part of an object that asks its owner to drop it
 * @interval: gil: switch interval, ns
 * @requested: the owner has been asked
 * @since: when, ns; 0: it has heeded that
 * @called: its interval is over; who is next has been woken, to ask it
 * @armed: @timer will fire by @at, or is just doing so
 * @at: when, ns
 * @timer: asks when the time is over
 *
 * All under the object's lock.
 */
struct kgil_drop {
	u64 interval;
	bool requested;
	u64 since;
	bool called;
	bool armed;
	u64 at;
	struct hrtimer timer;
};

void kgil_drop_init(struct kgil_object *obj, u64 interval);
void kgil_drop_exit(struct kgil_object *obj);

void kgil_drop_request(struct kgil_object *obj);
void kgil_drop_answer(struct kgil_object *obj);
void kgil_drop_heeded(struct kgil_object *obj, u64 now);
void kgil_drop_watch(struct kgil_object *obj, u64 now);
void kgil_drop_watch_called(struct kgil_object *obj, u64 now);
void kgil_drop_rewatch(struct kgil_object *obj);
void kgil_drop_new_owner(struct kgil_object *obj, u64 now);
void kgil_drop_lost_waiter(struct kgil_object *obj);
void kgil_drop_set_interval(struct kgil_object *obj, u64 interval);

#endif /* _KGIL_DROP_H */
