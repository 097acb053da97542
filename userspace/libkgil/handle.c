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

#include "backend.h"
#include "fallback.h"
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
unsigned int fork_generation;

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

/* How much of an object a handle maps. */
static size_t map_size(const struct handle *handle)
{
	return handle->fallback ? FALLBACK_SIZE : (size_t)sysconf(_SC_PAGESIZE);
}

static void put_stand_in(struct handle *handle)
{
	struct kgil_page *place = handle->pub.page;

	/* A stand-in is inherited as all memory is. */
	if (handle->away)
		return;
	handle->away = true;
	place = mmap(place, map_size(handle), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
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

	fork_generation++;
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

int fork_watch(void)
{
	pthread_once(&once, register_handlers);
	if (!atfork_error)
		return 0;
	errno = atfork_error;
	return -1;
}

/* --------------------------------------------------------------- the page */

int handle_map(struct handle *handle)
{
	/* What is of the fallback has settled that by telling its state. */
	handle->fallback = backend_settle(KGIL_BACKEND_MODULE) == KGIL_BACKEND_FUTEX;
	if (!handle->fallback) {
		handle->pub.page = kgil_map_writable(handle->pub.fd);
		return handle->pub.page ? 0 : -1;
	}
	handle->pub.page = fallback_map(handle->pub.fd);
	if (handle->pub.page)
		return 0;
	/* It knew the command that told its state: so it is of the module. */
	if (errno == ENOTTY)
		errno = EXDEV;
	return -1;
}

void handle_unmap(const struct handle *handle)
{
	if (handle->pub.page != &no_page)
		munmap(handle->pub.page, map_size(handle));
}

/* Move the mapping of @mapped to where the stand-in is. */
static bool replace_stand_in(struct handle *handle, const struct handle *mapped)
{
	size_t size = map_size(handle);
	struct kgil_page *page = mapped->pub.page;

	if (handle->pub.page == &no_page) {
		__atomic_store_n(&handle->pub.page, page, __ATOMIC_RELEASE);
		return true;
	}
	if (mremap(page, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, handle->pub.page) !=
	    MAP_FAILED)
		return true;
	handle_unmap(mapped);
	return false;
}

/* Is there an object of the handle's backend behind its descriptor, still? */
static bool map_again(const struct handle *handle, struct handle *again)
{
	*again = *handle;
	if (handle_map(again))
		return false;
	if (again->fallback == handle->fallback)
		return true;
	handle_unmap(again);
	return false;
}

bool handle_come_back(struct handle *handle)
{
	struct handle again;
	sigset_t signals;
	bool back;

	lock_places(&signals);
	back = !handle->away;
	if (!back) {
		back = map_again(handle, &again) && replace_stand_in(handle, &again);
		__atomic_store_n(&handle->away, !back, __ATOMIC_RELEASE);
	}
	unlock_places(&signals);
	return back;
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

	if (fork_watch())
		return -1;
	handle->serial = handle_new_serial();
	handle->away = false;
	lock_places(&signals);
	/* Mapped and entered in one step, as a fork sees it. */
	ret = handle_map(handle);
	if (!ret)
		ret = enter(handle);
	err = errno;
	if (ret && handle->pub.page)
		handle_unmap(handle);
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
	handle_unmap(handle);
	unlock_places(&signals);
}
