/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of kgil bench: what was measured, what is compared with what, and
 * both as tables and as JSON.
 */
#ifndef KGIL_CMD_BENCH_RECORD_H
#define KGIL_CMD_BENCH_RECORD_H

#include <stdio.h>

#include "bench.h"

/**
 * struct bench_record - one metric of one variant
 * @key: what was measured
 * @metric: the metric's name
 * @unit: of the samples
 * @samples: one for each round
 * @n: how many
 * @room: how many there is room for
 * @hist: instead of samples; NULL: none
 */
struct bench_record {
	struct bench_key key;
	const char *metric;
	const char *unit;
	double *samples;
	unsigned int n;
	unsigned int room;
	struct hist *hist;
};

/**
 * struct bench_baseline - what a metric of a section is compared with
 * @section: the section
 * @metric: the metric
 * @variant: whose samples the others' are divided by
 */
struct bench_baseline {
	const char *section;
	const char *metric;
	const char *variant;
};

/**
 * struct bench_summary - of some numbers
 * @median: the middle one, or the mean of the two there
 * @min: the least
 * @max: the greatest
 */
struct bench_summary {
	double median;
	double min;
	double max;
};

/* All tables of a section. */
void bench_print_section(const struct bench *bench, const char *section);
/* Everything as JSON, a record a line; @environment is put. */
void bench_write_json(const struct bench *bench, struct json_object *environment, FILE *file);
void bench_free_records(struct bench *bench);

#endif /* KGIL_CMD_BENCH_RECORD_H */
