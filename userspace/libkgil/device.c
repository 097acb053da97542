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

#include "device.h"

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

int device_create(const struct kgil_create *create)
{
	return ask_device(KGIL_IOC_CREATE, (void *)create);
}

int device_open(const struct kgil_open *open)
{
	return ask_device(KGIL_IOC_OPEN, (void *)open);
}
