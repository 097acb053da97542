// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for an object of the fallback.
 *
 * Signals are held but while the thread sleeps.  So no handler runs in the middle
 * of a step, and one that forks leaves the child with nothing half done: its
 * slot is its parent's, and it begins anew.
 */
#include "fallback_futex.h"
#include "fallback_step.h"
#include "fallback_thread.h"
#include "fallback_wait.h"
#include "handle.h"

/* How often who minds an object looks whether its owner lives. */
#define LOOK_NS 50000000ULL
/* How often the others look whether who minds it does. */
#define WATCH_NS 1000000000ULL
/* How often who finds no free slot tries again. */
#define FULL_NS 1000000ULL

/**
 * struct wait - a thread that waits
 * @object: for what
 * @slot: its place
 * @deadline_ns: until when
 * @look_ns: when to look next whether an owner lives, if it minds the object
 * @watch_ns: when to look next whether who minds it lives; 0: not known yet
 * @signals: what they are let to be while it sleeps
 * @generation: fork_generation when it began
 */
struct wait {
	struct fallback *object;
	struct slot *slot;
	uint64_t deadline_ns;
	uint64_t look_ns;
	uint64_t watch_ns;
	const sigset_t *signals;
	unsigned int generation;
};

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ------------------------------------------------------ minding an object */

static bool is_granted(const struct slot *slot)
{
	return __atomic_load_n(&slot->id, __ATOMIC_ACQUIRE) && !slot_waits(slot);
}

/* The thread of @slot was given a sem or lock, and died before it knew. */
static void give_back_for(struct fallback *object, struct slot *slot)
{
	struct step step;

	if (step_begin(&step, object))
		return;
	if (is_granted(slot) && thread_is_dead(slot->id)) {
		/* The word names the owner, for others to find dead. */
		if (object->type == KGIL_TYPE_SEM || step.value == slot->id)
			if (!fallback_is_owned(object))
				step_give(&step);
		slot_free(slot);
		step_hand_over(&step, SLOT_GRANTED);
	}
	step_end(&step);
}

static void inherit_from(struct fallback *object, uint64_t dead)
{
	struct step step;

	if (step_begin(&step, object))
		return;
	if (step.value == dead) {
		object->stats.owner_deaths++;
		step_give(&step);
		step_hand_over(&step, SLOT_INHERITED);
	}
	step_end(&step);
}

static uint64_t value_of(const struct fallback *object)
{
	return __atomic_load_n(&object->page.word, __ATOMIC_ACQUIRE) & KGIL_WORD_VALUE;
}

/* Has anybody died who has it? */
static void look_after_dead(struct fallback *object)
{
	uint64_t owner = fallback_is_owned(object) ? value_of(object) : 0;
	struct slot *slot;

	if (owner && thread_is_dead(owner))
		inherit_from(object, owner);
	for_each_slot(slot, object)
		if (is_granted(slot) && thread_is_dead(slot->id))
			give_back_for(object, slot);
}

/* Ask the owner of a gil whose interval is over.  When is there more to do? */
static uint64_t look_after_interval(struct fallback *object, uint64_t now)
{
	struct step step;
	uint64_t due = object->since + object->interval_ns;

	if (__atomic_load_n(&object->page.drop_request, __ATOMIC_RELAXED))
		return FUTEX_FOREVER;
	if (now < due)
		return due;
	if (step_begin(&step, object))
		return now + object->interval_ns;
	due = object->since + object->interval_ns;
	if (step.value && now >= due) {
		__atomic_store_n(&object->page.drop_request, 1, __ATOMIC_RELAXED);
		object->stats.drop_requests++;
		due = FUTEX_FOREVER;
	}
	step_end(&step);
	return due;
}

/* When is there more to do? */
static uint64_t mind(struct wait *wait)
{
	struct fallback *object = wait->object;
	uint64_t now = futex_clock(), next = FUTEX_FOREVER;

	if (object->type == KGIL_TYPE_GIL)
		next = look_after_interval(object, now);
	if (now >= wait->look_ns) {
		look_after_dead(object);
		wait->look_ns = now + LOOK_NS;
	}
	return earlier(next, wait->look_ns);
}

