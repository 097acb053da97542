// SPDX-License-Identifier: GPL-2.0
/* The device: what it says of itself, what it makes, what it refuses. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

FIXTURE(device) {
	int fd;
};

FIXTURE_SETUP(device)
{
	self->fd = open_device();
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
}

static struct kgil_query ask(int fd, int pattern)
{
	struct kgil_query query;

	memset(&query, pattern, sizeof(query));
	CHECK(command(fd, KGIL_IOC_QUERY, (unsigned long)&query) == 0);
	return query;
}

KGIL_TEST(device, query)
{
	const __u64 features = KGIL_FEATURE_DROP_PAGE | KGIL_FEATURE_OWNER_DEAD |
			       KGIL_FEATURE_NETLINK | KGIL_FEATURE_WORD |
			       KGIL_FEATURE_POLL |
			       KGIL_FEATURE_DEADLOCK | KGIL_FEATURE_TIMES |
			       KGIL_FEATURE_AWAY;
	const __u64 types = 1ULL << KGIL_TYPE_GIL | 1ULL << KGIL_TYPE_SEM | 1ULL << KGIL_TYPE_LOCK |
			    1ULL << KGIL_TYPE_RLOCK;
	struct kgil_query query = ask(self->fd, 0xcc);
	struct kgil_query again = ask(self->fd, 0xa5);

	EXPECT_EQ(0, memcmp(&query, &again, sizeof(query)));
	EXPECT_EQ(KGIL_ABI_VERSION, query.abi);
	EXPECT_EQ(features, query.features & features);
	EXPECT_EQ(types, query.types & types);
	EXPECT_EQ(KGIL_POLICY_FAIR, query.default_policy);
}

/* The default policy of the query is the one that a gil gets. */
KGIL_TEST(device, default_policy)
{
	struct kgil_create args = { .type = KGIL_TYPE_GIL };
	int gil = create(&args);

	ASSERT_LE(0, gil);
	EXPECT_EQ(ask(self->fd, 0).default_policy, state_of(gil).policy);
	close(gil);
}

/* Every type that the query names can be created; no other. */
KGIL_TEST(device, types)
{
	__u64 types = ask(self->fd, 0).types;
	__u32 type;
	int fd;

	for (type = 0; type < 64; type++) {
		struct kgil_create args = { .type = type, .max = type == KGIL_TYPE_SEM };

		fd = create(&args);
		if (types & 1ULL << type) {
			ASSERT_LE(0, fd);
			EXPECT_EQ(type, state_of(fd).type);
			close(fd);
		} else {
			EXPECT_EQ(-EINVAL, fd);
		}
	}
}

#define INTERVAL_LOW  (KGIL_INTERVAL_MIN - 1)
#define INTERVAL_HIGH (KGIL_INTERVAL_MAX + 1)

