/* SPDX-License-Identifier: GPL-2.0 */
/* The threads of an object, as a reader may see them. */
#ifndef _KGIL_THREADS_H
#define _KGIL_THREADS_H

#include <linux/types.h>

struct kgil_object;
struct kgil_tie;
struct task_struct;

/**
 * struct kgil_thread_view - a thread and an object at one moment
 * @at: its place in the order in which an object's threads are shown
 * @id: of the thread; 0: the kernel has no record of it
 * @tie: its record on the object; for kgil_threads_next() alone
 * @task: a reference
 * @state: enum kgil_thread_state
 * @waited: for how long, if it waits, ns
 */
struct kgil_thread_view {
	u64 at;
	u64 id;
	struct kgil_tie *tie;
	struct task_struct *task;
	u32 state;
	u64 waited;
};

unsigned int kgil_threads_next(struct kgil_object *obj, u64 from,
			       struct kgil_thread_view *views, unsigned int n);
void kgil_threads_put(struct kgil_thread_view *views, unsigned int n);

#endif /* _KGIL_THREADS_H */
