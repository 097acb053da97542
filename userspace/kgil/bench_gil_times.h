/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of the histograms of a section: what no median of rounds can show. */
#ifndef KGIL_CMD_BENCH_GIL_TIMES_H
#define KGIL_CMD_BENCH_GIL_TIMES_H

#include "bench.h"

void gil_print_times(const struct bench *bench, const char *section);

#endif /* KGIL_CMD_BENCH_GIL_TIMES_H */
