// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/kgil/objects, threads and hist, read in small parts while objects come and go,
 * are used, and their threads change: whole lines, and what stays is there once.
 */
#include <pthread.h>

#include "kselftest_harness.h"
#include "kgil_test.h"

#define KEPT  8
#define USERS 4

static int kept[KEPT];
static __u64 kept_ids[KEPT];
static __u64 user_ids[USERS];
static bool ends;
static __u32 ready;

/* Takes turns with the others on all that are kept. */
static void *use(void *index)
{
	int i;

	for (i = 0; i < KEPT; i++) {
		CHECK(acquire(kept[i]) == 0);
		CHECK(release(kept[i]) == 0);
	}
	user_ids[(long)index] = thread_id(kept[0]);
	__atomic_add_fetch(&ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&ends, __ATOMIC_RELAXED)) {
		i = random_below(KEPT);
		CHECK(acquire(kept[i]) == 0);
		CHECK(release(kept[i]) == 0);
	}
	return NULL;
}

static void *use_once(void *fd)
{
	CHECK(acquire((long)fd) == 0);
	CHECK(release((long)fd) == 0);
	return NULL;
}

/* Objects and threads that come and go. */
static void *come_and_go(void *unused)
{
	pthread_t thread;
	long fd;

	(void)unused;
	while (!__atomic_load_n(&ends, __ATOMIC_RELAXED)) {
		fd = new_object(KGIL_TYPE_GIL + random_below(4));
		CHECK(pthread_create(&thread, NULL, use_once, (void *)fd) == 0);
		pthread_join(thread, NULL);
		CHECK(pthread_create(&thread, NULL, use_once, (void *)(long)kept[0]) == 0);
		close(fd);
		pthread_join(thread, NULL);
	}
	return NULL;
}

/*
 * A file, taken apart.
 */
struct table {
	char *text;
	char **rows; /* without the two lines at its head */
	int n;
	int columns;
};

static int fields(const char *line)
{
	int n = 1;

	for (; *line; line++)
		n += *line == ' ';
	return n;
}

/* Each line is whole: it ends, and has all columns. */
static struct table read_table(const char *name, size_t piece)
{
	struct table table = { .rows = NULL };
	char path[64], head[64], *line, *rest;
	size_t length;

	snprintf(path, sizeof(path), "/proc/kgil/%s", name);
	table.text = read_file(path, piece);
	length = strlen(table.text);
	CHECK(length && table.text[length - 1] == '\n');
	snprintf(head, sizeof(head), "kgil %s 1", name);
	line = strtok_r(table.text, "\n", &rest);
	if (!line || strcmp(line, head))
		FATAL("%s begins with %s", path, line);
	line = strtok_r(NULL, "\n", &rest);
	CHECK(line);
	table.columns = fields(line);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		if (fields(line) != table.columns)
			FATAL("%s has %d columns in: %s", path, fields(line), line);
		table.rows = realloc(table.rows, (table.n + 1) * sizeof(*table.rows));
		CHECK(table.rows);
		table.rows[table.n++] = line;
	}
	return table;
}

static void free_table(struct table *table)
{
	free(table->rows);
	free(table->text);
}

static bool begins_with(const char *row, __u64 id, const char *rest)
{
	char start[80];

	snprintf(start, sizeof(start), "%llu %s", id, rest);
	return strncmp(row, start, strlen(start)) == 0;
}

static int count(const struct table *table, __u64 id, const char *rest)
{
	int n = 0, i;

	for (i = 0; i < table->n; i++)
		n += begins_with(table->rows[i], id, rest);
	return n;
}

/* No row twice: by the object and, but for objects, the word after it. */
static bool in_order(const struct table *table)
{
	__u64 last = 0, id;
	int i;

	for (i = 0; i < table->n; i++) {
		id = strtoull(table->rows[i], NULL, 10);
		if (id < last)
			return false;
		last = id;
	}
	return true;
}

FIXTURE(parts) {
	pthread_t threads[USERS + 1];
};

FIXTURE_VARIANT(parts) {
	size_t piece;
};

FIXTURE_VARIANT_ADD(parts, bytes) {
	.piece = 1,
};

FIXTURE_VARIANT_ADD(parts, small) {
	.piece = 37,
};

FIXTURE_VARIANT_ADD(parts, rows) {
	.piece = 512,
};

FIXTURE_VARIANT_ADD(parts, pages) {
	.piece = 4096,
};

FIXTURE_SETUP(parts)
{
	long i;

	ends = false;
	ready = 0;
	for (i = 0; i < KEPT; i++) {
		kept[i] = new_object(KGIL_TYPE_GIL + i % 4);
		kept_ids[i] = state_of(kept[i]).id;
	}
	for (i = 0; i < USERS; i++)
		CHECK(pthread_create(&self->threads[i], NULL, use, (void *)i) == 0);
	CHECK(pthread_create(&self->threads[USERS], NULL, come_and_go, NULL) == 0);
	CHECK(WAIT_UNTIL(__atomic_load_n(&ready, __ATOMIC_ACQUIRE) == USERS));
}

FIXTURE_TEARDOWN(parts)
{
	int i;

	__atomic_store_n(&ends, true, __ATOMIC_RELAXED);
	for (i = 0; i < USERS + 1; i++)
		pthread_join(self->threads[i], NULL);
	for (i = 0; i < KEPT; i++)
		close(kept[i]);
}

KGIL_TEST(parts, objects)
{
	struct table table = read_table("objects", variant->piece);
	char type[16];
	int i;

	EXPECT_TRUE(in_order(&table));
	for (i = 0; i < KEPT; i++) {
		snprintf(type, sizeof(type), "%s ", type_name(KGIL_TYPE_GIL + i % 4));
		EXPECT_EQ(1, count(&table, kept_ids[i], ""));
		EXPECT_EQ(1, count(&table, kept_ids[i], type));
	}
	free_table(&table);
}

KGIL_TEST(parts, hist)
{
	struct table table = read_table("hist", variant->piece);
	int i;

	EXPECT_TRUE(in_order(&table));
	for (i = 0; i < KEPT; i++) {
		EXPECT_EQ(2, count(&table, kept_ids[i], ""));
		EXPECT_EQ(1, count(&table, kept_ids[i], "wait "));
		EXPECT_EQ(1, count(&table, kept_ids[i], "hold "));
	}
	free_table(&table);
}

/* Of what has an owner, each thread that has used it. */
KGIL_TEST(parts, threads)
{
	struct table table = read_table("threads", variant->piece);
	char thread[32];
	int i, user;

	EXPECT_TRUE(in_order(&table));
	for (i = 0; i < KEPT; i++) {
		__u32 type = KGIL_TYPE_GIL + i % 4;

		if (type != KGIL_TYPE_GIL && type != KGIL_TYPE_RLOCK)
			continue;
		for (user = 0; user < USERS; user++) {
			snprintf(thread, sizeof(thread), "%llu ", user_ids[user]);
			EXPECT_EQ(1, count(&table, kept_ids[i], thread));
		}
	}
	free_table(&table);
}

TEST_HARNESS_MAIN
