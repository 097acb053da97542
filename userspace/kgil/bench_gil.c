// SPDX-License-Identifier: GPL-2.0
/*
 * The GIL part of the bench.  In each round every GIL meets every number of
 * CPU-bound threads; the GILs change fastest, so that those that are compared
 * are measured one after the other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_gil.h"
#include "bench_gil_times.h"
#include "bench_quiet.h"
#include "bench_record.h"
#include "err.h"
#include "opt.h"
#include "out.h"
#include "work.h"

#define CPU_DEFAULT "0,1,2,4,8"
#define CPU_QUICK "0,1,4"

/* How long one waits for a quiet machine before a measurement. */
#define QUIET_LIMIT_NS OPT_SEC
#define SPARE_NS (20 * OPT_SEC)

struct gil_opts gil_opts;

static const struct gil_workload *const workloads[] = {
	&gil_workload_cpu,
	&gil_workload_echo,
	&gil_workload_ping,
	&gil_workload_brief,
};

#define N_WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

/**
 * struct plan - the cases of one workload
 * @workload: it
 * @cases: each GIL with each number of CPU-bound threads
 * @n: how many
 * @repeated: measurements that were disturbed, and made again
 * @disturbed: measurements that count although they were disturbed
 * @spare_ns: time that is left for waiting and for repetitions
 */
struct plan {
	const struct gil_workload *workload;
	struct gil_case cases[GIL_KINDS * BENCH_LIST_MAX];
	unsigned int n;
	unsigned int repeated;
	unsigned int disturbed;
	uint64_t spare_ns;
};

/* Is @word among those between the commas of @list? */
static bool listed(const char *list, const char *word)
{
	size_t size = strlen(word), part;

	for (;; list += part + 1) {
		part = strcspn(list, ",");
		if (part == size && !strncmp(list, word, size))
			return true;
		if (!list[part])
			return false;
	}
}

static int check_workload(const char *word)
{
	unsigned int i;

	for (i = 0; i < N_WORKLOADS; i++)
		if (!strcmp(word, workloads[i]->name))
			return STATUS_OK;
	return err_usage("--workload: '%s' is not one of cpu, echo, ping, brief", word);
}

static int check_workloads(void)
{
	char *copy = out_strdup(gil_opts.workloads), *rest = copy, *word;
	int status = STATUS_OK;

	while (!status && (word = strsep(&rest, ",")))
		status = check_workload(word);
	free(copy);
	return status;
}

static int read_cpu(const char *text, struct bench_list *list)
{
	static const struct opt opt = { .name = "cpu", .max = GIL_CPU_MAX };
	char *copy = out_strdup(text), *rest = copy, *word;
	int status = STATUS_OK;

	list->n = 0;
	while (!status && (word = strsep(&rest, ","))) {
		if (list->n == BENCH_LIST_MAX)
			status = err_usage("--cpu: more than %d values", BENCH_LIST_MAX);
		else if (opt_number(&opt, word, &list->value[list->n++]))
			status = STATUS_USAGE;
	}
	free(copy);
	return status;
}

int gil_opts_check(void)
{
	struct bench_list cpu;
	int status = STATUS_OK;

	if (gil_opts.workloads)
		status = check_workloads();
	if (!status && gil_opts.cpu)
		status = read_cpu(gil_opts.cpu, &cpu);
	return status;
}

struct gil_run *gil_case_run(const struct gil_case *c, unsigned int io)
{
	struct gil_run *run = gil_run_new(c->kind, c->interval_ns, io + c->cpu);

	if (run)
		return run;
	if (c->kind->path)
		exit(err_device(errno, "create a gil"));
	exit(err_failed("%s: %s", c->kind->name, strerror(errno)));
}

double gil_alone(uint64_t duration_ns)
{
	const struct gil_case alone = { .kind = &gil_none, .cpu = 1 };
	struct gil_run *run = gil_case_run(&alone, 0);
	double rate;

	gil_run_for(run, duration_ns);
	rate = gil_per_second(run, gil_done_from(run, 0));
	gil_run_free(run);
	return rate;
}

static uint64_t duration_of(const struct bench *bench, const struct gil_workload *workload)
{
	if (gil_opts.duration_ns)
		return gil_opts.duration_ns;
	return bench->opts.quick ? workload->quick_ns : workload->duration_ns;
}

static void plan_case(const struct bench *bench, struct plan *plan, const struct gil_kind *kind,
		      uint64_t cpu)
{
	const struct gil_workload *workload = plan->workload;

	if (cpu < workload->cpu_min || cpu > workload->cpu_max ||
	    !bench_wanted(bench, kind->name, kind->path))
		return;
	plan->cases[plan->n++] = (struct gil_case){
		.kind = kind,
		.cpu = cpu,
		.interval_ns = gil_opts.interval_ns,
		.duration_ns = duration_of(bench, workload),
		.key = {
			.section = workload->section,
			.variant = kind->name,
			.path = kind->path,
			.params = { { "cpu_threads", cpu } },
		},
	};
}

