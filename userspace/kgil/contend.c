// SPDX-License-Identifier: GPL-2.0
/*
 * kgil contend: contention on demand.  Threads or processes acquire and release
 * one lock, and what they saw is reported.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "contend.h"
#include "err.h"
#include "opt.h"
#include "out.h"
#include "work.h"

#define THREADS_MAX 1024
/* Rounds between two looks at the drop request, as time. */
#define CHUNK_NS 1000
/* How often the main thread looks up. */
#define TICK_NS 20000000

const char *const contend_type_words[] = { "gil", "sem", "lock", "rlock", "none", NULL };

static struct contend_opts opts = {
	.type = CONTEND_GIL,
	.threads = 4,
	.work = 10 * OPT_US,
	.duration = 2 * OPT_SEC,
	.count = 1,
};

/* The order of enum kgil_policy, from KGIL_POLICY_FIFO. */
static const char *const policy_words[] = { "fifo", "fair", NULL };

/* Whether these were given. */
#define NOT_GIVEN UINT_MAX
static uint64_t duration_given, count_given;
static unsigned int path_given = NOT_GIVEN, policy_given = NOT_GIVEN;

static const struct opt options[] = {
	{ "type", 't', OPT_CHOICE, &opts.type, .arg = "TYPE", .words = contend_type_words,
	  .help = "gil, sem, lock, rlock, or none: no lock at all (default: gil)" },
	{ "path", 'p', OPT_CHOICE, &path_given, .arg = "PATH", .words = path_words,
	  .help = "ioctl: every acquire and release is a system call; word: a free lock is\n"
		  "taken and given back by its shared word, without one (default: ioctl)" },
	{ "threads", 'T', OPT_NUMBER, &opts.threads, .arg = "N", .min = 1, .max = THREADS_MAX,
	  .help = "number of threads, 1 to 1024 (default: 4)" },
	{ "processes", 'P', OPT_FLAG, &opts.processes,
	  .help = "processes instead of threads; they share the lock by fork" },
	{ "work", 'w', OPT_TIME, &opts.work, .arg = "TIME", .max = 10 * OPT_SEC, .unit = OPT_US,
	  .help = "processor time used while holding the lock, 0 to 10s; without a unit: us\n"
		  "(default: 10us)" },
	{ "io", 'i', OPT_TIME, &opts.io, .arg = "TIME", .max = 10 * OPT_SEC, .unit = OPT_US,
	  .help = "time spent without the lock after each attempt, blocked in read() of a\n"
		  "timerfd, 0 to 10s; without a unit: us (default: 0, no read)" },
	{ "io-threads", 'k', OPT_NUMBER, &opts.io_threads, .arg = "N", .min = 1, .max = THREADS_MAX,
	  .help = "so many of the threads do --io, and hold the lock for 10us each time; the\n"
		  "others never block (default: all do, and hold it for --work)" },
	{ "duration", 'd', OPT_TIME, &duration_given, .arg = "TIME", .min = OPT_MS,
	  .max = 86400 * OPT_SEC, .unit = OPT_SEC,
	  .help = "end after this time, 1ms to 86400s; without a unit: s\n"
		  "(default: 2s; with --ops: no limit)" },
	{ "ops", 'n', OPT_NUMBER, &opts.ops, .arg = "N", .min = 1, .max = 1000000000000ULL,
	  .help = "end after this many attempts to acquire, of all threads together,\n"
		  "1 to 1000000000000" },
	{ "nonblocking", 'b', OPT_FLAG, &opts.nonblocking,
	  .help = "never wait: an attempt that finds the lock taken counts as busy" },
	{ "timeout", 'o', OPT_TIME, &opts.timeout, .arg = "TIME", .min = 1, .max = 3600 * OPT_SEC,
	  .unit = OPT_MS,
	  .help = "give up an attempt after waiting this long, 1ns to 3600s; without a\n"
		  "unit: ms (default: wait for ever)" },
	{ "interval", 'I', OPT_TIME, &opts.interval, .arg = "TIME", .min = KGIL_INTERVAL_MIN,
	  .max = KGIL_INTERVAL_MAX, .unit = OPT_US,
	  .help = "switch interval, gil only, 10us to 1s; without a unit: us (default: 5ms)" },
	{ "policy", 'y', OPT_CHOICE, &policy_given, .arg = "POLICY", .words = policy_words,
	  .help = "who is next, gil only: fair: who held it least; fifo: who came first\n"
		  "(default: fair)" },
	{ "handoff", 'f', OPT_TIME, &opts.handoff, .arg = "TIME", .min = KGIL_HANDOFF_AT_ONCE,
	  .max = KGIL_HANDOFF_MAX, .unit = OPT_US,
	  .help = "how long a waiter may be passed over by threads that come later; sem,\n"
		  "lock and rlock only, 1ns to 1s, 1ns: never; without a unit: us (default:\n"
		  "lock and rlock 1ms, sem 1ns)" },
	{ "count", 'c', OPT_NUMBER, &count_given, .arg = "N", .min = 1, .max = KGIL_COUNT_MAX,
	  .help = "how many threads may hold the semaphore at once, sem only,\n"
		  "1 to 2147483647 (default: 1)" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "contend",
	.about = "Let threads contend for one lock, and report throughput, waits, holds,\n"
		 "fairness and lost updates. Ctrl-C ends it early and prints the results so\n"
		 "far.",
	.opts = options,
	.more = "A time is a number and ns, us, ms or s: 10us, 1.5ms, 2s.\n"
		"\n"
		"Examples:\n"
		"  kgil contend --type lock --threads 8 --work 50us\n"
		"  kgil contend --type lock --path word --handoff 100us\n"
		"  kgil contend --type gil --interval 100us --work 1ms --io 1ms\n"
		"  kgil contend --work 50ms --io 2ms --io-threads 1 --policy fifo    # a convoy\n"
		"  kgil contend --type none --work 0 --ops 1000000    # loses updates\n",
};

/* Options that contradict each other. */
static int check_options(void)
{
	if (opts.nonblocking && opts.timeout)
		return err_usage("--nonblocking and --timeout: only one of them is allowed");
	if (opts.type == CONTEND_NONE && opts.nonblocking)
		return err_usage("--nonblocking: not with --type none, which has no lock");
	if (opts.type == CONTEND_NONE && opts.timeout)
		return err_usage("--timeout: not with --type none, which has no lock");
	if (opts.type == CONTEND_NONE && path_given != NOT_GIVEN)
		return err_usage("--path: not with --type none, which has no lock");
	if (opts.io_threads && !opts.io)
		return err_usage("--io-threads: only with --io, which says how long they block");
	if (opts.io_threads > opts.threads)
		return err_usage("--io-threads: at most as many as --threads, which is %llu",
				 (unsigned long long)opts.threads);
	if (opts.type != CONTEND_GIL && opts.interval)
		return err_usage("--interval: only with --type gil");
	if (opts.type != CONTEND_GIL && policy_given != NOT_GIVEN)
		return err_usage("--policy: only with --type gil");
	if ((opts.type == CONTEND_GIL || opts.type == CONTEND_NONE) && opts.handoff)
		return err_usage("--handoff: only with --type sem, lock or rlock");
	if (opts.type != CONTEND_SEM && count_given)
		return err_usage("--count: only with --type sem");
	return STATUS_OK;
}

/* What was given takes the place of the defaults. */
static void apply_options(void)
{
	if (path_given != NOT_GIVEN)
		opts.path = path_given;
	if (policy_given != NOT_GIVEN)
		opts.policy = KGIL_POLICY_FIFO + policy_given;
	if (count_given)
		opts.count = count_given;
	if (duration_given)
		opts.duration = duration_given;
	else if (opts.ops)
		opts.duration = 0;
}

static int create_object(void)
{
	static const uint32_t types[] = {
		[CONTEND_GIL] = KGIL_TYPE_GIL,
		[CONTEND_SEM] = KGIL_TYPE_SEM,
		[CONTEND_LOCK] = KGIL_TYPE_LOCK,
		[CONTEND_RLOCK] = KGIL_TYPE_RLOCK,
	};
	struct kgil_create create = {
		.type = types[opts.type],
		.interval_ns = opts.interval,
		.policy = opts.policy,
		.handoff_ns = opts.handoff,
	};

	if (opts.type == CONTEND_SEM) {
		create.count = opts.count;
		create.max = opts.count;
	}
	return kgil_create(&create);
}

/* Make the object and what all workers share of it. */
static int make_object(struct contend *run)
{
	run->fd = create_object();
	if (run->fd < 0)
		return err_device(errno, "create");
	if (kgil_state(run->fd, &run->state))
		return err_device(errno, "state");
	if (opts.path == PATH_WORD && path_open(&run->path, run->fd, PATH_WORD))
		return err_device(errno, "map the word");
	return STATUS_OK;
}

/* What the kernel counted; the page alone tells how much of it was by the word. */
static int read_counts(struct contend *run)
{
	const struct kgil_page *page = kgil_map(run->fd);

	if (!page)
		return err_device(errno, "mmap");
	run->by_word = __atomic_load_n(&page->acquisitions, __ATOMIC_RELAXED);
	kgil_unmap(page);
	return kgil_stats(run->fd, &run->stats) ? err_device(errno, "statistics") : STATUS_OK;
}

/* Each thread has a timer of its own. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void wake_up(int signal)
{
	(void)signal;
}

/*
 * SIGINT and SIGTERM are for the main thread, which waits for them.  SIGUSR1 ends
 * a worker's blocking call at the end.
 */
static void set_up_signals(sigset_t *ending)
{
	struct sigaction action = { .sa_handler = wake_up };

	sigemptyset(ending);
	sigaddset(ending, SIGINT);
	sigaddset(ending, SIGTERM);
	sigprocmask(SIG_BLOCK, ending, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

static void show_progress(struct contend *run, uint64_t elapsed)
{
	if (run->opts.ops)
		out_progress("contend: %s of %s attempts",
			     out_count(atomic_load(&run->tickets.n)).s,
			     out_count(run->opts.ops).s);
	else
		out_progress("contend: %s of %s", out_time(elapsed).s,
			     out_time(run->opts.duration).s);
}

/* Wait until the run is over, and say why. */
static enum contend_end wait_for_end(struct contend *run, struct work_team *team,
				     const sigset_t *ending)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };
	uint64_t elapsed, shown = 0;

	for (;;) {
		if (sigtimedwait(ending, NULL, &tick) > 0)
			return CONTEND_END_INTERRUPTED;
		if (atomic_load(&run->stop))
			return CONTEND_END_FAILED;
		if (!work_team_running(team))
			return CONTEND_END_OPS;
		elapsed = work_clock() - run->start;
		if (run->opts.duration && elapsed >= run->opts.duration)
			return CONTEND_END_DURATION;
		if (elapsed - shown >= OPT_SEC / 4) {
			show_progress(run, elapsed);
			shown = elapsed;
		}
	}
}

/*
 * Let every worker end.  Who waits gets the lock from who ends before, or the
 * signal if nobody gives it back; the signal is repeated, for it may come just
 * before a call that blocks.
 */
static void end_workers(struct contend *run, struct work_team *team)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };

	atomic_store(&run->stop, true);
	while (work_team_running(team)) {
		work_team_signal(team, SIGUSR1);
		nanosleep(&tick, NULL);
	}
	run->lost_workers = work_team_join(team);
}

