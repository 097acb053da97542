// SPDX-License-Identifier: LGPL-2.1-or-later
/* The page of an object, which the kernel and user space share. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "kgil.h"

static struct kgil_page *map(int fd, int protection)
{
	size_t size = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return NULL;
	/* So is every object's of the module, unasked. */
	madvise(page, size, MADV_DONTFORK);
	return page;
}

const struct kgil_page *kgil_map(int fd)
{
	return map(fd, PROT_READ);
}

struct kgil_page *kgil_map_writable(int fd)
{
	return map(fd, PROT_READ | PROT_WRITE);
}

int kgil_unmap(const struct kgil_page *page)
{
	return munmap((void *)page, sysconf(_SC_PAGESIZE));
}
