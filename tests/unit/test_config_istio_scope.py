"""What of a mesh is not for the one who reads: Services that are hidden, Gateways that do not select it, hosts that
only other data planes forward to. Nothing else is lost by it.

Sources: https://istio.io/latest/docs/reference/config/annotations/,
https://istio.io/latest/docs/reference/config/networking/gateway/ and .../service-entry/#ServiceEntry-Resolution.
"""

from __future__ import annotations

from typing import Any

import pytest
from unit.istio_documents import (
    SERVICES,
    ask,
    cluster_at,
    gateway,
    inside,
    istio,
    refusals,
    route,
    service,
    service_entry,
    to,
    virtual_service,
)

from fastpath import FilterChainTable
from fastpath.config import Scope, load
from fastpath.models import Config


def annotated(document: dict[str, Any], **annotations: str) -> dict[str, Any]:
    return {**document, "metadata": {**document["metadata"], "annotations": annotations}}


def exported(namespace: str, to_whom: str) -> dict[str, Any]:
    return annotated(inside(namespace, service("s")), **{"networking.istio.io/exportTo": to_whom})


def refused(config: Config) -> dict[str, tuple[str, str]]:
    """Objects that were not accepted, with reason and message."""
    return {
        f"{status.kind} {status.name}": (condition.reason, condition.message)
        for status in config.statuses
        for _, condition in status.refusals()
    }


class TestServices:
    @pytest.mark.parametrize(
        ("to_whom", "is_shown"),
        [
            ("*", True),
            (".", False),
            ("here", True),
            ("there, here", True),
            ("elsewhere", False),
            ("~", False),
            ("", True),
        ],
    )
    def test_an_annotation_says_who_sees_it(self, to_whom: str, is_shown: bool) -> None:
        documents = [
            exported("there", to_whom),
            inside("here", virtual_service(route(), hosts=("x",), gateways=["mesh"])),
        ]
        config = load(documents, scope=Scope(namespace="here"))
        assert [each.name for each in config.clusters] == (["there/s:80"] if is_shown else [])
        assert (ask(config, host="s.there.svc.cluster.local", table="80") is not None) is is_shown

    def test_a_route_to_a_hidden_one_is_told(self) -> None:
        to_hidden = virtual_service(route(to("s.there.svc.cluster.local")), hosts=("x",), gateways=["mesh"])
        config = load([exported("there", "."), inside("here", to_hidden)], scope=Scope(namespace="here"))
        reason, message = refused(config)["VirtualService vs"]
        assert reason == "ReferencedResourceNotFound"
        assert "there is no Service with the host 's.there.svc.cluster.local'" in message

    def test_it_has_to_be_known_who_asks(self) -> None:
        documents = [exported("there", "."), virtual_service(route(), hosts=("x",), gateways=["mesh"])]
        (found,) = refusals(*documents)
        assert "networking.istio.io/exportTo shows it to some namespaces: say with Scope.namespace" in found


def selecting(name: str, host: str, **selector: str) -> dict[str, Any]:
    made = gateway(host, name=name)
    return {**made, "spec": {**made["spec"], "selector": selector}}


class TestGateways:
    DOCUMENTS = (
        selecting("web", "web.example", istio="edge"),
        selecting("inner", "inner.example", istio="inner"),
        virtual_service(route(), gateways=["web", "inner"]),
        *SERVICES,
    )

    @pytest.mark.parametrize(("label", "host", "other"), [("edge", "web", "inner"), ("inner", "inner", "web")])
    def test_labels_tell_the_proxy(self, label: str, host: str, other: str) -> None:
        config = load(self.DOCUMENTS, scope=Scope(labels={"istio": label, "app": "proxy"}))
        assert cluster_at(config, host=f"{host}.example") == "default/a:80"
        assert cluster_at(config, host=f"{other}.example") is None
        assert refused(config) == {
            f"Gateway {other}": ("NotSelected", "the selector is not for the labels of the scope"),
        }

    def test_one_that_selects_nothing_else_is_for_all(self) -> None:
        documents = (selecting("all", "all.example"), virtual_service(route(), gateways=["all"]), *SERVICES)
        assert cluster_at(load(documents, scope=Scope(labels={})), host="all.example") == "default/a:80"

    def test_without_labels_it_cannot_be_told(self) -> None:
        (found,) = refusals(*self.DOCUMENTS[:3])
        assert "differs from that of another Gateway: say with Scope.labels which proxy" in found


