// SPDX-License-Identifier: GPL-2.0
/* Part 4: I/O-bound threads under a GIL. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "err.h"
#include "out.h"
#include "work.h"

/* Requests in all, however many threads share them. */
#define REQUESTS 48
/* The peer takes its time for each. */
#define DELAY_MS 5
/* What a thread computes for each answer, with the GIL. */
#define COMPUTE_NS 200000
#define THREADS_MAX 4

/* Each time is the best of so many runs; of more, if they don't show it. */
#define RUNS_MIN 2
#define RUNS_MAX 6
#define HELP_MIN 2.0
/* Where it is kept, more threads are no faster; the rest is left to chance. */
#define HELD_MAX 1.15

static const unsigned int thread_counts[] = { 1, 2, 4 };

#define N_COUNTS (sizeof(thread_counts) / sizeof(thread_counts[0]))

/**
 * struct way - how the threads read
 * @id: for programs
 * @text: for people
 * @kind: what they read from
 * @hold: keep the GIL while reading
 */
static const struct way {
	const char *id;
	const char *text;
	enum demo_peer_kind kind;
	bool hold;
} ways[] = {
	{ "socket", "socket, GIL released", DEMO_SOCKET, false },
	{ "pipe", "pipe, GIL released", DEMO_PIPE, false },
	{ "held", "socket, GIL kept", DEMO_SOCKET, true },
};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

/**
 * struct job - requests for some threads
 * @gil: protects what the threads compute
 * @hold: keep it while reading
 * @next: requests begun
 * @peers: one for each thread
 */
struct job {
	struct demo_object *gil;
	bool hold;
	unsigned int next;
	struct demo_peer peers[THREADS_MAX];
};

static void read_answer(struct job *job, const struct demo_peer *peer)
{
	if (job->hold) {
		demo_peer_ask(peer);
		return;
	}
	demo_release(job->gil);
	demo_peer_ask(peer);
	demo_acquire(job->gil);
	demo_count(job->gil, 1);
}

static void client(unsigned int index, void *arg)
{
	struct job *job = arg;

	demo_acquire(job->gil);
	demo_count(job->gil, 1);
	while (__atomic_fetch_add(&job->next, 1, __ATOMIC_RELAXED) < REQUESTS) {
		read_answer(job, &job->peers[index]);
		work_busy(COMPUTE_NS);
		demo_drop_if_asked(job->gil);
	}
	demo_release(job->gil);
}

static uint64_t run_job(struct demo_object *gil, const struct way *way, unsigned int threads)
{
	struct job job = { .gil = gil, .hold = way->hold };
	struct work_team *team;
	uint64_t start, ns;
	unsigned int i;

	out_progress("%s, %u thread%s ...", way->text, threads, threads == 1 ? "" : "s");
	/* First the processes: a fork while threads run copies only one of them. */
	for (i = 0; i < threads; i++)
		demo_peer_start(&job.peers[i], way->kind, DELAY_MS);
	team = work_team_new(threads, client, &job);
	if (!team)
		exit(err_failed("create a thread: %s", strerror(errno)));
	start = work_team_go(team);
	work_team_join(team);
	ns = work_clock() - start;
	for (i = 0; i < threads; i++)
		demo_peer_stop(&job.peers[i]);
	return ns;
}

static double speedup(const uint64_t *ns, unsigned int i)
{
	return (double)ns[0] / ns[i];
}

/* Does this way of reading show what it should? */
static bool settled(const struct way *way, const uint64_t *ns)
{
	double by_4 = speedup(ns, N_COUNTS - 1);

	return way->hold ? by_4 <= HELD_MAX : by_4 >= HELP_MIN;
}

/* The best times of one way of reading. */
static void measure(struct demo_object *gil, const struct way *way, uint64_t *best)
{
	unsigned int runs, i;
	uint64_t ns;

	for (runs = 0; runs < RUNS_MAX; runs++) {
		if (runs >= RUNS_MIN && settled(way, best))
			break;
		for (i = 0; i < N_COUNTS; i++) {
			ns = run_job(gil, way, thread_counts[i]);
			if (!runs || ns < best[i])
				best[i] = ns;
		}
	}
}

