// SPDX-License-Identifier: LGPL-2.1-or-later
/* kgil.Lock, after threading.Lock. */
#include "object.h"

#include <errno.h>

static int lock_init(PyObject *self, PyObject *args, PyObject *kwds)
{
	static char *names[] = { "shared", "timed", NULL };
	struct kgil_create create = { .type = KGIL_TYPE_LOCK };
	int shared = 0, timed = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|$pp:Lock", names, &shared, &timed))
		return -1;
	if (timed)
		create.flags = KGIL_CREATE_TIMED;
	return object_init(self, &create, shared);
}

static PyObject *lock_acquire(PyObject *self, PyObject *args, PyObject *kwds)
{
	int64_t timeout_ns;
	int ret;

	if (!parse_lock_acquire(args, kwds, &timeout_ns))
		return NULL;
	ret = core_acquire(core_of(self), timeout_ns);
	return ret < 0 ? NULL : PyBool_FromLong(ret);
}

static PyObject *lock_enter(PyObject *self, PyObject *Py_UNUSED(unused))
{
	if (core_acquire(core_of(self), WAIT_FOREVER) < 0)
		return NULL;
	Py_RETURN_TRUE;
}

static PyObject *lock_release(PyObject *self, PyObject *Py_UNUSED(unused))
{
	if (!core_release(core_of(self)))
		Py_RETURN_NONE;
	if (errno != EPERM && errno != EOVERFLOW)
		return raise_errno(errno);
	PyErr_SetString(PyExc_RuntimeError, "release unlocked lock");
	return NULL;
}

static PyObject *lock_exit(PyObject *self, PyObject *const *Py_UNUSED(args),
			   Py_ssize_t Py_UNUSED(n))
{
	return lock_release(self, NULL);
}

static PyObject *lock_locked(PyObject *self, PyObject *Py_UNUSED(unused))
{
	int64_t value = core_value(core_of(self));

	return value < 0 ? NULL : PyBool_FromLong(!value);
}

static PyObject *lock_repr(PyObject *self)
{
	int64_t value = core_value(core_of(self));

	if (value < 0)
		return NULL;
	return PyUnicode_FromFormat("<%s %s object at %p>", value ? "unlocked" : "locked",
				    Py_TYPE(self)->tp_name, self);
}

static PyObject *lock_at_fork_reinit(PyObject *self, PyObject *Py_UNUSED(unused))
{
	/* What is shared is also the parent's. */
	if (!core_is_shared(core_of(self)))
		core_renew(core_of(self));
	Py_RETURN_NONE;
}

static PyObject *lock_from_fd(PyObject *cls, PyObject *fd)
{
	return object_from_fd(cls, fd, KGIL_TYPE_LOCK);
}

static PyObject *lock_open(PyObject *cls, PyObject *args, PyObject *kwds)
{
	const struct kgil_create create = { .type = KGIL_TYPE_LOCK };

	return object_open(cls, args, kwds, &create);
}

PyDoc_STRVAR(lock_doc,
	     "Lock(*, shared=False, timed=False)\n--\n\n"
	     "A lock: acquired once, by one thread at a time; any thread may release it.\n\n"
	     "As threading.Lock.  It takes memory only, until threads contend for it:\n"
	     "from then on they wait in a kernel object, which is the lock's until its\n"
	     "end.  With shared=True it is a kernel object from the start, with a\n"
	     "descriptor, for several processes.  With timed=True the time that it is\n"
	     "held is measured; see hold_total_ns.");

PyDoc_STRVAR(acquire_doc,
	     "acquire($self, /, blocking=True, timeout=-1)\n--\n\n"
	     "Acquire the lock; wait until it is free.\n\n"
	     "With blocking=False don't wait.  With a timeout wait at most so many\n"
	     "seconds; -1 is no limit.  Return True if the lock was acquired, else\n"
	     "False.  A signal handler runs while the main thread waits; if it raises,\n"
	     "the lock is not acquired.");

PyDoc_STRVAR(release_doc,
	     "release($self, /)\n--\n\n"
	     "Release the lock; if threads wait, exactly one of them proceeds.\n\n"
	     "Any thread may do it.  RuntimeError: the lock is not locked.");

PyDoc_STRVAR(locked_doc, "locked($self, /)\n--\n\nReturn True if the lock is locked.");

PyDoc_STRVAR(from_fd_doc,
	     "from_fd($type, fd, /)\n--\n\n"
	     "The lock behind a descriptor that another process sent.\n\n"
	     "The descriptor is the new object's, which closes it.  ValueError: it is\n"
	     "of another type; OSError: it is not of kgil.");

PyDoc_STRVAR(enter_doc, "Acquire the lock; wait until it is free.");
PyDoc_STRVAR(exit_doc, "Release the lock.");
PyDoc_STRVAR(reinit_doc,
	     "_at_fork_reinit($self, /)\n--\n\n"
	     "In the child of a fork: make it free.  A shared lock stays as it is.");

static PyMethodDef lock_methods[] = {
	{ "acquire", AS_METHOD(lock_acquire), METH_VARARGS | METH_KEYWORDS, acquire_doc },
	{ "release", lock_release, METH_NOARGS, release_doc },
	{ "locked", lock_locked, METH_NOARGS, locked_doc },
	{ "from_fd", lock_from_fd, METH_O | METH_CLASS, from_fd_doc },
	{ "open", AS_METHOD(lock_open), METH_VARARGS | METH_KEYWORDS | METH_CLASS, OPEN_DOC },
	{ "__enter__", lock_enter, METH_NOARGS, enter_doc },
	{ "__exit__", AS_METHOD(lock_exit), METH_FASTCALL, exit_doc },
	{ "_at_fork_reinit", lock_at_fork_reinit, METH_NOARGS, reinit_doc },
	{ 0 },
};

static PyType_Slot lock_slots[] = {
	{ Py_tp_doc, (void *)lock_doc },
	{ Py_tp_dealloc, object_dealloc },
	{ Py_tp_new, object_new },
	{ Py_tp_init, lock_init },
	{ Py_tp_repr, lock_repr },
	{ Py_tp_methods, lock_methods },
	{ 0 },
};

PyType_Spec lock_spec = {
	.name = "kgil.Lock",
	.basicsize = sizeof(struct object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = lock_slots,
};
