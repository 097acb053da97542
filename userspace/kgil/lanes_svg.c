// SPDX-License-Identifier: GPL-2.0
/*
 * The picture of an object: how many wait, a lane for each thread, and a table.
 *
 * A lane is drawn in columns.  One in which the thread did several things is divided
 * by how long each took, so that a picture of a million events shows as truly who ran
 * as one of ten, and is hardly larger; the numbers of the table are exact.
 */
#include <stdlib.h>
#include <string.h>

#include <kgil.h>

#include "lanes.h"
#include "lanes_out.h"
#include "net.h"
#include "out.h"

#define WIDTH 1200
#define LEFT 150
#define COLUMNS 1010
#define QUEUE_HEIGHT 44
/* More threads are in the table of the JSON, and not drawn. */
#define LANES_MAX 64
/* More marks would hide what they mark; many lines are faint. */
#define MARKS_MAX 300
#define LINES_CLEAR 40
/* Columns that share a title. */
#define TITLE_COLUMNS 40

static const char *const classes[LANE_STATES] = {
	"outside",
	"running",
	"waiting",
	"waking",
	"preempted",
	"blocked",
};

static const struct svg_colour colours[] = {
	{ "running", "#0b6bb8", "#4da3e8", false },
	{ "waiting", "#f5b83d", "#c98a12", false },
	{ "waking", "#8fd0c1", "#3f8f80", false },
	{ "preempted", "#b58bd0", "#9a6bbd", false },
	{ "blocked", "#d0342c", "#f2635b", false },
	{ "queue", "#f5b83d", "#c98a12", false },
	{ "asked", "#1c1e21", "#ffffff", false },
	{ "convoy", "#b3261e", "#ff8a80", false },
	{ .name = NULL },
};

/**
 * struct canvas - where things are
 * @lane: from one lane to the next
 * @bar: height of a lane
 * @drawn: how many lanes
 * @head: y of the legend
 */
struct canvas {
	const struct lanes *lanes;
	FILE *file;
	double lane;
	double bar;
	unsigned int drawn;
	double head;
};

const char *lanes_title(const struct lanes *lanes)
{
	static char title[64];
	const char *policy = lanes->policy == KGIL_POLICY_FAIR ? " (fair)" :
			     lanes->policy == KGIL_POLICY_FIFO ? " (fifo)" :
								 "";

	snprintf(title, sizeof(title), "%s %llu%s", net_type_name(lanes->type).s,
		 (unsigned long long)lanes->id, policy);
	return title;
}

static double length(const struct lanes *lanes)
{
	return lanes->to - lanes->from;
}

static double x_of(const struct canvas *c, uint64_t ns)
{
	return LEFT + COLUMNS * (double)(ns - c->lanes->from) / length(c->lanes);
}

static double y_of(const struct canvas *c, unsigned int lane)
{
	return c->head + 90 + lane * c->lane;
}

static double queue_top(const struct canvas *c)
{
	return c->head + 26;
}

static double bottom(const struct canvas *c)
{
	return y_of(c, c->drawn);
}

/* About how wide a text is, in the widest fonts that are common. */
static double width_of(const char *text, int size)
{
	double em = 0;

	for (; *text; text++) {
		if ((*text & 0xc0) == 0x80)
			continue;
		em += strchr("mwMW@%", *text) || *text < 0 ? 1.0 :
		      strchr("ijlI ,.:;|'", *text)	   ? 0.34 :
							     0.6;
	}
	return em * size;
}

/* The name of a lane, left of what it names, as large as there is room. */
static void draw_name(const struct canvas *c, const struct lane *lane, double y, int size)
{
	while (size > 5 && width_of(lane->name, size) > LEFT - 12)
		size--;
	svg_text(c->file, lane->convoy ? "convoy" : "text", LEFT - 8, y, size, SVG_END, "%s",
		 lane->name);
}

static uint64_t has_it(const struct lane *lane)
{
	return lane->total[LANE_RUNNING] + lane->total[LANE_WAKING] +
	       lane->total[LANE_PREEMPTED] + lane->total[LANE_BLOCKED];
}

/* --- the head: what there is to see ----------------------------------------- */

