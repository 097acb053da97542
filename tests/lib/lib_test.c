// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of libkgil: every public function, its errors, and what an error leaves
 * unchanged.  What the kernel promises is tested elsewhere.
 *
 * The same tests are for both backends; what differs asks on_module().
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helpers.h"

/* Is it the module, and not the fallback, that the objects are of? */
static bool on_module(void)
{
	return kgil_backend() == KGIL_BACKEND_MODULE;
}

/* How many descriptors are open: the same number again if none leaked. */
static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Blocks of memory in use; the linker sends the library's calls here. */
static int blocks;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size)
{
	__atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	__atomic_add_fetch(&blocks, 1, __ATOMIC_RELAXED);
	return __real_calloc(n, size);
}

void __wrap_free(void *block)
{
	__atomic_sub_fetch(&blocks, !!block, __ATOMIC_RELAXED);
	__real_free(block);
}

static int signals;

static void count_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(&signals, 1, __ATOMIC_RELAXED);
}

/* A handler without SA_RESTART: system calls end with EINTR. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = count_signal };

	signals = 0;
	sigaction(SIGUSR1, &action, NULL);
}

/* ------------------------------------------------------- without a device */

TEST(version)
{
	EXPECT_STREQ(KGIL_LIB_VERSION, kgil_version());
}

TEST(strerror_has_a_sentence_for_each_error)
{
	static const int errors[] = {
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
		ENOENT,
		ENODEV,
		EACCES,
		EEXIST,
		EBUSY,
		EBADF,
		EXDEV,
		ENOTSUP,
	};
	size_t n = sizeof(errors) / sizeof(errors[0]);

	for (size_t i = 0; i < n; i++) {
		const char *text = kgil_strerror(errors[i]);

		ASSERT_NE(NULL, text);
		EXPECT_EQ('.', text[strlen(text) - 1]);
		EXPECT_EQ(NULL, strchr(text, '\n'));
		EXPECT_NE(0, strcmp(text, strerror(errors[i])));
		for (size_t j = 0; j < i; j++)
			EXPECT_NE(0, strcmp(text, kgil_strerror(errors[j])));
	}
}

TEST(strerror_names_the_remedy)
{
	EXPECT_NE(NULL, strstr(kgil_strerror(ENOENT), "insmod kgil.ko"));
	EXPECT_NE(NULL, strstr(kgil_strerror(ENODEV), "modprobe kgil"));
	EXPECT_NE(NULL, strstr(kgil_strerror(EACCES), "chmod"));
}

TEST(strerror_of_any_number)
{
	EXPECT_NE(NULL, kgil_strerror(0));
	EXPECT_NE(NULL, kgil_strerror(-1));
	EXPECT_NE(NULL, kgil_strerror(123456));
}

TEST(a_bad_descriptor)
{
	struct kgil_state state;
	struct kgil_stats stats;
	uint64_t id = 7;

	EXPECT_ERROR(EBADF, kgil_acquire(-1));
	EXPECT_ERROR(EBADF, kgil_try_acquire(-1));
	EXPECT_ERROR(EBADF, kgil_acquire_until(-1, 0));
	EXPECT_ERROR(EBADF, kgil_acquire_for(-1, 0));
	EXPECT_ERROR(EBADF, kgil_release(-1));
	EXPECT_ERROR(EBADF, kgil_yield(-1));
	EXPECT_ERROR(EBADF, kgil_set_interval(-1, KGIL_INTERVAL_DEFAULT));
	EXPECT_ERROR(EBADF, kgil_state(-1, &state));
	EXPECT_ERROR(EBADF, kgil_stats(-1, &stats));
	EXPECT_ERROR(EBADF, kgil_attach(-1, &id));
	EXPECT_EQ(7, id);
	EXPECT_ERROR(EBADF, kgil_thread(-1, &id));
	EXPECT_EQ(7, id);
	EXPECT_ERROR(EBADF, kgil_set_policy(-1, KGIL_POLICY_FAIR));
	EXPECT_ERROR(EBADF, kgil_set_handoff(-1, KGIL_HANDOFF_DEFAULT));
	EXPECT_EQ(NULL, kgil_map(-1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(NULL, kgil_map_writable(-1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_ERROR(EINVAL, kgil_unmap((const struct kgil_page *)1));
}

/* -------------------------------------------------------------- thin calls */

FIXTURE(device)
{
	int fds;
};

FIXTURE_SETUP(device)
{
	catch_signals();
	self->fds = open_fds();
}

FIXTURE_TEARDOWN(device)
{
}

TEST_F(device, query)
{
	struct kgil_query query;

	memset(&query, PATTERN, sizeof(query));
	if (!on_module()) {
		/* It is the module that is asked, and not there. */
		EXPECT_ERROR(kgil_backend_reason(), kgil_query(&query));
		EXPECT_EQ(self->fds, open_fds());
		return;
	}
	ASSERT_EQ(0, kgil_query(&query));
	EXPECT_EQ(KGIL_ABI_VERSION, query.abi);
	for (int type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++)
		EXPECT_NE(0, query.types & (1ULL << type));
	EXPECT_EQ(self->fds, open_fds());
}

TEST_F(device, the_backend)
{
	bool module = !access(KGIL_DEVICE, R_OK | W_OK);

	EXPECT_EQ(0, kgil_backend_reason());
	errno = EXDEV;
	EXPECT_EQ(module ? KGIL_BACKEND_MODULE : KGIL_BACKEND_FUTEX, kgil_backend());
	EXPECT_EQ(module ? 0 : ENOENT, kgil_backend_reason());
	EXPECT_EQ(EXDEV, errno);
	/* Decided once: the environment is too late. */
	setenv("KGIL_REQUIRE", "1", 1);
	EXPECT_EQ(module ? KGIL_BACKEND_MODULE : KGIL_BACKEND_FUTEX, kgil_backend());
	EXPECT_LE(0, kgil_create_lock());
	errno = 0;
	EXPECT_EQ(module ? 0 : -1, kgil_require_module());
	EXPECT_EQ(module ? 0 : EBUSY, errno);
}

/* By the environment, and by the call. */
TEST_F(device, the_module_is_required)
{
	bool module = !access(KGIL_DEVICE, R_OK | W_OK);

	for (int by_call = 0; by_call <= 1; by_call++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			if (by_call) {
				setenv("KGIL_REQUIRE", "0", 1);
				REQUIRE(kgil_require_module() == 0);
			} else {
				setenv("KGIL_REQUIRE", "1", 1);
			}
			if (module) {
				REQUIRE(kgil_backend() == KGIL_BACKEND_MODULE);
				REQUIRE(kgil_create_lock() >= 0);
				_exit(0);
			}
			REQUIRE_ERROR(ENOENT, kgil_backend());
			REQUIRE(kgil_backend_reason() == 0);
			REQUIRE_ERROR(ENOENT, kgil_create_lock());
			REQUIRE_ERROR(ENOENT, kgil_create_gil(0));
			REQUIRE(!kgil_gil_new(0));
			REQUIRE(errno == ENOENT);
			REQUIRE(open_fds() == self->fds);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* A user who may not open the device, if there is one. */
static void become_nobody(void)
{
	if (!geteuid())
		REQUIRE(setresuid(65534, 65534, 65534) == 0);
}

/* It is given an object that root made, and gives one of its own. */
static void nobodys_locks(int socket, int reason)
{
	int given = receive_fd(socket), fd;

	setenv("KGIL_REQUIRE", "1", 1);
	REQUIRE_ERROR(reason, kgil_create_lock());
	unsetenv("KGIL_REQUIRE");
	REQUIRE(kgil_backend() == KGIL_BACKEND_FUTEX);
	REQUIRE(kgil_backend_reason() == reason);
	fd = kgil_create_lock();
	REQUIRE(fd >= 0 && kgil_acquire(fd) == 0);
	REQUIRE(kgil_word_open(fd));
	/* A call needs no permission but the descriptor. */
	REQUIRE(kgil_acquire(given) == 0);
	if (reason == EACCES) {
		REQUIRE(!kgil_word_open(given));
		REQUIRE(errno == EXDEV);
	}
	REQUIRE(send_fd(socket, fd) == 0);
}

/* Who uses the given object first has its backend, and makes no others. */
static void nobody_uses_what_is_given(int socket, int reason)
{
	struct kgil_word *word = kgil_word_open(receive_fd(socket));

	REQUIRE(word && kgil_word_acquire(word) == 0);
	if (reason == EACCES) {
		REQUIRE(kgil_backend() == KGIL_BACKEND_MODULE);
		REQUIRE_ERROR(EACCES, kgil_create_lock());
	}
	REQUIRE(send_fd(socket, 0) == 0);
}

/* A child that has not used the library before; its end of the socket. */
static int start_nobody(void (*body)(int socket, int reason), pid_t *pid)
{
	int reason = access(KGIL_DEVICE, F_OK) ? ENOENT : EACCES;
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		die("socketpair");
	*pid = fork();
	if (!*pid) {
		close(sockets[0]);
		become_nobody();
		body(sockets[1], reason);
		_exit(0);
	}
	close(sockets[1]);
	return sockets[0];
}

TEST_F(device, without_permission)
{
	void (*const bodies[])(int socket, int reason) = {
		nobodys_locks,
		nobody_uses_what_is_given,
	};
	int sockets[2], got[2], status;
	struct stat device;
	bool module = !stat(KGIL_DEVICE, &device);
	pid_t pids[2];

	if (module)
		ASSERT_EQ(0, chmod(KGIL_DEVICE, 0600));
	for (int i = 0; i < 2; i++)
		sockets[i] = start_nobody(bodies[i], &pids[i]);
	for (int i = 0; i < 2; i++) {
		int given = kgil_create_lock();

		EXPECT_EQ(0, send_fd(sockets[i], given));
		got[i] = receive_fd(sockets[i]);
		EXPECT_LE(0, got[i]);
		EXPECT_EQ(0, state_of(given).count);
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
		close(sockets[i]);
		close(given);
	}
	if (module)
		EXPECT_EQ(0, chmod(KGIL_DEVICE, device.st_mode & 0777));
	errno = 0;
	EXPECT_EQ(module ? -1 : 0, kgil_release(got[0]));
	EXPECT_EQ(module ? EXDEV : 0, errno);
}

TEST_F(device, query_with_a_bad_pointer)
{
	EXPECT_ERROR(on_module() ? EFAULT : kgil_backend_reason(),
		     kgil_query((struct kgil_query *)8));
	EXPECT_EQ(self->fds, open_fds());
}

/* By its name, another descriptor of the same object. */
TEST_F(device, open_by_name)
{
	struct kgil_create create = { .type = KGIL_TYPE_RLOCK };
	struct kgil_state first, second;
	int fd, other;

	fd = kgil_open("lib_test", KGIL_OPEN_CREATE | KGIL_OPEN_EXCL, 0600, &create);
	if (!on_module()) {
		EXPECT_EQ(-1, fd);
		EXPECT_EQ(ENOTSUP, errno);
		EXPECT_ERROR(ENOTSUP, kgil_open("lib_test", 0, 0, NULL));
		EXPECT_EQ(self->fds, open_fds());
		return;
	}
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_ERROR(EEXIST, kgil_open("lib_test", KGIL_OPEN_CREATE | KGIL_OPEN_EXCL, 0, &create));
	other = kgil_open("lib_test", 0, 0, NULL);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, kgil_state(fd, &first));
	ASSERT_EQ(0, kgil_state(other, &second));
	EXPECT_EQ(first.id, second.id);
	EXPECT_EQ(0, kgil_acquire(fd));
	EXPECT_EQ(0, kgil_release(other));
	close(other);
	other = kgil_open("lib_test", KGIL_OPEN_RDONLY | KGIL_OPEN_INHERIT, 0, &create);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, fcntl(other, F_GETFD));
	EXPECT_ERROR(EACCES, kgil_acquire(other));
	EXPECT_EQ(NULL, kgil_map_writable(other));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(NULL, kgil_word_open(other));
	EXPECT_EQ(EACCES, errno);
	close(other);
	close(fd);
	EXPECT_ERROR(ENOENT, kgil_open("lib_test", 0, 0, NULL));
	EXPECT_EQ(self->fds, open_fds());
}

TEST_F(device, open_by_a_bad_name)
{
	struct kgil_create create = { .type = KGIL_TYPE_LOCK };
	char name[2 * KGIL_NAME_SIZE] = "";

	EXPECT_ERROR(EFAULT, kgil_open(NULL, KGIL_OPEN_CREATE, 0600, &create));
	memset(name, 'x', KGIL_NAME_SIZE);
	EXPECT_ERROR(EINVAL, kgil_open(name, KGIL_OPEN_CREATE, 0600, &create));
	memset(name, 'x', sizeof(name) - 1);
	EXPECT_ERROR(EINVAL, kgil_open(name, KGIL_OPEN_CREATE, 0600, &create));
	if (on_module()) {
		EXPECT_ERROR(EINVAL, kgil_open("", KGIL_OPEN_CREATE, 0600, &create));
		EXPECT_ERROR(EINVAL, kgil_open("a/b", KGIL_OPEN_CREATE, 0600, &create));
		EXPECT_ERROR(EINVAL, kgil_open("x", KGIL_OPEN_CREATE, 0600, NULL));
		EXPECT_ERROR(EINVAL, kgil_open("x", 0, 0600, NULL));
	}
	EXPECT_EQ(self->fds, open_fds());
}

TEST_F(device, query_without_a_free_descriptor)
{
	int first_free = dup(0);
	struct rlimit limit = { .rlim_cur = first_free, .rlim_max = first_free };
	struct kgil_query query;

	close(first_free);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-1, kgil_query(&query));
	EXPECT_EQ(access(KGIL_DEVICE, F_OK) ? ENOENT : EMFILE, errno);
	EXPECT_ERROR(EMFILE, kgil_create_lock());
	EXPECT_EQ(NULL, kgil_gil_new(0));
	EXPECT_EQ(EMFILE, errno);
}

TEST_F(device, create_each_type)
{
	const int fds[] = {
		[KGIL_TYPE_GIL] = kgil_create_gil(20000),
		[KGIL_TYPE_SEM] = kgil_create_sem(2, 3),
		[KGIL_TYPE_LOCK] = kgil_create_lock(),
		[KGIL_TYPE_RLOCK] = kgil_create_rlock(),
	};

	for (unsigned int type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		ASSERT_LE(0, fds[type]);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[type], F_GETFD));
		EXPECT_EQ(type, state_of(fds[type]).type);
	}
	EXPECT_EQ(20000, state_of(fds[KGIL_TYPE_GIL]).interval_ns);
	EXPECT_EQ(2, state_of(fds[KGIL_TYPE_SEM]).count);
	EXPECT_EQ(3, state_of(fds[KGIL_TYPE_SEM]).max);
	for (unsigned int type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++)
		EXPECT_EQ(0, close(fds[type]));
	EXPECT_EQ(self->fds, open_fds());
}

TEST_F(device, create_with_bad_values)
{
	struct kgil_create create = { .type = 99 };

	EXPECT_ERROR(EINVAL, kgil_create(&create));
	EXPECT_ERROR(EINVAL, kgil_create_gil(KGIL_INTERVAL_MIN - 1));
	EXPECT_ERROR(EINVAL, kgil_create_gil(KGIL_INTERVAL_MAX + 1));
	EXPECT_ERROR(EINVAL, kgil_create_sem(0, 0));
	EXPECT_ERROR(EINVAL, kgil_create_sem(2, 1));
	EXPECT_ERROR(EFAULT, kgil_create(NULL));
	EXPECT_EQ(self->fds, open_fds());
}

TEST_F(device, create_takes_what_it_is_given)
{
	struct kgil_create create = { .type = KGIL_TYPE_RLOCK, .max = 3 };
	int fd = kgil_create(&create);

	ASSERT_LE(0, fd);
	EXPECT_EQ(3, state_of(fd).max);
}

TEST_F(device, a_lock)
{
	int fd = kgil_create_lock();

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kgil_acquire(fd));
	EXPECT_EQ(0, kgil_try_acquire(fd));
	EXPECT_EQ(0, state_of(fd).count);
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_ERROR(EPERM, kgil_release(fd));
	EXPECT_EQ(1, state_of(fd).count);
	EXPECT_EQ(1, kgil_try_acquire(fd));
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_EQ(2, stats_of(fd).acquisitions);
}

