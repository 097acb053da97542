/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil bench: what its parts share.
 *
 * A section measures some variants under some parameters, in rounds: every
 * round measures every variant once, so that what changes with time hits all
 * alike.  Each measurement is recorded as one sample; sample i of two variants
 * is of the same round, which makes them a pair.  Tables and JSON come from the
 * same records.
 */
#ifndef KGIL_CMD_BENCH_H
#define KGIL_CMD_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "hist.h"

#define BENCH_PARAMS_MAX 3
#define BENCH_LIST_MAX 16

/* The order of the words of --path; each is a bit less. */
enum bench_path {
	BENCH_PATH_IOCTL,
	BENCH_PATH_WORD,
	BENCH_PATH_BOTH,
};

/**
 * struct bench_list - numbers given with commas between them
 * @n: how many
 * @value: the numbers; times in ns
 */
struct bench_list {
	unsigned int n;
	uint64_t value[BENCH_LIST_MAX];
};

/**
 * struct bench_opts - what was asked for; times in ns
 * @quick: few rounds, short measurements, few parameters: does it work at all?
 * @rounds: how often every variant is measured (--pairs)
 * @path: enum bench_path: which of kgil's variants
 * @duration: how long one measurement that is not of a fixed amount of work lasts
 * @threads: numbers of threads for contended
 * @hold: times for which contended holds the lock
 * @variants: only variants whose name contains one of these words, with commas
 *	between them; NULL: all
 */
struct bench_opts {
	bool quick;
	uint64_t rounds;
	unsigned int path;
	uint64_t duration;
	struct bench_list threads;
	struct bench_list hold;
	const char *variants;
};

struct bench_record;
struct bench_baseline;

/**
 * struct bench - a run
 * @opts: what was asked for
 * @records: what was measured
 * @n_records: how many of them
 * @room: how many there is room for
 * @baselines: what is compared with what
 * @n_baselines: how many of them
 * @missing: variants that this kernel doesn't have
 */
struct bench {
	struct bench_opts opts;
	struct bench_record *records;
	unsigned int n_records;
	unsigned int room;
	struct bench_baseline *baselines;
	unsigned int n_baselines;
	struct json_object *missing;
};

struct bench_param {
	const char *name; /* NULL: none */
	uint64_t value;
};

/**
 * struct bench_key - what was measured; the strings must last
 * @section: "contended"
 * @variant: "kgil-lock-word"
 * @path: "ioctl" or "word"; NULL: not one of kgil's
 * @params: "threads" 8, "hold_ns" 1000; in the order in which a table shows them
 */
struct bench_key {
	const char *section;
	const char *variant;
	const char *path;
	struct bench_param params[BENCH_PARAMS_MAX];
};

/*
 * Record one sample of @metric ("throughput") in @unit ("1/s", "ns", "", ...).
 * The first call with a key and metric makes the record, later ones add to it.
 */
void bench_sample(struct bench *bench, const struct bench_key *key, const char *metric,
		  const char *unit, double sample);
/* Record a histogram of ns: merged with those recorded before. */
void bench_hist(struct bench *bench, const struct bench_key *key, const char *metric,
		const struct hist *hist);
/*
 * In tables and JSON, compare @metric of each variant of @section with that of
 * @variant, pair by pair.
 */
void bench_compare(struct bench *bench, const char *section, const char *metric,
		   const char *variant);

/* Is the variant (of kgil's by @path, or of others: NULL) to be measured? */
bool bench_wanted(const struct bench *bench, const char *variant, const char *path);
/* Say that this kernel doesn't have @variant. */
void bench_not_here(struct bench *bench, const char *variant);

/*
 * Call @run for each of @n variants in each round; each round begins with
 * another.  @run returns 0, or an exit status after a message, which ends it.
 * Shows progress, with @what.
 */
typedef int (*bench_run)(struct bench *bench, unsigned int variant, void *arg);
int bench_rounds(struct bench *bench, const char *what, unsigned int n, bench_run run, void *arg);

/* Before a measurement: wait a bit while other programs disturb; not if --quick. */
void bench_settle(const struct bench *bench);

/* The median of the samples of a record; NAN if there is no such record. */
double bench_median(const struct bench *bench, const struct bench_key *key, const char *metric);

/*
 * The sections, a file each.  Each measures and records; bench.c prints.  They
 * return an exit status, 0 or after a message.
 */
int bench_uncontended(struct bench *bench);
int bench_contended(struct bench *bench);
int bench_handoff(struct bench *bench);
int bench_gil(struct bench *bench);
int bench_scale(struct bench *bench);
int bench_exec(struct bench *bench);

#endif /* KGIL_CMD_BENCH_H */
