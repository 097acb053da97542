/* SPDX-License-Identifier: GPL-2.0 */
/* All that differs between kernels; force-included in every source. */
#ifndef _KGIL_COMPAT_H
#define _KGIL_COMPAT_H

#include <linux/version.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/sched.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "kgil needs Linux 6.1 or newer"
#endif

#ifndef CONFIG_64BIT
#error "kgil needs a 64-bit kernel: its ids are 64 bits wide"
#endif

#ifndef CONFIG_TRACEPOINTS
#error "kgil needs CONFIG_TRACEPOINTS: it learns of a dying owner from one"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma,
				unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/* Will the calling thread be preempted when it returns to user space? */
static inline bool kgil_preemption_due(void)
{
#ifdef TIF_NEED_RESCHED_LAZY
	return need_resched() || test_thread_flag(TIF_NEED_RESCHED_LAZY);
#else
	return need_resched();
#endif
}

/* What the tracepoint sched_process_exit calls. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define KGIL_EXIT_PROBE(name) \
	void name(void *data, struct task_struct *task)
#else
#define KGIL_EXIT_PROBE(name) \
	void name(void *data, struct task_struct *task, bool group_dead)
#endif

/* For perf lock: older kernels don't let modules tell it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define KGIL_CONTENTION_EVENTS
#endif

#endif /* _KGIL_COMPAT_H */