static const struct kgil_create refused[] = {
	{ .type = 0 },
	{ .type = 63 },
	{ .type = 64 },
	{ .type = 0xffffffff },
	{ .type = KGIL_TYPE_GIL, .flags = 1 },
	{ .type = KGIL_TYPE_GIL, .flags = 0x80000000 },
	{ .type = KGIL_TYPE_GIL, .pad = 1 },
	{ .type = KGIL_TYPE_GIL, .interval_ns = 1 },
	{ .type = KGIL_TYPE_GIL, .interval_ns = INTERVAL_LOW },
	{ .type = KGIL_TYPE_GIL, .interval_ns = INTERVAL_HIGH },
	{ .type = KGIL_TYPE_GIL, .interval_ns = 1ULL << 32 },
	{ .type = KGIL_TYPE_GIL, .interval_ns = UINT64_MAX },
	{ .type = KGIL_TYPE_GIL, .policy = 1000 },
	{ .type = KGIL_TYPE_GIL, .policy = 0xffffffff },
	{ .type = KGIL_TYPE_GIL, .policy = KGIL_POLICY_FAIR + 1 },
	{ .type = KGIL_TYPE_GIL, .flags = 1U << 2 },
	{ .type = KGIL_TYPE_GIL, .flags = KGIL_CREATE_TIMED | 1 },
	{ .type = KGIL_TYPE_GIL, .handoff_ns = 1 },
	{ .type = KGIL_TYPE_GIL, .handoff_ns = KGIL_HANDOFF_DEFAULT },
	{ .type = KGIL_TYPE_GIL, .count = 1 },
	{ .type = KGIL_TYPE_GIL, .max = 1 },
	{ .type = KGIL_TYPE_SEM, .max = 0 },
	{ .type = KGIL_TYPE_SEM, .count = 1, .max = 0 },
	{ .type = KGIL_TYPE_SEM, .count = 2, .max = 1 },
	{ .type = KGIL_TYPE_SEM, .max = KGIL_COUNT_MAX + 1 },
	{ .type = KGIL_TYPE_SEM, .max = 0xffffffff },
	{ .type = KGIL_TYPE_SEM, .count = 0xffffffff, .max = 1 },
	{ .type = KGIL_TYPE_SEM, .max = 1, .flags = 1 },
	{ .type = KGIL_TYPE_SEM, .max = 1, .pad = 1 },
	{ .type = KGIL_TYPE_SEM, .max = 1, .policy = KGIL_POLICY_FIFO },
	{ .type = KGIL_TYPE_SEM, .max = 1, .interval_ns = KGIL_INTERVAL_DEFAULT },
	{ .type = KGIL_TYPE_SEM, .max = 1, .handoff_ns = KGIL_HANDOFF_MAX + 1 },
	{ .type = KGIL_TYPE_SEM, .max = 1, .handoff_ns = UINT64_MAX },
	{ .type = KGIL_TYPE_LOCK, .count = 1 },
	{ .type = KGIL_TYPE_LOCK, .max = 1 },
	{ .type = KGIL_TYPE_LOCK, .flags = 1 },
	{ .type = KGIL_TYPE_LOCK, .pad = 1 },
	{ .type = KGIL_TYPE_LOCK, .policy = KGIL_POLICY_FIFO },
	{ .type = KGIL_TYPE_LOCK, .interval_ns = KGIL_INTERVAL_DEFAULT },
	{ .type = KGIL_TYPE_LOCK, .handoff_ns = KGIL_HANDOFF_MAX + 1 },
	{ .type = KGIL_TYPE_LOCK, .handoff_ns = 1ULL << 63 },
	{ .type = KGIL_TYPE_RLOCK, .count = 1 },
	{ .type = KGIL_TYPE_RLOCK, .max = KGIL_COUNT_MAX + 1 },
	{ .type = KGIL_TYPE_RLOCK, .max = 0xffffffff },
	{ .type = KGIL_TYPE_RLOCK, .flags = 1 },
	{ .type = KGIL_TYPE_RLOCK, .pad = 1 },
	{ .type = KGIL_TYPE_RLOCK, .policy = KGIL_POLICY_FIFO },
	{ .type = KGIL_TYPE_RLOCK, .interval_ns = KGIL_INTERVAL_DEFAULT },
	{ .type = KGIL_TYPE_RLOCK, .handoff_ns = KGIL_HANDOFF_MAX + 1 },
	{ .type = KGIL_TYPE_RLOCK, .flags = KGIL_CREATE_TIMED | 1U << 31 },
};

KGIL_TEST(device, create_refuses)
{
	__u64 objects = proc_total("objects");
	__u64 created = proc_total("created");
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		fd = create(&refused[i]);
		if (fd != -EINVAL)
			TH_LOG("refused[%zu]", i);
		EXPECT_EQ(-EINVAL, fd);
	}
	EXPECT_EQ(objects, proc_total("objects"));
	EXPECT_EQ(created, proc_total("created"));
}

static const struct kgil_create accepted[] = {
	{ .type = KGIL_TYPE_GIL, .interval_ns = KGIL_INTERVAL_MIN },
	{ .type = KGIL_TYPE_GIL, .interval_ns = KGIL_INTERVAL_MAX, .policy = KGIL_POLICY_FIFO },
	{ .type = KGIL_TYPE_SEM, .count = 0, .max = 1 },
	{ .type = KGIL_TYPE_SEM, .count = KGIL_COUNT_MAX, .max = KGIL_COUNT_MAX },
	{ .type = KGIL_TYPE_LOCK },
	{ .type = KGIL_TYPE_RLOCK, .max = 1 },
	{ .type = KGIL_TYPE_RLOCK, .max = KGIL_COUNT_MAX },
	{ .type = KGIL_TYPE_GIL, .interval_ns = KGIL_INTERVAL_MIN, .policy = KGIL_POLICY_FAIR },
	{ .type = KGIL_TYPE_GIL, .interval_ns = KGIL_INTERVAL_MIN, .flags = KGIL_CREATE_TIMED },
	{ .type = KGIL_TYPE_SEM, .max = 1, .handoff_ns = KGIL_HANDOFF_AT_ONCE },
	{ .type = KGIL_TYPE_SEM, .max = 5, .count = 3, .handoff_ns = KGIL_HANDOFF_MAX },
	{ .type = KGIL_TYPE_SEM, .max = 5, .flags = KGIL_CREATE_TIMED },
	{ .type = KGIL_TYPE_LOCK, .handoff_ns = KGIL_HANDOFF_AT_ONCE },
	{ .type = KGIL_TYPE_LOCK, .handoff_ns = KGIL_HANDOFF_MAX, .flags = KGIL_CREATE_TIMED },
	{ .type = KGIL_TYPE_RLOCK, .handoff_ns = 2, .flags = KGIL_CREATE_TIMED },
};

