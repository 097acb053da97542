// SPDX-License-Identifier: GPL-2.0
/* The fuzzer's supervisor: options, processes, the end.  TAP on standard output. */
#include <argp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "fuzz.h"

#define EXIT_VIOLATED 1
#define EXIT_USAGE 2
#define LOOK_US 20000
/* A call that signals don't end in that time is stuck; so is a process killed. */
#define STUCK_NS (20 * NSEC_PER_SEC)
#define KILL_ONE_IN 20
#define SHOW_NS (10 * NSEC_PER_SEC)

struct arena *arena;

static pid_t pids[PROCESSES_MAX];
static __u64 lives[PROCESSES_MAX];
static __u64 kills;

static const char *const op_names[OPS] = {
	[OP_CREATE] = "create",
	[OP_COMMAND] = "ioctl",
	[OP_ACQUIRE] = "acquire",
	[OP_RELEASE] = "release",
	[OP_WILD_COMMAND] = "wild ioctl",
	[OP_MMAP] = "mmap",
	[OP_MUNMAP] = "munmap",
	[OP_MPROTECT] = "mprotect",
	[OP_MREMAP] = "mremap",
	[OP_MADVISE] = "madvise",
	[OP_SCRIBBLE] = "scribble",
	[OP_TOUCH] = "touch",
	[OP_FILE] = "file",
	[OP_POLL] = "poll",
	[OP_EPOLL] = "epoll",
	[OP_CLOSE] = "close",
	[OP_DUP] = "dup",
	[OP_PASS] = "pass",
	[OP_PROC_OPEN] = "open of /proc",
	[OP_PROC_READ] = "read of /proc",
	[OP_NETLINK_SEND] = "netlink send",
	[OP_NETLINK_RECEIVE] = "netlink receive",
	[OP_NETLINK_SOCKET] = "netlink socket",
	[OP_FORK] = "fork",
	[OP_SIGNAL] = "signal",
	[OP_PROCESS] = "process",
};

void violation(const char *format, ...)
{
	unsigned int failed = 0;
	va_list args;

	if (!atomic_compare_exchange_strong(&arena->failed, &failed, 1))
		return;
	va_start(args, format);
	vsnprintf(arena->text, sizeof(arena->text), format, args);
	va_end(args);
	atomic_store(&arena->failed, 2);
}

static void start_process_number(int process)
{
	pid_t pid = fork_child();

	if (pid == 0)
		process_main(process, lives[process]);
	lives[process]++;
	pids[process] = pid;
}

static __u64 calls_made(void)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < WORKERS_MAX; i++)
		sum += atomic_load(&arena->workers[i].calls);
	return sum;
}

static void show_task_file(pid_t tid, const char *name)
{
	char path[64];
	char *text;

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	if (access(path, R_OK))
		return;
	text = read_file(path, 4096);
	printf("# %s: %s\n", path, text);
	free(text);
}

/* Its threads have no call that is too old: they are awake, or signals end it. */
static void check_stuck(int process)
{
	int i;

	for (i = process * arena->threads; i < (process + 1) * arena->threads; i++) {
		struct worker_state *state = &arena->workers[i];
		__u64 since = atomic_load(&state->since), now = now_ns();

		if (!atomic_load(&state->tid) || !since || now < since || now - since < STUCK_NS)
			continue;
		violation("%s of thread %d does not end", op_names[atomic_load(&state->op)],
			  atomic_load(&state->tid));
		show_task_file(atomic_load(&state->tid), "stack");
		show_task_file(atomic_load(&state->tid), "wchan");
		return;
	}
}

static void clear_states(int process)
{
	int i;

	for (i = process * arena->threads; i < (process + 1) * arena->threads; i++) {
		atomic_store(&arena->workers[i].tid, 0);
		atomic_store(&arena->workers[i].since, 0);
	}
}