class TestSidecarOfAll:
    """The Sidecar of the root namespace is each namespace's that has none: its "." is where the workload is."""

    @pytest.mark.parametrize(("namespace", "reached"), [("default", "default/a:80"), ("other", "other/a:80")])
    def test_the_namespace_of_the_workload(self, namespace: str, reached: str) -> None:
        of_all = inside("istio-system", istio("Sidecar", "s", egress=[{"hosts": ["./*", "istio-system/*"]}]))
        places = ("default", "other", "istio-system")
        services = [inside(place, service(name)) for place in places for name in ("a", "b")]
        config = load([of_all, *services], scope=Scope(namespace=namespace))
        hosts = [f"a.{place}.svc.cluster.local" for place in places]
        found = [cluster_at(config, host=host, table="80") for host in ("a", *hosts)]
        assert found == [reached, *(f"{p}/a:80" if p in (namespace, "istio-system") else None for p in places)]


class TestPassthrough:
    """Istio programs a cluster of the type ORIGINAL_DST for the resolution NONE."""

    def load(self, *documents: dict[str, Any], **spec: object) -> Config:
        entry = service_entry(**{"resolution": "NONE", "hosts": ["*.far.example", "near.example"], **spec})
        return load([entry, *documents, *SERVICES])

    def mesh(self, *http: object, **spec: Any) -> dict[str, Any]:
        return virtual_service(*(http or [route()]), **{"hosts": ("a",), "gateways": ["mesh"], **spec})

    @pytest.mark.parametrize("resolution", ["NONE", "DYNAMIC_DNS"])
    def test_it_is_told_and_nothing_else_is_lost(self, resolution: str) -> None:
        config = self.load(self.mesh(), resolution=resolution)
        reason, message = refused(config)["ServiceEntry e"]
        assert reason == "UnsupportedValue"
        assert message.startswith(f"the resolution {resolution} is not supported: ")
        assert cluster_at(config, host="a", table="80") == "default/a:80"
        assert {each.name for each in config.clusters} == {
            "default/a:80",
            "default/b:80",
            "default/c:80",
            "default/c:8080",
        }

    @pytest.mark.parametrize("host", ["x.far.example", "near.example"])
    def test_requests_go_nowhere_else(self, host: str) -> None:
        """Not to what takes all other hosts either: 503 is the answer for a cluster that is not there."""
        proxy = {"mode": "ALLOW_ANY", "egressProxy": {"host": "b", "port": {"number": 80}}}
        config = self.load(self.mesh(), istio("Sidecar", "s", outboundTrafficPolicy=proxy))
        assert cluster_at(config, host="other.example", table="80") == "default/b:80"
        found = cluster_at(config, host=host, table="80")
        assert found in ("default/*.far.example:80", "default/near.example:80")
        assert found not in {each.name for each in config.clusters}

    def test_a_virtual_service_of_a_host_below_the_wildcard_has_its_routes(self) -> None:
        config = self.load(self.mesh(hosts=("x.far.example",)))
        assert cluster_at(config, host="x.far.example", table="80") == "default/a:80"

    def test_a_destination_is_told(self) -> None:
        config = self.load(self.mesh(route(to("near.example"))))
        assert "near.example: the resolution NONE is not supported" in refused(config)["VirtualService vs"][1]

    def test_connections_are_closed(self) -> None:
        ports = [{"number": 9000, "name": "tcp", "protocol": "TCP"}]
        bytes_to = {"match": [{"port": 80}], "route": [to("a")]}
        config = self.load(self.mesh(tcp=[bytes_to]), ports=ports, addresses=["10.9.0.0/16"])
        chains = [chain for listener in config.listeners for chain in listener.chains()]
        assert 9000 not in {chain.filter_chain_match.destination_port for chain in chains}
        FilterChainTable(config.listeners[0])
