/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ids of threads in the fallback.  An id is made of the number that the
 * kernel gives the thread and the time at which it began, so that every process
 * can find out, from the id alone, whether its thread lives.
 */
#ifndef KGIL_FALLBACK_THREAD_H
#define KGIL_FALLBACK_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* The number of the thread @id in the kernel: no Linux gives out greater ones. */
#define THREAD_TID_BITS 22

static inline uint32_t thread_tid(uint64_t id)
{
	return id & ((1U << THREAD_TID_BITS) - 1);
}

/* The calling thread's id.  With signals held; never 0. */
uint64_t thread_self(void);

/* Is there no thread of that number any more?  A call; true may come late. */
bool thread_is_gone(uint64_t id);
/* The same in every case, also for what has exited and is only remembered. */
bool thread_is_dead(uint64_t id);
/* The process of a thread; 0: not known. */
uint32_t thread_pid(uint64_t id);

/* Ids mean the same to all processes for which this is the same. */
uint64_t thread_namespaces(void);

#endif /* KGIL_FALLBACK_THREAD_H */
