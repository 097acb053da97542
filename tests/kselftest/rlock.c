// SPDX-License-Identifier: GPL-2.0
/* Python's RLock: an owner and a depth. */
#include "kselftest_harness.h"
#include "kgil_test.h"

#define DEPTH 3

FIXTURE(rlock) {
	int fd;
};

FIXTURE_SETUP(rlock)
{
	self->fd = new_rlock(DEPTH);
}

FIXTURE_TEARDOWN(rlock)
{
	end_workers();
	close(self->fd);
}

#define EXPECT_FREE()                                                             \
	EXPECT_STATE(self->fd, .type = KGIL_TYPE_RLOCK, .count = 1, .max = DEPTH, \
		     .handoff_ns = KGIL_HANDOFF_DEFAULT)

#define EXPECT_MINE(times)                                                                    \
	EXPECT_STATE(self->fd, .type = KGIL_TYPE_RLOCK, .flags = KGIL_STATE_MINE,             \
		     .owner = attach(self->fd), .owner_pid = getpid(), .owner_tid = gettid(), \
		     .depth = (times), .max = DEPTH, .handoff_ns = KGIL_HANDOFF_DEFAULT)

KGIL_TEST(rlock, recursion)
{
	EXPECT_FREE();
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_MINE(1);
	EXPECT_EQ(0, try_acquire(self->fd));
	EXPECT_MINE(2);
	EXPECT_EQ(0, acquire_until(self->fd, 0));
	EXPECT_MINE(3);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_MINE(2);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_MINE(1);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FREE();
	EXPECT_FAILS(EPERM, self->fd, release(self->fd));
}

KGIL_TEST(rlock, past_depth)
{
	int i;

	for (i = 0; i < DEPTH; i++)
		ASSERT_EQ(0, acquire(self->fd));
	EXPECT_FAILS(EOVERFLOW, self->fd, acquire(self->fd));
	EXPECT_FAILS(EOVERFLOW, self->fd, try_acquire(self->fd));
	EXPECT_FAILS(EOVERFLOW, self->fd, acquire_until(self->fd, 0));
	EXPECT_FAILS(EOVERFLOW, self->fd, acquire_until(self->fd, now_ns() + NSEC_PER_SEC));
	EXPECT_MINE(DEPTH);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_MINE(DEPTH);
}

KGIL_TEST(rlock, depth_of_one)
{
	int fd = new_rlock(1);

	EXPECT_EQ(0, acquire(fd));
	EXPECT_FAILS(EOVERFLOW, fd, acquire(fd));
	EXPECT_EQ(0, release(fd));
	EXPECT_TRUE(is_free(fd));
	close(fd);
}

KGIL_TEST(rlock, only_the_owner_releases)
{
	struct worker *thread = start_thread(self->fd);
	struct worker *process = start_process(self->fd);

	EXPECT_EQ(EPERM, call(thread, op_release, 0));
	EXPECT_FREE();
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(EPERM, call(thread, op_release, 0));
	EXPECT_EQ(EPERM, call(process, op_release, 0));
	EXPECT_MINE(2);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, call(process, op_acquire, 0));
	EXPECT_FAILS(EPERM, self->fd, release(self->fd));
	EXPECT_FAILS(EAGAIN, self->fd, try_acquire(self->fd));
	EXPECT_FAILS(ETIMEDOUT, self->fd, acquire_until(self->fd, 0));
	EXPECT_EQ(0, state_of(self->fd).flags);
	EXPECT_EQ((__u32)process->pid, state_of(self->fd).owner_pid);
	EXPECT_EQ((__u32)process->tid, state_of(self->fd).owner_tid);
	EXPECT_EQ(0, call(process, op_release, 0));
	EXPECT_FREE();
}

/* A waiter gets it with the last of the nested releases, at depth 1. */
KGIL_TEST(rlock, passes_to_waiter)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(1, state_of(self->fd).waiters);
	EXPECT_TRUE(is_mine(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(0, call(worker, op_is_mine, 0));
	EXPECT_EQ(1, worker->value);
	EXPECT_EQ(1, state_of(self->fd).depth);
	EXPECT_FALSE(is_mine(self->fd));
}

/* Recursion doesn't queue behind those who wait. */
KGIL_TEST(rlock, recursion_passes_waiters)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(2, state_of(self->fd).depth);
	EXPECT_EQ(1, state_of(self->fd).waiters);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
}

KGIL_TEST(rlock, one_id_for_a_thread)
{
	struct worker *worker = start_thread(self->fd);
	int gil = new_gil(0);
	__u64 mine = attach(self->fd);

	EXPECT_NE(0, mine);
	EXPECT_EQ(mine, attach(self->fd));
	EXPECT_EQ(mine, attach(gil));
	EXPECT_EQ(0, call(worker, op_attach, 0));
	EXPECT_NE(0, worker->value);
	EXPECT_NE(mine, worker->value);
	EXPECT_FREE();
	close(gil);
}

KGIL_TEST(rlock, has_no_such_command)
{
	EXPECT_FAILS(ENOTTY, self->fd, yield_gil(self->fd));
	EXPECT_FAILS(ENOTTY, self->fd, set_interval(self->fd, KGIL_INTERVAL_DEFAULT));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_FAILS(ENOTTY, self->fd, yield_gil(self->fd));
}

TEST_HARNESS_MAIN
