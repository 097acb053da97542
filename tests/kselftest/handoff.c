// SPDX-License-Identifier: GPL-2.0
/* How long a waiter of a sem, lock or rlock can be passed over. */
#include <pthread.h>

#include "kselftest_harness.h"
#include "kgil_word.h"

#define WAITERS 8

/* Of a bound; the types that have one, each as new_object() makes it. */
WORD_FIXTURE(each);
TYPE_VARIANT(each, sem, KGIL_TYPE_SEM);
TYPE_VARIANT(each, lock, KGIL_TYPE_LOCK);
TYPE_VARIANT(each, rlock, KGIL_TYPE_RLOCK);

KGIL_TEST(each, bounds)
{
	EXPECT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_MAX));
	EXPECT_EQ(KGIL_HANDOFF_MAX, state_of(self->fd).handoff_ns);
	EXPECT_EQ(0, set_handoff(self->fd, 12345));
	EXPECT_EQ(12345, state_of(self->fd).handoff_ns);
	EXPECT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_AT_ONCE));
	EXPECT_EQ(KGIL_HANDOFF_AT_ONCE, state_of(self->fd).handoff_ns);
	EXPECT_FAILS(EINVAL, self->fd, set_handoff(self->fd, 0));
	EXPECT_FAILS(EINVAL, self->fd, set_handoff(self->fd, KGIL_HANDOFF_MAX + 1));
	EXPECT_FAILS(EINVAL, self->fd, set_handoff(self->fd, 1ULL << 32));
	EXPECT_FAILS(EINVAL, self->fd, set_handoff(self->fd, UINT64_MAX));
	EXPECT_FAILS(EFAULT, self->fd, command(self->fd, KGIL_IOC_SET_HANDOFF, 0));
	EXPECT_FAILS(EFAULT, self->fd,
		     command(self->fd, KGIL_IOC_SET_HANDOFF, (unsigned long)BAD_POINTER));
	EXPECT_TRUE(word_is_free(&self->user));
}

/* Whoever has the descriptor may set it, taken or not; nothing else changes. */
KGIL_TEST(each, set_while_taken)
{
	struct worker *worker = start_process(self->fd), *waiter = start_thread(self->fd);
	struct kgil_state before, after;

	ASSERT_EQ(0, call(worker, op_acquire, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	before = state_of(self->fd);
	EXPECT_EQ(0, set_handoff(self->fd, 777));
	after = state_of(self->fd);
	EXPECT_EQ(777, after.handoff_ns);
	after.handoff_ns = before.handoff_ns;
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(0, call(worker, op_release, 0));
	EXPECT_EQ(0, result(waiter));
}

/* A gil is always handed over. */
KGIL_TEST(each, not_of_a_gil)
{
	int gil = new_gil(0);

	EXPECT_FAILS(ENOTTY, gil, set_handoff(gil, KGIL_HANDOFF_DEFAULT));
	EXPECT_FAILS(ENOTTY, gil, set_handoff(gil, 0));
	EXPECT_FAILS(ENOTTY, self->fd, set_policy(self->fd, KGIL_POLICY_FIFO));
	EXPECT_FAILS(ENOTTY, self->fd, set_policy(self->fd, KGIL_POLICY_DEFAULT));
	close(gil);
}

/* By the word, by a call: whichever works, as a library does. */
static void release_somehow(struct __test_metadata *_metadata, const struct user *user,
			    bool by_word)
{
	if (by_word)
		EXPECT_FALSE(word_give(user->page, user->type, user->id, user->max));
	EXPECT_EQ(0, release(user->fd));
}

/* At once: order of arrival, whichever way it was taken, and nobody overtakes. */
static void expect_order(struct __test_metadata *_metadata, const struct user *user, bool by_word)
{
	struct worker *set[WAITERS];
	int i;

	ASSERT_EQ(0, by_word ? user_acquire(user) : acquire(user->fd));
	for (i = 0; i < WAITERS; i++) {
		set[i] = start_thread(user->fd);
		ASSERT_TRUE(post_waits(set[i], i % 2 ? op_until : op_acquire, INT64_MAX));
	}
	release_somehow(_metadata, user, by_word);
	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(0, first_finished(set + i, WAITERS - i));
		ASSERT_EQ(0, result(set[i]));
		ASSERT_EQ((__u32)(WAITERS - i - 1), state_of(user->fd).waiters);
		ASSERT_EQ(EAGAIN, try_acquire(user->fd));
		ASSERT_FALSE(word_take(user->page, user->type, user->id));
		ASSERT_EQ(0, call(set[i], op_release, 0));
	}
	EXPECT_TRUE(word_is_free(user));
}

KGIL_TEST(each, at_once_is_in_order)
{
	ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_AT_ONCE));
	expect_order(_metadata, &self->user, false);
	end_workers();
	expect_order(_metadata, &self->user, true);
}

