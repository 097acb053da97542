// SPDX-License-Identifier: GPL-2.0
/* Settings by netlink, events, and what each thread did. */
#include <sched.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "kgil_netlink.h"

#define NOBODY 65534
#define HOLD   (10 * NSEC_PER_MSEC)
#define WAIT   (20 * NSEC_PER_MSEC)
#define ROUNDS 3

static int set_threshold(int fd, __u64 ns)
{
	return command(fd, KGIL_IOC_SET_THRESHOLD, (unsigned long)&ns);
}

/* The attributes of the next event, which is @cmd of @id. */
static void next_event(int sock, __u8 cmd, __u64 id, const struct nlattr **table)
{
	const struct nlmsghdr *head = (void *)buffer;
	const struct genlmsghdr *command = NLMSG_DATA(head);

	next_datagram(sock);
	if (command->cmd != cmd)
		FATAL("event %u instead of %u", command->cmd, cmd);
	parse_message(head, table, ATTRS);
	CHECK(get_u64(table[KGIL_A_OBJECT_ID]) == id);
	/* Every listener gets it. */
	CHECK(!table[KGIL_A_OBJECT_OWNER_PID] && !table[KGIL_A_OBJECT_OWNER_TID] &&
	      !table[KGIL_A_OBJECT_OWNER_COMM]);
}

static bool is_quiet(int sock)
{
	return !arrives(sock, A_WHILE_US / 1000);
}

EACH_TYPE_FIXTURE(each);

KGIL_TEST(each, created_and_destroyed)
{
	const struct nlattr *table[ATTRS];
	int sock = open_netlink(), fd, copy;
	__u64 id;

	listen_to_objects(sock);
	fd = new_object(variant->type);
	id = state_of(fd).id;
	next_event(sock, KGIL_CMD_CREATED_NTF, id, table);
	EXPECT_EQ(variant->type, get_u32(table[KGIL_A_OBJECT_TYPE]));
	copy = dup(fd);
	close(fd);
	EXPECT_TRUE(is_quiet(sock));
	close(copy);
	next_event(sock, KGIL_CMD_DESTROYED_NTF, id, table);
	EXPECT_EQ(variant->type, get_u32(table[KGIL_A_OBJECT_TYPE]));
	/* What is not created is not told. */
	EXPECT_EQ(-EINVAL, create(&(struct kgil_create){ .type = variant->type, .pad = 1 }));
	EXPECT_TRUE(is_quiet(sock));
	close(sock);
}

/* Each group has its events. */
KGIL_TEST(each, groups)
{
	int events = open_netlink(), objects = open_netlink();
	const struct nlattr *table[ATTRS];
	__u64 id = state_of(self->fd).id;

	listen_to_events(events);
	listen_to_objects(objects);
	close(new_object(variant->type));
	EXPECT_TRUE(is_quiet(events));
	next_datagram(objects);
	next_datagram(objects);
	ASSERT_EQ(0, set_threshold(self->fd, NSEC_PER_SEC));
	next_event(events, KGIL_CMD_CHANGED_NTF, id, table);
	EXPECT_TRUE(is_quiet(objects));
	close(events);
	close(objects);
}

