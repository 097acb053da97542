/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The object of a struct kgil_lazy: a semaphore of the module.  It counts wake-ups,
 * and is the room in which threads wait.
 *
 * Descriptor and id are kept in one word, so that they change in one step.  The
 * descriptor is the program's to close, and its number may come to name anything
 * else; the id is the object's alone, for ever.  So nothing is done with a
 * descriptor before its id was asked for.
 */
#ifndef KGIL_LAZY_OBJECT_H
#define KGIL_LAZY_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

/* The descriptor is the upper part; the id's lower bits are below. */
#define LAZY_OBJECT_ID_BITS 40
#define LAZY_OBJECT_ID ((1ULL << LAZY_OBJECT_ID_BITS) - 1)
#define LAZY_OBJECT_FD_MAX ((1 << 24) - 1)

/* As many as the state has room for. */
#define LAZY_TAGS 127

static inline int lazy_object_fd(uint64_t object)
{
	return object >> LAZY_OBJECT_ID_BITS;
}

/* 1 to LAZY_TAGS: tells an object from the one that it replaces. */
static inline uint64_t lazy_object_tag(uint64_t object)
{
	return 1 + (object & LAZY_OBJECT_ID) % LAZY_TAGS;
}

/*
 * A new object for at most @max wake-ups; @now_ns of CLOCK_MONOTONIC.  0: there is
 * none to be had.
 */
uint64_t lazy_object_new(uint32_t max, uint64_t now_ns);
/* Was it made by this process, and not by the one that it was forked from? */
bool lazy_object_is_own(uint64_t object);
/*
 * Sleep in it until a wake-up comes, or until @until_ns of CLOCK_MONOTONIC: 0.
 * Else an errno; EBADF: somebody has closed its descriptor.
 */
int lazy_object_sleep(uint64_t object, int64_t until_ns);
/* Wake a thread that sleeps in it, or the next that comes.  Changes errno. */
void lazy_object_wake(uint64_t object);
/* Close its descriptor, if it is still its own. */
void lazy_object_close(uint64_t object);
/* Remember what kgil_lazy_trouble() tells. */
void lazy_object_trouble(int err);

#endif /* KGIL_LAZY_OBJECT_H */