/* A release and, before the waiter can run, a try by each way. */
static bool passed_over(const struct user *user, struct worker *waiter, __u64 waits_us)
{
	bool passed;

	CHECK(user_acquire(user) == 0);
	CHECK(post_waits(waiter, op_acquire, 0));
	usleep(waits_us);
	hold_back_others();
	CHECK(user_release(user) == 0);
	passed = word_take(user->page, user->type, user->id) || try_acquire(user->fd) == 0;
	resume_others();
	if (passed)
		CHECK(user_release(user) == 0);
	CHECK(result(waiter) == 0);
	CHECK(call(waiter, op_release, 0) == 0);
	return passed;
}

KGIL_TEST(each, passed_over_until_bound)
{
	struct worker *waiter = start_thread(self->fd);
	int i;

	ASSERT_EQ(0, call(waiter, op_pin, 0));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_MAX));
		EXPECT_TRUE(passed_over(&self->user, waiter, 0));
		ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_DEFAULT));
		EXPECT_FALSE(passed_over(&self->user, waiter, A_WHILE_US));
		ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_AT_ONCE));
		EXPECT_FALSE(passed_over(&self->user, waiter, 0));
	}
	EXPECT_TRUE(word_is_free(&self->user));
}

/* A bound that is made shorter holds for who waits already. */
KGIL_TEST(each, made_shorter)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, call(waiter, op_pin, 0));
	ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_MAX));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_AT_ONCE));
	hold_back_others();
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_FALSE(word_take(self->user.page, variant->type, self->user.id));
	resume_others();
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, call(waiter, op_release, 0));
	EXPECT_TRUE(word_is_free(&self->user));
}

/*
 * Two units of a semaphore become free before the waiter that was called for the
 * first can run: both waiters get one, whatever the bound is by then.
 */
static bool two_units_for_two(__u64 handoff_ns, bool after_second)
{
	int sem = create(&(struct kgil_create){
		.type = KGIL_TYPE_SEM, .max = 2, .handoff_ns = KGIL_HANDOFF_MAX });
	struct worker *waiters[] = { start_thread(sem), start_thread(sem) };
	bool both;
	int i;

	CHECK(sem >= 0);
	for (i = 0; i < 2; i++) {
		CHECK(call(waiters[i], op_pin, 0) == 0);
		CHECK(post_waits(waiters[i], op_acquire, 0));
	}
	hold_back_others();
	CHECK(release(sem) == 0);
	if (!after_second)
		CHECK(set_handoff(sem, handoff_ns) == 0);
	CHECK(release(sem) == 0);
	if (after_second)
		CHECK(set_handoff(sem, handoff_ns) == 0);
	resume_others();
	both = WAIT_UNTIL(finished(waiters[0]) && finished(waiters[1]));
	if (!both)
		CHECK(release(sem) == 0);
	for (i = 0; i < 2; i++)
		CHECK(result(waiters[i]) == 0);
	if (both)
		CHECK(state_of(sem).count == 0 && state_of(sem).waiters == 0);
	end_workers();
	close(sem);
	return both;
}

