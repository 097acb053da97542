// SPDX-License-Identifier: GPL-2.0
/* Part 3: CPU-bound threads, without a GIL and with one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "err.h"
#include "out.h"
#include "work.h"

/* The work is done in chunks, as an interpreter runs byte codes. */
#define CHUNK_NS 100000
#define CHUNKS 800

/*
 * Other programs, and other guests of the same host, take processor time away,
 * never give any.  So speed is that of the fastest stretch of so many chunks in
 * a row, of all runs; if a claim does not hold there are more runs.
 */
#define STRETCH 20
#define RUNS_MIN 5
#define RUNS_MAX 50

/* A GIL speeds nothing up: the rest is left to chance. */
#define GIL_SPEEDUP_MAX 1.15
#define FREE_SPEEDUP_MIN 1.3

static const unsigned int thread_counts[] = { 1, 2, 4 };

#define N_COUNTS (sizeof(thread_counts) / sizeof(thread_counts[0]))

/**
 * struct job - a fixed amount of work for some threads
 * @gil: NULL: without
 * @rounds: of a chunk
 * @next: chunks begun
 * @inside: threads that are in a chunk now
 * @overlaps: chunks that began while another thread was in one
 * @most: most threads that were in a chunk at the same time
 * @ends: when each chunk was done
 */
struct job {
	struct demo_object *gil;
	uint64_t rounds;
	unsigned int next;
	unsigned int inside;
	unsigned int overlaps;
	unsigned int most;
	uint64_t ends[CHUNKS];
};

/**
 * struct measured - what came of a job, over all its runs
 * @runs: how many there were
 * @ns: the shortest one
 * @stretch_ns: the shortest time between the ends of two chunks, STRETCH apart
 * @overlaps: chunks that overlapped with another, of all runs
 * @most: most threads in a chunk at the same time, of all runs
 * @switches: times the GIL changed its owner, of all runs
 */
struct measured {
	unsigned int runs;
	uint64_t ns;
	uint64_t stretch_ns;
	uint64_t overlaps;
	unsigned int most;
	uint64_t switches;
};

