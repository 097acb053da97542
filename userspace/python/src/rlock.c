// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kgil.RLock, after threading.RLock.
 *
 * A private one is a lock with an owner and a depth, which Python's GIL protects.
 * Of a shared one the kernel knows both.
 */
#include "object.h"

#include <errno.h>

/**
 * struct rlock - a lock that its owner can acquire again
 * @object: as every instance begins
 * @owner: private: threading.get_ident() of who owns it
 * @depth: private: how often it does; 0: it is free
 */
struct rlock {
	struct object object;
	unsigned long owner;
	unsigned long depth;
};

static struct rlock *rlock_of(PyObject *self)
{
	return (struct rlock *)self;
}

static int rlock_init(PyObject *self, PyObject *args, PyObject *kwds)
{
	static char *names[] = { "shared", "timed", NULL };
	struct kgil_create create = { .type = KGIL_TYPE_RLOCK };
	int shared = 0, timed = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|$pp:RLock", names, &shared, &timed))
		return -1;
	if (timed)
		create.flags = KGIL_CREATE_TIMED;
	if (object_init(self, &create, shared))
		return -1;
	rlock_of(self)->owner = 0;
	rlock_of(self)->depth = 0;
	return 0;
}

/**
 * struct holder - who owns it at this moment
 * @owner: thread; 0: nobody, or of a shared one nobody of this process
 * @depth: how often
 * @mine: it is the calling thread
 */
struct holder {
	unsigned long owner;
	unsigned long depth;
	bool mine;
};

static int get_holder(PyObject *self, struct holder *holder)
{
	const struct rlock *rlock = rlock_of(self);
	struct kgil_state state;

	if (!core_is_shared(core_of(self))) {
		holder->owner = rlock->depth ? rlock->owner : 0;
		holder->depth = rlock->depth;
		holder->mine = holder->owner == PyThread_get_thread_ident();
		return 0;
	}
	if (core_state(core_of(self), &state))
		return -1;
	holder->owner = state.owner_tid;
	holder->depth = state.depth;
	holder->mine = state.flags & KGIL_STATE_MINE;
	return 0;
}

/* ------------------------------------------------------ acquire and release */

static int overflow(void)
{
	PyErr_SetString(PyExc_OverflowError, "Internal lock count overflowed");
	return -1;
}

static int acquire_private(struct rlock *rlock, int64_t timeout_ns)
{
	unsigned long self = PyThread_get_thread_ident();
	int ret;

	if (rlock->depth && rlock->owner == self) {
		if (rlock->depth == KGIL_COUNT_MAX)
			return overflow();
		rlock->depth++;
		return 1;
	}
	ret = core_acquire(&rlock->object.core, timeout_ns);
	if (ret > 0) {
		rlock->owner = self;
		rlock->depth = 1;
	}
	return ret;
}

static int acquire(PyObject *self, int64_t timeout_ns)
{
	if (!core_is_shared(core_of(self)))
		return acquire_private(rlock_of(self), timeout_ns);
	return core_acquire(core_of(self), timeout_ns);
}

/* -1 with errno; EPERM: the calling thread does not own it. */
static int release_private(struct rlock *rlock)
{
	if (!rlock->depth || rlock->owner != PyThread_get_thread_ident()) {
		errno = EPERM;
		return -1;
	}
	if (--rlock->depth)
		return 0;
	rlock->owner = 0;
	return core_release(&rlock->object.core);
}

static int release(PyObject *self)
{
	if (!core_is_shared(core_of(self)))
		return release_private(rlock_of(self));
	return core_release(core_of(self));
}

static PyObject *not_acquired(void)
{
	PyErr_SetString(PyExc_RuntimeError, "cannot release un-acquired lock");
	return NULL;
}

static PyObject *rlock_acquire(PyObject *self, PyObject *args, PyObject *kwds)
{
	int64_t timeout_ns;
	int ret;

	if (!parse_lock_acquire(args, kwds, &timeout_ns))
		return NULL;
	ret = acquire(self, timeout_ns);
	return ret < 0 ? NULL : PyBool_FromLong(ret);
}

static PyObject *rlock_enter(PyObject *self, PyObject *Py_UNUSED(unused))
{
	if (acquire(self, WAIT_FOREVER) < 0)
		return NULL;
	Py_RETURN_TRUE;
}

