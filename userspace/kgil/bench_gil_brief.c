// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that gives the GIL up around calls that don't block, beside one that
 * is CPU-bound: two switches for each call would be waste.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "bench_gil.h"
#include "opt.h"
#include "work.h"

#define WORK_NS 2000

static void call_often(struct gil_thread *thread, void *arg)
{
	uint64_t work = work_rounds_of(WORK_NS);

	(void)arg;
	while (!gil_stopped(thread->run)) {
		gil_take(thread);
		work_rounds(work);
		gil_drop(thread);
		syscall(SYS_getppid);
		thread->done++;
	}
}

static void run_brief(const struct gil_case *c, struct gil_outcome *outcome)
{
	struct gil_run *run = gil_case_run(c, 1);
	double calls, caller, cpu;

	run->first = call_often;
	gil_run_for(run, c->duration_ns);
	calls = run->threads[0].done;
	caller = run->threads[0].hold_ns;
	cpu = gil_hold_from(run, 1);
	gil_put(outcome, "calls", "1/s", gil_per_second(run, calls));
	if (c->kind->exclusive) {
		gil_put(outcome, "switches_per_1000", "",
			calls ? 1000 * run->track.switches / calls : 0);
		gil_put(outcome, "caller_share", "", caller / (caller + cpu));
	}
	gil_run_free(run);
}

const struct gil_workload gil_workload_brief = {
	.name = "brief",
	.section = "gil-brief",
	.about = "a thread that releases around calls that don't block, beside a CPU-bound one",
	.cpu_min = 1,
	.cpu_max = 1,
	.duration_ns = 2 * OPT_SEC,
	.quick_ns = 60 * OPT_MS,
	.run = run_brief,
};
