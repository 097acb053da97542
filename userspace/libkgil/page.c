// SPDX-License-Identifier: LGPL-2.1-or-later
/* The page of a gil, which the kernel writes and user space reads. */
#include <sys/mman.h>
#include <unistd.h>

#include "kgil.h"

const struct kgil_page *kgil_map(int fd)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

int kgil_unmap(const struct kgil_page *page)
{
	return munmap((void *)page, sysconf(_SC_PAGESIZE));
}
