// SPDX-License-Identifier: GPL-2.0
/* Counters: what they count, and that all who show them agree. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define MANY 500
#define HOLD (50 * NSEC_PER_MSEC)

static const char *const names[] = {
	"acquisitions",
	"contentions",
	"wait_total_ns",
	"wait_max_ns",
	"hold_total_ns",
	"hold_max_ns",
	"switches",
	"yields",
	"drop_requests",
	"timeouts",
	"interrupts",
	"owner_deaths",
	"deadlocks",
	"unchecked",
};

static __u64 counter(const struct kgil_stats *stats, size_t i)
{
	return ((const __u64 *)stats)[i];
}

static bool is_maximum(const char *name)
{
	return strstr(name, "_max_");
}

static struct kgil_stats totals(void)
{
	struct kgil_stats sum;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		((__u64 *)&sum)[i] = proc_total(names[i]);
	return sum;
}

static void ignore(int signal)
{
	(void)signal;
}

/*
 * One object's life, with a part for each counter: two waits of which one is
 * granted, one that times out, one that is interrupted.
 */
static void use_object(struct __test_metadata *_metadata, int fd)
{
	struct sigaction action = { .sa_handler = ignore };
	struct worker *worker = start_thread(fd);

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, acquire(fd));
	EXPECT_EQ(EAGAIN, call(worker, op_try, 0));
	EXPECT_EQ(ETIMEDOUT, call(worker, op_until, now_ns() + 10 * NSEC_PER_MSEC));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	pthread_kill(worker->thread, SIGUSR1);
	EXPECT_EQ(EINTR, result(worker));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	usleep(HOLD / 1000);
	EXPECT_EQ(0, release(fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(0, call(worker, op_release, 0));
	EXPECT_EQ(0, try_acquire(fd));
	EXPECT_EQ(0, release(fd));
	end_worker(worker);
}

EACH_TYPE_FIXTURE(each);

KGIL_TEST(each, add_up)
{
	bool owned = variant->type == KGIL_TYPE_GIL || variant->type == KGIL_TYPE_RLOCK;
	struct kgil_stats seen;
	__u64 start = now_ns(), whole;

	use_object(_metadata, self->fd);
	whole = now_ns() - start;
	seen = stats_of(self->fd);
	EXPECT_EQ(3, seen.acquisitions);
	EXPECT_EQ(3, seen.contentions);
	EXPECT_EQ(1, seen.timeouts);
	EXPECT_EQ(1, seen.interrupts);
	EXPECT_EQ(owned ? 2 : 0, seen.switches);
	EXPECT_EQ(0, seen.yields);
	EXPECT_EQ(0, seen.owner_deaths);
	EXPECT_LE(HOLD, seen.hold_max_ns);
	EXPECT_LE(seen.hold_max_ns, seen.hold_total_ns);
	EXPECT_LE(seen.hold_total_ns, whole);
	EXPECT_LE(HOLD, seen.wait_max_ns);
	EXPECT_LE(seen.wait_max_ns, seen.wait_total_ns);
	EXPECT_LE(seen.wait_total_ns, whole);
}

/* A try that fails, a release, a read: they count for nothing. */
KGIL_TEST(each, not_counted)
{
	struct worker *worker = start_thread(self->fd);
	struct kgil_stats before, after;

	ASSERT_EQ(0, acquire(self->fd));
	before = stats_of(self->fd);
	EXPECT_EQ(EAGAIN, call(worker, op_try, 0));
	EXPECT_EQ(EAGAIN, call(worker, op_try, 0));
	state_of(self->fd);
	after = stats_of(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(1, after.acquisitions);
	EXPECT_EQ(0, after.hold_total_ns);
}

/* A wait counts as a contention when it begins, its time when it ends. */
KGIL_TEST(each, running_wait)
{
	struct worker *worker = start_thread(self->fd);

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	usleep(A_WHILE_US);
	EXPECT_EQ(1, stats_of(self->fd).contentions);
	EXPECT_EQ(0, stats_of(self->fd).wait_total_ns);
	EXPECT_EQ(1, stats_of(self->fd).acquisitions);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_LE(A_WHILE_US * 1000ULL, stats_of(self->fd).wait_total_ns);
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
}

/* A wait that ends by its deadline has waited, too. */
KGIL_TEST(each, timed_out_wait)
{
	struct worker *worker = start_thread(self->fd);
	__u64 deadline, waiting;
	struct kgil_stats seen;

	ASSERT_EQ(0, acquire(self->fd));
	deadline = now_ns() + NSEC_PER_SEC;
	ASSERT_TRUE(post_waits(worker, op_until, deadline));
	waiting = now_ns();
	ASSERT_EQ(ETIMEDOUT, result(worker));
	seen = stats_of(self->fd);
	EXPECT_EQ(1, seen.contentions);
	EXPECT_EQ(1, seen.timeouts);
	EXPECT_EQ(0, seen.interrupts);
	EXPECT_EQ(1, seen.acquisitions);
	EXPECT_EQ(seen.wait_max_ns, seen.wait_total_ns);
	EXPECT_LE(deadline, waiting + seen.wait_total_ns);
	EXPECT_LE(seen.wait_total_ns, worker->ended_ns - worker->began_ns);
}

/* The ioctl, the object's row and the sum of all say the same. */
KGIL_TEST(each, shown_alike)
{
	struct kgil_stats before = totals(), stats, after;
	__u64 id = state_of(self->fd).id;
	size_t i;

	use_object(_metadata, self->fd);
	stats = stats_of(self->fd);
	after = totals();
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		__u64 one = counter(&stats, i), sum = counter(&after, i);

		TH_LOG("%s", names[i]);
		EXPECT_EQ(one, proc_number(id, names[i]));
		EXPECT_TRUE(is_maximum(names[i]) ? sum >= one :
						   sum == counter(&before, i) + one);
	}
}

/* The sums go on counting what is gone. */
KGIL_TEST(each, totals_remember)
{
	int fd = new_object(variant->type);
	struct kgil_stats before, after;
	__u64 objects, created;

	use_object(_metadata, fd);
	before = totals();
	objects = proc_total("objects");
	created = proc_total("created");
	close(fd);
	after = totals();
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	EXPECT_EQ(objects - 1, proc_total("objects"));
	EXPECT_EQ(created, proc_total("created"));
	fd = new_object(variant->type);
	EXPECT_EQ(created + 1, proc_total("created"));
	close(fd);
}

/* A number, or nothing: a dash. */
static bool shows(__u64 id, const char *column, bool there, __u64 number)
{
	return there ? proc_number(id, column) == number :
		       strcmp(proc_field(id, column), "-") == 0;
}

KGIL_TEST(each, row)
{
	struct kgil_state state;
	__u64 id = state_of(self->fd).id;
	bool owned = variant->type == KGIL_TYPE_GIL || variant->type == KGIL_TYPE_RLOCK;
	bool gil = variant->type == KGIL_TYPE_GIL;
	bool named = variant->type != KGIL_TYPE_SEM;
	char comm[16], flags[16];

	EXPECT_STREQ(type_name(variant->type), proc_field(id, "type"));
	EXPECT_STREQ("-", proc_field(id, "owner"));
	EXPECT_STREQ("-", proc_field(id, "owner_pid"));
	EXPECT_STREQ("-", proc_field(id, "owner_tid"));
	EXPECT_STREQ("-", proc_field(id, "owner_comm"));
	EXPECT_EQ(getuid(), proc_number(id, "uid"));

	ASSERT_EQ(0, acquire(self->fd));
	state = state_of(self->fd);
	ASSERT_EQ(0, prctl(PR_GET_NAME, comm));
	EXPECT_TRUE(shows(id, "owner", owned, state.owner));
	EXPECT_TRUE(shows(id, "owner_pid", named, getpid()));
	EXPECT_TRUE(shows(id, "owner_tid", named, gettid()));
	EXPECT_STREQ(named ? comm : "-", proc_field(id, "owner_comm"));
	EXPECT_EQ(state.depth, proc_number(id, "depth"));
	EXPECT_EQ(state.count, proc_number(id, "count"));
	EXPECT_EQ(state.max, proc_number(id, "max"));
	EXPECT_EQ(state.waiters, proc_number(id, "waiters"));
	EXPECT_STREQ(gil ? "fair" : "-", proc_field(id, "policy"));
	EXPECT_TRUE(shows(id, "interval_ns", gil, state.interval_ns));
	snprintf(flags, sizeof(flags), "0x%x", state.flags & ~KGIL_STATE_MINE);
	EXPECT_STREQ(flags, proc_field(id, "flags"));
}

KGIL_TEST(each, waiters_are_shown)
{
	__u64 id = state_of(self->fd).id, before = proc_total("waiters");
	struct worker *set[3];
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < 3; i++) {
		set[i] = start_thread(self->fd);
		ASSERT_TRUE(post_waits(set[i], op_acquire, 0));
		EXPECT_EQ((__u64)i + 1, proc_number(id, "waiters"));
		EXPECT_EQ(before + i + 1, proc_total("waiters"));
	}
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(2, proc_number(id, "waiters"));
}

