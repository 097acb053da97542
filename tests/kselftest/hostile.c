// SPDX-License-Identifier: GPL-2.0
/*
 * A page that somebody scribbles on: its object may be broken for those who share
 * it; the kernel, other objects and a waiter's way out never are.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "kgil_word.h"

#define USERS	    3
#define SCRIBBLE_NS (3 * NSEC_PER_SEC)
#define SHORT_NS    (2 * NSEC_PER_MSEC)
#define NEVER_GIVEN ((1ULL << 60) + 12345)

/* Ids of threads that live, and of one that is gone. */
static __u64 known_ids[USERS + 1];

static void learn_ids(int fd)
{
	struct worker *gone = start_thread(fd);
	int i;

	for (i = 0; i < USERS; i++) {
		struct worker *worker = start_thread(fd);

		CHECK(call(worker, op_thread_id, 0) == 0);
		known_ids[i] = worker->value;
	}
	CHECK(call(gone, op_thread_id, 0) == 0);
	known_ids[USERS] = gone->value;
	end_worker(gone);
}

static __u64 random_flags(void)
{
	return (__u64)random_below(8) << 61;
}

static __u64 random_word(void)
{
	switch (random_below(8)) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return random_flags();
	case 3:
		return NEVER_GIVEN | random_flags();
	case 4:
		return known_ids[random_below(USERS + 1)] | random_flags();
	case 5:
		return (__u64)KGIL_COUNT_MAX + random_below(3);
	case 6:
		return random_below(4) | random_flags();
	default:
		return (__u64)random_below(0x80000000U) << 33 ^ random_below(0x80000000U);
	}
}

static void scribble(struct kgil_page *page)
{
	__u64 word = random_word();

	switch (random_below(8)) {
	case 0:
		page->acquisitions = random_word();
		break;
	case 1:
		page->switches = random_word();
		break;
	case 2:
		page->last = random_word();
		break;
	case 3:
		page->drop_request = random_below(3);
		break;
	case 4:
		page->depth = random_word();
		break;
	case 5:
		__atomic_xor_fetch(&page->word, KGIL_WORD_WAITERS, __ATOMIC_SEQ_CST);
		break;
	default:
		__atomic_store_n(&page->word, word, __ATOMIC_SEQ_CST);
	}
}

/* All of the page, not only what has a name. */
static void scribble_behind(struct kgil_page *page)
{
	long words = sysconf(_SC_PAGESIZE) / sizeof(__u64);

	((__u64 *)page)[random_below(words)] = random_word();
}

static void scribble_for_ever(int fd)
{
	struct kgil_page *page = map_word(fd);
	int i;

	for (i = 0;; i++) {
		scribble(page);
		if (i % 16 == 0)
			scribble_behind(page);
		/* The others need a processor, too. */
		if (i % 256 == 0)
			usleep(100);
	}
}

/*
 * Users of a scribbled object, and, in the same loop, of a clean one
 */
struct pair {
	int scribbled;
	int clean;
	bool stop;
	volatile __u64 counter;
	__u64 additions;
};

static struct pair pair;

static bool is_one_of(int err, const int *allowed)
{
	for (; *allowed >= 0; allowed++)
		if (err == *allowed)
			return true;
	fprintf(stderr, "# errno %d\n", err);
	return false;
}

/* What a call may say of an object whose word can be anything. */
static void use_scribbled(int fd, __u32 type, __u32 how)
{
	static const int takes[] = { 0, EAGAIN, ETIMEDOUT, EINTR,
				     EDEADLK, EOWNERDEAD, EOVERFLOW, ENOTRECOVERABLE,
				     -1 };
	static const int gives[] = { 0, EPERM, EOVERFLOW, ENOTRECOVERABLE, -1 };

	switch (how) {
	case 0:
		CHECK(is_one_of(acquire(fd), takes));
		break;
	case 1:
		CHECK(is_one_of(try_acquire(fd), takes));
		break;
	case 2:
		CHECK(is_one_of(acquire_until(fd, now_ns() + SHORT_NS), takes));
		break;
	case 3:
		if (type == KGIL_TYPE_GIL) {
			int err = yield_gil(fd);

			CHECK(err == EPERM || is_one_of(err, takes));
		}
		break;
	default:
		CHECK(is_one_of(release(fd), gives));
	}
	state_of(fd);
	stats_of(fd);
}

