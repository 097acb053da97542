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

#define THREADS		2
#define RUNS		3
/* Rounds of a thread: enough to be at it at the same time as the other. */
#define ROUNDS_MIN	20000
#define ROUNDS_MAX	320000
/* A run without a lock that loses nothing is repeated so often. */
#define TRIES		8
/* Runs with the lock take so long at most; the first one is always made. */
#define LOCKED_NS	6000000000ULL

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
			demo_check(kgil_acquire(race->lock->fd), "acquire the lock");
		seen = counter;
		seen = seen + 1;
		counter = seen;
		if (race->lock)
			demo_check(kgil_release(race->lock->fd), "release the lock");
	}
	if (race->lock)
		demo_count(race->lock, race->rounds);
}

/* Returns what the counter is at the end, and in *@ns how long it took. */
static long run(struct demo_object *lock, long rounds, uint64_t *ns)
{
	struct race race = { .lock = lock, .rounds = rounds };
	struct work_team *team;
	uint64_t start;

	counter = 0;
	team = work_team_new(THREADS, add_ones, &race);
	if (!team)
		exit(err_failed("create a thread: %s", strerror(errno)));
	start = work_team_go(team);
	work_team_join(team);
	*ns = work_clock() - start;
	return counter;
}

static const struct out_column columns[] = {
	{ "run", OUT_RIGHT },
	{ "lock", OUT_LEFT },
	{ "added", OUT_RIGHT },
	{ "counted", OUT_RIGHT },
	{ "lost", OUT_RIGHT },
	{ "time", OUT_RIGHT },
};

/* A row of the table and of the JSON. */
static void report(struct demo *demo, struct out_table *table, unsigned int number, bool locked,
		   long added, long counted, uint64_t ns)
{
	struct json_object *row = demo_row(demo, "runs");

	demo_put_int(row, "run", number);
	demo_put_bool(row, "locked", locked);
	demo_put_int(row, "added_count", added);
	demo_put_int(row, "counted_count", counted);
	demo_put_int(row, "lost_count", added - counted);
	demo_put_int(row, "time_ns", ns);
	out_table_cell(table, "%u", number);
	out_table_cell(table, "%s", locked ? "kgil" : "none");
	out_table_cell(table, "%s", out_count(added).s);
	out_table_cell(table, "%s", out_count(counted).s);
	out_table_cell(table, "%s", out_count(added - counted).s);
	out_table_cell(table, "%s", out_time(ns).s);
}

/*
 * One run without a lock.  On a machine that is busy with other things the two
 * threads may miss each other: try again, and with more rounds.
 */
static long run_unlocked(long *rounds, uint64_t *ns)
{
	unsigned int try;
	long counted = 0;

	for (try = 0; try < TRIES; try++) {
		if (try && 2 * *rounds <= ROUNDS_MAX)
			*rounds *= 2;
		counted = run(NULL, *rounds, ns);
		if (counted != THREADS * *rounds)
			break;
	}
	return counted;
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

static void run_race(struct demo *demo)
{
	struct demo_object *lock = demo_new_lock(demo, "part 1: the counter's lock");
	struct out_table *table = out_table_new(columns, 6);
	long rounds = ROUNDS_MIN, added, counted[RUNS], result, lost = 0;
	uint64_t ns, spent = 0;
	unsigned int i, wrong = 0;

	for (i = 0; i < RUNS; i++) {
		out_progress("run %u without a lock ...", i + 1);
		counted[i] = run_unlocked(&rounds, &ns);
		/* What the last try of this run used; later runs may use more. */
		added = THREADS * rounds;
		wrong += counted[i] != added;
		report(demo, table, i + 1, false, added, counted[i], ns);
	}
	for (i = 0; i < RUNS && (!i || spent + spent / i < LOCKED_NS); i++) {
		out_progress("run %u with the lock: %s acquires ...", i + 1,
			     out_count(THREADS * rounds).s);
		result = run(lock, rounds, &ns);
		lost += labs(THREADS * rounds - result);
		spent += ns;
		report(demo, table, i + 1, true, THREADS * rounds, result, ns);
	}
	out_progress_end();
	if (out_json)
		out_table_free(table);
	else
		out_table_print(table);
	demo_claim(demo, "race-wrong", "no lock: runs that lose updates", wrong, DEMO_EXACTLY,
		   RUNS);
	demo_claim(demo, "race-different", "no lock: different wrong results",
		   count_different(counted, RUNS), DEMO_EXACTLY, RUNS);
	demo_claim(demo, "race-locked", "kgil lock: updates lost", lost, DEMO_EXACTLY, 0);
	demo_means(demo, "Both threads load the same number, both add 1, both store: one update is "
			 "lost. The lock lets one thread at a time do all three steps, so the "
			 "result is exact; the price is the time.");
}

const struct demo_part demo_race = {
	.title = "the race",
	.expect = "Two threads add 1 to a shared counter (load, add, store): expect wrong results, "
		  "never the same twice, until a lock is held around the three steps.",
	.run = run_race,
};
