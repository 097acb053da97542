// SPDX-License-Identifier: GPL-2.0
/*
 * The picture of an object in Chrome's trace format, which Perfetto opens: the
 * object is the process, its lanes are the threads.
 */
#include <stdbool.h>

#include <json-c/json.h>

#include "lanes.h"
#include "lanes_out.h"
#include "out.h"

static struct json_object *new_event(const struct lanes *lanes, struct json_object *events,
				     const char *phase, const char *name, int tid)
{
	struct json_object *event = json_object_new_object();

	json_object_object_add(event, "ph", json_object_new_string(phase));
	json_object_object_add(event, "name", json_object_new_string(name));
	json_object_object_add(event, "pid", json_object_new_int64(lanes->id));
	json_object_object_add(event, "tid", json_object_new_int(tid));
	json_object_array_add(events, event);
	return event;
}

/* The format's unit is the microsecond. */
static void add_us(struct json_object *event, const char *name, uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%03llu", (unsigned long long)ns / 1000,
		 (unsigned long long)ns % 1000);
	json_object_object_add(event, name, json_object_new_double_s(ns / 1000.0, text));
}

static void add_name(const struct lanes *lanes, struct json_object *events, const char *what,
		     int tid, const char *name)
{
	struct json_object *event = new_event(lanes, events, "M", what, tid);
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, "name", json_object_new_string(name));
	json_object_object_add(event, "args", args);
}

static void add_spans(const struct lanes *lanes, struct json_object *events,
		      const struct lane *lane)
{
	struct json_object *event;
	size_t i;

	for (i = 0; i < lane->n; i++) {
		const struct lane_span *span = &lane->spans[i];

		event = new_event(lanes, events, "X", lanes_state(lanes, span->state), lane->tid);
		json_object_object_add(event, "cat", json_object_new_string("kgil"));
		add_us(event, "ts", span->from - lanes->from);
		add_us(event, "dur", span->to - span->from);
	}
}

/* Whether @lane does something at @ns. */
static bool is_busy(const struct lane *lane, uint64_t ns)
{
	size_t low = 0, high = lane->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (lane->spans[middle].to <= ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < lane->n && lane->spans[low].from <= ns;
}

/*
 * An arrow from one lane to another.  Readers hang its ends on what happens then, of
 * which the end is no part any more.
 */
static void add_arrow(const struct lanes *lanes, struct json_object *events,
		      const struct lane_mark *mark, size_t number)
{
	static const char *const phases[] = { "s", "f" };
	const uint64_t times[] = { mark->released - 1, mark->ns };
	struct json_object *event;
	int i;

	if (!is_busy(&lanes->lane[mark->from], times[0]) ||
	    !is_busy(&lanes->lane[mark->to], times[1]))
		return;
	for (i = 0; i < 2; i++) {
		event = new_event(lanes, events, phases[i], "handed over",
				  lanes->lane[i ? mark->to : mark->from].tid);
		json_object_object_add(event, "cat", json_object_new_string("kgil"));
		json_object_object_add(event, "id", json_object_new_int64(number));
		add_us(event, "ts", times[i] - lanes->from);
		if (i)
			json_object_object_add(event, "bp", json_object_new_string("e"));
	}
}

static void add_marks(const struct lanes *lanes, struct json_object *events)
{
	struct json_object *event;
	size_t i;

	for (i = 0; i < lanes->marks_n; i++) {
		const struct lane_mark *mark = &lanes->marks[i];

		if (mark->to >= 0) {
			add_arrow(lanes, events, mark, i + 1);
			continue;
		}
		event = new_event(lanes, events, "i", "asked to drop it",
				  lanes->lane[mark->from].tid);
		json_object_object_add(event, "cat", json_object_new_string("kgil"));
		json_object_object_add(event, "s", json_object_new_string("t"));
		add_us(event, "ts", mark->ns - lanes->from);
	}
}

static void add_queue(const struct lanes *lanes, struct json_object *events)
{
	struct json_object *event, *args;
	size_t i;

	for (i = 0; i < lanes->queue_n; i++) {
		event = new_event(lanes, events, "C", "waiting", 0);
		add_us(event, "ts", lanes->queue[i].ns - lanes->from);
		args = json_object_new_object();
		json_object_object_add(args, "threads",
				       json_object_new_int(lanes->queue[i].waiting));
		json_object_object_add(event, "args", args);
	}
}

struct json_object *lanes_json(const struct lanes *lanes)
{
	struct json_object *json = json_object_new_object(), *events = json_object_new_array();
	struct json_object *other = json_object_new_object();
	unsigned int i;

	add_name(lanes, events, "process_name", 0, lanes_title(lanes));
	for (i = 0; i < lanes->n; i++) {
		add_name(lanes, events, "thread_name", lanes->lane[i].tid, lanes->lane[i].name);
		add_spans(lanes, events, &lanes->lane[i]);
	}
	add_marks(lanes, events);
	add_queue(lanes, events);
	json_object_object_add(json, "traceEvents", events);
	json_object_object_add(json, "displayTimeUnit", json_object_new_string("ns"));
	out_json_number(other, "lost_events", lanes->lost);
	json_object_object_add(json, "otherData", other);
	return json;
}
