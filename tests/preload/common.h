/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of this directory share. */
#ifndef KGIL_TEST_PRELOAD_H
#define KGIL_TEST_PRELOAD_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ULL
#define MSEC 1000000ULL
/* Only so that a hang ends: never a measure of speed. */
#define PATIENCE_MS 20000

/* Wait until @condition holds; false if it does not come true at all. */
#define comes_true(condition)                      \
	({                                         \
		int left = PATIENCE_MS;            \
		while (!(condition) && left-- > 0) \
			usleep(1000);              \
		left > 0;                          \
	})

static inline uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/*
 * The descriptors of this process that are semaphores of the module; the first of
 * them goes to @first, if that is not NULL.
 */
static inline int module_sems(int *first)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	char target[64];
	ssize_t len;
	int n = 0;

	while ((entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (strcmp(target, "anon_inode:[kgil-sem]"))
			continue;
		if (!n++ && first)
			*first = atoi(entry->d_name);
	}
	closedir(dir);
	return n;
}

/* Does the thread @tid of this process sleep? */
static inline int is_asleep(pid_t tid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'S';
}

static int signals;

static inline void count_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(&signals, 1, __ATOMIC_RELAXED);
}

/* @flags: SA_RESTART, or 0. */
static inline void catch_signals(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	signals = 0;
	sigaction(SIGUSR1, &action, NULL);
}

/* How a child ended: its exit status, or 128 and the signal's number. */
static inline int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void limit_fds(rlim_t n)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = n;
	setrlimit(RLIMIT_NOFILE, &limit);
}

#endif /* KGIL_TEST_PRELOAD_H */
