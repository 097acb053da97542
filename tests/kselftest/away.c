// SPDX-License-Identifier: GPL-2.0
/* How long the owners of a gil are away from the processor while others wait. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "kselftest_harness.h"
#include "kgil_netlink.h"

#define NAP    (20 * NSEC_PER_MSEC)
#define ROUNDS 5
#define NEVER  KGIL_THRESHOLD_MAX

static int set_away(int fd, __u64 ns)
{
	return command(fd, KGIL_IOC_SET_AWAY, (unsigned long)&ns);
}

static struct kgil_away away_of(int fd)
{
	struct kgil_away away;

	/* Every byte is written. */
	memset(&away, 0xcc, sizeof(away));
	CHECK(command(fd, KGIL_IOC_AWAY, (unsigned long)&away) == 0);
	return away;
}

/*
 * The probe follows the scheduler as long as one object asks for it.  This one does
 * for as long as the program runs: that the scheduler's code changes while another
 * processor runs it is more than QEMU before 8.0 can always take.  With one processor
 * KGIL_PROBE_GOES lets it come and go.
 */
static bool probe_stays(void)
{
	return !getenv("KGIL_PROBE_GOES");
}

static void __attribute__((constructor)) keep_probe(void)
{
	if (probe_stays())
		CHECK(set_away(new_gil(0), NEVER) == 0);
}

static void nap(void)
{
	usleep(NAP / 1000);
}

/* Hold it, once or more often, and sleep meanwhile, or not. */
static int op_naps(int fd, __u64 *naps)
{
	int err = acquire(fd);

	for (; !err && *naps; --*naps)
		nap();
	return err ?: release(fd);
}

static int op_turns(int fd, __u64 *turns)
{
	int err = 0;

	for (; !err && *turns; --*turns)
		err = acquire(fd) ?: release(fd);
	return err;
}

static int op_pause(int fd, __u64 *value)
{
	(void)value;
	CHECK(acquire(fd) == 0);
	for (;;)
		pause();
}

static void compute(__u64 ns)
{
	__u64 until = now_ns() + ns;

	while (now_ns() < until)
		;
}

/* Before everything else on its processor. */
static int op_compute_first(int fd, __u64 *ns)
{
	struct sched_param param = { .sched_priority = 10 };

	(void)fd;
	CHECK(sched_setscheduler(0, SCHED_FIFO, &param) == 0);
	compute(*ns);
	return 0;
}

FIXTURE(gil) {
	int fd;
};

FIXTURE_SETUP(gil)
{
	self->fd = new_gil(0);
}

FIXTURE_TEARDOWN(gil)
{
	end_workers();
	close(self->fd);
}

KGIL_TEST(gil, not_at_first)
{
	struct worker *waiter = start_thread(self->fd);
	struct kgil_away away, none = {};

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_turns, 1));
	nap();
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
	away = away_of(self->fd);
	EXPECT_EQ(0, memcmp(&away, &none, sizeof(none)));
}

KGIL_TEST(gil, values)
{
	EXPECT_FAILS(EINVAL, self->fd, set_away(self->fd, KGIL_THRESHOLD_MIN - 1));
	EXPECT_FAILS(EINVAL, self->fd, set_away(self->fd, KGIL_THRESHOLD_MAX + 1));
	EXPECT_FAILS(EINVAL, self->fd, set_away(self->fd, UINT64_MAX));
	EXPECT_FAILS(EFAULT, self->fd,
		     command(self->fd, KGIL_IOC_SET_AWAY, (unsigned long)BAD_POINTER));
	EXPECT_FAILS(EFAULT, self->fd,
		     command(self->fd, KGIL_IOC_AWAY, (unsigned long)BAD_POINTER));
	EXPECT_EQ(0, away_of(self->fd).threshold_ns);
	EXPECT_EQ(0, set_away(self->fd, KGIL_THRESHOLD_MIN));
	EXPECT_EQ(KGIL_THRESHOLD_MIN, away_of(self->fd).threshold_ns);
	EXPECT_EQ(0, set_away(self->fd, KGIL_THRESHOLD_MAX));
	EXPECT_EQ(KGIL_THRESHOLD_MAX, away_of(self->fd).threshold_ns);
	EXPECT_EQ(0, set_away(self->fd, 0));
	EXPECT_EQ(0, away_of(self->fd).threshold_ns);
	EXPECT_EQ(0, set_away(self->fd, 0));
}

KGIL_TEST(gil, other_types)
{
	struct kgil_away away;
	__u32 type;
	int fd;

	for (type = KGIL_TYPE_SEM; type <= KGIL_TYPE_RLOCK; type++) {
		fd = new_object(type);
		EXPECT_FAILS(ENOTTY, fd, set_away(fd, NEVER));
		EXPECT_TRUE(fails_untouched(fd, KGIL_IOC_AWAY, sizeof(away), ENOTTY));
		close(fd);
	}
}

