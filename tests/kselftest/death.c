// SPDX-License-Identifier: GPL-2.0
/* Owners that die, takers that die, waiters that die. */
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

static bool died(int fd)
{
	return state_of(fd).flags & KGIL_STATE_OWNER_DIED;
}

static __u64 deaths(int fd)
{
	return stats_of(fd).owner_deaths;
}

/* The waiter was told; it is the owner now, and the next acquire is like any. */
static void expect_heir(struct __test_metadata *_metadata, int fd, struct worker *heir)
{
	EXPECT_EQ(EOWNERDEAD, result(heir));
	EXPECT_FALSE(died(fd));
	EXPECT_EQ(1, deaths(fd));
	EXPECT_EQ(1, state_of(fd).depth);
	EXPECT_EQ(0, call(heir, op_is_mine, 0));
	EXPECT_EQ(1, heir->value);
	EXPECT_EQ(0, call(heir, op_release, 0));
	EXPECT_TRUE(is_free(fd));
	EXPECT_FALSE(died(fd));
	EXPECT_EQ(0, call(heir, op_acquire, 0));
	EXPECT_EQ(0, call(heir, op_release, 0));
	EXPECT_EQ(1, deaths(fd));
}

OWNED_FIXTURE(owned);

KGIL_TEST(owned, thread_exits)
{
	struct worker *owner = start_thread(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	end_worker(owner);
	expect_heir(_metadata, self->fd, heir);
}

KGIL_TEST(owned, process_exits)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_until, INT64_MAX));
	end_worker(owner);
	expect_heir(_metadata, self->fd, heir);
}

KGIL_TEST(owned, process_is_killed)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	kill_worker(owner);
	expect_heir(_metadata, self->fd, heir);
}

static int op_close(int fd, __u64 *value)
{
	(void)value;
	return close(fd) ? errno : 0;
}

/* Its owner has no descriptor of it any more, but lives: it is owned. */
KGIL_TEST(owned, owner_closes)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_EQ(0, call(owner, op_close, 0));
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(heir));
	EXPECT_EQ((__u32)owner->tid, state_of(self->fd).owner_tid);
	kill_worker(owner);
	expect_heir(_metadata, self->fd, heir);
}

/* Nobody waits: the next acquire, in each of its ways, is told. */
KGIL_TEST(owned, nobody_waits)
{
	static const worker_op ops[] = { op_acquire, op_try, op_until };
	struct worker *next = start_thread(self->fd);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct worker *owner = start_process(self->fd);

		ASSERT_EQ(0, call(owner, op_acquire, 0));
		kill_worker(owner);
		ASSERT_TRUE(WAIT_UNTIL(died(self->fd)));
		EXPECT_EQ(KGIL_STATE_OWNER_DIED, state_of(self->fd).flags);
		EXPECT_TRUE(is_free(self->fd));
		EXPECT_EQ(EOWNERDEAD, call(next, ops[i], 0));
		EXPECT_FALSE(died(self->fd));
		EXPECT_EQ(0, call(next, op_is_mine, 0));
		EXPECT_EQ(1, next->value);
		EXPECT_EQ(0, call(next, op_release, 0));
		EXPECT_EQ(0, call(next, ops[i], 0));
		EXPECT_EQ(0, call(next, op_release, 0));
		EXPECT_EQ(i + 1, deaths(self->fd));
	}
}

/* A dead owner's lock is free: releasing it is refused, and forgets nothing. */
KGIL_TEST(owned, release_after_death)
{
	struct worker *owner = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	kill_worker(owner);
	ASSERT_TRUE(WAIT_UNTIL(died(self->fd)));
	EXPECT_FAILS(EPERM, self->fd, release(self->fd));
	EXPECT_TRUE(died(self->fd));
	EXPECT_EQ(EOWNERDEAD, acquire(self->fd));
}