KGIL_TEST(each, changed)
{
	bool gil = variant->type == KGIL_TYPE_GIL;
	__u64 id = state_of(self->fd).id;
	const struct nlattr *table[ATTRS];
	int sock = open_netlink();

	listen_to_events(sock);
	ASSERT_EQ(0, set_threshold(self->fd, NSEC_PER_SEC));
	next_event(sock, KGIL_CMD_CHANGED_NTF, id, table);
	EXPECT_EQ(NSEC_PER_SEC, get_u64(table[KGIL_A_OBJECT_THRESHOLD]));
	EXPECT_EQ(gil, !!table[KGIL_A_OBJECT_POLICY]);
	EXPECT_EQ(gil, !!table[KGIL_A_OBJECT_INTERVAL]);
	EXPECT_EQ(!gil, !!table[KGIL_A_OBJECT_HANDOFF]);
	if (gil) {
		ASSERT_EQ(0, set_policy(self->fd, KGIL_POLICY_FIFO));
		next_event(sock, KGIL_CMD_CHANGED_NTF, id, table);
		EXPECT_EQ(KGIL_POLICY_FIFO, get_u32(table[KGIL_A_OBJECT_POLICY]));
		ASSERT_EQ(0, set_interval(self->fd, 2 * NSEC_PER_MSEC));
		next_event(sock, KGIL_CMD_CHANGED_NTF, id, table);
		EXPECT_EQ(2 * NSEC_PER_MSEC, get_u64(table[KGIL_A_OBJECT_INTERVAL]));
	} else {
		ASSERT_EQ(0, set_handoff(self->fd, NSEC_PER_MSEC / 2));
		next_event(sock, KGIL_CMD_CHANGED_NTF, id, table);
		EXPECT_EQ(NSEC_PER_MSEC / 2, get_u64(table[KGIL_A_OBJECT_HANDOFF]));
	}
	/* What fails is not told. */
	EXPECT_EQ(EINVAL, set_threshold(self->fd, 1));
	EXPECT_EQ(gil ? EINVAL : ENOTTY, set_interval(self->fd, 1));
	EXPECT_TRUE(is_quiet(sock));
	close(sock);
}

/* The threshold came when the wait had begun: it is reported when it is over. */
KGIL_TEST(each, long_wait_that_is_over)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 id = state_of(self->fd).id;
	const struct nlattr *table[ATTRS];
	int sock = open_netlink();

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	/* Asleep by then. */
	usleep(A_WHILE_US);
	ASSERT_EQ(0, set_threshold(self->fd, KGIL_THRESHOLD_MIN));
	listen_to_events(sock);
	EXPECT_TRUE(is_quiet(sock));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
	next_event(sock, KGIL_CMD_LONG_WAIT_NTF, id, table);
	EXPECT_LE(KGIL_THRESHOLD_MIN, get_u64(table[KGIL_A_OBJECT_WAITING]));
	EXPECT_TRUE(is_quiet(sock));
	ASSERT_EQ(0, call(waiter, op_release, 0));
	close(sock);
}

/* A wait that goes on is reported once, while it goes on. */
KGIL_TEST(each, long_wait)
{
	bool owned = variant->type == KGIL_TYPE_GIL || variant->type == KGIL_TYPE_RLOCK;
	struct worker *waiter = start_thread(self->fd);
	__u64 id = state_of(self->fd).id, begin = now_ns();
	const struct nlattr *table[ATTRS];
	int sock = open_netlink();

	ASSERT_EQ(0, set_threshold(self->fd, WAIT));
	listen_to_events(sock);
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	next_event(sock, KGIL_CMD_LONG_WAIT_NTF, id, table);
	EXPECT_FALSE(finished(waiter));
	EXPECT_EQ(variant->type, get_u32(table[KGIL_A_OBJECT_TYPE]));
	EXPECT_EQ(1, get_u32(table[KGIL_A_OBJECT_WAITERS]));
	EXPECT_LE(WAIT, get_u64(table[KGIL_A_OBJECT_WAITING]));
	EXPECT_GE(now_ns() - begin, get_u64(table[KGIL_A_OBJECT_WAITING]));
	EXPECT_EQ(owned, !!table[KGIL_A_OBJECT_WAITER]);
	EXPECT_EQ(owned, !!table[KGIL_A_OBJECT_OWNER]);
	if (owned)
		EXPECT_EQ(attach(self->fd), get_u64(table[KGIL_A_OBJECT_OWNER]));
	usleep(3 * WAIT / 1000);
	EXPECT_FALSE(finished(waiter));
	ASSERT_EQ(0, release(self->fd));
	ASSERT_EQ(0, result(waiter));
	EXPECT_TRUE(is_quiet(sock));
	ASSERT_EQ(0, call(waiter, op_release, 0));
	close(sock);
}

