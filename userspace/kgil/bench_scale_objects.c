// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench scale: what acquire and release by ioctl cost while there are many
 * objects, and what memory an object takes.
 *
 * One of them again and again shows whether the kernel looks for it; all of them
 * in turn misses the processor's caches, which eventfd does as well.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <kgil.h>

#include "bench_loop.h"
#include "bench_scale.h"
#include "err.h"
#include "out.h"

/* In a loop. */
#define PAIRS 2000
#define PAIRS_QUICK 100
/* Of fewer, the slabs' granularity would be measured. */
#define MEMORY_MIN 1000
#define SPARE_FDS 64

static int make_lock(void)
{
	return kgil_create_lock();
}

static int make_gil(void)
{
	return kgil_create_gil(0);
}

static int make_sem(void)
{
	return kgil_create_sem(1, 1);
}

static int make_eventfd(void)
{
	return eventfd(1, EFD_SEMAPHORE | EFD_CLOEXEC);
}

static int pair_kgil(int fd)
{
	return kgil_acquire(fd) ? -1 : kgil_release(fd);
}

static int pair_eventfd(int fd)
{
	uint64_t one = 1;

	if (read(fd, &one, sizeof(one)) != sizeof(one))
		return -1;
	return write(fd, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

static const struct kind {
	const char *name;
	const char *path;
	int (*make)(void);
	int (*pair)(int fd);
} kinds[] = {
	{ "kgil-lock-ioctl", "ioctl", make_lock, pair_kgil },
	{ "kgil-sem-ioctl", "ioctl", make_sem, pair_kgil },
	{ "kgil-gil-ioctl", "ioctl", make_gil, pair_kgil },
	{ "eventfd", NULL, make_eventfd, pair_eventfd },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/**
 * struct objects - many of one kind
 * @n: how many
 * @fds: the objects
 * @pair: acquire and release of one
 * @at: whose turn it is
 * @wanted: the kinds to measure
 */
struct objects {
	unsigned int n;
	int *fds;
	int (*pair)(int fd);
	unsigned int at;
	const struct kind *wanted[N_KINDS];
};

/* kB of the kernel's small objects. */
static double slab_kb(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	double kb = -1;
	char line[128];

	if (!file)
		return -1;
	while (kb < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %lf", &kb) != 1)
			kb = -1;
	fclose(file);
	return kb;
}

static int allow_fds(unsigned int n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return err_failed("scale: the limit of open files: %s", strerror(errno));
	if (limit.rlim_cur >= n)
		return STATUS_OK;
	limit.rlim_cur = n;
	if (limit.rlim_max < n)
		limit.rlim_max = n;
	if (!setrlimit(RLIMIT_NOFILE, &limit))
		return STATUS_OK;
	return err_failed("scale: can't open %u files: %s (see ulimit -Hn)", n, strerror(errno));
}

static int pairs_of_one(void *arg, uint64_t n)
{
	const struct objects *objects = arg;

	while (n--)
		if (objects->pair(objects->fds[0]))
			return -1;
	return 0;
}

/* Goes on with the next of them in the next loop. */
static int pairs_of_all(void *arg, uint64_t n)
{
	struct objects *objects = arg;

	while (n--) {
		if (objects->pair(objects->fds[objects->at]))
			return -1;
		if (++objects->at == objects->n)
			objects->at = 0;
	}
	return 0;
}

static int measure_objects(struct bench *bench, struct objects *objects,
			   const struct kind *kind, const struct bench_key *key)
{
	unsigned int n = bench->opts.quick ? PAIRS_QUICK : PAIRS;
	double one, all = -1;

	objects->pair = kind->pair;
	objects->at = 0;
	one = bench_time_loop(pairs_of_one, objects, n);
	/* The first time reaches what creation didn't. */
	if (!pairs_of_all(objects, objects->n))
		all = bench_time_loop(pairs_of_all, objects, n > objects->n ? n : objects->n);
	if (one < 0 || all < 0)
		return err_failed("%s: %s", kind->name, strerror(errno));
	bench_sample(bench, key, "pair_one", "ns", one);
	bench_sample(bench, key, "pair_all", "ns", all);
	return STATUS_OK;
}

static int measure_kind(struct bench *bench, unsigned int i, void *arg)
{
	struct objects *objects = arg;
	const struct kind *kind = objects->wanted[i];
	const struct bench_key key = {
		.section = SCALE_SECTION,
		.variant = kind->name,
		.path = kind->path,
		.params = { { "objects", objects->n } },
	};
	double before = slab_kb();
	unsigned int made;
	int status = STATUS_OK;

	for (made = 0; made < objects->n; made++) {
		objects->fds[made] = kind->make();
		if (objects->fds[made] < 0) {
			status = err_device(errno, kind->name);
			break;
		}
	}
	if (!status && objects->n >= MEMORY_MIN && before >= 0)
		bench_sample(bench, &key, "memory", "B",
			     (slab_kb() - before) * 1024 / objects->n);
	bench_settle(bench);
	if (!status)
		status = measure_objects(bench, objects, kind, &key);
	while (made--)
		close(objects->fds[made]);
	return status;
}

int bench_scale_objects(struct bench *bench)
{
	static const unsigned int full[] = { 1, 10, 100, 1000, 10000, 100000, 0 };
	static const unsigned int quick[] = { 1, 1000, 0 };
	const unsigned int *n = bench->opts.quick ? quick : full;
	struct objects *objects = out_alloc(sizeof(*objects));
	unsigned int i, kinds_wanted = 0;
	int status = STATUS_OK;
	char what[64];

	for (i = 0; i < N_KINDS; i++)
		if (bench_wanted(bench, kinds[i].name, kinds[i].path))
			objects->wanted[kinds_wanted++] = &kinds[i];
	for (; *n && !status; n++) {
		objects->n = *n;
		objects->fds = out_alloc(*n * sizeof(*objects->fds));
		snprintf(what, sizeof(what), "scale, %u objects", *n);
		status = allow_fds(*n + SPARE_FDS);
		if (!status)
			status = bench_rounds(bench, what, kinds_wanted, measure_kind, objects);
		free(objects->fds);
	}
	free(objects);
	return status;
}