/* It sleeps for 20 ms five times while another waits. */
KGIL_TEST(gil, blocked)
{
	struct worker *waiter = start_thread(self->fd);
	struct kgil_away before, after;
	__u64 begin;
	int i;

	ASSERT_EQ(0, set_away(self->fd, NEVER));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_turns, 1));
	before = away_of(self->fd);
	begin = now_ns();
	for (i = 0; i < ROUNDS; i++)
		nap();
	after = away_of(self->fd);
	begin = now_ns() - begin;
	EXPECT_EQ(ROUNDS, after.blocks - before.blocks);
	EXPECT_LE(ROUNDS * NAP, after.blocked_total_ns - before.blocked_total_ns);
	EXPECT_GE(begin, after.blocked_total_ns - before.blocked_total_ns);
	EXPECT_LE(NAP, after.blocked_max_ns);
	EXPECT_GE(begin, after.blocked_max_ns);
	EXPECT_EQ(0, after.missed);
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
}

/* What nobody waits for harms nobody. */
KGIL_TEST(gil, blocked_alone)
{
	ASSERT_EQ(0, set_away(self->fd, NEVER));
	ASSERT_EQ(0, acquire(self->fd));
	nap();
	ASSERT_EQ(0, release(self->fd));
	EXPECT_EQ(0, away_of(self->fd).blocks);
	EXPECT_EQ(0, away_of(self->fd).blocked_total_ns);
}

/* The waiter comes while it sleeps: it counts from then on. */
KGIL_TEST(gil, blocked_before)
{
	struct worker *owner = start_thread(self->fd);
	struct kgil_away away;
	__u64 begin;

	ASSERT_EQ(0, set_away(self->fd, NEVER));
	post(owner, op_naps, 10);
	ASSERT_TRUE(WAIT_UNTIL(!is_free(self->fd)));
	begin = now_ns();
	ASSERT_EQ(0, acquire(self->fd));
	begin = now_ns() - begin;
	away = away_of(self->fd);
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(owner));
	EXPECT_LE(1, away.blocks);
	EXPECT_GE(10, away.blocks);
	EXPECT_LE(NAP, away.blocked_total_ns);
	EXPECT_GE(begin, away.blocked_total_ns);
}

/* To be given it while asleep is no absence. */
KGIL_TEST(gil, wake_up)
{
	struct worker *workers[3];
	__u64 blocks;
	int i;

	for (i = 0; i < 3; i++)
		workers[i] = start_thread(self->fd);
	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(post_waits(workers[i], op_turns, 200));
	ASSERT_EQ(0, set_away(self->fd, NEVER));
	/* From here on nobody sleeps with it. */
	blocks = away_of(self->fd).blocks;
	ASSERT_EQ(0, release(self->fd));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, result(workers[i]));
	EXPECT_EQ(601, stats_of(self->fd).acquisitions);
	EXPECT_EQ(blocks, away_of(self->fd).blocks);
}

/* It computes, and another takes its processor for 20 ms. */
KGIL_TEST(gil, preempted)
{
	struct worker *waiter = start_thread(self->fd), *first = start_thread(self->fd);
	struct kgil_away before, after;
	__u64 cpu = 0, begin;

	ASSERT_EQ(0, set_away(self->fd, NEVER));
	op_pin(0, &cpu);
	ASSERT_EQ(0, call(first, op_pin, 0));
	ASSERT_EQ(0, call(first, op_compute_first, 0));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_turns, 1));
	before = away_of(self->fd);
	begin = now_ns();
	post(first, op_compute_first, NAP);
	while (!finished(first))
		;
	after = away_of(self->fd);
	begin = now_ns() - begin;
	EXPECT_LE(1, after.preemptions - before.preemptions);
	EXPECT_LE(NAP / 10 * 9, after.preempted_total_ns - before.preempted_total_ns);
	EXPECT_GE(begin, after.preempted_total_ns - before.preempted_total_ns);
	EXPECT_LE(NAP / 10 * 9, after.preempted_max_ns);
	EXPECT_EQ(before.blocks, after.blocks);
	ASSERT_EQ(0, result(first));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
}

/* Asked for in the middle of it, and not any more. */
KGIL_TEST(gil, on_and_off)
{
	struct worker *waiter = start_thread(self->fd);
	struct kgil_away away, later;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_turns, 1));
	nap();
	ASSERT_EQ(0, set_away(self->fd, NEVER));
	EXPECT_EQ(0, away_of(self->fd).blocks);
	nap();
	away = away_of(self->fd);
	EXPECT_EQ(1, away.blocks);
	EXPECT_LE(NAP, away.blocked_total_ns);
	ASSERT_EQ(0, set_away(self->fd, 0));
	nap();
	/* What was counted stays. */
	later = away_of(self->fd);
	EXPECT_EQ(away.blocks, later.blocks);
	EXPECT_EQ(away.blocked_total_ns, later.blocked_total_ns);
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
}

