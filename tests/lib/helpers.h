/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the library share.
 */
#ifndef LIB_TEST_HELPERS_H
#define LIB_TEST_HELPERS_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "kgil.h"

#define NSEC_PER_SEC 1000000000ULL
#define PATIENCE_MS 20000
#define PATIENCE_NS (PATIENCE_MS * 1000000ULL)
#define PATTERN 0xcc

/* Wait until @condition holds; false if it does not come true at all. */
#define comes_true(condition)                      \
	({                                         \
		int left = PATIENCE_MS;            \
		while (!(condition) && left-- > 0) \
			usleep(1000);              \
		left > 0;                          \
	})

#define EXPECT_ERROR(error, call)          \
	do {                               \
		errno = 0;                 \
		EXPECT_EQ(-1, (call));     \
		EXPECT_EQ((error), errno); \
	} while (0)

/* In a child: the number of the line whose @condition is false ends it. */
#define REQUIRE(condition)                                                             \
	do {                                                                           \
		if (!(condition)) {                                                    \
			fprintf(stderr, "# child, line %d: %s (errno %d)\n", __LINE__, \
				#condition, errno);                                    \
			_exit(1);                                                      \
		}                                                                      \
	} while (0)

#define REQUIRE_ERROR(error, call)         \
	do {                               \
		errno = 0;                 \
		REQUIRE((call) == -1);     \
		REQUIRE(errno == (error)); \
	} while (0)

static inline void die(const char *what)
{
	printf("# %s: %m\n", what);
	_exit(1);
}

static inline struct kgil_state state_of(int fd)
{
	struct kgil_state state;

	memset(&state, PATTERN, sizeof(state));
	if (kgil_state(fd, &state))
		die("state");
	return state;
}

static inline struct kgil_stats stats_of(int fd)
{
	struct kgil_stats stats;

	memset(&stats, PATTERN, sizeof(stats));
	if (kgil_stats(fd, &stats))
		die("stats");
	return stats;
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/*
 * Send a thread that waits a SIGUSR1, and wait until that has ended its wait for
 * the object @fd.  On the fallback one that comes in the moment in which the
 * thread goes to sleep doesn't: then once more.
 */
static inline bool interrupt(pthread_t thread, int fd)
{
	uint64_t before = stats_of(fd).interrupts;

	for (int tries = 0; tries < 5; tries++) {
		pthread_kill(thread, SIGUSR1);
		for (int left = PATIENCE_MS / 5; left > 0; left--) {
			if (stats_of(fd).interrupts > before)
				return true;
			usleep(1000);
		}
	}
	return false;
}

/* Of each type one that a single thread can hold. */
static inline int create_of(uint32_t type)
{
	struct kgil_create create = { .type = type };

	if (type == KGIL_TYPE_SEM) {
		create.count = 1;
		create.max = 1;
	}
	return kgil_create(&create);
}

static inline bool has_owner(uint32_t type)
{
	return type == KGIL_TYPE_GIL || type == KGIL_TYPE_RLOCK;
}

static inline int send_fd(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct iovec byte = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static inline int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

#endif /* LIB_TEST_HELPERS_H */