static const struct lane *most(const struct lanes *lanes, uint64_t (*what)(const struct lane *))
{
	const struct lane *best = &lanes->lane[0];
	unsigned int i;

	for (i = 1; i < lanes->n; i++)
		if (what(&lanes->lane[i]) > what(best))
			best = &lanes->lane[i];
	return best;
}

static uint64_t waited(const struct lane *lane)
{
	return lane->total[LANE_WAITING];
}

static uint64_t blocked(const struct lane *lane)
{
	return lane->total[LANE_BLOCKED];
}

static uint64_t convoy_waited(const struct lane *lane)
{
	return lane->convoy ? lane->total[LANE_WAITING] : 0;
}

static void draw_sentence(const struct canvas *c)
{
	const struct lanes *lanes = c->lanes;
	const struct lane *holder = most(lanes, has_it), *waiter = most(lanes, waited);
	const struct lane *sleeper = most(lanes, blocked);
	double all = length(lanes);
	char text[256];
	int len;

	len = snprintf(text, sizeof(text), "%s has it most: %s of the time.", holder->name,
		       out_percent(has_it(holder) / all).s);
	if (waited(waiter))
		len += snprintf(text + len, sizeof(text) - len,
				"  %s waits most: %s, up to %s at once.", waiter->name,
				out_percent(waited(waiter) / all).s,
				out_time(waiter->longest_wait).s);
	if (blocked(sleeper) > all / 100)
		snprintf(text + len, sizeof(text) - len, "  %s blocks while it has it: %s.",
			 sleeper->name, out_percent(blocked(sleeper) / all).s);
	svg_text(c->file, "text", 20, 54, 14, SVG_START, "%s", text);
}

/* Those who want it for a moment, and wait for those who want it for long. */
static void draw_convoy(const struct canvas *c)
{
	const struct lanes *lanes = c->lanes;
	const struct lane *worst = most(lanes, convoy_waited);
	uint64_t others_had = 0, others_got = 0;
	unsigned int more = 0, i;
	char and[32] = "";

	for (i = 0; i < lanes->n; i++) {
		const struct lane *lane = &lanes->lane[i];

		more += lane->convoy && lane != worst;
		if (lane->convoy)
			continue;
		others_had += has_it(lane);
		others_got += lane->acquired;
	}
	if (more)
		snprintf(and, sizeof(and), ", and so do%s %u more",
			 more == 1 ? "es" : "", more);
	svg_text(c->file, "convoy", 20, 74, 14, SVG_START,
		 "Convoy: %s needs it for %s at a time, and waits %s each time for those who "
		 "have it for %s%s.",
		 worst->name, out_time(worst->total[LANE_RUNNING] / worst->acquired).s,
		 out_time(worst->total[LANE_WAITING] / worst->waits).s,
		 out_time(others_had / (others_got ? others_got : 1)).s, and);
}

static void draw_head(const struct canvas *c)
{
	const struct lanes *lanes = c->lanes;
	char title[128];
	int len;

	len = snprintf(title, sizeof(title), "%s: %u threads, %s", lanes_title(lanes), lanes->n,
		       out_time(lanes->to - lanes->from).s);
	if (lanes->n > c->drawn)
		len += snprintf(title + len, sizeof(title) - len, " (%u drawn)", c->drawn);
	svg_text(c->file, "text", 20, 30, 20, SVG_START, "%s", title);
	draw_sentence(c);
	if (lanes->convoy)
		draw_convoy(c);
	if (lanes->lost)
		svg_text(c->file, "blocked", WIDTH - 20, 30, 14, SVG_END,
			 "%s events were lost: there are gaps", out_count(lanes->lost).s);
}

static double draw_key(const struct canvas *c, double x, const char *text)
{
	svg_text(c->file, "dim", x + 17, c->head + 10, 12, SVG_START, "%s", text);
	return x + 17 + width_of(text, 12) + 16;
}

