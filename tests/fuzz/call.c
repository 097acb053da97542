// SPDX-License-Identifier: GPL-2.0
/* One call of any kind. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fuzz.h"

/* Where descriptors of the fuzzer's own are safe from close. */
#define LOWEST_FILE 100

/* Closed and replaced by all threads, without any order. */
static atomic_int files[FILES_MAX];
static int pair[2];
static int this_process;

void begin_process(int process)
{
	int i;

	this_process = process;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		FATAL("no socketpair");
	files[0] = open_device();
	for (i = 1; i < FILES_MAX; i++)
		files[i] = dup(arena->shared[i % SHARED_MAX]);
}

static long result_of(long result)
{
	return result < 0 ? -errno : result;
}

static int file_of(const struct call *call)
{
	return atomic_load(&files[call->file % FILES_MAX]);
}

/* A new descriptor takes the place of an old one; 0, the device, stays. */
static long keep_file(long fd, __u32 place)
{
	if (fd < 0)
		return fd;
	fd = atomic_exchange(&files[1 + place % (FILES_MAX - 1)], fd);
	if (fd >= 0)
		close(fd);
	return 0;
}

static long create_object(const struct call *call)
{
	return keep_file(run_create(files[0], call), call->file);
}

static long command_on(const struct call *call)
{
	int fd = call->file % 8 ? file_of(call) : files[0];
	long result = run_command(fd, call);

	/* Of the device, it made a descriptor. */
	return fd == files[0] && result > 2 ? keep_file(result, call->more) : result;
}

/* As a program would: by a call, mostly with an end. */
static long acquire_or_release(const struct call *call)
{
	struct kgil_until until = { .deadline_ns = now_ns() + call->x % 500000 };
	int fd = file_of(call);

	if (call->op == OP_RELEASE)
		return result_of(ioctl(fd, KGIL_IOC_RELEASE, 0));
	switch (call->how % 8) {
	case 0:
		return result_of(ioctl(fd, KGIL_IOC_ACQUIRE, 0));
	case 1:
		return result_of(ioctl(fd, KGIL_IOC_YIELD, 0));
	case 2 ... 4:
		return result_of(ioctl(fd, KGIL_IOC_TRY_ACQUIRE, 0));
	default:
		return result_of(ioctl(fd, KGIL_IOC_ACQUIRE_UNTIL, &until));
	}
}

