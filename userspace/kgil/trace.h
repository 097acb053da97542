/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of the tracepoints kgil:* and of the scheduler, recorded with libtracefs or
 * read from a file of trace-cmd.
 */
#ifndef KGIL_CMD_TRACE_H
#define KGIL_CMD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_kind {
	TRACE_CREATE,
	TRACE_ACQUIRE,
	TRACE_CONTEND,
	TRACE_GRANT,
	TRACE_RELEASE,
	TRACE_DROP_REQUEST,
	TRACE_YIELD,
	TRACE_OWNER_DEATH,
	TRACE_SWITCH,
	TRACE_FORK,
};

/**
 * struct trace_event - one event; see docs/tracing.md
 * @ns: when
 * @id: of the object
 * @span_ns: how long was waited or held
 * @kind: what happened
 * @pid: in the context of which thread; TRACE_SWITCH: who stopped to run
 * @other: its field pid or owner_pid; TRACE_SWITCH: who runs; TRACE_FORK: the child
 * @result: of acquire and grant; TRACE_SWITCH: 0: could have gone on
 * @type: enum kgil_type
 * @policy: of TRACE_CREATE
 * @stacks: TRACE_CONTEND: where its thread was, in user space and in the kernel: numbers
 *	of trace.stacks, from 1; 0: not known
 */
struct trace_event {
	uint64_t ns;
	uint64_t id;
	uint64_t span_ns;
	enum trace_kind kind;
	int pid;
	int other;
	int result;
	uint8_t type;
	uint8_t policy;
	uint32_t stacks[2];
};

#define TRACE_USER 0
#define TRACE_KERNEL 1

/* Where a thread was, from the outermost function to the innermost: "main;work;wait". */
struct trace_stack {
	uint64_t hash;
	char *text;
};

/* A thread's last name. */
struct trace_name {
	int pid;
	char comm[16];
};

/* An object's policy, as it was seen last; it can be changed, and no event says so. */
struct trace_policy {
	uint64_t id;
	uint32_t policy;
};

struct trace {
	struct trace_event *events; /* by time */
	size_t n;
	size_t size;
	struct trace_name *names;
	size_t names_n;
	struct trace_policy *policies;
	size_t policies_n;
	struct trace_stack *stacks;
	size_t stacks_n;
	struct trace_spaces *spaces; /* to name what is at an address; NULL: none yet */
	uint64_t lost;
	int child; /* 0: none */
};

/**
 * struct trace_opts - what to record
 * @buffer_kb: of each processor
 * @no_switches: not what the scheduler does
 * @no_forks: not which thread begins which
 * @stacks: where threads are when they begin to wait
 */
struct trace_opts {
	uint64_t buffer_kb;
	bool no_switches;
	bool no_forks;
	bool stacks;
};

struct trace_recording;

/* Why a recording could not begin. */
struct trace_failure {
	char why[160];
	int status;
};

/* Begin to record.  NULL: see @failure. */
struct trace_recording *trace_start(struct trace *trace, const struct trace_opts *opts,
				    struct trace_failure *failure);
/* End it: then the events are in the trace. */
void trace_stop(struct trace_recording *recording);

/*
 * Record what happens until the command ends that @argv is (NULL: none), @ns are over
 * (0: no limit) or Ctrl-C is pressed.  Returns an exit status after one line.
 */
int trace_record(struct trace *trace, char **argv, uint64_t ns, const struct trace_opts *opts);
/* Read a file of trace-cmd. */
int trace_read(struct trace *trace, const char *file);
/* NULL: not known. */
const char *trace_comm(const struct trace *trace, int pid);
void trace_set_name(struct trace *trace, int pid, const char *name);
void trace_free(struct trace *trace);

#endif /* KGIL_CMD_TRACE_H */
