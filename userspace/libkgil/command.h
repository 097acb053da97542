/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands of an object, KGIL_IOC_*, as <linux/kgil.h> has them: by the
 * module, or by the fallback if the descriptor is of that.  0, or -1 with errno
 * set.
 */
#ifndef KGIL_COMMAND_H
#define KGIL_COMMAND_H

#include "handle.h"

int object_command(int fd, unsigned long command, void *arg);
/* The same, with the page at hand. */
int handle_command(const struct handle *handle, unsigned long command, void *arg);

/* KGIL_IOC_ACQUIRE_UNTIL; 1: taken, 0: too late, -1: an error. */
int handle_acquire_until(const struct handle *handle, uint64_t deadline_ns);
/* @timeout_ns from now; -1 with errno set. */
int command_deadline(uint64_t timeout_ns, uint64_t *deadline_ns);

/* An acquire whose failure with @not_free is an answer, not an error. */
int command_taken(int ret, int not_free);

#endif /* KGIL_COMMAND_H */