static PyObject *rlock_release(PyObject *self, PyObject *Py_UNUSED(unused))
{
	if (!release(self))
		Py_RETURN_NONE;
	return errno == EPERM ? not_acquired() : raise_errno(errno);
}

static PyObject *rlock_exit(PyObject *self, PyObject *const *Py_UNUSED(args),
			    Py_ssize_t Py_UNUSED(n))
{
	return rlock_release(self, NULL);
}

/* ------------------------------------------------ for threading.Condition */

static PyObject *rlock_is_owned(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct holder holder;

	return get_holder(self, &holder) ? NULL : PyBool_FromLong(holder.mine);
}

static PyObject *rlock_recursion_count(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct holder holder;

	if (get_holder(self, &holder))
		return NULL;
	return PyLong_FromUnsignedLong(holder.mine ? holder.depth : 0);
}

static PyObject *rlock_release_save(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct holder holder;
	PyObject *saved;

	if (get_holder(self, &holder))
		return NULL;
	if (!holder.mine)
		return not_acquired();
	saved = Py_BuildValue("(kk)", holder.depth, holder.owner);
	for (unsigned long i = 0; saved && i < holder.depth; i++) {
		if (release(self)) {
			Py_DECREF(saved);
			return raise_errno(errno);
		}
	}
	return saved;
}

/* No signal handler runs here: one that raised would leave wait() without it. */
static int acquire_again(PyObject *self)
{
	unsigned long ident = PyThread_get_thread_ident();
	int ret = core_acquire_deaf(core_of(self));

	if (ret > 0 && !core_is_shared(core_of(self))) {
		rlock_of(self)->owner = ident;
		rlock_of(self)->depth = 1;
	}
	return ret;
}

static PyObject *rlock_acquire_restore(PyObject *self, PyObject *args)
{
	unsigned long depth, owner;

	if (!PyArg_ParseTuple(args, "(kk):_acquire_restore", &depth, &owner))
		return NULL;
	if (acquire_again(self) < 0)
		return NULL;
	for (unsigned long i = 1; i < depth; i++)
		if (acquire(self, WAIT_FOREVER) < 0)
			return NULL;
	Py_RETURN_NONE;
}

static PyObject *rlock_at_fork_reinit(PyObject *self, PyObject *Py_UNUSED(unused))
{
	/* What is shared is also the parent's. */
	if (!core_is_shared(core_of(self))) {
		core_renew(core_of(self));
		rlock_of(self)->owner = 0;
		rlock_of(self)->depth = 0;
	}
	Py_RETURN_NONE;
}

/* -------------------------------------------------------------- the class */

static PyObject *rlock_locked(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct holder holder;

	return get_holder(self, &holder) ? NULL : PyBool_FromLong(holder.depth);
}

static PyObject *rlock_repr(PyObject *self)
{
	struct holder holder;

	if (get_holder(self, &holder))
		return NULL;
	return PyUnicode_FromFormat("<%s %s object owner=%lu count=%lu at %p>",
				    holder.depth ? "locked" : "unlocked", Py_TYPE(self)->tp_name,
				    holder.owner, holder.depth, self);
}

static PyObject *rlock_from_fd(PyObject *cls, PyObject *fd)
{
	return object_from_fd(cls, fd, KGIL_TYPE_RLOCK);
}

static PyObject *rlock_open(PyObject *cls, PyObject *args, PyObject *kwds)
{
	const struct kgil_create create = { .type = KGIL_TYPE_RLOCK };

	return object_open(cls, args, kwds, &create);
}

PyDoc_STRVAR(rlock_doc,
	     "RLock(*, shared=False, timed=False)\n--\n\n"
	     "A lock that its owner can acquire again, and releases as often.\n\n"
	     "As threading.RLock.  It takes memory only, until threads contend for it:\n"
	     "from then on they wait in a kernel object, which is the lock's until its\n"
	     "end.  With shared=True it is a kernel object from the start, with a\n"
	     "descriptor, for several processes; if its owner dies, the next acquire\n"
	     "succeeds, warns, and sets owner_died.  With timed=True the time that it\n"
	     "is held is measured; see hold_total_ns.");

