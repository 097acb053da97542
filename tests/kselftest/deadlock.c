// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlocks of gils and rlocks: the acquire that would close a cycle is refused,
 * and no other one is.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "kgil_test.h"
#include "kgil_word.h"

#define MAX	     16
#define ROUNDS	     4
#define RACES	     30
#define YIELDS	     50
#define LONG_WAIT_NS (1000 * NSEC_PER_SEC)
/* What the kernel walks at most. */
#define HOPS_MAX 1024

/* Random nesting; KGIL_SECONDS says for how long in a fixed order. */
#define LOCKS	   12
#define NEST_MAX   4
#define THREADS	   4
#define PROCESSES  2
#define NEST_LIMIT 1000

/*
 * Worker operations on the object whose descriptor is @value; with BY_WORD without
 * a call if that can be, with TIMED until a time.
 */
#define BY_WORD 0x100000000ULL
#define TIMED	0x200000000ULL

static int op_take(int fd, __u64 *value)
{
	struct user user;
	int err;

	fd = *value & INT_MAX;
	if (*value & TIMED)
		return acquire_until(fd, now_ns() + LONG_WAIT_NS);
	if (!(*value & BY_WORD))
		return acquire(fd);
	user = using(fd);
	err = user_acquire(&user);
	done_using(&user);
	return err;
}

static int op_try_take(int fd, __u64 *value)
{
	fd = *value & INT_MAX;
	return try_acquire(fd);
}

static int op_give(int fd, __u64 *value)
{
	struct user user;
	int err;

	fd = *value & INT_MAX;
	if (!(*value & BY_WORD))
		return release(fd);
	user = using(fd);
	err = user_release(&user);
	done_using(&user);
	return err;
}

/* When the closers may go; shared with child processes. */
static __u32 *start;

/* In the upper bits, how often @start has been set. */
#define RACE_SHIFT 40

static int op_race(int fd, __u64 *value)
{
	__u64 turn = *value >> RACE_SHIFT;

	while (__atomic_load_n(start, __ATOMIC_ACQUIRE) < turn)
		;
	return op_take(fd, value);
}

static void __attribute__((constructor)) make_start(void)
{
	start = mmap(NULL, sizeof(*start), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	CHECK(start != MAP_FAILED);
}

/* Does @worker wait for @fd from now on? */
static bool takes_and_waits(struct worker *worker, int fd, __u64 how)
{
	__u32 waiters = state_of(fd).waiters;

	post(worker, op_take, fd | how);
	return WAIT_UNTIL(state_of(fd).waiters == waiters + 1);
}

static __u64 deadlocks(int fd)
{
	return stats_of(fd).deadlocks;
}

enum kinds {
	GILS,
	RLOCKS,
	BOTH
};

FIXTURE(ring) {
	struct worker *set[MAX];
	int fds[MAX];
};

FIXTURE_VARIANT(ring) {
	enum kinds kinds;
	bool processes;
	__u64 how; /* BY_WORD or 0 */
};

FIXTURE_VARIANT_ADD(ring, gil_threads) {
	.kinds = GILS,
};

FIXTURE_VARIANT_ADD(ring, rlock_threads_word) {
	.kinds = RLOCKS,
	.how = BY_WORD,
};

FIXTURE_VARIANT_ADD(ring, mixed_threads_word) {
	.kinds = BOTH,
	.how = BY_WORD,
};

FIXTURE_VARIANT_ADD(ring, rlock_processes) {
	.kinds = RLOCKS,
	.processes = true,
};

FIXTURE_VARIANT_ADD(ring, gil_processes_word) {
	.kinds = GILS,
	.processes = true,
	.how = BY_WORD,
};

FIXTURE_VARIANT_ADD(ring, mixed_processes) {
	.kinds = BOTH,
	.processes = true,
};

FIXTURE_SETUP(ring)
{
	int i;

	__atomic_store_n(start, 0, __ATOMIC_RELEASE);
	for (i = 0; i < MAX; i++) {
		bool gil = variant->kinds == GILS || (variant->kinds == BOTH && i % 2);

		self->fds[i] = new_object(gil ? KGIL_TYPE_GIL : KGIL_TYPE_RLOCK);
	}
	for (i = 0; i < MAX; i++)
		self->set[i] = variant->processes ? start_process(self->fds[i]) :
						    start_thread(self->fds[i]);
}

FIXTURE_TEARDOWN(ring)
{
	end_workers();
}

/* Worker i owns object i, and waits for the next one, but for the last worker. */
static void make_chain(struct __test_metadata *_metadata, FIXTURE_DATA(ring) * self, int n,
		       __u64 how)
{
	int i;

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, call(self->set[i], op_take, self->fds[i] | how));
	for (i = 0; i < n - 1; i++)
		ASSERT_TRUE(takes_and_waits(self->set[i], self->fds[i + 1], how));
}

