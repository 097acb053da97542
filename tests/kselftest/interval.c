// SPDX-License-Identifier: GPL-2.0
/* The switch interval, the drop request, and the yield that answers it. */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define INTERVAL (100 * NSEC_PER_MSEC)

FIXTURE(gil) {
	int fd;
	const struct kgil_page *page;
};

static const struct kgil_page *map(int fd)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

FIXTURE_SETUP(gil)
{
	self->fd = new_fifo_gil(INTERVAL);
	self->page = map(self->fd);
}

FIXTURE_TEARDOWN(gil)
{
	end_workers();
	close(self->fd);
}

/* Of the page; the state must say the same. */
static bool asked(int fd, const struct kgil_page *page)
{
	bool before, in_state, after;

	do {
		before = __atomic_load_n(&page->drop_request, __ATOMIC_ACQUIRE);
		in_state = state_of(fd).flags & KGIL_STATE_DROP_REQUEST;
		after = __atomic_load_n(&page->drop_request, __ATOMIC_ACQUIRE);
	} while (before != after);
	CHECK(in_state == after);
	return after;
}

/* When it is seen; 0: not in time.  A tight loop, as an interpreter's. */
static __u64 drop_request_at(const struct kgil_page *page)
{
	__u64 until = now_ns() + PATIENCE_NS;

	while (!__atomic_load_n(&page->drop_request, __ATOMIC_ACQUIRE))
		if (now_ns() > until)
			return 0;
	return now_ns();
}

KGIL_TEST(gil, default_interval)
{
	int fd = new_gil(0);

	EXPECT_EQ(5 * NSEC_PER_MSEC, state_of(fd).interval_ns);
	EXPECT_EQ(INTERVAL, state_of(self->fd).interval_ns);
	close(fd);
}

KGIL_TEST(gil, bounds)
{
	EXPECT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	EXPECT_EQ(KGIL_INTERVAL_MIN, state_of(self->fd).interval_ns);
	EXPECT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MAX));
	EXPECT_EQ(KGIL_INTERVAL_MAX, state_of(self->fd).interval_ns);
	EXPECT_FAILS(EINVAL, self->fd, set_interval(self->fd, KGIL_INTERVAL_MIN - 1));
	EXPECT_FAILS(EINVAL, self->fd, set_interval(self->fd, KGIL_INTERVAL_MAX + 1));
	EXPECT_FAILS(EINVAL, self->fd, set_interval(self->fd, 0));
	EXPECT_FAILS(EINVAL, self->fd, set_interval(self->fd, 1));
	EXPECT_FAILS(EINVAL, self->fd, set_interval(self->fd, 1ULL << 32));
	EXPECT_FAILS(EINVAL, self->fd, set_interval(self->fd, UINT64_MAX));
}

/* Whoever has the descriptor may set it, owned or not. */
KGIL_TEST(gil, set_while_owned)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_EQ(0, call(worker, op_acquire, 0));
	EXPECT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_DEFAULT));
	EXPECT_EQ(KGIL_INTERVAL_DEFAULT, state_of(self->fd).interval_ns);
	EXPECT_EQ(0, call(worker, op_is_mine, 0));
	EXPECT_EQ(1, worker->value);
}

/* Not before the interval is over, counted from the acquire. */
KGIL_TEST(gil, asks_after_interval)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 start = now_ns(), seen;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	seen = drop_request_at(self->page);
	ASSERT_NE(0, seen);
	EXPECT_LE(start + INTERVAL, seen);
	EXPECT_TRUE(asked(self->fd, self->page));
	EXPECT_EQ(1, stats_of(self->fd).drop_requests);
	/* It stays until it is answered. */
	usleep(A_WHILE_US);
	EXPECT_TRUE(asked(self->fd, self->page));
	EXPECT_EQ(1, stats_of(self->fd).drop_requests);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_FALSE(asked(self->fd, self->page));
	EXPECT_EQ(0, result(waiter));
}

