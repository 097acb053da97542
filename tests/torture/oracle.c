// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle: who holds an object, and whether it may.
 *
 * Of an object of one unit, the holder adds 1 to @acquired, then to @first, then
 * to @second.  A second holder at the same time, or one that the first has not
 * finished before, finds them unequal.  Who dies in between leaves them at most
 * one apart, and the next holder, told by EOWNERDEAD, makes them equal.
 *
 * A lock or a semaphore has no owner: what a slot held that died is given back by
 * the supervisor.  If it died while it took or gave, nobody knows whether it
 * held it.  Then the object is gated: nobody begins to take it, and as soon as no
 * living slot holds it, what is missing is what the dead have.
 */
#include <sched.h>

#include "torture.h"

#define GATE_POLL_US 200
/* How long the supervisor waits for one object, while others may need it. */
#define TRY_NS (5 * NSEC_PER_MSEC)

void set_phase(const struct hand *hand, int object, enum phase phase)
{
	atomic_store(&world->slots[hand->slot].phases[object], phase);
}

static enum phase phase_of(int slot, int object)
{
	return atomic_load(&world->slots[slot].phases[object]);
}

bool begin_taking(const struct hand *hand, int object)
{
	set_phase(hand, object, TAKING);
	if (!atomic_load(&world->objects[object].gated))
		return true;
	set_phase(hand, object, IDLE);
	return false;
}

static void wait_a_little(struct hand *hand)
{
	switch (below(hand, 32)) {
	case 0:
		usleep(below(hand, 100));
		break;
	case 1 ... 4:
		sched_yield();
		break;
	default:
		break;
	}
}

static void check_equal(const struct object *object, int index)
{
	__u64 acquired = atomic_load(&object->acquired);

	if (object->first != acquired || object->second != acquired)
		violation("%s: acquired %llu times, but counted %llu and %llu", object_name(index),
			  acquired, object->first, object->second);
}

/* The last holder died in the middle. */
static void make_equal(struct object *object, int index)
{
	__u64 acquired = atomic_load(&object->acquired);
	__u64 first = object->first, second = object->second;

	if (acquired - second > 1 || (first != acquired && first != second))
		violation("%s: acquired %llu times, counted %llu and %llu, by one that died",
			  object_name(index), acquired, first, second);
	object->first = acquired;
	object->second = acquired;
}

static void check_alone(struct hand *hand, int index, __u64 before, int news)
{
	struct object *object = &world->objects[index];

	if (before & ~atomic_load(&world->doomed))
		violation("%s: slot %d has it, and so have the slots %#llx", object_name(index),
			  hand->slot, before);
	if (before && news != EOWNERDEAD)
		violation("%s: slot %d was not told that the slots %#llx died", object_name(index),
			  hand->slot, before);
	atomic_fetch_and(&object->inside, ~before);
	if (news == EOWNERDEAD)
		make_equal(object, index);
	else
		check_equal(object, index);
}

static void add_unprotected(struct hand *hand, struct object *object)
{
	__u64 value;

	atomic_fetch_add(&object->acquired, 1);
	value = object->first;
	wait_a_little(hand);
	object->first = value + 1;
}

void enter_hold(struct hand *hand, int index, int news)
{
	struct object *object = &world->objects[index];
	__u64 before, bit = slot_bit(hand->slot);

	set_phase(hand, index, HOLDING);
	hand->held[hand->holds++] = index;
	before = atomic_fetch_or(&object->inside, bit);
	if (object->units == 1) {
		check_alone(hand, index, before, news);
		add_unprotected(hand, object);
		return;
	}
	atomic_fetch_add(&object->acquired, 1);
	if (__builtin_popcountll(before | bit) > (int)object->units)
		violation("%s: more than %u have it: the slots %#llx", object_name(index),
			  object->units, before | bit);
}

