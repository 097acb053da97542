// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>

#include "fallback_futex.h"
#include "fallback_step.h"
#include "fallback_thread.h"

static bool is_sem(const struct step *step)
{
	return step->object->type == KGIL_TYPE_SEM;
}

static void set_state(struct slot *slot, enum slot_state state)
{
	__atomic_store_n(&slot->state, state, __ATOMIC_RELEASE);
}

/* One at the end of the step, any more at once. */
static void wake(struct step *step, struct slot *slot)
{
	if (step->wake)
		futex_wake(&step->wake->state);
	step->wake = slot;
}

bool step_is_free(const struct step *step)
{
	return is_sem(step) ? step->value > 0 : !step->value;
}

bool step_is_nonsense(const struct step *step)
{
	if (is_sem(step))
		return step->value > step->object->max;
	return step->value && !thread_tid(step->value);
}

/* ------------------------------------------------------ taking and giving */

void step_take(struct step *step, uint64_t id)
{
	struct fallback *object = step->object;
	uint64_t now = futex_clock();

	step->value = is_sem(step) ? step->value - 1 : id;
	object->stats.acquisitions++;
	object->held_since = now;
	if (!fallback_is_owned(object))
		return;
	object->stats.switches += object->page.last && object->page.last != id;
	object->page.last = id;
	object->page.depth = object->type == KGIL_TYPE_RLOCK;
	object->since = now;
	__atomic_store_n(&object->page.drop_request, 0, __ATOMIC_RELAXED);
}

/* Only of what is timed is it known when it was taken. */
static void count_hold(struct fallback *object)
{
	uint64_t held = futex_clock() - object->held_since;

	object->stats.hold_total_ns += held;
	if (object->stats.hold_max_ns < held)
		object->stats.hold_max_ns = held;
}

void step_give(struct step *step)
{
	struct fallback *object = step->object;

	if (object->flags & KGIL_CREATE_TIMED && !(is_sem(step) && object->max > 1))
		count_hold(object);
	object->page.depth = 0;
	step->value = is_sem(step) ? step->value + 1 : 0;
}

bool step_bury_owner(struct step *step)
{
	if (!fallback_is_owned(step->object) || !step->value || !thread_is_gone(step->value))
		return false;
	step->object->stats.owner_deaths++;
	step_give(step);
	return true;
}

/* --------------------------------------------------------------- the queue */

static bool is_older(const struct slot *slot, const struct slot *than)
{
	return (int32_t)(slot->ticket - than->ticket) < 0;
}

static struct slot *oldest(struct fallback *object)
{
	struct slot *slot, *found = NULL;

	for_each_slot(slot, object)
		if (slot_waits(slot) && (!found || is_older(slot, found)))
			found = slot;
	return found;
}

struct slot *step_next(struct step *step)
{
	struct slot *slot;

	while ((slot = oldest(step->object)) && thread_is_gone(slot->id))
		slot_free(slot);
	return slot;
}

/*
 * The word first: whoever dies in between, the word then names a thread that
 * waits, and step_begin() finishes this.
 */
static void grant(struct step *step, struct slot *slot, enum slot_state how)
{
	step_take(step, slot->id);
	__atomic_store_n(&step->object->page.word, step->value | KGIL_WORD_WAITERS,
			 __ATOMIC_RELEASE);
	set_state(slot, how);
	wake(step, slot);
}

void step_hand_over(struct step *step, enum slot_state how)
{
	struct slot *slot;

	while (step_is_free(step) && (slot = step_next(step)))
		grant(step, slot, how);
}

/* The lowest, so that few pages of the object are ever touched. */
static struct slot *free_slot(struct fallback *object)
{
	struct slot *slot;

	for_each_slot(slot, object)
		if (!__atomic_load_n(&slot->id, __ATOMIC_ACQUIRE))
			return slot;
	if (slot == object->slots + FALLBACK_SLOTS)
		return NULL;
	__atomic_add_fetch(&object->used, 1, __ATOMIC_RELAXED);
	return slot;
}

struct slot *step_queue(struct step *step)
{
	struct fallback *object = step->object;
	struct slot *slot, *mine = free_slot(object);
	bool first = true;

	if (!mine)
		return NULL;
	/* Who came last minds the object. */
	for_each_slot(slot, object)
		if (slot_waits(slot)) {
			first = false;
			set_state(slot, SLOT_WAITING);
		}
	/* The owner may have taken it by its word, and then it isn't known when. */
	if (first)
		object->since = futex_clock();
	mine->ticket = object->next_ticket++;
	set_state(mine, SLOT_MINDING);
	__atomic_store_n(&mine->id, step->id, __ATOMIC_RELEASE);
	object->stats.contentions++;
	return mine;
}

/* -------------------------------------------------------- begin and end */

/* The thread that had the lock died in grant(): who was granted is to know. */
static void finish_grant(struct step *step)
{
	struct slot *slot;

	if (is_sem(step) || !step->value)
		return;
	for_each_slot(slot, step->object)
		if (slot_waits(slot) && slot->id == step->value) {
			set_state(slot, SLOT_GRANTED);
			wake(step, slot);
		}
}

int step_begin(struct step *step, struct fallback *object)
{
	int err;

	step->object = object;
	step->id = thread_self();
	step->wake = NULL;
	err = futex_lock(&object->lock, thread_tid(step->id));
	if (err && err != EOWNERDEAD)
		return err;
	step->value = __atomic_fetch_or(&object->page.word, KGIL_WORD_WAITERS, __ATOMIC_ACQUIRE) &
		      KGIL_WORD_VALUE;
	if (err == EOWNERDEAD)
		finish_grant(step);
	return 0;
}

/* Somebody minds the object if anybody waits.  Does anybody? */
static bool settle_queue(struct step *step)
{
	struct fallback *object = step->object;
	struct slot *slot, *youngest = NULL;
	bool minded = false;
	uint32_t used = 0;

	for_each_slot(slot, object) {
		if (!__atomic_load_n(&slot->id, __ATOMIC_ACQUIRE))
			continue;
		used = slot - object->slots + 1;
		if (!slot_waits(slot))
			continue;
		minded |= slot->state == SLOT_MINDING;
		if (!youngest || is_older(youngest, slot))
			youngest = slot;
	}
	__atomic_store_n(&object->used, used, __ATOMIC_RELAXED);
	if (youngest && !minded) {
		set_state(youngest, SLOT_MINDING);
		wake(step, youngest);
	}
	return youngest;
}

void step_end(struct step *step)
{
	struct fallback *object = step->object;
	bool waited_for = settle_queue(step);
	uint64_t word = step->value;

	if (!waited_for)
		__atomic_store_n(&object->page.drop_request, 0, __ATOMIC_RELAXED);
	/* Of what is timed every step is a call. */
	if (waited_for || object->flags & KGIL_CREATE_TIMED)
		word |= KGIL_WORD_WAITERS;
	__atomic_store_n(&object->page.word, word, __ATOMIC_RELEASE);
	futex_unlock(&object->lock, thread_tid(step->id));
	if (step->wake)
		futex_wake(&step->wake->state);
}
