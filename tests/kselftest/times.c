// SPDX-License-Identifier: GPL-2.0
/* How long waits and holds last: sums, extremes, histograms, thresholds. */
#include <pthread.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define HOLD	   (10 * NSEC_PER_MSEC)
#define WAIT	   (20 * NSEC_PER_MSEC)
#define ROUNDS	   5
#define PROC_HIST  "/proc/kgil/hist"
#define BUCKET_ONE 64ULL /* where bucket 1 begins */

static struct kgil_times times_of(int fd)
{
	struct kgil_times times, again;

	/* Every byte is written. */
	memset(&times, 0xcc, sizeof(times));
	CHECK(command(fd, KGIL_IOC_TIMES, (unsigned long)&times) == 0);
	memset(&again, 0x33, sizeof(again));
	CHECK(command(fd, KGIL_IOC_TIMES, (unsigned long)&again) == 0);
	if (!times.waiting_ns)
		CHECK(memcmp(&times, &again, sizeof(times)) == 0);
	return times;
}

static int set_threshold(int fd, __u64 ns)
{
	return command(fd, KGIL_IOC_SET_THRESHOLD, (unsigned long)&ns);
}

/* The bucket of a time, as the contract says it. */
static int bucket_of(__u64 ns)
{
	int bucket = 0;

	while (bucket < KGIL_HIST_BUCKETS - 1 && ns >= BUCKET_ONE << bucket)
		bucket++;
	return bucket;
}

static __u64 bucket_from(int bucket)
{
	return bucket ? BUCKET_ONE << (bucket - 1) : 0;
}

/* Do a histogram, a number, a sum and the extremes tell the same? */
static bool fits(const __u64 *hist, __u64 number, __u64 total, __u64 min, __u64 max)
{
	int first = -1, last = -1, i;
	__u64 sum = 0, least = 0;

	for (i = 0; i < KGIL_HIST_BUCKETS; i++) {
		sum += hist[i];
		least += hist[i] * bucket_from(i);
		if (hist[i]) {
			first = first < 0 ? i : first;
			last = i;
		}
	}
	if (!number)
		return !sum && !total && !min && !max;
	return sum == number && first == bucket_of(min) && last == bucket_of(max) &&
	       least <= total && total <= 2 * least + number * BUCKET_ONE &&
	       min <= max && number * min <= total && total <= number * max;
}

static bool add_up(int fd)
{
	struct kgil_stats stats = stats_of(fd);
	struct kgil_times times = times_of(fd);

	return fits(times.wait, times.waits, stats.wait_total_ns, times.wait_min_ns,
		    stats.wait_max_ns) &&
	       fits(times.hold, times.holds, stats.hold_total_ns, times.hold_min_ns,
		    stats.hold_max_ns);
}

EACH_TYPE_FIXTURE(each);

KGIL_TEST(each, nothing_yet)
{
	struct kgil_times times = times_of(self->fd), none = {};

	EXPECT_EQ(0, memcmp(&times, &none, sizeof(none)));
	EXPECT_TRUE(add_up(self->fd));
}

/* Holds of a known length, by one thread. */
KGIL_TEST(each, holds)
{
	struct kgil_times times;
	struct kgil_stats stats;
	__u64 begin = now_ns();
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		usleep(HOLD / 1000);
		/* A hold counts when it is over. */
		EXPECT_EQ((__u64)i, times_of(self->fd).holds);
		ASSERT_EQ(0, release(self->fd));
	}
	times = times_of(self->fd);
	stats = stats_of(self->fd);
	EXPECT_EQ(ROUNDS, times.holds);
	EXPECT_LE(HOLD, times.hold_min_ns);
	EXPECT_LE(ROUNDS * HOLD, stats.hold_total_ns);
	EXPECT_GE(now_ns() - begin, stats.hold_total_ns);
	EXPECT_EQ(0, times.waits);
	EXPECT_TRUE(add_up(self->fd));
}

/* Short ones and a long one: the extremes, and a bucket for each. */
KGIL_TEST(each, extremes)
{
	struct kgil_times times;
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	usleep(HOLD / 1000);
	ASSERT_EQ(0, release(self->fd));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_EQ(0, release(self->fd));
	}
	times = times_of(self->fd);
	EXPECT_EQ(1001, times.holds);
	EXPECT_GT(HOLD, times.hold_min_ns);
	EXPECT_LE(HOLD, stats_of(self->fd).hold_max_ns);
	EXPECT_TRUE(add_up(self->fd));
}

