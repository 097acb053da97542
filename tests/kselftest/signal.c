// SPDX-License-Identifier: GPL-2.0
/* Signals that arrive while a thread waits. */
#include <signal.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

static volatile sig_atomic_t handled;

static void handle(int signal)
{
	(void)signal;
	handled++;
}

/* SIGUSR1 ends a call, SIGUSR2 lets it be restarted. */
static void set_handlers(void)
{
	struct sigaction action = { .sa_handler = handle };

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	action.sa_flags = SA_RESTART;
	CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
}

static void send_signal(struct worker *worker, int signal)
{
	CHECK(pthread_kill(worker->thread, signal) == 0);
}

EACH_TYPE_FIXTURE(each);

/* Without SA_RESTART the call ends, and nothing has changed. */
KGIL_TEST(each, interrupts)
{
	struct worker *worker = start_thread(self->fd);
	struct kgil_state before;

	set_handlers();
	ASSERT_EQ(0, acquire(self->fd));
	before = state_of(self->fd);
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	send_signal(worker, SIGUSR1);
	EXPECT_EQ(EINTR, result(worker));
	EXPECT_TRUE(state_is(self->fd, &before));
	EXPECT_EQ(1, handled);
	ASSERT_TRUE(post_waits(worker, op_until, INT64_MAX));
	send_signal(worker, SIGUSR1);
	EXPECT_EQ(EINTR, result(worker));
	EXPECT_TRUE(state_is(self->fd, &before));
	EXPECT_EQ(2, handled);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_TRUE(is_free(self->fd));
}

/* With SA_RESTART it goes on, and succeeds later. */
KGIL_TEST(each, restarts)
{
	static const worker_op ops[] = { op_acquire, op_until };
	struct worker *worker = start_thread(self->fd);
	size_t i;
	int n;

	set_handlers();
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		handled = 0;
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(worker, ops[i], INT64_MAX));
		for (n = 1; n <= 5; n++) {
			send_signal(worker, SIGUSR2);
			ASSERT_TRUE(WAIT_UNTIL(handled == n));
			ASSERT_TRUE(WAIT_UNTIL(state_of(self->fd).waiters == 1));
			ASSERT_FALSE(finished(worker));
		}
		EXPECT_EQ(0, release(self->fd));
		EXPECT_EQ(0, result(worker));
		EXPECT_EQ(0, call(worker, op_release, 0));
		EXPECT_TRUE(is_free(self->fd));
	}
}

/* A deadline is a point in time: restarting doesn't move it. */
KGIL_TEST(each, restart_keeps_deadline)
{
	struct worker *worker = start_thread(self->fd);
	__u64 deadline = now_ns() + 300 * NSEC_PER_MSEC;

	set_handlers();
	ASSERT_EQ(0, acquire(self->fd));
	post(worker, op_until, deadline);
	/* Would go on for ever if each restart began anew. */
	ASSERT_TRUE(WAIT_UNTIL(finished(worker) || (send_signal(worker, SIGUSR2), false)));
	EXPECT_EQ(ETIMEDOUT, result(worker));
	EXPECT_LE(deadline, worker->ended_ns);
	EXPECT_LT(0, handled);
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

/* An interrupted waiter isn't handed anything: the next one is. */
KGIL_TEST(each, interrupted_waiter_leaves)
{
	struct worker *first = start_thread(self->fd);
	struct worker *second = start_thread(self->fd);

	set_handlers();
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(first, op_acquire, 0));
	ASSERT_TRUE(post_waits(second, op_acquire, 0));
	send_signal(first, SIGUSR1);
	EXPECT_EQ(EINTR, result(first));
	EXPECT_EQ(1, state_of(self->fd).waiters);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(second));
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(0, state_of(self->fd).waiters);
}

/* A signal that comes after the grant takes nothing away. */
KGIL_TEST(each, granted_before_signal)
{
	static const int signals[] = { SIGUSR1, SIGUSR2 };
	struct worker *worker = start_thread(self->fd);
	size_t i;

	set_handlers();
	ASSERT_EQ(0, call(worker, op_pin, 0));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(worker, op_acquire, 0));
		/* Long enough for a hand-off. */
		usleep(A_WHILE_US);
		/* The worker sees both when it runs again. */
		hold_back_others();
		ASSERT_EQ(0, release(self->fd));
		send_signal(worker, signals[i % 2]);
		resume_others();
		ASSERT_EQ(0, result(worker));
		ASSERT_EQ(0, state_of(self->fd).count);
		ASSERT_EQ(0, call(worker, op_release, 0));
		ASSERT_TRUE(is_free(self->fd));
	}
	EXPECT_TRUE(WAIT_UNTIL(handled == 20));
}