static void acquire_through_signals(int fd)
{
	int err;

	do {
		err = acquire(fd);
	} while (err == EINTR);
	CHECK(err == 0);
}

static void use_clean(const struct user *user, int turn)
{
	__u64 value;

	if (turn % 2 || !word_take(user->page, user->type, user->id))
		acquire_through_signals(user->fd);
	value = pair.counter;
	if (turn % 32 == 0)
		usleep(1);
	pair.counter = value + 1;
	CHECK(user_release(user) == 0);
	__atomic_add_fetch(&pair.additions, 1, __ATOMIC_RELAXED);
}

static void *use_both(void *seed)
{
	struct user clean = using(pair.clean);
	__u64 random = (__u64)(uintptr_t)seed | 1;
	int turn;

	for (turn = 0; !__atomic_load_n(&pair.stop, __ATOMIC_RELAXED); turn++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		use_scribbled(pair.scribbled, clean.type, (random >> 33) % 6);
		use_clean(&clean, turn);
	}
	done_using(&clean);
	return NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

static void ignore_user_signal(void)
{
	struct sigaction action = { .sa_handler = ignore };

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
}

/* A process that waits, or has it, or was told that nobody can: dead in any case. */
static void kill_a_waiter(int fd)
{
	pid_t pid = fork_child();
	int status;

	if (pid == 0) {
		for (;;)
			acquire(fd);
	}
	usleep(5000);
	kill(pid, SIGKILL);
	status = reap(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool ended(pthread_t thread)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_nsec += 20 * NSEC_PER_MSEC;
	if (limit.tv_nsec >= (long)NSEC_PER_SEC) {
		limit.tv_sec++;
		limit.tv_nsec -= NSEC_PER_SEC;
	}
	return pthread_timedjoin_np(thread, NULL, &limit) == 0;
}

/* Written to what a free object has there, with nobody at it, it is good again. */
static void expect_repaired(struct __test_metadata *_metadata, struct user *user)
{
	bool sem = user->type == KGIL_TYPE_SEM;
	int err, i;

	user->page->drop_request = 0;
	user->page->depth = 0;
	user->page->last = 0;
	__atomic_store_n(&user->page->word, sem, __ATOMIC_SEQ_CST);
	EXPECT_EQ(0, state_of(user->fd).waiters);
	/* An owner may have died before. */
	err = acquire(user->fd);
	EXPECT_TRUE(err == 0 || err == EOWNERDEAD);
	EXPECT_EQ(0, release(user->fd));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(word_is_free(user));
		EXPECT_EQ(0, acquire(user->fd));
		EXPECT_EQ(0, state_of(user->fd).count);
		EXPECT_EQ(0, release(user->fd));
		EXPECT_TRUE(word_take(user->page, user->type, user->id));
		EXPECT_EQ(0, state_of(user->fd).count);
		EXPECT_TRUE(word_give(user->page, user->type, user->id, user->max));
		EXPECT_TRUE(is_free(user->fd));
	}
}

EACH_WORD_FIXTURE(each);

KGIL_TEST(each, scribbled_while_used)
{
	__u64 seed = random_seed(), until;
	pthread_t threads[USERS];
	pid_t scribbler;
	int i;

	TH_LOG("seed %llu", (unsigned long long)seed);
	ignore_user_signal();
	learn_ids(self->fd);
	pair = (struct pair){ .scribbled = self->fd, .clean = new_object(variant->type) };
	scribbler = fork_child();
	if (scribbler == 0)
		scribble_for_ever(self->fd);
	for (i = 0; i < USERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, use_both,
					    (void *)(uintptr_t)(seed + i)));
	until = now_ns() + SCRIBBLE_NS;
	while (now_ns() < until) {
		kill_a_waiter(self->fd);
		/* Nobody else ends an acquire of what is broken. */
		for (i = 0; i < USERS; i++)
			pthread_kill(threads[i], SIGUSR1);
	}
	__atomic_store_n(&pair.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < USERS; i++)
		ASSERT_TRUE(WAIT_UNTIL(ended(threads[i]) ||
				       (pthread_kill(threads[i], SIGUSR1), false)));
	kill(scribbler, SIGKILL);
	ASSERT_NE(-1, reap(scribbler));
	end_workers();

	EXPECT_LT(0, pair.additions);
	EXPECT_EQ(pair.additions, pair.counter);
	EXPECT_EQ(pair.additions, stats_of(pair.clean).acquisitions);
	EXPECT_TRUE(is_free(pair.clean));
	EXPECT_EQ(0, state_of(pair.clean).waiters);
	close(pair.clean);
	expect_repaired(_metadata, &self->user);
}

