// SPDX-License-Identifier: GPL-2.0
/* The watchdog: nobody waits for too long, and what the world looks like if so. */
#include "torture.h"

static const char *const phase_names[] = { "idle", "taking", "holding", "giving" };

static void show_slot(int index)
{
	struct slot *slot = &world->slots[index];
	__u64 since = atomic_load(&slot->since);
	int object;

	printf("#   slot %2d: pid %d tid %d life %u", index, atomic_load(&slot->pid),
	       atomic_load(&slot->tid), atomic_load(&slot->lives));
	for (object = 0; object < OBJECTS; object++) {
		enum phase phase = atomic_load(&slot->phases[object]);

		if (phase != IDLE)
			printf(", %s %s", phase_names[phase], object_name(object));
	}
	if (since)
		printf(", for %.3f s", (now_ns() - since) / 1e9);
	printf("\n");
}

static void show_object(int index)
{
	struct object *object = &world->objects[index];
	struct kgil_state state = state_of(object->fd);
	struct kgil_stats stats = stats_of(object->fd);

	printf("#   %s: %u of %u free, %u wait, owner %llu (tid %u), depth %u, flags %#x%s;\n",
	       object_name(index), state.count, object->units, state.waiters, state.owner,
	       state.owner_tid, state.depth, state.flags,
	       atomic_load(&object->gated) ? ", gated" : "");
	printf("#     inside %#llx, acquired %llu, counted %llu and %llu, by the kernel %llu\n",
	       atomic_load(&object->inside), atomic_load(&object->acquired), object->first,
	       object->second, stats.acquisitions);
}

void show_world(void)
{
	int i;

	printf("# The objects:\n");
	for (i = 0; i < OBJECTS; i++)
		show_object(i);
	printf("# Who is alive; doomed are the slots %#llx:\n", atomic_load(&world->doomed));
	for (i = 0; i < slot_count(); i++)
		if (atomic_load(&world->slots[i].tid))
			show_slot(i);
}

void watch(void)
{
	__u64 now = now_ns();
	int i;

	for (i = 0; i < slot_count(); i++) {
		struct slot *slot = &world->slots[i];
		__u64 since = atomic_load(&slot->since);
		int object = atomic_load(&slot->waits_for);

		if (!since || now < since ||
		    now - since < world->options.patience * NSEC_PER_SEC)
			continue;
		violation("slot %d has waited %.1f s for %s, of which %u are free", i,
			  (now - since) / 1e9, object_name(object),
			  state_of(world->objects[object].fd).count);
	}
}
