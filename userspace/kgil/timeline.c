// SPDX-License-Identifier: GPL-2.0
/*
 * kgil timeline: who had an object and who waited, as a picture.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <kgil.h>

#include "cmd.h"
#include "err.h"
#include "lanes.h"
#include "lanes_out.h"
#include "opt.h"
#include "out.h"
#include "trace.h"

static const char *output = "kgil-timeline.svg";
static const char *chrome;
static const char *stacks;
static const char *input;
static uint64_t object_id, pid, duration_ns, buffer_kb = 16384;
static unsigned int theme;
static bool kgil_only;

static const char *const themes[] = { "auto", "light", "dark", NULL };

static const struct opt options[] = {
	{ "output", 'o', OPT_TEXT, &output, .arg = "FILE",
	  .help = "where the picture goes, an SVG (default: kgil-timeline.svg)" },
	{ "chrome", 'c', OPT_TEXT, &chrome, .arg = "FILE",
	  .help = "write the same for Perfetto and Chrome, as JSON in their trace format" },
	{ "stacks", 'S', OPT_TEXT, &stacks, .arg = "FILE",
	  .help = "write who waits where, as folded stacks: flamegraph.pl draws them" },
	{ "kgil-only", 'k', OPT_FLAG, &kgil_only,
	  .help = "record the events of kgil only, not those of the scheduler: fewer, but who has "
		  "the object counts as running" },
	{ "input", 'f', OPT_TEXT, &input, .arg = "FILE",
	  .help = "read what trace-cmd record -e kgil -e sched_switch has written, and record "
		  "nothing" },
	{ "object", 'O', OPT_NUMBER, &object_id, .arg = "ID", .min = 1, .max = UINT64_MAX,
	  .help = "the object (default: that with most events)" },
	{ "pid", 'p', OPT_NUMBER, &pid, .arg = "PID", .min = 1, .max = INT_MAX,
	  .help = "of the objects that this thread, or one that it starts, uses" },
	{ "seconds", 's', OPT_TIME, &duration_ns, .arg = "TIME", .unit = OPT_SEC, .min = OPT_MS,
	  .max = 3600 * OPT_SEC,
	  .help = "record for so long, 1ms to 3600s; without a unit: s (default: until COMMAND "
		  "ends, or Ctrl-C)" },
	{ "buffer", 'b', OPT_NUMBER, &buffer_kb, .arg = "KIB", .min = 64, .max = 1048576,
	  .help = "size of the buffer of each processor in KiB, 64 to 1048576 (default: 16384)" },
	{ "theme", 't', OPT_CHOICE, &theme, .arg = "THEME", .words = themes,
	  .help = "background: light, dark, or auto: as who looks at it prefers (default: auto)" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "timeline",
	.operands = "[COMMAND]",
	.about = "Record who has an object and who waits for it, while COMMAND runs or for some\n"
		 "time, and draw it: a lane for each thread, and a table. Needs root.",
	.opts = options,
	.more = "With --json, what --chrome writes is printed. The threads of a COMMAND in Python\n"
		"have their names, by a module that PYTHONPATH has for that.\n"
		"\n"
		"Examples:\n"
		"  kgil timeline -- kgil contend --threads 8 --work 50us --duration 200ms\n"
		"  kgil timeline --object 12 --seconds 2 -o gil.svg --chrome gil.json\n"
		"  kgil timeline --stacks gil.folded -- python3 program.py\n"
		"  kgil timeline --input trace.dat\n",
	.operands_max = INT_MAX,
	.program = true,
};

static int check_options(int operands)
{
	if (input && (operands || duration_ns))
		return err_usage("--input: nothing is recorded, so no COMMAND and no --seconds");
	if (input && kgil_only)
		return err_usage("--kgil-only: not with --input, of which nothing is recorded");
	if (pid && operands)
		return err_usage("--pid: not with a COMMAND, whose threads are those that count");
	return STATUS_OK;
}

static int write_svg(const struct lanes *lanes)
{
	FILE *file = fopen(output, "w");
	bool bad;

	if (!file)
		return err_failed("%s: %s", output, strerror(errno));
	lanes_svg(lanes, file, theme);
	bad = ferror(file);
	if (fclose(file) || bad)
		return err_failed("%s: cannot write it", output);
	return STATUS_OK;
}

static int write_stacks(const struct lanes *lanes, const struct trace *trace)
{
	FILE *file = fopen(stacks, "w");
	bool bad;

	if (!file)
		return err_failed("%s: %s", stacks, strerror(errno));
	lanes_stacks(lanes, trace, file);
	bad = ferror(file);
	if (fclose(file) || bad)
		return err_failed("%s: cannot write it", stacks);
	return STATUS_OK;
}

static int write_chrome(const struct lanes *lanes)
{
	struct json_object *json = lanes_json(lanes);
	int status = STATUS_OK;

	if (chrome && json_object_to_file_ext(chrome, json, JSON_C_TO_STRING_PLAIN))
		status = err_failed("%s: cannot write it", chrome);
	if (out_json && !status)
		out_json_print(json, false);
	else
		json_object_put(json);
	return status;
}

static void say(const struct lanes *lanes)
{
	FILE *to = out_json ? stderr : stdout;

	fprintf(to, "%s: %u threads, %s", lanes_title(lanes), lanes->n,
		out_time(lanes->to - lanes->from).s);
	if (lanes->others)
		fprintf(to, "; of %u other objects nothing is shown, see --object", lanes->others);
	if (lanes->lost)
		fprintf(to, "\n%s events were lost: there are gaps; see --buffer",
			out_count(lanes->lost).s);
	fprintf(to, "\n%s%s%s%s%s\n", output, chrome ? ", " : "", chrome ? chrome : "",
		stacks ? ", " : "", stacks ? stacks : "");
}

static int draw(const struct trace *trace)
{
	struct lanes lanes;
	int status;

	if (!lanes_make(&lanes, trace, object_id, trace->child ? trace->child : (int)pid)) {
		lanes_free(&lanes);
		return err_failed("no event of %s was recorded",
				  object_id ? "this object" : "an object of kgil");
	}
	status = write_svg(&lanes);
	if (!status && (chrome || out_json))
		status = write_chrome(&lanes);
	if (!status && stacks)
		status = write_stacks(&lanes, trace);
	if (!status)
		say(&lanes);
	lanes_free(&lanes);
	return status;
}

static int record(struct trace *trace, char **command)
{
	const struct trace_opts opts = {
		.buffer_kb = buffer_kb,
		.no_switches = kgil_only,
		.stacks = stacks,
	};

	return trace_record(trace, command, duration_ns, &opts);
}

int cmd_timeline(int argc, char **argv)
{
	struct trace trace = { .n = 0 };
	struct kgil_query query;
	int first = opt_parse(&spec, argc, argv), status;

	status = check_options(argc - first);
	if (status)
		return status;
	if (input)
		status = trace_read(&trace, input);
	else if (kgil_query(&query))
		status = err_device(errno, "ask the module");
	else
		status = record(&trace, first < argc ? argv + first : NULL);
	if (!status)
		status = draw(&trace);
	trace_free(&trace);
	return status;
}
