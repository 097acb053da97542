// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench: records of samples, and the ratios of pairs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "bench_record.h"
#include "err.h"
#include "out.h"

static void *grow(void *array, unsigned int *room, unsigned int used, size_t size)
{
	if (used < *room)
		return array;
	*room = *room ? 2 * *room : 16;
	array = realloc(array, *room * size);
	if (!array) {
		err_print("out of memory");
		exit(STATUS_FAILED);
	}
	return array;
}

static bool same_params(const struct bench_key *a, const struct bench_key *b)
{
	unsigned int i;

	for (i = 0; i < BENCH_PARAMS_MAX; i++) {
		if (!a->params[i].name != !b->params[i].name)
			return false;
		if (!a->params[i].name)
			return true;
		if (strcmp(a->params[i].name, b->params[i].name) ||
		    a->params[i].value != b->params[i].value)
			return false;
	}
	return true;
}

static struct bench_record *find_record(const struct bench *bench, const struct bench_key *key,
					const char *variant, const char *metric)
{
	struct bench_record *record;
	unsigned int i;

	for (i = 0; i < bench->n_records; i++) {
		record = &bench->records[i];
		if (!strcmp(record->key.section, key->section) &&
		    !strcmp(record->key.variant, variant) && same_params(&record->key, key) &&
		    !strcmp(record->metric, metric))
			return record;
	}
	return NULL;
}

static struct bench_record *get_record(struct bench *bench, const struct bench_key *key,
				       const char *metric, const char *unit)
{
	struct bench_record *record = find_record(bench, key, key->variant, metric);

	if (record)
		return record;
	bench->records = grow(bench->records, &bench->room, bench->n_records,
			      sizeof(*bench->records));
	record = &bench->records[bench->n_records++];
	*record = (struct bench_record){ .key = *key, .metric = metric, .unit = unit };
	return record;
}

void bench_sample(struct bench *bench, const struct bench_key *key, const char *metric,
		  const char *unit, double sample)
{
	struct bench_record *record = get_record(bench, key, metric, unit);

	record->samples = grow(record->samples, &record->room, record->n, sizeof(double));
	record->samples[record->n++] = sample;
}

void bench_hist(struct bench *bench, const struct bench_key *key, const char *metric,
		const struct hist *hist)
{
	struct bench_record *record = get_record(bench, key, metric, "ns");

	if (!record->hist)
		record->hist = out_alloc(sizeof(*record->hist));
	hist_merge(record->hist, hist);
}

void bench_compare(struct bench *bench, const char *section, const char *metric,
		   const char *variant)
{
	struct bench_baseline *baselines;
	unsigned int n = bench->n_baselines;

	baselines = realloc(bench->baselines, (n + 1) * sizeof(*baselines));
	if (!baselines) {
		err_print("out of memory");
		exit(STATUS_FAILED);
	}
	baselines[n] = (struct bench_baseline){ section, metric, variant };
	bench->baselines = baselines;
	bench->n_baselines = n + 1;
}

void bench_free_records(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->n_records; i++) {
		free(bench->records[i].samples);
		free(bench->records[i].hist);
	}
	free(bench->records);
	free(bench->baselines);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct bench_summary summary_of(const double *samples, unsigned int n)
{
	struct bench_summary summary = { NAN, NAN, NAN };
	double *sorted;

	if (!n)
		return summary;
	sorted = out_alloc(n * sizeof(*sorted));
	memcpy(sorted, samples, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_doubles);
	summary.median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
	summary.min = sorted[0];
	summary.max = sorted[n - 1];
	free(sorted);
	return summary;
}

/* Of the quotients of @record and @base, sample by sample. */
static struct bench_summary ratio_of(const struct bench_record *record,
				     const struct bench_record *base)
{
	unsigned int i, n = record->n < base->n ? record->n : base->n;
	double *ratios = out_alloc(n * sizeof(*ratios));
	struct bench_summary summary;

	for (i = 0; i < n; i++)
		ratios[i] = record->samples[i] / base->samples[i];
	summary = summary_of(ratios, n);
	free(ratios);
	return summary;
}

double bench_median(const struct bench *bench, const struct bench_key *key, const char *metric)
{
	const struct bench_record *record = find_record(bench, key, key->variant, metric);

	return record ? summary_of(record->samples, record->n).median : NAN;
}

/* The record that @record is compared with; NULL: with none. */
static const struct bench_record *base_of(const struct bench *bench,
					  const struct bench_record *record,
					  const struct bench_baseline *baseline)
{
	if (strcmp(record->key.section, baseline->section) ||
	    strcmp(record->metric, baseline->metric))
		return NULL;
	return find_record(bench, &record->key, baseline->variant, record->metric);
}

/* --- tables ------------------------------------------------------------------ */

