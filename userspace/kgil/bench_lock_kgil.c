// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench: kgil's own, by ioctl and by word.
 */
#include <errno.h>
#include <unistd.h>

#include "bench_variant.h"

static void object_close(struct bench_lock *lock)
{
	close(lock->fd);
}

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

BENCH_DEFINE_PAIRS(ioctl);

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

BENCH_DEFINE_PAIRS(word);

static int use_fd(struct bench_lock *lock, int fd)
{
	lock->fd = fd;
	return fd < 0 ? -1 : 0;
}

static int gil_open(struct bench_lock *lock)
{
	return use_fd(lock, kgil_create_gil(0));
}

static int semaphore_open(struct bench_lock *lock)
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

static int semaphore_open_word(struct bench_lock *lock)
{
	return word_open(lock, semaphore_open);
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

#define BY_IOCTL .path = "ioctl", .close = object_close, BENCH_CALLS(ioctl)
#define BY_WORD .path = "word", .close = word_close, BENCH_CALLS(word)

const struct bench_variant bench_kgil_variants[] = {
	{ .name = "kgil-lock-ioctl", .can = BENCH_ANY_THREAD, .open = lock_open, BY_IOCTL },
	{ .name = "kgil-sem-ioctl", .can = BENCH_ANY_THREAD, .open = semaphore_open, BY_IOCTL },
	{ .name = "kgil-rlock-ioctl", .can = BENCH_OWN_THREAD, .open = rlock_open, BY_IOCTL },
	{ .name = "kgil-gil-ioctl", .can = BENCH_OWN_THREAD, .open = gil_open, BY_IOCTL },
	{ .name = "kgil-lock-word", .can = BENCH_ANY_THREAD, .open = lock_open_word, BY_WORD },
	{ .name = "kgil-sem-word", .can = BENCH_ANY_THREAD, .open = semaphore_open_word, BY_WORD },
	{ .name = "kgil-rlock-word", .can = BENCH_OWN_THREAD, .open = rlock_open_word, BY_WORD },
	{ .name = "kgil-gil-word", .can = BENCH_OWN_THREAD, .open = gil_open_word, BY_WORD },
	{ .name = NULL },
};
