// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation and every copy to or from user space fails once, in turn: the
 * command has to say so by ENOMEM or EFAULT, to change nothing and to leak nothing.
 */
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "inject.h"
#include "kgil_word.h"

/* No command has so many chances to fail. */
#define NTH_MAX 2000

static void __attribute__((constructor)) begin(void)
{
	need_faults();
}

/*
 * One command, with all that it needs: returns 0 or the errno.
 */
struct target {
	int fd;
	unsigned long cmd;
	void *arg;
	long result;
	char data[512];
};

typedef int (*fault_op)(struct target *target);

struct outcome {
	bool injected;
	int err;
};

static struct outcome with_fault(int nth, fault_op op, struct target *target)
{
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	struct outcome outcome;

	CHECK(fd >= 0);
	set_nth(fd, nth);
	outcome.err = op(target);
	outcome.injected = was_injected(fd);
	close(fd);
	return outcome;
}

static bool is_refusal(int err)
{
	return err == ENOMEM || err == EFAULT || err == ENOBUFS || err == ENFILE;
}

static int count_descriptors(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* What must be as before, beside the state of the object. */
struct world {
	__u64 objects;
	int descriptors;
};

static struct world look(void)
{
	return (struct world){ .objects = proc_total("objects"),
			       .descriptors = count_descriptors() };
}

static bool is_as_before(const struct world *before)
{
	/* What has just been closed goes a moment later. */
	return WAIT_UNTIL(proc_total("objects") == before->objects) &&
	       count_descriptors() == before->descriptors;
}

/*
 * All chances of @op to fail, in turn.  @undo, if not NULL, takes back a success.
 * Returns how many there were.
 */
static int each_fault(struct __test_metadata *_metadata, fault_op op, struct target *target,
		      void (*undo)(struct target *target))
{
	struct world before = look();
	int nth;

	for (nth = 1; nth < NTH_MAX; nth++) {
		struct outcome outcome;

		if (target->fd >= 0)
			remember_state(target->fd);
		outcome = with_fault(nth, op, target);
		if (!outcome.err && undo)
			undo(target);
		if (!outcome.injected) {
			EXPECT_EQ(0, outcome.err);
			break;
		}
		/* What could do without what it did not get has not failed. */
		if (outcome.err && !is_refusal(outcome.err))
			TH_LOG("chance %d: errno %d", nth, outcome.err);
		EXPECT_TRUE(!outcome.err || is_refusal(outcome.err));
		if (target->fd >= 0)
			EXPECT_TRUE(state_stayed(target->fd));
		EXPECT_TRUE(is_as_before(&before));
	}
	EXPECT_GT(NTH_MAX, nth);
	TH_LOG("%d chances to fail", nth - 1);
	return nth - 1;
}

/*
 * Creation
 */
static int op_ioctl(struct target *target)
{
	target->result = ioctl(target->fd, target->cmd, target->arg);
	return target->result < 0 ? errno : 0;
}

static int op_create(struct target *target)
{
	int device = target->cmd;

	target->result = ioctl(device, KGIL_IOC_CREATE, target->arg);
	return target->result < 0 ? errno : 0;
}

static void undo_create(struct target *target)
{
	close(target->result);
}

static const struct kgil_create creates[] = {
	[KGIL_TYPE_GIL] = { .type = KGIL_TYPE_GIL },
	[KGIL_TYPE_SEM] = { .type = KGIL_TYPE_SEM, .count = 1, .max = 2 },
	[KGIL_TYPE_LOCK] = { .type = KGIL_TYPE_LOCK },
	[KGIL_TYPE_RLOCK] = { .type = KGIL_TYPE_RLOCK },
};

TYPE_FIXTURE(each);
UNOWNED_VARIANTS(each);
OWNED_VARIANTS(each);

KGIL_TEST(each, creation)
{
	struct kgil_create args = creates[variant->type];
	int device = open_device();
	struct target target = { .fd = -1, .cmd = device, .arg = &args };

	EXPECT_LT(2, each_fault(_metadata, op_create, &target, undo_create));
	close(device);
}

KGIL_TEST(each, query)
{
	struct kgil_query query;
	int device = open_device(), nth;
	struct target target = { .fd = device, .cmd = KGIL_IOC_QUERY, .arg = &query };

	for (nth = 1; nth < NTH_MAX; nth++) {
		struct outcome outcome = with_fault(nth, op_ioctl, &target);

		if (!outcome.injected)
			break;
		EXPECT_EQ(EFAULT, outcome.err);
	}
	EXPECT_EQ(2, nth);
	close(device);
}

/*
 * By name: made, and opened by another
 */
static int op_open(struct target *target)
{
	int device = target->cmd;

	target->result = ioctl(device, KGIL_IOC_OPEN, target->arg);
	return target->result < 0 ? errno : 0;
}

KGIL_TEST(each, creation_by_name)
{
	struct kgil_open args = { .create = creates[variant->type],
				  .flags = KGIL_OPEN_CREATE | KGIL_OPEN_EXCL,
				  .mode = 0600,
				  .name = "fault" };
	int device = open_device();
	struct target target = { .fd = -1, .cmd = device, .arg = &args };

	/* A name that a failure left behind would be EEXIST the next time. */
	EXPECT_LT(2, each_fault(_metadata, op_open, &target, undo_create));
	close(device);
}

KGIL_TEST(each, opening_by_name)
{
	struct kgil_open args = { .create = creates[variant->type],
				  .flags = KGIL_OPEN_CREATE,
				  .mode = 0600,
				  .name = "fault" };
	int device = open_device(), first = ioctl(device, KGIL_IOC_OPEN, &args);
	struct target target = { .fd = first, .cmd = device, .arg = &args };

	ASSERT_LE(0, first);
	EXPECT_LT(1, each_fault(_metadata, op_open, &target, undo_create));
	close(first);
	close(device);
}

/*
 * What copies.  Of a command that copies one number by get_user() or put_user(),
 * the kernel lets no copy fail; bad pointers do, in tests/kselftest.
 */
static int faults_of(struct __test_metadata *_metadata, int fd, unsigned long cmd, void *arg)
{
	struct target target = { .fd = fd, .cmd = cmd, .arg = arg };

	return each_fault(_metadata, op_ioctl, &target, NULL);
}

KGIL_TEST(each, reads)
{
	struct kgil_state state;
	struct kgil_stats stats;

	EXPECT_LT(0, faults_of(_metadata, self->fd, KGIL_IOC_STATE, &state));
	EXPECT_LT(0, faults_of(_metadata, self->fd, KGIL_IOC_STATS, &stats));
}

/* The same values again: what fails and what doesn't leave the same state. */
KGIL_TEST(each, settings)
{
	struct kgil_state state = state_of(self->fd);
	__u64 interval = state.interval_ns, handoff = state.handoff_ns;
	bool gil = variant->type == KGIL_TYPE_GIL;

	EXPECT_LT(0, faults_of(_metadata, self->fd,
			       gil ? KGIL_IOC_SET_INTERVAL : KGIL_IOC_SET_HANDOFF,
			       gil ? &interval : &handoff));
}

/* An event is lost for want of memory; what it is of happens all the same. */
KGIL_TEST(each, settings_heard)
{
	__u64 threshold = NSEC_PER_SEC;
	int sock = hear_events();

	EXPECT_LT(0, faults_of(_metadata, self->fd, KGIL_IOC_SET_THRESHOLD, &threshold));
	close(sock);
}

/* A setting that fails changes nothing. */
KGIL_TEST(each, settings_not_set)
{
	__u64 number = 123456;
	bool gil = variant->type == KGIL_TYPE_GIL;
	struct target target = { .fd = self->fd,
				 .cmd = gil ? KGIL_IOC_SET_INTERVAL : KGIL_IOC_SET_HANDOFF,
				 .arg = &number };
	struct outcome outcome;

	remember_state(self->fd);
	outcome = with_fault(1, op_ioctl, &target);
	EXPECT_TRUE(outcome.injected);
	EXPECT_EQ(EFAULT, outcome.err);
	EXPECT_TRUE(state_stayed(self->fd));
}

static void undo_away(struct target *target)
{
	__u64 none = 0;

	CHECK(ioctl(target->fd, KGIL_IOC_SET_AWAY, &none) == 0);
}

/* To follow the scheduler takes memory. */
KGIL_TEST(each, absences)
{
	__u64 never = KGIL_THRESHOLD_MAX;
	struct target target = { .fd = self->fd, .cmd = KGIL_IOC_SET_AWAY, .arg = &never };
	struct kgil_away away;

	if (variant->type != KGIL_TYPE_GIL) {
		EXPECT_FAILS(ENOTTY, self->fd, op_ioctl(&target));
		return;
	}
	EXPECT_LT(1, each_fault(_metadata, op_ioctl, &target, undo_away));
	EXPECT_EQ(0, ioctl(self->fd, KGIL_IOC_AWAY, &away));
	EXPECT_EQ(0, away.threshold_ns);
}

static void undo_acquire(struct target *target)
{
	CHECK(release(target->fd) == 0);
}

KGIL_TEST(each, acquire_until)
{
	struct kgil_until until = { .deadline_ns = 0 };
	struct target target = { .fd = self->fd, .cmd = KGIL_IOC_ACQUIRE_UNTIL, .arg = &until };

	/* The thread's record is made before. */
	CHECK(acquire(self->fd) == 0 && release(self->fd) == 0);
	EXPECT_LT(0, each_fault(_metadata, op_ioctl, &target, undo_acquire));
}

/*
 * What makes a record of the thread: by a new thread each time
 */
struct first {
	struct target target;
	int nth;
	struct outcome outcome;
	bool owns;
};

static void *run_first(void *argument)
{
	struct first *first = argument;

	first->outcome = with_fault(first->nth, op_ioctl, &first->target);
	if (first->target.cmd == KGIL_IOC_ACQUIRE && !first->outcome.err)
		CHECK(release(first->target.fd) == 0);
	return NULL;
}

static void by_new_threads(struct __test_metadata *_metadata, int fd, unsigned long cmd, void *arg)
{
	struct world before = look();
	struct first first = { .target = { .fd = fd, .cmd = cmd, .arg = arg } };
	pthread_t thread;

	for (first.nth = 1; first.nth < NTH_MAX; first.nth++) {
		remember_state(fd);
		ASSERT_EQ(0, pthread_create(&thread, NULL, run_first, &first));
		ASSERT_EQ(0, pthread_join(thread, NULL));
		if (!first.outcome.injected)
			break;
		EXPECT_TRUE(!first.outcome.err || is_refusal(first.outcome.err));
		EXPECT_TRUE(state_stayed(fd));
		EXPECT_TRUE(is_as_before(&before));
	}
	EXPECT_EQ(0, first.outcome.err);
	EXPECT_LT(1, first.nth);
	TH_LOG("%d chances to fail", first.nth - 1);
}

TYPE_FIXTURE(owned);
OWNED_VARIANTS(owned);

KGIL_TEST(owned, first_acquire)
{
	by_new_threads(_metadata, self->fd, KGIL_IOC_ACQUIRE, NULL);
}

KGIL_TEST(owned, first_attach)
{
	__u64 id;

	by_new_threads(_metadata, self->fd, KGIL_IOC_ATTACH, &id);
}

KGIL_TEST(owned, first_thread)
{
	__u64 id;

	by_new_threads(_metadata, self->fd, KGIL_IOC_THREAD, &id);
}

/* What has not been taken because there was no memory, another can take. */
KGIL_TEST(owned, taken_by_another_after)
{
	struct first first = { .target = { .fd = self->fd, .cmd = KGIL_IOC_ACQUIRE }, .nth = 1 };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_first, &first));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(first.outcome.injected);
	EXPECT_EQ(ENOMEM, first.outcome.err);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, release(self->fd));
}

