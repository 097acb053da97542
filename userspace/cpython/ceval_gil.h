/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The GIL of CPython 3.11 on libkgil: takes the place of Python/ceval_gil.h,
 * and gives ceval.c the same functions.
 *
 * There is one GIL for all interpreters of a process, as in CPython 3.11.  Of
 * struct _gil_runtime_state only @interval and @locked are used; what CPython
 * does with the others is the kernel's work here: who is next, when the owner has
 * to drop the GIL, and that it does not get it back at once.
 *
 * KGIL_POLICY=fair or fifo in the environment chooses the policy,
 * sys.setswitchinterval() the switch interval.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kgil.h"

#if PY_MAJOR_VERSION != 3 || PY_MINOR_VERSION != 11
#error "this is for CPython 3.11"
#endif

#define KGIL_DEFAULT_US ((unsigned long)(KGIL_INTERVAL_DEFAULT / 1000))
/* Above the descriptors that programs and shells choose themselves. */
#define KGIL_LOWEST_FD 300
/* At least a page on every machine. */
#define KGIL_VIEW_SIZE 65536

static struct kgil *kgil_gil;

/*
 * The page of the GIL, mapped a second time, to read, where the linker put this:
 * so the eval loop finds the drop request without following a pointer.  It is
 * all zero as long as no GIL is mapped here: nobody asks for anything.
 */
static union {
	struct kgil_page page;
	char size[KGIL_VIEW_SIZE];
} kgil_view __attribute__((aligned(KGIL_VIEW_SIZE)));

/* --------------------------------------------------------------- mistakes */

static void _Py_NO_RETURN kgil_fatal(const char *what)
{
	_Py_FatalErrorFormat(NULL, "cannot %s: %s", what, kgil_strerror(errno));
}

/* Before Python can raise anything: one line, and the status of the command kgil. */
static void _Py_NO_RETURN kgil_refuse(int status, const char *what, const char *why)
{
	fprintf(stderr, "python: %s: %s\n", what, why);
	exit(status);
}

/* ------------------------------------------------------- making a GIL ready */

static void kgil_warn_fallback(void)
{
	const char *require = getenv("KGIL_REQUIRE");
	static int warned;

	/* KGIL_REQUIRE=0 says that this is known. */
	if (!warned++ && (!require || strcmp(require, "0")))
		fprintf(stderr, "python: warning: the GIL is made of futexes. %s\n",
			kgil_strerror(kgil_backend_reason()));
}

static void kgil_choose_backend(void)
{
	int backend = kgil_backend();

	if (backend < 0)
		kgil_refuse(errno == EACCES ? 4 : 3, "no GIL", kgil_strerror(errno));
	if (backend == KGIL_BACKEND_FUTEX)
		kgil_warn_fallback();
}

static uint32_t kgil_policy(void)
{
	const char *policy = getenv("KGIL_POLICY");

	if (!policy || !*policy)
		return KGIL_POLICY_DEFAULT;
	if (!strcmp(policy, "fair"))
		return KGIL_POLICY_FAIR;
	if (!strcmp(policy, "fifo"))
		return KGIL_POLICY_FIFO;
	kgil_refuse(2, "KGIL_POLICY is fair or fifo, not", policy);
}

/* What the kernel takes that is nearest to @us. */
static uint64_t kgil_interval(unsigned long us)
{
	if (us < KGIL_INTERVAL_MIN / 1000)
		return KGIL_INTERVAL_MIN;
	if (us > KGIL_INTERVAL_MAX / 1000)
		return KGIL_INTERVAL_MAX;
	return us * 1000ULL;
}

static void kgil_map_view(int fd, int flags)
{
	if (mmap(&kgil_view, sysconf(_SC_PAGESIZE), PROT_READ, flags | MAP_FIXED, fd, 0) ==
	    MAP_FAILED)
		kgil_fatal("map the GIL's page");
}

/* A child of fork doesn't inherit the page, and has no GIL until recreate_gil(). */
static void kgil_clear_view(void)
{
	int saved = errno;

	kgil_map_view(-1, MAP_PRIVATE | MAP_ANONYMOUS);
	errno = saved;
}

/*
 * Python programs count on 0, 1 and 2 being what they were started with, and
 * some on the next numbers.
 */
