// SPDX-License-Identifier: LGPL-2.1-or-later
/* A GIL as an interpreter uses it, on the thin calls. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "gil.h"

int gil_open(struct kgil *gil, uint64_t interval_ns)
{
	int saved;

	gil->fd = kgil_create_gil(interval_ns);
	if (gil->fd < 0)
		return -1;
	gil->page = kgil_map(gil->fd);
	if (gil->page)
		return 0;
	saved = errno;
	close(gil->fd);
	errno = saved;
	return -1;
}

void gil_close(struct kgil *gil)
{
	kgil_unmap(gil->page);
	close(gil->fd);
}

uint64_t gil_new_serial(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

struct kgil *kgil_gil_new(uint64_t interval_ns)
{
	struct gil *gil = calloc(1, sizeof(*gil));

	if (!gil)
		return NULL;
	gil->serial = gil_new_serial();
	if (gil_open(&gil->pub, interval_ns))
		goto err_free;
	if (gil_list_add(gil))
		goto err_close;
	return &gil->pub;

err_close:
	gil_close(&gil->pub);
err_free:
	free(gil);
	return NULL;
}

void kgil_gil_free(struct kgil *pub)
{
	struct gil *gil = to_gil(pub);

	if (!pub)
		return;
	gil_list_remove(gil);
	attachment_remove(gil->serial);
	/* In the child of a fork the page was never mapped. */
	if (gil->serial)
		kgil_unmap(pub->page);
	close(pub->fd);
	free(gil);
}

/* The child of a fork has its parent's GIL at first; false and EINVAL then. */
static bool is_own(const struct gil *gil)
{
	if (!gil->serial)
		errno = EINVAL;
	return gil->serial;
}

int kgil_gil_attach(struct kgil *pub)
{
	struct gil *gil = to_gil(pub);
	uint64_t id;

	if (!is_own(gil))
		return -1;
	if (attachment_find(gil->serial)) {
		errno = EEXIST;
		return -1;
	}
	if (kgil_attach(pub->fd, &id))
		return -1;
	return attachment_add(gil->serial, id) ? 0 : -1;
}

/* The calling thread's attachment; NULL and ENOENT if there is none. */
static struct attachment *attached(const struct kgil *gil)
{
	struct attachment *at = attachment_find(to_gil(gil)->serial);

	if (!at)
		errno = ENOENT;
	return at;
}

/* Only the thread itself makes this true or false, so that no order is needed. */
static bool owns(const struct kgil *gil, const struct attachment *at)
{
	return __atomic_load_n(&gil->page->owner, __ATOMIC_RELAXED) == at->id;
}

int kgil_gil_detach(struct kgil *gil)
{
	struct attachment *at = attached(gil);

	if (!at)
		return -1;
	if (owns(gil, at)) {
		errno = EBUSY;
		return -1;
	}
	attachment_remove(at->serial);
	return 0;
}

int gil_wait(int fd)
{
	int saved = errno;

	while (kgil_acquire(fd))
		if (errno != EINTR)
			return -1;
	errno = saved;
	return 0;
}

int kgil_gil_acquire(struct kgil *gil)
{
	return attached(gil) ? gil_wait(gil->fd) : -1;
}

int kgil_gil_release(struct kgil *gil)
{
	return attached(gil) ? kgil_release(gil->fd) : -1;
}

bool kgil_gil_held(const struct kgil *gil)
{
	struct attachment *at = attachment_find(to_gil(gil)->serial);

	return at && owns(gil, at);
}

int kgil_gil_switch(struct kgil *gil)
{
	int saved = errno;

	if (!attached(gil))
		return -1;
	if (!kgil_yield(gil->fd))
		return 0;
	if (errno != EINTR)
		return -1;
	/* A yield that a signal ends has given the lock up. */
	errno = saved;
	return gil_wait(gil->fd);
}

int kgil_gil_begin_blocking(struct kgil *gil)
{
	int saved = errno;

	if (kgil_gil_release(gil))
		return -1;
	errno = saved;
	return 0;
}

int kgil_gil_end_blocking(struct kgil *gil)
{
	return kgil_gil_acquire(gil);
}

int kgil_gil_set_interval(struct kgil *gil, uint64_t interval_ns)
{
	return is_own(to_gil(gil)) ? kgil_set_interval(gil->fd, interval_ns) : -1;
}