static int run_workers(struct contend *run)
{
	struct work_team *team;
	sigset_t ending;
	int status;

	set_up_signals(&ending);
	team = opts.processes ? work_team_fork(opts.threads, contend_work, run) :
				work_team_new(opts.threads, contend_work, run);
	if (!team)
		return err_failed("--threads: can't start %llu %s: %s",
				  (unsigned long long)opts.threads,
				  opts.processes ? "processes" : "threads", strerror(errno));
	run->start = work_clock();
	work_team_go(team);
	run->end = wait_for_end(run, team, &ending);
	end_workers(run, team);
	out_progress_end();
	status = run->fd < 0 ? STATUS_OK : read_counts(run);
	return status ? status : contend_report(run);
}

int cmd_contend(int argc, char **argv)
{
	int status = STATUS_OK;
	struct contend *run;
	size_t size;

	opt_parse(&spec, argc, argv);
	status = check_options();
	if (status)
		return status;
	apply_options();
	size = sizeof(*run) + opts.threads * sizeof(run->workers[0]);
	run = work_shared_alloc(size);
	if (!run)
		return err_failed("out of memory for %llu threads",
				  (unsigned long long)opts.threads);
	run->opts = opts;
	run->fd = -1;
	if (opts.type != CONTEND_NONE)
		status = make_object(run);
	if (!status) {
		raise_open_files();
		work_calibrate();
		run->chunk = work_rounds_of(CHUNK_NS);
		status = run_workers(run);
	}
	path_close(&run->path);
	if (run->fd >= 0)
		close(run->fd);
	work_shared_free(run, size);
	return status;
}
