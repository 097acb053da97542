// SPDX-License-Identifier: GPL-2.0
/*
 * kgil ls: a row for each object.
 */
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "cmd.h"
#include "err.h"
#include "net.h"
#include "opt.h"
#include "out.h"
#include "waits.h"

static bool waits;

static const struct opt options[] = {
	{ "waits", 'w', OPT_FLAG, &waits,
	  .help = "print who waits for whom instead: each object that is waited for, who owns it, "
		  "who waits and since when, and what those own that others wait for" },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "ls",
	.about = "List the objects of this network namespace, by id: what each is, its state, the\n"
		 "thread that owns it (of a lock: that took it), how many threads wait, how\n"
		 "often it was acquired, how often a thread had to wait for it, and in which\n"
		 "order waiters get it.",
	.opts = options,
	.more = "If some have names, these are shown in place of the thread id and the order;\n"
		"one that doesn't fit ends with '+'. 'kgil show' tells all.\n"
		"An owner whose process id is hidden, or unknown here, is shown as '?'.\n"
		"The state of a sem is its count and its maximum.\n"
		"The order is the policy of a gil, fair or fifo. Of others it is fifo, or how\n"
		"long a waiter may be passed over by threads that come later.\n",
};

/* A number that only some objects have, or may not show. */
static void put_id(struct out_table *table, const struct net_object *o, enum kgil_object_attr attr,
		   uint32_t value)
{
	if (net_has(o, attr))
		out_table_cell(table, "%u", value);
	else
		out_table_cell(table, "%s", net_has(o, KGIL_A_OBJECT_OWNER) ? "?" : "-");
}

static void put_object(struct out_table *table, const struct net_object *o, bool names)
{
	out_table_cell(table, "%llu", (unsigned long long)o->id);
	out_table_cell(table, "%s", net_type_name(o->type).s);
	out_table_cell(table, "%s", net_state_name(o).s);
	put_id(table, o, KGIL_A_OBJECT_OWNER_PID, o->owner_pid);
	if (!names)
		put_id(table, o, KGIL_A_OBJECT_OWNER_TID, o->owner_tid);
	out_table_cell(table, "%s", net_has(o, KGIL_A_OBJECT_OWNER_COMM) ? o->owner_comm : "-");
	out_table_cell(table, "%u", o->waiters);
	out_table_cell(table, "%s", out_count(o->stats.acquisitions).s);
	out_table_cell(table, "%s", out_count(o->stats.contentions).s);
	if (names)
		out_table_cell(table, "%s", net_has(o, KGIL_A_OBJECT_NAME) ? o->name : "-");
	else
		out_table_cell(table, "%s", net_order_name(o).s);
}

static bool have_names(const struct net_object *objects, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (net_has(&objects[i], KGIL_A_OBJECT_NAME))
			return true;
	return false;
}

static void print_text(const struct net_object *objects, unsigned int n)
{
	static const struct out_column columns[] = {
		{ "id", OUT_RIGHT },
		{ "type", OUT_LEFT },
		{ "state", OUT_LEFT },
		{ "pid", OUT_RIGHT },
		{ "tid", OUT_RIGHT },
		{ "thread", OUT_LEFT },
		{ "waiters", OUT_RIGHT },
		{ "acquired", OUT_RIGHT },
		{ "contended", OUT_RIGHT },
		{ "order", OUT_LEFT },
	};
	static const struct out_column named[] = {
		{ "id", OUT_RIGHT },
		{ "type", OUT_LEFT },
		{ "state", OUT_LEFT },
		{ "pid", OUT_RIGHT },
		{ "thread", OUT_LEFT },
		{ "waiters", OUT_RIGHT },
		{ "acquired", OUT_RIGHT },
		{ "contended", OUT_RIGHT },
		{ "name", OUT_REST },
	};
	bool names = have_names(objects, n);
	struct out_table *table =
		names ? out_table_new(named, sizeof(named) / sizeof(named[0])) :
			out_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	unsigned int i;

	for (i = 0; i < n; i++)
		put_object(table, &objects[i], names);
	out_table_print(table);
}

static void print_json(const struct net_object *objects, unsigned int n)
{
	struct json_object *json = json_object_new_object();
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < n; i++)
		json_object_array_add(array, net_json(&objects[i]));
	json_object_object_add(json, "objects", array);
	out_json_print(json, false);
}

static int list(struct net_client *client)
{
	struct net_object *objects;
	unsigned int n;
	int status = net_dump(client, &objects, &n);

	if (status)
		return status;
	if (out_json)
		print_json(objects, n);
	else
		print_text(objects, n);
	free(objects);
	return STATUS_OK;
}

int cmd_ls(int argc, char **argv)
{
	struct net_client client;
	int status;

	opt_parse(&spec, argc, argv);
	status = net_open(&client);
	if (status)
		return status;
	status = waits ? waits_print(&client) : list(&client);
	net_close(&client);
	return status;
}
