// SPDX-License-Identifier: GPL-2.0
/*
 * kgil exec: a program that runs while it holds a lock.
 *
 * The program takes the place of this one, and so the thread that acquired the
 * lock is the program's own: it holds the lock until it ends, however it ends.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kgil.h>

#include "cmd.h"
#include "err.h"
#include "opt.h"
#include "out.h"
#include "work.h"

/* As the shell says it, and env(1). */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127
#define STATUS_CONFLICT 1
#define TIMEOUT_MAX (365 * 86400 * OPT_SEC)
#define NO_TIMEOUT UINT64_MAX
#define MODE_DEFAULT 0600

enum exec_type {
	EXEC_RLOCK,
	EXEC_GIL,
};

static const char *const type_words[] = { "rlock", "gil", NULL };

static const char *name, *mode_text;
static bool nonblocking, verbose;
static uint64_t timeout_ns = NO_TIMEOUT, conflict_status = STATUS_CONFLICT;
static unsigned int type = EXEC_RLOCK;

static const struct opt opts[] = {
	{ "name", 'N', OPT_TEXT, &name, .arg = "NAME",
	  .help = "The lock: 1 to 63 bytes without '/' and control characters. It is made if\n"
		  "there is none." },
	{ "nonblock", 'n', OPT_FLAG, &nonblocking,
	  .help = "Don't wait: if the lock is held, run nothing." },
	{ "timeout", 'w', OPT_TIME, &timeout_ns, .arg = "TIME", .max = TIMEOUT_MAX,
	  .unit = OPT_SEC,
	  .help = "Wait so long at most, then run nothing. Without a unit: s" },
	{ "conflict-exit-code", 'E', OPT_NUMBER, &conflict_status, .arg = "N", .max = 255,
	  .help = "Exit status if the lock was not got, 0 to 255 (default: 1)" },
	{ "mode", 'm', OPT_TEXT, &mode_text, .arg = "MODE",
	  .help = "Who may use a lock that is made, in octal, of 666, whatever the umask is\n"
		  "(default: 600, you alone)" },
	{ "type", 't', OPT_CHOICE, &type, .arg = "TYPE", .words = type_words,
	  .help = "rlock or gil: what it is (default: rlock)" },
	{ "verbose", 'v', OPT_FLAG, &verbose,
	  .help = "Say on standard error when it waits, and when the lock was got." },
	{ .name = NULL },
};

static const struct opt_spec spec = {
	.command = "exec",
	.operands = "COMMAND",
	.about = "Run COMMAND, with its arguments, while it holds the lock --name. Who waits for\n"
		 "a lock gets it in the order of arrival. It is held until COMMAND ends, however\n"
		 "that happens; what COMMAND started and left behind doesn't hold it.",
	.opts = opts,
	.more = "The lock is gone when nobody has it open any more. COMMAND must not close the\n"
		"descriptor that it inherits.\n"
		"Exit status: that of COMMAND; --conflict-exit-code if the lock was not got; 126\n"
		"if COMMAND can't be run, 127 if there is none; else as of kgil.\n",
	.operands_min = 1,
	.operands_max = INT_MAX,
	.program = true,
};

static bool is_name(const char *text)
{
	size_t length = strlen(text);
	const char *p;

	for (p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '/')
			return false;
	return length && length < KGIL_NAME_SIZE;
}

/* -1 after one line. */
static int read_mode(void)
{
	char *end;
	unsigned long mode;

	if (!mode_text)
		return MODE_DEFAULT;
	mode = strtoul(mode_text, &end, 8);
	if (mode_text[0] >= '0' && mode_text[0] <= '7' && !*end && !(mode & ~0666UL))
		return mode;
	err_print("--mode: '%s' is not permission bits in octal, of 666, like 660", mode_text);
	return -1;
}

static int check_options(void)
{
	if (!name)
		return err_usage("--name is missing; see: kgil exec --help");
	if (!is_name(name))
		return err_usage("--name: '%s' is not 1 to %d bytes without '/' and control "
				 "characters",
				 name, KGIL_NAME_SIZE - 1);
	if (nonblocking && timeout_ns != NO_TIMEOUT)
		return err_usage("--nonblock and --timeout exclude each other");
	return STATUS_OK;
}

/* Says what @err means for the name; the module can be used. */
static int open_failed(int err)
{
	switch (err) {
	case EACCES:
		err_print("'%s' is another user's, whose mode does not let you in", name);
		return STATUS_NO_PERMISSION;
	case EINVAL:
		return err_failed("'%s' is not of type %s; see: kgil show '%s'", name,
				  type_words[type], name);
	case ENOTTY:
		return err_failed("the module that is loaded knows no names: load the one that "
				  "belongs to this command");
	default:
		return err_failed("open '%s': %s", name, kgil_strerror(err));
	}
}

/* A descriptor that COMMAND inherits.  Whoever came first is next. */
static int open_lock(int mode)
{
	struct kgil_create create = { .type = KGIL_TYPE_RLOCK,
				      .handoff_ns = KGIL_HANDOFF_AT_ONCE };
	mode_t mask = umask(0);
	int fd;

	if (type == EXEC_GIL)
		create = (struct kgil_create){ .type = KGIL_TYPE_GIL,
					       .policy = KGIL_POLICY_FIFO };
	fd = kgil_open(name, KGIL_OPEN_CREATE | KGIL_OPEN_INHERIT, mode, &create);
	umask(mask);
	return fd;
}

/* 1: taken; 0: not in time; -1: an error. */
static int wait_for(int fd)
{
	if (nonblocking)
		return 0;
	if (verbose)
		err_print("waiting for '%s'", name);
	if (timeout_ns != NO_TIMEOUT)
		return kgil_acquire_for(fd, timeout_ns);
	return kgil_acquire(fd) ? -1 : 1;
}

/* The last owner ended with it, as every COMMAND does: it is ours. */
static int inherited(int got)
{
	return got < 0 && errno == EOWNERDEAD ? 1 : got;
}

static int take(int fd)
{
	int got = inherited(kgil_try_acquire(fd));

	return got ? got : inherited(wait_for(fd));
}

static int not_taken(int got)
{
	if (got < 0)
		return err_failed("wait for '%s': %s", name, kgil_strerror(errno));
	if (verbose)
		err_print("'%s' was not free%s", name, nonblocking ? "" : " in time");
	return conflict_status;
}

/* Returns an exit status, if the lock was not got. */
static int hold_lock(bool *got)
{
	uint64_t begin = work_clock();
	struct kgil_query query;
	int mode = read_mode(), fd, taken;

	*got = false;
	if (mode < 0)
		return STATUS_USAGE;
	if (kgil_query(&query))
		return err_device(errno, "ask the module");
	fd = open_lock(mode);
	if (fd < 0)
		return open_failed(errno);
	taken = take(fd);
	if (taken <= 0)
		return not_taken(taken);
	if (verbose)
		err_print("got '%s' after %s", name, out_time(work_clock() - begin).s);
	*got = true;
	return STATUS_OK;
}

int cmd_exec(int argc, char **argv)
{
	int first = opt_parse(&spec, argc, argv);
	int status = check_options();
	bool got;

	if (status)
		return status;
	status = hold_lock(&got);
	if (!got)
		return status;
	execvp(argv[first], argv + first);
	status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	err_print("%s: %s", argv[first], strerror(errno));
	return status;
}
