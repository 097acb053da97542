/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints, recorded in a buffer of the test's own, with no tool in between. */
#ifndef KGIL_TRACE_H
#define KGIL_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "kgil_test.h"

/*
 * @name: without the prefix
 * @pid: thread in whose context it came
 * @fields: name=value, with a space before each
 */
struct event {
	char name[24];
	pid_t pid;
	char fields[200];
};

struct trace {
	const char *prefix;
	char dir[64];
	struct event *events;
	int n;
};

/* Record from now on, of the system @system, events whose names begin with @prefix. */
void trace_begin(struct trace *trace, const char *system, const char *prefix);
/* Read what came, of which nothing may be lost; record no more. */
void trace_end(struct trace *trace);
/* Forget all but what came of one object. */
void trace_only(struct trace *trace, __u64 id);
void trace_free(struct trace *trace);

bool event_is(const struct event *event, const char *name);
/* The number after @field=; ends the test if there is none. */
__s64 event_number(const struct event *event, const char *field);
/* Has it each of the name=value in @fields, separated by a space?  Says which not. */
bool event_has(const struct event *event, const char *fields);
/* How many are called @name? */
__u64 trace_count(const struct trace *trace, const char *name);
/* The sum of @field in those called @name. */
__u64 trace_sum(const struct trace *trace, const char *name, const char *field);
/* Prints all, for whom a test fails. */
void trace_print(const struct trace *trace);

#endif /* KGIL_TRACE_H */
