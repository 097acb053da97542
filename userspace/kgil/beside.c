// SPDX-License-Identifier: GPL-2.0
/* What the command needs and is installed with it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beside.h"

/* "@directory/@where@name", to be freed; NULL: there is none. */
static char *in_directory(const char *directory, const char *where, const char *name)
{
	char *file;

	if (asprintf(&file, "%s/%s%s", directory, where, name) < 0)
		return NULL;
	if (!access(file, R_OK))
		return file;
	free(file);
	return NULL;
}

char *beside_find(const char *name)
{
	char self[4096], *slash, *file = NULL;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self));

	if (len >= 0 && len < (ssize_t)sizeof(self)) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			file = in_directory(self, "", name);
			if (!file)
				file = in_directory(self, "../lib/", name);
		}
	}
	return file ? file : in_directory(BESIDE_LIBDIR, "", name);
}
