// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <kgil.h>

#include "trouble.h"

/* As the command's, for the same reason. */
#define STATUS_NO_DEVICE 3
#define STATUS_NO_PERMISSION 4

/* Standard error at the start: a program may close it and open a file there. */
static struct stat error_at_start;
static bool has_error;

__attribute__((constructor)) static void start(void)
{
	int saved = errno;

	has_error = !fstat(STDERR_FILENO, &error_at_start);
	errno = saved;
}

static bool is_there(void)
{
	struct stat now;

	return has_error && !fstat(STDERR_FILENO, &now) && now.st_dev == error_at_start.st_dev &&
	       now.st_ino == error_at_start.st_ino && now.st_rdev == error_at_start.st_rdev;
}

/* In one write, and with nothing that a signal handler must not call. */
static void say(const char *what, const char *why)
{
	const char *const parts[] = { "libkgil-preload: ", what, why, "\n" };
	struct iovec line[sizeof(parts) / sizeof(parts[0])];
	ssize_t ignored;

	if (!is_there())
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		line[i].iov_base = (char *)parts[i];
		line[i].iov_len = strlen(parts[i]);
	}
	ignored = writev(STDERR_FILENO, line, sizeof(line) / sizeof(line[0]));
	(void)ignored;
}

void trouble_tell(void)
{
	static bool told;
	int saved = errno;
	int err = kgil_lazy_trouble();

	if (!err || __atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		return;
	if (err == EBADF)
		say("the program closed the descriptor of a semaphore, which gets another.", "");
	else
		say("some semaphores wait without the module: ", kgil_strerror(err));
	errno = saved;
}

void trouble_end(int err)
{
	say("KGIL_REQUIRE is set: ", kgil_strerror(err));
	_exit(err == EACCES ? STATUS_NO_PERMISSION : STATUS_NO_DEVICE);
}
