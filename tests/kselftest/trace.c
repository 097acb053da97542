// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: what each says of a known schedule, and that from their order alone
 * follows who has an object and who waits for it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "kgil_trace.h"
#include "kgil_word.h"

#define HOLD	 (30 * NSEC_PER_MSEC)
#define INTERVAL (20 * NSEC_PER_MSEC)
#define THREADS	 4
#define ROUNDS	 200

static struct trace trace;
static int next_event;

/* The next event is @name, in the context of @pid, with these fields. */
static void expect(struct __test_metadata *_metadata, const char *name, pid_t pid,
		   const char *format, ...)
{
	static struct event none;
	struct event *event = next_event < trace.n ? &trace.events[next_event++] : &none;
	char fields[200];
	va_list args;

	va_start(args, format);
	vsnprintf(fields, sizeof(fields), format, args);
	va_end(args);
	if (strcmp(name, event->name) || pid != event->pid)
		trace_print(&trace);
	EXPECT_STREQ(name, event->name);
	EXPECT_EQ(pid, event->pid);
	EXPECT_TRUE(event_has(event, fields));
}

/* There may be one next. */
static void skip_drop_request(void)
{
	if (next_event < trace.n && event_is(&trace.events[next_event], "drop_request"))
		next_event++;
}

#define EXPECT_EVENT(...) expect(_metadata, __VA_ARGS__)
/* A time of that event is @ns or more, and no more than all took. */
#define EXPECT_TIME(ns, field)                                                    \
	do {                                                                      \
		__u64 time_ = event_number(&trace.events[next_event - 1], field); \
		EXPECT_LE((__u64)(ns), time_);                                    \
		EXPECT_LE(time_, now_ns() - self->start);                         \
	} while (0)

#define TRACE_FIXTURE(fixture)                        \
	FIXTURE(fixture) {                            \
		int fd;                               \
		__u64 start;                          \
	};                                            \
	FIXTURE_VARIANT(fixture) {                    \
		__u32 type;                           \
	};                                            \
	FIXTURE_SETUP(fixture)                        \
	{                                             \
		self->start = now_ns();               \
		next_event = 0;                       \
		self->fd = new_object(variant->type); \
		trace_begin(&trace, "kgil", "kgil_"); \
	}                                             \
	FIXTURE_TEARDOWN(fixture)                     \
	{                                             \
		end_workers();                        \
		trace_free(&trace);                   \
		close(self->fd);                      \
	}                                             \
	struct fixture##_needs_semicolon_

static void end_trace_of(int fd)
{
	trace_end(&trace);
	trace_only(&trace, state_of(fd).id);
}

TRACE_FIXTURE(each);
UNOWNED_VARIANTS(each);
OWNED_VARIANTS(each);

/* The thread's id, where events have it. */
static __u64 id_of(int fd, __u32 type)
{
	return type == KGIL_TYPE_GIL || type == KGIL_TYPE_RLOCK ? attach(fd) : 0;
}

static __u64 id_of_worker(struct worker *worker, __u32 type)
{
	if (type != KGIL_TYPE_GIL && type != KGIL_TYPE_RLOCK)
		return 0;
	CHECK(call(worker, op_attach, 0) == 0);
	return worker->value;
}

/* A hold that nobody waits for, a try that fails, a wait that is granted. */
KGIL_TEST(each, schedule)
{
	struct worker *worker = start_thread(self->fd);
	__u64 id = id_of(self->fd, variant->type), other = id_of_worker(worker, variant->type);
	const char *type = type_name(variant->type);
	/* A semaphore doesn't know who has it. */
	pid_t me = gettid(), holder = variant->type == KGIL_TYPE_SEM ? 0 : me;
	pid_t heir = variant->type == KGIL_TYPE_SEM ? 0 : worker->tid;

	EXPECT_EQ(0, acquire(self->fd));
	EXPECT_EQ(EAGAIN, call(worker, op_try, 0));
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, try_acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	usleep(HOLD / 1000);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(0, call(worker, op_release, 0));
	end_trace_of(self->fd);

	EXPECT_EVENT("acquire", me, "type=%s thread=%llu waited_ns=0 waiters=0 result=0", type, id);
	EXPECT_EVENT("acquire", worker->tid, "type=%s thread=%llu waited_ns=0 waiters=0 result=%d",
		     type, other, -EAGAIN);
	EXPECT_EVENT("release", me, "type=%s thread=%llu pid=%d waiters=0", type, id, holder);
	EXPECT_EVENT("acquire", me, "thread=%llu waited_ns=0 waiters=0 result=0", id);
	EXPECT_EVENT("contend", worker->tid,
		     "type=%s thread=%llu owner=%llu owner_pid=%d waiters=1", type, other, id,
		     holder);
	if (variant->type == KGIL_TYPE_GIL)
		EXPECT_EVENT("drop_request", trace.events[next_event].pid,
			     "thread=%llu pid=%d waiters=1", id, me);
	EXPECT_EVENT("release", me, "thread=%llu pid=%d waiters=1", id, holder);
	EXPECT_TIME(HOLD, "held_ns");
	EXPECT_EVENT("grant", trace.events[next_event].pid,
		     "type=%s thread=%llu pid=%d waiters=0 result=0", type, other, worker->tid);
	EXPECT_TIME(HOLD, "waited_ns");
	EXPECT_EVENT("acquire", worker->tid, "thread=%llu waiters=0 result=0", other);
	EXPECT_TIME(HOLD, "waited_ns");
	EXPECT_EVENT("release", worker->tid, "thread=%llu pid=%d waiters=0", other, heir);
	EXPECT_EQ(next_event, trace.n);
}