static void kgil_move_descriptor(void)
{
	int fd = fcntl(kgil_gil->fd, F_DUPFD_CLOEXEC, KGIL_LOWEST_FD);

	if (fd < 0)
		fd = fcntl(kgil_gil->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		kgil_fatal("give the GIL another descriptor");
	close(kgil_gil->fd);
	kgil_gil->fd = fd;
}

/* A new object has a descriptor and a page of its own. */
static void kgil_settle(void)
{
	kgil_move_descriptor();
	kgil_map_view(kgil_gil->fd, MAP_SHARED);
}

static void kgil_register(void)
{
	errno = pthread_atfork(NULL, NULL, kgil_clear_view);
	if (errno)
		kgil_fatal("prepare for fork");
}

static void kgil_make(unsigned long us)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, kgil_register);
	kgil_gil = kgil_gil_new(kgil_interval(us));
	if (!kgil_gil)
		kgil_fatal("create the GIL");
	kgil_settle();
}

/*
 * CPython ends with the GIL in hand, and may be started again, by any thread.
 * Is the GIL of the last time as good as new?  If threads wait for it, it is left
 * to them: their interpreter is gone, and they must not go on.
 */
static int kgil_reuse(void)
{
	struct kgil_state state;

	if (!kgil_gil || kgil_state(kgil_gil->fd, &state) || state.waiters)
		return 0;
	if (!kgil_gil_held(kgil_gil))
		return !state.owner;
	return !kgil_gil_release(kgil_gil);
}

static void kgil_set_us(unsigned long us)
{
	if (kgil_gil_set_interval(kgil_gil, kgil_interval(us)))
		kgil_fatal("set the switch interval");
}

static void _gil_initialize(struct _gil_runtime_state *gil)
{
	_Py_atomic_store_relaxed(&gil->locked, -1);
	gil->interval = KGIL_DEFAULT_US;
}

static int gil_created(struct _gil_runtime_state *gil)
{
	return _Py_atomic_load_explicit(&gil->locked, _Py_memory_order_acquire) >= 0;
}

static void create_gil(struct _gil_runtime_state *gil)
{
	uint32_t policy = kgil_policy();

	kgil_choose_backend();
	if (kgil_reuse())
		kgil_set_us(gil->interval);
	else
		kgil_make(gil->interval);
	if (kgil_gil_set_policy(kgil_gil, policy))
		kgil_fatal("set the policy");
	_Py_atomic_store_explicit(&gil->locked, 0, _Py_memory_order_release);
}

/* In a child of fork: a new one, never the parent's.  Nobody owns it. */
static void recreate_gil(struct _gil_runtime_state *gil)
{
	(void)gil;
	/* EINVAL: there was no fork. */
	if (!kgil_gil_after_fork_child(kgil_gil))
		kgil_settle();
	else if (errno != EINVAL)
		kgil_fatal("create the GIL of a child process");
	if (kgil_gil_held(kgil_gil) && kgil_gil_release(kgil_gil))
		kgil_fatal("release the GIL");
}

/* The next create_gil() sees to what is left of it. */
static void destroy_gil(struct _gil_runtime_state *gil)
{
	_Py_atomic_store_explicit(&gil->locked, -1, _Py_memory_order_release);
}

/* -------------------------------------------------------- take it, drop it */

/* Only the thread that finalizes the runtime goes on; @tstate may be freed. */
static int kgil_must_exit(const PyThreadState *tstate)
{
	const PyThreadState *finalizing = _PyRuntimeState_GetFinalizing(&_PyRuntime);

	return finalizing && finalizing != tstate;
}

/* Of who has just become the owner of @gil: @err is 0 or an errno. */
static void kgil_check_owner(struct kgil *gil, const PyThreadState *tstate, int err)
{
	if (err && err != EOWNERDEAD) {
		errno = err;
		kgil_fatal("take the GIL");
	}
	if (gil != kgil_gil || kgil_must_exit(tstate)) {
		if (kgil_gil_release(gil))
			kgil_fatal("release the GIL");
		PyThread_exit_thread();
	}
	if (err)
		_Py_FatalErrorFunc(NULL, "a thread ended while it held the GIL: "
					 "the interpreter's state is suspect");
	/* What breaks the eval loop depends on which thread runs it. */
	COMPUTE_EVAL_BREAKER(tstate->interp, &tstate->interp->runtime->ceval,
			     &tstate->interp->ceval);
	if (tstate->async_exc)
		_PyEval_SignalAsyncExc(tstate->interp);
}