/* Waits of a known length: the holder sleeps while a thread waits. */
KGIL_TEST(each, waits)
{
	struct worker *waiter = start_thread(self->fd);
	struct kgil_times times;
	struct kgil_stats stats;
	__u64 begin = now_ns(), since;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		EXPECT_EQ(0, times_of(self->fd).waiting_ns);
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		since = now_ns();
		usleep(WAIT / 1000);
		times = times_of(self->fd);
		EXPECT_LE(WAIT, times.waiting_ns);
		EXPECT_GE(now_ns() - begin, times.waiting_ns);
		EXPECT_EQ((__u64)i, times.waits);
		EXPECT_LE(since - begin, now_ns() - begin);
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
	}
	times = times_of(self->fd);
	stats = stats_of(self->fd);
	EXPECT_EQ(ROUNDS, times.waits);
	EXPECT_EQ(2 * ROUNDS, times.holds);
	EXPECT_LE(WAIT, times.wait_min_ns);
	EXPECT_LE(ROUNDS * WAIT, stats.wait_total_ns);
	EXPECT_GE(now_ns() - begin, stats.wait_total_ns);
	EXPECT_EQ(0, times.waiting_ns);
	EXPECT_TRUE(add_up(self->fd));
}

/* The longest wait is that of the one who came first. */
KGIL_TEST(each, longest_wait)
{
	struct worker *first = start_thread(self->fd);
	struct worker *second = start_thread(self->fd);
	__u64 since;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(first, op_acquire, 0));
	usleep(WAIT / 1000);
	since = now_ns();
	ASSERT_TRUE(post_waits(second, op_acquire, 0));
	EXPECT_LE(WAIT, times_of(self->fd).waiting_ns);
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(first));
	EXPECT_GE(now_ns() - since, times_of(self->fd).waiting_ns);
	EXPECT_LT(0, times_of(self->fd).waiting_ns);
}

/* Waits end by a grant, a deadline and a signal; all are waits. */
static void ignore(int signal)
{
	(void)signal;
}

KGIL_TEST(each, however_they_end)
{
	struct sigaction action = { .sa_handler = ignore };
	struct worker *worker = start_thread(self->fd);
	struct kgil_times times;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_EQ(ETIMEDOUT, call(worker, op_until, now_ns() + WAIT));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	pthread_kill(worker->thread, SIGUSR1);
	EXPECT_EQ(EINTR, result(worker));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(worker));
	times = times_of(self->fd);
	EXPECT_EQ(3, times.waits);
	EXPECT_EQ(stats_of(self->fd).contentions, times.waits);
	EXPECT_TRUE(add_up(self->fd));
	ASSERT_EQ(0, call(worker, op_release, 0));
	EXPECT_EQ(stats_of(self->fd).acquisitions, times_of(self->fd).holds);
}

static void *take_turns(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; i < 500; i++) {
		CHECK(acquire(fd) == 0);
		if (i % 50 == 0)
			usleep(100);
		CHECK(release(fd) == 0);
	}
	return NULL;
}

/* Many threads: whatever they do, the numbers go together, also meanwhile. */
KGIL_TEST(each, under_load)
{
	pthread_t threads[8];
	__u64 last = 0;
	int i;

	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, take_turns, &self->fd));
	for (i = 0; i < 100; i++) {
		struct kgil_times times;
		__u64 sum = 0;
		int b;

		CHECK(command(self->fd, KGIL_IOC_TIMES, (unsigned long)&times) == 0);
		for (b = 0; b < KGIL_HIST_BUCKETS; b++)
			sum += times.hold[b];
		ASSERT_EQ(sum, times.holds);
		ASSERT_LE(last, times.holds);
		last = times.holds;
		usleep(500);
	}
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	EXPECT_TRUE(add_up(self->fd));
	EXPECT_EQ(8 * 500, times_of(self->fd).holds);
	EXPECT_EQ(8 * 500, stats_of(self->fd).acquisitions);
	EXPECT_EQ(stats_of(self->fd).contentions, times_of(self->fd).waits);
}

