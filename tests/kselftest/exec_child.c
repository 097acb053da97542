// SPDX-License-Identifier: GPL-2.0
/*
 * What death.c turns a process into:
 *   exec_child pause		lives on, with nothing open
 *   exec_child mine FD		succeeds if its thread owns the object, and releases it
 *   exec_child other FD	succeeds if its thread doesn't own the object
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kgil.h>

static int fail(const char *what)
{
	fprintf(stderr, "# exec_child: %s (errno %d)\n", what, errno);
	return EXIT_FAILURE;
}

static int mine(int fd, const struct kgil_state *state)
{
	__u64 id;

	if (!(state->flags & KGIL_STATE_MINE))
		return fail("not the owner any more");
	if (state->owner_pid != (__u32)getpid() || state->owner_tid != (__u32)gettid())
		return fail("the owner has another pid or tid");
	if (ioctl(fd, KGIL_IOC_ATTACH, &id) || id != state->owner)
		return fail("the owner has another id");
	if (ioctl(fd, KGIL_IOC_RELEASE, 0))
		return fail("cannot release");
	return EXIT_SUCCESS;
}

static int other(int fd, const struct kgil_state *state)
{
	if (state->flags & KGIL_STATE_MINE)
		return fail("the owner");
	if (ioctl(fd, KGIL_IOC_RELEASE, 0) == 0 || errno != EPERM)
		return fail("could release");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct kgil_state state;
	int fd;

	if (argc == 2 && strcmp(argv[1], "pause") == 0)
		for (;;)
			pause();
	if (argc != 3)
		return fail("called by death only");
	fd = atoi(argv[2]);
	if (ioctl(fd, KGIL_IOC_STATE, &state))
		return fail("no such object");
	return strcmp(argv[1], "mine") == 0 ? mine(fd, &state) : other(fd, &state);
}