KGIL_TEST(device, create_accepts)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accepted); i++) {
		const struct kgil_create *args = &accepted[i];
		__u64 objects = proc_total("objects");
		struct kgil_state state;
		int fd = create(args);

		if (fd < 0)
			TH_LOG("accepted[%zu]", i);
		ASSERT_LE(0, fd);
		state = state_of(fd);
		EXPECT_EQ(args->type, state.type);
		EXPECT_EQ(args->interval_ns, state.interval_ns);
		if (args->handoff_ns)
			EXPECT_EQ(args->handoff_ns, state.handoff_ns);
		if (args->policy)
			EXPECT_EQ(args->policy, state.policy);
		if (args->max)
			EXPECT_EQ(args->max, state.max);
		if (args->type == KGIL_TYPE_SEM)
			EXPECT_EQ(args->count, state.count);
		EXPECT_EQ(objects + 1, proc_total("objects"));
		close(fd);
		EXPECT_EQ(objects, proc_total("objects"));
	}
}

/* The end of a page behind which there is none. */
static void *page_end(void)
{
	char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);

	CHECK(pages != MAP_FAILED);
	CHECK(munmap(pages + 4096, 4096) == 0);
	return pages + 4096;
}

KGIL_TEST(device, bad_pointer)
{
	struct kgil_create args = { .type = KGIL_TYPE_LOCK };
	char *end = page_end();
	char *half_out = end - sizeof(args) / 2;
	__u64 objects = proc_total("objects");

	EXPECT_EQ(-EFAULT, create(NULL));
	EXPECT_EQ(-EFAULT, create(BAD_POINTER));
	memcpy(half_out, &args, sizeof(args) / 2);
	EXPECT_EQ(-EFAULT, create((void *)half_out));
	EXPECT_EQ(EFAULT, command(self->fd, KGIL_IOC_QUERY, 0));
	EXPECT_EQ(EFAULT, command(self->fd, KGIL_IOC_QUERY, (unsigned long)BAD_POINTER));
	EXPECT_EQ(EFAULT, command(self->fd, KGIL_IOC_QUERY,
				  (unsigned long)(end - sizeof(struct kgil_query) / 2)));
	EXPECT_EQ(objects, proc_total("objects"));
}

KGIL_TEST(device, bad_pointer_on_object)
{
	static const unsigned long commands[] = { KGIL_IOC_STATE, KGIL_IOC_STATS, KGIL_IOC_ATTACH,
						  KGIL_IOC_ACQUIRE_UNTIL, KGIL_IOC_SET_INTERVAL,
						  KGIL_IOC_SET_POLICY, KGIL_IOC_THREAD,
						  KGIL_IOC_TIMES, KGIL_IOC_SET_THRESHOLD,
						  KGIL_IOC_AWAY, KGIL_IOC_SET_AWAY };
	int gil = new_gil(0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_FAILS(EFAULT, gil, command(gil, commands[i], 0));
		EXPECT_FAILS(EFAULT, gil, command(gil, commands[i], (unsigned long)BAD_POINTER));
	}
	close(gil);
}

/* A structure that cannot be written to is one that cannot be filled. */
KGIL_TEST(device, read_only_pointer)
{
	static const unsigned long commands[] = { KGIL_IOC_STATE, KGIL_IOC_STATS, KGIL_IOC_ATTACH,
						  KGIL_IOC_THREAD, KGIL_IOC_TIMES,
						  KGIL_IOC_AWAY };
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int gil = new_gil(0);
	size_t i;

	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(EFAULT, command(self->fd, KGIL_IOC_QUERY, (unsigned long)page));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_FAILS(EFAULT, gil, command(gil, commands[i], (unsigned long)page));
	close(gil);
}

