// SPDX-License-Identifier: GPL-2.0
/*
 * The screen of kgil top.  Nothing is wrapped: a line ends where the screen does.
 */
#include <curses.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "machine.h"
#include "out.h"
#include "top_state.h"

enum pair {
	PAIR_PLAIN,
	PAIR_HELD,
	PAIR_WAITING,
	PAIR_TITLE,
	PAIR_TROUBLE,
};

static bool coloured, utf8;

void top_draw_init(void)
{
	utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	coloured = has_colors() && *out_style(OUT_BOLD);
	if (!coloured)
		return;
	start_color();
	use_default_colors();
	init_pair(PAIR_HELD, COLOR_GREEN, -1);
	init_pair(PAIR_WAITING, COLOR_YELLOW, -1);
	init_pair(PAIR_TITLE, COLOR_CYAN, -1);
	init_pair(PAIR_TROUBLE, COLOR_RED, -1);
}

static attr_t pair_attr(enum pair pair)
{
	return coloured ? COLOR_PAIR(pair) : A_NORMAL;
}

static attr_t ink_attr(enum top_ink ink)
{
	switch (ink) {
	case TOP_HELD:
		return pair_attr(PAIR_HELD) | A_BOLD;
	case TOP_WAITING:
		return pair_attr(PAIR_WAITING) | A_BOLD;
	case TOP_TROUBLE:
		return pair_attr(PAIR_TROUBLE) | A_BOLD;
	case TOP_FAINT:
		return A_DIM;
	default:
		return A_NORMAL;
	}
}

/* Where there is no sign of a microsecond, the letter is usual. */
static void plain_letters(char *text)
{
	char *sign;

	while (!utf8 && (sign = strstr(text, "µ"))) {
		sign[0] = 'u';
		memmove(sign + 1, sign + 2, strlen(sign + 1));
	}
}

/* As many letters as there is room for, from column @x on. */
static void put(int y, int x, attr_t attr, const char *text)
{
	char line[512];
	int room = COLS - x, n = 0;
	char *p;

	if (y < 0 || y >= LINES || room <= 0)
		return;
	snprintf(line, sizeof(line), "%s", text);
	plain_letters(line);
	for (p = line; *p; p++) {
		if ((*p & 0xc0) != 0x80 && n++ == room) {
			*p = '\0';
			break;
		}
	}
	attrset(attr);
	mvaddstr(y, x, line);
	attrset(A_NORMAL);
}

/* The rest of a line in the same attribute. */
static void fill(int y, attr_t attr)
{
	if (y >= 0 && y < LINES)
		mvchgat(y, 0, -1, attr, PAIR_NUMBER(attr), NULL);
}

/* --- the lines above the table ------------------------------------------------ */

static void draw_title(struct top *top)
{
	char text[128], clock[16];
	time_t now = time(NULL);
	struct tm tm;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	snprintf(text, sizeof(text), "kgil top  %s  each %g s%s", clock, top->delay / 1e9,
		 machine_emulated() ? "  software emulation" : "");
	put(0, 0, A_BOLD | pair_attr(PAIR_TITLE), text);
	if (top->paused)
		put(0, COLS > 8 ? COLS - 8 : 0, A_REVERSE | A_BOLD, " PAUSED ");
}

/* On two lines if there is no room on one. */
static void draw_trouble(char *text, int x, attr_t attr)
{
	char *rest = x + (int)strlen(text) > COLS ? strstr(text, "; ") : NULL;

	if (rest) {
		*rest = '\0';
		put(3, 0, attr, rest + 2);
	}
	put(2, x, attr, text);
}

static void draw_lines(struct top *top)
{
	const struct top_row *row = top_object_row(top);
	char text[256], name[128];
	attr_t attr;

	if (row)
		top_object_line(row, text, sizeof(text));
	else
		top_counts(&top->now, text, sizeof(text));
	put(1, 0, A_NORMAL, text);
	name[0] = '\0';
	if (!row) {
		row = top_worst(&top->objects);
		if (!row)
			return;
		top_object_name(row->object, name, sizeof(name) - 2);
		strcat(name, ": ");
	}
	top_trouble(row, text, sizeof(text));
	put(2, 0, A_BOLD, name);
	attr = row->asleep ? pair_attr(PAIR_TROUBLE) : pair_attr(PAIR_WAITING);
	draw_trouble(text, strlen(name), A_BOLD | (row->object->waiters ? attr : A_NORMAL));
}

/* --- the table ---------------------------------------------------------------- */

static void draw_head(const struct top_view *view, const struct top_layout *layout, int y)
{
	char cell[TOP_CELL];
	unsigned int i;
	attr_t attr;
	int x = 0;

	fill(y, A_REVERSE);
	for (i = 0; i < layout->n; i++) {
		top_head(layout, i, cell, sizeof(cell));
		attr = layout->column[i] == view->sort ? A_BOLD | A_UNDERLINE : A_NORMAL;
		put(y, x, A_REVERSE | attr, cell);
		x += layout->width[i] + 1;
	}
}

/* Solid is held, dashes are waits: told apart without colours, too. */
static void draw_bar(const struct top_row *row, int y, int x, unsigned int width)
{
	unsigned int held, waiting, i;

	top_bar(row, width, &held, &waiting);
	move(y, x);
	attrset(coloured ? pair_attr(PAIR_HELD) | A_REVERSE : A_NORMAL);
	for (i = 0; i < held; i++)
		addch(coloured ? ' ' : '#');
	attrset(pair_attr(PAIR_WAITING) | A_BOLD);
	for (i = 0; i < waiting; i++)
		addch('-');
	attrset(A_NORMAL);
}

