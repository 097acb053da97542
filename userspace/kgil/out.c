// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <json-c/json.h>

#include "err.h"
#include "out.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40

bool out_json;
bool out_no_color;

static bool progress_shown;

void *out_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p) {
		err_print("out of memory");
		exit(STATUS_FAILED);
	}
	return p;
}

char *out_strdup(const char *s)
{
	char *copy = out_alloc(strlen(s) + 1);

	strcpy(copy, s);
	return copy;
}

unsigned int out_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

static bool color_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (out_no_color || out_json || (no_color && *no_color))
		return false;
	return isatty(STDOUT_FILENO) && !(term && !strcmp(term, "dumb"));
}

const char *out_style(enum out_style style)
{
	static const char *const sequence[] = {
		[OUT_RESET] = "\033[0m",
		[OUT_BOLD] = "\033[1m",
		[OUT_DIM] = "\033[2m",
		[OUT_RED] = "\033[31m",
		[OUT_GREEN] = "\033[32m",
		[OUT_YELLOW] = "\033[33m",
	};
	static int wanted = -1;

	if (wanted < 0)
		wanted = color_wanted();
	return wanted ? sequence[style] : "";
}

struct out_text out_time(uint64_t ns)
{
	static const char *const unit[] = { "ns", "µs", "ms", "s" };
	struct out_text text;
	unsigned int i = 0;
	double value = ns;

	/* 999.5 would be printed as 1000: it belongs to the next unit. */
	while (i < 3 && value >= 999.5) {
		value /= 1000;
		i++;
	}
	if (!i || value >= 99.95)
		snprintf(text.s, sizeof(text.s), "%.0f %s", value, unit[i]);
	else
		snprintf(text.s, sizeof(text.s), "%.*f %s", value < 9.995 ? 2 : 1, value, unit[i]);
	return text;
}

struct out_text out_count(uint64_t n)
{
	struct out_text text;
	char digits[24];
	unsigned int len, i, at = 0;

	len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text.s[at++] = ',';
		text.s[at++] = digits[i];
	}
	text.s[at] = '\0';
	return text;
}

struct out_text out_rate(double per_second)
{
	struct out_text text;

	if (per_second < 99.95) {
		snprintf(text.s, sizeof(text.s), "%.*f/s", per_second < 9.995 ? 2 : 1, per_second);
		return text;
	}
	/* The greatest count takes 26 of the bytes. */
	text = out_count(llround(per_second));
	strcat(text.s, "/s");
	return text;
}

struct out_text out_percent(double part)
{
	struct out_text text;

	snprintf(text.s, sizeof(text.s), "%.1f %%", 100 * part);
	return text;
}

