// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench: the locks that are measured side by side.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench_lock.h"
#include "bench_ntsync.h"
#include "err.h"
#include "out.h"

/* A command that no object has: an ioctl that does nothing. */
#define KGIL_IOC_NULL _IO(KGIL_IOC_MAGIC, 0x9f)

/* The loop of a variant, with its two calls in it and not behind a pointer. */
#define DEFINE_PAIRS(name)                                                             \
	static int name##_pairs(struct bench_lock *lock, uint64_t n)                   \
	{                                                                              \
		while (n--)                                                            \
			if (name##_acquire(lock, 0) || name##_release(lock, 0))        \
				return -1;                                             \
		return 0;                                                              \
	}                                                                              \
	static int name##_pairs(struct bench_lock *lock, uint64_t n)

/* pthread_ functions return their errno. */
static int pthread_result(int err)
{
	if (!err)
		return 0;
	errno = err;
	return -1;
}

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

DEFINE_PAIRS(null);

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

DEFINE_PAIRS(mutex);

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

DEFINE_PAIRS(posix);

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

DEFINE_PAIRS(eventfd);

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

DEFINE_PAIRS(flock);

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

DEFINE_PAIRS(ntsync_mutex);

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

DEFINE_PAIRS(ntsync_sem);

/* --- kgil, by ioctl and by word ------------------------------------------------- */

static int ioctl_acquire(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return kgil_acquire(lock->fd);
}

static int ioctl_release(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return kgil_release(lock->fd);
}

DEFINE_PAIRS(ioctl);

static int word_acquire(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return kgil_word_acquire(lock->word);
}

static int word_release(struct bench_lock *lock, unsigned int thread)
{
	(void)thread;
	return kgil_word_release(lock->word);
}

DEFINE_PAIRS(word);

static int use_fd(struct bench_lock *lock, int fd)
{
	lock->fd = fd;
	return fd < 0 ? -1 : 0;
}

static int gil_open(struct bench_lock *lock)
{
	return use_fd(lock, kgil_create_gil(0));
}

static int sem_open_kgil(struct bench_lock *lock)
{
	return use_fd(lock, kgil_create_sem(!lock->taken, 1));
}

static int lock_open(struct bench_lock *lock)
{
	if (use_fd(lock, kgil_create_lock()))
		return -1;
	return lock->taken ? kgil_acquire(lock->fd) : 0;
}

static int rlock_open(struct bench_lock *lock)
{
	return use_fd(lock, kgil_create_rlock());
}

/* The object as above, and then its word. */
static int word_open(struct bench_lock *lock, int (*open_object)(struct bench_lock *lock))
{
	int err;

	if (open_object(lock))
		return -1;
	lock->word = kgil_word_open(lock->fd);
	if (lock->word)
		return 0;
	err = errno;
	close(lock->fd);
	errno = err;
	return -1;
}

static int gil_open_word(struct bench_lock *lock)
{
	return word_open(lock, gil_open);
}

static int sem_open_word(struct bench_lock *lock)
{
	return word_open(lock, sem_open_kgil);
}

static int lock_open_word(struct bench_lock *lock)
{
	return word_open(lock, lock_open);
}

static int rlock_open_word(struct bench_lock *lock)
{
	return word_open(lock, rlock_open);
}

static void word_close(struct bench_lock *lock)
{
	kgil_word_close(lock->word);
	close(lock->fd);
}

/* --- all of them ------------------------------------------------------------------- */

#define ALL (BENCH_PAIRS | BENCH_EXCLUDE | BENCH_POST)
#define OWNED (BENCH_PAIRS | BENCH_EXCLUDE)

#define CALLS(prefix)                                                        \
	.acquire = prefix##_acquire, .release = prefix##_release, .pairs = prefix##_pairs

#define KGIL_IOCTL(type, bits)                                               \
	.name = "kgil-" type "-ioctl", .path = "ioctl", .can = (bits), .close = fd_close, CALLS(ioctl)

#define KGIL_WORD(type, bits)                                                \
	.name = "kgil-" type "-word", .path = "word", .can = (bits), .close = word_close, CALLS(word)

const struct bench_variant bench_variants[] = {
	{ .name = "null-ioctl", .can = BENCH_PAIRS, .open = null_open, .close = fd_close, CALLS(null) },
	{ .name = "pthread-mutex", .can = OWNED, .open = mutex_open, .close = mutex_close, CALLS(mutex) },
	{ .name = "pthread-robust", .can = OWNED, .open = robust_open, .close = mutex_close, CALLS(mutex) },
	{ .name = "pthread-pi", .can = OWNED, .open = pi_open, .close = mutex_close, CALLS(mutex) },
	{ .name = "posix-sem", .can = ALL, .open = posix_open, .close = posix_close, CALLS(posix) },
	{ .name = "futex", .can = BENCH_POST, .open = futex_open, .close = futex_close,
	  .acquire = futex_acquire, .release = futex_release },
	{ .name = "eventfd", .can = ALL, .open = eventfd_open, .close = fd_close, CALLS(eventfd) },
	{ .name = "flock", .can = OWNED, .open = flock_open, .close = flock_close, CALLS(flock) },
	{ .name = "ntsync-mutex", .can = OWNED, .open = ntsync_mutex_open, .close = ntsync_close,
	  CALLS(ntsync_mutex) },
	{ .name = "ntsync-sem", .can = ALL, .open = ntsync_sem_open, .close = ntsync_close,
	  CALLS(ntsync_sem) },
	{ KGIL_IOCTL("lock", ALL), .open = lock_open },
	{ KGIL_IOCTL("sem", ALL), .open = sem_open_kgil },
	{ KGIL_IOCTL("rlock", OWNED), .open = rlock_open },
	{ KGIL_IOCTL("gil", OWNED), .open = gil_open },
	{ KGIL_WORD("lock", ALL), .open = lock_open_word },
	{ KGIL_WORD("sem", ALL), .open = sem_open_word },
	{ KGIL_WORD("rlock", OWNED), .open = rlock_open_word },
	{ KGIL_WORD("gil", OWNED), .open = gil_open_word },
	{ .name = NULL },
};

#define N_VARIANTS (sizeof(bench_variants) / sizeof(bench_variants[0]) - 1)

int bench_lock_open(struct bench_lock *lock, const struct bench_variant *variant,
		    unsigned int threads, bool taken)
{
	memset(lock, 0, sizeof(*lock));
	lock->variant = variant;
	lock->threads = threads;
	lock->taken = taken;
	if (!variant->open(lock))
		return STATUS_OK;
	if (errno == ENOTSUP)
		return -1;
	if (variant->path)
		return err_device(errno, variant->name);
	return err_failed("%s: %s", variant->name, strerror(errno));
}

void bench_lock_close(struct bench_lock *lock)
{
	lock->variant->close(lock);
}

int bench_select(struct bench *bench, unsigned int can, const struct bench_variant ***list)
{
	const struct bench_variant *variant;
	struct bench_lock lock;
	int status, n = 0;

	*list = out_alloc((N_VARIANTS + 1) * sizeof(**list));
	for (variant = bench_variants; variant->name; variant++) {
		if ((variant->can & can) != can ||
		    !bench_wanted(bench, variant->name, variant->path))
			continue;
		status = bench_lock_open(&lock, variant, 1, false);
		if (status < 0) {
			bench_not_here(bench, variant->name);
			continue;
		}
		if (status) {
			free(*list);
			return -1;
		}
		bench_lock_close(&lock);
		(*list)[n++] = variant;
	}
	return n;
}