/*
 * Mapping
 */
static int op_map(struct target *target)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, target->fd, 0);

	target->arg = page;
	return page == MAP_FAILED ? errno : 0;
}

static void undo_map(struct target *target)
{
	munmap(target->arg, 4096);
}

/* The first mmap of each object makes its page. */
KGIL_TEST(each, first_map)
{
	int nth, err = -1;

	for (nth = 1; nth < NTH_MAX; nth++) {
		int fd = new_object(variant->type);
		struct target target = { .fd = fd };
		struct outcome outcome;

		remember_state(fd);
		outcome = with_fault(nth, op_map, &target);
		EXPECT_TRUE(state_stayed(fd));
		if (!outcome.err)
			undo_map(&target);
		err = outcome.err;
		if (outcome.injected && err)
			EXPECT_EQ(ENOMEM, err);
		CHECK(acquire(fd) == 0 && release(fd) == 0);
		close(fd);
		if (!outcome.injected)
			break;
	}
	EXPECT_EQ(0, err);
	EXPECT_LT(1, nth);
	TH_LOG("%d chances to fail", nth - 1);
}

KGIL_TEST(each, second_map)
{
	struct user user = using(self->fd);
	struct target target = { .fd = self->fd };

	EXPECT_LT(0, each_fault(_metadata, op_map, &target, undo_map));
	EXPECT_TRUE(word_is_free(&user));
	done_using(&user);
}

