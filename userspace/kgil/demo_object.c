// SPDX-License-Identifier: GPL-2.0
/* The objects that the demo uses, and what it counts of them. */
#include <errno.h>
#include <stdlib.h>

#include "demo.h"
#include "err.h"

int demo_check(int ret, const char *what)
{
	if (ret < 0)
		exit(err_failed("%s: %s", what, kgil_strerror(errno)));
	return ret;
}

int demo_check_device(int ret, const char *what)
{
	if (ret < 0)
		exit(err_device(errno, what));
	return ret;
}

static struct demo_object *keep(struct demo *demo, const char *name, int fd)
{
	struct demo_object *object = &demo->objects[demo->n_objects++];

	if (demo->n_objects > DEMO_OBJECTS_MAX)
		exit(err_failed("more than %d objects", DEMO_OBJECTS_MAX));
	object->name = name;
	demo_check_device(path_open(&object->path, fd, demo->path), "map an object");
	return object;
}

struct demo_object *demo_new_lock(struct demo *demo, const char *name)
{
	return keep(demo, name, demo_check_device(kgil_create_lock(), "create a lock"));
}

struct demo_object *demo_new_gil(struct demo *demo, const char *name)
{
	return keep(demo, name, demo_check_device(kgil_create_gil(0), "create a gil"));
}

void demo_acquire(struct demo_object *object)
{
	int err;

	do {
		err = path_acquire(&object->path);
	} while (err && errno == EINTR);
	demo_check(err, "acquire a lock");
}

void demo_release(struct demo_object *object)
{
	demo_check(path_release(&object->path), "release a lock");
}

void demo_drop_if_asked(struct demo_object *gil)
{
	int err;

	if (!path_drop_requested(&gil->path))
		return;
	err = path_yield(&gil->path);
	/* A signal left the gil with somebody else. */
	if (err && errno == EINTR)
		demo_acquire(gil);
	else
		demo_check(err, "yield a gil");
}

void demo_count(struct demo_object *object, uint64_t n)
{
	__atomic_fetch_add(&object->acquired, n, __ATOMIC_RELAXED);
}
