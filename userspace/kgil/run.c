// SPDX-License-Identifier: GPL-2.0
/*
 * kgil run: a program whose POSIX semaphores are the module's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kgil.h>

#include "beside.h"
#include "cmd.h"
#include "err.h"
#include "opt.h"

#define LIBRARY "libkgil-preload.so"
/* As the shell says it, and env(1). */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

static const char *library;

static const struct opt opts[] = {
	{ "library", 'l', OPT_TEXT, &library, .arg = "FILE",
	  .help = "The library to load first. Default: " LIBRARY " beside this\n"
		  "command, or where it was installed." },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "run",
	.operands = "COMMAND",
	.about = "Run COMMAND, with its arguments, so that its POSIX semaphores are the module's.\n"
		 "Python's threading.Lock is such a semaphore. One that threads had to wait for\n"
		 "is shown by 'kgil ls'. What COMMAND starts runs so, too.",
	.opts = opts,
	.more = "A program that is statically linked, or that runs with more rights than its\n"
		"user, is not affected.\n"
		"Exit status: that of COMMAND; 126 if it can't be run, 127 if there is none.\n",
	.operands_min = 1,
	.operands_max = INT_MAX,
	.program = true,
};

/* The library, with its path from the root; NULL after one line. */
static char *choose_library(void)
{
	char *file;

	if (!library) {
		file = beside_find(LIBRARY);
		if (!file)
			err_failed(LIBRARY " is not beside this command, nor in " BESIDE_LIBDIR
					   "; name it with --library");
		return file;
	}
	file = realpath(library, NULL);
	if (file && !access(file, R_OK))
		return file;
	err_failed("--library: %s: %s", library, strerror(errno));
	free(file);
	return NULL;
}

/* Put it before what is to be loaded first anyway. */
static int preload(const char *file)
{
	const char *old = getenv("LD_PRELOAD");
	char *new;

	if (strpbrk(file, ": "))
		return err_failed("%s: the path of a library to load first must not have a space "
				  "or a colon in it",
				  file);
	if (asprintf(&new, "%s%s%s", file, old && *old ? ":" : "", old ? old : "") < 0 ||
	    setenv("LD_PRELOAD", new, 1))
		return err_failed("%s", strerror(errno));
	free(new);
	return STATUS_OK;
}

int cmd_run(int argc, char **argv)
{
	struct kgil_query query;
	int first = opt_parse(&spec, argc, argv);
	char *file;
	int status;

	if (kgil_query(&query))
		return err_device(errno, "ask the module");
	file = choose_library();
	if (!file)
		return STATUS_FAILED;
	status = preload(file);
	free(file);
	if (status)
		return status;
	execvp(argv[first], argv + first);
	status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	err_print("%s: %s", argv[first], strerror(errno));
	return status;
}
