// SPDX-License-Identifier: GPL-2.0
/* Recording, in a buffer of its own, and reading what trace-cmd recorded. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <trace-cmd.h>
#include <tracefs.h>

#include "err.h"
#include "net.h"
#include "out.h"
#include "python_names.h"
#include "trace.h"
#include "trace_event.h"

/* How often the buffer is emptied; and where functions are to be named while they can be. */
#define PERIOD_NS 50000000
#define STACKS_PERIOD_NS 5000000

/**
 * struct trace_recording - a recording that runs
 * @trace: what came
 * @instance: of tracefs
 * @tep: how to read its records
 * @no_switches: of struct trace_opts
 * @stacks: likewise
 * @named: of so many events the threads have a name
 */
struct trace_recording {
	struct trace *trace;
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	bool no_switches;
	bool stacks;
	size_t named;
};

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

__attribute__((format(printf, 2, 3))) static int fail(struct trace_failure *failure,
						      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(failure->why, sizeof(failure->why), fmt, args);
	va_end(args);
	failure->status = STATUS_FAILED;
	return -1;
}

static int no_tracefs(struct trace_failure *failure)
{
	fail(failure, "no tracefs; is it there? mount -t tracefs nodev /sys/kernel/tracing");
	if (!geteuid())
		return -1;
	fail(failure, "only root may record events");
	failure->status = STATUS_NO_PERMISSION;
	return -1;
}

/*
 * The kernel learns the names of threads from the scheduler's events, which are left
 * alone where they aren't wanted.  An instance is made with what is set then.
 */
static struct tracefs_instance *make_instance(bool no_switches)
{
	char name[32];
	bool names = no_switches && tracefs_option_is_enabled(NULL, TRACEFS_OPTION_RECORD_CMD);
	struct tracefs_instance *instance;

	snprintf(name, sizeof(name), "kgil-timeline-%d", getpid());
	if (names)
		tracefs_option_disable(NULL, TRACEFS_OPTION_RECORD_CMD);
	instance = tracefs_instance_create(name);
	if (names)
		tracefs_option_enable(NULL, TRACEFS_OPTION_RECORD_CMD);
	return instance;
}

/* The addresses of the kernel's functions. */
static void learn_kernel(struct tep_handle *tep)
{
	size_t size = 1 << 20, len = 0, got;
	FILE *file = fopen("/proc/kallsyms", "r");
	char *text = file ? malloc(size) : NULL;

	while (text && (got = fread(text + len, 1, size - 1 - len, file)) > 0) {
		len += got;
		if (len == size - 1) {
			size *= 2;
			text = realloc(text, size);
		}
	}
	if (file)
		fclose(file);
	if (!text)
		return;
	text[len] = '\0';
	tep_parse_kallsyms(tep, text);
	free(text);
}

/* Where threads are when they begin to wait; the kernel records only what it can. */
static int want_stacks(struct trace_recording *r, struct trace_failure *failure)
{
	bool user = !tracefs_option_enable(r->instance, TRACEFS_OPTION_USERSTACKTRACE);
	bool kernel = tracefs_event_file_write(r->instance, "kgil", "kgil_contend", "trigger",
					       "stacktrace") > 0;

	if (!user && !kernel)
		return fail(failure, "the kernel records no stacks");
	learn_kernel(r->tep);
	return 0;
}

/* A buffer in which only what is wanted is recorded, switched off. */
static int prepare(struct trace_recording *r, const struct trace_opts *opts,
		   struct trace_failure *failure)
{
	static const char *const systems[] = { "kgil", "sched", "ftrace", NULL };
	char kb[24];

