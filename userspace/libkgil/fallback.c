// SPDX-License-Identifier: LGPL-2.1-or-later
/* Objects of the fallback: their files, and their commands. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend.h"
#include "fallback.h"
#include "fallback_futex.h"
#include "fallback_state.h"
#include "fallback_thread.h"
#include "fallback_wait.h"
#include "handle.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Nobody can cut the file off under those who have mapped it, or forbid to. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* ---------------------------------------------------------------- the file */

/* What /proc/PID/fd shows. */
static const char *name_of(uint32_t type)
{
	switch (type) {
	case KGIL_TYPE_GIL:
		return "kgil-gil";
	case KGIL_TYPE_SEM:
		return "kgil-sem";
	case KGIL_TYPE_LOCK:
		return "kgil-lock";
	default:
		return "kgil-rlock";
	}
}

static int new_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	/* Before Linux 6.3. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

/* @create is resolved. */
static int fill(int fd, const struct kgil_create *create)
{
	struct stat file;
	struct fallback object = {
		.magic = FALLBACK_MAGIC,
		.namespaces = thread_namespaces(),
		.interval_ns = create->interval_ns,
		.handoff_ns = create->handoff_ns,
		.type = create->type,
		.flags = create->flags,
		.max = create->max,
		.policy = create->policy,
	};

	if (fstat(fd, &file) || ftruncate(fd, FALLBACK_SIZE))
		return -1;
	object.number = file.st_ino;
	if (create->type == KGIL_TYPE_SEM)
		object.page.word = create->count;
	if (create->flags & KGIL_CREATE_TIMED)
		object.page.word |= KGIL_WORD_WAITERS;
	if (pwrite(fd, &object, sizeof(object), 0) != sizeof(object))
		return -1;
	return fcntl(fd, F_ADD_SEALS, SEALS);
}

int fallback_create(const struct kgil_create *create)
{
	struct kgil_create resolved;
	int fd, saved;

	if (!create) {
		errno = EFAULT;
		return -1;
	}
	resolved = *create;
	if (!fallback_resolve(&resolved)) {
		errno = EINVAL;
		return -1;
	}
	fd = new_file(name_of(resolved.type));
	if (fd < 0 || !fill(fd, &resolved))
		return fd;
	/* No room left on a file system that has no name is no memory. */
	saved = errno == ENOSPC ? ENOMEM : errno;
	close(fd);
	errno = saved;
	return -1;
}

/* --------------------------------------------------------------- mapping */

static bool has_the_form(int fd)
{
	struct stat file;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS && !fstat(fd, &file) &&
	       file.st_size == FALLBACK_SIZE;
}

/*
 * 0, or why this process can't use it.  The file is read, because the first access
 * to a mapping costs more, and is to be one that writes.
 */
static int may_use(int fd)
{
	struct fallback object;

	if (!has_the_form(fd) || pread(fd, &object, sizeof(object), 0) != sizeof(object) ||
	    object.magic != FALLBACK_MAGIC)
		return ENOTTY;
	switch (backend_settle(KGIL_BACKEND_FUTEX)) {
	case KGIL_BACKEND_FUTEX:
		return object.namespaces == thread_namespaces() ? 0 : EXDEV;
	case KGIL_BACKEND_MODULE:
		return EXDEV;
	default:
		return ENOTTY;
	}
}

/* With signals held: a child of fork has no such mapping. */
static struct fallback *map(int fd)
{
	struct fallback *object;
	int err;

	if (fork_watch())
		return NULL;
	err = may_use(fd);
	if (err) {
		errno = err;
		return NULL;
	}
	object = mmap(NULL, FALLBACK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (object == MAP_FAILED)
		return NULL;
	madvise(object, FALLBACK_SIZE, MADV_DONTFORK);
	return object;
}

struct kgil_page *fallback_map(int fd)
{
	struct fallback *object;
	sigset_t signals;

	signals_hold(&signals);
	object = map(fd);
	signals_let(&signals);
	return object ? &object->page : NULL;
}

/* ------------------------------------------------------------ the commands */

static int acquire_until(struct fallback *object, const struct kgil_until *until,
			 const sigset_t *signals)
{
	if (until->flags || until->pad || until->deadline_ns > INT64_MAX)
		return EINVAL;
	return fallback_acquire(object, until->deadline_ns, signals);
}

static int yield(struct fallback *object, const sigset_t *signals)
{
	return object->type == KGIL_TYPE_GIL ? fallback_yield(object, signals) : ENOTTY;
}

static int tell_id(__u64 *id)
{
	*id = thread_self();
	return 0;
}

static int run(struct fallback *object, unsigned long command, void *arg, const sigset_t *signals)
{
	switch (command) {
	case KGIL_IOC_ACQUIRE:
		return fallback_acquire(object, FUTEX_FOREVER, signals);
	case KGIL_IOC_TRY_ACQUIRE:
		return fallback_try(object);
	case KGIL_IOC_ACQUIRE_UNTIL:
		return acquire_until(object, arg, signals);
	case KGIL_IOC_RELEASE:
		return fallback_release(object);
	case KGIL_IOC_YIELD:
		return yield(object, signals);
	case KGIL_IOC_STATE:
		return fallback_get_state(object, arg);
	case KGIL_IOC_STATS:
		return fallback_get_stats(object, arg);
	case KGIL_IOC_ATTACH:
		return fallback_is_owned(object) ? tell_id(arg) : ENOTTY;
	case KGIL_IOC_THREAD:
		return tell_id(arg);
	case KGIL_IOC_SET_INTERVAL:
		return fallback_set_interval(object, *(__u64 *)arg);
	case KGIL_IOC_SET_POLICY:
		return fallback_set_policy(object, *(__u32 *)arg);
	case KGIL_IOC_SET_HANDOFF:
		return fallback_set_handoff(object, *(__u64 *)arg);
	default:
		return ENOTTY;
	}
}

/* errno is kept if there is nothing to say. */
static int result(int err, int saved)
{
	errno = err ? err : saved;
	return err ? -1 : 0;
}

int fallback_run(struct kgil_page *page, unsigned int generation, unsigned long command,
		 void *arg)
{
	int err, saved = errno;
	sigset_t signals;

	signals_hold(&signals);
	if (generation == fork_generation)
		err = run((struct fallback *)page, command, arg, &signals);
	else
		err = FALLBACK_FORKED;
	signals_let(&signals);
	return result(err, saved);
}

/* The object is mapped for as long as the command takes. */
static int run_once(int fd, unsigned long command, void *arg, const sigset_t *signals)
{
	struct fallback *object = map(fd);
	int err;

	if (!object)
		return errno;
	err = run(object, command, arg, signals);
	if (err != FALLBACK_FORKED)
		munmap(object, FALLBACK_SIZE);
	return err;
}

int fallback_command(int fd, unsigned long command, void *arg)
{
	int err, saved = errno;
	sigset_t signals;

	signals_hold(&signals);
	do {
		err = run_once(fd, command, arg, &signals);
	} while (err == FALLBACK_FORKED);
	signals_let(&signals);
	return result(err, saved);
}
