// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * kgil._kgil: the classes of the package kgil, in C.
 *
 * libkgil is part of this file's shared object, with hidden symbols: the program
 * may have a libkgil of its own.
 */
#include "object.h"

#include <errno.h>

/* A borrowed reference, which the module holds; NULL with an exception. */
static PyObject *add_class(PyObject *module, PyType_Spec *spec, PyObject *base)
{
	PyObject *type = PyType_FromModuleAndSpec(module, spec, base);

	if (type && PyModule_AddType(module, (PyTypeObject *)type))
		Py_CLEAR(type);
	Py_XDECREF(type);
	return type;
}

static int add_classes(PyObject *module)
{
	PyObject *base = add_class(module, &object_spec, NULL), *semaphore;

	if (!base || !add_class(module, &lock_spec, base) || !add_class(module, &rlock_spec, base))
		return -1;
	semaphore = add_class(module, &semaphore_spec, base);
	if (!semaphore || !add_class(module, &bounded_semaphore_spec, semaphore))
		return -1;
	return add_class(module, &gil_spec, base) ? 0 : -1;
}

static int add_backend_names(PyObject *module, const char *backend, const char *reason)
{
	if (PyModule_AddStringConstant(module, "backend", backend))
		return -1;
	return PyModule_AddStringConstant(module, "_backend_reason", reason);
}

static int raise_no_backend(int err)
{
	if (err == EMFILE || err == ENFILE || err == ENOMEM)
		raise_errno(err);
	else
		PyErr_Format(PyExc_ImportError, "kgil: the kernel module is required: %s",
			     kgil_strerror(err));
	return -1;
}

/* What locks are made of; none without the module where that is required. */
static int add_backend(PyObject *module)
{
	switch (kgil_backend()) {
	case KGIL_BACKEND_MODULE:
		return add_backend_names(module, "module", "");
	case KGIL_BACKEND_FUTEX:
		return add_backend_names(module, "futex", kgil_strerror(kgil_backend_reason()));
	default:
		return raise_no_backend(errno);
	}
}

static int module_exec(PyObject *module)
{
	if (core_setup() || add_backend(module) || add_classes(module) || stats_setup(module))
		return -1;
	return PyModule_AddStringConstant(module, "__version__", kgil_version());
}

static PyModuleDef_Slot module_slots[] = {
	{ Py_mod_exec, module_exec },
	{ 0 },
};

static struct PyModuleDef module_definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "kgil._kgil",
	.m_doc = PyDoc_STR("The classes of the package kgil."),
	.m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__kgil(void)
{
	return PyModuleDef_Init(&module_definition);
}
