// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include <json-c/json.h>
#include <netlink/attr.h>

#include "away.h"
#include "out.h"

static const struct {
	enum kgil_away_attr attr;
	const char *name;
	size_t offset;
} fields[] = {
	{ KGIL_A_AWAY_BLOCKS, "blocks", offsetof(struct kgil_away, blocks) },
	{ KGIL_A_AWAY_BLOCKED_TOTAL, "blocked_total_ns",
	  offsetof(struct kgil_away, blocked_total_ns) },
	{ KGIL_A_AWAY_BLOCKED_MAX, "blocked_max_ns", offsetof(struct kgil_away, blocked_max_ns) },
	{ KGIL_A_AWAY_PREEMPTIONS, "preemptions", offsetof(struct kgil_away, preemptions) },
	{ KGIL_A_AWAY_PREEMPTED_TOTAL, "preempted_total_ns",
	  offsetof(struct kgil_away, preempted_total_ns) },
	{ KGIL_A_AWAY_PREEMPTED_MAX, "preempted_max_ns",
	  offsetof(struct kgil_away, preempted_max_ns) },
	{ KGIL_A_AWAY_MISSED, "missed", offsetof(struct kgil_away, missed) },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static void parse_number(struct kgil_away *away, struct nlattr *attr)
{
	unsigned int i;

	for (i = 0; i < N_FIELDS; i++)
		if (nla_type(attr) == (int)fields[i].attr && nla_len(attr) == sizeof(__u64))
			*(__u64 *)((char *)away + fields[i].offset) = nla_get_u64(attr);
}

void away_parse(struct kgil_away *away, struct nlattr *nest)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, nest, left)
		parse_number(away, attr);
}

struct json_object *away_json(const struct kgil_away *away)
{
	struct json_object *json = json_object_new_object();
	const char *base = (const char *)away;
	unsigned int i;

	for (i = 0; i < N_FIELDS; i++)
		out_json_number(json, fields[i].name, *(const __u64 *)(base + fields[i].offset));
	return json;
}
