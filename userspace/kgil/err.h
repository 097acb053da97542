/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Errors: one line on standard error, and the exit status that goes with it.
 */
#ifndef KGIL_CMD_ERR_H
#define KGIL_CMD_ERR_H

#include <stddef.h>

/**
 * enum status - exit statuses of the command, as the manual lists them
 * @STATUS_OK: done
 * @STATUS_FAILED: it failed; or something claimed was not borne out
 * @STATUS_USAGE: wrong option, value or operand; nothing was done
 * @STATUS_NO_DEVICE: the module is not loaded
 * @STATUS_NO_PERMISSION: the device may not be opened
 */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_DEVICE = 3,
	STATUS_NO_PERMISSION = 4,
};

/* The subcommand that later messages name; NULL: none. */
void err_set_command(const char *name);

/* Print "kgil: SUBCOMMAND: ...".  The message ends without a full stop. */
void err_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for wrong usage; returns STATUS_USAGE. */
int err_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for a failure; returns STATUS_FAILED. */
int err_failed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A call of libkgil failed with @err while doing @what ("create a gil").  Says
 * what to type if the module or the permission is missing; returns the status.
 */
int err_device(int err, const char *what);

/*
 * From now on keep a message, the last one, in @text instead of printing it; NULL: print
 * again.
 */
void err_keep(char *text, size_t size);

/* Say that the module is not loaded, and what to type; STATUS_NO_DEVICE. */
int err_no_module(void);

#endif /* KGIL_CMD_ERR_H */
