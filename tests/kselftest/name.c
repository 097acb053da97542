// SPDX-License-Identifier: GPL-2.0
/* Objects with names: found, shared, permitted, gone. */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define NAME   "kselftest"
#define OWNER  65501
#define GROUP  65502
#define OTHER  65503
#define MANY   100
#define CREATE KGIL_OPEN_CREATE

/* A new descriptor, or -errno. */
static int open_as(const struct kgil_open *args)
{
	int device = open_device();
	int fd = ioctl(device, KGIL_IOC_OPEN, args);
	int err = errno;

	close(device);
	return fd < 0 ? -err : fd;
}

/* The simplest of its kind, if it is to be made. */
static struct kgil_open args_of(const char *name, __u32 flags, __u32 type)
{
	struct kgil_open args = {
		.create.type = type,
		.flags = flags,
		.mode = flags & CREATE ? 0600 : 0,
	};

	CHECK(strlen(name) < sizeof(args.name));
	strcpy(args.name, name);
	if (type == KGIL_TYPE_SEM && flags & CREATE)
		args.create = (struct kgil_create){ .type = type, .count = 1, .max = 1 };
	return args;
}

static int open_name(const char *name, __u32 flags, __u32 type)
{
	struct kgil_open args = args_of(name, flags, type);

	return open_as(&args);
}

static int create_mode(__u32 mode)
{
	struct kgil_open args = args_of(NAME, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_LOCK);

	args.mode = mode;
	return open_as(&args);
}

static bool exists(const char *name)
{
	int fd = open_name(name, KGIL_OPEN_RDONLY, 0);

	if (fd >= 0)
		close(fd);
	CHECK(fd >= 0 || fd == -ENOENT);
	return fd >= 0;
}

FIXTURE(name) {
	__u64 objects;
};

FIXTURE_SETUP(name)
{
	umask(0);
	ASSERT_TRUE(WAIT_UNTIL(!exists(NAME)));
	self->objects = proc_total("objects");
}

/* Whatever a test did, its names and objects go with its descriptors. */
FIXTURE_TEARDOWN(name)
{
	end_workers();
	close_range(3, ~0U, 0);
	EXPECT_TRUE(WAIT_UNTIL(!exists(NAME)));
	EXPECT_TRUE(WAIT_UNTIL(self->objects == proc_total("objects")));
}

FIXTURE(each) {
	int fd;
};

FIXTURE_VARIANT(each) {
	__u32 type;
};

FIXTURE_SETUP(each)
{
	umask(0);
	ASSERT_TRUE(WAIT_UNTIL(!exists(NAME)));
	self->fd = open_name(NAME, CREATE | KGIL_OPEN_EXCL, variant->type);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(each)
{
	end_workers();
	close(self->fd);
}

UNOWNED_VARIANTS(each);
OWNED_VARIANTS(each);

FIXTURE(owned) {
	int fd;
};

FIXTURE_VARIANT(owned) {
	__u32 type;
};

FIXTURE_SETUP(owned)
{
	ASSERT_TRUE(WAIT_UNTIL(!exists(NAME)));
	self->fd = open_name(NAME, CREATE | KGIL_OPEN_EXCL, variant->type);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(owned)
{
	end_workers();
	close(self->fd);
}

OWNED_VARIANTS(owned);

/* ------------------------------------------------------- what is refused */

KGIL_TEST(name, feature)
{
	struct kgil_query query;
	int device = open_device();

	ASSERT_EQ(0, command(device, KGIL_IOC_QUERY, (unsigned long)&query));
	EXPECT_NE(0, query.features & KGIL_FEATURE_NAMES);
}

KGIL_TEST(name, bad_names)
{
	static const char *const names[] = { "", "/", "a/b", "a\nb", "\t", "a\x7f", "\x01" };
	struct kgil_open args;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, open_name(names[i], CREATE, KGIL_TYPE_LOCK));
		EXPECT_EQ(-EINVAL, open_name(names[i], 0, 0));
	}
	/* No NUL. */
	args = args_of("", CREATE, KGIL_TYPE_LOCK);
	memset(args.name, 'x', sizeof(args.name));
	EXPECT_EQ(-EINVAL, open_as(&args));
	EXPECT_EQ(self->objects, proc_total("objects"));
}