/* Does who minds it live?  If not, step_end() finds another. */
static uint64_t watch(struct wait *wait)
{
	struct fallback *object = wait->object;
	uint64_t now = futex_clock();
	struct slot *slot;
	struct step step;

	if (!wait->watch_ns)
		wait->watch_ns = now + WATCH_NS;
	if (now < wait->watch_ns)
		return wait->watch_ns;
	wait->watch_ns = now + WATCH_NS;
	for_each_slot(slot, object) {
		if (!slot_waits(slot) || slot->state != SLOT_MINDING || !thread_is_dead(slot->id))
			continue;
		if (step_begin(&step, object))
			break;
		if (slot_waits(slot) && thread_is_dead(slot->id))
			slot_free(slot);
		step_end(&step);
	}
	return wait->watch_ns;
}

void fallback_wake_minder(struct fallback *object)
{
	struct slot *slot;

	for_each_slot(slot, object)
		if (slot_waits(slot) && slot->state == SLOT_MINDING)
			futex_wake(&slot->state);
}

/* ---------------------------------------------------------------- waiting */

/* Does a handler of this signal end a system call? */
static bool ends_calls(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) && action.sa_handler != SIG_DFL &&
	       action.sa_handler != SIG_IGN && !(action.sa_flags & SA_RESTART);
}

/* Has a signal come while they were held, that would have ended the sleep? */
static bool is_interrupted(const sigset_t *let)
{
	sigset_t pending;

	if (sigpending(&pending))
		return false;
	for (int signal = 1; signal <= SIGRTMAX; signal++)
		if (sigismember(&pending, signal) == 1 && !sigismember(let, signal) &&
		    ends_calls(signal))
			return true;
	return false;
}

/*
 * With signals let.  One that comes in the few instructions before the system
 * call doesn't end it: there is no call that lets signals and sleeps on a futex.
 */
static int sleep_on(const struct wait *wait, uint32_t *word, uint32_t seen, uint64_t until)
{
	bool interrupted = is_interrupted(wait->signals);
	sigset_t held;
	int err = EINTR;

	signals_let(wait->signals);
	if (!interrupted)
		err = futex_sleep(word, seen, earlier(until, wait->deadline_ns));
	signals_hold(&held);
	return fork_generation == wait->generation ? err : FALLBACK_FORKED;
}

/* Until its turn comes; else why it ended.  It has its slot then still. */
static int wait_for_turn(struct wait *wait)
{
	for (;;) {
		uint32_t state = __atomic_load_n(&wait->slot->state, __ATOMIC_ACQUIRE);
		uint64_t until;
		int err;

		if (state == SLOT_GRANTED)
			return 0;
		if (state == SLOT_INHERITED)
			return EOWNERDEAD;
		if (futex_clock() >= wait->deadline_ns)
			return ETIMEDOUT;
		until = state == SLOT_MINDING ? mind(wait) : watch(wait);
		err = sleep_on(wait, &wait->slot->state, state, until);
		if (err == EINTR || err == FALLBACK_FORKED)
			return err;
	}
}

/* It was @why that the wait ended, unless the object was granted meanwhile. */
static int give_up(struct wait *wait, int why)
{
	struct fallback *object = wait->object;
	struct step step;
	int err = step_begin(&step, object);

	if (err)
		return err;
	if (slot_waits(wait->slot)) {
		object->stats.timeouts += why == ETIMEDOUT;
		object->stats.interrupts += why == EINTR;
	} else {
		why = wait->slot->state == SLOT_INHERITED ? EOWNERDEAD : 0;
	}
	slot_free(wait->slot);
	step_end(&step);
	return why;
}

static void count_wait(struct fallback *object, uint64_t begin)
{
	uint64_t waited = futex_clock() - begin;
	__u64 max = __atomic_load_n(&object->stats.wait_max_ns, __ATOMIC_RELAXED);

	__atomic_fetch_add(&object->stats.wait_total_ns, waited, __ATOMIC_RELAXED);
	while (max < waited && !__atomic_compare_exchange_n(&object->stats.wait_max_ns, &max,
							    waited, false, __ATOMIC_RELAXED,
							    __ATOMIC_RELAXED))
		;
}

/* The thread is in the queue. */
static int wait_in_queue(struct wait *wait)
{
	uint64_t begin = futex_clock();
	int err;

	wait->look_ns = begin + LOOK_NS;
	err = wait_for_turn(wait);
	if (err == FALLBACK_FORKED)
		return err;
	if (err && err != EOWNERDEAD)
		err = give_up(wait, err);
	else
		slot_free(wait->slot);
	count_wait(wait->object, begin);
	return err;
}

