// SPDX-License-Identifier: GPL-2.0
/* Mutual exclusion: a plain counter under a lock is exact. */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define CONTENDERS 4
#define ADDITIONS  1500
#define UNITS	   3

/* Shared by processes too. */
struct shared {
	int fd;
	volatile __u64 counter;
	struct crowd crowd;
};

static struct shared *shared;

static void new_shared(int fd)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED);
	shared->fd = fd;
}

/* A load, an add and a store: it is the lock that makes them one. */
static void add(int turn)
{
	__u64 value = shared->counter;

	/* Now and then long enough for anybody to get in between. */
	if (turn % 64 == 0)
		usleep(1);
	shared->counter = value + 1;
}

static void *contend(void *unused)
{
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		acquire_somehow(shared->fd, turn);
		add(turn);
		CHECK(release(shared->fd) == 0);
	}
	return unused;
}

static void *contend_and_yield(void *unused)
{
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		acquire_somehow(shared->fd, turn);
		add(turn);
		CHECK(yield_gil(shared->fd) == 0);
		add(turn + 1);
		CHECK(release(shared->fd) == 0);
	}
	return unused;
}

static void *contend_recursively(void *unused)
{
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		acquire_somehow(shared->fd, turn);
		add(turn);
		acquire_somehow(shared->fd, turn + 1);
		add(turn + 1);
		CHECK(release(shared->fd) == 0);
		CHECK(release(shared->fd) == 0);
	}
	return unused;
}

static void *enter_and_leave(void *unused)
{
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		acquire_somehow(shared->fd, turn);
		enter(&shared->crowd);
		if (turn % 16 == 0)
			usleep(1);
		leave(&shared->crowd);
		CHECK(release(shared->fd) == 0);
	}
	return unused;
}

EACH_TYPE_FIXTURE(each);

KGIL_TEST(each, threads_count_exactly)
{
	new_shared(self->fd);
	run_threads(CONTENDERS, contend);
	EXPECT_EQ(CONTENDERS * ADDITIONS, shared->counter);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(CONTENDERS * ADDITIONS, stats_of(self->fd).acquisitions);
}

KGIL_TEST(each, processes_count_exactly)
{
	new_shared(self->fd);
	run_processes(CONTENDERS, contend);
	EXPECT_EQ(CONTENDERS * ADDITIONS, shared->counter);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(CONTENDERS * ADDITIONS, stats_of(self->fd).acquisitions);
}

TYPE_FIXTURE(gil);
TYPE_VARIANT(gil, only, KGIL_TYPE_GIL);

KGIL_TEST(gil, yielding_threads_count_exactly)
{
	new_shared(self->fd);
	run_threads(CONTENDERS, contend_and_yield);
	EXPECT_EQ(2 * CONTENDERS * ADDITIONS, shared->counter);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

TYPE_FIXTURE(rlock);
TYPE_VARIANT(rlock, only, KGIL_TYPE_RLOCK);

KGIL_TEST(rlock, recursive_threads_count_exactly)
{
	new_shared(self->fd);
	run_threads(CONTENDERS, contend_recursively);
	EXPECT_EQ(2 * CONTENDERS * ADDITIONS, shared->counter);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(CONTENDERS * ADDITIONS, stats_of(self->fd).acquisitions);
}

FIXTURE(sem) {
	int fd;
};

FIXTURE_SETUP(sem)
{
	self->fd = new_sem(UNITS, UNITS);
	new_shared(self->fd);
}

FIXTURE_TEARDOWN(sem)
{
	close(self->fd);
}

/* As many inside as there are units: never more, and not always fewer. */
static void expect_full(struct __test_metadata *_metadata, int fd)
{
	EXPECT_EQ(UNITS, shared->crowd.most);
	EXPECT_EQ(0, shared->crowd.inside);
	EXPECT_EQ(UNITS, state_of(fd).count);
	EXPECT_EQ(0, state_of(fd).waiters);
}

KGIL_TEST(sem, threads_inside)
{
	run_threads(2 * UNITS, enter_and_leave);
	expect_full(_metadata, self->fd);
}

KGIL_TEST(sem, processes_inside)
{
	run_processes(2 * UNITS, enter_and_leave);
	expect_full(_metadata, self->fd);
}

TEST_HARNESS_MAIN