KGIL_TEST(name, good_names)
{
	static const char *const names[] = { "x", ".", "..", "-", " ", "a b\\",
					     "123", "n\xc3\xa4me" };
	char longest[KGIL_NAME_SIZE] = "";
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = open_name(names[i], CREATE, KGIL_TYPE_LOCK);
		ASSERT_LE(0, fd);
		EXPECT_TRUE(exists(names[i]));
		close(fd);
		EXPECT_FALSE(exists(names[i]));
	}
	memset(longest, 'x', sizeof(longest) - 1);
	fd = open_name(longest, CREATE, KGIL_TYPE_LOCK);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(exists(longest));
	longest[sizeof(longest) - 2] = '\0';
	EXPECT_FALSE(exists(longest));
}

/* Each field that may not be so: nothing is made, and nothing is opened. */
static void expect_invalid(struct __test_metadata *_metadata, const struct kgil_open *args)
{
	__u64 objects = proc_total("objects");

	EXPECT_EQ(-EINVAL, open_as(args));
	EXPECT_EQ(objects, proc_total("objects"));
}

KGIL_TEST(name, bad_values)
{
	struct kgil_open args;
	int fd = -1, round;

	/* Without an object of the name, then with one. */
	for (round = 0; round < 2; round++) {
		args = args_of(NAME, CREATE | 1U << 4, KGIL_TYPE_LOCK);
		expect_invalid(_metadata, &args);
		args = args_of(NAME, CREATE | 1U << 31, KGIL_TYPE_LOCK);
		expect_invalid(_metadata, &args);
		args = args_of(NAME, KGIL_OPEN_EXCL, KGIL_TYPE_LOCK);
		expect_invalid(_metadata, &args);
		args = args_of(NAME, CREATE, 0);
		expect_invalid(_metadata, &args);
		args = args_of(NAME, CREATE, 5);
		expect_invalid(_metadata, &args);
		args = args_of(NAME, 0, 5);
		expect_invalid(_metadata, &args);
		args = args_of(NAME, CREATE, KGIL_TYPE_LOCK);
		args.mode = 0700;
		expect_invalid(_metadata, &args);
		args.mode = 01600;
		expect_invalid(_metadata, &args);
		args = args_of(NAME, CREATE, KGIL_TYPE_LOCK);
		args.create.pad = 1;
		expect_invalid(_metadata, &args);
		args = args_of(NAME, CREATE, KGIL_TYPE_SEM);
		args.create.count = 2;
		expect_invalid(_metadata, &args);
		/* Only who creates says how. */
		args = args_of(NAME, 0, KGIL_TYPE_LOCK);
		args.mode = 0600;
		expect_invalid(_metadata, &args);
		args = args_of(NAME, 0, KGIL_TYPE_SEM);
		args.create.max = 1;
		expect_invalid(_metadata, &args);
		args = args_of(NAME, 0, KGIL_TYPE_LOCK);
		args.create.handoff_ns = 1;
		expect_invalid(_metadata, &args);
		if (!round)
			fd = open_name(NAME, CREATE, KGIL_TYPE_LOCK);
		ASSERT_LE(0, fd);
	}
	EXPECT_TRUE(is_free(fd));
}

KGIL_TEST(name, bad_pointers)
{
	int device = open_device();

	EXPECT_EQ(EFAULT, command(device, KGIL_IOC_OPEN, 0));
	EXPECT_EQ(EFAULT, command(device, KGIL_IOC_OPEN, (unsigned long)BAD_POINTER));
	EXPECT_EQ(self->objects, proc_total("objects"));
	/* It is a command of the device alone. */
	EXPECT_EQ(ENOTTY, command(open_name(NAME, CREATE, KGIL_TYPE_LOCK), KGIL_IOC_OPEN, 0));
}

KGIL_TEST(name, there_or_not)
{
	int fd;

	EXPECT_EQ(-ENOENT, open_name(NAME, 0, 0));
	EXPECT_EQ(-ENOENT, open_name(NAME, KGIL_OPEN_RDONLY, KGIL_TYPE_GIL));
	fd = open_name(NAME, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_RLOCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EEXIST, open_name(NAME, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_RLOCK));
	EXPECT_EQ(-EEXIST, open_name(NAME, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_LOCK));
	EXPECT_EQ(-EINVAL, open_name(NAME, CREATE, KGIL_TYPE_LOCK));
	EXPECT_EQ(-EINVAL, open_name(NAME, 0, KGIL_TYPE_GIL));
	EXPECT_LE(0, open_name(NAME, CREATE, KGIL_TYPE_RLOCK));
	EXPECT_LE(0, open_name(NAME, 0, KGIL_TYPE_RLOCK));
	EXPECT_LE(0, open_name(NAME, 0, 0));
	EXPECT_EQ(self->objects + 1, proc_total("objects"));
}

