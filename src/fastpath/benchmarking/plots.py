"""A run as pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .run import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_curves"]


def draw(directory: Path, results: Iterable[Result], memory: dict[str, float]) -> list[Path]:
    """A PNG and an SVG of each topic. Needs matplotlib (the extra fastpath[plot]): ImportError without it."""
    from matplotlib.figure import Figure

    topics: dict[str, list[Result]] = {}
    for result in results:
        topics.setdefault(result.topic, []).append(result)
    figures = {}
    for topic, rows in topics.items():
        figures[topic] = Figure(figsize=(8, 5 if topic == "routes" else 1.5 + 0.25 * len(rows)), layout="constrained")
        (_growth if topic == "routes" else _bars)(figures[topic], rows)
        figures[topic].suptitle(topic)
    if memory:
        figures["memory"] = Figure(figsize=(8, 3), layout="constrained")
        axes = figures["memory"].subplots()
        axes.barh(list(memory), list(memory.values()))
        axes.set(xscale="log", xlabel="bytes", title="memory")
    directory.mkdir(parents=True, exist_ok=True)
    return [file for topic, figure in figures.items() for file in _save(figure, directory / topic)]


def draw_curves(
    file: Path, curves: Mapping[str, Sequence[tuple[int, float]]], *, ylabel: str, title: str
) -> list[Path]:
    """Times of each by the number of routes, as `file` with .png and .svg. ImportError without matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    _curves(figure, curves, ylabel=ylabel, title=title)
    return _save(figure, file)


def _save(figure: Figure, file: Path) -> list[Path]:
    files = [file.with_name(f"{file.name}.{suffix}") for suffix in ("png", "svg")]
    for each in files:
        figure.savefig(each)
    return files


def _curves(figure: Figure, curves: Mapping[str, Sequence[tuple[int, float]]], **words: str) -> None:
    axes = figure.subplots()
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="routes", **words)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


def _growth(figure: Figure, rows: list[Result]) -> None:
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        curves.setdefault(row.name, []).append((row.size, row.least))
    _curves(figure, curves, ylabel="ns of a lookup")


def _bars(figure: Figure, rows: list[Result]) -> None:
    """The least times, with a whisker up to the median."""
    axes = figure.subplots()
    whiskers = [[0.0] * len(rows), [row.median - row.least for row in rows]]
    colours = ["C0" if row.name.startswith("fastpath") else "C7" for row in rows]
    places = range(len(rows))
    axes.barh(places, [row.least for row in rows], xerr=whiskers, color=colours)
    axes.set_yticks(places, [f"{row.group}: {row.name}" for row in rows], fontsize="small")
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="ns of an operation, least and median")
