// SPDX-License-Identifier: LGPL-2.1-or-later
/* kgil.Semaphore and kgil.BoundedSemaphore, after threading's. */
#include "object.h"

#include <errno.h>

/**
 * struct semaphore - a count of units
 * @object: as every instance begins
 * @bound: greatest value; 0 as well, which is no maximum that libkgil knows
 */
struct semaphore {
	struct object object;
	uint32_t bound;
};

static struct semaphore *semaphore_of(PyObject *self)
{
	return (struct semaphore *)self;
}

/* Valid from the start, for a class that has an __init__ of its own. */
static PyObject *semaphore_new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
	PyObject *self = object_new(type, args, kwds);

	if (self) {
		core_init_private(core_of(self), 1, KGIL_COUNT_MAX);
		semaphore_of(self)->bound = KGIL_COUNT_MAX;
	}
	return self;
}

/* A count given by @object, at least @min; -1 with an exception. */
static int64_t parse_count(PyObject *object, int min, const char *too_small)
{
	PyObject *number = PyNumber_Index(object);
	long long value;
	int overflow;

	if (!number)
		return -1;
	value = PyLong_AsLongLongAndOverflow(number, &overflow);
	Py_DECREF(number);
	if (overflow < 0 || (!overflow && value < min)) {
		PyErr_SetString(PyExc_ValueError, too_small);
		return -1;
	}
	if (overflow || value > KGIL_COUNT_MAX) {
		PyErr_Format(PyExc_OverflowError, "a semaphore counts to %u at most",
			     KGIL_COUNT_MAX);
		return -1;
	}
	return value;
}

/* The maximum of a semaphore that begins with @count; 0 with an exception. */
static uint32_t maximum(uint32_t count, bool shared, bool bounded)
{
	if (!bounded)
		return KGIL_COUNT_MAX;
	if (count)
		return count;
	if (!shared)
		return 1;
	PyErr_SetString(PyExc_ValueError,
			"a shared BoundedSemaphore needs an initial value of at least 1");
	return 0;
}

static int init(PyObject *self, PyObject *args, PyObject *kwds, const char *format, bool bounded)
{
	static char *names[] = { "value", "shared", NULL };
	struct kgil_create create = { .type = KGIL_TYPE_SEM };
	PyObject *value = NULL;
	int64_t count = 1;
	int shared = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, format, names, &value, &shared))
		return -1;
	if (value)
		count = parse_count(value, 0, "semaphore initial value must be >= 0");
	if (count < 0)
		return -1;
	create.count = count;
	create.max = maximum(count, shared, bounded);
	if (!create.max || object_init(self, &create, shared))
		return -1;
	semaphore_of(self)->bound = bounded ? count : KGIL_COUNT_MAX;
	return 0;
}

static int semaphore_init(PyObject *self, PyObject *args, PyObject *kwds)
{
	return init(self, args, kwds, "|O$p:Semaphore", false);
}

static int bounded_init(PyObject *self, PyObject *args, PyObject *kwds)
{
	return init(self, args, kwds, "|O$p:BoundedSemaphore", true);
}

static PyObject *semaphore_acquire(PyObject *self, PyObject *args, PyObject *kwds)
{
	int64_t timeout_ns;
	int ret;

	if (!parse_semaphore_acquire(args, kwds, &timeout_ns))
		return NULL;
	ret = core_acquire(core_of(self), timeout_ns);
	return ret < 0 ? NULL : PyBool_FromLong(ret);
}

static PyObject *semaphore_enter(PyObject *self, PyObject *Py_UNUSED(unused))
{
	if (core_acquire(core_of(self), WAIT_FOREVER) < 0)
		return NULL;
	Py_RETURN_TRUE;
}

static PyObject *past_bound(PyObject *self)
{
	if (semaphore_of(self)->bound == KGIL_COUNT_MAX)
		return PyErr_Format(PyExc_OverflowError, "a semaphore counts to %u at most",
				    KGIL_COUNT_MAX);
	PyErr_SetString(PyExc_ValueError, "Semaphore released too many times");
	return NULL;
}

/*
 * All @n or none: nobody else releases a private one meanwhile, because Python's
 * GIL is held.  Who acquires only makes room.
 */
static PyObject *release(PyObject *self, uint32_t n)
{
	int64_t value = core_value(core_of(self));

	if (value < 0)
		return NULL;
	if (value + n > semaphore_of(self)->bound)
		return past_bound(self);
	while (n--)
		if (core_release(core_of(self)))
			return errno == EOVERFLOW ? past_bound(self) : raise_errno(errno);
	Py_RETURN_NONE;
}

static PyObject *semaphore_release(PyObject *self, PyObject *args, PyObject *kwds)
{
	static char *names[] = { "n", NULL };
	PyObject *number = NULL;
	int64_t n = 1;

	if (no_arguments(args, kwds))
		return release(self, 1);
	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O:release", names, &number))
		return NULL;
	if (number)
		n = parse_count(number, 1, "n must be one or more");
	return n < 0 ? NULL : release(self, n);
}

static PyObject *semaphore_exit(PyObject *self, PyObject *const *Py_UNUSED(args),
				Py_ssize_t Py_UNUSED(n))
{
	return release(self, 1);
}

/* The name of the class with its module's, as threading's semaphores have it. */
static PyObject *full_name(PyObject *self)
{
	PyObject *module = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "__module__");
	PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "__qualname__");
	PyObject *full = module && name ? PyUnicode_FromFormat("%S.%S", module, name) : NULL;

	Py_XDECREF(module);
	Py_XDECREF(name);
	return full;
}

