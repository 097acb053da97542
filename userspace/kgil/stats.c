// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include <json-c/json.h>
#include <netlink/attr.h>

#include "out.h"
#include "stats.h"

/* By their names in JSON; times end in _ns there. */
static const struct {
	enum kgil_stats_attr attr;
	const char *name;
	size_t offset;
} fields[] = {
	{ KGIL_A_STATS_ACQUISITIONS, "acquisitions", offsetof(struct kgil_stats, acquisitions) },
	{ KGIL_A_STATS_CONTENTIONS, "contentions", offsetof(struct kgil_stats, contentions) },
	{ KGIL_A_STATS_WAIT_TOTAL, "wait_total_ns", offsetof(struct kgil_stats, wait_total_ns) },
	{ KGIL_A_STATS_WAIT_MAX, "wait_max_ns", offsetof(struct kgil_stats, wait_max_ns) },
	{ KGIL_A_STATS_HOLD_TOTAL, "hold_total_ns", offsetof(struct kgil_stats, hold_total_ns) },
	{ KGIL_A_STATS_HOLD_MAX, "hold_max_ns", offsetof(struct kgil_stats, hold_max_ns) },
	{ KGIL_A_STATS_SWITCHES, "switches", offsetof(struct kgil_stats, switches) },
	{ KGIL_A_STATS_YIELDS, "yields", offsetof(struct kgil_stats, yields) },
	{ KGIL_A_STATS_DROP_REQUESTS, "drop_requests", offsetof(struct kgil_stats, drop_requests) },
	{ KGIL_A_STATS_TIMEOUTS, "timeouts", offsetof(struct kgil_stats, timeouts) },
	{ KGIL_A_STATS_INTERRUPTS, "interrupts", offsetof(struct kgil_stats, interrupts) },
	{ KGIL_A_STATS_OWNER_DEATHS, "owner_deaths", offsetof(struct kgil_stats, owner_deaths) },
	{ KGIL_A_STATS_DEADLOCKS, "deadlocks", offsetof(struct kgil_stats, deadlocks) },
	{ KGIL_A_STATS_UNCHECKED, "unchecked", offsetof(struct kgil_stats, unchecked) },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

__u64 *stats_field(struct kgil_stats *stats, unsigned int attr)
{
	unsigned int i;

	for (i = 0; i < N_FIELDS; i++)
		if (fields[i].attr == attr)
			return (__u64 *)((char *)stats + fields[i].offset);
	return NULL;
}

void stats_parse(struct kgil_stats *stats, struct nlattr *nest)
{
	struct nlattr *attr;
	__u64 *field;
	int left;

	nla_for_each_nested(attr, nest, left) {
		field = stats_field(stats, nla_type(attr));
		if (field && nla_len(attr) >= (int)sizeof(*field))
			*field = nla_get_u64(attr);
	}
}

struct json_object *stats_json(const struct kgil_stats *stats)
{
	struct json_object *json = json_object_new_object();
	const char *base = (const char *)stats;
	unsigned int i;

	for (i = 0; i < N_FIELDS; i++)
		out_json_number(json, fields[i].name, *(const __u64 *)(base + fields[i].offset));
	return json;
}