#define COLUMNS_MAX 24

/* 1234567: "1.23M". */
static struct out_text short_number(double value)
{
	static const char suffix[] = { ' ', 'k', 'M', 'G', 'T' };
	struct out_text text;
	unsigned int i = 0;

	while (i < 4 && fabs(value) >= 999.5) {
		value /= 1000;
		i++;
	}
	snprintf(text.s, sizeof(text.s), "%.3g", value);
	if (i)
		strncat(text.s, &suffix[i], 1);
	return text;
}

static void put_summary(struct out_table *table, struct bench_summary summary)
{
	if (isnan(summary.median))
		out_table_cell(table, "-");
	else if (summary.min == summary.max)
		out_table_cell(table, "%s", short_number(summary.median).s);
	else
		out_table_cell(table, "%s (%s..%s)", short_number(summary.median).s,
			       short_number(summary.min).s, short_number(summary.max).s);
}

/**
 * struct layout - the columns of one table
 * @column: names for the table
 * @name: memory for them
 * @metric: of each column but the first
 * @baseline: if the column is a ratio; else NULL
 * @n: number of columns
 */
struct layout {
	struct out_column column[COLUMNS_MAX];
	char name[COLUMNS_MAX][64];
	const char *metric[COLUMNS_MAX];
	const struct bench_baseline *baseline[COLUMNS_MAX];
	unsigned int n;
};

static void add_column(struct layout *layout, const char *metric, const char *unit,
		       const struct bench_baseline *baseline)
{
	unsigned int i = layout->n;

	if (i == COLUMNS_MAX)
		return;
	if (baseline)
		snprintf(layout->name[i], sizeof(layout->name[i]), "÷ %s", baseline->variant);
	else
		snprintf(layout->name[i], sizeof(layout->name[i]), "%s%s%s", metric,
			 *unit ? " " : "", unit);
	layout->column[i] = (struct out_column){ layout->name[i], OUT_RIGHT };
	layout->metric[i] = metric;
	layout->baseline[i] = baseline;
	layout->n++;
}

static bool has_metric(const struct layout *layout, const char *metric)
{
	unsigned int i;

	for (i = 1; i < layout->n; i++)
		if (!strcmp(layout->metric[i], metric))
			return true;
	return false;
}

static bool same_table(const struct bench_record *a, const struct bench_record *b)
{
	return !strcmp(a->key.section, b->key.section) && same_params(&a->key, &b->key);
}

static void lay_out(const struct bench *bench, const struct bench_record *first,
		    struct layout *layout)
{
	const struct bench_record *record;
	unsigned int i, b;

	layout->n = 1;
	layout->column[0] = (struct out_column){ "variant", OUT_LEFT };
	for (i = 0; i < bench->n_records; i++) {
		record = &bench->records[i];
		if (record->hist || !same_table(record, first) ||
		    has_metric(layout, record->metric))
			continue;
		add_column(layout, record->metric, record->unit, NULL);
		for (b = 0; b < bench->n_baselines; b++)
			if (base_of(bench, record, &bench->baselines[b]))
				add_column(layout, record->metric, "", &bench->baselines[b]);
	}
}

static void put_row(const struct bench *bench, struct out_table *table,
		    const struct layout *layout, const struct bench_record *first)
{
	const struct bench_record *record, *base;
	unsigned int i;

	out_table_cell(table, "%s", first->key.variant);
	for (i = 1; i < layout->n; i++) {
		record = find_record(bench, &first->key, first->key.variant, layout->metric[i]);
		base = record && layout->baseline[i] ?
			       base_of(bench, record, layout->baseline[i]) :
			       NULL;
		if (!record || (layout->baseline[i] && !base))
			out_table_cell(table, "-");
		else
			put_summary(table, base ? ratio_of(record, base) :
						  summary_of(record->samples, record->n));
	}
}

/* The variant's first record of this table, so it gets its row now? */
static bool begins_row(const struct bench *bench, unsigned int at)
{
	const struct bench_record *record = &bench->records[at];
	unsigned int i;

	for (i = 0; i < at; i++)
		if (same_table(&bench->records[i], record) &&
		    !strcmp(bench->records[i].key.variant, record->key.variant))
			return false;
	return true;
}

static bool begins_table(const struct bench *bench, unsigned int at)
{
	unsigned int i;

	for (i = 0; i < at; i++)
		if (same_table(&bench->records[i], &bench->records[at]))
			return false;
	return true;
}

static void print_title(const struct bench_key *key)
{
	unsigned int i;

	printf("\n%s%s", out_style(OUT_BOLD), key->section);
	for (i = 0; i < BENCH_PARAMS_MAX && key->params[i].name; i++)
		printf("%s %s %llu", i ? "," : ":", key->params[i].name,
		       (unsigned long long)key->params[i].value);
	printf("%s\n", out_style(OUT_RESET));
}

