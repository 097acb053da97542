// SPDX-License-Identifier: GPL-2.0
/* Waiting: one waiter proceeds per release, in order, or until a time. */
#include <fcntl.h>
#include <sched.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define WAITERS 8
#define SHORT	(20 * NSEC_PER_MSEC)

/* Starts @n threads that wait for @fd in the order of @set; false: they don't. */
static bool queue_up(int fd, struct worker **set, int n, worker_op op, __u64 value)
{
	int i;

	for (i = 0; i < n; i++) {
		set[i] = start_thread(fd);
		if (!post_waits(set[i], op, value))
			return false;
	}
	return true;
}

static void forget(struct worker **set, int *n, int which)
{
	set[which] = set[--*n];
}

EACH_TYPE_FIXTURE(each);

/* Each release lets one waiter proceed, whoever it is. */
KGIL_TEST(each, one_proceeds)
{
	struct worker *set[WAITERS];
	struct worker *owner = NULL;
	int n = WAITERS, who;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(queue_up(self->fd, set, n, op_acquire, 0));
	while (n > 0) {
		ASSERT_EQ(0, owner ? call(owner, op_release, 0) : release(self->fd));
		who = first_finished(set, n);
		ASSERT_LE(0, who);
		owner = set[who];
		ASSERT_EQ(0, result(owner));
		forget(set, &n, who);
		ASSERT_EQ((__u32)n, state_of(self->fd).waiters);
		ASSERT_EQ(0, state_of(self->fd).count);
	}
	EXPECT_EQ(0, call(owner, op_release, 0));
	EXPECT_TRUE(is_free(self->fd));
}

/* And it goes on being one when given time for a mistake. */
KGIL_TEST(each, no_more_than_one_proceeds)
{
	struct worker *set[WAITERS];
	int n = WAITERS, who;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(queue_up(self->fd, set, n, op_acquire, 0));
	ASSERT_EQ(0, release(self->fd));
	who = first_finished(set, n);
	ASSERT_LE(0, who);
	forget(set, &n, who);
	usleep(A_WHILE_US);
	while (n-- > 0)
		EXPECT_FALSE(finished(set[n]));
	EXPECT_EQ(WAITERS - 1, state_of(self->fd).waiters);
}

KGIL_TEST(each, never_before_deadline)
{
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < 10; i++) {
		struct worker *worker = start_thread(self->fd);
		__u64 deadline = now_ns() + i * 3 * NSEC_PER_MSEC;

		EXPECT_EQ(ETIMEDOUT, call(worker, op_until, deadline));
		EXPECT_LE(deadline, worker->ended_ns);
		EXPECT_EQ(0, state_of(self->fd).waiters);
		EXPECT_EQ(0, state_of(self->fd).count);
		end_worker(worker);
	}
}

/* A deadline in the past: what is free is taken, else it is over at once. */
KGIL_TEST(each, deadline_in_the_past)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, acquire_until(self->fd, 0));
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(ETIMEDOUT, call(worker, op_until, 0));
	EXPECT_EQ(ETIMEDOUT, call(worker, op_until, 1));
	EXPECT_EQ(ETIMEDOUT, call(worker, op_until, now_ns() - 1));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, call(worker, op_until, now_ns() - 1));
}

/* The greatest deadline is for ever; a greater one is a mistake. */
KGIL_TEST(each, deadline_range)
{
	struct worker *worker = start_thread(self->fd);
	struct kgil_until far = { .deadline_ns = (__u64)INT64_MAX + 1 };
	struct kgil_until flagged = { .deadline_ns = INT64_MAX, .flags = 1 };
	struct kgil_until padded = { .deadline_ns = INT64_MAX, .pad = 1 };
	unsigned long cmd = KGIL_IOC_ACQUIRE_UNTIL;

	EXPECT_FAILS(EINVAL, self->fd, command(self->fd, cmd, (unsigned long)&far));
	far.deadline_ns = UINT64_MAX;
	EXPECT_FAILS(EINVAL, self->fd, command(self->fd, cmd, (unsigned long)&far));
	EXPECT_FAILS(EINVAL, self->fd, command(self->fd, cmd, (unsigned long)&flagged));
	EXPECT_FAILS(EINVAL, self->fd, command(self->fd, cmd, (unsigned long)&padded));
	flagged.flags = 1U << 31;
	EXPECT_FAILS(EINVAL, self->fd, command(self->fd, cmd, (unsigned long)&flagged));

	EXPECT_EQ(0, acquire_until(self->fd, INT64_MAX));
	ASSERT_TRUE(post_waits(worker, op_until, INT64_MAX));
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(worker));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
}

