// SPDX-License-Identifier: GPL-2.0
/* The policies of a gil: set, changed while it is contended, and what fair does. */
#include <pthread.h>

#include "kselftest_harness.h"
#include "kgil_word.h"

WORD_FIXTURE(gil);
TYPE_VARIANT(gil, only, KGIL_TYPE_GIL);

KGIL_TEST(gil, set_policy)
{
	EXPECT_EQ(KGIL_POLICY_FAIR, state_of(self->fd).policy);
	EXPECT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO));
	EXPECT_EQ(KGIL_POLICY_FIFO, state_of(self->fd).policy);
	EXPECT_FAILS(EINVAL, self->fd, set_policy(self->fd, KGIL_POLICY_FAIR + 1));
	EXPECT_FAILS(EINVAL, self->fd, set_policy(self->fd, 1000));
	EXPECT_FAILS(EINVAL, self->fd, set_policy(self->fd, UINT32_MAX));
	EXPECT_FAILS(EFAULT, self->fd, command(self->fd, KGIL_IOC_SET_POLICY, 0));
	EXPECT_FAILS(EFAULT, self->fd,
		     command(self->fd, KGIL_IOC_SET_POLICY, (unsigned long)BAD_POINTER));
	EXPECT_EQ(0, set_policy(self->fd, KGIL_POLICY_DEFAULT));
	EXPECT_EQ(KGIL_POLICY_FAIR, state_of(self->fd).policy);
	EXPECT_TRUE(word_is_free(&self->user));
}

/* Whoever has the descriptor may set it, owned or not; nothing else changes. */
KGIL_TEST(gil, set_while_owned)
{
	struct worker *owner = start_process(self->fd), *waiter = start_thread(self->fd);
	struct kgil_state before, after;

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MAX));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	before = state_of(self->fd);
	EXPECT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO));
	after = state_of(self->fd);
	EXPECT_EQ(KGIL_POLICY_FIFO, after.policy);
	after.policy = before.policy;
	EXPECT_EQ(before.owner, after.owner);
	EXPECT_EQ(before.waiters, after.waiters);
	EXPECT_EQ(before.interval_ns, after.interval_ns);
	EXPECT_EQ(0, call(owner, op_release, 0));
	EXPECT_EQ(0, result(waiter));
}

#define WAITERS 8

/* Those who wait when it changes keep waiting, and each gets its turn. */
KGIL_TEST(gil, changed_while_waited_on)
{
	struct worker *set[WAITERS];
	int n = WAITERS, i, who;

	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO + i % 2));
		set[i] = start_thread(self->fd);
		ASSERT_TRUE(post_waits(set[i], op_acquire, 0));
	}
	ASSERT_EQ(0, release(self->fd));
	while (n > 0) {
		who = first_finished(set, n);
		ASSERT_LE(0, who);
		ASSERT_EQ(0, result(set[who]));
		ASSERT_EQ((__u32)n - 1, state_of(self->fd).waiters);
		ASSERT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO + n % 2));
		ASSERT_EQ(0, call(set[who], op_release, 0));
		set[who] = set[--n];
	}
	EXPECT_TRUE(word_is_free(&self->user));
}

/* From fair to fifo: those who wait already are in order of arrival. */
KGIL_TEST(gil, changed_to_fifo)
{
	struct worker *set[WAITERS];
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < WAITERS; i++) {
		set[i] = start_thread(self->fd);
		ASSERT_TRUE(post_waits(set[i], op_acquire, 0));
	}
	ASSERT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO));
	ASSERT_EQ(0, release(self->fd));
	for (i = 0; i < WAITERS; i++) {
		ASSERT_EQ(0, first_finished(set + i, WAITERS - i));
		ASSERT_EQ(0, result(set[i]));
		ASSERT_EQ(0, call(set[i], op_release, 0));
	}
}

/*
 * Threads that always want it and those that want it now and then
 */
#define THREADS_MAX 256

struct thread {
	pthread_t thread;
	__u64 turns;   /* how often it got it */
	__u64 held_ns; /* by turns that are over */
	__u64 longest_ns;
};

struct run {
	int fd;
	bool stop;
	__u64 given_ns; /* when it was handed over last; whose it is writes it */
	struct thread threads[THREADS_MAX];
	int n;
};

static struct run run;

static bool stopped(void)
{
	return __atomic_load_n(&run.stop, __ATOMIC_RELAXED);
}

