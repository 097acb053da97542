// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench exec: a command that runs while a lock is held, by kgil exec and by
 * flock(1); and without a lock, for what starting a command costs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kgil.h>

#include "bench.h"
#include "err.h"
#include "out.h"
#include "work.h"

#define SECTION "exec"
#define COMMAND "true"
/* Runs, one after the other, of which each round takes the mean. */
#define RUNS 20
#define RUNS_QUICK 2
/* Commands that wait in a known order. */
#define WAITERS 16
#define WAITERS_QUICK 4
/* Programs that run commands under the lock all the time. */
#define LOOPERS 4
/* Times what --duration says, because a command takes so long. */
#define LOOP_DURATION 10
#define PATIENCE_NS (30 * 1000000000ULL)
#define ARGS_MAX 8

extern char **environ;

enum kind {
	EXEC_NONE,
	EXEC_FLOCK,
	EXEC_KGIL,
	N_KINDS,
};

static const char *const kind_names[] = {
	[EXEC_NONE] = "no-lock",
	[EXEC_FLOCK] = "flock-command",
	[EXEC_KGIL] = "kgil-exec",
};

/**
 * struct loopers - programs that run a command under the lock again and again
 * @exec: what they run
 * @until: when they end
 * @runs: of each
 * @longest: each one's longest time for a command, the wait included; ns
 */
struct loopers {
	struct exec *exec;
	uint64_t until;
	uint64_t runs[LOOPERS];
	uint64_t longest[LOOPERS];
};

/**
 * struct exec - what is measured
 * @key: of the records
 * @kinds: which of them
 * @n: how many
 * @kind: the present one
 * @file: for flock
 * @name: for kgil exec
 * @loopers: in shared memory
 */
struct exec {
	struct bench_key key;
	enum kind kinds[N_KINDS];
	unsigned int n;
	enum kind kind;
	char file[64];
	char name[KGIL_NAME_SIZE];
	struct loopers *loopers;
};

/* @command, with the lock before it. */
static void make_args(const struct exec *exec, const char **args, const char *const *command)
{
	if (exec->kind == EXEC_FLOCK) {
		*args++ = "flock";
		*args++ = exec->file;
	} else if (exec->kind == EXEC_KGIL) {
		*args++ = "/proc/self/exe";
		*args++ = "exec";
		*args++ = "--name";
		*args++ = exec->name;
	}
	while (*command)
		*args++ = *command++;
	*args = NULL;
}

/* Its process; 0 after a message.  @out: its standard output, or -1. */
static pid_t start(const struct exec *exec, const char *const *command, int out)
{
	posix_spawn_file_actions_t actions;
	const char *args[ARGS_MAX];
	pid_t pid = 0;
	int err;

	make_args(exec, args, command);
	posix_spawn_file_actions_init(&actions);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	err = posix_spawnp(&pid, args[0], &actions, NULL, (char *const *)args, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!err)
		return pid;
	err_print("%s: %s", args[0], strerror(err));
	return 0;
}

/* Did it run, and succeed? */
static bool finish(pid_t pid)
{
	int status;

	return pid && waitpid(pid, &status, 0) == pid && !status;
}

static bool run_once(const struct exec *exec)
{
	static const char *const command[] = { COMMAND, NULL };

	return finish(start(exec, command, -1));
}

static int failed(const struct exec *exec)
{
	return err_failed("%s: a command failed", kind_names[exec->kind]);
}

/* ------------------------------------------------------------ what it costs */

static int measure_cost(struct bench *bench, struct exec *exec)
{
	unsigned int runs = bench->opts.quick ? RUNS_QUICK : RUNS, i;
	uint64_t begin = work_clock();

	for (i = 0; i < runs; i++)
		if (!run_once(exec))
			return failed(exec);
	bench_sample(bench, &exec->key, "run", "ns", (double)(work_clock() - begin) / runs);
	return STATUS_OK;
}

/* ------------------------------------------------------ in which order they get it */

