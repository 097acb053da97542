/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What happens is told to the tracepoints of trace.h and, where the kernel lets
 * modules, to lock:contention_begin and _end.
 *
 * As long as nobody listens, each of these is one instruction that does nothing;
 * even the arguments are made in a function of their own.
 */
#ifndef _KGIL_TELL_H
#define _KGIL_TELL_H

#include <linux/tracepoint-defs.h>
#include <linux/types.h>
#ifdef KGIL_CONTENTION_EVENTS
#include <trace/events/lock.h>
#endif

struct kgil_object;
struct kgil_tie;
struct kgil_waiter;

DECLARE_TRACEPOINT(kgil_create);
DECLARE_TRACEPOINT(kgil_destroy);
DECLARE_TRACEPOINT(kgil_acquire);
DECLARE_TRACEPOINT(kgil_contend);
DECLARE_TRACEPOINT(kgil_grant);
DECLARE_TRACEPOINT(kgil_release);
DECLARE_TRACEPOINT(kgil_drop_request);
DECLARE_TRACEPOINT(kgil_yield);
DECLARE_TRACEPOINT(kgil_owner_death);

void __kgil_tell_create(const struct kgil_object *obj);
void __kgil_tell_destroy(const struct kgil_object *obj);
void __kgil_tell_acquire(const struct kgil_object *obj,
			 const struct kgil_tie *tie, u64 waited, int result);
void __kgil_tell_return(const struct kgil_object *obj,
			const struct kgil_waiter *waiter, int result);
void __kgil_tell_contend(const struct kgil_object *obj,
			 const struct kgil_tie *tie, u64 word);
void __kgil_tell_grant(const struct kgil_object *obj,
		       const struct kgil_waiter *waiter, int result);
void __kgil_tell_release(const struct kgil_object *obj, u64 word, u64 now);
void __kgil_tell_drop_request(const struct kgil_object *obj);
void __kgil_tell_yield(const struct kgil_object *obj, u64 word, u64 now);
void __kgil_tell_owner_death(const struct kgil_object *obj, u64 word);

/* It can be used from now on; after it can't be any more. */
static inline void kgil_tell_create(const struct kgil_object *obj)
{
	if (tracepoint_enabled(kgil_create))
		__kgil_tell_create(obj);
}

static inline void kgil_tell_destroy(const struct kgil_object *obj)
{
	if (tracepoint_enabled(kgil_destroy))
		__kgil_tell_destroy(obj);
}

/* An acquire that waited is over, and the caller about to return with it. */
static inline void kgil_tell_return(const struct kgil_object *obj,
				    const struct kgil_waiter *waiter,
				    int result)
{
	if (tracepoint_enabled(kgil_acquire))
		__kgil_tell_return(obj, waiter, result);
}

/* All that follow: under the object's lock. */

/* An acquire is over, which waited for @waited ns and wasn't granted, or 0. */
static __always_inline void kgil_tell_acquire(const struct kgil_object *obj,
					      const struct kgil_tie *tie,
					      u64 waited, int result)
{
	if (tracepoint_enabled(kgil_acquire))
		__kgil_tell_acquire(obj, tie, waited, result);
}

/* The caller has queued, because of @word. */
static inline void kgil_tell_contend(const struct kgil_object *obj,
				     const struct kgil_tie *tie, u64 word)
{
	if (tracepoint_enabled(kgil_contend))
		__kgil_tell_contend(obj, tie, word);
}

/* @waiter is out of the queue, and owns it. */
static inline void kgil_tell_grant(const struct kgil_object *obj,
				   const struct kgil_waiter *waiter, int result)
{
	if (tracepoint_enabled(kgil_grant))
		__kgil_tell_grant(obj, waiter, result);
}

/* The hold that is @word is about to end. */
static __always_inline void kgil_tell_release(const struct kgil_object *obj,
					      u64 word, u64 now)
{
	if (tracepoint_enabled(kgil_release))
		__kgil_tell_release(obj, word, now);
}

/* The owner was asked. */
static inline void kgil_tell_drop_request(const struct kgil_object *obj)
{
	if (tracepoint_enabled(kgil_drop_request))
		__kgil_tell_drop_request(obj);
}

/* The owner, by @word, is about to give it to a waiter and to queue. */
static inline void kgil_tell_yield(const struct kgil_object *obj, u64 word,
				   u64 now)
{
	if (tracepoint_enabled(kgil_yield))
		__kgil_tell_yield(obj, word, now);
}

/* The owner, by @word, is found dead. */
static inline void kgil_tell_owner_death(const struct kgil_object *obj,
					 u64 word)
{
	if (tracepoint_enabled(kgil_owner_death))
		__kgil_tell_owner_death(obj, word);
}

/*
 * A wait, for perf lock.  Without the lock, so that a wait for the lock itself is
 * none within this one when it begins or ends.
 */
static inline void kgil_contention_begin(struct kgil_object *obj)
{
#ifdef KGIL_CONTENTION_EVENTS
	trace_contention_begin(obj, 0);
#endif
}

static inline void kgil_contention_end(struct kgil_object *obj, int result)
{
#ifdef KGIL_CONTENTION_EVENTS
	trace_contention_end(obj, result);
#endif
}

#endif /* _KGIL_TELL_H */
