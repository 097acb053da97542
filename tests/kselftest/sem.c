// SPDX-License-Identifier: GPL-2.0
/* The counting semaphore. */
#include "kselftest_harness.h"
#include "kgil_test.h"

#define START 2
#define MAX   3

FIXTURE(sem) {
	int fd;
};

FIXTURE_SETUP(sem)
{
	self->fd = new_sem(START, MAX);
}

FIXTURE_TEARDOWN(sem)
{
	end_workers();
	close(self->fd);
}

/* All of a semaphore's state but its count stays as it is. */
#define EXPECT_COUNT(number)                                                         \
	EXPECT_STATE(self->fd, .type = KGIL_TYPE_SEM, .count = (number), .max = MAX, \
		     .handoff_ns = KGIL_HANDOFF_AT_ONCE)

KGIL_TEST(sem, counts)
{
	EXPECT_COUNT(START);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_COUNT(1);
	EXPECT_EQ(0, try_acquire(self->fd));
	EXPECT_COUNT(0);
	EXPECT_FAILS(EAGAIN, self->fd, try_acquire(self->fd));
	EXPECT_FAILS(ETIMEDOUT, self->fd, acquire_until(self->fd, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_COUNT(1);
	EXPECT_EQ(0, acquire_until(self->fd, 0));
	EXPECT_COUNT(0);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_COUNT(MAX);
}

KGIL_TEST(sem, past_maximum)
{
	EXPECT_EQ(0, release(self->fd));
	EXPECT_COUNT(MAX);
	EXPECT_FAILS(EOVERFLOW, self->fd, release(self->fd));
	EXPECT_FAILS(EOVERFLOW, self->fd, release(self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_COUNT(MAX - 1);
}

KGIL_TEST(sem, greatest_maximum)
{
	int fd = new_sem(KGIL_COUNT_MAX, KGIL_COUNT_MAX);

	EXPECT_FAILS(EOVERFLOW, fd, release(fd));
	EXPECT_EQ(0, acquire(fd));
	EXPECT_EQ(KGIL_COUNT_MAX - 1, state_of(fd).count);
	EXPECT_EQ(0, release(fd));
	EXPECT_FAILS(EOVERFLOW, fd, release(fd));
	close(fd);
}

KGIL_TEST(sem, anybody_releases)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, call(worker, op_release, 0));
	EXPECT_COUNT(1);
	EXPECT_EQ(0, call(worker, op_acquire, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_COUNT(1);
}

/* A semaphore that begins with 0 is made to be waited for. */
KGIL_TEST(sem, begins_empty)
{
	int fd = new_sem(0, 1);
	struct worker *worker = start_thread(fd);

	EXPECT_FAILS(EAGAIN, fd, try_acquire(fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	EXPECT_EQ(0, release(fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(0, state_of(fd).count);
	EXPECT_EQ(0, state_of(fd).waiters);
	close(fd);
}

/* A release with a waiter hands over: the count never shows it. */
KGIL_TEST(sem, hands_over)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_COUNT(0);
	EXPECT_EQ(0, result(worker));
	EXPECT_COUNT(0);
}

KGIL_TEST(sem, has_no_such_command)
{
	EXPECT_TRUE(fails_untouched(self->fd, KGIL_IOC_ATTACH, sizeof(__u64), ENOTTY));
	EXPECT_FAILS(ENOTTY, self->fd, yield_gil(self->fd));
	EXPECT_FAILS(ENOTTY, self->fd, set_interval(self->fd, KGIL_INTERVAL_DEFAULT));
}

TEST_HARNESS_MAIN
