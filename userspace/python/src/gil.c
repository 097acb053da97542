// SPDX-License-Identifier: LGPL-2.1-or-later
/* kgil.GIL: a global interpreter lock of the kernel's, as a lock of Python's. */
#include "object.h"

#include <errno.h>

#define NSEC_PER_SEC 1e9

/* Indexed by enum kgil_policy. */
static const char *const policies[] = {
	[KGIL_POLICY_FIFO] = "fifo",
	[KGIL_POLICY_FAIR] = "fair",
};

#define N_POLICIES (sizeof(policies) / sizeof(policies[0]))

/* Without __init__ it is a private lock, and of no use but to end. */
static struct core *gil_of(PyObject *self)
{
	struct core *core = core_of(self);

	if (core_is_shared(core))
		return core;
	PyErr_SetString(PyExc_RuntimeError, "GIL.__init__() was not called");
	return NULL;
}

/* False with an exception. */
static bool parse_interval(PyObject *seconds, uint64_t *ns)
{
	int64_t value;

	if (!seconds_to_ns(seconds, &value))
		return false;
	if (value >= (int64_t)KGIL_INTERVAL_MIN && value <= (int64_t)KGIL_INTERVAL_MAX) {
		*ns = value;
		return true;
	}
	PyErr_Format(PyExc_ValueError, "interval must be 0.00001 to 1 seconds, not %R", seconds);
	return false;
}

static bool parse_policy(PyObject *name, uint32_t *policy)
{
	for (uint32_t i = 1; i < N_POLICIES; i++) {
		if (PyUnicode_Check(name) && !PyUnicode_CompareWithASCIIString(name, policies[i])) {
			*policy = i;
			return true;
		}
	}
	PyErr_Format(PyExc_ValueError, "policy must be 'fair' or 'fifo', not %R", name);
	return false;
}

static int gil_init(PyObject *self, PyObject *args, PyObject *kwds)
{
	static char *names[] = { "interval", "policy", "timed", NULL };
	struct kgil_create create = { .type = KGIL_TYPE_GIL };
	PyObject *interval = Py_None, *policy = Py_None;
	uint64_t interval_ns = 0;
	int timed = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|OO$p:GIL", names, &interval, &policy,
					 &timed))
		return -1;
	if (interval != Py_None && !parse_interval(interval, &interval_ns))
		return -1;
	if (policy != Py_None && !parse_policy(policy, &create.policy))
		return -1;
	create.interval_ns = interval_ns;
	if (timed)
		create.flags = KGIL_CREATE_TIMED;
	return object_init(self, &create, true);
}

/* ------------------------------------------------------------------ calls */

static PyObject *gil_acquire(PyObject *self, PyObject *args, PyObject *kwds)
{
	struct core *core = gil_of(self);
	int64_t timeout_ns;
	int ret;

	if (!core || !parse_lock_acquire(args, kwds, &timeout_ns))
		return NULL;
	ret = core_acquire(core, timeout_ns);
	return ret < 0 ? NULL : PyBool_FromLong(ret);
}

static PyObject *gil_enter(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct core *core = gil_of(self);

	if (!core || core_acquire(core, WAIT_FOREVER) < 0)
		return NULL;
	Py_RETURN_TRUE;
}

static PyObject *gil_release(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct core *core = gil_of(self);

	if (!core)
		return NULL;
	if (!core_release(core))
		Py_RETURN_NONE;
	if (errno != EPERM)
		return raise_errno(errno);
	PyErr_SetString(PyExc_RuntimeError, "cannot release un-acquired lock");
	return NULL;
}

static PyObject *gil_exit(PyObject *self, PyObject *const *Py_UNUSED(args),
			  Py_ssize_t Py_UNUSED(n))
{
	return gil_release(self, NULL);
}

