/* SPDX-License-Identifier: GPL-2.0 */
/* The descriptor of an object. */
#ifndef _KGIL_FILE_H
#define _KGIL_FILE_H

#include <linux/types.h>

struct file;
struct kgil_create;
struct kgil_object;
struct kgil_open;

int kgil_fd_create(const struct kgil_create *create);
int kgil_fd_open(const struct kgil_open *open);
bool kgil_file_releases(const struct file *file, const struct kgil_object *obj);

#endif /* _KGIL_FILE_H */
