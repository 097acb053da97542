/* SPDX-License-Identifier: GPL-2.0 */
/* An object at one moment, as a reader may see it. */
#ifndef _KGIL_VIEW_H
#define _KGIL_VIEW_H

#include <linux/sched.h>
#include <linux/types.h>

#include <linux/kgil.h>

struct kgil_object;
struct pid_namespace;

/**
 * struct kgil_view - state and statistics of one moment
 * @state: without KGIL_STATE_MINE
 * @stats: of the same moment
 * @times: likewise
 * @away: likewise, of a gil
 * @threshold: how long a wait has to last to be reported, ns; 0: none is
 * @comm: name of the owner's thread, or empty
 */
struct kgil_view {
	struct kgil_state state;
	struct kgil_stats stats;
	struct kgil_times times;
	struct kgil_away away;
	u64 threshold;
	char comm[TASK_COMM_LEN];
};

void kgil_view(struct kgil_object *obj, struct pid_namespace *pids,
	       struct kgil_view *view);
void kgil_view_times(struct kgil_object *obj, struct kgil_times *times);
const char *kgil_type_name(u32 type);
const char *kgil_policy_name(u32 policy);

#endif /* _KGIL_VIEW_H */
