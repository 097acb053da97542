/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_ATTACHMENT_H
#define KGIL_ATTACHMENT_H

#include <stdint.h>

/**
 * struct attachment - a thread's knowledge of one GIL it is attached to
 * @next: the thread's next one
 * @serial: which GIL.  Not its address: that may be another's later.
 * @id: id by which the GIL knows the thread
 */
struct attachment {
	struct attachment *next;
	uint64_t serial;
	uint64_t id;
};

/* The calling thread's attachment to @serial, or NULL. */
struct attachment *attachment_find(uint64_t serial);
/* Add one; NULL with errno set. */
struct attachment *attachment_add(uint64_t serial, uint64_t id);
/* Forget it, if there is one. */
void attachment_remove(uint64_t serial);

#endif /* KGIL_ATTACHMENT_H */
