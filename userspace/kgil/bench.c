// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench: the command line, where it ran, and the order of the sections.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <json-c/json.h>
#include <kgil.h>

#include "bench_gil.h"
#include "bench_quiet.h"
#include "bench_record.h"
#include "cmd.h"
#include "err.h"
#include "machine.h"
#include "opt.h"
#include "work.h"

#define THREADS_MAX 1024
#define ROUNDS 10
#define ROUNDS_QUICK 2
#define DURATION (200 * OPT_MS)
#define DURATION_QUICK (20 * OPT_MS)
#define SETTLE_NS (500 * OPT_MS)
#define WANTED_CLOCKSOURCE "tsc"

static const struct section {
	const char *name;
	int (*run)(struct bench *bench);
} sections[] = {
	{ "uncontended", bench_uncontended },
	{ "contended", bench_contended },
	{ "handoff", bench_handoff },
	{ "gil", bench_gil },
	{ "scale", bench_scale },
	{ "exec", bench_exec },
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static const char *const path_choice[] = { "ioctl", "word", "both", NULL };

static struct bench bench = {
	.opts = { .path = BENCH_PATH_BOTH },
};

static const char *threads_text, *hold_text, *file_name;

/* The first of the table. */
enum {
	OPTION_THREADS,
	OPTION_HOLD,
};

static const struct opt options[] = {
	{ "threads", 'T', OPT_TEXT, &threads_text, .arg = "N,...", .min = 1,
	  .max = THREADS_MAX,
	  .help = "numbers of threads for contended, 1 to 1024 each (default: 2,8,64)" },
	{ "hold", 'H', OPT_TEXT, &hold_text, .arg = "TIME,...", .max = OPT_SEC,
	  .unit = OPT_US,
	  .help = "times for which contended holds the lock, 0 to 1s each; without a unit: us\n"
		  "(default: 0,1us,50us)" },
	{ "pairs", 'p', OPT_NUMBER, &bench.opts.rounds, .arg = "N", .min = 1, .max = 1000,
	  .help = "measure every variant so often, in turns, 1 to 1000 (default: 10)" },
	{ "duration", 'd', OPT_TIME, &bench.opts.duration, .arg = "TIME", .min = OPT_MS,
	  .max = 60 * OPT_SEC, .unit = OPT_SEC,
	  .help = "how long each measurement lasts that ends by time, 1ms to 60s; without a\n"
		  "unit: s (default: 200ms; gil: as long as each workload needs)" },
	{ "path", 'P', OPT_CHOICE, &bench.opts.path, .arg = "PATH", .words = path_choice,
	  .help = "how kgil's objects are taken: ioctl, word or both (default: both)" },
	{ "variant", 'v', OPT_TEXT, &bench.opts.variants, .arg = "NAME,...",
	  .help = "only variants whose name contains one of these" },
	{ "workload", 'w', OPT_TEXT, &gil_opts.workloads, .arg = "NAME,...",
	  .help = "gil: only these of cpu, echo, ping, brief" },
	{ "cpu", 'c', OPT_TEXT, &gil_opts.cpu, .arg = "N,...",
	  .help = "gil: numbers of CPU-bound threads, 0 to 64 each (default: 0,1,2,4,8)" },
	{ "interval", 'I', OPT_TIME, &gil_opts.interval_ns, .arg = "TIME",
	  .min = KGIL_INTERVAL_MIN, .max = KGIL_INTERVAL_MAX, .unit = OPT_US,
	  .help = "gil: the switch interval of every GIL, 10us to 1s; without a unit: us\n"
		  "(default: each one's own, 5ms or 100ms)" },
	{ "quick", 'q', OPT_FLAG, &bench.opts.quick,
	  .help = "2 pairs, short measurements, few threads and objects: to see that it works" },
	{ "output", 'o', OPT_TEXT, &file_name, .arg = "FILE",
	  .help = "write JSON to FILE too" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "bench",
	.operands = "[SECTION]...",
	.operands_max = N_SECTIONS,
	.about = "Measure kgil's locks side by side with those that there are: an ioctl that does\n"
		 "nothing, pthread mutexes, POSIX semaphores, eventfd, flock, ntsync if the kernel\n"
		 "has it. Every figure is the median of interleaved rounds, with its range.\n"
		 "Without SECTION: all sections.",
	.opts = options,
	.more = "Sections:\n"
		"  uncontended  one thread acquires and releases\n"
		"  contended    threads acquire, hold and release: throughput, fairness, waits\n"
		"  handoff      one thread lets another one go\n"
		"  gil          CPU-bound and I/O threads under a GIL\n"
		"  scale        many waiters, many objects\n"
		"  exec         commands that run under a lock: kgil exec, flock(1)\n"
		"\n"
		"A clocksource other than tsc is refused: reading it would take longer than\n"
		"what is measured.\n",
};

/* Numbers or times between commas, each as @opt allows. */
static int read_list(const struct opt *opt, const char *text, struct bench_list *list)
{
	int (*read_one)(const struct opt *opt, const char *text, uint64_t *value) =
		opt->unit ? opt_time : opt_number;
	char *copy = out_strdup(text), *rest = copy, *word;
	int status = STATUS_OK;

	list->n = 0;
	while (!status && (word = strsep(&rest, ","))) {
		if (list->n == BENCH_LIST_MAX)
			status = err_usage("--%s: more than %d values", opt->name, BENCH_LIST_MAX);
		else if (read_one(opt, word, &list->value[list->n++]))
			status = STATUS_USAGE;
	}
	free(copy);
	return status;
}

static int read_options(void)
{
	struct bench_opts *opts = &bench.opts;
	int status;

	gil_opts.duration_ns = opts->duration;
	if (!opts->rounds)
		opts->rounds = opts->quick ? ROUNDS_QUICK : ROUNDS;
	if (!opts->duration)
		opts->duration = opts->quick ? DURATION_QUICK : DURATION;
	if (!threads_text)
		threads_text = opts->quick ? "2" : "2,8,64";
	if (!hold_text)
		hold_text = opts->quick ? "1us" : "0,1us,50us";
	status = read_list(&options[OPTION_THREADS], threads_text, &opts->threads);
	if (!status)
		status = read_list(&options[OPTION_HOLD], hold_text, &opts->hold);
	if (!status)
		status = gil_opts_check();
	return status;
}

static int check_sections(int n, char **names)
{
	const char *words[N_SECTIONS + 1] = { NULL };
	const char *nearest;
	unsigned int i;
	int k;

	for (i = 0; i < N_SECTIONS; i++)
		words[i] = sections[i].name;
	for (k = 0; k < n; k++) {
		for (i = 0; i < N_SECTIONS && strcmp(names[k], words[i]); i++)
			;
		if (i < N_SECTIONS)
			continue;
		nearest = opt_nearest(names[k], words);
		return err_usage("'%s' is not a section%s%s%s; see: kgil bench --help", names[k],
				 nearest ? "; did you mean '" : "", nearest ? nearest : "",
				 nearest ? "'?" : "");
	}
	return STATUS_OK;
}

static bool section_wanted(const char *name, int n, char **names)
{
	int k;

	for (k = 0; k < n; k++)
		if (!strcmp(name, names[k]))
			return true;
	return !n;
}

static int check_machine(void)
{
	struct out_text clocksource = machine_clocksource();
	struct kgil_query query;

	if (kgil_query(&query))
		return err_device(errno, "query");
	if (strcmp(clocksource.s, WANTED_CLOCKSOURCE))
		return err_failed("the clocksource is '%s', too slow to measure with; boot with: "
				  "tsc=reliable clocksource=tsc",
				  clocksource.s);
	return STATUS_OK;
}

static bool idle_poll(void)
{
	char line[4096] = "", *rest = line, *word;
	FILE *file = fopen("/proc/cmdline", "re");
	size_t got;

	if (!file)
		return false;
	got = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[got] = '\0';
	while ((word = strsep(&rest, " \n")))
		if (!strcmp(word, "idle=poll"))
			return true;
	return false;
}

static struct json_object *environment(void)
{
	struct json_object *object = json_object_new_object();
	struct utsname name;

	uname(&name);
	json_object_object_add(object, "kernel", json_object_new_string(name.release));
	json_object_object_add(object, "processors", json_object_new_int(machine_cpus()));
	json_object_object_add(object, "clocksource",
			       json_object_new_string(machine_clocksource().s));
	json_object_object_add(object, "machine", json_object_new_string(machine_name().s));
	json_object_object_add(object, "emulated", json_object_new_boolean(machine_emulated()));
	json_object_object_add(object, "idle_poll", json_object_new_boolean(idle_poll()));
	json_object_object_add(object, "kgil", json_object_new_string(kgil_version()));
	out_json_number(object, "pairs", bench.opts.rounds);
	out_json_number(object, "duration_ns", bench.opts.duration);
	json_object_object_add(object, "quick", json_object_new_boolean(bench.opts.quick));
	return object;
}

static void print_environment(void)
{
	struct utsname name;

	uname(&name);
	printf("Linux %s, %u processors, clocksource %s, %s, idle=poll: %s\n", name.release,
	       machine_cpus(), machine_clocksource().s, machine_name().s,
	       idle_poll() ? "yes" : "no");
	if (machine_emulated())
		puts("Every figure below comes from " MACHINE_EMULATED ".");
	printf("Each figure: median (least..greatest) of %llu interleaved rounds; "
	       "÷: ratio of pairs.\n",
	       (unsigned long long)bench.opts.rounds);
	fflush(stdout);
}

bool bench_wanted(const struct bench *run, const char *variant, const char *path)
{
	char *copy, *rest, *word;
	bool wanted = false;

	if (path && run->opts.path != BENCH_PATH_BOTH &&
	    strcmp(path, path_choice[run->opts.path]))
		return false;
	if (!run->opts.variants)
		return true;
	copy = out_strdup(run->opts.variants);
	rest = copy;
	while (!wanted && (word = strsep(&rest, ",")))
		wanted = strstr(variant, word);
	free(copy);
	return wanted;
}

void bench_not_here(struct bench *run, const char *variant)
{
	size_t i;

	for (i = 0; i < json_object_array_length(run->missing); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(run->missing, i)),
			    variant))
			return;
	json_object_array_add(run->missing, json_object_new_string(variant));
}

