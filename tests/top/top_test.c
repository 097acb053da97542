// SPDX-License-Identifier: GPL-2.0
/*
 * The model and the columns of kgil top by themselves: samples as the module could send
 * them, and what the rows say of them.  Prints TAP.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kgil.h>

#include "err.h"
#include "top.h"
#include "top_table.h"

#define MS 1000000ULL
#define SEC 1000000000ULL
#define N 6

static unsigned int count, failed;

static void result(bool good, const char *name)
{
	count++;
	failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", count, name);
}

static bool is(double value, double wanted)
{
	return fabs(value - wanted) < 0.000001;
}

/* --- instead of the module ---------------------------------------------------- */

bool net_has(const struct net_object *object, enum kgil_object_attr attr)
{
	return object->present & (1U << attr);
}

const char *net_thread_state(const struct net_thread *thread)
{
	return thread->state == KGIL_THREAD_WAITER ? "waiter" : "owner";
}

int net_dump(struct net_client *client, struct net_object **objects, unsigned int *n)
{
	(void)client;
	(void)objects;
	(void)n;
	return STATUS_FAILED;
}

int net_get(struct net_client *client, uint64_t id, struct net_object *object)
{
	(void)client;
	(void)id;
	(void)object;
	return STATUS_FAILED;
}

int net_threads(struct net_client *client, uint64_t object, struct net_thread **threads,
		unsigned int *n)
{
	(void)client;
	(void)object;
	(void)threads;
	(void)n;
	return STATUS_FAILED;
}

const char *kgil_strerror(int err)
{
	return strerror(err);
}

/* --- samples ------------------------------------------------------------------ */

/* At @ms; its threads are read a millisecond later. */
static struct top_sample sample_at(unsigned int ms)
{
	return (struct top_sample){
		.at = SEC + ms * MS,
		.threads_at = SEC + (ms + 1) * MS,
		.objects = calloc(N, sizeof(struct net_object)),
		.threads = calloc(N, sizeof(struct net_thread)),
	};
}

static struct net_object *add_object(struct top_sample *sample, uint64_t id, uint32_t type)
{
	struct net_object *object = &sample->objects[sample->n_objects++];

	object->id = id;
	object->type = type;
	object->max = 1;
	object->present = 1U << KGIL_A_OBJECT_STATS | 1U << KGIL_A_OBJECT_TIMES;
	return object;
}

static void own(struct net_object *object, uint64_t owner)
{
	object->present |= 1U << KGIL_A_OBJECT_OWNER;
	object->owner = owner;
}

static struct net_thread *add_thread(struct top_sample *sample, uint64_t object, uint64_t id,
				     uint32_t state, unsigned int ms)
{
	struct net_thread *thread = &sample->threads[sample->n_threads++];

	thread->object = object;
	thread->id = id;
	thread->tid = id;
	thread->state = state;
	thread->present = 1U << KGIL_A_THREAD_ID | 1U << KGIL_A_THREAD_TID |
			  1U << KGIL_A_THREAD_STATS;
	if (state == KGIL_THREAD_OWNER) {
		thread->present |= 1U << KGIL_A_THREAD_HELD;
		thread->held_ns = ms * MS;
	} else if (state == KGIL_THREAD_WAITER) {
		thread->waited_ns = ms * MS;
	}
	return thread;
}

/**
 * struct pair - two samples, a second from each other
 * @none: without any object
 */
struct pair {
	struct top_sample none;
	struct top_sample before;
	struct top_sample now;
};

static struct pair make_pair(void)
{
	return (struct pair){ .before = sample_at(0), .now = sample_at(1000) };
}

static struct top_rows rows_of(struct pair *pair, uint64_t object)
{
	if (!pair->before.held_since) {
		top_sample_finish(&pair->before, &pair->none);
		top_sample_finish(&pair->now, &pair->before);
	}
	return top_rows_make(&pair->before, &pair->now, object);
}

static void free_pair(struct pair *pair)
{
	top_sample_free(&pair->before);
	top_sample_free(&pair->now);
}

/* --- the model ---------------------------------------------------------------- */

