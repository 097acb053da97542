// SPDX-License-Identifier: LGPL-2.1-or-later
/* One thin call for each command of an object's descriptor. */
#include <errno.h>

#include "command.h"

int kgil_acquire(int fd)
{
	return object_command(fd, KGIL_IOC_ACQUIRE, NULL);
}

int kgil_try_acquire(int fd)
{
	return command_taken(object_command(fd, KGIL_IOC_TRY_ACQUIRE, NULL), EAGAIN);
}

int kgil_acquire_until(int fd, uint64_t deadline_ns)
{
	struct kgil_until until = { .deadline_ns = deadline_ns };

	return command_taken(object_command(fd, KGIL_IOC_ACQUIRE_UNTIL, &until), ETIMEDOUT);
}

int kgil_acquire_for(int fd, uint64_t timeout_ns)
{
	uint64_t deadline_ns;

	if (command_deadline(timeout_ns, &deadline_ns))
		return -1;
	return kgil_acquire_until(fd, deadline_ns);
}

int kgil_release(int fd)
{
	return object_command(fd, KGIL_IOC_RELEASE, NULL);
}

int kgil_yield(int fd)
{
	return object_command(fd, KGIL_IOC_YIELD, NULL);
}

int kgil_set_interval(int fd, uint64_t interval_ns)
{
	__u64 value = interval_ns;

	return object_command(fd, KGIL_IOC_SET_INTERVAL, &value);
}

int kgil_state(int fd, struct kgil_state *state)
{
	return object_command(fd, KGIL_IOC_STATE, state);
}

int kgil_stats(int fd, struct kgil_stats *stats)
{
	return object_command(fd, KGIL_IOC_STATS, stats);
}

static int ask_id(int fd, unsigned long command, uint64_t *id)
{
	__u64 value;
	int ret = object_command(fd, command, &value);

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

	return object_command(fd, KGIL_IOC_SET_POLICY, &value);
}

int kgil_set_handoff(int fd, uint64_t handoff_ns)
{
	__u64 value = handoff_ns;

	return object_command(fd, KGIL_IOC_SET_HANDOFF, &value);
}
