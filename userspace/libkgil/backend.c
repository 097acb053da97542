// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which backend this process has: the module, or the fallback.
 *
 * A process has one, because a thread has one id, by which the words of all
 * objects name it, and the module and the fallback give out ids of their own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* Atomic: 0, or an enum kgil_backend_id, which is then never changed. */
static int settled;
/* Atomic: kgil_require_module() was called. */
static int required;
/* Why it is not the module; stored before @settled. */
static int reason;

static bool module_is_required(void)
{
	const char *value = getenv("KGIL_REQUIRE");

	return __atomic_load_n(&required, __ATOMIC_RELAXED) ||
	       (value && *value && strcmp(value, "0"));
}

/* The one that was first, @wanted or another's. */
static int settle(int wanted)
{
	int before = 0;

	if (__atomic_compare_exchange_n(&settled, &before, wanted, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return wanted;
	return before;
}

int backend_settle(enum kgil_backend_id wanted)
{
	int now = __atomic_load_n(&settled, __ATOMIC_ACQUIRE);

	if (now)
		return now;
	return wanted == KGIL_BACKEND_FUTEX && module_is_required() ? 0 : settle(wanted);
}

/* Does @err say that there is no module for this process, now and later? */
static bool is_absent(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EACCES:
		return true;
	default:
		return false;
	}
}

/* 0, or why the module can't be used. */
static int ask_module(void)
{
	struct kgil_query query;

	if (!kgil_query(&query))
		return 0;
	/* So a cgroup that allows no such device says it. */
	if (errno == EPERM)
		return EACCES;
	/* Something else stands there. */
	return errno == ENOTTY || errno == EINVAL ? ENODEV : errno;
}

int kgil_backend(void)
{
	int now = __atomic_load_n(&settled, __ATOMIC_ACQUIRE);
	int saved = errno;
	int err;

	if (now)
		return now;
	err = ask_module();
	if (err && (!is_absent(err) || module_is_required())) {
		errno = err;
		return -1;
	}
	errno = saved;
	if (!err)
		return settle(KGIL_BACKEND_MODULE);
	__atomic_store_n(&reason, err, __ATOMIC_RELAXED);
	return settle(KGIL_BACKEND_FUTEX);
}

int kgil_backend_reason(void)
{
	if (__atomic_load_n(&settled, __ATOMIC_ACQUIRE) != KGIL_BACKEND_FUTEX)
		return 0;
	return __atomic_load_n(&reason, __ATOMIC_RELAXED);
}

int kgil_require_module(void)
{
	__atomic_store_n(&required, 1, __ATOMIC_RELAXED);
	if (__atomic_load_n(&settled, __ATOMIC_ACQUIRE) != KGIL_BACKEND_FUTEX)
		return 0;
	errno = EBUSY;
	return -1;
}
