// SPDX-License-Identifier: GPL-2.0
/* Part 2: what acquire and release promise, call by call. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo.h"
#include "err.h"
#include "out.h"
#include "work.h"

#define WAITERS 5
/* How long to wait for a state that must come. */
#define PATIENCE_NS 10000000000ULL
/* How long to look whether something happens that must not. */
#define SETTLE_NS 20000000

enum call {
	CALL_NONE,
	CALL_ACQUIRE,
	CALL_TRY_ACQUIRE,
	CALL_RELEASE,
};

enum answer {
	ANSWER_NONE,
	ANSWER_TRUE,
	ANSWER_FALSE,
	ANSWER_DONE,
	ANSWER_EPERM,
	ANSWER_OTHER,
};

static const char *const call_text[] = {
	[CALL_NONE] = "(a new lock)",
	[CALL_ACQUIRE] = "acquire(True)",
	[CALL_TRY_ACQUIRE] = "acquire(False)",
	[CALL_RELEASE] = "release()",
};

static const char *const answer_text[] = {
	[ANSWER_NONE] = "",
	[ANSWER_TRUE] = "True",
	[ANSWER_FALSE] = "False",
	[ANSWER_DONE] = "done",
	[ANSWER_EPERM] = "error EPERM",
	[ANSWER_OTHER] = "another error",
};

/**
 * struct step - a call, and what must come of it
 * @call: the call
 * @answer: what it must return
 * @count: the semaphore's count afterwards
 * @remark: why
 */
static const struct step {
	enum call call;
	enum answer answer;
	unsigned int count;
	const char *remark;
} steps[] = {
	{ CALL_NONE, ANSWER_NONE, 1, "free: the semaphore's count is 1" },
	{ CALL_ACQUIRE, ANSWER_TRUE, 0, "free, so it is taken at once" },
	{ CALL_TRY_ACQUIRE, ANSWER_FALSE, 0, "taken, and False says: don't wait" },
	{ CALL_RELEASE, ANSWER_DONE, 1, "free again" },
	{ CALL_RELEASE, ANSWER_EPERM, 1, "a free lock can't be released" },
	{ CALL_TRY_ACQUIRE, ANSWER_TRUE, 0, "free, so that works too" },
	{ CALL_RELEASE, ANSWER_DONE, 1, "as it was at the beginning" },
};

#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

static enum answer do_call(enum call call, struct demo_object *lock)
{
	int ret = 0;

	switch (call) {
	case CALL_NONE:
		return ANSWER_NONE;
	case CALL_ACQUIRE:
		ret = path_acquire(&lock->path) ? -1 : 1;
		break;
	case CALL_TRY_ACQUIRE:
		ret = path_try_acquire(&lock->path);
		break;
	case CALL_RELEASE:
		if (!path_release(&lock->path))
			return ANSWER_DONE;
		return errno == EPERM ? ANSWER_EPERM : ANSWER_OTHER;
	}
	if (ret < 0)
		return ANSWER_OTHER;
	demo_count(lock, ret);
	return ret ? ANSWER_TRUE : ANSWER_FALSE;
}

static struct kgil_state state_of(const struct demo_object *object)
{
	struct kgil_state state;

	demo_check(kgil_state(object->path.fd, &state), "read a lock's state");
	return state;
}

/* The calls of the table; returns how many went as they must. */
static unsigned int show_calls(struct demo *demo, struct demo_object *lock)
{
	static const struct out_column columns[] = {
		{ "call", OUT_LEFT },
		{ "answer", OUT_LEFT },
		{ "count", OUT_RIGHT },
		{ "why", OUT_LEFT },
	};
	struct out_table *table = out_table_new(columns, 4);
	unsigned int i, count, good = 0;
	struct json_object *row;
	enum answer answer;

	for (i = 0; i < N_STEPS; i++) {
		answer = do_call(steps[i].call, lock);
		count = state_of(lock).count;
		good += answer == steps[i].answer && count == steps[i].count;
		out_table_cell(table, "%s", call_text[steps[i].call]);
		out_table_cell(table, "%s", answer_text[answer]);
		out_table_cell(table, "%u", count);
		out_table_cell(table, "%s", steps[i].remark);
		row = demo_row(demo, "calls");
		demo_put_text(row, "call", call_text[steps[i].call]);
		demo_put_text(row, "answer", answer_text[answer]);
		demo_put_int(row, "count", count);
	}
	if (out_json)
		out_table_free(table);
	else
		out_table_print(table);
	return good;
}

/**
 * struct queue - threads that wait for the lock
 * @lock: taken
 * @proceeded: how many have got it
 */
