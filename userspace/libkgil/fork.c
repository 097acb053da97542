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
	struct handle child = { .held_at_fork = handle->held_at_fork };
	struct kgil_state parent;
	int saved;

	if (!handle->away) {
		errno = EINVAL;
		return -1;
	}
	if (kgil_state(gil->fd, &parent))
		return -1;
	child.pub.fd = create_like(&parent);
	if (child.pub.fd < 0)
		return -1;
	if (handle_map(&child))
		goto err_close;
	if (attachment_add(child.pub.fd, handle->slot, serial))
		goto err_unmap;
	/* Nobody else has it, so that this never waits. */
	if (handle->held_at_fork && kgil_acquire(child.pub.fd))
		goto err_detach;

	handle_unmap(handle);
	close(gil->fd);
	child.serial = serial;
	child.slot = handle->slot;
	*handle = child;
	return 0;

err_detach:
	attachment_remove(handle->slot, serial);
err_unmap:
	saved = errno;
	handle_unmap(&child);
	errno = saved;
err_close:
	saved = errno;
	close(child.pub.fd);
	errno = saved;
	return -1;
}
