// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stddef.h>
#include <string.h>

#include <json-c/json.h>
#include <netlink/attr.h>

#include "out.h"
#include "times.h"

static const struct {
	enum kgil_times_attr attr;
	const char *name;
	size_t offset;
} fields[] = {
	{ KGIL_A_TIMES_WAITS, "waits", offsetof(struct kgil_times, waits) },
	{ KGIL_A_TIMES_WAIT_MIN, "wait_min_ns", offsetof(struct kgil_times, wait_min_ns) },
	{ KGIL_A_TIMES_HOLDS, "holds", offsetof(struct kgil_times, holds) },
	{ KGIL_A_TIMES_HOLD_MIN, "hold_min_ns", offsetof(struct kgil_times, hold_min_ns) },
	{ KGIL_A_TIMES_HEEDS, "heeds", offsetof(struct kgil_times, heeds) },
	{ KGIL_A_TIMES_HEED_TOTAL, "heed_total_ns", offsetof(struct kgil_times, heed_total_ns) },
	{ KGIL_A_TIMES_HEED_MAX, "heed_max_ns", offsetof(struct kgil_times, heed_max_ns) },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static void parse_number(struct kgil_times *times, struct nlattr *attr)
{
	unsigned int i;

	for (i = 0; i < N_FIELDS; i++)
		if (nla_type(attr) == (int)fields[i].attr && nla_len(attr) == sizeof(__u64))
			*(__u64 *)((char *)times + fields[i].offset) = nla_get_u64(attr);
}

/* The attribute has the buckets up to the last that is not 0. */
static void parse_hist(__u64 *hist, struct nlattr *attr)
{
	size_t size = nla_len(attr);

	if (size > KGIL_HIST_BUCKETS * sizeof(*hist))
		size = KGIL_HIST_BUCKETS * sizeof(*hist);
	memcpy(hist, nla_data(attr), size);
}

void times_parse(struct kgil_times *times, struct nlattr *nest)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) == KGIL_A_TIMES_WAIT_HIST)
			parse_hist(times->wait, attr);
		else if (nla_type(attr) == KGIL_A_TIMES_HOLD_HIST)
			parse_hist(times->hold, attr);
		else
			parse_number(times, attr);
	}
}

uint64_t times_bucket_end(unsigned int bucket)
{
	return bucket < KGIL_HIST_BUCKETS - 1 ? 64ULL << bucket : UINT64_MAX;
}

static uint64_t sum_of(const __u64 *hist)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < KGIL_HIST_BUCKETS; i++)
		sum += hist[i];
	return sum;
}

uint64_t times_percentile(const __u64 *hist, double part, uint64_t max)
{
	uint64_t rank = ceil(part * sum_of(hist)), seen = 0, end;
	unsigned int i;

	for (i = 0; i < KGIL_HIST_BUCKETS; i++) {
		seen += hist[i];
		if (hist[i] && seen >= rank) {
			end = times_bucket_end(i) - 1;
			return end < max ? end : max;
		}
	}
	return 0;
}

void times_subtract(struct kgil_times *now, const struct kgil_times *before)
{
	unsigned int i;

	for (i = 0; i < KGIL_HIST_BUCKETS; i++) {
		now->wait[i] -= before->wait[i];
		now->hold[i] -= before->hold[i];
	}
	now->waits -= before->waits;
	now->holds -= before->holds;
	now->heeds -= before->heeds;
	now->heed_total_ns -= before->heed_total_ns;
}

static struct json_object *json_hist(const __u64 *hist)
{
	struct json_object *json = json_object_new_array();
	unsigned int i;

	for (i = 0; i < KGIL_HIST_BUCKETS; i++)
		json_object_array_add(json, json_object_new_uint64(hist[i]));
	return json;
}

struct json_object *times_json(const struct kgil_times *times)
{
	struct json_object *json = json_object_new_object();
	const char *base = (const char *)times;
	unsigned int i;

	for (i = 0; i < N_FIELDS; i++)
		out_json_number(json, fields[i].name, *(const __u64 *)(base + fields[i].offset));
	json_object_object_add(json, "wait_hist", json_hist(times->wait));
	json_object_object_add(json, "hold_hist", json_hist(times->hold));
	return json;
}
