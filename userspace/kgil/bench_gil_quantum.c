// SPDX-License-Identifier: GPL-2.0
/*
 * A queue and a long quantum, the shape of Ruby's lock: who waits gets it in the
 * order of arrival, handed over by who drops it, and the owner is asked to drop
 * it after 100 ms.  The first of the queue keeps the time.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "bench_gil_cond.h"
#include "bench_gil_kind.h"
#include "out.h"
#include "work.h"

#define QUANTUM_NS 100000000ULL

/**
 * struct in_queue - a thread that waits, on its stack
 * @next: who came after it
 * @wake: it has become the owner, or the first of the queue
 * @granted: it has become the owner
 */
struct in_queue {
	struct in_queue *next;
	pthread_cond_t wake;
	bool granted;
};

/**
 * struct quantum - the lock
 * @mutex: protects all but @drop
 * @first: of the queue; NULL: it is empty
 * @end: where the next one goes
 * @taken: somebody owns it
 * @drop: the owner is asked to drop it; read without @mutex
 * @since: when the owner got it
 * @quantum_ns: how long an owner may keep it if others wait
 */
struct quantum {
	pthread_mutex_t mutex;
	struct in_queue *first;
	struct in_queue **end;
	bool taken;
	unsigned int drop;
	uint64_t since;
	uint64_t quantum_ns;
};

static bool quantum_asked(const void *lock)
{
	const struct quantum *gil = lock;

	return __atomic_load_n(&gil->drop, __ATOMIC_RELAXED);
}

static void *quantum_new(uint64_t interval_ns)
{
	struct quantum *gil = out_alloc(sizeof(*gil));

	pthread_mutex_init(&gil->mutex, NULL);
	gil->end = &gil->first;
	gil->quantum_ns = interval_ns ? interval_ns : QUANTUM_NS;
	return gil;
}

static void quantum_free(void *lock)
{
	struct quantum *gil = lock;

	pthread_mutex_destroy(&gil->mutex);
	free(gil);
}

static void quantum_thread(void *lock)
{
	(void)lock;
}

/* A new owner has a whole quantum. */
static void begin_quantum(struct quantum *gil)
{
	gil->taken = true;
	gil->since = work_clock();
	__atomic_store_n(&gil->drop, 0, __ATOMIC_RELAXED);
}

static void enqueue(struct quantum *gil, struct in_queue *me)
{
	gil_cond_init(&me->wake);
	*gil->end = me;
	gil->end = &me->next;
}

/* Hand it to the first of the queue; the next one keeps the time from now on. */
static void hand_over(struct quantum *gil)
{
	struct in_queue *next = gil->first;

	if (!next) {
		gil->taken = false;
		return;
	}
	gil->first = next->next;
	if (!gil->first)
		gil->end = &gil->first;
	begin_quantum(gil);
	next->granted = true;
	pthread_cond_signal(&next->wake);
	if (gil->first)
		pthread_cond_signal(&gil->first->wake);
}

/* The first wakes at the end of the quantum; the others when something happens. */
static void wait_in_queue(struct quantum *gil, struct in_queue *me)
{
	while (!me->granted) {
		if (gil->first != me || gil->drop)
			pthread_cond_wait(&me->wake, &gil->mutex);
		else if (!gil_cond_wait_until(&me->wake, &gil->mutex,
					      gil->since + gil->quantum_ns) &&
			 !me->granted && work_clock() >= gil->since + gil->quantum_ns)
			__atomic_store_n(&gil->drop, 1, __ATOMIC_RELAXED);
	}
	pthread_cond_destroy(&me->wake);
}

static void quantum_acquire(void *lock)
{
	struct in_queue me = { .granted = false };
	struct quantum *gil = lock;

	pthread_mutex_lock(&gil->mutex);
	if (gil->taken) {
		enqueue(gil, &me);
		wait_in_queue(gil, &me);
	} else {
		begin_quantum(gil);
	}
	pthread_mutex_unlock(&gil->mutex);
}

static void quantum_release(void *lock)
{
	struct quantum *gil = lock;

	pthread_mutex_lock(&gil->mutex);
	hand_over(gil);
	pthread_mutex_unlock(&gil->mutex);
}

/* To the end of the queue; asked, it is not empty. */
static void quantum_yield(void *lock)
{
	struct in_queue me = { .granted = false };
	struct quantum *gil = lock;

	pthread_mutex_lock(&gil->mutex);
	if (gil->first) {
		enqueue(gil, &me);
		hand_over(gil);
		wait_in_queue(gil, &me);
	}
	pthread_mutex_unlock(&gil->mutex);
}

const struct gil_kind gil_quantum = {
	.name = "ruby-like",
	.about = "a queue with a quantum of 100 ms, Ruby's shape",
	.exclusive = true,
	.create = quantum_new,
	.destroy = quantum_free,
	.thread_begin = quantum_thread,
	.thread_end = quantum_thread,
	.acquire = quantum_acquire,
	.release = quantum_release,
	.asked = quantum_asked,
	.yield = quantum_yield,
};
