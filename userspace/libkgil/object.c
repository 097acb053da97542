// SPDX-License-Identifier: LGPL-2.1-or-later
/* One thin call for each command of an object's descriptor. */
#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

#include "kgil.h"

#define NSEC_PER_SEC 1000000000ULL

int kgil_acquire(int fd)
{
	return ioctl(fd, KGIL_IOC_ACQUIRE, 0);
}

/* An acquire whose failure with @not_free is an answer, not an error. */
static int taken(int ret, int not_free)
{
	if (!ret)
		return 1;
	return errno == not_free ? 0 : -1;
}

int kgil_try_acquire(int fd)
{
	return taken(ioctl(fd, KGIL_IOC_TRY_ACQUIRE, 0), EAGAIN);
}

int kgil_acquire_until(int fd, uint64_t deadline_ns)
{
	struct kgil_until until = { .deadline_ns = deadline_ns };

	return taken(ioctl(fd, KGIL_IOC_ACQUIRE_UNTIL, &until), ETIMEDOUT);
}

int kgil_acquire_for(int fd, uint64_t timeout_ns)
{
	struct timespec ts;
	uint64_t now;

	if (clock_gettime(CLOCK_MONOTONIC, &ts))
		return -1;
	now = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	/* The latest deadline there is stands for every later one. */
	if (timeout_ns > INT64_MAX - now)
		timeout_ns = INT64_MAX - now;
	return kgil_acquire_until(fd, now + timeout_ns);
}

int kgil_release(int fd)
{
	return ioctl(fd, KGIL_IOC_RELEASE, 0);
}

int kgil_yield(int fd)
{
	return ioctl(fd, KGIL_IOC_YIELD, 0);
}

int kgil_set_interval(int fd, uint64_t interval_ns)
{
	__u64 value = interval_ns;

	return ioctl(fd, KGIL_IOC_SET_INTERVAL, &value);
}

int kgil_state(int fd, struct kgil_state *state)
{
	return ioctl(fd, KGIL_IOC_STATE, state);
}

int kgil_stats(int fd, struct kgil_stats *stats)
{
	return ioctl(fd, KGIL_IOC_STATS, stats);
}

static int ask_id(int fd, unsigned long command, uint64_t *id)
{
	__u64 value;
	int ret = ioctl(fd, command, &value);

	if (!ret)
		*id = value;
	return ret;
}

int kgil_attach(int fd, uint64_t *id)
{
	return ask_id(fd, KGIL_IOC_ATTACH, id);
}

int kgil_thread(int fd, uint64_t *id)
{
	return ask_id(fd, KGIL_IOC_THREAD, id);
}

int kgil_set_policy(int fd, uint32_t policy)
{
	__u32 value = policy;

	return ioctl(fd, KGIL_IOC_SET_POLICY, &value);
}

int kgil_set_handoff(int fd, uint64_t handoff_ns)
{
	__u64 value = handoff_ns;

	return ioctl(fd, KGIL_IOC_SET_HANDOFF, &value);
}