/*
 * Any other command, on any object: what new ones there are is found by trying.
 * With an argument of zeros it succeeds or is refused; with a fault it is refused.
 */
static bool exists(int fd, unsigned long cmd)
{
	return ioctl(fd, cmd, BAD_POINTER) == 0 || errno != ENOTTY;
}

static void any_command(struct __test_metadata *_metadata, int fd, unsigned long cmd)
{
	struct target target = { .fd = fd, .cmd = cmd };
	int nth, plain;

	target.arg = _IOC_SIZE(cmd) ? target.data : NULL;
	plain = op_ioctl(&target);
	for (nth = 1; nth < NTH_MAX; nth++) {
		struct outcome outcome;

		memset(target.data, 0, sizeof(target.data));
		outcome = with_fault(nth, op_ioctl, &target);
		if (!outcome.injected)
			break;
		if (outcome.err && outcome.err != plain && !is_refusal(outcome.err))
			TH_LOG("command %#lx, chance %d: errno %d", cmd, nth, outcome.err);
		EXPECT_TRUE(!outcome.err || outcome.err == plain || is_refusal(outcome.err));
	}
	EXPECT_GT(NTH_MAX, nth);
}

/* Acquire and release, which take no argument, have tests of their own. */
KGIL_TEST(each, any_command)
{
	unsigned int number, size, direction, found = 0;

	thread_id(self->fd);
	for (number = 0x80; number < 0xc0; number++) {
		for (direction = 1; direction < 4; direction++) {
			for (size = 4; size < sizeof(((struct target *)0)->data); size += 4) {
				unsigned long cmd = _IOC(direction, KGIL_IOC_MAGIC, number, size);

				if (!exists(self->fd, cmd))
					continue;
				found++;
				if (cmd != KGIL_IOC_ACQUIRE_UNTIL)
					any_command(_metadata, self->fd, cmd);
			}
		}
	}
	EXPECT_LT(4, found);
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

/*
 * /proc
 */
static int op_read_file(struct target *target)
{
	int fd = open(target->arg, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (read(fd, target->data, sizeof(target->data)) < 0)
		err = errno;
	close(fd);
	return err;
}

KGIL_TEST(each, proc)
{
	struct target target = { .fd = self->fd };
	char path[64];

	target.arg = PROC_STAT;
	EXPECT_LT(2, each_fault(_metadata, op_read_file, &target, NULL));
	target.arg = PROC_OBJECTS;
	EXPECT_LT(2, each_fault(_metadata, op_read_file, &target, NULL));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	target.arg = path;
	EXPECT_LT(2, each_fault(_metadata, op_read_file, &target, NULL));
}

/*
 * Netlink
 */
struct request {
	struct nlmsghdr header;
	struct genlmsghdr genl;
	struct nlattr attr;
	char payload[8];
};

static int ask(const struct request *request, char *answer, size_t size)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), err = 0;

	if (sock < 0)
		return errno;
	if (send(sock, request, request->header.nlmsg_len, 0) < 0 ||
	    recv(sock, answer, size, MSG_DONTWAIT) < 0)
		err = errno;
	close(sock);
	/* The answer was not to be had: the request has been refused without one. */
	return err == EAGAIN ? ENOBUFS : err;
}

