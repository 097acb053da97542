// SPDX-License-Identifier: GPL-2.0
/* poll(), select() and epoll on an object. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "kselftest_harness.h"
#include "kgil_word.h"

/* What an object that can be taken shows, and all that one might ask for. */
#define READABLE (POLLIN | POLLRDNORM)
#define ANYTHING (READABLE | POLLPRI | POLLOUT | POLLWRNORM | POLLRDBAND | POLLRDHUP)

#define PATIENCE_MS ((int)(PATIENCE_NS / NSEC_PER_MSEC))

/*
 * One way to wait each: 0, and the events; ETIMEDOUT
 */
static int wait_poll(int fd, __u64 *events, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = ANYTHING };
	int n = poll(&poll_fd, 1, timeout_ms);

	CHECK(n >= 0);
	*events = poll_fd.revents;
	return n ? 0 : ETIMEDOUT;
}

static int wait_select(int fd, __u64 *events, int timeout_ms)
{
	struct timeval timeout = { .tv_sec = timeout_ms / 1000,
				   .tv_usec = timeout_ms % 1000 * 1000 };
	fd_set in, out, other;
	int n;

	CHECK(fd < FD_SETSIZE);
	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = in;
	other = in;
	n = select(fd + 1, &in, &out, &other, &timeout);
	CHECK(n >= 0);
	CHECK(!FD_ISSET(fd, &other));
	*events = FD_ISSET(fd, &in) ? READABLE : 0;
	/* That is how it tells of an error. */
	if (FD_ISSET(fd, &in) && FD_ISSET(fd, &out))
		*events = POLLERR;
	return n ? 0 : ETIMEDOUT;
}

static int new_epoll(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	CHECK(epoll >= 0);
	return epoll;
}

static void control(int epoll, int op, int fd, __u32 events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	CHECK(epoll_ctl(epoll, op, fd, &event) == 0);
}

/* The events of the one object that has any; 0: none in time. */
static __u32 next_event(int epoll, int timeout_ms)
{
	struct epoll_event event;
	int n = epoll_wait(epoll, &event, 1, timeout_ms);

	CHECK(n >= 0);
	return n ? event.events : 0;
}

static int wait_epoll(int fd, __u64 *events, int timeout_ms, __u32 how)
{
	int epoll = new_epoll();

	/* Exclusive entries can't ask for all of it. */
	control(epoll, EPOLL_CTL_ADD, fd, how | (how & EPOLLEXCLUSIVE ? EPOLLIN : ANYTHING));
	*events = next_event(epoll, timeout_ms);
	if (how & EPOLLEXCLUSIVE && *events == EPOLLIN)
		*events = READABLE;
	close(epoll);
	return *events ? 0 : ETIMEDOUT;
}

static int wait_level(int fd, __u64 *events, int timeout_ms)
{
	return wait_epoll(fd, events, timeout_ms, 0);
}

static int wait_edge(int fd, __u64 *events, int timeout_ms)
{
	return wait_epoll(fd, events, timeout_ms, EPOLLET);
}

static int wait_once(int fd, __u64 *events, int timeout_ms)
{
	return wait_epoll(fd, events, timeout_ms, EPOLLONESHOT);
}

static int wait_exclusive(int fd, __u64 *events, int timeout_ms)
{
	return wait_epoll(fd, events, timeout_ms, EPOLLEXCLUSIVE | EPOLLET);
}

/* An epoll instance that watches one that watches it. */
static int wait_nested(int fd, __u64 *events, int timeout_ms)
{
	int inner = new_epoll(), outer = new_epoll();
	__u32 told;

	control(inner, EPOLL_CTL_ADD, fd, ANYTHING);
	control(outer, EPOLL_CTL_ADD, inner, EPOLLIN);
	/* Between the two it may have been taken. */
	do {
		told = next_event(outer, timeout_ms);
		*events = told ? next_event(inner, 0) : 0;
	} while (told && !*events);
	close(outer);
	close(inner);
	return *events ? 0 : ETIMEDOUT;
}

static int (*const ways[])(int fd, __u64 *events, int timeout_ms) = {
	wait_poll,
	wait_select,
	wait_level,
	wait_edge,
	wait_once,
	wait_exclusive,
	wait_nested,
};

#define WAYS	  (sizeof(ways) / sizeof(*ways))
#define EXCLUSIVE 5

/* Worker operation: in the way that is given; the events then. */
static int op_poll(int fd, __u64 *value)
{
	return ways[*value](fd, value, PATIENCE_MS);
}