static void test_rates(void)
{
	struct pair pair = make_pair();
	struct net_object *old = add_object(&pair.before, 3, KGIL_TYPE_GIL);
	struct net_object *new = add_object(&pair.now, 3, KGIL_TYPE_GIL);
	struct top_rows rows;

	old->stats.acquisitions = 1000;
	old->times.holds = 1000;
	old->stats.contentions = 500;
	old->stats.hold_total_ns = 7 * SEC;
	old->stats.wait_total_ns = 9 * SEC;
	old->times.wait[20] = 1000;
	*new = *old;
	new->stats.acquisitions += 80;
	new->times.holds += 80;
	new->stats.contentions += 40;
	new->stats.hold_total_ns += 250 * MS;
	new->stats.wait_total_ns += 1500 * MS;
	new->stats.wait_max_ns = SEC;
	new->times.wait[3] = 40;
	new->times.waits = 40;
	rows = rows_of(&pair, 0);
	result(rows.n == 1 && is(rows.rows[0].acquired, 80) && is(rows.rows[0].contended, 40),
	       "rates are of the time between the samples");
	result(is(rows.rows[0].held.value, 0.25) && rows.rows[0].held.known == TOP_EXACT,
	       "held a quarter of it");
	result(is(rows.rows[0].waiting.value, 1.5), "threads that waited, on average");
	result(rows.rows[0].waits == 40 && rows.rows[0].wait_p99 == 511,
	       "percentiles are of the waits since");
	top_rows_free(&rows);
	rows = top_rows_make(&pair.none, &pair.now, 0);
	result(rows.rows[0].acquired < 0 && rows.rows[0].held.known == TOP_UNKNOWN,
	       "one sample tells no rates");
	top_rows_free(&rows);
	free_pair(&pair);
}

/* A hold that began @ms before the first sample and goes on, and a wait for it. */
static struct pair long_hold(unsigned int ms)
{
	struct pair pair = make_pair();

	own(add_object(&pair.before, 3, KGIL_TYPE_GIL), 7);
	own(add_object(&pair.now, 3, KGIL_TYPE_GIL), 7);
	add_thread(&pair.before, 3, 7, KGIL_THREAD_OWNER, ms + 1);
	add_thread(&pair.before, 3, 8, KGIL_THREAD_WAITER, 100);
	add_thread(&pair.now, 3, 7, KGIL_THREAD_OWNER, ms + 1001);
	add_thread(&pair.now, 3, 8, KGIL_THREAD_WAITER, 1100);
	return pair;
}

static void test_present(void)
{
	struct pair pair = long_hold(400);
	struct top_rows rows = rows_of(&pair, 0);

	result(is(rows.rows[0].held.value, 1) && rows.rows[0].since == 1400 * MS,
	       "a hold that doesn't end");
	result(is(rows.rows[0].waiting.value, 1), "a wait that doesn't end");
	top_rows_free(&rows);
	rows = rows_of(&pair, 3);
	result(rows.n == 2 && is(rows.rows[0].held.value, 1) && is(rows.rows[0].idle.value, 0),
	       "its holder");
	result(is(rows.rows[1].waiting.value, 1) && is(rows.rows[1].held.value, 0), "its waiter");
	top_rows_free(&rows);
	free_pair(&pair);

	/* It ends after the objects were read, and before the threads are. */
	pair = long_hold(400);
	pair.now.threads[0].state = KGIL_THREAD_IDLE;
	pair.now.threads[0].held_ns = 0;
	pair.now.threads[0].present &= ~(1U << KGIL_A_THREAD_HELD);
	pair.now.threads[0].stats.hold_total_ns = 1400 * MS;
	rows = rows_of(&pair, 0);
	result(is(rows.rows[0].held.value, 1), "a hold that ends while the sample is read");
	top_rows_free(&rows);
	free_pair(&pair);

	/* It began in between. */
	pair = long_hold(400);
	pair.now.threads[0].held_ns = 251 * MS;
	pair.now.objects[0].stats.acquisitions = 1;
	pair.now.objects[0].stats.hold_total_ns = 500 * MS;
	rows = rows_of(&pair, 0);
	result(is(rows.rows[0].held.value, 0.1 + 0.25), "one ended, another one goes on");
	top_rows_free(&rows);
	free_pair(&pair);
}

static bool shares_are(const struct top_row *row, double held, double waiting, double idle)
{
	return is(row->held.value, held) && is(row->waiting.value, waiting) &&
	       is(row->idle.value, idle);
}

