// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the library for LD_PRELOAD, by a program that knows nothing of it: what
 * POSIX says of semaphores.  Without the library they have to pass as well, on
 * libc's; only where they are is another question then.
 */
#include <limits.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/stat.h>

#include <kselftest_harness.h>

#include "common.h"

#define ERRNO_BEFORE 4711
#define THREADS 8
#define ROUNDS 3000

/* Did somebody put the library before libc? */
static int on_kgil(void)
{
	return !!getenv("KGIL_TEST_PRELOADED");
}

static struct timespec from_now(clockid_t clock, uint64_t ns)
{
	uint64_t then = now_ns(clock) + ns;

	return (struct timespec){ then / NSEC_PER_SEC, then % NSEC_PER_SEC };
}

static int value_of(sem_t *sem)
{
	int value = -1;

	return sem_getvalue(sem, &value) ? -1 : value;
}

/* A thread that waits. */
struct waiter {
	sem_t *sem;
	int timed;
	pthread_t thread;
	pid_t tid;
	int done;
	int ret;
	int err;
};

static void *wait_for_it(void *arg)
{
	struct timespec later = from_now(CLOCK_REALTIME, 3600 * NSEC_PER_SEC);
	struct waiter *w = arg;

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	errno = ERRNO_BEFORE;
	w->ret = w->timed ? sem_timedwait(w->sem, &later) : sem_wait(w->sem);
	w->err = errno;
	__atomic_store_n(&w->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static int is_done(struct waiter *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}

/* It sleeps, and not only in the beginning. */
static int start(struct waiter *w, sem_t *sem, int timed)
{
	*w = (struct waiter){ .sem = sem, .timed = timed };
	if (pthread_create(&w->thread, NULL, wait_for_it, w))
		abort();
	return comes_true(__atomic_load_n(&w->tid, __ATOMIC_ACQUIRE)) &&
	       (usleep(20000), comes_true(is_asleep(w->tid)));
}

static int ends(struct waiter *w)
{
	return comes_true(is_done(w)) && !pthread_join(w->thread, NULL);
}

/* Let a thread wait for @sem, of value 0, and have it. */
static int contend_once(sem_t *sem)
{
	struct waiter w;

	return start(&w, sem, 0) && !sem_post(sem) && ends(&w) && !w.ret;
}

/* ------------------------------------------------------------- without waiting */

TEST(init_and_values)
{
	sem_t sem;

	memset(&sem, 0xa5, sizeof(sem));
	errno = 0;
	EXPECT_EQ(-1, sem_init(&sem, 0, (unsigned int)SEM_VALUE_MAX + 1));
	EXPECT_EQ(EINVAL, errno);
	errno = ERRNO_BEFORE;
	ASSERT_EQ(0, sem_init(&sem, 0, SEM_VALUE_MAX));
	EXPECT_EQ(SEM_VALUE_MAX, value_of(&sem));
	EXPECT_EQ(0, sem_destroy(&sem));
	ASSERT_EQ(0, sem_init(&sem, 0, 2));
	EXPECT_EQ(0, sem_wait(&sem));
	EXPECT_EQ(1, value_of(&sem));
	EXPECT_EQ(0, sem_trywait(&sem));
	EXPECT_EQ(0, value_of(&sem));
	EXPECT_EQ(0, sem_post(&sem));
	EXPECT_EQ(1, value_of(&sem));
	EXPECT_EQ(0, sem_destroy(&sem));
	EXPECT_EQ(ERRNO_BEFORE, errno);
	EXPECT_EQ(0, module_sems(NULL));
}

TEST(errors_change_nothing)
{
	struct timespec past = { 1, 0 }, bad = { 1, 1000000000 }, negative = { 1, -1 };
	struct timespec before_the_clock = { -5, 0 };
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	errno = 0;
	EXPECT_EQ(-1, sem_trywait(&sem));
	EXPECT_EQ(EAGAIN, errno);
	errno = 0;
	EXPECT_EQ(-1, sem_timedwait(&sem, &past));
	EXPECT_EQ(ETIMEDOUT, errno);
	errno = 0;
	EXPECT_EQ(-1, sem_timedwait(&sem, &before_the_clock));
	EXPECT_EQ(ETIMEDOUT, errno);
	errno = 0;
	EXPECT_EQ(-1, sem_clockwait(&sem, CLOCK_MONOTONIC, &past));
	EXPECT_EQ(ETIMEDOUT, errno);
	errno = 0;
	EXPECT_EQ(-1, sem_timedwait(&sem, &bad));
	EXPECT_EQ(EINVAL, errno);
	errno = 0;
	EXPECT_EQ(-1, sem_clockwait(&sem, CLOCK_MONOTONIC, &negative));
	EXPECT_EQ(EINVAL, errno);
	errno = 0;
	EXPECT_EQ(-1, sem_clockwait(&sem, CLOCK_PROCESS_CPUTIME_ID, &past));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, value_of(&sem));
	sem_destroy(&sem);

	ASSERT_EQ(0, sem_init(&sem, 0, SEM_VALUE_MAX));
	errno = 0;
	EXPECT_EQ(-1, sem_post(&sem));
	EXPECT_EQ(EOVERFLOW, errno);
	EXPECT_EQ(SEM_VALUE_MAX, value_of(&sem));
	/* What is free is taken, however late. */
	errno = ERRNO_BEFORE;
	EXPECT_EQ(0, sem_timedwait(&sem, &past));
	EXPECT_EQ(0, sem_clockwait(&sem, CLOCK_MONOTONIC, &before_the_clock));
	EXPECT_EQ(SEM_VALUE_MAX - 2, value_of(&sem));
	EXPECT_EQ(ERRNO_BEFORE, errno);
	sem_destroy(&sem);
	EXPECT_EQ(0, module_sems(NULL));
}

#define MANY 100000

TEST(many_cost_no_descriptor)
{
	sem_t *sems = calloc(MANY, sizeof(*sems));

	ASSERT_NE(NULL, sems);
	for (int i = 0; i < MANY; i++)
		ASSERT_EQ(0, sem_init(&sems[i], 0, 1));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++)
			ASSERT_EQ(0, sem_wait(&sems[i]));
		for (int i = 0; i < MANY; i++)
			ASSERT_EQ(-1, sem_trywait(&sems[i]));
		for (int i = 0; i < MANY; i++)
			ASSERT_EQ(0, sem_post(&sems[i]));
	}
	EXPECT_EQ(0, module_sems(NULL));
	for (int i = 0; i < MANY; i++)
		ASSERT_EQ(0, sem_destroy(&sems[i]));
	free(sems);
}

