// SPDX-License-Identifier: GPL-2.0
/*
 * CPython's algorithm: a flag, a mutex and a condition variable.  A waiter that
 * has seen no switch for 5 ms asks the owner to drop; an owner that was asked
 * and drops waits until another thread has had its turn (forced switch).  There
 * is no queue: who comes first when the flag is clear takes it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "bench_gil_cond.h"
#include "bench_gil_kind.h"
#include "out.h"
#include "work.h"

#define INTERVAL_NS 5000000ULL

/**
 * struct cpython - CPython's GIL
 * @mutex: protects @taken, @last and @switches
 * @free: the GIL was given back
 * @turned: another thread has taken it
 * @taken: somebody owns it
 * @drop: the owner is asked to drop it; read without @mutex
 * @last: the thread that took it last; only compared
 * @switches: how often it was taken by another thread than before
 * @interval_ns: how long a waiter waits before it asks
 */
struct cpython {
	pthread_mutex_t mutex;
	pthread_cond_t free;
	pthread_cond_t turned;
	bool taken;
	unsigned int drop;
	pthread_t last;
	uint64_t switches;
	uint64_t interval_ns;
};

static void set_drop(struct cpython *gil, unsigned int drop)
{
	__atomic_store_n(&gil->drop, drop, __ATOMIC_RELAXED);
}

static bool cpython_asked(const void *lock)
{
	const struct cpython *gil = lock;

	return __atomic_load_n(&gil->drop, __ATOMIC_RELAXED);
}

static void *cpython_new(uint64_t interval_ns)
{
	struct cpython *gil = out_alloc(sizeof(*gil));

	pthread_mutex_init(&gil->mutex, NULL);
	gil_cond_init(&gil->free);
	gil_cond_init(&gil->turned);
	gil->interval_ns = interval_ns ? interval_ns : INTERVAL_NS;
	return gil;
}

static void cpython_free(void *lock)
{
	struct cpython *gil = lock;

	pthread_cond_destroy(&gil->turned);
	pthread_cond_destroy(&gil->free);
	pthread_mutex_destroy(&gil->mutex);
	free(gil);
}

static void cpython_thread(void *lock)
{
	(void)lock;
}

/* One interval of waiting; whoever took it meanwhile has a whole one again. */
static void wait_an_interval(struct cpython *gil)
{
	uint64_t switches = gil->switches, deadline = work_clock() + gil->interval_ns;
	bool in_time = gil_cond_wait_until(&gil->free, &gil->mutex, deadline);

	if (!in_time && gil->taken && gil->switches == switches)
		set_drop(gil, 1);
}

static void take(struct cpython *gil)
{
	while (gil->taken)
		wait_an_interval(gil);
	gil->taken = true;
	if (!gil->switches || !pthread_equal(gil->last, pthread_self())) {
		gil->last = pthread_self();
		gil->switches++;
	}
	set_drop(gil, 0);
	pthread_cond_signal(&gil->turned);
}

static void drop(struct cpython *gil)
{
	gil->taken = false;
	pthread_cond_signal(&gil->free);
}

/* Was asked: another thread waits, and is to have it before anything else. */
static void wait_for_turn(struct cpython *gil)
{
	uint64_t switches = gil->switches;

	while (cpython_asked(gil) && gil->switches == switches)
		pthread_cond_wait(&gil->turned, &gil->mutex);
}

static void cpython_acquire(void *lock)
{
	struct cpython *gil = lock;

	pthread_mutex_lock(&gil->mutex);
	take(gil);
	pthread_mutex_unlock(&gil->mutex);
}

static void cpython_release(void *lock)
{
	struct cpython *gil = lock;

	pthread_mutex_lock(&gil->mutex);
	drop(gil);
	wait_for_turn(gil);
	pthread_mutex_unlock(&gil->mutex);
}

static void cpython_yield(void *lock)
{
	cpython_release(lock);
	cpython_acquire(lock);
}

const struct gil_kind gil_cpython = {
	.name = "cpython-like",
	.about = "CPython's algorithm: mutex, condition variable, 5 ms, forced switch",
	.exclusive = true,
	.create = cpython_new,
	.destroy = cpython_free,
	.thread_begin = cpython_thread,
	.thread_end = cpython_thread,
	.acquire = cpython_acquire,
	.release = cpython_release,
	.asked = cpython_asked,
	.yield = cpython_yield,
};