static const unsigned long object_commands[] = {
	KGIL_IOC_ACQUIRE,
	KGIL_IOC_TRY_ACQUIRE,
	KGIL_IOC_ACQUIRE_UNTIL,
	KGIL_IOC_RELEASE,
	KGIL_IOC_YIELD,
	KGIL_IOC_STATE,
	KGIL_IOC_STATS,
	KGIL_IOC_ATTACH,
	KGIL_IOC_SET_INTERVAL,
	KGIL_IOC_SET_POLICY,
	KGIL_IOC_SET_HANDOFF,
	KGIL_IOC_THREAD,
	KGIL_IOC_TIMES,
	KGIL_IOC_SET_THRESHOLD,
	KGIL_IOC_AWAY,
	KGIL_IOC_SET_AWAY,
};

static const unsigned long device_commands[] = { KGIL_IOC_QUERY, KGIL_IOC_CREATE };

/* No command at all; the right number with a wrong size or direction. */
static const unsigned long unknown_commands[] = {
	0,
	_IO(KGIL_IOC_MAGIC, 0x00),
	_IO(KGIL_IOC_MAGIC, 0x7f),
	_IO(KGIL_IOC_MAGIC, 0x82),
	_IO(KGIL_IOC_MAGIC, 0x8f),
	_IO(KGIL_IOC_MAGIC, 0xff),
	_IO(KGIL_IOC_MAGIC - 1, 0x90),
	_IO(KGIL_IOC_MAGIC, 0x80),
	_IOR(KGIL_IOC_MAGIC, 0x80, __u64),
	_IOW(KGIL_IOC_MAGIC, 0x80, struct kgil_query),
	_IOW(KGIL_IOC_MAGIC, 0x81, __u64),
	_IOWR(KGIL_IOC_MAGIC, 0x81, struct kgil_create),
	_IOW(KGIL_IOC_MAGIC, 0x90, __u64),
	_IO(KGIL_IOC_MAGIC, 0x92),
	_IOW(KGIL_IOC_MAGIC, 0x93, __u64),
	_IOR(KGIL_IOC_MAGIC, 0x95, struct kgil_stats),
	_IOR(KGIL_IOC_MAGIC, 0x96, struct kgil_state),
	_IOW(KGIL_IOC_MAGIC, 0x97, __u64),
	_IOW(KGIL_IOC_MAGIC, 0x99, __u64),
	_IOW(KGIL_IOC_MAGIC, 0x9a, __u32),
	_IOW(KGIL_IOC_MAGIC, 0x9b, __u64),
	_IO(KGIL_IOC_MAGIC, 0x9c),
	_IOR(KGIL_IOC_MAGIC, 0xa0, struct kgil_stats),
	_IOW(KGIL_IOC_MAGIC, 0xa1, __u32),
	_IO(KGIL_IOC_MAGIC, 0xa2),
};

KGIL_TEST(device, unknown_command)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown_commands); i++)
		EXPECT_TRUE(fails_untouched(self->fd, unknown_commands[i], 0, ENOTTY));
	for (i = 0; i < ARRAY_SIZE(object_commands); i++)
		EXPECT_TRUE(fails_untouched(self->fd, object_commands[i], 0, ENOTTY));
}

TYPE_FIXTURE(object);
TYPE_VARIANT(object, gil, KGIL_TYPE_GIL);
TYPE_VARIANT(object, sem, KGIL_TYPE_SEM);
TYPE_VARIANT(object, lock, KGIL_TYPE_LOCK);
TYPE_VARIANT(object, rlock, KGIL_TYPE_RLOCK);

KGIL_TEST(object, unknown_command)
{
	struct kgil_state before = state_of(self->fd);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown_commands); i++)
		EXPECT_TRUE(fails_untouched(self->fd, unknown_commands[i], 0, ENOTTY));
	for (i = 0; i < ARRAY_SIZE(device_commands); i++)
		EXPECT_TRUE(fails_untouched(self->fd, device_commands[i], 0, ENOTTY));
	EXPECT_TRUE(state_is(self->fd, &before));
}