static PyObject *repr(PyObject *self, bool bounded)
{
	int64_t value = core_value(core_of(self));
	PyObject *name = value < 0 ? NULL : full_name(self), *text;

	if (!name)
		return NULL;
	if (bounded)
		text = PyUnicode_FromFormat("<%U at %p: value=%lld/%u>", name, self,
					    (long long)value, semaphore_of(self)->bound);
	else
		text = PyUnicode_FromFormat("<%U at %p: value=%lld>", name, self,
					    (long long)value);
	Py_DECREF(name);
	return text;
}

static PyObject *semaphore_repr(PyObject *self)
{
	return repr(self, false);
}

static PyObject *bounded_repr(PyObject *self)
{
	return repr(self, true);
}

static PyObject *semaphore_from_fd(PyObject *cls, PyObject *fd)
{
	PyObject *self = object_from_fd(cls, fd, KGIL_TYPE_SEM);

	if (self)
		semaphore_of(self)->bound = core_of(self)->max;
	return self;
}

static PyObject *get_value(PyObject *self, void *Py_UNUSED(unused))
{
	int64_t value = core_value(core_of(self));

	return value < 0 ? NULL : PyLong_FromLongLong(value);
}

static PyObject *get_bound(PyObject *self, void *Py_UNUSED(unused))
{
	return PyLong_FromUnsignedLong(semaphore_of(self)->bound);
}

PyDoc_STRVAR(semaphore_doc,
	     "Semaphore(value=1, *, shared=False)\n--\n\n"
	     "A count of units: acquire takes one, release gives one back.\n\n"
	     "As threading.Semaphore.  It takes memory only, until a thread has to wait:\n"
	     "from then on threads wait in a kernel object, which is the semaphore's\n"
	     "until its end.  With shared=True it is a kernel object from the start, with\n"
	     "a descriptor, for several processes.  It counts to 2147483647.");

PyDoc_STRVAR(bounded_doc,
	     "BoundedSemaphore(value=1, *, shared=False)\n--\n\n"
	     "A semaphore whose value never exceeds its initial value.\n\n"
	     "As threading.BoundedSemaphore: a release too many is a ValueError.");

PyDoc_STRVAR(acquire_doc,
	     "acquire($self, /, blocking=True, timeout=None)\n--\n\n"
	     "Take a unit; wait until there is one.\n\n"
	     "With blocking=False don't wait.  With a timeout wait at most so many\n"
	     "seconds.  Return True if a unit was taken, else False.  A signal handler\n"
	     "runs while the main thread waits; if it raises, no unit is taken.");

PyDoc_STRVAR(release_doc,
	     "release($self, /, n=1)\n--\n\n"
	     "Give n units back; as many waiters proceed.\n\n"
	     "All or none, but of a shared semaphore that another process releases at\n"
	     "the same time.  ValueError: more than a BoundedSemaphore began with.");

PyDoc_STRVAR(from_fd_doc,
	     "from_fd($type, fd, /)\n--\n\n"
	     "The semaphore behind a descriptor that another process sent.\n\n"
	     "The descriptor is the new object's, which closes it.  ValueError: it is\n"
	     "of another type; OSError: it is not of kgil.");

PyDoc_STRVAR(enter_doc, "Take a unit; wait until there is one.");
PyDoc_STRVAR(exit_doc, "Give a unit back.");

static PyMethodDef semaphore_methods[] = {
	{ "acquire", AS_METHOD(semaphore_acquire), METH_VARARGS | METH_KEYWORDS, acquire_doc },
	{ "release", AS_METHOD(semaphore_release), METH_VARARGS | METH_KEYWORDS, release_doc },
	{ "from_fd", semaphore_from_fd, METH_O | METH_CLASS, from_fd_doc },
	{ "__enter__", semaphore_enter, METH_NOARGS, enter_doc },
	{ "__exit__", AS_METHOD(semaphore_exit), METH_FASTCALL, exit_doc },
	{ 0 },
};

static PyGetSetDef semaphore_getters[] = {
	{ "value", get_value, NULL, PyDoc_STR("How many acquires would not wait."), NULL },
	{ "_value", get_value, NULL, PyDoc_STR("As value; threading's name."), NULL },
	{ 0 },
};

static PyGetSetDef bounded_getters[] = {
	{ "initial_value", get_bound, NULL, PyDoc_STR("The greatest value."), NULL },
	{ "_initial_value", get_bound, NULL, PyDoc_STR("As initial_value; threading's name."),
	  NULL },
	{ 0 },
};

static PyType_Slot semaphore_slots[] = {
	{ Py_tp_doc, (void *)semaphore_doc },
	{ Py_tp_dealloc, object_dealloc },
	{ Py_tp_new, semaphore_new },
	{ Py_tp_init, semaphore_init },
	{ Py_tp_repr, semaphore_repr },
	{ Py_tp_methods, semaphore_methods },
	{ Py_tp_getset, semaphore_getters },
	{ 0 },
};

/* The rest is Semaphore's. */
static PyType_Slot bounded_slots[] = {
	{ Py_tp_doc, (void *)bounded_doc },
	{ Py_tp_dealloc, object_dealloc },
	{ Py_tp_init, bounded_init },
	{ Py_tp_repr, bounded_repr },
	{ Py_tp_getset, bounded_getters },
	{ 0 },
};

PyType_Spec semaphore_spec = {
	.name = "kgil.Semaphore",
	.basicsize = sizeof(struct semaphore),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = semaphore_slots,
};

PyType_Spec bounded_semaphore_spec = {
	.name = "kgil.BoundedSemaphore",
	.basicsize = sizeof(struct semaphore),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = bounded_slots,
};