static void draw_legend(const struct canvas *c, size_t asked, size_t hands)
{
	static const enum lane_state states[] = { LANE_RUNNING, LANE_WAITING, LANE_BLOCKED,
						  LANE_PREEMPTED, LANE_WAKING };
	unsigned int n = c->lanes->no_switches ? 2 : 5, i;
	double x = 20;
	char text[64];

	for (i = 0; i < n; i++) {
		svg_rect(c->file, classes[states[i]], x, c->head, 12, 12, NULL);
		x = draw_key(c, x, lanes_state(c->lanes, states[i]));
	}
	snprintf(text, sizeof(text), "M%g %gl8 0l-4 8z", x + 3, c->head + 2);
	svg_path(c->file, "asked", text, NULL);
	snprintf(text, sizeof(text), "asked to drop it: %s%s", out_count(asked).s,
		 asked > MARKS_MAX ? ", not drawn" : "");
	x = draw_key(c, x, text);
	svg_line(c->file, "hand", x + 8, c->head, x + 8, c->head + 12);
	snprintf(text, sizeof(text), "handed over: %s%s", out_count(hands).s,
		 hands > MARKS_MAX ? ", not drawn" : "");
	draw_key(c, x, text);
}

/* --- how many wait ------------------------------------------------------------ */

static void draw_queue(const struct canvas *c)
{
	unsigned int *deepest = out_alloc((COLUMNS + 1) * sizeof(*deepest)), now = 0;
	const struct lanes *lanes = c->lanes;
	double scale = QUEUE_HEIGHT / (double)(lanes->most_waiting ? lanes->most_waiting : 1);
	size_t next = 0;
	char title[64];
	int x, from = 0;

	svg_text(c->file, "dim", LEFT - 8, queue_top(c) + QUEUE_HEIGHT / 2 + 4, 12, SVG_END,
		 "how many wait");
	svg_rect(c->file, "track", LEFT, queue_top(c), COLUMNS, QUEUE_HEIGHT, NULL);
	for (x = 0; x < COLUMNS; x++) {
		deepest[x] = now;
		while (next < lanes->queue_n && x_of(c, lanes->queue[next].ns) < LEFT + x + 1) {
			now = lanes->queue[next++].waiting;
			if (now > deepest[x])
				deepest[x] = now;
		}
	}
	for (x = 1; x <= COLUMNS; x++) {
		if (x < COLUMNS && deepest[x] == deepest[from])
			continue;
		if (deepest[from]) {
			snprintf(title, sizeof(title), "%u waiting", deepest[from]);
			svg_rect(c->file, "queue", LEFT + from,
				 queue_top(c) + QUEUE_HEIGHT - deepest[from] * scale, x - from,
				 deepest[from] * scale, title);
		}
		from = x;
	}
	svg_text(c->file, "dim", LEFT + COLUMNS + 6, queue_top(c) + 10, 11, SVG_START, "%u",
		 lanes->most_waiting);
	svg_text(c->file, "dim", LEFT + COLUMNS + 6, queue_top(c) + QUEUE_HEIGHT, 11, SVG_START,
		 "0");
	free(deepest);
}

/* --- lanes ---------------------------------------------------------------------- */

/* From the bottom of a lane to its top. */
static const enum lane_state stacked[] = { LANE_RUNNING, LANE_WAKING, LANE_PREEMPTED, LANE_BLOCKED,
					   LANE_WAITING };

#define STACKED (sizeof(stacked) / sizeof(stacked[0]))

/**
 * struct column - what a lane shows at one place
 * @part: of the column, for each state
 * @top: pixels from the bottom of the lane, of each of stacked
 * @pure: but for a trace, one state
 */
struct column {
	double part[LANE_STATES];
	unsigned char top[STACKED];
	bool pure;
};

static enum lane_state longest(const struct column *column)
{
	int best = LANE_OUTSIDE, s;

	for (s = LANE_RUNNING; s < LANE_STATES; s++)
		if (column->part[s] > column->part[best])
			best = s;
	return best;
}

static void make_pure(const struct canvas *c, struct column *column)
{
	enum lane_state state = longest(column);
	bool reached = false;
	unsigned int i;

	column->pure = true;
	for (i = 0; i < STACKED; i++) {
		reached |= stacked[i] == state;
		column->top[i] = reached ? c->bar : 0;
	}
}

static void settle_column(const struct canvas *c, struct column *column)
{
	double sum = 0;
	unsigned int i;

	if (column->part[longest(column)] > 0.95) {
		make_pure(c, column);
		return;
	}
	for (i = 0; i < STACKED; i++) {
		sum += column->part[stacked[i]];
		column->top[i] = sum * c->bar + 0.5;
	}
}

/* Where one state ends and the next begins: nothing to divide. */
static bool is_edge(const struct column *column)
{
	enum lane_state before = longest(column - 1), after = longest(column + 1);

	return column[-1].pure && column[1].pure && before != after &&
	       column->part[before] + column->part[after] > 0.95;
}

