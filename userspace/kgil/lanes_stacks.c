// SPDX-License-Identifier: GPL-2.0
/*
 * Who waited where, as folded stacks: a line for each thread's name and stack, with the
 * time for which was waited there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lanes.h"
#include "lanes_out.h"
#include "out.h"
#include "trace.h"

/* A wait that lasts. */
struct wait {
	int pid;
	uint64_t since;
	uint32_t stacks[2];
};

struct line {
	const char *name;
	uint32_t stacks[2];
	uint64_t ns;
};

/**
 * struct folded - what was found so far
 * @wait: the last wait of each thread; .since 0: it is over
 * @line: what was waited
 */
struct folded {
	const struct trace *trace;
	struct wait *wait;
	size_t waits;
	struct line *line;
	size_t lines;
};

static struct wait *wait_of(struct folded *f, int pid)
{
	size_t i;

	for (i = 0; i < f->waits; i++)
		if (f->wait[i].pid == pid)
			return &f->wait[i];
	f->wait = realloc(f->wait, (f->waits + 1) * sizeof(*f->wait));
	if (!f->wait)
		abort();
	f->wait[f->waits] = (struct wait){ .pid = pid };
	return &f->wait[f->waits++];
}

static struct line *line_of(struct folded *f, const char *name, const uint32_t *stacks)
{
	struct line *line;
	size_t i;

	for (i = 0; i < f->lines; i++) {
		line = &f->line[i];
		if (!memcmp(line->stacks, stacks, sizeof(line->stacks)) &&
		    !strcmp(line->name, name))
			return line;
	}
	f->line = realloc(f->line, (f->lines + 1) * sizeof(*f->line));
	if (!f->line)
		abort();
	line = &f->line[f->lines++];
	*line = (struct line){ .name = name, .stacks = { stacks[0], stacks[1] } };
	return line;
}

static void end_wait(struct folded *f, struct wait *wait, uint64_t ns)
{
	const char *name = trace_comm(f->trace, wait->pid);

	if (!wait->since)
		return;
	line_of(f, name ? name : "thread", wait->stacks)->ns += ns - wait->since;
	wait->since = 0;
}

static void fold_event(struct folded *f, const struct trace_event *event)
{
	struct wait *wait;

	switch (event->kind) {
	case TRACE_CONTEND:
		wait = wait_of(f, event->pid);
		end_wait(f, wait, event->ns);
		wait->since = event->ns;
		memcpy(wait->stacks, event->stacks, sizeof(wait->stacks));
		break;
	case TRACE_GRANT:
		end_wait(f, wait_of(f, event->other), event->ns);
		break;
	case TRACE_ACQUIRE:
		if (event->result && event->result != -EOWNERDEAD)
			end_wait(f, wait_of(f, event->pid), event->ns);
		break;
	default:
		break;
	}
}

/* What is between two functions, and ends a line, is in no name. */
static void put_name(FILE *file, const char *name)
{
	for (; *name; name++)
		fputc(*name == ';' || (unsigned char)*name < ' ' ? ':' : *name, file);
}

void lanes_stacks(const struct lanes *lanes, const struct trace *trace, FILE *file)
{
	struct folded f = { .trace = trace };
	size_t i;
	int s;

	for (i = 0; i < trace->n; i++)
		if (trace->events[i].kind != TRACE_SWITCH && trace->events[i].kind != TRACE_FORK &&
		    trace->events[i].id == lanes->id)
			fold_event(&f, &trace->events[i]);
	for (i = 0; i < f.waits; i++)
		end_wait(&f, &f.wait[i], lanes->to);
	for (i = 0; i < f.lines; i++) {
		if (!f.line[i].ns)
			continue;
		put_name(file, f.line[i].name);
		for (s = TRACE_USER; s <= TRACE_KERNEL; s++)
			if (f.line[i].stacks[s])
				fprintf(file, ";%s", trace->stacks[f.line[i].stacks[s] - 1].text);
		fprintf(file, " %" PRIu64 "\n", f.line[i].ns);
	}
	free(f.wait);
	free(f.line);
}