/* One death is told to one waiter. */
KGIL_TEST(owned, told_once)
{
	struct worker *owner = start_process(self->fd);
	struct worker *set[3];
	int n = 3, who, i;

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	for (i = 0; i < n; i++) {
		set[i] = start_thread(self->fd);
		ASSERT_TRUE(post_waits(set[i], op_acquire, 0));
	}
	kill_worker(owner);
	for (i = 0; i < 3; i++) {
		who = first_finished(set, n);
		ASSERT_LE(0, who);
		EXPECT_EQ(i == 0 ? EOWNERDEAD : 0, result(set[who]));
		EXPECT_EQ(0, call(set[who], op_release, 0));
		set[who] = set[--n];
	}
	EXPECT_EQ(1, deaths(self->fd));
}

/* Who was told and dies too leaves it to the next in the same way. */
KGIL_TEST(owned, one_after_the_other)
{
	struct worker *set[4];
	int i;

	for (i = 0; i < 4; i++) {
		set[i] = start_process(self->fd);
		ASSERT_TRUE(i ? post_waits(set[i], op_acquire, 0) :
				call(set[i], op_acquire, 0) == 0);
	}
	kill_worker(set[0]);
	for (i = 1; i < 4; i++) {
		int who = first_finished(set + i, 4 - i);
		struct worker *heir = set[i + who];

		ASSERT_LE(0, who);
		set[i + who] = set[i];
		ASSERT_EQ(EOWNERDEAD, result(heir));
		kill_worker(heir);
	}
	EXPECT_TRUE(WAIT_UNTIL(died(self->fd)));
	EXPECT_EQ(4, deaths(self->fd));
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

/* A child of fork owns nothing of what its parent owns. */
KGIL_TEST(owned, fork_gives_nothing)
{
	pid_t child;

	ASSERT_EQ(0, acquire(self->fd));
	child = fork_child();
	if (child == 0) {
		CHECK(!is_mine(self->fd));
		CHECK(release(self->fd) == EPERM);
		CHECK(try_acquire(self->fd) == EAGAIN);
		CHECK(acquire_until(self->fd, 0) == ETIMEDOUT);
		_exit(0);
	}
	EXPECT_TRUE(child_succeeds(child));
	EXPECT_TRUE(is_mine(self->fd));
	EXPECT_FALSE(died(self->fd));
	EXPECT_EQ(0, deaths(self->fd));
	EXPECT_EQ(0, release(self->fd));
}

/* The other way round: the parent's end isn't the child's. */
KGIL_TEST(owned, parent_ends)
{
	int ends[2];
	pid_t parent;
	char c;

	ASSERT_EQ(0, pipe(ends));
	parent = fork_child();
	if (parent == 0) {
		if (fork() > 0)
			_exit(0);
		if (acquire(self->fd) || write(ends[1], "", 1) != 1)
			_exit(1);
		usleep(A_WHILE_US);
		_exit(release(self->fd));
	}
	EXPECT_TRUE(child_succeeds(parent));
	ASSERT_EQ(1, read(ends[0], &c, 1));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, deaths(self->fd));
}

/* exec closes the descriptor: to the object that is a death, if the process lives. */
KGIL_TEST(owned, exec_closes)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_pause, 0));
	expect_heir(_metadata, self->fd, heir);
	EXPECT_EQ(0, kill(owner->pid, 0));
	kill_worker(owner);
	EXPECT_EQ(1, deaths(self->fd));
}

KGIL_TEST(owned, exec_closes_and_nobody_waits)
{
	struct worker *owner = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_pause, 0));
	EXPECT_TRUE(WAIT_UNTIL(died(self->fd)));
	EXPECT_EQ(EOWNERDEAD, acquire(self->fd));
	kill_worker(owner);
	EXPECT_TRUE(is_mine(self->fd));
}

/* exec keeps the descriptor: the same thread goes on owning. */
KGIL_TEST(owned, exec_keeps)
{
	struct worker *owner = start_process(self->fd);
	struct worker *next = start_thread(self->fd);
	pid_t pid = owner->pid;

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(next, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_mine, 0));
	EXPECT_EQ(0, result(next));
	EXPECT_TRUE(child_succeeds(pid));
	owner->pid = 0;
	EXPECT_EQ(0, deaths(self->fd));
}