/* A process that sleeps with it is killed. */
KGIL_TEST(gil, owner_dies)
{
	struct worker *owner = start_process(self->fd), *waiter = start_thread(self->fd);
	struct kgil_away away;

	ASSERT_EQ(0, set_away(self->fd, NEVER));
	post(owner, op_pause, 0);
	ASSERT_TRUE(WAIT_UNTIL(!is_free(self->fd)));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	nap();
	kill_worker(owner);
	ASSERT_EQ(EOWNERDEAD, result(waiter));
	away = away_of(self->fd);
	EXPECT_LE(1, away.blocks);
	EXPECT_LE(NAP / 2, away.blocked_max_ns);
	ASSERT_EQ(0, call(waiter, op_release, 0));
}

/* Gone while it is asked for, used or not. */
KGIL_TEST(gil, closed)
{
	struct worker *worker;
	int fd, i;

	for (i = 0; i < 20; i++) {
		fd = new_gil(0);
		ASSERT_EQ(0, set_away(fd, KGIL_THRESHOLD_MIN));
		ASSERT_EQ(0, acquire(fd));
		worker = start_thread(fd);
		ASSERT_TRUE(post_waits(worker, op_turns, 1));
		usleep(1000);
		ASSERT_EQ(0, release(fd));
		ASSERT_EQ(0, result(worker));
		end_worker(worker);
		close(fd);
	}
}

/* One thread owns many that others wait for. */
KGIL_TEST(gil, many)
{
	int fds[3 * ROUNDS], i, followed = 0;
	struct kgil_away away;

	for (i = 0; i < 3 * ROUNDS; i++) {
		fds[i] = new_gil(0);
		ASSERT_EQ(0, set_away(fds[i], NEVER));
		ASSERT_EQ(0, acquire(fds[i]));
		ASSERT_TRUE(post_waits(start_thread(fds[i]), op_turns, 1));
	}
	nap();
	for (i = 0; i < 3 * ROUNDS; i++) {
		away = away_of(fds[i]);
		/* Either it was measured, or that it wasn't is told. */
		EXPECT_EQ(!away.missed, away.blocked_max_ns >= NAP);
		followed += !away.missed;
		ASSERT_EQ(0, release(fds[i]));
	}
	EXPECT_LE(4, followed);
	end_workers();
	for (i = 0; i < 3 * ROUNDS; i++)
		close(fds[i]);
}

static void next_event(int sock, __u8 cmd, const struct nlattr **table)
{
	const struct nlmsghdr *head = (void *)buffer;
	const struct genlmsghdr *command = NLMSG_DATA(head);

	next_datagram(sock);
	if (command->cmd != cmd)
		FATAL("event %u instead of %u", command->cmd, cmd);
	parse_message(head, table, ATTRS);
}

KGIL_TEST(gil, event)
{
	struct worker *waiter = start_thread(self->fd);
	const struct nlattr *table[ATTRS];
	int sock = open_netlink();

	listen_to_events(sock);
	ASSERT_EQ(0, set_away(self->fd, NAP / 2));
	next_event(sock, KGIL_CMD_CHANGED_NTF, table);
	EXPECT_EQ(NAP / 2, get_u64(table[KGIL_A_OBJECT_AWAY_THRESHOLD]));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_turns, 1));
	nap();
	next_event(sock, KGIL_CMD_OWNER_BLOCKED_NTF, table);
	EXPECT_EQ(state_of(self->fd).id, get_u64(table[KGIL_A_OBJECT_ID]));
	EXPECT_EQ(KGIL_TYPE_GIL, get_u32(table[KGIL_A_OBJECT_TYPE]));
	EXPECT_EQ(attach(self->fd), get_u64(table[KGIL_A_OBJECT_OWNER]));
	EXPECT_LE(NAP, get_u64(table[KGIL_A_OBJECT_BLOCKED]));
	EXPECT_EQ(NULL, table[KGIL_A_OBJECT_OWNER_PID]);
	/* Too short to be told. */
	ASSERT_EQ(0, set_away(self->fd, NEVER));
	next_event(sock, KGIL_CMD_CHANGED_NTF, table);
	nap();
	EXPECT_FALSE(arrives(sock, A_WHILE_US / 1000));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
	close(sock);
}

