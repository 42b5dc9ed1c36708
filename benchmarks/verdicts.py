"""What was wanted of rows, whether they reach it, and what became of them since an earlier run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import Row

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["STRETCH", "Change", "Target", "changes", "load_targets", "not_measured", "verdict"]

TARGETS = Path(__file__).with_name("targets.toml")
MISSED, MUST, STRETCH = "missed", "must", "stretch"
FELL = 0.1
"""A row that lost more than this share has fallen."""


@dataclass(frozen=True)
class Target:
    key: str
    group: str
    text: str
    must: float
    stretch: float | None = None
    less: bool = False
    """The row's figure is what something takes, not how many times as fast it is."""


@dataclass(frozen=True)
class Change:
    before: Row
    after: Row
    gain: float
    """How many times as good as before: below 1 it is worse, whichever way the row counts."""

    @property
    def fell(self) -> bool:
        return self.gain < 1 - FELL


def load_targets(file: Path = TARGETS) -> dict[str, Target]:
    """By the key of their rows, in the order of the file."""
    listed = [Target(**entry) for entry in tomllib.loads(file.read_text())["target"]]
    targets = {target.key: target for target in listed}
    if len(targets) < len(listed):
        raise ValueError(f"{file}: a key stands there twice")
    return targets


def verdict(row: Row, target: Target) -> str:
    """By the row's value: with `less` at most what is wanted, otherwise at least."""

    def reaches(wanted: float) -> bool:
        return row.value <= wanted if target.less else row.value >= wanted

    if not reaches(target.must):
        return MISSED
    return STRETCH if target.stretch is not None and reaches(target.stretch) else MUST


def not_measured(rows: Iterable[Row], targets: Mapping[str, Target]) -> list[Target]:
    found = {row.key for row in rows}
    return [target for key, target in targets.items() if key not in found]


def changes(before: Iterable[Row], after: Iterable[Row]) -> Sequence[Change]:
    """Of the rows that are in both runs."""
    earlier = {(row.key, row.case): row for row in before}
    both = [(earlier[row.key, row.case], row) for row in after if (row.key, row.case) in earlier]
    return [Change(old, new, new.value / old.value if new.unit == "x" else old.value / new.value) for old, new in both]
