// SPDX-License-Identifier: GPL-2.0
/* What a program did that none before did. */
#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "fuzz.h"

#define KCOV_FILE "/sys/kernel/debug/kcov"
#define KCOV_ENTRIES (64 << 10)

static __thread __u64 *trace;

/* Of each thread.  False: the kernel has no KCOV. */
bool begin_cover(void)
{
	int fd = open(KCOV_FILE, O_RDWR | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return false;
	if (ioctl(fd, KCOV_INIT_TRACE, KCOV_ENTRIES)) {
		close(fd);
		return false;
	}
	at = mmap(NULL, KCOV_ENTRIES * sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	/* Kept open, where no program closes it. */
	if (at == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC)) {
		close(fd);
		return false;
	}
	trace = at;
	return true;
}

static bool set_bit(__u64 hash)
{
	__u64 bit = (hash * 0x9e3779b97f4a7c15ULL) >> 42 & (COVER_BITS - 1);
	atomic_uchar *byte = &arena->covered[bit / 8];

	if (atomic_load_explicit(byte, memory_order_relaxed) & 1 << bit % 8)
		return false;
	return !(atomic_fetch_or(byte, 1 << bit % 8) & 1 << bit % 8);
}

void start_cover(void)
{
	if (trace)
		__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
}

int stop_cover(void)
{
	__u64 count, i, last = 0;
	int found = 0;

	if (!trace)
		return 0;
	count = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	if (count >= KCOV_ENTRIES)
		count = KCOV_ENTRIES - 1;
	for (i = 1; i <= count; i++) {
		found += set_bit(trace[i] ^ last >> 1);
		last = trace[i];
	}
	atomic_fetch_add(&arena->edges, found);
	return found;
}

bool new_result(const struct call *call, long result)
{
	__u64 key = (__u64)call->op << 32 | (__u64)(call->how % 16) << 24;

	if (trace)
		return false;
	if (call->op == OP_COMMAND)
		key |= call->x % command_count() << 16;
	if (!set_bit(key | (result < 0 ? -result : 0)))
		return false;
	atomic_fetch_add(&arena->edges, 1);
	return true;
}
