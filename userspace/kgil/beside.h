/* SPDX-License-Identifier: GPL-2.0 */
/* What the command needs and is installed with it. */
#ifndef KGIL_BESIDE_H
#define KGIL_BESIDE_H

/* Where libraries were to be installed. */
#define BESIDE_LIBDIR KGIL_LIBDIR

/*
 * The path of @name: beside the command as in the build tree, or when installed in
 * the directory of libraries, wherever that is now, or was to be.  To be freed; NULL:
 * there is none that can be read.
 */
char *beside_find(const char *name);

#endif /* KGIL_BESIDE_H */