/*
 * One thing at a time
 */
static const __u64 patterns[] = {
	0,
	1,
	~0ULL,
	KGIL_WORD_WAITERS,
	KGIL_WORD_CALL,
	KGIL_WORD_OWNER_DIED,
	KGIL_WORD_FLAGS,
	NEVER_GIVEN,
	NEVER_GIVEN | KGIL_WORD_WAITERS,
	NEVER_GIVEN | KGIL_WORD_CALL,
	KGIL_WORD_VALUE,
	KGIL_COUNT_MAX + 1ULL,
};

static void overwrite(struct kgil_page *page, __u64 word)
{
	__atomic_store_n(&page->word, word, __ATOMIC_SEQ_CST);
}

/* Who sleeps when the word is overwritten comes back: by its deadline, ... */
KGIL_TEST(each, waiter_times_out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		int fd = new_object(variant->type);
		struct user user = using(fd);
		struct worker *waiter = start_thread(fd);
		int err;

		ASSERT_EQ(0, acquire(fd));
		ASSERT_TRUE(post_waits(waiter, op_until, now_ns() + NSEC_PER_SEC / 4));
		overwrite(user.page, patterns[i]);
		err = result(waiter);
		/* Woken before, it may have found it free, left by a dead one, or broken. */
		ASSERT_TRUE(err == ETIMEDOUT || err == 0 || err == EOWNERDEAD ||
			    err == ENOTRECOVERABLE);
		ASSERT_EQ(0, state_of(fd).waiters);
		end_worker(waiter);
		done_using(&user);
		close(fd);
	}
}

/* ... by a signal, ... */
KGIL_TEST(each, waiter_is_interrupted)
{
	size_t i;

	ignore_user_signal();
	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		int fd = new_object(variant->type);
		struct user user = using(fd);
		struct worker *waiter = start_thread(fd);

		ASSERT_EQ(0, acquire(fd));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		overwrite(user.page, patterns[i]);
		ASSERT_TRUE(WAIT_UNTIL(finished(waiter) ||
				       (pthread_kill(waiter->thread, SIGUSR1), false)));
		result(waiter);
		ASSERT_EQ(0, state_of(fd).waiters);
		end_worker(waiter);
		done_using(&user);
		close(fd);
	}
}

/* ... by its death; and the object goes with its last descriptor and mapping. */
KGIL_TEST(each, waiter_is_killed)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		int fd = new_object(variant->type);
		__u64 id = state_of(fd).id;
		struct user user = using(fd);
		struct worker *waiter = start_process(fd);

		ASSERT_EQ(0, acquire(fd));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		overwrite(user.page, patterns[i]);
		kill_worker(waiter);
		ASSERT_EQ(0, state_of(fd).waiters);
		close(fd);
		overwrite(user.page, patterns[ARRAY_SIZE(patterns) - 1 - i]);
		done_using(&user);
		ASSERT_TRUE(WAIT_UNTIL(!proc_field(id, "id")));
	}
}