/* Short ones are not, nor any without a threshold. */
KGIL_TEST(each, no_long_wait)
{
	struct worker *waiter = start_thread(self->fd);
	int sock = open_netlink(), round;

	ASSERT_EQ(0, set_threshold(self->fd, KGIL_THRESHOLD_MAX));
	listen_to_events(sock);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		usleep(WAIT / 1000);
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
		EXPECT_TRUE(is_quiet(sock));
		if (!round) {
			ASSERT_EQ(0, set_threshold(self->fd, 0));
			next_datagram(sock);
		}
	}
	close(sock);
}

/* It is reported before it times out, and times out all the same. */
KGIL_TEST(each, long_wait_times_out)
{
	struct worker *waiter = start_thread(self->fd);
	const struct nlattr *table[ATTRS];
	int sock = open_netlink();

	ASSERT_EQ(0, set_threshold(self->fd, NSEC_PER_MSEC));
	listen_to_events(sock);
	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_EQ(ETIMEDOUT, call(waiter, op_until, now_ns() + NSEC_PER_SEC / 2));
	next_event(sock, KGIL_CMD_LONG_WAIT_NTF, state_of(self->fd).id, table);
	EXPECT_TRUE(is_quiet(sock));
	close(sock);
}

/*
 * Settings.
 */
struct answer {
	int err;
	bool explained; /* a message came with it */
	__u32 offset;	/* of the attribute that is to blame; 0: none */
};

static void want_explanations(int sock)
{
	int one = 1;

	CHECK(setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) == 0);
	CHECK(setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) == 0);
}

static struct answer send_set(int sock, struct request *request)
{
	const struct nlattr *table[NLMSGERR_ATTR_MAX + 1];
	const struct nlmsghdr *head = (void *)buffer;
	const struct nlmsgerr *error = NLMSG_DATA(head);
	struct answer answer = {};
	int length = NLMSG_LENGTH(sizeof(*error));

	request->head.nlmsg_flags |= NLM_F_ACK;
	send_request(sock, request);
	next_datagram(sock);
	CHECK(head->nlmsg_type == NLMSG_ERROR);
	answer.err = -error->error;
	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
		return answer;
	parse(buffer + length, head->nlmsg_len - length, table, NLMSGERR_ATTR_MAX + 1);
	answer.explained = table[NLMSGERR_ATTR_MSG];
	if (table[NLMSGERR_ATTR_OFFS])
		answer.offset = get_u32(table[NLMSGERR_ATTR_OFFS]);
	return answer;
}

static void begin_set(int sock, struct request *request, __u64 id)
{
	begin(request, find_family(sock).id, KGIL_CMD_OBJECT_SET, 0);
	add(request, KGIL_A_OBJECT_ID, &id, sizeof(id));
}

static int set_u64(int sock, __u64 id, __u16 attr, __u64 value)
{
	struct request request;

	begin_set(sock, &request, id);
	add(&request, attr, &value, sizeof(value));
	return send_set(sock, &request).err;
}

static int set_u32(int sock, __u64 id, __u16 attr, __u32 value)
{
	struct request request;

	begin_set(sock, &request, id);
	add(&request, attr, &value, sizeof(value));
	return send_set(sock, &request).err;
}

KGIL_TEST(each, set)
{
	bool gil = variant->type == KGIL_TYPE_GIL;
	__u64 id = state_of(self->fd).id;
	const struct nlattr *table[ATTRS];
	int sock = open_netlink();

	EXPECT_EQ(0, set_u64(sock, id, KGIL_A_OBJECT_THRESHOLD, NSEC_PER_SEC));
	ASSERT_EQ(0, get_object(sock, id, table));
	EXPECT_EQ(NSEC_PER_SEC, get_u64(table[KGIL_A_OBJECT_THRESHOLD]));
	if (gil) {
		EXPECT_EQ(0, set_u32(sock, id, KGIL_A_OBJECT_POLICY, KGIL_POLICY_FIFO));
		EXPECT_EQ(KGIL_POLICY_FIFO, state_of(self->fd).policy);
		EXPECT_EQ(0, set_u64(sock, id, KGIL_A_OBJECT_INTERVAL, KGIL_INTERVAL_MAX));
		EXPECT_EQ(KGIL_INTERVAL_MAX, state_of(self->fd).interval_ns);
		EXPECT_EQ(0, set_u64(sock, id, KGIL_A_OBJECT_AWAY_THRESHOLD, 0));
	} else {
		EXPECT_EQ(0, set_u64(sock, id, KGIL_A_OBJECT_HANDOFF, KGIL_HANDOFF_MAX));
		EXPECT_EQ(KGIL_HANDOFF_MAX, state_of(self->fd).handoff_ns);
	}
	close(sock);
}

