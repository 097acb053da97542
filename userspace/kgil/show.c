// SPDX-License-Identifier: GPL-2.0
/*
 * kgil show: everything about one object.
 */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "cmd.h"
#include "err.h"
#include "machine.h"
#include "net.h"
#include "net_thread.h"
#include "opt.h"
#include "out.h"
#include "times.h"

static const struct opt_spec spec = {
	.command = "show",
	.operands = "ID|NAME",
	.about = "Show everything about one object: state, owner, settings, statistics, threads.\n"
		 "ID is its number in 'kgil ls', NAME its name. Digits alone are an ID.",
	.operands_min = 1,
	.operands_max = 1,
};

static void put(const char *name, const char *value)
{
	printf("  %-14s  %s\n", name, value);
}

static void put_number(const char *name, uint64_t value)
{
	put(name, out_count(value).s);
}

static void print_owner(const struct net_object *o)
{
	char text[80];

	if (!net_has(o, KGIL_A_OBJECT_OWNER) && !net_has(o, KGIL_A_OBJECT_OWNER_PID)) {
		put("owner", "none");
		return;
	}
	if (net_has(o, KGIL_A_OBJECT_OWNER_PID))
		snprintf(text, sizeof(text), "pid %u, tid %u%s%s", o->owner_pid, o->owner_tid,
			 *o->owner_comm ? ", " : "", o->owner_comm);
	else
		snprintf(text, sizeof(text), "hidden, or in another pid namespace");
	put(o->type == KGIL_TYPE_LOCK ? "taken by" : "owner", text);
	if (net_has(o, KGIL_A_OBJECT_OWNER)) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)o->owner);
		put("owner id", text);
	}
}

/* How long a waiter can be passed over. */
static void print_handoff(uint64_t ns)
{
	char text[64];

	if (ns <= KGIL_HANDOFF_AT_ONCE)
		snprintf(text, sizeof(text), "at once: nobody is passed over");
	else
		snprintf(text, sizeof(text), "after a wait of %s", out_time(ns).s);
	put("hand-off", text);
}

static void print_settings(const struct net_object *o)
{
	char text[32];

	if (net_has(o, KGIL_A_OBJECT_NAME))
		put("name", o->name);
	if (net_has(o, KGIL_A_OBJECT_MODE)) {
		snprintf(text, sizeof(text), "%04o, group %u", o->mode, o->gid);
		put("mode", text);
	}
	if (net_has(o, KGIL_A_OBJECT_UID)) {
		snprintf(text, sizeof(text), "%u", o->uid);
		put("created by uid", text);
	}
	if (net_has(o, KGIL_A_OBJECT_POLICY))
		put("policy", net_policy_name(o->policy).s);
	if (net_has(o, KGIL_A_OBJECT_INTERVAL))
		put("interval", out_time(o->interval_ns).s);
	if (net_has(o, KGIL_A_OBJECT_HANDOFF))
		print_handoff(o->handoff_ns);
	if (o->threshold_ns)
		put("threshold", out_time(o->threshold_ns).s);
	if (o->away_threshold_ns)
		put("away", out_time(o->away_threshold_ns).s);
	if (o->type == KGIL_TYPE_RLOCK) {
		put_number("depth", o->depth);
		put_number("depth at most", o->max);
	}
	put_number("waiters", o->waiters);
	if (o->type == KGIL_TYPE_GIL)
		put("drop request", o->flags & KGIL_STATE_DROP_REQUEST ? "yes" : "no");
}

static void print_times(const char *name, uint64_t total, uint64_t n, uint64_t max)
{
	char text[128];

	snprintf(text, sizeof(text), "%s in all, %s on average, %s at most", out_time(total).s,
		 out_time(n ? total / n : 0).s, out_time(max).s);
	put(name, text);
}

static void print_percentiles(const char *name, const __u64 *hist, uint64_t max)
{
	char text[80];

	snprintf(text, sizeof(text), "p50 %s, p99 %s", out_time(times_percentile(hist, 0.5, max)).s,
		 out_time(times_percentile(hist, 0.99, max)).s);
	put(name, text);
}

static void print_hold(const struct kgil_stats *s, const struct kgil_times *t)
{
	print_times("hold", s->hold_total_ns, t->holds, s->hold_max_ns);
	print_percentiles("", t->hold, s->hold_max_ns);
}

