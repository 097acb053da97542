// SPDX-License-Identifier: GPL-2.0
/* CPU-bound threads only: what the GIL costs them, and how they share it. */
#include <math.h>

#include "bench_gil.h"
#include "opt.h"

/* One thread runs for this part of the time, to be compared with. */
#define ONE_PART 4

static double rate_of_one(const struct gil_case *c)
{
	struct gil_case one = *c;
	struct gil_run *run;
	double rate;

	one.cpu = 1;
	run = gil_case_run(&one, 0);
	gil_run_for(run, c->duration_ns / ONE_PART);
	rate = gil_per_second(run, gil_done_from(run, 0));
	gil_run_free(run);
	return rate;
}

/* How far the worst share is from an equal one, as a part of that. */
static double worst_share(const struct gil_run *run)
{
	double equal = (double)gil_done_from(run, 0) / run->n, off, worst = 0;
	unsigned int i;

	for (i = 0; i < run->n; i++) {
		off = fabs(run->threads[i].done - equal) / equal;
		if (off > worst)
			worst = off;
	}
	return worst;
}

static void run_cpu(const struct gil_case *c, struct gil_outcome *outcome)
{
	double one = c->cpu > 1 ? rate_of_one(c) : 0, rate;
	struct gil_run *run = gil_case_run(c, 0);

	gil_run_for(run, c->duration_ns);
	rate = gil_per_second(run, gil_done_from(run, 0));
	gil_put(outcome, "work", "1/s", rate);
	if (c->cpu > 1) {
		gil_put(outcome, "work_of_one", "", rate / one);
		gil_put(outcome, "worst_share", "", worst_share(run));
	}
	if (c->kind->exclusive)
		gil_put(outcome, "switches", "1/s", gil_per_second(run, run->track.switches));
	if (c->kind->exclusive && c->cpu == 4)
		gil_put_times(outcome, "run_length", &run->track.lengths);
	gil_run_free(run);
}

const struct gil_workload gil_workload_cpu = {
	.name = "cpu",
	.section = "gil-cpu",
	.about = "CPU-bound threads: work done in all, and shares",
	.cpu_min = 1,
	.cpu_max = GIL_CPU_MAX,
	.duration_ns = 2 * OPT_SEC,
	.quick_ns = 60 * OPT_MS,
	.run = run_cpu,
};
