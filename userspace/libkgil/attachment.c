// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The GILs that a thread is attached to: a list of the thread's own, so that no
 * lock is needed.  A thread is rarely attached to more than one, so that
 * finding it is one load and a comparison.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "attachment.h"

static __thread struct attachment *attachments;

/* The key exists only for its destructor: it frees what a thread forgot. */
static pthread_key_t thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int key_error;

static void free_attachments(void *unused)
{
	(void)unused;
	while (attachments)
		attachment_remove(attachments->serial);
}

static void make_key(void)
{
	key_error = pthread_key_create(&thread_end, free_attachments);
}

struct attachment *attachment_find(uint64_t serial)
{
	struct attachment *at = attachments;

	while (at && at->serial != serial)
		at = at->next;
	return at;
}

struct attachment *attachment_add(uint64_t serial, uint64_t id)
{
	struct attachment *at;
	int err;

	pthread_once(&once, make_key);
	/* Any value but NULL makes the destructor run. */
	err = key_error ? key_error : pthread_setspecific(thread_end, &attachments);
	if (err) {
		errno = err;
		return NULL;
	}
	at = malloc(sizeof(*at));
	if (!at)
		return NULL;
	at->serial = serial;
	at->id = id;
	at->next = attachments;
	attachments = at;
	return at;
}

void attachment_remove(uint64_t serial)
{
	struct attachment **link = &attachments;
	struct attachment *at;

	while (*link && (*link)->serial != serial)
		link = &(*link)->next;
	at = *link;
	if (!at)
		return;
	*link = at->next;
	free(at);
}
