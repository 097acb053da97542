# SPDX-License-Identifier: GPL-2.0
"""Plots as SVG, drawn by build/plot, which draws with the code of kgil timeline."""
import json
import os
import subprocess

PLOT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build", "plot")
LICENCE = "<!-- SPDX-License-Identifier: GPL-2.0 -->\n"


def draw(path, plot):
    subprocess.run([PLOT, path], input=json.dumps(plot), text=True, check=True)
    with open(path, encoding="utf-8") as file:
        first, rest = file.read().split("\n", 1)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{first}\n{LICENCE}{rest}")


def bars(path, title, note, panels, log=False):
    """panels: [(heading, [(label, median, least, greatest)])]."""
    draw(path, {"title": title, "note": note + (" Logarithmic." if log else ""), "log": log,
                "panels": [{"heading": heading, "rows": rows} for heading, rows in panels]})


def lines(path, title, note, labels, series, logs=(False, False)):
    """labels: of x and y; series: {name: [(x, y)]}; logs: of x and y."""
    draw(path, {"title": title, "note": note, "labels": labels, "logs": logs,
                "series": [{"name": name, "points": points} for name, points in series.items()]})
