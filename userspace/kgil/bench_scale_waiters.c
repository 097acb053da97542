// SPDX-License-Identifier: GPL-2.0
/*
 * kgil bench scale: what an acquire and a release cost while many threads wait.
 *
 * One thread keeps the object and the others queue.  Then an acquire that gives
 * up at once is measured: it queues with all of them, and leaves again from there;
 * a deadline of 0 is so long over that no timer is set for it.  After that they
 * all take turns, which keeps the queue as long as it is, and the releases are
 * measured.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <kgil.h>

#include "bench_loop.h"
#include "bench_scale.h"
#include "err.h"
#include "opt.h"
#include "out.h"
#include "work.h"

#define STACK_SIZE 32768
#define GIVE_UP_TIMES 250 /* a loop */
#define QUEUE_SECONDS 120
#define TURNS_PART 4 /* of --duration */

static const struct kind {
	const char *name;
	struct kgil_create create;
} kinds[] = {
	{ "kgil-gil-fair", { .type = KGIL_TYPE_GIL, .policy = KGIL_POLICY_FAIR } },
	{ "kgil-gil-fifo", { .type = KGIL_TYPE_GIL, .policy = KGIL_POLICY_FIFO } },
	{ "kgil-lock", { .type = KGIL_TYPE_LOCK } },
	{ "kgil-sem", { .type = KGIL_TYPE_SEM, .count = 1, .max = 1 } },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/**
 * struct queue - one object, and those who want it
 * @fd: the object
 * @n: how many wait
 * @kept: the keeper has it
 * @give: the keeper shall give it back
 * @stop: no more turns
 * @mutex: protects @release
 * @release: how long the releases took
 * @keeper: the thread that keeps it at first
 * @threads: the others
 * @wanted: the kinds to measure
 */
struct queue {
	int fd;
	unsigned int n;
	sem_t kept;
	sem_t give;
	atomic_bool stop;
	pthread_mutex_t mutex;
	struct hist release;
	pthread_t keeper;
	pthread_t *threads;
	const struct kind *wanted[N_KINDS];
};

/* The others may wait for ever now. */
static void must(int result, const char *what)
{
	if (result)
		exit(err_failed("scale: %s: %s", what, strerror(errno)));
}

static void note_release(struct queue *queue, uint64_t took)
{
	pthread_mutex_lock(&queue->mutex);
	hist_add(&queue->release, took);
	pthread_mutex_unlock(&queue->mutex);
}

static void *take_turns(void *arg)
{
	struct queue *queue = arg;
	uint64_t begin, took;
	bool over;

	do {
		must(kgil_acquire(queue->fd), "acquire");
		over = atomic_load(&queue->stop);
		begin = work_clock();
		must(kgil_release(queue->fd), "release");
		took = work_clock() - begin;
		/* From now on the queue gets shorter. */
		if (!over)
			note_release(queue, took);
	} while (!over);
	return NULL;
}

static void *keep(void *arg)
{
	struct queue *queue = arg;

	must(kgil_acquire(queue->fd), "acquire");
	sem_post(&queue->kept);
	sem_wait(&queue->give);
	must(kgil_release(queue->fd), "release");
	/* So that as many as before wait for whoever has it. */
	return take_turns(queue);
}

static void sleep_for(uint64_t ns)
{
	const struct timespec time = { ns / OPT_SEC, ns % OPT_SEC };

	nanosleep(&time, NULL);
}

static int wait_until_queued(const struct queue *queue)
{
	uint64_t start = work_clock();
	struct kgil_state state;

	do {
		must(kgil_state(queue->fd, &state), "state");
		if (state.waiters >= queue->n)
			return STATUS_OK;
		sleep_for(OPT_MS);
	} while (work_clock() - start < QUEUE_SECONDS * OPT_SEC);
	return err_failed("scale: only %u of %u waiters had queued after %d s", state.waiters,
			  queue->n, QUEUE_SECONDS);
}

static int acquires_that_give_up(void *arg, uint64_t n)
{
	const struct queue *queue = arg;

	while (n--)
		if (kgil_acquire_until(queue->fd, 0))
			return -1;
	return 0;
}

static int start_thread(pthread_t *thread, void *(*fn)(void *), struct queue *queue)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	err = pthread_create(thread, &attr, fn, queue);
	pthread_attr_destroy(&attr);
	if (!err)
		return STATUS_OK;
	return err_failed("scale: can't start %u threads: %s (see kernel.threads-max)",
			  queue->n + 1, strerror(err));
}

