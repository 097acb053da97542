// SPDX-License-Identifier: GPL-2.0
/* The generic netlink family, spoken to without a library. */
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "kgil_netlink.h"

#define NOBODY 65534
#define MANY   200
#define CROWD  80
/* Of objects; and sizes of messages, by steps shorter than a group of attributes. */
#define FEW	   12
#define PIECE_MIN  4096
#define PIECE_MAX  6400
#define PIECE_STEP 16

struct dump {
	int objects;
	int found; /* of those asked for */
	bool interrupted;
};

static void count_objects(__u32 length, const __u64 *ids, int n, struct dump *dump, bool *more)
{
	const struct nlattr *table[ATTRS];
	const struct nlmsghdr *head;
	int i;

	for (head = (void *)buffer; NLMSG_OK(head, length); head = NLMSG_NEXT(head, length)) {
		dump->interrupted |= head->nlmsg_flags & NLM_F_DUMP_INTR;
		if (head->nlmsg_type == NLMSG_DONE) {
			*more = false;
			return;
		}
		CHECK(head->nlmsg_type != NLMSG_ERROR);
		parse_message(head, table, ATTRS);
		dump->objects++;
		for (i = 0; i < n; i++)
			dump->found += get_u64(table[KGIL_A_OBJECT_ID]) == ids[i];
	}
}

/* All objects; how many rows are there for @ids? */
static struct dump dump_objects(int sock, const __u64 *ids, int n)
{
	struct dump dump = {};
	struct request request;
	bool more = true;

	begin(&request, find_family(sock).id, KGIL_CMD_OBJECT_GET, NLM_F_DUMP);
	send_request(sock, &request);
	while (more)
		count_objects(next_datagram(sock), ids, n, &dump, &more);
	return dump;
}

/* What a dump says of one thread. */
struct row {
	__u64 object;
	__u64 id;
	__u32 state;
	__u32 pid;
	__u32 tid;
	__u64 waited;
	char comm[16];
};

static struct row read_row(const struct nlmsghdr *head)
{
	const struct nlattr *table[KGIL_A_THREAD_MAX + 1];
	struct row row = {};

	parse_message(head, table, ARRAY_SIZE(table));
	row.object = get_u64(table[KGIL_A_THREAD_OBJECT]);
	row.state = get_u32(table[KGIL_A_THREAD_STATE]);
	if (table[KGIL_A_THREAD_ID])
		row.id = get_u64(table[KGIL_A_THREAD_ID]);
	CHECK(!table[KGIL_A_THREAD_PID] == !table[KGIL_A_THREAD_TID]);
	CHECK(!table[KGIL_A_THREAD_PID] == !table[KGIL_A_THREAD_COMM]);
	if (table[KGIL_A_THREAD_PID]) {
		row.pid = get_u32(table[KGIL_A_THREAD_PID]);
		row.tid = get_u32(table[KGIL_A_THREAD_TID]);
		strncpy(row.comm, payload(table[KGIL_A_THREAD_COMM]), sizeof(row.comm) - 1);
	}
	CHECK(!table[KGIL_A_THREAD_WAITED] == (row.state != KGIL_THREAD_WAITER));
	if (table[KGIL_A_THREAD_WAITED])
		row.waited = get_u64(table[KGIL_A_THREAD_WAITED]);
	return row;
}

static struct row rows[MANY + 16];

/* The threads of object @only, or of all (0); the errno, negative, or how many. */
static int dump_threads(int sock, __u64 only)
{
	const struct nlmsghdr *head;
	struct request request;
	__u32 length;
	int n = 0;

	begin(&request, find_family(sock).id, KGIL_CMD_THREAD_GET, NLM_F_DUMP);
	if (only)
		add(&request, KGIL_A_THREAD_OBJECT, &only, sizeof(only));
	send_request(sock, &request);
	for (;;) {
		length = next_datagram(sock);
		for (head = (void *)buffer; NLMSG_OK(head, length);
		     head = NLMSG_NEXT(head, length)) {
			if (head->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(head))->error;
			if (head->nlmsg_type == NLMSG_DONE)
				return n;
			CHECK(n < (int)ARRAY_SIZE(rows));
			rows[n++] = read_row(head);
		}
	}
}