/* From worker @from on, each gives what the one before waits for. */
static void dissolve(struct __test_metadata *_metadata, FIXTURE_DATA(ring) * self, int n, int from,
		     __u64 how)
{
	int i, now = from, before;

	ASSERT_EQ(0, call(self->set[from], op_give, self->fds[from] | how));
	for (i = 0; i < n - 1; i++) {
		before = (now + n - 1) % n;
		ASSERT_EQ(0, result(self->set[before]));
		ASSERT_EQ(0, call(self->set[before], op_give, self->fds[now] | how));
		ASSERT_EQ(0, call(self->set[before], op_give, self->fds[before] | how));
		now = before;
	}
	for (i = 0; i < n; i++)
		EXPECT_TRUE(is_free(self->fds[i]));
}

/*
 * Has all of @fd's state that comes by itself come?  Of a gil that is waited for,
 * that is the drop request.
 */
static bool settled(int fd)
{
	struct kgil_state state = state_of(fd);

	return state.type != KGIL_TYPE_GIL || !state.waiters ||
	       state.flags & KGIL_STATE_DROP_REQUEST;
}

/* The last worker wants the first object: refused, and nothing has changed. */
static void close_ring(struct __test_metadata *_metadata, FIXTURE_DATA(ring) * self, int n,
		       __u64 how)
{
	struct kgil_stats before, after;
	struct kgil_state states[MAX];
	int i;

	make_chain(_metadata, self, n, how);
	for (i = 0; i < n; i++) {
		ASSERT_TRUE(WAIT_UNTIL(settled(self->fds[i])));
		states[i] = state_of(self->fds[i]);
	}
	before = stats_of(self->fds[0]);

	EXPECT_EQ(EAGAIN, call(self->set[n - 1], op_try_take, self->fds[0]));
	EXPECT_EQ(EDEADLK, call(self->set[n - 1], op_take, self->fds[0] | how));
	EXPECT_EQ(EDEADLK, call(self->set[n - 1], op_take, self->fds[0] | TIMED));
	EXPECT_EQ(EDEADLK, call(self->set[n - 1], op_take, self->fds[0] | how));

	after = stats_of(self->fds[0]);
	EXPECT_EQ(before.deadlocks + 3, after.deadlocks);
	after.deadlocks = before.deadlocks;
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	for (i = 0; i < n; i++)
		EXPECT_TRUE(state_is(self->fds[i], &states[i]));
	for (i = 0; i < n - 1; i++)
		EXPECT_FALSE(finished(self->set[i]));
	dissolve(_metadata, self, n, n - 1, how);
}

KGIL_TEST(ring, refused)
{
	static const int sizes[] = { 2, 3, MAX };
	size_t size;
	int round;

	for (size = 0; size < ARRAY_SIZE(sizes); size++)
		for (round = 0; round < ROUNDS; round++)
			close_ring(_metadata, self, sizes[size], variant->how);
}

