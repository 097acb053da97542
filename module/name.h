/* SPDX-License-Identifier: GPL-2.0 */
/* Objects that are found by name. */
#ifndef _KGIL_NAME_H
#define _KGIL_NAME_H

#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include <linux/kgil.h>

struct kgil_object;

/**
 * struct kgil_names - the names of a network namespace
 * @tree: struct kgil_name, in the order of strcmp()
 * @mutex: protects @tree, and in its names what kgil_name says
 */
struct kgil_names {
	struct rb_root tree;
	struct mutex mutex;	/* the tree, and who is counted in it */
};

/**
 * struct kgil_name - the name of an object
 * @node: in the tree, or empty; under the mutex, as the next ones
 * @files: of the object; the name leaves the tree with the last one
 * @object: which; no reference: a name in the tree has a file, which has one
 * @mode: permission bits; never changed, as is @text
 * @text: the name
 *
 * Freed with the object.
 */
struct kgil_name {
	struct rb_node node;
	unsigned int files;
	struct kgil_object *object;
	umode_t mode;
	char text[KGIL_NAME_SIZE];
};

struct kgil_object *kgil_name_open(const struct kgil_open *open);
void kgil_name_close(struct kgil_object *obj);
void kgil_name_free(struct kgil_object *obj);
void kgil_names_init(struct kgil_names *names);

#endif /* _KGIL_NAME_H */
