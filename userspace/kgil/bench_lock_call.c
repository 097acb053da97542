// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench: an ioctl that does nothing, and the locks of the kernel that take a
 * system call each time.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench_ntsync.h"
#include "bench_variant.h"
#include "out.h"

/* A command that no object has: an ioctl that does nothing. */
#define KGIL_IOC_NULL _IO(KGIL_IOC_MAGIC, 0x9f)

static void fd_close(struct bench_lock *lock)
{
	close(lock->fd);
}

/* --- nothing ----------------------------------------------------------------- */

static int null_open(struct bench_lock *lock)
{
	lock->fd = kgil_create_lock();
	return lock->fd < 0 ? -1 : 0;
}

static int null_acquire(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return ioctl(lock->fd, KGIL_IOC_NULL, 0) < 0 && errno == ENOTTY ? 0 : -1;
}

static int null_release(struct bench_lock *lock, unsigned int thread)
{
	return null_acquire(lock, thread);
}

BENCH_DEFINE_PAIRS(null);

/* --- eventfd ----------------------------------------------------------------------- */

static int eventfd_open(struct bench_lock *lock)
{
	lock->fd = eventfd(!lock->taken, EFD_SEMAPHORE | EFD_CLOEXEC);
	return lock->fd < 0 ? -1 : 0;
}

static int eventfd_acquire(struct bench_lock *lock, unsigned int thread)
{
	uint64_t one;

	(void)thread;
	return read(lock->fd, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

static int eventfd_release(struct bench_lock *lock, unsigned int thread)
{
	const uint64_t one = 1;

	(void)thread;
	return write(lock->fd, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

BENCH_DEFINE_PAIRS(eventfd);

/* --- flock: a file in memory, opened once by each thread ----------------------- */

static void flock_close(struct bench_lock *lock)
{
	unsigned int i;

	for (i = 0; i < lock->threads; i++)
		if (lock->fds[i] >= 0)
			close(lock->fds[i]);
	free(lock->fds);
}

static int flock_open(struct bench_lock *lock)
{
	int memory = memfd_create("kgil-bench", MFD_CLOEXEC), err = 0;
	char path[64];
	unsigned int i;

	if (memory < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	lock->fds = out_alloc(lock->threads * sizeof(*lock->fds));
	for (i = 0; i < lock->threads; i++) {
		lock->fds[i] = open(path, O_RDWR | O_CLOEXEC);
		if (lock->fds[i] < 0)
			err = errno;
	}
	close(memory);
	if (!err)
		return 0;
	flock_close(lock);
	errno = err;
	return -1;
}

static int flock_acquire(struct bench_lock *lock, unsigned int thread)
{
	return flock(lock->fds[thread], LOCK_EX);
}

static int flock_release(struct bench_lock *lock, unsigned int thread)
{
	return flock(lock->fds[thread], LOCK_UN);
}

BENCH_DEFINE_PAIRS(flock);

/* --- ntsync ------------------------------------------------------------------------ */

/* Objects belong to one open device, and are waited for there. */
static int ntsync_make(struct bench_lock *lock, unsigned long command, void *args)
{
	int err;

	lock->device = open(NTSYNC_DEVICE, O_RDWR | O_CLOEXEC);
	if (lock->device < 0) {
		errno = errno == ENOENT || errno == ENODEV || errno == ENXIO ? ENOTSUP : errno;
		return -1;
	}
	lock->fd = ioctl(lock->device, command, args);
	if (lock->fd >= 0)
		return 0;
	err = errno;
	close(lock->device);
	errno = err;
	return -1;
}

static int ntsync_mutex_open(struct bench_lock *lock)
{
	struct ntsync_mutex_args args = { 0 };

	return ntsync_make(lock, NTSYNC_IOC_CREATE_MUTEX, &args);
}

static int ntsync_sem_open(struct bench_lock *lock)
{
	struct ntsync_sem_args args = { .count = !lock->taken, .max = 1 };

	return ntsync_make(lock, NTSYNC_IOC_CREATE_SEM, &args);
}

static void ntsync_close(struct bench_lock *lock)
{
	close(lock->fd);
	close(lock->device);
}

/* A mutex's owner is any number but 0. */
static int ntsync_acquire(struct bench_lock *lock, unsigned int thread)
{
	const __u32 fd = lock->fd;
	struct ntsync_wait_args args = {
		.timeout = UINT64_MAX,
		.objs = (uintptr_t)&fd,
		.count = 1,
		.owner = thread + 1,
	};

	return ioctl(lock->device, NTSYNC_IOC_WAIT_ANY, &args);
}

static int ntsync_mutex_acquire(struct bench_lock *lock, unsigned int thread)
{
	return ntsync_acquire(lock, thread);
}

static int ntsync_mutex_release(struct bench_lock *lock, unsigned int thread)
{
	struct ntsync_mutex_args args = { .owner = thread + 1 };

	return ioctl(lock->fd, NTSYNC_IOC_MUTEX_UNLOCK, &args);
}

BENCH_DEFINE_PAIRS(ntsync_mutex);

static int ntsync_sem_acquire(struct bench_lock *lock, unsigned int thread)
{
	return ntsync_acquire(lock, thread);
}

static int ntsync_sem_release(struct bench_lock *lock, unsigned int thread)
{
	__u32 one = 1;

	(void)thread;
	return ioctl(lock->fd, NTSYNC_IOC_SEM_RELEASE, &one);
}

BENCH_DEFINE_PAIRS(ntsync_sem);

const struct bench_variant bench_call_variants[] = {
	{
		.name = "null-ioctl",
		.can = BENCH_PAIRS,
		.open = null_open,
		.close = fd_close,
		BENCH_CALLS(null),
	},
	{
		.name = "eventfd",
		.can = BENCH_ANY_THREAD,
		.open = eventfd_open,
		.close = fd_close,
		BENCH_CALLS(eventfd),
	},
	{
		.name = "flock",
		.can = BENCH_OWN_THREAD,
		.open = flock_open,
		.close = flock_close,
		BENCH_CALLS(flock),
	},
	{
		.name = "ntsync-mutex",
		.can = BENCH_OWN_THREAD,
		.open = ntsync_mutex_open,
		.close = ntsync_close,
		BENCH_CALLS(ntsync_mutex),
	},
	{
		.name = "ntsync-sem",
		.can = BENCH_ANY_THREAD,
		.open = ntsync_sem_open,
		.close = ntsync_close,
		BENCH_CALLS(ntsync_sem),
	},
	{ .name = NULL },
};