/* All want the next one at once: one of them is refused, and the others get it. */
static void race(struct __test_metadata *_metadata, FIXTURE_DATA(ring) * self, int n, __u64 turn,
		 __u64 how)
{
	__u64 before = 0, after = 0;
	int i, refused;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, call(self->set[i], op_take, self->fds[i]));
		before += deadlocks(self->fds[i]);
	}
	for (i = 0; i < n; i++)
		post(self->set[i], op_race, self->fds[(i + 1) % n] | turn << RACE_SHIFT | how);
	__atomic_store_n(start, turn, __ATOMIC_RELEASE);

	refused = first_finished(self->set, n);
	ASSERT_LE(0, refused);
	ASSERT_EQ(EDEADLK, result(self->set[refused]));
	/* The others wait, all of them. */
	for (i = 0; i < n; i++)
		if (i != refused)
			ASSERT_TRUE(WAIT_UNTIL(state_of(self->fds[(i + 1) % n]).waiters == 1));
	for (i = 0; i < n; i++) {
		ASSERT_TRUE(i == refused || !finished(self->set[i]));
		after += deadlocks(self->fds[i]);
	}
	EXPECT_EQ(before + 1, after);
	dissolve(_metadata, self, n, refused, 0);
}

KGIL_TEST(ring, one_is_refused)
{
	static const int sizes[] = { 2, 3, 5 };
	__u64 turn = 0;
	size_t size;
	int round;

	for (size = 0; size < ARRAY_SIZE(sizes); size++)
		for (round = 0; round < RACES; round++)
			race(_metadata, self, sizes[size], ++turn,
			     round % 3 ? variant->how : TIMED);
}

FIXTURE(pair) {
	int a, b;
	struct worker *other;
};

FIXTURE_VARIANT(pair) {
	__u32 type;
};

FIXTURE_SETUP(pair)
{
	self->a = new_object(variant->type);
	self->b = new_object(variant->type);
	self->other = start_thread(self->b);
}

FIXTURE_TEARDOWN(pair)
{
	end_workers();
}

OWNED_VARIANTS(pair);

/* The other waits for a, which the caller owns, and owns b. */
static void other_waits(struct __test_metadata *_metadata, FIXTURE_DATA(pair) * self, __u64 how)
{
	ASSERT_EQ(0, acquire(self->a));
	ASSERT_EQ(0, call(self->other, op_take, self->b));
	ASSERT_TRUE(takes_and_waits(self->other, self->a, how));
}

/* A wait that is over is none: a timeout, a signal, a grant. */
KGIL_TEST(pair, wait_over)
{
	int i;

	ASSERT_EQ(0, acquire(self->a));
	ASSERT_EQ(0, call(self->other, op_take, self->b));
	self->other->fd = self->a;
	ASSERT_EQ(ETIMEDOUT, call(self->other, op_until, now_ns() + NSEC_PER_MSEC));
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));

	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(takes_and_waits(self->other, self->a, 0));
		EXPECT_EQ(EDEADLK, acquire(self->b));
		ASSERT_EQ(0, release(self->a));
		ASSERT_EQ(0, result(self->other));
		EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));
		ASSERT_EQ(0, call(self->other, op_give, self->a));
		ASSERT_EQ(0, acquire(self->a));
	}
	EXPECT_EQ(0, deadlocks(self->a));
	EXPECT_EQ(3, deadlocks(self->b));
	EXPECT_EQ(0, stats_of(self->b).unchecked);
}

static void ignore(int signal)
{
	(void)signal;
}

KGIL_TEST(pair, interrupted)
{
	struct sigaction action = { .sa_handler = ignore };

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	other_waits(_metadata, self, 0);
	EXPECT_EQ(EDEADLK, acquire(self->b));
	pthread_kill(self->other->thread, SIGUSR1);
	ASSERT_EQ(EINTR, result(self->other));
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));
	EXPECT_EQ(0, deadlocks(self->a));
}

