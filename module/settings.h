/* SPDX-License-Identifier: GPL-2.0 */
/* What can be set of an object, by ioctl and by netlink. */
#ifndef _KGIL_SETTINGS_H
#define _KGIL_SETTINGS_H

#include <linux/bits.h>
#include <linux/types.h>

struct kgil_object;

/* Bits of struct kgil_settings.given. */
#define KGIL_SET_POLICY		BIT(0)
#define KGIL_SET_INTERVAL	BIT(1)
#define KGIL_SET_HANDOFF	BIT(2)
#define KGIL_SET_THRESHOLD	BIT(3)
#define KGIL_SET_AWAY		BIT(4)
/* Those that only a gil has, and those that it doesn't have. */
#define KGIL_SET_OF_GIL		(KGIL_SET_POLICY | KGIL_SET_INTERVAL | \
				 KGIL_SET_AWAY)
#define KGIL_SET_NOT_OF_GIL	KGIL_SET_HANDOFF

/**
 * struct kgil_settings - new values
 * @given: which of the next are to be set
 * @policy: enum kgil_policy
 * @interval: switch interval, ns
 * @handoff: how long a waiter can be passed over, ns
 * @threshold: how long a wait has to last to be reported, ns; 0: none is
 * @away: how long an owner has to be blocked to be reported, ns; 0: its absences
 *	are not measured
 */
struct kgil_settings {
	u32 given;
	u32 policy;
	u64 interval;
	u64 handoff;
	u64 threshold;
	u64 away;
};

u32 kgil_settings_wrong_type(const struct kgil_object *obj, u32 given);
u32 kgil_settings_bad_value(const struct kgil_settings *set);
int kgil_settings_apply(struct kgil_object *obj,
			const struct kgil_settings *set);

#endif /* _KGIL_SETTINGS_H */
