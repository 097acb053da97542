// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A semaphore in memory: to wait for it, and to wake who waits.
 *
 * A waiter waits in the object of the module, or by the futex if there is none;
 * some may do the one and some the other at the same time.  Who gives a unit back
 * wakes one in each, and may wake one in vain: that one waits again.  A wake-up
 * stays in the object until somebody comes to fetch it.
 *
 * Who gives a unit back must not touch the semaphore after that: another thread
 * may have taken the unit and freed the memory.  So it learns all before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lazy.h"
#include "lazy_object.h"
#include "lazy_process.h"

#define NSEC_PER_SEC 1000000000LL
/*
 * Nothing tells a thread in the object that its descriptor was closed, and that
 * nobody can wake it there; nor that CLOCK_REALTIME was set.  So it looks.
 */
#define LOOK_NS NSEC_PER_SEC

/**
 * struct wait - a thread that waits
 * @lazy: what it waits for
 * @deadline: until when
 * @overdue_ns: from then on it has been passed over for long; CLOCK_MONOTONIC
 * @woken: it has been woken before, in vain
 */
struct wait {
	struct kgil_lazy *lazy;
	const struct lazy_deadline *deadline;
	int64_t overdue_ns;
	bool woken;
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* @deadline by CLOCK_MONOTONIC, at which it is @now. */
static int64_t monotonic(const struct lazy_deadline *deadline, int64_t now)
{
	int64_t ns;

	if (deadline->ns == LAZY_FOREVER || deadline->clock == CLOCK_MONOTONIC)
		return deadline->ns;
	if (__builtin_sub_overflow(deadline->ns, now_ns(deadline->clock), &ns))
		return 0;
	return __builtin_add_overflow(ns, now, &ns) ? LAZY_FOREVER - 1 : ns;
}

/* ------------------------------------------------------------------- waking */

static long futex(uint32_t *count, int op, uint32_t value, const struct timespec *until)
{
	return syscall(SYS_futex, count, op | FUTEX_PRIVATE_FLAG, value, until, NULL,
		       FUTEX_BITSET_MATCH_ANY);
}

/* The half of the state that has the count. */
static uint32_t *futex_of(struct kgil_lazy *lazy)
{
	return (uint32_t *)&lazy->state + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

/*
 * @state is what it was when the unit was given back, and @object what it had just
 * before.
 */
static void wake(uint32_t *count, uint64_t state, uint64_t object)
{
	int saved = errno;

	if (lazy_object_is_own(object))
		lazy_object_wake(object);
	if (state & LAZY_FUTEX)
		futex(count, FUTEX_WAKE, 1, NULL);
	errno = saved;
}

slow int lazy_give_slowly(struct kgil_lazy *lazy)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_ACQUIRE);
	uint64_t object;

	do {
		if ((state & LAZY_COUNT) >= lazy->max) {
			errno = EOVERFLOW;
			return -1;
		}
		object = __atomic_load_n(&lazy->object, __ATOMIC_RELAXED);
	} while (!lazy_state_change(lazy, &state, state + 1));
	if (state & LAZY_WAITERS)
		wake(futex_of(lazy), state, object);
	return 0;
}

/* ------------------------------------------------------------------- a child */

/* Bit of struct kgil_lazy.process: the waiters of the parent are being forgotten. */
#define FORGETTING 0x80000000

static void forget_waiters(struct kgil_lazy *lazy)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_ACQUIRE);

	while (!lazy_state_change(lazy, &state, state & LAZY_COUNT))
		;
}

/*
 * In a child of fork those who waited in the parent are still counted.  No thread
 * of the child waits before they are forgotten.
 */
static slow void adopt_slowly(struct kgil_lazy *lazy, uint32_t number)
{
	uint32_t old = __atomic_load_n(&lazy->process, __ATOMIC_ACQUIRE);

	while (old != number) {
		if (old == (number | FORGETTING)) {
			sched_yield();
			old = __atomic_load_n(&lazy->process, __ATOMIC_ACQUIRE);
		} else if (__atomic_compare_exchange_n(&lazy->process, &old, number | FORGETTING,
						       false, __ATOMIC_ACQ_REL,
						       __ATOMIC_ACQUIRE)) {
			forget_waiters(lazy);
			__atomic_store_n(&lazy->process, number, __ATOMIC_RELEASE);
			return;
		}
	}
}

static void adopt(struct kgil_lazy *lazy)
{
	uint32_t number = lazy_process_number();

	if (unlikely(__atomic_load_n(&lazy->process, __ATOMIC_ACQUIRE) != number))
		adopt_slowly(lazy, number);
}