/* No descriptor to be had: no object, and no name. */
KGIL_TEST(name, no_descriptor)
{
	struct rlimit limit = {};
	int device = open_device(), err;
	struct kgil_open args = args_of(NAME, CREATE, KGIL_TYPE_LOCK);

	ASSERT_EQ(0, prlimit(0, RLIMIT_NOFILE, NULL, &limit));
	ASSERT_EQ(0, prlimit(0, RLIMIT_NOFILE, &(struct rlimit){ 0, limit.rlim_max }, NULL));
	err = command(device, KGIL_IOC_OPEN, (unsigned long)&args);
	ASSERT_EQ(0, prlimit(0, RLIMIT_NOFILE, &limit, NULL));
	EXPECT_EQ(EMFILE, err);
	EXPECT_FALSE(exists(NAME));
	EXPECT_EQ(self->objects, proc_total("objects"));
}

/* What is there keeps what it was made with. */
KGIL_TEST(name, only_the_creator_says_how)
{
	struct kgil_open args = args_of(NAME, CREATE, KGIL_TYPE_SEM);
	int first, second;

	args.create.count = 3;
	args.create.max = 5;
	first = open_as(&args);
	ASSERT_LE(0, first);
	args.create.count = 1;
	args.create.max = 9;
	args.create.handoff_ns = NSEC_PER_MSEC;
	args.mode = 0666;
	second = open_as(&args);
	ASSERT_LE(0, second);
	EXPECT_EQ(3, state_of(second).count);
	EXPECT_EQ(5, state_of(second).max);
	EXPECT_EQ(KGIL_HANDOFF_AT_ONCE, state_of(second).handoff_ns);
	EXPECT_STREQ("0600", proc_field(state_of(first).id, "mode"));
}

/* ------------------------------------------------ one object, many files */

KGIL_TEST(each, same_object)
{
	int second = open_name(NAME, 0, variant->type);

	ASSERT_LE(0, second);
	EXPECT_EQ(state_of(self->fd).id, state_of(second).id);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, state_of(second).count);
	EXPECT_EQ(0, release(second));
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(2, proc_number(state_of(second).id, "acquisitions") +
			     proc_number(state_of(self->fd).id, "acquisitions"));
	close(second);
}

/* Unrelated processes, each with a file of its own. */
static int op_open_and_acquire(int fd, __u64 *type)
{
	int own = open_name(NAME, 0, *type);

	(void)fd;
	CHECK(own >= 0);
	return acquire(own);
}

KGIL_TEST(each, shared_by_processes)
{
	struct worker *other = start_process(self->fd);

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(other, op_open_and_acquire, variant->type));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(other));
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_EQ(0, call(other, op_release, 0));
	EXPECT_TRUE(is_free(self->fd));
}

KGIL_TEST(each, gone_with_last_descriptor)
{
	int second = open_name(NAME, 0, 0), copy = dup(second);
	__u64 id = state_of(self->fd).id;

	close(self->fd);
	EXPECT_TRUE(exists(NAME));
	close(second);
	EXPECT_TRUE(exists(NAME));
	EXPECT_EQ(id, state_of(copy).id);
	close(copy);
	EXPECT_FALSE(exists(NAME));
	EXPECT_EQ(NULL, proc_field(id, "id"));
	self->fd = open_name(NAME, CREATE, variant->type);
	ASSERT_LE(0, self->fd);
	EXPECT_NE(id, state_of(self->fd).id);
	EXPECT_TRUE(is_free(self->fd));
}

