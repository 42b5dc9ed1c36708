"""What commands print: with rich where it is installed, plainly where not."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["progress", "say", "table"]

_STYLE = re.compile(r"\[/?(?:bold|green|red)\]")


@lru_cache(maxsize=1)
def _rich() -> Console | None:
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(highlight=False, width=None if sys.stdout.isatty() else 110)


def say(text: str) -> None:
    """Print a line; [bold], [green] and [red] up to [/...] are styles."""
    console = _rich()
    if console is None:
        print(_STYLE.sub("", text), flush=True)
    else:
        console.print(text, soft_wrap=True)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal while something is under way; the function that is given is told how much is done."""
    console = _rich()
    if console is None or not console.is_terminal:
        yield lambda done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table. A column whose name begins with '>' is aligned to the right."""
    names = [name.lstrip(">") for name in columns]
    console = _rich()
    if console is None:
        widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
        for row in (names, *rows):
            cells = (c.rjust(w) if n[0] == ">" else c.ljust(w) for c, w, n in zip(row, widths, columns, strict=True))
            print("  ".join(cells).rstrip())
        return
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, name in zip(columns, names, strict=True):
        made.add_column(name, justify="right" if column[0] == ">" else "left", no_wrap=True)
    for row in rows:
        made.add_row(*row)
    console.print(made)