/* One of two descriptors is kept: so is the ownership. */
static int op_exec_mine_by_dup(int fd, __u64 *value)
{
	int kept = dup(fd);

	(void)value;
	CHECK(kept >= 0);
	execute("mine", kept);
	return 0;
}

KGIL_TEST(owned, exec_keeps_one_of_two)
{
	struct worker *owner = start_process(self->fd);
	pid_t pid = owner->pid;

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_exec_mine_by_dup, 0));
	EXPECT_TRUE(child_succeeds(pid));
	owner->pid = 0;
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_FALSE(died(self->fd));
	EXPECT_EQ(0, deaths(self->fd));
}

/* A process that shares the owner's table of descriptors, and lives on. */
static int op_share_table(int fd, __u64 *pid)
{
	*pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	(void)fd;
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return *pid == (__u64)-1 ? errno : 0;
}

/* exec leaves the shared table, and closes in its own: that is a death, too. */
KGIL_TEST(owned, exec_leaves_shared_table)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);
	pid_t sharer;

	ASSERT_EQ(0, call(owner, op_share_table, 0));
	sharer = owner->value;
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	post(owner, op_exec_pause, 0);
	expect_heir(_metadata, self->fd, heir);
	EXPECT_EQ(0, kill(owner->pid, 0));
	EXPECT_EQ(0, kill(sharer, SIGKILL));
	kill_worker(owner);
	EXPECT_EQ(1, deaths(self->fd));
}

/* The one that shares it executes a program: the owner hasn't. */
static int op_share_and_exec(int fd, __u64 *pid)
{
	*pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		op_exec_pause(fd, pid);
	}
	return *pid == (__u64)-1 ? errno : 0;
}

KGIL_TEST(owned, other_execs)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	ASSERT_EQ(0, call(owner, op_share_and_exec, 0));
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(heir));
	EXPECT_EQ(0, call(owner, op_is_mine, 0));
	EXPECT_EQ(1, owner->value);
	kill_worker(owner);
	expect_heir(_metadata, self->fd, heir);
}

/*
 * A second thread of a process, which executes a program when told to.
 */
struct second {
	int fd;
	bool acquires;
	const char *what;
	sem_t acquired;
	sem_t go;
};

static struct second second;

static void *second_thread(void *arg)
{
	(void)arg;
	if (second.acquires)
		CHECK(acquire(second.fd) == 0);
	CHECK(sem_post(&second.acquired) == 0);
	while (sem_wait(&second.go))
		;
	execute(second.what, strcmp(second.what, "pause") ? second.fd : -1);
	return NULL;
}

static int start_second(int fd, bool acquires, const char *what)
{
	pthread_t thread;

	second = (struct second){ .fd = fd, .acquires = acquires, .what = what };
	CHECK(sem_init(&second.acquired, 0, 0) == 0 && sem_init(&second.go, 0, 0) == 0);
	CHECK(pthread_create(&thread, NULL, second_thread, NULL) == 0);
	while (sem_wait(&second.acquired))
		;
	return 0;
}

static int op_second_pause(int fd, __u64 *value)
{
	(void)value;
	return start_second(fd, true, "pause");
}

static int op_second_mine(int fd, __u64 *value)
{
	(void)value;
	CHECK(fcntl(fd, F_SETFD, 0) == 0);
	return start_second(fd, true, "mine");
}

static int op_second_other(int fd, __u64 *value)
{
	int err = acquire(fd);

	(void)value;
	CHECK(fcntl(fd, F_SETFD, 0) == 0);
	return err ? err : start_second(fd, false, "other");
}

static int op_go(int fd, __u64 *value)
{
	(void)fd;
	(void)value;
	sem_post(&second.go);
	return pause();
}

/* The same from a thread that isn't the process's first. */
KGIL_TEST(owned, exec_in_thread_closes)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);

	ASSERT_EQ(0, call(owner, op_second_pause, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_go, 0));
	expect_heir(_metadata, self->fd, heir);
	EXPECT_EQ(0, kill(owner->pid, 0));
	kill_worker(owner);
}

