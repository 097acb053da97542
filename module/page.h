/* SPDX-License-Identifier: GPL-2.0 */
/* The page of a gil that user space maps. */
#ifndef _KGIL_PAGE_H
#define _KGIL_PAGE_H

#include <linux/compiler.h>
#include <linux/types.h>

#include <linux/kgil.h>

struct kgil_object;
struct vm_area_struct;

int kgil_page_map(struct kgil_object *obj, struct vm_area_struct *vma);
void kgil_page_free(struct kgil_page *page);

/*
 * The kernel only writes the page, never reads it; user space reads it while
 * it changes.  @page is NULL as long as nobody has mapped it.
 */
static inline void kgil_page_show_owner(struct kgil_page *page, u64 id)
{
	if (page)
		WRITE_ONCE(page->owner, id);
}

static inline void kgil_page_show_drop(struct kgil_page *page, bool requested)
{
	if (page)
		WRITE_ONCE(page->drop_request, requested);
}

#endif /* _KGIL_PAGE_H */