/* A line of PROC_HIST as numbers; false: there is none. */
static bool read_hist(__u64 id, const char *what, __u64 *hist)
{
	char start[64], *text = read_file(PROC_HIST, 65536), *line, *rest;
	bool found = false;
	int i;

	snprintf(start, sizeof(start), "%llu %s ", (unsigned long long)id, what);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *number = line + strlen(start);

		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		CHECK(!found);
		found = true;
		for (i = 0; i < KGIL_HIST_BUCKETS; i++)
			hist[i] = strtoull(number, &number, 10);
		CHECK(!*number);
	}
	free(text);
	return found;
}

/* /proc shows what the ioctl tells. */
KGIL_TEST(each, shown_alike)
{
	__u64 id = state_of(self->fd).id, wait[KGIL_HIST_BUCKETS], hold[KGIL_HIST_BUCKETS];
	struct worker *waiter = start_thread(self->fd);
	struct kgil_times times;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	usleep(HOLD / 1000);
	EXPECT_LE(HOLD, proc_number(id, "waiting_ns"));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
	ASSERT_EQ(0, call(waiter, op_release, 0));
	times = times_of(self->fd);
	EXPECT_EQ(times.waits, proc_number(id, "waits"));
	EXPECT_EQ(times.wait_min_ns, proc_number(id, "wait_min_ns"));
	EXPECT_EQ(times.holds, proc_number(id, "holds"));
	EXPECT_EQ(times.hold_min_ns, proc_number(id, "hold_min_ns"));
	EXPECT_EQ(times.heeds, proc_number(id, "heeds"));
	EXPECT_EQ(times.heed_total_ns, proc_number(id, "heed_total_ns"));
	EXPECT_EQ(times.heed_max_ns, proc_number(id, "heed_max_ns"));
	EXPECT_EQ(0, proc_number(id, "waiting_ns"));
	ASSERT_TRUE(read_hist(id, "wait", wait));
	ASSERT_TRUE(read_hist(id, "hold", hold));
	EXPECT_EQ(0, memcmp(wait, times.wait, sizeof(wait)));
	EXPECT_EQ(0, memcmp(hold, times.hold, sizeof(hold)));
}

KGIL_TEST(each, threshold)
{
	__u64 id = state_of(self->fd).id;

	EXPECT_EQ(0, proc_number(id, "threshold_ns"));
	EXPECT_EQ(0, set_threshold(self->fd, KGIL_THRESHOLD_MIN));
	EXPECT_EQ(KGIL_THRESHOLD_MIN, proc_number(id, "threshold_ns"));
	EXPECT_EQ(0, set_threshold(self->fd, KGIL_THRESHOLD_MAX));
	EXPECT_FAILS(EINVAL, self->fd, set_threshold(self->fd, KGIL_THRESHOLD_MIN - 1));
	EXPECT_FAILS(EINVAL, self->fd, set_threshold(self->fd, KGIL_THRESHOLD_MAX + 1));
	EXPECT_FAILS(EINVAL, self->fd, set_threshold(self->fd, UINT64_MAX));
	EXPECT_EQ(KGIL_THRESHOLD_MAX, proc_number(id, "threshold_ns"));
	EXPECT_EQ(0, set_threshold(self->fd, 0));
	EXPECT_EQ(0, proc_number(id, "threshold_ns"));
}

/* A wait that is to be reported ends as any other does. */
KGIL_TEST(each, waits_with_a_threshold)
{
	struct worker *worker = start_thread(self->fd);
	__u64 deadline;

	ASSERT_EQ(0, set_threshold(self->fd, NSEC_PER_MSEC));
	ASSERT_EQ(0, acquire(self->fd));
	deadline = now_ns() + WAIT;
	EXPECT_EQ(ETIMEDOUT, call(worker, op_until, deadline));
	EXPECT_LE(deadline, now_ns());
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	usleep(WAIT / 1000);
	EXPECT_FALSE(finished(worker));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(worker));
	EXPECT_EQ(2, times_of(self->fd).waits);
	EXPECT_LE(WAIT, stats_of(self->fd).wait_max_ns);
}

TYPE_FIXTURE(gil);
TYPE_VARIANT(gil, only, KGIL_TYPE_GIL);

