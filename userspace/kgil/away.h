/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long the owners of a gil were away from the processor: the attributes, and
 * their names in JSON.
 */
#ifndef KGIL_CMD_AWAY_H
#define KGIL_CMD_AWAY_H

#include <linux/kgil.h>

struct json_object;
struct nlattr;

/* A nest of enum kgil_away_attr. */
void away_parse(struct kgil_away *away, struct nlattr *nest);

struct json_object *away_json(const struct kgil_away *away);

#endif /* KGIL_CMD_AWAY_H */