/* --------------------------------------------------------------------- waiting */

TEST(a_waiter_gets_what_is_posted)
{
	struct waiter w;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	ASSERT_TRUE(start(&w, &sem, 0));
	EXPECT_FALSE(is_done(&w));
	EXPECT_EQ(on_kgil(), module_sems(NULL));
	errno = ERRNO_BEFORE;
	EXPECT_EQ(0, sem_post(&sem));
	EXPECT_EQ(ERRNO_BEFORE, errno);
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	EXPECT_EQ(ERRNO_BEFORE, w.err);
	EXPECT_EQ(0, value_of(&sem));
	EXPECT_EQ(0, sem_destroy(&sem));
	EXPECT_EQ(0, module_sems(NULL));
}

static void check_deadline(struct __test_metadata *_metadata, clockid_t clock, uint64_t ns)
{
	struct timespec deadline = from_now(clock, ns);
	uint64_t end = deadline.tv_sec * NSEC_PER_SEC + deadline.tv_nsec;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	errno = 0;
	EXPECT_EQ(-1, sem_clockwait(&sem, clock, &deadline));
	EXPECT_EQ(ETIMEDOUT, errno);
	EXPECT_LE(end, now_ns(clock));
	EXPECT_EQ(0, value_of(&sem));
	EXPECT_EQ(0, sem_post(&sem));
	EXPECT_EQ(0, sem_clockwait(&sem, clock, &deadline));
	sem_destroy(&sem);
}