/* A descriptor on its way, in a child, and one that a mapping stands for. */
KGIL_TEST(each, kept_by_others)
{
	struct worker *child;
	int ends[2];
	void *page;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	send_descriptor(ends[1], self->fd);
	close(self->fd);
	EXPECT_TRUE(exists(NAME));
	self->fd = receive_descriptor(ends[0]);

	child = start_process(self->fd);
	close(self->fd);
	EXPECT_TRUE(exists(NAME));
	self->fd = open_name(NAME, 0, 0);
	ASSERT_LE(0, self->fd);
	kill_worker(child);

	page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	close(self->fd);
	EXPECT_TRUE(exists(NAME));
	ASSERT_EQ(0, munmap(page, getpagesize()));
	EXPECT_FALSE(exists(NAME));
}

/* A running call keeps the object, and with it the name. */
KGIL_TEST(each, kept_by_waiter)
{
	struct worker *waiter = start_thread(self->fd);
	__u64 id = state_of(self->fd).id;

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(waiter, op_until, now_ns() + PATIENCE_NS));
	close(self->fd);
	self->fd = open_name(NAME, 0, 0);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(id, state_of(self->fd).id);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(waiter));
}

KGIL_TEST(name, many_with_and_without)
{
	__u64 ids[MANY], other;
	char name[KGIL_NAME_SIZE];
	int fds[MANY], i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), NAME "-%d", i * 7 % MANY);
		fds[i] = open_name(name, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_GIL + i % 4);
		ASSERT_LE(0, fds[i]);
		new_object(KGIL_TYPE_GIL + i % 4);
		ids[i] = state_of(fds[i]).id;
	}
	EXPECT_EQ(self->objects + 2 * MANY, proc_total("objects"));
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), NAME "-%d", i * 7 % MANY);
		other = state_of(open_name(name, 0, 0)).id;
		ASSERT_EQ(ids[i], other);
		ASSERT_STREQ(name, proc_field(ids[i], "name"));
	}
}

/* ------------------------------------------------------------ descriptors */

KGIL_TEST(name, close_on_exec)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(open_name(NAME, CREATE, KGIL_TYPE_LOCK), F_GETFD));
	EXPECT_EQ(0, fcntl(open_name(NAME, KGIL_OPEN_INHERIT, 0), F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(open_name(NAME, KGIL_OPEN_RDONLY, 0), F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(open_name(NAME, 0, 0), F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_RDONLY, fcntl(open_name(NAME, KGIL_OPEN_RDONLY, 0), F_GETFL) & O_ACCMODE);
}

static int map_error(int fd, int prot, int flags)
{
	void *page = mmap(NULL, getpagesize(), prot, flags, fd, 0);
	int err = errno;

	if (page == MAP_FAILED)
		return err;
	munmap(page, getpagesize());
	return 0;
}

/* By a read-only descriptor everything is seen, and nothing changed. */
KGIL_TEST(each, read_only)
{
	static const unsigned long refused[] = {
		KGIL_IOC_ACQUIRE,
		KGIL_IOC_TRY_ACQUIRE,
		KGIL_IOC_ACQUIRE_UNTIL,
		KGIL_IOC_RELEASE,
		KGIL_IOC_YIELD,
		KGIL_IOC_ATTACH,
		KGIL_IOC_SET_INTERVAL,
		KGIL_IOC_SET_POLICY,
		KGIL_IOC_SET_HANDOFF,
		KGIL_IOC_SET_THRESHOLD,
		KGIL_IOC_SET_AWAY,
	};
	int fd = open_name(NAME, KGIL_OPEN_RDONLY, variant->type);
	struct kgil_stats stats, seen;
	const struct kgil_page *page;
	__u64 argument[2] = { NSEC_PER_MSEC };
	unsigned int i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, acquire(self->fd));
	stats = stats_of(self->fd);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_FAILS(EACCES, self->fd, command(fd, refused[i], 0));
		EXPECT_FAILS(EACCES, self->fd, command(fd, refused[i], (unsigned long)argument));
	}
	EXPECT_EQ(ENOTTY, command(fd, KGIL_IOC_QUERY, 0));
	EXPECT_EQ(ENOTTY, command(fd, _IO(KGIL_IOC_MAGIC, 0xff), 0));
	remember_state(self->fd);
	EXPECT_TRUE(state_stayed(fd));
	EXPECT_EQ(thread_id(self->fd), thread_id(fd));
	seen = stats_of(fd);
	EXPECT_EQ(0, memcmp(&stats, &seen, sizeof(stats)));

	EXPECT_EQ(EACCES, map_error(fd, PROT_READ | PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(EINVAL, map_error(fd, PROT_READ, MAP_PRIVATE));
	EXPECT_EQ(EINVAL, map_error(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE));
	page = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(-1, mprotect((void *)page, getpagesize(), PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	close(fd);
	/* It is the page of the others. */
	EXPECT_EQ(variant->type == KGIL_TYPE_SEM, !(page->word & KGIL_WORD_VALUE));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(variant->type == KGIL_TYPE_SEM, !!(page->word & KGIL_WORD_VALUE));
	munmap((void *)page, getpagesize());
}

static short polled(int fd, int timeout_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, timeout_ms) > 0 ? one.revents : 0;
}

static int op_poll(int fd, __u64 *value)
{
	(void)value;
	return polled(fd, -1) == POLLIN ? 0 : EIO;
}

/* To poll is to look: a read-only descriptor does. */
KGIL_TEST(each, poll_read_only)
{
	int fd = open_name(NAME, KGIL_OPEN_RDONLY, variant->type);
	struct worker *poller = start_thread(fd);

	ASSERT_LE(0, fd);
	EXPECT_EQ(POLLIN, polled(fd, 0));
	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, polled(fd, 0));
	post(poller, op_poll, 0);
	usleep(20000);
	EXPECT_FALSE(finished(poller));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(poller));
	end_workers();
	close(fd);
}

/* --------------------------------------------------------------- owners */

/* Who dies gives it to those who have it by another file. */
KGIL_TEST(owned, death)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_open_and_acquire, variant->type));
	ASSERT_TRUE(post_waits(heir, op_open_and_acquire, variant->type));
	kill_worker(owner);
	EXPECT_EQ(EOWNERDEAD, result(heir));
	EXPECT_EQ(1, stats_of(self->fd).owner_deaths);
	EXPECT_EQ(0, call(heir, op_release, 0));
	EXPECT_TRUE(is_free(self->fd));
}

