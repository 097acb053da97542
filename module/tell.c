// SPDX-License-Identifier: GPL-2.0
/*
 * What happens, told to the tracepoints: the halves that run if somebody listens.
 * They may run under the object's lock: nothing here allocates or wakes.
 */
#include <linux/sched.h>

#include "object.h"
#include "owner.h"
#include "sem.h"
#include "tell.h"
#include "word.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Threads have ids where objects have owners. */
static u64 kgil_id_of(const struct kgil_tie *tie)
{
	return tie ? tie->id : 0;
}

static u64 kgil_owner_id(const struct kgil_object *obj, u64 word)
{
	return kgil_is_owned(obj) ? kgil_word_value(word) : 0;
}

/* As all tracepoints say it: of the first pid namespace; 0: none, unknown. */
static pid_t kgil_holder_pid(const struct kgil_object *obj, u64 word)
{
	struct task_struct *task;
	pid_t pid;

	rcu_read_lock();
	task = kgil_holder(obj, word);
	pid = task ? task_pid_nr(task) : 0;
	rcu_read_unlock();
	return pid;
}

static int kgil_result(int result)
{
	return result == -ERESTARTSYS ? -EINTR : result;
}

void __kgil_tell_create(const struct kgil_object *obj)
{
	trace_kgil_create(obj);
}

void __kgil_tell_destroy(const struct kgil_object *obj)
{
	trace_kgil_destroy(obj);
}

void __kgil_tell_acquire(const struct kgil_object *obj,
			 const struct kgil_tie *tie, u64 waited, int result)
{
	trace_kgil_acquire(obj, kgil_id_of(tie), waited, kgil_result(result));
}

void __kgil_tell_return(const struct kgil_object *obj,
			const struct kgil_waiter *waiter, int result)
{
	__kgil_tell_acquire(obj, waiter->tie,
			    kgil_elapsed(waiter->since, kgil_now()), result);
}

void __kgil_tell_contend(const struct kgil_object *obj,
			 const struct kgil_tie *tie, u64 word)
{
	trace_kgil_contend(obj, kgil_id_of(tie), kgil_owner_id(obj, word),
			   kgil_holder_pid(obj, word));
}

void __kgil_tell_grant(const struct kgil_object *obj,
		       const struct kgil_waiter *waiter, int result)
{
	trace_kgil_grant(obj, kgil_id_of(waiter->tie),
			 task_pid_nr(waiter->task),
			 kgil_elapsed(waiter->since, waiter->granted), result);
}

void __kgil_tell_release(const struct kgil_object *obj, u64 word, u64 now)
{
	trace_kgil_release(obj, kgil_owner_id(obj, word),
			   kgil_holder_pid(obj, word),
			   kgil_sem_ran(obj, word, now));
}

void __kgil_tell_drop_request(const struct kgil_object *obj)
{
	u64 word = READ_ONCE(obj->page->word) & ~KGIL_WORD_WAITERS;

	trace_kgil_drop_request(obj, kgil_owner_id(obj, word),
				kgil_holder_pid(obj, word),
				kgil_sem_ran(obj, word, kgil_now()));
}

void __kgil_tell_yield(const struct kgil_object *obj, u64 word, u64 now)
{
	trace_kgil_yield(obj, kgil_owner_id(obj, word),
			 kgil_holder_pid(obj, word),
			 kgil_sem_ran(obj, word, now));
}

void __kgil_tell_owner_death(const struct kgil_object *obj, u64 word)
{
	trace_kgil_owner_death(obj, kgil_owner_id(obj, word),
			       kgil_holder_pid(obj, word),
			       kgil_sem_ran(obj, word, kgil_now()));
}