static void test_threads(void)
{
	struct pair pair = make_pair();
	struct net_thread *thread;
	struct top_rows rows;

	add_object(&pair.before, 3, KGIL_TYPE_GIL);
	add_object(&pair.now, 3, KGIL_TYPE_GIL);
	add_object(&pair.now, 4, KGIL_TYPE_LOCK);
	add_thread(&pair.now, 4, 3, KGIL_THREAD_WAITER, 1);
	thread = add_thread(&pair.now, 3, 9, KGIL_THREAD_IDLE, 0);
	thread->stats.hold_total_ns = 200 * MS;
	thread->stats.wait_total_ns = 300 * MS;
	thread->stats.acquisitions = 20;
	thread = add_thread(&pair.now, 3, 5, KGIL_THREAD_IDLE, 0);
	thread->stats.hold_total_ns = 5 * SEC;
	thread->stats.wait_total_ns = 5 * SEC;
	rows = rows_of(&pair, 3);
	result(rows.n == 2 && rows.rows[0].key == 5 && rows.rows[1].key == 9,
	       "the threads of one object");
	result(shares_are(&rows.rows[1], 0.2, 0.3, 0.5), "a thread that is new");
	result(is(rows.rows[1].acquired, 20), "how often it acquired");
	result(shares_are(&rows.rows[0], 1, 0, 0), "shares are at most all of the time");
	top_rows_free(&rows);
	rows = rows_of(&pair, 99);
	result(!rows.n, "no threads of an object that is gone");
	top_rows_free(&rows);
	free_pair(&pair);
}

static void test_unknown(void)
{
	struct pair pair = make_pair();
	struct net_object *object;
	struct net_thread *thread;
	struct top_rows rows;

	object = add_object(&pair.now, 1, KGIL_TYPE_GIL);
	object->stats.acquisitions = 1000;
	object->times.holds = 10;
	object->stats.hold_total_ns = 300 * MS;
	add_object(&pair.now, 2, KGIL_TYPE_SEM)->max = 5;
	add_object(&pair.now, 3, KGIL_TYPE_LOCK);
	thread = add_thread(&pair.now, 1, 9, KGIL_THREAD_IDLE, 0);
	thread->stats.hold_total_ns = 100 * MS;
	thread = add_thread(&pair.now, 3, 0, KGIL_THREAD_WAITER, 400);
	thread->present = 0;
	thread = add_thread(&pair.now, 3, 0, KGIL_THREAD_WAITER, 1400);
	thread->present = 0;
	rows = rows_of(&pair, 0);
	result(rows.rows[0].held.known == TOP_AT_LEAST && is(rows.rows[0].held.value, 0.3),
	       "holds by the word: at least so much");
	result(rows.rows[1].held.known == TOP_UNKNOWN, "nobody knows how long a sem is held");
	result(is(rows.rows[2].waiting.value, 1.8), "waits for a lock");
	top_rows_free(&rows);
	rows = rows_of(&pair, 1);
	result(rows.rows[0].held.known == TOP_AT_LEAST && rows.rows[0].idle.known == TOP_UNKNOWN,
	       "so of its threads");
	top_rows_free(&rows);
	rows = rows_of(&pair, 3);
	result(rows.rows[0].waiting.known == TOP_AT_LEAST && is(rows.rows[0].waiting.value, 0.4),
	       "who waits for a lock: at least so long");
	result(rows.rows[0].idle.known == TOP_UNKNOWN, "the rest is not known");
	result(rows.rows[1].waiting.known == TOP_EXACT && is(rows.rows[1].waiting.value, 1),
	       "or all the time");
	top_rows_free(&rows);
	free_pair(&pair);
}

static void test_worst(void)
{
	struct pair pair = long_hold(400);
	unsigned int objects, threads;
	struct top_rows rows;
	char text[256];

	add_object(&pair.before, 5, KGIL_TYPE_LOCK);
	add_object(&pair.now, 5, KGIL_TYPE_LOCK)->stats.wait_total_ns = 2 * SEC;
	pair.now.objects[0].waiters = 1;
	rows = rows_of(&pair, 0);
	result(top_worst(&rows)->key == 5, "the worst is for which most waited");
	top_count_waiters(&pair.now, &objects, &threads);
	result(objects == 1 && threads == 1, "who waits is counted");
	top_trouble(&rows.rows[0], text, sizeof(text));
	result(!strncmp(text, "someone has had it for 1.40 s; 1 waits", 38), "and told");
	top_rows_free(&rows);
	free_pair(&pair);
	pair = make_pair();
	add_object(&pair.before, 5, KGIL_TYPE_LOCK);
	add_object(&pair.now, 5, KGIL_TYPE_LOCK);
	rows = rows_of(&pair, 0);
	result(!top_worst(&rows), "nobody waits: none is the worst");
	top_rows_free(&rows);
	free_pair(&pair);
}

