// SPDX-License-Identifier: GPL-2.0
/* The list of the GILs, and the one that is none: the bound for the others. */
#include "bench_gil_kind.h"

/* Something that isn't NULL. */
static char nothing;

static void *none_new(uint64_t interval_ns)
{
	(void)interval_ns;
	return &nothing;
}

static void none_do(void *lock)
{
	(void)lock;
}

static bool none_asked(const void *lock)
{
	(void)lock;
	return false;
}

const struct gil_kind gil_none = {
	.name = "none",
	.about = "no lock: the bound",
	.create = none_new,
	.destroy = none_do,
	.thread_begin = none_do,
	.thread_end = none_do,
	.acquire = none_do,
	.release = none_do,
	.asked = none_asked,
	.yield = none_do,
};

const struct gil_kind *const gil_kinds[GIL_KINDS] = {
	&gil_fair_word,
	&gil_fair_ioctl,
	&gil_fifo_word,
	&gil_fifo_ioctl,
	&gil_cpython,
	&gil_quantum,
	&gil_none,
};
