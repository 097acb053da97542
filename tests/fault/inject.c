// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>

#include "inject.h"
#include "kgil_netlink.h"

#define DEBUGFS "/sys/kernel/debug/"
#define SKIPPED 4

static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void write_knob(const char *kind, const char *name, const char *text)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", kind, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	CHECK(write(fd, text, strlen(text)) > 0);
	close(fd);
}

void need_faults(void)
{
	size_t i;

	if (access(FAIL_NTH, F_OK) || access(DEBUGFS "failslab", F_OK)) {
		printf("TAP version 13\n1..0 # SKIP this kernel has no fault injection\n");
		exit(SKIPPED);
	}
	for (i = 0; i < KINDS; i++) {
		write_knob(kinds[i], "verbose", "0");
		write_knob(kinds[i], "ignore-gfp-wait", "N");
	}
	write_knob("fail_page_alloc", "min-order", "0");
	write_knob("fail_page_alloc", "ignore-gfp-highmem", "N");
}

/* The addresses of @function: from its own to that of the next symbol. */
static bool find_function(const char *function, __u64 *start, __u64 *end)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	unsigned long long address;
	char name[128], line[256];

	CHECK(symbols);
	*start = 0;
	*end = UINT64_MAX;
	while (fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%llx %*c %127s", &address, name) == 2 && !strcmp(name, function))
			*start = address;
	rewind(symbols);
	while (fgets(line, sizeof(line), symbols)) {
		address = strtoull(line, NULL, 16);
		if (address > *start && address < *end)
			*end = address;
	}
	fclose(symbols);
	return *start;
}

bool only_below(const char *function)
{
	char text[32];
	__u64 start, end;
	size_t i;

	if (!find_function(function, &start, &end))
		return false;
	for (i = 0; i < KINDS; i++) {
		snprintf(text, sizeof(text), "0x%llx", start);
		write_knob(kinds[i], "require-start", text);
		snprintf(text, sizeof(text), "0x%llx", end);
		write_knob(kinds[i], "require-end", text);
		write_knob(kinds[i], "stacktrace-depth", "32");
	}
	return true;
}

/* Reading and writing the file copies too, and can so be what fails. */
void set_nth(int fd, int nth)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%d", nth);

	while (pwrite(fd, text, size, 0) != size)
		;
}

bool was_injected(int fd)
{
	char text[16] = {};
	bool injected = pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;

	set_nth(fd, 0);
	return injected;
}

int hear_events(void)
{
	int sock = open_netlink();

	listen_to_events(sock);
	return sock;
}