static int make_plan(const struct bench *bench, struct plan *plan)
{
	const char *text = bench->opts.quick ? CPU_QUICK : CPU_DEFAULT;
	struct bench_list cpu;
	unsigned int i, k;

	if (read_cpu(gil_opts.cpu ? gil_opts.cpu : text, &cpu))
		return STATUS_USAGE;
	plan->n = 0;
	for (i = 0; i < cpu.n; i++)
		for (k = 0; k < GIL_KINDS; k++)
			plan_case(bench, plan, gil_kinds[k], cpu.value[i]);
	return STATUS_OK;
}

void gil_put(struct gil_outcome *outcome, const char *metric, const char *unit, double value)
{
	outcome->figures[outcome->n++] = (struct gil_figure){ metric, unit, value };
}

void gil_put_times(struct gil_outcome *outcome, const char *metric, const struct hist *times)
{
	outcome->times_metric = metric;
	outcome->times = *times;
}

static void record(struct bench *bench, const struct bench_key *key,
		   const struct gil_outcome *outcome)
{
	const struct gil_figure *figure;
	unsigned int i;

	for (i = 0; i < outcome->n; i++) {
		figure = &outcome->figures[i];
		bench_sample(bench, key, figure->metric, figure->unit, figure->value);
	}
	if (outcome->times_metric)
		bench_hist(bench, key, outcome->times_metric, &outcome->times);
}

/* Measure once, after waiting for a quiet machine; true: it stayed quiet. */
static bool try_to_measure(struct plan *plan, const struct gil_case *c,
			   struct gil_outcome *outcome)
{
	uint64_t start = work_clock(), ns;

	bench_wait_quiet(plan->spare_ns < QUIET_LIMIT_NS ? plan->spare_ns : QUIET_LIMIT_NS);
	ns = work_clock() - start;
	plan->spare_ns -= ns < plan->spare_ns ? ns : plan->spare_ns;
	memset(outcome, 0, sizeof(*outcome));
	plan->workload->run(c, outcome);
	return bench_is_quiet();
}

/*
 * Measure, and again if something else has used the processors, as long as there
 * is time for that: the last try counts in any case.
 */
static void measure(struct plan *plan, const struct gil_case *c, struct gil_outcome *outcome)
{
	while (!try_to_measure(plan, c, outcome)) {
		if (plan->spare_ns < c->duration_ns) {
			plan->disturbed++;
			return;
		}
		plan->spare_ns -= c->duration_ns;
		plan->repeated++;
	}
}

static int run_case(struct bench *bench, unsigned int variant, void *arg)
{
	struct gil_outcome *outcome = out_alloc(sizeof(*outcome));
	struct plan *plan = arg;
	const struct gil_case *c = &plan->cases[variant];

	if (bench->opts.quick)
		plan->workload->run(c, outcome);
	else
		measure(plan, c, outcome);
	record(bench, &c->key, outcome);
	free(outcome);
	return STATUS_OK;
}

/* So that it can be seen how much the figures are worth. */
static void report_disturbances(struct bench *bench, const struct plan *plan)
{
	const struct bench_key key = {
		.section = "gil-disturbed",
		.variant = plan->workload->name,
	};

	if (bench->opts.quick)
		return;
	bench_sample(bench, &key, "repeated", "", plan->repeated);
	bench_sample(bench, &key, "kept", "", plan->disturbed);
	if (!out_json && plan->repeated + plan->disturbed)
		printf("\n%s: other programs disturbed measurements: %u were repeated, %u count "
		       "although disturbed.\n",
		       plan->workload->section, plan->repeated, plan->disturbed);
}

static int run_workload(struct bench *bench, const struct gil_workload *workload)
{
	struct plan *plan = out_alloc(sizeof(*plan));
	int status;

	plan->workload = workload;
	status = make_plan(bench, plan);
	/* Repetitions may double what it takes, or a little more if that is short. */
	plan->spare_ns = SPARE_NS + bench->opts.rounds * plan->n * duration_of(bench, workload);
	if (!status && plan->n)
		status = bench_rounds(bench, workload->section, plan->n, run_case, plan);
	out_progress_end();
	if (!status && !out_json) {
		bench_print_section(bench, workload->section);
		gil_print_times(bench, workload->section);
	}
	if (!status && plan->n)
		report_disturbances(bench, plan);
	fflush(stdout);
	free(plan);
	return status;
}

int bench_gil(struct bench *bench)
{
	int status = STATUS_OK;
	unsigned int i;

	bench_compare(bench, gil_workload_echo.section, "requests", gil_none.name);
	for (i = 0; i < N_WORKLOADS && !status; i++)
		if (!gil_opts.workloads || listed(gil_opts.workloads, workloads[i]->name))
			status = run_workload(bench, workloads[i]);
	return status;
}
