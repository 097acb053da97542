/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkgil: the global interpreter lock and the locks of the kgil kernel module.
 *
 * Two layers.  The first is one thin call for each command of /dev/kgil, on a
 * file descriptor.  The second, struct kgil, is a GIL as an interpreter uses it.
 *
 * Where there is no module the same calls work on futexes: an object is then a
 * memory file.  libkgil(3) says what is different.
 *
 * Every function that returns int returns 0 (or what it says) on success, and
 * -1 with errno set on failure; the values of errno are those of <linux/kgil.h>.
 * EOWNERDEAD, alone among them, means that the lock was acquired.
 * All are safe to call from several threads, unless they say otherwise.
 */
#ifndef KGIL_H
#define KGIL_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/kgil.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KGIL_LIB_VERSION "0.1.0"

/* The version of the library that is running. */
const char *kgil_version(void);

/* One sentence on @err as kgil means it, and what to do; never NULL. */
const char *kgil_strerror(int err);

/* What the module is.  errno: ENOENT, ENODEV no module; EACCES no permission. */
int kgil_query(struct kgil_query *query);

/**
 * enum kgil_backend_id - what stands behind the objects of this process
 * @KGIL_BACKEND_MODULE: the module, by /dev/kgil
 * @KGIL_BACKEND_FUTEX: futexes, because the module can't be used
 */
enum kgil_backend_id {
	KGIL_BACKEND_MODULE = 1,
	KGIL_BACKEND_FUTEX = 2,
};

/*
 * An enum kgil_backend_id, decided once in a process, by the first call that
 * has to know.  -1 with errno set: the device can't be asked now (EMFILE,
 * ENFILE, ENOMEM), or the module is required and can't be used.
 */
int kgil_backend(void);
/*
 * Why it is KGIL_BACKEND_FUTEX: ENOENT, ENODEV no module; EACCES no permission.
 * kgil_strerror() tells what to do.  0: it is not, or not decided yet, or because
 * of an object of futexes that another process gave to this one.
 */
int kgil_backend_reason(void);
/*
 * From now on nothing but the module, as with KGIL_REQUIRE=1 in the environment.
 * errno: EBUSY this process uses futexes already.
 */
int kgil_require_module(void);

/*
 * Objects: each returns a new descriptor, close-on-exec; close(2) ends it.  With
 * the module, poll(2), select(2) and epoll(7) find it readable while the object
 * can be taken; without, it is the descriptor of a file, which always is.
 */
int kgil_create(const struct kgil_create *create);
int kgil_create_gil(uint64_t interval_ns); /* 0: the default, 5 ms */
int kgil_create_sem(uint32_t count, uint32_t max);
int kgil_create_lock(void);
int kgil_create_rlock(void);

/*
 * The object that has a name in this network namespace: a new descriptor.
 * @flags: KGIL_OPEN_* bits.  @mode, @create: with KGIL_OPEN_CREATE, the permission
 * bits and what to make if there is none; else 0, and NULL or a type alone.
 * errno: ENOENT, EEXIST, EACCES, EINVAL as <linux/kgil.h> has them; ENOTSUP this
 * process uses futexes, which have no names.
 */
int kgil_open(const char *name, uint32_t flags, uint32_t mode, const struct kgil_create *create);

/* Wait for the object and take it. */
int kgil_acquire(int fd);
/* 1: taken; 0: it is not free (Python's False); -1: an error. */
int kgil_try_acquire(int fd);
/* 1: taken; 0: not free until @deadline_ns of CLOCK_MONOTONIC; -1: an error. */
int kgil_acquire_until(int fd, uint64_t deadline_ns);
/* The same, @timeout_ns from now. */
int kgil_acquire_for(int fd, uint64_t timeout_ns);
int kgil_release(int fd);
/* A gil: hand it to the next waiter and wait for one's own turn. */
int kgil_yield(int fd);
int kgil_set_interval(int fd, uint64_t interval_ns);
int kgil_state(int fd, struct kgil_state *state);
int kgil_stats(int fd, struct kgil_stats *stats);
/* The calling thread's id, as in struct kgil_state and struct kgil_page. */
int kgil_attach(int fd, uint64_t *id);