struct queue {
	struct demo_object *lock;
	unsigned int proceeded;
};

static void wait_in_queue(unsigned int index, void *arg)
{
	struct queue *queue = arg;

	(void)index;
	demo_acquire(queue->lock);
	__atomic_add_fetch(&queue->proceeded, 1, __ATOMIC_SEQ_CST);
}

static unsigned int proceeded(const struct queue *queue)
{
	return __atomic_load_n(&queue->proceeded, __ATOMIC_SEQ_CST);
}

static void pause_ns(long ns)
{
	const struct timespec time = { .tv_nsec = ns };

	nanosleep(&time, NULL);
}

/* Wait until @through threads have proceeded and @waiting wait. */
static void await(const struct queue *queue, unsigned int through, unsigned int waiting)
{
	uint64_t end = work_clock() + PATIENCE_NS;

	while (proceeded(queue) < through || state_of(queue->lock).waiters != waiting) {
		if (work_clock() > end)
			return;
		pause_ns(1000000);
	}
}

/**
 * struct through - how many proceeded for one release
 * @least: of all releases
 * @most: likewise
 */
struct through {
	unsigned int least;
	unsigned int most;
};

static void show_queue(struct demo *demo, struct demo_object *lock, struct through *through)
{
	static const struct out_column columns[] = {
		{ "releases", OUT_RIGHT },
		{ "proceeded", OUT_RIGHT },
		{ "still wait", OUT_RIGHT },
		{ "count", OUT_RIGHT },
	};
	struct out_table *table = out_table_new(columns, 4);
	struct queue queue = { .lock = lock };
	unsigned int i, before, after, delta;
	struct kgil_state state;
	struct work_team *team;
	struct json_object *row;

	demo_acquire(lock);
	team = work_team_new(WAITERS, wait_in_queue, &queue);
	if (!team)
		exit(err_failed("create a thread: %s", strerror(errno)));
	work_team_go(team);
	out_progress("waiting until %d threads wait ...", WAITERS);
	await(&queue, 0, WAITERS);
	for (i = 0; i <= WAITERS; i++) {
		before = proceeded(&queue);
		if (i) {
			demo_release(lock);
			await(&queue, i, WAITERS - i);
			pause_ns(SETTLE_NS);
		}
		after = proceeded(&queue);
		state = state_of(lock);
		delta = after - before;
		if (i && delta < through->least)
			through->least = delta;
		if (i && delta > through->most)
			through->most = delta;
		out_table_cell(table, "%u", i);
		out_table_cell(table, "%u", after);
		out_table_cell(table, "%u", state.waiters);
		out_table_cell(table, "%u", state.count);
		row = demo_row(demo, "releases");
		demo_put_int(row, "releases_count", i);
		demo_put_int(row, "proceeded_count", after);
		demo_put_int(row, "waiters_count", state.waiters);
		demo_put_int(row, "count", state.count);
	}
	demo_release(lock);
	work_team_join(team);
	demo_count(lock, 1 + WAITERS);
	out_progress_end();
	if (out_json)
		out_table_free(table);
	else
		out_table_print(table);
}

static void run_lock(struct demo *demo)
{
	struct demo_object *lock = demo_new_lock(demo, "part 2, lock");
	struct through through = { .least = WAITERS };
	unsigned int good;

	good = show_calls(demo, lock);
	if (!out_json) {
		putchar('\n');
		out_wrapped(0, "EPERM, in kgil's words:");
		out_wrapped(2, kgil_strerror(EPERM));
		putchar('\n');
		out_wrapped(0, "Now the lock is taken, five threads call acquire(True), and the "
			       "lock is released five times:");
		putchar('\n');
	}
	show_queue(demo, lock, &through);
	demo_claim(demo, "lock-contract", "Lock: steps that go as the contract says", good,
		   DEMO_EXACTLY, N_STEPS);
	demo_claim(demo, "lock-least", "Lock: fewest let through by a release",
		   through.least, DEMO_EXACTLY, 1);
	demo_claim(demo, "lock-most", "Lock: most let through by a release", through.most,
		   DEMO_EXACTLY, 1);
	demo_means(demo, "The lock is a semaphore whose count goes 1, 0, 1: an acquire takes the "
			 "one that is there or waits for it, and a release lets exactly one "
			 "waiter proceed, never two, never none.");
}

const struct demo_part demo_lock = {
	.title = "the lock, call by call",
	.expect = "Python's Lock on a semaphore of the kernel: expect True, False, an error for "
		  "the release of a free lock, and one waiter that proceeds for each release.",
	.run = run_lock,
};
