/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil contend: what its parts share.
 */
#ifndef KGIL_CMD_CONTEND_H
#define KGIL_CMD_CONTEND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <kgil.h>

#include "hist.h"
#include "path.h"

/* The order of the words of --type. */
enum contend_type {
	CONTEND_GIL,
	CONTEND_SEM,
	CONTEND_LOCK,
	CONTEND_RLOCK,
	CONTEND_NONE,
};

/* What an I/O thread does with the lock in hand, ns. */
#define CONTEND_IO_WORK 10000

/**
 * struct contend_opts - what was asked for; times in ns
 * @type: enum contend_type
 * @path: enum path_kind
 * @threads: how many threads or processes
 * @processes: processes, not threads
 * @work: processor time inside
 * @io: time in a blocking read outside; 0: none
 * @io_threads: how many of @threads do that, and work CONTEND_IO_WORK; 0: all, with @work
 * @duration: when to end
 * @ops: attempts in all, then end; 0: no limit
 * @nonblocking: try only
 * @timeout: give up waiting; 0: never
 * @interval: of a gil; 0: the default
 * @policy: of a gil, enum kgil_policy
 * @count: of a sem
 * @handoff: of a sem, lock or rlock; 0: the default
 */
struct contend_opts {
	unsigned int type;
	unsigned int path;
	uint64_t threads;
	bool processes;
	uint64_t work;
	uint64_t io;
	uint64_t io_threads;
	uint64_t duration;
	uint64_t ops;
	bool nonblocking;
	uint64_t timeout;
	uint64_t interval;
	uint32_t policy;
	uint64_t count;
	uint64_t handoff;
};

/**
 * struct contend_worker - what one thread or process did
 * @acquisitions: times it got the lock by acquiring
 * @busy: tries that found it taken
 * @timeouts: waits that ended by --timeout
 * @yields: times it handed a gil over when asked
 * @owner_deaths: acquisitions that said that the last owner had died
 * @held: time it held the lock
 * @end: when it ended, by the clock
 * @err: errno of what it failed with; 0: nothing
 * @failed: what failed, if @err
 * @wait: how long each acquire and yield took
 * @hold: how long it held the lock each time
 */
struct contend_worker {
	uint64_t acquisitions;
	uint64_t busy;
	uint64_t timeouts;
	uint64_t yields;
	uint64_t owner_deaths;
	uint64_t held;
	uint64_t end;
	int err;
	char failed[32];
	struct hist wait;
	struct hist hold;
};

enum contend_end {
	CONTEND_END_DURATION,
	CONTEND_END_OPS,
	CONTEND_END_INTERRUPTED,
	CONTEND_END_FAILED,
};

/* Attempts begun, on a cache line of its own. */
union contend_tickets {
	atomic_ullong n;
	char line[64];
} __attribute__((aligned(64)));

/* What the lock protects, likewise. */
union contend_counter {
	volatile uint64_t n;
	char line[64];
} __attribute__((aligned(64)));

/**
 * struct contend - a run, in memory shared with the workers
 * @opts: what was asked for
 * @fd: the object; -1: none
 * @path: how to take it by its word, for all workers; else each has its own
 * @state: the object when it was new: what it is set to
 * @chunk: rounds between two looks at @stop and the drop request
 * @start: when it started
 * @stop: workers must end
 * @tickets: attempts begun, if there is a limit
 * @counter: changed by a plain load, add and store while holding the lock
 * @end: why it ended
 * @lost_workers: processes that ended in another way than by themselves
 * @stats: what the kernel counted
 * @by_word: acquisitions by the word, as the page says
 * @workers: one for each worker
 */
struct contend {
	struct contend_opts opts;
	int fd;
	struct path path;
	struct kgil_state state;
	uint64_t chunk;
	uint64_t start;
	atomic_bool stop;
	union contend_tickets tickets;
	union contend_counter counter;
	enum contend_end end;
	unsigned int lost_workers;
	struct kgil_stats stats;
	uint64_t by_word;
	struct contend_worker workers[];
};

extern const char *const contend_type_words[];

/* What a worker does; a work_fn. */
void contend_work(unsigned int index, void *run);

/* Print the result as text or JSON; returns the exit status. */
int contend_report(const struct contend *run);

#endif /* KGIL_CMD_CONTEND_H */
