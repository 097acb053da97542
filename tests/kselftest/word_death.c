// SPDX-License-Identifier: GPL-2.0
/* Owners that die with an object in hand that they took by its word. */
#include <signal.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "kgil_word.h"

OWNED_WORD_FIXTURE(owned);

static void expect_heir(struct __test_metadata *_metadata, const struct user *user,
			struct worker *heir)
{
	EXPECT_EQ(EOWNERDEAD, result(heir));
	EXPECT_EQ(0, state_of(user->fd).flags & KGIL_STATE_OWNER_DIED);
	EXPECT_EQ(0, flags_of(user->page) & KGIL_WORD_OWNER_DIED);
	EXPECT_EQ(0, call(heir, op_is_mine, 0));
	EXPECT_EQ(1, heir->value);
	EXPECT_EQ(1, state_of(user->fd).depth);
	EXPECT_EQ(0, call(heir, op_release, 0));
	EXPECT_TRUE(word_is_free(user));
	EXPECT_EQ(0, call(heir, op_acquire, 0));
	EXPECT_EQ(0, call(heir, op_release, 0));
	EXPECT_EQ(1, stats_of(user->fd).owner_deaths);
	EXPECT_EQ(3, stats_of(user->fd).acquisitions);
}

/* It is free, and can't be taken without a call: the word says why. */
static void expect_told_once(struct __test_metadata *_metadata, const struct user *user)
{
	ASSERT_TRUE(WAIT_UNTIL(state_of(user->fd).flags == KGIL_STATE_OWNER_DIED));
	EXPECT_TRUE(WAIT_UNTIL(word_of(user->page) == KGIL_WORD_OWNER_DIED));
	EXPECT_TRUE(is_free(user->fd));
	EXPECT_FALSE(word_take(user->page, user->type, user->id));
	EXPECT_FAILS(EPERM, user->fd, release(user->fd));
	EXPECT_EQ(EOWNERDEAD, user_acquire(user));
	EXPECT_EQ(KGIL_WORD_CALL | user->id, word_of(user->page));
	EXPECT_TRUE(is_mine(user->fd));
	EXPECT_EQ(1, state_of(user->fd).depth);
	EXPECT_EQ(0, user_release(user));
	EXPECT_TRUE(word_is_free(user));
	EXPECT_EQ(0, user_acquire(user));
	EXPECT_EQ(0, user_release(user));
	EXPECT_EQ(1, stats_of(user->fd).owner_deaths);
	EXPECT_EQ(3, stats_of(user->fd).acquisitions);
}

KGIL_TEST(owned, thread_exits_waited_for)
{
	struct worker *owner = start_thread(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	end_worker(owner);
	expect_heir(_metadata, &self->user, heir);
}

KGIL_TEST(owned, thread_exits)
{
	struct worker *owner = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	end_worker(owner);
	expect_told_once(_metadata, &self->user);
}

KGIL_TEST(owned, process_is_killed_waited_for)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	kill_worker(owner);
	expect_heir(_metadata, &self->user, heir);
}

KGIL_TEST(owned, process_is_killed)
{
	struct worker *owner = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	kill_worker(owner);
	expect_told_once(_metadata, &self->user);
}

/* Dead before anybody waited: who comes then is told, or waits and is told. */
KGIL_TEST(owned, comes_after_death)
{
	int i;

	for (i = 1; i <= 20; i++) {
		struct worker *owner = start_process(self->fd);

		ASSERT_EQ(0, call(owner, op_word_take, 0));
		kill(owner->pid, SIGKILL);
		ASSERT_EQ(EOWNERDEAD, acquire(self->fd));
		ASSERT_EQ(0, release(self->fd));
		kill_worker(owner);
		ASSERT_EQ((__u64)i, stats_of(self->fd).owner_deaths);
		ASSERT_TRUE(word_is_free(&self->user));
		end_workers();
	}
}