static int kgil_acquire_errno(struct kgil *gil)
{
	return kgil_gil_acquire(gil) ? errno : 0;
}

static void take_gil(PyThreadState *tstate)
{
	struct kgil *gil = kgil_gil;
	int saved = errno;
	int err;

	if (kgil_must_exit(tstate))
		PyThread_exit_thread();
	err = kgil_acquire_errno(gil);
	if (err == ENOENT) {
		/* The first time in this thread; its end detaches it. */
		if (kgil_gil_attach(gil))
			kgil_fatal("attach a thread to the GIL");
		err = kgil_acquire_errno(gil);
	}
	kgil_check_owner(gil, tstate, err);
	errno = saved;
}

static void drop_gil(struct _ceval_runtime_state *ceval, struct _ceval_state *ceval2,
		     PyThreadState *tstate)
{
	(void)ceval;
	(void)ceval2;
	(void)tstate;
	if (kgil_gil_release(kgil_gil))
		kgil_fatal("release the GIL");
}

void _PyEval_SetSwitchInterval(unsigned long microseconds)
{
	struct _gil_runtime_state *gil = &_PyRuntime.ceval.gil;

	gil->interval = microseconds;
	if (gil_created(gil))
		kgil_set_us(microseconds);
}

unsigned long _PyEval_GetSwitchInterval(void)
{
	return _PyRuntime.ceval.gil.interval;
}

/* -------------------------------------------------------- the drop request */

/*
 * What the eval loop does when it is asked to drop the GIL, in one system call
 * instead of drop_gil() and take_gil(): the kernel then knows that this thread
 * wants it back, and did not leave it to do something else.
 */
static void kgil_hand_over(PyThreadState *tstate)
{
	struct _gilstate_runtime_state *gilstate = &_PyRuntime.gilstate;
	struct kgil *gil = kgil_gil;

	if (_PyThreadState_Swap(gilstate, NULL) != tstate)
		Py_FatalError("another thread state than the GIL's owner has is current");
	kgil_check_owner(gil, tstate, kgil_gil_switch(gil) ? errno : 0);
	if (_PyThreadState_Swap(gilstate, tstate))
		Py_FatalError("a thread state is current while nobody owns the GIL");
}

static inline __attribute__((always_inline)) int kgil_drop_requested(void)
{
	return __atomic_load_n(&kgil_view.page.drop_request, __ATOMIC_RELAXED);
}

/* The eval breaker as it was loaded, or the drop request. */
static inline __attribute__((always_inline)) int kgil_breaker(int breaker)
{
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
	int set;

	/* Instead of a test of @breaker, so that there is no instruction more. */
	__asm__ volatile("orl %2, %0"
			 : "+r"(breaker), "=@ccnz"(set)
			 : "m"(kgil_view.page.drop_request));
	return set;
#else
	return breaker | kgil_drop_requested();
#endif
}

/* In place of the variable gil_drop_request, which nobody sets here. */
static inline int kgil_answer(PyThreadState *tstate)
{
	if (kgil_drop_requested())
		kgil_hand_over(tstate);
	return 0;
}

/*
 * From here on ceval.c loads its flags so.  Its eval loop asks for eval_breaker,
 * and eval_frame_handle_pending() for gil_drop_request: these two see the page as
 * well.  The others are as they were.  The compiler knows @name, so that nothing
 * is compared when it runs.
 */
static inline __attribute__((always_inline)) int kgil_load(const char *name, _Py_atomic_int *flag)
{
	if (!strcmp(name, "eval_breaker"))
		return kgil_breaker(_Py_atomic_load_relaxed(flag));
	if (!strcmp(name, "&ceval2->gil_drop_request"))
		return kgil_answer(_PyThreadState_GET());
	return _Py_atomic_load_relaxed(flag);
}

#undef _Py_atomic_load_relaxed_int32
#define _Py_atomic_load_relaxed_int32(flag) kgil_load(#flag, flag)
