// SPDX-License-Identifier: GPL-2.0
/* Python's Lock: a semaphore of maximum 1 that knows who took it. */
#include "kselftest_harness.h"
#include "kgil_test.h"

FIXTURE(lock) {
	int fd;
};

FIXTURE_SETUP(lock)
{
	self->fd = new_lock();
}

FIXTURE_TEARDOWN(lock)
{
	end_workers();
	close(self->fd);
}

#define EXPECT_FREE()                                                        \
	EXPECT_STATE(self->fd, .type = KGIL_TYPE_LOCK, .count = 1, .max = 1, \
		     .handoff_ns = KGIL_HANDOFF_DEFAULT)

/* Taken by a thread, which doesn't make it the owner. */
#define EXPECT_TAKEN_BY(pid, tid)                                                              \
	EXPECT_STATE(self->fd, .type = KGIL_TYPE_LOCK, .owner_pid = (pid), .owner_tid = (tid), \
		     .max = 1, .handoff_ns = KGIL_HANDOFF_DEFAULT)

KGIL_TEST(lock, true_false_error)
{
	EXPECT_FREE();
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_TAKEN_BY(getpid(), gettid());
	EXPECT_FAILS(EAGAIN, self->fd, try_acquire(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FREE();
	EXPECT_FAILS(EPERM, self->fd, release(self->fd));
	EXPECT_EQ(0, try_acquire(self->fd));
	EXPECT_TAKEN_BY(getpid(), gettid());
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, acquire_until(self->fd, 0));
	EXPECT_TAKEN_BY(getpid(), gettid());
	EXPECT_FAILS(ETIMEDOUT, self->fd, acquire_until(self->fd, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FREE();
}

/* Who took it blocks on taking it again, like anybody else. */
KGIL_TEST(lock, blocks_its_taker)
{
	struct worker *worker = start_thread(self->fd);
	__u64 deadline;

	EXPECT_EQ(0, acquire(self->fd));
	deadline = now_ns() + 10 * NSEC_PER_MSEC;
	EXPECT_FAILS(ETIMEDOUT, self->fd, acquire_until(self->fd, deadline));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(0, release(self->fd));

	EXPECT_EQ(0, call(worker, op_acquire, 0));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_TAKEN_BY(getpid(), worker->tid);
}

KGIL_TEST(lock, anybody_releases)
{
	struct worker *thread = start_thread(self->fd);
	struct worker *process = start_process(self->fd);

	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, call(thread, op_release, 0));
	EXPECT_FREE();
	EXPECT_EQ(0, call(thread, op_acquire, 0));
	EXPECT_TAKEN_BY(getpid(), thread->tid);
	EXPECT_EQ(0, call(process, op_release, 0));
	EXPECT_FREE();
	EXPECT_EQ(0, call(process, op_acquire, 0));
	EXPECT_TAKEN_BY(process->pid, process->tid);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FREE();
	EXPECT_EQ(EPERM, call(thread, op_release, 0));
	EXPECT_EQ(EPERM, call(process, op_release, 0));
	EXPECT_FREE();
}

/* Who was waiting has it when release has let it proceed. */
KGIL_TEST(lock, passes_to_waiter)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_TAKEN_BY(getpid(), worker->tid);
	EXPECT_EQ(0, call(worker, op_release, 0));
	EXPECT_FREE();
}

KGIL_TEST(lock, has_no_such_command)
{
	EXPECT_TRUE(fails_untouched(self->fd, KGIL_IOC_ATTACH, sizeof(__u64), ENOTTY));
	EXPECT_FAILS(ENOTTY, self->fd, yield_gil(self->fd));
	EXPECT_FAILS(ENOTTY, self->fd, set_interval(self->fd, KGIL_INTERVAL_DEFAULT));
}

TEST_HARNESS_MAIN
