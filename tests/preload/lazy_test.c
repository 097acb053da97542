// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of struct kgil_lazy: a semaphore in memory, which gets an object of the
 * module from its first contention on.
 */
#include <kselftest_harness.h>

#include "common.h"
#include "kgil.h"

#define ERRNO_BEFORE 4711

/**
 * struct waiter - a thread that acquires
 * @lazy: what it acquires
 * @deadline_ns: until when; 0: without end
 * @thread: it
 * @done: atomic; the call returned
 * @ret: what it returned
 * @err: errno then
 */
struct waiter {
	struct kgil_lazy *lazy;
	uint64_t deadline_ns;
	pthread_t thread;
	int done;
	int ret;
	int err;
};

static void *wait_for_it(void *arg)
{
	struct waiter *w = arg;

	errno = ERRNO_BEFORE;
	w->ret = w->deadline_ns ? kgil_lazy_acquire_until(w->lazy, w->deadline_ns) :
				  kgil_lazy_acquire(w->lazy);
	w->err = errno;
	__atomic_store_n(&w->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static int is_done(struct waiter *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}

static void start(struct waiter *w, struct kgil_lazy *lazy)
{
	*w = (struct waiter){ .lazy = lazy };
	if (pthread_create(&w->thread, NULL, wait_for_it, w))
		abort();
}

/* How many wait in the object of @lazy. */
static unsigned int waiters_of(struct kgil_lazy *lazy)
{
	struct kgil_state state;
	int fd = kgil_lazy_fd(lazy);

	return fd < 0 || kgil_state(fd, &state) ? 0 : state.waiters;
}

/* Start it, and see it wait in the object. */
static int start_and_wait(struct waiter *w, struct kgil_lazy *lazy)
{
	start(w, lazy);
	return comes_true(waiters_of(lazy));
}

static int ends(struct waiter *w)
{
	return comes_true(is_done(w)) && !pthread_join(w->thread, NULL);
}

static uint64_t id_of(int fd)
{
	struct kgil_state state;

	return kgil_state(fd, &state) ? 0 : state.id;
}

static uint64_t soon(void)
{
	return now_ns(CLOCK_MONOTONIC) + 20 * MSEC;
}

/* -------------------------------------------------------- nobody has to wait */

TEST(its_size)
{
	EXPECT_LE(sizeof(struct kgil_lazy), 32);
}

TEST(init_checks_its_arguments)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(7, 9);
	struct kgil_lazy before = lazy;

	errno = 0;
	EXPECT_EQ(-1, kgil_lazy_init(&lazy, 0, 0));
	EXPECT_EQ(EINVAL, errno);
	errno = 0;
	EXPECT_EQ(-1, kgil_lazy_init(&lazy, 0, KGIL_COUNT_MAX + 1));
	EXPECT_EQ(EINVAL, errno);
	errno = 0;
	EXPECT_EQ(-1, kgil_lazy_init(&lazy, 3, 2));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, memcmp(&before, &lazy, sizeof(lazy)));

	EXPECT_EQ(0, kgil_lazy_init(&lazy, KGIL_COUNT_MAX, KGIL_COUNT_MAX));
	EXPECT_EQ(KGIL_COUNT_MAX, kgil_lazy_value(&lazy));
	EXPECT_EQ(0, kgil_lazy_init(&lazy, 0, 1));
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
}

TEST(static_and_calls_agree)
{
	static struct kgil_lazy lazy = KGIL_LAZY_INIT(2, 3);
	struct kgil_lazy made;

	ASSERT_EQ(0, kgil_lazy_init(&made, 2, 3));
	EXPECT_EQ(0, memcmp(&made, &lazy, sizeof(lazy)));
	errno = ERRNO_BEFORE;
	EXPECT_EQ(2, kgil_lazy_value(&lazy));
	EXPECT_EQ(0, kgil_lazy_acquire(&lazy));
	EXPECT_EQ(1, kgil_lazy_try(&lazy));
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	EXPECT_EQ(0, kgil_lazy_try(&lazy));
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	EXPECT_EQ(1, kgil_lazy_acquire_until(&lazy, 1));
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	EXPECT_EQ(ERRNO_BEFORE, errno);
	EXPECT_EQ(-1, kgil_lazy_fd(&lazy));
	EXPECT_EQ(0, kgil_lazy_trouble());
	EXPECT_EQ(0, module_sems(NULL));
}

