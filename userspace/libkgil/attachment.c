// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The handles that a thread is attached to: a table of the thread's own, so
 * that no lock is needed and finding one takes the same few loads however many
 * there are.  A slot is used again when its handle is gone, a serial never, so
 * that an entry that was left behind is not mistaken for another's.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"

#define MIN_SLOTS 16U

__thread struct self kgil_self __attribute__((tls_model("initial-exec")));

/* The key exists only for its destructor: it frees what a thread forgot. */
static pthread_key_t thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int key_error;

static void free_table(void)
{
	uint64_t *table = kgil_self.attached;

	kgil_self.slots = 0;
	kgil_self.used = 0;
	kgil_self.attached = NULL;
	free(table);
}

static void end_thread(void *unused)
{
	sigset_t signals;

	(void)unused;
	signals_hold(&signals);
	free_table();
	signals_let(&signals);
}

static void make_key(void)
{
	key_error = pthread_key_create(&thread_end, end_thread);
}

/* Make room for @slot. */
static int grow(uint32_t slot)
{
	uint32_t slots = kgil_self.slots ? kgil_self.slots : MIN_SLOTS;
	uint64_t *table, *old = kgil_self.attached;

	while (slots <= slot)
		slots *= 2;
	table = calloc(slots, sizeof(*table));
	if (!table)
		return -1;
	if (old)
		memcpy(table, old, kgil_self.slots * sizeof(*table));
	kgil_self.attached = table;
	kgil_self.slots = slots;
	free(old);
	return 0;
}

static int add(uint32_t slot, uint64_t serial)
{
	int err;

	pthread_once(&once, make_key);
	/* Any value but NULL makes the destructor run. */
	err = key_error ? key_error : pthread_setspecific(thread_end, &kgil_self);
	if (err) {
		errno = err;
		return -1;
	}
	if (slot >= kgil_self.slots && grow(slot))
		return -1;
	kgil_self.used += !kgil_self.attached[slot];
	kgil_self.attached[slot] = serial;
	return 0;
}

int attachment_add(int fd, uint32_t slot, uint64_t serial)
{
	sigset_t signals;
	uint64_t id;
	int ret;

	/* A fork in between would leave the child with its parent's id. */
	signals_hold(&signals);
	ret = kgil_attach(fd, &id);
	if (!ret) {
		kgil_self.id = id;
		ret = add(slot, serial);
	}
	signals_let(&signals);
	return ret;
}

int attachment_id(int fd)
{
	sigset_t signals;
	uint64_t id;
	int ret;

	signals_hold(&signals);
	ret = kgil_thread(fd, &id);
	if (!ret)
		kgil_self.id = id;
	signals_let(&signals);
	return ret;
}

void attachment_remove(uint32_t slot, uint64_t serial)
{
	sigset_t signals;

	if (!attachment_find(slot, serial))
		return;
	signals_hold(&signals);
	kgil_self.attached[slot] = 0;
	if (!--kgil_self.used)
		free_table();
	signals_let(&signals);
}

void attachment_forget_all(void)
{
	/* The table stays: a signal handler may have forked while it was read. */
	if (kgil_self.attached)
		memset(kgil_self.attached, 0, kgil_self.slots * sizeof(*kgil_self.attached));
	kgil_self.used = 0;
	kgil_self.id = 0;
}
