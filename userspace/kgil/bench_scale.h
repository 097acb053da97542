/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil bench scale: its two halves.  Each returns an exit status, 0 or after a
 * message.
 */
#ifndef KGIL_CMD_BENCH_SCALE_H
#define KGIL_CMD_BENCH_SCALE_H

#include "bench.h"

#define SCALE_SECTION "scale"

int bench_scale_waiters(struct bench *bench);
int bench_scale_objects(struct bench *bench);

#endif /* KGIL_CMD_BENCH_SCALE_H */