/* Executes a program by which another file of the object is kept. */
static int op_exec_by_other_file(int fd, __u64 *value)
{
	int other = open_name(NAME, KGIL_OPEN_INHERIT, 0);

	(void)value;
	CHECK(other >= 0);
	CHECK(acquire(fd) == 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	execute("mine", other);
}

/* One of two files is kept: so is the ownership. */
KGIL_TEST(owned, exec_keeps_other_file)
{
	struct worker *owner = start_process(self->fd);
	pid_t pid = owner->pid;

	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_by_other_file, 0));
	EXPECT_TRUE(child_succeeds(pid));
	owner->pid = 0;
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, stats_of(self->fd).owner_deaths);
}

static int op_exec_pause_with_two(int fd, __u64 *flags)
{
	CHECK(open_name(NAME, *flags, 0) >= 0);
	CHECK(acquire(fd) == 0);
	execute("pause", -1);
}

/* Both are closed; or a file is left by which it could not be given back. */
KGIL_TEST(owned, exec_closes_all_files)
{
	static const __u32 flags[] = { 0, KGIL_OPEN_RDONLY, KGIL_OPEN_RDONLY | KGIL_OPEN_INHERIT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct worker *owner = start_process(self->fd);

		ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_pause_with_two, flags[i]));
		EXPECT_TRUE(WAIT_UNTIL(stats_of(self->fd).owner_deaths == i + 1));
		EXPECT_EQ(EOWNERDEAD, acquire(self->fd));
		EXPECT_EQ(0, kill(owner->pid, 0));
		EXPECT_EQ(0, release(self->fd));
		kill_worker(owner);
	}
}

/* ---------------------------------------------------------------- races */

static struct {
	int made;
	pthread_barrier_t together;
} race;

#define RACERS	8
#define ROUNDS	200
#define RACE_NS (10 * NSEC_PER_SEC)

static void *make_exclusively(void *unused)
{
	int i, fd;

	(void)unused;
	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&race.together);
		fd = open_name(NAME, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_LOCK);
		CHECK(fd >= 0 || fd == -EEXIST);
		__atomic_add_fetch(&race.made, fd >= 0, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&race.together);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