static void draw_row(const struct top_layout *layout, const struct top_row *row, int y,
		     bool selected)
{
	const struct top_column *column;
	char cell[TOP_CELL];
	unsigned int i;
	int x = 0;

	if (selected)
		fill(y, A_REVERSE);
	for (i = 0; i < layout->n; i++) {
		column = &layout->table->columns[layout->column[i]];
		if (column->name) {
			top_cell(layout, i, row, cell, sizeof(cell));
			put(y, x, selected ? A_REVERSE : ink_attr(column->ink(row)), cell);
		} else {
			draw_bar(row, y, x, layout->width[i]);
		}
		x += layout->width[i] + 1;
	}
}

/* The selected row stays on the screen. */
static void scroll_to(struct top_view *view, unsigned int lines, unsigned int n)
{
	if (view->at < view->scroll)
		view->scroll = view->at;
	if (lines && view->at >= view->scroll + lines)
		view->scroll = view->at - lines + 1;
	if (view->scroll + lines > n)
		view->scroll = n > lines ? n - lines : 0;
}

static void draw_table(struct top *top, const struct top_layout *layout, int y)
{
	struct top_view *view = top_view(top);
	unsigned int i;

	draw_head(view, layout, y++);
	scroll_to(view, top->lines, top->shown.n);
	for (i = 0; i < top->lines && view->scroll + i < top->shown.n; i++)
		draw_row(layout, &top->shown.rows[view->scroll + i], y + i,
			 view->moved && view->scroll + i == view->at);
	if (top->shown.n)
		return;
	if (*view->filter)
		put(y, 0, A_DIM, "no row has this text");
	else
		put(y, 0, A_DIM, top->object ? "no thread has used it" : "there is no object now");
}

/* --- the last line ------------------------------------------------------------ */

static void draw_keys(const struct top *top, int y)
{
	static const struct {
		const char *key;
		const char *word;
	} keys[] = {
		{ "F1", "Help " },
		{ "q", "Quit " },
		{ "Enter", "Threads " },
		{ "Esc", "Back " },
		{ "F4", "Filter " },
		{ "F6", "Sort " },
		{ "r", "Reverse " },
		{ "d", "Delay " },
		{ "Space", "Pause " },
	};
	unsigned int i;
	int x = 0;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!strcmp(keys[i].key, top->object ? "Enter" : "Esc"))
			continue;
		if (x + (int)(strlen(keys[i].key) + strlen(keys[i].word)) > COLS)
			break;
		put(y, x, A_BOLD, keys[i].key);
		x += strlen(keys[i].key);
		put(y, x, A_REVERSE, keys[i].word);
		x += strlen(keys[i].word);
	}
}

static void draw_bottom(const struct top *top, int y)
{
	char text[512];

	curs_set(top->prompt != TOP_PROMPT_NONE);
	if (top->prompt) {
		snprintf(text, sizeof(text), "%s: %s",
			 top->prompt == TOP_PROMPT_FILTER ? "show only rows with" :
							    "refresh each (100ms to 3600s)",
			 top->input);
		put(y, 0, A_BOLD, text);
	} else if (*top->message) {
		put(y, 0, A_BOLD | pair_attr(PAIR_WAITING), top->message);
	} else if (*top->views[top->object != 0].filter) {
		snprintf(text, sizeof(text), "only rows with \"%s\"; Esc shows all",
			 top->views[top->object != 0].filter);
		put(y, 0, A_BOLD, text);
	} else {
		draw_keys(top, y);
	}
}

static void draw_help(void)
{
	static const char *const lines[] = {
		"All figures are of the last refresh; a + says: at least so much.",
		"",
		"Objects                              Threads of an object",
		"HOLDER   who has it now; red: and    NOW     has it, waits or idle; ASLEEP:",
		"         sleeps while others wait            has it, others wait",
		"WAIT     threads that wait now       SINCE   for how long",
		"AVG      that waited, on average     RUN%    time for which it had it",
		"WAITS/s  acquires that had to wait   WAIT%   time for which it waited",
		"WAITp50  half of the waits took less IDLE%   the rest",
		"WAITp99  99 of 100 took less         TAKEN/s acquires a second",
		"LONGEST  wait that goes on",
		"HELD%    time for which it was held",
		"The bar: solid is held, dashes are waits.",
		"",
		"arrows PgUp PgDn Home End   choose a row",
		"Enter   threads             Esc Backspace  back",
		"s > <   sort by the next or previous column",
		"r       reverse             / F4    filter",
		"d       delay               Space   stand still, go on",
		"h ? F1  this                q F10   end",
		"",
		"Any key goes back.",
	};
	unsigned int i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		put(i, 0, i + 1 == sizeof(lines) / sizeof(lines[0]) ? A_BOLD : A_NORMAL, lines[i]);
}

void top_draw(struct top *top, struct top_layout *layout)
{
	/* On a low screen the table goes first. */
	int head = LINES < 7 ? 0 : 4;

	top->lines = LINES - head < 2 ? 0 : LINES - head - 2;
	top_layout(layout, top_view(top)->table, COLS, &top->shown);
	erase();
	if (top->help) {
		draw_help();
	} else {
		if (head) {
			draw_title(top);
			draw_lines(top);
		}
		draw_table(top, layout, head);
		draw_bottom(top, LINES - 1);
	}
	refresh();
}
