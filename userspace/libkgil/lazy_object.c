// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The objects of struct kgil_lazy: made, told from others, closed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "device.h"
#include "lazy_object.h"
#include "lazy_process.h"

/* The descriptors from here on are enough, if there are so many. */
#define FD_FLOOR_MAX 3072
/* After a failure the next object is tried for so much later. */
#define RETRY_NS 1000000000ULL

static uint64_t retry_at_ns;
static int trouble;

void lazy_object_trouble(int err)
{
	__atomic_store_n(&trouble, err, __ATOMIC_RELAXED);
}

int kgil_lazy_trouble(void)
{
	return __atomic_load_n(&trouble, __ATOMIC_RELAXED);
}

/* From now on objects with this id or a greater one are this process' own. */
static void own_from(struct lazy_process *process, uint64_t id)
{
	uint64_t old = __atomic_load_n(&process->first_id, __ATOMIC_RELAXED);

	while (!old || old > id)
		if (__atomic_compare_exchange_n(&process->first_id, &old, id, false,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED))
			break;
}

bool lazy_object_is_own(uint64_t object)
{
	const struct lazy_process *process = lazy_process();
	uint64_t first = process ? __atomic_load_n(&process->first_id, __ATOMIC_RELAXED) : 0;

	return object && first && (object & LAZY_OBJECT_ID) >= first;
}

/*
 * A program counts on low numbers: for its own use, for select(2), to be the next
 * free one.  So objects take high ones, and leave it most of all.
 */
static int move_up(int fd)
{
	struct rlimit limit;
	rlim_t floor;
	int up;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	floor = limit.rlim_cur - limit.rlim_cur / 4;
	if (floor > FD_FLOOR_MAX)
		floor = FD_FLOOR_MAX;
	up = fcntl(fd, F_DUPFD_CLOEXEC, (int)floor);
	/* With so low a limit there is no upper quarter. */
	if (up < 0 && errno == EINVAL)
		errno = EMFILE;
	return up;
}

static int create_above(uint32_t max)
{
	const struct kgil_create create = { .type = KGIL_TYPE_SEM, .max = max };
	/* Without the module the futex in the semaphore is better than one in a file. */
	int fd = device_create(&create), up, saved;

	if (fd < 0)
		return -1;
	up = move_up(fd);
	saved = errno;
	close(fd);
	errno = saved;
	return up;
}

/* The object of a new descriptor; 0 with errno set. */
static uint64_t identify(int fd)
{
	struct kgil_state state;

	if (ioctl(fd, KGIL_IOC_STATE, &state))
		return 0;
	if (fd > LAZY_OBJECT_FD_MAX || state.id > LAZY_OBJECT_ID) {
		errno = EMFILE;
		return 0;
	}
	return (uint64_t)fd << LAZY_OBJECT_ID_BITS | state.id;
}

static uint64_t create(uint32_t max)
{
	struct lazy_process *process = lazy_process_get();
	uint64_t object;
	int fd, saved;

	if (!process)
		return 0;
	fd = create_above(max);
	if (fd < 0)
		return 0;
	object = identify(fd);
	if (object) {
		own_from(process, object & LAZY_OBJECT_ID);
		return object;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return 0;
}

uint64_t lazy_object_new(uint32_t max, uint64_t now_ns)
{
	uint64_t object;

	if (now_ns < __atomic_load_n(&retry_at_ns, __ATOMIC_RELAXED))
		return 0;
	object = create(max);
	if (!object) {
		lazy_object_trouble(errno);
		__atomic_store_n(&retry_at_ns, now_ns + RETRY_NS, __ATOMIC_RELAXED);
	}
	return object;
}

/* Is its descriptor still its own? */
static bool is_there(uint64_t object)
{
	struct kgil_state state;

	return !ioctl(lazy_object_fd(object), KGIL_IOC_STATE, &state) &&
	       state.id == (object & LAZY_OBJECT_ID);
}

int lazy_object_sleep(uint64_t object, int64_t until_ns)
{
	struct kgil_until until = { .deadline_ns = until_ns };

	if (!is_there(object))
		return EBADF;
	if (!ioctl(lazy_object_fd(object), KGIL_IOC_ACQUIRE_UNTIL, &until))
		return 0;
	return errno == ETIMEDOUT ? 0 : errno;
}

/* One with as many wake-ups as it may have needs no other. */
void lazy_object_wake(uint64_t object)
{
	if (is_there(object))
		ioctl(lazy_object_fd(object), KGIL_IOC_RELEASE, 0);
}

void lazy_object_close(uint64_t object)
{
	if (object && is_there(object))
		close(lazy_object_fd(object));
}
