// SPDX-License-Identifier: GPL-2.0
/*
 * kgil top as JSON: what its rows are made of.
 */
#include <json-c/json.h>

#include "out.h"
#include "top_state.h"

static void put_text(struct json_object *json, const char *name, const char *text)
{
	json_object_object_add(json, name, json_object_new_string(text));
}

static void put_double(struct json_object *json, const char *name, double value)
{
	json_object_object_add(json, name, json_object_new_double(value));
}

static void put_share(struct json_object *json, const char *name, struct top_share share)
{
	static const char *const known[] = {
		[TOP_UNKNOWN] = "unknown",
		[TOP_AT_LEAST] = "at-least",
		[TOP_EXACT] = "exact",
	};
	struct json_object *object = json_object_new_object();

	put_double(object, "value", share.value);
	put_text(object, "known", known[share.known]);
	json_object_object_add(json, name, object);
}

/* What both kinds of rows have. */
static void put_row(struct json_object *json, const struct top_row *row)
{
	if (row->acquired >= 0) {
		put_double(json, "acquisitions_per_second", row->acquired);
		put_double(json, "contentions_per_second", row->contended);
	}
	put_share(json, row->thread ? "running" : "held", row->held);
	put_share(json, "waiting", row->waiting);
	out_json_number(json, "waits", row->waits);
	out_json_number(json, "wait_p50_ns", row->wait_p50);
	out_json_number(json, "wait_p99_ns", row->wait_p99);
	out_json_number(json, "since_ns", row->since);
	json_object_object_add(json, "asleep", json_object_new_boolean(row->asleep));
}

static struct json_object *json_object_row(const struct top_row *row)
{
	const struct net_object *object = row->object;
	struct json_object *json = json_object_new_object();

	out_json_number(json, "id", object->id);
	put_text(json, "type", net_type_name(object->type).s);
	if (net_has(object, KGIL_A_OBJECT_NAME))
		put_text(json, "name", object->name);
	put_text(json, "state", net_state_name(object).s);
	if (net_has(object, KGIL_A_OBJECT_OWNER_TID)) {
		out_json_number(json, "owner_pid", object->owner_pid);
		out_json_number(json, "owner_tid", object->owner_tid);
		put_text(json, "owner_comm", object->owner_comm);
	}
	out_json_number(json, "waiters", object->waiters);
	out_json_number(json, "waiting_ns", row->longest);
	put_row(json, row);
	return json;
}

static struct json_object *json_thread_row(const struct top_row *row)
{
	const struct net_thread *thread = row->thread;
	struct json_object *json = json_object_new_object();

	if (net_thread_has(thread, KGIL_A_THREAD_ID))
		out_json_number(json, "id", thread->id);
	if (net_thread_has(thread, KGIL_A_THREAD_TID)) {
		out_json_number(json, "pid", thread->pid);
		out_json_number(json, "tid", thread->tid);
		put_text(json, "comm", thread->comm);
	}
	put_text(json, "state", net_thread_state(thread));
	put_row(json, row);
	put_share(json, "idle", row->idle);
	return json;
}

static struct json_object *json_rows(const struct top_rows *rows)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < rows->n; i++)
		json_object_array_add(array, rows->rows[i].thread ?
						     json_thread_row(&rows->rows[i]) :
						     json_object_row(&rows->rows[i]));
	return array;
}

void top_print_json(struct top *top)
{
	const struct top_row *row = top_object_row(top);
	struct json_object *json = json_object_new_object(), *object;

	out_json_number(json, "at_ns", top->now.at);
	out_json_number(json, "interval_ns", top->now.at - top->before.at);
	if (row) {
		object = json_object_row(row);
		json_object_object_add(object, "threads", json_rows(&top->shown));
		json_object_object_add(json, "object", object);
	} else {
		json_object_object_add(json, "objects", json_rows(&top->shown));
	}
	out_json_print(json, true);
}
