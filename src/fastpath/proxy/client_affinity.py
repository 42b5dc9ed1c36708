"""Clients that stay with a host (Kubernetes' session affinity ClientIP).

As kube-proxy has it, a client is its address, and is forgotten once it has not been seen for the cluster's time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

__all__ = ["ClientAffinity"]


class ClientAffinity:
    """Which host each client of one cluster was given, for at most `limit` clients: the longest unseen goes first."""

    __slots__ = ("_clock", "_limit", "_seen")

    def __init__(self, limit: int, clock: Callable[[], float]):
        self._limit = max(limit, 1)
        self._clock = clock
        self._seen: OrderedDict[str, tuple[str, float]] = OrderedDict()  # host and time, by client; the latest last

    def __len__(self) -> int:
        return len(self._seen)

    def host_of(self, client: str, timeout: float) -> str | None:
        """The host to go on with, as str(host) names it; None for a client that is new, or new again."""
        known = self._seen.get(client)
        return None if known is None or self._clock() - known[1] >= timeout else known[0]

    def note(self, client: str, host: str, timeout: float) -> None:
        """A request of the client's goes to the host. Clients not seen for `timeout`, above 0, are forgotten."""
        now, seen = self._clock(), self._seen
        seen[client] = host, now
        seen.move_to_end(client)
        while len(seen) > self._limit or now - next(iter(seen.values()))[1] >= timeout:
            seen.popitem(last=False)
