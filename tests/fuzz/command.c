// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls.  Which there are, and on what, is found by trying, so that a new one
 * is fuzzed from its first day.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "fuzz.h"

#define COMMANDS_MAX 64
#define FIRST_NUMBER 0x80
#define LAST_NUMBER 0xbf
#define SIZE_MAX_TRIED 512

static unsigned long commands[COMMANDS_MAX];
static int commands_found;
/* A page before one that is not there: for structures that end too early. */
static char *edge;

static bool is_known(unsigned long command)
{
	int i;

	for (i = 0; i < commands_found; i++)
		if (commands[i] == command)
			return true;
	return false;
}

static void try_command(int fd, unsigned long command)
{
	if (ioctl(fd, command, BAD_POINTER) < 0 && errno == ENOTTY)
		return;
	if (!is_known(command) && commands_found < COMMANDS_MAX)
		commands[commands_found++] = command;
}

static void try_all(int fd)
{
	unsigned int number, direction, size;

	for (number = FIRST_NUMBER; number <= LAST_NUMBER; number++)
		for (direction = 0; direction < 4; direction++)
			for (size = 0; size < SIZE_MAX_TRIED; size += 4)
				try_command(fd, _IOC(direction, KGIL_IOC_MAGIC, number, size));
}

void find_commands(void)
{
	__u32 type;
	int fd = open_device();

	edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(edge != MAP_FAILED && munmap(edge + 4096, 4096) == 0);
	try_all(fd);
	close(fd);
	for (type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		fd = new_object(type);
		try_all(fd);
		close(fd);
	}
}

int command_count(void)
{
	return commands_found;
}

/* All documented errors; anything else is a mistake. */
static long checked(long result, unsigned long command)
{
	static const int allowed[] = {
		EAGAIN,
		ETIMEDOUT,
		EINTR,
		EPERM,
		EDEADLK,
		EOVERFLOW,
		EOWNERDEAD,
		ENOTRECOVERABLE,
		EINVAL,
		ENOTTY,
		EFAULT,
		ENOMEM,
		EMFILE,
		ENFILE,
		EACCES,
		EBADF,
		ENOENT,
		EEXIST,
	};
	size_t i;

	if (result >= 0)
		return result;
	for (i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		if (errno == allowed[i])
			return -errno;
	violation("command %#lx: errno %d", command, errno);
	return -errno;
}

static void fill_create(struct kgil_create *create, const struct call *call)
{
	__u64 x = call->x, y = call->y;

	memset(create, 0, sizeof(*create));
	create->type = 1 + x % 4;
	switch (create->type) {
	case KGIL_TYPE_GIL:
		create->policy = (x >> 8) % 3;
		create->interval_ns = x & 4 ? 0 : KGIL_INTERVAL_MIN + y % 1000000;
		break;
	case KGIL_TYPE_SEM:
		create->max = 1 + (x >> 8) % 4;
		create->count = y % (create->max + 1);
		break;
	case KGIL_TYPE_RLOCK:
		create->max = (x >> 8) % 4;
		break;
	}
	if (create->type != KGIL_TYPE_GIL && x & 16)
		create->handoff_ns = 1 + (y >> 8) % KGIL_HANDOFF_MAX;
	if (x & 32 && x & 64)
		create->flags = KGIL_CREATE_TIMED;
}

/* Few names, so that they are met again; some that none can have. */
static void fill_open(struct kgil_open *open, const struct call *call)
{
	static const char *const names[] = { "a", "b", "c", "fuzz", "a b", "",
					     "x/y", ".", "..", "\377\1" };
	__u64 y = call->y >> 20;

	memset(open, 0, sizeof(*open));
	open->flags = y % 16;
	if (open->flags & KGIL_OPEN_CREATE) {
		fill_create(&open->create, call);
		open->mode = (y >> 4) & 0666;
	}
	strcpy(open->name, names[(y >> 16) % 10]);
	if ((y >> 24) % 64 == 0)
		memset(open->name, 'n', sizeof(open->name) - y % 2);
}

/* One 32-bit field is not what it should be. */
static void spoil(void *data, size_t size, const struct call *call)
{
	__u32 *fields = data;

	if (call->more % 4 == 0 && size >= 4)
		fields[call->more / 4 % (size / 4)] = value_of_choice(call->y);
}

static size_t fill(char *data, unsigned long command, const struct call *call)
{
	size_t size = _IOC_SIZE(command), i;

	memset(data, 0, size);
	if (command == KGIL_IOC_CREATE) {
		fill_create((struct kgil_create *)data, call);
	} else if (command == KGIL_IOC_OPEN) {
		fill_open((struct kgil_open *)data, call);
	} else if (command == KGIL_IOC_ACQUIRE_UNTIL) {
		((struct kgil_until *)data)->deadline_ns = now_ns() + call->y % 3000000;
	} else {
		for (i = 0; i + 8 <= size; i += 8)
			*(__u64 *)(data + i) = value_of_choice(call->y >> i);
		if (size == 4)
			*(__u32 *)data = call->y % 4;
	}
	spoil(data, size, call);
	return size;
}

static long with_argument(int fd, unsigned long command, const struct call *call)
{
	char data[1 << _IOC_SIZEBITS];
	size_t size;

	switch (call->how % 16) {
	case 0:
		return ioctl(fd, command, value_of_choice(call->y));
	case 1:
		return ioctl(fd, command, NULL);
	case 2:
		/* It ends where no page is. */
		return ioctl(fd, command, edge + 4096 - call->y % 32);
	}
	size = fill(data, command, call);
	return ioctl(fd, command, size ? data : NULL);
}

long run_command(int fd, const struct call *call)
{
	unsigned long command = commands[call->x % commands_found];

	if (call->op == OP_WILD_COMMAND)
		command = _IOC(call->x % 4, KGIL_IOC_MAGIC, call->x >> 2 & 0xff,
			       (call->x >> 10) % SIZE_MAX_TRIED);
	return checked(with_argument(fd, command, call), command);
}

long run_create(int fd, const struct call *call)
{
	struct kgil_create create;

	fill_create(&create, call);
	if (call->how % 4 == 0)
		spoil(&create, sizeof(create), call);
	return checked(ioctl(fd, KGIL_IOC_CREATE, &create), KGIL_IOC_CREATE);
}
