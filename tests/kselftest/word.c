// SPDX-License-Identifier: GPL-2.0
/* The word of the page: taking and giving back without a call, beside calls. */
#include <signal.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "kgil_word.h"

/* The flags are above. */
#define ID_LIMIT (KGIL_WORD_VALUE + 1)

static bool owned(__u32 type)
{
	return type == KGIL_TYPE_GIL || type == KGIL_TYPE_RLOCK;
}

/* Taken by the thread @pid, @tid, by whatever way. */
static void expect_taken(struct __test_metadata *_metadata, const struct user *user, pid_t pid,
			 pid_t tid, __u64 id)
{
	struct kgil_state state = state_of(user->fd);
	bool mine = owned(user->type) && tid == gettid();
	bool shown = user->type != KGIL_TYPE_SEM;

	EXPECT_EQ(mine ? KGIL_STATE_MINE : 0, state.flags & ~KGIL_STATE_DROP_REQUEST);
	EXPECT_EQ(owned(user->type) ? id : 0, state.owner);
	EXPECT_EQ(shown ? (__u32)pid : 0, state.owner_pid);
	EXPECT_EQ(shown ? (__u32)tid : 0, state.owner_tid);
	EXPECT_EQ(owned(user->type) ? 1 : 0, state.depth);
	EXPECT_EQ(0, state.count);
}

EACH_WORD_FIXTURE(each);

#define TAKE() word_take(self->user.page, variant->type, self->user.id)
#define GIVE() word_give(self->user.page, variant->type, self->user.id, self->user.max)

/* post_waits(), and it sleeps: as long as it is awake, it needs nobody's call. */
static bool post_sleeps(const struct user *user, struct worker *waiter, worker_op op, __u64 value)
{
	if (!post_waits(waiter, op, value))
		return false;
	usleep(A_WHILE_US);
	return WAIT_UNTIL(flags_of(user->page) & KGIL_WORD_WAITERS);
}

/*
 * After somebody has waited.  The kernel times a gil's hold from then on: it was
 * taken by a call then, as far as the release is concerned.
 */
static bool give_without_waiters(const struct user *user)
{
	if (user->type == KGIL_TYPE_GIL)
		return flags_of(user->page) == KGIL_WORD_CALL && release(user->fd) == 0;
	return WAIT_UNTIL(word_give(user->page, user->type, user->id, user->max));
}

/* Taken and given back without a call: all who look see it. */
KGIL_TEST(each, without_a_call)
{
	struct worker *other = start_thread(self->fd);
	int i;

	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_TRUE(is_free(self->fd));
	for (i = 1; i <= 3; i++) {
		ASSERT_TRUE(TAKE());
		expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
		EXPECT_FALSE(TAKE());
		EXPECT_EQ(EAGAIN, call(other, op_try, 0));
		EXPECT_EQ(ETIMEDOUT, call(other, op_until, now_ns() + NSEC_PER_MSEC));
		EXPECT_EQ(EBUSY, call(other, op_word_take, 0));
		expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
		ASSERT_TRUE(give_without_waiters(&self->user));
		EXPECT_TRUE(is_free(self->fd));
		EXPECT_TRUE(word_is_free(&self->user));
		EXPECT_EQ((__u64)i, stats_of(self->fd).acquisitions);
	}
	EXPECT_EQ(3, self->user.page->acquisitions);
	EXPECT_EQ(0, stats_of(self->fd).switches);
	EXPECT_EQ(3, stats_of(self->fd).timeouts);
}

/* What a call has taken a call has to release; a sem doesn't know. */
KGIL_TEST(each, taken_by_call)
{
	ASSERT_EQ(0, acquire(self->fd));
	expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
	if (variant->type == KGIL_TYPE_SEM) {
		EXPECT_EQ(0, flags_of(self->user.page));
		EXPECT_TRUE(GIVE());
	} else {
		EXPECT_EQ(KGIL_WORD_CALL, flags_of(self->user.page));
		EXPECT_NE(0, value_of(self->user.page));
		EXPECT_FALSE(GIVE());
		expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
		EXPECT_EQ(0, release(self->fd));
	}
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_TRUE(TAKE());
	EXPECT_TRUE(GIVE());
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, self->user.page->acquisitions);
}