static __u64 turns_of(int i)
{
	return __atomic_load_n(&run.threads[i].turns, __ATOMIC_RELAXED);
}

static __u64 held_by(int i)
{
	return __atomic_load_n(&run.threads[i].held_ns, __ATOMIC_RELAXED);
}

static void count_turn(struct thread *thread, __u64 held_ns)
{
	__atomic_store_n(&thread->turns, thread->turns + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&thread->held_ns, thread->held_ns + held_ns, __ATOMIC_RELAXED);
	if (held_ns > thread->longest_ns)
		__atomic_store_n(&thread->longest_ns, held_ns, __ATOMIC_RELAXED);
}

/*
 * As an interpreter's loop: works, looks whether it is asked, and yields.  Its turn
 * begins when it is given the gil, awake or not.
 */
static void *compute(void *arg)
{
	struct thread *thread = arg;
	struct user user = using(run.fd);
	__u64 now;

	CHECK(user_acquire(&user) == 0);
	if (!run.given_ns)
		run.given_ns = now_ns();
	while (!stopped()) {
		if (!__atomic_load_n(&user.page->drop_request, __ATOMIC_RELAXED))
			continue;
		now = now_ns();
		count_turn(thread, now - run.given_ns);
		run.given_ns = now;
		CHECK(yield_gil(user.fd) == 0);
	}
	CHECK(user_release(&user) == 0);
	done_using(&user);
	return NULL;
}

/* As one that answers requests: a moment of it, then a sleep. */
static void *answer(void *arg)
{
	struct thread *thread = arg;
	struct user user = using(run.fd);
	__u64 began;

	while (!stopped()) {
		CHECK(user_acquire(&user) == 0);
		began = now_ns();
		count_turn(thread, now_ns() - began);
		CHECK(user_release(&user) == 0);
		usleep(200);
	}
	done_using(&user);
	return NULL;
}

/* Leaves it and is back at once, a system call later. */
static void *hammer(void *arg)
{
	struct thread *thread = arg;
	struct user user = using(run.fd);

	while (!stopped()) {
		CHECK(user_acquire(&user) == 0);
		count_turn(thread, 0);
		CHECK(user_release(&user) == 0);
		getppid();
	}
	done_using(&user);
	return NULL;
}

static void begin_run(int fd)
{
	run = (struct run){ .fd = fd };
}

static void add_threads(int n, void *(*work)(void *))
{
	while (n-- > 0) {
		struct thread *thread = &run.threads[run.n++];

		CHECK(run.n <= THREADS_MAX);
		CHECK(pthread_create(&thread->thread, NULL, work, thread) == 0);
	}
}

/* All of them end, too. */
static void end_run(void)
{
	int i;

	__atomic_store_n(&run.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < run.n; i++)
		CHECK(pthread_join(run.threads[i].thread, NULL) == 0);
}

/* Each of the threads has @more turns in time. */
static bool all_progress(int n, __u64 more)
{
	__u64 before[THREADS_MAX];
	bool all = true;
	int i;

	for (i = 0; i < n; i++)
		before[i] = turns_of(i);
	for (i = 0; i < n; i++) {
		if (WAIT_UNTIL(turns_of(i) >= before[i] + more))
			continue;
		fprintf(stderr, "# thread %d: %llu turns more\n", i,
			(unsigned long long)(turns_of(i) - before[i]));
		all = false;
	}
	return all;
}

static __u64 longest_hold(void)
{
	__u64 longest = 0;
	int i;

	for (i = 0; i < run.n; i++)
		if (run.threads[i].longest_ns > longest)
			longest = run.threads[i].longest_ns;
	return longest;
}

#define CPU_BOUND 4

/* What each has held it for, all of them at one moment: nobody holds it now. */
static void look_at_shares(const struct user *user, __u64 *held)
{
	int i;

	CHECK(acquire(user->fd) == 0);
	for (i = 0; i < CPU_BOUND; i++)
		held[i] = held_by(i);
	run.given_ns = now_ns();
	CHECK(release(user->fd) == 0);
}

/*
 * CPU-bound threads share equally, over any stretch: within two turns at each end
 * of it.
 */