static __u32 events_now(int fd)
{
	__u64 events;

	wait_poll(fd, &events, 0);
	return events;
}

/* All ways say so, at once. */
static bool shows(int fd, __u64 expected)
{
	__u64 events;
	size_t way;
	int err;

	for (way = 0; way < WAYS; way++) {
		err = ways[way](fd, &events, 0);
		if (events == expected && err == (expected ? 0 : ETIMEDOUT))
			continue;
		fprintf(stderr, "# way %zu: errno %d, events %#llx instead of %#llx\n", way, err,
			(unsigned long long)events, (unsigned long long)expected);
		return false;
	}
	return true;
}

/* The system call that a thread of this process sleeps in. */
static void sleeps_in(const struct worker *worker, char *call, size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", worker->tid);
	file = fopen(path, "re");
	CHECK(file);
	CHECK(fgets(call, size, file));
	fclose(file);
}

#define CALL_SIZE 256

/* Starts a thread's operation, and returns when it sleeps in it. */
static void post_sleeps(struct worker *worker, worker_op op, __u64 value)
{
	char idle[CALL_SIZE], once[CALL_SIZE], twice[CALL_SIZE];

	CHECK(WAIT_UNTIL((sleeps_in(worker, idle, CALL_SIZE), strncmp(idle, "running", 7))));
	post(worker, op, value);
	CHECK(WAIT_UNTIL((sleeps_in(worker, once, CALL_SIZE), usleep(1000),
			  sleeps_in(worker, twice, CALL_SIZE),
			  strcmp(once, idle) && strncmp(once, "running", 7) &&
				  !strcmp(once, twice))));
}

/* Starts a poller, and returns when it waits: the next step has to be a call. */
static struct worker *start_poller(const struct user *user, size_t way)
{
	struct worker *poller = start_thread(user->fd);

	/* Else what it sets would have been set before. */
	CHECK(state_of(user->fd).waiters || !(flags_of(user->page) & KGIL_WORD_WAITERS));
	post(poller, op_poll, way);
	CHECK(WAIT_UNTIL(flags_of(user->page) & KGIL_WORD_WAITERS));
	return poller;
}

static void expect_told(struct __test_metadata *_metadata, struct worker *poller)
{
	EXPECT_EQ(0, result(poller));
	EXPECT_EQ(READABLE, poller->value);
}

/* Nobody polls any more: a call notices, and then none is needed. */
static void expect_quiet(struct __test_metadata *_metadata, const struct user *user)
{
	EXPECT_EQ(0, acquire(user->fd));
	EXPECT_EQ(0, release(user->fd));
	EXPECT_TRUE(word_is_free(user));
	EXPECT_EQ(0, user_acquire(user));
	EXPECT_EQ(0, user_release(user));
}

WORD_FIXTURE(each);
UNOWNED_VARIANTS(each);
OWNED_VARIANTS(each);

OWNED_WORD_FIXTURE(owned);

KGIL_TEST(each, level)
{
	EXPECT_TRUE(shows(self->fd, READABLE));
	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_TRUE(shows(self->fd, 0));
	ASSERT_EQ(0, release(self->fd));
	EXPECT_TRUE(shows(self->fd, READABLE));
	ASSERT_EQ(0, user_acquire(&self->user));
	EXPECT_TRUE(shows(self->fd, 0));
	ASSERT_EQ(0, user_release(&self->user));
	EXPECT_TRUE(shows(self->fd, READABLE));
	expect_quiet(_metadata, &self->user);
}

/* Its owner may nest an rlock, but no other thread could take it. */
KGIL_TEST(owned, level_of_ones_own)
{
	struct worker *other = start_thread(self->fd);

	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_TRUE(shows(self->fd, 0));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, call(other, op_word_take, 0));
	EXPECT_TRUE(shows(self->fd, 0));
	ASSERT_EQ(0, call(other, op_release, 0));
	EXPECT_TRUE(shows(self->fd, READABLE));
}

/* To poll changes nothing that shows, whatever the object is. */
KGIL_TEST(each, changes_nothing)
{
	int round;

	for (round = 0; round < 4; round++) {
		struct kgil_stats before, after;
		__u64 word;

		if (round % 2)
			ASSERT_EQ(0, round == 1 ? acquire(self->fd) : user_acquire(&self->user));
		remember_state(self->fd);
		before = stats_of(self->fd);
		word = word_of(self->user.page) & ~KGIL_WORD_WAITERS;
		EXPECT_TRUE(shows(self->fd, round % 2 == 0 ? READABLE : 0));
		EXPECT_TRUE(state_stayed(self->fd));
		after = stats_of(self->fd);
		EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
		EXPECT_EQ(word, word_of(self->user.page) & ~KGIL_WORD_WAITERS);
		if (round % 2)
			ASSERT_EQ(0, user_release(&self->user));
	}
	expect_quiet(_metadata, &self->user);
}

