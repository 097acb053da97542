// SPDX-License-Identifier: GPL-2.0
/* What the tests of kgil share; see kgil_test.h. */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "kgil_test.h"

#define KSFT_SKIP_STATUS 4

/* In a pipe too, whole lines: threads and children write to it as well. */
static void __attribute__((constructor)) write_lines(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Without the device no test can run: the only thing that is skipped. */
static void __attribute__((constructor)) need_device(void)
{
	if (access(KGIL_DEVICE, F_OK) == 0)
		return;
	printf("TAP version 13\n1..0 # SKIP no %s: load the module kgil\n", KGIL_DEVICE);
	exit(KSFT_SKIP_STATUS);
}

void fatal(const char *file, int line, const char *format, ...)
{
	int err = errno;
	va_list args;

	va_start(args, format);
	fprintf(stderr, "# %s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fprintf(stderr, " (errno %d, pid %d)\n", err, getpid());
	va_end(args);
	abort();
}

__u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static __u64 random_state;

__u64 random_seed(void)
{
	const char *given = getenv("KGIL_SEED");
	__u64 seed = given ? strtoull(given, NULL, 0) : now_ns() ^ getpid();

	random_state = seed | 1;
	return seed;
}

__u32 random_below(__u32 bound)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random_state >> 33) % bound;
}

/*
 * The device and its objects.
 */

