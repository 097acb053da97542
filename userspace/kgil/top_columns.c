// SPDX-License-Identifier: GPL-2.0
/*
 * The columns of both tables of kgil top.
 */
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "top_table.h"

static int order(double a, double b)
{
	return a < b ? -1 : a > b;
}

static int order_text(const char *a, const char *b)
{
	return strcmp(a, b);
}

static void put_time(uint64_t ns, bool known, char *text, size_t size)
{
	snprintf(text, size, "%s", known ? out_time(ns).s : "-");
}

/* In at most six columns. */
static void put_rate(double rate, char *text, size_t size)
{
	if (rate < 0)
		snprintf(text, size, "-");
	else if (rate < 9.95)
		snprintf(text, size, "%.1f", rate);
	else if (rate < 999999.5)
		snprintf(text, size, "%.0f", rate);
	else if (rate < 9.995e6)
		snprintf(text, size, "%.2fM", rate / 1e6);
	else
		snprintf(text, size, "%.0fM", rate / 1e6);
}

static void put_percent(struct top_share share, char *text, size_t size)
{
	double percent = 100 * share.value;

	if (share.known == TOP_UNKNOWN)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%.*f%s", percent > 0 && percent < 9.95 ? 1 : 0, percent,
			 share.known == TOP_EXACT ? "" : "+");
}

static enum top_ink plain(const struct top_row *row)
{
	(void)row;
	return TOP_PLAIN;
}

/* --- of both ------------------------------------------------------------------ */

static void put_contended(const struct top_row *row, char *text, size_t size)
{
	put_rate(row->contended, text, size);
}

static int compare_contended(const struct top_row *a, const struct top_row *b)
{
	return order(a->contended, b->contended);
}

static void put_p50(const struct top_row *row, char *text, size_t size)
{
	put_time(row->wait_p50, row->waits, text, size);
}

static int compare_p50(const struct top_row *a, const struct top_row *b)
{
	return order(a->wait_p50, b->wait_p50);
}

static void put_p99(const struct top_row *row, char *text, size_t size)
{
	put_time(row->wait_p99, row->waits, text, size);
}

static int compare_p99(const struct top_row *a, const struct top_row *b)
{
	return order(a->wait_p99, b->wait_p99);
}

static void put_held(const struct top_row *row, char *text, size_t size)
{
	put_percent(row->held, text, size);
}

static int compare_held(const struct top_row *a, const struct top_row *b)
{
	return order(a->held.value, b->held.value);
}

static int compare_waiting(const struct top_row *a, const struct top_row *b)
{
	return order(a->waiting.value, b->waiting.value);
}

static void put_nothing(const struct top_row *row, char *text, size_t size)
{
	(void)row;
	(void)size;
	text[0] = '\0';
}

/* --- objects ------------------------------------------------------------------ */

static void put_id(const struct top_row *row, char *text, size_t size)
{
	snprintf(text, size, "%llu", (unsigned long long)row->object->id);
}

static int compare_id(const struct top_row *a, const struct top_row *b)
{
	return order(a->key, b->key);
}

static void put_type(const struct top_row *row, char *text, size_t size)
{
	snprintf(text, size, "%s", net_type_name(row->object->type).s);
}

static int compare_type(const struct top_row *a, const struct top_row *b)
{
	return order(a->object->type, b->object->type);
}

static void put_name(const struct top_row *row, char *text, size_t size)
{
	snprintf(text, size, "%s", *row->object->name ? row->object->name : "-");
}

static int compare_name(const struct top_row *a, const struct top_row *b)
{
	return order_text(a->object->name, b->object->name);
}

static bool is_held(const struct top_row *row)
{
	return !strcmp(net_state_name(row->object).s, "held");
}

static void put_holder(const struct top_row *row, char *text, size_t size)
{
	const char *comm = row->object->owner_comm;

	if (is_held(row))
		snprintf(text, size, "%s", *comm ? comm : "?");
	else
		snprintf(text, size, "%s", net_state_name(row->object).s);
}

static int compare_holder(const struct top_row *a, const struct top_row *b)
{
	return order_text(a->object->owner_comm, b->object->owner_comm);
}

static enum top_ink holder_ink(const struct top_row *row)
{
	if (row->asleep)
		return TOP_TROUBLE;
	return is_held(row) ? TOP_HELD : TOP_FAINT;
}

static void put_holder_tid(const struct top_row *row, char *text, size_t size)
{
	if (row->object->owner_tid)
		snprintf(text, size, "%u", row->object->owner_tid);
	else
		snprintf(text, size, "%s", is_held(row) ? "?" : "-");
}

static int compare_holder_tid(const struct top_row *a, const struct top_row *b)
{
	return order(a->object->owner_tid, b->object->owner_tid);
}

static void put_waiters(const struct top_row *row, char *text, size_t size)
{
	snprintf(text, size, "%u", row->object->waiters);
}

static int compare_waiters(const struct top_row *a, const struct top_row *b)
{
	return order(a->object->waiters, b->object->waiters);
}

static enum top_ink waiters_ink(const struct top_row *row)
{
	return row->object->waiters ? TOP_WAITING : TOP_PLAIN;
}

static void put_average(const struct top_row *row, char *text, size_t size)
{
	if (row->waiting.known == TOP_UNKNOWN)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%.*f", row->waiting.value < 99.95 ? 1 : 0,
			 row->waiting.value);
}

static enum top_ink average_ink(const struct top_row *row)
{
	return row->waiting.value >= 0.05 ? TOP_WAITING : TOP_PLAIN;
}