/* Who has given up isn't handed anything: the next one is. */
KGIL_TEST(each, timed_out_waiter_leaves)
{
	struct worker *first = start_thread(self->fd);
	struct worker *second = start_thread(self->fd);

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(first, op_until, now_ns() + NSEC_PER_SEC / 2));
	ASSERT_TRUE(post_waits(second, op_acquire, 0));
	EXPECT_EQ(ETIMEDOUT, result(first));
	EXPECT_EQ(1, state_of(self->fd).waiters);
	EXPECT_FALSE(finished(second));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(second));
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(0, call(second, op_release, 0));
	EXPECT_TRUE(is_free(self->fd));
}

/* All of a queue gives up, in whatever order the deadlines come. */
KGIL_TEST(each, all_time_out)
{
	struct worker *set[WAITERS];
	__u64 start = now_ns() + NSEC_PER_SEC / 2;
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < WAITERS; i++) {
		set[i] = start_thread(self->fd);
		post(set[i], op_until, start + (i * 5 % WAITERS) * NSEC_PER_MSEC);
	}
	for (i = 0; i < WAITERS; i++)
		EXPECT_EQ(ETIMEDOUT, result(set[i]));
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_TRUE(is_free(self->fd));
}

/* Whatever comes first, release or deadline, the object is neither lost nor doubled. */
KGIL_TEST(each, release_races_with_deadline)
{
	struct worker *worker = start_thread(self->fd);
	int i, err;

	random_seed();
	for (i = 0; i < 200; i++) {
		__u64 deadline = now_ns() + NSEC_PER_MSEC / 2;

		ASSERT_EQ(0, acquire(self->fd));
		post(worker, op_until, deadline);
		while (now_ns() < deadline - 100000 + random_below(200000))
			;
		ASSERT_EQ(0, release(self->fd));
		err = result(worker);
		if (err == 0) {
			ASSERT_EQ(0, state_of(self->fd).count);
			ASSERT_EQ(0, call(worker, op_release, 0));
		} else {
			ASSERT_EQ(ETIMEDOUT, err);
			ASSERT_LE(deadline, worker->ended_ns);
		}
		ASSERT_EQ(0, state_of(self->fd).waiters);
		ASSERT_TRUE(is_free(self->fd));
	}
}

FIXTURE(fifo) {
	int fd;
};

FIXTURE_VARIANT(fifo) {
	__u32 type;
};

TYPE_VARIANT(fifo, gil, KGIL_TYPE_GIL);
TYPE_VARIANT(fifo, sem, KGIL_TYPE_SEM);

FIXTURE_SETUP(fifo)
{
	self->fd = variant->type == KGIL_TYPE_GIL ? new_fifo_gil(0) : new_object(variant->type);
}

FIXTURE_TEARDOWN(fifo)
{
	end_workers();
	close(self->fd);
}

/* Order of arrival. */
KGIL_TEST(fifo, order)
{
	struct worker *set[WAITERS];
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(queue_up(self->fd, set, WAITERS, op_acquire, 0));
	ASSERT_EQ(0, release(self->fd));
	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(0, first_finished(set + i, WAITERS - i));
		ASSERT_EQ(0, result(set[i]));
		ASSERT_EQ((__u32)(WAITERS - i - 1), state_of(self->fd).waiters);
		ASSERT_EQ(0, call(set[i], op_release, 0));
	}
	EXPECT_TRUE(is_free(self->fd));
}

/* Nobody overtakes those who wait: not with a try, not with a deadline. */
KGIL_TEST(fifo, nobody_overtakes)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	ASSERT_EQ(0, release(self->fd));
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->fd, 0));
	EXPECT_EQ(0, result(waiter));
}

