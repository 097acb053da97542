/* SPDX-License-Identifier: GPL-2.0 */
/* The descriptor of an object. */
#ifndef _KGIL_FILE_H
#define _KGIL_FILE_H

struct file;
struct kgil_object;

int kgil_file_create(struct kgil_object *obj);
struct kgil_object *kgil_object_of(const struct file *file);

#endif /* _KGIL_FILE_H */
