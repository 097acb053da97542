/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fallback: objects of futexes, where the module can't be used.
 *
 * An object is a memory file.  It begins with the page that the module would
 * show, so that a free one is taken and given by its word as take.h does it.
 * What can't be done so goes by the rule of the module, too: who sets
 * KGIL_WORD_WAITERS, under the object's lock, has the word for itself until it
 * stores the next one.  Behind the page stand the settings and the queue.
 *
 * Who waits has a slot, which names its thread and is the futex on which it
 * sleeps.  The order is in the slots' tickets, and nothing else: so a thread that
 * is killed, wherever it is, leaves nothing half linked.  A release gives the
 * object to the slot with the lowest ticket.
 *
 * No thread of the kernel's looks after an object.  That is done by the waiter
 * that came last, because it is the one that stays longest: it asks the owner of
 * a gil to drop it, and finds out that an owner died.
 */
#ifndef KGIL_FALLBACK_H
#define KGIL_FALLBACK_H

#include <errno.h>
#include <signal.h>

#include "kgil.h"

/* Of the file, and of its mapping: whole pages, however large those are. */
#define FALLBACK_SIZE 65536

/* Instead of an error: the caller is the child of a fork now, and begins anew. */
#define FALLBACK_FORKED ERESTART

/*
 * enum slot_state - what a slot's thread waits for
 * @SLOT_WAITING: its turn
 * @SLOT_MINDING: its turn, and looks after the object
 * @SLOT_GRANTED: nothing: the object is the thread's, which has to find out
 * @SLOT_INHERITED: the same, and the last owner died
 */
enum slot_state {
	SLOT_WAITING = 1,
	SLOT_MINDING,
	SLOT_GRANTED,
	SLOT_INHERITED,
};

/**
 * struct slot - a thread that waits
 * @id: which thread; 0: the slot is free
 * @state: enum slot_state; a futex
 * @ticket: the lower, the earlier, modulo 2^32
 */
struct slot {
	uint64_t id;
	uint32_t state;
	uint32_t ticket;
};

/**
 * struct fallback - an object
 * @page: as the module would show it
 * @magic: FALLBACK_MAGIC
 * @number: its number, as struct kgil_state has it
 * @namespaces: where the ids of its threads are valid, see thread_namespaces()
 * @interval_ns: as in struct kgil_create, as are the next ones
 * @handoff_ns: shown, but nobody is ever passed over
 * @type, @flags, @max: likewise
 * @policy: shown, but it is always that who came first is next
 * @since: gil: when the interval of its owner began
 * @held_since: KGIL_CREATE_TIMED: when it was taken
 * @stats: what was not done by the word
 * @lock: a futex with priority inheritance, so that the kernel tells of an owner
 *	that died.  Protects all that follows, @page.word while it has
 *	KGIL_WORD_WAITERS, and all above that may change.
 * @next_ticket: for who comes next
 * @used: no slot from here on is in use
 * @full: always 0; a futex to sleep on while there is no free slot
 */
struct fallback {
	struct kgil_page page;
	uint64_t magic;
	uint64_t number;
	uint64_t namespaces;
	uint64_t interval_ns;
	uint64_t handoff_ns;
	uint32_t type;
	uint32_t flags;
	uint32_t max;
	uint32_t policy;
	uint64_t since;
	uint64_t held_since;
	struct kgil_stats stats;
	uint32_t lock;
	uint32_t next_ticket;
	uint32_t used;
	uint32_t full;
	struct slot slots[];
};

#define FALLBACK_MAGIC 0x31786574756c6967ULL
#define FALLBACK_SLOTS ((FALLBACK_SIZE - sizeof(struct fallback)) / sizeof(struct slot))

/* A new object: its descriptor; -1 with errno set. */
int fallback_create(const struct kgil_create *create);

/*
 * Map an object of the fallback; NULL with errno set: ENOTTY it is none, EXDEV
 * this process has another backend or is in another namespace.
 */
struct kgil_page *fallback_map(int fd);

/* A command, KGIL_IOC_*, on a descriptor of any kind; ENOTTY: not the fallback's. */
int fallback_command(int fd, unsigned long command, void *arg);

/*
 * On an object that is mapped, by a process whose fork_generation was
 * @generation when it was.  Fails with FALLBACK_FORKED if that has changed, or
 * does so while the thread waits.
 */
int fallback_run(struct kgil_page *page, unsigned int generation, unsigned long command,
		 void *arg);

static inline bool fallback_is_owned(const struct fallback *object)
{
	return object->type == KGIL_TYPE_GIL || object->type == KGIL_TYPE_RLOCK;
}

#endif /* KGIL_FALLBACK_H */
