// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The handles of this process, and fork.
 *
 * A child inherits the descriptors, but not the mappings, and owns nothing.  So
 * in the child, before fork() returns there, a page of its own is put where the
 * object's was: nobody asks for anything in it, and its word has
 * KGIL_WORD_WAITERS, so that no take or give succeeds there, not even one that a
 * signal handler interrupted to fork.  That is found out on the slow path,
 * which puts the object's page back, at the same address.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"

/* A place in the table: a handle, or the next place that is free. */
struct place {
	struct handle *handle;
	uint32_t next_free;
};

/* Protects what follows and, while a thread forks, each handle's held_at_fork. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct place *places;
static uint32_t n_places, n_handles, first_free;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int atfork_error;

/* Where a child has no memory for a page of its own. */
static struct kgil_page no_page = { .word = KGIL_WORD_WAITERS };

void signals_hold(sigset_t *saved)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, saved);
}

void signals_let(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

static void lock_places(sigset_t *saved)
{
	signals_hold(saved);
	pthread_mutex_lock(&mutex);
}

static void unlock_places(const sigset_t *saved)
{
	pthread_mutex_unlock(&mutex);
	signals_let(saved);
}

uint64_t handle_new_serial(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------- fork */

static void before_fork(void)
{
	pthread_mutex_lock(&mutex);
	for (uint32_t i = 0; i < n_places; i++) {
		struct handle *handle = places[i].handle;

		/* A child that forks before it has a GIL of its own passes this on. */
		if (handle && !handle->away)
			handle->held_at_fork = handle_owned(handle);
	}
}

static void after_fork_parent(void)
{
	pthread_mutex_unlock(&mutex);
}

static void put_stand_in(struct handle *handle)
{
	struct kgil_page *place = handle->pub.page;

	/* A stand-in is inherited as all memory is. */
	if (handle->away)
		return;
	handle->away = true;
	place = mmap(place, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (place == MAP_FAILED) {
		handle->pub.page = &no_page;
		return;
	}
	place->word = KGIL_WORD_WAITERS;
	/* A kernel before 4.17 takes the address for a wish. */
	handle->pub.page = place;
}

static void after_fork_child(void)
{
	int saved = errno;

	attachment_forget_all();
	for (uint32_t i = 0; i < n_places; i++)
		if (places[i].handle)
			put_stand_in(places[i].handle);
	pthread_mutex_unlock(&mutex);
	errno = saved;
}

static void register_handlers(void)
{
	atfork_error = pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

/* Move the mapping @page to where the stand-in is. */
static bool replace_stand_in(struct handle *handle, struct kgil_page *page)
{
	size_t size = sysconf(_SC_PAGESIZE);

	if (handle->pub.page == &no_page) {
		__atomic_store_n(&handle->pub.page, page, __ATOMIC_RELEASE);
		return true;
	}
	if (mremap(page, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, handle->pub.page) !=
	    MAP_FAILED)
		return true;
	munmap(page, size);
	return false;
}

bool handle_come_back(struct handle *handle)
{
	struct kgil_page *page;
	sigset_t signals;
	bool back;

	lock_places(&signals);
	back = !handle->away;
	if (!back) {
		page = kgil_map_writable(handle->pub.fd);
		back = page && replace_stand_in(handle, page);
		__atomic_store_n(&handle->away, !back, __ATOMIC_RELEASE);
	}
	unlock_places(&signals);
	return back;
}

void handle_unmap(struct kgil_page *page)
{
	if (page != &no_page)
		kgil_unmap(page);
}

/* -------------------------------------------------------------- the table */

/* Twice as many places; all new ones are free. */
static int grow(void)
{
	uint32_t n = n_places ? 2 * n_places : 16;
	struct place *table = calloc(n, sizeof(*table));

	if (!table)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		table[i].next_free = i + 1;
		if (i < n_places)
			table[i] = places[i];
	}
	free(places);
	places = table;
	n_places = n;
	return 0;
}

static int enter(struct handle *handle)
{
	/* first_free is n_places if there is none. */
	if (first_free == n_places && grow())
		return -1;
	handle->slot = first_free;
	first_free = places[handle->slot].next_free;
	places[handle->slot].handle = handle;
	n_handles++;
	return 0;
}

static void leave(struct handle *handle)
{
	places[handle->slot].handle = NULL;
	places[handle->slot].next_free = first_free;
	first_free = handle->slot;
	if (--n_handles)
		return;
	free(places);
	places = NULL;
	n_places = 0;
	first_free = 0;
}

int handle_add(struct handle *handle)
{
	sigset_t signals;
	int ret, err;

	pthread_once(&once, register_handlers);
	if (atfork_error) {
		errno = atfork_error;
		return -1;
	}
	handle->serial = handle_new_serial();
	handle->away = false;
	lock_places(&signals);
	/* Mapped and entered in one step, as a fork sees it. */
	handle->pub.page = kgil_map_writable(handle->pub.fd);
	ret = handle->pub.page ? enter(handle) : -1;
	err = errno;
	if (ret && handle->pub.page)
		kgil_unmap(handle->pub.page);
	unlock_places(&signals);
	errno = err;
	return ret;
}

void handle_remove(struct handle *handle)
{
	sigset_t signals;

	attachment_remove(handle->slot, handle->serial);
	lock_places(&signals);
	leave(handle);
	handle_unmap(handle->pub.page);
	unlock_places(&signals);
}