static void put_rows(struct demo *demo, uint64_t ns[N_WAYS][N_COUNTS])
{
	struct json_object *row;
	unsigned int w, i;

	for (w = 0; w < N_WAYS; w++) {
		for (i = 0; i < N_COUNTS; i++) {
			row = demo_row(demo, "rows");
			demo_put_text(row, "way", ways[w].id);
			demo_put_bool(row, "gil_kept", ways[w].hold);
			demo_put_int(row, "threads", thread_counts[i]);
			demo_put_int(row, "requests_count", REQUESTS);
			demo_put_int(row, "time_ns", ns[w][i]);
			demo_put_double(row, "speedup_times", speedup(ns[w], i));
		}
	}
}

static void show_table(uint64_t ns[N_WAYS][N_COUNTS])
{
	static const struct out_column columns[] = {
		{ "blocking read of a", OUT_LEFT },
		{ "1 thread", OUT_RIGHT },
		{ "2 threads", OUT_RIGHT },
		{ "4 threads", OUT_RIGHT },
		{ "speed-up by 4", OUT_RIGHT },
	};
	struct out_table *table = out_table_new(columns, 5);
	unsigned int w, i;

	for (w = 0; w < N_WAYS; w++) {
		out_table_cell(table, "%s", ways[w].text);
		for (i = 0; i < N_COUNTS; i++)
			out_table_cell(table, "%s", out_time(ns[w][i]).s);
		out_table_cell(table, "%.2f", speedup(ns[w], N_COUNTS - 1));
	}
	out_table_print(table);
}

static void show_bars(uint64_t ns[N_WAYS][N_COUNTS])
{
	struct out_bar bars[N_WAYS];
	struct out_text text[N_WAYS];
	unsigned int w;

	for (w = 0; w < N_WAYS; w++) {
		snprintf(text[w].s, sizeof(text[w].s), "%.2f times as fast",
			 speedup(ns[w], N_COUNTS - 1));
		bars[w] = (struct out_bar){ ways[w].text, speedup(ns[w], N_COUNTS - 1), text[w].s };
	}
	printf("\n  4 threads instead of 1:\n");
	out_bars(bars, N_WAYS);
}

static void run_io(struct demo *demo)
{
	uint64_t ns[N_WAYS][N_COUNTS];
	struct demo_object *gil;
	unsigned int w;

	gil = demo_new_gil(demo, "part 4, GIL");
	for (w = 0; w < N_WAYS; w++)
		measure(gil, &ways[w], ns[w]);
	out_progress_end();
	put_rows(demo, ns);
	if (!out_json) {
		show_table(ns);
		show_bars(ns);
	}
	demo_claim(demo, "io-socket", "GIL, socket: speed-up by 4 threads",
		   speedup(ns[0], N_COUNTS - 1), DEMO_AT_LEAST, HELP_MIN);
	demo_claim(demo, "io-pipe", "GIL, pipe: speed-up by 4 threads",
		   speedup(ns[1], N_COUNTS - 1), DEMO_AT_LEAST, HELP_MIN);
	/* Waits that don't overlap: no chance can make that shorter. */
	demo_claim(demo, "io-held", "GIL kept, 4 threads: ms for each answer",
		   ns[2][N_COUNTS - 1] / 1e6 / REQUESTS, DEMO_AT_LEAST, DELAY_MS);
	demo_means(demo, "A thread that waits for I/O needs no GIL: whoever releases it around the "
			 "read lets the others work meanwhile, and whoever keeps it makes "
			 "everybody wait for the answer.");
}

const struct demo_part demo_io = {
	.title = "I/O-bound threads",
	.expect = "Threads ask another process 48 times in all and read(2) its answers, which take "
		  "5 ms each: expect more threads to help although there is a GIL, if they release "
		  "it around the read.",
	.run = run_io,
};
