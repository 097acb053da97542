/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints kgil:*.  docs/tracing.md says what each means, in whose context
 * it comes and what its fields are; names and fields stay.
 *
 * All but create, destroy and the acquire that returns from a wait or is refused
 * as a deadlock come under the object's lock: of one object they are in the order
 * in which it happened.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kgil

#if !defined(_KGIL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KGIL_TRACE_H

#include <linux/tracepoint.h>

#include <linux/kgil.h>

#include "object.h"

TRACE_DEFINE_ENUM(KGIL_TYPE_GIL);
TRACE_DEFINE_ENUM(KGIL_TYPE_SEM);
TRACE_DEFINE_ENUM(KGIL_TYPE_LOCK);
TRACE_DEFINE_ENUM(KGIL_TYPE_RLOCK);
TRACE_DEFINE_ENUM(KGIL_POLICY_FIFO);
TRACE_DEFINE_ENUM(KGIL_POLICY_FAIR);

#define kgil_show_type(type)				\
	__print_symbolic(type,				\
			 { KGIL_TYPE_GIL, "gil" },	\
			 { KGIL_TYPE_SEM, "sem" },	\
			 { KGIL_TYPE_LOCK, "lock" },	\
			 { KGIL_TYPE_RLOCK, "rlock" })

#define kgil_show_policy(policy)			\
	__print_symbolic(policy,			\
			 { 0, "none" },			\
			 { KGIL_POLICY_FIFO, "fifo" },	\
			 { KGIL_POLICY_FAIR, "fair" })

TRACE_EVENT(kgil_create,
	TP_PROTO(const struct kgil_object *obj),
	TP_ARGS(obj),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, type)
		__field(u32, policy)
		__field(u32, max)
		__field(u32, timed)
		__field(u64, interval_ns)
		__field(u64, handoff_ns)
	),
	TP_fast_assign(
		__entry->id = obj->id;
		__entry->type = obj->type;
		__entry->policy = obj->policy;
		__entry->max = obj->max;
		__entry->timed = obj->watched & KGIL_TIMED;
		__entry->interval_ns = obj->drop.interval;
		__entry->handoff_ns = obj->handoff;
	),
	TP_printk("id=%llu type=%s policy=%s max=%u timed=%u interval_ns=%llu handoff_ns=%llu",
		  __entry->id, kgil_show_type(__entry->type),
		  kgil_show_policy(__entry->policy), __entry->max,
		  __entry->timed, __entry->interval_ns, __entry->handoff_ns)
);

TRACE_EVENT(kgil_destroy,
	TP_PROTO(const struct kgil_object *obj),
	TP_ARGS(obj),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, type)
	),
	TP_fast_assign(
		__entry->id = obj->id;
		__entry->type = obj->type;
	),
	TP_printk("id=%llu type=%s",
		  __entry->id, kgil_show_type(__entry->type))
);

TRACE_EVENT(kgil_acquire,
	TP_PROTO(const struct kgil_object *obj, u64 thread, u64 waited_ns,
		 int result),
	TP_ARGS(obj, thread, waited_ns, result),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, type)
		__field(s32, result)
		__field(u64, thread)
		__field(u64, waited_ns)
		__field(u32, waiters)
	),
	TP_fast_assign(
		__entry->id = obj->id;
		__entry->type = obj->type;
		__entry->result = result;
		__entry->thread = thread;
		__entry->waited_ns = waited_ns;
		__entry->waiters = READ_ONCE(obj->queue.length);
	),
	TP_printk("id=%llu type=%s thread=%llu waited_ns=%llu waiters=%u result=%d",
		  __entry->id, kgil_show_type(__entry->type), __entry->thread,
		  __entry->waited_ns, __entry->waiters, __entry->result)
);

TRACE_EVENT(kgil_contend,
	TP_PROTO(const struct kgil_object *obj, u64 thread, u64 owner,
		 pid_t owner_pid),
	TP_ARGS(obj, thread, owner, owner_pid),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, type)
		__field(s32, owner_pid)
		__field(u64, thread)
		__field(u64, owner)
		__field(u32, waiters)
	),
	TP_fast_assign(
		__entry->id = obj->id;
		__entry->type = obj->type;
		__entry->owner_pid = owner_pid;
		__entry->thread = thread;
		__entry->owner = owner;
		__entry->waiters = obj->queue.length;
	),
	TP_printk("id=%llu type=%s thread=%llu owner=%llu owner_pid=%d waiters=%u",
		  __entry->id, kgil_show_type(__entry->type), __entry->thread,
		  __entry->owner, __entry->owner_pid, __entry->waiters)
);

TRACE_EVENT(kgil_grant,
	TP_PROTO(const struct kgil_object *obj, u64 thread, pid_t pid,
		 u64 waited_ns, int result),
	TP_ARGS(obj, thread, pid, waited_ns, result),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, type)
		__field(s32, pid)
		__field(u64, thread)
		__field(u64, waited_ns)
		__field(u32, waiters)
		__field(s32, result)
	),
	TP_fast_assign(
		__entry->id = obj->id;
		__entry->type = obj->type;
		__entry->pid = pid;
		__entry->thread = thread;
		__entry->waited_ns = waited_ns;
		__entry->waiters = obj->queue.length;
		__entry->result = result;
	),
	TP_printk("id=%llu type=%s thread=%llu pid=%d waited_ns=%llu waiters=%u result=%d",
		  __entry->id, kgil_show_type(__entry->type), __entry->thread,
		  __entry->pid, __entry->waited_ns, __entry->waiters,
		  __entry->result)
);

/* What happens to a hold: by whom it is held, and for how long. */
DECLARE_EVENT_CLASS(kgil_hold,
	TP_PROTO(const struct kgil_object *obj, u64 thread, pid_t pid,
		 u64 held_ns),
	TP_ARGS(obj, thread, pid, held_ns),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, type)
		__field(s32, pid)
		__field(u64, thread)
		__field(u64, held_ns)
		__field(u32, waiters)
	),
	TP_fast_assign(
		__entry->id = obj->id;
		__entry->type = obj->type;
		__entry->pid = pid;
		__entry->thread = thread;
		__entry->held_ns = held_ns;
		__entry->waiters = obj->queue.length;
	),
	TP_printk("id=%llu type=%s thread=%llu pid=%d held_ns=%llu waiters=%u",
		  __entry->id, kgil_show_type(__entry->type), __entry->thread,
		  __entry->pid, __entry->held_ns, __entry->waiters)
);

DEFINE_EVENT(kgil_hold, kgil_release,
	TP_PROTO(const struct kgil_object *obj, u64 thread, pid_t pid,
		 u64 held_ns),
	TP_ARGS(obj, thread, pid, held_ns)
);

DEFINE_EVENT(kgil_hold, kgil_drop_request,
	TP_PROTO(const struct kgil_object *obj, u64 thread, pid_t pid,
		 u64 held_ns),
	TP_ARGS(obj, thread, pid, held_ns)
);

DEFINE_EVENT(kgil_hold, kgil_yield,
	TP_PROTO(const struct kgil_object *obj, u64 thread, pid_t pid,
		 u64 held_ns),
	TP_ARGS(obj, thread, pid, held_ns)
);

DEFINE_EVENT(kgil_hold, kgil_owner_death,
	TP_PROTO(const struct kgil_object *obj, u64 thread, pid_t pid,
		 u64 held_ns),
	TP_ARGS(obj, thread, pid, held_ns)
);

#endif /* _KGIL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
