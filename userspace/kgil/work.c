// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* pthread_tryjoin_np() */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "out.h"
#include "work.h"

#define CALIBRATE_TRIES 20
#define CALIBRATE_NS 1000000ULL

/* States of a gate. */
enum {
	GATE_CLOSED,
	GATE_OPEN,
	GATE_CALLED_OFF,
};

static double rounds_per_ns = 1;

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t work_clock(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t work_cpu_clock(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void work_rounds(uint64_t rounds)
{
	uint64_t x = rounds | 1;

	while (rounds--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* The compiler must believe that somebody wants the result. */
		__asm__ volatile(""
				 : "+r"(x));
	}
}

/*
 * Rounds are doubled until they last long enough to be measured; the fastest
 * of some tries is the one that least else disturbed.  That needs a clock which
 * can't be too slow: the thread's own is, while the kernel takes off from it the
 * time of an interrupt during which a virtual processor stood still.
 */
void work_calibrate(void)
{
	uint64_t rounds = 1024, start, ns, least = UINT64_MAX;
	unsigned int i;

	do {
		rounds *= 2;
		start = work_clock();
		work_rounds(rounds);
		ns = work_clock() - start;
	} while (ns < CALIBRATE_NS && rounds < UINT64_MAX / 4);
	for (i = 0; i < CALIBRATE_TRIES; i++) {
		start = work_clock();
		work_rounds(rounds);
		ns = work_clock() - start;
		if (ns && ns < least)
			least = ns;
	}
	rounds_per_ns = (double)rounds / least;
}

uint64_t work_rounds_of(uint64_t ns)
{
	uint64_t rounds = ns * rounds_per_ns;

	return ns && !rounds ? 1 : rounds;
}

void work_busy(uint64_t ns)
{
	work_rounds(work_rounds_of(ns));
}

/**
 * struct gate - holds threads or processes back until all may start
 * @arrived: how many have arrived
 * @state: closed, open, or called off
 *
 * Words to wait on, in shared memory: a process that is killed while it holds a
 * mutex, or waits on a condition variable, would make others hang.
 */
struct gate {
	atomic_uint arrived;
	atomic_uint state;
};

static void wait_while(atomic_uint *word, unsigned int value, const struct timespec *timeout)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, timeout, NULL, 0);
}

static void wake_all(atomic_uint *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Arrive and wait; false: called off, end without working. */
static bool gate_arrive(struct gate *gate)
{
	atomic_fetch_add(&gate->arrived, 1);
	wake_all(&gate->arrived);
	while (atomic_load(&gate->state) == GATE_CLOSED)
		wait_while(&gate->state, GATE_CLOSED, NULL);
	return atomic_load(&gate->state) == GATE_OPEN;
}

/* Let those who have arrived, and who will, go. */
static void gate_set(struct gate *gate, unsigned int state)
{
	atomic_store(&gate->state, state);
	wake_all(&gate->state);
}

/**
 * struct member - one worker of a team
 * @team: its team
 * @index: 0 to n - 1
 * @thread: if the team is of threads
 * @pid: if the team is of processes
 * @ended: joined, or waited for
 * @failed: the process ended in another way than by returning
 */
struct member {
	struct work_team *team;
	unsigned int index;
	pthread_t thread;
	pid_t pid;
	bool ended;
	bool failed;
};

/**
 * struct work_team - threads or processes that start together
 * @gate: where they start, in shared memory
 * @members: the @n workers
 * @n: how many there are
 * @processes: not threads
 * @fn: what each does
 * @arg: passed to @fn
 */
struct work_team {
	struct gate *gate;
	struct member *members;
	unsigned int n;
	bool processes;
	work_fn fn;
	void *arg;
};

void *work_shared_alloc(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void work_shared_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

static void *member_run(void *arg)
{
	struct member *member = arg;
	struct work_team *team = member->team;

	if (gate_arrive(team->gate))
		team->fn(member->index, team->arg);
	return NULL;
}

static int start_thread(struct member *member)
{
	int err = pthread_create(&member->thread, NULL, member_run, member);

	if (err)
		errno = err;
	return err ? -1 : 0;
}

/* A worker ends with its parent, even if that is killed. */
static int start_process(struct member *member)
{
	pid_t parent = getpid();

	member->pid = fork();
	if (member->pid)
		return member->pid < 0 ? -1 : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		member_run(member);
	_exit(0);
}

static struct work_team *team_make(unsigned int n, work_fn fn, void *arg, bool processes)
{
	struct work_team *team = out_alloc(sizeof(*team));
	struct member *member;
	int err;

	team->members = out_alloc(n * sizeof(*team->members));
	team->gate = work_shared_alloc(sizeof(*team->gate));
	if (!team->gate) {
		free(team->members);
		free(team);
		return NULL;
	}
	team->processes = processes;
	team->fn = fn;
	team->arg = arg;
	for (; team->n < n; team->n++) {
		member = &team->members[team->n];
		member->team = team;
		member->index = team->n;
		if (!(processes ? start_process(member) : start_thread(member)))
			continue;
		err = errno;
		gate_set(team->gate, GATE_CALLED_OFF);
		work_team_join(team);
		errno = err;
		return NULL;
	}
	return team;
}

struct work_team *work_team_new(unsigned int n, work_fn fn, void *arg)
{
	return team_make(n, fn, arg, false);
}

struct work_team *work_team_fork(unsigned int n, work_fn fn, void *arg)
{
	return team_make(n, fn, arg, true);
}

uint64_t work_team_go(struct work_team *team)
{
	/* A process that was killed doesn't arrive, so one must look. */
	const struct timespec tick = { .tv_nsec = 10000000 };
	unsigned int arrived;

	while ((arrived = atomic_load(&team->gate->arrived)) < work_team_running(team))
		wait_while(&team->gate->arrived, arrived, &tick);
	gate_set(team->gate, GATE_OPEN);
	return work_clock();
}

void work_team_signal(struct work_team *team, int signal)
{
	struct member *member;
	unsigned int i;

	for (i = 0; i < team->n; i++) {
		member = &team->members[i];
		if (member->ended)
			continue;
		if (team->processes)
			kill(member->pid, signal);
		else
			pthread_kill(member->thread, signal);
	}
}

static void wait_for_process(struct member *member, int flags)
{
	int status;
	pid_t got;

	do {
		got = waitpid(member->pid, &status, flags);
	} while (got < 0 && errno == EINTR);
	if (!got)
		return;
	member->ended = true;
	member->failed = got < 0 || !WIFEXITED(status) || WEXITSTATUS(status);
}

unsigned int work_team_running(struct work_team *team)
{
	unsigned int i, running = 0;
	struct member *member;

	for (i = 0; i < team->n; i++) {
		member = &team->members[i];
		if (member->ended)
			continue;
		if (team->processes)
			wait_for_process(member, WNOHANG);
		else
			member->ended = !pthread_tryjoin_np(member->thread, NULL);
		running += !member->ended;
	}
	return running;
}

unsigned int work_team_join(struct work_team *team)
{
	unsigned int i, failed = 0;
	struct member *member;

	for (i = 0; i < team->n; i++) {
		member = &team->members[i];
		if (!member->ended && team->processes)
			wait_for_process(member, 0);
		else if (!member->ended)
			pthread_join(member->thread, NULL);
		failed += member->failed;
	}
	work_shared_free(team->gate, sizeof(*team->gate));
	free(team->members);
	free(team);
	return failed;
}
