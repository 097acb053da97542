/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the command prints: tables, bars, numbers, JSON, styles, progress.
 */
#ifndef KGIL_CMD_OUT_H
#define KGIL_CMD_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* Set by the common options. */
extern bool out_json;	  /* -J, --json */
extern bool out_no_color; /* --no-color */

/* Columns of the terminal that standard output is; 80 if it is none. */
unsigned int out_width(void);

enum out_style {
	OUT_RESET,
	OUT_BOLD,
	OUT_DIM,
	OUT_RED,
	OUT_GREEN,
	OUT_YELLOW,
};

/*
 * The escape sequence of a style; "" unless standard output is a terminal and
 * neither --no-color nor NO_COLOR is given.
 */
const char *out_style(enum out_style style);

/* Short texts by value: out_time(ns).s lasts until the end of the statement. */
struct out_text {
	char s[32];
};

struct out_text out_time(uint64_t ns);	     /* 1.23 s, 4.50 ms, 12.3 µs, 87 ns */
struct out_text out_count(uint64_t n);	     /* 12,345 */
struct out_text out_rate(double per_second); /* 12,345/s, 1.23/s */
struct out_text out_percent(double part);    /* 0.25: 25.0 % */

/* OUT_REST: left, cut to what the columns before it left of the line; the last one. */
enum out_align {
	OUT_LEFT,
	OUT_RIGHT,
	OUT_REST,
};

struct out_column {
	const char *name;
	enum out_align align;
};

struct out_table;

/* A table of @n columns; @columns must outlive it. */
struct out_table *out_table_new(const struct out_column *columns, unsigned int n);
/* The next cell, row by row. */
void out_table_cell(struct out_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Print it, indented by two spaces, and free it. */
void out_table_print(struct out_table *table);
/* Free it without printing. */
void out_table_free(struct out_table *table);

/**
 * struct out_bar - a bar of a horizontal bar chart
 * @label: before the bar
 * @value: its length; not negative
 * @text: after the bar; NULL: nothing
 */
struct out_bar {
	const char *label;
	double value;
	const char *text;
};

/* @n bars, as wide as the terminal (at most 100); the longest one fills it. */
void out_bars(const struct out_bar *bars, unsigned int n);

/* Text wrapped at the width of the terminal (at most 80), each line indented by @indent. */
void out_wrapped(unsigned int indent, const char *text);

/*
 * One line on standard error that says what a long step is doing.  Each call
 * replaces the line before; only on a terminal.
 */
void out_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_progress_end(void);

/* Add a number to @object. */
void out_json_number(struct json_object *object, const char *name, uint64_t value);
/* Print @object, over several lines or (@line) in one, and put it. */
void out_json_print(struct json_object *object, bool line);

/*
 * Flush standard output.  Returns @status, or STATUS_FAILED after a message if
 * something could not be written.
 */
int out_finish(int status);

/* malloc() and strdup() that end the program when there is no memory. */
void *out_alloc(size_t size); /* zeroed */
char *out_strdup(const char *s);

#endif /* KGIL_CMD_OUT_H */