KGIL_TEST(name, one_creates)
{
	race.made = 0;
	ASSERT_EQ(0, pthread_barrier_init(&race.together, NULL, RACERS));
	run_threads(RACERS, make_exclusively);
	EXPECT_EQ(ROUNDS, race.made);
	EXPECT_EQ(self->objects, proc_total("objects"));
}

/* Opens that race with the last close: each gets an object that lives. */
static void *open_use_close(void *unused)
{
	/* A kernel that checks all it does is slow. */
	__u64 end = now_ns() + RACE_NS, id;
	int i, fd, second;

	(void)unused;
	for (i = 0; i < 5 * ROUNDS && now_ns() < end; i++) {
		fd = open_name(NAME, CREATE, KGIL_TYPE_LOCK);
		CHECK(fd >= 0);
		id = state_of(fd).id;
		acquire_somehow(fd, i);
		second = open_name(NAME, 0, 0);
		CHECK(second >= 0);
		/* It can't have gone while this thread has it open. */
		CHECK(state_of(second).id == id);
		close(fd);
		CHECK(release(second) == 0);
		close(second);
	}
	return NULL;
}

KGIL_TEST(name, open_races_with_close)
{
	run_threads(RACERS, open_use_close);
	EXPECT_FALSE(exists(NAME));
	EXPECT_EQ(self->objects, proc_total("objects"));
}

KGIL_TEST(name, processes_race)
{
	run_processes(RACERS, open_use_close);
	EXPECT_TRUE(WAIT_UNTIL(!exists(NAME)));
	EXPECT_TRUE(WAIT_UNTIL(self->objects == proc_total("objects")));
}

/* ----------------------------------------------------------- permission */

/* A child that is another user, with one more group, and without capabilities. */
static pid_t fork_user(uid_t uid, gid_t gid, gid_t more)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	CHECK(setgroups(1, &more) == 0);
	CHECK(setresgid(gid, gid, gid) == 0);
	CHECK(setresuid(uid, uid, uid) == 0);
	return 0;
}

/* What opens give: to read and write, and to read. */
static bool opens_give(int write, int read)
{
	int fd = open_name(NAME, 0, 0), look = open_name(NAME, KGIL_OPEN_RDONLY, 0);
	int seen_write = fd < 0 ? fd : 0, seen_read = look < 0 ? look : 0;

	close(fd);
	close(look);
	if (seen_write != write || seen_read != read)
		fprintf(stderr, "# uid %d gid %d: %d and %d instead of %d and %d\n", getuid(),
			getgid(), seen_write, seen_read, write, read);
	return seen_write == write && seen_read == read;
}

#define NO (-EACCES)

static const struct access {
	__u32 mode;
	int owner[2]; /* to read and write, to read */
	int group[2];
	int other[2];
} table[] = {
	{ 0600, { 0, 0 }, { NO, NO }, { NO, NO } },
	{ 0660, { 0, 0 }, { 0, 0 }, { NO, NO } },
	{ 0640, { 0, 0 }, { NO, 0 }, { NO, NO } },
	{ 0644, { 0, 0 }, { NO, 0 }, { NO, 0 } },
	{ 0666, { 0, 0 }, { 0, 0 }, { 0, 0 } },
	{ 0606, { 0, 0 }, { NO, NO }, { 0, 0 } },
	{ 0066, { NO, NO }, { 0, 0 }, { 0, 0 } },
	{ 0400, { NO, 0 }, { NO, NO }, { NO, NO } },
	{ 0222, { NO, NO }, { NO, NO }, { NO, NO } },
	{ 0000, { NO, NO }, { NO, NO }, { NO, NO } },
};

static bool user_gets(uid_t uid, gid_t gid, gid_t more, const int expected[2])
{
	pid_t pid = fork_user(uid, gid, more);

	if (pid == 0)
		_exit(!opens_give(expected[0], expected[1]));
	return child_succeeds(pid);
}

/* An object of user OWNER and group GROUP, held open by a child; its socket. */
static pid_t hold_open(__u32 mode)
{
	int told[2];
	pid_t pid;
	char c;

	CHECK(pipe(told) == 0);
	pid = fork_user(OWNER, GROUP, OWNER);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		CHECK(create_mode(mode) >= 0);
		CHECK(write(told[1], "", 1) == 1);
		for (;;)
			pause();
	}
	CHECK(read(told[0], &c, 1) == 1);
	close(told[0]);
	close(told[1]);
	return pid;
}

