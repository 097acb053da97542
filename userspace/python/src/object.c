// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the classes have in common: birth, death, descriptor, statistics. */
#include "object.h"

PyObject *object_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwds))
{
	PyObject *self = type->tp_alloc(type, 0);

	if (self)
		core_init_private(core_of(self), 1, 1);
	return self;
}

static int init_core(struct core *core, const struct kgil_create *create, bool shared)
{
	bool sem = create->type == KGIL_TYPE_SEM;

	if (shared)
		return core_init_shared(core, create);
	core_init_private(core, sem ? create->count : 1, sem ? create->max : 1);
	core->timed = create->flags & KGIL_CREATE_TIMED;
	return 0;
}

int object_init(PyObject *self, const struct kgil_create *create, bool shared)
{
	struct core *core = core_of(self), made;

	if (core_check_unused(core) || init_core(&made, create, shared))
		return -1;
	core_end(core);
	*core = made;
	return 0;
}

void object_dealloc(PyObject *self)
{
	struct object *object = (struct object *)self;
	PyTypeObject *type = Py_TYPE(self);

	if (object->weakrefs)
		PyObject_ClearWeakRefs(self);
	core_end(&object->core);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyObject *object_fileno(PyObject *self, PyObject *Py_UNUSED(unused))
{
	const struct core *core = core_of(self);

	if (core_is_shared(core))
		return PyLong_FromLong(core->fd);
	PyErr_Format(PyExc_ValueError, "%s is private and has no descriptor to share; shared=True",
		     Py_TYPE(self)->tp_name);
	return NULL;
}

/* -1 with an exception. */
static long parse_fd(PyObject *number)
{
	long fd = PyLong_AsLong(number);

	if (fd >= 0 && fd <= INT_MAX)
		return fd;
	if (!PyErr_Occurred())
		PyErr_Format(PyExc_ValueError, "a descriptor is a number from 0, not %R", number);
	return -1;
}

PyObject *object_from_fd(PyObject *cls, PyObject *number, uint32_t type)
{
	PyObject *none, *self;
	struct core core;
	long fd;

	fd = parse_fd(number);
	if (fd < 0)
		return NULL;
	none = PyTuple_New(0);
	if (!none)
		return NULL;
	self = ((PyTypeObject *)cls)->tp_new((PyTypeObject *)cls, none, NULL);
	Py_DECREF(none);
	if (!self)
		return NULL;
	if (core_init_fd(&core, type, fd)) {
		Py_DECREF(self);
		return NULL;
	}
	core_end(core_of(self));
	*core_of(self) = core;
	return self;
}

/* What object_open() was asked for, but for what to make; false with an exception. */
static bool parse_open(PyObject *args, PyObject *kwds, const char **name, uint32_t *flags,
		       uint32_t *mode)
{
	static char *names[] = { "", "create", "exclusive", "mode", NULL };
	int create = 1, exclusive = 0, bits = 0600;
	Py_ssize_t length;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "s#|$ppi:open", names, name, &length, &create,
					 &exclusive, &bits))
		return false;
	if (strlen(*name) != (size_t)length || !length || length >= KGIL_NAME_SIZE) {
		PyErr_Format(PyExc_ValueError, "a name has 1 to %d bytes, and no NUL",
			     KGIL_NAME_SIZE - 1);
		return false;
	}
	if (exclusive && !create) {
		PyErr_SetString(PyExc_ValueError, "exclusive=True needs create=True");
		return false;
	}
	*flags = (create ? KGIL_OPEN_CREATE : 0) | (exclusive ? KGIL_OPEN_EXCL : 0);
	*mode = create ? bits : 0;
	return true;
}

PyObject *object_open(PyObject *cls, PyObject *args, PyObject *kwds,
		      const struct kgil_create *create)
{
	const struct kgil_create existing = { .type = create->type };
	PyObject *number, *self = NULL;
	uint32_t flags, mode;
	const char *name;
	int fd;

	if (!parse_open(args, kwds, &name, &flags, &mode))
		return NULL;
	fd = kgil_open(name, flags, mode, flags & KGIL_OPEN_CREATE ? create : &existing);
	if (fd < 0)
		return raise_errno(errno);
	number = PyLong_FromLong(fd);
	if (number)
		self = object_from_fd(cls, number, create->type);
	Py_XDECREF(number);
	if (!self)
		close(fd);
	return self;
}