/* The row of thread @tid and object @id among @n, of which there is one. */
static const struct row *row_of(int n, __u64 id, __u32 tid)
{
	const struct row *found = NULL;
	int i;

	for (i = 0; i < n; i++) {
		if (rows[i].object != id || rows[i].tid != tid)
			continue;
		CHECK(!found);
		found = &rows[i];
	}
	return found;
}

FIXTURE(netlink) {
	int sock;
};

FIXTURE_SETUP(netlink)
{
	self->sock = open_netlink();
}

FIXTURE_TEARDOWN(netlink)
{
	end_workers();
	close(self->sock);
}

KGIL_TEST(netlink, family)
{
	struct family family = find_family(self->sock);

	EXPECT_LE(GENL_MIN_ID, family.id);
	EXPECT_EQ(KGIL_GENL_VERSION, family.version);
	EXPECT_NE(0, family.events);
}

KGIL_TEST(netlink, unknown_object)
{
	const struct nlattr *table[ATTRS];
	int fd = new_lock();
	__u64 id = state_of(fd).id;

	EXPECT_EQ(0, get_object(self->sock, id, table));
	close(fd);
	EXPECT_EQ(ENOENT, get_object(self->sock, id, table));
	EXPECT_EQ(ENOENT, get_object(self->sock, UINT64_MAX, table));
}

KGIL_TEST(netlink, bad_requests)
{
	__u16 family = find_family(self->sock).id;
	struct request request;
	__u32 half = 1;

	begin(&request, family, KGIL_CMD_OBJECT_GET, 0);
	EXPECT_EQ(EINVAL, ask(self->sock, &request));
	add(&request, KGIL_A_OBJECT_ID, &half, sizeof(half));
	EXPECT_NE(0, ask(self->sock, &request));
	/* No command: the notification, and a number that is none. */
	begin(&request, family, KGIL_CMD_OWNER_DIED_NTF, 0);
	EXPECT_EQ(EOPNOTSUPP, ask(self->sock, &request));
	begin(&request, family, 200, 0);
	EXPECT_EQ(EOPNOTSUPP, ask(self->sock, &request));
}

static void expect_stats(struct __test_metadata *_metadata, int fd, const struct nlattr *nest)
{
	const struct nlattr *table[KGIL_A_STATS_MAX + 1];
	struct kgil_stats stats = stats_of(fd);
	const __u64 *counters = (const __u64 *)&stats;
	int i;

	ASSERT_NE(NULL, nest);
	parse(payload(nest), nest->nla_len - NLA_HDRLEN, table, ARRAY_SIZE(table));
	for (i = KGIL_A_STATS_ACQUISITIONS; i <= KGIL_A_STATS_MAX; i++) {
		ASSERT_NE(NULL, table[i]);
		EXPECT_EQ(counters[i - KGIL_A_STATS_ACQUISITIONS], get_u64(table[i]));
	}
}