TEST_F(device, a_semaphore)
{
	int fd = kgil_create_sem(1, 2);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_ERROR(EOVERFLOW, kgil_release(fd));
	EXPECT_EQ(2, state_of(fd).count);
	EXPECT_EQ(0, kgil_acquire(fd));
	EXPECT_EQ(1, kgil_try_acquire(fd));
	EXPECT_EQ(0, kgil_try_acquire(fd));
	EXPECT_EQ(0, state_of(fd).count);
}

TEST_F(device, an_rlock)
{
	int fd = kgil_create_rlock();

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kgil_acquire(fd));
	EXPECT_EQ(1, kgil_try_acquire(fd));
	EXPECT_EQ(2, state_of(fd).depth);
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_ERROR(EPERM, kgil_release(fd));
}

TEST_F(device, acquire_until)
{
	int fd = kgil_create_lock();
	uint64_t deadline;

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, kgil_acquire_until(fd, 0));
	EXPECT_EQ(0, kgil_acquire_until(fd, 0));
	deadline = now_ns() + 30000000;
	EXPECT_EQ(0, kgil_acquire_until(fd, deadline));
	EXPECT_LE(deadline, now_ns());
	EXPECT_ERROR(EINVAL, kgil_acquire_until(fd, UINT64_MAX));
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_ERROR(EINVAL, kgil_acquire_until(fd, (uint64_t)INT64_MAX + 1));
	EXPECT_EQ(1, state_of(fd).count);
	EXPECT_EQ(1, kgil_acquire_until(fd, INT64_MAX));
}

TEST_F(device, acquire_for)
{
	int fd = kgil_create_lock();
	uint64_t begin;

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, kgil_acquire_for(fd, 0));
	begin = now_ns();
	EXPECT_EQ(0, kgil_acquire_for(fd, 30000000));
	EXPECT_LE(begin + 30000000, now_ns());
	EXPECT_EQ(0, kgil_release(fd));
	/* Later than any clock: no error, but no deadline either. */
	EXPECT_EQ(1, kgil_acquire_for(fd, UINT64_MAX));
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_EQ(1, kgil_acquire_for(fd, INT64_MAX));
}

/* A thread that makes one call, and what came of it. */
struct caller {
	int fd;
	int (*call)(int fd);
	pthread_t thread;
	int ret;
	int err;
};

static void *run_caller(void *arg)
{
	struct caller *caller = arg;

	caller->ret = caller->call(caller->fd);
	caller->err = errno;
	return NULL;
}

static int start_caller(struct caller *caller)
{
	return pthread_create(&caller->thread, NULL, run_caller, caller);
}

TEST_F(device, acquire_is_ended_by_a_signal)
{
	struct caller caller = { .fd = kgil_create_lock(), .call = kgil_acquire };

	ASSERT_EQ(0, kgil_acquire(caller.fd));
	ASSERT_EQ(0, start_caller(&caller));
	ASSERT_TRUE(comes_true(state_of(caller.fd).waiters == 1));
	EXPECT_TRUE(interrupt(caller.thread, caller.fd));
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(-1, caller.ret);
	EXPECT_EQ(EINTR, caller.err);
	EXPECT_LE(1, signals);
	EXPECT_EQ(0, state_of(caller.fd).waiters);
	EXPECT_EQ(0, state_of(caller.fd).count);
	EXPECT_EQ(1, stats_of(caller.fd).interrupts);
}

TEST_F(device, release_by_another_thread)
{
	struct caller lock = { .fd = kgil_create_lock(), .call = kgil_release };
	struct caller rlock = { .fd = kgil_create_rlock(), .call = kgil_release };

	ASSERT_EQ(0, kgil_acquire(lock.fd));
	ASSERT_EQ(0, kgil_acquire(rlock.fd));
	ASSERT_EQ(0, start_caller(&lock));
	pthread_join(lock.thread, NULL);
	EXPECT_EQ(0, lock.ret);
	EXPECT_EQ(1, state_of(lock.fd).count);
	ASSERT_EQ(0, start_caller(&rlock));
	pthread_join(rlock.thread, NULL);
	EXPECT_EQ(-1, rlock.ret);
	EXPECT_EQ(EPERM, rlock.err);
	EXPECT_EQ(1, state_of(rlock.fd).depth);
}

TEST_F(device, yield)
{
	int gil = kgil_create_gil(0);
	int lock = kgil_create_lock();

	EXPECT_ERROR(EPERM, kgil_yield(gil));
	EXPECT_EQ(0, state_of(gil).owner);
	EXPECT_EQ(0, kgil_acquire(gil));
	EXPECT_EQ(0, kgil_yield(gil));
	EXPECT_NE(0, state_of(gil).flags & KGIL_STATE_MINE);
	EXPECT_ERROR(ENOTTY, kgil_yield(lock));
}

TEST_F(device, set_interval)
{
	int fd = kgil_create_gil(0);

	EXPECT_EQ(KGIL_INTERVAL_DEFAULT, state_of(fd).interval_ns);
	EXPECT_EQ(0, kgil_set_interval(fd, KGIL_INTERVAL_MIN));
	EXPECT_EQ(KGIL_INTERVAL_MIN, state_of(fd).interval_ns);
	EXPECT_ERROR(EINVAL, kgil_set_interval(fd, KGIL_INTERVAL_MIN - 1));
	EXPECT_ERROR(EINVAL, kgil_set_interval(fd, KGIL_INTERVAL_MAX + 1));
	EXPECT_EQ(KGIL_INTERVAL_MIN, state_of(fd).interval_ns);
	EXPECT_ERROR(ENOTTY, kgil_set_interval(kgil_create_lock(), KGIL_INTERVAL_MIN));
}

