"""The demo's gateway: the reference gateway with a logging phase that keeps count."""

from __future__ import annotations

from collections import Counter

from ..models import Config
from ..proxy import Exchange, Gateway

__all__ = ["CountingGateway"]


class CountingGateway(Gateway):
    """Counts what happened to requests, and keeps some of them for timing the library alone."""

    def __init__(self, config: Config, *, seed: int | None = None):
        super().__init__(config, seed=seed)
        self.answered: Counter[tuple[str, str, int]] = Counter()
        """Requests by route, cluster and the endpoint's port that answered; "" and 0 when the gateway did."""
        self.refused: Counter[tuple[str, str, int]] = Counter()
        """Attempts without a response, likewise."""
        self.errors: Counter[str] = Counter()
        """Requests that ended with an error of the gateway's own."""
        self.heads: list[bytes] = []
        """Up to 512 request heads as they came."""

    def logging(self, exchange: Exchange) -> None:
        match = exchange.match
        name = match.route.name if match is not None else ""
        cluster = (match.cluster if match is not None else None) or ""
        for host, _ in exchange.failed:
            self.refused[name, cluster, host.port] += 1
        if exchange.error:
            self.errors[exchange.error] += 1
        else:
            self.answered[name, cluster, exchange.host.port if exchange.host is not None else 0] += 1
        if len(self.heads) < 512:
            self.heads.append(bytes(exchange.request))