/* Also a wait until a time counts. */
KGIL_TEST(pair, timed)
{
	other_waits(_metadata, self, TIMED);
	EXPECT_EQ(EDEADLK, acquire(self->b));
	EXPECT_EQ(EDEADLK, acquire_until(self->b, now_ns() + NSEC_PER_SEC));
	/* It would have to wait, if only until now. */
	EXPECT_EQ(EDEADLK, acquire_until(self->b, 0));
	EXPECT_EQ(EAGAIN, try_acquire(self->b));
	ASSERT_EQ(0, release(self->a));
	ASSERT_EQ(0, result(self->other));
}

/* Who waits beside a cycle, for something in it, is not refused. */
KGIL_TEST(pair, bystander)
{
	struct worker *third = start_thread(self->b);

	other_waits(_metadata, self, 0);
	ASSERT_TRUE(takes_and_waits(third, self->b, 0));
	EXPECT_EQ(EDEADLK, acquire(self->b));
	ASSERT_EQ(0, release(self->a));
	ASSERT_EQ(0, result(self->other));
	ASSERT_EQ(0, call(self->other, op_give, self->a));
	ASSERT_EQ(0, call(self->other, op_give, self->b));
	ASSERT_EQ(0, result(third));
	EXPECT_EQ(1, deadlocks(self->b));
}

/* The owner dies: what it waited for and what it owned are no cycle any more. */
KGIL_TEST(pair, death)
{
	struct worker *victim = start_process(self->b);

	ASSERT_EQ(0, acquire(self->a));
	ASSERT_EQ(0, call(victim, op_take, self->b));
	ASSERT_TRUE(takes_and_waits(victim, self->a, 0));
	EXPECT_EQ(EDEADLK, acquire(self->b));
	kill_worker(victim);
	EXPECT_EQ(EOWNERDEAD, acquire(self->b));
	EXPECT_EQ(1, deadlocks(self->b));
	EXPECT_EQ(0, release(self->b));
	EXPECT_EQ(0, release(self->a));
}

/* A sem or lock has no owner: a cycle through one is not seen. */
KGIL_TEST(pair, through_a_lock)
{
	int lock = new_lock(), sem = new_sem(1, 1);

	ASSERT_EQ(0, acquire(lock));
	ASSERT_EQ(0, acquire(sem));
	ASSERT_EQ(0, call(self->other, op_take, self->b));
	ASSERT_TRUE(takes_and_waits(self->other, lock, 0));
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));
	ASSERT_EQ(0, release(lock));
	ASSERT_EQ(0, result(self->other));
	ASSERT_TRUE(takes_and_waits(self->other, sem, 0));
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));
	ASSERT_EQ(0, release(sem));
	ASSERT_EQ(0, result(self->other));
	EXPECT_EQ(0, deadlocks(self->b));
}

/* One's own gil, as ever; an rlock nests. */
KGIL_TEST(pair, own)
{
	ASSERT_EQ(0, acquire(self->a));
	EXPECT_EQ(variant->type == KGIL_TYPE_GIL ? EDEADLK : 0, acquire(self->a));
	EXPECT_EQ(0, deadlocks(self->a));
}

/*
 * The word says whatever who shares the page writes.  It counts if it names a
 * thread that has attached to the object; so the caller is refused for one that
 * owns nothing.
 */
KGIL_TEST(pair, forged_owner)
{
	struct kgil_page *page = map_word(self->b);
	struct worker *forger = start_process(self->b);
	__u64 id;

	ASSERT_EQ(0, acquire(self->a));
	ASSERT_EQ(0, call(self->other, op_attach, 0));
	id = self->other->value;
	ASSERT_TRUE(takes_and_waits(self->other, self->a, 0));
	ASSERT_EQ(0, call(forger, op_take, self->b));
	/* As it is. */
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));
	EXPECT_EQ(0, deadlocks(self->b));
	/* As it is forged. */
	__atomic_store_n(&page->word, id, __ATOMIC_RELEASE);
	EXPECT_EQ(EDEADLK, acquire(self->b));
	EXPECT_EQ(1, deadlocks(self->b));
	__atomic_store_n(&page->word, 0, __ATOMIC_RELEASE);
	EXPECT_EQ(0, acquire(self->b));
	EXPECT_EQ(0, release(self->b));
	EXPECT_EQ(0, release(self->a));
	EXPECT_EQ(0, result(self->other));
	unmap_word(page);
}