/* What the type doesn't have, what is out of range: all stays as it was. */
KGIL_TEST(each, set_refused)
{
	bool gil = variant->type == KGIL_TYPE_GIL;
	__u64 id = state_of(self->fd).id;
	int sock = open_netlink();

	if (gil) {
		EXPECT_FAILS(EOPNOTSUPP, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_HANDOFF, NSEC_PER_MSEC));
		EXPECT_FAILS(ERANGE, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_INTERVAL, KGIL_INTERVAL_MIN - 1));
		EXPECT_FAILS(ERANGE, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_INTERVAL, KGIL_INTERVAL_MAX + 1));
		EXPECT_FAILS(ERANGE, self->fd,
			     set_u32(sock, id, KGIL_A_OBJECT_POLICY, KGIL_POLICY_FAIR + 1));
		EXPECT_FAILS(ERANGE, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_AWAY_THRESHOLD,
				     KGIL_THRESHOLD_MIN - 1));
		EXPECT_FAILS(ERANGE, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_AWAY_THRESHOLD,
				     KGIL_THRESHOLD_MAX + 1));
	} else {
		EXPECT_FAILS(EOPNOTSUPP, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_INTERVAL, NSEC_PER_MSEC));
		EXPECT_FAILS(EOPNOTSUPP, self->fd,
			     set_u32(sock, id, KGIL_A_OBJECT_POLICY, KGIL_POLICY_FIFO));
		EXPECT_FAILS(EOPNOTSUPP, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_AWAY_THRESHOLD, NSEC_PER_SEC));
		EXPECT_FAILS(ERANGE, self->fd, set_u64(sock, id, KGIL_A_OBJECT_HANDOFF, 0));
		EXPECT_FAILS(ERANGE, self->fd,
			     set_u64(sock, id, KGIL_A_OBJECT_HANDOFF, KGIL_HANDOFF_MAX + 1));
	}
	EXPECT_FAILS(ERANGE, self->fd,
		     set_u64(sock, id, KGIL_A_OBJECT_THRESHOLD, KGIL_THRESHOLD_MIN - 1));
	EXPECT_FAILS(ERANGE, self->fd,
		     set_u64(sock, id, KGIL_A_OBJECT_THRESHOLD, KGIL_THRESHOLD_MAX + 1));
	EXPECT_EQ(0, proc_number(id, "threshold_ns"));
	close(sock);
}

/* The answer says what is wrong, and with which attribute. */
KGIL_TEST(each, set_explained)
{
	__u16 other = variant->type == KGIL_TYPE_GIL ? KGIL_A_OBJECT_HANDOFF :
						       KGIL_A_OBJECT_INTERVAL;
	__u64 id = state_of(self->fd).id, good = NSEC_PER_MSEC, bad = 1, gone = UINT64_MAX;
	int sock = open_netlink();
	struct request request;
	struct answer answer;
	__u32 place;

	want_explanations(sock);
	begin_set(sock, &request, id);
	add(&request, KGIL_A_OBJECT_THRESHOLD, &good, sizeof(good));
	place = request.head.nlmsg_len;
	add(&request, other, &good, sizeof(good));
	answer = send_set(sock, &request);
	EXPECT_EQ(EOPNOTSUPP, answer.err);
	EXPECT_TRUE(answer.explained);
	EXPECT_EQ(place, answer.offset);
	/* Nothing of it was set. */
	EXPECT_EQ(0, proc_number(id, "threshold_ns"));

	begin_set(sock, &request, id);
	place = request.head.nlmsg_len;
	add(&request, KGIL_A_OBJECT_THRESHOLD, &bad, sizeof(bad));
	answer = send_set(sock, &request);
	EXPECT_EQ(ERANGE, answer.err);
	EXPECT_TRUE(answer.explained);
	EXPECT_EQ(place, answer.offset);

	begin_set(sock, &request, id);
	answer = send_set(sock, &request);
	EXPECT_EQ(EINVAL, answer.err);
	EXPECT_TRUE(answer.explained);

	begin_set(sock, &request, gone);
	add(&request, KGIL_A_OBJECT_THRESHOLD, &good, sizeof(good));
	answer = send_set(sock, &request);
	EXPECT_EQ(ENOENT, answer.err);
	EXPECT_TRUE(answer.explained);

	begin(&request, find_family(sock).id, KGIL_CMD_OBJECT_SET, 0);
	add(&request, KGIL_A_OBJECT_THRESHOLD, &good, sizeof(good));
	answer = send_set(sock, &request);
	EXPECT_EQ(EINVAL, answer.err);
	EXPECT_TRUE(answer.explained);
	close(sock);
}

