/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands that change who has an object.  With signals held; @signals is
 * what they are let to be while the thread sleeps.  Each returns 0 or an error.
 */
#ifndef KGIL_FALLBACK_WAIT_H
#define KGIL_FALLBACK_WAIT_H

#include "fallback.h"

int fallback_acquire(struct fallback *object, uint64_t deadline_ns, const sigset_t *signals);
int fallback_try(struct fallback *object);
int fallback_release(struct fallback *object);
int fallback_yield(struct fallback *object, const sigset_t *signals);

/* Something changed that who minds the object has to know. */
void fallback_wake_minder(struct fallback *object);

#endif /* KGIL_FALLBACK_WAIT_H */
