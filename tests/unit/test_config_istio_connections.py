"""Istio's routes of TLS and TCP, and TLS of Gateways: every connection reaches what Istio's documentation says.

https://istio.io/latest/docs/reference/config/networking/virtual-service/ (TLSRoute, TCPRoute) and gateway/
(ServerTLSSettings).
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar

import pytest
from unit.istio_documents import (
    SERVICES,
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
from fastpath.errors import ConfigWarning
from fastpath.models import Config, FilterChain, HttpConnectionManager, TcpProxy

CERTIFICATE = {"tls.crt": "CRT", "tls.key": "KEY"}


def server(protocol: str, *hosts: str, port: int = 443, name: str = "web", **tls: object) -> dict[str, Any]:
    number = {"number": port, "name": protocol.lower(), "protocol": protocol}
    return gateway(*hosts, name=name, port=number, **({"tls": tls} if tls else {}))


def secret(name: str, namespace: str = "default", **data: str) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in (data or CERTIFICATE).items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": encoded}


def connections(
    *, name: str = "vs", hosts: tuple[str, ...] = ("*",), gateways: tuple[str, ...] = ("web",), **routes: object
) -> dict[str, Any]:
    return istio("VirtualService", name, hosts=list(hosts), gateways=list(gateways), **routes)


def sni(*names: str, to: object = "a", **match: object) -> dict[str, Any]:
    splits = to if isinstance(to, list) else [{"destination": {"host": to}}]
    return {"match": [{"sniHosts": list(names), **match}], "route": splits}


def chain(config: Config, index: int = 0, **connection: Any) -> FilterChain | None:
    return FilterChainTable(config.listeners[index]).match_connection(**connection)


def reached(config: Config, index: int = 0, **connection: Any) -> object:
    """The cluster or clusters of a connection, or the name of its routes; None when it is closed."""
    found = chain(config, index, **connection)
    if found is None:
        return None
    (filter_,) = found.filters
    if isinstance(filter_, HttpConnectionManager):
        return filter_.route_config_name
    return filter_.cluster or [(each.name, each.weight) for each in filter_.weighted_clusters]


def tls(config: Config, name: str, **more: Any) -> object:
    return reached(config, sni=name, transport_protocol="tls", **more)


class TestPassthrough:
    GATEWAY = server("TLS", "*.example.com", "login.example.org", mode="PASSTHROUGH")

    def test_server_names_lead_to_destinations(self) -> None:
        routes = connections(
            hosts=("*.example.com", "login.example.org"),
            tls=[sni("login.example.com", to="b"), sni("*.example.com"), sni("login.example.org", to="b")],
        )
        config = load([self.GATEWAY, routes, *SERVICES])
        names = ("login.example.com", "x.example.com", "a.b.example.com", "login.example.org", "example.net")
        assert [tls(config, name) for name in names] == [
            "default/b:80",
            "default/a:80",
            "default/a:80",
            "default/b:80",
            None,
        ]
        found = chain(config, sni="x.example.com", transport_protocol="tls")
        assert found is not None
        assert found.tls is None
        assert reached(config, transport_protocol="raw_buffer") is None

    def test_weights(self) -> None:
        split = [to("a", weight=3), to("b", weight=1), to("c", port=80, weight=0)]
        config = load(
            [self.GATEWAY, connections(hosts=("x.example.com",), tls=[sni("x.example.com", to=split)]), *SERVICES]
        )
        assert tls(config, "x.example.com") == [("default/a:80", 3), ("default/b:80", 1)]

    def test_a_match_with_a_name_that_has_a_route_does_not_count(self) -> None:
        routes = [sni("x.example.com"), sni("*.example.com", "x.example.com", to="b")]
        config = load([self.GATEWAY, connections(hosts=("*.example.com",), tls=routes), *SERVICES])
        assert (tls(config, "x.example.com"), tls(config, "y.example.com")) == ("default/a:80", None)
        (found,) = [each for status in config.statuses for _, each in status.refusals()]
        assert found.reason == "ConflictingServerNames"
        assert found.message == "the server name x.example.com has a route already at the port 443"

    def test_ports_and_gateways_of_a_match(self) -> None:
        name = "x.example.com"
        routes = [sni(name, to="b", port=8443), sni(name, to="b", gateways=["mesh"]), sni(name, gateways=["web"])]
        config = load([self.GATEWAY, connections(hosts=(name,), gateways=("web", "mesh"), tls=routes), *SERVICES])
        assert tls(config, name) == "default/a:80"

    def test_only_hosts_of_the_server(self) -> None:
        config = load([self.GATEWAY, connections(tls=[sni("x.example.net", "x.example.com")]), *SERVICES])
        assert (tls(config, "x.example.com"), tls(config, "x.example.net")) == ("default/a:80", None)

    def test_only_hosts_that_are_for_the_namespace(self) -> None:
        web = server("TLS", "default/a.example.com", "there/b.example.com", mode="PASSTHROUGH")
        config = load([web, connections(tls=[sni("a.example.com", "b.example.com")]), *SERVICES])
        assert (tls(config, "a.example.com"), tls(config, "b.example.com")) == ("default/a:80", None)

    def test_https_passes_through_as_well(self) -> None:
        config = load(
            [server("HTTPS", "x.org", mode="PASSTHROUGH"), connections(hosts=("x.org",), tls=[sni("x.org")]), *SERVICES]
        )
        assert tls(config, "x.org") == "default/a:80"

    def test_the_port_counts_where_the_destination_gives_none(self) -> None:
        found = [server("TLS", "*", port=8080, mode="PASSTHROUGH"), connections(tls=[sni("x.org", to="c")])]
        assert tls(load([*found, *SERVICES]), "x.org") == "default/c:8080"


class TestTcp:
    def test_a_port_leads_to_destinations_by_weight(self) -> None:
        split = [to("a", weight=80), to("b", weight=20)]
        config = load([server("TCP", port=6379), connections(tcp=[{"route": split}]), *SERVICES])
        assert reached(config) == [("default/a:80", 80), ("default/b:80", 20)]
        (listener,) = config.listeners
        assert (listener.address, listener.port, listener.listener_filters) == ("0.0.0.0", 6379, ())

    def test_the_first_route_whose_match_fits(self) -> None:
        routes = [
            {"match": [{"port": 1}], "route": [to("b")]},
            {"match": [{"port": 2}, {"port": 6379}], "route": [to("a")]},
            {"route": [to("b")]},
        ]
        assert reached(load([server("TCP", port=6379), connections(tcp=routes), *SERVICES])) == "default/a:80"

    def test_without_a_route_nothing_listens(self) -> None:
        assert load([server("TCP", port=6379), *SERVICES]).listeners == ()

    def test_mongo_is_bytes(self) -> None:
        config = load([server("MONGO", port=27017), connections(tcp=[{"route": [to("a")]}]), *SERVICES])
        assert reached(config) == "default/a:80"

    def test_tls_ends_here_and_bytes_go_on(self) -> None:
        config = load(
            [
                server("TLS", "db.example.com", mode="SIMPLE", credentialName="db"),
                secret("db"),
                connections(tcp=[{"route": [to("a")]}]),
                *SERVICES,
            ]
        )
        found = chain(config, sni="db.example.com", transport_protocol="tls")
        assert found is not None
        assert found.tls is not None
        assert isinstance(found.filters[0], TcpProxy)
        assert (tls(config, "db.example.com"), tls(config, "other")) == ("default/a:80", None)

    def test_the_idle_timeout_of_the_destination(self) -> None:
        rule = istio(
            "DestinationRule", "a", host="a", trafficPolicy={"connectionPool": {"tcp": {"idleTimeout": "90s"}}}
        )
        config = load([server("TCP", port=1), connections(tcp=[{"route": [to("a")]}]), rule, *SERVICES])
        found = chain(config)
        assert found is not None
        assert found.filters[0].idle_timeout == 90.0

    def test_connections_are_not_hashed(self) -> None:
        hashing = {"loadBalancer": {"consistentHash": {"useSourceIp": True}}}
        rule = istio("DestinationRule", "a", host="a", trafficPolicy=hashing)
        documents = [server("TCP", port=1), connections(tcp=[{"route": [to("a")]}]), rule, *SERVICES]
        with pytest.warns(ConfigWarning, match=r"spec.tcp\[0\]: consistentHash has no effect on connections"):
            assert reached(load(documents)) == "default/a:80"


class TestHttps:
    def test_each_server_has_certificates_and_routes_of_its_own(self) -> None:
        number = {"number": 443, "name": "https-a", "protocol": "HTTPS"}
        other = {**number, "name": "https-b"}
        both = istio(
            "Gateway",
            "web",
            selector={},
            servers=[
                {"port": number, "hosts": ["a.org"], "tls": {"mode": "SIMPLE", "credentialName": "a"}},
                {"port": other, "hosts": ["*.b.org"], "tls": {"mode": "SIMPLE", "credentialName": "b"}},
            ],
        )
        secrets = [secret("a", **{"tls.crt": "A", "tls.key": "K"}), secret("b", cert="B", key="K")]
        config = load(
            [
                both,
                *secrets,
                virtual_service(route(to("a")), name="va", hosts=("a.org",)),
                virtual_service(route(to("b")), name="vb", hosts=("www.b.org",)),
                *SERVICES,
            ]
        )
        of_a, of_b = "https.443.https-a.web.default", "https.443.https-b.web.default"
        assert (tls(config, "a.org"), tls(config, "www.b.org"), tls(config, "c.org")) == (of_a, of_b, None)
        assert cluster_at(config, host="a.org", table=of_a) == "default/a:80"
        assert cluster_at(config, host="www.b.org", table=of_a) is None
        assert cluster_at(config, host="www.b.org", table=of_b) == "default/b:80"
        found = chain(config, sni="www.b.org", transport_protocol="tls")
        assert found is not None
        assert found.tls is not None
        (certificate,) = found.tls.certificates
        assert (certificate.certificate_chain.inline, certificate.private_key.inline) == (b"B", b"K")
        assert (found.tls.alpn_protocols, found.tls.require_client_certificate) == (("http/1.1",), False)

    @pytest.mark.parametrize(
        "secrets",
        [
            [secret("c", **CERTIFICATE, **{"ca.crt": "CA"})],
            [secret("c", cert="CRT", key="KEY", cacert="CA")],
            [secret("c"), secret("c-cacert", **{"ca.crt": "CA"})],
            [secret("c"), secret("c-cacert", cacert="CA")],
        ],
    )
    @pytest.mark.parametrize("mode", ["MUTUAL", "OPTIONAL_MUTUAL"])
    def test_clients_show_certificates(self, mode: str, secrets: list[dict[str, Any]]) -> None:
        config = load([server("HTTPS", mode=mode, credentialName="c"), *secrets, virtual_service(route()), *SERVICES])
        found = config.listeners[0].filter_chains[0].tls
        assert found is not None
        assert found.trusted_ca is not None
        assert found.trusted_ca.inline == b"CA"
        assert found.require_client_certificate is (mode == "MUTUAL")

    def test_certificates_from_files(self) -> None:
        files = {"serverCertificate": "/c.pem", "privateKey": "/k.pem", "caCertificates": "/ca.pem"}
        config = load([server("HTTPS", mode="MUTUAL", **files), virtual_service(route()), *SERVICES])
        found = config.listeners[0].filter_chains[0].tls
        assert found is not None
        assert found.trusted_ca is not None
        (certificate,) = found.certificates
        names = (certificate.certificate_chain.filename, certificate.private_key.filename, found.trusted_ca.filename)
        assert names == ("/c.pem", "/k.pem", "/ca.pem")

    def test_several_certificates(self) -> None:
        tls_ = server("HTTPS", mode="SIMPLE", credentialNames=["a", "b"])
        found = load([tls_, secret("a"), secret("b"), virtual_service(route()), *SERVICES])
        context = found.listeners[0].filter_chains[0].tls
        assert context is not None
        assert len(context.certificates) == 2

    def test_secrets_are_those_of_the_gateways_namespace(self) -> None:
        web = inside("edge", server("HTTPS", mode="SIMPLE", credentialName="c"))
        assert load([web, secret("c", "edge")]).listeners
        assert any("there is no Secret 'edge/c'" in each for each in refusals(web, secret("c")))

    def test_https_and_names_that_pass_through_share_a_port(self) -> None:
        config = load(
            [
                server("HTTPS", "a.org", mode="SIMPLE", credentialName="c"),
                server("TLS", "b.org", name="more", mode="PASSTHROUGH"),
                secret("c"),
                virtual_service(route(), hosts=("a.org",)),
                connections(name="pass", gateways=("more",), hosts=("b.org",), tls=[sni("b.org", to="b")]),
                *SERVICES,
            ]
        )
        assert len(config.listeners) == 1
        assert (tls(config, "a.org"), tls(config, "b.org")) == ("https.443.https.web.default", "default/b:80")

    def test_of_two_servers_for_a_host_the_older_one_counts_with_all_its_hosts(self) -> None:
        both = [
            server("HTTPS", "a.org", name="x", mode="SIMPLE", credentialName="c"),
            server("HTTPS", "b.org", "a.org", name="y", mode="SIMPLE", credentialName="c"),
        ]
        config = load([*both, secret("c"), virtual_service(route(), gateways=["x", "y"]), *SERVICES])
        assert (tls(config, "a.org"), tls(config, "b.org")) == ("https.443.https.x.default", None)
        (status,) = [each for each in config.statuses if list(each.refusals())]
        assert (status.kind, status.name, status.conditions[0].reason) == ("Gateway", "y", "ConflictingGateways")

    def test_the_older_server_says_what_is_spoken_at_a_port(self) -> None:
        both = [server("HTTP", name="a", port=80), server("TCP", name="b", port=80)]
        services = [
            virtual_service(route(), gateways=["a", "b"]),
            connections(name="bytes", gateways=("a", "b"), tcp=[{"route": [to("b")]}]),
        ]
        config = load([*both, *services, *SERVICES])
        assert reached(config) == "http.80"
        (status,) = [each for each in config.statuses if list(each.refusals())]
        assert (status.name, status.conditions[0].message) == ("b", "another server of the port 80 speaks HTTP")

    def test_bytes_of_a_port_are_for_one_server(self) -> None:
        both = [server("TCP", name=name, port=90) for name in "ab"]
        config = load([*both, connections(gateways=("b",), tcp=[{"route": [to("a")]}]), *SERVICES])
        assert config.listeners == ()

    def test_a_port_of_several_addresses(self) -> None:
        both = [server("HTTP", name="a", port=80), {**server("HTTP", name="b", port=80)}]
        both[1]["spec"]["servers"][0]["bind"] = "127.0.0.1"
        services = [virtual_service(route(to(name)), name=name, gateways=[name]) for name in "ab"]
        config = load([*both, *services, *SERVICES])
        assert [each.address for each in config.listeners] == ["0.0.0.0", "127.0.0.1"]
        assert cluster_at(config, table="http.80") == "default/a:80"
        assert cluster_at(config, table="http.80.127.0.0.1") == "default/b:80"

    def test_plain_http_sends_clients_to_https(self) -> None:
        both = [gateway(name="plain", tls={"httpsRedirect": True}), server("HTTPS", mode="SIMPLE", credentialName="c")]
        config = load([*both, secret("c"), virtual_service(route(), gateways=["plain", "web"]), *SERVICES])
        assert [each.port for each in config.listeners] == [80, 443]
        assert cluster_at(config, table="https.443.https.web.default") == "default/a:80"

    @pytest.mark.parametrize("protocol", ["HTTP2", "GRPC", "GRPC-WEB"])
    def test_other_words_for_http(self, protocol: str) -> None:
        config = load([server(protocol, port=80), virtual_service(route()), *SERVICES])
        assert cluster_at(config) == "default/a:80"


class TestMesh:
    """What workloads send: https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/."""

    DATABASE: ClassVar = {
        **service("db"),
        "spec": {"clusterIP": "10.1.0.1", "ports": [{"name": "tcp-db", "port": 3306}]},
    }

    def test_server_names(self) -> None:
        ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
        entries = service_entry(hosts=["one.example", "two.example"], ports=ports, resolution="DNS")
        routes = connections(
            hosts=("one.example",), gateways=("mesh",), tls=[sni("one.example", to="two.example", port=443)]
        )
        config = load([entries, routes])
        assert config.route_configurations == {}
        assert tls(config, "one.example", port=443) == "default/two.example:443"
        assert tls(config, "one.example", port=80) is None

    def test_the_first_match_of_a_name_counts(self) -> None:
        ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
        entry = service_entry(hosts=["x.example"], ports=ports, resolution="DNS", addresses=["192.0.2.1", "192.0.2.2"])
        routes = connections(
            hosts=("x.example", "*.x.example"),
            gateways=("mesh",),
            tls=[
                sni("a.x.example", to=[to("a")], destinationSubnets=["192.0.2.1/32"]),
                sni("a.x.example", "x.example", to=[to("b")]),
                sni("x.example", to=[to("a")]),
            ],
        )
        config = load([entry, routes, *SERVICES])
        places = [("a.x.example", "192.0.2.1"), ("a.x.example", "192.0.2.2"), ("x.example", "192.0.2.1")]
        assert [tls(config, name, port=443, destination=address) for name, address in places] == [
            "default/a:80",
            "default/b:80",
            "default/b:80",
        ]

    def test_ports_and_addresses(self) -> None:
        split = [to("a", weight=1), to("b", weight=2)]
        routes = connections(hosts=("db",), gateways=("mesh",), tcp=[{"match": [{"port": 3306}], "route": split}])
        config = load([routes, self.DATABASE, *SERVICES])
        (listener,) = config.listeners
        assert (listener.name, listener.port) == ("virtualOutbound", 15001)
        assert reached(config, port=3306, destination="10.1.0.1") == [("default/a:80", 1), ("default/b:80", 2)]
        assert reached(config, port=3306, destination="10.1.0.2") is None

    def test_destination_subnets(self) -> None:
        routes = connections(
            hosts=("db",),
            gateways=("mesh",),
            tcp=[{"match": [{"destinationSubnets": ["10.1.0.0/24"]}], "route": [to("a")]}],
        )
        config = load([routes, self.DATABASE, *SERVICES])
        assert reached(config, port=3306, destination="10.1.0.9") == "default/a:80"
        # The address itself has the narrower range, where no route says otherwise.
        assert reached(config, port=3306, destination="10.1.0.1") == "default/db:3306"

    def test_what_no_route_is_for_goes_to_its_service(self) -> None:
        http = {**service("w"), "spec": {"clusterIP": "10.1.0.2", "ports": [{"name": "http", "port": 80}]}}
        bytes_ = {**service("t"), "spec": {"clusterIP": "10.1.0.3", "ports": [{"name": "tcp", "port": 80}]}}
        routes = connections(hosts=("db",), gateways=("mesh",), tcp=[{"route": [to("t")]}])
        config = load([routes, self.DATABASE, http, bytes_])
        assert reached(config, port=3306, destination="10.1.0.1") == "default/t:80"
        assert reached(config, port=80, destination="10.1.0.2", alpn=["http/1.1"]) == "80"
        assert reached(config, port=80, destination="10.1.0.3", alpn=["http/1.1"]) == "default/t:80"
        assert cluster_at(config, host="w", table="80") == "default/w:80"
        assert cluster_at(config, host="t", table="80") is None

    def test_what_is_not_named_is_told_by_its_first_bytes(self) -> None:
        unknown = {**service("u"), "spec": {"clusterIP": "10.1.0.4", "ports": [{"port": 90}]}}
        routes = connections(hosts=("db",), gateways=("mesh",), tcp=[{"route": [to("u")]}])
        config = load([routes, self.DATABASE, unknown])
        assert reached(config, port=90, destination="10.1.0.4", alpn=["http/1.1"]) == "90"
        assert reached(config, port=90, destination="10.1.0.4") == "default/u:90"

    @pytest.mark.parametrize(
        ("port", "protocol"),
        [
            ({"name": "http"}, "http"),
            ({"name": "http-web"}, "http"),
            ({"name": "grpc-api"}, "http"),
            ({"name": "grpc-web"}, "http"),
            ({"name": "HTTP2-x"}, "http"),
            ({"name": "https"}, "bytes"),
            ({"name": "tls-x"}, "bytes"),
            ({"name": "tcp"}, "bytes"),
            ({"name": "mysql-db"}, "bytes"),
            ({"name": "httpx"}, "either"),
            ({"name": "web"}, "either"),
            ({"name": "tcp-x", "appProtocol": "http"}, "http"),
            ({"name": "http", "appProtocol": "tcp"}, "bytes"),
            ({"appProtocol": "kubernetes.io/h2c"}, "http"),
            ({"name": "http", "appProtocol": "example.com/own"}, "either"),
        ],
    )
    def test_what_is_spoken_at_a_port(self, port: dict[str, str], protocol: str) -> None:
        """https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/."""
        spec = {"clusterIP": "10.1.0.5", "ports": [{"port": 70, **port}]}
        routes = connections(hosts=("db",), gateways=("mesh",), tcp=[{"route": [to("db")]}])
        config = load([routes, self.DATABASE, {**service("s"), "spec": spec}])
        found = [reached(config, port=70, destination="10.1.0.5", alpn=alpn) for alpn in (["http/1.1"], [])]
        expected = {"http": ["70", "70"], "bytes": ["default/s:70"] * 2, "either": ["70", "default/s:70"]}
        assert found == expected[protocol]

    def test_names_tell_hosts_of_a_port_without_addresses_apart(self) -> None:
        ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
        entries = service_entry(hosts=["one.example", "two.example"], ports=ports, resolution="DNS")
        config = load(
            [entries, self.DATABASE, connections(hosts=("db",), gateways=("mesh",), tcp=[{"route": [to("db")]}])]
        )
        for name in ("one.example", "two.example"):
            assert tls(config, name, port=443) == f"default/{name}:443"
        assert tls(config, "three.example", port=443) is None

    def test_where_names_have_routes_others_have_none(self) -> None:
        secure = {**service("s"), "spec": {"clusterIP": "10.1.0.7", "ports": [{"name": "tls", "port": 443}]}}
        routes = connections(
            hosts=("*.default.svc.cluster.local",),
            gateways=("mesh",),
            tls=[sni("x.default.svc.cluster.local", to=[to("a")])],
        )
        config = load([secure, routes, *SERVICES])
        assert tls(config, "x.default.svc.cluster.local", port=443, destination="10.1.0.7") == "default/a:80"
        assert tls(config, "y.default.svc.cluster.local", port=443, destination="10.1.0.7") is None

    def test_routes_of_bytes_are_not_for_tls_and_the_other_way_round(self) -> None:
        secure = {**service("s"), "spec": {"clusterIP": "10.1.0.7", "ports": [{"name": "tls", "port": 443}]}}
        name = "s.default.svc.cluster.local"
        both = [
            connections(name="t", hosts=(name,), gateways=("mesh",), tcp=[{"route": [to("a")]}]),
            connections(hosts=("db",), gateways=("mesh",), tls=[sni("db", to=[to("a")])]),
        ]
        config = load([secure, self.DATABASE, *both, *SERVICES])
        assert tls(config, name, port=443, destination="10.1.0.7") == "default/s:443"
        assert reached(config, port=3306, destination="10.1.0.1") == "default/db:3306"

    def test_after_a_route_for_all_addresses_there_are_no_others(self) -> None:
        routes = [{"route": [to("a")]}, {"match": [{"destinationSubnets": ["10.1.0.1/32"]}], "route": [to("b")]}]
        config = load([connections(hosts=("db",), gateways=("mesh",), tcp=routes), self.DATABASE, *SERVICES])
        assert reached(config, port=3306, destination="10.1.0.1") == "default/a:80"

    def test_sources_count_in_the_mesh_alone(self) -> None:
        routes = [{"match": [{"sourceLabels": {"app": "x"}}], "route": [to("a")]}]
        at_gateway = load([server("TCP", port=1), connections(tcp=routes), *SERVICES])
        assert reached(at_gateway) == "default/a:80"
        in_mesh = [connections(hosts=("db",), gateways=("mesh",), tcp=routes), self.DATABASE, *SERVICES]
        assert any("say with Scope.labels" in each for each in refusals(*in_mesh))
        config = load(in_mesh, scope=Scope(namespace="default", labels={"app": "y"}))
        assert reached(config, port=3306, destination="10.1.0.1") == "default/db:3306"

    def test_where_servers_speak_first_there_is_nothing_to_find_out(self) -> None:
        mail = {**service("m"), "spec": {"clusterIP": "10.1.0.8", "ports": [{"port": 25}]}}
        config = load(
            [connections(hosts=("db",), gateways=("mesh",), tcp=[{"route": [to("db")]}]), self.DATABASE, mail]
        )
        assert reached(config, port=25, destination="10.1.0.8", alpn=["http/1.1"]) == "default/m:25"

    def test_addresses_of_a_service_entry(self) -> None:
        ports = [{"number": 5000, "name": "tcp", "protocol": "TCP"}]
        entry = service_entry(ports=ports, addresses=["192.0.2.0/24"], endpoints=[{"address": "10.0.0.1"}])
        routes = connections(hosts=("api.example",), gateways=("mesh",), tcp=[{"route": [to("a")]}])
        config = load([entry, routes, *SERVICES])
        assert reached(config, port=5000, destination="192.0.2.7") == "default/a:80"
        assert reached(config, port=5000, destination="192.0.3.7") is None


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([server("HTTPS")], '"tls" is missing'),
        ([server("HTTPS", mode="AUTO_PASSTHROUGH")], "the mode AUTO_PASSTHROUGH is not supported"),
        ([server("HTTPS", mode="ISTIO_MUTUAL")], "the mode ISTIO_MUTUAL is not supported"),
        ([server("HTTPS", mode="SIMPLE")], "needs a certificate"),
        ([server("HTTPS", mode="SIMPLE", credentialName="c"), secret("d")], "there is no Secret 'default/c'"),
        ([server("HTTPS", mode="SIMPLE", credentialName="c"), secret("c", x="y")], "has no certificate with its key"),
        ([server("HTTPS", mode="MUTUAL", credentialName="c"), secret("c")], "needs an authority"),
        ([server("HTTPS", mode="SIMPLE", serverCertificate="/c")], "belong together"),
        (
            [server("HTTPS", mode="SIMPLE", credentialName="c", cipherSuites=["x"]), secret("c")],
            "'cipherSuites' is not",
        ),
        (
            [server("HTTPS", mode="SIMPLE", credentialName="c", minProtocolVersion="TLSV1_2"), secret("c")],
            "minProtocolVersion is not supported",
        ),
        ([server("TCP", mode="SIMPLE", credentialName="c"), secret("c")], "the protocol TCP has no TLS"),
        ([server("HTTP", "shop", port=80)], "a Gateway's host has a dot"),
        (
            [
                istio(
                    "Gateway",
                    "w",
                    servers=[{"port": {"number": n, "name": "h", "protocol": "HTTP"}, "hosts": ["*"]} for n in (1, 2)],
                )
            ],
            "another server of the Gateway has the port name 'h'",
        ),
        (
            [server("TLS", mode="PASSTHROUGH"), connections(hosts=("a.org",), tls=[sni("b.org")])],
            "the server name 'b.org' is none of the VirtualService's hosts",
        ),
        ([server("TLS", mode="PASSTHROUGH"), connections(tls=[{"route": [to("a")]}])], '"match" is missing'),
        ([server("TLS", mode="PASSTHROUGH"), connections(tls=[sni(to="a")])], '"sniHosts" is missing'),
        ([server("TCP"), connections(tcp=[{"route": []}])], "has no destination"),
        ([server("TCP"), connections(tcp=[{"route": [to("a"), to("b")]}])], "the weights of the destinations"),
        (
            [server("TCP"), connections(tcp=[{"match": [{"destinationSubnets": ["x"]}], "route": [to("a")]}])],
            "an IP address or a range",
        ),
    ],
)
def test_refused(documents: list[dict[str, Any]], reason: str) -> None:
    found = refusals(*documents)
    assert any(reason in each for each in found), found