KGIL_TEST(owned, exec_in_thread_keeps)
{
	struct worker *owner = start_process(self->fd);
	struct worker *next = start_thread(self->fd);
	pid_t pid = owner->pid;

	ASSERT_EQ(0, call(owner, op_second_mine, 0));
	ASSERT_TRUE(post_waits(next, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_go, 0));
	EXPECT_EQ(0, result(next));
	EXPECT_TRUE(child_succeeds(pid));
	owner->pid = 0;
	EXPECT_EQ(0, deaths(self->fd));
}

/* exec ends the other threads: the first of them, the owner, too. */
KGIL_TEST(owned, exec_in_thread_ends_owner)
{
	struct worker *owner = start_process(self->fd);
	struct worker *heir = start_thread(self->fd);
	pid_t pid = owner->pid;

	ASSERT_EQ(0, call(owner, op_second_other, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	ASSERT_EQ(WORKER_ENDED, call(owner, op_go, 0));
	expect_heir(_metadata, self->fd, heir);
	EXPECT_TRUE(child_succeeds(pid));
	owner->pid = 0;
}

/*
 * Many at once
 */
#define OWNERS 24

static int owned_fds[OWNERS];
static int told[2];

static void *own_one(void *arg)
{
	CHECK(acquire(*(int *)arg) == 0);
	CHECK(write(told[1], "", 1) == 1);
	for (;;)
		pause();
	return NULL;
}

static void own_by_threads(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < OWNERS; i++)
		CHECK(pthread_create(&thread, NULL, own_one, &owned_fds[i]) == 0);
	for (;;)
		pause();
}

static void own_by_one(void)
{
	int i;

	for (i = 0; i < OWNERS; i++) {
		CHECK(acquire(owned_fds[i]) == 0);
		CHECK(write(told[1], "", 1) == 1);
	}
	for (;;)
		pause();
}

/* Kills a process that owns many objects, half of which are waited for. */
static void kill_owner_of_many(struct __test_metadata *_metadata, __u32 type, void (*own)(void))
{
	struct worker *heirs[OWNERS / 2];
	pid_t owner;
	char c;
	int i;

	ASSERT_EQ(0, pipe(told));
	for (i = 0; i < OWNERS; i++)
		owned_fds[i] = new_object(type);
	owner = fork_child();
	if (owner == 0)
		own();
	for (i = 0; i < OWNERS; i++)
		ASSERT_EQ(1, read(told[0], &c, 1));
	for (i = 0; i < OWNERS / 2; i++) {
		heirs[i] = start_thread(owned_fds[2 * i]);
		ASSERT_TRUE(post_waits(heirs[i], op_acquire, 0));
	}
	kill(owner, SIGKILL);
	for (i = 0; i < OWNERS / 2; i++) {
		EXPECT_EQ(EOWNERDEAD, result(heirs[i]));
		EXPECT_TRUE(WAIT_UNTIL(died(owned_fds[2 * i + 1])));
		EXPECT_EQ(EOWNERDEAD, try_acquire(owned_fds[2 * i + 1]));
	}
	for (i = 0; i < OWNERS; i++) {
		EXPECT_EQ(1, deaths(owned_fds[i]));
		close(owned_fds[i]);
	}
	EXPECT_NE(-1, reap(owner));
}

KGIL_TEST(owned, many_threads_die)
{
	kill_owner_of_many(_metadata, variant->type, own_by_threads);
}

KGIL_TEST(owned, one_owns_many)
{
	kill_owner_of_many(_metadata, variant->type, own_by_one);
}

#define TOUCHED 5000

/* However many objects a thread has had, what it owns it owns until its end. */
KGIL_TEST(owned, owns_after_many)
{
	const struct rlimit limit = { .rlim_cur = 2 * TOUCHED, .rlim_max = 2 * TOUCHED };
	static int fds[TOUCHED];
	__u64 id;
	int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, acquire(self->fd));
	id = attach(self->fd);
	for (i = 0; i < TOUCHED; i++) {
		fds[i] = new_object(variant->type);
		ASSERT_EQ(0, acquire(fds[i]));
		if (i % 100)
			ASSERT_EQ(0, release(fds[i]));
	}
	EXPECT_TRUE(is_mine(self->fd));
	EXPECT_EQ(id, attach(self->fd));
	for (i = 0; i < TOUCHED; i++) {
		if (i % 100)
			ASSERT_EQ(0, acquire(fds[i]));
		ASSERT_EQ(0, release(fds[i]));
		close(fds[i]);
	}
	EXPECT_EQ(0, release(self->fd));
}

