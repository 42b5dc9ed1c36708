"""Documents of Istio and its neighbours, as short as tests want them, and questions to what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import RouteTable
from fastpath.config import Scope, load
from fastpath.errors import ConfigErrors
from fastpath.models import Cluster, Config, Route, RouteAction


def istio(kind: str, name: str, **spec: object) -> dict[str, Any]:
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def inside(namespace: str, document: dict[str, Any], **labels: str) -> dict[str, Any]:
    """The document in a namespace, with labels."""
    return {**document, "metadata": {**document["metadata"], "namespace": namespace, "labels": labels}}


def gateway(*hosts: str, name: str = "web", **server: object) -> dict[str, Any]:
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    return istio(
        "Gateway", name, selector={"istio": "edge"}, servers=[{"port": port, "hosts": hosts or ["*"], **server}]
    )


def virtual_service(*http: object, name: str = "vs", hosts: tuple[str, ...] = ("*",), **spec: object) -> dict[str, Any]:
    return istio("VirtualService", name, hosts=list(hosts), http=list(http), **{"gateways": ["web"], **spec})


def part(*http: object, name: str = "part", **spec: object) -> dict[str, Any]:
    """A VirtualService without hosts, for others to delegate to."""
    return istio("VirtualService", name, http=list(http), **spec)


def to(host: str, subset: str = "", port: int | None = None, **more: object) -> dict[str, Any]:
    found: dict[str, object] = {"host": host}
    if subset:
        found["subset"] = subset
    if port is not None:
        found["port"] = {"number": port}
    return {"destination": found, **more}


def route(*destinations: object, **more: object) -> dict[str, Any]:
    return {"route": list(destinations or [to("a")]), **more}


def service(name: str, *ports: int) -> dict[str, Any]:
    numbers = [{"name": f"p{port}", "port": port} for port in ports or (80,)]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": numbers}}


def pods(name: str, **versions: str) -> list[dict[str, Any]]:
    """Pods of a Service, each of a version, and their slice."""
    endpoints = [
        {"addresses": [address], "targetRef": {"kind": "Pod", "name": f"{name}-{version}"}}
        for version, address in versions.items()
    ]
    return [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "ports": [{"name": "p80", "port": 8080}],
            "endpoints": endpoints,
        },
        *(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": f"{name}-{version}", "labels": {"version": version}},
                "spec": {"containers": []},
            }
            for version in versions
        ),
    ]


SERVICES = [service("a"), service("b"), service("c", 80, 8080)]


def edge(*http: object, **spec: Any) -> Config:
    return load([gateway(), virtual_service(*http, **spec), *SERVICES])


def ask(config: Config, path: str = "/", host: str = "x", *, table: str = "http.80", **request: Any) -> Any:
    request = {"method": "GET", **request}
    return RouteTable.from_config(config, table, seed=1).match_parts(authority=host, path=path, **request)


def cluster_at(config: Config, path: str = "/", host: str = "x", **request: Any) -> str | None:
    match = ask(config, path, host, **request)
    return match.cluster if match is not None else None


def first(config: Config) -> Route:
    return config.route_configurations["http.80"].virtual_hosts[0].routes[0]


def forward(config: Config) -> RouteAction:
    action = first(config).action
    assert isinstance(action, RouteAction)
    return action


def cluster(config: Config, name: str) -> Cluster:
    return next(each for each in config.clusters if each.name == name)


def refusals(*documents: dict[str, Any], scope: Scope | None = None) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load([*documents, *SERVICES], scope=scope)
    return [str(each) for each in caught.value.errors]


def service_entry(**spec: object) -> dict[str, Any]:
    ports = [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}]
    return istio("ServiceEntry", "e", **{"hosts": ["api.example"], "ports": ports, "resolution": "STATIC", **spec})