/* Nobody waits, so that polling once leaves nothing behind. */
KGIL_TEST(each, once_leaves_nothing)
{
	EXPECT_EQ(READABLE, events_now(self->fd));
	EXPECT_TRUE(word_is_free(&self->user));
	ASSERT_EQ(0, user_acquire(&self->user));
	EXPECT_EQ(0, events_now(self->fd));
	EXPECT_EQ(0, flags_of(self->user.page));
	ASSERT_TRUE(word_give(self->user.page, self->user.type, self->user.id, self->user.max));
}

KGIL_TEST(each, times_out)
{
	__u64 began, events;
	size_t way;

	ASSERT_EQ(0, user_acquire(&self->user));
	for (way = 0; way < WAYS; way++) {
		began = now_ns();
		EXPECT_EQ(ETIMEDOUT, ways[way](self->fd, &events, 30));
		EXPECT_LE(began + 30 * NSEC_PER_MSEC, now_ns());
		EXPECT_EQ(0, events);
	}
	ASSERT_EQ(0, user_release(&self->user));
	expect_quiet(_metadata, &self->user);
}

/* Taken and freed by a call or by the word: each poller hears of it. */
KGIL_TEST(each, freed)
{
	size_t turn;

	for (turn = 0; turn < 4 * WAYS; turn++) {
		struct worker *poller;

		ASSERT_EQ(0, turn & 1 ? user_acquire(&self->user) : acquire(self->fd));
		poller = start_poller(&self->user, turn / 4);
		usleep(turn == 0 ? A_WHILE_US : 0);
		EXPECT_FALSE(finished(poller));
		/* Without a call it can't be given back. */
		if (turn & 2)
			EXPECT_FALSE(word_give(self->user.page, self->user.type, self->user.id,
					       self->user.max));
		EXPECT_EQ(0, release(self->fd));
		expect_told(_metadata, poller);
		end_worker(poller);
		expect_quiet(_metadata, &self->user);
	}
}

KGIL_TEST(each, freed_by_another_process)
{
	struct worker *owner = start_process(self->fd), *poller = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	post(poller, op_poll, 0);
	ASSERT_TRUE(WAIT_UNTIL(flags_of(self->user.page) & KGIL_WORD_WAITERS));
	ASSERT_EQ(EBUSY, call(owner, op_word_give, 0));
	EXPECT_FALSE(finished(poller));
	ASSERT_EQ(0, call(owner, op_release, 0));
	expect_told(_metadata, poller);
	expect_quiet(_metadata, &self->user);
}

/* Handed to a waiter it is never free; the poller hears of the release after. */
KGIL_TEST(each, handed_over)
{
	struct worker *waiter = start_thread(self->fd), *poller = start_thread(self->fd);
	size_t way;

	if (variant->type != KGIL_TYPE_GIL)
		ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_AT_ONCE));
	for (way = 0; way < WAYS; way++) {
		ASSERT_EQ(0, acquire(self->fd));
		post(poller, op_poll, way);
		ASSERT_TRUE(WAIT_UNTIL(flags_of(self->user.page) & KGIL_WORD_WAITERS));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		EXPECT_EQ(0, release(self->fd));
		EXPECT_EQ(0, result(waiter));
		EXPECT_TRUE(shows(self->fd, 0));
		usleep(2000);
		EXPECT_FALSE(finished(poller));
		EXPECT_EQ(0, call(waiter, op_release, 0));
		expect_told(_metadata, poller);
		expect_quiet(_metadata, &self->user);
	}
}

/* A waiter that gives up leaves it as it was: taken. */
KGIL_TEST(each, waiter_gives_up)
{
	struct worker *waiter = start_thread(self->fd), *poller;

	ASSERT_EQ(0, user_acquire(&self->user));
	poller = start_poller(&self->user, 0);
	EXPECT_EQ(ETIMEDOUT, call(waiter, op_until, now_ns() + 5 * NSEC_PER_MSEC));
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(poller));
	EXPECT_EQ(0, user_release(&self->user));
	expect_told(_metadata, poller);
}

