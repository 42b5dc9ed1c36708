"""Python's cyclic garbage collector, while a document is read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["paused_collector"]


@contextmanager
def paused_collector() -> Iterator[None]:
    """Not to look again and again through a tree that only grows and has no cycles, which takes 40 % of the time.

    It is the process's: other threads do without as well until the block ends. One that is off stays off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
