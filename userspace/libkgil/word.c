// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Objects that are taken by their word.  The fast paths are in take.h.  What
 * they can't do goes to a slow path, which first gets ready what may be missing
 * (the page in a child of fork, the thread's id), tries once more, and then
 * makes the call of the same meaning.
 */
#include <errno.h>
#include <stdlib.h>

#include "command.h"
#include "word.h"

struct kgil_word *kgil_word_open(int fd)
{
	struct kgil_word *word;
	struct kgil_state state;

	if (kgil_state(fd, &state))
		return NULL;
	word = calloc(1, sizeof(*word));
	if (!word)
		return NULL;
	word->handle.pub.fd = fd;
	word->type = state.type;
	word->max = state.max;
	word->by_id = state.type == KGIL_TYPE_GIL || state.type == KGIL_TYPE_LOCK;
	if (!handle_add(&word->handle))
		return word;
	free(word);
	return NULL;
}

void kgil_word_close(struct kgil_word *word)
{
	if (!word)
		return;
	handle_remove(&word->handle);
	free(word);
}

/* In an order that keeps each of them short. */
static always_inline bool take(struct kgil_word *word)
{
	struct kgil_page *page = word->handle.pub.page;

	if (word->type == KGIL_TYPE_SEM)
		return sem_take(page, word->max);
	if (word->type == KGIL_TYPE_LOCK)
		return lock_take(page);
	if (word->type == KGIL_TYPE_GIL)
		return owned_take(&word->handle);
	return rlock_take(&word->handle, word->max);
}

static always_inline bool give(struct kgil_word *word)
{
	struct kgil_page *page = word->handle.pub.page;

	if (likely(word->by_id))
		return own_give(page);
	if (word->type == KGIL_TYPE_SEM)
		return sem_give(page, word->max);
	return rlock_give(page);
}

/* Is there a page again that was missing? */
static bool get_page(struct kgil_word *word)
{
	return __atomic_load_n(&word->handle.away, __ATOMIC_ACQUIRE) &&
	       handle_come_back(&word->handle);
}

/* Is the thread known now, and was not before? */
static bool get_id(struct kgil_word *word)
{
	const struct handle *handle = &word->handle;

	switch (word->type) {
	case KGIL_TYPE_LOCK:
		return !kgil_self.id && !attachment_id(handle->pub.fd);
	case KGIL_TYPE_SEM:
		return false;
	default:
		return !attachment_find(handle->slot, handle->serial) &&
		       !attachment_add(handle->pub.fd, handle->slot, handle->serial);
	}
}

/* The first time in a thread, or after a fork.  Leaves errno as it is. */
static slow bool take_at_last(struct kgil_word *word)
{
	int saved = errno;
	bool got_page = get_page(word);
	bool got_id = get_id(word);

	errno = saved;
	return (got_page || got_id) && take(word);
}

/* After a fork, or a lock that another thread took.  Leaves errno as it is. */
static slow bool give_at_last(struct kgil_word *word)
{
	int saved = errno;
	bool got_page = get_page(word);

	errno = saved;
	if (word->type == KGIL_TYPE_LOCK)
		return others_lock_give(word->handle.pub.page);
	return got_page && give(word);
}

static slow int acquire_slowly(struct kgil_word *word)
{
	return take_at_last(word) ? 0 : handle_command(&word->handle, KGIL_IOC_ACQUIRE, NULL);
}

static slow int try_slowly(struct kgil_word *word)
{
	if (take_at_last(word))
		return 1;
	return command_taken(handle_command(&word->handle, KGIL_IOC_TRY_ACQUIRE, NULL), EAGAIN);
}

static slow int acquire_until_slowly(struct kgil_word *word, uint64_t deadline_ns)
{
	/* The kernel says what is wrong with a deadline that is no time. */
	if (deadline_ns <= INT64_MAX && take_at_last(word))
		return 1;
	return handle_acquire_until(&word->handle, deadline_ns);
}

static slow int acquire_for_slowly(struct kgil_word *word, uint64_t timeout_ns)
{
	uint64_t deadline_ns;

	if (take_at_last(word))
		return 1;
	if (command_deadline(timeout_ns, &deadline_ns))
		return -1;
	return handle_acquire_until(&word->handle, deadline_ns);
}

static slow int release_slowly(struct kgil_word *word)
{
	return give_at_last(word) ? 0 : handle_command(&word->handle, KGIL_IOC_RELEASE, NULL);
}

int kgil_word_acquire(struct kgil_word *word)
{
	return likely(take(word)) ? 0 : acquire_slowly(word);
}

int kgil_word_try_acquire(struct kgil_word *word)
{
	return likely(take(word)) ? 1 : try_slowly(word);
}

int kgil_word_acquire_until(struct kgil_word *word, uint64_t deadline_ns)
{
	return likely(deadline_ns <= INT64_MAX && take(word)) ?
		       1 :
		       acquire_until_slowly(word, deadline_ns);
}

int kgil_word_acquire_for(struct kgil_word *word, uint64_t timeout_ns)
{
	return likely(take(word)) ? 1 : acquire_for_slowly(word, timeout_ns);
}

int kgil_word_release(struct kgil_word *word)
{
	return likely(give(word)) ? 0 : release_slowly(word);
}

int kgil_word_yield(struct kgil_word *word)
{
	if (word->type == KGIL_TYPE_GIL && gil_keep(word->handle.pub.page))
		return 0;
	return handle_command(&word->handle, KGIL_IOC_YIELD, NULL);
}

bool kgil_word_drop_requested(const struct kgil_word *word)
{
	return __atomic_load_n(&word->handle.pub.page->drop_request, __ATOMIC_RELAXED);
}