/* ---------------------------------------------------------------- getters */

static PyObject *get_shared(PyObject *self, void *Py_UNUSED(unused))
{
	return PyBool_FromLong(core_is_shared(core_of(self)));
}

static PyObject *get_object_id(PyObject *self, void *Py_UNUSED(unused))
{
	int fd = core_fd(core_of(self));
	struct kgil_state state;

	if (fd < 0 || kgil_state(fd, &state))
		Py_RETURN_NONE;
	return PyLong_FromUnsignedLongLong(state.id);
}

static PyObject *get_waiters(PyObject *self, void *Py_UNUSED(unused))
{
	int64_t waiters = core_waiters(core_of(self));

	return waiters < 0 ? NULL : PyLong_FromLongLong(waiters);
}

PyObject *object_get_owner_died(PyObject *self, void *Py_UNUSED(unused))
{
	return PyBool_FromLong(core_of(self)->owner_died);
}

int object_set_owner_died(PyObject *self, PyObject *value, void *Py_UNUSED(unused))
{
	int truth = value ? PyObject_IsTrue(value) : 0;

	if (!value)
		PyErr_SetString(PyExc_AttributeError, "owner_died can't be deleted");
	if (!value || truth < 0)
		return -1;
	core_of(self)->owner_died = truth;
	return 0;
}

/* -------------------------------------------------------------- statistics */

static PyTypeObject *stats_type;

static PyStructSequence_Field stats_fields[] = {
	{ "acquisitions", "how often it was acquired; nested ones don't count" },
	{ "contentions", "acquires that had to wait" },
	{ "wait_total_ns", "time spent waiting, by waits that are over" },
	{ "wait_max_ns", "longest of these waits" },
	{ "hold_total_ns", "time it was held, by holds that are over; None: not measured" },
	{ "hold_max_ns", "longest of these holds; None: not measured" },
	{ "switches", "GIL, shared RLock: acquisitions by another thread than the one before" },
	{ "yields", "GIL: times its owner handed it to a waiter" },
	{ "drop_requests", "GIL: times its owner was asked to drop it" },
	{ "timeouts", "waits that ended by their timeout" },
	{ "interrupts", "waits that a signal interrupted" },
	{ "owner_deaths", "GIL, shared RLock: owners that died holding it" },
	{ "deadlocks", "GIL, shared RLock: acquires that were refused as a deadlock" },
	{ "unchecked", "GIL, shared RLock: acquires of which that is not known" },
	{ 0 },
};

#define N_STATS (sizeof(struct kgil_stats) / sizeof(__u64))

_Static_assert(N_STATS + 1 == sizeof(stats_fields) / sizeof(stats_fields[0]), "all fields");

int stats_setup(PyObject *module)
{
	static PyStructSequence_Desc description = {
		.name = "kgil.Stats",
		.doc = "What happened to a lock since it was made; times in ns.",
		.fields = stats_fields,
		.n_in_sequence = N_STATS,
	};

	if (!stats_type)
		stats_type = PyStructSequence_NewType(&description);
	return stats_type ? PyModule_AddType(module, stats_type) : -1;
}

#define STAT_INDEX(field) (offsetof(struct kgil_stats, field) / sizeof(__u64))

static bool is_hold(size_t index)
{
	return index == STAT_INDEX(hold_total_ns) || index == STAT_INDEX(hold_max_ns);
}

static PyObject *one_stat(const struct core *core, const struct kgil_stats *stats, size_t index)
{
	if (is_hold(index) && !core_knows_holds(core, stats))
		Py_RETURN_NONE;
	return PyLong_FromUnsignedLongLong(((const __u64 *)stats)[index]);
}

static PyObject *get_stat(PyObject *self, void *closure)
{
	struct kgil_stats stats;

	if (core_stats(core_of(self), &stats))
		return NULL;
	return one_stat(core_of(self), &stats, (size_t)closure);
}

