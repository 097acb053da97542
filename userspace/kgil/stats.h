/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel counted of an object: its attributes, and its names in JSON.
 */
#ifndef KGIL_CMD_STATS_H
#define KGIL_CMD_STATS_H

#include <stdint.h>

#include <linux/kgil.h>

struct json_object;
struct nlattr;

/* Where the value of an enum kgil_stats_attr goes; NULL: unknown. */
__u64 *stats_field(struct kgil_stats *stats, unsigned int attr);

/* A nest of enum kgil_stats_attr. */
void stats_parse(struct kgil_stats *stats, struct nlattr *nest);

struct json_object *stats_json(const struct kgil_stats *stats);

#endif /* KGIL_CMD_STATS_H */
