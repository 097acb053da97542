// SPDX-License-Identifier: GPL-2.0
/* Mutual exclusion among those who use the word and those who only call. */
#include <signal.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "kgil_word.h"

#define CONTENDERS 4
#define ADDITIONS  1500
#define UNITS	   3
#define KILLS	   200
#define DELAY_US   300

/* Shared by processes too; @counter, @last and @switches are plain. */
struct shared {
	int fd;
	volatile __u64 counter;
	volatile __u64 last;
	volatile __u64 switches;
	struct crowd crowd;
	__u32 next_number;
};

static struct shared *shared;

static void new_shared(int fd)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED);
	shared->fd = fd;
}

/* One contender never uses the word, one whenever it can, the others change. */
static bool uses_word(__u32 number, int turn)
{
	return number % CONTENDERS == 0 ? false :
	       number % CONTENDERS == 1 ? true :
					  (turn / 8 + number) % 2;
}

static void take(const struct user *user, __u32 number, int turn)
{
	if (uses_word(number, turn) && word_take(user->page, user->type, user->id))
		return;
	acquire_somehow(user->fd, turn);
}

static void give(const struct user *user, __u32 number, int turn)
{
	/* Not always the way in which it was taken. */
	if (uses_word(number, turn + turn % 3) &&
	    word_give(user->page, user->type, user->id, user->max))
		return;
	CHECK(release(user->fd) == 0);
}

/* Loads, additions and stores: it is the lock that makes them one. */
static void add(__u64 id, int turn)
{
	__u64 value = shared->counter, last = shared->last;

	/* Now and then long enough for anybody to get in between. */
	if (turn % 64 == 0)
		usleep(1);
	shared->counter = value + 1;
	if (last && last != id)
		shared->switches++;
	shared->last = id;
}

static void *contend(void *unused)
{
	__u32 number = __atomic_fetch_add(&shared->next_number, 1, __ATOMIC_SEQ_CST);
	struct user user = using(shared->fd);
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		take(&user, number, turn);
		add(user.id, turn);
		give(&user, number, turn);
	}
	done_using(&user);
	return unused;
}

static void *contend_and_yield(void *unused)
{
	__u32 number = __atomic_fetch_add(&shared->next_number, 1, __ATOMIC_SEQ_CST);
	struct user user = using(shared->fd);
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		take(&user, number, turn);
		add(user.id, turn);
		CHECK(yield_gil(user.fd) == 0);
		add(user.id, turn + 1);
		give(&user, number, turn);
	}
	done_using(&user);
	return unused;
}

static void nest(const struct user *user, __u32 number, int turn)
{
	if (uses_word(number, turn))
		word_nest(user->page, user->id);
	else
		CHECK(acquire(user->fd) == 0);
}

static void unnest(const struct user *user, __u32 number, int turn)
{
	if (uses_word(number, turn + turn % 3))
		word_unnest(user->page, user->id);
	else
		CHECK(release(user->fd) == 0);
}

static void *contend_recursively(void *unused)
{
	__u32 number = __atomic_fetch_add(&shared->next_number, 1, __ATOMIC_SEQ_CST);
	struct user user = using(shared->fd);
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		take(&user, number, turn);
		nest(&user, number, turn);
		add(user.id, turn);
		unnest(&user, number, turn);
		CHECK(state_of(user.fd).flags & KGIL_STATE_MINE);
		give(&user, number, turn);
	}
	done_using(&user);
	return unused;
}

static void *enter_and_leave(void *unused)
{
	__u32 number = __atomic_fetch_add(&shared->next_number, 1, __ATOMIC_SEQ_CST);
	struct user user = using(shared->fd);
	int turn;

	for (turn = 0; turn < ADDITIONS; turn++) {
		take(&user, number, turn);
		enter(&shared->crowd);
		if (turn % 16 == 0)
			usleep(1);
		leave(&shared->crowd);
		give(&user, number, turn);
	}
	done_using(&user);
	return unused;
}

EACH_WORD_FIXTURE(each);

/* Nothing is lost, nothing is counted twice, nothing is left behind. */
static void expect_exact(struct __test_metadata *_metadata, const struct user *user, __u64 added)
{
	struct kgil_stats stats = stats_of(user->fd);
	bool owned = user->type == KGIL_TYPE_GIL || user->type == KGIL_TYPE_RLOCK;

	EXPECT_EQ(added, shared->counter);
	EXPECT_TRUE(is_free(user->fd));
	EXPECT_TRUE(WAIT_UNTIL(word_is_free(user)));
	EXPECT_EQ(0, state_of(user->fd).waiters);
	EXPECT_EQ(owned ? shared->switches : 0, stats.switches);
	/* Both ways were used; by the word only if there was a moment when nobody waited. */
	EXPECT_GT(stats.acquisitions, user->page->acquisitions);
	if (user->type == KGIL_TYPE_LOCK || user->type == KGIL_TYPE_RLOCK)
		EXPECT_LT(0, user->page->acquisitions);
}

