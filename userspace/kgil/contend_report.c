// SPDX-License-Identifier: GPL-2.0
/*
 * kgil contend: the result, as text or JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "contend.h"
#include "err.h"
#include "machine.h"
#include "net.h"
#include "out.h"
#include "stats.h"

/* Rows of the table of threads; JSON has them all. */
#define ROWS_MAX 16

static const struct {
	const char *name;
	double part;
} percentiles[] = {
	{ "p50", 0.5 },
	{ "p90", 0.9 },
	{ "p99", 0.99 },
	{ "p99.9", 0.999 },
	{ "max", 1 },
};

#define N_PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))

/**
 * struct totals - all workers together
 * @sum: counts and histograms; its @end is that of the last
 * @elapsed: from the start to the end of the last
 * @lost: updates of the counter that are missing
 * @fairness: Jain's index of the shares
 */
struct totals {
	struct contend_worker sum;
	uint64_t elapsed;
	uint64_t lost;
	double fairness;
};

static bool is_locked(const struct contend *run)
{
	return run->opts.type != CONTEND_NONE;
}

/* What is shared out: the time a lock is held; without a lock, the turns. */
static double amount(const struct contend *run, const struct contend_worker *worker)
{
	return is_locked(run) ? worker->held : worker->acquisitions;
}

static double share(const struct contend *run, const struct contend_worker *worker,
		    const struct totals *totals)
{
	double all = amount(run, &totals->sum);

	return all > 0 ? amount(run, worker) / all : 0;
}

static void add_up(const struct contend *run, struct totals *totals)
{
	double *amounts = out_alloc(run->opts.threads * sizeof(*amounts));
	struct contend_worker *sum = &totals->sum;
	const struct contend_worker *w;
	unsigned int i;

	for (i = 0; i < run->opts.threads; i++) {
		w = &run->workers[i];
		sum->acquisitions += w->acquisitions;
		sum->busy += w->busy;
		sum->timeouts += w->timeouts;
		sum->yields += w->yields;
		sum->owner_deaths += w->owner_deaths;
		sum->held += w->held;
		sum->end = w->end > sum->end ? w->end : sum->end;
		hist_merge(&sum->wait, &w->wait);
		hist_merge(&sum->hold, &w->hold);
		amounts[i] = amount(run, w);
	}
	totals->elapsed = sum->end > run->start ? sum->end - run->start : 1;
	/* A process killed between the two has one update too many. */
	if (sum->acquisitions > run->counter.n)
		totals->lost = sum->acquisitions - run->counter.n;
	totals->fairness = hist_jain(amounts, run->opts.threads);
	free(amounts);
}

/* Only one thread at a time may have been inside. */
static bool is_exclusive(const struct contend *run)
{
	return is_locked(run) && run->opts.count == 1;
}

static const char *worker_word(const struct contend *run)
{
	return run->opts.processes ? "process" : "thread";
}

/* Without a lock there is nothing to acquire. */
static const char *turns_word(const struct contend *run)
{
	return is_locked(run) ? "acquisitions" : "turns";
}

static double per_second(uint64_t n, uint64_t ns)
{
	return n * 1e9 / ns;
}

static void print_title(const struct contend *run)
{
	const struct contend_opts *o = &run->opts;
	const char *plural = o->processes ? "es" : "s";

	if (o->threads == 1)
		plural = "";
	printf("%s%s%s, %llu %s%s, work %s", out_style(OUT_BOLD), contend_type_words[o->type],
	       out_style(OUT_RESET), (unsigned long long)o->threads, worker_word(run),
	       plural, out_time(o->work).s);
	if (o->io)
		printf(", io %s", out_time(o->io).s);
	if (o->io_threads)
		printf(" by %s of them", out_count(o->io_threads).s);
	if (o->type == CONTEND_SEM)
		printf(", count %s", out_count(o->count).s);
	if (o->type == CONTEND_GIL)
		printf(", interval %s, %s", out_time(run->state.interval_ns).s,
		       net_policy_name(run->state.policy).s);
	else if (is_locked(run))
		printf(", hand-off %s", out_time(run->state.handoff_ns).s);
	if (o->timeout)
		printf(", timeout %s", out_time(o->timeout).s);
	if (o->nonblocking)
		printf(", nonblocking");
	putchar('\n');
}

static void put_row(const char *name, const char *value)
{
	printf("  %-15s  %s\n", name, value);
}

static void put_count(const char *name, uint64_t n)
{
	put_row(name, out_count(n).s);
}