TEST(deadlines_of_both_clocks)
{
	check_deadline(_metadata, CLOCK_MONOTONIC, 30 * MSEC);
	check_deadline(_metadata, CLOCK_REALTIME, 30 * MSEC);
	/* Longer than a thread sleeps without looking. */
	check_deadline(_metadata, CLOCK_REALTIME, 1200 * MSEC);
}

TEST(timedwait_gets_what_is_posted)
{
	struct timespec far = { LONG_MAX, 999999999 };
	struct waiter w;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	ASSERT_TRUE(start(&w, &sem, 1));
	EXPECT_EQ(0, sem_post(&sem));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	EXPECT_EQ(0, sem_post(&sem));
	EXPECT_EQ(0, sem_timedwait(&sem, &far));
	sem_destroy(&sem);
}

#ifdef __x86_64__
/* As a program has them that was linked before libc 2.34. */
int old_sem_init(sem_t *sem, int pshared, unsigned int value);
int old_sem_wait(sem_t *sem);
int old_sem_post(sem_t *sem);
__asm__(".symver old_sem_init,sem_init@GLIBC_2.2.5\n"
	".symver old_sem_wait,sem_wait@GLIBC_2.2.5\n"
	".symver old_sem_post,sem_post@GLIBC_2.2.5\n");

TEST(programs_linked_long_ago)
{
	sem_t sem;

	ASSERT_EQ(0, old_sem_init(&sem, 0, 0));
	ASSERT_TRUE(contend_once(&sem));
	EXPECT_EQ(on_kgil(), module_sems(NULL));
	EXPECT_EQ(0, old_sem_post(&sem));
	EXPECT_EQ(0, old_sem_wait(&sem));
	EXPECT_EQ(0, value_of(&sem));
	EXPECT_EQ(0, sem_destroy(&sem));
	EXPECT_EQ(0, module_sems(NULL));
}
#endif

struct crowd {
	sem_t sem;
	uint64_t count;
};

static void *join_crowd(void *arg)
{
	struct crowd *crowd = arg;
	struct timespec until;

	for (int i = 0; i < ROUNDS; i++) {
		switch (i % 4) {
		case 0:
			until = from_now(CLOCK_REALTIME, 50000);
			while (sem_timedwait(&crowd->sem, &until))
				until = from_now(CLOCK_REALTIME, 50000);
			break;
		case 1:
			while (sem_trywait(&crowd->sem))
				sched_yield();
			break;
		default:
			if (sem_wait(&crowd->sem))
				abort();
		}
		crowd->count++;
		if (i % 64 == 0)
			sched_yield();
		if (sem_post(&crowd->sem))
			abort();
	}
	return NULL;
}

/* Are all counted, and is it free again? */
static int contend(struct crowd *crowd)
{
	pthread_t threads[THREADS];

	crowd->count = 0;
	/* All have to wait in the beginning. */
	sem_wait(&crowd->sem);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, join_crowd, crowd))
			abort();
	usleep(20000);
	sem_post(&crowd->sem);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return crowd->count == THREADS * ROUNDS && value_of(&crowd->sem) == 1;
}

TEST(many_threads_count_exactly)
{
	struct crowd crowd;

	ASSERT_EQ(0, sem_init(&crowd.sem, 0, 1));
	EXPECT_TRUE(contend(&crowd));
	EXPECT_EQ(on_kgil(), module_sems(NULL));
	EXPECT_EQ(0, sem_destroy(&crowd.sem));
	EXPECT_EQ(0, module_sems(NULL));
}

/* --------------------------------------------------------------------- signals */

TEST(signal_ends_a_wait)
{
	struct waiter w;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	for (int timed = 0; timed < 2; timed++) {
		catch_signals(0);
		ASSERT_TRUE(start(&w, &sem, timed));
		pthread_kill(w.thread, SIGUSR1);
		ASSERT_TRUE(ends(&w));
		EXPECT_EQ(-1, w.ret);
		EXPECT_EQ(EINTR, w.err);
		EXPECT_EQ(1, signals);
		EXPECT_EQ(0, value_of(&sem));
	}
	EXPECT_TRUE(contend_once(&sem));
	sem_destroy(&sem);
}

