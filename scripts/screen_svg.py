#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Draw what is on a terminal as an SVG.

    scripts/screen_svg.py TITLE FILE... >PICTURE

Each FILE is what "tmux capture-pane -e -p" printed; they are drawn one below the other. The
background is the picture's own, so that it is legible on a light page and on a dark one.
"""
import re
import sys
from xml.sax.saxutils import escape, quoteattr

SIZE, CELL, LINE, MARGIN, GAP = 13, 7.82, 17, 12, 10
PAPER, PLAIN, FAINT, BORDER, INVERSE = "#16181d", "#e8eaed", "#8b919b", "#4a505a", "#c4c9d1"
COLOURS = {30: "#16181d", 31: "#f2635b", 32: "#4cb782", 33: "#f0b13c", 34: "#4da3e8",
           35: "#b58bd0", 36: "#5fc9d8", 37: "#e8eaed"}


class Style:
    """What the escape sequences have set until now."""

    def __init__(self):
        self.set(0)

    def set(self, code):
        if code == 0:
            self.bold = self.faint = self.reverse = self.under = False
            self.ink, self.paper = PLAIN, None
        elif code == 1:
            self.bold = True
        elif code == 2:
            self.faint = True
        elif code == 22:
            self.bold = self.faint = False
        elif code in (4, 24):
            self.under = code == 4
        elif code in (7, 27):
            self.reverse = code == 7
        elif code == 39:
            self.ink = PLAIN
        elif code == 49:
            self.paper = None
        elif code in COLOURS:
            self.ink = COLOURS[code]
        elif code - 10 in COLOURS:
            self.paper = COLOURS[code - 10]

    def colours(self):
        ink = FAINT if self.faint and self.ink == PLAIN else self.ink
        if self.reverse:
            return self.paper or PAPER, ink if ink != PLAIN else INVERSE
        return ink, self.paper


def pieces(text):
    """(column, text, ink, paper, bold, under) of each line."""
    style = Style()
    for line in text.splitlines():
        found, column = [], 0
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if part.startswith("\x1b"):
                for code in part[2:-1].split(";"):
                    style.set(int(code or 0))
            elif part:
                found.append((column, part, *style.colours(), style.bold, style.under))
                column += len(part)
        yield found


def draw(lines, top):
    """The lines from @top on, and where they end."""
    out = []
    for line in lines:
        for column, text, ink, paper, bold, under in line:
            if paper:
                # A bar stands apart from the one below it.
                apart = 3 if paper != INVERSE else 0
                out.append(f'<rect x="{MARGIN + column * CELL:.1f}" y="{top + apart:.1f}" '
                           f'width="{len(text) * CELL:.1f}" height="{LINE - 2 * apart}" '
                           f'fill="{paper}"/>')
            more = ' font-weight="bold"' if bold else ""
            more += ' text-decoration="underline"' if under else ""
            # Each where it stands, whatever the font: wide spaces are nothing in an SVG.
            for words in re.finditer(r"\S+(?: \S+)*", text):
                x = MARGIN + (column + words.start()) * CELL
                out.append(f'<text x="{x:.1f}" y="{top + 13:.1f}" fill="{ink}" '
                           f'textLength="{len(words.group()) * CELL:.1f}"{more}>'
                           f'{escape(words.group())}</text>')
        top += LINE
    return out, top


def main(title, files):
    screens = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            screens.append(list(pieces(file.read())))
    columns = max(column + len(text) for screen in screens for line in screen
                  for column, text, *_ in line)
    width, top, out = 2 * MARGIN + columns * CELL, MARGIN, []
    for i, screen in enumerate(screens):
        if i:
            out.append(f'<line x1="0" y1="{top + GAP / 2:.1f}" x2="{width:.1f}" '
                       f'y2="{top + GAP / 2:.1f}" stroke="{BORDER}"/>')
            top += GAP
        drawn, top = draw(screen, top)
        out += drawn
    height = top + MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
          f'viewBox="0 0 {width:.1f} {height:.1f}" role="img" aria-label={quoteattr(title)}>')
    print("<!-- SPDX-License-Identifier: GPL-2.0 -->")
    print(f"<title>{escape(title)}</title>")
    print(f'<rect width="100%" height="100%" rx="8" fill="{PAPER}" stroke="{BORDER}"/>')
    print('<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
          f'font-size="{SIZE}">')
    print("\n".join(out))
    print("</g>\n</svg>")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
