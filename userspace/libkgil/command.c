// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

#include "command.h"
#include "fallback.h"

#define NSEC_PER_SEC 1000000000ULL

/* The descriptor itself tells whose it is: no other file knows these commands. */
int object_command(int fd, unsigned long command, void *arg)
{
	int saved = errno;
	int ret = ioctl(fd, command, arg);

	if (!ret || errno != ENOTTY)
		return ret;
	errno = saved;
	return fallback_command(fd, command, arg);
}

int handle_command(const struct handle *handle, unsigned long command, void *arg)
{
	/* Before the page is looked at, which a fork takes away. */
	unsigned int generation = fork_generation;
	int saved = errno;
	int ret;

	if (!handle->fallback)
		return ioctl(handle->pub.fd, command, arg);
	if (!__atomic_load_n(&handle->away, __ATOMIC_ACQUIRE)) {
		ret = fallback_run(handle->pub.page, generation, command, arg);
		if (!ret || errno != FALLBACK_FORKED)
			return ret;
	}
	errno = saved;
	return object_command(handle->pub.fd, command, arg);
}

int command_taken(int ret, int not_free)
{
	if (!ret)
		return 1;
	return errno == not_free ? 0 : -1;
}

int handle_acquire_until(const struct handle *handle, uint64_t deadline_ns)
{
	struct kgil_until until = { .deadline_ns = deadline_ns };

	return command_taken(handle_command(handle, KGIL_IOC_ACQUIRE_UNTIL, &until), ETIMEDOUT);
}

int command_deadline(uint64_t timeout_ns, uint64_t *deadline_ns)
{
	struct timespec ts;
	uint64_t now;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		return -1;
	now = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	/* The latest deadline there is stands for every later one. */
	*deadline_ns = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
	return 0;
}