TYPE_FIXTURE(gil);
TYPE_VARIANT(gil, only, KGIL_TYPE_GIL);

/* A yield that waits is a contention, and its end an acquisition. */
KGIL_TEST(gil, yields_and_requests)
{
	struct worker *owner = start_thread(self->fd);
	struct worker *other = start_thread(self->fd);
	struct kgil_stats seen;

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(other, op_acquire, 0));
	ASSERT_TRUE(WAIT_UNTIL(stats_of(self->fd).drop_requests == 1));
	post(owner, op_yield, 0);
	ASSERT_EQ(0, result(other));
	ASSERT_TRUE(WAIT_UNTIL(stats_of(self->fd).drop_requests == 2));
	EXPECT_EQ(0, call(other, op_release, 0));
	EXPECT_EQ(0, result(owner));
	seen = stats_of(self->fd);
	EXPECT_EQ(1, seen.yields);
	EXPECT_EQ(2, seen.contentions);
	EXPECT_EQ(3, seen.acquisitions);
	EXPECT_EQ(2, seen.switches);
	EXPECT_EQ(2, seen.drop_requests);
}

OWNED_FIXTURE(owned);

KGIL_TEST(owned, deaths)
{
	__u64 id = state_of(self->fd).id, before = proc_total("owner_deaths");
	struct worker *victim = start_process(self->fd);

	ASSERT_EQ(0, call(victim, op_acquire, 0));
	kill_worker(victim);
	ASSERT_TRUE(WAIT_UNTIL(stats_of(self->fd).owner_deaths == 1));
	EXPECT_EQ(1, proc_number(id, "owner_deaths"));
	EXPECT_EQ(before + 1, proc_total("owner_deaths"));
	EXPECT_STREQ("0x2", proc_field(id, "flags"));
	/* Its hold is over, too. */
	EXPECT_LT(0, stats_of(self->fd).hold_total_ns);
	EXPECT_EQ(EOWNERDEAD, acquire(self->fd));
	EXPECT_STREQ("0x0", proc_field(id, "flags"));
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, stats_of(self->fd).switches);
}