TEST(release_stops_at_the_maximum)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(1, 2);

	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	errno = 0;
	EXPECT_EQ(-1, kgil_lazy_release(&lazy));
	EXPECT_EQ(EOVERFLOW, errno);
	EXPECT_EQ(2, kgil_lazy_value(&lazy));

	ASSERT_EQ(0, kgil_lazy_init(&lazy, KGIL_COUNT_MAX, KGIL_COUNT_MAX));
	errno = 0;
	EXPECT_EQ(-1, kgil_lazy_release(&lazy));
	EXPECT_EQ(EOVERFLOW, errno);
	EXPECT_EQ(KGIL_COUNT_MAX, kgil_lazy_value(&lazy));
}

TEST(deadline_that_has_passed_makes_no_object)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);

	errno = ERRNO_BEFORE;
	EXPECT_EQ(0, kgil_lazy_acquire_until(&lazy, 0));
	EXPECT_EQ(0, kgil_lazy_acquire_until(&lazy, now_ns(CLOCK_MONOTONIC)));
	EXPECT_EQ(ERRNO_BEFORE, errno);
	EXPECT_EQ(-1, kgil_lazy_fd(&lazy));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	EXPECT_EQ(1, kgil_lazy_acquire_until(&lazy, 0));
}

/* ------------------------------------------------------------ somebody waits */

TEST(first_contention_makes_an_object)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct kgil_state state;
	struct kgil_stats before, after;
	struct rlimit limit;
	struct waiter w;
	int fd;

	ASSERT_TRUE(start_and_wait(&w, &lazy));
	fd = kgil_lazy_fd(&lazy);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_TRUE(fd >= 3072 || (rlim_t)fd >= limit.rlim_cur - limit.rlim_cur / 4);
	ASSERT_EQ(0, kgil_state(fd, &state));
	EXPECT_EQ(KGIL_TYPE_SEM, state.type);
	EXPECT_EQ(1, state.max);
	EXPECT_EQ(1, state.waiters);
	EXPECT_FALSE(is_done(&w));

	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	EXPECT_EQ(ERRNO_BEFORE, w.err);
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	ASSERT_EQ(0, kgil_stats(fd, &before));
	EXPECT_EQ(1, before.contentions);

	/* Uncontended again: the kernel sees nothing of it. */
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, kgil_lazy_acquire(&lazy));
		ASSERT_EQ(0, kgil_lazy_release(&lazy));
	}
	ASSERT_EQ(0, kgil_stats(fd, &after));
	EXPECT_EQ(before.acquisitions, after.acquisitions);
	EXPECT_EQ(fd, kgil_lazy_fd(&lazy));
	EXPECT_EQ(0, kgil_lazy_trouble());

	kgil_lazy_destroy(&lazy);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, kgil_lazy_fd(&lazy));
	EXPECT_EQ(0, module_sems(NULL));
}

TEST(deadline_ends_a_wait)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	uint64_t deadline = soon();

	errno = ERRNO_BEFORE;
	EXPECT_EQ(0, kgil_lazy_acquire_until(&lazy, deadline));
	EXPECT_EQ(ERRNO_BEFORE, errno);
	EXPECT_LE(deadline, now_ns(CLOCK_MONOTONIC));
	EXPECT_EQ(0, waiters_of(&lazy));
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	EXPECT_EQ(1, kgil_lazy_acquire_until(&lazy, soon()));
	kgil_lazy_destroy(&lazy);
}

/* Longer than a thread sleeps without looking. */
TEST(a_long_wait_ends_at_its_deadline)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	uint64_t deadline = now_ns(CLOCK_MONOTONIC) + 1300 * MSEC;

	EXPECT_EQ(0, kgil_lazy_acquire_until(&lazy, deadline));
	EXPECT_LE(deadline, now_ns(CLOCK_MONOTONIC));
	kgil_lazy_destroy(&lazy);
}

