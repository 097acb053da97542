// SPDX-License-Identifier: GPL-2.0
/* Recording, in a buffer of its own, and reading what trace-cmd recorded. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <trace-cmd.h>
#include <tracefs.h>

#include "err.h"
#include "out.h"
#include "trace.h"
#include "trace_event.h"

/* How often the buffer is emptied. */
#define PERIOD_NS 50000000

/**
 * struct recording - a recording that runs
 * @trace: what came
 * @instance: of tracefs
 * @tep: how to read its records
 */
struct recording {
	struct trace *trace;
	struct tracefs_instance *instance;
	struct tep_handle *tep;
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

static int no_tracefs(void)
{
	if (geteuid()) {
		err_print("only root may record events");
		return STATUS_NO_PERMISSION;
	}
	return err_failed("no tracefs; is it there? mount -t tracefs nodev /sys/kernel/tracing");
}

/* A buffer in which only what is wanted is recorded, switched off. */
static int prepare(struct recording *r, uint64_t buffer_kb)
{
	static const char *const systems[] = { "kgil", "sched", NULL };
	char name[32], kb[24];

	snprintf(name, sizeof(name), "kgil-timeline-%d", getpid());
	r->instance = tracefs_instance_create(name);
	if (!r->instance)
		return no_tracefs();
	r->tep = tracefs_local_events_system(NULL, systems);
	if (!r->tep)
		return err_failed("cannot read the formats of the events");
	snprintf(kb, sizeof(kb), "%llu", (unsigned long long)buffer_kb);
	tracefs_trace_off(r->instance);
	if (tracefs_instance_file_write(r->instance, "buffer_size_kb", kb) < 0)
		return err_failed("no memory for a buffer of %s KiB on each processor", kb);
	if (tracefs_instance_file_write(r->instance, "trace_clock", "mono") < 0)
		return err_failed("the kernel has no trace clock mono");
	if (tracefs_event_enable(r->instance, "kgil", NULL) ||
	    tracefs_event_enable(r->instance, "sched", "sched_switch") ||
	    tracefs_event_enable(r->instance, "sched", "sched_process_fork"))
		return err_failed("cannot switch on the events kgil:*");
	return STATUS_OK;
}

static int on_record(struct tep_event *event, struct tep_record *record, int cpu, void *arg)
{
	struct recording *r = arg;

	(void)event;
	(void)cpu;
	/* What was overwritten is counted by the kernel. */
	record->missed_events = 0;
	trace_add(r->trace, r->tep, record);
	return 0;
}

static void drain(struct recording *r)
{
	tracefs_iterate_raw_events(r->tep, r->instance, NULL, 0, on_record, r);
}

/* A number that the kernel gives for one processor. */
static uint64_t counted(struct recording *r, int cpu, const char *what)
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

static void count_lost(struct recording *r)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++)
		r->trace->lost += counted(r, cpu, "\noverrun: ") +
				  counted(r, cpu, "dropped events: ");
}

static void finish(struct recording *r)
{
	if (r->tep)
		tep_free(r->tep);
	if (!r->instance)
		return;
	tracefs_event_disable(r->instance, NULL, NULL);
	tracefs_instance_destroy(r->instance);
	tracefs_instance_free(r->instance);
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

static int record_until(struct recording *r, pid_t pid, uint64_t ns)
{
	struct timespec period = { .tv_nsec = PERIOD_NS };
	uint64_t start = now_ns();
	bool child_gone = false;
	int status = 0;

	while (!ended && !child_gone && (!ns || now_ns() - start < ns)) {
		nanosleep(&period, NULL);
		child_gone = child_ended(pid, &status);
		drain(r);
		out_progress("recording: %s, %s events", out_time(now_ns() - start).s,
			     out_count(r->trace->n).s);
	}
	tracefs_trace_off(r->instance);
	drain(r);
	count_lost(r);
	out_progress_end();
	if (pid && !child_gone && waitpid(pid, &status, 0) != pid)
		return err_failed("wait: %s", strerror(errno));
	return child_status(pid, status);
}

static int record_command(struct recording *r, char **argv, uint64_t ns)
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
	tracefs_trace_on(r->instance);
	if (pid && write(go[1], "", 1) != 1)
		err_print("%s: %s", argv[0], strerror(errno));
	close(go[1]);
	status = record_until(r, pid, ns);
	return status;
}

int trace_record(struct trace *trace, char **argv, uint64_t ns, uint64_t buffer_kb)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	struct recording r = { .trace = trace };
	int status = prepare(&r, buffer_kb);

	if (!status) {
		sigaction(SIGINT, &action, &old);
		status = record_command(&r, argv, ns);
		sigaction(SIGINT, &old, NULL);
	}
	finish(&r);
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