KGIL_TEST(gil, equal_shares)
{
	__u64 before[CPU_BOUND], after[CPU_BOUND], least = UINT64_MAX, most = 0;
	int i;

	ASSERT_EQ(0, set_interval(self->fd, 2 * NSEC_PER_MSEC));
	begin_run(self->fd);
	add_threads(CPU_BOUND, compute);
	EXPECT_TRUE(all_progress(CPU_BOUND, 5));
	look_at_shares(&self->user, before);
	EXPECT_TRUE(all_progress(CPU_BOUND, 100));
	look_at_shares(&self->user, after);
	for (i = 0; i < CPU_BOUND; i++) {
		__u64 held = after[i] - before[i];

		least = held < least ? held : least;
		most = held > most ? held : most;
	}
	end_run();
	EXPECT_GE(4 * longest_hold(), most - least);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

/* The policy changes all the time: nobody is lost. */
KGIL_TEST(gil, changed_while_contended)
{
	int i;

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN * 10));
	begin_run(self->fd);
	add_threads(2, compute);
	add_threads(3, answer);
	add_threads(3, hammer);
	EXPECT_TRUE(all_progress(8, 1));
	for (i = 0; i < 300; i++) {
		ASSERT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO + i % 2));
		usleep(1000);
	}
	EXPECT_TRUE(all_progress(8, 5));
	ASSERT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO));
	EXPECT_TRUE(all_progress(8, 5));
	end_run();
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

#define MANY 200

/* Neither those that compute nor those that answer starve, however many there are. */
TEST_F_TIMEOUT(gil, many_that_answer, 3 * TEST_LIMIT)
{
	ASSERT_EQ(0, set_interval(self->fd, NSEC_PER_MSEC));
	begin_run(self->fd);
	add_threads(2, compute);
	add_threads(MANY, answer);
	EXPECT_TRUE(all_progress(2, 5));
	EXPECT_TRUE(all_progress(2 + MANY, 2));
	end_run();
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

/* One that is always back at once neither takes it all nor is shut out. */
KGIL_TEST(gil, one_that_hammers)
{
	begin_run(self->fd);
	add_threads(1, compute);
	add_threads(1, hammer);
	EXPECT_TRUE(all_progress(2, 20));
	end_run();
	EXPECT_TRUE(is_free(self->fd));
}

/*
 * Step by step
 */

/* When the owner is asked; 0: not in time. */
static __u64 asked_at(const struct kgil_page *page)
{
	__u64 until = now_ns() + PATIENCE_NS;

	while (!__atomic_load_n(&page->drop_request, __ATOMIC_ACQUIRE))
		if (now_ns() > until)
			return 0;
	return now_ns();
}

#define INTERVAL (200 * NSEC_PER_MSEC)
#define ATTEMPTS 8

/* The worker has it, and keeps it while another waits, for so long. */
static bool hold_contended(struct worker *owner, struct worker *other, __u64 time_ns)
{
	if (call(owner, op_acquire, 0) || !post_waits(other, op_acquire, 0))
		return false;
	usleep(time_ns / 1000);
	return call(owner, op_release, 0) == 0 && result(other) == 0 &&
	       call(other, op_release, 0) == 0;
}

/* Threads that have had the same wait for an interval, as under fifo. */
KGIL_TEST(gil, equals_wait_for_interval)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 start = now_ns(), seen;

	ASSERT_EQ(0, set_interval(self->fd, INTERVAL));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	seen = asked_at(self->user.page);
	ASSERT_NE(0, seen);
	EXPECT_LE(start + INTERVAL, seen);
	EXPECT_EQ(1, stats_of(self->fd).drop_requests);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(waiter));
}

/*
 * One that is far behind the owner has it asked at once: long before its interval
 * is over.  A machine may be late in anything, but not each time.
 */
KGIL_TEST(gil, far_behind_asks_at_once)
{
	struct worker *owner = start_thread(self->fd), *waiter = start_thread(self->fd);
	bool early = false;
	int i;

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MAX));
	ASSERT_TRUE(hold_contended(owner, waiter, 2 * KGIL_INTERVAL_MAX + NSEC_PER_SEC / 2));
	for (i = 0; i < ATTEMPTS && !early; i++) {
		__u64 seen;

		ASSERT_EQ(0, call(owner, op_acquire, 0));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		seen = asked_at(self->user.page);
		ASSERT_NE(0, seen);
		early = seen < owner->ended_ns + KGIL_INTERVAL_MAX / 2;
		ASSERT_EQ(0, call(owner, op_release, 0));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
	}
	EXPECT_TRUE(early);
}