/* An attribute that is for reading only is refused. */
KGIL_TEST(each, set_what_can_not_be)
{
	__u64 id = state_of(self->fd).id;
	int sock = open_netlink();

	EXPECT_FAILS(EINVAL, self->fd, set_u32(sock, id, KGIL_A_OBJECT_WAITERS, 1));
	EXPECT_FAILS(EINVAL, self->fd, set_u32(sock, id, KGIL_A_OBJECT_COUNT, 1));
	EXPECT_FAILS(EINVAL, self->fd, set_u64(sock, id, KGIL_A_OBJECT_OWNER, 1));
	close(sock);
}

/* Only who created it, unless with CAP_SYS_ADMIN. */
KGIL_TEST(each, set_by_others)
{
	__u64 id = state_of(self->fd).id;
	pid_t child = fork_child();

	if (child == 0) {
		int fd, sock;

		CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
		sock = open_netlink();
		CHECK(set_u64(sock, id, KGIL_A_OBJECT_THRESHOLD, NSEC_PER_SEC) == EPERM);
		/* Its own it may, and so may root. */
		fd = new_object(variant->type);
		id = state_of(fd).id;
		CHECK(set_u64(sock, id, KGIL_A_OBJECT_THRESHOLD, NSEC_PER_SEC) == 0);
		CHECK(proc_number(id, "threshold_ns") == NSEC_PER_SEC);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(child));
	EXPECT_EQ(0, proc_number(id, "threshold_ns"));
}

/* From another network namespace it is not there. */
KGIL_TEST(each, other_namespace)
{
	int here = open_netlink();
	__u64 id = state_of(self->fd).id;
	pid_t child;

	listen_to_objects(here);
	listen_to_events(here);
	child = fork_child();
	if (child == 0) {
		int sock, fd;

		CHECK(unshare(CLONE_NEWNET) == 0);
		sock = open_netlink();
		CHECK(set_u64(sock, id, KGIL_A_OBJECT_THRESHOLD, NSEC_PER_SEC) == ENOENT);
		listen_to_objects(sock);
		fd = new_object(variant->type);
		CHECK(arrives(sock, PATIENCE_NS / NSEC_PER_MSEC));
		CHECK(set_threshold(fd, NSEC_PER_SEC) == 0);
		close(fd);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(child));
	EXPECT_TRUE(is_quiet(here));
	close(here);
}

/*
 * Threads.
 */
struct thread {
	__u32 state;
	__u64 held;
	struct kgil_stats stats;
	__u64 waits, wait_min, holds, hold_min, heeds, heed_total;
	__u64 wait_sum, hold_sum; /* of the histograms */
};

static __u64 sum_of(const struct nlattr *hist)
{
	__u64 sum = 0, value = 0;
	int i, n;

	if (!hist)
		return 0;
	n = (hist->nla_len - NLA_HDRLEN) / sizeof(value);
	CHECK(n <= KGIL_HIST_BUCKETS);
	for (i = 0; i < n; i++) {
		memcpy(&value, (const char *)payload(hist) + i * sizeof(value), sizeof(value));
		sum += value;
	}
	/* What is left out is 0, and only at the end. */
	CHECK(value);
	return sum;
}

