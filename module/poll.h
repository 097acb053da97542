/* SPDX-License-Identifier: GPL-2.0 */
/* poll(), select() and epoll on an object. */
#ifndef _KGIL_POLL_H
#define _KGIL_POLL_H

#include <linux/fs.h>
#include <linux/poll.h>

#include "object.h"

struct task_struct;

__poll_t kgil_poll(struct kgil_object *obj, struct file *file,
		   poll_table *table);

void kgil_unlock_and_wake(struct kgil_object *obj, struct task_struct *next)
	__releases(&obj->lock);

/* Under the lock: it has become free for whoever comes first. */
static inline void kgil_poll_freed(struct kgil_object *obj)
{
	if (unlikely(obj->watched & KGIL_POLLED))
		obj->watched |= KGIL_POLL_NEWS;
}

#endif /* _KGIL_POLL_H */
