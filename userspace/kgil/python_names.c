// SPDX-License-Identifier: GPL-2.0
/*
 * The names of Python's threads: Python before 3.14 leaves them unknown to the kernel.
 * The module sitecustomize of the directory, which each Python imports when it begins,
 * tells them, and imports the machine's own sitecustomize after that.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "beside.h"
#include "python_names.h"

#define DIRECTORY "kgil-python"

/* Before what is there already. */
static void put_first(const char *directory)
{
	const char *old = getenv("PYTHONPATH");
	char *path;

	if (asprintf(&path, "%s%s%s", directory, old && *old ? ":" : "", old ? old : "") < 0)
		return;
	setenv("PYTHONPATH", path, 1);
	free(path);
}

/* Without the directory, or with one that can't be named there, nothing is lost but names. */
void python_names(void)
{
	char *directory = beside_find(DIRECTORY);

	if (directory && !strchr(directory, ':'))
		put_first(directory);
	free(directory);
}