/* A thread that has no tie on the object in the middle ends the walk there. */
KGIL_TEST(pair, forged_stranger)
{
	int middle = new_object(variant->type);
	struct kgil_page *page = map_word(middle);
	struct worker *owner = start_thread(middle), *stranger = start_thread(self->a);
	__u64 word, id;

	ASSERT_EQ(0, acquire(self->a));
	ASSERT_EQ(0, call(stranger, op_attach, 0));
	id = stranger->value;
	ASSERT_TRUE(takes_and_waits(stranger, self->a, 0));
	ASSERT_EQ(0, call(owner, op_take, middle));
	ASSERT_EQ(0, call(self->other, op_take, self->b));
	ASSERT_TRUE(takes_and_waits(self->other, middle, 0));
	word = word_of(page);
	__atomic_store_n(&page->word, id | (word & KGIL_WORD_FLAGS), __ATOMIC_RELEASE);
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));
	EXPECT_EQ(0, deadlocks(self->b));
	/* A cycle that the word hides is not seen either. */
	__atomic_store_n(&page->word, word, __ATOMIC_RELEASE);
	ASSERT_TRUE(takes_and_waits(owner, self->a, 0));
	EXPECT_EQ(EDEADLK, acquire(self->b));
	__atomic_store_n(&page->word, id | (word & KGIL_WORD_FLAGS), __ATOMIC_RELEASE);
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->b, now_ns() + A_WHILE_US * 1000));
	__atomic_store_n(&page->word, word, __ATOMIC_RELEASE);
	EXPECT_EQ(EDEADLK, acquire(self->b));
	EXPECT_EQ(2, deadlocks(self->b));
	EXPECT_EQ(0, release(self->a));
	unmap_word(page);
}

FIXTURE(deadlock) {
	int unused;
};

FIXTURE_SETUP(deadlock)
{
}

FIXTURE_TEARDOWN(deadlock)
{
	end_workers();
}

static int op_yield_when_waited_for(int fd, __u64 *value)
{
	fd = *value;
	if (!WAIT_UNTIL(state_of(fd).waiters))
		return ETIMEDOUT;
	return yield_gil(fd);
}

/*
 * A yield gives the gil away and waits for it.  Its new owner can't wait for the
 * old one then, however fast it is.
 */
KGIL_TEST(deadlock, yield)
{
	int gil = new_gil(0), lock = new_rlock(0), round;
	struct worker *other = start_thread(gil);

	for (round = 0; round < YIELDS; round++) {
		ASSERT_EQ(0, call(other, op_take, lock));
		ASSERT_EQ(0, call(other, op_take, gil));
		post(other, op_yield_when_waited_for, gil);
		ASSERT_EQ(0, acquire(gil));
		ASSERT_EQ(EDEADLK, acquire(lock));
		ASSERT_EQ(0, release(gil));
		ASSERT_EQ(0, result(other));
		ASSERT_EQ(0, call(other, op_give, gil));
		ASSERT_EQ(0, call(other, op_give, lock));
	}
	EXPECT_EQ(0, deadlocks(gil));
	EXPECT_EQ(YIELDS, deadlocks(lock));
}

/* The owner of each of these waits for the next one. */
static int chain[HOPS_MAX + 1];
static sem_t gates[HOPS_MAX + 1];
static sem_t owning;

