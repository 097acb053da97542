/* SPDX-License-Identifier: GPL-2.0 */
/* The global interpreter lock. */
#ifndef _KGIL_GIL_H
#define _KGIL_GIL_H

#include <linux/ktime.h>

struct kgil_object;

int kgil_gil_acquire(struct kgil_object *obj, ktime_t deadline);
int kgil_gil_release(struct kgil_object *obj);
int kgil_gil_yield(struct kgil_object *obj);

#endif /* _KGIL_GIL_H */
