/* SPDX-License-Identifier: GPL-2.0 */
/* The names of Python's threads. */
#ifndef KGIL_PYTHON_NAMES_H
#define KGIL_PYTHON_NAMES_H

/*
 * Let the Python programs that the calling process becomes, and those they start,
 * tell the kernel what their threads are called, by PYTHONPATH.  Others don't see it.
 */
void python_names(void);

#endif /* KGIL_PYTHON_NAMES_H */
