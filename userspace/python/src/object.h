/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the classes have in common as Python sees them. */
#ifndef KGIL_PYTHON_OBJECT_H
#define KGIL_PYTHON_OBJECT_H

#include "core.h"

#include <structmember.h>

/**
 * struct object - how every instance begins
 * @base: what Python has in every object
 * @weakrefs: the weak references to it
 * @core: the lock
 */
struct object {
	PyObject base;
	PyObject *weakrefs;
	struct core core;
};

static inline struct core *core_of(PyObject *self)
{
	return &((struct object *)self)->core;
}

/* The classes; the first is the base of the others. */
extern PyType_Spec object_spec, lock_spec, rlock_spec, semaphore_spec, bounded_semaphore_spec,
	gil_spec;

/* For tp_new: a private lock that is free. */
PyObject *object_new(PyTypeObject *type, PyObject *args, PyObject *kwds);
/*
 * For tp_init: the object is what @create says, or with @shared false a private
 * one that is like it.  -1 with an exception.
 */
int object_init(PyObject *self, const struct kgil_create *create, bool shared);
void object_dealloc(PyObject *self);

/* For a class's from_fd(): an object of @cls on the kernel object of @number. */
PyObject *object_from_fd(PyObject *cls, PyObject *number, uint32_t type);
/* For a class's open(): one on the kernel object of a name; @create: what to make. */
PyObject *object_open(PyObject *cls, PyObject *args, PyObject *kwds,
		      const struct kgil_create *create);

#define OPEN_DOC                                                                              \
	PyDoc_STR("open($type, name, /, *, create=True, exclusive=False, mode=0o600)\n--\n\n" \
		  "The one that has a name in this network namespace.\n\n"                    \
		  "It is made if there is none, with permission bits as those of a file,\n"   \
		  "less the umask.  It is gone when nobody has it any more.  OSError:\n"      \
		  "there is one (exclusive), there is none (create=False), no permission,\n"  \
		  "another type, or no module.")

/* The attribute of those that have an owner. */
PyObject *object_get_owner_died(PyObject *self, void *unused);
int object_set_owner_died(PyObject *self, PyObject *value, void *unused);
#define OWNER_DIED_DOC                                                             \
	PyDoc_STR("True once it was acquired from an owner that died holding it; " \
		  "set it to False when what it protects is right again.")

/* Give the module its class Stats; -1 with an exception. */
int stats_setup(PyObject *module);

/* A method that takes more than a tuple, where the table has room for its like. */
#define AS_METHOD(function) ((PyCFunction)(void (*)(void))(function))

/* A number of seconds in ns, rounded away from 0; false with an exception. */
bool seconds_to_ns(PyObject *seconds, int64_t *ns);
/* Is a method called without arguments, as most are? */
bool no_arguments(PyObject *args, PyObject *kwds);
/*
 * Arguments of acquire(), as threading's classes take them, into a timeout in
 * ns: 0 is not to wait at all.  False with an exception.
 */
bool parse_lock_acquire(PyObject *args, PyObject *kwds, int64_t *timeout_ns);
bool parse_semaphore_acquire(PyObject *args, PyObject *kwds, int64_t *timeout_ns);

#endif /* KGIL_PYTHON_OBJECT_H */
