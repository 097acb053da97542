/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fault injection: /proc/thread-self/fail-nth makes the nth chance to fail of the
 * calling thread a failure.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

#define FAIL_NTH "/proc/thread-self/fail-nth"

/*
 * From now on all allocations may fail, and none says so in the kernel's log.  Ends
 * the program, as skipped, where the kernel has no fault injection.
 */
void need_faults(void);

/* Count only chances below this function of the kernel.  False: it has none such. */
bool only_below(const char *function);

/* @fd: of FAIL_NTH.  0 disarms. */
void set_nth(int fd, int nth);

/* Has the failure happened?  Nothing is armed any more. */
bool was_injected(int fd);

/* A socket that listens to the module's events. */
int hear_events(void);

#endif /* INJECT_H */