/* --- the tables --------------------------------------------------------------- */

/* Rows with the longest that can stand in them. */
static struct top_rows great_rows(struct net_object *object, struct net_thread *thread)
{
	struct top_rows rows = { calloc(2, sizeof(*rows.rows)), 2 };
	unsigned int i;

	memset(object, 0xff, sizeof(*object));
	memset(thread, 0xff, sizeof(*thread));
	memset(object->name, 'n', sizeof(object->name));
	memset(object->owner_comm, 'o', sizeof(object->owner_comm));
	memset(thread->comm, 't', sizeof(thread->comm));
	object->name[sizeof(object->name) - 1] = '\0';
	object->owner_comm[16] = '\0';
	thread->comm[16] = '\0';
	for (i = 0; i < 2; i++)
		rows.rows[i] = (struct top_row){
			.key = i,
			.object = object,
			.thread = thread,
			.acquired = 1e12,
			.contended = 1e12,
			.held = { 1, TOP_AT_LEAST },
			.waiting = { 1000000, TOP_EXACT },
			.waits = 1,
			.wait_p50 = UINT64_MAX,
			.longest = UINT64_MAX,
			.since = UINT64_MAX,
		};
	return rows;
}

static unsigned int letters(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* Does all of it fit, and is the first column, and the bar only as the last one? */
static bool fits(const struct top_table *table, unsigned int width, const struct top_rows *rows)
{
	char cell[TOP_CELL];
	struct top_layout layout;
	unsigned int used = 0, i;

	top_layout(&layout, table, width, rows);
	for (i = 0; i < layout.n; i++) {
		used += layout.width[i] + (i > 0);
		if (layout.column[i] == table->bar) {
			if (i + 1 < layout.n)
				return false;
			continue;
		}
		top_cell(&layout, i, rows->rows, cell, sizeof(cell));
		if (letters(cell) != layout.width[i])
			return false;
		top_head(&layout, i, cell, sizeof(cell));
		if (letters(cell) != layout.width[i])
			return false;
	}
	return layout.n && used <= width;
}

static void test_layout(void)
{
	struct net_object object;
	struct net_thread thread;
	struct top_rows rows = great_rows(&object, &thread), none = { NULL, 0 };
	unsigned int width, bad = 0, held, waiting;
	struct top_layout layout;

	for (width = 1; width <= 300; width++)
		bad += !fits(&top_objects, width, &rows) || !fits(&top_threads, width, &rows);
	result(!bad, "nothing is wider than the terminal, whatever stands in it");
	top_layout(&layout, &top_objects, 0, &none);
	result(layout.n == 1, "one column is always there");
	top_layout(&layout, &top_objects, 80, &none);
	result(layout.column[layout.n - 1] == top_objects.bar, "80 columns have a bar");
	rows.rows[0].held.value = 0.5;
	rows.rows[0].waiting.value = 0.5;
	top_bar(&rows.rows[0], 11, &held, &waiting);
	result(held + waiting == 11, "the bar has no gap");
	free(rows.rows);
}

static void test_sort(void)
{
	struct net_object objects[3] = { { .id = 3 }, { .id = 1 }, { .id = 2 } };
	struct top_row row[3] = {
		{ .key = 3, .object = &objects[0], .waiting = { 2, TOP_EXACT } },
		{ .key = 1, .object = &objects[1], .waiting = { 0, TOP_EXACT } },
		{ .key = 2, .object = &objects[2], .waiting = { 0, TOP_EXACT } },
	};
	struct top_rows rows = { row, 3 };

	strcpy(objects[2].owner_comm, "Worker");
	top_sort(&rows, &top_objects, top_objects.sort, false);
	result(row[0].key == 3 && row[1].key == 1 && row[2].key == 2,
	       "most waiting first, then by number");
	top_sort(&rows, &top_objects, top_objects.sort, true);
	result(row[0].key == 1 && row[1].key == 2 && row[2].key == 3, "reverse");
	top_sort(&rows, &top_objects, 0, false);
	result(row[0].key == 1 && row[2].key == 3, "by number");
	top_filter(&rows, "work");
	result(rows.n == 1 && row[0].key == 2, "only what has a text, in any case");
	top_filter(&rows, "x");
	result(!rows.n, "or nothing");
}

int main(void)
{
	test_rates();
	test_present();
	test_threads();
	test_unknown();
	test_worst();
	test_layout();
	test_sort();
	printf("1..%u\n", count);
	return failed > 0;
}
