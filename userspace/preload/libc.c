// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libc.h"

static struct libc functions;
static bool found;

static void find(const char *name, void *function)
{
	static const char text[] = "libkgil-preload: the C library has no POSIX semaphores\n";
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol) {
		if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
			abort();
		abort();
	}
	memcpy(function, &symbol, sizeof(symbol));
}

/* Several threads may do it at the same time, and find the same. */
static void find_all(void)
{
	find("sem_init", &functions.init);
	find("sem_destroy", &functions.destroy);
	find("sem_wait", &functions.wait);
	find("sem_trywait", &functions.trywait);
	find("sem_timedwait", &functions.timedwait);
	find("sem_clockwait", &functions.clockwait);
	find("sem_post", &functions.post);
	find("sem_getvalue", &functions.getvalue);
	__atomic_store_n(&found, true, __ATOMIC_RELEASE);
}

/*
 * Looking for them is not safe in a signal handler, so it is done at the start;
 * but other libraries may start, and use semaphores, before this one.
 */
__attribute__((constructor)) static void start(void)
{
	find_all();
}

const struct libc *libc(void)
{
	if (!__atomic_load_n(&found, __ATOMIC_ACQUIRE))
		find_all();
	return &functions;
}