static void fill_columns(const struct canvas *c, const struct lane *lane, struct column *columns)
{
	size_t i;
	int x, s;

	for (i = 0; i < lane->n; i++) {
		double from = x_of(c, lane->spans[i].from) - LEFT;
		double to = x_of(c, lane->spans[i].to) - LEFT;

		for (x = from; x < COLUMNS && x < to; x++) {
			double begin = from > x ? from : x, end = to < x + 1 ? to : x + 1;

			columns[x].part[lane->spans[i].state] += end - begin;
		}
	}
	for (x = 0; x < COLUMNS; x++) {
		columns[x].part[LANE_OUTSIDE] = 1;
		for (s = LANE_RUNNING; s < LANE_STATES; s++)
			columns[x].part[LANE_OUTSIDE] -= columns[x].part[s];
		settle_column(c, &columns[x]);
	}
	for (x = 1; x < COLUMNS - 1; x++)
		if (!columns[x].pure && is_edge(&columns[x]))
			make_pure(c, &columns[x]);
}

static void draw_pure(const struct canvas *c, const struct lane *lane, double y,
		      enum lane_state state, int from, int to)
{
	double column_ns = length(c->lanes) / COLUMNS;
	char title[128];

	if (state == LANE_OUTSIDE)
		return;
	snprintf(title, sizeof(title), "%s: %s\n%s, from %s on", lane->name,
		 lanes_state(c->lanes, state), out_time((to - from) * column_ns).s,
		 out_time(from * column_ns).s);
	svg_rect(c->file, classes[state], LEFT + from, y, to - from, c->bar, title);
}

/* One state's layer of columns that are divided. */
static void draw_layer(const struct canvas *c, const struct column *columns, double y,
		       unsigned int layer, int from, int to)
{
	int x, begin = from;
	bool any = false;

	for (x = from + 1; x <= to; x++) {
		const unsigned char *top = columns[begin].top;
		unsigned int low = layer ? top[layer - 1] : 0, high = top[layer];

		if (x < to && columns[x].top[layer] == high &&
		    (!layer || columns[x].top[layer - 1] == low))
			continue;
		if (high > low) {
			if (!any)
				fprintf(c->file, "<path class=\"%s\" d=\"",
					classes[stacked[layer]]);
			any = true;
			fprintf(c->file, "M%d %gh%dv%dh%dz", LEFT + begin, y + c->bar - high,
				x - begin, high - low, begin - x);
		}
		begin = x;
	}
	if (any)
		fputs("\"/>\n", c->file);
}

static void put_shares(const struct canvas *c, const struct lane *lane,
		       const struct column *columns, int from, int to)
{
	double column_ns = length(c->lanes) / COLUMNS, sum;
	char title[256];
	int len, s, x;

	len = snprintf(title, sizeof(title), "%s, %s, from %s on:", lane->name,
		       out_time((to - from) * column_ns).s, out_time(from * column_ns).s);
	for (s = LANE_OUTSIDE; s < LANE_STATES; s++) {
		for (sum = 0, x = from; x < to; x++)
			sum += columns[x].part[s];
		if (sum > 0.0005 * (to - from))
			len += snprintf(title + len, sizeof(title) - len, "\n%s %s",
					out_percent(sum / (to - from)).s,
					lanes_state(c->lanes, s));
	}
	fputs("<title>", c->file);
	svg_escaped(c->file, title);
	fputs("</title>\n", c->file);
}

static void draw_mixed(const struct canvas *c, const struct lane *lane, double y,
		       const struct column *columns, int from, int to)
{
	unsigned int layer;

	fputs("<g>", c->file);
	put_shares(c, lane, columns, from, to);
	for (layer = 0; layer < STACKED; layer++)
		draw_layer(c, columns, y, layer, from, to);
	fputs("</g>\n", c->file);
}

static bool belongs_to(const struct column *columns, int from, int x)
{
	if (columns[from].pure)
		return columns[x].pure && longest(&columns[x]) == longest(&columns[from]);
	return !columns[x].pure && x - from < TITLE_COLUMNS;
}

