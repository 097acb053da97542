// SPDX-License-Identifier: GPL-2.0
/* kgil demo: tell the story part by part, and check every claim. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "demo.h"
#include "err.h"
#include "opt.h"
#include "out.h"
#include "work.h"

static const struct demo_part *const parts[] = {
	&demo_race, &demo_lock, &demo_cpu, &demo_io, &demo_convoy, &demo_proc
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static uint64_t only_part;
static unsigned int path;
static bool pause_wanted;

static const struct opt options[] = {
	{ "part", 'p', OPT_NUMBER, &only_part, .arg = "N", .min = 1, .max = N_PARTS,
	  .help = "only part N: 1 race, 2 lock, 3 CPU-bound threads, 4 I/O-bound threads, "
		  "5 convoy, 6 /proc" },
	{ "path", 0, OPT_CHOICE, &path, .arg = "PATH", .words = path_words,
	  .help = "ioctl: every acquire and release is a system call; word: a free lock is "
		  "taken and given back by its shared word, without one (default: ioctl)" },
	{ "output", 'o', OPT_TEXT, &demo_pictures, .arg = "NAME",
	  .help = "part 5 draws the convoy, as kgil timeline does, into NAME-fifo.svg and "
		  "NAME-fair.svg (default: kgil-demo); root only" },
	{ "pause", 0, OPT_FLAG, &pause_wanted, .help = "wait for Enter between the parts" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "demo",
	.about = "Show what a GIL and a lock do, in six parts and about a minute. Every number is "
		 "measured while you watch. A claim that the run does not bear out is printed as such, and makes "
		 "the exit status 1.",
	.opts = options,
};

/* Everything the demo has goes with the process: say so, and end by the signal. */
static void interrupted(int signal)
{
	static const char text[] = "\nkgil: demo: interrupted; nothing is left behind\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_FAILED);
	raise(signal);
}

static void catch_signals(void)
{
	struct sigaction action = {
		.sa_handler = interrupted,
		.sa_flags = SA_RESETHAND | SA_NODEFER,
	};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void wait_for_enter(void)
{
	int c;

	printf("\n%sPress Enter to go on.%s", out_style(OUT_DIM), out_style(OUT_RESET));
	fflush(stdout);
	do {
		c = getchar();
	} while (c != '\n' && c != EOF);
}

static void introduce(void)
{
	out_wrapped(0, "A GIL, a global interpreter lock, lets one thread of an interpreter run at "
		       "a time; a lock keeps threads out of each other's way. Here the kernel provides "
		       "both.");
	putchar('\n');
}

static struct json_object *run_part(struct demo *demo)
{
	const struct demo_part *part = parts[demo->part - 1];

	demo->broken = 0;
	demo->result = json_object_new_object();
	demo_put_int(demo->result, "part", demo->part);
	demo_put_text(demo->result, "title", part->title);
	demo_put_text(demo->result, "path", path_words[demo->path]);
	demo_put_text(demo->result, "expect", part->expect);
	if (!out_json) {
		printf("\n%sPart %u: %s%s\n", out_style(OUT_BOLD), demo->part, part->title,
		       out_style(OUT_RESET));
		out_wrapped(0, part->expect);
		putchar('\n');
		fflush(stdout);
	}
	part->run(demo);
	fflush(stdout);
	return demo->result;
}

static void run_parts(struct demo *demo, struct json_object *json)
{
	struct json_object *results = json_object_new_array();
	unsigned int first = only_part ? only_part : 1;
	unsigned int last = only_part ? only_part : N_PARTS;

	json_object_object_add(json, "parts", results);
	for (demo->part = first; demo->part <= last; demo->part++) {
		if (pause_wanted && demo->part > first)
			wait_for_enter();
		json_object_array_add(results, run_part(demo));
	}
}

int cmd_demo(int argc, char **argv)
{
	struct demo demo = {
		.claims = json_object_new_array(),
		.not_claimed = json_object_new_array(),
	};
	struct json_object *json = json_object_new_object();
	struct kgil_query query;

	opt_parse(&spec, argc, argv);
	if (pause_wanted && out_json)
		return err_usage("--pause: not together with --json");
	if (pause_wanted && !isatty(STDIN_FILENO))
		return err_usage("--pause: standard input is not a terminal");
	demo_check_device(kgil_query(&query), "query the module");
	demo.path = path;
	catch_signals();
	out_progress("measuring the speed of this machine ...");
	work_calibrate();
	out_progress_end();
	if (!out_json && !only_part)
		introduce();
	demo_environment(&demo, json);
	run_parts(&demo, json);
	json_object_object_add(json, "claims", demo.claims);
	json_object_object_add(json, "not_claimed", demo.not_claimed);
	demo_put_int(json, "borne_out", demo.borne_out);
	demo_put_int(json, "not_borne_out", demo.not_borne_out);
	if (out_json) {
		out_json_print(json, false);
	} else {
		demo_summary(&demo);
		if (!only_part)
			puts("Try it yourself: kgil contend --help");
		json_object_put(json);
	}
	return out_finish(demo.not_borne_out ? STATUS_FAILED : STATUS_OK);
}
