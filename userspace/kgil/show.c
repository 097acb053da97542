// SPDX-License-Identifier: GPL-2.0
/*
 * kgil show: everything about one object.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "cmd.h"
#include "err.h"
#include "machine.h"
#include "net.h"
#include "opt.h"
#include "out.h"

static const struct opt_spec spec = {
	.command = "show",
	.operands = "ID|NAME",
	.about = "Show everything about one object: state, owner, settings and statistics.\n"
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

static void print_stats(const struct net_object *o)
{
	const struct kgil_stats *s = &o->stats;
	bool owned = o->type == KGIL_TYPE_GIL || o->type == KGIL_TYPE_RLOCK;

	puts("");
	if (machine_emulated())
		put("machine", MACHINE_EMULATED);
	put_number("acquisitions", s->acquisitions);
	put_number("contentions", s->contentions);
	print_times("wait", s->wait_total_ns, s->contentions, s->wait_max_ns);
	if (o->type != KGIL_TYPE_SEM || o->max == 1)
		print_times("hold", s->hold_total_ns, s->acquisitions, s->hold_max_ns);
	if (owned)
		put_number("switches", s->switches);
	if (o->type == KGIL_TYPE_GIL) {
		put_number("yields", s->yields);
		put_number("drop requests", s->drop_requests);
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

static bool is_digits(const char *text)
{
	return !text[strspn(text, "0123456789")];
}

int cmd_show(int argc, char **argv)
{
	struct net_client client;
	struct net_object object;
	uint64_t id = 0;
	int first, status;

	first = opt_parse(&spec, argc, argv);
	if (is_digits(argv[first]) && opt_digits(argv[first], 1, UINT64_MAX, &id))
		return err_usage("ID: '%s' is not a number from 1 to %llu", argv[first],
				 (unsigned long long)UINT64_MAX);
	status = net_open(&client);
	if (status)
		return status;
	status = id ? net_get(&client, id, &object) : net_find(&client, argv[first], &object);
	net_close(&client);
	if (status)
		return status;
	if (out_json)
		out_json_print(net_json(&object), false);
	else
		print_text(&object);
	return STATUS_OK;
}
