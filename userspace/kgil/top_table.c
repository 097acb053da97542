// SPDX-License-Identifier: GPL-2.0
/*
 * Which columns of kgil top fit, their cells, and the order of the rows.
 */
#define _GNU_SOURCE /* qsort_r() */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "top_table.h"

#define BAR_MAX 40

static unsigned int letters(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* What the widest of its cells takes, at most its width. */
static unsigned int fitted(const struct top_column *column, const struct top_rows *rows)
{
	unsigned int width = strlen(column->name), i;
	char cell[TOP_CELL];

	for (i = 0; i < rows->n; i++) {
		column->put(&rows->rows[i], cell, sizeof(cell));
		if (letters(cell) > width)
			width = letters(cell);
	}
	return width < column->width ? width : column->width;
}

static bool have_names(const struct top_rows *rows)
{
	unsigned int i;

	for (i = 0; i < rows->n; i++)
		if (*rows->rows[i].object->name)
			return true;
	return false;
}

/* One column between each two. */
static unsigned int total(const struct top_layout *layout)
{
	unsigned int sum = 0, i;

	for (i = 0; i < layout->n; i++)
		sum += layout->width[i] + (i > 0);
	return sum;
}

static void leave_out(struct top_layout *layout, unsigned int i)
{
	layout->n--;
	memmove(&layout->column[i], &layout->column[i + 1],
		(layout->n - i) * sizeof(*layout->column));
	memmove(&layout->width[i], &layout->width[i + 1],
		(layout->n - i) * sizeof(*layout->width));
}

/* The one that matters least. */
static unsigned int least(const struct top_layout *layout)
{
	const struct top_column *columns = layout->table->columns;
	unsigned int i, found = 0;

	for (i = 1; i < layout->n; i++)
		if (columns[layout->column[i]].rank > columns[layout->column[found]].rank)
			found = i;
	return found;
}

void top_layout(struct top_layout *layout, const struct top_table *table, unsigned int width,
		const struct top_rows *rows)
{
	bool names = table == &top_objects && have_names(rows);
	const struct top_column *column;
	unsigned int i, left;

	memset(layout, 0, sizeof(*layout));
	layout->table = table;
	for (i = 0; i < table->n; i++) {
		column = &table->columns[i];
		if (!names && column->name && !strcmp(column->name, "NAME"))
			continue;
		layout->column[layout->n] = i;
		layout->width[layout->n++] = column->fit ? fitted(column, rows) : column->width;
	}
	while (layout->n > 1 && total(layout) > width)
		leave_out(layout, least(layout));
	if (layout->n == 1 && layout->width[0] > width)
		layout->width[0] = width;
	/* The bar is the last one. */
	i = layout->n - 1;
	left = width - total(layout);
	if (layout->column[i] == table->bar)
		layout->width[i] += layout->width[i] + left > BAR_MAX ?
					    BAR_MAX - layout->width[i] :
					    left;
}

static void pad(const char *from, unsigned int width, bool left, char *text, size_t size)
{
	unsigned int room = letters(from) < width ? width - letters(from) : 0;

	snprintf(text, size, "%*s%s%*s", left ? 0 : (int)room, "", from, left ? (int)room : 0, "");
	/* Only names are longer than a column, and they are ASCII. */
	if (letters(text) > width) {
		text[width] = '\0';
		if (width)
			text[width - 1] = '+';
	}
}

void top_head(const struct top_layout *layout, unsigned int i, char *text, size_t size)
{
	const struct top_column *column = &layout->table->columns[layout->column[i]];

	pad(column->name ? column->name : "", layout->width[i], column->left, text, size);
}

void top_cell(const struct top_layout *layout, unsigned int i, const struct top_row *row,
	      char *text, size_t size)
{
	const struct top_column *column = &layout->table->columns[layout->column[i]];
	char cell[TOP_CELL];

	column->put(row, cell, sizeof(cell));
	pad(cell, layout->width[i], column->left, text, size);
}

void top_bar(const struct top_row *row, unsigned int width, unsigned int *held,
	     unsigned int *waiting)
{
	*held = lround(row->held.value * width);
	*waiting = 0;
	/* Of an object more than one thread may wait. */
	if (!row->thread)
		return;
	*waiting = lround((row->held.value + row->waiting.value) * width) - *held;
}

/* --- order -------------------------------------------------------------------- */

struct order {
	const struct top_column *column;
	bool falling;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct top_row *x = a, *y = b;
	const struct order *order = arg;
	int way = order->column->compare(x, y);

	if (way)
		return order->falling ? -way : way;
	return x->key < y->key ? -1 : x->key > y->key;
}

void top_sort(struct top_rows *rows, const struct top_table *table, unsigned int column,
	      bool reverse)
{
	struct order order = { &table->columns[column], table->columns[column].falling != reverse };

	if (rows->n)
		qsort_r(rows->rows, rows->n, sizeof(*rows->rows), compare, &order);
}
