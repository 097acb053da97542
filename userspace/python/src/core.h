/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every class of the package is made of.
 *
 * Everything here is called with Python's own GIL held, which protects all
 * fields but the lock itself; only the wait is done without it.
 */
#ifndef KGIL_PYTHON_CORE_H
#define KGIL_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include "kgil.h"

/* A timeout, in ns: no limit. */
#define WAIT_FOREVER INT64_MAX

/**
 * struct core - a lock, semaphore or GIL
 * @lazy: private: the count, and from the first contention on a kernel object
 * @word: shared: the kernel object, taken by its word; NULL: private
 * @max: the greatest count of a lock or semaphore
 * @type: shared: enum kgil_type; 0: private
 * @fd: shared: its descriptor
 * @timed: measure how long it is held
 * @owner_died: acquired from an owner that died holding it; until it is set to false
 * @waiting: private: threads that wait, if @waiting_in is this process
 * @waiting_in: serial number of the process among its forks
 * @hold_began: private, timed: when it was acquired, in ns
 * @stats: private: what happened until now; a kernel object counts by itself
 */
struct core {
	struct kgil_lazy lazy;
	struct kgil_word *word;
	uint32_t max;
	uint32_t type;
	int fd;
	bool timed;
	bool owner_died;
	uint32_t waiting;
	uint32_t waiting_in;
	uint64_t hold_began;
	struct kgil_stats stats;
};

/* Once, before anything else; -1 with an exception. */
int core_setup(void);

/* A private lock that is free, or semaphore of maximum @max. */
void core_init_private(struct core *core, uint32_t count, uint32_t max);
/* A kernel object of its own; -1 with an exception, @core is as before. */
int core_init_shared(struct core *core, const struct kgil_create *create);
/* The object of @fd, which becomes @core's; -1 with an exception. */
int core_init_fd(struct core *core, uint32_t type, int fd);
/* The end of it.  Nobody may be waiting. */
void core_end(struct core *core);
/* Before it is initialised again: -1 with an exception if it is in use. */
int core_check_unused(const struct core *core);

/*
 * 1: acquired; 0: not within @timeout_ns; -1: not, with an exception, which may
 * be that of a signal handler.
 */
int core_acquire(struct core *core, int64_t timeout_ns);
/* 1, or -1 with an exception.  No signal handler of Python's runs. */
int core_acquire_deaf(struct core *core);
/* -1 with errno, no exception. */
int core_release(struct core *core);
/* A GIL: hand it over and own it again, whatever is returned.  -1: exception. */
int core_yield(struct core *core);
/* A private lock, in the child of a fork: as if it were new. */
void core_renew(struct core *core);

/* How many acquires would not wait; -1 with an exception. */
int64_t core_value(const struct core *core);
/* How many threads wait; -1 with an exception. */
int64_t core_waiters(const struct core *core);
/* Of a shared one; -1 with an exception. */
int core_state(const struct core *core, struct kgil_state *state);
/* The descriptor of the kernel object; -1: there is none yet. */
int core_fd(const struct core *core);
/* -1 with an exception. */
int core_stats(const struct core *core, struct kgil_stats *stats);
/* Was how long it was held measured? */
bool core_knows_holds(const struct core *core, const struct kgil_stats *stats);

/* Raise OSError with what @err means to kgil; returns NULL. */
void *raise_errno(int err);

static inline bool core_is_shared(const struct core *core)
{
	return core->word;
}

#endif /* KGIL_PYTHON_CORE_H */