KGIL_TEST(each, released_by_call)
{
	ASSERT_TRUE(TAKE());
	EXPECT_EQ(0, release(self->fd));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_TRUE(is_free(self->fd));
	/* Once is enough. */
	EXPECT_FAILS(variant->type == KGIL_TYPE_SEM ? EOVERFLOW : EPERM, self->fd,
		     release(self->fd));
	EXPECT_FALSE(GIVE());
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(1, stats_of(self->fd).acquisitions);
}

/* Who waits is seen in the word: giving back is a call then, and lets it proceed. */
KGIL_TEST(each, waited_for)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 id;

	ASSERT_EQ(0, call(waiter, op_thread_id, 0));
	id = waiter->value;
	ASSERT_TRUE(TAKE());
	ASSERT_TRUE(post_sleeps(&self->user, waiter, op_acquire, 0));
	EXPECT_EQ(KGIL_WORD_WAITERS, flags_of(self->user.page) & KGIL_WORD_WAITERS);
	EXPECT_FALSE(GIVE());
	EXPECT_FALSE(finished(waiter));
	EXPECT_EQ(1, state_of(self->fd).waiters);
	expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(waiter));
	expect_taken(_metadata, &self->user, getpid(), waiter->tid, id);
	EXPECT_FALSE(TAKE());
	EXPECT_EQ(0, call(waiter, op_release, 0));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, stats_of(self->fd).contentions);
	EXPECT_EQ(owned(variant->type) ? 1 : 0, stats_of(self->fd).switches);
}

/* When the last waiter has given up, giving back needs no call again. */
KGIL_TEST(each, waited_for_no_more)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 deadline;

	ASSERT_TRUE(TAKE());
	deadline = now_ns() + NSEC_PER_SEC / 2;
	ASSERT_TRUE(post_sleeps(&self->user, waiter, op_until, deadline));
	EXPECT_FALSE(GIVE());
	EXPECT_EQ(ETIMEDOUT, result(waiter));
	EXPECT_LE(deadline, waiter->ended_ns);
	EXPECT_TRUE(give_without_waiters(&self->user));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(0, call(waiter, op_try, 0));
	EXPECT_EQ(0, call(waiter, op_release, 0));
}

/* A waiter that is killed: the same. */
KGIL_TEST(each, waiter_is_killed)
{
	struct worker *waiter = start_process(self->fd);

	ASSERT_TRUE(TAKE());
	ASSERT_TRUE(post_sleeps(&self->user, waiter, op_acquire, 0));
	EXPECT_FALSE(GIVE());
	kill_worker(waiter);
	expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
	EXPECT_TRUE(give_without_waiters(&self->user));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(0, stats_of(self->fd).owner_deaths);
}

/* Taking again what one holds by the word ends as it does by calls. */
KGIL_TEST(each, taken_again)
{
	ASSERT_TRUE(TAKE());
	switch (variant->type) {
	case KGIL_TYPE_GIL:
		EXPECT_FAILS(EDEADLK, self->fd, acquire(self->fd));
		EXPECT_FAILS(EDEADLK, self->fd, acquire_until(self->fd, 0));
		EXPECT_FAILS(EAGAIN, self->fd, try_acquire(self->fd));
		EXPECT_EQ(0, yield_gil(self->fd));
		EXPECT_TRUE(is_mine(self->fd));
		break;
	case KGIL_TYPE_RLOCK:
		EXPECT_EQ(0, acquire(self->fd));
		EXPECT_EQ(2, state_of(self->fd).depth);
		EXPECT_EQ(0, release(self->fd));
		break;
	default:
		EXPECT_FAILS(EAGAIN, self->fd, try_acquire(self->fd));
		EXPECT_FAILS(ETIMEDOUT, self->fd, acquire_until(self->fd, 0));
		EXPECT_FAILS(ETIMEDOUT, self->fd,
			     acquire_until(self->fd, now_ns() + NSEC_PER_MSEC));
	}
	expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
	EXPECT_TRUE(GIVE());
	EXPECT_TRUE(word_is_free(&self->user));
}

