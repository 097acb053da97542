// SPDX-License-Identifier: GPL-2.0
/*
 * What all objects and threads are at one time.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "out.h"
#include "top.h"

#define NSEC_PER_SEC 1000000000ULL

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static uint64_t thread_key(const struct net_thread *thread)
{
	return net_thread_has(thread, KGIL_A_THREAD_ID) ? thread->id : thread->tid;
}

static int by_object(const void *a, const void *b)
{
	const struct net_thread *x = a, *y = b;
	uint64_t p = thread_key(x), q = thread_key(y);

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return p < q ? -1 : p > q;
}

static int by_id(const void *a, const void *b)
{
	const struct net_object *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

const struct net_object *top_sample_object(const struct top_sample *sample, uint64_t id)
{
	struct net_object wanted = { .id = id };

	if (!sample->n_objects)
		return NULL;
	return bsearch(&wanted, sample->objects, sample->n_objects, sizeof(wanted), by_id);
}

/* Index of the first thread of an object, or of a later one if it has none. */
static unsigned int first_thread(const struct top_sample *sample, uint64_t object)
{
	unsigned int low = 0, high = sample->n_threads, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (sample->threads[middle].object < object)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct net_thread *top_sample_threads(const struct top_sample *sample, uint64_t object,
					    unsigned int *n)
{
	unsigned int first = first_thread(sample, object);

	*n = first_thread(sample, object + 1) - first;
	return *n ? &sample->threads[first] : NULL;
}

const struct net_thread *top_sample_owner(const struct top_sample *sample, uint64_t object)
{
	const struct net_thread *threads;
	unsigned int n, i;

	threads = top_sample_threads(sample, object, &n);
	for (i = 0; i < n; i++)
		if (threads[i].state == KGIL_THREAD_OWNER)
			return &threads[i];
	return NULL;
}

/*
 * Objects are read before threads, and a hold may end in between.  One that began before
 * the objects were read was there then.  One that is longer than a refresh was there in
 * the sample before, if nobody has acquired the object since.
 */
static uint64_t held_since(const struct top_sample *sample, const struct net_object *object,
			   const struct top_sample *before)
{
	const struct net_thread *owner = top_sample_owner(sample, object->id);
	const struct net_object *old;

	if (owner && net_thread_has(owner, KGIL_A_THREAD_HELD) &&
	    sample->threads_at - owner->held_ns <= sample->at)
		return sample->threads_at - owner->held_ns;
	old = top_sample_object(before, object->id);
	if (!old || old->stats.acquisitions != object->stats.acquisitions ||
	    !net_has(object, KGIL_A_OBJECT_OWNER) || old->owner != object->owner)
		return 0;
	return before->held_since[old - before->objects];
}

void top_sample_finish(struct top_sample *sample, const struct top_sample *before)
{
	unsigned int i;

	if (sample->n_threads)
		qsort(sample->threads, sample->n_threads, sizeof(*sample->threads), by_object);
	sample->held_since = out_alloc(sample->n_objects * sizeof(*sample->held_since));
	for (i = 0; i < sample->n_objects; i++)
		sample->held_since[i] = held_since(sample, &sample->objects[i], before);
}

static int read_objects(struct net_client *client, uint64_t object, struct top_sample *sample)
{
	int status;

	if (!object)
		return net_dump(client, &sample->objects, &sample->n_objects);
	sample->objects = out_alloc(sizeof(*sample->objects));
	status = net_get(client, object, sample->objects);
	sample->n_objects = !status;
	return status;
}

int top_sample_take(struct net_client *client, uint64_t object, struct top_sample *sample,
		    const struct top_sample *before)
{
	uint64_t start = now_ns();
	int status;

	memset(sample, 0, sizeof(*sample));
	status = read_objects(client, object, sample);
	sample->at = start + (now_ns() - start) / 2;
	start = now_ns();
	if (!status)
		status = net_threads(client, object, &sample->threads, &sample->n_threads);
	sample->threads_at = start + (now_ns() - start) / 2;
	if (status)
		top_sample_free(sample);
	else
		top_sample_finish(sample, before);
	return status;
}

void top_sample_free(struct top_sample *sample)
{
	free(sample->objects);
	free(sample->threads);
	free(sample->held_since);
	memset(sample, 0, sizeof(*sample));
}
