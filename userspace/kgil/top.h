/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil top: two samples make the rows of a table; one table is of objects, the other of
 * the threads of one object.
 */
#ifndef KGIL_CMD_TOP_H
#define KGIL_CMD_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "net.h"
#include "net_thread.h"

#define TOP_DELAY_MIN OPT_MS * 100
#define TOP_DELAY_MAX OPT_SEC * 3600

/**
 * struct top_sample - all objects and threads at one time
 * @at: when the objects were read, ns of CLOCK_MONOTONIC; 0: there is no sample
 * @threads_at: when the threads were
 * @objects: by id
 * @n_objects: how many
 * @threads: by object and thread
 * @n_threads: how many
 * @held_since: for each object, when the hold that goes on began; 0: there is none, or
 *	that is unknown
 */
struct top_sample {
	uint64_t at;
	uint64_t threads_at;
	struct net_object *objects;
	unsigned int n_objects;
	struct net_thread *threads;
	unsigned int n_threads;
	uint64_t *held_since;
};

/* Read one; of @object alone if that is not 0.  Returns an exit status. */
int top_sample_take(struct net_client *client, uint64_t object, struct top_sample *sample,
		    const struct top_sample *before);
void top_sample_free(struct top_sample *sample);
/* Put what is read in order, and find @held_since; @before: may be empty. */
void top_sample_finish(struct top_sample *sample, const struct top_sample *before);
/* NULL: it is not there. */
const struct net_object *top_sample_object(const struct top_sample *sample, uint64_t id);
/* Those of @object, @n of them. */
const struct net_thread *top_sample_threads(const struct top_sample *sample, uint64_t object,
					    unsigned int *n);
/* The thread that owns @object; NULL: nobody does, or it isn't known. */
const struct net_thread *top_sample_owner(const struct top_sample *sample, uint64_t object);

enum top_known {
	TOP_UNKNOWN,
	TOP_AT_LEAST,
	TOP_EXACT,
};

/* A part of the time between two samples, 0.0 to 1.0, or of more threads than one. */
struct top_share {
	double value;
	enum top_known known;
};

/**
 * struct top_row - an object, or a thread and its object, over the last refresh
 * @key: number of the object, or of the thread
 * @object: as it is now
 * @thread: likewise; NULL in the table of objects
 * @owner: of an object: the thread that owns it now, if that is known
 * @acquired: acquisitions a second; negative: unknown
 * @contended: contentions a second; negative: unknown
 * @held: how long the object was held, or the thread held it
 * @waiting: how many threads waited, on average; or how long the thread did
 * @idle: of a thread: the rest
 * @waits: how many waits ended
 * @wait_p50: half of these took at most so long, ns
 * @wait_p99: likewise
 * @longest: the longest wait that goes on, ns; 0: nobody waits
 * @since: how long the hold or wait has gone on, ns; 0: it doesn't, or that is unknown
 * @asleep: who has it sleeps, and others wait
 */
struct top_row {
	uint64_t key;
	const struct net_object *object;
	const struct net_thread *thread;
	const struct net_thread *owner;
	double acquired;
	double contended;
	struct top_share held;
	struct top_share waiting;
	struct top_share idle;
	uint64_t waits;
	uint64_t wait_p50;
	uint64_t wait_p99;
	uint64_t longest;
	uint64_t since;
	bool asleep;
};

struct top_rows {
	struct top_row *rows;
	unsigned int n;
};

/*
 * All objects, or, if @object is not 0, all threads of that one.  They point into @now.
 * Without a sample before, what a second holds is unknown.
 */
struct top_rows top_rows_make(const struct top_sample *before, const struct top_sample *now,
			      uint64_t object);
void top_rows_free(struct top_rows *rows);

/* Find @asleep of each row. */
void top_find_sleepers(struct top_rows *rows);

/* The object for which most threads waited; NULL: nobody waits for any. */
const struct top_row *top_worst(const struct top_rows *objects);

/* Threads that wait, and objects they wait for. */
void top_count_waiters(const struct top_sample *sample, unsigned int *objects,
		       unsigned int *threads);

/* "12 gil", with the name if there is one, in quotation marks. */
void top_object_name(const struct net_object *object, char *text, size_t size);
/* Who has it, for how long, and who waits. */
void top_trouble(const struct top_row *row, char *text, size_t size);
/* Of the object whose threads are shown: its settings. */
void top_object_line(const struct top_row *row, char *text, size_t size);
/* How many there are and wait. */
void top_counts(const struct top_sample *sample, char *text, size_t size);

/* Does the row have @filter, in any case, in its number, type, name or thread? */
bool top_matches(const struct top_row *row, const char *filter);

/* Leave only the rows that match. */
void top_filter(struct top_rows *rows, const char *filter);

#endif /* KGIL_CMD_TOP_H */