/* Each owner has its own interval, not the rest of the last one's. */
KGIL_TEST(gil, asks_each_owner)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 start, seen;
	int i;

	for (i = 0; i < 5; i++) {
		start = now_ns();
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		seen = drop_request_at(self->page);
		ASSERT_NE(0, seen);
		ASSERT_LE(start + INTERVAL, seen);
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_FALSE(asked(self->fd, self->page));
		ASSERT_EQ(0, call(waiter, op_release, 0));
	}
	EXPECT_EQ(5, stats_of(self->fd).drop_requests);
}

/* Hand-overs in quick succession: a new owner isn't asked early. */
KGIL_TEST(gil, never_asks_early)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 start, seen;
	int i;

	for (i = 0; i < 20; i++) {
		/* Leaves a timer behind that belongs to an earlier owner. */
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
		usleep(i * 5000);
		start = now_ns();
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		seen = drop_request_at(self->page);
		ASSERT_NE(0, seen);
		ASSERT_LE(start + INTERVAL, seen);
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
	}
}

KGIL_TEST(gil, does_not_ask_for_nobody)
{
	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	ASSERT_EQ(0, acquire(self->fd));
	usleep(A_WHILE_US);
	EXPECT_FALSE(asked(self->fd, self->page));
	EXPECT_EQ(0, stats_of(self->fd).drop_requests);
}

/* Who waits no more needs no drop: the request is withdrawn. */
KGIL_TEST(gil, withdraws_request)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_until, now_ns() + NSEC_PER_SEC / 2));
	ASSERT_NE(0, drop_request_at(self->page));
	EXPECT_EQ(ETIMEDOUT, result(waiter));
	EXPECT_FALSE(asked(self->fd, self->page));
	usleep(A_WHILE_US);
	EXPECT_FALSE(asked(self->fd, self->page));
	EXPECT_EQ(1, stats_of(self->fd).drop_requests);
}

/* A waiter that comes when the interval is over finds an owner that is asked. */
KGIL_TEST(gil, late_waiter)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	ASSERT_EQ(0, acquire(self->fd));
	usleep(A_WHILE_US);
	ASSERT_FALSE(asked(self->fd, self->page));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	EXPECT_NE(0, drop_request_at(self->page));
}

/* A longer interval holds for the one that runs. */
KGIL_TEST(gil, made_longer)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 start = now_ns(), set, seen;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	ASSERT_EQ(0, set_interval(self->fd, 10 * INTERVAL));
	set = now_ns();
	seen = drop_request_at(self->page);
	ASSERT_NE(0, seen);
	/* On a machine so slow that the old one was over by then, nothing is shown. */
	if (set < start + INTERVAL)
		EXPECT_LE(start + 10 * INTERVAL, seen);
}

/*
 * A shorter one too.  A machine may be late in anything, but not each time: an
 * interval that only holds for the next owner is never early.
 */
KGIL_TEST(gil, made_shorter)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 start, seen = 0;
	bool early = false;
	int i;

	for (i = 0; i < 8 && !early; i++) {
		ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MAX));
		start = now_ns();
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
		seen = drop_request_at(self->page);
		ASSERT_NE(0, seen);
		early = seen < start + KGIL_INTERVAL_MAX;
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
	}
	EXPECT_TRUE(early);
}

/* Over already: asked at once. */
KGIL_TEST(gil, made_over)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MAX));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	usleep(1000);
	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	EXPECT_TRUE(WAIT_UNTIL(asked(self->fd, self->page)));
}

/* The owner may have seen the request: a longer interval doesn't take it back. */
KGIL_TEST(gil, made_longer_too_late)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	ASSERT_NE(0, drop_request_at(self->page));
	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MAX));
	EXPECT_TRUE(asked(self->fd, self->page));
	EXPECT_EQ(1, stats_of(self->fd).drop_requests);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(waiter));
	EXPECT_FALSE(asked(self->fd, self->page));
}

KGIL_TEST(gil, yield_without_waiter)
{
	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, yield_gil(self->fd));
	EXPECT_TRUE(is_mine(self->fd));
	EXPECT_EQ(1, stats_of(self->fd).acquisitions);
	EXPECT_EQ(0, stats_of(self->fd).yields);
	EXPECT_EQ(0, stats_of(self->fd).contentions);
}