/* Who may release what was taken by the word: the owner, or anybody. */
KGIL_TEST(each, released_by_others)
{
	struct worker *thread = start_thread(self->fd);
	struct worker *process = start_process(self->fd);

	ASSERT_EQ(0, call(process, op_word_take, 0));
	EXPECT_EQ(owned(variant->type) ? EPERM : 0, call(thread, op_release, 0));
	if (owned(variant->type)) {
		expect_taken(_metadata, &self->user, process->pid, process->tid,
			     value_of(self->user.page));
		EXPECT_FALSE(GIVE());
		EXPECT_FAILS(EPERM, self->fd, release(self->fd));
		EXPECT_EQ(0, call(process, op_release, 0));
	}
	EXPECT_TRUE(word_is_free(&self->user));
	ASSERT_EQ(0, call(process, op_word_take, 0));
	EXPECT_EQ(owned(variant->type) ? EBUSY : 0, call(thread, op_word_give, 0));
	if (owned(variant->type))
		EXPECT_EQ(0, call(process, op_word_give, 0));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_TRUE(is_free(self->fd));
}

/* By several processes and threads in turn, by both ways: the counters are exact. */
KGIL_TEST(each, counted_exactly)
{
	static const worker_op takes[] = { op_word_take, op_acquire, op_try, op_until };
	struct worker *set[3] = { start_thread(self->fd), start_process(self->fd),
				  start_thread(self->fd) };
	__u64 switches = 0, by_word = 0;
	int last = -1, i;

	random_seed();
	for (i = 0; i < 200; i++) {
		int who = random_below(3), how = random_below(ARRAY_SIZE(takes));
		worker_op give;

		ASSERT_EQ(0, call(set[who], takes[how], now_ns() + PATIENCE_NS));
		by_word += how == 0;
		switches += last >= 0 && last != who;
		last = who;
		give = how == 0 && random_below(2) ? op_word_give : op_release;
		ASSERT_EQ(0, call(set[who], give, 0));
	}
	EXPECT_EQ(200, stats_of(self->fd).acquisitions);
	EXPECT_EQ(by_word, self->user.page->acquisitions);
	EXPECT_EQ(owned(variant->type) ? switches : 0, stats_of(self->fd).switches);
	EXPECT_EQ(0, stats_of(self->fd).contentions);
	EXPECT_EQ(200, proc_number(state_of(self->fd).id, "acquisitions"));
	EXPECT_TRUE(word_is_free(&self->user));
}

/* Counters stay with an object whose mappings are gone, and come back. */
KGIL_TEST(each, counted_after_unmap)
{
	struct user again;

	ASSERT_TRUE(TAKE());
	ASSERT_TRUE(GIVE());
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_EQ(0, release(self->fd));
	done_using(&self->user);
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_EQ(0, release(self->fd));
	again = using(self->fd);
	ASSERT_TRUE(word_take(again.page, again.type, again.id));
	ASSERT_TRUE(word_give(again.page, again.type, again.id, again.max));
	EXPECT_EQ(4, stats_of(self->fd).acquisitions);
	self->user = again;
}