/* ------------------------------------------------------- the four commands */

/* EAGAIN: it is not free. */
static int take_now(struct step *step)
{
	struct fallback *object = step->object;
	bool died;

	if (step_is_nonsense(step))
		return ENOTRECOVERABLE;
	if (fallback_is_owned(object) && step->value == step->id) {
		if (object->type == KGIL_TYPE_GIL)
			return EDEADLK;
		if (object->page.depth >= object->max)
			return EOVERFLOW;
		object->page.depth++;
		return 0;
	}
	died = step_bury_owner(step);
	/* Who waits was first. */
	step_hand_over(step, died ? SLOT_INHERITED : SLOT_GRANTED);
	if (!step_is_free(step))
		return EAGAIN;
	step_take(step, step->id);
	return died ? EOWNERDEAD : 0;
}

static struct wait wait_for(struct fallback *object, uint64_t deadline_ns, const sigset_t *signals)
{
	return (struct wait){
		.object = object,
		.deadline_ns = deadline_ns,
		.signals = signals,
		.generation = fork_generation,
	};
}

int fallback_acquire(struct fallback *object, uint64_t deadline_ns, const sigset_t *signals)
{
	struct wait wait = wait_for(object, deadline_ns, signals);
	struct step step;
	int err;

	for (;;) {
		err = step_begin(&step, object);
		if (err)
			return err;
		err = take_now(&step);
		if (err == EAGAIN)
			wait.slot = step_queue(&step);
		step_end(&step);
		if (err != EAGAIN)
			return err;
		if (wait.slot)
			return wait_in_queue(&wait);
		if (futex_clock() >= deadline_ns)
			return ETIMEDOUT;
		err = sleep_on(&wait, &object->full, 0, futex_clock() + FULL_NS);
		if (err == EINTR || err == FALLBACK_FORKED)
			return err;
	}
}

/* Is it taken, as far as can be told without its lock? */
static bool is_taken(const struct fallback *object)
{
	uint64_t value = value_of(object);

	switch (object->type) {
	case KGIL_TYPE_SEM:
		return !value;
	case KGIL_TYPE_LOCK:
		return value;
	default:
		return value && value != kgil_self.id && !thread_is_gone(value);
	}
}

int fallback_try(struct fallback *object)
{
	struct step step;
	int err;

	if (is_taken(object))
		return EAGAIN;
	err = step_begin(&step, object);
	if (err)
		return err;
	err = take_now(&step);
	step_end(&step);
	/* It doesn't wait, and so not for itself. */
	return err == EDEADLK ? EAGAIN : err;
}

/* Why the caller can't give it back; 0: it can. */
static int may_give(const struct step *step)
{
	switch (step->object->type) {
	case KGIL_TYPE_SEM:
		if (step_is_nonsense(step))
			return ENOTRECOVERABLE;
		return step->value == step->object->max ? EOVERFLOW : 0;
	case KGIL_TYPE_LOCK:
		return step->value ? 0 : EPERM;
	default:
		return step->value == step->id ? 0 : EPERM;
	}
}

int fallback_release(struct fallback *object)
{
	struct step step;
	int err = step_begin(&step, object);

	if (err)
		return err;
	err = may_give(&step);
	if (!err && object->type == KGIL_TYPE_RLOCK && object->page.depth > 1) {
		object->page.depth--;
	} else if (!err) {
		step_give(&step);
		step_hand_over(&step, SLOT_GRANTED);
	}
	step_end(&step);
	return err;
}

int fallback_yield(struct fallback *object, const sigset_t *signals)
{
	struct wait wait = wait_for(object, FUTEX_FOREVER, signals);
	struct step step;
	int err = step_begin(&step, object);

	if (err)
		return err;
	if (step.value != step.id || !step_next(&step)) {
		err = step.value == step.id ? 0 : EPERM;
		step_end(&step);
		return err;
	}
	object->stats.yields++;
	step_give(&step);
	step_hand_over(&step, SLOT_GRANTED);
	wait.slot = step_queue(&step);
	step_end(&step);
	/* With no place in the queue the caller comes back for it. */
	return wait.slot ? wait_in_queue(&wait) : fallback_acquire(object, FUTEX_FOREVER, signals);
}
