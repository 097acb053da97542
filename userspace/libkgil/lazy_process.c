// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The page that the kernel clears in a child, however the child was made.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lazy_process.h"

static struct lazy_process *process;
/* No process that this one descends from was given a greater number. */
static uint32_t last_number;

struct lazy_process *lazy_process(void)
{
	return __atomic_load_n(&process, __ATOMIC_ACQUIRE);
}

struct lazy_process *lazy_process_get(void)
{
	struct lazy_process *page = lazy_process(), *other = NULL;
	size_t size = sysconf(_SC_PAGESIZE);

	if (page)
		return page;
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	if (!madvise(page, size, MADV_WIPEONFORK) &&
	    __atomic_compare_exchange_n(&process, &other, page, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return page;
	munmap(page, size);
	return other;
}

uint32_t lazy_process_number(void)
{
	struct lazy_process *page = lazy_process_get();
	uint32_t number, next;

	/* Without a page a child can't be told from its parent. */
	if (!page)
		return 1;
	number = __atomic_load_n(&page->number, __ATOMIC_ACQUIRE);
	if (number)
		return number;
	/* Of several threads that come here at the same time the first gives it. */
	next = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	if (!__atomic_compare_exchange_n(&page->number, &number, next, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return number;
	return next;
}