/* Whatever it does, SIGKILL ends it. */
static void kill_process(int process)
{
	__u64 until = now_ns() + STUCK_NS;

	kill(pids[process], SIGKILL);
	while (waitpid(pids[process], NULL, WNOHANG) != pids[process]) {
		if (now_ns() > until) {
			violation("process %d was killed and does not end", pids[process]);
			show_task_file(pids[process], "stack");
			return;
		}
		usleep(500);
	}
	clear_states(process);
	kills++;
}

static void check_ended(int process, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
		violation("process %d ended itself", pids[process]);
	clear_states(process);
}

static void look_after(int process)
{
	int status;

	check_stuck(process);
	if (waitpid(pids[process], &status, WNOHANG) == pids[process])
		check_ended(process, status);
	else if (!arena->only_replay && rand() % (KILL_ONE_IN * arena->processes) == 0)
		kill_process(process);
	else
		return;
	start_process_number(process);
}

static void show_progress(void)
{
	printf("# %.0f s: %llu calls, %llu %s, %u programs kept, %llu processes killed\n",
	       (now_ns() - arena->begin) / 1e9, calls_made(), atomic_load(&arena->edges),
	       access("/sys/kernel/debug/kcov", F_OK) ? "kinds of results" : "edges",
	       atomic_load(&arena->corpus_size), kills);
}

static void run_processes_until(__u64 calls)
{
	__u64 show = now_ns() + SHOW_NS;
	int i;

	for (i = 0; i < arena->processes; i++)
		start_process_number(i);
	while (calls_made() < calls && !atomic_load(&arena->stop) &&
	       !atomic_load(&arena->failed)) {
		for (i = 0; i < arena->processes; i++)
			look_after(i);
		if (now_ns() > show) {
			show_progress();
			show = now_ns() + SHOW_NS;
		}
		usleep(LOOK_US);
	}
	atomic_store(&arena->stop, 1);
	for (i = 0; i < arena->processes; i++)
		kill_process(i);
}

/*
 * The beginning and the end
 */
static const struct kgil_create shared_objects[SHARED_MAX] = {
	{ .type = KGIL_TYPE_GIL },
	{ .type = KGIL_TYPE_GIL, .policy = KGIL_POLICY_FIFO },
	{ .type = KGIL_TYPE_SEM, .count = 1, .max = 1 },
	{ .type = KGIL_TYPE_SEM, .count = 3, .max = 3, .handoff_ns = KGIL_HANDOFF_DEFAULT },
	{ .type = KGIL_TYPE_LOCK },
	{ .type = KGIL_TYPE_LOCK, .handoff_ns = KGIL_HANDOFF_AT_ONCE },
	{ .type = KGIL_TYPE_RLOCK },
	{ .type = KGIL_TYPE_RLOCK, .flags = KGIL_CREATE_TIMED },
};

static void make_arena(const struct options *options)
{
	struct rlimit limit = { 256, 256 };
	int i;

	arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	CHECK(arena != MAP_FAILED);
	arena->seed = options->seed;
	arena->processes = options->processes;
	arena->threads = options->threads;
	arena->only_replay = options->replay;
	arena->begin = now_ns();
	srand(options->seed);
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	arena->family = find_family();
	for (i = 0; i < SHARED_MAX; i++) {
		arena->shared[i] = create(&shared_objects[i]);
		CHECK(arena->shared[i] >= 0);
	}
}

/* Written to what a free object has there, it is as good as new. */
static bool is_repaired(int index)
{
	const struct kgil_create *args = &shared_objects[index];
	struct user user = using(arena->shared[index]);
	int err;

	user.page->drop_request = 0;
	user.page->depth = 0;
	user.page->last = 0;
	__atomic_store_n(&user.page->word, args->type == KGIL_TYPE_SEM ? args->max : 0,
			 __ATOMIC_SEQ_CST);
	err = acquire_until(user.fd, now_ns() + PATIENCE_NS);
	if ((err && err != EOWNERDEAD) || release(user.fd))
		return false;
	err = acquire(user.fd) || release(user.fd);
	done_using(&user);
	return !err && state_of(arena->shared[index]).waiters == 0;
}

/*
 * A gil that asks for its owners' absences as long as the run lasts.  Else calls would
 * change the scheduler's code again and again while other processors run it, which is
 * more than QEMU before 8.0 can always take.
 */
