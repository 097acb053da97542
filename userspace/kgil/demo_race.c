// SPDX-License-Identifier: GPL-2.0
/* Part 1: threads that share a counter, with and without a lock. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include "demo.h"
#include "err.h"
#include "out.h"
#include "work.h"

#define THREADS 2
#define RUNS 3
/*
 * Rounds of a thread without a lock: enough to be at it at the same time as the
 * other.  A round with the lock takes a thousand times as long: fewer will do.
 */
#define ROUNDS_MIN 2000000
#define ROUNDS_MAX 32000000
#define ROUNDS_LOCKED 50000
/* By the word it is much faster. */
#define ROUNDS_BY_WORD 500000
/* A run without a lock that loses nothing is repeated so often. */
#define TRIES 8

static volatile long counter;

/**
 * struct race - a run
 * @lock: protects the counter; NULL: nothing does
 * @rounds: how often each thread adds 1
 * @arrived: threads that are about to start
 */
struct race {
	struct demo_object *lock;
	long rounds;
	int arrived;
};

/* Both start at the same moment: nobody may be done before the other begins. */
static void start_together(struct race *race)
{
	__atomic_add_fetch(&race->arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&race->arrived, __ATOMIC_SEQ_CST) < THREADS)
		sched_yield();
}

static void add_ones(unsigned int index, void *arg)
{
	struct race *race = arg;
	long i, seen;

	(void)index;
	start_together(race);
	for (i = 0; i < race->rounds; i++) {
		if (race->lock)
			demo_acquire(race->lock);
		seen = counter;
		seen = seen + 1;
		counter = seen;
		if (race->lock)
			demo_release(race->lock);
	}
	if (race->lock)
		demo_count(race->lock, race->rounds);
}

static const struct out_column columns[] = {
	{ "run", OUT_RIGHT },
	{ "lock", OUT_LEFT },
	{ "added", OUT_RIGHT },
	{ "counted", OUT_RIGHT },
	{ "lost", OUT_RIGHT },
	{ "time", OUT_RIGHT },
	{ "acquires that waited", OUT_RIGHT },
};

/**
 * struct outcome - what came of a run
 * @added: how many ones were added
 * @counted: what the counter says
 * @ns: how long it took
 * @waits: acquires that had to wait
 */
struct outcome {
	long added;
	long counted;
	uint64_t ns;
	uint64_t waits;
};

static uint64_t waits_of(const struct demo_object *lock)
{
	struct kgil_stats stats = { 0 };

	if (lock)
		demo_check(kgil_stats(lock->path.fd, &stats), "read the lock's statistics");
	return stats.contentions;
}

static void run(struct demo_object *lock, long rounds, struct outcome *outcome)
{
	struct race race = { .lock = lock, .rounds = rounds };
	uint64_t start, waits = waits_of(lock);
	struct work_team *team;

	counter = 0;
	team = work_team_new(THREADS, add_ones, &race);
	if (!team)
		exit(err_failed("create a thread: %s", strerror(errno)));
	start = work_team_go(team);
	work_team_join(team);
	outcome->ns = work_clock() - start;
	outcome->added = THREADS * rounds;
	outcome->counted = counter;
	outcome->waits = waits_of(lock) - waits;
}

/* A row of the table and of the JSON. */
static void report(struct demo *demo, struct out_table *table, unsigned int number, bool locked,
		   const struct outcome *outcome)
{
	struct json_object *row = demo_row(demo, "runs");

	demo_put_int(row, "run", number);
	demo_put_bool(row, "locked", locked);
	demo_put_int(row, "added_count", outcome->added);
	demo_put_int(row, "counted_count", outcome->counted);
	demo_put_int(row, "lost_count", outcome->added - outcome->counted);
	demo_put_int(row, "time_ns", outcome->ns);
	if (locked)
		demo_put_int(row, "waits_count", outcome->waits);
	out_table_cell(table, "%u", number);
	out_table_cell(table, "%s", locked ? "kgil" : "none");
	out_table_cell(table, "%s", out_count(outcome->added).s);
	out_table_cell(table, "%s", out_count(outcome->counted).s);
	out_table_cell(table, "%s", out_count(outcome->added - outcome->counted).s);
	out_table_cell(table, "%s", out_time(outcome->ns).s);
	out_table_cell(table, "%s", locked ? out_count(outcome->waits).s : "-");
}

/*
 * One run without a lock.  On a machine that is busy with other things the two
 * threads may miss each other: try again, and with more rounds.
 */
static void run_unlocked(long *rounds, struct outcome *outcome)
{
	unsigned int try;

	for (try = 0; try < TRIES; try++) {
		if (try && 2 * *rounds <= ROUNDS_MAX)
			*rounds *= 2;
		run(NULL, *rounds, outcome);
		if (outcome->counted != outcome->added)
			break;
	}
}

static unsigned int count_different(const long *values, unsigned int n)
{
	unsigned int different = 0, i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i && values[j] != values[i]; j++)
			;
		different += j == i;
	}
	return different;
}

/* The race needs two threads that really run at the same time, or bad luck. */
static void claim_race(struct demo *demo, const long *counted, unsigned int wrong)
{
	if (demo->cpus < 2) {
		demo_no_claim(demo, "without a lock updates are lost",
			      "with only one CPU a thread must be interrupted between load and store, "
			      "which is rare");
		return;
	}
	demo_claim(demo, "race-wrong", "no lock: runs that lose updates", wrong, DEMO_EXACTLY,
		   RUNS);
	demo_claim(demo, "race-different", "no lock: different wrong results",
		   count_different(counted, RUNS), DEMO_EXACTLY, RUNS);
}

static void run_race(struct demo *demo)
{
	struct demo_object *lock = demo_new_lock(demo, "part 1, lock");
	struct out_table *table = out_table_new(columns, 7);
	long locked = demo->path == PATH_WORD ? ROUNDS_BY_WORD : ROUNDS_LOCKED;
	long rounds = ROUNDS_MIN, counted[RUNS], lost = 0;
	struct outcome outcome;
	unsigned int i, wrong = 0;

	for (i = 0; i < RUNS; i++) {
		out_progress("run %u without a lock ...", i + 1);
		run_unlocked(&rounds, &outcome);
		counted[i] = outcome.counted;
		wrong += outcome.counted != outcome.added;
		report(demo, table, i + 1, false, &outcome);
	}
	for (i = 0; i < RUNS; i++) {
		out_progress("run %u with the lock: %s acquires ...", i + 1,
			     out_count(THREADS * locked).s);
		run(lock, locked, &outcome);
		lost += labs(outcome.added - outcome.counted);
		report(demo, table, i + 1, true, &outcome);
	}
	out_progress_end();
	if (out_json)
		out_table_free(table);
	else
		out_table_print(table);
	claim_race(demo, counted, wrong);
	demo_claim(demo, "race-locked", "kgil lock: updates lost", lost, DEMO_EXACTLY, 0);
	demo_means(demo, "When both threads load the same number, both add 1 and both store, one "
			 "update is lost. The lock lets one thread at a time do all three steps, so the "
			 "result is exact. The price is time: that is why the runs with the lock "
			 "add less.");
}

const struct demo_part demo_race = {
	.title = "the race",
	.expect = "Two threads add 1 to a shared counter (load, add, store): expect wrong results, "
		  "never the same twice, until a lock is held around the three steps.",
	.run = run_race,
};