static void let_go(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK(reap(pid) != -1);
	CHECK(WAIT_UNTIL(!exists(NAME)));
}

KGIL_TEST(name, modes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct access *access = &table[i];
		pid_t pid = hold_open(access->mode);

		EXPECT_TRUE(user_gets(OWNER, OTHER, OTHER, access->owner));
		EXPECT_TRUE(user_gets(OTHER, GROUP, OTHER, access->group));
		EXPECT_TRUE(user_gets(OTHER, OTHER, GROUP, access->group));
		EXPECT_TRUE(user_gets(OTHER, OTHER, OTHER, access->other));
		/* With all capabilities. */
		EXPECT_TRUE(opens_give(0, 0));
		let_go(pid);
	}
}

/* The permission is asked for before the type. */
KGIL_TEST(name, refused_learns_nothing)
{
	pid_t holder = hold_open(0600), pid = fork_user(OTHER, OTHER, OTHER);

	if (pid == 0) {
		CHECK(open_name(NAME, 0, KGIL_TYPE_GIL) == -EACCES);
		CHECK(open_name(NAME, 0, KGIL_TYPE_LOCK) == -EACCES);
		CHECK(open_name(NAME, CREATE, KGIL_TYPE_GIL) == -EACCES);
		CHECK(open_name(NAME, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_LOCK) == -EEXIST);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(pid));
	let_go(holder);
}

KGIL_TEST(name, umask)
{
	int fd;

	umask(022);
	fd = create_mode(0666);
	ASSERT_LE(0, fd);
	EXPECT_STREQ("0644", proc_field(state_of(fd).id, "mode"));
	close(fd);
	umask(0777);
	/* Who makes it has it, whatever the mode. */
	fd = create_mode(0666);
	ASSERT_LE(0, fd);
	EXPECT_STREQ("0000", proc_field(state_of(fd).id, "mode"));
	EXPECT_EQ(0, acquire(fd));
}

/* In a user namespace of its own, root is nobody special outside. */
KGIL_TEST(name, root_of_user_namespace)
{
	pid_t holder = hold_open(0600), pid = fork_user(OTHER, OTHER, OTHER);

	if (pid == 0) {
		CHECK(unshare(CLONE_NEWUSER) == 0);
		CHECK(opens_give(-EACCES, -EACCES));
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(pid));
	/* The same user is, from there too. */
	pid = fork_user(OWNER, GROUP, OTHER);
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWUSER) == 0);
		CHECK(opens_give(0, 0));
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(pid));
	let_go(holder);
}

static int set_error(int fd, __u32 type)
{
	if (type != KGIL_TYPE_GIL)
		return set_handoff(fd, 2 * NSEC_PER_MSEC);
	CHECK(set_policy(fd, KGIL_POLICY_FIFO) == set_interval(fd, NSEC_PER_MSEC));
	return set_interval(fd, NSEC_PER_MSEC);
}

/*
 * Who may use an object may not set it, unless it is the one who created it: who
 * opened the descriptor counts, and not who has it.
 */
KGIL_TEST(each, settings)
{
	int ends[2], own, others;
	pid_t pid;

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	pid = fork_user(OWNER, GROUP, GROUP);
	if (pid == 0) {
		struct kgil_open args = args_of(NAME, CREATE | KGIL_OPEN_EXCL, variant->type);

		args.mode = 0666;
		own = open_as(&args);
		CHECK(set_error(own, variant->type) == 0);
		send_descriptor(ends[1], own);
		_exit(0);
	}
	ASSERT_TRUE(child_succeeds(pid));
	self->fd = receive_descriptor(ends[0]);

	pid = fork_user(OTHER, OTHER, OTHER);
	if (pid == 0) {
		others = open_name(NAME, 0, 0);
		CHECK(others >= 0);
		EXPECT_FAILS(EACCES, others, set_error(others, variant->type));
		/* The creator's descriptor. */
		CHECK(set_error(self->fd, variant->type) == 0);
		send_descriptor(ends[1], others);
		CHECK(acquire(others) == 0 && release(others) == 0);
		_exit(0);
	}
	ASSERT_TRUE(child_succeeds(pid));
	others = receive_descriptor(ends[0]);
	EXPECT_FAILS(EACCES, others, set_error(others, variant->type));
	/* Of one with CAP_SYS_ADMIN. */
	close(others);
	others = open_name(NAME, 0, 0);
	ASSERT_LE(0, others);
	EXPECT_EQ(0, set_error(others, variant->type));
	close(others);
}