static __u16 family_id(void)
{
	struct request request = {
		.header = { .nlmsg_len = sizeof(request) - 3,
			    .nlmsg_type = GENL_ID_CTRL,
			    .nlmsg_flags = NLM_F_REQUEST },
		.genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attr = { .nla_len = NLA_HDRLEN + sizeof(KGIL_GENL_NAME),
			  .nla_type = CTRL_ATTR_FAMILY_NAME },
		.payload = KGIL_GENL_NAME,
	};
	char answer[4096];
	size_t at = NLMSG_LENGTH(GENL_HDRLEN);

	CHECK(ask(&request, answer, sizeof(answer)) == 0);
	while (((struct nlattr *)(answer + at))->nla_type != CTRL_ATTR_FAMILY_ID)
		at += NLA_ALIGN(((struct nlattr *)(answer + at))->nla_len);
	return *(__u16 *)(answer + at + NLA_HDRLEN);
}

static int op_netlink(struct target *target)
{
	char answer[8192];
	struct nlmsghdr *header = (struct nlmsghdr *)answer;
	int err = ask(target->arg, answer, sizeof(answer));

	if (!err && header->nlmsg_type == NLMSG_ERROR)
		return -*(int *)NLMSG_DATA(header);
	return err;
}

KGIL_TEST(each, netlink)
{
	struct request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = family_id(),
			    .nlmsg_flags = NLM_F_REQUEST },
		.genl = { .cmd = KGIL_CMD_OBJECT_GET, .version = KGIL_GENL_VERSION },
		.attr = { .nla_len = NLA_HDRLEN + 8, .nla_type = KGIL_A_OBJECT_ID },
	};
	struct target target = { .fd = self->fd, .arg = &request };
	__u64 id = state_of(self->fd).id;

	memcpy(request.payload, &id, sizeof(id));
	EXPECT_LT(2, each_fault(_metadata, op_netlink, &target, NULL));
	request.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	request.header.nlmsg_flags |= NLM_F_DUMP;
	EXPECT_LT(2, each_fault(_metadata, op_netlink, &target, NULL));
}

TEST_HARNESS_MAIN
