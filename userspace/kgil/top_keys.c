// SPDX-License-Identifier: GPL-2.0
/*
 * The keys of kgil top.
 */
#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "opt.h"
#include "top_state.h"

#define KEY_ESCAPE 27
#define KEY_DELETE 127

/* --- the selected row --------------------------------------------------------- */

static void move_to(struct top *top, long at)
{
	struct top_view *view = top_view(top);

	if (at >= (long)top->shown.n)
		at = (long)top->shown.n - 1;
	if (at < 0)
		at = 0;
	view->at = at;
	view->moved = true;
	/* The first one is whichever is first. */
	view->picked = at > 0;
	if (top->shown.n)
		view->selected = top->shown.rows[at].key;
}

static bool move_key(struct top *top, int key)
{
	long at = top_view(top)->at, page = top->lines > 1 ? top->lines - 1 : 1;

	switch (key) {
	case KEY_UP:
		at--;
		break;
	case KEY_DOWN:
		at++;
		break;
	case KEY_PPAGE:
		at -= page;
		break;
	case KEY_NPAGE:
		at += page;
		break;
	case KEY_HOME:
		at = 0;
		break;
	case KEY_END:
		at = top->shown.n;
		break;
	default:
		return false;
	}
	move_to(top, at);
	return true;
}

/* --- sorting ------------------------------------------------------------------ */

/* The next of the columns that are shown. */
static void next_column(struct top *top, const struct top_layout *layout, int step)
{
	struct top_view *view = top_view(top);
	unsigned int i, tries;

	for (i = 0; i < layout->n && layout->column[i] != view->sort;)
		i++;
	for (tries = 0; tries < layout->n; tries++) {
		i = (i + layout->n + step) % layout->n;
		if (layout->column[i] != layout->table->bar)
			break;
	}
	view->sort = layout->column[i];
	view->reverse = false;
	top_show(top);
}

/* --- what is typed ------------------------------------------------------------ */

static void begin_prompt(struct top *top, enum top_prompt prompt)
{
	top->prompt = prompt;
	top->input[0] = '\0';
	if (prompt == TOP_PROMPT_FILTER)
		snprintf(top->input, sizeof(top->input), "%s", top_view(top)->filter);
}

static void set_filter(struct top *top, const char *filter)
{
	snprintf(top_view(top)->filter, TOP_INPUT, "%s", filter);
	top_show(top);
}

static void set_delay(struct top *top)
{
	uint64_t ns;

	if (!*top->input)
		return;
	if (opt_seconds(top->input, TOP_DELAY_MIN, TOP_DELAY_MAX, &ns))
		snprintf(top->message, sizeof(top->message),
			 "'%s' is not a time from 100ms to 3600s, like 0.5, 500ms or 2s",
			 top->input);
	else
		top->delay = ns;
}

static void end_prompt(struct top *top, bool accept)
{
	if (top->prompt == TOP_PROMPT_DELAY && accept)
		set_delay(top);
	if (top->prompt == TOP_PROMPT_FILTER && !accept)
		set_filter(top, "");
	top->prompt = TOP_PROMPT_NONE;
}

static void type_key(struct top *top, int key)
{
	size_t used = strlen(top->input);

	if (key == KEY_ESCAPE || key == '\n' || key == '\r' || key == KEY_ENTER) {
		end_prompt(top, key != KEY_ESCAPE);
		return;
	}
	if ((key == KEY_BACKSPACE || key == KEY_DELETE || key == '\b') && used) {
		top->input[used - 1] = '\0';
	} else if (key >= ' ' && key <= '~' && used + 1 < sizeof(top->input)) {
		top->input[used] = key;
		top->input[used + 1] = '\0';
	}
	if (top->prompt == TOP_PROMPT_FILTER)
		set_filter(top, top->input);
}

/* --- the others --------------------------------------------------------------- */

static void enter(struct top *top)
{
	if (top->object || !top->shown.n)
		return;
	top->object = top->shown.rows[top_view(top)->at].key;
	top_view(top)->picked = false;
	top_view(top)->filter[0] = '\0';
	top_show(top);
}

/* Out of the threads, or of the filter. */
static void back(struct top *top)
{
	if (*top_view(top)->filter) {
		set_filter(top, "");
		return;
	}
	top->object = 0;
	top_show(top);
}

static void command_key(struct top *top, const struct top_layout *layout, int key)
{
	switch (key) {
	case 'q':
	case KEY_F(10):
		top->quit = true;
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		enter(top);
		break;
	case KEY_ESCAPE:
	case KEY_BACKSPACE:
	case KEY_DELETE:
	case '\b':
		back(top);
		break;
	case 's':
	case '>':
	case KEY_F(6):
	case KEY_RIGHT:
		next_column(top, layout, 1);
		break;
	case '<':
	case KEY_LEFT:
		next_column(top, layout, -1);
		break;
	case 'r':
		top_view(top)->reverse = !top_view(top)->reverse;
		top_show(top);
		break;
	case 'd':
		begin_prompt(top, TOP_PROMPT_DELAY);
		break;
	case '/':
	case KEY_F(4):
		begin_prompt(top, TOP_PROMPT_FILTER);
		break;
	case ' ':
		top->paused = !top->paused;
		break;
	case 'h':
	case '?':
	case KEY_F(1):
		top->help = true;
		break;
	}
}

void top_key(struct top *top, const struct top_layout *layout, int key)
{
	if (key == KEY_RESIZE)
		return;
	top->message[0] = '\0';
	if (top->help && key != 'q' && key != KEY_F(10))
		top->help = false;
	else if (top->prompt)
		type_key(top, key);
	else if (!move_key(top, key))
		command_key(top, layout, key);
}
