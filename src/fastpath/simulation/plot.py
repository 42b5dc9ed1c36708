"""The same as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .load import Load
from .shares import Share

__all__ = ["draw"]

_MOST_LABELS = 40


def draw(file: Path, title: str, shares: Sequence[Share], load: Sequence[Load]) -> None:
    """Write a picture of what was simulated; the file's ending says which kind (.png, .svg).

    Needs matplotlib (the extra fastpath[plot]): ImportError without it.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    figure.suptitle(title)
    top, bottom = figure.subplots(2, 1)
    places = range(len(shares))
    names = [str(share.host) for share in shares]
    bars = (
        ("by weight", [share.weight for share in shares]),
        ("without load", [share.picked for share in shares]),
        ("under load", [each.share for each in load]),
    )
    for index, (label, parts) in enumerate(bars):
        top.bar([place + 0.27 * (index - 1) for place in places], [100 * part for part in parts], 0.27, label=label)
    top.set_ylabel("% of requests")
    top.legend()
    bottom.bar([place - 0.2 for place in places], [each.mean_active for each in load], 0.4, label="mean")
    bottom.bar([place + 0.2 for place in places], [each.most_active for each in load], 0.4, label="most")
    bottom.set_ylabel("requests under way")
    bottom.legend()
    for axes in (top, bottom):
        if len(names) <= _MOST_LABELS:
            axes.set_xticks(list(places), names, rotation=30, ha="right", fontsize="small")
        else:
            axes.set_xlabel("hosts, in their order")
    figure.savefig(file)
