/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of kgil share: one call for each command, checked objects'
 * state, workers that own and wait on behalf of a test, and /proc/kgil.
 *
 * A command returns 0 or the errno.  What a helper cannot report to its caller
 * ends the test at once (see CHECK()), in threads and child processes too.
 * Nothing here waits for ever: what must happen is given PATIENCE_NS.
 */
#ifndef KGIL_TEST_H
#define KGIL_TEST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/kgil.h>

#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC  1000000000ULL

/* Far beyond what the slowest machine needs for what must happen. */
#define PATIENCE_NS (100 * NSEC_PER_SEC)
/* A while in which something that must not happen would be likely to. */
#define A_WHILE_US 20000
/* Seconds that a test may take; the harness kills it then. */
#define TEST_LIMIT 240

/* A number that is neither a pointer nor a value that kgil accepts. */
#define BAD_POINTER ((void *)8)

#define FATAL(...) fatal(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(cond)                                 \
	do {                                        \
		if (!(cond))                        \
			FATAL("not so: %s", #cond); \
	} while (0)

/* Says so on standard error, and ends the process with SIGABRT. */
void fatal(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* True as soon as @cond is; false if it isn't within PATIENCE_NS. */
#define WAIT_UNTIL(cond)                                        \
	({                                                      \
		__u64 until_ns_ = now_ns() + PATIENCE_NS;       \
		bool so_ = false;                               \
		while (!(so_ = (cond)) && now_ns() < until_ns_) \
			usleep(500);                            \
		so_;                                            \
	})

/* CLOCK_MONOTONIC */
__u64 now_ns(void);

/* Repeatable random numbers; the seed comes from KGIL_SEED or the clock. */
__u64 random_seed(void);
__u32 random_below(__u32 bound);

/*
 * The device and its objects.
 */
int open_device(void);
/* Any command; the argument is a number or a pointer. */
int command(int fd, unsigned long cmd, unsigned long arg);
/* A new descriptor, or -errno. */
int create(const struct kgil_create *args);
/* A new descriptor. */
int new_gil(__u64 interval_ns);
int new_fifo_gil(__u64 interval_ns);
int new_sem(__u32 count, __u32 max);
int new_lock(void);
int new_rlock(__u32 max_depth);
/* One of a type, free, of the simplest kind: a sem of count and maximum 1. */
int new_object(__u32 type);
const char *type_name(__u32 type);

int acquire(int fd);
int try_acquire(int fd);
int acquire_until(int fd, __u64 deadline_ns);
int release(int fd);
int yield_gil(int fd);
int set_interval(int fd, __u64 interval_ns);
int set_policy(int fd, __u32 policy);
int set_handoff(int fd, __u64 handoff_ns);
/* The calling thread's id: where it can own, and on any object. */
__u64 attach(int fd);
__u64 thread_id(int fd);

/* Each checks that the kernel fills every byte. */
struct kgil_state state_of(int fd);
struct kgil_stats stats_of(int fd);
/* Does the command fail with @err and leave @size bytes it would fill alone? */
bool fails_untouched(int fd, unsigned long cmd, size_t size, int err);

/* Is the state of @fd the expected one, but for its id?  Says what isn't. */
bool state_has(int fd, const struct kgil_state *expected);
/* The same, with the id, of a state that was read before. */
bool state_is(int fd, const struct kgil_state *before);
bool is_free(int fd);
bool is_mine(int fd);

/* All fields that are not named are 0. */
#define EXPECT_STATE(fd, ...) \
	EXPECT_TRUE(state_has(fd, &(struct kgil_state){ __VA_ARGS__ }))

/* @call fails with @err and changes nothing in the object's state. */
#define EXPECT_FAILS(err, fd, call)            \
	do {                                   \
		remember_state(fd);            \
		EXPECT_EQ(err, call);          \
		EXPECT_TRUE(state_stayed(fd)); \
	} while (0)
void remember_state(int fd);
bool state_stayed(int fd);

/*
 * Workers: a thread or a child process that runs one operation at a time.
 */
typedef int (*worker_op)(int fd, __u64 *value);

struct worker {
	int fd;	      /* the object */
	int sock;     /* orders out, outcomes in */
	int far_sock; /* the worker's end */
	pid_t pid;    /* of a process; 0: a thread */
	pid_t tid;
	unsigned long thread;
	__u64 value; /* of the last operation, as are the times */
	__u64 began_ns;
	__u64 ended_ns;
};

/* What result() says of a worker that ended in its operation. */
#define WORKER_ENDED (-1)

struct worker *start_thread(int fd);
struct worker *start_process(int fd);
/* Ends it outside of any operation: a thread has exited, a process is reaped. */
void end_worker(struct worker *worker);
/* SIGKILL, and reap it. */
void kill_worker(struct worker *worker);
/* End all processes; for a fixture's teardown. */
void end_workers(void);

void post(struct worker *worker, worker_op op, __u64 value);
bool finished(struct worker *worker);
int result(struct worker *worker);
/* post() and result() */
int call(struct worker *worker, worker_op op, __u64 value);
/* post(), and wait until the object's state has one more waiter. */
bool post_waits(struct worker *worker, worker_op op, __u64 value);
/* Which of @n has finished first?  -1: none in time. */
int first_finished(struct worker **workers, int n);

int op_acquire(int fd, __u64 *value);
int op_try(int fd, __u64 *value);
int op_until(int fd, __u64 *deadline_ns);
int op_release(int fd, __u64 *value);
int op_yield(int fd, __u64 *value);
int op_attach(int fd, __u64 *id);
/* Is the object owned by the worker? */
int op_is_mine(int fd, __u64 *mine);
/* Pins the worker to a processor. */
int op_pin(int fd, __u64 *cpu);

/* A child that dies with the calling thread. */
pid_t fork_child(void);
/* The wait status of @pid; -1 if it doesn't end in time. */
int reap(pid_t pid);
/* exit status 0? */
bool child_succeeds(pid_t pid);
/* Run exec_child in place of the calling process; @fd: for "mine". */
void execute(const char *what, int fd) __attribute__((noreturn));
/* Worker operations: exec a program that waits; one that releases @fd, kept open. */
int op_exec_pause(int fd, __u64 *value);
int op_exec_mine(int fd, __u64 *value);

/* @n threads, or child processes, do @work; returns when all are done. */
void run_threads(int n, void *(*work)(void *));
void run_processes(int n, void *(*work)(void *));
/* By one of the three kinds of acquire, @turn says which; who gives up tries again. */
void acquire_somehow(int fd, int turn);

/* How many are inside of something at once; may be shared by processes. */
struct crowd {
	__u32 inside;
	__u32 most;
};

void enter(struct crowd *crowd);
void leave(struct crowd *crowd);

/* A descriptor to another process. */
void send_descriptor(int sock, int fd);
int receive_descriptor(int sock);

/*
 * Run alone: until resume_others() the calling thread keeps processor 0 from
 * all other threads that are pinned to it.
 */
void hold_back_others(void);
void resume_others(void);

/*
 * /proc/kgil
 */
#define PROC_STAT    "/proc/kgil/stat"
#define PROC_OBJECTS "/proc/kgil/objects"
#define FIELD_SIZE   64

/* A whole file, read in pieces of @piece bytes; to be freed. */
char *read_file(const char *path, size_t piece);
/* A line of PROC_STAT. */
__u64 proc_total(const char *name);
/* The field of an object's row, or NULL if the object isn't listed. */
const char *proc_field(__u64 id, const char *column);
__u64 proc_number(__u64 id, const char *column);
/* How many rows has @id in @text, the content of PROC_OBJECTS? */
int rows_of(const char *text, __u64 id);

/*
 * Fixtures: a new object for each test, once for each of some types.  The
 * harness must have been included.
 */
#define KGIL_TEST(fixture, name) TEST_F_TIMEOUT(fixture, name, TEST_LIMIT)

#define TYPE_FIXTURE(fixture)                         \
	FIXTURE(fixture) {                            \
		int fd;                               \
	};                                            \
	FIXTURE_VARIANT(fixture) {                    \
		__u32 type;                           \
	};                                            \
	FIXTURE_SETUP(fixture)                        \
	{                                             \
		self->fd = new_object(variant->type); \
	}                                             \
	FIXTURE_TEARDOWN(fixture)                     \
	{                                             \
		end_workers();                        \
		close(self->fd);                      \
	}                                             \
	struct fixture##_needs_semicolon_

#define TYPE_VARIANT(fixture, name, number)  \
	FIXTURE_VARIANT_ADD(fixture, name) { \
		.type = (number),            \
	}

/* Types with an owner, and without one. */
#define OWNED_VARIANTS(fixture)                    \
	TYPE_VARIANT(fixture, gil, KGIL_TYPE_GIL); \
	TYPE_VARIANT(fixture, rlock, KGIL_TYPE_RLOCK)

#define UNOWNED_VARIANTS(fixture)                  \
	TYPE_VARIANT(fixture, sem, KGIL_TYPE_SEM); \
	TYPE_VARIANT(fixture, lock, KGIL_TYPE_LOCK)

#define OWNED_FIXTURE(fixture) \
	TYPE_FIXTURE(fixture); \
	OWNED_VARIANTS(fixture)

#define UNOWNED_FIXTURE(fixture) \
	TYPE_FIXTURE(fixture);   \
	UNOWNED_VARIANTS(fixture)

#define EACH_TYPE_FIXTURE(fixture) \
	UNOWNED_FIXTURE(fixture);  \
	OWNED_VARIANTS(fixture)

#endif /* KGIL_TEST_H */
