// SPDX-License-Identifier: GPL-2.0
/*
 * Draw a plot of bars or lines, for the report of scripts/bench-report.  Standard input
 * says what, as JSON:
 *
 *   {"title": T, "note": T, "log": BOOL,
 *    "panels": [{"heading": T, "rows": [[LABEL, MEDIAN, LEAST, GREATEST], ...]}, ...]}
 *   {"title": T, "note": T, "labels": [X, Y], "logs": [BOOL, BOOL],
 *    "series": [{"name": T, "points": [[X, Y], ...]}, ...]}
 *
 * usage: plot FILE.svg
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../kgil/svg.h"

#define WIDTH 760
#define ROW 20
#define LEFT 150
#define RIGHT 90
#define TOP 44
#define PLOT_LEFT 70
#define PLOT_HEIGHT 300
#define LEGEND 170
#define SERIES 9

static const struct svg_colour colours[] = {
	{ "c0", "#1b6ca8", "#5aa9e6", true },
	{ "c1", "#d1495b", "#f07a8a", true },
	{ "c2", "#2e933c", "#5fc46d", true },
	{ "c3", "#c98a12", "#edae49", true },
	{ "c4", "#66558e", "#a996d6", true },
	{ "c5", "#00798c", "#35b6c9", true },
	{ "c6", "#8d5524", "#c98d58", true },
	{ "c7", "#666666", "#a3a9b3", true },
	{ "c8", "#c774b2", "#e3a0d3", true },
	{ "ink", "#000000", "#ffffff", true },
	{ .name = NULL },
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "plot: %s: %s\n", what, why);
	exit(1);
}

/* --- what is to be drawn -------------------------------------------------------- */

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *found;

	if (!json_object_object_get_ex(object, name, &found))
		die(name, "it is missing");
	return found;
}

static const char *words(struct json_object *object, const char *name)
{
	return json_object_get_string(member(object, name));
}

static size_t length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static struct json_object *at(struct json_object *array, size_t n)
{
	return json_object_array_get_idx(array, n);
}

static double number(struct json_object *array, size_t n)
{
	double value = json_object_get_double(at(array, n));

	if (!isfinite(value))
		die("a number", "it is not finite");
	return value;
}

/* 1234567: 1.23M. */
static const char *brief(double value)
{
	static const char *const suffixes[] = { "", "k", "M", "G" };
	static char text[32];
	unsigned int i;

	for (i = 0; i < 3 && fabs(value) >= 999.5; i++)
		value /= 1000;
	snprintf(text, sizeof(text), "%.3g%s", value, suffixes[i]);
	return text;
}

/* --- axes -------------------------------------------------------------------------- */

/**
 * struct axis - from values to pixels
 * @low: the least value, at pixel @begin
 * @high: the greatest, at @end
 */
struct axis {
	double low;
	double high;
	double begin;
	double end;
	bool log;
};

static double place(const struct axis *axis, double value)
{
	double part;

	if (axis->log)
		part = log(fmax(value, axis->low) / axis->low) / log(axis->high / axis->low);
	else
		part = (value - axis->low) / (axis->high - axis->low);
	return axis->begin + part * (axis->end - axis->begin);
}

static void widen(struct axis *axis, double value)
{
	if (axis->log && value <= 0)
		return;
	axis->low = fmin(axis->low, value);
	axis->high = fmax(axis->high, value);
}

/* An axis that has no value yet. */
static struct axis new_axis(double begin, double end, bool log)
{
	if (log)
		return (struct axis){ INFINITY, 0, begin, end, log };
	return (struct axis){ 0, 0, begin, end, log };
}

/* Whole powers of ten; at least some length. */
static void round_axis(struct axis *axis)
{
	if (axis->log) {
		axis->low = pow(10, floor(log10(axis->low)));
		axis->high = pow(10, ceil(log10(axis->high)));
	}
	if (axis->high <= axis->low)
		axis->high = axis->log ? axis->low * 10 : axis->low + 1;
}

static unsigned int ticks(const struct axis *axis)
{
	return axis->log ? lround(log10(axis->high / axis->low)) + 1 : 5;
}

static double tick(const struct axis *axis, unsigned int n)
{
	if (axis->log)
		return axis->low * pow(10, n);
	return axis->low + (axis->high - axis->low) * n / 4;
}

/* --- bars --------------------------------------------------------------------------- */

static void draw_row(FILE *file, const struct axis *axis, struct json_object *row, int y)
{
	const char *label = json_object_get_string(at(row, 0));
	double median = number(row, 1), greatest = place(axis, number(row, 3));
	char title[128];

	svg_text(file, "text", LEFT - 6, y + 14, 12, SVG_END, "%s", label);
	snprintf(title, sizeof(title), "%s: %.6g", label, median);
	svg_rect(file, strncmp(label, "kgil", 4) ? "c7" : "c0", LEFT, y + 3,
		 place(axis, median) - LEFT, ROW - 6, title);
	svg_line(file, "line ink", place(axis, number(row, 2)), y + 10, greatest, y + 10);
	svg_text(file, "text", greatest + 6, y + 14, 11, SVG_START, "%s", brief(median));
}

static struct axis axis_of_rows(struct json_object *rows, bool log)
{
	struct axis axis = new_axis(LEFT, WIDTH - RIGHT, log);
	size_t i;

	for (i = 0; i < length(rows); i++) {
		widen(&axis, number(at(rows, i), 1));
		axis.high = fmax(axis.high, number(at(rows, i), 3));
	}
	if (log)
		axis.low /= 2;
	if (axis.high <= axis.low)
		axis.high = axis.low + 1;
	return axis;
}

