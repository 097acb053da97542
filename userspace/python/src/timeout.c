// SPDX-License-Identifier: LGPL-2.1-or-later
/* How long to wait: the arguments of acquire(), checked as threading does. */
#include "object.h"

#include <math.h>

#define NSEC_PER_SEC 1000000000LL
/* threading counts in µs. */
#define TIMEOUT_MAX_NS (INT64_MAX / 1000 * 1000)
/* What acquire(timeout=-1) says: no limit. */
#define UNSET (-NSEC_PER_SEC)

static bool too_large(void)
{
	PyErr_SetString(PyExc_OverflowError, "timestamp too large to convert to C _PyTime_t");
	return false;
}

static bool float_to_ns(double seconds, int64_t *ns)
{
	double value = seconds * NSEC_PER_SEC;

	if (isnan(seconds)) {
		PyErr_SetString(PyExc_ValueError, "Invalid value NaN (not a number)");
		return false;
	}
	/* Never less than was asked for. */
	value = value < 0 ? floor(value) : ceil(value);
	if (!(value >= (double)INT64_MIN && value < -(double)INT64_MIN))
		return too_large();
	*ns = value;
	return true;
}

static bool int_to_ns(PyObject *seconds, int64_t *ns)
{
	PyObject *number = PyNumber_Index(seconds);
	long long value;
	int overflow;

	if (!number)
		return false;
	value = PyLong_AsLongLongAndOverflow(number, &overflow);
	Py_DECREF(number);
	if (overflow || __builtin_mul_overflow(value, NSEC_PER_SEC, ns))
		return too_large();
	return true;
}

bool seconds_to_ns(PyObject *seconds, int64_t *ns)
{
	if (PyFloat_Check(seconds))
		return float_to_ns(PyFloat_AS_DOUBLE(seconds), ns);
	return int_to_ns(seconds, ns);
}

bool no_arguments(PyObject *args, PyObject *kwds)
{
	return !PyTuple_GET_SIZE(args) && (!kwds || !PyDict_GET_SIZE(kwds));
}

static bool wrong(PyObject *exception, const char *message)
{
	PyErr_SetString(exception, message);
	return false;
}

bool parse_lock_acquire(PyObject *args, PyObject *kwds, int64_t *timeout_ns)
{
	static char *names[] = { "blocking", "timeout", NULL };
	PyObject *timeout = NULL;
	int64_t ns = UNSET;
	int blocking = 1;

	*timeout_ns = WAIT_FOREVER;
	if (no_arguments(args, kwds))
		return true;
	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|iO:acquire", names, &blocking, &timeout))
		return false;
	if (timeout && !seconds_to_ns(timeout, &ns))
		return false;
	if (!blocking && ns != UNSET)
		return wrong(PyExc_ValueError, "can't specify a timeout for a non-blocking call");
	if (ns < 0 && ns != UNSET)
		return wrong(PyExc_ValueError, "timeout value must be positive");
	if (ns > TIMEOUT_MAX_NS)
		return wrong(PyExc_OverflowError, "timeout value is too large");
	if (!blocking)
		*timeout_ns = 0;
	else if (ns != UNSET)
		*timeout_ns = ns;
	return true;
}

bool parse_semaphore_acquire(PyObject *args, PyObject *kwds, int64_t *timeout_ns)
{
	static char *names[] = { "blocking", "timeout", NULL };
	PyObject *timeout = Py_None;
	int blocking = 1;

	*timeout_ns = WAIT_FOREVER;
	if (no_arguments(args, kwds))
		return true;
	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|pO:acquire", names, &blocking, &timeout))
		return false;
	if (!blocking) {
		*timeout_ns = 0;
		return timeout == Py_None ||
		       wrong(PyExc_ValueError, "can't specify timeout for non-blocking acquire");
	}
	if (timeout == Py_None)
		return true;
	if (!seconds_to_ns(timeout, timeout_ns))
		return false;
	/* A time in the past is now. */
	if (*timeout_ns < 0)
		*timeout_ns = 0;
	return true;
}
