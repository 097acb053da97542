/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kgil demo: the story in parts, a file each.  A part measures, prints what it
 * saw, and makes claims; a claim is checked against what this run measured.
 */
#ifndef KGIL_CMD_DEMO_H
#define KGIL_CMD_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>
#include <kgil.h>

#include "path.h"

#define DEMO_OBJECTS_MAX 32

/**
 * struct demo_object - an object that the demo made, open until its end
 * @name: what it was made for
 * @path: its descriptor, and how it is taken
 * @acquired: acquires by the demo, by its own count
 */
struct demo_object {
	const char *name;
	struct path path;
	uint64_t acquired;
};

/**
 * struct demo - a run of the demo
 * @part: number of the part that runs, from 1
 * @path: how all locks are taken
 * @cpus: processors that this process may run on
 * @result: JSON of the part that runs
 * @claims: JSON of the claims made
 * @not_claimed: JSON of the claims that can't be made on this machine
 * @broken: claims of the part that runs that were not borne out
 * @borne_out: claims of all parts that were
 * @not_borne_out: claims of all parts that were not
 * @objects: what was created
 * @n_objects: how many of them
 */
struct demo {
	unsigned int part;
	enum path_kind path;
	unsigned int cpus;
	struct json_object *result;
	struct json_object *claims;
	struct json_object *not_claimed;
	unsigned int broken;
	unsigned int borne_out;
	unsigned int not_borne_out;
	struct demo_object objects[DEMO_OBJECTS_MAX];
	unsigned int n_objects;
};

/**
 * struct demo_part - a part of the story
 * @title: its heading
 * @expect: what to expect, in one sentence
 * @run: measures, shows the result, makes claims, says what it means
 */
struct demo_part {
	const char *title;
	const char *expect;
	void (*run)(struct demo *demo);
};

extern const struct demo_part demo_race;
extern const struct demo_part demo_lock;
extern const struct demo_part demo_cpu;
extern const struct demo_part demo_io;
extern const struct demo_part demo_convoy;
extern const struct demo_part demo_proc;

/* demo_claim.c: what is claimed, and what it all means. */
enum demo_relation {
	DEMO_EXACTLY,
	DEMO_AT_MOST,
	DEMO_AT_LEAST,
};

/*
 * Claim that @measured is @relation @bound.  @id names the claim for programs,
 * @text for people.  Returns whether it holds.
 */
bool demo_claim(struct demo *demo, const char *id, const char *text, double measured,
		enum demo_relation relation, double bound);
/* A claim that can't be made on this machine, and why. */
void demo_no_claim(struct demo *demo, const char *text, const char *why);
/*
 * What the result means, in one sentence; a claim of this part that was not
 * borne out is printed instead.
 */
void demo_means(struct demo *demo, const char *text);
/* All claims as a table, and how many hold. */
void demo_summary(const struct demo *demo);

/* demo_env.c: one line on the machine; adds "environment" to @json. */
void demo_environment(struct demo *demo, struct json_object *json);

/* demo_object.c: calls that end the demo with one line if they fail. */

/* Returns @ret, unless it is negative. */
int demo_check(int ret, const char *what);
/* Likewise of a call that opens /dev/kgil, which may not be there. */
int demo_check_device(int ret, const char *what);
/* Creates an object for part of the demo; it stays open.  Both return it. */
struct demo_object *demo_new_lock(struct demo *demo, const char *name);
struct demo_object *demo_new_gil(struct demo *demo, const char *name);
/* Take it and give it back, whatever signals come. */
void demo_acquire(struct demo_object *object);
void demo_release(struct demo_object *object);
/* Between two instructions of an interpreter: yield the gil if asked to drop it. */
void demo_drop_if_asked(struct demo_object *gil);
/* Counts @n acquires of @object; from any thread. */
void demo_count(struct demo_object *object, uint64_t n);

/*
 * demo_pin.c: keep the calling thread on one of the processors that there are,
 * counted from 0 and again from 0; or on the others, if there are any.
 */
void demo_pin_to(unsigned int nth);
void demo_pin_away_from(unsigned int nth);

/* demo_peer.c: a process at the other end of a socket or of two pipes. */
enum demo_peer_kind {
	DEMO_SOCKET,
	DEMO_PIPE,
};

struct demo_peer {
	int in;
	int out;
	int pid;
};

/* The processor on which peers run. */
#define DEMO_PEER_CPU 0

/* Start a process that answers each byte with a byte, after @delay_ms. */
void demo_peer_start(struct demo_peer *peer, enum demo_peer_kind kind, int delay_ms);
/* Ask it: write(2), and read(2), which blocks until the answer is there. */
void demo_peer_ask(const struct demo_peer *peer);
void demo_peer_stop(struct demo_peer *peer);

struct trace;

/* demo_timeline.c: the start of the names of pictures. */
extern const char *demo_pictures;
/*
 * Record @run(@arg), and draw who had @gil meanwhile into a file whose name ends in
 * @name; @run tells the names of threads to the trace.  Says where it is, or why there is
 * none; returns whether there is.
 */
bool demo_picture(struct demo *demo, const struct demo_object *gil, const char *name,
		  void (*run)(struct trace *trace, void *arg), void *arg);

/* JSON: a new row of the array @name of the part's result. */
struct json_object *demo_row(struct demo *demo, const char *name);
void demo_put_int(struct json_object *row, const char *key, int64_t value);
void demo_put_double(struct json_object *row, const char *key, double value);
void demo_put_bool(struct json_object *row, const char *key, bool value);
void demo_put_text(struct json_object *row, const char *key, const char *value);

#endif /* KGIL_CMD_DEMO_H */
