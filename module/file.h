/* SPDX-License-Identifier: GPL-2.0 */
/* The descriptor of an object. */
#ifndef _KGIL_FILE_H
#define _KGIL_FILE_H

struct kgil_create;

int kgil_fd_create(const struct kgil_create *create);

#endif /* _KGIL_FILE_H */
