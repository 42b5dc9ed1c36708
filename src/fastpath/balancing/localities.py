"""Localities by number: in the order in which Envoy lists them, and with the weight that each has."""

from __future__ import annotations

from collections.abc import Sequence

from fastpath.models import LocalityEndpoints

from .zones import PlaceName, place_of

__all__ = ["number_localities"]


def number_localities(groups: Sequence[LocalityEndpoints], own: PlaceName | None) -> list[tuple[int, int]]:
    """For each group the number and the weight of its locality, 0 for none.

    Groups of one name are one locality of each priority that they are in; the last weight that is given counts.
    Source: Envoy's PriorityStateManager, which puts its own locality first and sorts the others by region, zone and
    sub-zone.
    """
    names = sorted({place_of(group) for group in groups}, key=lambda name: (name != own, name))
    numbers = {name: number for number, name in enumerate(names)}
    weights: dict[tuple[int, PlaceName], int] = {}
    for group in groups:
        if group.weight is not None:
            weights[group.priority, place_of(group)] = group.weight
    return [(numbers[place_of(group)], weights.get((group.priority, place_of(group)), 0)) for group in groups]