static void *own_one_want_next(void *number)
{
	long i = (long)number;

	CHECK(acquire(chain[i]) == 0);
	CHECK(sem_post(&owning) == 0);
	CHECK(sem_wait(&gates[i]) == 0);
	if (i < HOPS_MAX) {
		CHECK(acquire(chain[i + 1]) == 0);
		CHECK(release(chain[i + 1]) == 0);
	}
	CHECK(release(chain[i]) == 0);
	return NULL;
}

/* What is in front of the longest walk is not checked: it waits, and is counted. */
KGIL_TEST(deadlock, long_walk)
{
	struct rlimit limit = { .rlim_cur = 2 * HOPS_MAX, .rlim_max = 2 * HOPS_MAX };
	pthread_t threads[HOPS_MAX + 1];
	pthread_attr_t attr;
	long i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, pthread_attr_init(&attr));
	ASSERT_EQ(0, pthread_attr_setstacksize(&attr, 1 << 16));
	ASSERT_EQ(0, sem_init(&owning, 0, 0));
	for (i = 0; i <= HOPS_MAX; i++) {
		chain[i] = new_rlock(0);
		ASSERT_EQ(0, sem_init(&gates[i], 0, 0));
		ASSERT_EQ(0, pthread_create(&threads[i], &attr, own_one_want_next, (void *)i));
	}
	for (i = 0; i <= HOPS_MAX; i++)
		ASSERT_EQ(0, sem_wait(&owning));
	/* None of these waits is for one that waits. */
	for (i = 0; i < HOPS_MAX; i++) {
		ASSERT_EQ(0, sem_post(&gates[i]));
		ASSERT_TRUE(WAIT_UNTIL(state_of(chain[i + 1]).waiters == 1));
		ASSERT_EQ(0, stats_of(chain[i + 1]).unchecked);
	}
	EXPECT_EQ(ETIMEDOUT, acquire_until(chain[1], now_ns() + A_WHILE_US * 1000));
	EXPECT_EQ(0, stats_of(chain[1]).unchecked);
	EXPECT_EQ(ETIMEDOUT, acquire_until(chain[0], now_ns() + A_WHILE_US * 1000));
	EXPECT_EQ(1, stats_of(chain[0]).unchecked);
	EXPECT_EQ(0, deadlocks(chain[0]));
	ASSERT_EQ(0, sem_post(&gates[HOPS_MAX]));
	for (i = 0; i <= HOPS_MAX; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
}

/*
 * Many threads of two processes that each take some of the same objects, by the
 * word, by calls and until a time.
 */
struct nest {
	__u64 end_ns;
	bool ordered;
	__u64 seed;
	__u64 holder[LOCKS];
	__u64 nested;
	__u64 refused;
};

static struct nest *nest;
static int nest_fds[LOCKS];

struct nester {
	__u64 id;
	__u64 random;
	struct user users[LOCKS];
	int held[NEST_MAX];
	int n;
};

static __u32 below(struct nester *me, __u32 bound)
{
	me->random = me->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (me->random >> 33) % bound;
}

static int take_one(struct nester *me, int i)
{
	switch (below(me, 4)) {
	case 0:
		return acquire(nest_fds[i]);
	case 1:
		return acquire_until(nest_fds[i], now_ns() + LONG_WAIT_NS);
	default:
		return user_acquire(&me->users[i]);
	}
}

/* 0, or EDEADLK; then it owns as much as before. */
static int nest_one(struct nester *me, int i)
{
	int err = take_one(me, i);

	if (err == EDEADLK && !nest->ordered) {
		__atomic_add_fetch(&nest->refused, 1, __ATOMIC_RELAXED);
		return err;
	}
	CHECK(err == 0);
	CHECK(__atomic_exchange_n(&nest->holder[i], me->id, __ATOMIC_RELAXED) == 0);
	me->held[me->n++] = i;
	return 0;
}

