/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ways to take the same lock: by its descriptor, each acquire and release a
 * system call; or by its shared word, a system call only if it is contended.
 */
#ifndef KGIL_CMD_PATH_H
#define KGIL_CMD_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include <kgil.h>

/* The order of path_words. */
enum path_kind {
	PATH_IOCTL,
	PATH_WORD,
};

/* What --path says; up to NULL. */
extern const char *const path_words[];

/**
 * struct path - a lock, and how it is taken
 * @fd: the lock
 * @gil: it is one, and so its owner may be asked to drop it
 * @word: to take it by its word; NULL: by @fd
 * @page: of a gil that is taken by @fd: where the drop request is; else NULL
 */
struct path {
	int fd;
	bool gil;
	struct kgil_word *word;
	const struct kgil_page *page;
};

/*
 * Prepare to take @fd, which stays the caller's, so; for all threads.  Returns 0,
 * or -1 with errno set.  A child of fork inherits PATH_WORD, and must open
 * PATH_IOCTL of a gil anew.
 */
int path_open(struct path *path, int fd, enum path_kind kind);
/* No thread may be using it any more. */
void path_close(struct path *path);

/* As libkgil's calls of these names. */
int path_acquire(const struct path *path);
int path_try_acquire(const struct path *path);
int path_acquire_for(const struct path *path, uint64_t timeout_ns);
int path_release(const struct path *path);
int path_yield(const struct path *path);
/* Is the owner of a gil asked to drop it?  False for other types. */
bool path_drop_requested(const struct path *path);

#endif /* KGIL_CMD_PATH_H */
