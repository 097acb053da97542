/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_GIL_H
#define KGIL_GIL_H

#include "take.h"

/* What is behind a struct kgil: its handle's @pub. */
static inline struct handle *to_handle(const struct kgil *gil)
{
	return (struct handle *)((char *)gil - offsetof(struct handle, pub));
}

#endif /* KGIL_GIL_H */
