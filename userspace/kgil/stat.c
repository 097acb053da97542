// SPDX-License-Identifier: GPL-2.0
/*
 * kgil stat: what happens, a line each interval, as vmstat(8) does.
 */
#define _GNU_SOURCE /* ppoll() */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "cmd.h"
#include "err.h"
#include "opt.h"
#include "out.h"

#define PROC_STAT "/proc/kgil/stat"
/* The names of the columns come again after so many lines. */
#define HEAD_EVERY 20
#define NSEC_PER_SEC 1000000000ULL

static uint64_t interval, count;

static const struct opt options[] = {
	{ "interval", 'i', OPT_TIME, &interval, .arg = "TIME", .min = 10 * OPT_MS,
	  .max = 86400 * OPT_SEC, .unit = OPT_SEC,
	  .help = "a line each TIME, 10ms to 86400s, until Ctrl-C (default: one line, of all "
		  "that happened since the module was loaded)" },
	{ "count", 'n', OPT_NUMBER, &count, .arg = "COUNT", .min = 1, .max = UINT64_MAX,
	  .help = "end after this many lines (default: with --interval, never)" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "stat",
	.about = "Print what happens to all objects of this network namespace: how many there\n"
		 "are, how many threads wait, and how often a second objects were acquired, a\n"
		 "thread had to wait, another thread got one, a GIL was yielded, its owner asked\n"
		 "to drop it; and how long a wait and a hold took on average. With --json, each\n"
		 "line is an object of its own.",
	.opts = options,
};

/* What is read of PROC_STAT; the first ones are of now, the others only grow. */
enum figure {
	OBJECTS,
	WAITERS,
	ACQUISITIONS,
	CONTENTIONS,
	SWITCHES,
	YIELDS,
	DROP_REQUESTS,
	WAIT_TOTAL,
	HOLD_TOTAL,
	WAITS,
	HOLDS,
	TIMEOUTS,
	OWNER_DEATHS,
	N_FIGURES,
};

static const char *const names[N_FIGURES] = {
	"objects",
	"waiters",
	"acquisitions",
	"contentions",
	"switches",
	"yields",
	"drop_requests",
	"wait_total_ns",
	"hold_total_ns",
	"waits",
	"holds",
	"timeouts",
	"owner_deaths",
};

/**
 * struct sample - all figures at one time
 * @at: the time, ns of CLOCK_MONOTONIC
 * @value: by enum figure
 */
struct sample {
	uint64_t at;
	uint64_t value[N_FIGURES];
};

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
}

static void parse_line(struct sample *sample, const char *name, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < N_FIGURES; i++)
		if (!strcmp(names[i], name))
			sample->value[i] = value;
}

static int read_sample(struct sample *sample)
{
	unsigned long long value;
	struct timespec now;
	char name[32];
	FILE *file = fopen(PROC_STAT, "r");

	if (!file)
		return errno == ENOENT ? err_no_module() :
					 err_failed(PROC_STAT ": %s", strerror(errno));
	memset(sample, 0, sizeof(*sample));
	clock_gettime(CLOCK_MONOTONIC, &now);
	sample->at = now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
	/* The line with the version has another form. */
	if (fscanf(file, "%*[^\n]\n") == 0)
		while (fscanf(file, "%31s %llu\n", name, &value) == 2)
			parse_line(sample, name, value);
	fclose(file);
	return STATUS_OK;
}

static uint64_t grown(const struct sample *from, const struct sample *to, enum figure which)
{
	return to->value[which] - from->value[which];
}

static double rate(const struct sample *from, const struct sample *to, enum figure which)
{
	return (double)grown(from, to, which) * NSEC_PER_SEC / (to->at - from->at);
}

static uint64_t mean(const struct sample *from, const struct sample *to, enum figure total,
		     enum figure number)
{
	uint64_t n = grown(from, to, number);

	return n ? grown(from, to, total) / n : 0;
}

