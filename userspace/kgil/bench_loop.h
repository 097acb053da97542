/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil bench: how long a short thing takes, by doing it often.
 */
#ifndef KGIL_CMD_BENCH_LOOP_H
#define KGIL_CMD_BENCH_LOOP_H

#include <stdint.h>

/* So many loops are measured. */
#define BENCH_LOOPS 9

/* Do it @n times; 0, or -1 with errno set. */
typedef int (*bench_loop)(void *arg, uint64_t n);

/*
 * ns of one, in loops of @n: the median of several, so that one that is
 * interrupted is no harm.  -1 with errno set.
 */
double bench_time_loop(bench_loop loop, void *arg, uint64_t n);

#endif /* KGIL_CMD_BENCH_LOOP_H */
