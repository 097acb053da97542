// SPDX-License-Identifier: GPL-2.0
/*
 * The page of a gil: made by the first mmap, freed with the object.  A mapping
 * keeps the file, the file the object.
 */
#include <linux/gfp.h>

#include "object.h"
#include "owner.h"
#include "page.h"

/* Make the page, unless another mmap was faster. */
static int kgil_page_make(struct kgil_object *obj)
{
	struct kgil_page *page, *spare;

	page = (struct kgil_page *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;

	raw_spin_lock_irq(&obj->lock);
	spare = page;
	if (!obj->page) {
		spare = NULL;
		kgil_page_show_owner(page, obj->owner ? obj->owner->thread->id :
							0);
		kgil_page_show_drop(page, obj->drop.requested);
		/* Pairs with the load in kgil_page_map(): the contents first. */
		smp_store_release(&obj->page, page);
	}
	raw_spin_unlock_irq(&obj->lock);
	kgil_page_free(spare);
	return 0;
}

/**
 * kgil_page_map() - mmap of an object
 * @obj: the object
 * @vma: where to
 *
 * User space can't write the page, and a child of fork doesn't get it: what it
 * says of "the owner" is meant for who may be it.
 *
 * Return: 0; -ENODEV not a gil, -EINVAL more than the one page, -EACCES
 * writable, -ENOMEM.
 */
int kgil_page_map(struct kgil_object *obj, struct vm_area_struct *vma)
{
	int err;

	if (!kgil_is_gil(obj))
		return -ENODEV;
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	/* Pairs with the store in kgil_page_make(). */
	if (!smp_load_acquire(&obj->page)) {
		err = kgil_page_make(obj);
		if (err)
			return err;
	}
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND, VM_MAYWRITE);
	return vm_insert_page(vma, vma->vm_start, virt_to_page(obj->page));
}

void kgil_page_free(struct kgil_page *page)
{
	free_page((unsigned long)page);
}
