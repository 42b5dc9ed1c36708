"""How many keys change their host when a host leaves or joins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from fastpath import models
from fastpath.clusters import Cluster, ClusterManager

from .policies import is_hashed

__all__ = ["Movement", "simulate_movement"]


@dataclass(frozen=True)
class Movement:
    """Parts of all keys, 0 to 1, averaged over the hosts that left. When one joins, the same keys move back."""

    moved: float
    """Keys that have another host afterwards."""
    needed: float
    """Keys that had to move: those of the host that left."""

    @property
    def excess(self) -> float:
        """Keys that moved between hosts that were there before and after."""
        return self.moved - self.needed


def simulate_movement(model: models.Cluster, keys: int, *, hosts: int = 10, seed: int = 0) -> Movement | None:
    """Let up to `hosts` of a cluster's hosts, chosen at random, leave and come back, one after the other.

    None for policies that do not go by a hash, and for fewer than two endpoints.
    """
    random = Random(seed)
    whole = ClusterManager([model], seed=seed)[model.name]
    places = [(at, index) for at, locality in enumerate(model.localities) for index in range(len(locality.endpoints))]
    if not is_hashed(whole) or len(places) < 2:
        return None
    hashes = [random.getrandbits(64) for _ in range(keys)]
    before = _hosts(whole, hashes)
    chosen = random.sample(places, min(hosts, len(places)))
    moved = needed = 0
    for place in chosen:
        gone = model.localities[place[0]].endpoints[place[1]]
        after = _hosts(ClusterManager([_without(model, *place)], seed=seed)[model.name], hashes)
        moved += sum(old != new for old, new in zip(before, after, strict=True))
        needed += before.count((gone.address, gone.port))
    total = keys * len(chosen)
    return Movement(moved / total, needed / total)


def _hosts(cluster: Cluster, hashes: list[int]) -> list[tuple[str, int]]:
    return [(host.address, host.port) for host in (cluster.pick_host(hash_key=each) for each in hashes)]


def _without(model: models.Cluster, at: int, index: int) -> models.Cluster:
    locality = model.localities[at]
    left = replace(locality, endpoints=locality.endpoints[:index] + locality.endpoints[index + 1 :])
    return replace(model, localities=(*model.localities[:at], left, *model.localities[at + 1 :]))