/* An owner that dies while it waits for another object. */
KGIL_TEST(owned, owner_dies_waiting)
{
	int other = new_object(variant->type);
	struct worker *victim = start_process(self->fd);
	struct worker *waiter = start_process(other);
	pid_t pid;

	ASSERT_EQ(0, acquire(other));
	pid = fork_child();
	if (pid == 0) {
		CHECK(acquire(self->fd) == 0);
		acquire(other);
		_exit(1);
	}
	ASSERT_TRUE(WAIT_UNTIL(state_of(other).waiters == 1));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	ASSERT_TRUE(post_waits(victim, op_acquire, 0));
	kill(pid, SIGKILL);
	EXPECT_EQ(EOWNERDEAD, result(victim));
	EXPECT_NE(-1, reap(pid));
	EXPECT_EQ(1, state_of(other).waiters);
	EXPECT_EQ(0, release(other));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, deaths(other));
	close(other);
}

TYPE_FIXTURE(recursive);
TYPE_VARIANT(recursive, rlock, KGIL_TYPE_RLOCK);

/* Several times deep, and dead: the next begins at 1. */
KGIL_TEST(recursive, depth_ends_with_owner)
{
	struct worker *owner = start_process(self->fd);

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	EXPECT_EQ(3, state_of(self->fd).depth);
	kill_worker(owner);
	EXPECT_TRUE(WAIT_UNTIL(died(self->fd)));
	EXPECT_EQ(0, state_of(self->fd).depth);
	EXPECT_EQ(EOWNERDEAD, acquire(self->fd));
	EXPECT_EQ(1, state_of(self->fd).depth);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_TRUE(is_free(self->fd));
}

/* The owner is killed, then a waiter, at any moment: the other one is told. */
KGIL_TEST(owned, heir_dies_too)
{
	int i;

	random_seed();
	for (i = 0; i < 60; i++) {
		struct worker *owner = start_process(self->fd);
		struct worker *first = start_process(self->fd);
		struct worker *second = start_process(self->fd);
		int err = call(owner, op_acquire, 0);
		int who;

		ASSERT_TRUE(err == 0 || err == EOWNERDEAD);
		ASSERT_TRUE(post_waits(first, op_acquire, 0));
		ASSERT_TRUE(post_waits(second, op_acquire, 0));
		kill(owner->pid, SIGKILL);
		if (i % 3)
			usleep(random_below(1000));
		kill(first->pid, SIGKILL);
		who = first_finished(&second, 1);
		ASSERT_EQ(0, who);
		ASSERT_EQ(EOWNERDEAD, result(second));
		kill_worker(owner);
		kill_worker(first);
		ASSERT_EQ(0, call(second, op_release, 0));
		end_workers();
		ASSERT_EQ(0, state_of(self->fd).waiters);
		ASSERT_TRUE(is_free(self->fd));
	}
}

UNOWNED_FIXTURE(unowned);

