"""Places by number, the same in all clusters of a manager, for zone aware routing."""

from __future__ import annotations

import itertools

from fastpath.models import Locality, LocalityEndpoints

__all__ = ["PlaceName", "Zones", "place_of"]

PlaceName = tuple[str, str, str]


def place_of(where: Locality | LocalityEndpoints) -> PlaceName:
    """The name of a locality."""
    return where.region, where.zone, where.sub_zone


class Zones:
    """Gives out the numbers, from 1 on; any thread may ask."""

    __slots__ = ("_counter", "_numbers", "own")

    def __init__(self, own: Locality | None):
        self._numbers: dict[PlaceName, int] = {}
        self._counter = itertools.count(1)
        self.own = None if own is None else place_of(own)
        """Where this program runs, None when that is not known."""

    def number(self, place: PlaceName) -> int:
        """The same for the same place, ever after."""
        return self._numbers.get(place) or self._numbers.setdefault(place, next(self._counter))

    @property
    def own_number(self) -> int:
        """0 when it is not known."""
        return 0 if self.own is None else self.number(self.own)