TEST(signal_ends_a_wait)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct waiter w;

	catch_signals(0);
	ASSERT_TRUE(start_and_wait(&w, &lazy));
	pthread_kill(w.thread, SIGUSR1);
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(-1, w.ret);
	EXPECT_EQ(EINTR, w.err);
	EXPECT_EQ(1, signals);
	EXPECT_EQ(0, waiters_of(&lazy));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	EXPECT_EQ(1, kgil_lazy_value(&lazy));
	kgil_lazy_destroy(&lazy);
}

TEST(signal_with_restart_does_not)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct waiter w;

	catch_signals(SA_RESTART);
	ASSERT_TRUE(start_and_wait(&w, &lazy));
	pthread_kill(w.thread, SIGUSR1);
	ASSERT_TRUE(comes_true(__atomic_load_n(&signals, __ATOMIC_RELAXED)));
	ASSERT_TRUE(comes_true(waiters_of(&lazy)));
	EXPECT_FALSE(is_done(&w));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	kgil_lazy_destroy(&lazy);
}

TEST(cancellation_ends_a_wait)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct waiter first, second;
	void *result;

	ASSERT_TRUE(start_and_wait(&first, &lazy));
	start(&second, &lazy);
	ASSERT_TRUE(comes_true(waiters_of(&lazy) == 2));
	ASSERT_EQ(0, pthread_cancel(first.thread));
	ASSERT_EQ(0, pthread_join(first.thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_EQ(1, waiters_of(&lazy));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&second));
	EXPECT_EQ(0, second.ret);
	/* Nobody is counted as waiting any more. */
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	EXPECT_EQ(0, kgil_lazy_acquire(&lazy));
	kgil_lazy_destroy(&lazy);
}

#define THREADS 8
#define ROUNDS 2000

struct crowd {
	struct kgil_lazy lazy;
	int max;
	int inside;
	int most;
	uint64_t count;
	uint64_t times;
};

static void *join_crowd(void *arg)
{
	struct crowd *crowd = arg;
	uint64_t until;
	int inside;

	for (int i = 0; i < ROUNDS; i++) {
		/* In all ways, and also such as give up. */
		switch (i % 4) {
		case 0:
			until = now_ns(CLOCK_MONOTONIC) + 50000;
			while (kgil_lazy_acquire_until(&crowd->lazy, until) != 1)
				until += 50000;
			break;
		case 1:
			while (!kgil_lazy_try(&crowd->lazy))
				sched_yield();
			break;
		default:
			if (kgil_lazy_acquire(&crowd->lazy))
				abort();
		}
		inside = __atomic_add_fetch(&crowd->inside, 1, __ATOMIC_RELAXED);
		if (inside > crowd->max)
			abort();
		if (inside > __atomic_load_n(&crowd->most, __ATOMIC_RELAXED))
			__atomic_store_n(&crowd->most, inside, __ATOMIC_RELAXED);
		if (crowd->max == 1)
			crowd->count++;
		if (i % 50 == 0)
			sched_yield();
		__atomic_sub_fetch(&crowd->inside, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&crowd->times, 1, __ATOMIC_RELAXED);
		if (kgil_lazy_release(&crowd->lazy))
			abort();
	}
	return NULL;
}

/* What was counted without atomics, or how many were inside at most. */
static uint64_t contend(struct crowd *crowd)
{
	pthread_t threads[THREADS];

	/* All have to wait in the beginning. */
	for (int i = 0; i < crowd->max; i++)
		kgil_lazy_acquire(&crowd->lazy);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, join_crowd, crowd))
			abort();
	usleep(20000);
	for (int i = 0; i < crowd->max; i++)
		kgil_lazy_release(&crowd->lazy);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return crowd->max == 1 ? crowd->count : (uint64_t)crowd->most;
}

TEST(lock_excludes)
{
	struct crowd crowd = { .lazy = KGIL_LAZY_INIT(1, 1), .max = 1 };

	EXPECT_EQ(THREADS * ROUNDS, contend(&crowd));
	EXPECT_EQ(1, kgil_lazy_value(&crowd.lazy));
	EXPECT_EQ(0, waiters_of(&crowd.lazy));
	EXPECT_LE(0, kgil_lazy_fd(&crowd.lazy));
	EXPECT_EQ(0, kgil_lazy_trouble());
	kgil_lazy_destroy(&crowd.lazy);
}

