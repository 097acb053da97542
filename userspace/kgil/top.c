// SPDX-License-Identifier: GPL-2.0
/*
 * kgil top: who has the objects and who waits, live, or as text.
 */
#define _GNU_SOURCE /* ppoll() */
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "cmd.h"
#include "err.h"
#include "opt.h"
#include "out.h"
#include "top_state.h"
#include "top_term.h"

static uint64_t delay = OPT_SEC, count;
static bool once;
static const char *object;

static const struct opt options[] = {
	{ "delay", 'd', OPT_TIME, &delay, .arg = "SECONDS", .min = TOP_DELAY_MIN,
	  .max = TOP_DELAY_MAX, .unit = OPT_SEC,
	  .help = "refresh each SECONDS, or a time with a unit, 100ms to 3600s (default: 1)" },
	{ "once", 0, OPT_FLAG, &once, .help = "print one refresh as text; the same as -n 1" },
	{ "count", 'n', OPT_NUMBER, &count, .arg = "COUNT", .min = 1, .max = UINT64_MAX,
	  .help = "print so many refreshes as text" },
	{ "object", 'O', OPT_TEXT, &object, .arg = "ID|NAME",
	  .help = "show the threads of this object" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "top",
	.about = "Watch the objects of this network namespace: who has each now, how many threads\n"
		 "wait, how often and how long, and for which part of the time it was held. Enter\n"
		 "shows the threads of an object. All figures are of the last refresh. Without a\n"
		 "terminal that can be a screen it prints text.",
	.opts = options,
	.more = "Keys:\n"
		"  arrows, PgUp, PgDn, Home, End  choose a row\n"
		"  Enter                          the threads of the object\n"
		"  Esc, Backspace                 back to the objects\n"
		"  s, >, <                        sort by the next, or the previous column\n"
		"  r                              the other way round\n"
		"  /, F4                          show only rows with a text\n"
		"  d                              change how often it refreshes\n"
		"  Space                          stand still, and go on\n"
		"  h, ?, F1                       what the columns mean\n"
		"  q, F10, Ctrl-C                 end\n",
};

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
	(void)signal;
	ended = 1;
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

static void print(struct top *top, uint64_t n)
{
	if (out_json) {
		top_print_json(top);
		return;
	}
	if (n)
		putchar('\n');
	top_print(top);
}

/* Text, until @count, a signal, or nobody reads it. */
static int run_text(struct top *top)
{
	const struct timespec pause = { top->delay / OPT_SEC, top->delay % OPT_SEC };
	sigset_t waiting;
	uint64_t n;
	int status;

	catch_signals(&waiting);
	setvbuf(stdout, NULL, _IOFBF, 65536);
	status = top_next(top);
	for (n = 0; !status && (!count || n < count); n++) {
		ppoll(NULL, 0, &pause, &waiting);
		if (ended)
			break;
		status = top_next(top);
		if (status)
			break;
		print(top, n);
		if (fflush(stdout))
			break;
	}
	return status;
}

/* --object, if it is given. */
static int find_object(struct top *top, uint64_t id)
{
	struct net_object found;
	int status;

	if (!object)
		return STATUS_OK;
	status = net_get_operand(&top->client, object, id, &found);
	top->object = found.id;
	return status;
}

static int run(struct top *top, uint64_t id)
{
	int status = find_object(top, id);

	if (status)
		return status;
	if (!count && !out_json && top_can_live())
		return top_live(top);
	top->only = top->object;
	return run_text(top);
}

int cmd_top(int argc, char **argv)
{
	static struct top top;
	uint64_t id = 0;
	int status = STATUS_OK;

	opt_parse(&spec, argc, argv);
	if (once && count > 1)
		return err_usage("--once, --count: at most one of them");
	if (once)
		count = 1;
	if (object)
		status = net_parse_operand(object, &id);
	if (!status)
		status = net_open(&top.client);
	if (status)
		return status;
	top_init(&top);
	top.delay = delay;
	status = run(&top, id);
	top_exit(&top);
	net_close(&top.client);
	return status;
}