static void print_counts(const struct contend *run, const struct totals *t)
{
	static const char *const paths[] = {
		[PATH_IOCTL] = "ioctl: every acquire and release is a system call",
		[PATH_WORD] = "word: no system call while the lock is free",
	};
	char text[80];

	if (machine_emulated())
		put_row("machine", MACHINE_EMULATED);
	if (is_locked(run))
		put_row("path", paths[run->opts.path]);
	put_row("time", out_time(t->elapsed).s);
	snprintf(text, sizeof(text), "%s  (%s)", out_count(t->sum.acquisitions).s,
		 out_rate(per_second(t->sum.acquisitions, t->elapsed)).s);
	put_row(turns_word(run), text);
	if (run->opts.nonblocking)
		put_count("busy", t->sum.busy);
	if (run->opts.timeout)
		put_count("timeouts", t->sum.timeouts);
	if (run->fd >= 0)
		put_count("by word", run->by_word);
	if (run->fd >= 0)
		put_count("contentions", run->stats.contentions);
	if (run->opts.type == CONTEND_GIL) {
		put_count("yields", t->sum.yields);
		put_count("drop requests", run->stats.drop_requests);
	}
	if (run->opts.type == CONTEND_GIL || run->opts.type == CONTEND_RLOCK)
		put_count("switches", run->stats.switches);
	if (t->sum.owner_deaths)
		put_count("owner deaths", t->sum.owner_deaths);
	printf("  %-15s  %s%s%s of %s\n", "lost updates",
	       out_style(t->lost ? OUT_RED : OUT_GREEN), out_count(t->lost).s,
	       out_style(OUT_RESET), out_count(t->sum.acquisitions).s);
	printf("  %-15s  %.3f  (1: equal shares; %.3g: one %s has it all)\n", "fairness",
	       t->fairness, 1.0 / run->opts.threads, worker_word(run));
}

static void put_percentiles(struct out_table *table, const char *name, const struct hist *hist)
{
	unsigned int i;

	out_table_cell(table, "%s", name);
	for (i = 0; i < N_PERCENTILES; i++)
		out_table_cell(table, "%s", out_time(hist_percentile(hist, percentiles[i].part)).s);
}

static void print_times(const struct contend *run, const struct totals *t)
{
	static const struct out_column columns[] = {
		{ "", OUT_LEFT },
		{ "p50", OUT_RIGHT },
		{ "p90", OUT_RIGHT },
		{ "p99", OUT_RIGHT },
		{ "p99.9", OUT_RIGHT },
		{ "max", OUT_RIGHT },
	};
	struct out_table *table = out_table_new(columns, N_PERCENTILES + 1);

	if (is_locked(run))
		put_percentiles(table, "wait", &t->sum.wait);
	put_percentiles(table, is_locked(run) ? "hold" : "work", &t->sum.hold);
	out_table_print(table);
}

static void print_workers(const struct contend *run, const struct totals *t)
{
	const struct out_column columns[] = {
		{ worker_word(run), OUT_RIGHT },
		{ turns_word(run), OUT_RIGHT },
		{ is_locked(run) ? "held" : "worked", OUT_RIGHT },
		{ "share", OUT_RIGHT },
		{ "longest wait", OUT_RIGHT },
	};
	unsigned int rows = run->opts.threads < ROWS_MAX ? run->opts.threads : ROWS_MAX, i;
	struct out_table *table = out_table_new(columns, is_locked(run) ? 5 : 4);
	const struct contend_worker *w;

	for (i = 0; i < rows; i++) {
		w = &run->workers[i];
		out_table_cell(table, "%u", i + 1);
		out_table_cell(table, "%s", out_count(w->acquisitions).s);
		out_table_cell(table, "%s", out_time(w->held).s);
		out_table_cell(table, "%s", out_percent(share(run, w, t)).s);
		if (is_locked(run))
			out_table_cell(table, "%s", out_time(w->wait.max).s);
	}
	out_table_print(table);
	if (rows < run->opts.threads)
		printf("  and %s more; -J shows them all\n",
		       out_count(run->opts.threads - rows).s);
}

static void print_text(const struct contend *run, const struct totals *t)
{
	print_title(run);
	if (run->end == CONTEND_END_INTERRUPTED)
		printf("%sended early by a signal: the results so far%s\n", out_style(OUT_YELLOW),
		       out_style(OUT_RESET));
	putchar('\n');
	print_counts(run, t);
	putchar('\n');
	print_times(run, t);
	putchar('\n');
	print_workers(run, t);
}

static void add_double(struct json_object *object, const char *name, double value,
		       const char *format)
{
	char text[32];

	snprintf(text, sizeof(text), format, value);
	json_object_object_add(object, name, json_object_new_double_s(value, text));
}

static void add_hist(struct json_object *object, const char *name, const struct hist *hist)
{
	struct json_object *values = json_object_new_object();
	unsigned int i;

	out_json_number(values, "n", hist->n);
	out_json_number(values, "mean", hist_mean(hist));
	for (i = 0; i < N_PERCENTILES; i++)
		out_json_number(values, percentiles[i].name,
				hist_percentile(hist, percentiles[i].part));
	json_object_object_add(object, name, values);
}

