/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Is the machine ours?  Other programs, and other guests of the same host, take
 * processor time away, and a measurement that was disturbed so says nothing.
 */
#ifndef KGIL_CMD_BENCH_QUIET_H
#define KGIL_CMD_BENCH_QUIET_H

#include <stdbool.h>
#include <stdint.h>

/* Keep all processors busy for 20 ms: do they get done what they did at best? */
bool bench_is_quiet(void);
/* Wait until they do; false: they didn't within @limit_ns. */
bool bench_wait_quiet(uint64_t limit_ns);

#endif /* KGIL_CMD_BENCH_QUIET_H */
