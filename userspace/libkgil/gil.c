// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A GIL as an interpreter uses it.  While it is free and nobody waits, it is
 * taken and given by its word, see take.h; else by the calls.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "gil.h"

struct kgil *kgil_gil_new(uint64_t interval_ns)
{
	struct handle *handle = calloc(1, sizeof(*handle));
	int saved;

	if (!handle)
		return NULL;
	handle->pub.fd = kgil_create_gil(interval_ns);
	if (handle->pub.fd < 0)
		goto err_free;
	if (handle_add(handle))
		goto err_close;
	return &handle->pub;

err_close:
	saved = errno;
	close(handle->pub.fd);
	errno = saved;
err_free:
	free(handle);
	return NULL;
}

void kgil_gil_free(struct kgil *gil)
{
	struct handle *handle = to_handle(gil);

	if (!gil)
		return;
	handle_remove(handle);
	close(gil->fd);
	free(handle);
}

/* The child of a fork has its parent's GIL at first; false and EINVAL then. */
static bool is_own(const struct kgil *gil)
{
	if (to_handle(gil)->away)
		errno = EINVAL;
	return !to_handle(gil)->away;
}

/* Is the calling thread attached?  False and ENOENT if not. */
static bool is_attached(const struct kgil *gil)
{
	const struct handle *handle = to_handle(gil);

	if (attachment_find(handle->slot, handle->serial))
		return true;
	errno = ENOENT;
	return false;
}

int kgil_gil_attach(struct kgil *gil)
{
	const struct handle *handle = to_handle(gil);

	if (!is_own(gil))
		return -1;
	if (attachment_find(handle->slot, handle->serial)) {
		errno = EEXIST;
		return -1;
	}
	return attachment_add(gil->fd, handle->slot, handle->serial);
}

int kgil_gil_detach(struct kgil *gil)
{
	const struct handle *handle = to_handle(gil);

	if (!is_attached(gil))
		return -1;
	if (handle_owned(handle)) {
		errno = EBUSY;
		return -1;
	}
	attachment_remove(handle->slot, handle->serial);
	return 0;
}

/* Acquire it, whatever signals come; keeps errno if it succeeds. */
static int gil_wait(const struct kgil *gil)
{
	int saved = errno;

	while (handle_command(to_handle(gil), KGIL_IOC_ACQUIRE, NULL))
		if (errno != EINTR)
			return -1;
	errno = saved;
	return 0;
}

static slow int acquire_slowly(struct kgil *gil)
{
	return is_attached(gil) ? gil_wait(gil) : -1;
}

static slow int release_slowly(struct kgil *gil)
{
	int saved = errno;

	if (!is_attached(gil) || handle_command(to_handle(gil), KGIL_IOC_RELEASE, NULL))
		return -1;
	errno = saved;
	return 0;
}

int kgil_gil_acquire(struct kgil *gil)
{
	return likely(owned_take(to_handle(gil))) ? 0 : acquire_slowly(gil);
}

/* Who is not attached is not the owner by the word either. */
int kgil_gil_release(struct kgil *gil)
{
	return likely(own_give(gil->page)) ? 0 : release_slowly(gil);
}

bool kgil_gil_held(const struct kgil *gil)
{
	return handle_owned(to_handle(gil));
}

static slow int switch_slowly(struct kgil *gil)
{
	int saved = errno;

	if (!is_attached(gil))
		return -1;
	if (!handle_command(to_handle(gil), KGIL_IOC_YIELD, NULL))
		return 0;
	if (errno != EINTR)
		return -1;
	/* A yield that a signal ends has given the lock up. */
	errno = saved;
	return gil_wait(gil);
}

int kgil_gil_switch(struct kgil *gil)
{
	return gil_keep(gil->page) ? 0 : switch_slowly(gil);
}

int kgil_gil_begin_blocking(struct kgil *gil)
{
	return kgil_gil_release(gil);
}

int kgil_gil_end_blocking(struct kgil *gil)
{
	return kgil_gil_acquire(gil);
}

int kgil_gil_set_interval(struct kgil *gil, uint64_t interval_ns)
{
	return is_own(gil) ? kgil_set_interval(gil->fd, interval_ns) : -1;
}

int kgil_gil_set_policy(struct kgil *gil, uint32_t policy)
{
	return is_own(gil) ? kgil_set_policy(gil->fd, policy) : -1;
}