static void expect_object(struct __test_metadata *_metadata, int sock, int fd)
{
	const struct nlattr *table[ATTRS];
	struct kgil_state state = state_of(fd);
	bool gil = state.type == KGIL_TYPE_GIL;
	char comm[16];

	ASSERT_EQ(0, get_object(sock, state.id, table));
	ASSERT_EQ(0, prctl(PR_GET_NAME, comm));
	EXPECT_EQ(state.id, get_u64(table[KGIL_A_OBJECT_ID]));
	EXPECT_EQ(state.type, get_u32(table[KGIL_A_OBJECT_TYPE]));
	EXPECT_EQ(state.flags & ~KGIL_STATE_MINE, get_u32(table[KGIL_A_OBJECT_FLAGS]));
	EXPECT_EQ(!state.owner, !table[KGIL_A_OBJECT_OWNER]);
	EXPECT_EQ(!state.owner_pid, !table[KGIL_A_OBJECT_OWNER_PID]);
	EXPECT_EQ(!state.owner_tid, !table[KGIL_A_OBJECT_OWNER_TID]);
	EXPECT_EQ(!state.owner_tid, !table[KGIL_A_OBJECT_OWNER_COMM]);
	if (state.owner)
		EXPECT_EQ(state.owner, get_u64(table[KGIL_A_OBJECT_OWNER]));
	if (state.owner_tid) {
		EXPECT_EQ(state.owner_pid, get_u32(table[KGIL_A_OBJECT_OWNER_PID]));
		EXPECT_EQ(state.owner_tid, get_u32(table[KGIL_A_OBJECT_OWNER_TID]));
		EXPECT_STREQ(comm, payload(table[KGIL_A_OBJECT_OWNER_COMM]));
	}
	EXPECT_EQ(getuid(), get_u32(table[KGIL_A_OBJECT_UID]));
	EXPECT_EQ(state.depth, get_u32(table[KGIL_A_OBJECT_DEPTH]));
	EXPECT_EQ(state.count, get_u32(table[KGIL_A_OBJECT_COUNT]));
	EXPECT_EQ(state.max, get_u32(table[KGIL_A_OBJECT_COUNT_MAX]));
	EXPECT_EQ(state.waiters, get_u32(table[KGIL_A_OBJECT_WAITERS]));
	EXPECT_EQ(gil, !!table[KGIL_A_OBJECT_POLICY]);
	EXPECT_EQ(gil, !!table[KGIL_A_OBJECT_INTERVAL]);
	EXPECT_EQ(!gil, !!table[KGIL_A_OBJECT_HANDOFF]);
	if (!gil)
		EXPECT_EQ(state.handoff_ns, get_u64(table[KGIL_A_OBJECT_HANDOFF]));
	if (gil) {
		EXPECT_EQ(state.policy, get_u32(table[KGIL_A_OBJECT_POLICY]));
		EXPECT_EQ(state.interval_ns, get_u64(table[KGIL_A_OBJECT_INTERVAL]));
	}
	expect_stats(_metadata, fd, table[KGIL_A_OBJECT_STATS]);
}