/* --------------------------------------------------- namespaces and /proc */

KGIL_TEST(each, other_network_namespace)
{
	__u64 id = state_of(self->fd).id;
	pid_t pid = fork_child();
	int fd;

	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNET) == 0);
		CHECK(!exists(NAME));
		fd = open_name(NAME, CREATE | KGIL_OPEN_EXCL, KGIL_TYPE_LOCK);
		CHECK(fd >= 0);
		CHECK(state_of(fd).id != id);
		CHECK(state_of(open_name(NAME, 0, 0)).id == state_of(fd).id);
		CHECK(strcmp(proc_field(state_of(fd).id, "name"), NAME) == 0);
		CHECK(!proc_field(id, "id"));
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(pid));
	fd = open_name(NAME, 0, 0);
	EXPECT_EQ(id, state_of(fd).id);
	close(fd);
}

/* The namespace is the one of who opens, wherever the device was opened. */
KGIL_TEST(name, device_of_other_namespace)
{
	int device = open_device(), fd = open_name(NAME, CREATE, KGIL_TYPE_LOCK);
	struct kgil_open args = args_of(NAME, 0, 0);
	pid_t pid = fork_child();

	ASSERT_LE(0, fd);
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNET) == 0);
		CHECK(command(device, KGIL_IOC_OPEN, (unsigned long)&args) == ENOENT);
		CHECK(acquire(fd) == 0 && release(fd) == 0);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(pid));
}

KGIL_TEST(name, shown)
{
	struct kgil_open args = args_of("a b\\c\xc3\xa4", CREATE, KGIL_TYPE_LOCK);
	__u64 id;
	int fd;

	fd = new_lock();
	id = state_of(fd).id;
	EXPECT_STREQ("-", proc_field(id, "name"));
	EXPECT_STREQ("-", proc_field(id, "mode"));
	EXPECT_STREQ("-", proc_field(id, "gid"));
	args.mode = 0640;
	fd = open_as(&args);
	ASSERT_LE(0, fd);
	id = state_of(fd).id;
	EXPECT_STREQ("a\\040b\\134c\\303\\244", proc_field(id, "name"));
	EXPECT_STREQ("0640", proc_field(id, "mode"));
	EXPECT_EQ(getegid(), proc_number(id, "gid"));
	strcpy(args.name, "-");
	fd = open_as(&args);
	ASSERT_LE(0, fd);
	EXPECT_STREQ("\\055", proc_field(state_of(fd).id, "name"));
}

/* To another user only with the permission to read. */
KGIL_TEST(name, shown_to_others)
{
	static const __u32 modes[] = { 0600, 0644, 0660, 0666 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		bool seen = modes[i] & 0004;
		int fd = create_mode(modes[i]);
		__u64 id = state_of(fd).id;
		pid_t pid;

		ASSERT_EQ(0, acquire(fd));
		pid = fork_user(OTHER, OTHER, OTHER);
		if (pid == 0) {
			CHECK(proc_number(id, "uid") == 0);
			CHECK(strcmp(proc_field(id, "name"), seen ? NAME : "-") == 0);
			CHECK(strcmp(proc_field(id, "mode"), "-") == 0 || seen);
			CHECK(strcmp(proc_field(id, "owner_pid"), "-") == 0 || seen);
			CHECK(strcmp(proc_field(id, "owner_comm"), "-") == 0 || seen);
			CHECK(!seen || proc_number(id, "owner_pid") == (__u64)getppid());
			_exit(0);
		}
		EXPECT_TRUE(child_succeeds(pid));
		close(fd);
	}
}

KGIL_TEST(name, fdinfo)
{
	char path[64], *text;
	int fd = open_name(NAME, CREATE, KGIL_TYPE_LOCK);

	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	text = read_file(path, 4096);
	EXPECT_NE(NULL, strstr(text, "\nkgil-name:\t" NAME "\n"));
	free(text);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", new_lock());
	text = read_file(path, 4096);
	EXPECT_EQ(NULL, strstr(text, "kgil-name"));
	free(text);
}

TEST_HARNESS_MAIN