static void ignore(int signal)
{
	(void)signal;
}

/* Waits that end without a grant. */
KGIL_TEST(each, given_up)
{
	struct sigaction action = { .sa_handler = ignore };
	struct worker *worker = start_thread(self->fd);
	__u64 other = id_of_worker(worker, variant->type);

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, acquire(self->fd));
	EXPECT_EQ(ETIMEDOUT, call(worker, op_until, now_ns() + HOLD));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	pthread_kill(worker->thread, SIGUSR1);
	EXPECT_EQ(EINTR, result(worker));
	end_trace_of(self->fd);

	EXPECT_EVENT("acquire", gettid(), "result=0");
	EXPECT_EVENT("contend", worker->tid, "thread=%llu waiters=1", other);
	skip_drop_request();
	EXPECT_EVENT("acquire", worker->tid, "thread=%llu waiters=0 result=%d", other, -ETIMEDOUT);
	EXPECT_TIME(1, "waited_ns");
	EXPECT_EVENT("contend", worker->tid, "thread=%llu waiters=1", other);
	skip_drop_request();
	EXPECT_EVENT("acquire", worker->tid, "thread=%llu waiters=0 result=%d", other, -EINTR);
	EXPECT_TIME(1, "waited_ns");
	EXPECT_EQ(next_event, trace.n);
	EXPECT_EQ(stats_of(self->fd).wait_total_ns, trace_sum(&trace, "acquire", "waited_ns"));
}

/* What happens to one that lives while all is recorded. */
KGIL_TEST(each, life)
{
	static const struct kgil_create creates[] = {
		[KGIL_TYPE_GIL] = { .flags = KGIL_CREATE_TIMED,
				    .interval_ns = INTERVAL,
				    .policy = KGIL_POLICY_FIFO },
		[KGIL_TYPE_SEM] = { .count = 3, .max = 7 },
		[KGIL_TYPE_LOCK] = { .handoff_ns = 4000 },
		[KGIL_TYPE_RLOCK] = { .handoff_ns = 5000 },
	};
	static const char *const fields[] = {
		[KGIL_TYPE_GIL] = "policy=fifo max=1 timed=1 interval_ns=20000000 handoff_ns=0",
		[KGIL_TYPE_SEM] = "policy=none max=7 timed=0 interval_ns=0 handoff_ns=1",
		[KGIL_TYPE_LOCK] = "policy=none max=1 timed=0 interval_ns=0 handoff_ns=4000",
		[KGIL_TYPE_RLOCK] = "policy=none max=1 timed=0 interval_ns=0 handoff_ns=5000",
	};
	const char *type = type_name(variant->type);
	struct kgil_create args = creates[variant->type];
	__u64 id;
	int fd;

	args.type = variant->type;
	fd = create(&args);
	ASSERT_LE(0, fd);
	id = state_of(fd).id;
	close(fd);
	EXPECT_TRUE(WAIT_UNTIL(!proc_field(id, "type")));
	trace_end(&trace);
	trace_only(&trace, id);
	EXPECT_EVENT("create", gettid(), "type=%s %s", type, fields[variant->type]);
	EXPECT_EVENT("destroy", gettid(), "type=%s", type);
	EXPECT_EQ(2, trace.n);
}

/* Not a call, so not seen; but who comes to wait tells whom it found. */
TRACE_FIXTURE(word);
TYPE_VARIANT(word, lock, KGIL_TYPE_LOCK);
OWNED_VARIANTS(word);