/* An object as its state and statistics have it: free, taken, waited for. */
KGIL_TEST(netlink, one_object)
{
	__u32 type;

	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		int fd = new_object(type);
		struct worker *waiter = start_thread(fd);

		expect_object(_metadata, self->sock, fd);
		ASSERT_EQ(0, acquire(fd));
		expect_object(_metadata, self->sock, fd);
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		/* A drop request may come at any time, but not be missed twice. */
		WAIT_UNTIL(type != KGIL_TYPE_GIL || stats_of(fd).drop_requests);
		expect_object(_metadata, self->sock, fd);
		ASSERT_EQ(0, release(fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
		expect_object(_metadata, self->sock, fd);
		close(fd);
	}
}

/* More than fits into one message. */
KGIL_TEST(netlink, all_objects)
{
	__u64 ids[MANY];
	struct dump dump;
	int i;

	for (i = 0; i < MANY; i++)
		ids[i] = state_of(new_object(KGIL_TYPE_GIL + i % 4)).id;
	dump = dump_objects(self->sock, ids, MANY);
	EXPECT_EQ(MANY, dump.found);
	EXPECT_EQ(proc_total("objects"), (__u64)dump.objects);
	EXPECT_FALSE(dump.interrupted);
}

static int new_gil_with_name(int number)
{
	struct kgil_open args = { .create = { .type = KGIL_TYPE_GIL },
				  .flags = KGIL_OPEN_CREATE,
				  .mode = 0600 };
	int device = open_device(), fd;

	snprintf(args.name, sizeof(args.name), "netlink-%d", number);
	fd = ioctl(device, KGIL_IOC_OPEN, &args);
	CHECK(fd >= 0);
	close(device);
	return fd;
}

/* Whatever fits into one message: what no longer does is in the next one. */
KGIL_TEST(netlink, objects_in_any_pieces)
{
	__u64 ids[FEW];
	size_t size;
	int i;

	for (i = 0; i < FEW; i++) {
		int type = KGIL_TYPE_GIL + i % 4;
		int fd = type == KGIL_TYPE_GIL ? new_gil_with_name(i) : new_object(type);

		ids[i] = state_of(fd).id;
		ASSERT_EQ(0, acquire(fd));
	}
	/* The kernel's messages grow with what is asked for, and don't shrink. */
	for (size = PIECE_MIN; size < PIECE_MAX; size += PIECE_STEP) {
		datagram_size = size;
		EXPECT_EQ(FEW, dump_objects(self->sock, ids, FEW).found);
	}
	for (size = PIECE_MAX; size < 2 * PIECE_MAX - PIECE_MIN; size += PIECE_STEP) {
		datagram_size = size;
		EXPECT_EQ(FEW - FEW / 4, dump_threads(self->sock, 0));
	}
	datagram_size = sizeof(buffer);
}

/* A dump is of all objects. */
KGIL_TEST(netlink, dump_takes_no_id)
{
	__u64 id = state_of(new_lock()).id;
	struct request request;

	begin(&request, find_family(self->sock).id, KGIL_CMD_OBJECT_GET, NLM_F_DUMP);
	add(&request, KGIL_A_OBJECT_ID, &id, sizeof(id));
	EXPECT_EQ(EINVAL, ask(self->sock, &request));
	EXPECT_EQ(1, dump_objects(self->sock, &id, 1).found);
}

/* While others come and go: each that stays is there once. */
KGIL_TEST(netlink, all_objects_in_change)
{
	__u64 ids[MANY];
	struct dump dump;
	pid_t child;
	int i;

	for (i = 0; i < MANY; i++)
		ids[i] = state_of(new_object(KGIL_TYPE_GIL + i % 4)).id;
	child = fork_child();
	if (child == 0)
		for (;;)
			close(new_lock());
	for (i = 0; i < 10; i++) {
		dump = dump_objects(self->sock, ids, MANY);
		ASSERT_EQ(MANY, dump.found);
	}
	kill(child, SIGKILL);
	EXPECT_NE(-1, reap(child));
}

/* An owner, a waiter, one that has released: what there is of each type. */
KGIL_TEST(netlink, threads)
{
	__u32 type;

	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		bool owned = type == KGIL_TYPE_GIL || type == KGIL_TYPE_RLOCK;
		int fd = new_object(type), other = new_gil(0), n;
		struct worker *waiter = start_thread(fd);
		__u64 id = state_of(fd).id, before;
		const struct row *row;
		char comm[16];

		EXPECT_EQ(0, dump_threads(self->sock, id));
		ASSERT_EQ(0, prctl(PR_GET_NAME, comm));
		ASSERT_EQ(0, acquire(fd));
		ASSERT_EQ(0, acquire(other));
		before = now_ns();
		ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
		usleep(A_WHILE_US);

		n = dump_threads(self->sock, id);
		EXPECT_EQ(type == KGIL_TYPE_SEM ? 1 : 2, n);
		row = row_of(n, id, gettid());
		ASSERT_EQ(type == KGIL_TYPE_SEM, !row);
		if (row) {
			EXPECT_EQ(KGIL_THREAD_OWNER, row->state);
			EXPECT_EQ((__u32)getpid(), row->pid);
			EXPECT_STREQ(comm, row->comm);
			EXPECT_EQ(owned ? attach(fd) : 0, row->id);
		}
		row = row_of(n, id, waiter->tid);
		ASSERT_NE(NULL, row);
		EXPECT_EQ(KGIL_THREAD_WAITER, row->state);
		EXPECT_EQ((__u32)getpid(), row->pid);
		EXPECT_LE(A_WHILE_US * 1000ULL, row->waited);
		EXPECT_GE(now_ns() - before, row->waited);
		EXPECT_EQ(owned, !!row->id);
		/* Among those of all objects, too. */
		n = dump_threads(self->sock, 0);
		EXPECT_NE(NULL, row_of(n, id, waiter->tid));
		EXPECT_NE(NULL, row_of(n, state_of(other).id, gettid()));

		ASSERT_EQ(0, release(fd));
		ASSERT_EQ(0, result(waiter));
		ASSERT_EQ(0, call(waiter, op_release, 0));
		n = dump_threads(self->sock, id);
		EXPECT_EQ(owned ? 2 : 0, n);
		row = row_of(n, id, waiter->tid);
		EXPECT_EQ(owned, row && row->state == KGIL_THREAD_IDLE);
		close(fd);
		close(other);
		EXPECT_EQ(-ENOENT, dump_threads(self->sock, id));
	}
}

