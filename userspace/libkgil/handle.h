/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KGIL_HANDLE_H
#define KGIL_HANDLE_H

#include <signal.h>
#include <stddef.h>

#include "attachment.h"
#include "kgil.h"

/**
 * struct handle - an object of which this process has mapped the page, to write
 * @pub: page and descriptor, as the user of a struct kgil sees them
 * @serial: number of this handle in this process, never used again
 * @slot: its place in the tables of the threads, see attachment.h
 * @fallback: the object is of the fallback
 * @away: atomic; the process is a child of fork, and the page a stand-in
 * @held_at_fork: the thread that forks owned it then
 */
struct handle {
	struct kgil pub;
	uint64_t serial;
	uint32_t slot;
	bool fallback;
	bool away;
	bool held_at_fork;
};

/* A serial that no handle has had. */
uint64_t handle_new_serial(void);
/* Map @pub.fd and enter it; -1 with errno set. */
int handle_add(struct handle *handle);
/* The reverse, for the calling thread's attachment too. */
void handle_remove(struct handle *handle);
/*
 * In a child of fork: map the page of the parent's object in place of the
 * stand-in.  Is it the object's now, or was it already?
 */
bool handle_come_back(struct handle *handle);
/*
 * Map @pub.fd, and find out whether it is of the fallback; -1 with errno set:
 * EXDEV if it is of another backend than this process has.
 */
int handle_map(struct handle *handle);
/* Unmap the page, or what stands in for it. */
void handle_unmap(const struct handle *handle);

/* How many forks there are between this process and the one that it began as. */
extern unsigned int fork_generation __attribute__((visibility("hidden")));
/* Keep that up to date, from now on; -1 with errno set. */
int fork_watch(void);

/* No signal handler, and so no fork in one, comes in between. */
void signals_hold(sigset_t *saved);
void signals_let(const sigset_t *saved);

/* The count, or the owner's id. */
static inline uint64_t page_value(const struct kgil_page *page)
{
	return __atomic_load_n(&page->word, __ATOMIC_RELAXED) & KGIL_WORD_VALUE;
}

/*
 * Does the calling thread own the gil or rlock of @handle?  Only the thread
 * itself makes this true or false, so that no order is needed.
 */
static inline bool handle_owned(const struct handle *handle)
{
	return attachment_find(handle->slot, handle->serial) &&
	       page_value(handle->pub.page) == kgil_self.id;
}

#endif /* KGIL_HANDLE_H */