static void print_table(const struct bench *bench, const struct bench_record *first)
{
	struct layout layout;
	struct out_table *table;
	unsigned int i;

	lay_out(bench, first, &layout);
	table = out_table_new(layout.column, layout.n);
	for (i = 0; i < bench->n_records; i++)
		if (same_table(&bench->records[i], first) && begins_row(bench, i))
			put_row(bench, table, &layout, &bench->records[i]);
	print_title(&first->key);
	out_table_print(table);
}

void bench_print_section(const struct bench *bench, const char *section)
{
	unsigned int i;

	for (i = 0; i < bench->n_records; i++)
		if (!strcmp(bench->records[i].key.section, section) && begins_table(bench, i))
			print_table(bench, &bench->records[i]);
}

/* --- JSON -------------------------------------------------------------------- */

static struct json_object *number(double value)
{
	char text[32];

	if (!isfinite(value))
		return NULL;
	snprintf(text, sizeof(text), "%.7g", value);
	return json_object_new_double_s(value, text);
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, text ? json_object_new_string(text) : NULL);
}

static void add_summary(struct json_object *object, struct bench_summary summary)
{
	json_object_object_add(object, "median", number(summary.median));
	json_object_object_add(object, "min", number(summary.min));
	json_object_object_add(object, "max", number(summary.max));
}

static struct json_object *key_json(const struct bench_record *record)
{
	struct json_object *object = json_object_new_object();
	struct json_object *params = json_object_new_object();
	const struct bench_key *key = &record->key;
	unsigned int i;

	add_text(object, "section", key->section);
	add_text(object, "variant", key->variant);
	add_text(object, "path", key->path);
	for (i = 0; i < BENCH_PARAMS_MAX && key->params[i].name; i++)
		out_json_number(params, key->params[i].name, key->params[i].value);
	json_object_object_add(object, "params", params);
	add_text(object, "metric", record->metric);
	return object;
}

/* Not empty buckets: the least value above the bucket, and the count. */
static void add_buckets(struct json_object *object, const struct hist *hist)
{
	struct json_object *buckets = json_object_new_array(), *pair;
	unsigned int i;

	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!hist->bucket[i])
			continue;
		pair = json_object_new_array();
		json_object_array_add(pair, json_object_new_uint64(hist_bucket_top(i)));
		json_object_array_add(pair, json_object_new_uint64(hist->bucket[i]));
		json_object_array_add(buckets, pair);
	}
	out_json_number(object, "n", hist->n);
	out_json_number(object, "sum", hist->sum);
	json_object_object_add(object, "buckets", buckets);
}

static struct json_object *record_json(const struct bench_record *record)
{
	struct json_object *object = key_json(record), *samples;
	unsigned int i;

	add_text(object, "unit", record->unit);
	if (record->hist) {
		add_buckets(object, record->hist);
		return object;
	}
	add_summary(object, summary_of(record->samples, record->n));
	samples = json_object_new_array();
	for (i = 0; i < record->n; i++)
		json_object_array_add(samples, number(record->samples[i]));
	json_object_object_add(object, "samples", samples);
	return object;
}

static struct json_object *ratio_json(const struct bench *bench, const struct bench_record *record,
				      const struct bench_baseline *baseline)
{
	const struct bench_record *base = base_of(bench, record, baseline);
	struct json_object *object;

	if (!base || base == record || record->hist)
		return NULL;
	object = key_json(record);
	add_text(object, "to", baseline->variant);
	add_summary(object, ratio_of(record, base));
	return object;
}

/* One element of an array, in a line of its own; puts it. */
static void write_line(FILE *file, struct json_object *object, bool *first)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (!object)
		return;
	fprintf(file, "%s\n%s", *first ? "" : ",", json_object_to_json_string_ext(object, flags));
	*first = false;
	json_object_put(object);
}

void bench_write_json(const struct bench *bench, struct json_object *environment, FILE *file)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	bool first = true;
	unsigned int i, b;

	fprintf(file, "{\"version\":1,\n\"environment\":%s,\n\"missing\":%s,\n\"records\":[",
		json_object_to_json_string_ext(environment, flags),
		json_object_to_json_string_ext(bench->missing, flags));
	json_object_put(environment);
	for (i = 0; i < bench->n_records; i++)
		write_line(file, record_json(&bench->records[i]), &first);
	fprintf(file, "\n],\n\"ratios\":[");
	first = true;
	for (i = 0; i < bench->n_records; i++)
		for (b = 0; b < bench->n_baselines; b++)
			write_line(file,
				   ratio_json(bench, &bench->records[i], &bench->baselines[b]),
				   &first);
	fprintf(file, "\n]}\n");
}
