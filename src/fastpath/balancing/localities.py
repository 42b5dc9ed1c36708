"""Localities by number: in the order in which Envoy lets them take turns, and with the weight that each has."""

from __future__ import annotations

from collections.abc import Sequence

from fastpath.models import LocalityEndpoints

__all__ = ["number_localities"]

_Name = tuple[str, str, str]


def number_localities(groups: Sequence[LocalityEndpoints]) -> list[tuple[int, int]]:
    """For each group the number and the weight of its locality, 0 for none.

    Groups of one name are one locality of each priority that they are in; the last weight that is given counts.
    Source: Envoy's PriorityStateManager, which sorts them by region, zone and sub-zone.
    """
    numbers = {name: number for number, name in enumerate(sorted({_name(group) for group in groups}))}
    weights: dict[tuple[int, _Name], int] = {}
    for group in groups:
        if group.weight is not None:
            weights[group.priority, _name(group)] = group.weight
    return [(numbers[_name(group)], weights.get((group.priority, _name(group)), 0)) for group in groups]


def _name(group: LocalityEndpoints) -> _Name:
    return group.region, group.zone, group.sub_zone
