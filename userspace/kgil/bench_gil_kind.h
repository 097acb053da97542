/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The GILs that are compared: one interface, a file each.
 */
#ifndef KGIL_CMD_BENCH_GIL_KIND_H
#define KGIL_CMD_BENCH_GIL_KIND_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct gil_kind - a GIL, as an interpreter uses it
 * @name: what the options and the tables call it
 * @about: one line on what it is
 * @path: "word" or "ioctl", of the module's; NULL: needs no module
 * @exclusive: one thread at a time holds it
 * @create: a free one; NULL with errno set.  @interval_ns: switch interval, 0 for the
 *	kind's own
 * @destroy: nobody uses it any more
 * @thread_begin: the calling thread will use it
 * @thread_end: the calling thread will not use it again
 * @acquire: wait for it and take it
 * @release: give it back
 * @asked: is the owner, who calls this, to drop it?
 * @yield: let another thread that waits have it, and take it again
 *
 * None of them fails once it is made: what can't be done ends the program.
 */
struct gil_kind {
	const char *name;
	const char *about;
	const char *path;
	bool exclusive;
	void *(*create)(uint64_t interval_ns);
	void (*destroy)(void *lock);
	void (*thread_begin)(void *lock);
	void (*thread_end)(void *lock);
	void (*acquire)(void *lock);
	void (*release)(void *lock);
	bool (*asked)(const void *lock);
	void (*yield)(void *lock);
};

extern const struct gil_kind gil_fair_word;
extern const struct gil_kind gil_fair_ioctl;
extern const struct gil_kind gil_fifo_word;
extern const struct gil_kind gil_fifo_ioctl;
extern const struct gil_kind gil_cpython;
extern const struct gil_kind gil_quantum;
extern const struct gil_kind gil_none;

#define GIL_KINDS 7

/* All of them, in the order of the tables. */
extern const struct gil_kind *const gil_kinds[GIL_KINDS];

#endif /* KGIL_CMD_BENCH_GIL_KIND_H */