TEST(semaphore_lets_in_as_many_as_its_count)
{
	struct crowd crowd = { .lazy = KGIL_LAZY_INIT(3, 3), .max = 3 };

	EXPECT_GE(3, contend(&crowd));
	EXPECT_EQ(THREADS * ROUNDS, crowd.times);
	EXPECT_EQ(3, kgil_lazy_value(&crowd.lazy));
	kgil_lazy_destroy(&crowd.lazy);
}

/* Units that come at once wake as many. */
TEST(each_unit_wakes_one)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, THREADS);
	struct waiter w[THREADS];
	int done;

	for (int i = 0; i < THREADS; i++)
		start(&w[i], &lazy);
	ASSERT_TRUE(comes_true(waiters_of(&lazy) == THREADS));
	for (int i = 0; i < THREADS - 1; i++)
		ASSERT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(comes_true(waiters_of(&lazy) == 1));
	ASSERT_TRUE(comes_true(({
		done = 0;
		for (int i = 0; i < THREADS; i++)
			done += is_done(&w[i]);
		done == THREADS - 1;
	})));
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	ASSERT_EQ(0, kgil_lazy_release(&lazy));
	for (int i = 0; i < THREADS; i++)
		ASSERT_TRUE(ends(&w[i]));
	kgil_lazy_destroy(&lazy);
}

#define RING 4
#define LAPS 500

static struct kgil_lazy ring[RING];

static void *run_laps(void *arg)
{
	struct kgil_lazy *mine = arg, *next = ring + (mine - ring + 1) % RING;

	for (int i = 0; i < LAPS; i++)
		if (kgil_lazy_acquire(mine) || kgil_lazy_release(next))
			abort();
	return NULL;
}

static void *take_and_give(void *arg)
{
	struct kgil_lazy *lazy = arg;

	for (int i = 0; i < ROUNDS; i++) {
		if (kgil_lazy_acquire(lazy))
			abort();
		if (i % 16 == 0)
			sched_yield();
		if (kgil_lazy_release(lazy))
			abort();
	}
	return NULL;
}

/* Waits in its object that ended because the thread looked, after a second. */
static uint64_t looks(struct kgil_lazy *lazy)
{
	struct kgil_stats stats;
	int fd = kgil_lazy_fd(lazy);

	return fd < 0 || kgil_stats(fd, &stats) ? 1000000 : stats.timeouts;
}

/*
 * A wake-up that is lost is found by looking.  Only a machine that stands still for
 * a second may make a thread look here.
 */
TEST(no_wake_up_is_lost)
{
	struct kgil_lazy lock = KGIL_LAZY_INIT(0, 1);
	pthread_t threads[THREADS], laps[RING];
	uint64_t looked = 0;

	for (int i = 0; i < RING; i++)
		ASSERT_EQ(0, kgil_lazy_init(&ring[i], 0, 1));
	for (int i = 0; i < RING; i++)
		ASSERT_EQ(0, pthread_create(&laps[i], NULL, run_laps, &ring[i]));
	usleep(20000);
	ASSERT_EQ(0, kgil_lazy_release(&ring[0]));
	for (int i = 0; i < RING; i++)
		pthread_join(laps[i], NULL);
	for (int i = 0; i < RING; i++) {
		EXPECT_EQ(i == 0, kgil_lazy_value(&ring[i]));
		looked += looks(&ring[i]);
		kgil_lazy_destroy(&ring[i]);
	}
	EXPECT_GE(5, looked);

	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, take_and_give, &lock));
	usleep(20000);
	ASSERT_EQ(0, kgil_lazy_release(&lock));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(1, kgil_lazy_value(&lock));
	EXPECT_GE(5, looks(&lock));
	kgil_lazy_destroy(&lock);
}

static int stop;

static void *hog(void *arg)
{
	struct kgil_lazy *lazy = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (kgil_lazy_acquire(lazy))
			abort();
		for (volatile int i = 0; i < 1000; i++)
			;
		kgil_lazy_release(lazy);
	}
	return NULL;
}

