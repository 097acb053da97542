/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_GIL_H
#define KGIL_GIL_H

#include <stddef.h>

#include "attachment.h"
#include "kgil.h"

/**
 * struct gil - what is behind a struct kgil
 * @pub: what the user sees of it
 * @serial: number of this GIL in this process, never used again; 0 in the child
 *	of a fork until kgil_gil_after_fork_child(): nobody is attached to 0
 * @held_at_fork: the thread that forks owned it then
 * @next: in the list of all GILs, see fork.c
 */
struct gil {
	struct kgil pub;
	uint64_t serial;
	bool held_at_fork;
	struct gil *next;
};

static inline struct gil *to_gil(const struct kgil *gil)
{
	return (struct gil *)((char *)gil - offsetof(struct gil, pub));
}

/* gil.c: open and map a GIL into @gil, and take it back. */
int gil_open(struct kgil *gil, uint64_t interval_ns);
void gil_close(struct kgil *gil);
/* A serial that no GIL has had. */
uint64_t gil_new_serial(void);
/* Acquire it, whatever signals come; keeps errno if it succeeds. */
int gil_wait(int fd);

/* fork.c: the GILs that the child of a fork loses. */
int gil_list_add(struct gil *gil);
void gil_list_remove(struct gil *gil);

#endif /* KGIL_GIL_H */