static void unnest_one(struct nester *me, int which)
{
	int i = me->held[which];

	me->held[which] = me->held[--me->n];
	CHECK(__atomic_exchange_n(&nest->holder[i], 0, __ATOMIC_RELAXED) == me->id);
	CHECK((below(me, 2) ? release(nest_fds[i]) : user_release(&me->users[i])) == 0);
}

static bool has_nested(const struct nester *me, int i)
{
	int at;

	for (at = 0; at < me->n; at++)
		if (me->held[at] == i)
			return true;
	return false;
}

/* Some objects, in their order or in any; and back, in any order. */
static void nest_some(struct nester *me)
{
	int i = 0, some = 1 + below(me, NEST_MAX);

	while (me->n < some) {
		i = nest->ordered ? i + (int)below(me, LOCKS / 2) : (int)below(me, LOCKS);
		if (i >= LOCKS)
			break;
		if (!has_nested(me, i) && nest_one(me, i))
			break;
		i++;
	}
	if (!below(me, 16))
		sched_yield();
	__atomic_add_fetch(&nest->nested, me->n, __ATOMIC_RELAXED);
	while (me->n)
		unnest_one(me, below(me, me->n));
}

static void *nest_until_end(void *unused)
{
	struct nester me = { .n = 0 };
	int i;

	(void)unused;
	for (i = 0; i < LOCKS; i++)
		me.users[i] = using(nest_fds[i]);
	me.id = me.users[0].id;
	me.random = nest->seed ^ me.id * 0x9e3779b97f4a7c15ULL;
	while (now_ns() < nest->end_ns)
		nest_some(&me);
	for (i = 0; i < LOCKS; i++)
		done_using(&me.users[i]);
	return NULL;
}

static __u64 seconds(__u64 otherwise)
{
	const char *given = getenv("KGIL_SECONDS");

	return given ? strtoull(given, NULL, 0) : otherwise;
}

static void nest_all(struct __test_metadata *_metadata, bool ordered, __u64 length)
{
	pid_t children[PROCESSES];
	__u64 counted = 0;
	int i;

	nest = mmap(NULL, sizeof(*nest), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		    0);
	ASSERT_NE(MAP_FAILED, nest);
	nest->ordered = ordered;
	nest->seed = random_seed();
	nest->end_ns = now_ns() + length * NSEC_PER_SEC;
	for (i = 0; i < LOCKS; i++)
		nest_fds[i] = new_object(i % 2 ? KGIL_TYPE_GIL : KGIL_TYPE_RLOCK);
	for (i = 0; i < PROCESSES; i++) {
		children[i] = fork_child();
		if (children[i] == 0) {
			run_threads(THREADS, nest_until_end);
			_exit(0);
		}
	}
	while (now_ns() < nest->end_ns)
		usleep(100000);
	for (i = 0; i < PROCESSES; i++)
		EXPECT_TRUE(child_succeeds(children[i]));
	for (i = 0; i < LOCKS; i++) {
		EXPECT_TRUE(is_free(nest_fds[i]));
		EXPECT_EQ(0, stats_of(nest_fds[i]).unchecked);
		counted += deadlocks(nest_fds[i]);
	}
	TH_LOG("seed %llu: %llu times taken, %llu times refused", (unsigned long long)nest->seed,
	       (unsigned long long)nest->nested, (unsigned long long)nest->refused);
	EXPECT_EQ(nest->refused, counted);
	EXPECT_LT(0, nest->nested);
	EXPECT_EQ(ordered, !nest->refused);
}

/* In a fixed order there is no cycle, and nothing is refused. */
TEST_F_TIMEOUT(deadlock, fixed_order, NEST_LIMIT)
{
	nest_all(_metadata, true, seconds(10));
}

/* In any order there are many, and nobody is ever stuck in one. */
TEST_F_TIMEOUT(deadlock, any_order, NEST_LIMIT)
{
	nest_all(_metadata, false, 8);
}

TEST_HARNESS_MAIN
