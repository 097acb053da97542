// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench contended: threads that do nothing but acquire, hold for some time,
 * and release.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_lock.h"
#include "err.h"
#include "opt.h"
#include "out.h"
#include "work.h"

#define SECTION "contended"

/**
 * struct worker - what one thread saw
 * @ops: acquires that ended in time
 * @wait: how long each acquire took
 */
struct worker {
	uint64_t ops;
	struct hist wait;
} __attribute__((aligned(64)));

/* Read by all in each round, so on a cache line of its own. */
struct flag {
	atomic_bool set;
} __attribute__((aligned(64)));

/**
 * struct run - one measurement
 * @lock: what they contend for
 * @stop: the time is over
 * @rounds: how long to hold it, as work
 * @list: the variants
 * @key: what the samples are of
 * @threads: how many threads
 * @ns: how long it lasted
 * @all: the waits of all threads
 * @workers: one for each thread
 */
struct run {
	struct bench_lock lock;
	struct flag stop;
	uint64_t rounds;
	const struct bench_variant **list;
	struct bench_key key;
	unsigned int threads;
	uint64_t ns;
	struct hist all;
	struct worker *workers;
};

/* The others may wait for ever now. */
static void give_up(const struct bench_variant *variant)
{
	exit(err_failed("%s: %s", variant->name, strerror(errno)));
}

/*
 * A wait that ends after the others were told to stop counts as a wait, or those
 * of threads that starve would be missing; but not as an operation.
 */
static void contend(unsigned int index, void *arg)
{
	struct run *run = arg;
	struct worker *worker = &run->workers[index];
	const struct bench_variant *variant = run->lock.variant;
	uint64_t asked, got;
	bool over;

	do {
		asked = work_clock();
		if (variant->acquire(&run->lock, index))
			give_up(variant);
		got = work_clock();
		work_rounds(run->rounds);
		over = atomic_load_explicit(&run->stop.set, memory_order_relaxed);
		if (variant->release(&run->lock, index))
			give_up(variant);
		hist_add(&worker->wait, got - asked);
		worker->ops += !over;
	} while (!over);
}

static void sleep_for(uint64_t ns)
{
	struct timespec left = { ns / OPT_SEC, ns % OPT_SEC };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static int run_threads(struct run *run, uint64_t duration)
{
	struct work_team *team;
	uint64_t start;

	memset(run->workers, 0, run->threads * sizeof(*run->workers));
	atomic_store(&run->stop.set, false);
	team = work_team_new(run->threads, contend, run);
	if (!team)
		return err_failed("--threads: can't start %u threads: %s", run->threads,
				  strerror(errno));
	start = work_team_go(team);
	sleep_for(duration);
	atomic_store(&run->stop.set, true);
	run->ns = work_clock() - start;
	work_team_join(team);
	return STATUS_OK;
}

static void record(struct bench *bench, struct run *run)
{
	double *shares = out_alloc(run->threads * sizeof(*shares));
	const struct bench_key *key = &run->key;
	const struct hist *wait = &run->all;
	uint64_t ops = 0;
	unsigned int i;

	memset(&run->all, 0, sizeof(run->all));
	for (i = 0; i < run->threads; i++) {
		ops += run->workers[i].ops;
		shares[i] = run->workers[i].ops;
		hist_merge(&run->all, &run->workers[i].wait);
	}
	bench_sample(bench, key, "throughput", "1/s", ops / (run->ns / 1e9));
	bench_sample(bench, key, "jain", "", hist_jain(shares, run->threads));
	bench_sample(bench, key, "wait_p50", "ns", hist_percentile(wait, 0.5));
	bench_sample(bench, key, "wait_p99", "ns", hist_percentile(wait, 0.99));
	bench_sample(bench, key, "wait_p99.9", "ns", hist_percentile(wait, 0.999));
	bench_sample(bench, key, "wait_max", "ns", wait->max);
	free(shares);
}

static int measure_variant(struct bench *bench, unsigned int i, void *arg)
{
	struct run *run = arg;
	int status = bench_lock_open(&run->lock, run->list[i], run->threads, false);

	if (status)
		return status;
	run->key.variant = run->list[i]->name;
	run->key.path = run->list[i]->path;
	bench_settle(bench);
	status = run_threads(run, bench->opts.duration);
	bench_lock_close(&run->lock);
	if (!status)
		record(bench, run);
	return status;
}

static int measure_all(struct bench *bench, struct run *run, unsigned int n)
{
	const struct bench_list *threads = &bench->opts.threads, *hold = &bench->opts.hold;
	unsigned int t, h;
	char what[64];
	int status;

	for (t = 0; t < threads->n; t++) {
		for (h = 0; h < hold->n; h++) {
			run->threads = threads->value[t];
			run->rounds = work_rounds_of(hold->value[h]);
			run->key.params[0] = (struct bench_param){ "threads", threads->value[t] };
			run->key.params[1] = (struct bench_param){ "hold_ns", hold->value[h] };
			snprintf(what, sizeof(what), SECTION ", %u threads, %s held", run->threads,
				 out_time(hold->value[h]).s);
			status = bench_rounds(bench, what, n, measure_variant, run);
			if (status)
				return status;
		}
	}
	return STATUS_OK;
}

int bench_contended(struct bench *bench)
{
	struct run *run = aligned_alloc(64, sizeof(*run));
	uint64_t most = 1;
	unsigned int t;
	int status = STATUS_FAILED, n;

	if (!run)
		return err_failed("out of memory");
	memset(run, 0, sizeof(*run));
	for (t = 0; t < bench->opts.threads.n; t++)
		if (bench->opts.threads.value[t] > most)
			most = bench->opts.threads.value[t];
	run->workers = aligned_alloc(64, most * sizeof(*run->workers));
	if (!run->workers) {
		free(run);
		return err_failed("out of memory");
	}
	run->key.section = SECTION;
	n = bench_select(bench, BENCH_PAIRS | BENCH_EXCLUDE, &run->list);
	if (n >= 0) {
		bench_compare(bench, SECTION, "throughput", "pthread-mutex");
		bench_compare(bench, SECTION, "wait_p99.9", "pthread-mutex");
		status = measure_all(bench, run, n);
		free(run->list);
	}
	free(run->workers);
	free(run);
	return status;
}