PyDoc_STRVAR(acquire_doc,
	     "acquire($self, /, blocking=True, timeout=-1)\n--\n\n"
	     "Acquire the lock, or acquire it once more; wait until it is free.\n\n"
	     "With blocking=False don't wait.  With a timeout wait at most so many\n"
	     "seconds; -1 is no limit.  Return True if the lock was acquired, else\n"
	     "False.  A signal handler runs while the main thread waits; if it raises,\n"
	     "the lock is not acquired.");

PyDoc_STRVAR(release_doc,
	     "release($self, /)\n--\n\n"
	     "Release the lock once; if it is free then, one waiter proceeds.\n\n"
	     "RuntimeError: the calling thread is not the owner.");

PyDoc_STRVAR(locked_doc, "locked($self, /)\n--\n\nReturn True if a thread owns the lock.");

PyDoc_STRVAR(from_fd_doc,
	     "from_fd($type, fd, /)\n--\n\n"
	     "The lock behind a descriptor that another process sent.\n\n"
	     "The descriptor is the new object's, which closes it.  ValueError: it is\n"
	     "of another type; OSError: it is not of kgil.");

PyDoc_STRVAR(enter_doc, "Acquire the lock; wait until it is free.");
PyDoc_STRVAR(exit_doc, "Release the lock.");
PyDoc_STRVAR(is_owned_doc,
	     "_is_owned($self, /)\n--\n\nDoes the calling thread own it?  For Condition.");
PyDoc_STRVAR(count_doc,
	     "_recursion_count($self, /)\n--\n\nHow often the calling thread owns it.");
PyDoc_STRVAR(save_doc,
	     "_release_save($self, /)\n--\n\n"
	     "Release it entirely; return what _acquire_restore() takes.  For Condition.");
PyDoc_STRVAR(restore_doc,
	     "_acquire_restore($self, state, /)\n--\n\n"
	     "Acquire it as often as before _release_save().  For Condition.");
PyDoc_STRVAR(reinit_doc,
	     "_at_fork_reinit($self, /)\n--\n\n"
	     "In the child of a fork: make it free.  A shared lock stays as it is.");

static PyMethodDef rlock_methods[] = {
	{ "acquire", AS_METHOD(rlock_acquire), METH_VARARGS | METH_KEYWORDS, acquire_doc },
	{ "release", rlock_release, METH_NOARGS, release_doc },
	{ "locked", rlock_locked, METH_NOARGS, locked_doc },
	{ "from_fd", rlock_from_fd, METH_O | METH_CLASS, from_fd_doc },
	{ "open", AS_METHOD(rlock_open), METH_VARARGS | METH_KEYWORDS | METH_CLASS, OPEN_DOC },
	{ "__enter__", rlock_enter, METH_NOARGS, enter_doc },
	{ "__exit__", AS_METHOD(rlock_exit), METH_FASTCALL, exit_doc },
	{ "_is_owned", rlock_is_owned, METH_NOARGS, is_owned_doc },
	{ "_recursion_count", rlock_recursion_count, METH_NOARGS, count_doc },
	{ "_release_save", rlock_release_save, METH_NOARGS, save_doc },
	{ "_acquire_restore", rlock_acquire_restore, METH_VARARGS, restore_doc },
	{ "_at_fork_reinit", rlock_at_fork_reinit, METH_NOARGS, reinit_doc },
	{ 0 },
};

static PyGetSetDef rlock_getters[] = {
	{ "owner_died", object_get_owner_died, object_set_owner_died, OWNER_DIED_DOC, NULL },
	{ 0 },
};

static PyType_Slot rlock_slots[] = {
	{ Py_tp_doc, (void *)rlock_doc },
	{ Py_tp_dealloc, object_dealloc },
	{ Py_tp_new, object_new },
	{ Py_tp_init, rlock_init },
	{ Py_tp_repr, rlock_repr },
	{ Py_tp_methods, rlock_methods },
	{ Py_tp_getset, rlock_getters },
	{ 0 },
};

PyType_Spec rlock_spec = {
	.name = "kgil.RLock",
	.basicsize = sizeof(struct rlock),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = rlock_slots,
};