/* Take the lock in this process; a descriptor to close, which gives it back. */
static int take(const struct exec *exec)
{
	struct kgil_create create = { .type = KGIL_TYPE_RLOCK,
				      .handoff_ns = KGIL_HANDOFF_AT_ONCE };
	int fd;

	if (exec->kind == EXEC_FLOCK) {
		fd = open(exec->file, O_RDONLY | O_CLOEXEC);
		return fd >= 0 && flock(fd, LOCK_EX) ? -1 : fd;
	}
	fd = kgil_open(exec->name, KGIL_OPEN_CREATE, 0600, &create);
	return fd >= 0 && kgil_acquire(fd) && errno != EOWNERDEAD ? -1 : fd;
}

static void give(const struct exec *exec, int fd)
{
	if (exec->kind == EXEC_KGIL)
		kgil_release(fd);
	close(fd);
}

/* Lines of /proc/locks that tell of one who waits for the file. */
static unsigned int count_flock_waiters(const char *file)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256], inode[32];
	unsigned int n = 0;
	struct stat info;

	if (!locks || stat(file, &info)) {
		if (locks)
			fclose(locks);
		return 0;
	}
	snprintf(inode, sizeof(inode), ":%llu ", (unsigned long long)info.st_ino);
	while (fgets(line, sizeof(line), locks))
		n += strstr(line, "->") && strstr(line, "FLOCK") && strstr(line, inode);
	fclose(locks);
	return n;
}

static bool await_waiters(const struct exec *exec, int fd, unsigned int n)
{
	uint64_t until = work_clock() + PATIENCE_NS;
	struct kgil_state state;
	unsigned int seen;

	do {
		if (exec->kind == EXEC_FLOCK)
			seen = count_flock_waiters(exec->file);
		else
			seen = kgil_state(fd, &state) ? 0 : state.waiters;
		if (seen == n)
			return true;
		usleep(500);
	} while (work_clock() < until);
	return false;
}

/* How many of @n numbers come before a lesser one, as a part of all pairs. */
static double inversions(const unsigned int *order, unsigned int n)
{
	unsigned int i, j, wrong = 0;

	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++)
			wrong += order[i] > order[j];
	return wrong / (n * (n - 1) / 2.0);
}

/* The numbers that the commands printed. */
static bool read_order(int fd, unsigned int *order, unsigned int n)
{
	FILE *file = fdopen(fd, "r");
	unsigned int i;

	for (i = 0; file && i < n; i++)
		if (fscanf(file, "%u", &order[i]) != 1)
			break;
	if (file)
		fclose(file);
	return file && i == n;
}

/* Commands that print their numbers queue behind @fd; false after a message. */
static bool queue_up(const struct exec *exec, int fd, int out, pid_t *pids, unsigned int n)
{
	char number[16];
	const char *const command[] = { "echo", number, NULL };
	unsigned int i;

	for (i = 0; i < n; i++) {
		snprintf(number, sizeof(number), "%u", i);
		pids[i] = start(exec, command, out);
		if (!pids[i] || !await_waiters(exec, fd, i + 1)) {
			err_print("%s: a command does not wait", kind_names[exec->kind]);
			return false;
		}
	}
	return true;
}

static int run_queue(struct bench *bench, struct exec *exec, int fd, unsigned int n)
{
	unsigned int order[WAITERS], i;
	pid_t pids[WAITERS] = { 0 };
	uint64_t begin;
	int ends[2];
	bool good;

	if (pipe2(ends, O_CLOEXEC)) {
		give(exec, fd);
		return err_failed("pipe: %s", strerror(errno));
	}
	good = queue_up(exec, fd, ends[1], pids, n);
	close(ends[1]);
	begin = work_clock();
	give(exec, fd);
	for (i = 0; i < n; i++)
		good &= finish(pids[i]);
	if (good)
		bench_sample(bench, &exec->key, "turn", "ns", (double)(work_clock() - begin) / n);
	if (!read_order(ends[0], order, n) || !good)
		return failed(exec);
	bench_sample(bench, &exec->key, "out_of_order", "", inversions(order, n));
	return STATUS_OK;
}

static int measure_order(struct bench *bench, struct exec *exec)
{
	unsigned int n = bench->opts.quick ? WAITERS_QUICK : WAITERS;
	int fd;

	if (exec->kind == EXEC_NONE)
		return STATUS_OK;
	fd = take(exec);
	if (fd < 0)
		return err_failed("%s: %s", kind_names[exec->kind], strerror(errno));
	exec->key.params[0] = (struct bench_param){ "waiters", n };
	return run_queue(bench, exec, fd, n);
}

