// SPDX-License-Identifier: GPL-2.0
/*
 * A memory cgroup at its limit: what needs memory fails with ENOMEM and changes
 * nothing, what needs none works, and all of it is given back.
 *
 * usage: memory DIRECTORY; an empty cgroup with a limit of a few MB
 *
 * The kernel would kill a process that is over the limit; this one is exempt.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "load.h"

#define MOST 200000

static void write_to(const char *directory, const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* Pages that are touched later would be charged, too. */
static int *room_for(size_t n)
{
	int *fds = mmap(NULL, n * sizeof(*fds), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	CHECK(fds != MAP_FAILED);
	CHECK(mlockall(MCL_CURRENT) == 0);
	return fds;
}

static int first_acquire_error;
static int gil;

/* Needs a record of the thread, and one of the thread on the gil. */
static void *acquire_first(void *arg)
{
	(void)arg;
	first_acquire_error = acquire(gil);
	if (!first_acquire_error)
		CHECK(release(gil) == 0);
	return NULL;
}

/* As many locks as there is memory for. */
static unsigned long fill(int *fds, int *err)
{
	unsigned long n = 0;

	while (n < MOST && (fds[n] = make(KGIL_TYPE_LOCK)) >= 0)
		n++;
	*err = n < MOST ? -fds[n] : 0;
	return n;
}

/* Return: the error of the first mmap of an object that fails. */
static int map_until_refused(int *fds, unsigned long n, unsigned long *mapped)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		if (mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, fds[i], 0) == MAP_FAILED)
			err = errno;
	}
	*mapped = i - (err != 0);
	return err;
}

static bool all_work(int *fds, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (acquire(fds[i]) || try_acquire(fds[i]) != EAGAIN || release(fds[i]))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned long before, made, again, mapped, listed, i;
	int *fds, create_error, map_error;
	bool work, work_after;
	pthread_t thread;
	char pid[16];

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	set_nofile(MOST + 64);
	fds = room_for(MOST);
	gil = make(KGIL_TYPE_GIL);
	CHECK(gil >= 0);
	before = objects_now();
	write_to("/proc/self", "oom_score_adj", "-1000");
	snprintf(pid, sizeof(pid), "%d", getpid());
	write_to(argv[1], "cgroup.procs", pid);

	/* Even a pipe needs memory, so that what was seen is told later. */
	made = fill(fds, &create_error);
	listed = objects_now() - before;
	work = all_work(fds, made);
	map_error = map_until_refused(fds, made, &mapped);
	work_after = all_work(fds, made);
	for (i = 0; i < made; i++)
		CHECK(close(fds[i]) == 0);
	check(made > 100 && made < MOST && create_error == ENOMEM, "ENOMEM after %lu objects",
	      made);
	check(listed == made, "what could not be made is not there");
	check(work, "the others work");
	check(map_error == ENOMEM, "mmap: ENOMEM after %lu", mapped);
	check(work_after, "the objects work that could not be mapped");
	/* A mapping keeps its object. */
	check(objects_now() == before + mapped, "those closed and not mapped are gone");

	CHECK(pthread_create(&thread, NULL, acquire_first, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	check(first_acquire_error == 0, "a new thread takes a gil when there is memory again");

	again = fill(fds, &create_error);
	work = all_work(fds, again);
	for (i = 0; i < again; i++)
		CHECK(close(fds[i]) == 0);
	check(again > made / 2 && create_error == ENOMEM, "ENOMEM again after %lu", again);
	check(work, "these work");
	check(objects_now() == before + mapped, "and are gone");
	return end_checks();
}