static void put_longest(const struct top_row *row, char *text, size_t size)
{
	put_time(row->longest, row->longest, text, size);
}

static int compare_longest(const struct top_row *a, const struct top_row *b)
{
	return order(a->longest, b->longest);
}

static const struct top_column object_columns[] = {
	{ "ID", 5, 0, false, true, false, put_id, compare_id, plain },
	{ "TYPE", 5, 3, true, false, false, put_type, compare_type, plain },
	{ "NAME", 12, 5, true, true, false, put_name, compare_name, plain },
	{ "HOLDER", 15, 1, true, false, false, put_holder, compare_holder, holder_ink },
	{ "TID", 7, 11, false, true, false, put_holder_tid, compare_holder_tid, plain },
	{ "WAIT", 4, 2, false, false, true, put_waiters, compare_waiters, waiters_ink },
	{ "AVG", 4, 7, false, false, true, put_average, compare_waiting, average_ink },
	{ "WAITS/s", 7, 6, false, false, true, put_contended, compare_contended, plain },
	{ "WAITp50", 7, 9, false, false, true, put_p50, compare_p50, plain },
	{ "WAITp99", 7, 8, false, false, true, put_p99, compare_p99, plain },
	{ "LONGEST", 7, 12, false, false, true, put_longest, compare_longest, plain },
	{ "HELD%", 5, 4, false, false, true, put_held, compare_held, plain },
	{ NULL, 8, 10, true, false, true, put_nothing, compare_held, plain },
};

const struct top_table top_objects = {
	object_columns,
	sizeof(object_columns) / sizeof(object_columns[0]),
	.bar = 12,
	.sort = 6,
};

/* --- threads ------------------------------------------------------------------ */

static void put_tid(const struct top_row *row, char *text, size_t size)
{
	if (net_thread_has(row->thread, KGIL_A_THREAD_TID))
		snprintf(text, size, "%u", row->thread->tid);
	else
		snprintf(text, size, "?");
}

static int compare_tid(const struct top_row *a, const struct top_row *b)
{
	return order(a->thread->tid, b->thread->tid);
}

static void put_comm(const struct top_row *row, char *text, size_t size)
{
	snprintf(text, size, "%s", *row->thread->comm ? row->thread->comm : "?");
}

static int compare_comm(const struct top_row *a, const struct top_row *b)
{
	return order_text(a->thread->comm, b->thread->comm);
}

static void put_state(const struct top_row *row, char *text, size_t size)
{
	static const char *const words[] = {
		[KGIL_THREAD_OWNER] = "HAS IT",
		[KGIL_THREAD_WAITER] = "waits",
		[KGIL_THREAD_IDLE] = "idle",
	};

	const char *word = NULL;

	if (row->thread->state <= KGIL_THREAD_IDLE)
		word = row->asleep ? "ASLEEP" : words[row->thread->state];
	snprintf(text, size, "%s", word ? word : "?");
}

static int compare_state(const struct top_row *a, const struct top_row *b)
{
	return order(a->thread->state, b->thread->state);
}

static enum top_ink state_ink(const struct top_row *row)
{
	switch (row->thread->state) {
	case KGIL_THREAD_OWNER:
		return row->asleep ? TOP_TROUBLE : TOP_HELD;
	case KGIL_THREAD_WAITER:
		return TOP_WAITING;
	default:
		return TOP_FAINT;
	}
}

static void put_since(const struct top_row *row, char *text, size_t size)
{
	put_time(row->since, row->since, text, size);
}

static int compare_since(const struct top_row *a, const struct top_row *b)
{
	return order(a->since, b->since);
}

static void put_waiting(const struct top_row *row, char *text, size_t size)
{
	put_percent(row->waiting, text, size);
}

static void put_idle(const struct top_row *row, char *text, size_t size)
{
	put_percent(row->idle, text, size);
}

static int compare_idle(const struct top_row *a, const struct top_row *b)
{
	return order(a->idle.value, b->idle.value);
}

static void put_acquired(const struct top_row *row, char *text, size_t size)
{
	put_rate(row->acquired, text, size);
}

static int compare_acquired(const struct top_row *a, const struct top_row *b)
{
	return order(a->acquired, b->acquired);
}

static const struct top_column thread_columns[] = {
	{ "TID", 7, 1, false, true, false, put_tid, compare_tid, plain },
	{ "THREAD", 15, 0, true, true, false, put_comm, compare_comm, state_ink },
	{ "NOW", 6, 2, true, false, false, put_state, compare_state, state_ink },
	{ "SINCE", 7, 9, false, false, true, put_since, compare_since, state_ink },
	{ "RUN%", 4, 3, false, false, true, put_held, compare_held, plain },
	{ "WAIT%", 5, 4, false, false, true, put_waiting, compare_waiting, plain },
	{ "IDLE%", 5, 8, false, false, true, put_idle, compare_idle, plain },
	{ "TAKEN/s", 7, 10, false, false, true, put_acquired, compare_acquired, plain },
	{ "WAITS/s", 7, 11, false, false, true, put_contended, compare_contended, plain },
	{ "WAITp50", 7, 7, false, false, true, put_p50, compare_p50, plain },
	{ "WAITp99", 7, 6, false, false, true, put_p99, compare_p99, plain },
	{ NULL, 12, 5, true, false, true, put_nothing, compare_held, plain },
};

const struct top_table top_threads = {
	thread_columns,
	sizeof(thread_columns) / sizeof(thread_columns[0]),
	.bar = 11,
	.sort = 5,
};
