"""Who gets how much, against what weights promise."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from fastpath.clusters import Cluster, Host

from .policies import is_hashed

__all__ = ["Share", "simulate_shares"]


@dataclass(frozen=True)
class Share:
    """One host's part of the picks, 0 to 1, and its part of the weights of its priority."""

    host: Host
    weight: float
    picked: float


def simulate_shares(cluster: Cluster, picks: int, *, seed: int = 0) -> list[Share]:
    """Pick so many times, with random hashes where the policy goes by one. Hosts in their order.

    NoHostAvailable when the cluster has none to give.
    """
    random = Random(seed)
    hashed = is_hashed(cluster)
    counts = Counter(cluster.pick_host(hash_key=random.getrandbits(64) if hashed else None) for _ in range(picks))
    hosts = cluster.hosts
    totals: Counter[int] = Counter()
    for host in hosts:
        totals[host.priority] += host.weight
    return [Share(host, host.weight / totals[host.priority], counts[host] / picks) for host in hosts]