/* The mapping may come when the object is taken already, and waited for. */
KGIL_TEST(each, mapped_late)
{
	int fd = new_object(variant->type);
	struct worker *waiter = start_thread(fd);
	struct user late;

	ASSERT_EQ(0, acquire(fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	/* Asleep by then. */
	usleep(A_WHILE_US);
	late = using(fd);
	EXPECT_EQ(KGIL_WORD_WAITERS, flags_of(late.page) & KGIL_WORD_WAITERS);
	EXPECT_FALSE(word_take(late.page, late.type, late.id));
	EXPECT_FALSE(word_give(late.page, late.type, late.id, late.max));
	EXPECT_EQ(0, release(fd));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, call(waiter, op_release, 0));
	EXPECT_TRUE(word_is_free(&late));
	EXPECT_TRUE(word_take(late.page, late.type, late.id));
	EXPECT_TRUE(word_give(late.page, late.type, late.id, late.max));
	EXPECT_EQ(3, stats_of(fd).acquisitions);
	done_using(&late);
	close(fd);
}

/* Two mappings and another process's are one page. */
KGIL_TEST(each, several_mappings)
{
	struct user again = using(self->fd);
	struct worker *process = start_process(self->fd);

	ASSERT_NE(again.page, self->user.page);
	ASSERT_TRUE(TAKE());
	EXPECT_EQ(word_of(self->user.page), word_of(again.page));
	EXPECT_FALSE(word_take(again.page, again.type, again.id));
	EXPECT_EQ(EBUSY, call(process, op_word_take, 0));
	EXPECT_TRUE(word_give(again.page, again.type, again.id, again.max));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(0, call(process, op_word_take, 0));
	EXPECT_FALSE(TAKE());
	done_using(&again);
	EXPECT_EQ(0, call(process, op_word_give, 0));
	EXPECT_TRUE(word_is_free(&self->user));
}

/* One id for a thread, whatever it asks, never 0 and never another's. */
KGIL_TEST(each, thread_id)
{
	struct worker *thread = start_thread(self->fd);
	struct worker *process = start_process(self->fd);
	int gil = new_gil(0);
	__u64 mine = thread_id(self->fd);

	EXPECT_NE(0, mine);
	EXPECT_GT(ID_LIMIT, mine);
	EXPECT_EQ(mine, thread_id(self->fd));
	EXPECT_EQ(mine, attach(gil));
	EXPECT_EQ(mine, thread_id(gil));
	if (owned(variant->type))
		EXPECT_EQ(mine, attach(self->fd));
	ASSERT_EQ(0, call(thread, op_thread_id, 0));
	ASSERT_EQ(0, call(process, op_thread_id, 0));
	EXPECT_NE(mine, thread->value);
	EXPECT_NE(mine, process->value);
	EXPECT_NE(thread->value, process->value);
	EXPECT_NE(0, thread->value);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_TRUE(fails_untouched(open_device(), KGIL_IOC_THREAD, sizeof(__u64), ENOTTY));
	close(gil);
}

/* A child of fork has no such page. */
KGIL_TEST(each, not_inherited)
{
	pid_t child = fork_child();
	int status;

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		TAKE();
		_exit(0);
	}
	status = reap(child);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
	EXPECT_TRUE(is_free(self->fd));
}

/* It maps anew, has an id of its own, and owns nothing. */
KGIL_TEST(each, mapped_by_child)
{
	pid_t child;

	ASSERT_TRUE(TAKE());
	child = fork_child();
	if (child == 0) {
		struct user mine = using(self->fd);

		CHECK(mine.id != self->user.id);
		CHECK(!word_take(mine.page, mine.type, mine.id));
		CHECK(!(state_of(self->fd).flags & KGIL_STATE_MINE));
		CHECK(try_acquire(self->fd) == EAGAIN);
		CHECK(acquire_until(self->fd, 0) == ETIMEDOUT);
		if (owned(mine.type)) {
			CHECK(!word_give(mine.page, mine.type, mine.id, mine.max));
			CHECK(release(self->fd) == EPERM);
		}
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(child));
	expect_taken(_metadata, &self->user, getpid(), gettid(), self->user.id);
	EXPECT_EQ(0, stats_of(self->fd).owner_deaths);
	EXPECT_TRUE(give_without_waiters(&self->user));
}

/* The mapping does without the descriptor, as far as no call is needed. */
KGIL_TEST(each, without_descriptor)
{
	int fd = new_object(variant->type);
	struct user user = using(fd);
	__u64 id = state_of(fd).id;

	close(fd);
	EXPECT_TRUE(word_take(user.page, user.type, user.id));
	EXPECT_FALSE(word_take(user.page, user.type, user.id));
	EXPECT_EQ(0, proc_number(id, "count"));
	EXPECT_TRUE(word_give(user.page, user.type, user.id, user.max));
	EXPECT_EQ(1, proc_number(id, "count"));
	EXPECT_EQ(1, proc_number(id, "acquisitions"));
	done_using(&user);
	EXPECT_EQ(NULL, proc_field(id, "id"));
}

/*
 * Objects of which every hold is timed
 */
static int new_timed(__u32 type)
{
	int fd = create(&(struct kgil_create){
		.type = type,
		.flags = KGIL_CREATE_TIMED,
		.count = type == KGIL_TYPE_SEM,
		.max = type == KGIL_TYPE_SEM,
	});

	CHECK(fd >= 0);
	return fd;
}

#define HOLD_US 2000

