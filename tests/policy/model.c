// SPDX-License-Identifier: GPL-2.0
/* A gil in virtual time; see model.h. */
#include <stddef.h>
#include <string.h>

#include "model.h"

static bool fair(const struct gil *gil)
{
	return gil->policy == KGIL_POLICY_FAIR;
}

static struct thread *least_waiter(const struct gil *gil)
{
	struct thread *least = NULL;
	int i;

	for (i = 0; i < gil->length; i++) {
		struct thread *thread = gil->queue[i];

		if (thread->ordered &&
		    (!least || kgil_fair_before(&thread->share, &least->share)))
			least = thread;
	}
	return least;
}

static struct thread *next_waiter(struct gil *gil)
{
	struct thread *oldest = gil->queue[0], *least, *next;

	if (!fair(gil) || !oldest->ordered)
		return oldest;
	least = least_waiter(gil);
	next = kgil_fair_takes_oldest(&gil->turns, gil->interval) ? oldest : least;
	kgil_fair_turn(&gil->turns, &least->share, next == least, next == oldest);
	return next;
}

static void dequeue(struct gil *gil, struct thread *thread)
{
	int i = 0;

	while (gil->queue[i] != thread)
		i++;
	gil->length--;
	memmove(&gil->queue[i], &gil->queue[i + 1], (gil->length - i) * sizeof(gil->queue[0]));
	thread->waits = false;
}

static void take(struct gil *gil, struct thread *thread, u64 now)
{
	gil->switches += gil->last && gil->last != thread;
	gil->owner = thread;
	gil->last = thread;
	gil->hold_start = now;
	gil->requested = false;
}

static void grant_next(struct gil *gil, u64 now)
{
	struct thread *next = next_waiter(gil);

	dequeue(gil, next);
	take(gil, next, now);
	if (gil->granted)
		gil->granted(gil, next, now);
}

static u64 ran(const struct gil *gil, u64 now)
{
	return gil->owner ? now - gil->hold_start : 0;
}

static void queue_up(struct gil *gil, struct thread *thread, u64 now)
{
	if (fair(gil)) {
		if (gil->owner && !gil->length) {
			kgil_fair_arrive(&gil->owner->share, &gil->turns, gil->interval);
			kgil_fair_contended(&gil->turns, &gil->owner->share, ran(gil, now),
					    gil->interval);
		}
		kgil_fair_return(&thread->share, &gil->turns, now, false);
		kgil_fair_arrive(&thread->share, &gil->turns, gil->interval);
	}
	thread->waits = true;
	thread->ordered = fair(gil);
	thread->since = now;
	gil->queue[gil->length++] = thread;
	if (fair(gil) && gil->owner &&
	    kgil_fair_preempts(&thread->share, &gil->owner->share, ran(gil, now), &gil->turns,
			       gil->interval))
		gil->requested = true;
}

static bool ends_keeping(struct gil *gil, const struct thread *thread, u64 now)
{
	if (!gil->kept)
		return false;
	if (now < gil->kept_until &&
	    !kgil_fair_preempts(&thread->share, &gil->kept->share, 0, &gil->turns, gil->interval))
		return false;
	kgil_fair_kept_in_vain(&gil->turns, gil->kept_until, now);
	gil->kept = NULL;
	return true;
}

void gil_acquire(struct gil *gil, struct thread *thread, u64 now)
{
	if (gil->kept == thread) {
		gil->kept = NULL;
		kgil_fair_return(&thread->share, &gil->turns, now, true);
	}
	if (!gil->owner && !gil->kept) {
		take(gil, thread, now);
		return;
	}
	queue_up(gil, thread, now);
	if (ends_keeping(gil, thread, now))
		grant_next(gil, now);
}

/* The owner's hold is over.  Return: so is its interval. */
static bool end_hold(struct gil *gil, u64 now)
{
	struct thread *owner = gil->owner;
	u64 held = ran(gil, now);

	owner->held += held;
	gil->owner = NULL;
	if (!fair(gil) || !gil->length)
		return true;
	return kgil_fair_charge(&owner->share, &gil->turns, held, gil->interval);
}

static bool keep(struct gil *gil, u64 now)
{
	if (!fair(gil))
		return false;
	kgil_fair_leave(&gil->last->share, now);
	if (gil->requested || !kgil_fair_keeps(&gil->last->share, &gil->turns, gil->interval))
		return false;
	gil->kept = gil->last;
	gil->kept_until = now + KGIL_SOON_NS;
	return true;
}

void gil_release(struct gil *gil, u64 now)
{
	bool over = end_hold(gil, now);

	if (gil->length && (over || !keep(gil, now)))
		grant_next(gil, now);
}

void gil_yield(struct gil *gil, u64 now)
{
	struct thread *owner = gil->owner;

	if (!gil->length)
		return;
	end_hold(gil, now);
	grant_next(gil, now);
	queue_up(gil, owner, now);
}

void gil_set_policy(struct gil *gil, u32 policy)
{
	gil->policy = policy;
}

bool gil_timer(const struct gil *gil, u64 *at)
{
	if (gil->kept) {
		*at = gil->kept_until;
		return true;
	}
	if (!gil->owner || !gil->length || gil->requested)
		return false;
	*at = kgil_policy_drop_at(gil->hold_start, fair(gil) ? gil->owner->share.used : 0,
				  gil->interval);
	return true;
}

void gil_expire(struct gil *gil, u64 now)
{
	if (gil->kept) {
		kgil_fair_kept_in_vain(&gil->turns, gil->kept_until, now);
		gil->kept = NULL;
		if (gil->length)
			grant_next(gil, now);
		return;
	}
	gil->requested = true;
}

u64 gil_held(const struct gil *gil, const struct thread *thread, u64 now)
{
	return thread->held + (gil->owner == thread ? ran(gil, now) : 0);
}