KGIL_TEST(word, unseen_until_contended)
{
	struct worker *owner = start_thread(self->fd), *waiter = start_thread(self->fd);
	__u64 id = id_of_worker(owner, variant->type), other = id_of_worker(waiter, variant->type);
	pid_t seen = owner->tid;

	ASSERT_EQ(0, call(owner, op_word_take, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	EXPECT_EQ(0, call(owner, op_release, 0));
	EXPECT_EQ(0, result(waiter));
	end_trace_of(self->fd);

	EXPECT_EVENT("contend", waiter->tid, "thread=%llu owner=%llu owner_pid=%d waiters=1", other,
		     id, seen);
	skip_drop_request();
	EXPECT_EVENT("release", owner->tid, "thread=%llu pid=%d waiters=1", id, seen);
	EXPECT_EVENT("grant", trace.events[next_event].pid, "thread=%llu pid=%d result=0", other,
		     waiter->tid);
	EXPECT_EVENT("acquire", waiter->tid, "thread=%llu result=0", other);
	EXPECT_EQ(next_event, trace.n);
}

TRACE_FIXTURE(owned);
OWNED_VARIANTS(owned);

static void expect_death(struct __test_metadata *_metadata, __u64 id, pid_t dead, __u64 other,
			 pid_t heir)
{
	pid_t kworker;

	EXPECT_EVENT("acquire", dead, "thread=%llu result=0", id);
	EXPECT_EVENT("contend", heir, "thread=%llu owner=%llu owner_pid=%d waiters=1", other, id,
		     dead);
	skip_drop_request();
	kworker = trace.events[next_event].pid;
	EXPECT_NE(heir, kworker);
	EXPECT_EVENT("owner_death", kworker, "thread=%llu pid=%d waiters=1", id, dead);
	EXPECT_EVENT("release", kworker, "thread=%llu pid=%d waiters=1", id, dead);
	EXPECT_EVENT("grant", trace.events[next_event].pid,
		     "thread=%llu pid=%d waiters=0 result=%d", other, heir, -EOWNERDEAD);
	EXPECT_EVENT("acquire", heir, "thread=%llu waiters=0 result=%d", other, -EOWNERDEAD);
	EXPECT_EQ(next_event, trace.n);
}

KGIL_TEST(owned, death)
{
	struct worker *owner = start_process(self->fd), *heir = start_process(self->fd);
	__u64 id = id_of_worker(owner, variant->type), other = id_of_worker(heir, variant->type);
	pid_t dead = owner->tid;

	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(heir, op_acquire, 0));
	kill_worker(owner);
	EXPECT_EQ(EOWNERDEAD, result(heir));
	end_trace_of(self->fd);
	expect_death(_metadata, id, dead, other, heir->tid);
}

/* One that can't be had. */
KGIL_TEST(owned, refused)
{
	bool gil = variant->type == KGIL_TYPE_GIL;
	int fd = gil ? new_gil(0) : new_rlock(1);

	EXPECT_EQ(0, acquire(fd));
	EXPECT_EQ(gil ? EDEADLK : EOVERFLOW, acquire(fd));
	end_trace_of(fd);
	EXPECT_EVENT("create", gettid(), "type=%s", type_name(variant->type));
	EXPECT_EVENT("acquire", gettid(), "result=0");
	EXPECT_EVENT("acquire", gettid(), "waited_ns=0 result=%d", gil ? -EDEADLK : -EOVERFLOW);
	EXPECT_EQ(3, trace.n);
	close(fd);
}

TRACE_FIXTURE(gil);
TYPE_VARIANT(gil, gil, KGIL_TYPE_GIL);

/* The owner is asked after its interval, and yields. */
KGIL_TEST(gil, drop_request_and_yield)
{
	int fd = new_fifo_gil(INTERVAL);
	struct worker *worker = start_thread(fd);
	__u64 id = attach(fd), other = id_of_worker(worker, KGIL_TYPE_GIL);
	pid_t me = gettid();

	ASSERT_EQ(0, acquire(fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	ASSERT_TRUE(WAIT_UNTIL(state_of(fd).flags & KGIL_STATE_DROP_REQUEST));
	post(worker, op_release, 0);
	EXPECT_EQ(0, yield_gil(fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(0, result(worker));
	/* Nobody waits: no hand-over. */
	EXPECT_EQ(0, yield_gil(fd));
	end_trace_of(fd);

	EXPECT_EVENT("create", me, "policy=fifo interval_ns=%llu", INTERVAL);
	EXPECT_EVENT("acquire", me, "thread=%llu result=0", id);
	EXPECT_EVENT("contend", worker->tid, "thread=%llu owner=%llu owner_pid=%d waiters=1",
		     other, id, me);
	EXPECT_EVENT("drop_request", trace.events[next_event].pid,
		     "type=gil thread=%llu pid=%d waiters=1", id, me);
	EXPECT_TIME(INTERVAL, "held_ns");
	EXPECT_EVENT("yield", me, "type=gil thread=%llu pid=%d waiters=1", id, me);
	EXPECT_TIME(INTERVAL, "held_ns");
	EXPECT_EVENT("release", me, "thread=%llu pid=%d waiters=1", id, me);
	EXPECT_TIME(INTERVAL, "held_ns");
	EXPECT_EVENT("grant", me, "thread=%llu pid=%d waiters=0 result=0", other, worker->tid);
	EXPECT_EVENT("contend", me, "thread=%llu owner=%llu owner_pid=%d waiters=1", id, other,
		     worker->tid);
	EXPECT_EQ(1, trace_count(&trace, "yield"));
	EXPECT_EQ(stats_of(fd).yields, trace_count(&trace, "yield"));
	EXPECT_EQ(stats_of(fd).drop_requests, trace_count(&trace, "drop_request"));
	close(fd);
}

/*
 * Many threads do anything: the events, in their order, are a history in which
 * each is possible, and they add up to the counters.
 */
struct replay {
	struct __test_metadata *metadata;
	bool knows_holder;
	pid_t holder;
	pid_t waiting[THREADS];
	pid_t returning[THREADS];
	int waiters;
	__u64 taken;
	__u64 given_up[2];
	__u64 waited_ns;
};

static bool put_pid(pid_t *set, pid_t pid)
{
	int i;

	for (i = 0; i < THREADS; i++)
		if (!set[i]) {
			set[i] = pid;
			return true;
		}
	return false;
}

static bool take_pid(pid_t *set, pid_t pid)
{
	int i;

	for (i = 0; i < THREADS; i++)
		if (set[i] == pid) {
			set[i] = 0;
			return true;
		}
	return false;
}

static void replay_contend(struct replay *replay, const struct event *event)
{
	struct __test_metadata *_metadata = replay->metadata;

	ASSERT_TRUE(put_pid(replay->waiting, event->pid));
	ASSERT_EQ(++replay->waiters, event_number(event, "waiters"));
	if (replay->knows_holder)
		ASSERT_EQ(replay->holder, event_number(event, "owner_pid"));
}

static void replay_grant(struct replay *replay, const struct event *event)
{
	struct __test_metadata *_metadata = replay->metadata;
	pid_t pid = event_number(event, "pid");

	ASSERT_TRUE(take_pid(replay->waiting, pid));
	ASSERT_TRUE(put_pid(replay->returning, pid));
	ASSERT_EQ(--replay->waiters, event_number(event, "waiters"));
	ASSERT_EQ(0, replay->holder);
	replay->holder = pid;
	replay->taken++;
	replay->waited_ns += event_number(event, "waited_ns");
}

static void replay_acquire(struct replay *replay, const struct event *event)
{
	struct __test_metadata *_metadata = replay->metadata;
	int result = event_number(event, "result");

	if (result == -EAGAIN) {
		ASSERT_NE(replay->holder, event->pid);
	} else if (result) {
		ASSERT_TRUE(result == -ETIMEDOUT || result == -EINTR);
		ASSERT_TRUE(take_pid(replay->waiting, event->pid));
		ASSERT_EQ(--replay->waiters, event_number(event, "waiters"));
		replay->given_up[result == -EINTR]++;
		replay->waited_ns += event_number(event, "waited_ns");
	} else if (take_pid(replay->returning, event->pid)) {
		ASSERT_EQ(replay->holder, event->pid);
	} else {
		ASSERT_EQ(0, event_number(event, "waited_ns"));
		ASSERT_EQ(0, replay->holder);
		replay->holder = event->pid;
		replay->taken++;
	}
}

static void replay_hold(struct replay *replay, const struct event *event)
{
	struct __test_metadata *_metadata = replay->metadata;

	ASSERT_EQ(replay->waiters, event_number(event, "waiters"));
	if (replay->knows_holder)
		ASSERT_EQ(replay->holder, event_number(event, "pid"));
	if (event_is(event, "release")) {
		ASSERT_EQ(replay->holder, event->pid);
		replay->holder = 0;
	}
}

static void replay_event(struct replay *replay, const struct event *event)
{
	if (event_is(event, "contend"))
		replay_contend(replay, event);
	else if (event_is(event, "grant"))
		replay_grant(replay, event);
	else if (event_is(event, "acquire"))
		replay_acquire(replay, event);
	else
		replay_hold(replay, event);
}

static void *storm(void *arg)
{
	int fd = *(int *)arg, round, err;
	bool gil = state_of(fd).type == KGIL_TYPE_GIL;

	for (round = 0; round < ROUNDS; round++) {
		switch (random_below(3)) {
		case 0:
			err = acquire(fd);
			break;
		case 1:
			err = try_acquire(fd);
			break;
		default:
			err = acquire_until(fd, now_ns() + random_below(200000));
		}
		if (err)
			continue;
		if (random_below(4) == 0)
			usleep(random_below(100));
		if (gil && random_below(2))
			CHECK(yield_gil(fd) == 0);
		CHECK(release(fd) == 0);
	}
	return NULL;
}

static void run_storm(int fd)
{
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, storm, &fd) == 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

KGIL_TEST(each, history)
{
	struct replay replay = { .metadata = _metadata,
				 .knows_holder = variant->type != KGIL_TYPE_SEM };
	struct kgil_stats stats;
	int i;

	TH_LOG("KGIL_SEED=%llu", random_seed());
	run_storm(self->fd);
	trace_end(&trace);
	trace_only(&trace, state_of(self->fd).id);
	for (i = 0; i < trace.n; i++)
		replay_event(&replay, &trace.events[i]);
	EXPECT_EQ(0, replay.waiters);
	EXPECT_EQ(0, replay.holder);

	stats = stats_of(self->fd);
	EXPECT_LT(0, stats.contentions);
	EXPECT_EQ(stats.acquisitions, replay.taken);
	EXPECT_EQ(stats.acquisitions, trace_count(&trace, "release"));
	EXPECT_EQ(stats.contentions, trace_count(&trace, "contend"));
	EXPECT_EQ(stats.timeouts, replay.given_up[0]);
	EXPECT_EQ(stats.interrupts, replay.given_up[1]);
	EXPECT_EQ(stats.yields, trace_count(&trace, "yield"));
	EXPECT_EQ(stats.drop_requests, trace_count(&trace, "drop_request"));
	EXPECT_EQ(stats.wait_total_ns, replay.waited_ns);
	EXPECT_EQ(stats.hold_total_ns, trace_sum(&trace, "release", "held_ns"));
}

/*
 * What perf lock listens to.  Older kernels don't let modules tell it.
 */
static bool has_contention_events(void)
{
	struct utsname name;
	int major, minor;

	CHECK(uname(&name) == 0);
	CHECK(sscanf(name.release, "%d.%d", &major, &minor) == 2);
	return major > 6 || (major == 6 && minor >= 12);
}

/* The next event of @pid called @name with @fields, or NULL. */
static const struct event *next_of(pid_t pid, const char *name, const char *fields)
{
	for (; next_event < trace.n; next_event++) {
		const struct event *event = &trace.events[next_event];

		if (event->pid == pid && event_is(event, name) && strstr(event->fields, fields))
			return &trace.events[next_event++];
	}
	return NULL;
}

FIXTURE(contention) {
	int fd;
};

FIXTURE_SETUP(contention)
{
	next_event = 0;
	self->fd = new_lock();
}

FIXTURE_TEARDOWN(contention)
{
	end_workers();
	trace_free(&trace);
	close(self->fd);
}

KGIL_TEST(contention, begin_and_end)
{
	struct worker *worker = start_thread(self->fd);
	const struct event *begin;
	char lock[40];

	trace_begin(&trace, "lock", "contention_");
	ASSERT_EQ(0, acquire(self->fd));
	ASSERT_TRUE(post_waits(worker, op_acquire, 0));
	usleep(HOLD / 1000);
	EXPECT_EQ(0, release(self->fd));
	EXPECT_EQ(0, result(worker));
	EXPECT_EQ(ETIMEDOUT, acquire_until(self->fd, now_ns() + 1000));
	trace_end(&trace);
	begin = next_of(worker->tid, "begin", "(flags=)");
	ASSERT_EQ(has_contention_events(), !!begin);
	if (!begin)
		return;
	snprintf(lock, sizeof(lock), "%.*s", (int)strcspn(begin->fields + 1, " "),
		 begin->fields + 1);
	EXPECT_NE(NULL, next_of(worker->tid, "end", lock));
	next_event = 0;
	begin = next_of(gettid(), "begin", lock);
	ASSERT_TRUE(begin && strstr(begin->fields, "(flags=)"));
	EXPECT_NE(NULL, next_of(gettid(), "end", "(ret=-110)"));
}

TEST_HARNESS_MAIN
