// SPDX-License-Identifier: GPL-2.0
/*
 * The picture of an object: how many wait, a lane for each thread, and a table.
 *
 * A lane is drawn in columns.  Each has the colour of what the thread did longest
 * in it, so that a picture of a million events is no larger than one of ten; the
 * numbers of the table are exact.
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
#define COLUMNS 1030
#define QUEUE_TOP 92
#define QUEUE_HEIGHT 44
#define LANES_TOP 156
/* More threads are in the table of the JSON, and not drawn. */
#define LANES_MAX 64
/* More marks would hide what they mark. */
#define MARKS_MAX 300

static const char *const classes[LANE_STATES] = {
	"outside",
	"running",
	"waiting",
	"waking",
	"preempted",
	"blocked",
};

static const struct svg_colour colours[] = {
	{ "running", "#0b6bb8", "#4da3e8" },
	{ "waiting", "#f5b83d", "#c98a12" },
	{ "waking", "#8fd0c1", "#3f8f80" },
	{ "preempted", "#b58bd0", "#9a6bbd" },
	{ "blocked", "#d0342c", "#f2635b" },
	{ "queue", "#f5b83d", "#c98a12" },
	{ "asked", "#1c1e21", "#ffffff" },
	{ .name = NULL },
};

/**
 * struct canvas - where things are
 * @lane: from one lane to the next
 * @bar: height of a lane
 * @drawn: how many lanes
 */
struct canvas {
	const struct lanes *lanes;
	FILE *file;
	double lane;
	double bar;
	unsigned int drawn;
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
	return LANES_TOP + lane * c->lane;
}

static double bottom(const struct canvas *c)
{
	return y_of(c, c->drawn);
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
	if (lanes->lost)
		svg_text(c->file, "blocked", WIDTH - 20, 30, 14, SVG_END,
			 "%s events were lost: there are gaps", out_count(lanes->lost).s);
}

static void draw_legend(const struct canvas *c)
{
	static const struct {
		enum lane_state state;
		int x;
	} keys[] = {
		{ LANE_RUNNING, 20 },
		{ LANE_WAITING, 155 },
		{ LANE_BLOCKED, 245 },
		{ LANE_PREEMPTED, 385 },
		{ LANE_WAKING, 560 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		svg_rect(c->file, classes[keys[i].state], keys[i].x, 66, 12, 12, NULL);
		svg_text(c->file, "dim", keys[i].x + 17, 76, 12, SVG_START, "%s",
			 lane_state_names[keys[i].state]);
	}
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

	svg_text(c->file, "dim", LEFT - 8, QUEUE_TOP + QUEUE_HEIGHT / 2 + 4, 12, SVG_END,
		 "how many wait");
	svg_rect(c->file, "track", LEFT, QUEUE_TOP, COLUMNS, QUEUE_HEIGHT, NULL);
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
				 QUEUE_TOP + QUEUE_HEIGHT - deepest[from] * scale, x - from,
				 deepest[from] * scale, title);
		}
		from = x;
	}
	svg_text(c->file, "dim", LEFT + COLUMNS + 6, QUEUE_TOP + 10, 11, SVG_START, "%u",
		 lanes->most_waiting);
	svg_text(c->file, "dim", LEFT + COLUMNS + 6, QUEUE_TOP + QUEUE_HEIGHT, 11, SVG_START, "0");
	free(deepest);
}

/* --- lanes ---------------------------------------------------------------------- */

/* What was done longest in each column. */
static void fill_columns(const struct canvas *c, const struct lane *lane, unsigned char *columns)
{
	double(*part)[LANE_STATES] = out_alloc((COLUMNS + 1) * sizeof(*part));
	size_t i;
	int x, s;

	for (i = 0; i < lane->n; i++) {
		double from = x_of(c, lane->spans[i].from) - LEFT;
		double to = x_of(c, lane->spans[i].to) - LEFT;

		for (x = from; x < COLUMNS && x < to; x++) {
			double begin = from > x ? from : x, end = to < x + 1 ? to : x + 1;

			part[x][lane->spans[i].state] += end - begin;
		}
	}
	for (x = 0; x < COLUMNS; x++) {
		part[x][LANE_OUTSIDE] = 1;
		for (s = LANE_RUNNING; s < LANE_STATES; s++)
			part[x][LANE_OUTSIDE] -= part[x][s];
		columns[x] = LANE_OUTSIDE;
		for (s = LANE_RUNNING; s < LANE_STATES; s++)
			if (part[x][s] > part[x][columns[x]])
				columns[x] = s;
	}
	free(part);
}

