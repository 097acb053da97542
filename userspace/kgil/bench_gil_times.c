// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "bench_gil_times.h"
#include "bench_record.h"
#include "out.h"

/* Powers of two; all that is longer comes into the last one. */
#define FIRST_BITS 10
#define STEP_BITS 2
#define RANGES 10
#define COLUMNS (5 + RANGES)

static const struct out_column columns[COLUMNS] = {
	{ "variant", OUT_LEFT },
	{ "number", OUT_RIGHT },
	{ "p50", OUT_RIGHT },
	{ "p99", OUT_RIGHT },
	{ "max", OUT_RIGHT },
	{ "< 1 µs", OUT_RIGHT },
	{ "< 4 µs", OUT_RIGHT },
	{ "< 16 µs", OUT_RIGHT },
	{ "< 66 µs", OUT_RIGHT },
	{ "< 262 µs", OUT_RIGHT },
	{ "< 1 ms", OUT_RIGHT },
	{ "< 4 ms", OUT_RIGHT },
	{ "< 17 ms", OUT_RIGHT },
	{ "< 67 ms", OUT_RIGHT },
	{ "longer", OUT_RIGHT },
};

static unsigned int range_of(uint64_t ns)
{
	unsigned int i;

	for (i = 0; i < RANGES - 1; i++)
		if (ns < 1ULL << (FIRST_BITS + i * STEP_BITS))
			break;
	return i;
}

static void put_ranges(struct out_table *table, const struct hist *hist)
{
	uint64_t in_range[RANGES] = { 0 };
	unsigned int i;
	double part;

	for (i = 0; i < HIST_BUCKETS; i++)
		in_range[range_of(hist_bucket_top(i))] += hist->bucket[i];
	for (i = 0; i < RANGES; i++) {
		part = hist->n ? 100.0 * in_range[i] / hist->n : 0;
		if (in_range[i])
			out_table_cell(table, "%.*f %%", part < 10, part);
		else
			out_table_cell(table, "-");
	}
}

static void put_row(struct out_table *table, const struct bench_record *record)
{
	const struct hist *hist = record->hist;

	out_table_cell(table, "%s", record->key.variant);
	out_table_cell(table, "%s", out_count(hist->n).s);
	out_table_cell(table, "%s", out_time(hist_percentile(hist, 0.5)).s);
	out_table_cell(table, "%s", out_time(hist_percentile(hist, 0.99)).s);
	out_table_cell(table, "%s", out_time(hist->max).s);
	put_ranges(table, hist);
}

static bool same_table(const struct bench_record *a, const struct bench_record *b)
{
	return a->hist && b->hist && !strcmp(a->key.section, b->key.section) &&
	       a->key.params[0].value == b->key.params[0].value;
}

static bool begins_table(const struct bench *bench, unsigned int at)
{
	unsigned int i;

	for (i = 0; i < at; i++)
		if (same_table(&bench->records[i], &bench->records[at]))
			return false;
	return true;
}

static void print_table(const struct bench *bench, const struct bench_record *first)
{
	struct out_table *table = out_table_new(columns, COLUMNS);
	unsigned int i;

	for (i = 0; i < bench->n_records; i++)
		if (same_table(&bench->records[i], first))
			put_row(table, &bench->records[i]);
	printf("\n%s: %s of all rounds, %s %llu\n", first->key.section, first->metric,
	       first->key.params[0].name, (unsigned long long)first->key.params[0].value);
	out_table_print(table);
}

void gil_print_times(const struct bench *bench, const char *section)
{
	unsigned int i;

	for (i = 0; i < bench->n_records; i++)
		if (bench->records[i].hist && !strcmp(bench->records[i].key.section, section) &&
		    begins_table(bench, i))
			print_table(bench, &bench->records[i]);
}