KGIL_TEST(each, threads_count_exactly)
{
	new_shared(self->fd);
	run_threads(CONTENDERS, contend);
	expect_exact(_metadata, &self->user, CONTENDERS * ADDITIONS);
	EXPECT_EQ(CONTENDERS * ADDITIONS, stats_of(self->fd).acquisitions);
}

KGIL_TEST(each, processes_count_exactly)
{
	new_shared(self->fd);
	run_processes(CONTENDERS, contend);
	expect_exact(_metadata, &self->user, CONTENDERS * ADDITIONS);
	EXPECT_EQ(CONTENDERS * ADDITIONS, stats_of(self->fd).acquisitions);
}

WORD_FIXTURE(gil);
TYPE_VARIANT(gil, only, KGIL_TYPE_GIL);

KGIL_TEST(gil, yielding_threads_count_exactly)
{
	new_shared(self->fd);
	run_threads(CONTENDERS, contend_and_yield);
	expect_exact(_metadata, &self->user, 2 * CONTENDERS * ADDITIONS);
}

WORD_FIXTURE(rlock);
TYPE_VARIANT(rlock, only, KGIL_TYPE_RLOCK);

KGIL_TEST(rlock, recursive_threads_count_exactly)
{
	new_shared(self->fd);
	run_threads(CONTENDERS, contend_recursively);
	expect_exact(_metadata, &self->user, CONTENDERS * ADDITIONS);
	EXPECT_EQ(CONTENDERS * ADDITIONS, stats_of(self->fd).acquisitions);
}

FIXTURE(sem) {
	int fd;
	struct user user;
};

FIXTURE_SETUP(sem)
{
	self->fd = new_sem(UNITS, UNITS);
	self->user = using(self->fd);
	new_shared(self->fd);
}

FIXTURE_TEARDOWN(sem)
{
	done_using(&self->user);
	close(self->fd);
}

/* As many inside as there are units: never more, and not always fewer. */
static void expect_full(struct __test_metadata *_metadata, const struct user *user)
{
	EXPECT_EQ(UNITS, shared->crowd.most);
	EXPECT_EQ(0, shared->crowd.inside);
	EXPECT_EQ(UNITS, state_of(user->fd).count);
	EXPECT_EQ(0, state_of(user->fd).waiters);
	EXPECT_TRUE(WAIT_UNTIL(word_is_free(user)));
	EXPECT_EQ(2 * UNITS * ADDITIONS, stats_of(user->fd).acquisitions);
}

KGIL_TEST(sem, threads_inside)
{
	run_threads(2 * UNITS, enter_and_leave);
	expect_full(_metadata, &self->user);
}

KGIL_TEST(sem, processes_inside)
{
	run_processes(2 * UNITS, enter_and_leave);
	expect_full(_metadata, &self->user);
}

/*
 * Those that die with it in hand, at any moment, by either way
 */
static void acquire_and_release(int fd)
{
	struct user user = using(fd);

	for (;;) {
		int err = user_acquire(&user);

		CHECK(err == 0 || err == EOWNERDEAD);
		CHECK(user_release(&user) == 0);
	}
}

static pid_t start_victim(int fd)
{
	pid_t pid = fork_child();

	if (pid == 0)
		acquire_and_release(fd);
	return pid;
}

static bool kill_at_random(pid_t pid, __u32 delay_us)
{
	int status;

	usleep(random_below(delay_us));
	kill(pid, SIGKILL);
	status = reap(pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

OWNED_WORD_FIXTURE(owned);

/* Whoever is left gets it, and is told if need be; then it is as good as new. */
TEST_F_TIMEOUT(owned, killed_at_any_moment, 5 * TEST_LIMIT)
{
	__u64 seed = random_seed(), deaths = 0;
	int i, err;

	TH_LOG("seed %llu", (unsigned long long)seed);
	/* On a slow machine they have to live longer to get hold of anything. */
	for (i = 0; i < KILLS || (!deaths && i < 8 * KILLS); i++) {
		pid_t victims[2] = { start_victim(self->fd), start_victim(self->fd) };

		ASSERT_TRUE(kill_at_random(victims[0], DELAY_US << i / KILLS));
		ASSERT_TRUE(kill_at_random(victims[1], DELAY_US << i / KILLS));
		err = acquire_until(self->fd, now_ns() + PATIENCE_NS);
		ASSERT_TRUE(err == 0 || err == EOWNERDEAD);
		ASSERT_EQ(0, state_of(self->fd).waiters);
		ASSERT_EQ(0, user_release(&self->user));
		ASSERT_TRUE(WAIT_UNTIL(word_is_free(&self->user)));
		ASSERT_EQ(0, user_acquire(&self->user));
		ASSERT_EQ(0, user_release(&self->user));
		deaths = stats_of(self->fd).owner_deaths;
	}
	/* The kills have hit holders. */
	EXPECT_LT(0, deaths);
}

TEST_HARNESS_MAIN