	r->instance = make_instance(opts->no_switches);
	if (!r->instance)
		return no_tracefs(failure);
	r->tep = tracefs_local_events_system(NULL, systems);
	if (!r->tep)
		return fail(failure, "cannot read the formats of the events");
	snprintf(kb, sizeof(kb), "%llu", (unsigned long long)opts->buffer_kb);
	tracefs_trace_off(r->instance);
	if (tracefs_instance_file_write(r->instance, "buffer_size_kb", kb) < 0)
		return fail(failure, "no memory for a buffer of %s KiB on each processor", kb);
	if (tracefs_instance_file_write(r->instance, "trace_clock", "mono") < 0)
		return fail(failure, "the kernel has no trace clock mono");
	if (opts->stacks && want_stacks(r, failure))
		return -1;
	if (tracefs_event_enable(r->instance, "kgil", NULL))
		return fail(failure, "cannot switch on the events kgil:*");
	if ((!opts->no_switches && tracefs_event_enable(r->instance, "sched", "sched_switch")) ||
	    (!opts->no_forks && tracefs_event_enable(r->instance, "sched", "sched_process_fork")))
		return fail(failure, "cannot switch on the events of the scheduler");
	return 0;
}

static int on_record(struct tep_event *event, struct tep_record *record, int cpu, void *arg)
{
	struct trace_recording *r = arg;

	(void)event;
	(void)cpu;
	/* What was overwritten is counted by the kernel. */
	record->missed_events = 0;
	trace_add(r->trace, r->tep, record);
	return 0;
}

static void learn_name(struct trace *trace, int pid)
{
	char path[48], name[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return;
	if (fgets(name, sizeof(name), file)) {
		name[strcspn(name, "\n")] = '\0';
		trace_set_name(trace, pid, name);
	}
	fclose(file);
}

/*
 * Names that no event of the scheduler has told, while the threads are there.  A thread
 * may get its name after it was seen first.
 */
static void learn_names(struct trace_recording *r)
{
	struct trace *trace = r->trace;
	size_t i;

	for (i = 0; i < trace->names_n; i++)
		learn_name(trace, trace->names[i].pid);
	for (; r->named < trace->n; r->named++) {
		int pid = trace->events[r->named].pid;

		if (pid && !trace_comm(trace, pid))
			learn_name(trace, pid);
	}
}

static void set_policy(struct trace *trace, uint64_t id, uint32_t policy)
{
	size_t i;

	for (i = 0; i < trace->policies_n && trace->policies[i].id != id; i++)
		;
	if (i == trace->policies_n) {
		trace->policies = realloc(trace->policies, (i + 1) * sizeof(*trace->policies));
		if (!trace->policies)
			abort();
		trace->policies_n++;
	}
	trace->policies[i] = (struct trace_policy){ id, policy };
}

static void learn_policies(struct trace_recording *r)
{
	struct net_object *objects = NULL;
	struct net_client client;
	unsigned int n = 0, i;

	if (net_open(&client))
		return;
	if (!net_dump(&client, &objects, &n))
		for (i = 0; i < n; i++)
			if (net_has(&objects[i], KGIL_A_OBJECT_POLICY))
				set_policy(r->trace, objects[i].id, objects[i].policy);
	free(objects);
	net_close(&client);
}

static void drain(struct trace_recording *r)
{
	tracefs_iterate_raw_events(r->tep, r->instance, NULL, 0, on_record, r);
	if (r->no_switches)
		learn_names(r);
}

/* A number that the kernel gives for one processor. */
static uint64_t counted(struct trace_recording *r, int cpu, const char *what)
{
	char file[48], *text;
	const char *at;
	uint64_t n = 0;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/stats", cpu);
	text = tracefs_instance_file_read(r->instance, file, NULL);
	at = text ? strstr(text, what) : NULL;
	if (at)
		n = strtoull(at + strlen(what), NULL, 10);
	free(text);
	return n;
}

static void count_lost(struct trace_recording *r)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++)
		r->trace->lost += counted(r, cpu, "\noverrun: ") +
				  counted(r, cpu, "dropped events: ");
}

static void finish(struct trace_recording *r)
{
	if (r->tep)
		tep_free(r->tep);
	if (r->instance) {
		tracefs_event_disable(r->instance, NULL, NULL);
		tracefs_instance_destroy(r->instance);
		tracefs_instance_free(r->instance);
	}
	free(r);
}

struct trace_recording *trace_start(struct trace *trace, const struct trace_opts *opts,
				    struct trace_failure *failure)
{
	struct trace_recording *r = out_alloc(sizeof(*r));

