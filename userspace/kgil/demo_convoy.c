// SPDX-License-Identifier: GPL-2.0
/* Part 5: an I/O-bound thread next to CPU-bound ones: the convoy, and its end. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"
#include "err.h"
#include "hist.h"
#include "out.h"
#include "trace.h"
#include "work.h"

/* Each row is measured in short slots: one at least is not disturbed. */
#define SLOTS 7
#define SLOT_NS 100000000ULL
/* What a CPU-bound thread does between two looks at the drop request. */
#define CHUNK_NS 10000
/* What the I/O thread does with an answer. */
#define COMPUTE_NS 5000

/* What is drawn. */
#define DRAWN_THREADS 2
#define CPU_THREADS_MAX 4

#define RUNS_MAX 3
#define CONVOY_MIN 5.0
#define SHORTER_MIN 1.5
#define FREE_MIN 2.0
#define FAIR_MIN 5.0

#define MS 1000000ULL

/**
 * struct row - a measurement
 * @cpu_threads: CPU-bound threads beside the I/O thread
 * @interval_ns: the GIL's switch interval
 * @free: the CPU-bound threads don't use the GIL
 * @fair: the GIL's policy is fair, not fifo
 */
struct row {
	unsigned int cpu_threads;
	uint64_t interval_ns;
	bool free;
	bool fair;
};

/* What is compared stands side by side: what disturbs one may disturb the other. */
enum {
	ALONE,
	BESIDE_1,
	FAIR_1,
	BESIDE_2,
	FAIR_2,
	BESIDE_4,
	FAIR_4,
	BESIDE_FREE,
	BESIDE_4_SHORT,
	BESIDE_4_SHORTEST,
	N_ROWS,
};

static const struct row rows[N_ROWS] = {
	[ALONE] = { 0, 5 * MS, false, false },
	[BESIDE_1] = { 1, 5 * MS, false, false },
	[FAIR_1] = { 1, 5 * MS, false, true },
	[BESIDE_2] = { 2, 5 * MS, false, false },
	[FAIR_2] = { 2, 5 * MS, false, true },
	[BESIDE_4] = { 4, 5 * MS, false, false },
	[FAIR_4] = { 4, 5 * MS, false, true },
	[BESIDE_FREE] = { 1, 5 * MS, true, false },
	[BESIDE_4_SHORT] = { 4, MS / 2, false, false },
	[BESIDE_4_SHORTEST] = { 4, MS / 20, false, false },
};

/**
 * struct measured - what came of a row
 * @rate: answers to the I/O thread, per second, in the best slot
 * @p50_ns: time from the request until the thread went on with the answer
 * @p99_ns: likewise
 * @work: chunks done by the CPU-bound threads, per second, in the best slot
 */
struct measured {
	double rate;
	uint64_t p50_ns;
	uint64_t p99_ns;
	double work;
};

/**
 * struct job - a row that runs
 * @row: what to do
 * @gil: the GIL
 * @peer: answers at once
 * @computing: CPU-bound threads that have begun
 * @stop: the I/O thread has ended it all
 * @latency: of the requests of all slots
 * @n: requests of this slot
 * @ns: how long they took
 * @chunks: done by the CPU-bound threads
 * @slot_chunks: of these, while the I/O thread was at work in this slot
 * @tids: of the threads of this slot
 */
struct job {
	const struct row *row;
	struct demo_object *gil;
	struct demo_peer peer;
	unsigned int computing;
	bool stop;
	struct hist latency;
	uint64_t n;
	uint64_t ns;
	uint64_t chunks;
	uint64_t slot_chunks;
	int tids[1 + CPU_THREADS_MAX];
};

static uint64_t chunks_of(const struct job *job)
{
	return __atomic_load_n(&job->chunks, __ATOMIC_RELAXED);
}

static void io_thread(struct job *job)
{
	const uint64_t begin = work_clock(), end = begin + SLOT_NS, chunks = chunks_of(job);
	uint64_t start, now = begin;

	while (now < end) {
		start = now;
		demo_release(job->gil);
		demo_peer_ask(&job->peer);
		demo_acquire(job->gil);
		now = work_clock();
		hist_add(&job->latency, now - start);
		job->n++;
		work_busy(COMPUTE_NS);
		demo_drop_if_asked(job->gil);
		now = work_clock();
	}
	__atomic_store_n(&job->stop, true, __ATOMIC_RELAXED);
	job->ns = now - begin;
	job->slot_chunks = chunks_of(job) - chunks;
	demo_count(job->gil, job->n);
}

