// SPDX-License-Identifier: LGPL-2.1-or-later
/* The page of an object, which the kernel and user space share. */
#include <sys/mman.h>
#include <unistd.h>

#include "kgil.h"

static struct kgil_page *map(int fd, int protection)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), protection, MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
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