	*r = (struct trace_recording){
		.trace = trace,
		.no_switches = opts->no_switches,
		.stacks = opts->stacks,
	};
	if (prepare(r, opts, failure)) {
		finish(r);
		return NULL;
	}
	tracefs_trace_on(r->instance);
	return r;
}

static void stop(struct trace_recording *r)
{
	tracefs_trace_off(r->instance);
	drain(r);
	count_lost(r);
}

void trace_stop(struct trace_recording *r)
{
	struct trace *trace = r->trace;

	stop(r);
	finish(r);
	trace_sort(trace);
}

/* A child that becomes the command as soon as @go can be read. */
static pid_t start(char **argv, int go[2])
{
	pid_t pid = fork();
	char byte;

	if (pid)
		return pid;
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(1);
	close(go[0]);
	python_names();
	execvp(argv[0], argv);
	err_print("%s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static bool child_ended(pid_t pid, int *status)
{
	return pid && waitpid(pid, status, WNOHANG) == pid;
}

static int child_status(pid_t pid, int status)
{
	if (!pid || (WIFEXITED(status) && !WEXITSTATUS(status)))
		return STATUS_OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
		return STATUS_FAILED;
	if (WIFEXITED(status))
		err_print("the command ended with exit status %d", WEXITSTATUS(status));
	else
		err_print("signal %d ended the command", WTERMSIG(status));
	return STATUS_OK;
}

static int record_until(struct trace_recording *r, pid_t pid, uint64_t ns)
{
	struct timespec period = { .tv_nsec = r->stacks ? STACKS_PERIOD_NS : PERIOD_NS };
	uint64_t start = now_ns();
	unsigned int round = 0;
	bool child_gone = false;
	int status = 0;

	while (!ended && !child_gone && (!ns || now_ns() - start < ns)) {
		nanosleep(&period, NULL);
		child_gone = child_ended(pid, &status);
		drain(r);
		round++;
		/* It seldom changes but at the beginning. */
		if (!(round & (round - 1)))
			learn_policies(r);
		out_progress("recording: %s, %s events", out_time(now_ns() - start).s,
			     out_count(r->trace->n).s);
	}
	stop(r);
	out_progress_end();
	if (pid && !child_gone && waitpid(pid, &status, 0) != pid)
		return err_failed("wait: %s", strerror(errno));
	return child_status(pid, status);
}

static int record_command(struct trace_recording *r, char **argv, uint64_t ns)
{
	pid_t pid = 0;
	int go[2], status;

	if (pipe2(go, O_CLOEXEC))
		return err_failed("pipe: %s", strerror(errno));
	if (argv)
		pid = start(argv, go);
	close(go[0]);
	if (pid < 0)
		return err_failed("fork: %s", strerror(errno));
	r->trace->child = pid;
	if (pid && write(go[1], "", 1) != 1)
		err_print("%s: %s", argv[0], strerror(errno));
	close(go[1]);
	status = record_until(r, pid, ns);
	return status;
}

int trace_record(struct trace *trace, char **argv, uint64_t ns, const struct trace_opts *opts)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	struct trace_failure failure;
	struct trace_recording *r = trace_start(trace, opts, &failure);
	int status;

	if (!r) {
		err_print("%s", failure.why);
		return failure.status;
	}
	sigaction(SIGINT, &action, &old);
	status = record_command(r, argv, ns);
	sigaction(SIGINT, &old, NULL);
	finish(r);
	trace_sort(trace);
	return status;
}

static int on_file_record(struct tracecmd_input *input, struct tep_record *record, int cpu,
			  void *arg)
{
	(void)cpu;
	trace_add(arg, tracecmd_get_tep(input), record);
	return 0;
}

int trace_read(struct trace *trace, const char *file)
{
	struct tracecmd_input *input;

	if (access(file, R_OK))
		return err_failed("%s: %s", file, strerror(errno));
	input = tracecmd_open(file, 0);
	if (!input)
		return err_failed("%s: not a file of trace-cmd record", file);
	tracecmd_iterate_events(input, NULL, 0, on_file_record, trace);
	tracecmd_close(input);
	trace_sort(trace);
	return STATUS_OK;
}