/* Columns that UTF-8 text takes, for letters of one column each. */
static unsigned int text_width(const char *s)
{
	unsigned int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void put_padding(unsigned int n)
{
	if (n)
		printf("%*s", (int)n, "");
}

/**
 * struct out_table - a table that grows cell by cell
 * @columns: names and alignment
 * @n: number of columns
 * @cells: texts, row by row
 * @used: number of cells
 * @room: how many @cells has room for
 */
struct out_table {
	const struct out_column *columns;
	unsigned int n;
	char **cells;
	size_t used;
	size_t room;
};

struct out_table *out_table_new(const struct out_column *columns, unsigned int n)
{
	struct out_table *table = out_alloc(sizeof(*table));

	table->columns = columns;
	table->n = n;
	return table;
}

void out_table_cell(struct out_table *table, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (table->used == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->cells = realloc(table->cells, table->room * sizeof(*table->cells));
		if (!table->cells) {
			err_print("out of memory");
			exit(STATUS_FAILED);
		}
	}
	table->cells[table->used++] = out_strdup(text);
}

/* The widest text of column @i. */
static unsigned int column_width(const struct out_table *table, unsigned int i)
{
	unsigned int width = text_width(table->columns[i].name), w;
	size_t at;

	for (at = i; at < table->used; at += table->n) {
		w = text_width(table->cells[at]);
		if (w > width)
			width = w;
	}
	return width;
}

/* @last: a left-aligned text at the end of a line is not padded. */
static void put_cell(const char *text, unsigned int width, enum out_align align, bool last)
{
	unsigned int padding = width - text_width(text);

	fputs("  ", stdout);
	if (align == OUT_RIGHT)
		put_padding(padding);
	fputs(text, stdout);
	if (align == OUT_LEFT && !last)
		put_padding(padding);
}

#define REST_MIN 8

/* How wide a column may be that gets the rest of the line. */
static unsigned int rest_width(const unsigned int *width, unsigned int n)
{
	unsigned int used = 2, i;

	for (i = 0; i + 1 < n; i++)
		used += width[i] + 2;
	return used + REST_MIN < out_width() ? out_width() - used : REST_MIN;
}

/* Cut a text of plain ASCII, and mark where. */
static void cut_text(char *text, unsigned int width)
{
	if (strlen(text) <= width)
		return;
	text[width - 1] = '+';
	text[width] = '\0';
}

void out_table_print(struct out_table *table)
{
	unsigned int *width = out_alloc(table->n * sizeof(*width));
	unsigned int i;
	size_t at;

	for (i = 0; i < table->n; i++)
		width[i] = column_width(table, i);
	if (table->columns[table->n - 1].align == OUT_REST)
		for (at = table->n - 1; at < table->used; at += table->n)
			cut_text(table->cells[at], rest_width(width, table->n));
	fputs(out_style(OUT_BOLD), stdout);
	for (i = 0; i < table->n; i++)
		put_cell(table->columns[i].name, width[i], table->columns[i].align,
			 i + 1 == table->n);
	fputs(out_style(OUT_RESET), stdout);
	putchar('\n');
	for (at = 0; at < table->used; at++) {
		i = at % table->n;
		put_cell(table->cells[at], width[i], table->columns[i].align, i + 1 == table->n);
		if (i + 1 == table->n)
			putchar('\n');
	}
	free(width);
	out_table_free(table);
}

void out_table_free(struct out_table *table)
{
	size_t at;

	for (at = 0; at < table->used; at++)
		free(table->cells[at]);
	free(table->cells);
	free(table);
}

void out_bars(const struct out_bar *bars, unsigned int n)
{
	unsigned int label = 0, text = 0, room, length, i, w;
	unsigned int width = out_width();
	double max = 0;

	if (width > 100)
		width = 100;
	for (i = 0; i < n; i++) {
		w = text_width(bars[i].label);
		label = w > label ? w : label;
		w = bars[i].text ? text_width(bars[i].text) : 0;
		text = w > text ? w : text;
		max = bars[i].value > max ? bars[i].value : max;
	}
	/* Two spaces before the label, before the bar and before the text. */
	room = label + text + 6 + 10 < width ? width - label - text - 6 : 10;
	for (i = 0; i < n; i++) {
		fputs("  ", stdout);
		fputs(bars[i].label, stdout);
		put_padding(label - text_width(bars[i].label) + 2);
		length = max > 0 ? lround(bars[i].value / max * room) : 0;
		if (!length && bars[i].value > 0)
			length = 1;
		fputs(out_style(OUT_GREEN), stdout);
		for (w = 0; w < length; w++)
			putchar('#');
		fputs(out_style(OUT_RESET), stdout);
		if (bars[i].text)
			printf("  %s", bars[i].text);
		putchar('\n');
	}
}

void out_wrapped(unsigned int indent, const char *text)
{
	unsigned int width = out_width(), column = 0, w;
	char word[256];
	size_t len;

	if (width > WIDTH_DEFAULT)
		width = WIDTH_DEFAULT;
	for (;;) {
		text += strspn(text, "\n ");
		len = strcspn(text, "\n ");
		if (!len)
			break;
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		text += len;
		w = text_width(word);
		if (column && column + 1 + w > width) {
			putchar('\n');
			column = 0;
		}
		if (column) {
			putchar(' ');
			column++;
		} else {
			put_padding(indent);
			column = indent;
		}
		fputs(word, stdout);
		column += w;
	}
	putchar('\n');
}

void out_progress(const char *fmt, ...)
{
	char text[WIDTH_DEFAULT];
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* What was printed before comes first, and the line is cleared. */
	fflush(stdout);
	fprintf(stderr, "\r\033[K%s", text);
	fflush(stderr);
	progress_shown = true;
}

void out_progress_end(void)
{
	if (!progress_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress_shown = false;
}

void out_json_number(struct json_object *object, const char *name, uint64_t value)
{
	json_object_object_add(object, name, json_object_new_uint64(value));
}

void out_json_print(struct json_object *object, bool line)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	flags |= line ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

int out_finish(int status)
{
	out_progress_end();
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	err_set_command(NULL);
	return err_failed("standard output: %s", errno ? strerror(errno) : "write error");
}
