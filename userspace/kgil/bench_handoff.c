// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench handoff: two threads let each other go, by two locks that begin
 * taken: each waits for its own, and releases the other's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_lock.h"
#include "demo.h"
#include "err.h"
#include "machine.h"
#include "out.h"
#include "work.h"

#define SECTION "handoff"
/* Processors on which the two threads run: one for both, or one each. */
#define PLACES 2

/**
 * struct pair - one measurement
 * @lock: thread i waits for lock i
 * @stop: the time is over; written before the last release
 * @list: the variants
 * @key: what the samples are of
 * @places: 1 or 2 processors
 * @duration: how long to go on
 * @half: half of each round trip
 */
struct pair {
	struct bench_lock lock[2];
	atomic_bool stop;
	const struct bench_variant **list;
	struct bench_key key;
	unsigned int places;
	uint64_t duration;
	struct hist half;
};

/* The other one may wait for ever now. */
static void give_up(const struct bench_variant *variant)
{
	exit(err_failed("%s: %s", variant->name, strerror(errno)));
}

static void wait_for_own(struct pair *pair, unsigned int index)
{
	struct bench_lock *lock = &pair->lock[index];

	if (lock->variant->acquire(lock, index))
		give_up(lock->variant);
}

static void let_other_go(struct pair *pair, unsigned int index)
{
	struct bench_lock *lock = &pair->lock[!index];

	if (lock->variant->release(lock, index))
		give_up(lock->variant);
}

static void ask(struct pair *pair)
{
	uint64_t start = work_clock(), begin, end = start;

	while (end - start < pair->duration) {
		begin = work_clock();
		let_other_go(pair, 0);
		wait_for_own(pair, 0);
		end = work_clock();
		hist_add(&pair->half, (end - begin) / 2);
	}
	atomic_store(&pair->stop, true);
	let_other_go(pair, 0);
}

static void answer(struct pair *pair)
{
	for (;;) {
		wait_for_own(pair, 1);
		if (atomic_load(&pair->stop))
			break;
		let_other_go(pair, 1);
	}
}

static void take_turns(unsigned int index, void *arg)
{
	struct pair *pair = arg;

	demo_pin_to(index % pair->places);
	if (index)
		answer(pair);
	else
		ask(pair);
}

static int run_pair(struct bench *bench, struct pair *pair)
{
	struct work_team *team;

	memset(&pair->half, 0, sizeof(pair->half));
	atomic_store(&pair->stop, false);
	team = work_team_new(2, take_turns, pair);
	if (!team)
		return err_failed("can't start 2 threads: %s", strerror(errno));
	work_team_go(team);
	work_team_join(team);
	bench_sample(bench, &pair->key, "p50", "ns", hist_percentile(&pair->half, 0.5));
	bench_sample(bench, &pair->key, "p99", "ns", hist_percentile(&pair->half, 0.99));
	return STATUS_OK;
}

static int measure_variant(struct bench *bench, unsigned int i, void *arg)
{
	struct pair *pair = arg;
	int status = bench_lock_open(&pair->lock[0], pair->list[i], 2, true);

	if (status)
		return status;
	status = bench_lock_open(&pair->lock[1], pair->list[i], 2, true);
	if (!status) {
		pair->key.variant = pair->list[i]->name;
		pair->key.path = pair->list[i]->path;
		bench_settle(bench);
		status = run_pair(bench, pair);
		bench_lock_close(&pair->lock[1]);
	}
	bench_lock_close(&pair->lock[0]);
	return status;
}

int bench_handoff(struct bench *bench)
{
	struct pair *pair = aligned_alloc(64, sizeof(*pair));
	int status = STATUS_OK, n;
	char what[64];

	if (!pair)
		return err_failed("out of memory");
	memset(pair, 0, sizeof(*pair));
	pair->key.section = SECTION;
	pair->duration = bench->opts.duration / 2;
	n = bench_select(bench, BENCH_POST, &pair->list);
	if (n < 0) {
		free(pair);
		return STATUS_FAILED;
	}
	bench_compare(bench, SECTION, "p50", "posix-sem");
	for (pair->places = PLACES; pair->places && !status; pair->places--) {
		if (pair->places > machine_cpus())
			continue;
		pair->key.params[0] = (struct bench_param){ "processors", pair->places };
		snprintf(what, sizeof(what), SECTION ", %u processors", pair->places);
		status = bench_rounds(bench, what, n, measure_variant, pair);
	}
	free(pair->list);
	free(pair);
	return status;
}