void leave_hold(struct hand *hand, int index)
{
	struct object *object = &world->objects[index];
	__u64 bit = slot_bit(hand->slot);
	__u64 inside = atomic_load(&object->inside);

	if (!(inside & bit) || (object->units == 1 && inside != bit))
		violation("%s: slot %d had it, and now the slots %#llx have it", object_name(index),
			  hand->slot, inside);
	if (object->units == 1)
		object->second = object->first;
	hand->holds--;
	set_phase(hand, index, GIVING);
	atomic_fetch_and(&object->inside, ~bit);
}

/* How many slots of @mask are in one of these phases? */
static __u32 count_phases(int index, __u64 mask, enum phase one, enum phase other)
{
	__u32 count = 0;
	int slot;

	for (slot = 0; slot < slot_count(); slot++) {
		enum phase phase = phase_of(slot, index);

		if (mask & slot_bit(slot) && (phase == one || phase == other))
			count++;
	}
	return count;
}

struct dead {
	__u32 certain;	/* surely held it */
	__u32 doubtful; /* may have, these included */
};

static struct dead count_dead(int index, __u64 mask)
{
	__u32 certain = count_phases(index, mask, HOLDING, HOLDING);

	return (struct dead){ .certain = certain,
			      .doubtful = certain + count_phases(index, mask, TAKING, GIVING) };
}

/* Nothing of @mask is in doubt any more. */
static void forget_dead(int index, __u64 mask, const struct dead *dead)
{
	struct object *object = &world->objects[index];
	int slot;

	atomic_fetch_add(&object->doubtful, dead->doubtful);
	atomic_fetch_add(&object->certain, dead->certain);
	for (slot = 0; slot < slot_count(); slot++)
		if (mask & slot_bit(slot))
			atomic_store(&world->slots[slot].phases[index], IDLE);
}

/*
 * With an owner: whoever gets it is told.  Who comes after that finds it well.
 * False: it is still held, by the living.
 */
static bool resolve_owner(struct hand *hand, int index, __u64 mask, __u64 wait_ns)
{
	struct object *object = &world->objects[index];
	struct dead dead = count_dead(index, mask);
	int err;

	if (!dead.doubtful)
		return true;
	set_phase(hand, index, TAKING);
	err = acquire_until(object->fd, now_ns() + wait_ns);
	if (err == EINTR || err == ETIMEDOUT) {
		set_phase(hand, index, IDLE);
		return false;
	}
	if (err && err != EOWNERDEAD)
		violation("%s: cannot be had after the slots %#llx died: errno %d",
			  object_name(index), mask, err);
	enter_hold(hand, index, err);
	if (atomic_load(&object->inside) & mask)
		violation("%s: the slots %#llx died with it, and nobody was told",
			  object_name(index), mask);
	leave_hold(hand, index);
	err = release(object->fd);
	if (err)
		violation("%s: release: errno %d", object_name(index), err);
	set_phase(hand, index, IDLE);
	forget_dead(index, mask, &dead);
	return true;
}

static __u64 patience_end(void)
{
	return now_ns() + world->options.patience * NSEC_PER_SEC;
}

static void check_patience(int index, __u64 end)
{
	if (atomic_load(&world->failed))
		violation("the run is over");
	if (now_ns() > end)
		violation("%s: not at rest: held, or not to be had though it is free",
			  object_name(index));
}

void resolve_owned(struct hand *hand, __u64 mask)
{
	__u64 end = patience_end();
	int index;

	for (index = 0; index < OBJECTS; index++)
		while (has_owner(index) && !resolve_owner(hand, index, mask, NSEC_PER_SEC))
			check_patience(index, end);
}

/*
 * How many units of a gated object nobody living has: what is not free, once no
 * living slot holds any.  -1: some slot is still at it.
 *
 * A slot that takes it is a waiter, or about to be one, or was one: they are all
 * waiters if the numbers are equal.
 */
static int missing_units(int index, __u64 mask)
{
	struct object *object = &world->objects[index];
	__u32 taking = count_phases(index, ~mask, TAKING, TAKING);
	struct kgil_state state;

	if (count_phases(index, ~mask, HOLDING, GIVING))
		return -1;
	state = state_of(object->fd);
	if (state.waiters != taking || (taking && state.count) ||
	    count_phases(index, ~mask, TAKING, TAKING) != taking ||
	    count_phases(index, ~mask, HOLDING, GIVING))
		return -1;
	return object->units - state.count;
}