/* What one may do with any file. */
static long use_file(const struct call *call)
{
	char data[64] = {};
	struct stat status;
	int fd = file_of(call);

	switch (call->how % 16) {
	case 0:
		return result_of(read(fd, data, sizeof(data)));
	case 1:
		return result_of(write(fd, data, sizeof(data)));
	case 2:
		return result_of(pread(fd, data, sizeof(data), value_of_choice(call->x)));
	case 3:
		return result_of(lseek(fd, call->x, call->y % 3));
	case 4:
		return result_of(fcntl(fd, F_SETFL, call->x & (O_NONBLOCK | O_ASYNC | O_APPEND)));
	case 5:
		return result_of(fcntl(fd, F_SETOWN, getpid()));
	case 6:
		return result_of(fstat(fd, &status));
	case 7:
		return result_of(ftruncate(fd, call->x % 8192));
	case 8:
		return result_of(fsync(fd));
	case 9:
		return result_of(fcntl(fd, F_GETFL));
	case 10:
		return result_of(fchmod(fd, call->x & 0777));
	case 11:
		return result_of(fallocate(fd, 0, 0, 4096));
	case 12:
		return result_of(ioctl(fd, FIONBIO, &(int){ call->x & 1 }));
	case 13:
		return result_of(splice(fd, NULL, pair[0], NULL, 4096, SPLICE_F_NONBLOCK));
	case 14:
		return result_of(fcntl(fd, F_SETFD, call->x & 1));
	default:
		snprintf(data, sizeof(data), "/proc/self/fd/%d", fd);
		fd = open(data, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		return fd < 0 ? -errno : result_of(close(fd));
	}
}

static long poll_files(const struct call *call)
{
	struct pollfd polled[2] = { { .fd = file_of(call), .events = call->x },
				    { .fd = files[call->more % FILES_MAX], .events = call->y } };

	return result_of(poll(polled, 1 + call->how % 2, call->x % 16 == 0));
}

static long use_epoll(const struct call *call)
{
	struct epoll_event event = { .events = call->x & ~EPOLLWAKEUP }, events[4];
	int epoll = files[call->more % FILES_MAX], fd = file_of(call);

	switch (call->how % 4) {
	case 0:
		return keep_file(result_of(epoll_create1(EPOLL_CLOEXEC)), call->more);
	case 1:
		return result_of(epoll_wait(epoll, events, 4, call->x % 16 == 0));
	default:
		event.events |= EPOLLIN | EPOLLOUT;
		return result_of(epoll_ctl(epoll, 1 + call->y % 3, fd, &event));
	}
}

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* Through a socket, which may end with the descriptor in it. */
static long pass_file(const struct call *call)
{
	union control control = {};
	struct iovec data = { .iov_base = &control, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = file_of(call);

	if (call->how % 2) {
		if (recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) < 0)
			return -errno;
		header = CMSG_FIRSTHDR(&message);
		return header ? keep_file(*(int *)CMSG_DATA(header), call->more) : 0;
	}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return result_of(sendmsg(pair[0], &message, 0));
}

/* An entry of /proc/kgil, whatever there is, or what /proc says of a descriptor. */
static long open_proc(const struct call *call)
{
	char path[300] = "/proc/kgil";
	int choice = call->x % 8;
	struct dirent *entry;
	DIR *directory;
	int fd;

	directory = opendir(path);
	if (!directory)
		return -errno;
	while ((entry = readdir(directory)) && choice--)
		;
	if (entry)
		snprintf(path, sizeof(path), "/proc/kgil/%s", entry->d_name);
	closedir(directory);
	if (call->how % 4 == 0)
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file_of(call));
	fd = open(path, (call->more % 4 ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
	return keep_file(result_of(fd), call->more);
}

static long read_proc(const struct call *call)
{
	char text[4096];
	int fd = file_of(call);
	size_t size = call->more % 2 ? sizeof(text) : call->x % 100;

	switch (call->how % 4) {
	case 0:
		return result_of(pread(fd, text, size, value_of_choice(call->y)));
	case 1:
		return result_of(lseek(fd, value_of_choice(call->y), call->x % 3));
	default:
		return result_of(read(fd, text, size));
	}
}

/* A child that uses its parent's descriptors for a moment. */
static long fork_child_for(struct fuzzer *worker, const struct call *call)
{
	pid_t pid = fork();
	int status, i;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		alarm(2);
		for (i = 0; i < 8; i++) {
			struct call next = { .op = i % 2 ? OP_RELEASE : OP_ACQUIRE,
					     .file = call->x >> i,
					     .how = 2 + (call->y >> i) % 6,
					     .x = call->y };

			run_call(worker, &next);
		}
		_exit(0);
	}
	if (call->how % 2)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return 0;
}

static long signal_thread(const struct call *call)
{
	int thread = this_process * arena->threads + call->x % arena->threads;
	pid_t tid = atomic_load(&arena->workers[thread].tid);

	return tid ? result_of(syscall(SYS_tgkill, getpid(), tid,
				       call->y % 2 ? SIGUSR1 : SIGUSR2)) :
		     0;
}

/* What changes the conditions for the calls after it. */
static long change_process(const struct call *call)
{
	struct rlimit limit;

	switch (call->how % 4) {
	case 0:
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = call->x % 2 ? 30 : limit.rlim_max;
		return result_of(setrlimit(RLIMIT_NOFILE, &limit));
	case 1:
		return result_of(syscall(SYS_unshare, 0x400 /* CLONE_FILES */));
	case 2:
		return result_of(nice(call->x % 2));
	default:
		sched_yield();
		return 0;
	}
}

long run_call(struct fuzzer *worker, const struct call *call)
{
	int fd;

	switch (call->op) {
	case OP_CREATE:
		return create_object(call);
	case OP_COMMAND:
	case OP_WILD_COMMAND:
		return command_on(call);
	case OP_ACQUIRE:
	case OP_RELEASE:
		return acquire_or_release(call);
	case OP_MMAP ... OP_TOUCH:
		return run_memory(worker, call, file_of(call));
	case OP_FILE:
		return use_file(call);
	case OP_POLL:
		return poll_files(call);
	case OP_EPOLL:
		return use_epoll(call);
	case OP_CLOSE:
		fd = atomic_exchange(&files[1 + call->file % (FILES_MAX - 1)], -1);
		return fd < 0 ? -EBADF : result_of(close(fd));
	case OP_DUP:
		return keep_file(result_of(dup(file_of(call))), call->more);
	case OP_PASS:
		return pass_file(call);
	case OP_PROC_OPEN:
		return open_proc(call);
	case OP_PROC_READ:
		return read_proc(call);
	case OP_NETLINK_SEND ... OP_NETLINK_SOCKET:
		return run_netlink(worker, call);
	case OP_FORK:
		return fork_child_for(worker, call);
	case OP_SIGNAL:
		return signal_thread(call);
	default:
		return change_process(call);
	}
}