/* Commands without a structure take 0; anything else is kept for later. */
KGIL_TEST(object, argument)
{
	static const unsigned long arguments[] = { 1, 1UL << 31, ~0UL,
						   1UL << 4 * sizeof(long) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(arguments); i++) {
		unsigned long arg = arguments[i];

		EXPECT_FAILS(EINVAL, self->fd, command(self->fd, KGIL_IOC_ACQUIRE, arg));
		EXPECT_FAILS(EINVAL, self->fd, command(self->fd, KGIL_IOC_TRY_ACQUIRE, arg));
	}
	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < ARRAY_SIZE(arguments); i++) {
		unsigned long arg = arguments[i];

		EXPECT_FAILS(EINVAL, self->fd, command(self->fd, KGIL_IOC_RELEASE, arg));
		if (variant->type == KGIL_TYPE_GIL)
			EXPECT_FAILS(EINVAL, self->fd, command(self->fd, KGIL_IOC_YIELD, arg));
	}
	EXPECT_EQ(0, release(self->fd));
}

static __u64 default_handoff(__u32 type)
{
	switch (type) {
	case KGIL_TYPE_GIL:
		return 0;
	case KGIL_TYPE_SEM:
		return KGIL_HANDOFF_AT_ONCE;
	default:
		return KGIL_HANDOFF_DEFAULT;
	}
}

/* What a new object looks like. */
KGIL_TEST(object, new_state)
{
	struct kgil_state state = state_of(self->fd);
	bool gil = variant->type == KGIL_TYPE_GIL;

	EXPECT_NE(0, state.id);
	EXPECT_EQ(variant->type, state.type);
	EXPECT_EQ(0, state.flags);
	EXPECT_EQ(0, state.owner);
	EXPECT_EQ(0, state.owner_pid);
	EXPECT_EQ(0, state.owner_tid);
	EXPECT_EQ(0, state.depth);
	EXPECT_EQ(1, state.count);
	EXPECT_EQ(variant->type == KGIL_TYPE_RLOCK ? KGIL_COUNT_MAX : 1, state.max);
	EXPECT_EQ(0, state.waiters);
	EXPECT_EQ(gil ? KGIL_POLICY_FAIR : 0, state.policy);
	EXPECT_EQ(gil ? KGIL_INTERVAL_DEFAULT : 0, state.interval_ns);
	EXPECT_EQ(default_handoff(variant->type), state.handoff_ns);
}

/* Nothing has happened to a new object. */
KGIL_TEST(object, new_stats)
{
	struct kgil_stats stats = stats_of(self->fd), none = {};

	EXPECT_EQ(0, memcmp(&stats, &none, sizeof(stats)));
}

KGIL_TEST(object, descriptor)
{
	char path[64], target[64] = "";

	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	EXPECT_EQ(0, strncmp(target, "anon_inode:", 11));
	EXPECT_NE(NULL, strstr(target, "kgil"));
}

/* An object outlives the descriptor of the device. */
KGIL_TEST(object, without_device)
{
	int device = open_device();
	struct kgil_create args = { .type = variant->type, .max = variant->type == KGIL_TYPE_SEM };
	int fd = ioctl(device, KGIL_IOC_CREATE, &args);

	ASSERT_LE(0, fd);
	close(device);
	if (variant->type == KGIL_TYPE_SEM)
		EXPECT_EQ(0, release(fd));
	EXPECT_EQ(0, acquire(fd));
	EXPECT_EQ(0, release(fd));
	close(fd);
}

KGIL_TEST(object, ids_are_never_used_again)
{
	__u64 ids[100];
	int i, j, fd;

	for (i = 0; i < 100; i++) {
		fd = new_object(variant->type);
		ids[i] = state_of(fd).id;
		EXPECT_NE(state_of(self->fd).id, ids[i]);
		for (j = 0; j < i; j++)
			ASSERT_NE(ids[j], ids[i]);
		close(fd);
	}
}

/* No descriptor is free: nothing is created, nothing is left behind. */
KGIL_TEST(object, no_descriptor_left)
{
	struct kgil_create args = { .type = variant->type, .max = variant->type == KGIL_TYPE_SEM };
	struct rlimit limit, none;
	__u64 objects = proc_total("objects"), created = proc_total("created");
	int device = open_device();
	int i;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-1, ioctl(device, KGIL_IOC_CREATE, &args));
		ASSERT_EQ(EMFILE, errno);
	}
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(objects, proc_total("objects"));
	EXPECT_EQ(created, proc_total("created"));
	close(device);
}

TEST_HARNESS_MAIN
