// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that are found by name.
 *
 * A name is in the tree of its network namespace as long as its object has a
 * file.  Under the mutex an open counts the file that it is about to make, and
 * the last release takes the name out: an open that races with it gets the
 * object alive, or finds no name.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "access.h"
#include "name.h"
#include "object.h"
#include "register.h"

#define KGIL_OPEN_FLAGS	(KGIL_OPEN_CREATE | KGIL_OPEN_EXCL | \
			 KGIL_OPEN_RDONLY | KGIL_OPEN_INHERIT)
#define KGIL_OPEN_MODES	0666

static bool kgil_valid_name(const char *name)
{
	size_t length = strnlen(name, KGIL_NAME_SIZE);
	size_t i;

	if (!length || length == KGIL_NAME_SIZE)
		return false;
	for (i = 0; i < length; i++) {
		unsigned char c = name[i];

		if (c < ' ' || c == 0x7f || c == '/')
			return false;
	}
	return true;
}

/* What only a creation has a use for is 0. */
static bool kgil_valid_existing(const struct kgil_open *open)
{
	const struct kgil_create none = { .type = open->create.type };

	return !(open->flags & KGIL_OPEN_EXCL) && !open->mode &&
	       !memcmp(&open->create, &none, sizeof(none)) &&
	       none.type <= KGIL_TYPE_RLOCK;
}

static bool kgil_valid_open(const struct kgil_open *open)
{
	if (open->flags & ~KGIL_OPEN_FLAGS || open->mode & ~KGIL_OPEN_MODES ||
	    !kgil_valid_name(open->name))
		return false;
	return open->flags & KGIL_OPEN_CREATE ?
		       kgil_create_valid(&open->create) :
		       kgil_valid_existing(open);
}

/* May the caller have the object that has the name?  Under the mutex. */
static int kgil_name_check(const struct kgil_name *name,
			   const struct kgil_open *open)
{
	const struct kgil_object *obj = name->object;
	bool write = !(open->flags & KGIL_OPEN_RDONLY);

	if (open->flags & KGIL_OPEN_EXCL)
		return -EEXIST;
	if (!kgil_may_open(obj, write))
		return -EACCES;
	if (open->create.type && open->create.type != obj->type)
		return -EINVAL;
	return 0;
}

/*
 * Under the mutex: the object that has the name, with a reference and a file
 * counted; NULL: none has it, *@link is where it belongs; -EEXIST, -EACCES,
 * -EINVAL.
 */
static struct kgil_object *kgil_name_find(struct kgil_names *names,
					  const struct kgil_open *open,
					  struct rb_node **parent,
					  struct rb_node ***link)
{
	*parent = NULL;
	*link = &names->tree.rb_node;
	while (**link) {
		struct kgil_name *name = rb_entry(**link, struct kgil_name,
						  node);
		int order = strcmp(open->name, name->text);
		int err;

		*parent = **link;
		if (order) {
			*link = order < 0 ? &(*parent)->rb_left :
					    &(*parent)->rb_right;
			continue;
		}
		err = kgil_name_check(name, open);
		if (err)
			return ERR_PTR(err);
		name->files++;
		kref_get(&name->object->ref);
		return name->object;
	}
	return NULL;
}

static struct kgil_object *kgil_name_get(struct kgil_names *names,
					 const struct kgil_open *open)
{
	struct rb_node *parent, **link;
	struct kgil_object *obj;

	mutex_lock(&names->mutex);
	obj = kgil_name_find(names, open, &parent, &link);
	mutex_unlock(&names->mutex);
	return obj;
}

/* Give the name to @obj, unless another was faster: that one, or an error. */
static struct kgil_object *kgil_name_claim(struct kgil_names *names,
					   struct kgil_object *obj,
					   const struct kgil_open *open)
{
	struct rb_node *parent, **link;
	struct kgil_object *other;

	mutex_lock(&names->mutex);
	other = kgil_name_find(names, open, &parent, &link);
	if (!other) {
		rb_link_node(&obj->name->node, parent, link);
		rb_insert_color(&obj->name->node, &names->tree);
		obj->name->files = 1;
	}
	mutex_unlock(&names->mutex);
	return other ?: obj;
}

static struct kgil_name *kgil_name_alloc(struct kgil_object *obj,
					 const struct kgil_open *open)
{
	struct kgil_name *name = kzalloc(sizeof(*name), GFP_KERNEL_ACCOUNT);

	if (!name)
		return NULL;
	name->object = obj;
	name->mode = open->mode & ~current_umask();
	strscpy(name->text, open->name, sizeof(name->text));
	return name;
}

/* An object that is registered, and has a name that nobody finds yet. */
static struct kgil_object *kgil_name_create(const struct kgil_open *open)
{
	struct kgil_object *obj = kgil_object_create(&open->create);
	int err = -ENOMEM;

	if (IS_ERR(obj))
		return obj;
	obj->name = kgil_name_alloc(obj, open);
	if (obj->name)
		err = kgil_register_add(obj);
	if (!err)
		return obj;
	kgil_object_put(obj);
	return ERR_PTR(err);
}

/**
 * kgil_name_open() - the object that has a name
 * @open: what the user asked for, not checked yet
 *
 * Return: the object, with a reference and a file counted, for which the caller
 * owes a kgil_name_close(); -EINVAL, -ENOENT, -EEXIST, -EACCES, -ENOMEM.
 */
struct kgil_object *kgil_name_open(const struct kgil_open *open)
{
	struct net *net = current->nsproxy->net_ns;
	struct kgil_names *names = kgil_register_names(net);
	struct kgil_object *obj, *new;

	if (!kgil_valid_open(open))
		return ERR_PTR(-EINVAL);
	obj = kgil_name_get(names, open);
	if (obj)
		return obj;
	if (!(open->flags & KGIL_OPEN_CREATE))
		return ERR_PTR(-ENOENT);
	/* Not under the mutex, because it may have to wait for memory. */
	new = kgil_name_create(open);
	if (IS_ERR(new))
		return new;
	obj = kgil_name_claim(names, new, open);
	if (obj != new)
		kgil_object_put(new);
	return obj;
}

/* A file of @obj is gone; the caller still has its reference. */
void kgil_name_close(struct kgil_object *obj)
{
	struct kgil_names *names = kgil_register_names(obj->net);
	struct kgil_name *name = obj->name;

	if (!name)
		return;
	mutex_lock(&names->mutex);
	if (!--name->files)
		rb_erase(&name->node, &names->tree);
	mutex_unlock(&names->mutex);
}

void kgil_name_free(struct kgil_object *obj)
{
	kfree(obj->name);
}

void kgil_names_init(struct kgil_names *names)
{
	names->tree = RB_ROOT;
	mutex_init(&names->mutex);
}