/* Two threads that hardly ever leave it free, and one that comes now and then. */
TEST(nobody_starves)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(1, 1);
	pthread_t hogs[2];
	struct waiter w;

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&hogs[i], NULL, hog, &lazy));
	for (int i = 0; i < 20; i++) {
		start(&w, &lazy);
		ASSERT_TRUE(ends(&w));
		ASSERT_EQ(0, w.ret);
		ASSERT_EQ(0, kgil_lazy_release(&lazy));
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(hogs[i], NULL);
	EXPECT_EQ(1, kgil_lazy_value(&lazy));
	kgil_lazy_destroy(&lazy);
}

/* ---------------------------------------------------------------- descriptors */

TEST(closed_while_a_thread_waits)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct waiter w;

	ASSERT_TRUE(start_and_wait(&w, &lazy));
	ASSERT_EQ(0, close(kgil_lazy_fd(&lazy)));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);

	/* The next to wait notices, and makes another. */
	start(&w, &lazy);
	ASSERT_TRUE(comes_true(waiters_of(&lazy)));
	EXPECT_EQ(EBADF, kgil_lazy_trouble());
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	kgil_lazy_destroy(&lazy);
	EXPECT_EQ(0, module_sems(NULL));
}

/* What now has the number is left alone: by those who wait, give and destroy. */
TEST(number_that_names_another_object)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	int other = kgil_create_sem(1, 5);
	struct kgil_state before, after;
	struct waiter w;
	int fd;

	ASSERT_LE(0, other);
	ASSERT_TRUE(start_and_wait(&w, &lazy));
	fd = kgil_lazy_fd(&lazy);
	ASSERT_EQ(fd, dup2(other, fd));
	ASSERT_EQ(0, kgil_state(other, &before));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	ASSERT_EQ(0, kgil_state(other, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));

	ASSERT_EQ(0, kgil_lazy_release(&lazy));
	kgil_lazy_destroy(&lazy);
	EXPECT_EQ(id_of(other), id_of(fd));
	close(fd);
	close(other);
}

TEST(number_that_names_a_file)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	int pipes[2], fd;
	struct waiter w;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_TRUE(start_and_wait(&w, &lazy));
	fd = kgil_lazy_fd(&lazy);
	ASSERT_EQ(fd, dup2(pipes[1], fd));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	kgil_lazy_destroy(&lazy);
	EXPECT_EQ(1, write(fd, "", 1));
}

