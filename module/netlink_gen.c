// SPDX-License-Identifier: GPL-2.0
/* Made by scripts/netlink-gen of docs/netlink/kgil.yaml: change that. */
#include "netlink_gen.h"

static struct netlink_range_validation kgil_object_interval_range = {
	.min = 10000ULL,
	.max = 1000000000ULL,
};

static struct netlink_range_validation kgil_object_handoff_range = {
	.min = 1ULL,
	.max = 1000000000ULL,
};

static struct netlink_range_validation kgil_object_threshold_range = {
	.max = 1000000000000ULL,
};

static struct netlink_range_validation kgil_object_away_threshold_range = {
	.max = 1000000000000ULL,
};

static const struct nla_policy
kgil_object_get_nl_policy[KGIL_A_OBJECT_ID + 1] = {
	[KGIL_A_OBJECT_ID] =
		NLA_POLICY_MIN(NLA_U64, 1),
};

static const struct nla_policy
kgil_thread_get_nl_policy[KGIL_A_THREAD_OBJECT + 1] = {
	[KGIL_A_THREAD_OBJECT] =
		NLA_POLICY_MIN(NLA_U64, 1),
};

static const struct nla_policy
kgil_object_set_nl_policy[KGIL_A_OBJECT_AWAY_THRESHOLD + 1] = {
	[KGIL_A_OBJECT_ID] =
		NLA_POLICY_MIN(NLA_U64, 1),
	[KGIL_A_OBJECT_POLICY] =
		NLA_POLICY_MAX(NLA_U32, 2),
	[KGIL_A_OBJECT_INTERVAL] =
		NLA_POLICY_FULL_RANGE(NLA_U64,
				      &kgil_object_interval_range),
	[KGIL_A_OBJECT_HANDOFF] =
		NLA_POLICY_FULL_RANGE(NLA_U64,
				      &kgil_object_handoff_range),
	[KGIL_A_OBJECT_THRESHOLD] =
		NLA_POLICY_FULL_RANGE(NLA_U64,
				      &kgil_object_threshold_range),
	[KGIL_A_OBJECT_AWAY_THRESHOLD] =
		NLA_POLICY_FULL_RANGE(NLA_U64,
				      &kgil_object_away_threshold_range),
};

const struct genl_ops kgil_nl_ops[] = {
	{
		.cmd = KGIL_CMD_OBJECT_GET,
		.policy = kgil_object_get_nl_policy,
		.maxattr = KGIL_A_OBJECT_ID,
		.doit = kgil_nl_object_get_doit,
		.start = kgil_get_start,
		.dumpit = kgil_nl_object_get_dumpit,
	},
	{
		.cmd = KGIL_CMD_THREAD_GET,
		.policy = kgil_thread_get_nl_policy,
		.maxattr = KGIL_A_THREAD_OBJECT,
		.start = kgil_thread_start,
		.dumpit = kgil_nl_thread_get_dumpit,
	},
	{
		.cmd = KGIL_CMD_OBJECT_SET,
		.policy = kgil_object_set_nl_policy,
		.maxattr = KGIL_A_OBJECT_AWAY_THRESHOLD,
		.doit = kgil_nl_object_set_doit,
	},
};

const struct genl_multicast_group kgil_nl_groups[] = {
	[KGIL_GROUP_EVENTS] = { .name = KGIL_GENL_MCGRP_EVENTS },
	[KGIL_GROUP_OBJECTS] = { .name = KGIL_GENL_MCGRP_OBJECTS },
};