static void give_for_the_dead(int index, int missing)
{
	struct object *object = &world->objects[index];
	int err;

	if (object->units == 1)
		make_equal(object, index);
	while (missing--) {
		err = release(object->fd);
		if (err)
			violation("%s: release for the dead: errno %d", object_name(index), err);
	}
}

/* Without an owner; as resolve_owner(). */
static bool resolve_unowned(int index, __u64 mask)
{
	struct object *object = &world->objects[index];
	struct dead dead = count_dead(index, mask);
	int missing;

	if (!dead.doubtful)
		return true;
	atomic_store(&object->gated, 1);
	missing = missing_units(index, mask);
	if (missing < 0)
		return false;
	if (missing < (int)dead.certain || missing > (int)dead.doubtful)
		violation("%s: %d units are missing; %u to %u died with one", object_name(index),
			  missing, dead.certain, dead.doubtful);
	atomic_fetch_and(&object->inside, ~mask);
	forget_dead(index, mask, &dead);
	give_for_the_dead(index, missing);
	atomic_store(&object->gated, 0);
	return true;
}

/* Those whose family has gone on as another program. */
static __u64 relatives(void)
{
	__u64 mask = 0;
	int family;

	for (family = 0; family < world->options.processes; family++) {
		__u32 executed = atomic_load(&world->families[family].executed);

		if (executed)
			mask |= family_mask(family) & ~slot_bit(executed - 1);
	}
	return mask;
}

/* All at once, because who holds one may wait for another. */
void resolve_all(struct hand *hand, __u64 mask)
{
	__u64 end = patience_end();
	int index, left;

	do {
		left = -1;
		for (index = 0; index < OBJECTS; index++) {
			__u64 dead = mask | relatives();

			if (!(has_owner(index) ? resolve_owner(hand, index, dead, TRY_NS) :
						 resolve_unowned(index, dead)))
				left = index;
		}
		if (left >= 0) {
			check_patience(left, end);
			usleep(GATE_POLL_US);
		}
	} while (left >= 0);
}

/* Counted as often as acquired; who died may have acquired and not counted. */
static void check_stats(int index)
{
	struct object *object = &world->objects[index];
	struct kgil_stats stats = stats_of(object->fd);
	__u64 acquired = atomic_load(&object->acquired);
	__u32 doubtful = atomic_load(&object->doubtful), certain = atomic_load(&object->certain);

	/* A yield without a waiter is no acquisition to the kernel. */
	if (object->type != KGIL_TYPE_GIL &&
	    stats.acquisitions + doubtful - acquired > 2 * doubtful)
		violation("%s: the kernel counts %llu acquisitions, the test %llu",
			  object_name(index), stats.acquisitions, acquired);
	if (!has_owner(index)) {
		certain = 0;
		doubtful = 0;
	}
	if (stats.owner_deaths < certain || stats.owner_deaths > doubtful)
		violation("%s: the kernel counts %llu dead owners, the test %u to %u",
			  object_name(index), stats.owner_deaths, certain, doubtful);
}

void check_object(struct hand *hand, int index)
{
	struct object *object = &world->objects[index];
	struct user user = using(object->fd);
	struct kgil_state state = state_of(object->fd);

	if (state.waiters || state.count != object->units || state.owner || state.flags)
		violation("%s: at the end %u wait, %u of %u units are free, the flags are %#x",
			  object_name(index), state.waiters, state.count, object->units,
			  state.flags);
	if (atomic_load(&object->inside))
		violation("%s: at the end the slots %#llx have it", object_name(index),
			  atomic_load(&object->inside));
	if (object->units == 1)
		check_equal(object, index);
	check_stats(index);
	done_using(&user);
	begin_taking(hand, index);
	if (acquire(object->fd))
		violation("%s: cannot be acquired at the end", object_name(index));
	enter_hold(hand, index, 0);
	leave_hold(hand, index);
	if (release(object->fd))
		violation("%s: cannot be released at the end", object_name(index));
	set_phase(hand, index, IDLE);
}
