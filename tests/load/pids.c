// SPDX-License-Identifier: GPL-2.0
/*
 * Owners that die while pids are used again and again: each death is told once,
 * to who comes next, and nobody is taken for a dead one that had the same pid.
 *
 * usage: pids [ROUNDS]; /proc/sys/kernel/pid_max has to be small
 */
#include <sys/wait.h>

#include "load.h"

#define PIDS 4194304

static unsigned char seen[PIDS];

/* What a child does that dies with all of them. */
struct held {
	int gil, rlock, lock;
};

static void die_with(const struct held *held)
{
	CHECK(acquire(held->gil) == 0);
	CHECK(acquire(held->rlock) == 0);
	CHECK(acquire(held->lock) == 0);
	_exit(0);
}

/* A child that owns nothing, whatever its pid is. */
static void owns_nothing(const struct held *held)
{
	CHECK(!is_mine(held->gil) && !is_mine(held->rlock));
	CHECK(release(held->gil) == EPERM);
	CHECK(release(held->rlock) == EPERM);
	_exit(0);
}

static pid_t run(void (*what)(const struct held *), const struct held *held)
{
	pid_t pid = fork_child();

	if (pid == 0)
		what(held);
	CHECK(pid > 0 && pid < PIDS);
	CHECK(reap(pid) == 0);
	return pid;
}

/* Who has the lock is gone: nobody is shown, whoever has the pid now. */
static bool shows_nobody(int lock)
{
	struct kgil_state state = state_of(lock);

	return state.count == 0 && state.owner_pid == 0 && state.owner_tid == 0;
}

static void die_and_inherit(const struct held *held, unsigned long *told, unsigned long *silent)
{
	pid_t pid = run(die_with, held);

	seen[pid]++;
	CHECK(acquire_until(held->gil, now_ns() + PATIENCE_NS) == EOWNERDEAD);
	CHECK(acquire_until(held->rlock, now_ns() + PATIENCE_NS) == EOWNERDEAD);
	*told += 1;
	run(owns_nothing, held);
	CHECK(release(held->gil) == 0 && release(held->rlock) == 0);
	CHECK(acquire(held->gil) == 0 && acquire(held->rlock) == 0);
	*silent += 1;
	CHECK(release(held->gil) == 0 && release(held->rlock) == 0);
}

/* Until a child has the pid of who took the lock and died. */
static bool same_pid_again(const struct held *held, pid_t taker)
{
	int i, fds[2];
	char c;

	for (i = 0; i < 100000; i++) {
		pid_t pid;

		CHECK(pipe(fds) == 0);
		pid = fork_child();
		if (pid == 0) {
			close(fds[1]);
			(void)!read(fds[0], &c, 1);
			_exit(0);
		}
		close(fds[0]);
		if (pid == taker)
			CHECK(shows_nobody(held->lock));
		close(fds[1]);
		CHECK(reap(pid) == 0);
		if (pid == taker)
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	unsigned long rounds = count_of(argc, argv, 300), told = 0, silent = 0, reused = 0, i;
	struct held held = { new_object(KGIL_TYPE_GIL), new_object(KGIL_TYPE_RLOCK),
			     new_object(KGIL_TYPE_LOCK) };
	pid_t taker;

	for (i = 0; i < rounds; i++) {
		die_and_inherit(&held, &told, &silent);
		CHECK(release(held.lock) == 0);
	}
	for (i = 0; i < PIDS; i++)
		reused += seen[i] > 1;
	check(told == rounds, "%lu owners died, each told once", told);
	check(silent == rounds, "and not twice");
	check(reused > 10, "%lu pids were used again", reused);
	check(stats_of(held.gil).owner_deaths == rounds, "and as many deaths of the gil's counted");
	check(stats_of(held.rlock).owner_deaths == rounds, "and of the rlock's");

	taker = run(die_with, &held);
	CHECK(acquire_until(held.gil, now_ns() + PATIENCE_NS) == EOWNERDEAD);
	check(shows_nobody(held.lock), "a lock whose taker died shows nobody");
	check(same_pid_again(&held, taker), "nor another process with the same pid, %d", taker);
	return end_checks();
}