/* Grant and signal at any moment: it is either owned or free. */
KGIL_TEST(each, grant_races_with_signal)
{
	struct worker *worker = start_thread(self->fd);
	int i, err;

	set_handlers();
	random_seed();
	for (i = 0; i < 300; i++) {
		__u64 until;

		ASSERT_EQ(0, acquire(self->fd));
		ASSERT_TRUE(post_waits(worker, op_acquire, 0));
		if (i % 2)
			send_signal(worker, SIGUSR1);
		until = now_ns() + random_below(50000);
		while (now_ns() < until)
			;
		ASSERT_EQ(0, release(self->fd));
		if (i % 2 == 0)
			send_signal(worker, SIGUSR1);
		err = result(worker);
		if (err == 0) {
			ASSERT_EQ(0, state_of(self->fd).count);
			ASSERT_EQ(0, call(worker, op_release, 0));
		} else {
			ASSERT_EQ(EINTR, err);
		}
		ASSERT_EQ(0, state_of(self->fd).waiters);
		ASSERT_TRUE(is_free(self->fd));
	}
}

static bool stopped(pid_t pid)
{
	int status;

	return waitpid(pid, &status, WNOHANG | WUNTRACED) == pid && WIFSTOPPED(status);
}

/* A stopped process goes on waiting when it is continued. */
KGIL_TEST(each, stop_and_continue)
{
	struct worker *worker = start_process(self->fd);

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	kill(worker->pid, SIGSTOP);
	ASSERT_TRUE(WAIT_UNTIL(stopped(worker->pid)));
	EXPECT_FALSE(finished(worker));
	kill(worker->pid, SIGCONT);
	EXPECT_TRUE(WAIT_UNTIL(state_of(self->fd).waiters == 1));
	EXPECT_FALSE(finished(worker));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(0, call(worker, op_release, 0));
}

/* While it is stopped, it keeps nobody else from the object. */
KGIL_TEST(each, stopped_waiter_is_no_obstacle)
{
	struct worker *stopping = start_process(self->fd);
	struct worker *other = start_thread(self->fd);

	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(stopping, op_acquire, 0));
	kill(stopping->pid, SIGSTOP);
	ASSERT_TRUE(WAIT_UNTIL(stopped(stopping->pid)));
	EXPECT_TRUE(WAIT_UNTIL(state_of(self->fd).waiters == 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, call(other, op_acquire, 0));
	EXPECT_EQ(0, call(other, op_release, 0));
	kill(stopping->pid, SIGCONT);
	EXPECT_EQ(0, result(stopping));
	EXPECT_EQ(0, state_of(self->fd).count);
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
	close(self->fd);
}

/* A yield that a signal ends has given the lock up, SA_RESTART or not. */
KGIL_TEST(gil, yield_is_not_restarted)
{
	static const int signals[] = { SIGUSR1, SIGUSR2 };
	struct worker *yielder = start_thread(self->fd);
	struct worker *next = start_thread(self->fd);
	size_t i;

	set_handlers();
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		ASSERT_EQ(0, call(yielder, op_acquire, 0));
		ASSERT_TRUE(post_waits(next, op_acquire, 0));
		post(yielder, op_yield, 0);
		ASSERT_EQ(0, result(next));
		ASSERT_TRUE(WAIT_UNTIL(state_of(self->fd).waiters == 1));
		send_signal(yielder, signals[i]);
		EXPECT_EQ(EINTR, result(yielder));
		EXPECT_EQ(0, state_of(self->fd).waiters);
		EXPECT_EQ(0, call(yielder, op_is_mine, 0));
		EXPECT_EQ(0, yielder->value);
		EXPECT_EQ(EPERM, call(yielder, op_release, 0));
		EXPECT_EQ(EPERM, call(yielder, op_yield, 0));
		EXPECT_EQ(0, call(next, op_is_mine, 0));
		EXPECT_EQ(1, next->value);
		EXPECT_EQ(0, call(next, op_release, 0));
		EXPECT_TRUE(is_free(self->fd));
	}
}

TEST_HARNESS_MAIN
