// SPDX-License-Identifier: GPL-2.0
/* The global interpreter lock: its owner.  See interval.c for its switches. */
#include "kselftest_harness.h"
#include "kgil_test.h"

FIXTURE(gil) {
	int fd;
};

FIXTURE_SETUP(gil)
{
	self->fd = new_gil(0);
}

FIXTURE_TEARDOWN(gil)
{
	end_workers();
	close(self->fd);
}

#define EXPECT_FREE()                                                       \
	EXPECT_STATE(self->fd, .type = KGIL_TYPE_GIL, .count = 1, .max = 1, \
		     .policy = KGIL_POLICY_FAIR, .interval_ns = KGIL_INTERVAL_DEFAULT)

#define EXPECT_MINE()                                                                         \
	EXPECT_STATE(self->fd, .type = KGIL_TYPE_GIL, .flags = KGIL_STATE_MINE,               \
		     .owner = attach(self->fd), .owner_pid = getpid(), .owner_tid = gettid(), \
		     .depth = 1, .max = 1, .policy = KGIL_POLICY_FAIR,                        \
		     .interval_ns = KGIL_INTERVAL_DEFAULT)

KGIL_TEST(gil, acquire_and_release)
{
	EXPECT_FREE();
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_MINE();
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FREE();
	EXPECT_FAILS(EPERM, self->fd, release(self->fd));
	EXPECT_EQ(0, try_acquire(self->fd));
	EXPECT_MINE();
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, acquire_until(self->fd, 0));
	EXPECT_MINE();
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FREE();
}

/* Waiting for one's own would never end; a try doesn't wait. */
KGIL_TEST(gil, not_recursive)
{
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_FAILS(EDEADLK, self->fd, acquire(self->fd));
	EXPECT_FAILS(EDEADLK, self->fd, acquire_until(self->fd, now_ns() + NSEC_PER_SEC));
	EXPECT_FAILS(EDEADLK, self->fd, acquire_until(self->fd, 0));
	EXPECT_FAILS(EAGAIN, self->fd, try_acquire(self->fd));
	EXPECT_MINE();
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FREE();
}

KGIL_TEST(gil, only_the_owner_releases)
{
	struct worker *thread = start_thread(self->fd);
	struct worker *process = start_process(self->fd);

	EXPECT_EQ(EPERM, call(thread, op_release, 0));
	EXPECT_FREE();
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(EPERM, call(thread, op_release, 0));
	EXPECT_EQ(EPERM, call(process, op_release, 0));
	EXPECT_EQ(EAGAIN, call(thread, op_try, 0));
	EXPECT_EQ(EAGAIN, call(process, op_try, 0));
	EXPECT_EQ(ETIMEDOUT, call(thread, op_until, 0));
	EXPECT_MINE();
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, call(process, op_acquire, 0));
	EXPECT_FAILS(EPERM, self->fd, release(self->fd));
	EXPECT_EQ(0, state_of(self->fd).flags);
	EXPECT_EQ((__u32)process->pid, state_of(self->fd).owner_pid);
	EXPECT_EQ((__u32)process->tid, state_of(self->fd).owner_tid);
	EXPECT_EQ(0, call(process, op_release, 0));
	EXPECT_FREE();
}

KGIL_TEST(gil, passes_to_waiter)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, call(worker, op_attach, 0));
	EXPECT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	EXPECT_EQ(0, release(self->fd));
	/* Ownership moves with the release, not when the waiter runs. */
	EXPECT_EQ((__u32)worker->tid, state_of(self->fd).owner_tid);
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(0, call(worker, op_is_mine, 0));
	EXPECT_EQ(1, worker->value);
	EXPECT_EQ(0, call(worker, op_release, 0));
	EXPECT_FREE();
}

KGIL_TEST(gil, one_id_for_a_thread)
{
	struct worker *thread = start_thread(self->fd);
	struct worker *process = start_process(self->fd);
	int other = new_gil(0);
	__u64 mine = attach(self->fd);

	EXPECT_NE(0, mine);
	EXPECT_EQ(mine, attach(self->fd));
	EXPECT_EQ(mine, attach(other));
	EXPECT_FREE();
	EXPECT_EQ(0, acquire(other));
	EXPECT_EQ(mine, state_of(other).owner);
	EXPECT_EQ(mine, attach(other));
	EXPECT_EQ(0, call(thread, op_attach, 0));
	EXPECT_EQ(0, call(process, op_attach, 0));
	EXPECT_NE(0, thread->value);
	EXPECT_NE(0, process->value);
	EXPECT_NE(mine, thread->value);
	EXPECT_NE(mine, process->value);
	EXPECT_NE(thread->value, process->value);
	close(other);
}

/* The id of a thread that has ended isn't given to the next. */
KGIL_TEST(gil, ids_are_never_used_again)
{
	__u64 seen[20];
	int i, j;

	for (i = 0; i < 20; i++) {
		struct worker *worker = start_thread(self->fd);

		ASSERT_EQ(0, call(worker, op_attach, 0));
		seen[i] = worker->value;
		end_worker(worker);
		for (j = 0; j < i; j++)
			ASSERT_NE(seen[j], seen[i]);
	}
}

/* The first acquire makes a thread known, as attach does. */
KGIL_TEST(gil, acquire_attaches)
{
	struct worker *worker = start_thread(self->fd);
	__u64 owner;

	EXPECT_EQ(0, call(worker, op_acquire, 0));
	owner = state_of(self->fd).owner;
	EXPECT_NE(0, owner);
	EXPECT_EQ(0, call(worker, op_attach, 0));
	EXPECT_EQ(owner, worker->value);
}

TEST_HARNESS_MAIN
