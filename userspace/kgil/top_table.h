/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The columns of kgil top: what stands in them, in which order rows come, and which of
 * them fit.
 */
#ifndef KGIL_CMD_TOP_TABLE_H
#define KGIL_CMD_TOP_TABLE_H

#include <stdbool.h>

#include "top.h"

#define TOP_COLUMNS_MAX 16
/* Bytes of a cell; its letters may have two. */
#define TOP_CELL 256

/* What a cell tells, for its colour. */
enum top_ink {
	TOP_PLAIN,
	TOP_HELD,
	TOP_WAITING,
	TOP_FAINT,
	TOP_TROUBLE,
};

/**
 * struct top_column - a column
 * @name: its head; NULL: it is the bar
 * @width: columns of the terminal
 * @rank: which is left out first if there is no room: the greatest
 * @left: left-aligned
 * @fit: no wider than what stands in it
 * @falling: sorted from the greatest to the least
 * @put: the text
 * @compare: as qsort() wants it, from the least to the greatest
 * @ink: its colour
 */
struct top_column {
	const char *name;
	unsigned int width;
	unsigned int rank;
	bool left;
	bool fit;
	bool falling;
	void (*put)(const struct top_row *row, char *text, size_t size);
	int (*compare)(const struct top_row *a, const struct top_row *b);
	enum top_ink (*ink)(const struct top_row *row);
};

/**
 * struct top_table - the columns of one of the two tables
 * @columns: all of them
 * @n: how many
 * @bar: index of the bar, which gets the room that is left
 * @sort: by which they are sorted at first
 */
struct top_table {
	const struct top_column *columns;
	unsigned int n;
	unsigned int bar;
	unsigned int sort;
};

extern const struct top_table top_objects, top_threads;

/**
 * struct top_layout - the columns that fit
 * @table: of which table
 * @column: their indices, from the left
 * @width: how wide each is
 * @n: how many
 */
struct top_layout {
	const struct top_table *table;
	unsigned int column[TOP_COLUMNS_MAX];
	unsigned int width[TOP_COLUMNS_MAX];
	unsigned int n;
};

/* Choose columns for @width; one for names only if a row has one. */
void top_layout(struct top_layout *layout, const struct top_table *table, unsigned int width,
		const struct top_rows *rows);

/* The cells of a head and of a row, padded to their width, without the bar. */
void top_head(const struct top_layout *layout, unsigned int i, char *text, size_t size);
void top_cell(const struct top_layout *layout, unsigned int i, const struct top_row *row,
	      char *text, size_t size);

/* How many of @width cells of a bar are held, and how many wait. */
void top_bar(const struct top_row *row, unsigned int width, unsigned int *held,
	     unsigned int *waiting);

void top_sort(struct top_rows *rows, const struct top_table *table, unsigned int column,
	      bool reverse);

#endif /* KGIL_CMD_TOP_TABLE_H */