/* The same under fifo: never. */
KGIL_TEST(gil, fifo_does_not_ask_at_once)
{
	struct worker *owner = start_thread(self->fd), *waiter = start_thread(self->fd);
	__u64 seen;

	ASSERT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO));
	ASSERT_EQ(0, set_interval(self->fd, INTERVAL));
	ASSERT_TRUE(hold_contended(owner, waiter, 3 * INTERVAL));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	seen = asked_at(self->user.page);
	EXPECT_LE(owner->began_ns + INTERVAL, seen);
	ASSERT_EQ(0, call(owner, op_release, 0));
	ASSERT_EQ(0, result(waiter));
}

/* Who has had less is next, though it came later. */
KGIL_TEST(gil, least_is_next)
{
	struct worker *had_much = start_thread(self->fd), *other = start_thread(self->fd);
	struct worker *newcomer = start_thread(self->fd);

	/* So long that nobody is passed over for too long meanwhile. */
	ASSERT_EQ(0, set_interval(self->fd, NSEC_PER_SEC / 2));
	ASSERT_TRUE(hold_contended(had_much, other, NSEC_PER_SEC));
	ASSERT_EQ(0, call(other, op_acquire, 0));
	ASSERT_TRUE(post_waits(had_much, op_acquire, 0));
	ASSERT_TRUE(post_waits(newcomer, op_acquire, 0));
	ASSERT_EQ(0, call(other, op_release, 0));
	EXPECT_EQ(0, result(newcomer));
	EXPECT_FALSE(finished(had_much));
	EXPECT_EQ((__u32)newcomer->tid, state_of(self->fd).owner_tid);
	EXPECT_EQ(0, call(newcomer, op_release, 0));
	EXPECT_EQ(0, result(had_much));
}

/* Waits until @owner is asked, and lets it yield: @next has it then. */
static bool hand_on(struct worker *owner, struct worker *next, const struct kgil_page *page,
		    __u64 late_us)
{
	if (!asked_at(page))
		return false;
	usleep(late_us);
	post(owner, op_yield, 0);
	return result(next) == 0 && WAIT_UNTIL(state_of(owner->fd).waiters == 1);
}

/*
 * An owner whose interval is cut short gets the rest of it before another, who has
 * waited longer, gets a turn.
 */
KGIL_TEST(gil, cut_short_resumes)
{
	struct worker *a = start_thread(self->fd), *b = start_thread(self->fd);
	struct worker *io = start_thread(self->fd);
	bool shown = false;
	int attempt;

	ASSERT_EQ(0, set_interval(self->fd, INTERVAL));
	/* The one that comes seldom is known from before. */
	ASSERT_TRUE(hold_contended(a, io, 1000000));
	ASSERT_EQ(0, call(a, op_acquire, 0));
	ASSERT_TRUE(post_waits(b, op_acquire, 0));
	for (attempt = 0; attempt < ATTEMPTS && !shown; attempt++) {
		__u64 began, asked;
		int i, who;

		for (i = 0; i < 3; i++) {
			/* The second is late, and so has had more. */
			ASSERT_TRUE(hand_on(a, b, self->user.page, 0));
			ASSERT_TRUE(hand_on(b, a, self->user.page, 20000));
		}
		began = a->ended_ns;
		ASSERT_TRUE(post_waits(io, op_acquire, 0));
		asked = asked_at(self->user.page);
		ASSERT_NE(0, asked);
		post(a, op_yield, 0);
		ASSERT_EQ(0, result(io));
		/* Else it was its interval's end, and shows nothing. */
		shown = now_ns() < began + INTERVAL;
		ASSERT_TRUE(WAIT_UNTIL(state_of(self->fd).waiters == 2));
		ASSERT_EQ(0, call(io, op_release, 0));
		who = first_finished((struct worker *[]){ a, b }, 2);
		ASSERT_LE(0, who);
		ASSERT_EQ(0, result(who ? b : a));
		if (shown)
			EXPECT_EQ(0, who);
		/* As it began: the first has it. */
		if (who)
			ASSERT_TRUE(hand_on(b, a, self->user.page, 0));
	}
	EXPECT_TRUE(shown);
	EXPECT_EQ(0, call(a, op_release, 0));
	EXPECT_EQ(0, result(b));
}

TEST_HARNESS_MAIN