static void raise_to(unsigned int *most, unsigned int value)
{
	unsigned int seen = __atomic_load_n(most, __ATOMIC_RELAXED);

	while (seen < value && !__atomic_compare_exchange_n(most, &seen, value, false,
							    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/*
 * One chunk of work, watched: the count of threads inside goes up before it and
 * down after it, so two chunks that overlap in time can't go unseen.
 */
static void chunk(struct job *job)
{
	unsigned int inside = __atomic_add_fetch(&job->inside, 1, __ATOMIC_SEQ_CST);

	if (inside > 1) {
		__atomic_add_fetch(&job->overlaps, 1, __ATOMIC_RELAXED);
		raise_to(&job->most, inside);
	}
	work_rounds(job->rounds);
	__atomic_sub_fetch(&job->inside, 1, __ATOMIC_SEQ_CST);
}

/* An eval loop: work, look at the drop request, work. */
static void eval_loop(unsigned int index, void *arg)
{
	struct job *job = arg;
	unsigned int i;

	/* Threads that share a processor by chance are no measure of anything. */
	demo_pin_to(index);
	if (job->gil) {
		demo_acquire(job->gil);
		demo_count(job->gil, 1);
	}
	while ((i = __atomic_fetch_add(&job->next, 1, __ATOMIC_RELAXED)) < CHUNKS) {
		chunk(job);
		job->ends[i] = work_clock();
		if (job->gil)
			demo_drop_if_asked(job->gil);
	}
	if (job->gil)
		demo_release(job->gil);
}

static uint64_t switches_of(const struct demo_object *gil)
{
	struct kgil_stats stats = { 0 };

	if (gil)
		demo_check(kgil_stats(gil->path.fd, &stats), "read the gil's statistics");
	return stats.switches;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void find_stretch(struct measured *to, uint64_t *ends)
{
	uint64_t ns;
	size_t i;

	qsort(ends, CHUNKS, sizeof(*ends), compare_times);
	for (i = 0; i + STRETCH < CHUNKS; i++) {
		ns = ends[i + STRETCH] - ends[i];
		if (!to->stretch_ns || ns < to->stretch_ns)
			to->stretch_ns = ns;
	}
}

static void run_job(struct demo_object *gil, unsigned int threads, struct measured *to)
{
	struct job job = {
		.gil = gil,
		.rounds = work_rounds_of(CHUNK_NS),
		.most = 1,
	};
	uint64_t start, ns, switches = switches_of(gil);
	struct work_team *team;

	out_progress("%u thread%s, %s GIL ...", threads, threads == 1 ? "" : "s",
		     gil ? "with the" : "no");
	team = work_team_new(threads, eval_loop, &job);
	if (!team)
		exit(err_failed("create a thread: %s", strerror(errno)));
	start = work_team_go(team);
	work_team_join(team);
	ns = work_clock() - start;
	to->runs++;
	if (!to->ns || ns < to->ns)
		to->ns = ns;
	find_stretch(to, job.ends);
	to->overlaps += job.overlaps;
	raise_to(&to->most, job.most);
	to->switches += switches_of(gil) - switches;
}

static double speedup(const struct measured *of, unsigned int i)
{
	return (double)of[0].stretch_ns / of[i].stretch_ns;
}

/* Would the claims on the speed without the GIL hold now? */
static bool free_settled(const struct demo *demo, const struct measured *of)
{
	return demo->cpus < 2 ||
	       (speedup(of, 1) >= FREE_SPEEDUP_MIN && speedup(of, 2) >= FREE_SPEEDUP_MIN);
}

static bool gil_settled(const struct measured *of)
{
	return speedup(of, 1) <= GIL_SPEEDUP_MAX && speedup(of, 2) <= GIL_SPEEDUP_MAX;
}

static void show_table(const struct measured *free_run, const struct measured *gil_run)
{
	static const struct out_column columns[] = {
		{ "threads", OUT_RIGHT },
		{ "no GIL: time", OUT_RIGHT },
		{ "speed-up", OUT_RIGHT },
		{ "overlaps", OUT_RIGHT },
		{ "GIL: time", OUT_RIGHT },
		{ "speed-up", OUT_RIGHT },
		{ "overlaps", OUT_RIGHT },
	};
	struct out_table *table = out_table_new(columns, 7);
	static const char note[] = "Times are the best of %u runs or more. The speed-up compares "
				   "the fastest stretch of %d ms of work, so that other programs "
				   "on this computer don't count.";
	char text[256];
	unsigned int i;

	for (i = 0; i < N_COUNTS; i++) {
		out_table_cell(table, "%u", thread_counts[i]);
		out_table_cell(table, "%s", out_time(free_run[i].ns).s);
		out_table_cell(table, "%.2f", speedup(free_run, i));
		out_table_cell(table, "%s", out_count(free_run[i].overlaps).s);
		out_table_cell(table, "%s", out_time(gil_run[i].ns).s);
		out_table_cell(table, "%.2f", speedup(gil_run, i));
		out_table_cell(table, "%s", out_count(gil_run[i].overlaps).s);
	}
	out_table_print(table);
	putchar('\n');
	snprintf(text, sizeof(text), note, RUNS_MIN, STRETCH * CHUNK_NS / 1000000);
	out_wrapped(2, text);
}

static void show_bars(const struct measured *free_run, const struct measured *gil_run)
{
	struct out_bar bars[2 * N_COUNTS];
	struct out_text label[2 * N_COUNTS], text[2 * N_COUNTS];
	const struct measured *of;
	unsigned int i, k;

	for (i = 0; i < 2 * N_COUNTS; i++) {
		k = i % N_COUNTS;
		of = i < N_COUNTS ? free_run : gil_run;
		snprintf(label[i].s, sizeof(label[i].s), "%s, %u thread%s",
			 of == free_run ? "no GIL" : "GIL", thread_counts[k], k ? "s" : "");
		snprintf(text[i].s, sizeof(text[i].s), "%.2f times as fast", speedup(of, k));
		bars[i] = (struct out_bar){ label[i].s, speedup(of, k), text[i].s };
	}
	putchar('\n');
	out_bars(bars, 2 * N_COUNTS);
}

static void put_rows(struct demo *demo, const struct measured *of, bool gil)
{
	struct json_object *row;
	unsigned int i;

	for (i = 0; i < N_COUNTS; i++) {
		row = demo_row(demo, "rows");
		demo_put_bool(row, "gil", gil);
		demo_put_int(row, "threads", thread_counts[i]);
		demo_put_int(row, "runs_count", of[i].runs);
		demo_put_int(row, "time_min_ns", of[i].ns);
		demo_put_int(row, "stretch_min_ns", of[i].stretch_ns);
		demo_put_double(row, "speedup_times", speedup(of, i));
		demo_put_int(row, "overlaps_count", of[i].overlaps);
		demo_put_int(row, "most_inside_count", of[i].most);
		demo_put_int(row, "switches_count", of[i].switches);
	}
}

static void claim_parallel(struct demo *demo, const struct measured *free_run)
{
	if (demo->cpus < 2) {
		demo_no_claim(demo, "threads without a GIL are faster",
			      "there is only one CPU to run on");
		return;
	}
	demo_claim(demo, "cpu-free-2", "no GIL: speed-up by 2 threads", speedup(free_run, 1),
		   DEMO_AT_LEAST, FREE_SPEEDUP_MIN);
	demo_claim(demo, "cpu-free-4", "no GIL: speed-up by 4 threads", speedup(free_run, 2),
		   DEMO_AT_LEAST, FREE_SPEEDUP_MIN);
	demo_claim(demo, "cpu-free-overlap", "no GIL, 2 threads: overlaps",
		   free_run[1].overlaps, DEMO_AT_LEAST, 1);
}

static void claim_serial(struct demo *demo, const struct measured *gil_run)
{
	demo_claim(demo, "cpu-gil-2", "GIL: speed-up by 2 threads", speedup(gil_run, 1),
		   DEMO_AT_MOST, GIL_SPEEDUP_MAX);
	demo_claim(demo, "cpu-gil-4", "GIL: speed-up by 4 threads", speedup(gil_run, 2),
		   DEMO_AT_MOST, GIL_SPEEDUP_MAX);
	demo_claim(demo, "cpu-gil-overlap", "GIL, 2 and 4 threads: overlaps",
		   gil_run[1].overlaps + gil_run[2].overlaps, DEMO_EXACTLY, 0);
}

static void run_cpu(struct demo *demo)
{
	struct measured free_run[N_COUNTS] = { 0 }, gil_run[N_COUNTS] = { 0 };
	struct demo_object *gil;
	bool more_free, more_gil;
	unsigned int i, runs;

	gil = demo_new_gil(demo, "part 3, GIL");
	for (runs = 0; runs < RUNS_MAX; runs++) {
		more_free = runs < RUNS_MIN || !free_settled(demo, free_run);
		more_gil = runs < RUNS_MIN || !gil_settled(gil_run);
		for (i = 0; i < N_COUNTS && more_free; i++)
			run_job(NULL, thread_counts[i], &free_run[i]);
		for (i = 0; i < N_COUNTS && more_gil; i++)
			run_job(gil, thread_counts[i], &gil_run[i]);
		if (!more_free && !more_gil)
			break;
	}
	out_progress_end();
	put_rows(demo, free_run, false);
	put_rows(demo, gil_run, true);
	if (!out_json) {
		show_table(free_run, gil_run);
		show_bars(free_run, gil_run);
	}
	claim_parallel(demo, free_run);
	claim_serial(demo, gil_run);
	demo_means(demo, "With a GIL one thread computes at a time, however many threads and CPUs "
			 "there are: the checker saw two threads inside their work at once only "
			 "without it.");
}

const struct demo_part demo_cpu = {
	.title = "CPU-bound threads",
	.expect = "The same work by 1, 2 and 4 threads: expect more threads to be faster on more "
		  "than one CPU, but not under a GIL; a checker counts the pieces of work that "
		  "overlap in time.",
	.run = run_cpu,
};
