// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of threads on one object: all wait at once, each gets it once, and
 * no update of what it protects is lost.
 *
 * usage: threads [N]
 */
#include <pthread.h>
#include <sys/mman.h>

#include "load.h"

#define STACK (32 << 10)

static int fd;
static unsigned long counter;
static unsigned long errors;

static void *acquire_once(void *arg)
{
	unsigned long seen;

	(void)arg;
	if (acquire(fd) != 0) {
		__atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	seen = __atomic_load_n(&counter, __ATOMIC_RELAXED);
	__atomic_store_n(&counter, seen + 1, __ATOMIC_RELAXED);
	if (release(fd) != 0)
		__atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void start(pthread_t *thread, char *stack)
{
	pthread_attr_t attr;

	CHECK(pthread_attr_init(&attr) == 0);
	CHECK(pthread_attr_setstack(&attr, stack, STACK) == 0);
	CHECK(pthread_create(thread, &attr, acquire_once, NULL) == 0);
	CHECK(pthread_attr_destroy(&attr) == 0);
}

static void all_at_once(__u32 type, unsigned long n, pthread_t *threads, char *stacks)
{
	struct kgil_stats before, stats;
	unsigned long i;

	fd = new_object(type);
	CHECK(fd >= 0);
	counter = 0;
	CHECK(acquire(fd) == 0);
	before = stats_of(fd);
	for (i = 0; i < n; i++)
		start(&threads[i], stacks + i * STACK);
	check(WAIT_LONG_UNTIL(state_of(fd).waiters == n), "%s: %lu threads wait", type_name(type),
	      n);
	CHECK(release(fd) == 0);
	for (i = 0; i < n; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	stats = stats_of(fd);
	check(counter == n && !errors, "%s: each of them had it once", type_name(type));
	check(stats.contentions - before.contentions == n, "%s: each waited", type_name(type));
	check(stats.acquisitions - before.acquisitions == n, "%s: and each was counted",
	      type_name(type));
	check(is_free(fd) && state_of(fd).waiters == 0, "%s: it is free", type_name(type));
	close(fd);
}

int main(int argc, char **argv)
{
	static const __u32 types[] = { KGIL_TYPE_GIL, KGIL_TYPE_SEM, KGIL_TYPE_LOCK,
				       KGIL_TYPE_RLOCK };
	unsigned long n = count_of(argc, argv, 1000), i;
	pthread_t *threads = calloc(n, sizeof(*threads));
	char *stacks = mmap(NULL, n * STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(threads && stacks != MAP_FAILED);
	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		all_at_once(types[i], n, threads, stacks);
	return end_checks();
}
