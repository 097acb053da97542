// SPDX-License-Identifier: GPL-2.0
/*
 * The page of an object: in the object until the first mmap, then a page of its
 * own that is freed with the object.  A mapping keeps the file, the file the
 * object.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "object.h"
#include "page.h"
#include "word.h"

static bool kgil_page_is_own(const struct kgil_object *obj)
{
	return obj->page == &obj->own;
}

/* Make the page, unless another mmap was faster. */
static int kgil_page_make(struct kgil_object *obj)
{
	struct kgil_page *page;

	page = (struct kgil_page *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;

	raw_spin_lock(&obj->lock);
	if (kgil_page_is_own(obj)) {
		*page = obj->own;
		/* Pairs with the load in kgil_page_map() and kgil_spin(). */
		smp_store_release(&obj->page, page);
		page = NULL;
	}
	raw_spin_unlock(&obj->lock);
	free_page((unsigned long)page);
	return 0;
}

/* From now on user space may change it. */
static void kgil_page_share(struct kgil_object *obj)
{
	raw_spin_lock(&obj->lock);
	obj->shared = true;
	raw_spin_unlock(&obj->lock);
}

/**
 * kgil_page_map() - mmap of an object
 * @obj: the object
 * @vma: where to
 *
 * A child of fork doesn't get it: it is another thread, and owns nothing.
 *
 * Return: 0; -EINVAL more than the one page, or a private copy; -ENOMEM.
 */
int kgil_page_map(struct kgil_object *obj, struct vm_area_struct *vma)
{
	bool writable = vma->vm_flags & VM_WRITE;
	int err;

	/* A shared mapping of a read-only file has no VM_SHARED. */
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/* Pairs with the store in kgil_page_make(). */
	if (smp_load_acquire(&obj->page) == &obj->own) {
		err = kgil_page_make(obj);
		if (err)
			return err;
	}
	if (writable)
		kgil_page_share(obj);
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND,
		     writable ? 0 : VM_MAYWRITE);
	return vm_insert_page(vma, vma->vm_start, virt_to_page(obj->page));
}

void kgil_page_free(struct kgil_object *obj)
{
	if (!kgil_page_is_own(obj))
		free_page((unsigned long)obj->page);
}
