// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <time.h>

#include "bench_gil_cond.h"

#define SECOND 1000000000ULL

void gil_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

bool gil_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
	const struct timespec until = {
		.tv_sec = deadline_ns / SECOND,
		.tv_nsec = deadline_ns % SECOND,
	};

	return pthread_cond_timedwait(cond, mutex, &until) != ETIMEDOUT;
}
