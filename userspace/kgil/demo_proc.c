// SPDX-License-Identifier: GPL-2.0
/* Part 6: what /proc/kgil says of the objects that the demo has used. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "err.h"
#include "out.h"
#include "work.h"

#define STAT "/proc/kgil/stat"
#define OBJECTS "/proc/kgil/objects"

/* What both files are for version 1: the last word of the first line. */
#define VERSION "1"

#define COLUMNS_MAX 64
#define LINE_SIZE 1024

/* Without other parts there is nothing to see: two threads, so many acquires. */
#define OWN_THREADS 2
#define OWN_ACQUIRES 500

/* The lines of STAT that are shown. */
static const char *const shown[] = {
	"objects", "acquisitions", "contentions", "switches", "yields", "drop_requests"
};

#define N_SHOWN (sizeof(shown) / sizeof(shown[0]))

/**
 * struct seen - a row of OBJECTS
 * @type: gil or lock
 * @acquisitions: how often it was acquired
 * @yields: how many of these were the end of a yield
 * @contentions: how many had to wait
 * @wait_ns: how long, together
 * @by_word: acquisitions without a call, as the object's page says
 */
struct seen {
	char type[16];
	uint64_t acquisitions;
	uint64_t yields;
	uint64_t contentions;
	uint64_t wait_ns;
	uint64_t by_word;
};

static FILE *open_proc(const char *path)
{
	char line[LINE_SIZE], *version;
	FILE *file = fopen(path, "re");

	if (!file)
		exit(err_failed("%s: %s", path, strerror(errno)));
	version = fgets(line, sizeof(line), file) ? strrchr(line, ' ') : NULL;
	if (!version || strncmp(version + 1, VERSION, strlen(VERSION)))
		exit(err_failed("%s: the first line does not end in version " VERSION, path));
	return file;
}

/* Split @line into words; returns how many. */
static unsigned int split(char *line, char **words)
{
	unsigned int n = 0;
	char *rest, *word;

	for (word = strtok_r(line, " \n", &rest); word && n < COLUMNS_MAX;
	     word = strtok_r(NULL, " \n", &rest))
		words[n++] = word;
	return n;
}

/* Where the column @name is; the names are in the second line. */
static unsigned int column(char **names, unsigned int n, const char *name)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	exit(err_failed("%s: there is no column %s", OBJECTS, name));
}

/* Find the row of the object @id; false: there is none. */
static bool find_row(uint64_t id, struct seen *seen)
{
	char head[LINE_SIZE], line[LINE_SIZE];
	char *names[COLUMNS_MAX], *words[COLUMNS_MAX];
	FILE *file = open_proc(OBJECTS);
	unsigned int n = 0;
	bool found = false;

	if (fgets(head, sizeof(head), file))
		n = split(head, names);
	while (!found && fgets(line, sizeof(line), file)) {
		if (split(line, words) < n)
			continue;
		found = strtoull(words[column(names, n, "id")], NULL, 10) == id;
	}
	fclose(file);
	if (!found)
		return false;
	snprintf(seen->type, sizeof(seen->type), "%s", words[column(names, n, "type")]);
	seen->acquisitions = strtoull(words[column(names, n, "acquisitions")], NULL, 10);
	seen->yields = strtoull(words[column(names, n, "yields")], NULL, 10);
	seen->contentions = strtoull(words[column(names, n, "contentions")], NULL, 10);
	seen->wait_ns = strtoull(words[column(names, n, "wait_total_ns")], NULL, 10);
	return true;
}

static uint64_t id_of(const struct demo_object *object)
{
	struct kgil_state state;

	demo_check(kgil_state(object->path.fd, &state), "read an object's state");
	return state.id;
}

static uint64_t by_word(const struct demo_object *object)
{
	const struct kgil_page *page = kgil_map(object->path.fd);
	uint64_t acquisitions;

	demo_check(page ? 0 : -1, "map an object");
	acquisitions = __atomic_load_n(&page->acquisitions, __ATOMIC_RELAXED);
	kgil_unmap(page);
	return acquisitions;
}

static void put_row(struct demo *demo, struct out_table *table, const struct demo_object *object,
		    uint64_t id, const struct seen *seen)
{
	struct json_object *row = demo_row(demo, "objects");

	demo_put_int(row, "id", id);
	demo_put_text(row, "name", object->name);
	demo_put_text(row, "type", seen->type);
	demo_put_int(row, "counted_count", object->acquired);
	demo_put_int(row, "acquisitions_count", seen->acquisitions);
	demo_put_int(row, "by_word_count", seen->by_word);
	demo_put_int(row, "yields_count", seen->yields);
	demo_put_int(row, "contentions_count", seen->contentions);
	demo_put_int(row, "wait_total_ns", seen->wait_ns);
	out_table_cell(table, "%llu", (unsigned long long)id);
	out_table_cell(table, "%s", object->name);
	out_table_cell(table, "%s", out_count(object->acquired).s);
	out_table_cell(table, "%s", out_count(seen->yields).s);
	out_table_cell(table, "%s", out_count(seen->acquisitions).s);
	out_table_cell(table, "%s", out_count(seen->contentions).s);
	out_table_cell(table, "%s", out_time(seen->wait_ns).s);
}