/* It is not free; or it is for a waiter, of whom a child may have none. */
slow bool lazy_try_slowly(struct kgil_lazy *lazy)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_RELAXED);

	if (!(state & LAZY_COUNT) || !(state & LAZY_TURN))
		return false;
	adopt(lazy);
	return lazy_take(lazy);
}

/* ------------------------------------------------------------------ waiting */

/* @state without one waiter.  The last one leaves the count and nothing else. */
static uint64_t without_waiter(uint64_t state)
{
	state -= LAZY_WAITER;
	return state & LAZY_WAITERS ? state : state & LAZY_COUNT;
}

/* A waiter takes a unit and waits no longer, if there is one. */
static bool take_as_waiter(struct kgil_lazy *lazy)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_ACQUIRE);

	while (state & LAZY_COUNT)
		if (lazy_state_change(lazy, &state, without_waiter(state - 1) & ~LAZY_TURN))
			return true;
	return false;
}

/* It waits no longer.  Did it get a unit at the last moment? */
static bool give_up(struct kgil_lazy *lazy)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_ACQUIRE);

	do {
		if (state & LAZY_COUNT && take_as_waiter(lazy))
			return true;
	} while (!lazy_state_change(lazy, &state, without_waiter(state)));
	return false;
}

/* A thread that was cancelled: it may have been woken, and others not. */
static void cancelled(void *arg)
{
	struct kgil_lazy *lazy = arg;
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_ACQUIRE), object;

	do {
		object = __atomic_load_n(&lazy->object, __ATOMIC_RELAXED);
	} while (!lazy_state_change(lazy, &state, without_waiter(state)));
	if (state & LAZY_COUNT && without_waiter(state) & LAZY_WAITERS)
		wake(futex_of(lazy), state, object);
}

