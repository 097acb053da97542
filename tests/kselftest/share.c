// SPDX-License-Identifier: GPL-2.0
/* Descriptors: shared, passed, closed; and how long an object lives. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

EACH_TYPE_FIXTURE(each);

static bool listed(__u64 id)
{
	return proc_field(id, "id");
}

KGIL_TEST(each, inherited_by_fork)
{
	struct worker *child = start_process(self->fd);
	__u64 id = state_of(self->fd).id;
	pid_t pid;

	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_EQ(EAGAIN, call(child, op_try, 0));
	ASSERT_TRUE(post_waits(child, op_acquire, 0));
	ASSERT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(child));
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_EQ(0, call(child, op_release, 0));
	EXPECT_TRUE(is_free(self->fd));

	pid = fork_child();
	if (pid == 0)
		_exit(state_of(self->fd).id != id);
	EXPECT_TRUE(child_succeeds(pid));
}

/* In a process that gets the object by a socket, taken: wait for it, say so. */
static void use_received(int sock, __u64 id)
{
	int fd = receive_descriptor(sock);

	CHECK(state_of(fd).id == id);
	CHECK(try_acquire(fd) == EAGAIN);
	CHECK(acquire(fd) == 0);
	CHECK(release(fd) == 0);
	CHECK(close(fd) == 0);
}

KGIL_TEST(each, passed_by_socket)
{
	int ends[2], fd;
	__u64 id;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	/* Later than the fork: the child cannot have it in another way. */
	pid = fork_child();
	if (pid == 0) {
		CHECK(read(ends[0], &id, sizeof(id)) == sizeof(id));
		use_received(ends[0], id);
		_exit(0);
	}
	fd = new_object(variant->type);
	id = state_of(fd).id;
	ASSERT_EQ(0, acquire(fd));
	ASSERT_EQ((ssize_t)sizeof(id), write(ends[1], &id, sizeof(id)));
	send_descriptor(ends[1], fd);
	ASSERT_TRUE(WAIT_UNTIL(state_of(fd).waiters == 1));
	EXPECT_EQ(0, release(fd));
	EXPECT_TRUE(child_succeeds(pid));
	EXPECT_TRUE(is_free(fd));
	close(fd);
	EXPECT_FALSE(listed(id));
}

/* A descriptor that is on its way keeps the object. */
KGIL_TEST(each, lives_in_socket)
{
	int ends[2], fd = new_object(variant->type);
	__u64 id = state_of(fd).id;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	send_descriptor(ends[1], fd);
	close(fd);
	EXPECT_TRUE(listed(id));
	fd = receive_descriptor(ends[0]);
	EXPECT_EQ(id, state_of(fd).id);
	EXPECT_EQ(0, acquire(fd));
	close(fd);
	EXPECT_FALSE(listed(id));
}

KGIL_TEST(each, duplicates)
{
	int fd = dup(self->fd);

	ASSERT_LE(0, fd);
	EXPECT_EQ(state_of(self->fd).id, state_of(fd).id);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, state_of(fd).count);
	EXPECT_EQ(0, release(fd));
	EXPECT_TRUE(is_free(self->fd));
	close(fd);
	EXPECT_EQ(0, acquire(self->fd));
}

KGIL_TEST(each, lives_until_last_close)
{
	int first = new_object(variant->type), second = dup(first);
	__u64 id = state_of(first).id;
	__u64 objects = proc_total("objects");

	EXPECT_TRUE(listed(id));
	close(first);
	EXPECT_TRUE(listed(id));
	EXPECT_EQ(id, state_of(second).id);
	close(second);
	EXPECT_FALSE(listed(id));
	EXPECT_EQ(objects - 1, proc_total("objects"));
}

KGIL_TEST(each, is_another_than_the_next)
{
	int other = new_object(variant->type);

	EXPECT_NE(state_of(self->fd).id, state_of(other).id);
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_TRUE(is_free(other));
	EXPECT_EQ(0, acquire(other));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, state_of(other).count);
	close(other);
}

