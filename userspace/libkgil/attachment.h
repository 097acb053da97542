/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_ATTACHMENT_H
#define KGIL_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct self - what a thread knows of itself
 * @id: id by which the kernel knows it; 0: not asked yet
 * @attached: by a handle's slot, the serial of the one it is attached to
 * @slots: length of @attached
 * @used: how many of them are not 0
 *
 * Every take and give reads it, so it is found without a call.
 */
struct self {
	uint64_t id;
	uint64_t *attached;
	uint32_t slots;
	uint32_t used;
};

extern __thread struct self kgil_self
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Is the calling thread attached to the handle?  If so, its id is known. */
static inline bool attachment_find(uint32_t slot, uint64_t serial)
{
	return slot < kgil_self.slots && kgil_self.attached[slot] == serial;
}

/* Attach it to the object @fd of a handle; -1 with errno set. */
int attachment_add(int fd, uint32_t slot, uint64_t serial);
/* Learn only its id, for a lock; -1 with errno set. */
int attachment_id(int fd);
/* Forget it, if there is one. */
void attachment_remove(uint32_t slot, uint64_t serial);
/* In the child of a fork: forget the parent's thread. */
void attachment_forget_all(void);

#endif /* KGIL_ATTACHMENT_H */