int bench_rounds(struct bench *run, const char *what, unsigned int n, bench_run fn, void *arg)
{
	uint64_t round;
	unsigned int i;
	int status;

	for (round = 0; round < run->opts.rounds; round++) {
		out_progress("%s: round %llu of %llu", what, (unsigned long long)round + 1,
			     (unsigned long long)run->opts.rounds);
		for (i = 0; i < n; i++) {
			status = fn(run, (i + round) % n, arg);
			if (status)
				return status;
		}
	}
	out_progress_end();
	return STATUS_OK;
}

void bench_settle(const struct bench *run)
{
	if (!run->opts.quick)
		bench_wait_quiet(SETTLE_NS);
}

static void print_missing(void)
{
	size_t i, n = json_object_array_length(bench.missing);

	if (!n)
		return;
	fputs("\nNot on this kernel:", stdout);
	for (i = 0; i < n; i++)
		printf(" %s", json_object_get_string(json_object_array_get_idx(bench.missing, i)));
	putchar('\n');
}

static int run_sections(int n, char **names)
{
	unsigned int i;
	int status;

	for (i = 0; i < N_SECTIONS; i++) {
		if (!section_wanted(sections[i].name, n, names))
			continue;
		status = sections[i].run(&bench);
		out_progress_end();
		if (status)
			return status;
		if (!out_json)
			bench_print_section(&bench, sections[i].name);
		fflush(stdout);
	}
	if (!out_json)
		print_missing();
	return STATUS_OK;
}

static int write_results(FILE *file)
{
	if (out_json)
		bench_write_json(&bench, environment(), stdout);
	if (!file)
		return STATUS_OK;
	bench_write_json(&bench, environment(), file);
	if (fflush(file) || ferror(file))
		return err_failed("%s: %s", file_name, strerror(errno));
	return STATUS_OK;
}

int cmd_bench(int argc, char **argv)
{
	int first = opt_parse(&spec, argc, argv), status;
	FILE *file = NULL;

	status = check_sections(argc - first, argv + first);
	if (!status)
		status = read_options();
	if (!status)
		status = check_machine();
	if (status)
		return status;
	/* Now, and not when all has been measured. */
	if (file_name) {
		file = fopen(file_name, "we");
		if (!file)
			return err_failed("%s: %s", file_name, strerror(errno));
	}
	bench.missing = json_object_new_array();
	if (!out_json)
		print_environment();
	work_calibrate();
	status = run_sections(argc - first, argv + first);
	if (!status)
		status = write_results(file);
	if (file)
		fclose(file);
	bench_free_records(&bench);
	json_object_put(bench.missing);
	return status;
}