/* All who show it show the same. */
KGIL_TEST(gil, shown)
{
	const struct nlattr *table[ATTRS], *nest[KGIL_A_AWAY_MAX + 1];
	struct worker *waiter = start_thread(self->fd);
	__u64 id = state_of(self->fd).id;
	int sock = open_netlink();
	struct kgil_away away;

	ASSERT_EQ(0, get_object(sock, id, table));
	EXPECT_EQ(NULL, table[KGIL_A_OBJECT_AWAY]);
	EXPECT_EQ(0, get_u64(table[KGIL_A_OBJECT_AWAY_THRESHOLD]));
	ASSERT_EQ(0, set_away(self->fd, NEVER));
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_turns, 1));
	nap();
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
	away = away_of(self->fd);
	EXPECT_LE(1, away.blocks);
	EXPECT_EQ(away.blocks, proc_number(id, "blocks"));
	EXPECT_EQ(away.blocked_total_ns, proc_number(id, "blocked_total_ns"));
	EXPECT_EQ(away.blocked_max_ns, proc_number(id, "blocked_max_ns"));
	EXPECT_EQ(away.preemptions, proc_number(id, "preemptions"));
	EXPECT_EQ(away.preempted_total_ns, proc_number(id, "preempted_total_ns"));
	EXPECT_EQ(away.preempted_max_ns, proc_number(id, "preempted_max_ns"));
	EXPECT_EQ(0, proc_number(id, "missed"));
	EXPECT_EQ(NEVER, proc_number(id, "away_threshold_ns"));
	ASSERT_EQ(0, get_object(sock, id, table));
	EXPECT_EQ(NEVER, get_u64(table[KGIL_A_OBJECT_AWAY_THRESHOLD]));
	ASSERT_NE(NULL, table[KGIL_A_OBJECT_AWAY]);
	parse(payload(table[KGIL_A_OBJECT_AWAY]),
	      table[KGIL_A_OBJECT_AWAY]->nla_len - NLA_HDRLEN, nest, KGIL_A_AWAY_MAX + 1);
	EXPECT_EQ(away.blocks, get_u64(nest[KGIL_A_AWAY_BLOCKS]));
	EXPECT_EQ(away.blocked_total_ns, get_u64(nest[KGIL_A_AWAY_BLOCKED_TOTAL]));
	EXPECT_EQ(away.blocked_max_ns, get_u64(nest[KGIL_A_AWAY_BLOCKED_MAX]));
	EXPECT_EQ(away.preemptions, get_u64(nest[KGIL_A_AWAY_PREEMPTIONS]));
	EXPECT_EQ(away.preempted_total_ns, get_u64(nest[KGIL_A_AWAY_PREEMPTED_TOTAL]));
	EXPECT_EQ(away.preempted_max_ns, get_u64(nest[KGIL_A_AWAY_PREEMPTED_MAX]));
	EXPECT_EQ(away.missed, get_u64(nest[KGIL_A_AWAY_MISSED]));
	close(sock);
}

/* Nobody asks for longer than it stays in vain, then somebody does again. */
KGIL_TEST(gil, probe_returns)
{
	struct worker *waiter = start_thread(self->fd);
	struct kgil_away before, after;
	int i;

	for (i = 0; i < 3; i++) {
		if (!probe_stays())
			usleep(1500000);
		ASSERT_EQ(0, set_away(self->fd, NEVER));
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(waiter, op_turns, 1));
		before = away_of(self->fd);
		nap();
		after = away_of(self->fd);
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(waiter));
		EXPECT_EQ(1, after.blocks - before.blocks);
		EXPECT_LE(NAP, after.blocked_total_ns - before.blocked_total_ns);
		ASSERT_EQ(0, set_away(self->fd, 0));
	}
}

static int churned;
static bool churn_ends;

static void *churn(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&churn_ends, __ATOMIC_RELAXED)) {
		CHECK(acquire(churned) == 0);
		if (random_below(4) == 0)
			usleep(random_below(200));
		CHECK(release(churned) == 0);
	}
	return NULL;
}

/* It comes and goes while threads take turns, sleep and are preempted. */
KGIL_TEST(gil, churn)
{
	__u64 until = now_ns() + NSEC_PER_SEC, begin = now_ns(), all;
	struct kgil_away away;
	pthread_t threads[4];
	int i;

	churned = self->fd;
	for (i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, churn, NULL) == 0);
	while (now_ns() < until) {
		ASSERT_EQ(0, set_away(self->fd, KGIL_THRESHOLD_MIN));
		usleep(random_below(5000));
		ASSERT_EQ(0, set_away(self->fd, 0));
	}
	__atomic_store_n(&churn_ends, true, __ATOMIC_RELAXED);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	all = now_ns() - begin;
	away = away_of(self->fd);
	EXPECT_LT(0, away.blocks);
	EXPECT_GE(all, away.blocked_total_ns + away.preempted_total_ns);
	EXPECT_LE(away.blocked_max_ns, away.blocked_total_ns);
	EXPECT_LE(away.preempted_max_ns, away.preempted_total_ns);
}

TEST_HARNESS_MAIN