/* Those with and without a deadline are in one queue. */
KGIL_TEST(fifo, one_queue)
{
	struct worker *set[4];
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < 4; i++) {
		set[i] = start_thread(self->fd);
		ASSERT_TRUE(post_waits(set[i], i % 2 ? op_until : op_acquire, INT64_MAX));
	}
	ASSERT_EQ(0, release(self->fd));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, first_finished(set + i, 4 - i));
		ASSERT_EQ(0, result(set[i]));
		ASSERT_EQ(0, call(set[i], op_release, 0));
	}
}

FIXTURE(sem) {
	int fd;
};

FIXTURE_SETUP(sem)
{
	self->fd = new_sem(0, WAITERS);
}

FIXTURE_TEARDOWN(sem)
{
	close(self->fd);
}

/* @n releases let @n waiters proceed, in order. */
KGIL_TEST(sem, as_many_proceed_as_releases)
{
	struct worker *set[WAITERS];
	int i;

	ASSERT_TRUE(queue_up(self->fd, set, WAITERS, op_acquire, 0));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, release(self->fd));
	EXPECT_EQ(WAITERS - 3, state_of(self->fd).waiters);
	EXPECT_EQ(0, state_of(self->fd).count);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, result(set[i]));
	usleep(A_WHILE_US);
	for (i = 3; i < WAITERS; i++)
		EXPECT_FALSE(finished(set[i]));
}

/* A child in a time namespace whose clock is @offset_s ahead. */
static pid_t fork_in_time(int offset_s)
{
	char text[64];
	int fd, length;

	CHECK(unshare(CLONE_NEWTIME) == 0);
	fd = open("/proc/self/timens_offsets", O_WRONLY);
	CHECK(fd >= 0);
	length = snprintf(text, sizeof(text), "monotonic %d 0", offset_s);
	CHECK(write(fd, text, length) == length);
	close(fd);
	return fork_child();
}

/* Deadlines are in the time that the caller's clock shows. */
static void wait_in_namespace(int fd, __u64 outside_ns, int offset_s)
{
	__u64 deadline = now_ns() + 100 * NSEC_PER_MSEC;
	__s64 ahead = now_ns() - outside_ns;

	/* The clock is the namespace's. */
	CHECK(llabs(ahead - offset_s * (__s64)NSEC_PER_SEC) < (__s64)NSEC_PER_SEC * 15);
	CHECK(acquire_until(fd, deadline) == ETIMEDOUT);
	CHECK(now_ns() >= deadline);
	CHECK(acquire_until(fd, now_ns() - 1) == ETIMEDOUT);
	CHECK(acquire_until(fd, INT64_MAX + 1ULL) == EINVAL);
}

static void wait_for_release(int fd)
{
	CHECK(acquire_until(fd, now_ns() + PATIENCE_NS) == 0);
	CHECK(release(fd) == 0);
	CHECK(acquire_until(fd, 0) == 0);
	CHECK(release(fd) == 0);
}

/* Ahead by @offset_s seconds, 50 ms of it are neither none nor @offset_s. */
static void test_namespace(struct __test_metadata *_metadata, int fd, int offset_s)
{
	__u64 outside_ns = now_ns();
	pid_t child = fork_in_time(offset_s);

	if (child == 0) {
		wait_in_namespace(fd, outside_ns, offset_s);
		_exit(0);
	}
	ASSERT_TRUE(child_succeeds(child));
	child = fork_child();
	if (child == 0) {
		wait_for_release(fd);
		_exit(0);
	}
	ASSERT_TRUE(WAIT_UNTIL(state_of(fd).waiters == 1));
	ASSERT_EQ(0, release(fd));
	ASSERT_TRUE(child_succeeds(child));
}

KGIL_TEST(each, time_namespace_ahead)
{
	ASSERT_EQ(0, acquire(self->fd));
	test_namespace(_metadata, self->fd, 100000);
}

KGIL_TEST(each, time_namespace_behind)
{
	ASSERT_EQ(0, acquire(self->fd));
	test_namespace(_metadata, self->fd, -(int)(now_ns() / NSEC_PER_SEC / 2));
}

TEST_HARNESS_MAIN
