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
	object->fd = fd;
	return object;
}

struct demo_object *demo_new_lock(struct demo *demo, const char *name)
{
	return keep(demo, name, demo_check_device(kgil_create_lock(), "create a lock"));
}

struct demo_object *demo_new_gil(struct demo *demo, const char *name, uint64_t interval_ns,
				 struct kgil **gil)
{
	*gil = kgil_gil_new(interval_ns);
	if (!*gil)
		exit(err_device(errno, "create a gil"));
	return keep(demo, name, (*gil)->fd);
}

void demo_count(struct demo_object *object, uint64_t n)
{
	__atomic_fetch_add(&object->acquired, n, __ATOMIC_RELAXED);
}
