// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "kgil_trace.h"

#define TRACEFS "/sys/kernel/tracing"

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		FATAL("cannot write %s to %s: %s", text, path, strerror(errno));
	close(fd);
}

static void trace_write(const struct trace *trace, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", trace->dir, file);
	write_text(path, text);
}

/*
 * The names of threads would be learnt from the scheduler's events, whose code is
 * changed for that while other processors run it.  QEMU before 8.0 can go on with a
 * breakpoint that is there only meanwhile.  An instance is made with what is set.
 */
static void make_instance(const struct trace *trace)
{
	write_text(TRACEFS "/options/record-cmd", "0");
	if (mkdir(trace->dir, 0755))
		FATAL("cannot make %s: %s", trace->dir, strerror(errno));
	write_text(TRACEFS "/options/record-cmd", "1");
}

void trace_begin(struct trace *trace, const char *system, const char *prefix)
{
	char file[64];

	*trace = (struct trace){ .prefix = prefix };
	snprintf(trace->dir, sizeof(trace->dir), TRACEFS "/instances/kgil-test-%d", getpid());
	make_instance(trace);
	trace_write(trace, "buffer_size_kb", "8192");
	/* One order for all processors. */
	trace_write(trace, "trace_clock", "global");
	snprintf(file, sizeof(file), "events/%s/enable", system);
	trace_write(trace, file, "1");
}

/* comm-PID [CPU] FLAGS TIME: NAME: FIELDS; comm may be anything. */
static bool parse(const struct trace *trace, const char *line, struct event *event)
{
	const char *name, *cpu, *pid;
	char begin[40];

	snprintf(begin, sizeof(begin), ": %s", trace->prefix);
	name = strstr(line, begin);

	if (!name)
		return false;
	for (cpu = name; cpu > line && *cpu != '['; cpu--)
		;
	for (pid = cpu; pid > line && !isdigit(*pid); pid--)
		;
	for (; pid > line && isdigit(pid[-1]); pid--)
		;
	event->pid = atoi(pid);
	name += strlen(begin);
	if (sscanf(name, "%23[a-z_]:%199[^\n]", event->name, event->fields) != 2)
		FATAL("a strange line in the trace: %s", line);
	return true;
}

static void parse_all(struct trace *trace, char *text)
{
	char *line, *rest = text;
	int size = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (strstr(line, "LOST"))
			FATAL("%s", line);
		if (trace->n == size) {
			size = 2 * size + 64;
			trace->events = realloc(trace->events, size * sizeof(*trace->events));
			CHECK(trace->events);
		}
		trace->n += parse(trace, line, &trace->events[trace->n]);
	}
}

/* The head of the trace says how much there was, and how much is left of it. */
static void check_whole(const char *text)
{
	const char *at = strstr(text, "entries-in-buffer/entries-written: ");
	unsigned long left, written;

	CHECK(at);
	CHECK(sscanf(strchr(at, ' '), "%lu/%lu", &left, &written) == 2);
	CHECK(left == written);
}

void trace_end(struct trace *trace)
{
	char path[160], *text;

	trace_write(trace, "tracing_on", "0");
	snprintf(path, sizeof(path), "%s/trace", trace->dir);
	text = read_file(path, 65536);
	check_whole(text);
	parse_all(trace, text);
	free(text);
	CHECK(rmdir(trace->dir) == 0);
	trace->dir[0] = '\0';
}

void trace_only(struct trace *trace, __u64 id)
{
	int i, n = 0;

	for (i = 0; i < trace->n; i++)
		if ((__u64)event_number(&trace->events[i], "id") == id)
			trace->events[n++] = trace->events[i];
	trace->n = n;
}

void trace_free(struct trace *trace)
{
	if (trace->dir[0])
		rmdir(trace->dir);
	free(trace->events);
	*trace = (struct trace){ 0 };
}

bool event_is(const struct event *event, const char *name)
{
	return strcmp(event->name, name) == 0;
}

__s64 event_number(const struct event *event, const char *field)
{
	char key[40];
	const char *at;

	snprintf(key, sizeof(key), " %s=", field);
	at = strstr(event->fields, key);
	if (!at)
		FATAL("%s has no field %s: %s", event->name, field, event->fields);
	return strtoll(at + strlen(key), NULL, 10);
}

bool event_has(const struct event *event, const char *fields)
{
	char wanted[200], key[210], have[220], *part, *rest = wanted;
	bool all = true;

	snprintf(wanted, sizeof(wanted), "%s", fields);
	snprintf(have, sizeof(have), "%s ", event->fields);
	while ((part = strsep(&rest, " "))) {
		snprintf(key, sizeof(key), " %s ", part);
		if (strstr(have, key))
			continue;
		printf("# %s has no %s:%s\n", event->name, part, event->fields);
		all = false;
	}
	return all;
}

__u64 trace_count(const struct trace *trace, const char *name)
{
	__u64 count = 0;
	int i;

	for (i = 0; i < trace->n; i++)
		count += event_is(&trace->events[i], name);
	return count;
}

__u64 trace_sum(const struct trace *trace, const char *name, const char *field)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < trace->n; i++)
		if (event_is(&trace->events[i], name))
			sum += event_number(&trace->events[i], field);
	return sum;
}

void trace_print(const struct trace *trace)
{
	int i;

	for (i = 0; i < trace->n; i++)
		printf("# %3d %6d %s%s\n", i, trace->events[i].pid, trace->events[i].name,
		       trace->events[i].fields);
}
