"""How much of what is drawn at random a run draws: all of it, or the share in FASTPATH_EXAMPLES (0.5) of a run that
repeats what another one does, under sanitizers or on another interpreter."""

from __future__ import annotations

import os

__all__ = ["examples"]

_SHARE = float(os.environ.get("FASTPATH_EXAMPLES", "1"))


def examples(count: int) -> int:
    """How many there are to be, of so many in a full run."""
    return max(5, round(count * _SHARE))