static int keep_probe(void)
{
	__u64 never = KGIL_THRESHOLD_MAX;
	int fd = new_object(KGIL_TYPE_GIL);

	CHECK(ioctl(fd, KGIL_IOC_SET_AWAY, &never) == 0);
	return fd;
}

static bool nothing_left(void)
{
	__u64 ids[SHARED_MAX];
	int i;

	for (i = 0; i < SHARED_MAX; i++) {
		ids[i] = state_of(arena->shared[i]).id;
		close(arena->shared[i]);
	}
	for (i = 0; i < SHARED_MAX; i++)
		if (!WAIT_UNTIL(!proc_field(ids[i], "id")))
			return false;
	return WAIT_UNTIL(proc_total("objects") == 0);
}

static int test_number, tests_failed;

static void verdict(bool good, const char *what)
{
	printf("%s %d fuzz: %s\n", good ? "ok" : "not ok", ++test_number, what);
	tests_failed += !good;
}

static int run(const struct options *options)
{
	int probe = keep_probe(), i;
	bool repaired = true;

	find_commands();
	printf("# %d commands found; seed %llu\n", command_count(), options->seed);
	verdict(command_count() >= 12, "the commands are found");
	if (options->corpus && !load_corpus(options->corpus))
		printf("# no corpus %s yet\n", options->corpus);
	printf("# %u programs given\n", arena->given_size);
	run_processes_until(options->calls);
	show_progress();
	if (atomic_load(&arena->failed))
		printf("# violation: %s\n", arena->text);
	verdict(!atomic_load(&arena->failed), "no call is stuck, and none fails as none may");
	for (i = 0; i < SHARED_MAX; i++)
		repaired = is_repaired(i) && repaired;
	verdict(repaired, "what was shared can be used again");
	close(probe);
	verdict(nothing_left(), "no object is left");
	if (options->corpus)
		save_corpus(options->corpus);
	printf("1..%d\n", test_number);
	return tests_failed ? EXIT_VIOLATED : 0;
}

/*
 * Options
 */
enum {
	KEY_CORPUS = 256,
	KEY_REPLAY
};

static const struct argp_option argp_options[] = {
	{ "calls", 'n', "N", 0, "how many, at least; default 100000", 0 },
	{ "seed", 's', "S", 0, "choose as the run with this seed did; default: the clock's", 0 },
	{ "processes", 'p', "N", 0, "default 3", 0 },
	{ "threads", 't', "N", 0, "of each process; default 2", 0 },
	{ "corpus", KEY_CORPUS, "FILE", 0, "where the programs that were kept are", 0 },
	{ "replay", KEY_REPLAY, NULL, 0,
	  "run the programs of the corpus and no others, and keep those that do something new",
	  0 },
	{}
};

static double number(struct argp_state *state, const char *name, const char *text, double min,
		     double max)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || end == text || !(value >= min && value <= max)) {
		fprintf(stderr, "%s: --%s takes a number from %g to %g, not '%s'\n", state->name,
			name, min, max, text);
		exit(EXIT_USAGE);
	}
	return value;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'n':
		options->calls = number(state, "calls", text, 1, 1e12);
		return 0;
	case 's':
		options->seed = number(state, "seed", text, 0, 1e15);
		return 0;
	case 'p':
		options->processes = number(state, "processes", text, 1, PROCESSES_MAX);
		return 0;
	case 't':
		options->threads = number(state, "threads", text, 1, THREADS_MAX);
		return 0;
	case KEY_CORPUS:
		options->corpus = text;
		return 0;
	case KEY_REPLAY:
		options->replay = true;
		options->processes = 1;
		options->threads = 1;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse,
	.doc = "Call the module kgil in every way that there is, right and wrong.",
};

int main(int argc, char **argv)
{
	struct options options = { .calls = 100000,
				   .seed = now_ns() % 1000000007,
				   .processes = 3,
				   .threads = 2 };

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	printf("TAP version 13\n");
	make_arena(&options);
	return run(&options);
}