/* An owner whose word is overwritten, and that dies then. */
KGIL_TEST(each, owner_dies)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct worker *owner = start_process(self->fd);

		ASSERT_EQ(0, call(owner, i % 2 ? op_acquire : op_word_take, 0));
		overwrite(self->user.page, patterns[i]);
		kill_worker(owner);
		usleep(1000);
		expect_repaired(_metadata, &self->user);
	}
}

/* Whatever was written is repaired by the one value. */
KGIL_TEST(each, repaired)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		overwrite(self->user.page, patterns[i]);
		try_acquire(self->fd);
		acquire_until(self->fd, now_ns() + NSEC_PER_MSEC);
		release(self->fd);
		expect_repaired(_metadata, &self->user);
	}
}

/* What never was anybody's id is nobody's to wait for. */
static void expect_nonsense(struct __test_metadata *_metadata, const struct user *user)
{
	__u64 word = value_of(user->page), acquisitions = stats_of(user->fd).acquisitions;

	EXPECT_EQ(ENOTRECOVERABLE, acquire(user->fd));
	EXPECT_EQ(ENOTRECOVERABLE, acquire_until(user->fd, now_ns() + PATIENCE_NS));
	EXPECT_EQ(ENOTRECOVERABLE, acquire_until(user->fd, 0));
	EXPECT_EQ(ENOTRECOVERABLE, try_acquire(user->fd));
	EXPECT_EQ(word, value_of(user->page));
	EXPECT_EQ(0, state_of(user->fd).waiters);
	EXPECT_EQ(acquisitions, stats_of(user->fd).acquisitions);
}

OWNED_WORD_FIXTURE(owned);

KGIL_TEST(owned, nonsense)
{
	overwrite(self->user.page, NEVER_GIVEN);
	expect_nonsense(_metadata, &self->user);
	EXPECT_EQ(EPERM, release(self->fd));
	overwrite(self->user.page, 0);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_TRUE(is_mine(self->fd));
	EXPECT_EQ(0, release(self->fd));
	overwrite(self->user.page, KGIL_WORD_VALUE);
	expect_nonsense(_metadata, &self->user);
	expect_repaired(_metadata, &self->user);
}

WORD_FIXTURE(sem);
TYPE_VARIANT(sem, only, KGIL_TYPE_SEM);

KGIL_TEST(sem, nonsense)
{
	overwrite(self->user.page, 2);
	expect_nonsense(_metadata, &self->user);
	overwrite(self->user.page, KGIL_COUNT_MAX + 1ULL);
	expect_nonsense(_metadata, &self->user);
	expect_repaired(_metadata, &self->user);
}

/* Another's id makes nobody the owner in its stead. */
KGIL_TEST(owned, word_of_another)
{
	struct worker *other = start_thread(self->fd);

	ASSERT_EQ(0, call(other, op_attach, 0));
	overwrite(self->user.page, other->value);
	EXPECT_EQ(EPERM, release(self->fd));
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->fd, now_ns() + NSEC_PER_MSEC));
	EXPECT_EQ((__u32)other->tid, state_of(self->fd).owner_tid);
	EXPECT_EQ(0, call(other, op_release, 0));
	EXPECT_TRUE(is_free(self->fd));
}

/* The id of one that is gone: whoever comes next is told, and has it. */
KGIL_TEST(owned, word_of_the_dead)
{
	struct worker *gone = start_thread(self->fd);
	int i;

	ASSERT_EQ(0, call(gone, op_thread_id, 0));
	end_worker(gone);
	for (i = 1; i <= 2; i++) {
		overwrite(self->user.page, gone->value);
		EXPECT_EQ(EOWNERDEAD, acquire_until(self->fd, now_ns() + PATIENCE_NS));
		EXPECT_TRUE(is_mine(self->fd));
		EXPECT_EQ(0, release(self->fd));
		EXPECT_TRUE(word_is_free(&self->user));
		EXPECT_EQ((__u64)i, stats_of(self->fd).owner_deaths);
	}
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, release(self->fd));
}

