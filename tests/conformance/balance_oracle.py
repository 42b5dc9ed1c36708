"""Which hosts a real Envoy chooses, and which this library does, for clusters of the same configuration.

All hosts are addresses of the loopback network, where one server answers; Envoy tells in a header which one it chose.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastpath import ClusterManager, MetadataMatch, NoHostAvailable, load

from .envoy_oracle import KeptConnection, run_envoy
from .ports import free_ports

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
PICKS = 240


@dataclass(frozen=True)
class Group:
    """Endpoints of one locality: a letter for the health of each, see HEALTH."""

    hosts: str
    zone: str | None = None
    weight: int | None = None
    priority: int = 0
    host_weights: tuple[int, ...] = ()
    metadata: tuple[Mapping[str, Any], ...] = ()
    """Of envoy.lb, for each endpoint."""


HEALTH = {"h": "HEALTHY", "u": "UNHEALTHY", "d": "DEGRADED", "-": "UNKNOWN"}


@dataclass(frozen=True)
class Case:
    """A cluster, and what requests to it say."""

    name: str
    groups: tuple[Group, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    """More of the Cluster."""
    policy: Mapping[str, Any] = field(default_factory=dict)
    """Of the load_assignment."""
    metadata_match: Mapping[str, Any] | None = None
    """Of the route, for envoy.lb."""
    by_hash: bool = False
    """Every request has a hash of its own, and gets the same host from both."""
    tolerance: float | None = None
    """How far the counts of a host may be apart; None: 4.5 standard deviations."""
    picks: int = PICKS

    def cluster(self, port: int) -> dict[str, Any]:
        number = 0
        listed: list[dict[str, Any]] = []
        for group in self.groups:
            endpoints: list[dict[str, Any]] = []
            for place, health in enumerate(group.hosts):
                number += 1
                address = {"address": f"127.0.1.{number}", "port_value": port}
                endpoint: dict[str, Any] = {
                    "endpoint": {"address": {"socket_address": address}},
                    "health_status": HEALTH[health],
                }
                if group.host_weights:
                    endpoint["load_balancing_weight"] = group.host_weights[place]
                if group.metadata:
                    endpoint["metadata"] = {"filter_metadata": {"envoy.lb": group.metadata[place]}}
                endpoints.append(endpoint)
            each: dict[str, Any] = {"lb_endpoints": endpoints, "priority": group.priority}
            if group.zone is not None:
                each["locality"] = {"zone": group.zone}
            if group.weight is not None:
                each["load_balancing_weight"] = group.weight
            listed.append(each)
        assignment = {"cluster_name": self.name, "endpoints": listed, "policy": self.policy}
        return {"name": self.name, "connect_timeout": "1s", "load_assignment": assignment, **self.fields}

    def route(self) -> dict[str, Any]:
        action: dict[str, Any] = {
            "cluster": self.name,
            "hash_policy": [{"query_parameter": {"name": "key"}}] if self.by_hash else [],
        }
        if self.metadata_match is not None:
            action["metadata_match"] = {"filter_metadata": {"envoy.lb": self.metadata_match}}
        return {"match": {"prefix": f"/{self.name}/"}, "route": action}


@dataclass(frozen=True)
class Local:
    """Where the proxy runs, and which of the cases is the cluster that it is part of."""

    zone: str
    name: str


def document(cases: Sequence[Case], port: int, server: int, local: Local | None = None) -> dict[str, Any]:
    def listener(name: str, address: str, port: int, host: Mapping[str, Any]) -> dict[str, Any]:
        manager = {
            "@type": HCM,
            "stat_prefix": name,
            "http_filters": [ROUTER],
            "route_config": {"name": name, "virtual_hosts": [{"name": name, "domains": ["*"], **host}]},
        }
        filters = [{"name": "hcm", "typed_config": manager}]
        socket = {"socket_address": {"address": address, "port_value": port}}
        return {"name": name, "address": socket, "filter_chains": [{"filters": filters}]}

    chosen = {"header": {"key": "x-chosen", "value": "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}}
    front = {"routes": [case.route() for case in cases], "response_headers_to_add": [chosen]}
    back = {"routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}
    place: dict[str, Any] = {}
    if local is not None:
        place = {
            "node": {"locality": {"zone": local.zone}},
            "cluster_manager": {"local_cluster_name": local.name},
        }
    return {
        **place,
        "static_resources": {
            "listeners": [
                listener("front", "127.0.0.1", port, front),
                listener("back", "0.0.0.0", server, back),
            ],
            "clusters": [case.cluster(server) for case in cases],
        },
    }


Picks = list[str | None]
_KNOWN = ("static_resources", "node", "cluster_manager")


class Balancers:
    """Both, for the same cases."""

    def __init__(self, document: Mapping[str, Any], port: int) -> None:
        self._connection = KeptConnection(port)
        config = load({key: value for key, value in document.items() if key in _KNOWN})
        self._clusters = ClusterManager(
            config.clusters,
            seed=7,
            locality=config.locality,
            local_cluster_name=config.local_cluster_name,
        )

    def close(self) -> None:
        self._connection.close()

    def envoys(self, case: Case) -> Picks:
        chosen: Picks = []
        for number in range(case.picks):
            status, fields = self._connection.get(f"/{case.name}/?key={number}".encode())
            assert status in (200, 503)
            chosen.append(fields[b"x-chosen"].decode() if status == 200 else None)
        return chosen

    def ours(self, case: Case) -> Picks:
        cluster = self._clusters[case.name]
        wanted = None if case.metadata_match is None else MetadataMatch(case.metadata_match)
        chosen: Picks = []
        for number in range(case.picks):
            key = str(number) if case.by_hash else None
            try:
                chosen.append(cluster.pick_host(hash_key=key, metadata_match=wanted).address)
            except NoHostAvailable:
                chosen.append(None)
        return chosen

    def check(self, case: Case) -> None:
        envoys, ours = self.envoys(case), self.ours(case)
        if case.by_hash:
            assert ours == envoys
            return
        theirs, own = Counter(envoys), Counter(ours)
        for host in theirs | own:
            share = (theirs[host] + own[host]) / (2 * case.picks)
            sigma = math.sqrt(2 * case.picks * share * (1 - share))
            tolerance = 4.5 * sigma + 1 if case.tolerance is None else case.tolerance
            assert abs(theirs[host] - own[host]) <= tolerance, (host, theirs, own)


@contextmanager
def balancers(cases: Sequence[Case], directory: Path, local: Local | None = None) -> Iterator[Balancers]:
    """One Envoy for all cases."""
    port, server = free_ports(2)
    configured = document(cases, port, server, local)
    with run_envoy(configured, [port, server], directory):
        made = Balancers(configured, port)
        try:
            yield made
        finally:
            made.close()
