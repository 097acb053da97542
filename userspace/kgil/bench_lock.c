// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench: making a lock, and choosing the variants.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench_variant.h"
#include "err.h"
#include "out.h"

/* In the order of the tables. */
static const struct bench_variant *const all[] = {
	bench_user_variants,
	bench_call_variants,
	bench_kgil_variants,
};

#define N_ALL (sizeof(all) / sizeof(all[0]))

int bench_lock_open(struct bench_lock *lock, const struct bench_variant *variant,
		    unsigned int threads, bool taken)
{
	memset(lock, 0, sizeof(*lock));
	lock->variant = variant;
	lock->threads = threads;
	lock->taken = taken;
	if (!variant->open(lock))
		return STATUS_OK;
	if (errno == ENOTSUP)
		return -1;
	if (variant->path)
		return err_device(errno, variant->name);
	return err_failed("%s: %s", variant->name, strerror(errno));
}

void bench_lock_close(struct bench_lock *lock)
{
	lock->variant->close(lock);
}

/* 1: wanted, and there; 0: not; -1 after a message. */
static int is_wanted(struct bench *bench, const struct bench_variant *variant, unsigned int can)
{
	struct bench_lock lock;
	int status;

	if ((variant->can & can) != can || !bench_wanted(bench, variant->name, variant->path))
		return 0;
	status = bench_lock_open(&lock, variant, 1, false);
	if (status > 0)
		return -1;
	if (status < 0) {
		bench_not_here(bench, variant->name);
		return 0;
	}
	bench_lock_close(&lock);
	return 1;
}

static unsigned int count_variants(void)
{
	const struct bench_variant *variant;
	unsigned int i, n = 0;

	for (i = 0; i < N_ALL; i++)
		for (variant = all[i]; variant->name; variant++)
			n++;
	return n;
}

int bench_select(struct bench *bench, unsigned int can, const struct bench_variant ***list)
{
	const struct bench_variant *variant;
	unsigned int i;
	int n = 0, wanted;

	*list = out_alloc((count_variants() + 1) * sizeof(**list));
	for (i = 0; i < N_ALL; i++) {
		for (variant = all[i]; variant->name; variant++) {
			wanted = is_wanted(bench, variant, can);
			if (wanted < 0) {
				free(*list);
				return -1;
			}
			if (wanted)
				(*list)[n++] = variant;
		}
	}
	return n;
}