static void read_stats(struct kgil_stats *stats, const struct nlattr *nest)
{
	const struct nlattr *table[KGIL_A_STATS_MAX + 1];
	int i;

	CHECK(nest);
	parse(payload(nest), nest->nla_len - NLA_HDRLEN, table, KGIL_A_STATS_MAX + 1);
	for (i = KGIL_A_STATS_PAD + 1; i <= KGIL_A_STATS_MAX; i++)
		((__u64 *)stats)[i - KGIL_A_STATS_PAD - 1] = get_u64(table[i]);
}

static void read_times(struct thread *thread, const struct nlattr *nest)
{
	const struct nlattr *table[KGIL_A_TIMES_MAX + 1];

	CHECK(nest);
	parse(payload(nest), nest->nla_len - NLA_HDRLEN, table, KGIL_A_TIMES_MAX + 1);
	thread->waits = get_u64(table[KGIL_A_TIMES_WAITS]);
	thread->wait_min = get_u64(table[KGIL_A_TIMES_WAIT_MIN]);
	thread->holds = get_u64(table[KGIL_A_TIMES_HOLDS]);
	thread->hold_min = get_u64(table[KGIL_A_TIMES_HOLD_MIN]);
	thread->heeds = get_u64(table[KGIL_A_TIMES_HEEDS]);
	thread->heed_total = get_u64(table[KGIL_A_TIMES_HEED_TOTAL]);
	thread->wait_sum = sum_of(table[KGIL_A_TIMES_WAIT_HIST]);
	thread->hold_sum = sum_of(table[KGIL_A_TIMES_HOLD_HIST]);
}

/* A thread of an object, of which there are @expected. */
static struct thread thread_of(__u64 object, __u64 id, int expected)
{
	const struct nlattr *table[KGIL_A_THREAD_MAX + 1];
	const struct nlmsghdr *head = (void *)buffer;
	struct thread thread = {};
	int sock = open_netlink(), seen = 0;
	struct request request;
	__u32 length;

	begin(&request, find_family(sock).id, KGIL_CMD_THREAD_GET, NLM_F_DUMP);
	add(&request, KGIL_A_THREAD_OBJECT, &object, sizeof(object));
	send_request(sock, &request);
	for (length = 0;; head = NLMSG_NEXT(head, length)) {
		if (!NLMSG_OK(head, length)) {
			length = next_datagram(sock);
			head = (void *)buffer;
		}
		CHECK(head->nlmsg_type != NLMSG_ERROR);
		if (head->nlmsg_type == NLMSG_DONE)
			break;
		seen++;
		parse_message(head, table, KGIL_A_THREAD_MAX + 1);
		if (get_u64(table[KGIL_A_THREAD_ID]) != id)
			continue;
		CHECK(!thread.state);
		thread.state = get_u32(table[KGIL_A_THREAD_STATE]);
		thread.held = table[KGIL_A_THREAD_HELD] ? get_u64(table[KGIL_A_THREAD_HELD]) : 0;
		read_stats(&thread.stats, table[KGIL_A_THREAD_STATS]);
		read_times(&thread, table[KGIL_A_THREAD_TIMES]);
	}
	CHECK(seen == expected);
	CHECK(thread.state);
	close(sock);
	return thread;
}

OWNED_FIXTURE(owned);

