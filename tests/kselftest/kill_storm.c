// SPDX-License-Identifier: GPL-2.0
/*
 * SIGKILL at a random point of a holder's or a waiter's life, again and again.
 * Repeat a run with KGIL_SEED=<the seed it printed>.
 */
#include <signal.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define ROUNDS	 1000
#define DELAY_US 300
#define SHORT_NS 30000

/* What a victim does until it is killed. */
static void hold(int fd)
{
	int err = acquire(fd);

	CHECK(err == 0 || err == EOWNERDEAD);
	for (;;)
		pause();
}

static void acquire_and_release(int fd)
{
	for (;;) {
		int err = acquire(fd);

		CHECK(err == 0 || err == EOWNERDEAD);
		CHECK(release(fd) == 0);
	}
}

static void acquire_and_yield(int fd)
{
	for (;;) {
		int err = acquire(fd);

		CHECK(err == 0 || err == EOWNERDEAD);
		err = yield_gil(fd);
		CHECK(err == 0 || err == EOWNERDEAD);
		CHECK(release(fd) == 0);
	}
}

static void wait_once(int fd)
{
	acquire(fd);
	for (;;)
		pause();
}

static void wait_again_and_again(int fd)
{
	for (;;) {
		int err = acquire_until(fd, now_ns() + random_below(SHORT_NS));

		/* Not for those without an owner: their waiters never get it. */
		if (err == 0 || err == EOWNERDEAD)
			CHECK(release(fd) == 0);
	}
}

struct plan {
	__u32 type;
	void (*victim)(int fd);
	bool taken; /* the test holds the object when victims begin */
	bool races; /* and releases it while they are killed */
};

static const struct plan plans[] = {
	{ KGIL_TYPE_GIL, hold, .taken = false },
	{ KGIL_TYPE_RLOCK, hold, .taken = false },
	{ KGIL_TYPE_GIL, acquire_and_release, .taken = false },
	{ KGIL_TYPE_RLOCK, acquire_and_release, .taken = false },
	{ KGIL_TYPE_GIL, acquire_and_yield, .taken = false },
	{ KGIL_TYPE_GIL, wait_once, .taken = true },
	{ KGIL_TYPE_SEM, wait_once, .taken = true },
	{ KGIL_TYPE_LOCK, wait_once, .taken = true },
	{ KGIL_TYPE_RLOCK, wait_once, .taken = true },
	{ KGIL_TYPE_GIL, wait_once, .taken = true, .races = true },
	{ KGIL_TYPE_RLOCK, wait_once, .taken = true, .races = true },
	{ KGIL_TYPE_GIL, wait_again_and_again, .taken = true },
	{ KGIL_TYPE_SEM, wait_again_and_again, .taken = true },
	{ KGIL_TYPE_LOCK, wait_again_and_again, .taken = true },
	{ KGIL_TYPE_RLOCK, wait_again_and_again, .taken = true },
};

#define VICTIMS_MAX 3

/* Some victims at once, so that the dead are before and behind each other. */
static int start_victims(const struct plan *plan, int fd, pid_t *pids)
{
	int n = 1 + random_below(VICTIMS_MAX);
	int i;

	for (i = 0; i < n; i++) {
		pids[i] = fork_child();
		if (pids[i] == 0)
			plan->victim(fd);
	}
	return n;
}

static void kill_all(const pid_t *pids, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		__u64 until = now_ns() + random_below(DELAY_US * 1000);

		while (now_ns() < until)
			;
		kill(pids[i], SIGKILL);
	}
}

/* True if all were killed: none has ended by a check of its own. */
static bool reap_all(const pid_t *pids, int n)
{
	bool all = true;
	int i, status;

	for (i = 0; i < n; i++) {
		status = reap(pids[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			all = false;
	}
	return all;
}

/* No waiter is left, and the object can be had, by waiting if need be. */
static bool is_well(int fd)
{
	int err = acquire_until(fd, now_ns() + PATIENCE_NS);

	if (err && err != EOWNERDEAD) {
		fprintf(stderr, "# acquire: errno %d\n", err);
		return false;
	}
	if (state_of(fd).waiters) {
		fprintf(stderr, "# %u waiters left\n", state_of(fd).waiters);
		return false;
	}
	return release(fd) == 0 && is_free(fd) && acquire(fd) == 0 && release(fd) == 0;
}

static bool run_round(const struct plan *plan, int fd)
{
	pid_t pids[VICTIMS_MAX];
	bool well = true;
	int n;

	if (plan->taken)
		well = acquire(fd) == 0;
	n = start_victims(plan, fd, pids);
	if (plan->races)
		usleep(random_below(DELAY_US));
	if (plan->races && random_below(2)) {
		well = release(fd) == 0 && well;
		kill_all(pids, n);
	} else {
		kill_all(pids, n);
		if (plan->races)
			well = release(fd) == 0 && well;
	}
	well = reap_all(pids, n) && well;
	if (plan->taken && !plan->races) {
		well = state_of(fd).waiters == 0 && state_of(fd).count == 0 && well;
		well = release(fd) == 0 && well;
	}
	return is_well(fd) && well;
}

FIXTURE(storm) {
	int fds[KGIL_TYPE_RLOCK + 1];
};

FIXTURE_SETUP(storm)
{
	__u32 type;

	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++)
		self->fds[type] = new_object(type);
}

FIXTURE_TEARDOWN(storm)
{
	__u32 type;

	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++)
		close(self->fds[type]);
}

TEST_F_TIMEOUT(storm, rounds, 10 * TEST_LIMIT)
{
	__u64 seed = random_seed();
	__u64 deaths = 0;
	__u32 type;
	int i;

	TH_LOG("seed %llu", (unsigned long long)seed);
	for (i = 0; i < ROUNDS; i++) {
		int n = random_below(ARRAY_SIZE(plans));
		const struct plan *plan = &plans[n];

		bool well = run_round(plan, self->fds[plan->type]);

		if (!well)
			TH_LOG("round %d, plan %d, %s", i, n, type_name(plan->type));
		ASSERT_TRUE(well);
	}
	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		__u64 n = stats_of(self->fds[type]).owner_deaths;

		EXPECT_EQ(0, state_of(self->fds[type]).waiters);
		if (type == KGIL_TYPE_SEM || type == KGIL_TYPE_LOCK)
			EXPECT_EQ(0, n);
		deaths += n;
	}
	/* The storm has hit holders. */
	EXPECT_LT(0, deaths);
	TH_LOG("%llu owners died", (unsigned long long)deaths);
}

TEST_HARNESS_MAIN
