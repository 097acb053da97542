// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A GIL in the child of a fork.  What the child has until it calls
 * kgil_gil_after_fork_child() is told in handle.c.
 */
#include <errno.h>
#include <unistd.h>

#include "gil.h"

/* A GIL like @parent, of this process. */
static int create_like(const struct kgil_state *parent)
{
	return kgil_create(&(struct kgil_create){
		.type = KGIL_TYPE_GIL,
		.interval_ns = parent->interval_ns,
		.policy = parent->policy,
	});
}

int kgil_gil_after_fork_child(struct kgil *gil)
{
	struct handle *handle = to_handle(gil);
	uint64_t serial = handle_new_serial();
	struct kgil_state parent;
	struct kgil child;
	int saved;

	if (!handle->away) {
		errno = EINVAL;
		return -1;
	}
	if (kgil_state(gil->fd, &parent))
		return -1;
	child.fd = create_like(&parent);
	if (child.fd < 0)
		return -1;
	child.page = kgil_map_writable(child.fd);
	if (!child.page)
		goto err_close;
	if (attachment_add(child.fd, handle->slot, serial))
		goto err_unmap;
	if (handle->held_at_fork && gil_wait(child.fd))
		goto err_detach;

	handle_unmap(gil->page);
	close(gil->fd);
	*gil = child;
	handle->serial = serial;
	handle->away = false;
	return 0;

err_detach:
	attachment_remove(handle->slot, serial);
err_unmap:
	saved = errno;
	kgil_unmap(child.page);
	errno = saved;
err_close:
	saved = errno;
	close(child.fd);
	errno = saved;
	return -1;
}