/* The owner's death frees it, whichever way it was taken. */
KGIL_TEST(owned, freed_by_death)
{
	size_t turn;

	for (turn = 0; turn < 2 * WAYS; turn++) {
		struct worker *owner = start_process(self->fd), *poller;

		ASSERT_EQ(0, call(owner, turn & 1 ? op_word_take : op_acquire, 0));
		poller = start_poller(&self->user, turn / 2);
		EXPECT_FALSE(finished(poller));
		kill_worker(owner);
		expect_told(_metadata, poller);
		end_worker(poller);
		EXPECT_TRUE(shows(self->fd, READABLE));
		EXPECT_EQ(EOWNERDEAD, acquire(self->fd));
		EXPECT_TRUE(shows(self->fd, 0));
		EXPECT_EQ(0, release(self->fd));
		expect_quiet(_metadata, &self->user);
		end_workers();
	}
}

KGIL_TEST(owned, freed_by_exec)
{
	struct worker *owner = start_process(self->fd), *poller;

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	poller = start_poller(&self->user, 2);
	post(owner, op_exec_pause, 0);
	expect_told(_metadata, poller);
	EXPECT_EQ(EOWNERDEAD, try_acquire(self->fd));
}

/* It goes to a waiter then, and is not free. */
KGIL_TEST(owned, death_hands_over)
{
	struct worker *owner = start_process(self->fd), *heir = start_thread(self->fd);
	struct worker *poller;

	if (variant->type == KGIL_TYPE_RLOCK)
		ASSERT_EQ(0, set_handoff(self->fd, KGIL_HANDOFF_AT_ONCE));
	ASSERT_EQ(0, call(owner, op_word_take, 0));
	poller = start_poller(&self->user, 0);
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	kill_worker(owner);
	EXPECT_EQ(EOWNERDEAD, result(heir));
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(poller));
	EXPECT_EQ(0, call(heir, op_release, 0));
	expect_told(_metadata, poller);
}

/* A thread that took a lock or sem owns nothing. */
WORD_FIXTURE(unowned);
UNOWNED_VARIANTS(unowned);

KGIL_TEST(unowned, death_frees_nothing)
{
	struct worker *taker = start_process(self->fd), *poller;

	ASSERT_EQ(0, call(taker, op_word_take, 0));
	poller = start_poller(&self->user, 0);
	kill_worker(taker);
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(poller));
	EXPECT_EQ(0, user_release(&self->user));
	expect_told(_metadata, poller);
}

/* One event for each time that it becomes free, and of no other step. */
KGIL_TEST(each, edge)
{
	int epoll = new_epoll(), i;

	control(epoll, EPOLL_CTL_ADD, self->fd, ANYTHING | EPOLLET);
	EXPECT_EQ(READABLE, next_event(epoll, 0));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, next_event(epoll, 0));
		/* As long as it is polled, each step is a call. */
		EXPECT_FALSE(word_take(self->user.page, self->user.type, self->user.id));
		ASSERT_EQ(0, i % 2 ? acquire(self->fd) : try_acquire(self->fd));
		EXPECT_EQ(0, next_event(epoll, 0));
		EXPECT_EQ(KGIL_WORD_WAITERS, flags_of(self->user.page) & KGIL_WORD_WAITERS);
		ASSERT_EQ(0, user_release(&self->user));
		EXPECT_EQ(READABLE, next_event(epoll, PATIENCE_MS));
	}
	/* Taken and free again between two looks: one event. */
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, user_acquire(&self->user));
		ASSERT_EQ(0, user_release(&self->user));
	}
	EXPECT_EQ(READABLE, next_event(epoll, PATIENCE_MS));
	EXPECT_EQ(0, next_event(epoll, 0));
	/* Free, and taken before anybody looked: none. */
	ASSERT_EQ(0, user_acquire(&self->user));
	ASSERT_EQ(0, user_release(&self->user));
	ASSERT_EQ(0, user_acquire(&self->user));
	EXPECT_EQ(0, next_event(epoll, 0));
	ASSERT_EQ(0, user_release(&self->user));
	EXPECT_EQ(READABLE, next_event(epoll, PATIENCE_MS));
	close(epoll);
	expect_quiet(_metadata, &self->user);
}

