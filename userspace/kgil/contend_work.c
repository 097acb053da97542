// SPDX-License-Identifier: GPL-2.0
/*
 * kgil contend: what each thread or process does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "contend.h"
#include "work.h"

/**
 * struct worker - the state of a worker that nobody else looks at
 * @run: the run
 * @index: which of the threads
 * @result: what it did
 * @path: how it takes the lock
 * @timer: timerfd for --io; -1: it does none
 * @rounds: of work inside
 * @since: when the current hold began
 */
struct worker {
	struct contend *run;
	unsigned int index;
	struct contend_worker *result;
	struct path path;
	int timer;
	uint64_t rounds;
	uint64_t since;
};

static bool stopped(struct worker *w)
{
	return atomic_load_explicit(&w->run->stop, memory_order_relaxed);
}

/* Remember what went wrong, and end the run. */
static void fail(struct worker *w, const char *what)
{
	w->result->err = errno;
	snprintf(w->result->failed, sizeof(w->result->failed), "%s", what);
	atomic_store(&w->run->stop, true);
}

/* Returns what libkgil's acquiring calls do: 1 taken, 0 not, -1 an error. */
static int acquire(struct worker *w)
{
	const struct contend_opts *opts = &w->run->opts;

	if (opts->type == CONTEND_NONE)
		return 1;
	if (opts->nonblocking)
		return path_try_acquire(&w->path);
	if (opts->timeout)
		return path_acquire_for(&w->path, opts->timeout);
	return path_acquire(&w->path) ? -1 : 1;
}

static void begin_hold(struct worker *w, uint64_t asked)
{
	w->since = work_clock();
	hist_add(&w->result->wait, w->since - asked);
}

static void end_hold(struct worker *w)
{
	uint64_t held = work_clock() - w->since;

	w->result->held += held;
	hist_add(&w->result->hold, held);
}

/* True: the last owner died, which this call tells, and the lock is held. */
static bool owner_died(struct worker *w)
{
	if (errno != EOWNERDEAD)
		return false;
	w->result->owner_deaths++;
	return true;
}

/* A signal that doesn't end the run, as when it is stopped and continued. */
static bool disturbed(struct worker *w)
{
	return errno == EINTR && !stopped(w);
}

/* Hand the gil over, and own it again.  False: the run ended before that. */
static bool yield(struct worker *w)
{
	uint64_t asked;
	int err;

	end_hold(w);
	w->result->yields++;
	asked = work_clock();
	err = path_yield(&w->path);
	/* A signal left the gil with somebody else. */
	while (err && disturbed(w))
		err = path_acquire(&w->path);
	if (err && !owner_died(w)) {
		if (errno != EINTR)
			fail(w, "yield");
		return false;
	}
	begin_hold(w, asked);
	return true;
}

/*
 * Keep the processor busy, looking up now and then as an interpreter does
 * between two instructions.  False: the lock is not held any more.
 */
static bool work_inside(struct worker *w)
{
	uint64_t left = w->rounds, chunk;

	while (left && !stopped(w)) {
		chunk = left < w->run->chunk ? left : w->run->chunk;
		work_rounds(chunk);
		left -= chunk;
		if (path_drop_requested(&w->path) && !yield(w))
			return false;
	}
	return true;
}

/* Block in a real read() until the timer expires. */
static bool block_outside(struct worker *w)
{
	uint64_t io = w->run->opts.io, expirations;
	struct itimerspec spec = {
		.it_value = { io / 1000000000, io % 1000000000 },
	};

	if (timerfd_settime(w->timer, 0, &spec, NULL)) {
		fail(w, "timerfd_settime");
		return false;
	}
	while (read(w->timer, &expirations, sizeof(expirations)) < 0) {
		if (errno != EINTR) {
			fail(w, "read");
			return false;
		}
		if (stopped(w))
			return false;
	}
	return true;
}

/* Holding the lock: work, change the counter, release. */
static bool critical_section(struct worker *w)
{
	volatile uint64_t *counter = &w->run->counter.n;

	if (!work_inside(w))
		return false;
	*counter = *counter + 1;
	w->result->acquisitions++;
	end_hold(w);
	if (w->run->fd >= 0 && path_release(&w->path)) {
		fail(w, "release");
		return false;
	}
	return true;
}

/* One attempt.  False: end. */
static bool attempt(struct worker *w)
{
	uint64_t asked = work_clock();
	int got;

	do {
		got = acquire(w);
	} while (got < 0 && disturbed(w));
	if (got < 0 && !owner_died(w)) {
		if (errno != EINTR)
			fail(w, "acquire");
		return false;
	}
	if (!got) {
		w->result->busy += w->run->opts.nonblocking;
		w->result->timeouts += !w->run->opts.nonblocking;
		return true;
	}
	if (stopped(w)) {
		/* Too late to count.  The next waiter must get it. */
		if (w->run->fd >= 0 && path_release(&w->path))
			fail(w, "release");
		return false;
	}
	begin_hold(w, asked);
	return critical_section(w);
}

/* False: as many attempts as were asked for have begun. */
static bool take_ticket(struct worker *w)
{
	uint64_t ops = w->run->opts.ops;

	return !ops || atomic_fetch_add_explicit(&w->run->tickets.n, 1, memory_order_relaxed) < ops;
}

/* The word's handle serves all; a page to read is each process's own. */
static bool open_path(struct worker *w)
{
	w->path = w->run->path;
	if (w->run->fd < 0 || w->path.word || !path_open(&w->path, w->run->fd, PATH_IOCTL))
		return true;
	fail(w, "mmap");
	return false;
}

/* The first ones do, if only some do. */
static bool does_io(const struct worker *w)
{
	const struct contend_opts *opts = &w->run->opts;

	return opts->io && (!opts->io_threads || w->index < opts->io_threads);
}

/* What kgil ls and kgil timeline show. */
static void set_name(const struct worker *w)
{
	unsigned int io = w->run->opts.io_threads;
	char name[16];

	if (!io)
		snprintf(name, sizeof(name), "contend-%u", w->index + 1);
	else if (w->index < io)
		snprintf(name, sizeof(name), "io-%u", w->index + 1);
	else
		snprintf(name, sizeof(name), "cpu-%u", w->index + 1 - io);
	prctl(PR_SET_NAME, name);
}

static bool set_up(struct worker *w)
{
	if (!open_path(w))
		return false;
	if (does_io(w)) {
		w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (w->timer < 0) {
			fail(w, "timerfd_create");
			return false;
		}
	}
	return true;
}

static void tear_down(struct worker *w)
{
	if (!w->path.word)
		path_close(&w->path);
	if (w->timer >= 0)
		close(w->timer);
}

void contend_work(unsigned int index, void *arg)
{
	struct contend *run = arg;
	struct worker w = {
		.run = run,
		.result = &run->workers[index],
		.index = index,
		.timer = -1,
	};

	w.rounds = work_rounds_of(run->opts.io_threads && does_io(&w) ? CONTEND_IO_WORK :
									run->opts.work);
	set_name(&w);
	if (set_up(&w)) {
		while (!stopped(&w) && take_ticket(&w))
			if (!attempt(&w) || (w.timer >= 0 && !block_outside(&w)))
				break;
	}
	w.result->end = work_clock();
	tear_down(&w);
}
