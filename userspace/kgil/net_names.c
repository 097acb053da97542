// SPDX-License-Identifier: GPL-2.0
/*
 * Objects in words and in JSON.  What has no name is shown by its number.
 */
#include <stdio.h>

#include <json-c/json.h>

#include "away.h"
#include "net.h"
#include "stats.h"
#include "times.h"

static struct out_text name_or_number(const char *const *names, unsigned int n, uint32_t value,
				      const char *what)
{
	struct out_text text;

	if (value < n && names[value])
		snprintf(text.s, sizeof(text.s), "%s", names[value]);
	else
		snprintf(text.s, sizeof(text.s), "%s %u", what, value);
	return text;
}

struct out_text net_type_name(uint32_t type)
{
	static const char *const names[] = {
		[KGIL_TYPE_GIL] = "gil",
		[KGIL_TYPE_SEM] = "sem",
		[KGIL_TYPE_LOCK] = "lock",
		[KGIL_TYPE_RLOCK] = "rlock",
	};

	return name_or_number(names, sizeof(names) / sizeof(names[0]), type, "type");
}

struct out_text net_policy_name(uint32_t policy)
{
	static const char *const names[] = {
		[KGIL_POLICY_FIFO] = "fifo",
		[KGIL_POLICY_FAIR] = "fair",
	};

	return name_or_number(names, sizeof(names) / sizeof(names[0]), policy, "policy");
}

struct out_text net_order_name(const struct net_object *object)
{
	struct out_text text = { "-" };

	if (net_has(object, KGIL_A_OBJECT_POLICY))
		return net_policy_name(object->policy);
	if (!net_has(object, KGIL_A_OBJECT_HANDOFF))
		return text;
	/* Nobody is passed over. */
	if (object->handoff_ns <= KGIL_HANDOFF_AT_ONCE)
		return net_policy_name(KGIL_POLICY_FIFO);
	return out_time(object->handoff_ns);
}

struct out_text net_state_name(const struct net_object *object)
{
	struct out_text text;
	const char *word;

	if (object->type == KGIL_TYPE_SEM) {
		snprintf(text.s, sizeof(text.s), "%u of %u", object->count, object->max);
		return text;
	}
	if (object->flags & KGIL_STATE_OWNER_DIED)
		word = "owner died";
	else if (object->count || !net_has(object, KGIL_A_OBJECT_COUNT))
		word = net_has(object, KGIL_A_OBJECT_OWNER) ? "held" : "free";
	else
		word = "held";
	snprintf(text.s, sizeof(text.s), "%s", word);
	return text;
}

static struct json_object *json_flags(uint32_t flags)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ KGIL_STATE_OWNER_DIED, "owner-died" },
		{ KGIL_STATE_DROP_REQUEST, "drop-request" },
	};
	struct json_object *json = json_object_new_array();
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (flags & names[i].bit)
			json_object_array_add(json, json_object_new_string(names[i].name));
		flags &= ~names[i].bit;
	}
	if (flags)
		json_object_array_add(json, json_object_new_int64(flags));
	return json;
}

static struct json_object *json_unknown(const struct net_object *object)
{
	struct json_object *json = json_object_new_object();
	const struct net_unknown *unknown;
	char name[16];
	unsigned int i;

	for (i = 0; i < object->n_unknown; i++) {
		unknown = &object->unknown[i];
		snprintf(name, sizeof(name), "%u", unknown->type);
		out_json_number(json, name, unknown->value);
	}
	return json;
}

struct json_object *net_json(const struct net_object *o)
{
	const struct {
		enum kgil_object_attr attr;
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ KGIL_A_OBJECT_OWNER, "owner", o->owner },
		{ KGIL_A_OBJECT_OWNER_PID, "owner_pid", o->owner_pid },
		{ KGIL_A_OBJECT_OWNER_TID, "owner_tid", o->owner_tid },
		{ KGIL_A_OBJECT_UID, "uid", o->uid },
		{ KGIL_A_OBJECT_DEPTH, "depth", o->depth },
		{ KGIL_A_OBJECT_COUNT, "count", o->count },
		{ KGIL_A_OBJECT_COUNT_MAX, "count_max", o->max },
		{ KGIL_A_OBJECT_WAITERS, "waiters", o->waiters },
		{ KGIL_A_OBJECT_INTERVAL, "interval_ns", o->interval_ns },
		{ KGIL_A_OBJECT_HANDOFF, "handoff_ns", o->handoff_ns },
		{ KGIL_A_OBJECT_THRESHOLD, "threshold_ns", o->threshold_ns },
		{ KGIL_A_OBJECT_WAITING, "waiting_ns", o->waiting_ns },
		{ KGIL_A_OBJECT_WAITER, "waiter", o->waiter },
		{ KGIL_A_OBJECT_AWAY_THRESHOLD, "away_threshold_ns", o->away_threshold_ns },
		{ KGIL_A_OBJECT_BLOCKED, "blocked_ns", o->blocked_ns },
		{ KGIL_A_OBJECT_MODE, "mode", o->mode },
		{ KGIL_A_OBJECT_GID, "gid", o->gid },
		{ KGIL_A_OBJECT_THREAD, "thread", o->thread },
	};
	struct json_object *json = json_object_new_object();
	unsigned int i;

	out_json_number(json, "id", o->id);
	json_object_object_add(json, "type", json_object_new_string(net_type_name(o->type).s));
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (net_has(o, numbers[i].attr))
			out_json_number(json, numbers[i].name, numbers[i].value);
	if (net_has(o, KGIL_A_OBJECT_NAME))
		json_object_object_add(json, "name", json_object_new_string(o->name));
	if (net_has(o, KGIL_A_OBJECT_OWNER_COMM))
		json_object_object_add(json, "owner_comm", json_object_new_string(o->owner_comm));
	if (net_has(o, KGIL_A_OBJECT_FLAGS))
		json_object_object_add(json, "flags", json_flags(o->flags));
	if (net_has(o, KGIL_A_OBJECT_POLICY))
		json_object_object_add(json, "policy",
				       json_object_new_string(net_policy_name(o->policy).s));
	if (net_has(o, KGIL_A_OBJECT_STATS))
		json_object_object_add(json, "stats", stats_json(&o->stats));
	if (net_has(o, KGIL_A_OBJECT_TIMES))
		json_object_object_add(json, "times", times_json(&o->times));
	if (net_has(o, KGIL_A_OBJECT_AWAY))
		json_object_object_add(json, "away", away_json(&o->away));
	if (o->n_unknown)
		json_object_object_add(json, "unknown", json_unknown(o));
	return json;
}
