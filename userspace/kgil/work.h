/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the workloads are made of: a clock, work that keeps a processor busy, and
 * threads or processes that start together.
 */
#ifndef KGIL_CMD_WORK_H
#define KGIL_CMD_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC, in ns. */
uint64_t work_clock(void);
/* Processor time of the calling thread, in ns. */
uint64_t work_cpu_clock(void);

/*
 * Measure how fast work_rounds() is here.  Call it once, while nothing else
 * runs, before work_rounds_of() and work_busy().
 */
void work_calibrate(void);
/* How many rounds keep one processor busy for @ns; at least 1 unless @ns is 0. */
uint64_t work_rounds_of(uint64_t ns);
/* Arithmetic only: no system call, no shared memory. */
void work_rounds(uint64_t rounds);
/* About @ns of processor time. */
void work_busy(uint64_t ns);

/* A worker: @index is 0 to n - 1. */
typedef void (*work_fn)(unsigned int index, void *arg);

struct work_team;

/*
 * @n threads that wait at a gate; NULL with errno set if one can't be made
 * (none is left then).
 */
struct work_team *work_team_new(unsigned int n, work_fn fn, void *arg);
/* The same, but processes: @arg must be in shared memory. */
struct work_team *work_team_fork(unsigned int n, work_fn fn, void *arg);
/* Let them start; all of them have arrived at the gate.  Returns the time. */
uint64_t work_team_go(struct work_team *team);
/* Send each a signal, as to end a blocking call. */
void work_team_signal(struct work_team *team, int signal);
/* How many have not ended yet.  Doesn't wait. */
unsigned int work_team_running(struct work_team *team);
/*
 * Wait for all of them, and free the team.  Returns how many processes ended in
 * another way than by returning from the worker; 0 for threads.
 */
unsigned int work_team_join(struct work_team *team);

/* Memory that children of fork share; zeroed.  NULL with errno set. */
void *work_shared_alloc(size_t size);
void work_shared_free(void *memory, size_t size);

#endif /* KGIL_CMD_WORK_H */