TEST(signal_with_restart_does_not)
{
	struct waiter w;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	catch_signals(SA_RESTART);
	ASSERT_TRUE(start(&w, &sem, 0));
	pthread_kill(w.thread, SIGUSR1);
	ASSERT_TRUE(comes_true(__atomic_load_n(&signals, __ATOMIC_RELAXED)));
	usleep(20000);
	EXPECT_FALSE(is_done(&w));
	EXPECT_EQ(0, sem_post(&sem));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	sem_destroy(&sem);
}

static sem_t *to_post;

static void post(int signal)
{
	(void)signal;
	sem_post(to_post);
}

TEST(post_in_a_signal_handler)
{
	struct sigaction action = { .sa_handler = post, .sa_flags = SA_RESTART };
	struct waiter w;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	to_post = &sem;
	sigaction(SIGUSR1, &action, NULL);
	ASSERT_TRUE(start(&w, &sem, 0));
	errno = ERRNO_BEFORE;
	raise(SIGUSR1);
	EXPECT_EQ(ERRNO_BEFORE, errno);
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	/* By the very thread that waits. */
	ASSERT_TRUE(start(&w, &sem, 0));
	pthread_kill(w.thread, SIGUSR1);
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	EXPECT_EQ(0, value_of(&sem));
	sem_destroy(&sem);
}

TEST(cancellation_ends_a_wait)
{
	struct waiter w, other;
	void *result;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	for (int timed = 0; timed < 2; timed++) {
		ASSERT_TRUE(start(&w, &sem, timed));
		ASSERT_TRUE(start(&other, &sem, 0));
		ASSERT_EQ(0, pthread_cancel(w.thread));
		ASSERT_EQ(0, pthread_join(w.thread, &result));
		EXPECT_EQ(PTHREAD_CANCELED, result);
		EXPECT_EQ(0, sem_post(&sem));
		ASSERT_TRUE(ends(&other));
		EXPECT_EQ(0, value_of(&sem));
	}
	sem_destroy(&sem);
}

static void *cancel_oneself(void *arg)
{
	pthread_cancel(pthread_self());
	sem_wait(arg);
	return NULL;
}

TEST(cancellation_comes_before_what_is_free)
{
	pthread_t thread;
	void *result;
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 1));
	ASSERT_EQ(0, pthread_create(&thread, NULL, cancel_oneself, &sem));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(1, value_of(&sem));
	sem_destroy(&sem);
}

/* ------------------------------------------------------- what stays with libc */

TEST(named_between_processes)
{
	char name[64];
	sem_t *sem;
	pid_t pid;

	snprintf(name, sizeof(name), "/kgil-preload-test-%d", getpid());
	sem = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	ASSERT_NE(SEM_FAILED, sem);
	pid = fork();
	if (!pid)
		_exit(sem_wait(sem) != 0);
	usleep(20000);
	EXPECT_EQ(0, sem_post(sem));
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(0, value_of(sem));
	errno = 0;
	EXPECT_EQ(-1, sem_trywait(sem));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_TRUE(contend_once(sem));
	EXPECT_EQ(0, module_sems(NULL));
	EXPECT_EQ(0, sem_close(sem));
	EXPECT_EQ(0, sem_unlink(name));
}

TEST(shared_by_processes)
{
	sem_t *sem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec soon;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, sem);
	ASSERT_EQ(0, sem_init(sem, 1, 0));
	pid = fork();
	if (!pid)
		_exit(sem_wait(sem) != 0);
	usleep(20000);
	EXPECT_EQ(0, sem_post(sem));
	EXPECT_EQ(0, status_of(pid));
	soon = from_now(CLOCK_MONOTONIC, 10 * MSEC);
	EXPECT_EQ(-1, sem_clockwait(sem, CLOCK_MONOTONIC, &soon));
	EXPECT_EQ(0, module_sems(NULL));
	EXPECT_EQ(0, sem_destroy(sem));

	/* The same memory, first one's own and then shared. */
	ASSERT_EQ(0, sem_init(sem, 0, 0));
	EXPECT_TRUE(contend_once(sem));
	EXPECT_EQ(on_kgil(), module_sems(NULL));
	ASSERT_EQ(0, sem_init(sem, 1, 0));
	EXPECT_EQ(0, module_sems(NULL));
	pid = fork();
	if (!pid)
		_exit(sem_wait(sem) != 0);
	usleep(20000);
	EXPECT_EQ(0, sem_post(sem));
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(0, sem_destroy(sem));
}