/* A close wakes nobody: who waits goes on, and is granted by another way. */
KGIL_TEST(each, closed_while_waited_on)
{
	int fd = new_object(variant->type), kept = dup(fd);
	struct worker *waiter = start_thread(fd);

	ASSERT_LE(0, kept);
	ASSERT_EQ(0, acquire(fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	close(fd);
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(waiter));
	EXPECT_EQ(1, state_of(kept).waiters);
	EXPECT_EQ(0, release(kept));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, state_of(kept).waiters);
	EXPECT_EQ(0, state_of(kept).count);
	close(kept);
}

KGIL_TEST(each, released_by_other_process)
{
	int fd = new_object(variant->type);
	__u64 id = state_of(fd).id;
	struct worker *taker = start_process(fd);
	struct worker *waiter = start_thread(fd);

	ASSERT_EQ(0, call(taker, op_acquire, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	close(fd);
	EXPECT_EQ(1, proc_number(id, "waiters"));
	EXPECT_EQ(0, call(taker, op_release, 0));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, proc_number(id, "waiters"));
	kill_worker(taker);
	EXPECT_FALSE(listed(id));
}

/* Not even the last close frees what is waited for: the call keeps it. */
KGIL_TEST(each, last_close_while_waited_on)
{
	int fd = new_object(variant->type);
	__u64 id = state_of(fd).id;
	struct worker *waiter = start_thread(fd);

	ASSERT_EQ(0, acquire(fd));
	ASSERT_TRUE(post_waits(waiter, op_until, now_ns() + NSEC_PER_SEC / 2));
	close(fd);
	EXPECT_TRUE(listed(id));
	EXPECT_EQ(1, proc_number(id, "waiters"));
	EXPECT_EQ(ETIMEDOUT, result(waiter));
	EXPECT_TRUE(WAIT_UNTIL(!listed(id)));
}

/* A killed waiter was the last to keep it. */
KGIL_TEST(each, last_waiter_is_killed)
{
	int fd = new_object(variant->type);
	__u64 id = state_of(fd).id;
	struct worker *waiter = start_process(fd);

	ASSERT_EQ(0, acquire(fd));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	close(fd);
	EXPECT_EQ(1, proc_number(id, "waiters"));
	kill_worker(waiter);
	EXPECT_FALSE(listed(id));
}

OWNED_FIXTURE(owned);

/* The owner ends, and with it its id; the object that nobody has open goes too. */
KGIL_TEST(owned, owner_ends_after_last_close)
{
	struct worker *owner;
	int fd = new_object(variant->type);
	__u64 id = state_of(fd).id;
	__u64 deaths = proc_total("owner_deaths");

	owner = start_process(fd);
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	close(fd);
	EXPECT_TRUE(listed(id));
	kill_worker(owner);
	EXPECT_TRUE(WAIT_UNTIL(!listed(id)));
	EXPECT_LE(deaths, proc_total("owner_deaths"));
}

/* The owner dies, nobody has the object open but the one who waits. */
KGIL_TEST(owned, heir_without_descriptor)
{
	int fd = new_object(variant->type);
	__u64 id = state_of(fd).id;
	struct worker *owner = start_process(fd);
	struct worker *heir = start_thread(fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	close(fd);
	kill_worker(owner);
	EXPECT_EQ(EOWNERDEAD, result(heir));
	EXPECT_TRUE(WAIT_UNTIL(!listed(id)));
	/* Nothing of it is left with the heir either. */
	fd = new_object(variant->type);
	EXPECT_FALSE(is_mine(fd));
	EXPECT_EQ(0, acquire(fd));
	close(fd);
}

/* Closing what one owns: the object goes, and the thread owns nothing of the next. */
KGIL_TEST(owned, closed_while_owned)
{
	int i;

	for (i = 0; i < 100; i++) {
		int fd = new_object(variant->type);

		ASSERT_FALSE(is_mine(fd));
		ASSERT_EQ(0, acquire(fd));
		ASSERT_TRUE(is_mine(fd));
		close(fd);
	}
}

TEST_HARNESS_MAIN