static PyObject *get_stats(PyObject *self, void *Py_UNUSED(unused))
{
	struct kgil_stats stats;
	PyObject *all, *one;

	if (core_stats(core_of(self), &stats))
		return NULL;
	all = PyStructSequence_New(stats_type);
	for (size_t i = 0; all && i < N_STATS; i++) {
		one = one_stat(core_of(self), &stats, i);
		if (!one)
			Py_CLEAR(all);
		else
			PyStructSequence_SET_ITEM(all, i, one);
	}
	return all;
}

/* -------------------------------------------------------------- the class */

PyDoc_STRVAR(object_doc, "What all locks of kgil have in common.");

PyDoc_STRVAR(fileno_doc,
	     "fileno($self, /)\n--\n\n"
	     "The descriptor of a shared one, to pass to another process or to poll: with\n"
	     "the module it is readable while the object can be acquired.\n\n"
	     "It is closed with the object.  ValueError: it is private.");

static PyMethodDef object_methods[] = {
	{ "fileno", object_fileno, METH_NOARGS, fileno_doc },
	{ 0 },
};

static PyMemberDef object_members[] = {
	{ "__weaklistoffset__", T_PYSSIZET, offsetof(struct object, weakrefs), READONLY, NULL },
	{ 0 },
};

#define STAT(field) #field, get_stat, NULL
#define AT(field) ((void *)STAT_INDEX(field))

static PyGetSetDef object_getters[] = {
	{ "shared", get_shared, NULL,
	  PyDoc_STR("True if it is a kernel object that processes can share."), NULL },
	{ "object_id", get_object_id, NULL,
	  PyDoc_STR("Number of the kernel object, as in 'kgil ls'; None: there is none yet."),
	  NULL },
	{ "waiters", get_waiters, NULL, PyDoc_STR("Threads that wait now."), NULL },
	{ "stats", get_stats, NULL, PyDoc_STR("All statistics at one moment, as a kgil.Stats."),
	  NULL },
	{ STAT(acquisitions), PyDoc_STR("How often it was acquired; nested ones don't count."),
	  AT(acquisitions) },
	{ STAT(contentions), PyDoc_STR("Acquires that had to wait."), AT(contentions) },
	{ STAT(wait_total_ns), PyDoc_STR("Time spent waiting, by waits that are over, in ns."),
	  AT(wait_total_ns) },
	{ STAT(wait_max_ns), PyDoc_STR("Longest of these waits, in ns."), AT(wait_max_ns) },
	{ STAT(hold_total_ns),
	  PyDoc_STR("Time it was held, by holds that are over, in ns; None: not measured."),
	  AT(hold_total_ns) },
	{ STAT(hold_max_ns), PyDoc_STR("Longest of these holds, in ns; None: not measured."),
	  AT(hold_max_ns) },
	{ STAT(switches),
	  PyDoc_STR("GIL, shared RLock: acquisitions by another thread than the one before."),
	  AT(switches) },
	{ STAT(yields), PyDoc_STR("GIL: times its owner handed it to a waiter."), AT(yields) },
	{ STAT(drop_requests), PyDoc_STR("GIL: times its owner was asked to drop it."),
	  AT(drop_requests) },
	{ STAT(timeouts), PyDoc_STR("Waits that ended by their timeout."), AT(timeouts) },
	{ STAT(interrupts), PyDoc_STR("Waits that a signal interrupted."), AT(interrupts) },
	{ STAT(owner_deaths), PyDoc_STR("GIL, shared RLock: owners that died holding it."),
	  AT(owner_deaths) },
	{ STAT(deadlocks),
	  PyDoc_STR("GIL, shared RLock: acquires that were refused as a deadlock."),
	  AT(deadlocks) },
	{ STAT(unchecked), PyDoc_STR("GIL, shared RLock: acquires of which that is not known."),
	  AT(unchecked) },
	{ 0 },
};

static PyType_Slot object_slots[] = {
	{ Py_tp_doc, (void *)object_doc },
	{ Py_tp_dealloc, object_dealloc },
	{ Py_tp_methods, object_methods },
	{ Py_tp_getset, object_getters },
	{ Py_tp_members, object_members },
	{ 0 },
};

PyType_Spec object_spec = {
	.name = "kgil._Object",
	.basicsize = sizeof(struct object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = object_slots,
};