/* The same thread again is no switch. */
KGIL_TEST(owned, no_switch)
{
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_EQ(0, release(self->fd));
	}
	EXPECT_EQ(10, stats_of(self->fd).acquisitions);
	EXPECT_EQ(0, stats_of(self->fd).switches);
}

/* Nested acquires of an rlock are one hold. */
TYPE_FIXTURE(rlock);
TYPE_VARIANT(rlock, only, KGIL_TYPE_RLOCK);

KGIL_TEST(rlock, nested)
{
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_EQ(0, release(self->fd));
	EXPECT_EQ(1, stats_of(self->fd).acquisitions);
	EXPECT_EQ(0, stats_of(self->fd).hold_total_ns);
	usleep(1000);
	ASSERT_EQ(0, release(self->fd));
	EXPECT_LE(NSEC_PER_MSEC, stats_of(self->fd).hold_total_ns);
}

FIXTURE(proc) {
	int unused;
};

FIXTURE_SETUP(proc)
{
}

FIXTURE_TEARDOWN(proc)
{
	end_workers();
}

/* Many hold a sem at once: their holds have no sum. */
KGIL_TEST(proc, sem_has_no_hold)
{
	int fd = new_sem(2, 2);

	ASSERT_EQ(0, acquire(fd));
	ASSERT_EQ(0, release(fd));
	EXPECT_EQ(1, stats_of(fd).acquisitions);
	EXPECT_EQ(0, stats_of(fd).hold_total_ns);
	EXPECT_EQ(0, stats_of(fd).hold_max_ns);
	close(fd);
}

/* "name number", and nothing else. */
KGIL_TEST(proc, stat_format)
{
	char *text = read_file(PROC_STAT, 65536), *line, *rest;
	char name[32], tail;
	unsigned long long value;

	ASSERT_EQ(0, strncmp(text, "kgil stat 1\n", 12));
	strtok_r(text, "\n", &rest);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		int n = sscanf(line, "%31[a-z_] %llu%c", name, &value, &tail);

		if (n != 2)
			TH_LOG("%s", line);
		EXPECT_EQ(2, n);
	}
	free(text);
}

static int fields(const char *line)
{
	int n = 1;

	for (; *line && *line != '\n'; line++)
		n += *line == ' ';
	return n;
}

/* A name that would break a row doesn't. */
KGIL_TEST(proc, strange_name)
{
	int fd = new_gil(0);
	__u64 id = state_of(fd).id;
	char *text, *line, *rest;
	int columns;

	ASSERT_EQ(0, prctl(PR_SET_NAME, " a b\tc\nd\\"));
	ASSERT_EQ(0, acquire(fd));
	EXPECT_STREQ("\\040a\\040b\\011c\\012d\\134", proc_field(id, "owner_comm"));
	EXPECT_EQ(1, proc_number(id, "depth"));
	text = read_file(PROC_OBJECTS, 65536);
	line = strtok_r(text, "\n", &rest);
	ASSERT_STREQ("kgil objects 1", line);
	line = strtok_r(NULL, "\n", &rest);
	columns = fields(line);
	while ((line = strtok_r(NULL, "\n", &rest)))
		EXPECT_EQ(columns, fields(line));
	free(text);
	close(fd);
}