TEST(only_cleared)
{
	static sem_t sem;

	EXPECT_EQ(0, sem_post(&sem));
	EXPECT_EQ(1, value_of(&sem));
	EXPECT_EQ(0, sem_wait(&sem));
	EXPECT_TRUE(contend_once(&sem));
	EXPECT_EQ(0, module_sems(NULL));
}

/* ------------------------------------------------------------------------ fork */

static void *hog(void *arg)
{
	struct crowd *crowd = arg;

	while (!__atomic_load_n(&crowd->count, __ATOMIC_RELAXED)) {
		if (sem_wait(&crowd->sem))
			abort();
		for (volatile int i = 0; i < 1000; i++)
			;
		sem_post(&crowd->sem);
	}
	return NULL;
}

static int use_in_child(sem_t *sem)
{
	struct timespec soon = from_now(CLOCK_MONOTONIC, 20 * MSEC);
	struct crowd crowd;

	if (sem_post(sem) || sem_wait(sem) || value_of(sem))
		return 1;
	if (!sem_clockwait(sem, CLOCK_MONOTONIC, &soon) || errno != ETIMEDOUT)
		return 2;
	if (!contend_once(sem))
		return 3;
	if (sem_init(&crowd.sem, 0, 1) || !contend(&crowd))
		return 4;
	return 0;
}

TEST(fork_amid_contention)
{
	pthread_t hogs[3];
	struct crowd crowd = { .count = 0 };
	pid_t pid;

	ASSERT_EQ(0, sem_init(&crowd.sem, 0, 1));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&hogs[i], NULL, hog, &crowd));
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, sem_wait(&crowd.sem));
		pid = fork();
		if (!pid)
			_exit(use_in_child(&crowd.sem));
		ASSERT_EQ(0, sem_post(&crowd.sem));
		ASSERT_EQ(0, status_of(pid));
	}
	__atomic_store_n(&crowd.count, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(hogs[i], NULL);
	EXPECT_EQ(1, value_of(&crowd.sem));
	sem_destroy(&crowd.sem);
}

/* Its threads wait, and one has the semaphore. */
TEST(killed_with_threads_that_wait)
{
	sem_t sem;
	pid_t pid;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	ASSERT_TRUE(contend_once(&sem));
	for (int i = 0; i < 5; i++) {
		pid = fork();
		if (!pid) {
			struct waiter w[3];

			for (int j = 0; j < 3; j++)
				start(&w[j], &sem, j == 0);
			kill(getpid(), SIGKILL);
		}
		ASSERT_EQ(128 + SIGKILL, status_of(pid));
	}
	EXPECT_TRUE(contend_once(&sem));
	EXPECT_EQ(0, value_of(&sem));
	sem_destroy(&sem);
}

/* ----------------------------------------------------------------- descriptors */

TEST(nothing_is_left_behind)
{
	sem_t sem;

	for (int i = 0; i < 30; i++) {
		ASSERT_EQ(0, sem_init(&sem, 0, 0));
		ASSERT_TRUE(contend_once(&sem));
		/* Some programs destroy nothing, and use the memory again. */
		if (i % 2)
			ASSERT_EQ(0, sem_destroy(&sem));
	}
	EXPECT_EQ(0, module_sems(NULL));
}

/* Standard error goes to a file from the library's start on: see run. */
static off_t said(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) || !S_ISREG(st.st_mode) ? -1 : st.st_size;
}