KGIL_TEST(gil, yield_by_others)
{
	struct worker *worker = start_thread(self->fd);

	EXPECT_FAILS(EPERM, self->fd, yield_gil(self->fd));
	EXPECT_EQ(0, call(worker, op_acquire, 0));
	EXPECT_FAILS(EPERM, self->fd, yield_gil(self->fd));
	EXPECT_EQ(0, call(worker, op_is_mine, 0));
	EXPECT_EQ(1, worker->value);
}

/* To the first who waits; the yielder is behind the others, and waits for them. */
KGIL_TEST(gil, yield_hands_over)
{
	struct worker *owner = start_thread(self->fd);
	struct worker *first = start_thread(self->fd);
	struct worker *second = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(first, op_acquire, 0));
	ASSERT_TRUE(post_waits(second, op_acquire, 0));
	post(owner, op_yield, 0);
	EXPECT_EQ(0, result(first));
	EXPECT_EQ((__u32)first->tid, state_of(self->fd).owner_tid);
	EXPECT_EQ(2, state_of(self->fd).waiters);
	EXPECT_FALSE(finished(owner));
	EXPECT_FALSE(finished(second));
	EXPECT_EQ(0, call(first, op_release, 0));
	EXPECT_EQ(0, result(second));
	EXPECT_EQ((__u32)second->tid, state_of(self->fd).owner_tid);
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(owner));
	EXPECT_EQ(0, call(second, op_release, 0));
	EXPECT_EQ(0, result(owner));
	EXPECT_EQ(0, call(owner, op_is_mine, 0));
	EXPECT_EQ(1, owner->value);
	EXPECT_EQ(1, stats_of(self->fd).yields);
}

/* A yield answers the request: the new owner has a fresh interval. */
KGIL_TEST(gil, yield_answers_request)
{
	struct worker *owner = start_thread(self->fd);
	struct worker *waiter = start_thread(self->fd);
	__u64 yielded, seen;

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	ASSERT_NE(0, drop_request_at(self->page));
	yielded = now_ns();
	post(owner, op_yield, 0);
	ASSERT_EQ(0, result(waiter));
	/* The yielder waits now, so the new owner is asked in its turn. */
	seen = drop_request_at(self->page);
	ASSERT_NE(0, seen);
	EXPECT_LE(yielded + INTERVAL, seen);
	EXPECT_EQ(0, call(waiter, op_release, 0));
	EXPECT_EQ(0, result(owner));
	EXPECT_EQ(2, stats_of(self->fd).drop_requests);
}

/* Two that yield to each other have it in turn. */
KGIL_TEST(gil, yield_takes_turns)
{
	struct worker *a = start_thread(self->fd);
	struct worker *b = start_thread(self->fd);
	int i;

	ASSERT_EQ(0, call(a, op_acquire, 0));
	ASSERT_TRUE(post_waits(b, op_acquire, 0));
	for (i = 0; i < 100; i++) {
		struct worker *owner = i % 2 ? b : a;
		struct worker *waiter = i % 2 ? a : b;

		post(owner, op_yield, 0);
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ((__u32)waiter->tid, state_of(self->fd).owner_tid);
		ASSERT_TRUE(WAIT_UNTIL(state_of(self->fd).waiters == 1));
	}
	EXPECT_EQ(100, stats_of(self->fd).yields);
	EXPECT_EQ(100, stats_of(self->fd).switches);
}

/* Whoever yields to one that dies owns it again, and is told. */
KGIL_TEST(gil, yield_to_the_dying)
{
	struct worker *owner = start_thread(self->fd);
	struct worker *victim = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(victim, op_acquire, 0));
	post(owner, op_yield, 0);
	ASSERT_EQ(0, result(victim));
	kill_worker(victim);
	EXPECT_EQ(EOWNERDEAD, result(owner));
	EXPECT_EQ(0, call(owner, op_is_mine, 0));
	EXPECT_EQ(1, owner->value);
	EXPECT_EQ(0, call(owner, op_release, 0));
	EXPECT_EQ(0, state_of(self->fd).flags);
}

TEST_HARNESS_MAIN
