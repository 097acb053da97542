/* SPDX-License-Identifier: GPL-2.0 */
/* Python's Lock and RLock, on the semaphore. */
#ifndef _KGIL_LOCK_H
#define _KGIL_LOCK_H

#include <linux/ktime.h>

struct kgil_object;

int kgil_lock_release(struct kgil_object *obj);

int kgil_rlock_acquire(struct kgil_object *obj, ktime_t deadline);
int kgil_rlock_release(struct kgil_object *obj);

#endif /* _KGIL_LOCK_H */
