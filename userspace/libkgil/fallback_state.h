/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an object of the fallback tells, and its settings.  0, or an error. */
#ifndef KGIL_FALLBACK_STATE_H
#define KGIL_FALLBACK_STATE_H

#include <stdbool.h>

#include "fallback.h"

/* The settings in @create, with what 0 stands for; false: one is not allowed. */
bool fallback_resolve(struct kgil_create *create);

int fallback_get_state(struct fallback *object, struct kgil_state *state);
int fallback_get_stats(struct fallback *object, struct kgil_stats *stats);
int fallback_set_interval(struct fallback *object, uint64_t interval_ns);
int fallback_set_policy(struct fallback *object, uint32_t policy);
int fallback_set_handoff(struct fallback *object, uint64_t handoff_ns);

#endif /* KGIL_FALLBACK_STATE_H */
