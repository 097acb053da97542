// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fallback_thread.h"
#include "handle.h"

/* Of the time at which a thread began, in ticks of the kernel's. */
#define START_BITS (60 - THREAD_TID_BITS)
#define START_MASK ((1ULL << START_BITS) - 1)

/* No descriptor and no memory of the caller's is used for longer than a call. */
static bool read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, text, size - 1);
	close(fd);
	if (length <= 0)
		return false;
	text[length] = '\0';
	return true;
}

/* Its state, a letter, and when it began; false: nobody tells. */
static bool read_stat(const char *path, char *state, uint64_t *start)
{
	char text[1024];
	const char *p;

	if (!read_file(path, text, sizeof(text)))
		return false;
	/* The name may hold anything, but what follows it no parenthesis. */
	p = strrchr(text, ')');
	if (!p || sscanf(p, ") %c", state) != 1)
		return false;
	/* The state is field 3, the time is field 22. */
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return false;
	*start = strtoull(p + 1, NULL, 10) & START_MASK;
	return true;
}

uint64_t thread_self(void)
{
	uint64_t start = 0;
	char state;

	if (kgil_self.id)
		return kgil_self.id;
	/* Without /proc the time is 0, and says nothing. */
	if (!read_stat("/proc/thread-self/stat", &state, &start))
		start = 0;
	kgil_self.id = start << THREAD_TID_BITS | (uint32_t)syscall(SYS_gettid);
	return kgil_self.id;
}

bool thread_is_gone(uint64_t id)
{
	return syscall(SYS_tkill, thread_tid(id), 0) && errno == ESRCH;
}

bool thread_is_dead(uint64_t id)
{
	uint64_t start, began = id >> THREAD_TID_BITS;
	char path[32], state;

	if (thread_is_gone(id))
		return true;
	snprintf(path, sizeof(path), "/proc/%u/stat", thread_tid(id));
	/* A /proc that hides the thread tells nothing. */
	if (!read_stat(path, &state, &start))
		return false;
	return state == 'Z' || state == 'X' || (began && start != began);
}

uint32_t thread_pid(uint64_t id)
{
	char path[32], text[1024];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%u/status", thread_tid(id));
	if (!read_file(path, text, sizeof(text)))
		return 0;
	p = strstr(text, "\nTgid:");
	return p ? strtoul(p + strlen("\nTgid:"), NULL, 10) : 0;
}

static uint32_t namespace_of(const char *path)
{
	struct stat stat_of;

	return stat(path, &stat_of) ? 0 : stat_of.st_ino;
}

uint64_t thread_namespaces(void)
{
	/* A process never changes its own, but its children may have others. */
	static uint64_t known;
	static unsigned int known_since; /* a generation, plus 1 */

	if (__atomic_load_n(&known_since, __ATOMIC_ACQUIRE) != fork_generation + 1) {
		uint64_t time = namespace_of("/proc/self/ns/time");

		__atomic_store_n(&known, time << 32 | namespace_of("/proc/self/ns/pid"),
				 __ATOMIC_RELAXED);
		__atomic_store_n(&known_since, fork_generation + 1, __ATOMIC_RELEASE);
	}
	return __atomic_load_n(&known, __ATOMIC_RELAXED);
}