/* gil: enum kgil_policy; sem, lock, rlock: ns. */
int kgil_set_policy(int fd, uint32_t policy);
int kgil_set_handoff(int fd, uint64_t handoff_ns);
/* The calling thread's id, on an object of any type. */
int kgil_thread(int fd, uint64_t *id);

/*
 * The page of an object, to read, or to write its word; NULL with errno set.
 * Unmap it with kgil_unmap().
 */
const struct kgil_page *kgil_map(int fd);
struct kgil_page *kgil_map_writable(int fd);
int kgil_unmap(const struct kgil_page *page);

/*
 * An object taken by its word: without a system call while it is free, by the
 * calls above when it is not.  The same object may be used by its descriptor at
 * the same time, in this process and in others.
 *
 * Open it once for all threads.  @fd stays the caller's and has to stay open as
 * long.  In a child of fork the handle goes on working, on the parent's object.
 */
struct kgil_word;

/* NULL with errno set. */
struct kgil_word *kgil_word_open(int fd);
/* No other thread may be using it.  NULL is allowed. */
void kgil_word_close(struct kgil_word *word);
/* As the calls of the same name. */
int kgil_word_acquire(struct kgil_word *word);
int kgil_word_try_acquire(struct kgil_word *word);
int kgil_word_acquire_until(struct kgil_word *word, uint64_t deadline_ns);
int kgil_word_acquire_for(struct kgil_word *word, uint64_t timeout_ns);
int kgil_word_release(struct kgil_word *word);
int kgil_word_yield(struct kgil_word *word);
/* A gil: is the owner asked to drop it?  A load. */
bool kgil_word_drop_requested(const struct kgil_word *word);

/**
 * struct kgil_lazy - a semaphore in memory, which gets an object when it needs one
 * @state: the count, who waits and how; private
 * @object: the semaphore of the module where they wait; private; 0: none yet
 * @max: greatest count, 1 to KGIL_COUNT_MAX; 1 makes it a lock
 * @process: whose threads wait; private; 0: nobody has waited yet
 *
 * For the threads of one process.  It costs no descriptor until a thread has to
 * wait for it; that thread makes an object of the module, which stays until
 * kgil_lazy_destroy().  Free, it is taken and given back without a call, before
 * and after that.  The count stays here: what the module shows of the object is
 * who waits, how often and how long.
 *
 * Without an object to be had (no module, no descriptor, no memory) threads wait
 * by futex(2), here; kgil_lazy_trouble() tells.  A child of fork has the count as
 * it was, and makes objects of its own.  Objects use only the upper quarter of
 * the descriptors that a process may have, at most from 3072 on.  If somebody
 * closes one, who waits for it finds that out within a second, and makes another.
 *
 * A thread that has been passed over for KGIL_HANDOFF_DEFAULT is next: until a
 * waiter has it, nobody else gets it.
 */
struct kgil_lazy {
	uint64_t state;
	uint64_t object;
	uint32_t max;
	uint32_t process;
};

/* To begin with; nothing else has to be done. */
#define KGIL_LAZY_INIT(count, max)   \
	{                            \
		(count), 0, (max), 0 \
	}

/* errno: EINVAL @max is 0 or above KGIL_COUNT_MAX, or @count above @max. */
int kgil_lazy_init(struct kgil_lazy *lazy, uint32_t count, uint32_t max);
/* Nobody may be waiting for it.  It needs kgil_lazy_init() to be used again. */
void kgil_lazy_destroy(struct kgil_lazy *lazy);
/*
 * Acquire it; cancellation points if they have to wait.
 * 0; errno: EINTR a signal handler without SA_RESTART ran.
 */
