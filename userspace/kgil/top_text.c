// SPDX-License-Identifier: GPL-2.0
/*
 * kgil top as text: the same tables, without a screen.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "machine.h"
#include "out.h"
#include "top_state.h"

static const char *ink_style(enum top_ink ink)
{
	switch (ink) {
	case TOP_HELD:
		return out_style(OUT_GREEN);
	case TOP_WAITING:
		return out_style(OUT_YELLOW);
	case TOP_TROUBLE:
		return out_style(OUT_RED);
	case TOP_FAINT:
		return out_style(OUT_DIM);
	default:
		return "";
	}
}

static void print_bar(const struct top_row *row, unsigned int width)
{
	unsigned int held, waiting, i;

	top_bar(row, width, &held, &waiting);
	fputs(out_style(OUT_GREEN), stdout);
	for (i = 0; i < held; i++)
		putchar('#');
	fputs(out_style(OUT_YELLOW), stdout);
	for (i = 0; i < waiting; i++)
		putchar('-');
	fputs(out_style(OUT_RESET), stdout);
}

static void print_row(const struct top_layout *layout, const struct top_row *row)
{
	const struct top_column *column;
	char cell[TOP_CELL];
	unsigned int i;

	for (i = 0; i < layout->n; i++) {
		column = &layout->table->columns[layout->column[i]];
		if (i)
			putchar(' ');
		if (!column->name) {
			print_bar(row, layout->width[i]);
			continue;
		}
		top_cell(layout, i, row, cell, sizeof(cell));
		printf("%s%s%s", ink_style(column->ink(row)), cell,
		       *ink_style(column->ink(row)) ? out_style(OUT_RESET) : "");
	}
	putchar('\n');
}

static void print_head(const struct top_layout *layout)
{
	char cell[TOP_CELL];
	unsigned int i;

	fputs(out_style(OUT_BOLD), stdout);
	for (i = 0; i < layout->n; i++) {
		top_head(layout, i, cell, sizeof(cell));
		printf("%s%s", i ? " " : "", cell);
	}
	printf("%s\n", out_style(OUT_RESET));
}

static void print_lines(struct top *top)
{
	const struct top_row *row = top_object_row(top);
	char line[256], name[128];
	struct tm tm;
	time_t now = time(NULL);

	strftime(name, sizeof(name), "%H:%M:%S", localtime_r(&now, &tm));
	if (row)
		top_object_line(row, line, sizeof(line));
	else
		top_counts(&top->now, line, sizeof(line));
	printf("%s  %s\n", name, line);
	if (!row)
		row = top_worst(&top->objects);
	if (row) {
		top_object_name(row->object, name, sizeof(name));
		top_trouble(row, line, sizeof(line));
		printf("%s: %s\n", name, line);
	}
	if (machine_emulated())
		puts(MACHINE_EMULATED);
}

void top_print(struct top *top)
{
	struct top_layout layout;
	unsigned int i;

	top_layout(&layout, top_view(top)->table, out_width(), &top->shown);
	print_lines(top);
	putchar('\n');
	print_head(&layout);
	for (i = 0; i < top->shown.n; i++)
		print_row(&layout, &top->shown.rows[i]);
}