/* ------------------------------------------------------- what each of some gets */

static void loop(unsigned int index, void *arg)
{
	struct loopers *loopers = arg;
	uint64_t begin, ns;

	while ((begin = work_clock()) < loopers->until) {
		if (!run_once(loopers->exec))
			_exit(STATUS_FAILED);
		ns = work_clock() - begin;
		loopers->runs[index]++;
		if (ns > loopers->longest[index])
			loopers->longest[index] = ns;
	}
}

static double jain(const uint64_t *runs)
{
	double sum = 0, squares = 0;
	unsigned int i;

	for (i = 0; i < LOOPERS; i++) {
		sum += runs[i];
		squares += (double)runs[i] * runs[i];
	}
	return squares > 0 ? sum * sum / (LOOPERS * squares) : 0;
}

static int measure_share(struct bench *bench, struct exec *exec)
{
	struct loopers *loopers = exec->loopers;
	uint64_t begin, runs = 0, longest = 0;
	struct work_team *team;
	unsigned int i;

	memset(loopers, 0, sizeof(*loopers));
	loopers->exec = exec;
	loopers->until = work_clock() + LOOP_DURATION * bench->opts.duration;
	team = work_team_fork(LOOPERS, loop, loopers);
	if (!team)
		return err_failed("can't start %d processes: %s", LOOPERS, strerror(errno));
	begin = work_team_go(team);
	if (work_team_join(team))
		return failed(exec);
	for (i = 0; i < LOOPERS; i++) {
		runs += loopers->runs[i];
		longest = loopers->longest[i] > longest ? loopers->longest[i] : longest;
	}
	exec->key.params[0] = (struct bench_param){ "programs", LOOPERS };
	bench_sample(bench, &exec->key, "runs", "1/s", runs * 1e9 / (work_clock() - begin));
	bench_sample(bench, &exec->key, "jain", "", jain(loopers->runs));
	bench_sample(bench, &exec->key, "longest", "ns", longest);
	return STATUS_OK;
}

/* ------------------------------------------------------------------------- */

static int measure(struct bench *bench, unsigned int i, void *arg)
{
	struct exec *exec = arg;
	int status;

	exec->kind = exec->kinds[i];
	exec->key.variant = kind_names[exec->kind];
	exec->key.params[0] = (struct bench_param){ NULL, 0 };
	bench_settle(bench);
	status = measure_cost(bench, exec);
	if (!status)
		status = measure_order(bench, exec);
	if (!status)
		status = measure_share(bench, exec);
	return status;
}

static bool have_flock(void)
{
	return !system("command -v flock >/dev/null 2>&1");
}

static void choose(struct bench *bench, struct exec *exec)
{
	unsigned int i;

	for (i = 0; i < N_KINDS; i++) {
		if (!bench_wanted(bench, kind_names[i], NULL))
			continue;
		if (i == EXEC_FLOCK && !have_flock())
			bench_not_here(bench, kind_names[i]);
		else
			exec->kinds[exec->n++] = i;
	}
}

int bench_exec(struct bench *bench)
{
	struct exec exec = { .key.section = SECTION };
	int status, fd;

	snprintf(exec.file, sizeof(exec.file), "/tmp/kgil-bench-XXXXXX");
	snprintf(exec.name, sizeof(exec.name), "kgil-bench-%d", getpid());
	exec.loopers = work_shared_alloc(sizeof(*exec.loopers));
	if (!exec.loopers)
		return err_failed("out of memory");
	fd = mkostemp(exec.file, O_CLOEXEC);
	if (fd < 0) {
		work_shared_free(exec.loopers, sizeof(*exec.loopers));
		return err_failed("%s: %s", exec.file, strerror(errno));
	}
	choose(bench, &exec);
	bench_compare(bench, SECTION, "run", kind_names[EXEC_FLOCK]);
	bench_compare(bench, SECTION, "turn", kind_names[EXEC_FLOCK]);
	bench_compare(bench, SECTION, "longest", kind_names[EXEC_FLOCK]);
	status = bench_rounds(bench, SECTION, exec.n, measure, &exec);
	close(fd);
	unlink(exec.file);
	work_shared_free(exec.loopers, sizeof(*exec.loopers));
	return status;
}
