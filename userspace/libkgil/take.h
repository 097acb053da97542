/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking and giving an object by its word, as struct kgil_page says.  Each
 * function is true if it did; if not, it changed nothing, and the next step is
 * a call to the kernel, which knows why not.
 *
 * All are inlined where they are used: a call would cost more than they do.
 */
#ifndef KGIL_TAKE_H
#define KGIL_TAKE_H

#include "handle.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define always_inline inline __attribute__((always_inline))
/* The slow path: out of the way of the fast one, which has no stack frame. */
#define slow __attribute__((noinline, cold))

/* From @from to @to, with acquire order. */
static always_inline bool word_take(struct kgil_page *page, __u64 from, __u64 to)
{
	return __atomic_compare_exchange_n(&page->word, &from, to, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* From @from to @to, with release order. */
static always_inline bool word_give(struct kgil_page *page, __u64 from, __u64 to)
{
	return __atomic_compare_exchange_n(&page->word, &from, to, false, __ATOMIC_RELEASE,
					   __ATOMIC_RELAXED);
}

static always_inline bool lock_take(struct kgil_page *page)
{
	uint64_t id = kgil_self.id;

	if (unlikely(!id) || unlikely(!word_take(page, 0, id)))
		return false;
	page->acquisitions++;
	return true;
}

/* A gil or lock that the calling thread took. */
static always_inline bool own_give(struct kgil_page *page)
{
	uint64_t id = kgil_self.id;

	return likely(id) && likely(word_give(page, id, 0));
}

/* A lock that another thread took. */
static always_inline bool others_lock_give(struct kgil_page *page)
{
	__u64 word = __atomic_load_n(&page->word, __ATOMIC_RELAXED);

	return word && !(word & KGIL_WORD_FLAGS) && word_give(page, word, 0);
}

static always_inline bool sem_take(struct kgil_page *page, uint64_t max)
{
	__u64 word = __atomic_load_n(&page->word, __ATOMIC_RELAXED);

	/* Who fails does so because another succeeded. */
	do {
		/* 0 becomes, and a flag is, greater than any maximum. */
		if (unlikely(word - 1 >= max))
			return false;
	} while (unlikely(!__atomic_compare_exchange_n(&page->word, &word, word - 1, false,
						       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)));
	__atomic_fetch_add(&page->acquisitions, 1, __ATOMIC_RELAXED);
	return true;
}

static always_inline bool sem_give(struct kgil_page *page, uint64_t max)
{
	__u64 word = __atomic_load_n(&page->word, __ATOMIC_RELAXED);

	do {
		if (unlikely(word >= max))
			return false;
	} while (unlikely(!__atomic_compare_exchange_n(&page->word, &word, word + 1, false,
						       __ATOMIC_RELEASE, __ATOMIC_RELAXED)));
	return true;
}

/* gil, rlock: the thread must be attached. */
static always_inline bool owned_take(const struct handle *handle)
{
	struct kgil_page *page = handle->pub.page;
	uint64_t id = kgil_self.id;

	if (unlikely(!attachment_find(handle->slot, handle->serial)) ||
	    unlikely(!word_take(page, 0, id)))
		return false;
	page->acquisitions++;
	if (unlikely(page->last != id)) {
		page->switches++;
		page->last = id;
	}
	return true;
}

/* A gil that its owner was not asked to drop, and for which nobody waits. */
static always_inline bool gil_keep(const struct kgil_page *page)
{
	uint64_t id = kgil_self.id;

	return id && __atomic_load_n(&page->word, __ATOMIC_RELAXED) == id &&
	       !__atomic_load_n(&page->drop_request, __ATOMIC_RELAXED);
}

static always_inline bool rlock_take(const struct handle *handle, uint64_t max)
{
	struct kgil_page *page = handle->pub.page;

	if (likely(owned_take(handle))) {
		page->depth = 1;
		return true;
	}
	if (!handle_owned(handle) || page->depth >= max)
		return false;
	page->depth++;
	return true;
}

static always_inline bool rlock_give(struct kgil_page *page)
{
	__u64 word = __atomic_load_n(&page->word, __ATOMIC_RELAXED);
	uint64_t id = kgil_self.id;

	if (unlikely((word & KGIL_WORD_VALUE) != id) || unlikely(!id))
		return false;
	if (page->depth > 1) {
		page->depth--;
		return true;
	}
	if (unlikely(word != id))
		return false;
	page->depth = 0;
	if (likely(word_give(page, id, 0)))
		return true;
	/* A waiter came just now. */
	page->depth = 1;
	return false;
}

#endif /* KGIL_TAKE_H */
