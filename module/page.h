/* SPDX-License-Identifier: GPL-2.0 */
/* The page of an object that user space maps. */
#ifndef _KGIL_PAGE_H
#define _KGIL_PAGE_H

struct kgil_object;
struct vm_area_struct;

int kgil_page_map(struct kgil_object *obj, struct vm_area_struct *vma);
void kgil_page_free(struct kgil_object *obj);

#endif /* _KGIL_PAGE_H */