/* More than fits into one message, each once; of a sem or lock the first 64. */
KGIL_TEST(netlink, many_threads)
{
	__u32 type;

	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_LOCK; type++) {
		int shown = type == KGIL_TYPE_GIL ? CROWD : 64, fd = new_object(type), n, i;
		__u64 id = state_of(fd).id;
		struct worker *set[CROWD];
		int seen = 0;

		ASSERT_EQ(0, acquire(fd));
		for (i = 0; i < CROWD; i++) {
			set[i] = start_thread(fd);
			ASSERT_TRUE(post_waits(set[i], op_acquire, 0));
		}
		n = dump_threads(self->sock, id);
		EXPECT_EQ(shown + (type != KGIL_TYPE_SEM), n);
		for (i = 0; i < CROWD; i++)
			seen += !!row_of(n, id, set[i]->tid);
		EXPECT_EQ(shown, seen);
		for (i = 0; i < CROWD; i++) {
			/* A gil goes from one to the next by itself. */
			if (!i || type != KGIL_TYPE_GIL)
				ASSERT_EQ(0, release(fd));
			n = first_finished(set, CROWD - i);
			ASSERT_LE(0, n);
			ASSERT_EQ(0, result(set[n]));
			if (type == KGIL_TYPE_GIL)
				ASSERT_EQ(0, call(set[n], op_release, 0));
			end_worker(set[n]);
			set[n] = set[CROWD - 1 - i];
		}
		close(fd);
	}
}

static void expect_event(struct __test_metadata *_metadata, int sock, int cmd, __u64 id,
			 __u32 type, __u64 thread, __u32 waiters)
{
	bool death = cmd == KGIL_CMD_OWNER_DIED_NTF;
	const struct nlattr *table[ATTRS];
	const struct nlmsghdr *head = (void *)buffer;
	const struct genlmsghdr *command = NLMSG_DATA(head);

	ASSERT_TRUE(arrives(sock, PATIENCE_NS / NSEC_PER_MSEC));
	next_datagram(sock);
	EXPECT_EQ(cmd, command->cmd);
	parse_message(head, table, ATTRS);
	EXPECT_EQ(id, get_u64(table[KGIL_A_OBJECT_ID]));
	EXPECT_EQ(type, get_u32(table[KGIL_A_OBJECT_TYPE]));
	EXPECT_EQ(thread, get_u64(table[death ? KGIL_A_OBJECT_OWNER : KGIL_A_OBJECT_THREAD]));
	EXPECT_EQ(NULL, table[death ? KGIL_A_OBJECT_THREAD : KGIL_A_OBJECT_OWNER]);
	EXPECT_EQ(waiters, get_u32(table[KGIL_A_OBJECT_WAITERS]));
	/* Every listener gets it: it tells no pid. */
	EXPECT_EQ(NULL, table[KGIL_A_OBJECT_OWNER_PID]);
	EXPECT_EQ(NULL, table[KGIL_A_OBJECT_OWNER_TID]);
}

