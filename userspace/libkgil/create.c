// SPDX-License-Identifier: LGPL-2.1-or-later
/* New objects, of the backend that this process has. */
#include <errno.h>
#include <string.h>

#include "device.h"
#include "fallback.h"

int kgil_create(const struct kgil_create *create)
{
	switch (kgil_backend()) {
	case KGIL_BACKEND_MODULE:
		return device_create(create);
	case KGIL_BACKEND_FUTEX:
		return fallback_create(create);
	default:
		return -1;
	}
}

int kgil_open(const char *name, uint32_t flags, uint32_t mode, const struct kgil_create *create)
{
	struct kgil_open open = { .flags = flags, .mode = mode };

	if (!name) {
		errno = EFAULT;
		return -1;
	}
	if (strlen(name) >= sizeof(open.name)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(open.name, name, strlen(name));
	if (create)
		open.create = *create;
	switch (kgil_backend()) {
	case KGIL_BACKEND_MODULE:
		return device_open(&open);
	case KGIL_BACKEND_FUTEX:
		errno = ENOTSUP;
		return -1;
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
