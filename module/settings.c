// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of an object: checked as a whole, then set one by one.
 */
#include <linux/compiler.h>
#include <linux/errno.h>

#include "away.h"
#include "gil.h"
#include "netlink.h"
#include "object.h"
#include "policy.h"
#include "sem.h"
#include "settings.h"

static bool kgil_valid_threshold(u64 ns)
{
	return !ns || (ns >= KGIL_THRESHOLD_MIN && ns <= KGIL_THRESHOLD_MAX);
}

/* Which of @given has no object of this type?  0: none. */
u32 kgil_settings_wrong_type(const struct kgil_object *obj, u32 given)
{
	return given & (kgil_is_gil(obj) ? KGIL_SET_NOT_OF_GIL :
					   KGIL_SET_OF_GIL);
}

/* One that has a value that it can't have; 0: none. */
u32 kgil_settings_bad_value(const struct kgil_settings *set)
{
	if (set->given & KGIL_SET_POLICY && !kgil_valid_policy(set->policy))
		return KGIL_SET_POLICY;
	if (set->given & KGIL_SET_INTERVAL &&
	    !kgil_valid_interval(set->interval))
		return KGIL_SET_INTERVAL;
	if (set->given & KGIL_SET_HANDOFF && !kgil_valid_handoff(set->handoff))
		return KGIL_SET_HANDOFF;
	if (set->given & KGIL_SET_THRESHOLD &&
	    !kgil_valid_threshold(set->threshold))
		return KGIL_SET_THRESHOLD;
	if (set->given & KGIL_SET_AWAY && !kgil_valid_away(set->away))
		return KGIL_SET_AWAY;
	return 0;
}

/**
 * kgil_settings_apply() - set what is given, and tell who listens
 * @obj: the object, not locked
 * @set: new values
 *
 * Return: 0; -ENOTTY: the type has no such setting; -EINVAL: a bad value; -ENOMEM.
 * Nothing is set then.
 */
int kgil_settings_apply(struct kgil_object *obj,
			const struct kgil_settings *set)
{
	int err;

	if (kgil_settings_wrong_type(obj, set->given))
		return -ENOTTY;
	if (kgil_settings_bad_value(set))
		return -EINVAL;
	/* First, because it can fail. */
	if (set->given & KGIL_SET_AWAY) {
		err = kgil_away_set(obj, set->away);
		if (err)
			return err;
	}
	if (set->given & KGIL_SET_POLICY)
		kgil_gil_set_policy(obj, set->policy);
	if (set->given & KGIL_SET_INTERVAL)
		kgil_drop_set_interval(obj, set->interval);
	if (set->given & KGIL_SET_HANDOFF)
		kgil_sem_set_handoff(obj, set->handoff);
	if (set->given & KGIL_SET_THRESHOLD)
		WRITE_ONCE(obj->threshold, set->threshold);
	kgil_event_changed(obj);
	return 0;
}