static void draw_bar(const struct canvas *c, const struct lane *lane, unsigned int number)
{
	struct column *columns = out_alloc(COLUMNS * sizeof(*columns));
	int x, from = 0;

	fill_columns(c, lane, columns);
	for (x = 1; x <= COLUMNS; x++) {
		if (x < COLUMNS && belongs_to(columns, from, x))
			continue;
		if (columns[from].pure)
			draw_pure(c, lane, y_of(c, number), longest(&columns[from]), from, x);
		else
			draw_mixed(c, lane, y_of(c, number), columns, from, x);
		from = x;
	}
	free(columns);
}

static void draw_lane(const struct canvas *c, unsigned int number)
{
	const struct lane *lane = &c->lanes->lane[number];
	int size = c->bar >= 12 ? 12 : 8;

	fprintf(c->file, "<g data-tid=\"%d\" data-name=\"", lane->tid);
	svg_escaped(c->file, lane->name);
	fprintf(c->file,
		"\" data-running-ns=\"%llu\" data-waiting-ns=\"%llu\" data-waking-ns=\"%llu\" "
		"data-preempted-ns=\"%llu\" data-blocked-ns=\"%llu\" data-acquired=\"%llu\">\n",
		(unsigned long long)lane->total[LANE_RUNNING],
		(unsigned long long)lane->total[LANE_WAITING],
		(unsigned long long)lane->total[LANE_WAKING],
		(unsigned long long)lane->total[LANE_PREEMPTED],
		(unsigned long long)lane->total[LANE_BLOCKED], (unsigned long long)lane->acquired);
	draw_name(c, lane, y_of(c, number) + c->bar / 2 + size / 2.8, size);
	svg_rect(c->file, "track", LEFT, y_of(c, number), COLUMNS, c->bar, NULL);
	draw_bar(c, lane, number);
	fputs("</g>\n", c->file);
}

static void draw_hand_over(const struct canvas *c, const struct lane_mark *mark, bool faint)
{
	double x = x_of(c, mark->ns);

	svg_line(c->file, faint ? "faint hand" : "hand", x, y_of(c, mark->from) + c->bar / 2,
		 x, y_of(c, mark->to) + c->bar / 2);
}

static void draw_asked(const struct canvas *c, const struct lane_mark *mark)
{
	double x = x_of(c, mark->ns), size = c->bar >= 12 ? 4 : 3;
	char path[96], title[96];

	snprintf(path, sizeof(path), "M%g %gl%g 0l%g %gz", x - size, y_of(c, mark->from) - 2,
		 2 * size, -size, 2 * size);
	snprintf(title, sizeof(title), "%s is asked to drop it, at %s",
		 c->lanes->lane[mark->from].name, out_time(mark->ns - c->lanes->from).s);
	svg_path(c->file, "asked", path, title);
}

static void draw_marks(const struct canvas *c, size_t asked, size_t hands)
{
	const struct lanes *lanes = c->lanes;
	size_t i;

	for (i = 0; i < lanes->marks_n; i++) {
		const struct lane_mark *mark = &lanes->marks[i];

		if (mark->from >= (int)c->drawn || mark->to >= (int)c->drawn)
			continue;
		if (mark->to < 0 && asked <= MARKS_MAX)
			draw_asked(c, mark);
		else if (mark->to >= 0 && hands <= MARKS_MAX)
			draw_hand_over(c, mark, hands > LINES_CLEAR);
	}
}

/* 1, 2 or 5 times a power of ten, so that there are at most ten. */
static double tick_step(double all)
{
	static const double steps[] = { 1, 2, 5 };
	double power = 1;
	unsigned int i;

	for (;; power *= 10)
		for (i = 0; i < 3; i++)
			if (all / (steps[i] * power) <= 10)
				return steps[i] * power;
}

static void draw_axis(const struct canvas *c)
{
	double step = tick_step(length(c->lanes)), at;

	for (at = 0; at <= length(c->lanes); at += step) {
		double x = LEFT + COLUMNS * at / length(c->lanes);

		svg_line(c->file, "line", x, bottom(c) + 2, x, bottom(c) + 8);
		svg_text(c->file, "dim", x, bottom(c) + 22, 11, SVG_MIDDLE, "%s",
			 at ? out_time(at).s : "0");
	}
}

/* --- the table -------------------------------------------------------------------- */

