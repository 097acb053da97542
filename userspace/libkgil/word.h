/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_WORD_H
#define KGIL_WORD_H

#include "take.h"

/**
 * struct kgil_word - an object that is taken by its word
 * @handle: its page, and its place in this process
 * @type: enum kgil_type
 * @max: sem: greatest count; rlock: greatest depth
 * @by_id: gil, lock: who gives it back finds its own id in the word
 */
struct kgil_word {
	struct handle handle;
	uint64_t type;
	uint64_t max;
	bool by_id;
};

#endif /* KGIL_WORD_H */