static PyObject *gil_yield(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct core *core = gil_of(self);

	if (!core || core_yield(core))
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *gil_check(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct core *core = gil_of(self);

	if (!core)
		return NULL;
	if (!kgil_word_drop_requested(core->word))
		Py_RETURN_FALSE;
	if (core_yield(core))
		return NULL;
	Py_RETURN_TRUE;
}

/* -------------------------------------------------------------- questions */

static int get_state(PyObject *self, struct kgil_state *state)
{
	struct core *core = gil_of(self);

	return core ? core_state(core, state) : -1;
}

static PyObject *gil_locked(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct kgil_state state;

	return get_state(self, &state) ? NULL : PyBool_FromLong(!state.count);
}

static PyObject *gil_owned(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct kgil_state state;

	if (get_state(self, &state))
		return NULL;
	return PyBool_FromLong(state.flags & KGIL_STATE_MINE);
}

static PyObject *get_drop_requested(PyObject *self, void *Py_UNUSED(unused))
{
	struct core *core = gil_of(self);

	return core ? PyBool_FromLong(kgil_word_drop_requested(core->word)) : NULL;
}

static PyObject *get_owner(PyObject *self, void *Py_UNUSED(unused))
{
	struct kgil_state state;

	if (get_state(self, &state))
		return NULL;
	if (!state.owner_tid)
		Py_RETURN_NONE;
	return PyLong_FromUnsignedLong(state.owner_tid);
}

static PyObject *get_interval(PyObject *self, void *Py_UNUSED(unused))
{
	struct kgil_state state;

	return get_state(self, &state) ? NULL :
					 PyFloat_FromDouble(state.interval_ns / NSEC_PER_SEC);
}

/* -1 with an exception. */
static int no_delete(const PyObject *value)
{
	if (value)
		return 0;
	PyErr_SetString(PyExc_AttributeError, "attributes of a GIL can't be deleted");
	return -1;
}

static int set_interval(PyObject *self, PyObject *value, void *Py_UNUSED(unused))
{
	struct core *core = gil_of(self);
	uint64_t ns;

	if (!core || no_delete(value) || !parse_interval(value, &ns))
		return -1;
	if (!kgil_set_interval(core->fd, ns))
		return 0;
	raise_errno(errno);
	return -1;
}

static const char *policy_name(uint32_t policy)
{
	return policy && policy < N_POLICIES ? policies[policy] : "unknown";
}

static PyObject *get_policy(PyObject *self, void *Py_UNUSED(unused))
{
	struct kgil_state state;

	return get_state(self, &state) ? NULL : PyUnicode_FromString(policy_name(state.policy));
}

static int set_policy(PyObject *self, PyObject *value, void *Py_UNUSED(unused))
{
	struct core *core = gil_of(self);
	uint32_t policy;

	if (!core || no_delete(value) || !parse_policy(value, &policy))
		return -1;
	if (!kgil_set_policy(core->fd, policy))
		return 0;
	raise_errno(errno);
	return -1;
}

static PyObject *gil_repr(PyObject *self)
{
	struct kgil_state state;

	if (get_state(self, &state))
		return NULL;
	return PyUnicode_FromFormat("<%s %s object policy=%s at %p>",
				    state.count ? "unlocked" : "locked", Py_TYPE(self)->tp_name,
				    policy_name(state.policy), self);
}

static PyObject *gil_from_fd(PyObject *cls, PyObject *fd)
{
	return object_from_fd(cls, fd, KGIL_TYPE_GIL);
}

static PyObject *gil_open(PyObject *cls, PyObject *args, PyObject *kwds)
{
	const struct kgil_create create = { .type = KGIL_TYPE_GIL };

	return object_open(cls, args, kwds, &create);
}

/* -------------------------------------------------------------- the class */

PyDoc_STRVAR(gil_doc,
	     "GIL(interval=0.005, policy='fair', *, timed=False)\n--\n\n"
	     "A global interpreter lock of the kernel: one owner, asked to hand it over.\n\n"
	     "When somebody waits and the owner's turn is over, the owner is asked to\n"
	     "drop it; it calls check() often, which hands it over then.  The interval\n"
	     "is an owner's turn in seconds, 0.00001 to 1.  The policy says who is next:\n"
	     "'fair', who has held it least, or 'fifo', who came first.  It is a kernel\n"
	     "object from the start, and can be shared by processes.  If its owner dies,\n"
	     "the next acquire succeeds, warns, and sets owner_died.  It is not\n"
	     "recursive.  With timed=True every hold is measured; see hold_total_ns.");

PyDoc_STRVAR(acquire_doc,
	     "acquire($self, /, blocking=True, timeout=-1)\n--\n\n"
	     "Acquire it; wait until it is the thread's turn.\n\n"
	     "With blocking=False don't wait.  With a timeout wait at most so many\n"
	     "seconds; -1 is no limit.  Return True if it was acquired, else False.\n"
	     "RuntimeError: the thread owns it already, or its owner waits for what the\n"
	     "thread owns.");

PyDoc_STRVAR(release_doc,
	     "release($self, /)\n--\n\n"
	     "Release it; the next waiter owns it.\n\n"
	     "RuntimeError: the calling thread is not the owner.");

PyDoc_STRVAR(yield_doc,
	     "yield_($self, /)\n--\n\n"
	     "Hand it to the next waiter, if any, and wait to own it again.\n\n"
	     "It is owned again when this returns, and also when a signal handler\n"
	     "raises.  RuntimeError: the calling thread is not the owner.");

PyDoc_STRVAR(check_doc,
	     "check($self, /)\n--\n\n"
	     "Hand it over if the owner is asked to; to be called often.\n\n"
	     "Return True if yield_() was called.  Else it costs a load.");

PyDoc_STRVAR(locked_doc, "locked($self, /)\n--\n\nReturn True if somebody owns it.");
PyDoc_STRVAR(owned_doc, "owned($self, /)\n--\n\nReturn True if the calling thread owns it.");

PyDoc_STRVAR(from_fd_doc,
	     "from_fd($type, fd, /)\n--\n\n"
	     "The GIL behind a descriptor that another process sent.\n\n"
	     "The descriptor is the new object's, which closes it.  ValueError: it is\n"
	     "of another type; OSError: it is not of kgil.");

PyDoc_STRVAR(enter_doc, "Acquire it; wait until it is the thread's turn.");
PyDoc_STRVAR(exit_doc, "Release it.");

static PyMethodDef gil_methods[] = {
	{ "acquire", AS_METHOD(gil_acquire), METH_VARARGS | METH_KEYWORDS, acquire_doc },
	{ "release", gil_release, METH_NOARGS, release_doc },
	{ "yield_", gil_yield, METH_NOARGS, yield_doc },
	{ "check", gil_check, METH_NOARGS, check_doc },
	{ "locked", gil_locked, METH_NOARGS, locked_doc },
	{ "owned", gil_owned, METH_NOARGS, owned_doc },
	{ "from_fd", gil_from_fd, METH_O | METH_CLASS, from_fd_doc },
	{ "open", AS_METHOD(gil_open), METH_VARARGS | METH_KEYWORDS | METH_CLASS, OPEN_DOC },
	{ "__enter__", gil_enter, METH_NOARGS, enter_doc },
	{ "__exit__", AS_METHOD(gil_exit), METH_FASTCALL, exit_doc },
	{ 0 },
};

static PyGetSetDef gil_getters[] = {
	{ "owner_died", object_get_owner_died, object_set_owner_died, OWNER_DIED_DOC, NULL },
	{ "interval", get_interval, set_interval,
	  PyDoc_STR("An owner's turn in seconds, 0.00001 to 1."), NULL },
	{ "policy", get_policy, set_policy, PyDoc_STR("Who is next: 'fair' or 'fifo'."), NULL },
	{ "drop_requested", get_drop_requested, NULL,
	  PyDoc_STR("True if the owner is asked to hand it over.  A load."), NULL },
	{ "owner", get_owner, NULL,
	  PyDoc_STR("Native id of the thread that owns it, as threading.get_native_id(); None."),
	  NULL },
	{ 0 },
};

static PyType_Slot gil_slots[] = {
	{ Py_tp_doc, (void *)gil_doc },
	{ Py_tp_dealloc, object_dealloc },
	{ Py_tp_new, object_new },
	{ Py_tp_init, gil_init },
	{ Py_tp_repr, gil_repr },
	{ Py_tp_methods, gil_methods },
	{ Py_tp_getset, gil_getters },
	{ 0 },
};

PyType_Spec gil_spec = {
	.name = "kgil.GIL",
	.basicsize = sizeof(struct object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = gil_slots,
};