/*
 * Mappings that come and go while the object is used
 */
struct mapped {
	int fd;
	bool stop;
	volatile __u64 counter;
};

static struct mapped mapped;

static void *map_and_unmap(void *unused)
{
	while (!__atomic_load_n(&mapped.stop, __ATOMIC_RELAXED)) {
		struct kgil_page *page = map_word(mapped.fd);

		CHECK(!(value_of(page) >> 61));
		unmap_word(page);
	}
	return unused;
}

#define TURNS 500

static void *use_mapped(void *unused)
{
	int turn;

	for (turn = 0; turn < TURNS; turn++) {
		struct user user = using(mapped.fd);
		__u64 value;

		CHECK(user_acquire(&user) == 0);
		value = mapped.counter;
		if (turn % 64 == 0)
			usleep(1);
		mapped.counter = value + 1;
		CHECK(user_release(&user) == 0);
		done_using(&user);
	}
	return unused;
}

KGIL_TEST(each, mapped_and_unmapped)
{
	pthread_t threads[USERS], mapper;
	int i;

	mapped = (struct mapped){ .fd = self->fd };
	ASSERT_EQ(0, pthread_create(&mapper, NULL, map_and_unmap, NULL));
	for (i = 0; i < USERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, use_mapped, NULL));
	for (i = 0; i < USERS; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	__atomic_store_n(&mapped.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(mapper, NULL));
	EXPECT_EQ(USERS * TURNS, mapped.counter);
	EXPECT_EQ(USERS * TURNS, stats_of(self->fd).acquisitions);
	EXPECT_TRUE(WAIT_UNTIL(word_is_free(&self->user)));
}

/* Unmapped while it waits: the call doesn't need the mapping. */
KGIL_TEST(each, unmapped_while_waited_on)
{
	struct worker *waiter = start_thread(self->fd);
	int fd = new_object(variant->type);
	struct user user = using(fd);

	waiter->fd = fd;
	ASSERT_TRUE(word_take(user.page, user.type, user.id));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	done_using(&user);
	EXPECT_EQ(1, state_of(fd).waiters);
	EXPECT_EQ(0, release(fd));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(2, stats_of(fd).acquisitions);
	close(fd);
}

/* A descriptor that came by a socket is mapped like any. */
static void use_received(int sock)
{
	int fd = receive_descriptor(sock);
	struct user user = using(fd);
	bool held = state_of(fd).count == 0;

	CHECK(held);
	CHECK(!word_take(user.page, user.type, user.id));
	CHECK(acquire(fd) == 0);
	CHECK(release(fd) == 0);
	CHECK(WAIT_UNTIL(word_take(user.page, user.type, user.id)));
	CHECK(word_give(user.page, user.type, user.id, user.max));
	CHECK(close(fd) == 0);
	/* The mapping is left. */
	CHECK(word_take(user.page, user.type, user.id));
	CHECK(word_give(user.page, user.type, user.id, user.max));
	done_using(&user);
}

KGIL_TEST(each, passed_by_socket)
{
	int ends[2];
	pid_t pid;
	int fd;
	struct user user;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	pid = fork_child();
	if (pid == 0) {
		use_received(ends[0]);
		_exit(0);
	}
	fd = new_object(variant->type);
	user = using(fd);
	ASSERT_TRUE(word_take(user.page, user.type, user.id));
	send_descriptor(ends[1], fd);
	ASSERT_TRUE(WAIT_UNTIL(state_of(fd).waiters == 1));
	EXPECT_EQ(0, release(fd));
	EXPECT_TRUE(child_succeeds(pid));
	EXPECT_TRUE(word_is_free(&user));
	EXPECT_EQ(4, stats_of(fd).acquisitions);
	done_using(&user);
	close(fd);
}

TEST_HARNESS_MAIN
