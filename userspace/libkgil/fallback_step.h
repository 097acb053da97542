/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step: one change of an object of the fallback, made under its lock.
 */
#ifndef KGIL_FALLBACK_STEP_H
#define KGIL_FALLBACK_STEP_H

#include <stdbool.h>

#include "fallback.h"

/**
 * struct step - a change that is being made
 * @object: what is changed
 * @id: the thread that does
 * @value: the word without its flags, as it will be at the end
 * @wake: a slot whose thread is to be woken then; NULL: none
 */
struct step {
	struct fallback *object;
	uint64_t id;
	uint64_t value;
	struct slot *wake;
};

/* With signals held.  0, or an error: then there is no step. */
int step_begin(struct step *step, struct fallback *object);
void step_end(struct step *step);

/* Can it be taken now? */
bool step_is_free(const struct step *step);
/* Does the word hold what nobody can have stored there? */
bool step_is_nonsense(const struct step *step);
/* The thread @id takes what is free. */
void step_take(struct step *step, uint64_t id);
/* Who has it gives it back: it is free then. */
void step_give(struct step *step);
/* To who waits, as long as it is free; @how: SLOT_GRANTED or SLOT_INHERITED. */
void step_hand_over(struct step *step, enum slot_state how);
/* If the owner is gone, it is free.  Was it? */
bool step_bury_owner(struct step *step);

/* Who waits longest, and lives; NULL: nobody. */
struct slot *step_next(struct step *step);
/* A slot at the end of the queue; NULL: none is free. */
struct slot *step_queue(struct step *step);

/* Does its thread wait? */
static inline bool slot_waits(const struct slot *slot)
{
	uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&slot->id, __ATOMIC_ACQUIRE) &&
	       (state == SLOT_WAITING || state == SLOT_MINDING);
}

static inline void slot_free(struct slot *slot)
{
	__atomic_store_n(&slot->id, 0, __ATOMIC_RELEASE);
}

/* Where the slots in use end; whatever is in the page, there are so many. */
static inline struct slot *slots_end(struct fallback *object)
{
	uint32_t used = __atomic_load_n(&object->used, __ATOMIC_RELAXED);

	return object->slots + (used < FALLBACK_SLOTS ? used : FALLBACK_SLOTS);
}

#define for_each_slot(slot, object) \
	for (slot = (object)->slots; slot < slots_end(object); slot++)

#endif /* KGIL_FALLBACK_STEP_H */
