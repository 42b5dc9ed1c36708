"""The demo's account: shares against weights, retries, errors, latencies, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .. import console
from ..models import Cluster, Config, RouteAction
from .observe import CountingGateway
from .scenario import Request, endpoints, is_dead, upstream_name

__all__ = ["Share", "report"]

MAX_SIGMA = 4.5


@dataclass(frozen=True)
class Share:
    """How often something was chosen out of `total` times, and how often it should have been."""

    count: int
    total: int
    expected: float

    @property
    def sigma(self) -> float:
        """Distance from the expectation, in standard deviations of independent choices."""
        spread = math.sqrt(self.total * self.expected * (1 - self.expected))
        off = abs(self.count - self.total * self.expected)
        return off / spread if spread else (0.0 if off == 0 else math.inf)

    @property
    def ok(self) -> bool:
        return self.sigma <= MAX_SIGMA

    def cells(self) -> list[str]:
        share = self.count / self.total if self.total else 0.0
        return [f"{self.expected:.1%}", f"{share:.1%}", f"{self.sigma:.1f}"]


def _action_clusters(action: RouteAction) -> dict[str, int]:
    if action.cluster is not None:
        return {action.cluster: 1}
    return {each.name: each.weight for each in action.weighted_clusters}


def _route_rows(
    config: Config, gateway: CountingGateway, request: Request, rows: list[list[str]], problems: list[str]
) -> None:
    route, action = request.route, request.route.action
    if not isinstance(action, RouteAction):
        rows.append([route.name, "-", "the gateway", "", "", "", "", str(gateway.answered[route.name, "", 0]), ""])
        return
    weights = _action_clusters(action)
    clusters = {cluster.name: cluster for cluster in config.clusters}
    answered = {
        name: sum(count for key, count in gateway.answered.items() if key[:2] == (route.name, name)) for name in weights
    }
    total = sum(answered.values())
    for name, weight in weights.items():
        share = Share(answered[name], total, weight / sum(weights.values()))
        rows.append([route.name, name, "", str(weight), *share.cells(), str(answered[name]), ""])
        if not share.ok:
            problems.append(f"{name} has {share.sigma:.1f} sigma too much or too little of the route {route.name}")
        _endpoint_rows(gateway, route.name, clusters[name], rows, problems)


def _endpoint_rows(
    gateway: CountingGateway, route: str, cluster: Cluster, rows: list[list[str]], problems: list[str]
) -> None:
    """Endpoints that live share what the dead ones refuse, by their weights."""
    alive = [endpoint for endpoint in endpoints(cluster) if not is_dead(endpoint)]
    weight = sum(endpoint.weight or 1 for endpoint in alive)
    total = sum(gateway.answered[route, cluster.name, endpoint.port] for endpoint in alive)
    for index, endpoint in enumerate(endpoints(cluster)):
        key = (route, cluster.name, endpoint.port)
        own = endpoint.weight or 1
        refused = str(gateway.refused[key] or "")
        if is_dead(endpoint):
            rows.append(
                ["", "", f"  :{endpoint.port} dead", str(own), "0.0%", "", "", str(gateway.answered[key]), refused]
            )
            continue
        share = Share(gateway.answered[key], total, own / weight)
        name = f"  :{endpoint.port} {upstream_name(cluster, index)}"
        rows.append(["", "", name, str(own), *share.cells(), str(gateway.answered[key]), refused])
        if not share.ok:
            problems.append(f"{name.strip()} is {share.sigma:.1f} sigma off its share of the cluster {cluster.name}")


def report(
    config: Config, gateway: CountingGateway, requests: Sequence[Request], results: Sequence[Sequence[object]]
) -> list[str]:
    """Print the account; returns what is wrong, nothing when all is well."""
    rows: list[list[str]] = []
    problems: list[str] = []
    for request in requests:
        _route_rows(config, gateway, request, rows, problems)
    columns = ["route", "cluster", "endpoint", ">weight", ">should", ">has", ">sigma", ">answered", ">refused"]
    console.table(columns, rows)
    wanted = {request.path: request.status for request in requests}
    failed = [result for result in results if result[1] != wanted.get(str(result[0]))]
    retries = sum(gateway.refused.values())
    sent = sum(request.count for request in requests)
    console.say(
        f"[bold]{len(results)}[/bold] requests, [bold]{retries}[/bold] refused by the dead endpoint and tried again "
        f"elsewhere, [bold]{len(failed)}[/bold] errors seen by the client"
    )
    if len(results) != sent:
        problems.append(f"{sent} requests were sent, {len(results)} were answered")
    if failed:
        problems.append(f"{len(failed)} requests failed, the first one: {failed[0]}")
    if gateway.errors:
        problems.append(f"the gateway counts errors: {dict(gateway.errors)}")
    if sum(gateway.answered.values()) != len(results):
        problems.append(f"the gateway counts {sum(gateway.answered.values())} answers, the client {len(results)}")
    if not retries:
        problems.append("nothing was tried again, though an endpoint is dead")
    return problems