KGIL_TEST(each, oneshot)
{
	int epoll = new_epoll();

	control(epoll, EPOLL_CTL_ADD, self->fd, ANYTHING | EPOLLONESHOT);
	EXPECT_EQ(READABLE, next_event(epoll, 0));
	EXPECT_EQ(0, next_event(epoll, 0));
	ASSERT_EQ(0, user_acquire(&self->user));
	ASSERT_EQ(0, user_release(&self->user));
	EXPECT_EQ(0, next_event(epoll, 0));
	/* Armed again, it looks. */
	control(epoll, EPOLL_CTL_MOD, self->fd, ANYTHING | EPOLLONESHOT);
	EXPECT_EQ(READABLE, next_event(epoll, 0));
	ASSERT_EQ(0, user_acquire(&self->user));
	control(epoll, EPOLL_CTL_MOD, self->fd, ANYTHING | EPOLLONESHOT);
	EXPECT_EQ(0, next_event(epoll, 0));
	ASSERT_EQ(0, user_release(&self->user));
	EXPECT_EQ(READABLE, next_event(epoll, PATIENCE_MS));
	close(epoll);
	expect_quiet(_metadata, &self->user);
}

#define POLLERS 6

static int finished_of(struct worker **set, int n)
{
	int i, count = 0;

	for (i = 0; i < n; i++)
		count += finished(set[i]);
	return count;
}

/* One release wakes one of those who want to be the only one. */
KGIL_TEST(each, exclusive)
{
	struct worker *set[POLLERS];
	int i, n, who;

	ASSERT_EQ(0, user_acquire(&self->user));
	for (i = 0; i < POLLERS; i++) {
		set[i] = start_thread(self->fd);
		post_sleeps(set[i], op_poll, EXCLUSIVE);
	}
	for (n = POLLERS; n > 0; n--) {
		EXPECT_EQ(0, finished_of(set, n));
		EXPECT_EQ(0, user_release(&self->user));
		who = first_finished(set, n);
		ASSERT_LE(0, who);
		expect_told(_metadata, set[who]);
		usleep(2000);
		set[who] = set[n - 1];
		EXPECT_EQ(0, finished_of(set, n - 1));
		EXPECT_EQ(0, user_acquire(&self->user));
	}
	EXPECT_EQ(0, user_release(&self->user));
}

/* All of the others, with one release. */
KGIL_TEST(each, everybody)
{
	struct worker *set[WAYS];
	size_t way;

	ASSERT_EQ(0, user_acquire(&self->user));
	for (way = 0; way < WAYS; way++) {
		set[way] = start_thread(self->fd);
		post_sleeps(set[way], op_poll, way);
	}
	EXPECT_EQ(0, finished_of(set, WAYS));
	EXPECT_EQ(0, user_release(&self->user));
	for (way = 0; way < WAYS; way++)
		expect_told(_metadata, set[way]);
	expect_quiet(_metadata, &self->user);
}

/* Timed objects need a call anyhow, and go on doing so. */
KGIL_TEST(each, timed)
{
	__u32 units = variant->type == KGIL_TYPE_SEM;
	struct kgil_create args = {
		.type = variant->type,
		.flags = KGIL_CREATE_TIMED,
		.count = units,
		.max = units,
	};
	int fd = create(&args);
	struct worker *poller;

	ASSERT_LE(0, fd);
	poller = start_thread(fd);
	ASSERT_EQ(0, acquire(fd));
	post_sleeps(poller, op_poll, 3);
	EXPECT_FALSE(finished(poller));
	ASSERT_EQ(0, release(fd));
	expect_told(_metadata, poller);
	ASSERT_EQ(0, acquire(fd));
	ASSERT_EQ(0, release(fd));
	EXPECT_LT(0, stats_of(fd).hold_total_ns);
	EXPECT_EQ(2, stats_of(fd).acquisitions);
	done_using(&self->user);
	self->user = using(fd);
	EXPECT_FALSE(word_take(self->user.page, self->user.type, self->user.id));
	close(fd);
}

/* Mapped, or used by the word, only when it is polled already. */
KGIL_TEST(each, mapped_later)
{
	int fd = new_object(variant->type), epoll = new_epoll();
	struct user user;

	control(epoll, EPOLL_CTL_ADD, fd, ANYTHING | EPOLLET);
	EXPECT_EQ(READABLE, next_event(epoll, 0));
	user = using(fd);
	EXPECT_EQ(KGIL_WORD_WAITERS, flags_of(user.page));
	EXPECT_FALSE(word_take(user.page, user.type, user.id));
	ASSERT_EQ(0, user_acquire(&user));
	EXPECT_EQ(0, next_event(epoll, 0));
	ASSERT_EQ(0, user_release(&user));
	EXPECT_EQ(READABLE, next_event(epoll, PATIENCE_MS));
	control(epoll, EPOLL_CTL_DEL, fd, 0);
	expect_quiet(_metadata, &user);
	done_using(&user);
	close(epoll);
	close(fd);
}