TEST_F(device, attach_gives_the_id_of_the_owner)
{
	int gil = kgil_create_gil(0);
	int rlock = kgil_create_rlock();
	uint64_t id = 0, same = 0, none = 7;

	ASSERT_EQ(0, kgil_attach(gil, &id));
	EXPECT_NE(0, id);
	EXPECT_EQ(0, kgil_attach(rlock, &same));
	EXPECT_EQ(id, same);
	EXPECT_EQ(0, kgil_acquire(gil));
	EXPECT_EQ(id, state_of(gil).owner);
	EXPECT_ERROR(ENOTTY, kgil_attach(kgil_create_lock(), &none));
	EXPECT_EQ(7, none);
}

TEST_F(device, map)
{
	int gil = kgil_create_gil(0);
	const struct kgil_page *page = kgil_map(gil);
	uint64_t id;

	ASSERT_NE(NULL, page);
	EXPECT_EQ(0, page->word & KGIL_WORD_VALUE);
	ASSERT_EQ(0, kgil_attach(gil, &id));
	EXPECT_EQ(0, kgil_acquire(gil));
	EXPECT_EQ(id, *(volatile __u64 *)&page->word & KGIL_WORD_VALUE);
	EXPECT_EQ(0, page->drop_request);
	EXPECT_EQ(0, kgil_unmap(page));
}

TEST_F(device, state_and_stats_with_a_bad_pointer)
{
	int fd = kgil_create_lock();
	int status;
	pid_t pid;

	if (on_module()) {
		EXPECT_ERROR(EFAULT, kgil_state(fd, (struct kgil_state *)8));
		EXPECT_ERROR(EFAULT, kgil_stats(fd, (struct kgil_stats *)8));
		return;
	}
	/* The library itself stores there. */
	pid = fork();
	if (!pid) {
		kgil_state(fd, (struct kgil_state *)8);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

/* -------------------------------------------------- the interpreter's layer */

FIXTURE(gil)
{
	struct kgil *gil;
	int fds;
	int blocks;
};

FIXTURE_SETUP(gil)
{
	catch_signals();
	self->fds = open_fds();
	self->blocks = blocks;
	self->gil = kgil_gil_new(0);
	ASSERT_NE(NULL, self->gil);
}

FIXTURE_TEARDOWN(gil)
{
	kgil_gil_free(self->gil);
	EXPECT_EQ(self->fds, open_fds());
	EXPECT_EQ(self->blocks, blocks);
}

/* A second thread: it takes the GIL, keeps it until it is told, gives it back. */
struct peer {
	struct kgil *gil;
	bool dies; /* ends without giving it back */
	pthread_t thread;
	int ret;
	int err;
	bool held;
	int owns; /* atomic, as is @done */
	int done;
};

static void *run_peer(void *arg)
{
	struct peer *peer = arg;

	if (kgil_gil_attach(peer->gil))
		return NULL;
	errno = 0;
	peer->ret = kgil_gil_acquire(peer->gil);
	peer->err = errno;
	peer->held = kgil_gil_held(peer->gil);
	__atomic_store_n(&peer->owns, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&peer->done, __ATOMIC_ACQUIRE))
		usleep(1000);
	if (peer->dies)
		return NULL;
	if (kgil_gil_release(peer->gil) || kgil_gil_detach(peer->gil))
		peer->ret = -1;
	return NULL;
}

static int start_peer(struct peer *peer)
{
	return pthread_create(&peer->thread, NULL, run_peer, peer);
}

static bool peer_owns(struct peer *peer)
{
	return comes_true(__atomic_load_n(&peer->owns, __ATOMIC_ACQUIRE));
}

static void tell_peer(struct peer *peer)
{
	__atomic_store_n(&peer->done, 1, __ATOMIC_RELEASE);
}

static void end_peer(struct peer *peer)
{
	tell_peer(peer);
	pthread_join(peer->thread, NULL);
}

TEST_F(gil, new_and_free)
{
	EXPECT_EQ(KGIL_TYPE_GIL, state_of(self->gil->fd).type);
	EXPECT_EQ(KGIL_INTERVAL_DEFAULT, state_of(self->gil->fd).interval_ns);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->gil->fd, F_GETFD));
	kgil_gil_free(NULL);
}

