/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The GIL part of the bench: workloads, each for every kind of GIL.
 */
#ifndef KGIL_CMD_BENCH_GIL_H
#define KGIL_CMD_BENCH_GIL_H

#include <stdbool.h>
#include <stdint.h>

#include "bench.h"
#include "bench_gil_kind.h"
#include "bench_gil_run.h"

/**
 * struct gil_opts - what was asked for, of this part only
 * @workloads: only these, with commas between them; NULL: all
 * @cpu: numbers of CPU-bound threads, with commas between them; NULL: the default
 * @interval_ns: switch interval of all GILs; 0: each one's own
 * @duration_ns: how long a measurement lasts; 0: as long as each workload needs
 */
struct gil_opts {
	const char *workloads;
	const char *cpu;
	uint64_t interval_ns;
	uint64_t duration_ns;
};

extern struct gil_opts gil_opts;

/* Are they right?  Returns 0, or an exit status after a message. */
int gil_opts_check(void);

/**
 * struct gil_case - one measurement: a workload, a GIL, CPU-bound threads
 * @kind: which GIL
 * @cpu: how many CPU-bound threads
 * @interval_ns: the GIL's switch interval; 0: the kind's own
 * @duration_ns: how long
 * @key: what it is recorded as
 */
struct gil_case {
	const struct gil_kind *kind;
	unsigned int cpu;
	uint64_t interval_ns;
	uint64_t duration_ns;
	struct bench_key key;
};

#define GIL_FIGURES_MAX 8

/**
 * struct gil_figure - one of what came of a measurement
 * @metric: its name
 * @unit: "1/s", "ns", or "" for a part or number
 * @value: the figure
 */
struct gil_figure {
	const char *metric;
	const char *unit;
	double value;
};

/**
 * struct gil_outcome - what came of a measurement
 * @n: number of figures
 * @figures: the figures
 * @times_metric: what @times are of; NULL: there are none
 * @times: in ns
 */
struct gil_outcome {
	unsigned int n;
	struct gil_figure figures[GIL_FIGURES_MAX];
	const char *times_metric;
	struct hist times;
};

/**
 * struct gil_workload - what threads do under a GIL
 * @name: what --workload calls it
 * @section: the same in tables and JSON
 * @about: what is measured
 * @cpu_min: with so many CPU-bound threads at least
 * @cpu_max: with so many at most
 * @duration_ns: how long a measurement lasts
 * @quick_ns: the same for --quick
 * @run: measure once
 */
struct gil_workload {
	const char *name;
	const char *section;
	const char *about;
	unsigned int cpu_min;
	unsigned int cpu_max;
	uint64_t duration_ns;
	uint64_t quick_ns;
	void (*run)(const struct gil_case *c, struct gil_outcome *outcome);
};

extern const struct gil_workload gil_workload_cpu;
extern const struct gil_workload gil_workload_echo;
extern const struct gil_workload gil_workload_ping;
extern const struct gil_workload gil_workload_brief;

/* The most CPU-bound threads that --cpu allows. */
#define GIL_CPU_MAX 64

/* A run for @c with @io threads besides the CPU-bound ones; ends the program if it can't. */
struct gil_run *gil_case_run(const struct gil_case *c, unsigned int io);

void gil_put(struct gil_outcome *outcome, const char *metric, const char *unit, double value);
void gil_put_times(struct gil_outcome *outcome, const char *metric, const struct hist *times);

/* Chunks a second that one thread does alone, without any lock, measured now. */
double gil_alone(uint64_t duration_ns);

#endif /* KGIL_CMD_BENCH_GIL_H */
