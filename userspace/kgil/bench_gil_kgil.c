// SPDX-License-Identifier: GPL-2.0
/*
 * The GIL of the module: by the word, as libkgil's struct kgil uses it, and by
 * calls alone, with a page that is mapped to read the drop request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kgil.h>

#include "bench_gil_kind.h"
#include "err.h"
#include "out.h"

static void check(int result, const char *what)
{
	if (result && errno != EOWNERDEAD)
		exit(err_failed("%s: %s", what, kgil_strerror(errno)));
}

/* --- by the word ----------------------------------------------------------- */

static void *word_new(uint64_t interval_ns, uint32_t policy)
{
	struct kgil *gil = kgil_gil_new(interval_ns);

	if (gil && kgil_gil_set_policy(gil, policy)) {
		kgil_gil_free(gil);
		return NULL;
	}
	return gil;
}

static void *fair_word_new(uint64_t interval_ns)
{
	return word_new(interval_ns, KGIL_POLICY_FAIR);
}

static void *fifo_word_new(uint64_t interval_ns)
{
	return word_new(interval_ns, KGIL_POLICY_FIFO);
}

static void word_free(void *lock)
{
	kgil_gil_free(lock);
}

static void word_thread_begin(void *lock)
{
	check(kgil_gil_attach(lock), "attach a thread to the gil");
}

static void word_thread_end(void *lock)
{
	check(kgil_gil_detach(lock), "detach a thread from the gil");
}

static void word_acquire(void *lock)
{
	check(kgil_gil_acquire(lock), "acquire the gil");
}

static void word_release(void *lock)
{
	check(kgil_gil_release(lock), "release the gil");
}

static bool word_asked(const void *lock)
{
	const struct kgil *gil = lock;

	return __atomic_load_n(&gil->page->drop_request, __ATOMIC_RELAXED);
}

static void word_yield(void *lock)
{
	check(kgil_gil_switch(lock), "switch the gil");
}

/* --- by calls -------------------------------------------------------------- */

/**
 * struct by_ioctl - a GIL that is used by its descriptor
 * @page: mapped to be read
 * @fd: the descriptor
 */
struct by_ioctl {
	const struct kgil_page *page;
	int fd;
};

static void *ioctl_new(uint64_t interval_ns, uint32_t policy)
{
	const struct kgil_create create = {
		.type = KGIL_TYPE_GIL,
		.interval_ns = interval_ns,
		.policy = policy,
	};
	struct by_ioctl *gil = out_alloc(sizeof(*gil));
	int saved;

	gil->fd = kgil_create(&create);
	if (gil->fd < 0)
		goto err_free;
	gil->page = kgil_map(gil->fd);
	if (gil->page)
		return gil;
	saved = errno;
	close(gil->fd);
	errno = saved;
err_free:
	free(gil);
	return NULL;
}

static void *fair_ioctl_new(uint64_t interval_ns)
{
	return ioctl_new(interval_ns, KGIL_POLICY_FAIR);
}

static void *fifo_ioctl_new(uint64_t interval_ns)
{
	return ioctl_new(interval_ns, KGIL_POLICY_FIFO);
}

static void ioctl_free(void *lock)
{
	struct by_ioctl *gil = lock;

	kgil_unmap(gil->page);
	close(gil->fd);
	free(gil);
}

static void ioctl_thread(void *lock)
{
	(void)lock;
}

static void ioctl_acquire(void *lock)
{
	const struct by_ioctl *gil = lock;

	check(kgil_acquire(gil->fd), "acquire the gil");
}

static void ioctl_release(void *lock)
{
	const struct by_ioctl *gil = lock;

	check(kgil_release(gil->fd), "release the gil");
}

static bool ioctl_asked(const void *lock)
{
	const struct by_ioctl *gil = lock;

	return __atomic_load_n(&gil->page->drop_request, __ATOMIC_RELAXED);
}

static void ioctl_yield(void *lock)
{
	const struct by_ioctl *gil = lock;

	check(kgil_yield(gil->fd), "yield the gil");
}

#define BY_WORD                                                                          \
	.exclusive = true, .destroy = word_free, .thread_begin = word_thread_begin,      \
	.thread_end = word_thread_end, .acquire = word_acquire, .release = word_release, \
	.asked = word_asked, .yield = word_yield

#define BY_IOCTL                                                                        \
	.exclusive = true, .destroy = ioctl_free, .thread_begin = ioctl_thread,         \
	.thread_end = ioctl_thread, .acquire = ioctl_acquire, .release = ioctl_release, \
	.asked = ioctl_asked, .yield = ioctl_yield

const struct gil_kind gil_fair_word = {
	.name = "kgil-fair-word",
	.about = "kgil, policy fair, free taken by the word",
	.path = "word",
	.create = fair_word_new,
	BY_WORD,
};

const struct gil_kind gil_fair_ioctl = {
	.name = "kgil-fair-ioctl",
	.about = "kgil, policy fair, each step a call",
	.path = "ioctl",
	.create = fair_ioctl_new,
	BY_IOCTL,
};

const struct gil_kind gil_fifo_word = {
	.name = "kgil-fifo-word",
	.about = "kgil, policy fifo, free taken by the word",
	.path = "word",
	.create = fifo_word_new,
	BY_WORD,
};

const struct gil_kind gil_fifo_ioctl = {
	.name = "kgil-fifo-ioctl",
	.about = "kgil, policy fifo, each step a call",
	.path = "ioctl",
	.create = fifo_ioctl_new,
	BY_IOCTL,
};
