/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads under one GIL for a while, and what is counted of them: work done,
 * time held, changes of the owner.  All of it is counted in user space, in the
 * same way for every kind.
 */
#ifndef KGIL_CMD_BENCH_GIL_RUN_H
#define KGIL_CMD_BENCH_GIL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench_gil_kind.h"
#include "hist.h"

/* 64 CPU-bound ones and one more. */
#define GIL_THREADS_MAX 65

struct gil_run;

/**
 * struct gil_thread - a thread of a run; on cache lines of its own
 * @run: the run
 * @index: 0 to n - 1
 * @since: when it began to hold the GIL
 * @hold_ns: time it has held it, up to the last time it gave it up
 * @done: units of work: chunks, requests, calls
 */
struct gil_thread {
	struct gil_run *run;
	unsigned int index;
	uint64_t since;
	uint64_t hold_ns;
	uint64_t done;
} __attribute__((aligned(128)));

/**
 * struct gil_track - who owned an exclusive GIL, and how long; the owner's
 * @owner: thread that held it last; NULL: none yet
 * @taken_at: when it took it from another
 * @switches: how often that happened
 * @lengths: times between two switches
 */
struct gil_track {
	const struct gil_thread *owner;
	uint64_t taken_at;
	uint64_t switches;
	struct hist lengths;
} __attribute__((aligned(128)));

/**
 * struct gil_run - a GIL and threads that use it
 * @kind: of the GIL
 * @lock: the GIL
 * @n: number of threads
 * @chunk: rounds of work between two looks at the drop request
 * @first: what thread 0 does; NULL: CPU-bound work, like all others
 * @arg: for @first
 * @ns: how long it lasted
 * @track: changes of the owner
 * @stop: the time is over; on a cache line of its own
 * @threads: the threads
 */
struct gil_run {
	const struct gil_kind *kind;
	void *lock;
	unsigned int n;
	uint64_t chunk;
	void (*first)(struct gil_thread *thread, void *arg);
	void *arg;
	uint64_t ns;
	struct gil_track track;
	bool stop;
	struct gil_thread threads[GIL_THREADS_MAX];
};

/* A run of @n threads; NULL with errno set if the GIL can't be made. */
struct gil_run *gil_run_new(const struct gil_kind *kind, uint64_t interval_ns, unsigned int n);
void gil_run_free(struct gil_run *run);
/* Let them run for @duration_ns.  Once only. */
void gil_run_for(struct gil_run *run, uint64_t duration_ns);

/* For @first: */
bool gil_stopped(const struct gil_run *run);
void gil_take(struct gil_thread *thread);
void gil_drop(struct gil_thread *thread);

/* The sum over the threads from @first on. */
uint64_t gil_done_from(const struct gil_run *run, unsigned int first);
uint64_t gil_hold_from(const struct gil_run *run, unsigned int first);
double gil_per_second(const struct gil_run *run, uint64_t n);

#endif /* KGIL_CMD_BENCH_GIL_RUN_H */