/* The object to wait in, made if need be; 0: there is none to be had. */
static uint64_t get_object(struct kgil_lazy *lazy, int64_t now)
{
	uint64_t old = __atomic_load_n(&lazy->object, __ATOMIC_ACQUIRE), new;

	if (lazy_object_is_own(old))
		return old;
	new = lazy_object_new(lazy->max, now);
	if (!new)
		return 0;
	if (__atomic_compare_exchange_n(&lazy->object, &old, new, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		/* That of the parent, which the child inherited. */
		lazy_object_close(old);
		return new;
	}
	lazy_object_close(new);
	return old;
}

/* Somebody closed its descriptor, or the module refuses: to be replaced. */
static void lose_object(struct kgil_lazy *lazy, uint64_t object, int err)
{
	uint64_t lost = object;

	__atomic_compare_exchange_n(&lazy->object, &lost, 0, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
	lazy_object_close(object);
	lazy_object_trouble(err);
}

/* Each returns 0 after a wake-up, or for no reason at all, else an errno. */
static int sleep_in_object(struct kgil_lazy *lazy, uint64_t object, int64_t until)
{
	int err = lazy_object_sleep(object, until);

	if (!err || err == EINTR)
		return err;
	lose_object(lazy, object, err);
	return 0;
}

static int sleep_by_futex(struct kgil_lazy *lazy, uint32_t expected, int64_t until)
{
	const struct timespec ts = {
		.tv_sec = until / NSEC_PER_SEC,
		.tv_nsec = until % NSEC_PER_SEC,
	};

	if (!futex(futex_of(lazy), FUTEX_WAIT_BITSET, expected, until == LAZY_FOREVER ? NULL : &ts))
		return 0;
	return errno == EINTR ? EINTR : 0;
}

/* In @object, or by the futex.  The thread can be cancelled while it sleeps. */
static int sleep_somewhere(struct kgil_lazy *lazy, uint64_t object, uint32_t expected,
			   int64_t until)
{
	int type, err;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	err = object ? sleep_in_object(lazy, object, until) : sleep_by_futex(lazy, expected, until);
	pthread_setcanceltype(type, NULL);
	return err;
}

/*
 * Let who gives a unit back know where this thread is going to wait.  @count is
 * what a futex will find then.  False: look for a unit again before.
 */
static bool announce(const struct wait *wait, uint64_t object, int64_t now, uint32_t *count)
{
	uint64_t state = __atomic_load_n(&wait->lazy->state, __ATOMIC_ACQUIRE);
	uint64_t told = state;

	if (object)
		told = (state & ~LAZY_TAG) | lazy_object_tag(object) << LAZY_TAG_SHIFT;
	else
		told |= LAZY_FUTEX;
	if (wait->woken && now >= wait->overdue_ns)
		told |= LAZY_TURN;
	if (state & LAZY_COUNT)
		return false;
	*count = told;
	if (told == state)
		return true;
	lazy_state_change(wait->lazy, &state, told);
	return false;
}

/* Sleep until something may have changed.  0 or an errno. */
static int sleep_once(struct wait *wait)
{
	int64_t now = now_ns(CLOCK_MONOTONIC);
	int64_t until = monotonic(wait->deadline, now);
	uint64_t object;
	uint32_t count;

	if (until <= now)
		return ETIMEDOUT;
	object = get_object(wait->lazy, now);
	if (!announce(wait, object, now, &count))
		return 0;
	if (until > now + LOOK_NS && (object || wait->deadline->clock != CLOCK_MONOTONIC))
		until = now + LOOK_NS;
	wait->woken = true;
	return sleep_somewhere(wait->lazy, object, count, until);
}

static int wait_for_unit(struct wait *wait)
{
	int err;

	do {
		if (take_as_waiter(wait->lazy))
			return 0;
		err = sleep_once(wait);
	} while (!err);
	return give_up(wait->lazy) ? 0 : err;
}

slow int lazy_wait(struct kgil_lazy *lazy, const struct lazy_deadline *deadline)
{
	struct wait wait = {
		.lazy = lazy,
		.deadline = deadline,
		.overdue_ns = now_ns(CLOCK_MONOTONIC) + KGIL_HANDOFF_DEFAULT,
	};
	int saved = errno, err;

	adopt(lazy);
	__atomic_fetch_add(&lazy->state, LAZY_WAITER, __ATOMIC_ACQ_REL);
	pthread_cleanup_push(cancelled, lazy);
	err = wait_for_unit(&wait);
	pthread_cleanup_pop(0);
	errno = err ? err : saved;
	return err ? -1 : 0;
}

/* -------------------------------------------------------- what kgil.h says */

int kgil_lazy_init(struct kgil_lazy *lazy, uint32_t count, uint32_t max)
{
	if (!max || max > KGIL_COUNT_MAX || count > max) {
		errno = EINVAL;
		return -1;
	}
	*lazy = (struct kgil_lazy)KGIL_LAZY_INIT(count, max);
	return 0;
}

void kgil_lazy_destroy(struct kgil_lazy *lazy)
{
	int saved = errno;

	lazy_object_close(lazy->object);
	*lazy = (struct kgil_lazy){ 0 };
	errno = saved;
}

int kgil_lazy_acquire(struct kgil_lazy *lazy)
{
	static const struct lazy_deadline never = { CLOCK_MONOTONIC, LAZY_FOREVER };

	return likely(lazy_take(lazy)) ? 0 : lazy_wait(lazy, &never);
}

static slow int acquire_until_slowly(struct kgil_lazy *lazy, uint64_t deadline_ns)
{
	const struct lazy_deadline deadline = {
		.clock = CLOCK_MONOTONIC,
		.ns = deadline_ns > LAZY_FOREVER ? LAZY_FOREVER : deadline_ns,
	};
	int saved = errno;

	if (!lazy_wait(lazy, &deadline))
		return 1;
	if (errno != ETIMEDOUT)
		return -1;
	errno = saved;
	return 0;
}

int kgil_lazy_acquire_until(struct kgil_lazy *lazy, uint64_t deadline_ns)
{
	return likely(lazy_take(lazy)) ? 1 : acquire_until_slowly(lazy, deadline_ns);
}

int kgil_lazy_try(struct kgil_lazy *lazy)
{
	return likely(lazy_take(lazy)) || lazy_try_slowly(lazy);
}

int kgil_lazy_release(struct kgil_lazy *lazy)
{
	return likely(lazy_give(lazy, lazy->max)) ? 0 : lazy_give_slowly(lazy);
}

uint32_t kgil_lazy_value(const struct kgil_lazy *lazy)
{
	uint64_t state = __atomic_load_n(&lazy->state, __ATOMIC_RELAXED);

	return (int32_t)state < 0 ? 0 : state & LAZY_COUNT;
}

int kgil_lazy_fd(const struct kgil_lazy *lazy)
{
	uint64_t object = __atomic_load_n(&lazy->object, __ATOMIC_ACQUIRE);

	return lazy_object_is_own(object) ? lazy_object_fd(object) : -1;
}
