/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The word of an object, which user space changes too.
 *
 * User space changes the word only while it has no flag.  So whoever has the
 * object's lock first sets KGIL_WORD_WAITERS, by one instruction that cannot
 * fail.  From then on the word is the kernel's alone, until it stores the next
 * one without that flag.  There is no loop that user space could keep going.
 *
 * User space that breaks the rule breaks what the word says, and with it the
 * object for those who share it.  Nothing else here depends on the word: what
 * it says is looked up, never followed.
 */
#ifndef _KGIL_WORD_H
#define _KGIL_WORD_H

#include <linux/bitops.h>
#include <linux/compiler.h>

#include "object.h"

#define KGIL_WAITERS_BIT	63

static_assert(BIT_ULL(KGIL_WAITERS_BIT) == KGIL_WORD_WAITERS);

/* Under the object's lock: the word, the kernel's from now on. */
static inline u64 kgil_word_freeze(struct kgil_object *obj)
{
	lockdep_assert_held(&obj->lock);
	/*
	 * A full barrier.  Pairs with the compare-and-swap by which user space
	 * gives the object back.
	 */
	if (obj->shared)
		test_and_set_bit(KGIL_WAITERS_BIT,
				 (unsigned long *)&obj->page->word);
	return READ_ONCE(obj->page->word) & ~KGIL_WORD_WAITERS;
}

static inline u64 kgil_word_value(u64 word)
{
	return word & KGIL_WORD_VALUE;
}

/* Would an acquire not have to wait? */
static inline bool kgil_word_free(const struct kgil_object *obj, u64 word)
{
	return kgil_is_sem(obj) ? kgil_word_value(word) != 0 :
				  kgil_word_value(word) == 0;
}

/* Is it as nobody can have left it who keeps the rules? */
static inline bool kgil_word_nonsense(const struct kgil_object *obj, u64 word)
{
	return kgil_is_sem(obj) && kgil_word_value(word) > obj->max;
}

static inline bool kgil_word_all_free(const struct kgil_object *obj, u64 word)
{
	return kgil_is_sem(obj) ? kgil_word_value(word) == obj->max :
				  kgil_word_value(word) == 0;
}

/* How often the owner holds an rlock; the page may say anything. */
static inline u32 kgil_word_depth(const struct kgil_object *obj)
{
	return max_t(u32, READ_ONCE(obj->page->depth), 1);
}

bool kgil_is_watched(struct kgil_object *obj);

/* Does the kernel have to see what is done next to @word? */
static inline bool kgil_word_needs_call(struct kgil_object *obj, u64 word)
{
	if (unlikely(obj->watched) && kgil_is_watched(obj))
		return true;
	if (!obj->queue.length)
		return false;
	if (!kgil_is_barging(obj) || obj->queue.overdue)
		return true;
	/* Who tries for itself needs nobody; else a release wakes the next. */
	return !obj->queue.trying;
}

/* Let user space go on with @word. */
static inline void kgil_word_thaw(struct kgil_object *obj, u64 word)
{
	lockdep_assert_held(&obj->lock);
	if (kgil_word_needs_call(obj, word))
		word |= KGIL_WORD_WAITERS;
	/* Pairs with the compare-and-swap by which user space takes it. */
	smp_store_release(&obj->page->word, word);
}

/* Let the next release be a call, which hands over to the oldest waiter. */
static inline void kgil_word_hurry(struct kgil_object *obj)
{
	obj->queue.overdue = true;
	kgil_word_thaw(obj, kgil_word_freeze(obj));
}

#endif /* _KGIL_WORD_H */
