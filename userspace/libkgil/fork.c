// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * GILs and fork.
 *
 * The child inherits the descriptor of each GIL, but not the mapping of its
 * page, and owns nothing.  Until kgil_gil_after_fork_child() it must neither
 * touch the page nor acquire what is its parent's.  So in the child, before
 * fork() returns there, each GIL gets a page of zeros, in which nobody asks
 * for anything, and the serial 0, to which nobody is attached.
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "gil.h"

/* Protects the list and, while a thread forks, each GIL's held_at_fork. */
static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct gil *list;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int atfork_error;

static const struct kgil_page no_page;

static void before_fork(void)
{
	struct gil *gil;

	pthread_mutex_lock(&list_mutex);
	/* A child that forks before it has a GIL of its own passes this on. */
	for (gil = list; gil; gil = gil->next)
		if (gil->serial)
			gil->held_at_fork = kgil_gil_held(&gil->pub);
}

static void after_fork_parent(void)
{
	pthread_mutex_unlock(&list_mutex);
}

static void after_fork_child(void)
{
	struct gil *gil;

	for (gil = list; gil; gil = gil->next) {
		attachment_remove(gil->serial);
		gil->serial = 0;
		gil->pub.page = &no_page;
	}
	pthread_mutex_unlock(&list_mutex);
}

static void register_handlers(void)
{
	atfork_error = pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

int gil_list_add(struct gil *gil)
{
	pthread_once(&once, register_handlers);
	if (atfork_error) {
		errno = atfork_error;
		return -1;
	}
	pthread_mutex_lock(&list_mutex);
	gil->next = list;
	list = gil;
	pthread_mutex_unlock(&list_mutex);
	return 0;
}

void gil_list_remove(struct gil *gil)
{
	struct gil **link = &list;

	pthread_mutex_lock(&list_mutex);
	while (*link != gil)
		link = &(*link)->next;
	*link = gil->next;
	pthread_mutex_unlock(&list_mutex);
}

int kgil_gil_after_fork_child(struct kgil *pub)
{
	struct gil *gil = to_gil(pub);
	struct kgil_state parent;
	struct kgil child;
	uint64_t serial, id;
	int saved;

	if (gil->serial) {
		errno = EINVAL;
		return -1;
	}
	if (kgil_state(pub->fd, &parent) || gil_open(&child, parent.interval_ns))
		return -1;
	serial = gil_new_serial();
	if (kgil_attach(child.fd, &id) || !attachment_add(serial, id))
		goto err_close;
	if (gil->held_at_fork && gil_wait(child.fd))
		goto err_detach;

	close(pub->fd);
	*pub = child;
	gil->serial = serial;
	return 0;

err_detach:
	attachment_remove(serial);
err_close:
	saved = errno;
	gil_close(&child);
	errno = saved;
	return -1;
}
