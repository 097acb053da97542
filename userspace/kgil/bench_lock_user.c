// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench: the locks of the C library, and a bare futex: taken in user space,
 * as long as nobody waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench_variant.h"

/* pthread_ functions return their errno. */
static int pthread_result(int err)
{
	if (!err)
		return 0;
	errno = err;
	return -1;
}

/* --- pthread mutexes ----------------------------------------------------------- */

static int mutex_make(struct bench_lock *lock, bool robust, int protocol)
{
	pthread_mutexattr_t attr;
	int err;

	pthread_mutexattr_init(&attr);
	if (robust) {
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	}
	pthread_mutexattr_setprotocol(&attr, protocol);
	err = pthread_mutex_init(&lock->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return pthread_result(err);
}

static int mutex_open(struct bench_lock *lock)
{
	return mutex_make(lock, false, PTHREAD_PRIO_NONE);
}

static int robust_open(struct bench_lock *lock)
{
	return mutex_make(lock, true, PTHREAD_PRIO_NONE);
}

static int pi_open(struct bench_lock *lock)
{
	return mutex_make(lock, false, PTHREAD_PRIO_INHERIT);
}

static void mutex_close(struct bench_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

static int mutex_acquire(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return pthread_result(pthread_mutex_lock(&lock->mutex));
}

static int mutex_release(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return pthread_result(pthread_mutex_unlock(&lock->mutex));
}

BENCH_DEFINE_PAIRS(mutex);

/* --- POSIX semaphore ------------------------------------------------------------- */

static int posix_open(struct bench_lock *lock)
{
	return sem_init(&lock->sem, 0, !lock->taken);
}

static void posix_close(struct bench_lock *lock)
{
	sem_destroy(&lock->sem);
}

static int posix_acquire(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return sem_wait(&lock->sem);
}

static int posix_release(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return sem_post(&lock->sem);
}

BENCH_DEFINE_PAIRS(posix);

/* --- futex: the least that can let another thread go --------------------------- */

static int futex_open(struct bench_lock *lock)
{
	atomic_store(&lock->futex, !lock->taken);
	return 0;
}

static void futex_close(struct bench_lock *lock)
{
	(void)lock;
}

static int futex_acquire(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	while (!atomic_exchange(&lock->futex, 0))
		syscall(SYS_futex, &lock->futex, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return 0;
}

static int futex_release(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	atomic_store(&lock->futex, 1);
	return syscall(SYS_futex, &lock->futex, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) < 0 ? -1 : 0;
}

const struct bench_variant bench_user_variants[] = {
	{
		.name = "pthread-mutex",
		.can = BENCH_OWN_THREAD,
		.open = mutex_open,
		.close = mutex_close,
		BENCH_CALLS(mutex),
	},
	{
		.name = "pthread-robust",
		.can = BENCH_OWN_THREAD,
		.open = robust_open,
		.close = mutex_close,
		BENCH_CALLS(mutex),
	},
	{
		.name = "pthread-pi",
		.can = BENCH_OWN_THREAD,
		.open = pi_open,
		.close = mutex_close,
		BENCH_CALLS(mutex),
	},
	{
		.name = "posix-sem",
		.can = BENCH_ANY_THREAD,
		.open = posix_open,
		.close = posix_close,
		BENCH_CALLS(posix),
	},
	{
		.name = "futex",
		.can = BENCH_POST,
		.open = futex_open,
		.close = futex_close,
		.acquire = futex_acquire,
		.release = futex_release,
	},
	{ .name = NULL },
};
