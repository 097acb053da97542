// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdbool.h>

#include "svg.h"

static const struct svg_colour common[] = {
	{ "paper", "#ffffff", "#16181d", false },
	{ "text", "#1c1e21", "#e8eaed", false },
	{ "dim", "#5f6570", "#a3a9b3", false },
	{ "track", "#eef0f3", "#23262d", false },
	{ .name = NULL },
};

/* Anything that XML can't have becomes a question mark; what isn't UTF-8, too. */
void svg_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '&')
			fputs("&amp;", file);
		else if (c == '<')
			fputs("&lt;", file);
		else if (c == '>')
			fputs("&gt;", file);
		else if (c == '"')
			fputs("&quot;", file);
		else if ((c < ' ' && c != '\n') || c == 0x7f)
			fputc('?', file);
		else
			fputc(c, file);
	}
}

static void put_fills(FILE *file, const struct svg_colour *colours, bool dark, const char *indent)
{
	for (; colours->name; colours++) {
		const char *colour = dark ? colours->dark : colours->light;

		fprintf(file, "%s.%s { fill: %s; }\n", indent, colours->name, colour);
		if (colours->line)
			fprintf(file, "%s.line.%s { stroke: %s; stroke-width: 2; fill: none; }\n",
				indent, colours->name, colour);
	}
}

static void put_colours(FILE *file, const struct svg_colour *colours, bool dark, const char *indent)
{
	put_fills(file, common, dark, indent);
	put_fills(file, colours, dark, indent);
	fprintf(file, "%s.line { stroke: %s; stroke-width: 1; fill: none; }\n", indent,
		dark ? "#4a505a" : "#c4c9d1");
	fprintf(file,
		"%s.hand { stroke: %s; stroke-width: 1; fill: none; opacity: 0.5; "
		"pointer-events: none; }\n%s.faint { opacity: 0.2; }\n",
		indent, dark ? "#ffffff" : "#000000", indent);
}

void svg_begin(FILE *file, int width, int height, enum svg_theme theme, const char *title,
	       const struct svg_colour *colours)
{
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\">\n<title>",
		width, height, width, height);
	svg_escaped(file, title);
	fputs("</title>\n<style>\n", file);
	put_colours(file, colours, theme == SVG_DARK, "");
	if (theme == SVG_AUTO) {
		fputs("@media (prefers-color-scheme: dark) {\n", file);
		put_colours(file, colours, true, "  ");
		fputs("}\n", file);
	}
	fputs("</style>\n", file);
	svg_rect(file, "paper", 0, 0, width, height, NULL);
}

void svg_end(FILE *file)
{
	fputs("</svg>\n", file);
}

static void put_title(FILE *file, const char *element, const char *title)
{
	if (!title) {
		fputs("/>\n", file);
		return;
	}
	fputs("><title>", file);
	svg_escaped(file, title);
	fprintf(file, "</title></%s>\n", element);
}

void svg_rect(FILE *file, const char *class, double x, double y, double width, double height,
	      const char *title)
{
	fprintf(file, "<rect class=\"%s\" x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"", class, x,
		y, width, height);
	put_title(file, "rect", title);
}

void svg_circle(FILE *file, const char *class, double x, double y, double radius)
{
	fprintf(file, "<circle class=\"%s\" cx=\"%g\" cy=\"%g\" r=\"%g\"/>\n", class, x, y, radius);
}

void svg_line(FILE *file, const char *class, double x1, double y1, double x2, double y2)
{
	fprintf(file, "<path class=\"%s\" d=\"M%g %gL%g %g\"/>\n", class, x1, y1, x2, y2);
}

void svg_path(FILE *file, const char *class, const char *path, const char *title)
{
	fprintf(file, "<path class=\"%s\" d=\"%s\"", class, path);
	put_title(file, "path", title);
}

void svg_text(FILE *file, const char *class, double x, double y, int size, enum svg_anchor anchor,
	      const char *fmt, ...)
{
	static const char *const anchors[] = { "start", "middle", "end" };
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(file, "<text class=\"%s\" x=\"%g\" y=\"%g\" font-size=\"%d\" text-anchor=\"%s\">",
		class, x, y, size, anchors[anchor]);
	svg_escaped(file, text);
	fputs("</text>\n", file);
}
