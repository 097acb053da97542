/* SPDX-License-Identifier: GPL-2.0 */
/* Condition variables with deadlines of CLOCK_MONOTONIC. */
#ifndef KGIL_CMD_BENCH_GIL_COND_H
#define KGIL_CMD_BENCH_GIL_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void gil_cond_init(pthread_cond_t *cond);
/* False: the deadline has passed. */
bool gil_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns);

#endif /* KGIL_CMD_BENCH_GIL_COND_H */
