// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "bench_loop.h"
#include "work.h"

static int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

double bench_time_loop(bench_loop loop, void *arg, uint64_t n)
{
	uint64_t ns[BENCH_LOOPS], start;
	unsigned int i;

	for (i = 0; i < BENCH_LOOPS; i++) {
		start = work_clock();
		if (loop(arg, n))
			return -1;
		ns[i] = work_clock() - start;
	}
	qsort(ns, BENCH_LOOPS, sizeof(ns[0]), compare_ns);
	return (double)ns[BENCH_LOOPS / 2] / n;
}
