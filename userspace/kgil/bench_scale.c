// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench scale: does it matter how many there are?
 */
#include "bench_scale.h"

int bench_scale(struct bench *bench)
{
	int status = bench_scale_waiters(bench);

	return status ? status : bench_scale_objects(bench);
}
