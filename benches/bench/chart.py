"""benches/results.svg: four figures side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

if TYPE_CHECKING:
    from pathlib import Path

    from .figures import Figure

PANELS = [
    ("instructions of a warm call", "instructions, warm call"),
    ("warm call, p50", "warm call, µs (median)"),
    ("first call of a process, system trust store", "first call, ms"),
    ("peak memory of a program with 10 calls", "peak memory, MB"),
]
PROGRAMS = ["limit", "ours", "1.0.0", "ureq", "libcurl"]
COLOURS = {"ours": "#1a82e2"}
GREY = "#9aa5b1"


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def draw(figures: list[Figure], path: Path) -> None:
    # Text as text, and the same file from the same figures.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "sg_open_tracking", "font.size": 9})
    by_name = {figure.name: figure for figure in figures}
    canvas = Canvas(figsize=(9, 2.4), layout="constrained")
    axes = canvas.subplots(1, len(PANELS), sharey=True)
    for axis, (name, title) in zip(axes, PANELS, strict=True):
        values = [by_name[name].values[program].mid for program in PROGRAMS]
        colours = [COLOURS.get(program, GREY) for program in PROGRAMS]
        bars = axis.barh(PROGRAMS, values, color=colours, height=0.65)
        axis.bar_label(bars, labels=[_label(value) for value in values], padding=3)
        axis.set_title(title, fontsize=9, loc="left")
        axis.set_xlim(0, max(values) * 1.35)
        axis.xaxis.set_visible(False)
        axis.tick_params(left=False)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].invert_yaxis()
    canvas.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