static int draw_panel(FILE *file, struct json_object *panel, bool log, int y)
{
	struct json_object *rows = member(panel, "rows");
	struct axis axis = axis_of_rows(rows, log);
	size_t i;

	svg_text(file, "text", 10, y + 12, 12, SVG_START, "%s", words(panel, "heading"));
	y += 20;
	for (i = 0; i < length(rows); i++, y += ROW)
		draw_row(file, &axis, at(rows, i), y);
	return y + 10;
}

static int height_of_bars(struct json_object *panels)
{
	int height = TOP + 6;
	size_t i;

	for (i = 0; i < length(panels); i++)
		height += 30 + ROW * length(member(at(panels, i), "rows"));
	return height;
}

static void draw_bars(FILE *file, struct json_object *plot)
{
	struct json_object *panels = member(plot, "panels");
	bool log = json_object_get_boolean(member(plot, "log"));
	int y = TOP;
	size_t i;

	for (i = 0; i < length(panels); i++)
		y = draw_panel(file, at(panels, i), log, y);
}

/* --- lines --------------------------------------------------------------------------- */

static void fit(struct axis *x, struct axis *y, struct json_object *series)
{
	size_t i, k;

	for (i = 0; i < length(series); i++) {
		struct json_object *points = member(at(series, i), "points");

		for (k = 0; k < length(points); k++) {
			widen(x, number(at(points, k), 0));
			widen(y, number(at(points, k), 1));
		}
	}
	round_axis(x);
	round_axis(y);
}

static void draw_grid(FILE *file, const struct axis *x, const struct axis *y)
{
	unsigned int i;
	double at;

	for (i = 0; i < ticks(x); i++) {
		at = place(x, tick(x, i));
		svg_line(file, "line", at, TOP + 10, at, y->begin);
		svg_text(file, "dim", at, y->begin + 16, 11, SVG_MIDDLE, "%s", brief(tick(x, i)));
	}
	for (i = 0; i < ticks(y); i++) {
		at = place(y, tick(y, i));
		svg_line(file, "line", PLOT_LEFT, at, x->end, at);
		svg_text(file, "dim", PLOT_LEFT - 6, at + 4, 11, SVG_END, "%s", brief(tick(y, i)));
	}
}

static void draw_series(FILE *file, const struct axis *x, const struct axis *y,
			struct json_object *series, unsigned int n)
{
	const char *colour = colours[n % SERIES].name;
	struct json_object *points = member(series, "points");
	double key = TOP + 28 + 18 * n;
	char *path = NULL, class[16];
	size_t size, i;
	FILE *text = open_memstream(&path, &size);

	if (!text)
		die("memory", strerror(errno));
	snprintf(class, sizeof(class), "line %s", colour);
	for (i = 0; i < length(points); i++)
		fprintf(text, "%s%.1f %.1f", i ? "L" : "M", place(x, number(at(points, i), 0)),
			place(y, number(at(points, i), 1)));
	fclose(text);
	svg_path(file, class, path, words(series, "name"));
	free(path);
	for (i = 0; i < length(points); i++)
		svg_circle(file, colour, place(x, number(at(points, i), 0)),
			   place(y, number(at(points, i), 1)), 2.5);
	svg_line(file, class, x->end + 10, key - 4, x->end + 28, key - 4);
	svg_text(file, "text", x->end + 34, key, 11, SVG_START, "%s", words(series, "name"));
}

static void draw_lines(FILE *file, struct json_object *plot)
{
	struct json_object *labels = member(plot, "labels"), *logs = member(plot, "logs");
	struct json_object *series = member(plot, "series");
	struct axis x = new_axis(PLOT_LEFT, WIDTH - LEGEND, json_object_get_boolean(at(logs, 0)));
	struct axis y = new_axis(TOP + PLOT_HEIGHT, TOP + 10, json_object_get_boolean(at(logs, 1)));
	size_t i;

	fit(&x, &y, series);
	draw_grid(file, &x, &y);
	svg_text(file, "text", (x.begin + x.end) / 2, y.begin + 34, 12, SVG_MIDDLE, "%s",
		 json_object_get_string(at(labels, 0)));
	svg_text(file, "text", x.end + 10, TOP + 8, 11, SVG_START, "%s",
		 json_object_get_string(at(labels, 1)));
	for (i = 0; i < length(series); i++)
		draw_series(file, &x, &y, at(series, i), i);
}

/* --- all of it ------------------------------------------------------------------------- */

static void draw(FILE *file, struct json_object *plot)
{
	struct json_object *panels = NULL;
	bool bars = json_object_object_get_ex(plot, "panels", &panels);

	svg_begin(file, WIDTH, bars ? height_of_bars(panels) : TOP + PLOT_HEIGHT + 46, SVG_AUTO,
		  words(plot, "title"), colours);
	svg_text(file, "text", 10, 18, 14, SVG_START, "%s", words(plot, "title"));
	svg_text(file, "dim", 10, 34, 11, SVG_START, "%s", words(plot, "note"));
	if (bars)
		draw_bars(file, plot);
	else
		draw_lines(file, plot);
	svg_end(file);
}

int main(int argc, char **argv)
{
	struct json_object *plot;
	FILE *file;
	bool bad;

	if (argc != 2) {
		fprintf(stderr, "usage: plot FILE.svg <PLOT.json\n");
		return 2;
	}
	plot = json_object_from_fd(0);
	if (!plot)
		die("standard input", "no JSON");
	file = fopen(argv[1], "w");
	if (!file)
		die(argv[1], strerror(errno));
	draw(file, plot);
	bad = ferror(file);
	if (fclose(file) || bad)
		die(argv[1], "cannot write it");
	json_object_put(plot);
	return 0;
}