TEST(all_descriptors_closed)
{
	struct crowd crowd = { .lazy = KGIL_LAZY_INIT(1, 1), .max = 1 };
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, join_crowd, &crowd));
	for (int i = 0; i < 20; i++) {
		usleep(5000);
		close_range(3, ~0U, 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(THREADS * ROUNDS, crowd.count);
	EXPECT_EQ(1, kgil_lazy_value(&crowd.lazy));
}

TEST(no_descriptor_to_be_had)
{
	struct crowd crowd = { .lazy = KGIL_LAZY_INIT(1, 1), .max = 1 };
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct waiter w, second;

	limit_fds(3);
	EXPECT_EQ(THREADS * ROUNDS, contend(&crowd));
	EXPECT_EQ(-1, kgil_lazy_fd(&crowd.lazy));
	EXPECT_EQ(EMFILE, kgil_lazy_trouble());
	errno = ERRNO_BEFORE;
	EXPECT_EQ(0, kgil_lazy_acquire_until(&lazy, soon()));
	EXPECT_EQ(ERRNO_BEFORE, errno);

	catch_signals(0);
	start(&w, &lazy);
	/* One that comes before it sleeps ends nothing. */
	ASSERT_TRUE(comes_true((pthread_kill(w.thread, SIGUSR1), is_done(&w))));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(-1, w.ret);
	EXPECT_EQ(EINTR, w.err);

	/* One waits by the futex, and another where it can: both are woken. */
	start(&w, &lazy);
	usleep(50000);
	limit_fds(512);
	ASSERT_TRUE(comes_true(({
		kgil_lazy_acquire_until(&lazy, soon());
		kgil_lazy_fd(&lazy) >= 0;
	})));
	ASSERT_TRUE(start_and_wait(&second, &lazy));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	EXPECT_TRUE(comes_true(is_done(&w) || is_done(&second)));
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	while (kgil_lazy_release(&lazy))
		sched_yield();
	ASSERT_TRUE(ends(&w));
	ASSERT_TRUE(ends(&second));
	EXPECT_EQ(0, w.ret);
	EXPECT_EQ(0, second.ret);
	EXPECT_EQ(0, kgil_lazy_value(&lazy));
	kgil_lazy_destroy(&lazy);
	kgil_lazy_destroy(&crowd.lazy);
}

/* ----------------------------------------------------------------------- fork */

/* In the child: another object, and nothing done to that of the parent. */
static int child_contends(struct kgil_lazy *lazy, int parents)
{
	uint64_t id = id_of(parents);
	struct kgil_stats before, after;
	int keep = fcntl(parents, F_DUPFD_CLOEXEC, 0);
	struct waiter w;
	int fd;

	if (kgil_lazy_fd(lazy) != -1 || kgil_stats(keep, &before))
		return 10;
	/* The parent's waiters are not the child's. */
	if (kgil_lazy_value(lazy) != 0)
		return 11;
	start(&w, lazy);
	if (!comes_true(waiters_of(lazy) == 1))
		return 12;
	fd = kgil_lazy_fd(lazy);
	if (id_of(fd) == id || id_of(parents) == id)
		return 13;
	if (kgil_lazy_release(lazy) || !ends(&w) || w.ret)
		return 14;
	if (kgil_stats(keep, &after) || memcmp(&before, &after, sizeof(before)))
		return 15;
	if (kgil_lazy_trouble())
		return 16;
	return 0;
}

TEST(child_has_an_object_of_its_own)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct waiter w;
	int parents;
	pid_t pid;

	ASSERT_TRUE(start_and_wait(&w, &lazy));
	parents = kgil_lazy_fd(&lazy);
	pid = fork();
	if (!pid)
		_exit(child_contends(&lazy, parents));
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(1, waiters_of(&lazy));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	EXPECT_EQ(0, w.ret);
	kgil_lazy_destroy(&lazy);
}

/* A fork that no handler of pthread_atfork() sees. */
TEST(child_of_a_bare_clone)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(0, 1);
	struct waiter w;
	pid_t pid;

	ASSERT_TRUE(start_and_wait(&w, &lazy));
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		if (kgil_lazy_fd(&lazy) != -1 || kgil_lazy_release(&lazy) ||
		    kgil_lazy_try(&lazy) != 1 || kgil_lazy_acquire_until(&lazy, soon()) != 0 ||
		    kgil_lazy_fd(&lazy) < 0)
			_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, status_of(pid));
	EXPECT_EQ(1, waiters_of(&lazy));
	EXPECT_FALSE(is_done(&w));
	EXPECT_EQ(0, kgil_lazy_release(&lazy));
	ASSERT_TRUE(ends(&w));
	kgil_lazy_destroy(&lazy);
}

/* Whatever the other threads were doing, the child can use it. */
TEST(fork_amid_contention)
{
	struct kgil_lazy lazy = KGIL_LAZY_INIT(1, 1);
	pthread_t hogs[3];
	pid_t pid;

	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&hogs[i], NULL, hog, &lazy));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, kgil_lazy_acquire(&lazy));
		pid = fork();
		if (!pid) {
			kgil_lazy_release(&lazy);
			if (kgil_lazy_value(&lazy) != 1 && kgil_lazy_try(&lazy) != 1)
				_exit(1);
			kgil_lazy_acquire_until(&lazy, 1);
			if (kgil_lazy_acquire_until(&lazy, soon()) == 1)
				_exit(2);
			if (kgil_lazy_release(&lazy) || kgil_lazy_acquire(&lazy))
				_exit(3);
			kgil_lazy_destroy(&lazy);
			_exit(0);
		}
		ASSERT_EQ(0, kgil_lazy_release(&lazy));
		ASSERT_EQ(0, status_of(pid));
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(hogs[i], NULL);
	EXPECT_EQ(1, kgil_lazy_value(&lazy));
	kgil_lazy_destroy(&lazy);
}

TEST_HARNESS_MAIN
