/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a struct kgil_lazy, and what is done with it while nobody waits.
 *
 * Who waits says so in the state before it looks at the count for the last time,
 * and who gives a unit back sees with the same step whether somebody waits.  So
 * one of the two sees the other.  The units themselves never leave the state: to
 * wake a waiter only means that it looks again.
 */
#ifndef KGIL_LAZY_H
#define KGIL_LAZY_H

#include <time.h>

#include "take.h"

/*
 * While nobody waits the state is the count and nothing else.  The lower half is
 * what a futex compares; as a signed number it is above 0 if there is a unit for
 * anybody.
 */
#define LAZY_COUNT 0x7fffffffULL
/* A waiter has been passed over for long: only waiters may take a unit. */
#define LAZY_TURN 0x80000000ULL
/* One thread that waits, and all of them: more than there can be processes. */
#define LAZY_WAITER 0x100000000ULL
#define LAZY_WAITERS (0x7fffffULL * LAZY_WAITER)
/* One of them waits, or has waited, by the futex. */
#define LAZY_FUTEX 0x100000000000000ULL
/* Which object they wait for, as lazy_object_tag() tells; 0: none yet. */
#define LAZY_TAG_SHIFT 57
#define LAZY_TAG (0x7fULL << LAZY_TAG_SHIFT)

#define LAZY_FOREVER INT64_MAX

/**
 * struct lazy_deadline - until when to wait
 * @clock: CLOCK_MONOTONIC or CLOCK_REALTIME
 * @ns: time of that clock; LAZY_FOREVER: without end
 */
struct lazy_deadline {
	clockid_t clock;
	int64_t ns;
};

/*
 * Take a unit, or wait for one.  0; -1: errno is EINTR or ETIMEDOUT.  Success
 * leaves errno as it is.
 */
int lazy_wait(struct kgil_lazy *lazy, const struct lazy_deadline *deadline);
/* As kgil_lazy_try(), when lazy_take() failed. */
bool lazy_try_slowly(struct kgil_lazy *lazy);
/* As kgil_lazy_release(), when lazy_give() failed. */
int lazy_give_slowly(struct kgil_lazy *lazy);

static always_inline bool lazy_state_change(struct kgil_lazy *lazy, uint64_t *from, uint64_t to)
{
	return __atomic_compare_exchange_n(&lazy->state, from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* Each is true if it did; else nothing is changed, and the slow path is next. */
static always_inline bool lazy_take(struct kgil_lazy *lazy)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_RELAXED);

	do {
		if (unlikely((int32_t)state <= 0))
			return false;
	} while (unlikely(!lazy_state_change(lazy, &state, state - 1)));
	return true;
}

/* @max: that of @lazy */
static always_inline bool lazy_give(struct kgil_lazy *lazy, uint64_t max)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_RELAXED);

	do {
		if (unlikely(state >= max))
			return false;
	} while (unlikely(!lazy_state_change(lazy, &state, state + 1)));
	return true;
}

#endif /* KGIL_LAZY_H */
