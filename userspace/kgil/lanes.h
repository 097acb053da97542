/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each thread did with one object, made from events: a lane for each.
 */
#ifndef KGIL_CMD_LANES_H
#define KGIL_CMD_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace;

/**
 * enum lane_state - what a thread does
 * @LANE_OUTSIDE: something else
 * @LANE_RUNNING: has the object, and a processor
 * @LANE_WAITING: waits for it
 * @LANE_WAKING: was given it, and has not run since
 * @LANE_PREEMPTED: has it, and waits for a processor
 * @LANE_BLOCKED: has it, and sleeps
 */
enum lane_state {
	LANE_OUTSIDE,
	LANE_RUNNING,
	LANE_WAITING,
	LANE_WAKING,
	LANE_PREEMPTED,
	LANE_BLOCKED,
};

#define LANE_STATES 6

extern const char *const lane_state_names[LANE_STATES];

struct lane_span {
	uint64_t from;
	uint64_t to;
	enum lane_state state;
};

/**
 * struct lane - a thread
 * @tid: its id in the first pid namespace
 * @name: what it was called last
 * @spans: what it did, but for LANE_OUTSIDE, in order
 * @total: of each state
 * @acquired: how often it got the object, as far as the kernel saw
 * @waits: how often it waited
 * @longest_wait: of these
 * @asked: how often it was asked to drop it
 * @convoy: it wants it for a moment, and waits each time for those who want it for long
 */
struct lane {
	int tid;
	char name[24];
	struct lane_span *spans;
	size_t n;
	uint64_t total[LANE_STATES];
	uint64_t acquired;
	uint64_t waits;
	uint64_t longest_wait;
	uint64_t asked;
	bool convoy;

	/* While it is made: */
	bool holds;
	bool waits_now;
	bool returning;
	bool fresh;
	bool off_cpu;
	bool slept;
	uint64_t since;
	uint64_t waits_since;
	enum lane_state state;
};

/* A drop request, or a hand-over from one lane, which had it until @released, to another. */
struct lane_mark {
	uint64_t ns;
	uint64_t released;
	int from; /* lane; -1: nobody that is known */
	int to;	  /* -1: a drop request of @from */
};

/* From @ns on, so many wait. */
struct lane_queue {
	uint64_t ns;
	unsigned int waiting;
};

/**
 * struct lanes - a picture of one object
 * @id: the object's; @type and @policy: of uapi, 0: not known
 * @from: when it begins, ns; @to: when it ends
 * @lane: those that had to do with it, most first
 * @others: how many other objects there were
 * @lost: events
 * @convoy: how many lanes are in one
 * @no_switches: what the scheduler did was not recorded: who has it counts as running
 */
struct lanes {
	uint64_t id;
	unsigned int type;
	unsigned int policy;
	uint64_t from;
	uint64_t to;
	struct lane *lane;
	unsigned int n;
	struct lane_mark *marks;
	size_t marks_n;
	struct lane_queue *queue;
	size_t queue_n;
	unsigned int most_waiting;
	unsigned int others;
	uint64_t lost;
	unsigned int convoy;
	bool no_switches;
};

/**
 * lanes_make() - make the picture of one object
 * @lanes: written
 * @trace: the events
 * @id: of the object; 0: that with most events
 * @pid: only objects that this thread, or one that descends from it, used; 0: any
 *
 * Returns false if there is no event of it.
 */
bool lanes_make(struct lanes *lanes, const struct trace *trace, uint64_t id, int pid);
void lanes_free(struct lanes *lanes);

#endif /* KGIL_CMD_LANES_H */
