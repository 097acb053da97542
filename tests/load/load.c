// SPDX-License-Identifier: GPL-2.0
/* What the programs of tests/load share; see load.h. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "load.h"

static int checks, failed;

bool check(bool good, const char *what, ...)
{
	va_list args;

	printf("%sok %d ", good ? "" : "not ", ++checks);
	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	putchar('\n');
	failed += !good;
	return good;
}

int end_checks(void)
{
	printf("1..%d\n", checks);
	return failed != 0;
}

unsigned long objects_now(void)
{
	static int fd = -1;
	char text[256];
	unsigned long n;
	ssize_t size;
	char *line;

	if (fd < 0)
		fd = open("/proc/kgil/stat", O_RDONLY | O_CLOEXEC);
	size = pread(fd, text, sizeof(text) - 1, 0);
	CHECK(size > 0);
	text[size] = '\0';
	line = strstr(text, "\nobjects ");
	CHECK(line && sscanf(line, " objects %lu", &n) == 1);
	return n;
}

int make(__u32 type)
{
	bool sem = type == KGIL_TYPE_SEM;
	struct kgil_create args = { .type = type, .max = sem, .count = sem };
	static int device = -1;
	int fd;

	if (device < 0)
		device = open_device();
	fd = ioctl(device, KGIL_IOC_CREATE, &args);
	return fd < 0 ? -errno : fd;
}

void set_nofile(unsigned long n)
{
	struct rlimit limit = { .rlim_cur = n, .rlim_max = n };

	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

unsigned long count_of(int argc, char **argv, unsigned long otherwise)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : otherwise;

	if (argc <= 2 && n > 0)
		return n;
	fprintf(stderr, "usage: %s [N]; N is a number above 0\n", argv[0]);
	exit(2);
}