/* Every step is a call, whether anybody waits or not. */
KGIL_TEST(each, timed)
{
	int fd = new_timed(variant->type);
	struct worker *waiter = start_thread(fd);
	struct user user = using(fd);
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_NE(0, flags_of(user.page) & KGIL_WORD_WAITERS);
		EXPECT_FALSE(word_take(user.page, user.type, user.id));
		ASSERT_EQ(0, acquire(fd));
		EXPECT_NE(0, flags_of(user.page) & KGIL_WORD_WAITERS);
		EXPECT_FALSE(word_give(user.page, user.type, user.id, user.max));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		ASSERT_EQ(0, release(fd));
		ASSERT_EQ(0, result(waiter));
		EXPECT_NE(0, flags_of(user.page) & KGIL_WORD_WAITERS);
		ASSERT_EQ(0, call(waiter, op_release, 0));
	}
	EXPECT_NE(0, flags_of(user.page) & KGIL_WORD_WAITERS);
	EXPECT_EQ(6, stats_of(fd).acquisitions);
	EXPECT_EQ(0, user.page->acquisitions);
	EXPECT_TRUE(is_free(fd));
	done_using(&user);
	close(fd);
}

KGIL_TEST(each, timed_hold)
{
	int fd = new_timed(variant->type), i;
	struct user user;
	bool many_hold = variant->type == KGIL_TYPE_SEM;

	if (!many_hold)
		user = using(fd);
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, acquire(fd));
		usleep(HOLD_US);
		ASSERT_EQ(0, release(fd));
		EXPECT_LE(i * HOLD_US * 1000ULL, stats_of(fd).hold_total_ns);
	}
	EXPECT_LE(HOLD_US * 1000ULL, stats_of(fd).hold_max_ns);
	if (!many_hold)
		done_using(&user);
	close(fd);
}

WORD_FIXTURE(gil);
TYPE_VARIANT(gil, only, KGIL_TYPE_GIL);

/* A hold by the word is timed from when the first waiter came, or not at all. */
KGIL_TEST(gil, hold_by_word)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 waited_for;

	ASSERT_TRUE(TAKE());
	usleep(A_WHILE_US);
	ASSERT_TRUE(GIVE());
	EXPECT_EQ(0, stats_of(self->fd).hold_total_ns);
	ASSERT_TRUE(TAKE());
	usleep(A_WHILE_US);
	waited_for = now_ns();
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	usleep(A_WHILE_US);
	ASSERT_EQ(0, release(self->fd));
	waited_for = now_ns() - waited_for;
	EXPECT_GE(waited_for, stats_of(self->fd).hold_total_ns);
	EXPECT_LE(A_WHILE_US * 1000ULL, stats_of(self->fd).hold_total_ns);
	EXPECT_EQ(0, result(waiter));
}

/*
 * The semaphore's count
 */
FIXTURE(sem) {
	struct user user;
	int fd;
};

FIXTURE_SETUP(sem)
{
	self->fd = new_sem(2, 3);
	self->user = using(self->fd);
}

FIXTURE_TEARDOWN(sem)
{
	end_workers();
	done_using(&self->user);
	close(self->fd);
}

#define TAKE_SEM() word_take(self->user.page, KGIL_TYPE_SEM, 0)
#define GIVE_SEM() word_give(self->user.page, KGIL_TYPE_SEM, 0, 3)

static void expect_count(struct __test_metadata *_metadata, const struct user *user, __u64 count)
{
	EXPECT_EQ(count, word_of(user->page));
	EXPECT_EQ(count, state_of(user->fd).count);
}

/* Both ways move the same count, between the same bounds. */
KGIL_TEST(sem, counts)
{
	expect_count(_metadata, &self->user, 2);
	EXPECT_TRUE(TAKE_SEM());
	expect_count(_metadata, &self->user, 1);
	EXPECT_EQ(0, acquire(self->fd));
	expect_count(_metadata, &self->user, 0);
	EXPECT_FALSE(TAKE_SEM());
	EXPECT_FAILS(EAGAIN, self->fd, try_acquire(self->fd));
	EXPECT_TRUE(GIVE_SEM());
	EXPECT_EQ(0, release(self->fd));
	EXPECT_TRUE(GIVE_SEM());
	expect_count(_metadata, &self->user, 3);
	EXPECT_FALSE(GIVE_SEM());
	EXPECT_FAILS(EOVERFLOW, self->fd, release(self->fd));
	EXPECT_EQ(0, try_acquire(self->fd));
	expect_count(_metadata, &self->user, 2);
	EXPECT_EQ(3, stats_of(self->fd).acquisitions);
}