/* All but the keeper, and then the turns; @started counts what has to be joined. */
static int run_queue(struct bench *bench, struct queue *queue, const struct bench_key *key,
		     unsigned int *started)
{
	double give_up;
	int status;

	for (; *started < queue->n; ++*started) {
		status = start_thread(&queue->threads[*started], take_turns, queue);
		if (status)
			return status;
	}
	status = wait_until_queued(queue);
	if (status)
		return status;
	give_up = bench_time_loop(acquires_that_give_up, queue, GIVE_UP_TIMES);
	if (give_up < 0)
		return err_failed("scale: an acquire that should give up: %s", strerror(errno));
	sem_post(&queue->give);
	sleep_for(bench->opts.duration / TURNS_PART);
	atomic_store(&queue->stop, true);
	bench_sample(bench, key, "acquire_queued", "ns", give_up);
	return STATUS_OK;
}

static int measure_queue(struct bench *bench, struct queue *queue, const struct bench_key *key)
{
	unsigned int i, started = 0;
	int status = start_thread(&queue->keeper, keep, queue);

	if (status)
		return status;
	sem_wait(&queue->kept);
	status = run_queue(bench, queue, key, &started);
	if (status) {
		atomic_store(&queue->stop, true);
		sem_post(&queue->give);
	}
	pthread_join(queue->keeper, NULL);
	for (i = 0; i < started; i++)
		pthread_join(queue->threads[i], NULL);
	if (!status && queue->release.n)
		bench_sample(bench, key, "release_p50", "ns",
			     hist_percentile(&queue->release, 0.5));
	return status;
}

static int measure_kind(struct bench *bench, unsigned int i, void *arg)
{
	struct queue *queue = arg;
	const struct kind *kind = queue->wanted[i];
	const struct bench_key key = {
		.section = SCALE_SECTION,
		.variant = kind->name,
		.path = "ioctl",
		.params = { { "waiters", queue->n } },
	};
	int status;

	queue->fd = kgil_create(&kind->create);
	if (queue->fd < 0)
		return err_device(errno, kind->name);
	sem_init(&queue->kept, 0, 0);
	sem_init(&queue->give, 0, 0);
	atomic_store(&queue->stop, false);
	memset(&queue->release, 0, sizeof(queue->release));
	pthread_mutex_init(&queue->mutex, NULL);
	queue->threads = out_alloc(queue->n * sizeof(*queue->threads));
	bench_settle(bench);
	status = measure_queue(bench, queue, &key);
	free(queue->threads);
	pthread_mutex_destroy(&queue->mutex);
	sem_destroy(&queue->give);
	sem_destroy(&queue->kept);
	close(queue->fd);
	return status;
}

int bench_scale_waiters(struct bench *bench)
{
	static const unsigned int full[] = { 1, 10, 100, 1000, 10000, 0 }, quick[] = { 1, 100, 0 };
	const unsigned int *n = bench->opts.quick ? quick : full;
	struct queue *queue = out_alloc(sizeof(*queue));
	unsigned int i, kinds_wanted = 0;
	int status = STATUS_OK;
	char what[64];

	for (i = 0; i < N_KINDS; i++)
		if (bench_wanted(bench, kinds[i].name, "ioctl"))
			queue->wanted[kinds_wanted++] = &kinds[i];
	for (; *n && !status; n++) {
		queue->n = *n;
		snprintf(what, sizeof(what), "scale, %u waiters", *n);
		status = bench_rounds(bench, what, kinds_wanted, measure_kind, queue);
	}
	free(queue);
	return status;
}