static void cpu_thread(struct job *job)
{
	const uint64_t rounds = work_rounds_of(CHUNK_NS);

	__atomic_add_fetch(&job->computing, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&job->stop, __ATOMIC_RELAXED)) {
		work_rounds(rounds);
		__atomic_add_fetch(&job->chunks, 1, __ATOMIC_RELAXED);
		if (!job->row->free)
			demo_drop_if_asked(job->gil);
	}
}

/* The I/O thread must not have the GIL to itself because others are late. */
static void await_others(const struct job *job)
{
	const struct timespec time = { .tv_nsec = 1000000 };

	while (__atomic_load_n(&job->computing, __ATOMIC_SEQ_CST) < job->row->cpu_threads)
		nanosleep(&time, NULL);
}

/* Thread 0 does I/O, the others compute. */
static void member(unsigned int index, void *arg)
{
	struct job *job = arg;

	job->tids[index] = gettid();
	/*
	 * The answers come from the processor that asks: it never sleeps and has to
	 * be woken up.  Who computes doesn't disturb it there.
	 */
	if (index)
		demo_pin_away_from(DEMO_PEER_CPU);
	else
		demo_pin_to(DEMO_PEER_CPU);
	if (index && job->row->free) {
		cpu_thread(job);
		return;
	}
	if (!index)
		await_others(job);
	demo_acquire(job->gil);
	demo_count(job->gil, 1);
	if (index)
		cpu_thread(job);
	else
		io_thread(job);
	demo_release(job->gil);
}

static void run_slot(struct job *job)
{
	struct work_team *team;

	job->computing = 0;
	job->stop = false;
	job->n = 0;
	team = work_team_new(1 + job->row->cpu_threads, member, job);
	if (!team)
		exit(err_failed("create a thread: %s", strerror(errno)));
	work_team_go(team);
	work_team_join(team);
}

static uint32_t policy_of(const struct row *row)
{
	return row->fair ? KGIL_POLICY_FAIR : KGIL_POLICY_FIFO;
}

static void run_row(struct demo_object *gil, const struct row *row, struct measured *best)
{
	struct job *job = out_alloc(sizeof(*job));
	double rate = 0, work = 0;
	unsigned int i;

	job->row = row;
	job->gil = gil;
	out_progress("I/O beside %u CPU-bound thread%s, %s%s, interval %s ...", row->cpu_threads,
		     row->cpu_threads == 1 ? "" : "s", row->fair ? "fair" : "fifo",
		     row->free ? ", no GIL there" : "", out_time(row->interval_ns).s);
	demo_check(kgil_set_policy(gil->path.fd, policy_of(row)), "set the policy");
	demo_check(kgil_set_interval(gil->path.fd, row->interval_ns), "set the switch interval");
	demo_peer_start(&job->peer, DEMO_SOCKET, 0);
	for (i = 0; i < SLOTS; i++) {
		run_slot(job);
		rate = fmax(rate, job->n * 1e9 / job->ns);
		work = fmax(work, job->slot_chunks * 1e9 / job->ns);
	}
	demo_peer_stop(&job->peer);
	best->work = fmax(best->work, work);
	if (rate > best->rate) {
		best->rate = rate;
		best->p50_ns = hist_percentile(&job->latency, 0.5);
		best->p99_ns = hist_percentile(&job->latency, 0.99);
	}
	free(job);
}

static void run_drawn(struct trace *trace, void *arg)
{
	struct job *job = arg;
	unsigned int i;
	char name[16];

	run_slot(job);
	for (i = 0; i <= job->row->cpu_threads; i++) {
		snprintf(name, sizeof(name), i ? "cpu-%u" : "I/O", i);
		trace_set_name(trace, job->tids[i], name);
	}
}

/* The convoy, and its end, as pictures. */
static bool draw_row(struct demo *demo, struct demo_object *gil, bool fair)
{
	const struct row row = { DRAWN_THREADS, 5 * MS, false, fair };
	struct job *job = out_alloc(sizeof(*job));
	bool drawn;

	job->row = &row;
	job->gil = gil;
	demo_check(kgil_set_policy(gil->path.fd, policy_of(&row)), "set the policy");
	demo_check(kgil_set_interval(gil->path.fd, row.interval_ns), "set the switch interval");
	demo_peer_start(&job->peer, DEMO_SOCKET, 0);
	drawn = demo_picture(demo, gil, fair ? "fair" : "fifo", run_drawn, job);
	demo_peer_stop(&job->peer);
	free(job);
	return drawn;
}