int kgil_lazy_acquire(struct kgil_lazy *lazy);
/* 1: taken; 0: not free until @deadline_ns of CLOCK_MONOTONIC; -1: EINTR. */
int kgil_lazy_acquire_until(struct kgil_lazy *lazy, uint64_t deadline_ns);
/* 1: taken; 0: it is not free.  Never -1. */
int kgil_lazy_try(struct kgil_lazy *lazy);
/* Safe in a signal handler.  errno: EOVERFLOW it is at its maximum. */
int kgil_lazy_release(struct kgil_lazy *lazy);
/* How many acquires would not wait. */
uint32_t kgil_lazy_value(const struct kgil_lazy *lazy);
/* The descriptor of its object, for kgil_stats(); -1: none yet.  Not to wait by. */
int kgil_lazy_fd(const struct kgil_lazy *lazy);
/*
 * Why a thread of this process, or of its parent before the fork, last had to
 * wait by futex, or needed another object: an errno; EBADF: somebody had closed
 * the descriptor.  0: that was never so.  Safe in a signal handler.
 */
int kgil_lazy_trouble(void);

/**
 * struct kgil - a GIL as an interpreter uses it
 * @page: the page that kgil_gil_check() reads; private
 * @fd: the gil's descriptor, for the calls above
 *
 * Made by kgil_gil_new().  A thread attaches before it uses it, and detaches
 * before it ends.  A free GIL is taken by its word, without a system call.
 */
struct kgil {
	struct kgil_page *page;
	int fd;
};

/* A new GIL, owned by nobody; NULL with errno set.  0: an interval of 5 ms. */
struct kgil *kgil_gil_new(uint64_t interval_ns);
/* No other thread may be attached.  NULL is allowed. */
void kgil_gil_free(struct kgil *gil);

/* Make the calling thread known to @gil.  errno: EEXIST it is already. */
int kgil_gil_attach(struct kgil *gil);
/* The reverse.  errno: EBUSY it owns @gil; ENOENT it is not attached. */
int kgil_gil_detach(struct kgil *gil);

/*
 * Acquire and release.  Acquire goes on waiting after a signal.
 * errno: ENOENT the thread is not attached; EOWNERDEAD: acquired.
 */
int kgil_gil_acquire(struct kgil *gil);
int kgil_gil_release(struct kgil *gil);
/* Does the calling thread own it?  A load and a comparison. */
bool kgil_gil_held(const struct kgil *gil);

/*
 * Hand @gil to the next waiter, if any, and own it again on return, signals
 * or not.  What kgil_gil_check() does when it is asked to.
 */
int kgil_gil_switch(struct kgil *gil);

/**
 * kgil_gil_check() - to be called often by the owner, as by an eval loop
 * @gil: owned by the calling thread
 *
 * One load, and a branch that is rarely taken.
 *
 * Return: as kgil_gil_switch().
 */
static inline int kgil_gil_check(struct kgil *gil)
{
	uint32_t asked = __atomic_load_n(&gil->page->drop_request, __ATOMIC_RELAXED);

	return __builtin_expect(asked, 0) ? kgil_gil_switch(gil) : 0;
}

/*
 * Around a call that may block: begin releases, end acquires again.  Both keep
 * errno if they succeed.
 */
int kgil_gil_begin_blocking(struct kgil *gil);
int kgil_gil_end_blocking(struct kgil *gil);

/* 10 µs to 1 s.  errno: EINVAL out of range, or still the parent's after fork. */
int kgil_gil_set_interval(struct kgil *gil, uint64_t interval_ns);
/* enum kgil_policy; a new GIL is fair. */
int kgil_gil_set_policy(struct kgil *gil, uint32_t policy);

/*
 * In the child of a fork, by its only thread: a GIL of the child's own in place
 * of the parent's, with the same interval; the thread is attached, and owns it
 * if the thread that forked owned the parent's.
 */
int kgil_gil_after_fork_child(struct kgil *gil);

#ifdef __cplusplus
}
#endif

#endif /* KGIL_H */