static void print_json(const struct sample *from, const struct sample *to)
{
	struct json_object *json = json_object_new_object();
	unsigned int i;

	out_json_number(json, "interval_ns", from->at ? to->at - from->at : 0);
	out_json_number(json, names[OBJECTS], to->value[OBJECTS]);
	out_json_number(json, names[WAITERS], to->value[WAITERS]);
	for (i = ACQUISITIONS; i < N_FIGURES; i++)
		out_json_number(json, names[i], grown(from, to, i));
	out_json_print(json, true);
}

/* A number in at most 8 columns. */
static struct out_text brief(double number)
{
	struct out_text text;

	if (number >= 99999999)
		snprintf(text.s, sizeof(text.s), "%.2e", number);
	else
		snprintf(text.s, sizeof(text.s), "%.0f", number);
	return text;
}

static void print_head(const char *per)
{
	printf("%s%7s %7s %8s %8s %8s %8s %8s %9s %9s%s\n", out_style(OUT_BOLD), "objects",
	       "waiters", "acquired", "waited", "switched", "yielded", "asked", "wait", "hold",
	       out_style(OUT_RESET));
	printf("%s%7s %7s %8s %8s %8s %8s %8s %9s %9s%s\n", out_style(OUT_DIM), "now", "now", per,
	       per, per, per, per, "mean", "mean", out_style(OUT_RESET));
}

/* In 10 columns; the sign of a microsecond is two bytes and one of them. */
static void print_time(uint64_t ns)
{
	struct out_text text = out_time(ns);

	printf(" %*s", strstr(text.s, "µ") ? 10 : 9, text.s);
}

static void print_text(const struct sample *from, const struct sample *to, uint64_t line)
{
	double figure[N_FIGURES];
	unsigned int i;

	if (line % HEAD_EVERY == 0)
		print_head(from->at ? "/s" : "in all");
	for (i = 0; i < N_FIGURES; i++)
		figure[i] = from->at ? rate(from, to, i) : (double)to->value[i];
	printf("%7llu %7llu %8s %8s %8s %8s %8s", (unsigned long long)to->value[OBJECTS],
	       (unsigned long long)to->value[WAITERS], brief(figure[ACQUISITIONS]).s,
	       brief(figure[CONTENTIONS]).s, brief(figure[SWITCHES]).s, brief(figure[YIELDS]).s,
	       brief(figure[DROP_REQUESTS]).s);
	print_time(mean(from, to, WAIT_TOTAL, WAITS));
	print_time(mean(from, to, HOLD_TOTAL, HOLDS));
	putchar('\n');
}

static void print(const struct sample *from, const struct sample *to, uint64_t line)
{
	if (out_json)
		print_json(from, to);
	else
		print_text(from, to, line);
}

static void catch_signals(sigset_t *waiting)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigprocmask(SIG_BLOCK, &ending, waiting);
	sigdelset(waiting, SIGINT);
	sigdelset(waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int stat_each_interval(void)
{
	const struct timespec pause = { interval / NSEC_PER_SEC, interval % NSEC_PER_SEC };
	struct sample before, now;
	sigset_t waiting;
	uint64_t line;
	int status;

	catch_signals(&waiting);
	status = read_sample(&before);
	for (line = 0; !status && !ferror(stdout) && (!count || line < count); line++) {
		ppoll(NULL, 0, &pause, &waiting);
		if (ended)
			break;
		status = read_sample(&now);
		if (!status)
			print(&before, &now, line);
		before = now;
	}
	return status;
}

int cmd_stat(int argc, char **argv)
{
	struct sample none = { .at = 0 }, now;
	int status;

	opt_parse(&spec, argc, argv);
	if (count && !interval)
		return err_usage("--count: needs --interval");
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (interval)
		return stat_each_interval();
	status = read_sample(&now);
	if (!status)
		print(&none, &now, 0);
	return status;
}
