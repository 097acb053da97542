// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/time_types.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fallback_futex.h"

#define NSEC_PER_SEC 1000000000ULL

/* The call that takes times of 64 bits, on every machine. */
#ifdef SYS_futex_time64
#define SYS_FUTEX SYS_futex_time64
#else
#define SYS_FUTEX SYS_futex
#endif

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

/* How long to look at a lock before sleeping on it: it is held for a moment. */
#define SPINS 100

/* How often, and after how long, to ask again when a thread died with a lock. */
#define SETTLING_TRIES 1000
#define MOMENT_NS 1000000

uint64_t futex_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* A signal whose handler has SA_RESTART is followed by more sleep. */
static long sleep_restarting(uint32_t *word, uint32_t seen, struct __kernel_timespec *deadline)
{
	struct futex_waitv wait = {
		.val = seen,
		.uaddr = (uintptr_t)word,
		.flags = FUTEX_32,
	};

	return syscall(SYS_futex_waitv, &wait, 1, 0, deadline, CLOCK_MONOTONIC);
}

/* Where there is no such call: every signal ends it. */
static long sleep_until(uint32_t *word, uint32_t seen, struct __kernel_timespec *deadline)
{
	return syscall(SYS_FUTEX, word, FUTEX_WAIT_BITSET, seen, deadline, NULL,
		       FUTEX_BITSET_MATCH_ANY);
}

/* Did the call do what it is for?  There may be none, or a filter forbids it. */
static bool is_answer(int err)
{
	return err == EAGAIN || err == EINTR || err == ETIMEDOUT || err == EFAULT;
}

int futex_sleep(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
	static int restarts = true; /* atomic */
	struct __kernel_timespec until = {
		.tv_sec = deadline_ns / NSEC_PER_SEC,
		.tv_nsec = deadline_ns % NSEC_PER_SEC,
	};
	struct __kernel_timespec *deadline = deadline_ns == FUTEX_FOREVER ? NULL : &until;

	if (__atomic_load_n(&restarts, __ATOMIC_RELAXED)) {
		if (sleep_restarting(word, seen, deadline) >= 0)
			return 0;
		if (is_answer(errno))
			return errno;
		__atomic_store_n(&restarts, false, __ATOMIC_RELAXED);
	}
	return sleep_until(word, seen, deadline) ? errno : 0;
}

/* All who sleep there: a child of fork may, for a moment, sleep on its parent's. */
void futex_wake(uint32_t *word)
{
	syscall(SYS_FUTEX, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* ---------------------------------------------------------------- the lock */

static bool change(uint32_t *lock, uint32_t from, uint32_t to, int order)
{
	return __atomic_compare_exchange_n(lock, &from, to, false, order, __ATOMIC_RELAXED);
}

static bool lock_by_spinning(uint32_t *lock, uint32_t tid)
{
	for (int i = 0; i < SPINS; i++)
		if (!__atomic_load_n(lock, __ATOMIC_RELAXED) &&
		    change(lock, 0, tid, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

/* It names a thread that is gone, and nobody waited when it went. */
static bool lock_after_death(uint32_t *lock, uint32_t tid)
{
	uint32_t seen = __atomic_load_n(lock, __ATOMIC_RELAXED);

	if (syscall(SYS_tkill, seen & FUTEX_TID_MASK, 0) == 0 || errno != ESRCH)
		return false;
	return change(lock, seen, tid | (seen & FUTEX_WAITERS), __ATOMIC_ACQUIRE);
}

/*
 * While the kernel passes the lock of a thread that died on, others are told that
 * it is in no order.  True: they may ask again.
 */
static bool is_settling(unsigned int tries)
{
	const struct timespec moment = { .tv_nsec = MOMENT_NS };

	if (tries < 10)
		sched_yield();
	else
		nanosleep(&moment, NULL);
	return tries < SETTLING_TRIES;
}

/* Try once; EAGAIN: ask again. */
static int lock_by_kernel(uint32_t *lock, uint32_t tid, unsigned int tries)
{
	if (!syscall(SYS_FUTEX, lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0))
		return __atomic_load_n(lock, __ATOMIC_RELAXED) & FUTEX_OWNER_DIED ? EOWNERDEAD : 0;
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ENOMEM: /* some bytes of the kernel's, for a moment */
		return EAGAIN;
	case ESRCH:
		return lock_after_death(lock, tid) ? EOWNERDEAD : EAGAIN;
	case EDEADLK:
		/* A thread that is gone had the same number. */
		return EOWNERDEAD;
	case EINVAL:
		return is_settling(tries) ? EAGAIN : ENOTRECOVERABLE;
	default:
		/* Somebody else has written there. */
		return ENOTRECOVERABLE;
	}
}

int futex_lock(uint32_t *lock, uint32_t tid)
{
	unsigned int tries = 0;
	int err;

	if (change(lock, 0, tid, __ATOMIC_ACQUIRE) || lock_by_spinning(lock, tid))
		return 0;
	do {
		err = lock_by_kernel(lock, tid, tries++);
	} while (err == EAGAIN);
	return err;
}

void futex_unlock(uint32_t *lock, uint32_t tid)
{
	if (!change(lock, tid, 0, __ATOMIC_RELEASE))
		syscall(SYS_FUTEX, lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}