/* Nothing happens: in small pieces, a file reads as it does in one. */
static bool same_in_pieces(const char *path, size_t piece)
{
	char *whole = read_file(path, 65536), *pieces = read_file(path, piece);
	bool same = strcmp(whole, pieces) == 0;

	free(whole);
	free(pieces);
	return same;
}

KGIL_TEST(proc, small_pieces)
{
	static const size_t pieces[] = { 1, 7, 100, 4096 };
	int fds[20], i;
	size_t n;

	for (i = 0; i < 20; i++)
		fds[i] = new_object(KGIL_TYPE_GIL + i % 4);
	for (n = 0; n < ARRAY_SIZE(pieces); n++) {
		EXPECT_TRUE(same_in_pieces(PROC_OBJECTS, pieces[n]));
		EXPECT_TRUE(same_in_pieces(PROC_STAT, pieces[n]));
	}
	for (i = 0; i < 20; i++)
		close(fds[i]);
}

/* Anybody may read, nobody may write. */
KGIL_TEST(proc, mode)
{
	static const char *const paths[] = { PROC_STAT, PROC_OBJECTS };
	struct stat stat_buf;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		ASSERT_EQ(0, stat(paths[i], &stat_buf));
		EXPECT_EQ((mode_t)(S_IFREG | 0444), stat_buf.st_mode);
	}
}

static void create_and_close(void)
{
	for (;;) {
		int fds[8], i;

		for (i = 0; i < 8; i++)
			fds[i] = new_object(KGIL_TYPE_GIL + i % 4);
		for (i = 0; i < 8; i++)
			close(fds[i]);
	}
}

static void allow_descriptors(struct __test_metadata *_metadata, rlim_t number)
{
	struct rlimit limit = { .rlim_cur = number, .rlim_max = number };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* What exists all the time is listed once, whatever comes and goes. */
KGIL_TEST(proc, many_listed_once)
{
	static __u64 ids[MANY];
	pid_t child;
	int round, i;

	allow_descriptors(_metadata, 2 * MANY);
	for (i = 0; i < MANY; i++)
		ids[i] = state_of(new_object(KGIL_TYPE_GIL + i % 4)).id;
	child = fork_child();
	if (child == 0)
		create_and_close();
	for (round = 0; round < 5; round++) {
		char *text = read_file(PROC_OBJECTS, round % 2 ? 511 : 65536);

		for (i = 0; i < MANY; i++)
			ASSERT_EQ(1, rows_of(text, ids[i]));
		ASSERT_LE(MANY, proc_total("objects"));
		free(text);
	}
	kill(child, SIGKILL);
	EXPECT_NE(-1, reap(child));
}

/* The sums never go down, while objects come and go and are used. */
KGIL_TEST(proc, never_goes_down)
{
	struct kgil_stats last = totals(), now;
	pid_t child = fork_child();
	int round;
	size_t i;

	if (child == 0) {
		for (;;) {
			int fd = new_gil(0);

			CHECK(acquire(fd) == 0);
			CHECK(release(fd) == 0);
			close(fd);
		}
	}
	for (round = 0; round < 50; round++) {
		now = totals();
		for (i = 0; i < ARRAY_SIZE(names); i++)
			ASSERT_LE(counter(&last, i), counter(&now, i));
		last = now;
	}
	kill(child, SIGKILL);
	EXPECT_NE(-1, reap(child));
}

#define NOBODY 65534

/* Another user sees the object, but not who owns it. */
KGIL_TEST(proc, other_user)
{
	int fd = new_gil(0);
	__u64 id = state_of(fd).id;
	pid_t child;

	ASSERT_EQ(0, acquire(fd));
	child = fork_child();
	if (child == 0) {
		CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
		CHECK(strcmp(proc_field(id, "owner_pid"), "-") == 0);
		CHECK(strcmp(proc_field(id, "owner_tid"), "-") == 0);
		CHECK(strcmp(proc_field(id, "owner_comm"), "-") == 0);
		CHECK(proc_number(id, "uid") == 0);
		CHECK(proc_number(id, "depth") == 1);
		/* Its own it sees. */
		fd = new_gil(0);
		id = state_of(fd).id;
		CHECK(acquire(fd) == 0);
		CHECK(proc_number(id, "owner_pid") == (__u64)getpid());
		CHECK(proc_number(id, "uid") == NOBODY);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(child));
	EXPECT_EQ((__u64)getpid(), proc_number(id, "owner_pid"));
	close(fd);
}

TEST_HARNESS_MAIN
