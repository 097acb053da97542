// SPDX-License-Identifier: GPL-2.0
/*
 * Settings by netlink: all that a request names, or none.
 */
#include "access.h"
#include "netlink.h"
#include "object.h"
#include "settings.h"

/* The limits of the policy are in docs/netlink/kgil.yaml. */
static_assert(KGIL_INTERVAL_MIN == 10000ULL);
static_assert(KGIL_INTERVAL_MAX == 1000000000ULL);
static_assert(KGIL_HANDOFF_AT_ONCE == 1ULL);
static_assert(KGIL_HANDOFF_MAX == 1000000000ULL);
static_assert(KGIL_THRESHOLD_MAX == 1000000000000ULL);
static_assert(KGIL_POLICY_FAIR == 2);

/* Which attribute is which setting. */
static const struct {
	int attr;
	u32 given;
} kgil_set_attrs[] = {
	{ KGIL_A_OBJECT_POLICY, KGIL_SET_POLICY },
	{ KGIL_A_OBJECT_INTERVAL, KGIL_SET_INTERVAL },
	{ KGIL_A_OBJECT_HANDOFF, KGIL_SET_HANDOFF },
	{ KGIL_A_OBJECT_THRESHOLD, KGIL_SET_THRESHOLD },
	{ KGIL_A_OBJECT_AWAY_THRESHOLD, KGIL_SET_AWAY },
};

static u64 kgil_set_number(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : 0;
}

static void kgil_set_parse(struct genl_info *info, struct kgil_settings *set)
{
	struct nlattr *policy = info->attrs[KGIL_A_OBJECT_POLICY];
	int i;

	*set = (struct kgil_settings) {
		.policy = policy ? nla_get_u32(policy) : 0,
		.interval = kgil_set_number(info, KGIL_A_OBJECT_INTERVAL),
		.handoff = kgil_set_number(info, KGIL_A_OBJECT_HANDOFF),
		.threshold = kgil_set_number(info, KGIL_A_OBJECT_THRESHOLD),
		.away = kgil_set_number(info, KGIL_A_OBJECT_AWAY_THRESHOLD),
	};
	for (i = 0; i < ARRAY_SIZE(kgil_set_attrs); i++)
		if (info->attrs[kgil_set_attrs[i].attr])
			set->given |= kgil_set_attrs[i].given;
}

/* Let the extended ack point to the attribute of one of the settings @which. */
static void kgil_set_blame(struct genl_info *info, u32 which)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kgil_set_attrs); i++)
		if (kgil_set_attrs[i].given & which)
			NL_SET_BAD_ATTR(info->extack,
					info->attrs[kgil_set_attrs[i].attr]);
}

static int kgil_set_check(const struct kgil_object *obj, struct genl_info *info,
			  const struct kgil_settings *set)
{
	u32 wrong = kgil_settings_wrong_type(obj, set->given);
	u32 bad = kgil_settings_bad_value(set);

	if (!set->given) {
		NL_SET_ERR_MSG(info->extack, "there is nothing to set");
		return -EINVAL;
	}
	kgil_set_blame(info, wrong ?: bad);
	if (wrong) {
		NL_SET_ERR_MSG(info->extack,
			       "an object of this type has no such setting");
		return -EOPNOTSUPP;
	}
	if (bad) {
		NL_SET_ERR_MSG(info->extack, "the value is out of range");
		return -ERANGE;
	}
	return 0;
}

static int kgil_set_object(struct sk_buff *request, struct genl_info *info,
			   struct kgil_object *obj)
{
	struct kgil_settings set;
	int err;

	if (!kgil_netlink_may_set(request, obj)) {
		NL_SET_ERR_MSG(info->extack,
			       "only the user who created it may set this");
		return -EPERM;
	}
	kgil_set_parse(info, &set);
	err = kgil_set_check(obj, info, &set);
	return err ?: kgil_settings_apply(obj, &set);
}

/* Return: 0; -EINVAL, -ERANGE, -EOPNOTSUPP, -EPERM, -ENOENT, explained. */
int kgil_nl_object_set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct kgil_object *obj = kgil_netlink_find(info);
	int err;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	err = kgil_set_object(request, info, obj);
	kgil_object_put(obj);
	return err;
}
