// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * POSIX semaphores on kgil: a library for LD_PRELOAD.
 *
 * A semaphore that sem_init() makes for the threads of one process is a struct
 * kgil_lazy in the memory of the sem_t, and is marked.  All others are libc's:
 * those shared by processes, named ones, those that were only cleared, and, where
 * the module cannot be used, all.
 *
 * The functions do what sem_overview(7) says, for a program that has never heard
 * of kgil; so they differ from libc's in nothing that it can tell.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdalign.h>
#include <stdbool.h>

#include <kgil.h>
#include <lazy.h>

#include "libc.h"
#include "trouble.h"

#define NSEC_PER_SEC 1000000000LL
#define MARK 0x6b67696c
#define PUBLIC __attribute__((visibility("default")))

/**
 * struct semaphore - a sem_t of ours
 * @lazy: the semaphore
 * @mark: the address and MARK: a copy is none.  libc's use only the first half of
 *	a sem_t, and don't change what is here.
 */
struct semaphore {
	struct kgil_lazy lazy;
	uint64_t mark;
} __attribute__((may_alias));

static_assert(sizeof(struct semaphore) == sizeof(sem_t), "it fills a sem_t");
static_assert(alignof(sem_t) == alignof(uint64_t), "and lies as it does");
static_assert(SEM_VALUE_MAX == KGIL_COUNT_MAX, "both count as far");

static always_inline uint64_t mark_of(const sem_t *sem)
{
	return (uintptr_t)sem + MARK;
}

/* The semaphore if it is ours, else NULL. */
static always_inline struct kgil_lazy *ours(sem_t *sem)
{
	struct semaphore *semaphore = (struct semaphore *)sem;

	return likely(semaphore->mark == mark_of(sem)) ? &semaphore->lazy : NULL;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* ------------------------------------------------------- beginning and end */

/*
 * Is a new semaphore to be ours?  libkgil decides once, so that a program's are all
 * of one kind; but it can't ask while there is no descriptor or memory to be had.
 */
static bool module_is_there(void)
{
	int saved = errno;
	int backend = kgil_backend();

	if (backend < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM)
		trouble_end(errno);
	errno = saved;
	return backend == KGIL_BACKEND_MODULE;
}

/* Many programs free the memory and destroy nothing. */
static void end(sem_t *sem)
{
	struct kgil_lazy *lazy = ours(sem);

	if (!lazy)
		return;
	kgil_lazy_destroy(lazy);
	((struct semaphore *)sem)->mark = 0;
}

PUBLIC int sem_init(sem_t *sem, int pshared, unsigned int value)
{
	struct semaphore *semaphore = (struct semaphore *)sem;

	if (value > SEM_VALUE_MAX)
		return fail(EINVAL);
	end(sem);
	if (pshared || !module_is_there())
		return libc()->init(sem, pshared, value);
	kgil_lazy_init(&semaphore->lazy, value, SEM_VALUE_MAX);
	semaphore->mark = mark_of(sem);
	return 0;
}

PUBLIC int sem_destroy(sem_t *sem)
{
	if (!ours(sem))
		return libc()->destroy(sem);
	end(sem);
	return 0;
}

/* ----------------------------------------------------------------- waiting */

static slow int wait_slowly(struct kgil_lazy *lazy, const struct lazy_deadline *deadline)
{
	int ret = lazy_wait(lazy, deadline);

	trouble_tell();
	return ret;
}

static slow int wait_forever(struct kgil_lazy *lazy)
{
	static const struct lazy_deadline never = { CLOCK_MONOTONIC, LAZY_FOREVER };

	return wait_slowly(lazy, &never);
}

PUBLIC int sem_wait(sem_t *sem)
{
	struct kgil_lazy *lazy = ours(sem);

	if (unlikely(!lazy))
		return libc()->wait(sem);
	/* It is a point of cancellation even if there is nothing to wait for. */
	pthread_testcancel();
	return likely(lazy_take(lazy)) ? 0 : wait_forever(lazy);
}

static slow int try_slowly(struct kgil_lazy *lazy)
{
	return lazy_try_slowly(lazy) ? 0 : fail(EAGAIN);
}

PUBLIC int sem_trywait(sem_t *sem)
{
	struct kgil_lazy *lazy = ours(sem);

	if (unlikely(!lazy))
		return libc()->trywait(sem);
	return likely(lazy_take(lazy)) ? 0 : try_slowly(lazy);
}

/* A time before the clock began is as good as its beginning. */
static int64_t to_ns(const struct timespec *ts)
{
	int64_t ns;

	if (ts->tv_sec < 0)
		return 0;
	if (__builtin_mul_overflow(ts->tv_sec, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, ts->tv_nsec, &ns))
		return LAZY_FOREVER;
	return ns;
}

static slow int wait_until(struct kgil_lazy *lazy, clockid_t clock, const struct timespec *deadline)
{
	const struct lazy_deadline until = { .clock = clock, .ns = to_ns(deadline) };

	return wait_slowly(lazy, &until);
}

static always_inline int take_until(struct kgil_lazy *lazy, clockid_t clock,
				    const struct timespec *deadline)
{
	if (unlikely((unsigned long)deadline->tv_nsec >= NSEC_PER_SEC))
		return fail(EINVAL);
	pthread_testcancel();
	return likely(lazy_take(lazy)) ? 0 : wait_until(lazy, clock, deadline);
}

PUBLIC int sem_timedwait(sem_t *restrict sem, const struct timespec *restrict deadline)
{
	struct kgil_lazy *lazy = ours(sem);

	if (unlikely(!lazy))
		return libc()->timedwait(sem, deadline);
	return take_until(lazy, CLOCK_REALTIME, deadline);
}

PUBLIC int sem_clockwait(sem_t *restrict sem, clockid_t clock,
			 const struct timespec *restrict deadline)
{
	struct kgil_lazy *lazy = ours(sem);

	if (unlikely(!lazy))
		return libc()->clockwait(sem, clock, deadline);
	if (unlikely(clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME))
		return fail(EINVAL);
	return take_until(lazy, clock, deadline);
}

/* ------------------------------------------------------------ giving, asking */

static slow int give_slowly(struct kgil_lazy *lazy)
{
	int ret = lazy_give_slowly(lazy);

	trouble_tell();
	return ret;
}

PUBLIC int sem_post(sem_t *sem)
{
	struct kgil_lazy *lazy = ours(sem);

	if (unlikely(!lazy))
		return libc()->post(sem);
	return likely(lazy_give(lazy, SEM_VALUE_MAX)) ? 0 : give_slowly(lazy);
}

PUBLIC int sem_getvalue(sem_t *restrict sem, int *restrict value)
{
	struct kgil_lazy *lazy = ours(sem);

	if (!lazy)
		return libc()->getvalue(sem, value);
	*value = kgil_lazy_value(lazy);
	return 0;
}