static void draw_bar(const struct canvas *c, const struct lane *lane, unsigned int number)
{
	unsigned char columns[COLUMNS];
	double column_ns = length(c->lanes) / COLUMNS;
	int x, from = 0;
	char title[128];

	fill_columns(c, lane, columns);
	for (x = 1; x <= COLUMNS; x++) {
		if (x < COLUMNS && columns[x] == columns[from])
			continue;
		if (columns[from] != LANE_OUTSIDE) {
			snprintf(title, sizeof(title), "%s: %s\n%s from %s", lane->name,
				 lane_state_names[columns[from]],
				 out_time((x - from) * column_ns).s, out_time(from * column_ns).s);
			svg_rect(c->file, classes[columns[from]], LEFT + from, y_of(c, number),
				 x - from, c->bar, title);
		}
		from = x;
	}
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
	svg_text(c->file, "text", LEFT - 8, y_of(c, number) + c->bar / 2 + size / 2.8, size,
		 SVG_END, "%s", lane->name);
	svg_rect(c->file, "track", LEFT, y_of(c, number), COLUMNS, c->bar, NULL);
	draw_bar(c, lane, number);
	fputs("</g>\n", c->file);
}

static void draw_hand_over(const struct canvas *c, const struct lane_mark *mark)
{
	double x = x_of(c, mark->ns);

	svg_line(c->file, "hand", x, y_of(c, mark->from) + c->bar / 2,
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

static void draw_marks(const struct canvas *c)
{
	const struct lanes *lanes = c->lanes;
	size_t hands = 0, asked = 0, i;
	bool hands_fit, asked_fit;

	for (i = 0; i < lanes->marks_n; i++)
		*(lanes->marks[i].to < 0 ? &asked : &hands) += 1;
	hands_fit = hands <= MARKS_MAX;
	asked_fit = asked <= MARKS_MAX;
	for (i = 0; i < lanes->marks_n; i++) {
		const struct lane_mark *mark = &lanes->marks[i];

		if (mark->from >= (int)c->drawn || mark->to >= (int)c->drawn)
			continue;
		if (mark->to < 0 && asked_fit)
			draw_asked(c, mark);
		else if (mark->to >= 0 && hands_fit)
			draw_hand_over(c, mark);
	}
	svg_path(c->file, "asked", "M735 68l8 0l-4 8z", NULL);
	svg_text(c->file, "dim", 749, 76, 12, SVG_START, "asked to drop it: %s%s",
		 out_count(asked).s, asked_fit ? "" : ", not drawn");
	svg_line(c->file, "hand", 958, 66, 958, 78);
	svg_text(c->file, "dim", 965, 76, 12, SVG_START, "handed over: %s%s", out_count(hands).s,
		 hands_fit ? "" : ", not drawn");
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

static const int table_x[] = { 150, 230, 350, 460, 570, 690, 800, 890, 980, 1080, 1170 };

static void draw_table_head(const struct canvas *c, double y)
{
	static const char *const heads[] = { "thread", "tid", "running", "waiting", "blocked",
					     "no processor", "being woken", "got it", "waits",
					     "longest wait", "asked" };
	unsigned int i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		svg_text(c->file, "dim", table_x[i] - (i ? 0 : 8), y, 12, SVG_END, "%s", heads[i]);
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
		 out_percent(lane->total[state] / length(c->lanes)).s);
}

static void draw_row(const struct canvas *c, const struct lane *lane, double y, int size)
{
	svg_text(c->file, "text", table_x[0] - 8, y, size, SVG_END, "%s", lane->name);
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
		 "A column of a lane shows what the thread did longest in its %s; the table is "
		 "exact. What is taken by the word alone is not seen.",
		 out_time(length(c->lanes) / COLUMNS).s);
}

void lanes_svg(const struct lanes *lanes, FILE *file, enum svg_theme theme)
{
	struct canvas c = {
		.lanes = lanes,
		.file = file,
		.drawn = lanes->n < LANES_MAX ? lanes->n : LANES_MAX,
	};
	unsigned int i;

	c.lane = c.drawn <= 8 ? 34 : c.drawn <= 16 ? 22 :
						     12;
	c.bar = c.drawn <= 8 ? 24 : c.drawn <= 16 ? 16 :
						    9;
	svg_begin(file, WIDTH, bottom(&c) + 52 + (c.drawn + 1) * row_height(&c) + 30, theme,
		  lanes_title(lanes), colours);
	draw_head(&c);
	draw_legend(&c);
	draw_queue(&c);
	for (i = 0; i < c.drawn; i++)
		draw_lane(&c, i);
	draw_marks(&c);
	draw_axis(&c);
	draw_table(&c);
	svg_end(file);
}
