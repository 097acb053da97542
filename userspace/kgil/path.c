// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "path.h"

const char *const path_words[] = { "ioctl", "word", NULL };

int path_open(struct path *path, int fd, enum path_kind kind)
{
	struct kgil_state state;

	if (kgil_state(fd, &state))
		return -1;
	*path = (struct path){ .fd = fd, .gil = state.type == KGIL_TYPE_GIL };
	if (kind == PATH_WORD) {
		path->word = kgil_word_open(fd);
		return path->word ? 0 : -1;
	}
	if (!path->gil)
		return 0;
	path->page = kgil_map(fd);
	return path->page ? 0 : -1;
}

void path_close(struct path *path)
{
	kgil_word_close(path->word);
	path->word = NULL;
	if (path->page)
		kgil_unmap(path->page);
	path->page = NULL;
}

int path_acquire(const struct path *path)
{
	return path->word ? kgil_word_acquire(path->word) : kgil_acquire(path->fd);
}

int path_try_acquire(const struct path *path)
{
	return path->word ? kgil_word_try_acquire(path->word) : kgil_try_acquire(path->fd);
}

int path_acquire_for(const struct path *path, uint64_t timeout_ns)
{
	return path->word ? kgil_word_acquire_for(path->word, timeout_ns) :
			    kgil_acquire_for(path->fd, timeout_ns);
}

int path_release(const struct path *path)
{
	return path->word ? kgil_word_release(path->word) : kgil_release(path->fd);
}

int path_yield(const struct path *path)
{
	return path->word ? kgil_word_yield(path->word) : kgil_yield(path->fd);
}

bool path_drop_requested(const struct path *path)
{
	if (!path->gil)
		return false;
	if (path->word)
		return kgil_word_drop_requested(path->word);
	return __atomic_load_n(&path->page->drop_request, __ATOMIC_RELAXED);
}
