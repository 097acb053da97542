// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <kgil.h>

#include "err.h"
#include "out.h"

static const char *command;
static char *kept;
static size_t kept_size;

void err_keep(char *text, size_t size)
{
	kept = text;
	kept_size = size;
}

void err_set_command(const char *name)
{
	command = name;
}

/* One line, in one write, whatever a word of the command line holds. */
static void print_line(const char *fmt, va_list args)
{
	char text[512];
	char *p;

	vsnprintf(text, sizeof(text), fmt, args);
	for (p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	if (kept) {
		snprintf(kept, kept_size, "%s%s%s", command ? command : "", command ? ": " : "",
			 text);
		return;
	}
	out_progress_end();
	fprintf(stderr, "kgil: %s%s%s\n", command ? command : "", command ? ": " : "", text);
}

void err_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(fmt, args);
	va_end(args);
}

int err_usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(fmt, args);
	va_end(args);
	return STATUS_USAGE;
}

int err_failed(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_line(fmt, args);
	va_end(args);
	return STATUS_FAILED;
}

int err_no_module(void)
{
	/* Where one is root there may be no sudo. */
	const char *sudo = geteuid() ? "sudo " : "";

	err_set_command(NULL);
	err_print("%s: module not loaded; type: %sinsmod kgil.ko (or: %smodprobe kgil)",
		  KGIL_DEVICE, sudo, sudo);
	return STATUS_NO_DEVICE;
}

static int err_no_permission(void)
{
	err_set_command(NULL);
	err_print("%s: permission denied: run this as root, or allow everyone with: %s",
		  KGIL_DEVICE, "sudo chmod 0666 " KGIL_DEVICE);
	return STATUS_NO_PERMISSION;
}

int err_device(int err, const char *what)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return err_no_module();
	case EACCES:
	case EPERM:
		return err_no_permission();
	default:
		return err_failed("%s: %s", what, kgil_strerror(err));
	}
}