/* The descriptor that is polled is closed: nobody is woken, nothing is left. */
KGIL_TEST(each, closed)
{
	int fd = new_object(variant->type), epoll = new_epoll(), other, far_epoll;

	ASSERT_EQ(0, acquire(fd));
	control(epoll, EPOLL_CTL_ADD, fd, ANYTHING);
	EXPECT_EQ(0, next_event(epoll, 0));
	close(fd);
	EXPECT_EQ(0, next_event(epoll, 10));

	/* Another descriptor of the same file keeps the entry. */
	fd = new_object(variant->type);
	other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, acquire(fd));
	far_epoll = new_epoll();
	control(far_epoll, EPOLL_CTL_ADD, fd, ANYTHING | EPOLLET);
	close(fd);
	ASSERT_EQ(0, release(other));
	EXPECT_EQ(READABLE, next_event(far_epoll, PATIENCE_MS));
	close(other);
	EXPECT_EQ(0, next_event(far_epoll, 10));
	close(far_epoll);
	close(epoll);
}

/* Who polls keeps the object, as any running call does, and looks when woken. */
KGIL_TEST(each, closed_while_polling)
{
	int fd = new_object(variant->type), other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct worker *poller = start_thread(fd);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, acquire(fd));
	post_sleeps(poller, op_poll, 0);
	close(fd);
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(poller));
	ASSERT_EQ(0, release(other));
	EXPECT_EQ(0, result(poller));
	EXPECT_EQ(POLLNVAL, poller->value);
	close(other);
}

/* Nobody can take it: an error, which ends with the nonsense. */
static void expect_error(struct __test_metadata *_metadata, const struct user *user, __u64 junk)
{
	__u64 good = word_of(user->page), seen;

	__atomic_store_n(&user->page->word, junk, __ATOMIC_SEQ_CST);
	EXPECT_EQ(ENOTRECOVERABLE, try_acquire(user->fd));
	EXPECT_TRUE(shows(user->fd, POLLERR));
	seen = word_of(user->page);
	EXPECT_EQ(junk, seen & ~KGIL_WORD_WAITERS);
	__atomic_store_n(&user->page->word, good, __ATOMIC_SEQ_CST);
	EXPECT_TRUE(shows(user->fd, READABLE));
	expect_quiet(_metadata, user);
}

KGIL_TEST(owned, nonsense)
{
	expect_error(_metadata, &self->user, KGIL_WORD_VALUE);
	expect_error(_metadata, &self->user, self->user.id + 1000000);
}

FIXTURE(one) {
};

FIXTURE_SETUP(one)
{
	(void)self;
}

FIXTURE_TEARDOWN(one)
{
	(void)self;
}

KGIL_TEST(one, semaphore_nonsense)
{
	int fd = new_sem(3, 3);
	struct user user = using(fd);

	expect_error(_metadata, &user, 4);
	expect_error(_metadata, &user, KGIL_WORD_VALUE);
	done_using(&user);
	close(fd);
}

#define UNITS 5

/* Readable while a unit is there, and each release tells of one. */
KGIL_TEST(one, semaphore_of_many)
{
	struct worker *set[UNITS];
	int fd = new_sem(UNITS, UNITS), epoll = new_epoll(), i;
	struct user user = using(fd);

	control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
	EXPECT_EQ(EPOLLIN, next_event(epoll, 0));
	for (i = 0; i < UNITS; i++) {
		EXPECT_TRUE(shows(fd, READABLE));
		ASSERT_EQ(0, user_acquire(&user));
		EXPECT_EQ(0, next_event(epoll, 0));
	}
	EXPECT_TRUE(shows(fd, 0));
	for (i = 0; i < UNITS; i++) {
		set[i] = start_thread(fd);
		post_sleeps(set[i], op_poll, EXCLUSIVE);
	}
	EXPECT_EQ(0, finished_of(set, UNITS));
	for (i = 0; i < UNITS; i++) {
		ASSERT_EQ(0, user_release(&user));
		EXPECT_EQ(EPOLLIN, next_event(epoll, PATIENCE_MS));
		EXPECT_EQ(0, next_event(epoll, 0));
	}
	for (i = 0; i < UNITS; i++)
		expect_told(_metadata, set[i]);
	EXPECT_FAILS(EOVERFLOW, fd, release(fd));
	EXPECT_EQ(0, next_event(epoll, 0));
	close(epoll);
	expect_quiet(_metadata, &user);
	end_workers();
	done_using(&user);
	close(fd);
}

#define OBJECTS 1000

