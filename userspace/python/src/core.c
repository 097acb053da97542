// SPDX-License-Identifier: LGPL-2.1-or-later
/* A lock of either kind: acquire, wait, release; and what is counted. */
#include "core.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ULL
/* A deadline that never comes. */
#define NO_DEADLINE INT64_MAX

/* How many forks lie between the first process and this one. */
static uint32_t forks;

void *raise_errno(int err)
{
	PyObject *args = Py_BuildValue("(is)", err, kgil_strerror(err));

	if (args) {
		PyErr_SetObject(PyExc_OSError, args);
		Py_DECREF(args);
	}
	return NULL;
}

static void count_fork(void)
{
	forks++;
}

int core_setup(void)
{
	static bool done;
	int err;

	if (done)
		return 0;
	err = pthread_atfork(NULL, NULL, count_fork);
	if (err) {
		raise_errno(err);
		return -1;
	}
	done = true;
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* --------------------------------------------------------- begin and end */

void core_init_private(struct core *core, uint32_t count, uint32_t max)
{
	memset(core, 0, sizeof(*core));
	core->fd = -1;
	core->max = max;
	kgil_lazy_init(&core->lazy, count, max);
}

/*
 * multiprocessing is told how to send kernel objects, when there is the first.
 * Where there is no multiprocessing, there is nothing to tell.
 */
static int tell_multiprocessing(void)
{
	static bool told;
	PyObject *module;

	if (told)
		return 0;
	module = PyImport_ImportModule("kgil._reduction");
	if (!module && !PyErr_ExceptionMatches(PyExc_ImportError))
		return -1;
	PyErr_Clear();
	Py_XDECREF(module);
	told = true;
	return 0;
}

static int init_word(struct core *core, uint32_t type, uint32_t max, int fd)
{
	struct kgil_word *word;

	if (tell_multiprocessing())
		return -1;
	word = kgil_word_open(fd);
	if (!word) {
		raise_errno(errno);
		return -1;
	}
	memset(core, 0, sizeof(*core));
	core->word = word;
	core->type = type;
	core->max = max;
	core->fd = fd;
	return 0;
}

int core_init_shared(struct core *core, const struct kgil_create *create)
{
	int fd = kgil_create(create);

	if (fd < 0) {
		raise_errno(errno);
		return -1;
	}
	if (init_word(core, create->type, create->max, fd)) {
		close(fd);
		return -1;
	}
	core->timed = create->flags & KGIL_CREATE_TIMED;
	return 0;
}

int core_init_fd(struct core *core, uint32_t type, int fd)
{
	static const char *const names[] = {
		[0] = "an unknown object",
		[KGIL_TYPE_GIL] = "a GIL",
		[KGIL_TYPE_SEM] = "a semaphore",
		[KGIL_TYPE_LOCK] = "a lock",
		[KGIL_TYPE_RLOCK] = "an rlock",
	};
	struct kgil_state state;
	uint32_t is;

	if (kgil_state(fd, &state)) {
		raise_errno(errno);
		return -1;
	}
	if (state.type != type) {
		is = state.type <= KGIL_TYPE_RLOCK ? state.type : 0;
		PyErr_Format(PyExc_ValueError, "descriptor %d is of %s, not of %s", fd, names[is],
			     names[type]);
		return -1;
	}
	return init_word(core, type, state.max, fd);
}

void core_end(struct core *core)
{
	if (core_is_shared(core)) {
		kgil_word_close(core->word);
		close(core->fd);
		core->word = NULL;
	} else {
		kgil_lazy_destroy(&core->lazy);
	}
}

/* Of this process: after a fork, the parent's threads are not there. */
static uint32_t waiting(const struct core *core)
{
	return core->waiting_in == forks ? core->waiting : 0;
}

int core_check_unused(const struct core *core)
{
	if (!waiting(core))
		return 0;
	PyErr_SetString(PyExc_RuntimeError, "cannot initialize a lock that threads wait for");
	return -1;
}

void core_renew(struct core *core)
{
	bool timed = core->timed;

	kgil_lazy_destroy(&core->lazy);
	core_init_private(core, core->max, core->max);
	core->timed = timed;
}

/* -------------------------------------------------- acquire and release */

/* More than 1, which is acquired. */
#define FROM_THE_DEAD 2

/* With EOWNERDEAD it has been acquired. */
static int acquired(int ret)
{
	return ret < 0 && errno == EOWNERDEAD ? FROM_THE_DEAD : ret;
}

static int try_once(struct core *core)
{
	if (!core_is_shared(core))
		return kgil_lazy_try(&core->lazy);
	return acquired(kgil_word_try_acquire(core->word));
}

static int wait_private(struct kgil_lazy *lazy, uint64_t deadline)
{
	if (deadline != NO_DEADLINE)
		return kgil_lazy_acquire_until(lazy, deadline);
	return kgil_lazy_acquire(lazy) ? -1 : 1;
}

static int wait_shared(struct kgil_word *word, uint64_t deadline)
{
	if (deadline != NO_DEADLINE)
		return kgil_word_acquire_until(word, deadline);
	return kgil_word_acquire(word) ? -1 : 1;
}

/* Without Python's GIL, which other threads need to go on and release. */
static PyThreadState *begin_waiting(struct core *core)
{
	core->waiting = waiting(core) + 1;
	core->waiting_in = forks;
	return PyEval_SaveThread();
}

static void end_waiting(struct core *core, PyThreadState *python)
{
	PyEval_RestoreThread(python);
	core->waiting--;
}

static int wait_once(struct core *core, uint64_t deadline)
{
	PyThreadState *python = begin_waiting(core);
	int ret, err;

	ret = core_is_shared(core) ? wait_shared(core->word, deadline) :
				     wait_private(&core->lazy, deadline);
	err = errno;
	end_waiting(core, python);
	errno = err;
	return acquired(ret);
}

/* Python's handlers run first, in the main thread, and may raise. */
static int after_signal(struct core *core, bool deaf)
{
	core->stats.interrupts++;
	return deaf ? 0 : PyErr_CheckSignals();
}

static void raise_deadlock(const struct core *core)
{
	struct kgil_state state;

	if (!kgil_state(core->fd, &state) && state.flags & KGIL_STATE_MINE)
		PyErr_SetString(PyExc_RuntimeError,
				"cannot acquire a GIL that the thread owns already");
	else
		PyErr_SetString(PyExc_RuntimeError,
				"deadlock: the owner waits for what the thread owns");
}

static int raise_wait_error(const struct core *core, int err)
{
	if (err == EDEADLK)
		raise_deadlock(core);
	else
		raise_errno(err);
	return -1;
}

/* However many signals come, the deadline stays. */
static int wait_until(struct core *core, uint64_t deadline, bool deaf)
{
	int ret;

	while ((ret = wait_once(core, deadline)) < 0) {
		if (errno != EINTR)
			return raise_wait_error(core, errno);
		if (after_signal(core, deaf))
			return -1;
	}
	return ret;
}

static void note_wait(struct kgil_stats *stats, uint64_t waited)
{
	stats->wait_total_ns += waited;
	if (stats->wait_max_ns < waited)
		stats->wait_max_ns = waited;
}

/* A lock works without a kernel object, too; said once. */
static void tell_trouble(void)
{
	static bool told;
	int err = kgil_lazy_trouble();

	/* Of a missing module the import has warned. */
	if (!err || told || kgil_backend() == KGIL_BACKEND_FUTEX)
		return;
	told = true;
	if (PyErr_WarnFormat(PyExc_RuntimeWarning, 1,
			     "kgil: a contended lock got no kernel object, and waits by a futex: %s",
			     kgil_strerror(err)))
		PyErr_WriteUnraisable(NULL);
}

static int wait_for(struct core *core, int64_t timeout_ns, bool deaf)
{
	uint64_t began = now_ns(), deadline = NO_DEADLINE;
	int ret;

	if ((uint64_t)timeout_ns < INT64_MAX - began)
		deadline = began + timeout_ns;
	core->stats.contentions++;
	ret = wait_until(core, deadline, deaf);
	note_wait(&core->stats, now_ns() - began);
	if (!ret)
		core->stats.timeouts++;
	if (ret >= 0 && !core_is_shared(core))
		tell_trouble();
	return ret;
}

/* The state that the dead owner left is suspect.  A warning can be an error. */
static int tell_death(struct core *core)
{
	core->owner_died = true;
	if (!PyErr_WarnEx(PyExc_RuntimeWarning,
			  "kgil: the last owner died holding this lock: check what it protects", 1))
		return 1;
	core_release(core);
	return -1;
}

static int note_acquired(struct core *core, int how)
{
	core->stats.acquisitions++;
	if (core->timed && !core_is_shared(core))
		core->hold_began = now_ns();
	return how == FROM_THE_DEAD ? tell_death(core) : 1;
}

static int acquire(struct core *core, int64_t timeout_ns, bool deaf)
{
	int ret = try_once(core);

	if (ret < 0) {
		raise_errno(errno);
		return -1;
	}
	if (!ret && timeout_ns)
		ret = wait_for(core, timeout_ns, deaf);
	return ret > 0 ? note_acquired(core, ret) : ret;
}

int core_acquire(struct core *core, int64_t timeout_ns)
{
	return acquire(core, timeout_ns, false);
}

int core_acquire_deaf(struct core *core)
{
	return acquire(core, WAIT_FOREVER, true);
}

static void note_hold(struct kgil_stats *stats, uint64_t held)
{
	stats->hold_total_ns += held;
	if (stats->hold_max_ns < held)
		stats->hold_max_ns = held;
}

int core_release(struct core *core)
{
	uint64_t held;

	if (core_is_shared(core))
		return kgil_word_release(core->word);
	if (!core->timed)
		return kgil_lazy_release(&core->lazy);
	/* Before another thread has it. */
	held = now_ns() - core->hold_began;
	if (kgil_lazy_release(&core->lazy))
		return -1;
	note_hold(&core->stats, held);
	return 0;
}

/* 0 or errno. */
static int yield_once(struct core *core)
{
	PyThreadState *python = begin_waiting(core);
	int err = kgil_word_yield(core->word) ? errno : 0;

	end_waiting(core, python);
	return err;
}

int core_yield(struct core *core)
{
	int err = yield_once(core);

	switch (err) {
	case 0:
		return 0;
	case EINTR:
		/* It has been given up. */
		if (core_acquire_deaf(core) < 0)
			return -1;
		return PyErr_CheckSignals();
	case EOWNERDEAD:
		return tell_death(core) < 0 ? -1 : 0;
	case EPERM:
		PyErr_SetString(PyExc_RuntimeError, "cannot yield un-acquired lock");
		return -1;
	default:
		raise_errno(err);
		return -1;
	}
}

/* ------------------------------------------------------------ questions */

int core_state(const struct core *core, struct kgil_state *state)
{
	if (!kgil_state(core->fd, state))
		return 0;
	raise_errno(errno);
	return -1;
}

int64_t core_value(const struct core *core)
{
	struct kgil_state state;

	if (!core_is_shared(core))
		return kgil_lazy_value(&core->lazy);
	return core_state(core, &state) ? -1 : (int64_t)state.count;
}

int64_t core_waiters(const struct core *core)
{
	struct kgil_state state;

	if (!core_is_shared(core))
		return waiting(core);
	return core_state(core, &state) ? -1 : (int64_t)state.waiters;
}

int core_fd(const struct core *core)
{
	return core_is_shared(core) ? core->fd : kgil_lazy_fd(&core->lazy);
}

int core_stats(const struct core *core, struct kgil_stats *stats)
{
	if (!core_is_shared(core)) {
		*stats = core->stats;
		return 0;
	}
	if (!kgil_stats(core->fd, stats))
		return 0;
	raise_errno(errno);
	return -1;
}

/* Who got the object from another process can't see whether it is timed. */
bool core_knows_holds(const struct core *core, const struct kgil_stats *stats)
{
	return core->timed || stats->hold_total_ns;
}