/* How long an owner takes to do what it was asked for. */
KGIL_TEST(gil, heeds)
{
	struct worker *owner = start_thread(self->fd);
	struct worker *other = start_thread(self->fd);
	struct kgil_times times;
	__u64 begin = now_ns();

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(other, op_acquire, 0));
	ASSERT_TRUE(WAIT_UNTIL(stats_of(self->fd).drop_requests == 1));
	EXPECT_EQ(0, times_of(self->fd).heeds);
	usleep(WAIT / 1000);
	post(owner, op_yield, 0);
	ASSERT_EQ(0, result(other));
	times = times_of(self->fd);
	EXPECT_EQ(1, times.heeds);
	EXPECT_LE(WAIT, times.heed_total_ns);
	EXPECT_EQ(times.heed_total_ns, times.heed_max_ns);
	EXPECT_GE(now_ns() - begin, times.heed_total_ns);
	/* The other one by a release. */
	ASSERT_TRUE(WAIT_UNTIL(stats_of(self->fd).drop_requests == 2));
	ASSERT_EQ(0, call(other, op_release, 0));
	EXPECT_EQ(0, result(owner));
	EXPECT_EQ(2, times_of(self->fd).heeds);
}

/* A request that nobody waits for any more was not heeded. */
KGIL_TEST(gil, heeds_nothing)
{
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, set_interval(self->fd, KGIL_INTERVAL_MIN));
	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_EQ(ETIMEDOUT, call(waiter, op_until, now_ns() + WAIT));
	ASSERT_EQ(1, stats_of(self->fd).drop_requests);
	ASSERT_EQ(0, release(self->fd));
	EXPECT_EQ(0, times_of(self->fd).heeds);
	EXPECT_EQ(0, times_of(self->fd).heed_total_ns);
}

FIXTURE(none) {
	int unused;
};

FIXTURE_SETUP(none)
{
}

FIXTURE_TEARDOWN(none)
{
	end_workers();
}

/* Many hold a sem at once: none of its holds is timed. */
KGIL_TEST(none, sem_of_many)
{
	int fd = new_sem(2, 2);

	ASSERT_EQ(0, acquire(fd));
	ASSERT_EQ(0, release(fd));
	EXPECT_EQ(0, times_of(fd).holds);
	EXPECT_EQ(0, times_of(fd).waits);
	close(fd);
}

KGIL_TEST(none, bad_pointers)
{
	int fd = new_lock();

	EXPECT_FAILS(EFAULT, fd, command(fd, KGIL_IOC_TIMES, 0));
	EXPECT_FAILS(EFAULT, fd, command(fd, KGIL_IOC_TIMES, (unsigned long)BAD_POINTER));
	EXPECT_FAILS(EFAULT, fd, command(fd, KGIL_IOC_SET_THRESHOLD, 0));
	EXPECT_FAILS(EFAULT, fd,
		     command(fd, KGIL_IOC_SET_THRESHOLD, (unsigned long)BAD_POINTER));
	close(fd);
}

/* The names of the columns are where the buckets begin. */
KGIL_TEST(none, hist_head)
{
	char *text = read_file(PROC_HIST, 65536), *line, *word, *rest, *words;
	int i;

	line = strtok_r(text, "\n", &rest);
	ASSERT_STREQ("kgil hist 1", line);
	line = strtok_r(NULL, "\n", &rest);
	ASSERT_STREQ("id", strtok_r(line, " ", &words));
	ASSERT_STREQ("what", strtok_r(NULL, " ", &words));
	for (i = 0; i < KGIL_HIST_BUCKETS; i++) {
		word = strtok_r(NULL, " ", &words);
		ASSERT_NE(NULL, word);
		EXPECT_EQ(bucket_from(i), strtoull(word, NULL, 10));
	}
	EXPECT_EQ(NULL, strtok_r(NULL, " ", &words));
	free(text);
}

KGIL_TEST(none, hist_in_pieces)
{
	char *whole, *pieces;
	int fds[20], i;

	for (i = 0; i < 20; i++)
		fds[i] = new_object(KGIL_TYPE_GIL + i % 4);
	whole = read_file(PROC_HIST, 65536);
	pieces = read_file(PROC_HIST, 7);
	EXPECT_STREQ(whole, pieces);
	free(whole);
	free(pieces);
	for (i = 0; i < 20; i++)
		close(fds[i]);
}

TEST_HARNESS_MAIN
