// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is asked of /dev/kgil itself.
 *
 * The device is opened for each call and closed again: no descriptor is kept
 * that a fork, an exec or a daemon closing everything could take away.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fallback.h"

static int ask_device(unsigned long command, void *arg)
{
	int device = open(KGIL_DEVICE, O_RDWR | O_CLOEXEC);
	int ret, saved;

	if (device < 0)
		return -1;
	ret = ioctl(device, command, arg);
	saved = errno;
	close(device);
	errno = saved;
	return ret;
}

int kgil_query(struct kgil_query *query)
{
	return ask_device(KGIL_IOC_QUERY, query);
}

int kgil_create(const struct kgil_create *create)
{
	switch (kgil_backend()) {
	case KGIL_BACKEND_MODULE:
		return ask_device(KGIL_IOC_CREATE, (void *)create);
	case KGIL_BACKEND_FUTEX:
		return fallback_create(create);
	default:
		return -1;
	}
}

int kgil_create_gil(uint64_t interval_ns)
{
	return kgil_create(&(struct kgil_create){
		.type = KGIL_TYPE_GIL,
		.interval_ns = interval_ns,
	});
}

int kgil_create_sem(uint32_t count, uint32_t max)
{
	return kgil_create(&(struct kgil_create){
		.type = KGIL_TYPE_SEM,
		.count = count,
		.max = max,
	});
}

int kgil_create_lock(void)
{
	return kgil_create(&(struct kgil_create){ .type = KGIL_TYPE_LOCK });
}

int kgil_create_rlock(void)
{
	return kgil_create(&(struct kgil_create){ .type = KGIL_TYPE_RLOCK });
}