static void draw_convoy(struct demo *demo, struct demo_object *gil)
{
	if (!out_json) {
		putchar('\n');
		out_wrapped(0, "Pictures of it, beside 2 CPU-bound threads (a browser shows "
			       "them):");
		putchar('\n');
	}
	/* Why there is none is said once. */
	if (draw_row(demo, gil, false))
		draw_row(demo, gil, true);
}

static double drop(const struct measured *m)
{
	return m[ALONE].rate / m[BESIDE_1].rate;
}

static double gain(const struct measured *m)
{
	return m[BESIDE_4_SHORT].rate / m[BESIDE_4].rate;
}

static double relief(const struct measured *m)
{
	return m[BESIDE_FREE].rate / m[BESIDE_1].rate;
}

/* What fair gives the I/O thread. */
static double remedy(const struct measured *m)
{
	return m[FAIR_4].rate / m[BESIDE_4].rate;
}

static bool settled(const struct demo *demo, const struct measured *m)
{
	/* The price of a short interval is shown, not claimed. */
	return drop(m) >= CONVOY_MIN && gain(m) >= SHORTER_MIN && remedy(m) >= FAIR_MIN &&
	       m[BESIDE_4_SHORT].work < m[BESIDE_4].work &&
	       m[BESIDE_4_SHORTEST].work < m[BESIDE_4].work &&
	       (demo->cpus < 2 || relief(m) >= FREE_MIN);
}

static void put_rows(struct demo *demo, const struct measured *m)
{
	struct json_object *row;
	unsigned int i;

	for (i = 0; i < N_ROWS; i++) {
		row = demo_row(demo, "rows");
		demo_put_int(row, "cpu_threads", rows[i].cpu_threads);
		demo_put_bool(row, "cpu_threads_use_gil", !rows[i].free);
		demo_put_text(row, "policy", rows[i].fair ? "fair" : "fifo");
		demo_put_int(row, "interval_ns", rows[i].interval_ns);
		demo_put_double(row, "requests_per_second", m[i].rate);
		demo_put_int(row, "latency_p50_ns", m[i].p50_ns);
		demo_put_int(row, "latency_p99_ns", m[i].p99_ns);
		demo_put_double(row, "cpu_work_chunks_per_second", m[i].work);
	}
}

static void put_measured(struct out_table *table, const struct measured *m)
{
	out_table_cell(table, "%s", out_rate(m->rate).s);
	out_table_cell(table, "%s", out_time(m->p50_ns).s);
	out_table_cell(table, "%s", out_time(m->p99_ns).s);
}

static void show_convoy(const struct measured *m)
{
	static const struct out_column columns[] = {
		{ "beside the I/O thread", OUT_LEFT },
		{ "requests", OUT_RIGHT },
		{ "latency p50", OUT_RIGHT },
		{ "p99", OUT_RIGHT },
	};
	static const struct {
		unsigned int row;
		const char *label;
	} shown[] = {
		{ ALONE, "nothing" },
		{ BESIDE_1, "1 CPU-bound thread" },
		{ BESIDE_2, "2 CPU-bound threads" },
		{ BESIDE_4, "4 CPU-bound threads" },
		{ BESIDE_FREE, "1 that needs no GIL" },
	};
	struct out_table *table = out_table_new(columns, 4);
	struct out_text text[sizeof(shown) / sizeof(shown[0])];
	struct out_bar bars[sizeof(shown) / sizeof(shown[0])];
	const struct measured *of;
	unsigned int i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		of = &m[shown[i].row];
		out_table_cell(table, "%s", shown[i].label);
		put_measured(table, of);
		text[i] = out_rate(of->rate);
		bars[i] = (struct out_bar){ shown[i].label, of->rate, text[i].s };
	}
	out_table_print(table);
	printf("\n  Requests are those of the best of %u runs, latencies those of all.\n\n", SLOTS);
	out_bars(bars, i);
}

