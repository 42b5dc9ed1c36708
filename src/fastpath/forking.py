"""What was not seeded goes on elsewhere in a forked process: workers must not all choose alike."""

from __future__ import annotations

import os
import secrets
from typing import Protocol
from weakref import WeakValueDictionary

__all__ = ["reseed_after_fork"]


class Chooser(Protocol):
    def _reseed(self, seed: int) -> None:
        """Go on with the choices of this seed, 0 to 2^64-1."""


_choosers: WeakValueDictionary[int, Chooser] = WeakValueDictionary()


def reseed_after_fork(chooser: Chooser) -> None:
    """Give the chooser a seed of its own in every child that is forked while it lives."""
    _choosers[id(chooser)] = chooser


def _reseed_all() -> None:
    for chooser in list(_choosers.values()):
        chooser._reseed(secrets.randbits(64))


os.register_at_fork(after_in_child=_reseed_all)
