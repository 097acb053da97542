/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kgil top shows at the moment, and what the keys change of it.
 */
#ifndef KGIL_CMD_TOP_STATE_H
#define KGIL_CMD_TOP_STATE_H

#include "top.h"
#include "top_table.h"

#define TOP_INPUT 48

/**
 * struct top_view - how one of the two tables is shown
 * @table: which
 * @sort: index of the column by which it is sorted
 * @reverse: the other way round
 * @filter: only rows with this
 * @moved: a row was chosen by a key, and is marked
 * @picked: the row @selected stays selected, wherever it moves; else it is the first
 * @selected: its key
 * @at: its index among the rows that are shown
 * @scroll: index of the first row on the screen
 */
struct top_view {
	const struct top_table *table;
	unsigned int sort;
	bool reverse;
	char filter[TOP_INPUT];
	bool moved;
	bool picked;
	uint64_t selected;
	unsigned int at;
	unsigned int scroll;
};

/* What is typed goes to. */
enum top_prompt {
	TOP_PROMPT_NONE,
	TOP_PROMPT_FILTER,
	TOP_PROMPT_DELAY,
};

/**
 * struct top - all of it
 * @client: the connection
 * @before: the last sample but one; @at is 0 at first
 * @now: the last sample
 * @objects: all objects, as rows
 * @shown: the rows of the table that is shown, filtered and sorted
 * @only: read this object only; 0: all
 * @object: its threads are shown; 0: the objects are
 * @views: of objects, and of threads
 * @delay: ns from one sample to the next
 * @lines: how many rows there is room for
 * @paused: take no samples
 * @help: show the help
 * @quit: end
 * @prompt: what is being typed
 * @input: what has been typed of it
 * @message: shown at the bottom for a while, or until the next key
 */
struct top {
	struct net_client client;
	struct top_sample before;
	struct top_sample now;
	struct top_rows objects;
	struct top_rows shown;
	uint64_t only;
	uint64_t object;
	struct top_view views[2];
	uint64_t delay;
	unsigned int lines;
	bool paused;
	bool help;
	bool quit;
	enum top_prompt prompt;
	char input[TOP_INPUT];
	char message[256];
};

static inline struct top_view *top_view(struct top *top)
{
	return &top->views[top->object != 0];
}

void top_init(struct top *top);
void top_exit(struct top *top);
/* Take a sample, and make its rows.  Returns an exit status. */
int top_next(struct top *top);
/* Make the rows of the table that is shown. */
void top_show(struct top *top);
/* The object whose threads are shown, as a row; NULL: the objects are, or it is gone. */
const struct top_row *top_object_row(const struct top *top);

/* A key as curses names it. */
void top_key(struct top *top, const struct top_layout *layout, int key);

/* Print as text, or as JSON on one line. */
void top_print(struct top *top);
void top_print_json(struct top *top);

/* The screen, until the user ends it.  Returns an exit status. */
int top_live(struct top *top);

/* Draw everything; what was laid out. */
void top_draw(struct top *top, struct top_layout *layout);
/* Colours only if the terminal has them, and they are wanted. */
void top_draw_init(void);

#endif /* KGIL_CMD_TOP_STATE_H */
