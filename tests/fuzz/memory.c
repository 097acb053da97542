// SPDX-License-Identifier: GPL-2.0
/* Mappings of objects: made, cut, moved, changed and written to, while others use them. */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include "fuzz.h"

/* Shared by the threads of a process, without any order. */
static atomic_uintptr_t mappings[MAPPINGS_MAX];
static __thread sigjmp_buf fault_jump;
static __thread volatile sig_atomic_t may_fault;

static void on_fault(int signal)
{
	(void)signal;
	if (may_fault)
		siglongjmp(fault_jump, 1);
	_exit(2);
}

void catch_faults(void)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static long result_of(long result)
{
	return result < 0 ? -errno : result;
}

static long map(const struct call *call, int fd)
{
	static const int protections[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
					   PROT_READ, PROT_NONE, PROT_WRITE,
					   PROT_READ | PROT_WRITE | PROT_EXEC };
	static const int flags[] = { MAP_SHARED, MAP_SHARED, MAP_SHARED, MAP_SHARED | MAP_POPULATE,
				     MAP_SHARED | MAP_LOCKED, MAP_PRIVATE };
	size_t size = call->how % 4 ? 4096 : size_of_choice(call->x);
	off_t offset = call->how % 8 == 1 ? (off_t)(value_of_choice(call->y) & ~4095ULL) : 0;
	char *at;

	at = mmap(NULL, size, protections[call->x % 6], flags[call->more % 6], fd, offset);
	if (at == MAP_FAILED)
		return -errno;
	/* What was there before stays mapped, if it is. */
	atomic_store(&mappings[call->file / FILES_MAX % MAPPINGS_MAX], (uintptr_t)at);
	return 0;
}

static char *mapping_of(const struct call *call)
{
	return (char *)atomic_load(&mappings[call->file / FILES_MAX % MAPPINGS_MAX]);
}

static long move(const struct call *call, char *at)
{
	static const int flags[] = { MREMAP_MAYMOVE, 0, MREMAP_MAYMOVE,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP };
	size_t from = call->how % 2 ? 4096 : size_of_choice(call->x);
	size_t to = size_of_choice(call->y);
	char *moved;

	/* Not what lies behind it, which is the fuzzer's own. */
	if (from > 4096 || to > 65536)
		from = 0;
	moved = mremap(at, from, to, flags[call->more % 4]);
	if (moved == MAP_FAILED)
		return -errno;
	atomic_store(&mappings[call->more % MAPPINGS_MAX], (uintptr_t)moved);
	return 0;
}

static long advise(const struct call *call, char *at)
{
	static const int advices[] = { MADV_DONTNEED, MADV_DOFORK, MADV_DONTFORK,
				       MADV_REMOVE, MADV_WILLNEED, MADV_MERGEABLE,
				       MADV_HUGEPAGE, MADV_FREE, MADV_COLD,
				       MADV_PAGEOUT, MADV_WIPEONFORK, MADV_DONTDUMP,
				       22 /* MADV_POPULATE_READ */, 23 /* and _WRITE */ };

	switch (call->more % 8) {
	case 0:
		return result_of(mlock(at, 4096));
	case 1:
		return result_of(munlock(at, 4096));
	case 2:
		return result_of(msync(at, 4096, MS_SYNC));
	default:
		return result_of(madvise(at, 4096, advices[call->x % 14]));
	}
}

/* Nonsense, or what might be true: an id, a flag, a count. */
static void write_words(const struct call *call, char *at)
{
	__u64 *words = (__u64 *)at;
	__u64 value = value_of_choice(call->y);
	__u64 seen = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
	int i;

	switch (call->how % 8) {
	case 0:
		__atomic_store_n(&words[0], 0, __ATOMIC_RELAXED);
		break;
	case 1:
		__atomic_store_n(&words[0], call->y % 64, __ATOMIC_RELAXED);
		break;
	case 2:
		__atomic_fetch_xor(&words[0], 1ULL << (60 + call->y % 4), __ATOMIC_RELAXED);
		break;
	case 3:
		__atomic_compare_exchange_n(&words[0], &seen, call->y % 2 ? seen + 1 : seen - 1,
					    false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		break;
	case 4:
		for (i = 0; i < 100; i++)
			__atomic_fetch_add(&words[0], value, __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n(&words[call->x % 8 ? call->x % 6 : call->x % 512], value,
				 __ATOMIC_RELAXED);
	}
}

/* By the kernel, which writes to it or reads it for another system call. */
static long touch_by_kernel(const struct call *call, char *at)
{
	struct iovec local = { .iov_base = at, .iov_len = 64 };
	char copy[64];
	struct iovec remote = { .iov_base = copy, .iov_len = 64 };
	struct timespec time;

	switch (call->how % 4) {
	case 0:
		return result_of(process_vm_readv(getpid(), &remote, 1, &local, 1, 0));
	case 1:
		return result_of(process_vm_writev(getpid(), &remote, 1, &local, 1, 0));
	case 2:
		time = (struct timespec){ .tv_nsec = 1 };
		return result_of(nanosleep(&time, (struct timespec *)at));
	default:
		return result_of(mincore((void *)((__u64)at & ~4095ULL), 4096, (void *)at));
	}
}

/* May fail by a signal, as others unmap it meanwhile. */
static long touch(const struct call *call, char *at)
{
	if (sigsetjmp(fault_jump, 0)) {
		may_fault = 0;
		return -EFAULT;
	}
	may_fault = 1;
	write_words(call, at);
	may_fault = 0;
	return 0;
}

long run_memory(struct fuzzer *worker, const struct call *call, int fd)
{
	static const int protections[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE, PROT_WRITE,
					   PROT_READ | PROT_EXEC };
	char *at = mapping_of(call);

	(void)worker;
	if (call->op == OP_MMAP)
		return map(call, fd);
	if (!at)
		return -ENOENT;
	switch (call->op) {
	case OP_MUNMAP:
		return result_of(munmap(at + (call->more % 4 ? 0 : call->x % 4096 & ~7ULL), 4096));
	case OP_MPROTECT:
		return result_of(mprotect(at, 4096, protections[call->x % 5]));
	case OP_MREMAP:
		return move(call, at);
	case OP_MADVISE:
		return advise(call, at);
	case OP_TOUCH:
		return touch_by_kernel(call, at);
	default:
		return touch(call, at);
	}
}
