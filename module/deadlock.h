/* SPDX-License-Identifier: GPL-2.0 */
/* Owners that wait for each other. */
#ifndef _KGIL_DEADLOCK_H
#define _KGIL_DEADLOCK_H

#include <linux/types.h>

struct kgil_object;
struct kgil_thread;
struct kgil_tie;

/**
 * struct kgil_wait - what a thread waits for
 * @obj: a gil or rlock, pinned by the call that waits; NULL: nothing
 * @number: how many waits it has begun
 * @walk: the walk that has come by last
 * @walk_number: @number, as that walk saw it
 *
 * @obj and @number are written by the thread alone, and read by all under RCU;
 * the others are protected by the mutex of deadlock.c.
 */
struct kgil_wait {
	struct kgil_object *obj;
	u64 number;
	u64 walk;
	u64 walk_number;
};

void kgil_wait_announce(struct kgil_tie *tie);
void kgil_wait_over(struct kgil_tie *tie);
bool kgil_wait_is_nested(struct kgil_object *obj, struct kgil_tie *tie,
			 u64 word);
int kgil_deadlock_check(struct kgil_object *obj, struct kgil_tie *tie);

#endif /* _KGIL_DEADLOCK_H */