OWNED_FIXTURE(owned);

KGIL_TEST(owned, death_is_told)
{
	struct worker *first = start_process(self->fd);
	struct worker *second = start_process(self->fd);
	__u64 id = state_of(self->fd).id, owner;
	int sock = open_netlink();

	listen_to_events(sock);
	ASSERT_EQ(0, call(first, op_acquire, 0));
	owner = state_of(self->fd).owner;
	ASSERT_TRUE(post_waits(second, op_acquire, 0));
	kill_worker(first);
	expect_event(_metadata, sock, KGIL_CMD_OWNER_DIED_NTF, id, variant->type, owner, 1);
	ASSERT_EQ(EOWNERDEAD, result(second));
	owner = state_of(self->fd).owner;
	kill_worker(second);
	expect_event(_metadata, sock, KGIL_CMD_OWNER_DIED_NTF, id, variant->type, owner, 0);
	/* Nothing else is. */
	ASSERT_EQ(EOWNERDEAD, acquire(self->fd));
	ASSERT_EQ(0, release(self->fd));
	EXPECT_FALSE(arrives(sock, A_WHILE_US / 1000));
	close(sock);
}

/* Only the acquire that is refused is told, not the try. */
KGIL_TEST(owned, deadlock_is_told)
{
	int other = new_object(variant->type), sock = open_netlink();
	struct worker *owner = start_thread(self->fd);
	__u64 id = state_of(self->fd).id;

	listen_to_events(sock);
	ASSERT_EQ(0, acquire(other));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	owner->fd = other;
	ASSERT_TRUE(post_waits(owner, op_acquire, 0));
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_EQ(EDEADLK, acquire(self->fd));
	expect_event(_metadata, sock, KGIL_CMD_DEADLOCK_NTF, id, variant->type, attach(other), 0);
	EXPECT_FALSE(arrives(sock, A_WHILE_US / 1000));
	ASSERT_EQ(0, release(other));
	ASSERT_EQ(0, result(owner));
	close(sock);
}

/* An owner that released before, a thread that never owned: no event. */
KGIL_TEST(owned, no_death_no_event)
{
	struct worker *worker = start_process(self->fd);
	int sock = open_netlink();

	listen_to_events(sock);
	ASSERT_EQ(0, call(worker, op_acquire, 0));
	ASSERT_EQ(0, call(worker, op_release, 0));
	kill_worker(worker);
	EXPECT_FALSE(arrives(sock, A_WHILE_US / 1000));
	close(sock);
}

/* What one network namespace has, another doesn't see. */
static void look_from_other_namespace(__u64 id, int ready, int gone)
{
	const struct nlattr *table[ATTRS];
	int sock, fd;
	char c;

	CHECK(unshare(CLONE_NEWNET) == 0);
	sock = open_netlink();
	listen_to_events(sock);
	CHECK(get_object(sock, id, table) == ENOENT);
	CHECK(dump_objects(sock, NULL, 0).objects == 0);
	CHECK(dump_threads(sock, 0) == 0);
	CHECK(dump_threads(sock, id) == -ENOENT);
	CHECK(proc_total("objects") == 0);
	CHECK(proc_total("created") == 0);
	CHECK(proc_total("acquisitions") == 0);
	CHECK(!proc_field(id, "id"));

	/* It has objects of its own. */
	fd = new_gil(0);
	CHECK(dump_objects(sock, &(__u64){ state_of(fd).id }, 1).found == 1);
	CHECK(dump_objects(sock, NULL, 0).objects == 1);
	CHECK(proc_total("objects") == 1);

	CHECK(write(ready, "", 1) == 1);
	CHECK(read(gone, &c, 1) == 1);
	CHECK(!arrives(sock, A_WHILE_US / 1000));
}