/**
 * struct sums - of all objects of the demo
 * @good: objects that agree with what the demo has counted
 * @acquisitions: how often they were acquired
 * @by_word: how many of these were without a call
 */
struct sums {
	unsigned int good;
	uint64_t acquisitions;
	uint64_t by_word;
};

static void show_objects(struct demo *demo, struct sums *sums)
{
	static const struct out_column columns[] = {
		{ "id", OUT_RIGHT },
		{ "object", OUT_LEFT },
		{ "counted", OUT_RIGHT },
		{ "+ yields", OUT_RIGHT },
		{ "acquisitions", OUT_RIGHT },
		{ "waits", OUT_RIGHT },
		{ "waited", OUT_RIGHT },
	};
	struct out_table *table = out_table_new(columns, 7);
	const struct demo_object *object;
	struct seen seen = { 0 };
	unsigned int i;
	uint64_t id;

	for (i = 0; i < demo->n_objects; i++) {
		object = &demo->objects[i];
		id = id_of(object);
		if (!find_row(id, &seen))
			continue;
		seen.by_word = by_word(object);
		put_row(demo, table, object, id, &seen);
		sums->good += seen.acquisitions == object->acquired + seen.yields;
		sums->acquisitions += seen.acquisitions;
		sums->by_word += seen.by_word;
	}
	if (out_json)
		out_table_free(table);
	else
		out_table_print(table);
}

/* The lines of STAT; returns its "acquisitions". */
static uint64_t show_stat(struct demo *demo)
{
	struct json_object *json = json_object_new_object();
	char line[LINE_SIZE], *words[COLUMNS_MAX];
	FILE *file = open_proc(STAT);
	uint64_t value, acquisitions = 0;
	unsigned int i;

	json_object_object_add(demo->result, "stat", json);
	while (fgets(line, sizeof(line), file)) {
		if (split(line, words) != 2)
			continue;
		value = strtoull(words[1], NULL, 10);
		if (!strcmp(words[0], "acquisitions"))
			acquisitions = value;
		for (i = 0; i < N_SHOWN && strcmp(words[0], shown[i]); i++)
			;
		if (i == N_SHOWN)
			continue;
		demo_put_int(json, words[0], value);
		if (!out_json)
			printf("  %s %s\n", words[0], words[1]);
	}
	fclose(file);
	return acquisitions;
}

static void acquire_often(unsigned int index, void *arg)
{
	struct demo_object *lock = arg;
	unsigned int i;

	(void)index;
	for (i = 0; i < OWN_ACQUIRES; i++) {
		demo_acquire(lock);
		demo_release(lock);
	}
	demo_count(lock, OWN_ACQUIRES);
}

/* When this part runs alone: something to see. */
static void use_a_lock(struct demo *demo)
{
	struct demo_object *lock = demo_new_lock(demo, "part 6, lock");
	struct work_team *team = work_team_new(OWN_THREADS, acquire_often, lock);

	if (!team)
		exit(err_failed("create a thread: %s", strerror(errno)));
	work_team_go(team);
	work_team_join(team);
}

/* That the path is the one that was asked for. */
static void claim_path(struct demo *demo, uint64_t without_call)
{
	if (demo->path == PATH_WORD)
		demo_claim(demo, "proc-path", "path word: acquired without a call", without_call,
			   DEMO_AT_LEAST, 1);
	else
		demo_claim(demo, "proc-path", "path ioctl: acquired without a call", without_call,
			   DEMO_EXACTLY, 0);
}

static void run_proc(struct demo *demo)
{
	struct sums ours = { 0 };
	uint64_t total;

	if (!demo->n_objects)
		use_a_lock(demo);
	if (!out_json)
		printf("  from " OBJECTS ":\n\n");
	show_objects(demo, &ours);
	if (!out_json)
		printf("\n  from " STAT ":\n\n");
	total = show_stat(demo);
	demo_claim(demo, "proc-objects", "/proc: objects that agree with the demo", ours.good,
		   DEMO_EXACTLY, demo->n_objects);
	demo_claim(demo, "proc-total", "/proc: acquisitions missing in the total",
		   ours.acquisitions > total ? ours.acquisitions - total : 0, DEMO_EXACTLY, 0);
	claim_path(demo, ours.by_word);
	demo_means(demo, "The kernel knows of every acquire, by calls and by words, and agrees "
			 "with the demo to the last one: counted here, plus what came back by a "
			 "yield, is acquisitions. The totals also hold what was closed before.");
}

const struct demo_part demo_proc = {
	.title = "what /proc/kgil says",
	.expect = "The objects of the demo are still open: expect the kernel to have counted as "
		  "many acquisitions as the demo did.",
	.run = run_proc,
};