static void show_trade(const struct measured *m)
{
	static const struct out_column columns[] = {
		{ "switch interval", OUT_RIGHT },
		{ "requests", OUT_RIGHT },
		{ "latency p50", OUT_RIGHT },
		{ "p99", OUT_RIGHT },
		{ "CPU-bound work", OUT_RIGHT },
	};
	static const unsigned int trade[] = { BESIDE_4, BESIDE_4_SHORT, BESIDE_4_SHORTEST };
	struct out_table *table = out_table_new(columns, 5);
	unsigned int i;

	putchar('\n');
	out_wrapped(0, "Why not a shorter interval? Beside 4 CPU-bound threads, and with their "
		       "work compared to that at 5 ms:");
	putchar('\n');
	for (i = 0; i < sizeof(trade) / sizeof(trade[0]); i++) {
		out_table_cell(table, "%s", out_time(rows[trade[i]].interval_ns).s);
		put_measured(table, &m[trade[i]]);
		out_table_cell(table, "%s", out_percent(m[trade[i]].work / m[BESIDE_4].work).s);
	}
	out_table_print(table);
}

/* The same threads, the same interval: only the policy differs. */
static void show_fair(const struct measured *m)
{
	static const struct out_column columns[] = {
		{ "threads", OUT_RIGHT },
		{ "fifo: requests", OUT_RIGHT },
		{ "fair: requests", OUT_RIGHT },
		{ "latency p50", OUT_RIGHT },
		{ "p99", OUT_RIGHT },
		{ "their work", OUT_RIGHT },
	};
	static const struct {
		unsigned int fifo;
		unsigned int fair;
	} pairs[] = { { BESIDE_1, FAIR_1 }, { BESIDE_2, FAIR_2 }, { BESIDE_4, FAIR_4 } };
	struct out_table *table = out_table_new(columns, 6);
	const struct measured *fifo, *fair;
	unsigned int i;

	putchar('\n');
	out_wrapped(0, "The remedy is another order: who has held the GIL least is next, and the "
		       "owner is asked to drop it at once. That is the policy fair, again with "
		       "5 ms; the work of the CPU-bound threads is compared to that under fifo:");
	putchar('\n');
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		fifo = &m[pairs[i].fifo];
		fair = &m[pairs[i].fair];
		out_table_cell(table, "%u", rows[pairs[i].fair].cpu_threads);
		out_table_cell(table, "%s", out_rate(fifo->rate).s);
		put_measured(table, fair);
		out_table_cell(table, "%s", out_percent(fair->work / fifo->work).s);
	}
	out_table_print(table);
}

static void make_claims(struct demo *demo, const struct measured *m)
{
	demo_claim(demo, "convoy-drop", "I/O alone / beside 1 CPU-bound thread", drop(m),
		   DEMO_AT_LEAST, CONVOY_MIN);
	if (demo->cpus > 1)
		demo_claim(demo, "convoy-lock", "I/O beside it without GIL / with GIL",
			   relief(m), DEMO_AT_LEAST, FREE_MIN);
	else
		demo_no_claim(demo, "a CPU-bound thread without the GIL hinders less",
			      "there is only one CPU to run on");
	demo_claim(demo, "convoy-interval", "I/O at interval 0.5 ms / at 5 ms", gain(m),
		   DEMO_AT_LEAST, SHORTER_MIN);
	demo_claim(demo, "convoy-fair", "I/O beside 4 threads: fair / fifo", remedy(m),
		   DEMO_AT_LEAST, FAIR_MIN);
}

static void run_convoy(struct demo *demo)
{
	struct measured m[N_ROWS] = { 0 };
	struct demo_object *gil = demo_new_gil(demo, "part 5, GIL");
	unsigned int runs, i;

	for (runs = 0; runs < RUNS_MAX && (!runs || !settled(demo, m)); runs++)
		for (i = 0; i < N_ROWS; i++)
			run_row(gil, &rows[i], &m[i]);
	out_progress_end();
	put_rows(demo, m);
	if (!out_json) {
		show_convoy(m);
		show_trade(m);
		show_fair(m);
	}
	draw_convoy(demo, gil);
	make_claims(demo, m);
	demo_means(demo, "Under fifo the I/O thread queues for the GIL after each answer, and each "
			 "CPU-bound thread before it keeps the GIL for a whole switch interval: "
			 "that is the convoy. With a shorter interval its turn comes sooner, but "
			 "the time goes into switching instead of work. Under fair, which a GIL "
			 "has unless told otherwise, its turn comes at once.");
}

const struct demo_part demo_convoy = {
	.title = "the convoy",
	.expect = "One thread asks an echo process and releases the GIL while it waits. First "
		  "come, first served (policy fifo): expect its rate to collapse as soon as one "
		  "CPU-bound thread wants the same GIL. Policy fair: expect it not to.",
	.run = run_convoy,
};
