// SPDX-License-Identifier: GPL-2.0
/* Pictures of what the demo does: recorded by the kernel, drawn as kgil timeline draws. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "demo.h"
#include "lanes.h"
#include "lanes_out.h"
#include "out.h"
#include "trace.h"

const char *demo_pictures = "kgil-demo";

/*
 * An emulated machine may fail when the scheduler's code is changed while it runs, as
 * its events demand: the demo does without them.
 */
static const struct trace_opts opts = {
	.buffer_kb = 4096,
	.no_switches = true,
	.no_forks = true,
};

/* What is recorded into must not stay behind: signals have to wait for its end. */
static void block_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, old);
}

static bool record(struct trace *trace, void (*run)(struct trace *trace, void *arg), void *arg,
		   struct trace_failure *failure)
{
	struct trace_recording *recording;
	sigset_t old;

	block_signals(&old);
	recording = trace_start(trace, &opts, failure);
	if (recording) {
		run(trace, arg);
		trace_stop(recording);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return recording;
}

static bool draw(const struct lanes *lanes, const char *path, struct trace_failure *failure)
{
	FILE *file = fopen(path, "w");
	bool bad;

	if (file) {
		lanes_svg(lanes, file, SVG_AUTO);
		bad = ferror(file);
		if (!fclose(file) && !bad)
			return true;
	}
	snprintf(failure->why, sizeof(failure->why), "%.100s: %s", path, strerror(errno));
	return false;
}

static void put_picture(struct demo *demo, const char *path, const struct lanes *lanes)
{
	struct json_object *row = demo_row(demo, "pictures");

	demo_put_text(row, "file", path);
	demo_put_text(row, "policy", lanes->policy == KGIL_POLICY_FAIR ? "fair" : "fifo");
	demo_put_int(row, "threads", lanes->n);
	demo_put_int(row, "lost_events", lanes->lost);
}

bool demo_picture(struct demo *demo, const struct demo_object *gil, const char *name,
		  void (*run)(struct trace *trace, void *arg), void *arg)
{
	struct trace_failure failure = { "nothing happened", 0 };
	struct trace trace = { .n = 0 };
	struct lanes lanes = { .id = 0 };
	struct kgil_state state;
	char path[512];
	bool good;

	demo_check(kgil_state(gil->path.fd, &state), "ask for the state of a gil");
	snprintf(path, sizeof(path), "%.400s-%s.svg", demo_pictures, name);
	good = record(&trace, run, arg, &failure) && lanes_make(&lanes, &trace, state.id, 0);
	lanes.policy = state.policy;
	good = good && draw(&lanes, path, &failure);
	if (good)
		put_picture(demo, path, &lanes);
	else
		demo_put_text(demo->result, "no_picture", failure.why);
	if (!out_json && good)
		printf("  %s\n", path);
	else if (!out_json)
		printf("  There is none: %s.\n", failure.why);
	lanes_free(&lanes);
	trace_free(&trace);
	return good;
}
