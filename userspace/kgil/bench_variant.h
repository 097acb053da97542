/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil bench: what the files with variants share.
 */
#ifndef KGIL_CMD_BENCH_VARIANT_H
#define KGIL_CMD_BENCH_VARIANT_H

#include "bench_lock.h"

/* Each up to a name that is NULL. */
extern const struct bench_variant bench_user_variants[]; /* enter the kernel only to wait */
extern const struct bench_variant bench_call_variants[]; /* always do */
extern const struct bench_variant bench_kgil_variants[];

#define BENCH_ANY_THREAD (BENCH_PAIRS | BENCH_EXCLUDE | BENCH_POST)
#define BENCH_OWN_THREAD (BENCH_PAIRS | BENCH_EXCLUDE)

/* The loop of a variant, with its two calls in it and not behind a pointer. */
#define BENCH_DEFINE_PAIRS(name)                                                \
	static int name##_pairs(struct bench_lock *lock, uint64_t n)            \
	{                                                                       \
		while (n--)                                                     \
			if (name##_acquire(lock, 0) || name##_release(lock, 0)) \
				return -1;                                      \
		return 0;                                                       \
	}                                                                       \
	static int name##_pairs(struct bench_lock *lock, uint64_t n)

#define BENCH_CALLS(prefix) \
	.acquire = prefix##_acquire, .release = prefix##_release, .pairs = prefix##_pairs

#endif /* KGIL_CMD_BENCH_VARIANT_H */