/* A unit given back by a call goes to who waits; the count is 0 all the time. */
KGIL_TEST(sem, hands_over)
{
	struct worker *set[2] = { start_thread(self->fd), start_process(self->fd) };
	int i;

	ASSERT_TRUE(TAKE_SEM());
	ASSERT_TRUE(TAKE_SEM());
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(post_waits(set[i], op_acquire, 0));
	for (i = 0; i < 2; i++) {
		EXPECT_FALSE(GIVE_SEM());
		EXPECT_FALSE(TAKE_SEM());
		EXPECT_EQ(0, release(self->fd));
		EXPECT_EQ(0, value_of(self->user.page));
		EXPECT_EQ(0, result(set[i]));
	}
	EXPECT_TRUE(WAIT_UNTIL(word_of(self->user.page) == 0));
	EXPECT_TRUE(GIVE_SEM());
	expect_count(_metadata, &self->user, 1);
	EXPECT_EQ(4, stats_of(self->fd).acquisitions);
}

/*
 * The rlock's depth
 */
#define DEPTH 4

FIXTURE(rlock) {
	struct user user;
	int fd;
};

FIXTURE_SETUP(rlock)
{
	self->fd = new_rlock(DEPTH);
	self->user = using(self->fd);
}

FIXTURE_TEARDOWN(rlock)
{
	end_workers();
	done_using(&self->user);
	close(self->fd);
}

static void expect_depth(struct __test_metadata *_metadata, const struct user *user, __u32 depth)
{
	struct kgil_state state = state_of(user->fd);

	EXPECT_EQ(KGIL_STATE_MINE, state.flags);
	EXPECT_EQ(user->id, state.owner);
	EXPECT_EQ(depth, state.depth);
	EXPECT_EQ(depth, user->page->depth);
	EXPECT_EQ(user->id, value_of(user->page));
}

/* Nested by the page and by calls, up to the depth, whoever took it. */
static void nest_both_ways(struct __test_metadata *_metadata, const struct user *user)
{
	expect_depth(_metadata, user, 1);
	word_nest(user->page, user->id);
	expect_depth(_metadata, user, 2);
	EXPECT_EQ(0, acquire(user->fd));
	expect_depth(_metadata, user, 3);
	word_nest(user->page, user->id);
	expect_depth(_metadata, user, DEPTH);
	EXPECT_FAILS(EOVERFLOW, user->fd, acquire(user->fd));
	EXPECT_FAILS(EOVERFLOW, user->fd, try_acquire(user->fd));
	EXPECT_FAILS(EOVERFLOW, user->fd, acquire_until(user->fd, 0));
	EXPECT_EQ(0, release(user->fd));
	expect_depth(_metadata, user, 3);
	word_unnest(user->page, user->id);
	EXPECT_EQ(0, release(user->fd));
	expect_depth(_metadata, user, 1);
}

KGIL_TEST(rlock, nests)
{
	ASSERT_TRUE(word_take(self->user.page, KGIL_TYPE_RLOCK, self->user.id));
	nest_both_ways(_metadata, &self->user);
	EXPECT_TRUE(word_give(self->user.page, KGIL_TYPE_RLOCK, self->user.id, 0));
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_TRUE(word_is_free(&self->user));
	ASSERT_EQ(0, acquire(self->fd));
	nest_both_ways(_metadata, &self->user);
	EXPECT_FALSE(word_give(self->user.page, KGIL_TYPE_RLOCK, self->user.id, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_TRUE(word_is_free(&self->user));
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
	EXPECT_EQ(0, stats_of(self->fd).switches);
}

/* Also while somebody waits. */
KGIL_TEST(rlock, nests_while_waited_for)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_TRUE(word_take(self->user.page, KGIL_TYPE_RLOCK, self->user.id));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	nest_both_ways(_metadata, &self->user);
	EXPECT_FALSE(finished(waiter));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, call(waiter, op_is_mine, 0));
	EXPECT_EQ(1, waiter->value);
	EXPECT_EQ(1, state_of(self->fd).depth);
}

TEST_HARNESS_MAIN