static void raise_limit(void)
{
	struct rlimit limit = { .rlim_cur = 2 * OBJECTS, .rlim_max = 2 * OBJECTS };
	struct rlimit now;

	CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0);
	if (now.rlim_cur < limit.rlim_cur)
		CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void add_objects(int epoll, struct user *users)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int i;

	for (i = 0; i < OBJECTS; i++) {
		users[i] = using(new_object(KGIL_TYPE_GIL + i % 4));
		CHECK(user_acquire(&users[i]) == 0);
		event.data.u32 = i;
		CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, users[i].fd, &event) == 0);
	}
}

/* Those that were freed, and no others, each once. */
KGIL_TEST(one, of_thousand_objects)
{
	static struct epoll_event events[OBJECTS + 1];
	static struct user users[OBJECTS];
	int epoll = new_epoll(), step, i, n;

	raise_limit();
	add_objects(epoll, users);
	EXPECT_EQ(0, epoll_wait(epoll, events, OBJECTS + 1, 0));
	for (step = 1; step < OBJECTS; step *= 7) {
		for (i = 0; i < OBJECTS; i += step)
			CHECK(user_release(&users[i]) == 0);
		n = epoll_wait(epoll, events, OBJECTS + 1, 0);
		EXPECT_EQ((OBJECTS + step - 1) / step, n);
		for (i = 0; i < n; i++) {
			__u32 which = events[i].data.u32;

			ASSERT_GT(OBJECTS, which);
			ASSERT_EQ(0, which % step);
			ASSERT_EQ(EPOLLIN, events[i].events);
			/* Not again: it can't be taken twice. */
			ASSERT_EQ(0, user_acquire(&users[which]));
		}
		EXPECT_EQ(0, epoll_wait(epoll, events, OBJECTS + 1, 0));
	}
	close(epoll);
	for (i = 0; i < OBJECTS; i++) {
		CHECK(user_release(&users[i]) == 0);
		CHECK(user_acquire(&users[i]) == 0 && user_release(&users[i]) == 0);
		done_using(&users[i]);
		close(users[i].fd);
	}
}

/*
 * Threads that take and free it in all ways, and threads that never wait for it
 * but by polling: each of these gets it as often as it wants, because no release
 * is missed.
 */
#define STORM_USERS 3
#define STORM_TURNS 150
/* For so long at most: a poller has no place in the queue, and may get nothing. */
#define STORM_NS (NSEC_PER_SEC)

static struct {
	int fd;
	__u32 type;
	__u64 end_ns;
	bool stop;
	__u32 next_way;
	struct crowd crowd;
} storm;

static bool storm_over(void)
{
	return __atomic_load_n(&storm.stop, __ATOMIC_RELAXED) || now_ns() > storm.end_ns;
}

/* 0; or EAGAIN, ETIMEDOUT: not now. */
static int storm_take(const struct user *user, int turn)
{
	switch (turn % 5) {
	case 0:
	case 1:
		return user_acquire(user);
	case 2:
		return acquire(user->fd);
	case 3:
		return try_acquire(user->fd);
	default:
		/* Soon over: it gives up in all states that there are. */
		return acquire_until(user->fd, now_ns() + turn % 7 * 30000);
	}
}

static void *storm_user(void *unused)
{
	struct user user = using(storm.fd);
	int turn, err;

	for (turn = 0; !storm_over(); turn++) {
		err = storm_take(&user, turn);
		CHECK(err == 0 || err == EAGAIN || err == ETIMEDOUT);
		if (err)
			continue;
		enter(&storm.crowd);
		if (user.type == KGIL_TYPE_GIL && turn % 11 == 0) {
			leave(&storm.crowd);
			CHECK(yield_gil(user.fd) == 0);
			enter(&storm.crowd);
		}
		leave(&storm.crowd);
		CHECK(user_release(&user) == 0);
		if (turn % 16 == 0)
			usleep(turn % 300);
	}
	done_using(&user);
	return unused;
}

/* Between a failed try and the wait anything may happen. */
static void storm_wait(int fd, size_t way, int epoll)
{
	__u64 events;

	if (epoll < 0)
		CHECK(ways[way](fd, &events, PATIENCE_MS) == 0);
	else
		CHECK(next_event(epoll, PATIENCE_MS));
}

