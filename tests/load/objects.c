// SPDX-License-Identifier: GPL-2.0
/*
 * Very many objects, all of them owned at once by one thread; and as many as a
 * process may have descriptors.
 *
 * usage: objects [N]
 */
#include "load.h"

/* For standard input and the like. */
#define SOME_MORE 64
#define FEW 64

static const __u32 types[] = { KGIL_TYPE_GIL, KGIL_TYPE_SEM, KGIL_TYPE_LOCK, KGIL_TYPE_RLOCK };

static __u32 type_of(unsigned long i)
{
	return types[i % (sizeof(types) / sizeof(*types))];
}

/* Return: each could be done @what with. */
static bool each(int *fds, unsigned long n, int (*what)(int fd))
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (what(fds[i]) != 0)
			return false;
	}
	return true;
}

static void many(unsigned long n)
{
	int *fds = calloc(n, sizeof(*fds));
	unsigned long i, before = objects_now();
	__u64 id, last = 0;
	bool grows = true;

	CHECK(fds);
	set_nofile(n + SOME_MORE);
	for (i = 0; i < n; i++) {
		fds[i] = new_object(type_of(i));
		CHECK(fds[i] >= 0);
		id = state_of(fds[i]).id;
		grows &= id > last;
		last = id;
	}
	check(grows, "%lu objects, each with a number of its own", n);
	check(objects_now() == before + n, "/proc shows them all");
	check(each(fds, n, acquire), "one thread has all of them");
	check(state_of(fds[0]).owner != 0 && state_of(fds[n - 1]).count == 0,
	      "the first and the last say so");
	check(each(fds, n, release), "and gives all back");
	check(each(fds, n, acquire), "and takes all again");
	check(each(fds, n, close), "all are closed, though taken");
	check(objects_now() == before, "/proc shows none of them");
	free(fds);
}

/* Return: how many could be made; @err: why no more. */
static unsigned long until_refused(int *fds, int *err)
{
	unsigned long n = 0;

	while ((fds[n] = make(type_of(n))) >= 0)
		n++;
	*err = -fds[n];
	return n;
}

static void out_of_descriptors(void)
{
	unsigned long first, again, before = objects_now();
	int fds[FEW + 1], err;

	set_nofile(FEW);
	first = until_refused(fds, &err);
	check(first > 0 && first < FEW && err == EMFILE, "EMFILE after %lu of %d descriptors",
	      first, FEW);
	check(objects_now() == before + first, "what could not be made is not shown");
	check(each(fds, first, acquire) && each(fds, first, release), "the others work");
	check(each(fds, first, close), "and are closed");
	again = until_refused(fds, &err);
	check(again == first && err == EMFILE, "as many can be made again");
	check(each(fds, again, close) && objects_now() == before, "nothing is left");
}

int main(int argc, char **argv)
{
	unsigned long n = count_of(argc, argv, 1000);
	pid_t pid;

	many(n);
	/* The limit can't be raised again. */
	pid = fork_child();
	if (pid == 0) {
		out_of_descriptors();
		exit(end_checks());
	}
	return reap(pid);
}
