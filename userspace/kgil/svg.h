/* SPDX-License-Identifier: GPL-2.0 */
/* SVG pictures: shapes with a class each, on a light or dark background. */
#ifndef KGIL_CMD_SVG_H
#define KGIL_CMD_SVG_H

#include <stdbool.h>
#include <stdio.h>

/**
 * enum svg_theme - the background
 * @SVG_AUTO: as who looks at it prefers
 */
enum svg_theme {
	SVG_AUTO,
	SVG_LIGHT,
	SVG_DARK,
};

/**
 * struct svg_colour - the colour of a class
 * @name: the class; NULL ends a list
 * @light: on a light background
 * @dark: on a dark one
 * @line: there is a class "NAME line", too, of lines in this colour
 */
struct svg_colour {
	const char *name;
	const char *light;
	const char *dark;
	bool line;
};

enum svg_anchor {
	SVG_START,
	SVG_MIDDLE,
	SVG_END,
};

/* Begin a picture; @colours: of what is filled, beside "text", "dim", "line", "track". */
void svg_begin(FILE *file, int width, int height, enum svg_theme theme, const char *title,
	       const struct svg_colour *colours);
void svg_end(FILE *file);

/* @title: shown when the mouse is over it; NULL: none. */
void svg_rect(FILE *file, const char *class, double x, double y, double width, double height,
	      const char *title);
void svg_circle(FILE *file, const char *class, double x, double y, double radius);
void svg_line(FILE *file, const char *class, double x1, double y1, double x2, double y2);
/* @path: of the SVG language. */
void svg_path(FILE *file, const char *class, const char *path, const char *title);
void svg_text(FILE *file, const char *class, double x, double y, int size, enum svg_anchor anchor,
	      const char *fmt, ...) __attribute__((format(printf, 7, 8)));
/* Text as it may stand in a picture, and in its attributes. */
void svg_escaped(FILE *file, const char *text);

#endif /* KGIL_CMD_SVG_H */
