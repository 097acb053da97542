/* SPDX-License-Identifier: GPL-2.0 */
/* The threads of an object, as a reader may see them. */
#ifndef _KGIL_THREADS_H
#define _KGIL_THREADS_H

#include <linux/types.h>

#include <linux/kgil.h>

struct kgil_object;
struct task_struct;

/**
 * struct kgil_thread_view - a thread and an object at one moment
 * @at: its place in the order in which an object's threads are shown
 * @id: of the thread; 0: the kernel has no record of it
 * @task: a reference
 * @state: enum kgil_thread_state
 * @waited: for how long, if it waits, ns
 * @held: for how long, if it owns it and that is known, ns
 * @stats: what it did with the object by calls; 0 without an @id
 * @times: likewise
 */
struct kgil_thread_view {
	u64 at;
	u64 id;
	struct task_struct *task;
	u32 state;
	u64 waited;
	u64 held;
	struct kgil_stats stats;
	struct kgil_times times;
};

bool kgil_threads_next(struct kgil_object *obj, u64 from,
		       struct kgil_thread_view *view);
void kgil_threads_put(struct kgil_thread_view *view);
const char *kgil_thread_state_name(u32 state);

#endif /* _KGIL_THREADS_H */