/* How often a line of the library is there since @from. */
static int lines_since(off_t from)
{
	char text[4096], *p = text;
	ssize_t len = pread(STDERR_FILENO, text, sizeof(text) - 1, from);
	int n = 0;

	text[len > 0 ? len : 0] = '\0';
	while ((p = strstr(p, "libkgil-preload: "))) {
		n++;
		p++;
	}
	return n;
}

TEST(no_descriptor_to_be_had)
{
	struct crowd crowd;
	off_t before = said();
	int last;

	ASSERT_LE(0, before);
	ASSERT_EQ(0, sem_init(&crowd.sem, 0, 1));
	last = dup(0);
	limit_fds(last + 1);
	EXPECT_TRUE(contend(&crowd));
	EXPECT_TRUE(contend(&crowd));
	limit_fds(1024);
	close(last);
	EXPECT_EQ(0, module_sems(NULL));
	EXPECT_EQ(on_kgil(), lines_since(before));
	sem_destroy(&crowd.sem);
}

/* That the module is there can't be found out then; but later. */
TEST(first_one_without_a_descriptor)
{
	int last = dup(0);
	sem_t early, late;

	limit_fds(last + 1);
	ASSERT_EQ(0, sem_init(&early, 0, 0));
	limit_fds(1024);
	close(last);
	EXPECT_TRUE(contend_once(&early));
	EXPECT_EQ(0, module_sems(NULL));
	ASSERT_EQ(0, sem_init(&late, 0, 0));
	EXPECT_TRUE(contend_once(&late));
	EXPECT_EQ(on_kgil(), module_sems(NULL));
	EXPECT_EQ(0, sem_destroy(&early));
	EXPECT_EQ(0, sem_destroy(&late));
}

TEST(descriptors_closed_by_the_program)
{
	pthread_t threads[THREADS];
	struct crowd crowd = { .count = 0 };
	off_t before = said();

	ASSERT_LE(0, before);
	ASSERT_EQ(0, sem_init(&crowd.sem, 0, 1));
	ASSERT_TRUE(contend(&crowd));
	EXPECT_EQ(on_kgil(), module_sems(NULL));
	crowd.count = 0;
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, join_crowd, &crowd));
	for (int i = 0; i < 10; i++) {
		usleep(5000);
		closefrom(3);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(THREADS * ROUNDS, crowd.count);
	ASSERT_EQ(0, sem_wait(&crowd.sem));
	EXPECT_TRUE(contend_once(&crowd.sem));
	EXPECT_EQ(on_kgil(), lines_since(before));
	sem_destroy(&crowd.sem);
	EXPECT_EQ(0, module_sems(NULL));
}

TEST(number_that_names_a_file)
{
	int fd = -1, pipes[2];
	sem_t sem;

	ASSERT_EQ(0, sem_init(&sem, 0, 0));
	ASSERT_TRUE(contend_once(&sem));
	EXPECT_EQ(on_kgil(), module_sems(&fd));
	ASSERT_EQ(0, pipe(pipes));
	if (fd < 0)
		fd = 1000;
	ASSERT_EQ(fd, dup2(pipes[1], fd));
	EXPECT_TRUE(contend_once(&sem));
	EXPECT_EQ(0, sem_destroy(&sem));
	EXPECT_EQ(1, write(fd, "", 1));
}

/* What it says must not go into a file that the program opened since. */
TEST(another_standard_error)
{
	FILE *file = tmpfile();
	struct crowd crowd;
	struct stat st;
	int keep = dup(STDERR_FILENO), last;

	ASSERT_NE(NULL, file);
	ASSERT_EQ(0, sem_init(&crowd.sem, 0, 1));
	ASSERT_EQ(STDERR_FILENO, dup2(fileno(file), STDERR_FILENO));
	last = dup(0);
	limit_fds(last + 1);
	EXPECT_TRUE(contend(&crowd));
	limit_fds(1024);
	close(last);
	ASSERT_EQ(0, fstat(STDERR_FILENO, &st));
	EXPECT_EQ(0, st.st_size);
	dup2(keep, STDERR_FILENO);
	fclose(file);
	sem_destroy(&crowd.sem);
}

TEST_HARNESS_MAIN