/* Nobody owns a sem or a lock: what a dead one took stays taken. */
KGIL_TEST(unowned, taker_dies)
{
	struct worker *taker = start_process(self->fd);
	struct worker *thread = start_thread(self->fd);
	struct worker *waiter = start_thread(self->fd);

	ASSERT_EQ(0, call(taker, op_acquire, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	kill_worker(taker);
	usleep(A_WHILE_US);
	EXPECT_FALSE(finished(waiter));
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(0, state_of(self->fd).flags);
	EXPECT_EQ(1, state_of(self->fd).waiters);
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(waiter));
	EXPECT_EQ(0, call(waiter, op_release, 0));

	ASSERT_EQ(0, call(thread, op_acquire, 0));
	end_worker(thread);
	EXPECT_EQ(EAGAIN, try_acquire(self->fd));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_TRUE(is_free(self->fd));
	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(0, deaths(self->fd));
}

EACH_TYPE_FIXTURE(each);

/* A waiter that is killed leaves the queue; the others keep their places. */
KGIL_TEST(each, waiter_is_killed)
{
	struct worker *set[3];
	int i;

	ASSERT_EQ(0, acquire(self->fd));
	for (i = 0; i < 3; i++) {
		set[i] = start_process(self->fd);
		ASSERT_TRUE(post_waits(set[i], i == 1 ? op_until : op_acquire, INT64_MAX));
	}
	kill_worker(set[1]);
	EXPECT_EQ(2, state_of(self->fd).waiters);
	kill_worker(set[0]);
	EXPECT_EQ(1, state_of(self->fd).waiters);
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(set[2]));
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(0, deaths(self->fd));
}

/*
 * A release and a kill that a waiter sees together, when it runs again: it never
 * comes back from its call, so it never had what it was granted.
 */
static void kill_granted(struct __test_metadata *_metadata, int fd, bool kill_first)
{
	struct worker *victim = start_process(fd);

	ASSERT_EQ(0, call(victim, op_pin, 0));
	ASSERT_TRUE(post_waits(victim, op_acquire, 0));
	hold_back_others();
	if (kill_first)
		kill(victim->pid, SIGKILL);
	ASSERT_EQ(0, release(fd));
	if (!kill_first)
		kill(victim->pid, SIGKILL);
	resume_others();
	kill_worker(victim);
}

KGIL_TEST(each, granted_waiter_is_killed)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		kill_granted(_metadata, self->fd, i % 2);
		ASSERT_EQ(0, state_of(self->fd).waiters);
		ASSERT_TRUE(is_free(self->fd));
		ASSERT_FALSE(died(self->fd));
	}
	EXPECT_EQ(0, deaths(self->fd));
}

KGIL_TEST(each, granted_waiter_passes_on)
{
	int i;

	for (i = 0; i < 20; i++) {
		struct worker *victim = start_process(self->fd);
		struct worker *next = start_thread(self->fd);

		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_EQ(0, call(victim, op_pin, 0));
		ASSERT_TRUE(post_waits(victim, op_acquire, 0));
		ASSERT_TRUE(post_waits(next, op_acquire, 0));
		hold_back_others();
		ASSERT_EQ(0, release(self->fd));
		kill(victim->pid, SIGKILL);
		resume_others();
		ASSERT_EQ(0, result(next));
		kill_worker(victim);
		ASSERT_EQ(0, state_of(self->fd).waiters);
		ASSERT_EQ(0, call(next, op_release, 0));
		ASSERT_TRUE(is_free(self->fd));
		end_worker(next);
	}
	EXPECT_EQ(0, deaths(self->fd));
}

/*
 * Anybody may release a sem or lock.  What was granted to the victim has been released
 * and taken by another when the victim dies: that one's hold isn't ended by it.
 */
KGIL_TEST(unowned, granted_released_and_taken)
{
	int i;

	for (i = 0; i < 5; i++) {
		struct worker *victim = start_process(self->fd);

		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_EQ(0, call(victim, op_pin, 0));
		ASSERT_TRUE(post_waits(victim, op_acquire, 0));
		/* Long enough for a hand-off. */
		usleep(A_WHILE_US);
		hold_back_others();
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, release(self->fd));
		ASSERT_EQ(0, try_acquire(self->fd));
		kill(victim->pid, SIGKILL);
		resume_others();
		kill_worker(victim);
		EXPECT_EQ(EAGAIN, try_acquire(self->fd));
		EXPECT_EQ(0, release(self->fd));
		EXPECT_TRUE(is_free(self->fd));
	}
}

TEST_HARNESS_MAIN
