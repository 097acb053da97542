/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process this is.  A child of fork inherits each struct kgil_lazy as it
 * was, with objects and waiters that are its parent's.
 */
#ifndef KGIL_LAZY_PROCESS_H
#define KGIL_LAZY_PROCESS_H

#include <stdint.h>

/**
 * struct lazy_process - what a child does not inherit
 * @first_id: smallest id of an object that this process made; 0: none.  Ids only
 *	grow, so that those of its parent's objects are smaller.
 * @number: tells the process from those that it descends from; 0: not given yet
 *
 * Both are atomic.
 */
struct lazy_process {
	uint64_t first_id;
	uint32_t number;
};

/* NULL: nothing was asked for yet, and so nothing is this process' own. */
struct lazy_process *lazy_process(void);
/* The same, made if need be; NULL with errno set. */
struct lazy_process *lazy_process_get(void);
/* Its number, never 0. */
uint32_t lazy_process_number(void);

#endif /* KGIL_LAZY_PROCESS_H */