FIXTURE(units) {
	bool both;
};

FIXTURE_VARIANT(units) {
	__u64 handoff_ns;
	bool after_second;
};

FIXTURE_SETUP(units)
{
	self->both = two_units_for_two(variant->handoff_ns, variant->after_second);
}

FIXTURE_TEARDOWN(units)
{
	end_workers();
}

/* Overdue when the second is released. */
FIXTURE_VARIANT_ADD(units, overdue) {
	.handoff_ns = 2,
};

FIXTURE_VARIANT_ADD(units, not_overdue) {
	.handoff_ns = KGIL_HANDOFF_DEFAULT,
};

/* Nobody tries any more. */
FIXTURE_VARIANT_ADD(units, at_once) {
	.handoff_ns = KGIL_HANDOFF_AT_ONCE,
};

FIXTURE_VARIANT_ADD(units, at_once_after_second) {
	.handoff_ns = KGIL_HANDOFF_AT_ONCE,
	.after_second = true,
};

FIXTURE_VARIANT_ADD(units, overdue_after_second) {
	.handoff_ns = 2,
	.after_second = true,
};

KGIL_TEST(units, freed_at_once)
{
	EXPECT_TRUE(self->both);
}

/*
 * Starvation: threads that release and acquire again without a pause
 */
#define LOOPERS	     2
#define ACQUISITIONS 30

struct loop {
	int fd;
	bool by_word;
	bool stop;
	__u64 turns[LOOPERS];
};

static struct loop loop;

static void *acquire_in_a_loop(void *turns)
{
	struct user user = using(loop.fd);
	__u64 *mine = turns;

	while (!__atomic_load_n(&loop.stop, __ATOMIC_RELAXED)) {
		CHECK((loop.by_word ? user_acquire(&user) : acquire(user.fd)) == 0);
		__atomic_add_fetch(mine, 1, __ATOMIC_RELAXED);
		CHECK((loop.by_word ? user_release(&user) : release(user.fd)) == 0);
	}
	done_using(&user);
	return NULL;
}

/* The waiter gets it each time, and so do those that loop. */
static void expect_no_starvation(struct __test_metadata *_metadata, int fd, bool by_word)
{
	struct worker *waiter = start_process(fd);
	pthread_t threads[LOOPERS];
	int i;

	loop = (struct loop){ .fd = fd, .by_word = by_word };
	for (i = 0; i < LOOPERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, acquire_in_a_loop, &loop.turns[i]));
	for (i = 0; i < LOOPERS; i++)
		EXPECT_TRUE(WAIT_UNTIL(__atomic_load_n(&loop.turns[i], __ATOMIC_RELAXED) > 10));
	for (i = 0; i < ACQUISITIONS; i++) {
		ASSERT_EQ(0, call(waiter, op_until, now_ns() + PATIENCE_NS));
		ASSERT_EQ(0, call(waiter, op_release, 0));
	}
	for (i = 0; i < LOOPERS; i++) {
		__u64 turns = __atomic_load_n(&loop.turns[i], __ATOMIC_RELAXED);

		EXPECT_TRUE(WAIT_UNTIL(__atomic_load_n(&loop.turns[i], __ATOMIC_RELAXED) > turns));
	}
	__atomic_store_n(&loop.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < LOOPERS; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	EXPECT_TRUE(is_free(fd));
}

KGIL_TEST(each, no_starvation)
{
	static const __u64 handoffs[] = { KGIL_HANDOFF_DEFAULT, KGIL_HANDOFF_AT_ONCE,
					  100 * NSEC_PER_MSEC };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handoffs); i++) {
		ASSERT_EQ(0, set_handoff(self->fd, handoffs[i]));
		expect_no_starvation(_metadata, self->fd, i % 2);
		expect_no_starvation(_metadata, self->fd, !(i % 2));
		end_workers();
	}
	EXPECT_TRUE(WAIT_UNTIL(word_is_free(&self->user)));
}

TEST_HARNESS_MAIN