int open_device(void)
{
	int fd = open(KGIL_DEVICE, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

int command(int fd, unsigned long cmd, unsigned long arg)
{
	int ret = ioctl(fd, cmd, arg);

	CHECK(ret == 0 || ret == -1);
	return ret ? errno : 0;
}

int create(const struct kgil_create *args)
{
	int device = open_device();
	int fd = ioctl(device, KGIL_IOC_CREATE, args);
	int err = errno;

	close(device);
	return fd < 0 ? -err : fd;
}

static int must_create(const struct kgil_create *args)
{
	int fd = create(args);

	CHECK(fd >= 0);
	return fd;
}

int new_gil(__u64 interval_ns)
{
	return must_create(&(struct kgil_create){
		.type = KGIL_TYPE_GIL,
		.interval_ns = interval_ns,
	});
}

int new_fifo_gil(__u64 interval_ns)
{
	return must_create(&(struct kgil_create){
		.type = KGIL_TYPE_GIL,
		.interval_ns = interval_ns,
		.policy = KGIL_POLICY_FIFO,
	});
}

int new_sem(__u32 count, __u32 max)
{
	return must_create(&(struct kgil_create){
		.type = KGIL_TYPE_SEM,
		.count = count,
		.max = max,
	});
}

int new_lock(void)
{
	return must_create(&(struct kgil_create){ .type = KGIL_TYPE_LOCK });
}

int new_rlock(__u32 max_depth)
{
	return must_create(&(struct kgil_create){ .type = KGIL_TYPE_RLOCK, .max = max_depth });
}

int new_object(__u32 type)
{
	switch (type) {
	case KGIL_TYPE_GIL:
		return new_gil(0);
	case KGIL_TYPE_SEM:
		return new_sem(1, 1);
	case KGIL_TYPE_LOCK:
		return new_lock();
	case KGIL_TYPE_RLOCK:
		return new_rlock(0);
	}
	FATAL("no type %u", type);
}

const char *type_name(__u32 type)
{
	static const char *const names[] = {
		[KGIL_TYPE_GIL] = "gil",
		[KGIL_TYPE_SEM] = "sem",
		[KGIL_TYPE_LOCK] = "lock",
		[KGIL_TYPE_RLOCK] = "rlock",
	};

	CHECK(type >= KGIL_TYPE_GIL && type <= KGIL_TYPE_RLOCK);
	return names[type];
}

int acquire(int fd)
{
	return command(fd, KGIL_IOC_ACQUIRE, 0);
}

int try_acquire(int fd)
{
	return command(fd, KGIL_IOC_TRY_ACQUIRE, 0);
}

int acquire_until(int fd, __u64 deadline_ns)
{
	struct kgil_until until = { .deadline_ns = deadline_ns };

	return command(fd, KGIL_IOC_ACQUIRE_UNTIL, (unsigned long)&until);
}

int release(int fd)
{
	return command(fd, KGIL_IOC_RELEASE, 0);
}

int yield_gil(int fd)
{
	return command(fd, KGIL_IOC_YIELD, 0);
}

int set_interval(int fd, __u64 interval_ns)
{
	return command(fd, KGIL_IOC_SET_INTERVAL, (unsigned long)&interval_ns);
}

int set_policy(int fd, __u32 policy)
{
	return command(fd, KGIL_IOC_SET_POLICY, (unsigned long)&policy);
}

int set_handoff(int fd, __u64 handoff_ns)
{
	return command(fd, KGIL_IOC_SET_HANDOFF, (unsigned long)&handoff_ns);
}

#define CANARY_SIZE  16
#define OUT_SIZE_MAX 256

/* Runs @cmd on a buffer filled with @pattern; nothing after @size may change. */
static void read_over(int fd, unsigned long cmd, unsigned char *buf, size_t size, int pattern)
{
	size_t i;

	CHECK(size + CANARY_SIZE <= OUT_SIZE_MAX);
	memset(buf, pattern, OUT_SIZE_MAX);
	CHECK(command(fd, cmd, (unsigned long)buf) == 0);
	for (i = size; i < OUT_SIZE_MAX; i++)
		CHECK(buf[i] == pattern);
}

/*
 * A byte that shows the one pattern and then the other was not filled.  Values
 * that change in between can look the same; they don't three times in a row.
 */
static void read_filled(int fd, unsigned long cmd, void *out, size_t size)
{
	unsigned char first[OUT_SIZE_MAX], second[OUT_SIZE_MAX];
	int round;
	size_t i;

	for (round = 0; round < 3; round++) {
		read_over(fd, cmd, first, size, 0xcc);
		read_over(fd, cmd, second, size, 0xa5);
		for (i = 0; i < size; i++)
			if (first[i] == 0xcc && second[i] == 0xa5)
				break;
		if (i == size) {
			memcpy(out, second, size);
			return;
		}
	}
	FATAL("command %#lx leaves byte %zu unfilled", cmd, i);
}

__u64 attach(int fd)
{
	__u64 id;

	read_filled(fd, KGIL_IOC_ATTACH, &id, sizeof(id));
	return id;
}

__u64 thread_id(int fd)
{
	__u64 id;

	read_filled(fd, KGIL_IOC_THREAD, &id, sizeof(id));
	return id;
}

struct kgil_state state_of(int fd)
{
	struct kgil_state state;

	read_filled(fd, KGIL_IOC_STATE, &state, sizeof(state));
	CHECK(state.pad == 0);
	return state;
}

struct kgil_stats stats_of(int fd)
{
	struct kgil_stats stats;

	read_filled(fd, KGIL_IOC_STATS, &stats, sizeof(stats));
	return stats;
}

bool fails_untouched(int fd, unsigned long cmd, size_t size, int err)
{
	unsigned char buf[OUT_SIZE_MAX];
	int seen;
	size_t i;

	CHECK(size <= sizeof(buf));
	memset(buf, 0xcc, sizeof(buf));
	seen = command(fd, cmd, (unsigned long)buf);
	if (seen != err)
		fprintf(stderr, "# command %#lx: errno %d instead of %d\n", cmd, seen, err);
	for (i = 0; i < sizeof(buf); i++)
		if (buf[i] != 0xcc)
			return false;
	return seen == err;
}

struct field {
	const char *name;
	size_t offset;
	size_t size;
};

#define FIELD(name)                                                                              \
	{                                                                                        \
#name, offsetof(struct kgil_state, name), sizeof(((struct kgil_state *)0)->name) \
	}

static const struct field fields[] = {
	FIELD(type),
	FIELD(flags),
	FIELD(owner),
	FIELD(owner_pid),
	FIELD(owner_tid),
	FIELD(depth),
	FIELD(count),
	FIELD(max),
	FIELD(waiters),
	FIELD(policy),
	FIELD(interval_ns),
	FIELD(handoff_ns),
};

static __u64 get_field(const struct kgil_state *state, const struct field *field)
{
	const char *at = (const char *)state + field->offset;

	return field->size == sizeof(__u64) ? *(const __u64 *)at : *(const __u32 *)at;
}

bool state_has(int fd, const struct kgil_state *expected)
{
	struct kgil_state seen = state_of(fd);
	const struct field *field;
	bool same = true;

	for (field = fields; field < fields + sizeof(fields) / sizeof(*fields); field++) {
		__u64 must = get_field(expected, field), is = get_field(&seen, field);

		if (is == must)
			continue;
		fprintf(stderr, "# state: %s is %llu instead of %llu\n", field->name,
			(unsigned long long)is, (unsigned long long)must);
		same = false;
	}
	return same;
}

bool state_is(int fd, const struct kgil_state *before)
{
	return state_of(fd).id == before->id && state_has(fd, before);
}

static struct kgil_state remembered;

void remember_state(int fd)
{
	remembered = state_of(fd);
}

bool state_stayed(int fd)
{
	return state_is(fd, &remembered);
}

bool is_free(int fd)
{
	struct kgil_state state = state_of(fd);

	return state.count > 0 && !state.owner && !state.owner_pid && !state.owner_tid &&
	       !state.depth && !(state.flags & (KGIL_STATE_MINE | KGIL_STATE_DROP_REQUEST));
}

bool is_mine(int fd)
{
	struct kgil_state state = state_of(fd);
	bool mine = state.flags & KGIL_STATE_MINE;

	/* What else the state says of the owner must agree. */
	CHECK(mine == (state.owner == attach(fd)));
	if (mine) {
		CHECK(state.owner_pid == (__u32)getpid());
		CHECK(state.owner_tid == (__u32)gettid());
		CHECK(state.depth > 0 && state.count == 0);
	}
	return mine;
}

/*
 * Workers
 */

#define WORKERS_MAX 256

struct order {
	worker_op op; /* NULL: end */
	__u64 value;
};

struct outcome {
	int err;
	__u64 value;
	__u64 began_ns;
	__u64 ended_ns;
};

static struct worker workers[WORKERS_MAX];
static int workers_used;

/* False at the other side's end. */
static bool receive(int sock, void *message, size_t size)
{
	ssize_t n;

	do {
		n = recv(sock, message, size, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	CHECK((size_t)n == size);
	return true;
}

static void deliver(int sock, const void *message, size_t size)
{
	ssize_t n;

	do {
		n = send(sock, message, size, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	CHECK((size_t)n == size);
}

static void work(struct worker *worker)
{
	struct outcome outcome = { .value = gettid() };
	struct order order;

	deliver(worker->far_sock, &outcome, sizeof(outcome));
	while (receive(worker->far_sock, &order, sizeof(order)) && order.op) {
		outcome.value = order.value;
		outcome.began_ns = now_ns();
		outcome.err = order.op(worker->fd, &outcome.value);
		outcome.ended_ns = now_ns();
		deliver(worker->far_sock, &outcome, sizeof(outcome));
	}
}

static void *thread_main(void *worker)
{
	work(worker);
	return NULL;
}

static struct worker *new_worker(int fd)
{
	struct worker *worker = &workers[workers_used++];
	int ends[2];

	CHECK(workers_used <= WORKERS_MAX);
	memset(worker, 0, sizeof(*worker));
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	worker->fd = fd;
	worker->sock = ends[0];
	worker->far_sock = ends[1];
	return worker;
}

struct worker *start_thread(int fd)
{
	struct worker *worker = new_worker(fd);
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, thread_main, worker) == 0);
	worker->thread = thread;
	CHECK(result(worker) == 0);
	worker->tid = worker->value;
	return worker;
}

struct worker *start_process(int fd)
{
	struct worker *worker = new_worker(fd);

	worker->pid = fork_child();
	if (worker->pid == 0) {
		close(worker->sock);
		work(worker);
		_exit(0);
	}
	close(worker->far_sock);
	worker->far_sock = -1;
	CHECK(result(worker) == 0);
	worker->tid = worker->value;
	return worker;
}

static void join_thread(struct worker *worker)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += PATIENCE_NS / NSEC_PER_SEC;
	CHECK(pthread_timedjoin_np(worker->thread, NULL, &limit) == 0);
	close(worker->far_sock);
}

void end_worker(struct worker *worker)
{
	deliver(worker->sock, &(struct order){ .op = NULL }, sizeof(struct order));
	if (worker->pid) {
		CHECK(reap(worker->pid) == 0);
		worker->pid = 0;
	} else {
		join_thread(worker);
	}
	close(worker->sock);
}

void kill_worker(struct worker *worker)
{
	int status;

	CHECK(worker->pid > 0);
	kill(worker->pid, SIGKILL);
	status = reap(worker->pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	worker->pid = 0;
	close(worker->sock);
}

void end_workers(void)
{
	int i;

	for (i = 0; i < workers_used; i++) {
		if (workers[i].pid > 0) {
			kill(workers[i].pid, SIGKILL);
			waitpid(workers[i].pid, NULL, 0);
		}
	}
	workers_used = 0;
}

void post(struct worker *worker, worker_op op, __u64 value)
{
	struct order order = { .op = op, .value = value };

	deliver(worker->sock, &order, sizeof(order));
}

static bool readable(int sock, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = sock, .events = POLLIN };
	int n;

	do {
		n = poll(&poll_fd, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

bool finished(struct worker *worker)
{
	return readable(worker->sock, 0);
}

int result(struct worker *worker)
{
	struct outcome outcome;

	if (!readable(worker->sock, PATIENCE_NS / NSEC_PER_MSEC))
		FATAL("worker %d does not come back", worker->tid);
	if (!receive(worker->sock, &outcome, sizeof(outcome)))
		return WORKER_ENDED;
	worker->value = outcome.value;
	worker->began_ns = outcome.began_ns;
	worker->ended_ns = outcome.ended_ns;
	return outcome.err;
}

int call(struct worker *worker, worker_op op, __u64 value)
{
	post(worker, op, value);
	return result(worker);
}

bool post_waits(struct worker *worker, worker_op op, __u64 value)
{
	__u32 waiters = state_of(worker->fd).waiters;

	post(worker, op, value);
	return WAIT_UNTIL(state_of(worker->fd).waiters == waiters + 1);
}

int first_finished(struct worker **set, int n)
{
	struct pollfd poll_fds[WORKERS_MAX];
	int i;

	for (i = 0; i < n; i++)
		poll_fds[i] = (struct pollfd){ .fd = set[i]->sock, .events = POLLIN };
	do {
		i = poll(poll_fds, n, PATIENCE_NS / NSEC_PER_MSEC);
	} while (i < 0 && errno == EINTR);
	for (i = 0; i < n; i++)
		if (poll_fds[i].revents)
			return i;
	return -1;
}

int op_acquire(int fd, __u64 *value)
{
	(void)value;
	return acquire(fd);
}

int op_try(int fd, __u64 *value)
{
	(void)value;
	return try_acquire(fd);
}

int op_until(int fd, __u64 *deadline_ns)
{
	return acquire_until(fd, *deadline_ns);
}

int op_release(int fd, __u64 *value)
{
	(void)value;
	return release(fd);
}

int op_yield(int fd, __u64 *value)
{
	(void)value;
	return yield_gil(fd);
}

int op_attach(int fd, __u64 *id)
{
	*id = attach(fd);
	return 0;
}

int op_is_mine(int fd, __u64 *mine)
{
	*mine = is_mine(fd);
	return 0;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
}

int op_pin(int fd, __u64 *cpu)
{
	(void)fd;
	pin(*cpu);
	return 0;
}

/* Needs root, as the whole set does. */
static void set_scheduler(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	CHECK(sched_setscheduler(0, policy, &param) == 0);
}

static cpu_set_t cpus_before;

void hold_back_others(void)
{
	CHECK(sched_getaffinity(0, sizeof(cpus_before), &cpus_before) == 0);
	pin(0);
	set_scheduler(SCHED_FIFO, 10);
}

void resume_others(void)
{
	set_scheduler(SCHED_OTHER, 0);
	CHECK(sched_setaffinity(0, sizeof(cpus_before), &cpus_before) == 0);
}

pid_t fork_child(void)
{
	pid_t parent = getpid();
	pid_t pid;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

int reap(pid_t pid)
{
	int status = -1;

	if (!WAIT_UNTIL(waitpid(pid, &status, WNOHANG) == pid))
		return -1;
	return status;
}

bool child_succeeds(pid_t pid)
{
	return reap(pid) == 0;
}

void send_descriptor(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = {};
	struct iovec data = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	CHECK(sendmsg(sock, &message, 0) == 1);
}

int receive_descriptor(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], c;
	struct iovec data = { .iov_base = &c, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	CHECK(recvmsg(sock, &message, 0) == 1);
	CHECK(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/*
 * /proc/kgil
 */

char *read_file(const char *path, size_t piece)
{
	size_t size = 0, room = 0;
	char *text = NULL;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		FATAL("cannot open %s", path);
	do {
		if (room < size + piece + 1) {
			room = 2 * (size + piece + 1);
			text = realloc(text, room);
			CHECK(text);
		}
		n = read(fd, text + size, piece);
		CHECK(n >= 0);
		size += n;
	} while (n > 0);
	text[size] = '\0';
	close(fd);
	return text;
}

#define PIECE 65536

__u64 proc_total(const char *name)
{
	char *text = read_file(PROC_STAT, PIECE);
	size_t length = strlen(name);
	char *line, *rest;
	__u64 value = 0;
	bool found = false;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, name, length) == 0 && line[length] == ' ') {
			CHECK(!found);
			CHECK(sscanf(line + length, " %llu", &value) == 1);
			found = true;
		}
	}
	if (!found)
		FATAL("%s has no line %s", PROC_STAT, name);
	free(text);
	return value;
}

/* Copies field @n of @line, fields being divided by spaces; false: no such field. */
static bool nth_field(const char *line, int n, char *field)
{
	size_t length;

	for (;;) {
		line += strspn(line, " ");
		length = strcspn(line, " \n");
		if (length == 0)
			return false;
		if (n-- == 0)
			break;
		line += length;
	}
	CHECK(length < FIELD_SIZE);
	memcpy(field, line, length);
	field[length] = '\0';
	return true;
}

static int column_index(const char *header, const char *column)
{
	char name[FIELD_SIZE];
	int i;

	for (i = 0; nth_field(header, i, name); i++)
		if (strcmp(name, column) == 0)
			return i;
	FATAL("%s has no column %s", PROC_OBJECTS, column);
}

/* The line after @line, or NULL. */
static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line && line[1] ? line + 1 : NULL;
}

/* The next row of @id at @line or after. */
static const char *find_row(const char *line, int id_column, __u64 id)
{
	char field[FIELD_SIZE];

	for (; line; line = next_line(line)) {
		CHECK(nth_field(line, id_column, field));
		if (strtoull(field, NULL, 10) == id)
			return line;
	}
	return NULL;
}

/* The line of column names in @text, which begins with its version. */
static const char *objects_header(const char *text)
{
	CHECK(strncmp(text, "kgil objects 1\n", 15) == 0);
	CHECK(text[15]);
	return text + 15;
}

const char *proc_field(__u64 id, const char *column)
{
	static char field[FIELD_SIZE];
	char *text = read_file(PROC_OBJECTS, PIECE);
	const char *header = objects_header(text);
	const char *row = find_row(next_line(header), column_index(header, "id"), id);

	if (row)
		CHECK(nth_field(row, column_index(header, column), field));
	free(text);
	return row ? field : NULL;
}

__u64 proc_number(__u64 id, const char *column)
{
	const char *field = proc_field(id, column);
	char *end;
	__u64 value;

	CHECK(field);
	value = strtoull(field, &end, 10);
	if (end == field || *end)
		FATAL("column %s of object %llu is \"%s\", not a number", column,
		      (unsigned long long)id, field);
	return value;
}

int rows_of(const char *text, __u64 id)
{
	const char *header = objects_header(text);
	int id_column = column_index(header, "id");
	const char *row = next_line(header);
	int n = 0;

	while ((row = find_row(row, id_column, id))) {
		row = next_line(row);
		n++;
	}
	return n;
}

#define CHILD "/exec_child"

void execute(const char *what, int fd)
{
	char path[PATH_MAX] = "", number[16];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(CHILD));

	CHECK(n > 0);
	strcat(dirname(path), CHILD);
	snprintf(number, sizeof(number), "%d", fd);
	execl(path, path, what, fd < 0 ? NULL : number, NULL);
	FATAL("cannot execute %s", path);
}

int op_exec_pause(int fd, __u64 *value)
{
	(void)fd;
	(void)value;
	execute("pause", -1);
}

int op_exec_mine(int fd, __u64 *value)
{
	(void)value;
	CHECK(fcntl(fd, F_SETFD, 0) == 0);
	execute("mine", fd);
}

void run_threads(int n, void *(*work)(void *))
{
	pthread_t threads[n];
	int i;

	for (i = 0; i < n; i++)
		CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
	for (i = 0; i < n; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

void run_processes(int n, void *(*work)(void *))
{
	pid_t pids[n];
	int i;

	for (i = 0; i < n; i++) {
		pids[i] = fork_child();
		if (pids[i] == 0) {
			work(NULL);
			_exit(0);
		}
	}
	for (i = 0; i < n; i++)
		CHECK(child_succeeds(pids[i]));
}

/* Soon over, so that some do give up. */
#define SHORT_NS 200000

void acquire_somehow(int fd, int turn)
{
	int err;

	switch (turn % 3) {
	case 0:
		CHECK(acquire(fd) == 0);
		return;
	case 1:
		err = try_acquire(fd);
		CHECK(err == 0 || err == EAGAIN);
		break;
	default:
		err = acquire_until(fd, now_ns() + SHORT_NS);
		CHECK(err == 0 || err == ETIMEDOUT);
	}
	if (err)
		CHECK(acquire(fd) == 0);
}

void enter(struct crowd *crowd)
{
	__u32 inside = __atomic_add_fetch(&crowd->inside, 1, __ATOMIC_SEQ_CST);
	__u32 most = __atomic_load_n(&crowd->most, __ATOMIC_SEQ_CST);

	while (inside > most && !__atomic_compare_exchange_n(&crowd->most, &most, inside, false,
							     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

void leave(struct crowd *crowd)
{
	__atomic_sub_fetch(&crowd->inside, 1, __ATOMIC_SEQ_CST);
}
