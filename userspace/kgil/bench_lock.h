/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil bench: the locks that are measured side by side, behind one interface.
 */
#ifndef KGIL_CMD_BENCH_LOCK_H
#define KGIL_CMD_BENCH_LOCK_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>

#include <kgil.h>

#include "bench.h"

/* What a variant can do; bits. */
enum bench_can {
	BENCH_PAIRS = 1,   /* acquire and release, as often as wanted */
	BENCH_EXCLUDE = 2, /* keep threads out while one holds it */
	BENCH_POST = 4,	   /* begin taken; any thread may release it */
};

struct bench_lock;

/**
 * struct bench_variant - a kind of lock
 * @name: as tables show it
 * @path: "ioctl" or "word"; NULL: not one of kgil's
 * @can: BENCH_* bits
 * @open: make it; 0, or -1 with errno set (ENOTSUP: this kernel has none)
 * @close: unmake it
 * @acquire: by thread number @thread; 0, or -1 with errno set
 * @release: likewise
 * @pairs: @n times both, by one thread, and nothing else; likewise
 */
struct bench_variant {
	const char *name;
	const char *path;
	unsigned int can;
	int (*open)(struct bench_lock *lock);
	void (*close)(struct bench_lock *lock);
	int (*acquire)(struct bench_lock *lock, unsigned int thread);
	int (*release)(struct bench_lock *lock, unsigned int thread);
	int (*pairs)(struct bench_lock *lock, uint64_t n);
};

/**
 * struct bench_lock - one lock, on cache lines of its own
 * @variant: what it is
 * @taken: begin taken
 * @threads: how many threads use it
 * @fd: if it is a descriptor
 * @device: where it waits, if that is another one
 * @fds: if each thread needs one
 * @word: kgil's, by the word
 * @mutex: if it is one
 * @sem: likewise
 * @futex: likewise
 */
struct bench_lock {
	const struct bench_variant *variant;
	bool taken;
	unsigned int threads;
	int fd;
	int device;
	int *fds;
	struct kgil_word *word;
	union {
		pthread_mutex_t mutex;
		sem_t sem;
		atomic_uint futex;
	} __attribute__((aligned(64)));
} __attribute__((aligned(64)));

/* Exit status, 0 or after a message; -1: this kernel has none of these. */
int bench_lock_open(struct bench_lock *lock, const struct bench_variant *variant,
		    unsigned int threads, bool taken);
void bench_lock_close(struct bench_lock *lock);

/*
 * The wanted variants that can do all of @can and that this kernel has, up to
 * NULL; notes those that it doesn't have.  Returns how many, to be freed, or -1
 * after a message.
 */
int bench_select(struct bench *bench, unsigned int can, const struct bench_variant ***list);

#endif /* KGIL_CMD_BENCH_LOCK_H */
