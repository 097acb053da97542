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
};

/* A thread's last name. */
struct trace_name {
	int pid;
	char comm[16];
};

struct trace {
	struct trace_event *events; /* by time */
	size_t n;
	size_t size;
	struct trace_name *names;
	size_t names_n;
	uint64_t lost;
	int child; /* 0: none */
};

/*
 * Record what happens until the command ends that @argv is (NULL: none), @ns are over
 * (0: no limit) or Ctrl-C is pressed.  Returns an exit status after one line.
 */
int trace_record(struct trace *trace, char **argv, uint64_t ns, uint64_t buffer_kb);
/* Read a file of trace-cmd. */
int trace_read(struct trace *trace, const char *file);
/* NULL: not known. */
const char *trace_comm(const struct trace *trace, int pid);
void trace_free(struct trace *trace);

#endif /* KGIL_CMD_TRACE_H */
