// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <lua.h>

void lua_kgil_trouble(struct kgil *gil, const char *what)
{
	int err = errno;

	/* A thread that uses the state for the first time. */
	if (err == ENOENT && !kgil_gil_attach(gil) && !kgil_gil_acquire(gil))
		return;
	/* Whoever died with the lock left the state in the middle of something. */
	fprintf(stderr, "%s: %s\n", what, kgil_strerror(err));
	abort();
}