static const int table_x[] = { 150, 215, 335, 455, 575, 695, 805, 890, 980, 1080, 1170 };

static void draw_table_head(const struct canvas *c, double y)
{
	static const char *const heads[] = { "thread", "tid", "running", "waiting", "blocked",
					     "no processor", "being woken", "got it", "waits",
					     "longest wait", "asked" };
	unsigned int i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		svg_text(c->file, "dim", table_x[i] - (i ? 0 : 8), y, 12, SVG_END, "%s",
			 i == 2 && c->lanes->no_switches ? "has it" : heads[i]);
	svg_line(c->file, "line", 20, y + 5, WIDTH - 20, y + 5);
}

static void draw_share(const struct canvas *c, const struct lane *lane, enum lane_state state,
		       unsigned int column, double y, int size)
{
	if (!lane->total[state]) {
		svg_text(c->file, "dim", table_x[column], y, size, SVG_END, "-");
		return;
	}
	svg_text(c->file, "text", table_x[column], y, size, SVG_END, "%s, %s",
		 out_time(lane->total[state]).s,
		 lane->total[state] / length(c->lanes) < 0.0005 ?
			 "< 0.1 %" :
			 out_percent(lane->total[state] / length(c->lanes)).s);
}

static void draw_row(const struct canvas *c, const struct lane *lane, double y, int size)
{
	draw_name(c, lane, y, size);
	svg_text(c->file, "text", table_x[1], y, size, SVG_END, "%d", lane->tid);
	draw_share(c, lane, LANE_RUNNING, 2, y, size);
	draw_share(c, lane, LANE_WAITING, 3, y, size);
	draw_share(c, lane, LANE_BLOCKED, 4, y, size);
	draw_share(c, lane, LANE_PREEMPTED, 5, y, size);
	draw_share(c, lane, LANE_WAKING, 6, y, size);
	svg_text(c->file, "text", table_x[7], y, size, SVG_END, "%s", out_count(lane->acquired).s);
	svg_text(c->file, "text", table_x[8], y, size, SVG_END, "%s", out_count(lane->waits).s);
	svg_text(c->file, "text", table_x[9], y, size, SVG_END, "%s",
		 lane->waits ? out_time(lane->longest_wait).s : "-");
	svg_text(c->file, "text", table_x[10], y, size, SVG_END, "%s", out_count(lane->asked).s);
}

static double row_height(const struct canvas *c)
{
	return c->drawn > 16 ? 15 : 19;
}

static void draw_table(const struct canvas *c)
{
	double y = bottom(c) + 52;
	unsigned int i;

	draw_table_head(c, y);
	for (i = 0; i < c->drawn; i++)
		draw_row(c, &c->lanes->lane[i], y + (i + 1) * row_height(c) + 3,
			 c->drawn > 16 ? 10 : 12);
	svg_text(c->file, "dim", 20, y + (c->drawn + 1) * row_height(c) + 16, 11, SVG_START,
		 "Where a thread did several things in %s, the heights of the colours say how "
		 "long; the table is exact. What is taken by the word alone is not seen.",
		 out_time(length(c->lanes) / COLUMNS).s);
}

void lanes_svg(const struct lanes *lanes, FILE *file, enum svg_theme theme)
{
	struct canvas c = {
		.lanes = lanes,
		.file = file,
		.drawn = lanes->n < LANES_MAX ? lanes->n : LANES_MAX,
		.head = lanes->convoy ? 86 : 66,
	};
	size_t asked = 0, hands = 0, m;
	unsigned int i;

	for (m = 0; m < lanes->marks_n; m++)
		*(lanes->marks[m].to < 0 ? &asked : &hands) += 1;
	c.lane = c.drawn <= 8 ? 34 : c.drawn <= 16 ? 22 :
						     12;
	c.bar = c.drawn <= 8 ? 24 : c.drawn <= 16 ? 16 :
						    9;
	svg_begin(file, WIDTH, bottom(&c) + 52 + (c.drawn + 1) * row_height(&c) + 30, theme,
		  lanes_title(lanes), colours);
	draw_head(&c);
	draw_legend(&c, asked, hands);
	draw_queue(&c);
	for (i = 0; i < c.drawn; i++)
		draw_lane(&c, i);
	draw_marks(&c, asked, hands);
	draw_axis(&c);
	draw_table(&c);
	svg_end(file);
}