static void json_gil_options(struct json_object *object, const struct kgil_state *state)
{
	out_json_number(object, "interval_ns", state->interval_ns);
	json_object_object_add(object, "policy",
			       json_object_new_string(net_policy_name(state->policy).s));
}

static struct json_object *json_options(const struct contend *run)
{
	const struct contend_opts *o = &run->opts;
	struct json_object *object = json_object_new_object();

	out_json_number(object, "work_ns", o->work);
	out_json_number(object, "io_ns", o->io);
	out_json_number(object, "io_threads", o->io_threads);
	out_json_number(object, "duration_ns", o->duration);
	out_json_number(object, "ops", o->ops);
	out_json_number(object, "timeout_ns", o->timeout);
	json_object_object_add(object, "nonblocking", json_object_new_boolean(o->nonblocking));
	if (o->type == CONTEND_GIL)
		json_gil_options(object, &run->state);
	else if (is_locked(run))
		out_json_number(object, "handoff_ns", run->state.handoff_ns);
	if (o->type == CONTEND_SEM)
		out_json_number(object, "count", o->count);
	return object;
}

static struct json_object *json_workers(const struct contend *run, const struct totals *t)
{
	struct json_object *array = json_object_new_array(), *object;
	const struct contend_worker *w;
	unsigned int i;

	for (i = 0; i < run->opts.threads; i++) {
		w = &run->workers[i];
		object = json_object_new_object();
		out_json_number(object, "acquisitions", w->acquisitions);
		out_json_number(object, "busy", w->busy);
		out_json_number(object, "timeouts", w->timeouts);
		out_json_number(object, "yields", w->yields);
		out_json_number(object, "held_ns", w->held);
		add_double(object, "share", share(run, w, t), "%.6f");
		out_json_number(object, "wait_max_ns", w->wait.max);
		json_object_array_add(array, object);
	}
	return array;
}

static void print_json(const struct contend *run, const struct totals *t)
{
	static const char *const ends[] = { "duration", "ops", "interrupted", "failed" };
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "type",
			       json_object_new_string(contend_type_words[run->opts.type]));
	if (is_locked(run))
		json_object_object_add(object, "path",
				       json_object_new_string(path_words[run->opts.path]));
	out_json_number(object, "threads", run->opts.threads);
	json_object_object_add(object, "processes", json_object_new_boolean(run->opts.processes));
	json_object_object_add(object, "options", json_options(run));
	json_object_object_add(object, "machine", json_object_new_string(machine_name().s));
	json_object_object_add(object, "emulated", json_object_new_boolean(machine_emulated()));
	json_object_object_add(object, "ended_by", json_object_new_string(ends[run->end]));
	out_json_number(object, "elapsed_ns", t->elapsed);
	out_json_number(object, "acquisitions", t->sum.acquisitions);
	add_double(object, "acquisitions_per_s", per_second(t->sum.acquisitions, t->elapsed),
		   "%.3f");
	out_json_number(object, "busy", t->sum.busy);
	out_json_number(object, "timeouts", t->sum.timeouts);
	out_json_number(object, "yields", t->sum.yields);
	out_json_number(object, "owner_deaths", t->sum.owner_deaths);
	out_json_number(object, "counter", run->counter.n);
	out_json_number(object, "lost_updates", t->lost);
	add_double(object, "fairness", t->fairness, "%.6f");
	add_hist(object, "wait_ns", &t->sum.wait);
	add_hist(object, "hold_ns", &t->sum.hold);
	json_object_object_add(object, "workers", json_workers(run, t));
	if (run->fd >= 0)
		out_json_number(object, "acquisitions_by_word", run->by_word);
	if (run->fd >= 0)
		json_object_object_add(object, "kernel", stats_json(&run->stats));
	out_json_print(object, false);
}

/* What must not happen. */
static int check(const struct contend *run, const struct totals *t)
{
	const struct contend_worker *w;
	int status = STATUS_OK;
	unsigned int i;

	for (i = 0; i < run->opts.threads; i++) {
		w = &run->workers[i];
		if (!w->err)
			continue;
		status = err_failed("%s %u: %s: %s", worker_word(run), i + 1, w->failed,
				    kgil_strerror(w->err));
	}
	if (run->lost_workers)
		status = err_failed("%u of %llu processes were killed", run->lost_workers,
				    (unsigned long long)run->opts.threads);
	else if (is_exclusive(run) && t->lost)
		status = err_failed("%llu updates were lost although the lock was held",
				    (unsigned long long)t->lost);
	return status;
}

int contend_report(const struct contend *run)
{
	struct totals *totals = out_alloc(sizeof(*totals));
	int status;

	add_up(run, totals);
	if (out_json)
		print_json(run, totals);
	else
		print_text(run, totals);
	status = check(run, totals);
	free(totals);
	return status;
}
