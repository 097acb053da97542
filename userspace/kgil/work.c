// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* pthread_tryjoin_np() */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "out.h"
#include "work.h"

#define CALIBRATE_TRIES 5
#define CALIBRATE_NS 4000000ULL

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
 * of some tries is the one that least else disturbed.
 */
void work_calibrate(void)
{
	uint64_t rounds = 1024, start, ns, least = UINT64_MAX;
	unsigned int i;

	do {
		rounds *= 2;
		start = work_cpu_clock();
		work_rounds(rounds);
		ns = work_cpu_clock() - start;
	} while (ns < CALIBRATE_NS && rounds < UINT64_MAX / 4);
	for (i = 0; i < CALIBRATE_TRIES; i++) {
		start = work_cpu_clock();
		work_rounds(rounds);
		ns = work_cpu_clock() - start;
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

void work_gate_init(struct work_gate *gate)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t changed;

	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&gate->mutex, &mutex);
	pthread_mutexattr_destroy(&mutex);
	pthread_condattr_init(&changed);
	pthread_condattr_setpshared(&changed, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&gate->changed, &changed);
	pthread_condattr_destroy(&changed);
	gate->ready = 0;
	gate->state = GATE_CLOSED;
}

bool work_gate_arrive(struct work_gate *gate)
{
	bool open;

	pthread_mutex_lock(&gate->mutex);
	gate->ready++;
	pthread_cond_broadcast(&gate->changed);
	while (gate->state == GATE_CLOSED)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	open = gate->state == GATE_OPEN;
	pthread_mutex_unlock(&gate->mutex);
	return open;
}

void work_gate_open(struct work_gate *gate, unsigned int n)
{
	pthread_mutex_lock(&gate->mutex);
	while (gate->ready < n)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	gate->state = GATE_OPEN;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->mutex);
}

void work_gate_call_off(struct work_gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->state = GATE_CALLED_OFF;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->mutex);
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
	struct work_gate *gate;
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

	if (work_gate_arrive(team->gate))
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
	work_gate_init(team->gate);
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
		work_gate_call_off(team->gate);
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
	work_gate_open(team->gate, team->n);
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
