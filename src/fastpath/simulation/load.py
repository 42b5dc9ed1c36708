"""What hosts have to bear while requests of a mix of latencies arrive."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from fastpath.clusters import Cluster, Host, Pick

from .policies import is_hashed

__all__ = ["Latency", "Load", "simulate_load"]


@dataclass(frozen=True)
class Latency:
    """How long requests take: pairs of a part (they need not sum to 1) and seconds. "90:10ms,10:200ms" as text."""

    mix: Sequence[tuple[float, float]]

    @classmethod
    def parse(cls, text: str) -> Latency:
        """From text like "10ms" or "90:10ms,10:0.2s"; units are us, ms and s. ValueError for other text."""
        mix = []
        for item in text.split(","):
            part, _, time = item.rpartition(":")
            mix.append((float(part) if part else 1.0, _seconds(time.strip())))
        if not all(0 <= part < float("inf") and 0 <= time < float("inf") for part, time in mix):
            raise ValueError(f"{text!r} has a part or a time that is negative or not finite")
        if not any(part for part, _ in mix):
            raise ValueError(f"the parts of {text!r} sum to 0")
        return cls(mix)

    @property
    def mean(self) -> float:
        """Seconds."""
        return sum(part * time for part, time in self.mix) / sum(part for part, _ in self.mix)

    def draw(self, random: Random) -> float:
        """Of one request, in seconds."""
        if len(self.mix) == 1:
            return self.mix[0][1]
        left = random.random() * sum(part for part, _ in self.mix)
        for part, time in self.mix:
            left -= part
            if left < 0:
                return time
        return self.mix[-1][1]


_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def _seconds(text: str) -> float:
    number = text.rstrip("usm")
    unit = text[len(number) :]
    if unit not in _UNITS:
        raise ValueError(f"{text!r} is no time like 10ms or 1.5s")
    return float(number) * _UNITS[unit]


@dataclass(frozen=True)
class Load:
    """One host's."""

    host: Host
    share: float
    """Part of the requests, 0 to 1."""
    mean_active: float
    """Requests under way, averaged over time."""
    most_active: int


def simulate_load(
    cluster: Cluster,
    requests: int,
    *,
    rate: float,
    latency: Latency,
    slow: Mapping[str, Latency] | None = None,
    seed: int = 0,
) -> list[Load]:
    """So many requests arrive at random, `rate` a second on average. Hosts in their order.

    `slow` has hosts, by "address:port", whose latency is another one. The cluster counts active requests as it does
    with real ones, so that policies that look at them do here too. NoHostAvailable when there is no host to give.
    """
    random = Random(seed)
    hashed = is_hashed(cluster)
    slow = slow or {}
    under_way: list[tuple[float, int, Pick]] = []
    count: dict[Host, int] = dict.fromkeys(cluster.hosts, 0)
    most = dict(count)
    busy = dict.fromkeys(cluster.hosts, 0.0)
    now = 0.0
    try:
        for number in range(requests):
            now += random.expovariate(rate)
            while under_way and under_way[0][0] <= now:
                heapq.heappop(under_way)[2].release()
            pick = cluster.pick(hash_key=random.getrandbits(64) if hashed else None)
            host = pick.host
            time = slow.get(str(host), latency).draw(random)
            heapq.heappush(under_way, (now + time, number, pick))
            count[host] += 1
            busy[host] += time
            most[host] = max(most[host], host.active_requests)
    finally:
        for *_, pick in under_way:
            pick.release()
    return [Load(host, count[host] / requests, busy[host] / now if now else 0.0, most[host]) for host in cluster.hosts]