TEST_F(gil, new_with_a_bad_interval)
{
	int fds = open_fds();

	EXPECT_EQ(NULL, kgil_gil_new(KGIL_INTERVAL_MIN - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(fds, open_fds());
}

TEST_F(gil, attach_and_detach)
{
	EXPECT_ERROR(ENOENT, kgil_gil_detach(self->gil));
	EXPECT_EQ(0, kgil_gil_attach(self->gil));
	EXPECT_ERROR(EEXIST, kgil_gil_attach(self->gil));
	EXPECT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_ERROR(EBUSY, kgil_gil_detach(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_EQ(0, kgil_gil_release(self->gil));
	EXPECT_EQ(0, kgil_gil_detach(self->gil));
	EXPECT_ERROR(ENOENT, kgil_gil_detach(self->gil));
	EXPECT_EQ(0, kgil_gil_attach(self->gil));
}

TEST_F(gil, a_thread_that_is_not_attached)
{
	EXPECT_ERROR(ENOENT, kgil_gil_acquire(self->gil));
	EXPECT_EQ(0, state_of(self->gil->fd).owner);
	EXPECT_ERROR(ENOENT, kgil_gil_release(self->gil));
	EXPECT_ERROR(ENOENT, kgil_gil_switch(self->gil));
	EXPECT_ERROR(ENOENT, kgil_gil_begin_blocking(self->gil));
	EXPECT_ERROR(ENOENT, kgil_gil_end_blocking(self->gil));
	EXPECT_FALSE(kgil_gil_held(self->gil));
	EXPECT_EQ(0, stats_of(self->gil->fd).acquisitions);
}

TEST_F(gil, acquire_and_release)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	EXPECT_FALSE(kgil_gil_held(self->gil));
	EXPECT_ERROR(EPERM, kgil_gil_release(self->gil));
	EXPECT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_ERROR(EDEADLK, kgil_gil_acquire(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_EQ(0, kgil_gil_release(self->gil));
	EXPECT_FALSE(kgil_gil_held(self->gil));
	EXPECT_ERROR(EPERM, kgil_gil_switch(self->gil));
	EXPECT_EQ(1, stats_of(self->gil->fd).acquisitions);
}

TEST_F(gil, the_descriptor_is_the_same_lock)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	EXPECT_EQ(0, kgil_acquire(self->gil->fd));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_EQ(0, kgil_release(self->gil->fd));
	EXPECT_FALSE(kgil_gil_held(self->gil));
}

TEST_F(gil, held_by_another_thread)
{
	struct peer peer = { .gil = self->gil };

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(peer_owns(&peer));
	EXPECT_TRUE(peer.held);
	EXPECT_FALSE(kgil_gil_held(self->gil));
	EXPECT_ERROR(EPERM, kgil_gil_release(self->gil));
	EXPECT_EQ(0, kgil_gil_detach(self->gil));
	end_peer(&peer);
	EXPECT_EQ(0, peer.ret);
	EXPECT_EQ(0, state_of(self->gil->fd).owner);
}

TEST_F(gil, two_gils)
{
	struct kgil *other = kgil_gil_new(20000);

	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	EXPECT_ERROR(ENOENT, kgil_gil_acquire(other));
	ASSERT_EQ(0, kgil_gil_attach(other));
	EXPECT_EQ(0, kgil_gil_acquire(other));
	EXPECT_FALSE(kgil_gil_held(self->gil));
	EXPECT_TRUE(kgil_gil_held(other));
	EXPECT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_EQ(0, kgil_gil_release(other));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_EQ(0, kgil_gil_detach(other));
	EXPECT_ERROR(ENOENT, kgil_gil_detach(other));
	EXPECT_ERROR(EBUSY, kgil_gil_detach(self->gil));
	kgil_gil_free(other);
}

TEST_F(gil, blocking_pair_keeps_errno)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	errno = EXDEV;
	EXPECT_EQ(0, kgil_gil_begin_blocking(self->gil));
	EXPECT_EQ(EXDEV, errno);
	EXPECT_FALSE(kgil_gil_held(self->gil));
	errno = ENOSPC;
	EXPECT_EQ(0, kgil_gil_end_blocking(self->gil));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_TRUE(kgil_gil_held(self->gil));
}

TEST_F(gil, blocking_pair_says_what_failed)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	EXPECT_ERROR(EPERM, kgil_gil_begin_blocking(self->gil));
	EXPECT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_ERROR(EDEADLK, kgil_gil_end_blocking(self->gil));
}

TEST_F(gil, blocking_pair_lets_another_run)
{
	struct peer peer = { .gil = self->gil };

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(comes_true(state_of(self->gil->fd).waiters == 1));
	EXPECT_EQ(0, kgil_gil_begin_blocking(self->gil));
	EXPECT_TRUE(peer_owns(&peer));
	tell_peer(&peer);
	EXPECT_EQ(0, kgil_gil_end_blocking(self->gil));
	pthread_join(peer.thread, NULL);
	EXPECT_TRUE(kgil_gil_held(self->gil));
}

TEST_F(gil, set_interval)
{
	EXPECT_EQ(0, kgil_gil_set_interval(self->gil, KGIL_INTERVAL_MAX));
	EXPECT_EQ(KGIL_INTERVAL_MAX, state_of(self->gil->fd).interval_ns);
	EXPECT_EQ(0, kgil_gil_set_interval(self->gil, KGIL_INTERVAL_MIN));
	EXPECT_ERROR(EINVAL, kgil_gil_set_interval(self->gil, 0));
	EXPECT_ERROR(EINVAL, kgil_gil_set_interval(self->gil, KGIL_INTERVAL_MIN - 1));
	EXPECT_ERROR(EINVAL, kgil_gil_set_interval(self->gil, KGIL_INTERVAL_MAX + 1));
	EXPECT_EQ(KGIL_INTERVAL_MIN, state_of(self->gil->fd).interval_ns);
}

/* --------------------------------------------------------------- switching */

TEST_F(gil, check_without_a_request)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	/* Nobody asked: not even the owner is looked at. */
	EXPECT_EQ(0, kgil_gil_check(self->gil));
	EXPECT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_EQ(0, kgil_gil_check(self->gil));
	EXPECT_EQ(0, kgil_gil_switch(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_EQ(0, stats_of(self->gil->fd).yields);
}

/* Threads that take turns at a counter that only the GIL protects. */
struct turns {
	struct kgil *gil;
	pthread_t thread;
	struct turns *shared; /* the first one's @counter and @last are shared */
	long counter;
	struct turns *last;
	long rounds;
	long switches;
	int failed;
};

#define SWITCHES 20

static void *take_turns(void *arg)
{
	struct turns *me = arg, *shared = me->shared;

	if (kgil_gil_attach(me->gil) || kgil_gil_acquire(me->gil)) {
		me->failed = 1;
		return NULL;
	}
	/* The last one left has nobody to switch with. */
	while (me->switches < SWITCHES && !(shared->failed & 2)) {
		long seen = *(volatile long *)&shared->counter;

		me->switches += shared->last != me;
		shared->last = me;
		*(volatile long *)&shared->counter = seen + 1;
		me->rounds++;
		if (kgil_gil_check(me->gil) || !kgil_gil_held(me->gil))
			me->failed |= 1;
	}
	shared->failed |= 2;
	if (kgil_gil_release(me->gil) || kgil_gil_detach(me->gil))
		me->failed |= 1;
	return NULL;
}

TEST_F_TIMEOUT(gil, check_switches_between_threads, 60)
{
	struct turns turns[2] = { { .gil = self->gil }, { .gil = self->gil } };

	ASSERT_EQ(0, kgil_gil_set_interval(self->gil, 100000));
	for (int i = 0; i < 2; i++) {
		turns[i].shared = &turns[0];
		ASSERT_EQ(0, pthread_create(&turns[i].thread, NULL, take_turns, &turns[i]));
	}
	for (int i = 0; i < 2; i++)
		pthread_join(turns[i].thread, NULL);
	EXPECT_EQ(2, turns[0].failed);
	EXPECT_EQ(0, turns[1].failed);
	EXPECT_EQ(turns[0].rounds + turns[1].rounds, turns[0].counter);
	EXPECT_LE(SWITCHES - 2, turns[0].switches);
	EXPECT_LE(SWITCHES - 2, turns[1].switches);
	EXPECT_LE(2 * SWITCHES - 4, stats_of(self->gil->fd).yields);
}

TEST_F(gil, acquire_goes_on_after_a_signal)
{
	struct peer peer = { .gil = self->gil };

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(comes_true(state_of(self->gil->fd).waiters == 1));
	ASSERT_TRUE(interrupt(peer.thread, self->gil->fd));
	ASSERT_TRUE(comes_true(state_of(self->gil->fd).waiters == 1));
	EXPECT_LE(1, signals);
	EXPECT_EQ(0, kgil_gil_release(self->gil));
	EXPECT_TRUE(peer_owns(&peer));
	end_peer(&peer);
	EXPECT_EQ(0, peer.ret);
	EXPECT_EQ(0, peer.err);
}

/* While the main thread is in kgil_gil_switch(): a signal for it, then the end. */
struct disturber {
	struct kgil *gil;
	struct peer *peer;
	pthread_t target;
	pthread_t thread;
	int failed;
};

static void *disturb(void *arg)
{
	struct disturber *disturber = arg;
	int fd = disturber->gil->fd;

	disturber->failed = !peer_owns(disturber->peer) ||
			    !comes_true(state_of(fd).waiters == 1) ||
			    !interrupt(disturber->target, fd) ||
			    !comes_true(state_of(fd).waiters == 1);
	tell_peer(disturber->peer);
	return NULL;
}

TEST_F(gil, switch_goes_on_after_a_signal)
{
	struct peer peer = { .gil = self->gil };
	struct disturber disturber = {
		.gil = self->gil,
		.peer = &peer,
		.target = pthread_self(),
	};

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(comes_true(state_of(self->gil->fd).waiters == 1));
	ASSERT_EQ(0, pthread_create(&disturber.thread, NULL, disturb, &disturber));
	errno = EXDEV;
	EXPECT_EQ(0, kgil_gil_switch(self->gil));
	EXPECT_EQ(EXDEV, errno);
	EXPECT_TRUE(kgil_gil_held(self->gil));
	pthread_join(disturber.thread, NULL);
	pthread_join(peer.thread, NULL);
	EXPECT_EQ(0, disturber.failed);
	EXPECT_LE(1, signals);
	EXPECT_EQ(0, peer.ret);
}

TEST_F(gil, switch_after_a_signal_tells_of_a_dead_owner)
{
	struct peer peer = { .gil = self->gil, .dies = true };
	struct disturber disturber = {
		.gil = self->gil,
		.peer = &peer,
		.target = pthread_self(),
	};

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(comes_true(state_of(self->gil->fd).waiters == 1));
	ASSERT_EQ(0, pthread_create(&disturber.thread, NULL, disturb, &disturber));
	EXPECT_ERROR(EOWNERDEAD, kgil_gil_switch(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	pthread_join(disturber.thread, NULL);
	pthread_join(peer.thread, NULL);
	EXPECT_EQ(0, disturber.failed);
}

TEST_F(gil, switch_tells_of_a_dead_owner)
{
	struct peer peer = { .gil = self->gil, .dies = true, .done = 1 };

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(comes_true(state_of(self->gil->fd).waiters == 1));
	EXPECT_ERROR(EOWNERDEAD, kgil_gil_switch(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	pthread_join(peer.thread, NULL);
	EXPECT_EQ(0, kgil_gil_switch(self->gil));
}

TEST_F(gil, acquire_tells_of_a_dead_owner_once)
{
	struct peer peer = { .gil = self->gil, .dies = true };

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(peer_owns(&peer));
	end_peer(&peer);
	EXPECT_ERROR(EOWNERDEAD, kgil_gil_acquire(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_EQ(0, kgil_gil_begin_blocking(self->gil));
	EXPECT_EQ(0, kgil_gil_end_blocking(self->gil));
	EXPECT_EQ(0, kgil_gil_release(self->gil));
}

/* ------------------------------------------------------- threads that end */

static void *attach_only(void *gil)
{
	return kgil_gil_attach(gil) ? gil : NULL;
}

TEST_F(gil, threads_that_end_attached)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	for (int i = 0; i < 50; i++) {
		pthread_t thread;
		void *failed;

		ASSERT_EQ(0, pthread_create(&thread, NULL, attach_only, self->gil));
		ASSERT_EQ(0, pthread_join(thread, &failed));
		EXPECT_EQ(NULL, failed);
	}
	EXPECT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_TRUE(kgil_gil_held(self->gil));
}

/* A GIL at the address of one that is gone is another one. */
TEST_F(gil, free_forgets_the_attached)
{
	struct kgil *old = self->gil;

	ASSERT_EQ(0, kgil_gil_attach(old));
	for (int i = 0; i < 100; i++) {
		kgil_gil_free(self->gil);
		self->gil = kgil_gil_new(0);
		ASSERT_NE(NULL, self->gil);
		EXPECT_FALSE(kgil_gil_held(self->gil));
		EXPECT_ERROR(ENOENT, kgil_gil_acquire(self->gil));
		EXPECT_EQ(0, kgil_gil_attach(self->gil));
	}
}

struct survivor {
	struct kgil *gil; /* replaced, then atomic @turn goes to 2 */
	int turn;
	int before;
	int after;
	int err;
};

static void *survive(void *arg)
{
	struct survivor *me = arg;

	me->before = kgil_gil_attach(me->gil);
	__atomic_store_n(&me->turn, 1, __ATOMIC_RELEASE);
	if (!comes_true(__atomic_load_n(&me->turn, __ATOMIC_ACQUIRE) == 2))
		return NULL;
	me->after = kgil_gil_held(me->gil) ? 1 : kgil_gil_acquire(me->gil);
	me->err = errno;
	return NULL;
}

TEST_F(gil, another_threads_attachment_is_not_mistaken)
{
	struct survivor survivor = { .gil = self->gil };
	struct kgil *old = self->gil, *others[10];
	pthread_t thread;

	/* So that the allocator's cache is full, and the same address comes back. */
	for (int i = 0; i < 10; i++)
		others[i] = kgil_gil_new(0);
	for (int i = 0; i < 10; i++)
		kgil_gil_free(others[i]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, survive, &survivor));
	ASSERT_TRUE(comes_true(__atomic_load_n(&survivor.turn, __ATOMIC_ACQUIRE) == 1));
	kgil_gil_free(self->gil);
	self->gil = kgil_gil_new(0);
	survivor.gil = self->gil;
	__atomic_store_n(&survivor.turn, 2, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	if (self->gil != old)
		TH_LOG("the allocator gave another address");
	EXPECT_EQ(0, survivor.before);
	EXPECT_EQ(-1, survivor.after);
	EXPECT_EQ(ENOENT, survivor.err);
}

/* -------------------------------------------------------------------- fork */

/* Run @child in a child of fork; 0 if it ended well. */
static int in_child(struct kgil *gil, void (*child)(struct kgil *gil))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		child(gil);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static void has_no_gil(struct kgil *gil)
{
	REQUIRE(!kgil_gil_held(gil));
	REQUIRE(kgil_gil_check(gil) == 0);
	REQUIRE_ERROR(ENOENT, kgil_gil_acquire(gil));
	REQUIRE_ERROR(ENOENT, kgil_gil_release(gil));
	REQUIRE_ERROR(ENOENT, kgil_gil_switch(gil));
	REQUIRE_ERROR(ENOENT, kgil_gil_detach(gil));
	REQUIRE_ERROR(EINVAL, kgil_gil_attach(gil));
	REQUIRE_ERROR(EINVAL, kgil_gil_set_interval(gil, 40000));
}

static void has_its_own_gil(struct kgil *gil, bool owns)
{
	uint64_t parents = state_of(gil->fd).id;
	int fds = open_fds();

	REQUIRE(kgil_gil_after_fork_child(gil) == 0);
	REQUIRE(state_of(gil->fd).id != parents);
	REQUIRE(fcntl(gil->fd, F_GETFD) == FD_CLOEXEC);
	/* One descriptor came, the parent's went. */
	REQUIRE(open_fds() == fds);
	REQUIRE(state_of(gil->fd).interval_ns == 30000);
	REQUIRE(kgil_gil_held(gil) == owns);
	REQUIRE_ERROR(EEXIST, kgil_gil_attach(gil));
	REQUIRE_ERROR(EINVAL, kgil_gil_after_fork_child(gil));
	if (!owns)
		REQUIRE(kgil_gil_acquire(gil) == 0);
	REQUIRE(kgil_gil_held(gil));
	REQUIRE(kgil_gil_check(gil) == 0);
	REQUIRE(kgil_gil_switch(gil) == 0);
	REQUIRE(kgil_gil_release(gil) == 0);
	REQUIRE(kgil_gil_detach(gil) == 0);
	REQUIRE(kgil_gil_attach(gil) == 0);
	kgil_gil_free(gil);
	REQUIRE(open_fds() == fds - 1);
}

static void child_of_owner(struct kgil *gil)
{
	has_no_gil(gil);
	has_its_own_gil(gil, true);
}

static void child_of_other(struct kgil *gil)
{
	has_no_gil(gil);
	has_its_own_gil(gil, false);
}

static void child_that_frees(struct kgil *gil)
{
	int fds = open_fds();

	kgil_gil_free(gil);
	REQUIRE(open_fds() == fds - 1);
}

static void child_that_forks_first(struct kgil *gil)
{
	REQUIRE(in_child(gil, child_of_owner) == 0);
	child_of_owner(gil);
}

static void child_that_forks_later(struct kgil *gil)
{
	REQUIRE(kgil_gil_after_fork_child(gil) == 0);
	REQUIRE(in_child(gil, child_of_owner) == 0);
	REQUIRE(kgil_gil_held(gil));
	REQUIRE(kgil_gil_release(gil) == 0);
	REQUIRE(in_child(gil, child_of_other) == 0);
}

TEST_F(gil, fork_by_the_owner)
{
	uint64_t owner;

	ASSERT_EQ(0, kgil_gil_set_interval(self->gil, 30000));
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	owner = state_of(self->gil->fd).owner;
	EXPECT_EQ(0, in_child(self->gil, child_of_owner));
	EXPECT_EQ(owner, state_of(self->gil->fd).owner);
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_EQ(1, stats_of(self->gil->fd).acquisitions);
	EXPECT_EQ(0, kgil_gil_release(self->gil));
}

TEST_F(gil, fork_by_an_attached_thread)
{
	ASSERT_EQ(0, kgil_gil_set_interval(self->gil, 30000));
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	EXPECT_EQ(0, in_child(self->gil, child_of_other));
	EXPECT_EQ(0, kgil_gil_acquire(self->gil));
}

TEST_F(gil, fork_by_a_stranger)
{
	ASSERT_EQ(0, kgil_gil_set_interval(self->gil, 30000));
	EXPECT_EQ(0, in_child(self->gil, child_of_other));
	EXPECT_ERROR(ENOENT, kgil_gil_acquire(self->gil));
}

TEST_F(gil, fork_while_another_thread_owns_it)
{
	struct peer peer = { .gil = self->gil };

	ASSERT_EQ(0, kgil_gil_set_interval(self->gil, 30000));
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(peer_owns(&peer));
	EXPECT_EQ(0, in_child(self->gil, child_of_other));
	end_peer(&peer);
	EXPECT_EQ(0, peer.ret);
}

TEST_F(gil, free_in_the_child)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_EQ(0, in_child(self->gil, child_that_frees));
	EXPECT_TRUE(kgil_gil_held(self->gil));
}

TEST_F(gil, fork_in_the_child)
{
	ASSERT_EQ(0, kgil_gil_set_interval(self->gil, 30000));
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_EQ(0, in_child(self->gil, child_that_forks_first));
	EXPECT_EQ(0, in_child(self->gil, child_that_forks_later));
	EXPECT_TRUE(kgil_gil_held(self->gil));
}

static void *come_and_go(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
		struct kgil *gil = kgil_gil_new(0);

		if (!gil)
			return stop;
		kgil_gil_free(gil);
	}
	return NULL;
}

TEST_F(gil, fork_while_others_come_and_go)
{
	pthread_t thread;
	void *failed;
	int stop = 0;

	ASSERT_EQ(0, kgil_gil_set_interval(self->gil, 30000));
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	ASSERT_EQ(0, pthread_create(&thread, NULL, come_and_go, &stop));
	for (int i = 0; i < 50; i++)
		EXPECT_EQ(0, in_child(self->gil, child_of_owner));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, &failed);
	EXPECT_EQ(NULL, failed);
	EXPECT_TRUE(kgil_gil_held(self->gil));
}

TEST_F(gil, after_fork_in_the_parent)
{
	int fd = self->gil->fd;

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_ERROR(EINVAL, kgil_gil_after_fork_child(self->gil));
	EXPECT_EQ(fd, self->gil->fd);
	EXPECT_TRUE(kgil_gil_held(self->gil));
}

static void child_without_the_descriptor(struct kgil *gil)
{
	close(gil->fd);
	REQUIRE_ERROR(EBADF, kgil_gil_after_fork_child(gil));
	REQUIRE(!kgil_gil_held(gil));
	REQUIRE(kgil_gil_check(gil) == 0);
}

TEST_F(gil, after_fork_that_fails_changes_nothing)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	EXPECT_EQ(0, in_child(self->gil, child_without_the_descriptor));
}

/* ---------------------------------------------------- objects by their word */

/* Of each type one that a single thread can hold. */
FIXTURE(word)
{
	struct kgil_word *word;
	const struct kgil_page *page;
	int fd;
	int fds;
	int blocks;
};

FIXTURE_VARIANT(word)
{
	uint32_t type;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(word, gil)
{
	.type = KGIL_TYPE_GIL,
};

FIXTURE_VARIANT_ADD(word, sem)
{
	.type = KGIL_TYPE_SEM,
};

FIXTURE_VARIANT_ADD(word, lock)
{
	.type = KGIL_TYPE_LOCK,
};

FIXTURE_VARIANT_ADD(word, rlock)
{
	.type = KGIL_TYPE_RLOCK,
};

/* clang-format on */

FIXTURE_SETUP(word)
{
	catch_signals();
	self->fds = open_fds();
	self->blocks = blocks;
	self->fd = create_of(variant->type);
	ASSERT_LE(0, self->fd);
	self->word = kgil_word_open(self->fd);
	ASSERT_NE(NULL, self->word);
	self->page = kgil_map(self->fd);
	ASSERT_NE(NULL, self->page);
}

FIXTURE_TEARDOWN(word)
{
	EXPECT_EQ(0, kgil_unmap(self->page));
	kgil_word_close(self->word);
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(self->fds, open_fds());
	EXPECT_EQ(self->blocks, blocks);
}

/* What release() of an object that is free says. */
static int free_release_error(uint32_t type)
{
	return type == KGIL_TYPE_SEM ? EOVERFLOW : EPERM;
}

static uint64_t by_word(const struct kgil_page *page)
{
	return *(const volatile __u64 *)&page->acquisitions;
}

TEST_F(word, acquire_and_release)
{
	uint64_t id = 0;

	EXPECT_ERROR(free_release_error(variant->type), kgil_word_release(self->word));
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(0, state_of(self->fd).count);
	if (has_owner(variant->type)) {
		ASSERT_EQ(0, kgil_attach(self->fd, &id));
		EXPECT_EQ(1, state_of(self->fd).depth);
		EXPECT_NE(0, state_of(self->fd).flags & KGIL_STATE_MINE);
	}
	EXPECT_EQ(id, state_of(self->fd).owner);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(0, state_of(self->fd).owner);
	EXPECT_EQ(0, state_of(self->fd).depth);
	EXPECT_ERROR(free_release_error(variant->type), kgil_word_release(self->word));
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(1, stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, by_word(self->page));
}

TEST_F(word, each_acquisition_is_counted)
{
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, kgil_word_acquire(self->word));
		ASSERT_EQ(0, kgil_word_release(self->word));
		ASSERT_EQ(1, kgil_word_try_acquire(self->word));
		ASSERT_EQ(0, kgil_word_release(self->word));
		ASSERT_EQ(1, kgil_word_acquire_until(self->word, 0));
		ASSERT_EQ(0, kgil_word_release(self->word));
		ASSERT_EQ(1, kgil_word_acquire_for(self->word, UINT64_MAX));
		ASSERT_EQ(0, kgil_word_release(self->word));
	}
	EXPECT_EQ(4000, stats_of(self->fd).acquisitions);
	EXPECT_EQ(4000, by_word(self->page));
	EXPECT_EQ(0, stats_of(self->fd).contentions);
	EXPECT_GE(1, stats_of(self->fd).switches);
}

TEST_F(word, errno_is_kept)
{
	errno = EXDEV;
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(EXDEV, errno);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(EXDEV, errno);
	EXPECT_EQ(1, kgil_word_try_acquire(self->word));
	EXPECT_EQ(EXDEV, errno);
}

TEST_F(word, a_taken_one)
{
	bool nests = variant->type == KGIL_TYPE_RLOCK;
	uint64_t begin;

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(nests, kgil_word_try_acquire(self->word));
	EXPECT_EQ(nests, kgil_try_acquire(self->fd));
	if (nests) {
		EXPECT_EQ(3, state_of(self->fd).depth);
		EXPECT_EQ(0, kgil_word_release(self->word));
		EXPECT_EQ(0, kgil_word_release(self->word));
	} else if (variant->type == KGIL_TYPE_GIL) {
		EXPECT_ERROR(EDEADLK, kgil_word_acquire(self->word));
		EXPECT_ERROR(EDEADLK, kgil_word_acquire_for(self->word, 1000));
	} else {
		begin = now_ns();
		EXPECT_EQ(0, kgil_word_acquire_until(self->word, begin + 20000000));
		EXPECT_EQ(0, kgil_word_acquire_for(self->word, 20000000));
		EXPECT_LE(begin + 40000000, now_ns());
		EXPECT_EQ(2, stats_of(self->fd).timeouts);
	}
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(1, stats_of(self->fd).acquisitions);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(1, state_of(self->fd).count);
}

TEST_F(word, a_deadline_that_is_no_time)
{
	EXPECT_ERROR(EINVAL, kgil_word_acquire_until(self->word, UINT64_MAX));
	EXPECT_ERROR(EINVAL, kgil_word_acquire_until(self->word, (uint64_t)INT64_MAX + 1));
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(0, stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, kgil_word_acquire_until(self->word, INT64_MAX));
}

TEST_F(word, the_descriptor_is_the_same_object)
{
	for (int i = 0; i < 10; i++) {
		EXPECT_EQ(0, kgil_acquire(self->fd));
		EXPECT_EQ(0, kgil_word_release(self->word));
		EXPECT_EQ(0, kgil_word_acquire(self->word));
		EXPECT_EQ(0, kgil_release(self->fd));
	}
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(20, stats_of(self->fd).acquisitions);
	EXPECT_ERROR(free_release_error(variant->type), kgil_word_release(self->word));
	EXPECT_ERROR(free_release_error(variant->type), kgil_release(self->fd));
}

TEST_F(word, two_handles_of_one_object)
{
	struct kgil_word *other = kgil_word_open(self->fd);

	ASSERT_NE(NULL, other);
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(0, kgil_word_release(other));
	EXPECT_EQ(1, kgil_word_try_acquire(other));
	kgil_word_close(other);
	EXPECT_EQ(0, state_of(self->fd).count);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
}

TEST_F(word, yield_and_drop_request_of_one_that_nobody_wants)
{
	bool gil = variant->type == KGIL_TYPE_GIL;

	EXPECT_ERROR(gil ? EPERM : ENOTTY, kgil_word_yield(self->word));
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	errno = 0;
	EXPECT_EQ(gil ? 0 : -1, kgil_word_yield(self->word));
	EXPECT_EQ(gil ? 0 : ENOTTY, errno);
	EXPECT_FALSE(kgil_word_drop_requested(self->word));
	EXPECT_EQ(0, stats_of(self->fd).yields);
	EXPECT_EQ(0, kgil_word_release(self->word));
}

/* A thread that makes one call of a word, and what came of it. */
struct word_caller {
	struct kgil_word *word;
	int (*call)(struct kgil_word *word);
	pthread_t thread;
	int ret;
	int err;
};

static void *run_word_caller(void *arg)
{
	struct word_caller *caller = arg;

	errno = 0;
	caller->ret = caller->call(caller->word);
	caller->err = errno;
	return NULL;
}

static int start_word_caller(struct word_caller *caller)
{
	return pthread_create(&caller->thread, NULL, run_word_caller, caller);
}

TEST_F(word, release_by_another_thread)
{
	struct word_caller caller = { .word = self->word, .call = kgil_word_release };
	bool owned = has_owner(variant->type);

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	ASSERT_EQ(0, start_word_caller(&caller));
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(owned ? -1 : 0, caller.ret);
	EXPECT_EQ(owned ? EPERM : 0, caller.err);
	EXPECT_EQ(owned ? 0 : 1, state_of(self->fd).count);
	if (owned)
		EXPECT_EQ(0, kgil_word_release(self->word));
}

static int acquire_and_release(struct kgil_word *word)
{
	return kgil_word_acquire(word) ? -1 : kgil_word_release(word);
}

TEST_F(word, a_waiter_gets_it)
{
	struct word_caller caller = { .word = self->word, .call = acquire_and_release };

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	ASSERT_EQ(0, start_word_caller(&caller));
	ASSERT_TRUE(comes_true(state_of(self->fd).waiters == 1));
	EXPECT_EQ(0, kgil_word_release(self->word));
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(0, caller.ret);
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(2, stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, stats_of(self->fd).contentions);
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(3, stats_of(self->fd).acquisitions);
}

TEST_F(word, acquire_is_ended_by_a_signal)
{
	struct word_caller caller = { .word = self->word, .call = kgil_word_acquire };

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	ASSERT_EQ(0, start_word_caller(&caller));
	ASSERT_TRUE(comes_true(state_of(self->fd).waiters == 1));
	EXPECT_TRUE(interrupt(caller.thread, self->fd));
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(-1, caller.ret);
	EXPECT_EQ(EINTR, caller.err);
	EXPECT_LE(1, signals);
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(1, state_of(self->fd).count);
}

/* A thread that ends with it. */
TEST_F(word, a_dead_owner)
{
	struct word_caller caller = { .word = self->word, .call = kgil_word_acquire };

	ASSERT_EQ(0, start_word_caller(&caller));
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(0, caller.ret);
	if (!has_owner(variant->type)) {
		EXPECT_EQ(0, kgil_word_try_acquire(self->word));
		EXPECT_EQ(0, kgil_word_release(self->word));
		return;
	}
	EXPECT_ERROR(EOWNERDEAD, kgil_word_acquire(self->word));
	EXPECT_NE(0, state_of(self->fd).flags & KGIL_STATE_MINE);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(1, stats_of(self->fd).owner_deaths);
	EXPECT_EQ(3, stats_of(self->fd).acquisitions);
}

/* Threads that count; only the object protects the counter. */
struct counting {
	struct kgil_word *word;
	int fd; /* by its calls; -1: by its word */
	volatile long *counter;
	pthread_t thread;
	int failed;
};

#define COUNTERS 4
#define ROUNDS 20000

static void *count_up(void *arg)
{
	struct counting *me = arg;

	for (int i = 0; i < ROUNDS; i++) {
		me->failed |= me->fd < 0 ? kgil_word_acquire(me->word) : kgil_acquire(me->fd);
		*me->counter = *me->counter + 1;
		me->failed |= me->fd < 0 ? kgil_word_release(me->word) : kgil_release(me->fd);
	}
	return NULL;
}

/* Every other thread uses @fd, if it is one.  How many updates were lost? */
static long lost_updates(struct kgil_word *word, int fd)
{
	struct counting threads[COUNTERS];
	volatile long counter = 0;

	for (int i = 0; i < COUNTERS; i++) {
		threads[i] = (struct counting){
			.word = word,
			.fd = i % 2 ? fd : -1,
			.counter = &counter,
		};
		if (pthread_create(&threads[i].thread, NULL, count_up, &threads[i]))
			die("thread");
	}
	for (int i = 0; i < COUNTERS; i++) {
		pthread_join(threads[i].thread, NULL);
		if (threads[i].failed)
			return -1;
	}
	return COUNTERS * ROUNDS - counter;
}

TEST_F_TIMEOUT(word, no_update_is_lost, 120)
{
	EXPECT_EQ(0, lost_updates(self->word, -1));
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(COUNTERS * ROUNDS, stats_of(self->fd).acquisitions);
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(COUNTERS * ROUNDS + 1, stats_of(self->fd).acquisitions);
}

TEST_F_TIMEOUT(word, no_update_is_lost_beside_calls, 120)
{
	EXPECT_EQ(0, lost_updates(self->word, self->fd));
	EXPECT_EQ(1, state_of(self->fd).count);
	EXPECT_EQ(0, state_of(self->fd).waiters);
	EXPECT_EQ(COUNTERS * ROUNDS, stats_of(self->fd).acquisitions);
}

TEST_F_TIMEOUT(word, no_update_is_lost_between_processes, 120)
{
	volatile long *counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[COUNTERS];
	int status;

	ASSERT_NE(MAP_FAILED, (void *)counter);
	for (int i = 0; i < COUNTERS; i++) {
		children[i] = fork();
		if (!children[i]) {
			struct counting me = {
				.word = self->word,
				.fd = -1,
				.counter = counter,
			};

			count_up(&me);
			_exit(me.failed);
		}
	}
	for (int i = 0; i < COUNTERS; i++) {
		ASSERT_EQ(children[i], waitpid(children[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(COUNTERS * ROUNDS, *counter);
	EXPECT_EQ(COUNTERS * ROUNDS, stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, state_of(self->fd).count);
	munmap((void *)counter, sizeof(*counter));
}

/* In the child of a fork: the first use finds the page gone, and gets it back. */
TEST_F(word, the_child_of_a_fork_goes_on)
{
	uint64_t id;
	int status;
	pid_t pid;

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	ASSERT_EQ(0, kgil_word_release(self->word));
	pid = fork();
	if (!pid) {
		REQUIRE(!kgil_word_drop_requested(self->word));
		errno = EXDEV;
		REQUIRE(kgil_word_acquire(self->word) == 0);
		REQUIRE(errno == EXDEV);
		REQUIRE(state_of(self->fd).count == 0);
		if (has_owner(variant->type)) {
			REQUIRE(kgil_attach(self->fd, &id) == 0);
			REQUIRE(state_of(self->fd).owner == id);
			REQUIRE(state_of(self->fd).owner_pid == (uint32_t)getpid());
		}
		REQUIRE(kgil_word_release(self->word) == 0);
		REQUIRE_ERROR(free_release_error(variant->type), kgil_word_release(self->word));
		for (int i = 0; i < 10; i++)
			REQUIRE(acquire_and_release(self->word) == 0);
		kgil_word_close(self->word);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, kgil_word_acquire(self->word));
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(13, stats_of(self->fd).acquisitions);
	/* None of them had to be a call. */
	EXPECT_EQ(13, by_word(self->page));
}

TEST_F(word, the_child_of_a_fork_owns_nothing)
{
	bool owned = has_owner(variant->type);
	int status;
	pid_t pid;

	ASSERT_EQ(0, kgil_word_acquire(self->word));
	pid = fork();
	if (!pid) {
		REQUIRE(kgil_word_try_acquire(self->word) == 0);
		REQUIRE(kgil_word_acquire_for(self->word, 1000000) == 0);
		if (owned)
			REQUIRE_ERROR(EPERM, kgil_word_release(self->word));
		else
			REQUIRE(kgil_word_release(self->word) == 0);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(owned ? 0 : 1, state_of(self->fd).count);
	if (owned)
		EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(1, stats_of(self->fd).acquisitions);
}

TEST_F(word, the_child_of_a_fork_dies_with_it)
{
	bool owned = has_owner(variant->type);
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(kgil_word_acquire(self->word) != 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* It may take a moment until the death is seen: so wait. */
	errno = 0;
	EXPECT_EQ(owned ? -1 : 0, kgil_word_acquire_for(self->word, owned ? PATIENCE_NS : 0));
	EXPECT_EQ(owned ? EOWNERDEAD : ETIMEDOUT, errno);
	EXPECT_EQ(0, kgil_word_release(self->word));
	EXPECT_EQ(1, state_of(self->fd).count);
}

TEST_F(word, a_child_of_a_child)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		pid_t grandchild = fork();

		if (!grandchild)
			_exit(acquire_and_release(self->word) != 0);
		REQUIRE(waitpid(grandchild, &status, 0) == grandchild);
		REQUIRE(status == 0);
		REQUIRE(acquire_and_release(self->word) == 0);
		grandchild = fork();
		if (!grandchild)
			_exit(acquire_and_release(self->word) != 0);
		REQUIRE(waitpid(grandchild, &status, 0) == grandchild);
		_exit(status != 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(3, stats_of(self->fd).acquisitions);
	EXPECT_EQ(3, by_word(self->page));
}

TEST_F(word, a_child_without_the_descriptor)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		close(self->fd);
		REQUIRE_ERROR(EBADF, kgil_word_acquire(self->word));
		REQUIRE_ERROR(EBADF, kgil_word_try_acquire(self->word));
		REQUIRE_ERROR(EBADF, kgil_word_acquire_until(self->word, 0));
		REQUIRE_ERROR(EBADF, kgil_word_acquire_for(self->word, 0));
		REQUIRE_ERROR(EBADF, kgil_word_release(self->word));
		REQUIRE_ERROR(EBADF, kgil_word_yield(self->word));
		REQUIRE(!kgil_word_drop_requested(self->word));
		kgil_word_close(self->word);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, state_of(self->fd).count);
}

/*
 * A signal handler forks, wherever in a take or give its thread is.  In the child
 * that call goes on; the parent waits.
 */
static struct {
	int fd;
	volatile sig_atomic_t may_fork;
	volatile sig_atomic_t fired;
	volatile sig_atomic_t is_child;
	volatile sig_atomic_t was_taken; /* by the parent, when it forked */
	volatile sig_atomic_t forks;
	volatile sig_atomic_t bad_children;
} middle;

static void fork_in_handler(int signal)
{
	int saved = errno, status;
	pid_t pid;

	(void)signal;
	middle.fired = 1;
	if (!middle.may_fork)
		return;
	middle.was_taken = !state_of(middle.fd).count;
	pid = fork();
	if (!pid) {
		middle.is_child = 1;
	} else {
		middle.forks = middle.forks + 1;
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			middle.bad_children = middle.bad_children + 1;
	}
	errno = saved;
}

/* The call that was interrupted has returned @ret. */
static void end_middle_child(struct kgil_word *word, bool acquires, int ret)
{
	if (middle.was_taken) {
		/* It was the parent's before the fork, and still is. */
		REQUIRE(ret == (acquires ? 0 : -1));
		REQUIRE(kgil_word_acquire_for(word, 1000000) == 0);
	} else {
		REQUIRE(ret == 0);
		if (acquires)
			REQUIRE(kgil_word_release(word) == 0);
		REQUIRE(acquire_and_release(word) == 0);
	}
	_exit(0);
}

TEST_F_TIMEOUT(word, fork_in_the_middle, 120)
{
	struct sigaction action = { .sa_handler = fork_in_handler, .sa_flags = SA_RESTART };
	int failed = 0, ret;
	long rounds = 0;

	middle.fd = self->fd;
	middle.fired = 1;
	sigaction(SIGALRM, &action, NULL);
	while (middle.forks < 100) {
		struct itimerval soon = { .it_value.tv_usec = 50 + middle.forks };

		if (middle.fired) {
			middle.fired = 0;
			setitimer(ITIMER_REAL, &soon, NULL);
		}
		middle.may_fork = 1;
		ret = kgil_word_acquire(self->word);
		middle.may_fork = 0;
		if (middle.is_child)
			end_middle_child(self->word, true, ret);
		failed |= ret;
		/* Without an owner the child's release would count. */
		middle.may_fork = has_owner(variant->type);
		ret = kgil_word_release(self->word);
		middle.may_fork = 0;
		if (middle.is_child)
			end_middle_child(self->word, false, ret);
		failed |= ret;
		rounds++;
	}
	EXPECT_EQ(0, failed);
	EXPECT_EQ(0, middle.bad_children);
	EXPECT_LT(100, rounds);
	EXPECT_LE(rounds, (long)stats_of(self->fd).acquisitions);
	EXPECT_EQ(1, state_of(self->fd).count);
}

static void *take_and_give(void *arg)
{
	struct counting *me = arg;

	while (!*me->counter)
		me->failed |= kgil_word_acquire(me->word) || kgil_word_release(me->word);
	return NULL;
}

TEST_F_TIMEOUT(word, fork_while_another_thread_is_in_the_middle, 120)
{
	volatile long stop = 0;
	struct counting other = { .word = self->word, .counter = &stop };
	int status;

	ASSERT_EQ(0, pthread_create(&other.thread, NULL, take_and_give, &other));
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (!pid) {
			for (int j = 0; j < 10; j++)
				REQUIRE(acquire_and_release(self->word) == 0);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
	}
	stop = 1;
	pthread_join(other.thread, NULL);
	EXPECT_EQ(0, other.failed);
	EXPECT_EQ(1, state_of(self->fd).count);
}

/* In a child several threads find out at once that the page is gone. */
TEST_F_TIMEOUT(word, threads_of_a_child, 120)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(lost_updates(self->word, -1) != 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(COUNTERS * ROUNDS, stats_of(self->fd).acquisitions);
}

#define MANY 100

TEST_F(word, many)
{
	struct kgil_word *words[MANY];
	int fds[MANY];

	/* The second time in places that the first ones had. */
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < MANY; i++) {
			fds[i] = create_of(variant->type);
			words[i] = kgil_word_open(fds[i]);
			ASSERT_NE(NULL, words[i]);
			EXPECT_EQ(0, kgil_word_acquire(words[i]));
		}
		for (int i = 0; i < MANY; i++) {
			EXPECT_EQ(0, state_of(fds[i]).count);
			EXPECT_EQ(0, kgil_word_release(words[i]));
			EXPECT_EQ(1, state_of(fds[i]).count);
			EXPECT_EQ(1, stats_of(fds[i]).acquisitions);
		}
		for (int i = 0; i < MANY; i++) {
			kgil_word_close(words[i]);
			close(fds[i]);
		}
	}
}

static int open_in_old_place(struct kgil_word *word)
{
	return kgil_word_acquire(word) || kgil_word_release(word);
}

struct word_survivor {
	struct kgil_word *word; /* replaced, then atomic @turn goes to 2 */
	int turn;
	int before;
	int after;
};

static void *survive_word(void *arg)
{
	struct word_survivor *me = arg;

	me->before = open_in_old_place(me->word);
	__atomic_store_n(&me->turn, 1, __ATOMIC_RELEASE);
	if (!comes_true(__atomic_load_n(&me->turn, __ATOMIC_ACQUIRE) == 2))
		return NULL;
	/* Ends with it: only a thread that the object knows is found dead. */
	me->after = kgil_word_acquire(me->word);
	return NULL;
}

TEST_F(word, another_objects_attachment_is_not_mistaken)
{
	struct word_survivor survivor = { .word = self->word, .before = -1, .after = -1 };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, survive_word, &survivor));
	ASSERT_TRUE(comes_true(__atomic_load_n(&survivor.turn, __ATOMIC_ACQUIRE) == 1));
	kgil_word_close(self->word);
	close(self->fd);
	self->fd = create_of(variant->type);
	self->word = kgil_word_open(self->fd);
	ASSERT_NE(NULL, self->word);
	survivor.word = self->word;
	__atomic_store_n(&survivor.turn, 2, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, survivor.before);
	EXPECT_EQ(0, survivor.after);
	if (has_owner(variant->type))
		EXPECT_ERROR(EOWNERDEAD, kgil_word_acquire(self->word));
}

/* Every hold of such an object is timed, so that none is taken by its word. */
TEST_F(word, a_timed_object)
{
	struct kgil_create create = { .type = variant->type, .flags = KGIL_CREATE_TIMED };
	const struct kgil_page *page;
	struct kgil_word *word;
	int fd;

	if (variant->type == KGIL_TYPE_SEM) {
		create.count = 1;
		create.max = 1;
	}
	fd = kgil_create(&create);
	ASSERT_LE(0, fd);
	word = kgil_word_open(fd);
	ASSERT_NE(NULL, word);
	page = kgil_map(fd);
	ASSERT_NE(NULL, page);
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(0, acquire_and_release(word));
	EXPECT_ERROR(free_release_error(variant->type), kgil_word_release(word));
	EXPECT_EQ(10, stats_of(fd).acquisitions);
	EXPECT_EQ(0, by_word(page));
	kgil_unmap(page);
	kgil_word_close(word);
	close(fd);
}

/* ------------------------------------------ what only one type does by word */

TEST_F(device, word_open_that_fails)
{
	int null = open("/dev/null", O_RDWR);
	int device = open(on_module() ? KGIL_DEVICE : "/dev/zero", O_RDWR);
	int before = blocks;

	EXPECT_EQ(NULL, kgil_word_open(-1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(NULL, kgil_word_open(null));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(NULL, kgil_word_open(device));
	EXPECT_EQ(ENOTTY, errno);
	kgil_word_close(NULL);
	EXPECT_EQ(before, blocks);
	close(null);
	close(device);
	EXPECT_EQ(self->fds, open_fds());
}

/* Acquires, waits until it is told, and ends with it. */
struct doomed {
	struct kgil_word *word;
	pthread_t thread;
	int ret;
	int owns; /* atomic, as is @done */
	int done;
};

static void *die_with_it(void *arg)
{
	struct doomed *me = arg;

	me->ret = kgil_word_acquire(me->word);
	__atomic_store_n(&me->owns, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&me->done, __ATOMIC_ACQUIRE))
		usleep(1000);
	return NULL;
}

TEST_F(device, a_waiter_gets_it_from_a_dead_owner_by_word)
{
	for (uint32_t type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type += 3) {
		int fd = create_of(type);
		struct doomed owner = { .word = kgil_word_open(fd) };
		struct word_caller waiter = { .word = owner.word, .call = kgil_word_acquire };

		ASSERT_NE(NULL, owner.word);
		ASSERT_EQ(0, pthread_create(&owner.thread, NULL, die_with_it, &owner));
		ASSERT_TRUE(comes_true(__atomic_load_n(&owner.owns, __ATOMIC_ACQUIRE)));
		ASSERT_EQ(0, start_word_caller(&waiter));
		ASSERT_TRUE(comes_true(state_of(fd).waiters == 1));
		__atomic_store_n(&owner.done, 1, __ATOMIC_RELEASE);
		pthread_join(owner.thread, NULL);
		pthread_join(waiter.thread, NULL);
		EXPECT_EQ(0, owner.ret);
		EXPECT_EQ(-1, waiter.ret);
		EXPECT_EQ(EOWNERDEAD, waiter.err);
		/* The waiter ended with it, too. */
		EXPECT_ERROR(EOWNERDEAD, kgil_word_acquire(owner.word));
		EXPECT_EQ(2, stats_of(fd).owner_deaths);
		EXPECT_EQ(0, kgil_word_release(owner.word));
		kgil_word_close(owner.word);
	}
}

TEST_F(device, the_depth_of_an_rlock_by_word)
{
	struct kgil_create create = { .type = KGIL_TYPE_RLOCK, .max = 3 };
	int fd = kgil_create(&create);
	struct kgil_word *word = kgil_word_open(fd);

	ASSERT_NE(NULL, word);
	EXPECT_EQ(0, kgil_word_acquire(word));
	EXPECT_EQ(1, kgil_word_try_acquire(word));
	EXPECT_EQ(1, kgil_word_acquire_for(word, 0));
	EXPECT_EQ(3, state_of(fd).depth);
	EXPECT_ERROR(EOVERFLOW, kgil_word_acquire(word));
	EXPECT_ERROR(EOVERFLOW, kgil_word_try_acquire(word));
	EXPECT_ERROR(EOVERFLOW, kgil_word_acquire_until(word, 0));
	EXPECT_EQ(3, state_of(fd).depth);
	EXPECT_EQ(1, stats_of(fd).acquisitions);
	for (uint32_t depth = 3; depth > 0; depth--) {
		EXPECT_EQ(depth, state_of(fd).depth);
		EXPECT_EQ(0, kgil_word_release(word));
	}
	EXPECT_ERROR(EPERM, kgil_word_release(word));
	EXPECT_EQ(0, state_of(fd).depth);
	EXPECT_EQ(0, state_of(fd).owner);
	/* Taken by a call, nested by the word; and the other way round. */
	EXPECT_EQ(0, kgil_acquire(fd));
	EXPECT_EQ(0, kgil_word_acquire(word));
	EXPECT_EQ(0, kgil_acquire(fd));
	EXPECT_EQ(3, state_of(fd).depth);
	EXPECT_ERROR(EOVERFLOW, kgil_word_acquire(word));
	EXPECT_ERROR(EOVERFLOW, kgil_acquire(fd));
	EXPECT_EQ(0, kgil_release(fd));
	EXPECT_EQ(0, kgil_word_release(word));
	EXPECT_EQ(0, kgil_word_release(word));
	EXPECT_EQ(1, state_of(fd).count);
	EXPECT_EQ(2, stats_of(fd).acquisitions);
	kgil_word_close(word);
}

TEST_F(device, an_rlock_by_word_with_a_waiter)
{
	struct word_caller caller = { .call = acquire_and_release };
	int fd = kgil_create_rlock();
	struct kgil_word *word = kgil_word_open(fd);

	ASSERT_NE(NULL, word);
	caller.word = word;
	EXPECT_EQ(0, kgil_word_acquire(word));
	EXPECT_EQ(0, kgil_word_acquire(word));
	ASSERT_EQ(0, start_word_caller(&caller));
	ASSERT_TRUE(comes_true(state_of(fd).waiters == 1));
	/* The owner goes on nesting. */
	EXPECT_EQ(0, kgil_word_acquire(word));
	EXPECT_EQ(3, state_of(fd).depth);
	EXPECT_EQ(0, kgil_word_release(word));
	EXPECT_EQ(0, kgil_word_release(word));
	EXPECT_EQ(1, state_of(fd).depth);
	EXPECT_EQ(1, state_of(fd).waiters);
	EXPECT_EQ(0, kgil_word_release(word));
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(0, caller.ret);
	EXPECT_EQ(1, state_of(fd).count);
	EXPECT_EQ(2, stats_of(fd).acquisitions);
	kgil_word_close(word);
}

TEST_F(device, the_count_of_a_sem_by_word)
{
	int fd = kgil_create_sem(1, 3);
	struct kgil_word *word = kgil_word_open(fd);

	ASSERT_NE(NULL, word);
	EXPECT_EQ(0, kgil_word_release(word));
	EXPECT_EQ(0, kgil_word_release(word));
	EXPECT_ERROR(EOVERFLOW, kgil_word_release(word));
	EXPECT_EQ(3, state_of(fd).count);
	EXPECT_EQ(0, kgil_word_acquire(word));
	EXPECT_EQ(1, kgil_try_acquire(fd));
	EXPECT_EQ(1, kgil_word_try_acquire(word));
	EXPECT_EQ(0, kgil_word_try_acquire(word));
	EXPECT_EQ(0, kgil_word_acquire_for(word, 1000000));
	EXPECT_EQ(0, state_of(fd).count);
	EXPECT_EQ(3, stats_of(fd).acquisitions);
	kgil_word_close(word);
}

/* It does no more than the calls say, also for a maximum above 1. */
static void *take_give_count(void *arg)
{
	struct counting *me = arg;

	for (int i = 0; i < ROUNDS; i++)
		me->failed |= kgil_word_acquire(me->word) || kgil_word_release(me->word);
	return NULL;
}

TEST_F_TIMEOUT(device, a_sem_of_two_by_word_is_counted_exactly, 120)
{
	struct counting threads[COUNTERS];
	int fd = kgil_create_sem(2, 2);
	struct kgil_word *word = kgil_word_open(fd);

	ASSERT_NE(NULL, word);
	for (int i = 0; i < COUNTERS; i++) {
		threads[i] = (struct counting){ .word = word };
		ASSERT_EQ(0, pthread_create(&threads[i].thread, NULL, take_give_count,
					    &threads[i]));
	}
	for (int i = 0; i < COUNTERS; i++) {
		pthread_join(threads[i].thread, NULL);
		EXPECT_EQ(0, threads[i].failed);
	}
	EXPECT_EQ(2, state_of(fd).count);
	EXPECT_EQ(COUNTERS * ROUNDS, stats_of(fd).acquisitions);
	kgil_word_close(word);
}

TEST_F(device, a_gil_by_word_with_a_waiter)
{
	struct word_caller caller = { .call = acquire_and_release };
	int fd = kgil_create_gil(KGIL_INTERVAL_MIN);
	struct kgil_word *word = kgil_word_open(fd);

	ASSERT_NE(NULL, word);
	caller.word = word;
	EXPECT_EQ(0, kgil_word_acquire(word));
	ASSERT_EQ(0, start_word_caller(&caller));
	ASSERT_TRUE(comes_true(kgil_word_drop_requested(word)));
	EXPECT_EQ(1, state_of(fd).waiters);
	EXPECT_EQ(0, kgil_word_yield(word));
	EXPECT_NE(0, state_of(fd).flags & KGIL_STATE_MINE);
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(0, caller.ret);
	EXPECT_FALSE(kgil_word_drop_requested(word));
	EXPECT_EQ(1, stats_of(fd).yields);
	EXPECT_EQ(3, stats_of(fd).acquisitions);
	EXPECT_EQ(0, kgil_word_release(word));
	kgil_word_close(word);
}

TEST_F(device, switches_are_counted_by_word)
{
	struct word_caller caller = { .call = acquire_and_release };
	int fd = kgil_create_gil(0);
	struct kgil_word *word = kgil_word_open(fd);
	uint64_t begin;

	ASSERT_NE(NULL, word);
	caller.word = word;
	EXPECT_EQ(0, acquire_and_release(word));
	EXPECT_EQ(0, acquire_and_release(word));
	begin = stats_of(fd).switches;
	ASSERT_EQ(0, start_word_caller(&caller));
	pthread_join(caller.thread, NULL);
	EXPECT_EQ(0, caller.ret);
	EXPECT_EQ(begin + 1, stats_of(fd).switches);
	EXPECT_EQ(0, acquire_and_release(word));
	EXPECT_EQ(0, acquire_and_release(word));
	EXPECT_EQ(begin + 2, stats_of(fd).switches);
	kgil_word_close(word);
}

/* --------------------------------------------------- the other new calls */

TEST_F(device, set_policy)
{
	struct kgil_query query = { .default_policy = KGIL_POLICY_FAIR };
	int fd = kgil_create_gil(0);

	if (on_module())
		ASSERT_EQ(0, kgil_query(&query));
	EXPECT_EQ(KGIL_POLICY_FAIR, state_of(fd).policy);
	EXPECT_EQ(0, kgil_set_policy(fd, KGIL_POLICY_FIFO));
	EXPECT_EQ(KGIL_POLICY_FIFO, state_of(fd).policy);
	EXPECT_ERROR(EINVAL, kgil_set_policy(fd, 99));
	EXPECT_EQ(KGIL_POLICY_FIFO, state_of(fd).policy);
	EXPECT_EQ(0, kgil_set_policy(fd, KGIL_POLICY_DEFAULT));
	EXPECT_EQ(query.default_policy, state_of(fd).policy);
	EXPECT_ERROR(ENOTTY, kgil_set_policy(kgil_create_lock(), KGIL_POLICY_FAIR));
}

TEST_F(device, set_handoff)
{
	int lock = kgil_create_lock();

	EXPECT_EQ(KGIL_HANDOFF_DEFAULT, state_of(lock).handoff_ns);
	EXPECT_EQ(KGIL_HANDOFF_AT_ONCE, state_of(kgil_create_sem(0, 1)).handoff_ns);
	EXPECT_EQ(0, kgil_set_handoff(lock, KGIL_HANDOFF_MAX));
	EXPECT_EQ(KGIL_HANDOFF_MAX, state_of(lock).handoff_ns);
	EXPECT_ERROR(EINVAL, kgil_set_handoff(lock, KGIL_HANDOFF_MAX + 1));
	EXPECT_EQ(KGIL_HANDOFF_MAX, state_of(lock).handoff_ns);
	EXPECT_EQ(0, kgil_set_handoff(kgil_create_rlock(), KGIL_HANDOFF_AT_ONCE));
	EXPECT_ERROR(ENOTTY, kgil_set_handoff(kgil_create_gil(0), KGIL_HANDOFF_AT_ONCE));
}

TEST_F(device, thread_gives_the_id_on_any_object)
{
	uint64_t id = 0, attached = 0;

	ASSERT_EQ(0, kgil_attach(kgil_create_gil(0), &attached));
	for (uint32_t type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		id = 0;
		EXPECT_EQ(0, kgil_thread(create_of(type), &id));
		EXPECT_EQ(attached, id);
	}
}

TEST_F(device, map_writable)
{
	for (uint32_t type = KGIL_TYPE_GIL; type <= KGIL_TYPE_RLOCK; type++) {
		int fd = create_of(type);
		struct kgil_page *page = kgil_map_writable(fd);

		ASSERT_NE(NULL, page);
		EXPECT_EQ(type == KGIL_TYPE_SEM, page->word);
		page->acquisitions = 7;
		EXPECT_EQ(7, stats_of(fd).acquisitions);
		EXPECT_EQ(0, kgil_unmap(page));
	}
}

TEST_F(gil, set_policy)
{
	EXPECT_EQ(KGIL_POLICY_FAIR, state_of(self->gil->fd).policy);
	EXPECT_EQ(0, kgil_gil_set_policy(self->gil, KGIL_POLICY_FIFO));
	EXPECT_EQ(KGIL_POLICY_FIFO, state_of(self->gil->fd).policy);
	EXPECT_ERROR(EINVAL, kgil_gil_set_policy(self->gil, 99));
	EXPECT_EQ(KGIL_POLICY_FIFO, state_of(self->gil->fd).policy);
}

static void child_that_keeps_the_policy(struct kgil *gil)
{
	REQUIRE_ERROR(EINVAL, kgil_gil_set_policy(gil, KGIL_POLICY_FAIR));
	REQUIRE(kgil_gil_after_fork_child(gil) == 0);
	REQUIRE(state_of(gil->fd).policy == KGIL_POLICY_FIFO);
	REQUIRE(kgil_gil_set_policy(gil, KGIL_POLICY_FAIR) == 0);
}

TEST_F(gil, the_policy_after_a_fork)
{
	ASSERT_EQ(0, kgil_gil_set_policy(self->gil, KGIL_POLICY_FIFO));
	EXPECT_EQ(0, in_child(self->gil, child_that_keeps_the_policy));
	EXPECT_EQ(KGIL_POLICY_FIFO, state_of(self->gil->fd).policy);
}

TEST_F(gil, a_free_one_is_taken_by_its_word)
{
	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	for (int i = 0; i < 100; i++) {
		EXPECT_EQ(0, kgil_gil_acquire(self->gil));
		EXPECT_TRUE(kgil_gil_held(self->gil));
		EXPECT_EQ(0, kgil_gil_begin_blocking(self->gil));
		EXPECT_EQ(0, kgil_gil_end_blocking(self->gil));
		EXPECT_EQ(0, kgil_gil_release(self->gil));
		EXPECT_FALSE(kgil_gil_held(self->gil));
	}
	EXPECT_EQ(200, by_word(self->gil->page));
	EXPECT_EQ(200, stats_of(self->gil->fd).acquisitions);
}

TEST_F(gil, held_with_a_waiter)
{
	struct peer peer = { .gil = self->gil };

	ASSERT_EQ(0, kgil_gil_attach(self->gil));
	ASSERT_EQ(0, kgil_gil_acquire(self->gil));
	ASSERT_EQ(0, start_peer(&peer));
	ASSERT_TRUE(comes_true(state_of(self->gil->fd).waiters == 1));
	EXPECT_TRUE(kgil_gil_held(self->gil));
	EXPECT_ERROR(EBUSY, kgil_gil_detach(self->gil));
	EXPECT_EQ(0, kgil_gil_release(self->gil));
	end_peer(&peer);
	EXPECT_EQ(0, peer.ret);
}

/* KGIL_TEST_BACKEND=module or futex: it has to be that one. */
int main(int argc, char **argv)
{
	const char *wanted = getenv("KGIL_TEST_BACKEND");
	const char *backend = access(KGIL_DEVICE, R_OK | W_OK) ? "futex" : "module";

	if (wanted && strcmp(wanted, backend)) {
		printf("Bail out! the backend is to be %s, and is %s\n", wanted, backend);
		return 1;
	}
	printf("# backend: %s\n", backend);
	unsetenv("KGIL_REQUIRE");
	return test_harness_run(argc, argv);
}
