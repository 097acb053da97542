// SPDX-License-Identifier: GPL-2.0
/* /proc/kgil/threads: who does what with which object, and whose records go. */
#include <pthread.h>
#include <sys/resource.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define PROC_THREADS "/proc/kgil/threads"
#define PIECE	     4096
#define COLUMNS_MAX  64

/* A row, its fields in the order of the columns. */
struct row {
	char *text; /* of the whole file; to be freed */
	char *names[COLUMNS_MAX];
	char *fields[COLUMNS_MAX];
	int columns;
	int rows; /* of the object */
};

static int split(char *line, char **fields)
{
	char *field, *rest;
	int n = 0;

	for (field = strtok_r(line, " ", &rest); field; field = strtok_r(NULL, " ", &rest)) {
		CHECK(n < COLUMNS_MAX);
		fields[n++] = field;
	}
	return n;
}

static const char *field_of(const struct row *row, const char *name)
{
	int i;

	for (i = 0; i < row->columns; i++)
		if (strcmp(row->names[i], name) == 0)
			return row->fields[i];
	FATAL("%s has no column %s", PROC_THREADS, name);
}

/* The row of thread @tid, 0: of any, and object @id; rows is 0 if there is none. */
static struct row read_row(__u64 id, pid_t tid, size_t piece)
{
	struct row row = { .text = read_file(PROC_THREADS, piece) };
	char *found[COLUMNS_MAX] = {};
	char *line, *rest;

	line = strtok_r(row.text, "\n", &rest);
	CHECK(line && strcmp(line, "kgil threads 1") == 0);
	line = strtok_r(NULL, "\n", &rest);
	CHECK(line);
	row.columns = split(line, row.names);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		CHECK(split(line, row.fields) == row.columns);
		if (strtoull(field_of(&row, "object"), NULL, 10) != id ||
		    (tid && atoi(field_of(&row, "tid")) != tid))
			continue;
		row.rows++;
		memcpy(found, row.fields, sizeof(found));
	}
	memcpy(row.fields, found, sizeof(found));
	return row;
}

static int rows(int fd, pid_t tid)
{
	struct row row = read_row(state_of(fd).id, tid, PIECE);

	free(row.text);
	return row.rows;
}

static bool is_in_state(int fd, pid_t tid, const char *state)
{
	struct row row = read_row(state_of(fd).id, tid, PIECE);
	bool is = row.rows == 1 && strcmp(field_of(&row, "state"), state) == 0;

	free(row.text);
	return is;
}

TYPE_FIXTURE(each);
UNOWNED_VARIANTS(each);
OWNED_VARIANTS(each);

/* Of a sem nobody knows who has its unit; of a lock, who took it by a call. */
KGIL_TEST(each, owner_and_waiter)
{
	struct worker *owner = start_thread(self->fd), *waiter = start_process(self->fd);
	bool owned = variant->type == KGIL_TYPE_GIL || variant->type == KGIL_TYPE_RLOCK;
	struct row row;

	EXPECT_EQ(0, rows(self->fd, 0));
	ASSERT_EQ(0, call(owner, op_acquire, 0));
	ASSERT_TRUE(post_waits(waiter, op_acquire, 0));
	EXPECT_EQ(variant->type != KGIL_TYPE_SEM, rows(self->fd, owner->tid));
	EXPECT_EQ(variant->type != KGIL_TYPE_SEM, is_in_state(self->fd, owner->tid, "owner"));

	row = read_row(state_of(self->fd).id, waiter->tid, PIECE);
	ASSERT_EQ(1, row.rows);
	EXPECT_STREQ("waiter", field_of(&row, "state"));
	EXPECT_EQ(waiter->pid, atoi(field_of(&row, "pid")));
	EXPECT_STREQ("-", field_of(&row, "held_ns"));
	EXPECT_EQ(!owned, strcmp("-", field_of(&row, "thread")) == 0);
	EXPECT_EQ(!owned, strcmp("-", field_of(&row, "acquisitions")) == 0);
	if (owned) {
		EXPECT_STREQ("0", field_of(&row, "acquisitions"));
		EXPECT_STREQ("1", field_of(&row, "contentions"));
		EXPECT_LT(0, strtoll(field_of(&row, "waiting_ns"), NULL, 10));
	}
	free(row.text);

	ASSERT_EQ(0, call(owner, op_release, 0));
	ASSERT_EQ(0, result(waiter));
	EXPECT_EQ(owned, rows(self->fd, owner->tid));
	EXPECT_EQ(owned, is_in_state(self->fd, owner->tid, "idle"));
	ASSERT_EQ(0, call(waiter, op_release, 0));
}

TYPE_FIXTURE(owned);
OWNED_VARIANTS(owned);

#define OBJECTS 5
#define THREADS 6

/* A reader that reads little at a time sees each row once. */
KGIL_TEST(owned, small_pieces)
{
	struct worker *set[OBJECTS][THREADS];
	int fds[OBJECTS], i, j;

	for (i = 0; i < OBJECTS; i++) {
		fds[i] = new_object(variant->type);
		for (j = 0; j < THREADS; j++) {
			set[i][j] = start_thread(fds[i]);
			ASSERT_EQ(0, call(set[i][j], op_acquire, 0));
			ASSERT_EQ(0, call(set[i][j], op_release, 0));
		}
	}
	for (i = 0; i < OBJECTS; i++) {
		for (j = 0; j < THREADS; j++) {
			struct row row = read_row(state_of(fds[i]).id, set[i][j]->tid, 7);

			EXPECT_EQ(1, row.rows);
			EXPECT_STREQ("1", field_of(&row, "acquisitions"));
			free(row.text);
		}
		EXPECT_EQ(THREADS, rows(fds[i], 0));
	}
	end_workers();
	for (i = 0; i < OBJECTS; i++)
		close(fds[i]);
}

/* More than a thread with FEW descriptors is remembered on. */
#define FEW  16
#define MANY (3 * FEW)

static int many[MANY];

/* The limit counts when a thread is first known. */
static void acquire_with_few(int fd)
{
	struct rlimit before, few;

	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	few = (struct rlimit){ FEW, before.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(acquire(fd) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

/* The first stays owned; the others are used once, one after the other. */
static void *use_many(void *unused)
{
	pid_t tid = gettid();
	int i;

	acquire_with_few(many[0]);
	for (i = 1; i < MANY; i++) {
		CHECK(acquire(many[i]) == 0);
		CHECK(release(many[i]) == 0);
	}
	CHECK(is_in_state(many[0], tid, "owner"));
	/* Forgotten, and known again by the next use. */
	CHECK(rows(many[1], tid) == 0);
	CHECK(rows(many[MANY - 1], tid) == 1);
	CHECK(acquire(many[1]) == 0);
	CHECK(is_in_state(many[1], tid, "owner"));
	CHECK(release(many[1]) == 0);
	CHECK(is_mine(many[0]));
	CHECK(release(many[0]) == 0);
	return unused;
}

/*
 * A thread that has used more objects than it may have descriptors is forgotten by
 * those that it doesn't own, and nothing else changes.
 */
KGIL_TEST(owned, many_objects)
{
	int i;

	for (i = 0; i < MANY; i++)
		many[i] = new_object(variant->type);
	run_threads(1, use_many);
	for (i = 0; i < MANY; i++) {
		EXPECT_TRUE(is_free(many[i]));
		close(many[i]);
	}
}

TEST_HARNESS_MAIN