/* Two threads with a known schedule: each has its part, and all of it together. */
KGIL_TEST(owned, parts)
{
	struct worker *worker = start_thread(self->fd);
	__u64 object = state_of(self->fd).id, me, other, begin = now_ns();
	struct thread mine, its;
	struct kgil_times times;
	struct kgil_stats all;
	int i;

	me = attach(self->fd);
	ASSERT_EQ(0, call(worker, op_attach, 0));
	other = worker->value;
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(worker, op_acquire, 0));
		EXPECT_EQ(KGIL_THREAD_OWNER, thread_of(object, me, 2).state);
		EXPECT_EQ(KGIL_THREAD_WAITER, thread_of(object, other, 2).state);
		usleep(WAIT / 1000);
		EXPECT_LE(WAIT, thread_of(object, me, 2).held);
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, result(worker));
		EXPECT_EQ(KGIL_THREAD_IDLE, thread_of(object, me, 2).state);
		EXPECT_EQ(KGIL_THREAD_OWNER, thread_of(object, other, 2).state);
		usleep(HOLD / 1000);
		ASSERT_EQ(0, call(worker, op_release, 0));
	}
	mine = thread_of(object, me, 2);
	its = thread_of(object, other, 2);
	EXPECT_EQ(ROUNDS, mine.stats.acquisitions);
	EXPECT_EQ(ROUNDS, its.stats.acquisitions);
	EXPECT_EQ(0, mine.stats.contentions);
	EXPECT_EQ(ROUNDS, its.stats.contentions);
	EXPECT_EQ(ROUNDS - 1, mine.stats.switches);
	EXPECT_EQ(ROUNDS, its.stats.switches);
	EXPECT_EQ(0, mine.waits);
	EXPECT_EQ(ROUNDS, its.waits);
	EXPECT_LE(WAIT, its.wait_min);
	EXPECT_LE(ROUNDS * WAIT, its.stats.wait_total_ns);
	EXPECT_EQ(ROUNDS, mine.holds);
	EXPECT_EQ(ROUNDS, its.holds);
	EXPECT_LE(WAIT, mine.hold_min);
	EXPECT_LE(HOLD, its.hold_min);
	EXPECT_EQ(mine.holds, mine.hold_sum);
	EXPECT_EQ(its.waits, its.wait_sum);

	CHECK(command(self->fd, KGIL_IOC_TIMES, (unsigned long)&times) == 0);
	all = stats_of(self->fd);
	EXPECT_EQ(all.acquisitions, mine.stats.acquisitions + its.stats.acquisitions);
	EXPECT_EQ(all.contentions, mine.stats.contentions + its.stats.contentions);
	EXPECT_EQ(all.switches, mine.stats.switches + its.stats.switches);
	EXPECT_EQ(all.drop_requests, mine.stats.drop_requests + its.stats.drop_requests);
	EXPECT_EQ(all.hold_total_ns, mine.stats.hold_total_ns + its.stats.hold_total_ns);
	EXPECT_EQ(all.wait_total_ns, mine.stats.wait_total_ns + its.stats.wait_total_ns);
	EXPECT_EQ(times.holds, mine.holds + its.holds);
	EXPECT_EQ(times.heeds, mine.heeds + its.heeds);
	EXPECT_EQ(times.heed_total_ns, mine.heed_total + its.heed_total);
	EXPECT_GE(now_ns() - begin, all.hold_total_ns);
}

/* Timeouts, and many acquires without anybody else. */
KGIL_TEST(owned, alone)
{
	struct worker *worker = start_thread(self->fd);
	__u64 object = state_of(self->fd).id, me = attach(self->fd);
	struct thread mine;
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ((__u64)i + 1, thread_of(object, me, 1).stats.acquisitions);
	}
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_EQ(ETIMEDOUT, call(worker, op_until, now_ns() + NSEC_PER_MSEC));
	ASSERT_EQ(0, call(worker, op_attach, 0));
	mine = thread_of(object, worker->value, 2);
	EXPECT_EQ(1, mine.stats.timeouts);
	EXPECT_EQ(0, mine.stats.acquisitions);
	EXPECT_EQ(1, mine.waits);
	mine = thread_of(object, me, 2);
	EXPECT_EQ(0, mine.stats.timeouts);
	EXPECT_EQ(101, mine.stats.acquisitions);
	EXPECT_EQ(100, mine.holds);
	EXPECT_EQ(stats_of(self->fd).hold_total_ns, mine.stats.hold_total_ns);
	EXPECT_EQ(stats_of(self->fd).hold_max_ns, mine.stats.hold_max_ns);
	ASSERT_EQ(0, release(self->fd));
}

TEST_HARNESS_MAIN