/* In the ways that are told of edges the object stays in one epoll instance. */
static void *storm_poller(void *unused)
{
	size_t way = __atomic_fetch_add(&storm.next_way, 1, __ATOMIC_RELAXED);
	int epoll = -1, turn, err;
	struct user user = using(storm.fd);

	if (ways[way] == wait_edge || ways[way] == wait_exclusive) {
		epoll = new_epoll();
		control(epoll, EPOLL_CTL_ADD, storm.fd,
			EPOLLIN | EPOLLET | (ways[way] == wait_exclusive ? EPOLLEXCLUSIVE : 0));
	}
	for (turn = 0; turn < STORM_TURNS; turn++) {
		while ((err = try_acquire(user.fd))) {
			CHECK(err == EAGAIN);
			storm_wait(user.fd, way, epoll);
		}
		enter(&storm.crowd);
		leave(&storm.crowd);
		CHECK(user_release(&user) == 0);
	}
	if (epoll >= 0)
		close(epoll);
	done_using(&user);
	return unused;
}

TEST_F_TIMEOUT(each, storm, 3 * TEST_LIMIT)
{
	pthread_t users[STORM_USERS];
	int i;

	memset(&storm, 0, sizeof(storm));
	storm.fd = self->fd;
	storm.end_ns = now_ns() + STORM_NS;
	for (i = 0; i < STORM_USERS; i++)
		ASSERT_EQ(0, pthread_create(&users[i], NULL, storm_user, NULL));
	run_threads(WAYS, storm_poller);
	__atomic_store_n(&storm.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < STORM_USERS; i++)
		ASSERT_EQ(0, pthread_join(users[i], NULL));
	EXPECT_EQ(1, storm.crowd.most);
	EXPECT_EQ(0, storm.crowd.inside);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
	expect_quiet(_metadata, &self->user);
}

/*
 * The last release of each round is seen, too, by one who has been told of all
 * before: that is all that wakes it.
 */
KGIL_TEST(each, last_release)
{
	struct worker *set[2] = { start_thread(self->fd), start_process(self->fd) };
	int epoll = new_epoll(), round;

	control(epoll, EPOLL_CTL_ADD, self->fd, EPOLLIN | EPOLLET);
	for (round = 0; round < 200; round++) {
		struct worker *worker = set[round % 2];

		ASSERT_EQ(0, round % 3 ? acquire(self->fd) : user_acquire(&self->user));
		next_event(epoll, 0);
		post(worker, op_acquire, 0);
		if (round % 5 == 0)
			usleep(100);
		ASSERT_EQ(0, user_release(&self->user));
		ASSERT_EQ(0, result(worker));
		next_event(epoll, 0);
		ASSERT_EQ(0, next_event(epoll, 0));
		ASSERT_EQ(0, call(worker, op_release, 0));
		ASSERT_EQ(EPOLLIN, next_event(epoll, PATIENCE_MS));
	}
	close(epoll);
	expect_quiet(_metadata, &self->user);
}

WORD_FIXTURE(gil);
TYPE_VARIANT(gil, only, KGIL_TYPE_GIL);

/* op_try_often() is at its last. */
static bool at_last;

/* Worker operation: wants it that often, for a moment, and not for long. */
static int op_try_often(int fd, __u64 *times)
{
	__u64 i, timeouts = 0;
	int err;

	for (i = 1; i <= *times; i++) {
		__atomic_store_n(&at_last, i == *times, __ATOMIC_RELAXED);
		err = acquire_until(fd, now_ns() + 50000 + i % 7 * 10000);
		CHECK(err == 0 || err == ETIMEDOUT);
		if (err)
			timeouts++;
		else
			CHECK(release(fd) == 0);
	}
	*times = timeouts;
	return 0;
}

/*
 * A thread that is always back at once finds the gil kept for it.  At last it
 * doesn't come back, and the waiter gives up about then: however that ends, the
 * gil is free and the poller knows.
 */
KGIL_TEST(gil, kept_and_left)
{
	struct worker *waiter = start_thread(self->fd);
	int epoll = new_epoll(), round, i;
	__u64 timeouts = 0;

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MAX));
	control(epoll, EPOLL_CTL_ADD, self->fd, EPOLLIN | EPOLLET);
	for (round = 0; round < 200; round++) {
		at_last = false;
		post(waiter, op_try_often, 8 + round % 7);
		for (i = round % 16; i >= 0; i -= __atomic_load_n(&at_last, __ATOMIC_RELAXED)) {
			ASSERT_EQ(0, acquire(self->fd));
			next_event(epoll, 0);
			ASSERT_EQ(0, release(self->fd));
		}
		ASSERT_EQ(0, result(waiter));
		timeouts += waiter->value;
		ASSERT_EQ(EPOLLIN, next_event(epoll, PATIENCE_MS));
		ASSERT_EQ(0, state_of(self->fd).waiters);
	}
	EXPECT_LT(0, timeouts);
	close(epoll);
	expect_quiet(_metadata, &self->user);
}

TEST_HARNESS_MAIN