KGIL_TEST(owned, other_network_namespace)
{
	struct worker *owner = start_process(self->fd);
	__u64 id = state_of(self->fd).id, objects = proc_total("objects");
	int ready[2], gone[2];
	pid_t child;
	char c;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(gone));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	child = fork_child();
	if (child == 0) {
		look_from_other_namespace(id, ready[1], gone[0]);
		_exit(0);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(objects, proc_total("objects"));
	kill_worker(owner);
	ASSERT_TRUE(WAIT_UNTIL(stats_of(self->fd).owner_deaths == 1));
	ASSERT_EQ(1, write(gone[1], "", 1));
	EXPECT_TRUE(child_succeeds(child));
}

/* Another user sees that it is owned, but not by which process. */
KGIL_TEST(owned, other_user)
{
	__u64 id = state_of(self->fd).id;
	pid_t child;

	ASSERT_EQ(0, acquire(self->fd));
	child = fork_child();
	if (child == 0) {
		const struct nlattr *table[ATTRS];
		int sock;

		CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
		sock = open_netlink();
		CHECK(get_object(sock, id, table) == 0);
		CHECK(get_u32(table[KGIL_A_OBJECT_UID]) == 0);
		CHECK(get_u32(table[KGIL_A_OBJECT_DEPTH]) == 1);
		CHECK(!table[KGIL_A_OBJECT_OWNER_PID]);
		CHECK(!table[KGIL_A_OBJECT_OWNER_TID]);
		CHECK(!table[KGIL_A_OBJECT_OWNER_COMM]);
		CHECK(dump_threads(sock, id) == 1);
		CHECK(rows[0].state == KGIL_THREAD_OWNER);
		CHECK(!rows[0].pid && !rows[0].tid && !rows[0].comm[0]);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(child));
}

/* The name, its mode and group; to another user only with the permission to read. */
static void expect_name(__u64 id, const char *name, __u32 mode, __u32 gid)
{
	const struct nlattr *table[ATTRS];
	int sock = open_netlink();

	CHECK(get_object(sock, id, table) == 0);
	CHECK(!name == !table[KGIL_A_OBJECT_NAME]);
	CHECK(!name == !table[KGIL_A_OBJECT_MODE]);
	CHECK(!name == !table[KGIL_A_OBJECT_GID]);
	CHECK(!name == !table[KGIL_A_OBJECT_OWNER_PID]);
	if (name) {
		CHECK(strcmp(payload(table[KGIL_A_OBJECT_NAME]), name) == 0);
		CHECK(get_u32(table[KGIL_A_OBJECT_MODE]) == mode);
		CHECK(get_u32(table[KGIL_A_OBJECT_GID]) == gid);
	}
	close(sock);
}

KGIL_TEST(netlink, names)
{
	static const __u32 modes[] = { 0600, 0660, 0604, 0064, 0060 };
	unsigned int i;

	umask(0);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct kgil_open args = {
			.create.type = KGIL_TYPE_LOCK,
			.flags = KGIL_OPEN_CREATE | KGIL_OPEN_EXCL,
			.mode = modes[i],
			.name = "a name",
		};
		int device = open_device(), fd = ioctl(device, KGIL_IOC_OPEN, &args);
		__u64 id;
		pid_t child;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, acquire(fd));
		id = state_of(fd).id;
		expect_name(id, "a name", modes[i], getegid());
		child = fork_child();
		if (child == 0) {
			CHECK(setgroups(0, NULL) == 0);
			CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
			expect_name(id, modes[i] & 0004 ? "a name" : NULL, modes[i], 0);
			_exit(0);
		}
		EXPECT_TRUE(child_succeeds(child));
		/* In the object's group. */
		child = fork_child();
		if (child == 0) {
			CHECK(setgroups(0, NULL) == 0);
			CHECK(setuid(NOBODY) == 0);
			expect_name(id, modes[i] & 0040 ? "a name" : NULL, modes[i], 0);
			_exit(0);
		}
		EXPECT_TRUE(child_succeeds(child));
		close(fd);
		close(device);
	}
}

TEST_HARNESS_MAIN