static void print_stats(const struct net_object *o)
{
	const struct kgil_stats *s = &o->stats;
	const struct kgil_times *t = &o->times;
	const struct kgil_away *a = &o->away;
	bool owned = o->type == KGIL_TYPE_GIL || o->type == KGIL_TYPE_RLOCK;

	puts("");
	if (machine_emulated())
		put("machine", MACHINE_EMULATED);
	put_number("acquisitions", s->acquisitions);
	put_number("contentions", s->contentions);
	print_times("wait", s->wait_total_ns, t->waits, s->wait_max_ns);
	print_percentiles("", t->wait, s->wait_max_ns);
	if (o->waiting_ns)
		put("longest now", out_time(o->waiting_ns).s);
	if (o->type != KGIL_TYPE_SEM || o->max == 1)
		print_hold(s, t);
	if (owned)
		put_number("switches", s->switches);
	if (o->type == KGIL_TYPE_GIL) {
		put_number("yields", s->yields);
		put_number("drop requests", s->drop_requests);
		print_times("to heed them", t->heed_total_ns, t->heeds, t->heed_max_ns);
	}
	if (net_has(o, KGIL_A_OBJECT_AWAY)) {
		print_times("blocked", a->blocked_total_ns, a->blocks, a->blocked_max_ns);
		print_times("preempted", a->preempted_total_ns, a->preemptions,
			    a->preempted_max_ns);
		if (a->missed)
			put_number("not followed", a->missed);
	}
	put_number("timeouts", s->timeouts);
	put_number("interrupts", s->interrupts);
	if (owned) {
		put_number("owner deaths", s->owner_deaths);
		put_number("deadlocks", s->deadlocks);
	}
	/* As good as never. */
	if (s->unchecked)
		put_number("unchecked", s->unchecked);
}

static void print_unknown(const struct net_object *o)
{
	const struct net_unknown *unknown;
	char name[24], value[40];
	unsigned int i;

	for (i = 0; i < o->n_unknown; i++) {
		unknown = &o->unknown[i];
		snprintf(name, sizeof(name), "attribute %u", unknown->type);
		if (unknown->len == 4 || unknown->len == 8)
			snprintf(value, sizeof(value), "%llu",
				 (unsigned long long)unknown->value);
		else
			snprintf(value, sizeof(value), "%u bytes", unknown->len);
		put(name, value);
	}
}

static void print_text(const struct net_object *o)
{
	printf("%sobject %llu%s, %s\n\n", out_style(OUT_BOLD), (unsigned long long)o->id,
	       out_style(OUT_RESET), net_type_name(o->type).s);
	put(o->type == KGIL_TYPE_SEM ? "count" : "state", net_state_name(o).s);
	if (o->type != KGIL_TYPE_SEM)
		print_owner(o);
	print_settings(o);
	if (net_has(o, KGIL_A_OBJECT_STATS))
		print_stats(o);
	print_unknown(o);
}

static void print_threads(const struct net_thread *threads, unsigned int n)
{
	static const struct out_column columns[] = {
		{ "tid", OUT_RIGHT },
		{ "thread", OUT_LEFT },
		{ "state", OUT_LEFT },
		{ "since", OUT_RIGHT },
		{ "acquired", OUT_RIGHT },
		{ "held", OUT_RIGHT },
		{ "waited", OUT_RIGHT },
		{ "wait p50", OUT_RIGHT },
		{ "wait p99", OUT_RIGHT },
	};
	struct out_table *table;
	unsigned int i;

	if (!n)
		return;
	puts("");
	table = out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (i = 0; i < n; i++) {
		const struct net_thread *t = &threads[i];
		uint64_t since = t->state == KGIL_THREAD_WAITER ? t->waited_ns : t->held_ns;
		uint64_t max = t->stats.wait_max_ns;

		if (net_thread_has(t, KGIL_A_THREAD_TID))
			out_table_cell(table, "%u", t->tid);
		else
			out_table_cell(table, "?");
		out_table_cell(table, "%s", *t->comm ? t->comm : "-");
		out_table_cell(table, "%s", net_thread_state(t));
		out_table_cell(table, "%s", since ? out_time(since).s : "-");
		out_table_cell(table, "%s", out_count(t->stats.acquisitions).s);
		out_table_cell(table, "%s", out_time(t->stats.hold_total_ns).s);
		out_table_cell(table, "%s", out_time(t->stats.wait_total_ns).s);
		out_table_cell(table, "%s", out_time(times_percentile(t->times.wait, 0.5, max)).s);
		out_table_cell(table, "%s", out_time(times_percentile(t->times.wait, 0.99, max)).s);
	}
	out_table_print(table);
}

static void show_json(const struct net_object *o, const struct net_thread *threads,
		      unsigned int n)
{
	struct json_object *json = net_json(o), *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < n; i++)
		json_object_array_add(array, net_thread_json(&threads[i]));
	json_object_object_add(json, "threads", array);
	out_json_print(json, false);
}

static int show(struct net_client *client, const struct net_object *object)
{
	struct net_thread *threads;
	unsigned int n;
	int status = net_threads(client, object->id, &threads, &n);

	if (status)
		return status;
	if (out_json) {
		show_json(object, threads, n);
	} else {
		print_text(object);
		print_threads(threads, n);
	}
	free(threads);
	return STATUS_OK;
}

int cmd_show(int argc, char **argv)
{
	struct net_client client;
	struct net_object object;
	int first, status;
	uint64_t id;

	first = opt_parse(&spec, argc, argv);
	status = net_parse_operand(argv[first], &id);
	if (!status)
		status = net_open(&client);
	if (status)
		return status;
	status = net_get_operand(&client, argv[first], id, &object);
	if (!status)
		status = show(&client, &object);
	net_close(&client);
	return status;
}
