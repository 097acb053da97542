// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_gil_run.h"
#include "err.h"
#include "work.h"

/* CPU-bound work between two looks at the drop request. */
#define CHUNK_NS 1000
#define SECOND 1000000000ULL

static void init_thread(struct gil_run *run, unsigned int index)
{
	run->threads[index].run = run;
	run->threads[index].index = index;
}

struct gil_run *gil_run_new(const struct gil_kind *kind, uint64_t interval_ns, unsigned int n)
{
	struct gil_run *run = aligned_alloc(128, sizeof(*run));
	unsigned int i;

	if (!run)
		return NULL;
	memset(run, 0, sizeof(*run));
	run->lock = kind->create(interval_ns);
	if (!run->lock) {
		free(run);
		return NULL;
	}
	run->kind = kind;
	run->n = n;
	run->chunk = work_rounds_of(CHUNK_NS);
	for (i = 0; i < n; i++)
		init_thread(run, i);
	return run;
}

void gil_run_free(struct gil_run *run)
{
	run->kind->destroy(run->lock);
	free(run);
}

bool gil_stopped(const struct gil_run *run)
{
	return __atomic_load_n(&run->stop, __ATOMIC_RELAXED);
}

/* Somebody else has become the owner; called by it. */
static void note_switch(struct gil_track *track, const struct gil_thread *thread)
{
	if (track->owner) {
		hist_add(&track->lengths, thread->since - track->taken_at);
		track->switches++;
	}
	track->owner = thread;
	track->taken_at = thread->since;
}

static void begin_hold(struct gil_thread *thread)
{
	struct gil_run *run = thread->run;

	thread->since = work_clock();
	if (run->kind->exclusive && run->track.owner != thread)
		note_switch(&run->track, thread);
}

static void end_hold(struct gil_thread *thread)
{
	thread->hold_ns += work_clock() - thread->since;
}

void gil_take(struct gil_thread *thread)
{
	thread->run->kind->acquire(thread->run->lock);
	begin_hold(thread);
}

void gil_drop(struct gil_thread *thread)
{
	end_hold(thread);
	thread->run->kind->release(thread->run->lock);
}

/* What an eval loop does between two instructions. */
static void check(struct gil_thread *thread)
{
	const struct gil_run *run = thread->run;

	if (!run->kind->asked(run->lock))
		return;
	end_hold(thread);
	run->kind->yield(run->lock);
	begin_hold(thread);
}

static void compute(struct gil_thread *thread)
{
	const struct gil_run *run = thread->run;

	gil_take(thread);
	while (!gil_stopped(run)) {
		work_rounds(run->chunk);
		thread->done++;
		check(thread);
	}
	gil_drop(thread);
}

static void thread_main(unsigned int index, void *arg)
{
	struct gil_run *run = arg;
	struct gil_thread *thread = &run->threads[index];

	run->kind->thread_begin(run->lock);
	if (!index && run->first)
		run->first(thread, run->arg);
	else
		compute(thread);
	run->kind->thread_end(run->lock);
}

static void sleep_until(uint64_t ns)
{
	const struct timespec until = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

void gil_run_for(struct gil_run *run, uint64_t duration_ns)
{
	struct work_team *team = work_team_new(run->n, thread_main, run);
	uint64_t start;

	if (!team)
		exit(err_failed("start %u threads: %s", run->n, strerror(errno)));
	start = work_team_go(team);
	sleep_until(start + duration_ns);
	run->ns = work_clock() - start;
	__atomic_store_n(&run->stop, true, __ATOMIC_RELAXED);
	work_team_join(team);
}

uint64_t gil_done_from(const struct gil_run *run, unsigned int first)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = first; i < run->n; i++)
		sum += run->threads[i].done;
	return sum;
}

uint64_t gil_hold_from(const struct gil_run *run, unsigned int first)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = first; i < run->n; i++)
		sum += run->threads[i].hold_ns;
	return sum;
}

double gil_per_second(const struct gil_run *run, uint64_t n)
{
	return n * 1e9 / run->ns;
}
