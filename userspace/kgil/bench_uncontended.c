// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench uncontended: what acquire and release cost together, if nobody
 * else wants the lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench_lock.h"
#include "bench_loop.h"
#include "err.h"
#include "out.h"
#include "work.h"

#define SECTION "uncontended"
#define METRIC "pair"
/* A loop takes a part of --duration. */
#define DURATION_PART 64

/**
 * struct measure - what the thread that measures is told, and says
 * @list: the variants
 * @n: how many pairs, for each of them
 * @lock: what to take
 * @pairs: how often, in each loop
 * @ns: how long one took
 * @err: errno if it failed
 */
struct measure {
	const struct bench_variant **list;
	uint64_t *n;
	struct bench_lock lock;
	uint64_t pairs;
	double ns;
	int err;
};

static int run_pairs(void *arg, uint64_t n)
{
	struct bench_lock *lock = arg;

	return lock->variant->pairs(lock, n);
}

static void measure_pairs(unsigned int index, void *arg)
{
	struct measure *measure = arg;

	(void)index;
	measure->ns = bench_time_loop(run_pairs, &measure->lock, measure->pairs);
	measure->err = measure->ns < 0 ? errno : 0;
}

/*
 * In a thread: the C library takes a mutex with less effort while there is only
 * one, which is not how locks are used.
 */
static int measure_in_thread(struct measure *measure)
{
	const char *name = measure->lock.variant->name;
	struct work_team *team = work_team_new(1, measure_pairs, measure);

	if (!team)
		return err_failed("can't start a thread: %s", strerror(errno));
	work_team_go(team);
	work_team_join(team);
	return measure->err ? err_failed("%s: %s", name, strerror(measure->err)) : STATUS_OK;
}

/* The first time, find out how many pairs last long enough. */
static int measure_lock(struct measure *measure, uint64_t *pairs, uint64_t duration)
{
	int status;

	measure->pairs = *pairs;
	while (!*pairs) {
		measure->pairs = measure->pairs ? 2 * measure->pairs : 64;
		status = measure_in_thread(measure);
		if (status)
			return status;
		if (measure->ns * measure->pairs >= duration / 2)
			*pairs = measure->pairs;
	}
	return measure_in_thread(measure);
}

static int measure_variant(struct bench *bench, unsigned int i, void *arg)
{
	struct measure *measure = arg;
	const struct bench_variant *variant = measure->list[i];
	struct bench_key key = {
		.section = SECTION,
		.variant = variant->name,
		.path = variant->path,
	};
	int status = bench_lock_open(&measure->lock, variant, 1, false);

	if (status)
		return status;
	bench_settle(bench);
	status = measure_lock(measure, &measure->n[i], bench->opts.duration / DURATION_PART);
	bench_lock_close(&measure->lock);
	if (!status)
		bench_sample(bench, &key, METRIC, "ns", measure->ns);
	return status;
}

int bench_uncontended(struct bench *bench)
{
	struct measure *measure = aligned_alloc(64, sizeof(*measure));
	int status = STATUS_FAILED, n;

	if (!measure)
		return err_failed("out of memory");
	memset(measure, 0, sizeof(*measure));
	n = bench_select(bench, BENCH_PAIRS, &measure->list);
	if (n >= 0) {
		measure->n = out_alloc(n * sizeof(*measure->n));
		bench_compare(bench, SECTION, METRIC, "pthread-mutex");
		bench_compare(bench, SECTION, METRIC, "null-ioctl");
		status = bench_rounds(bench, SECTION, n, measure_variant, measure);
		free(measure->n);
		free(measure->list);
	}
	free(measure);
	return status;
}
