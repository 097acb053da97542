// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "top_state.h"

static void init_view(struct top_view *view, const struct top_table *table)
{
	view->table = table;
	view->sort = table->sort;
}

void top_init(struct top *top)
{
	init_view(&top->views[0], &top_objects);
	init_view(&top->views[1], &top_threads);
}

void top_exit(struct top *top)
{
	top_rows_free(&top->shown);
	top_rows_free(&top->objects);
	top_sample_free(&top->now);
	top_sample_free(&top->before);
}

const struct top_row *top_object_row(const struct top *top)
{
	unsigned int i;

	for (i = 0; i < top->objects.n; i++)
		if (top->object && top->objects.rows[i].key == top->object)
			return &top->objects.rows[i];
	return NULL;
}

/* Find the selected row again; if it is gone, what is in its place. */
static void select_row(struct top_view *view, const struct top_rows *rows)
{
	unsigned int i;

	if (!view->picked)
		view->at = 0;
	for (i = 0; view->picked && i < rows->n; i++)
		if (rows->rows[i].key == view->selected)
			view->at = i;
	if (view->at >= rows->n)
		view->at = rows->n ? rows->n - 1 : 0;
	if (rows->n)
		view->selected = rows->rows[view->at].key;
}

void top_show(struct top *top)
{
	struct top_view *view = top_view(top);

	top_rows_free(&top->shown);
	top->shown = top_rows_make(&top->before, &top->now, top->object);
	top_find_sleepers(&top->shown);
	top_filter(&top->shown, view->filter);
	top_sort(&top->shown, view->table, view->sort, view->reverse);
	select_row(view, &top->shown);
}

int top_next(struct top *top)
{
	struct top_sample sample;
	int status = top_sample_take(&top->client, top->only, &sample, &top->now);

	if (status)
		return status;
	top_rows_free(&top->objects);
	top_sample_free(&top->before);
	top->before = top->now;
	top->now = sample;
	top->objects = top_rows_make(&top->before, &top->now, 0);
	top_find_sleepers(&top->objects);
	top_show(top);
	return status;
}