/* Given back by the word, and dead then: that is nobody's death. */
KGIL_TEST(owned, dies_after_giving_back)
{
	struct worker *owner = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	ASSERT_EQ(0, call(owner, op_word_give, 0));
	kill_worker(owner);
	usleep(A_WHILE_US);
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, stats_of(self->fd).owner_deaths);
}

/* Attached, but it never took it. */
KGIL_TEST(owned, dies_without_taking)
{
	struct worker *other = start_process(self->fd);

	ASSERT_EQ(0, call(other, op_attach, 0));
	ASSERT_TRUE(word_take(self->user.page, variant->type, self->user.id));
	kill_worker(other);
	usleep(A_WHILE_US);
	EXPECT_TRUE(is_mine(self->fd));
	EXPECT_TRUE(word_give(self->user.page, variant->type, self->user.id, 0));
	EXPECT_EQ(0, stats_of(self->fd).owner_deaths);
}

/* exec that keeps the descriptor: the same thread owns it, and releases by a call. */
KGIL_TEST(owned, exec_keeps)
{
	struct worker *owner = start_process(self->fd);
	pid_t pid = owner->pid;

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_mine, 0));
	EXPECT_TRUE(child_succeeds(pid));
	owner->pid = 0;
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(0, stats_of(self->fd).owner_deaths);
}

/* exec that closes it is a death. */
KGIL_TEST(owned, exec_closes)
{
	struct worker *owner = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_pause, 0));
	expect_told_once(_metadata, &self->user);
	EXPECT_EQ(0, kill(owner->pid, 0));
	kill_worker(owner);
	EXPECT_EQ(1, stats_of(self->fd).owner_deaths);
}

KGIL_TEST(owned, exec_closes_waited_for)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_pause, 0));
	expect_heir(_metadata, &self->user, heir);
	kill_worker(owner);
}

/* One thread's death is told of each object that it held, be they thousands. */
#define MANY 2000
/* No operation of a worker takes longer than that is waited for. */
#define BATCH 100

static int many_fds[MANY];

/* The @next ones. */
static int op_take_batch(int fd, __u64 *next)
{
	__u64 i, end = *next + BATCH;

	(void)fd;
	for (i = *next; i < end; i++) {
		struct user user = using(many_fds[i]);

		CHECK(word_take(user.page, user.type, user.id));
		if (i % 2)
			done_using(&user);
	}
	*next = end;
	return 0;
}

TEST_F_TIMEOUT(owned, many, 5 * TEST_LIMIT)
{
	const struct rlimit limit = { .rlim_cur = 2 * MANY, .rlim_max = 2 * MANY };
	struct worker *owner;
	int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < MANY; i++)
		many_fds[i] = new_object(variant->type);
	owner = start_thread(self->fd);
	for (i = 0; i < MANY; i += BATCH)
		ASSERT_EQ(0, call(owner, op_take_batch, i));
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(EAGAIN, try_acquire(many_fds[i]));
	end_worker(owner);
	for (i = 0; i < MANY; i++) {
		ASSERT_TRUE(WAIT_UNTIL(state_of(many_fds[i]).flags & KGIL_STATE_OWNER_DIED));
		ASSERT_EQ(EOWNERDEAD, try_acquire(many_fds[i]));
		ASSERT_EQ(1, stats_of(many_fds[i]).owner_deaths);
		ASSERT_EQ(0, release(many_fds[i]));
		close(many_fds[i]);
	}
}

/* A sem or lock has no owner: what a dead one took stays taken. */
WORD_FIXTURE(unowned);
TYPE_VARIANT(unowned, sem, KGIL_TYPE_SEM);
TYPE_VARIANT(unowned, lock, KGIL_TYPE_LOCK);

KGIL_TEST(unowned, taker_dies)
{
	struct worker *taker = start_process(self->fd);
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, call(taker, op_word_take, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	kill_worker(taker);
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(waiter));
	EXPECT_FALSE(word_take(self->user.page, variant->type, self->user.id));
	EXPECT_EQ(0, state_of(self->fd).flags);
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, call(waiter, op_release, 0));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(0, stats_of(self->fd).owner_deaths);
}

TEST_HARNESS_MAIN
