# SPDX-License-Identifier: GPL-2.0
"""Plots as SVG: bars and lines, on linear or logarithmic axes."""
import math
from xml.sax.saxutils import escape

WIDTH = 760
ROW = 20
LEFT = 150
RIGHT = 90
TOP = 44
PLOT_HEIGHT = 300
LEGEND = 170
COLOURS = ["#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#66558e", "#00798c", "#8d5524", "#666666",
           "#c774b2"]


def short(value):
    """1234567: 1.23M."""
    for suffix in ("", "k", "M", "G"):
        if abs(value) < 999.5 or suffix == "G":
            return f"{value:.3g}{suffix}"
        value /= 1000
    return ""


def text(x, y, words, anchor="start", size=12, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def line(x1, y1, x2, y2, colour="#bbbbbb", width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/>')


def save(path, height, title, note, parts):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" font-family="sans-serif">\n'
            '<!-- SPDX-License-Identifier: GPL-2.0 -->\n'
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>')
    words = [text(10, 18, title, size=14, weight="bold"), text(10, 34, note, size=11)]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([head, *words, *parts, "</svg>"]) + "\n")


def bars(path, title, note, panels, log=False):
    """panels: [(heading, [(label, median, least, greatest)])]."""
    parts, y = [], TOP
    for heading, rows in panels:
        parts.append(text(10, y + 12, heading, weight="bold"))
        y += 20
        top = max(row[3] for row in rows)
        low = min(row[1] for row in rows if row[1] > 0) / 2 if log else 0
        room = WIDTH - LEFT - RIGHT

        def place(value, top=top, low=low, room=room):
            if log:
                part = math.log(max(value, low) / low) / math.log(top / low)
            else:
                part = value / top
            return LEFT + room * part

        for label, middle, least, greatest in rows:
            colour = COLOURS[0] if label.startswith("kgil") else COLOURS[7]
            parts.append(text(LEFT - 6, y + 13, label, "end"))
            parts.append(f'<rect x="{LEFT}" y="{y + 3}" width="{place(middle) - LEFT:.1f}" '
                         f'height="{ROW - 6}" fill="{colour}"/>')
            parts.append(line(place(least), y + 10, place(greatest), y + 10, "#000000", 1.5))
            parts.append(text(place(greatest) + 6, y + 13, short(middle), size=11))
            y += ROW
        y += 10
    save(path, y + 6, title, note + (" Logarithmic." if log else ""), parts)


class Axis:
    """From values to pixels."""

    def __init__(self, values, begin, end, log):
        good = [v for v in values if v > 0] if log else list(values) + [0]
        self.log = log
        self.low, self.high = min(good), max(good)
        if log:
            self.low = 10 ** math.floor(math.log10(self.low))
            self.high = 10 ** math.ceil(math.log10(self.high))
        if self.high <= self.low:
            self.high = self.low * 10 if log else self.low + 1
        self.begin, self.end = begin, end

    def place(self, value):
        if self.log:
            value = max(value, self.low)
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        if self.log:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            return [10.0 ** e for e in range(first, last + 1)]
        return [self.low + (self.high - self.low) * i / 4 for i in range(5)]


def lines(path, title, note, labels, series, logs=(False, False)):
    """labels: of x and y; series: {name: [(x, y)]}; logs: of x and y."""
    points = [p for s in series.values() for p in s]
    bottom = TOP + PLOT_HEIGHT
    horizontal = Axis([p[0] for p in points], 70, WIDTH - LEGEND, logs[0])
    vertical = Axis([p[1] for p in points], bottom, TOP + 10, logs[1])
    parts = []
    for tick in horizontal.ticks():
        x = horizontal.place(tick)
        parts += [line(x, TOP + 10, x, bottom), text(x, bottom + 16, short(tick), "middle", 11)]
    for tick in vertical.ticks():
        y = vertical.place(tick)
        parts += [line(70, y, WIDTH - LEGEND, y), text(64, y + 4, short(tick), "end", 11)]
    parts.append(text((70 + WIDTH - LEGEND) / 2, bottom + 34, labels[0], "middle"))
    parts.append(text(WIDTH - LEGEND + 10, TOP + 8, labels[1], size=11))
    for i, (name, data) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        places = [(horizontal.place(x), vertical.place(y)) for x, y in data]
        path_text = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path_text}" fill="none" stroke="{colour}" '
                     'stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
                  for x, y in places]
        y = TOP + 28 + 18 * i
        parts.append(line(WIDTH - LEGEND + 10, y - 4, WIDTH - LEGEND + 28, y - 4, colour, 2))
        parts.append(text(WIDTH - LEGEND + 34, y, name, size=11))
    save(path, bottom + 46, title, note, parts)
