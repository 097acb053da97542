// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include "fallback_state.h"
#include "fallback_step.h"
#include "fallback_thread.h"
#include "fallback_wait.h"
#include "handle.h"

/* ---------------------------------------------------------------- settings */

static bool is_interval(uint64_t ns)
{
	return ns >= KGIL_INTERVAL_MIN && ns <= KGIL_INTERVAL_MAX;
}

static bool is_handoff(uint64_t ns)
{
	return ns >= KGIL_HANDOFF_AT_ONCE && ns <= KGIL_HANDOFF_MAX;
}

static uint32_t policy_of(uint32_t policy)
{
	return policy == KGIL_POLICY_DEFAULT ? KGIL_POLICY_FAIR : policy;
}

static bool resolve_gil(struct kgil_create *create)
{
	if (!create->interval_ns)
		create->interval_ns = KGIL_INTERVAL_DEFAULT;
	create->policy = policy_of(create->policy);
	if (create->count || create->max || create->handoff_ns)
		return false;
	create->max = 1;
	return is_interval(create->interval_ns) && create->policy <= KGIL_POLICY_FAIR;
}

bool fallback_resolve(struct kgil_create *create)
{
	if (create->flags & ~KGIL_CREATE_TIMED || create->pad)
		return false;
	if (create->type == KGIL_TYPE_GIL)
		return resolve_gil(create);
	if (create->interval_ns || create->policy)
		return false;
	if (!create->handoff_ns)
		create->handoff_ns = create->type == KGIL_TYPE_SEM ? KGIL_HANDOFF_AT_ONCE :
								     KGIL_HANDOFF_DEFAULT;
	if (!is_handoff(create->handoff_ns))
		return false;

	switch (create->type) {
	case KGIL_TYPE_SEM:
		return create->max && create->max <= KGIL_COUNT_MAX &&
		       create->count <= create->max;
	case KGIL_TYPE_LOCK:
		if (create->count || create->max)
			return false;
		create->max = 1;
		return true;
	case KGIL_TYPE_RLOCK:
		if (!create->max)
			create->max = KGIL_COUNT_MAX;
		return !create->count && create->max <= KGIL_COUNT_MAX;
	default:
		return false;
	}
}

/* A setting is a store; who minds the object then looks again. */
int fallback_set_interval(struct fallback *object, uint64_t interval_ns)
{
	if (object->type != KGIL_TYPE_GIL)
		return ENOTTY;
	if (!is_interval(interval_ns))
		return EINVAL;
	__atomic_store_n(&object->interval_ns, interval_ns, __ATOMIC_RELAXED);
	fallback_wake_minder(object);
	return 0;
}

int fallback_set_policy(struct fallback *object, uint32_t policy)
{
	if (object->type != KGIL_TYPE_GIL)
		return ENOTTY;
	if (policy_of(policy) > KGIL_POLICY_FAIR)
		return EINVAL;
	__atomic_store_n(&object->policy, policy_of(policy), __ATOMIC_RELAXED);
	return 0;
}

int fallback_set_handoff(struct fallback *object, uint64_t handoff_ns)
{
	if (object->type == KGIL_TYPE_GIL)
		return ENOTTY;
	if (!is_handoff(handoff_ns))
		return EINVAL;
	__atomic_store_n(&object->handoff_ns, handoff_ns, __ATOMIC_RELAXED);
	return 0;
}

/* ------------------------------------------------------------------- state */

static uint32_t count_waiters(struct fallback *object)
{
	struct slot *slot;
	uint32_t n = 0;

	for_each_slot(slot, object)
		n += slot_waits(slot);
	return n;
}

static uint32_t depth_of(const struct fallback *object)
{
	return object->type == KGIL_TYPE_GIL ?
		       1 :
		       __atomic_load_n(&object->page.depth, __ATOMIC_RELAXED);
}

/* Of a gil, lock or rlock that is taken: by whom. */
static void tell_owner(const struct fallback *object, uint64_t id, struct kgil_state *state)
{
	bool mine = id == kgil_self.id;

	state->owner_tid = thread_tid(id);
	state->owner_pid = mine ? (uint32_t)getpid() : thread_pid(id);
	if (!fallback_is_owned(object))
		return;
	state->owner = id;
	state->depth = depth_of(object);
	if (mine)
		state->flags |= KGIL_STATE_MINE;
}

int fallback_get_state(struct fallback *object, struct kgil_state *state)
{
	uint64_t value = __atomic_load_n(&object->page.word, __ATOMIC_ACQUIRE) & KGIL_WORD_VALUE;

	*state = (struct kgil_state){
		.id = object->number,
		.type = object->type,
		.max = object->max,
		.waiters = count_waiters(object),
		.policy = object->policy,
		.interval_ns = object->interval_ns,
		.handoff_ns = object->handoff_ns,
	};
	if (__atomic_load_n(&object->page.drop_request, __ATOMIC_RELAXED))
		state->flags |= KGIL_STATE_DROP_REQUEST;
	if (object->type == KGIL_TYPE_SEM) {
		state->count = value < object->max ? value : object->max;
		return 0;
	}
	state->count = !value;
	if (value)
		tell_owner(object, value, state);
	return 0;
}

/* What was done by the word is counted in the page. */
int fallback_get_stats(struct fallback *object, struct kgil_stats *stats)
{
	*stats = object->stats;
	stats->acquisitions += __atomic_load_n(&object->page.acquisitions, __ATOMIC_RELAXED);
	if (fallback_is_owned(object))
		stats->switches += __atomic_load_n(&object->page.switches, __ATOMIC_RELAXED);
	return 0;
}
