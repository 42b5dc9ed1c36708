"""Listeners out of Envoy's documents: filter chains, listener filters, certificates; and what is refused of them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from fastpath.config import load
from fastpath.errors import ConfigError, ConfigErrors
from fastpath.models import (
    CidrRange,
    ConnectionSourceType,
    DataSource,
    DenominatorType,
    DownstreamTlsContext,
    FilterChainMatch,
    FractionalPercent,
    HeaderMatcher,
    HttpConnectionManager,
    HttpFault,
    HttpInspector,
    Listener,
    OriginalDst,
    ProxyProtocol,
    StringMatcher,
    TcpProxy,
    TcpProxyCluster,
    TlsCertificate,
    TlsInspector,
)
from fastpath.proxy import Gateway

TYPE = "type.googleapis.com/envoy.extensions."
ROUTER = {"name": "router", "typed_config": {"@type": f"{TYPE}filters.http.router.v3.Router"}}


def any_of(kind: str, **fields: object) -> dict[str, Any]:
    return {"name": kind, "typed_config": {"@type": TYPE + kind, **fields}}


def manager(status: int = 200, name: str = "r", **fields: object) -> dict[str, Any]:
    routes = [{"match": {"prefix": "/"}, "direct_response": {"status": status}}]
    hosts = [{"name": "v", "domains": ["*"], "routes": routes}]
    return any_of(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="x",
        http_filters=[ROUTER],
        route_config={"name": name, "virtual_hosts": hosts},
        **fields,
    )


def tcp(**fields: object) -> dict[str, Any]:
    return any_of("filters.network.tcp_proxy.v3.TcpProxy", stat_prefix="x", **fields)


def chain(filter_: dict[str, Any] | None = None, **fields: object) -> dict[str, Any]:
    return {"filters": [manager() if filter_ is None else filter_], **fields}


def document(*chains: dict[str, Any], **fields: object) -> dict[str, Any]:
    listener = {
        "name": "in",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": list(chains),
        **fields,
    }
    return {"static_resources": {"listeners": [listener], "clusters": [{"name": "one"}, {"name": "two"}]}}


def listener_of(*chains: dict[str, Any], **fields: object) -> Listener:
    (listener,) = load(document(*chains, **fields)).listeners
    return listener


def errors_of(*chains: dict[str, Any], **fields: object) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(document(*chains, **fields))
    place = "static_resources.listeners[0]"
    return [f"{error.path.removeprefix(place)}: {error.reason}" for error in caught.value.errors]


def test_all_that_a_filter_chain_matches() -> None:
    match = {
        "destination_port": 443,
        "prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}, {"address_prefix": "2001:db8::"}],
        "server_names": ["a.example.com", "*.b.example.com"],
        "transport_protocol": "tls",
        "application_protocols": ["h2", "http/1.1"],
        "direct_source_prefix_ranges": [{"address_prefix": "192.0.2.0", "prefix_len": 24}],
        "source_type": "EXTERNAL",
        "source_prefix_ranges": [{"address_prefix": "0.0.0.0", "prefix_len": 0}],
        "source_ports": [1, 65535],
    }
    listener = listener_of(
        chain(name="a", filter_chain_match=match, metadata={"filter_metadata": {"x": {"y": 1}}}),
        default_filter_chain=chain(manager(404, "other")),
    )
    (found,) = listener.filter_chains
    assert (found.name, found.metadata) == ("a", {"x": {"y": 1}})
    assert found.filter_chain_match == FilterChainMatch(
        destination_port=443,
        prefix_ranges=(CidrRange("10.0.0.0", 8), CidrRange("2001:db8::", 0)),
        server_names=("a.example.com", "*.b.example.com"),
        transport_protocol="tls",
        application_protocols=("h2", "http/1.1"),
        direct_source_prefix_ranges=(CidrRange("192.0.2.0", 24),),
        source_type=ConnectionSourceType.EXTERNAL,
        source_prefix_ranges=(CidrRange("0.0.0.0", 0),),
        source_ports=(1, 65535),
    )
    position = found.filter_chain_match.position
    assert position is not None
    assert position.path == "static_resources.listeners[0].filter_chains[0].filter_chain_match"
    assert listener.default_filter_chain is not None
    assert [each.route_config_name for each in listener.http_connection_managers()] == ["r", "other"]


def test_listener_filters_and_their_timeout() -> None:
    filters = [
        any_of(
            "filters.listener.proxy_protocol.v3.ProxyProtocol",
            allow_requests_without_proxy_protocol=True,
            disallowed_versions=["V1"],
        ),
        any_of("filters.listener.original_dst.v3.OriginalDst"),
        any_of("filters.listener.tls_inspector.v3.TlsInspector", max_client_hello_size=4096),
        any_of("filters.listener.http_inspector.v3.HttpInspector"),
    ]
    listener = listener_of(
        chain(),
        listener_filters=filters,
        listener_filters_timeout="0.5s",
        continue_on_listener_filters_timeout=True,
    )
    assert listener.listener_filters == (
        ProxyProtocol(True, (1,)),
        OriginalDst(),
        TlsInspector(max_client_hello_size=4096),
        HttpInspector(),
    )
    assert (listener.listener_filters_timeout, listener.continue_on_listener_filters_timeout) == (0.5, True)
    plain = listener_of(chain())
    assert (plain.listener_filters_timeout, plain.continue_on_listener_filters_timeout) == (15.0, False)
    assert listener_of(chain(), listener_filters_timeout="0s").listener_filters_timeout == 0.0


def test_some_version_of_proxy_headers_must_be_left() -> None:
    both = any_of("filters.listener.proxy_protocol.v3.ProxyProtocol", disallowed_versions=["V1", "V2"])
    with pytest.raises(ConfigError, match="disallowed_versions leaves no version"):
        listener_of(chain(), listener_filters=[both])


def test_certificates_and_what_is_asked_of_clients() -> None:
    context = {
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificates": [
                {"certificate_chain": {"filename": "/a.pem"}, "private_key": {"inline_string": "key"}},
                {"certificate_chain": {"inline_bytes": "aGk="}, "private_key": {"filename": "/b.key"}},
            ],
            "validation_context": {"trusted_ca": {"filename": "/ca.pem"}},
        },
        "require_client_certificate": True,
    }
    secured, plain = listener_of(
        chain(transport_socket=any_of("transport_sockets.tls.v3.DownstreamTlsContext", **context)),
        chain(transport_socket=any_of("transport_sockets.raw_buffer.v3.RawBuffer")),
    ).filter_chains
    assert secured.tls == DownstreamTlsContext(
        certificates=(
            TlsCertificate(DataSource("/a.pem"), DataSource(inline=b"key")),
            TlsCertificate(DataSource(inline=b"hi"), DataSource("/b.key")),
        ),
        alpn_protocols=("h2", "http/1.1"),
        require_client_certificate=True,
        trusted_ca=DataSource("/ca.pem"),
    )
    assert plain.tls is None


FAULT_NAME = "envoy.filters.http.fault"
FAULT = "filters.http.fault.v3.HTTPFault"


def filtered(*filters: dict[str, Any]) -> dict[str, Any]:
    """A chain whose connection manager has these filters before its router."""
    made = manager()
    made["typed_config"]["http_filters"][:0] = filters
    return chain(made)


def test_the_fault_filter() -> None:
    fault = any_of(
        FAULT,
        delay={"fixed_delay": "1.5s", "percentage": {"numerator": 5}},
        abort={"http_status": 418, "percentage": {"numerator": 7, "denominator": "MILLION"}},
        headers=[{"name": "x-fail", "string_match": {"exact": "yes"}}],
        upstream_cluster="one",
        max_active_faults=3,
    )
    found, plain = listener_of(filtered({**fault, "name": FAULT_NAME}), chain(), name="l").http_connection_managers()
    assert found.fault == HttpFault(
        delay=1.5,
        delay_percentage=FractionalPercent(5),
        abort_status=418,
        abort_percentage=FractionalPercent(7, DenominatorType.MILLION),
        headers=(HeaderMatcher("x-fail", string_match=StringMatcher(exact="yes")),),
        upstream_cluster="one",
        max_active_faults=3,
    )
    assert plain.fault is None


def test_a_fault_with_a_grpc_status() -> None:
    fault = any_of(FAULT, abort={"grpc_status": 14, "percentage": {"numerator": 7}}) | {"name": FAULT_NAME}
    (found,) = listener_of(filtered(fault), name="l").http_connection_managers()
    assert found.fault == HttpFault(abort_grpc_status=14, abort_percentage=FractionalPercent(7))


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ([{**any_of(FAULT), "name": "other"}], 'expected the filter\'s name "envoy.filters.http.fault", found'),
        ([any_of("filters.http.router.v3.Router") | {"name": FAULT_NAME}], "expected the type"),
        ([any_of(FAULT) | {"name": FAULT_NAME}] * 2, "there is another filter of this type"),
        ([any_of(FAULT, delay={"fixed_delay": "0s"}) | {"name": FAULT_NAME}], "fixed_delay must be more than 0"),
        ([any_of(FAULT, abort={"http_status": 199}) | {"name": FAULT_NAME}], "http_status"),
        ([any_of(FAULT, abort={"grpc_status": -1}) | {"name": FAULT_NAME}], "grpc_status"),
        ([any_of(FAULT, abort={"grpc_status": 1, "http_status": 503}) | {"name": FAULT_NAME}], "exclude each other"),
        ([any_of(FAULT, downstream_nodes=["a"]) | {"name": FAULT_NAME}], "'downstream_nodes' is not supported"),
        ([any_of(FAULT, response_rate_limit={}) | {"name": FAULT_NAME}], "'response_rate_limit' is not supported"),
    ],
)
def test_filters_before_the_router_that_are_refused(filters: list[dict[str, Any]], reason: str) -> None:
    assert any(reason in error for error in errors_of(filtered(*filters)))


def test_tcp_proxies() -> None:
    shares = {"clusters": [{"name": "one", "weight": 80}, {"name": "two", "weight": 20}]}
    listener = listener_of(chain(tcp(cluster="one", idle_timeout="10s")), chain(tcp(weighted_clusters=shares)))
    assert [each.filters for each in listener.filter_chains] == [
        (TcpProxy("one", idle_timeout=10.0),),
        (TcpProxy(weighted_clusters=(TcpProxyCluster("one", 80), TcpProxyCluster("two", 20))),),
    ]


def test_options_of_the_connection_manager_for_hosts() -> None:
    options = {"strip_matching_host_port": True, "strip_trailing_host_dot": True}
    (found,) = listener_of(chain(manager(**options))).http_connection_managers()
    assert found == HttpConnectionManager("r", **options)


def test_chains_with_different_routes_of_one_name() -> None:
    config = load(document(chain(manager(200)), chain(manager(201)), chain(manager(202)), chain(manager(200))))
    names = [each.route_config_name for each in config.listeners[0].http_connection_managers()]
    assert names == ["r", "r@in", "r@in#2", "r"]
    assert set(config.route_configurations) == {"r", "r@in", "r@in#2"}


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        ({"destination_port": 0}, ".destination_port: expected an integer from 1 to 65535, found 0"),
        ({"destination_port": 65536}, ".destination_port: expected an integer from 1 to 65535, found 65536"),
        ({"source_ports": [0]}, ".source_ports[0]: expected an integer from 1 to 65535, found 0"),
        ({"source_type": "LOCAL"}, ".source_type: expected one of ANY, SAME_IP_OR_LOOPBACK, EXTERNAL, found the"),
        ({"prefix_ranges": [{}]}, '.prefix_ranges[0]: "address_prefix" is missing'),
        ({"prefix_ranges": [{"address_prefix": "a.b"}]}, ".prefix_ranges[0]: expected an IP address, found 'a.b'"),
        (
            {"prefix_ranges": [{"address_prefix": "::", "prefix_len": 129}]},
            ".prefix_ranges[0].prefix_len: expected an integer from 0 to 128, found 129",
        ),
        ({"address_suffix": "1.2.3.4"}, ": the field 'address_suffix' is unknown or not supported"),
    ],
)
def test_what_a_match_cannot_ask(match: dict[str, Any], reason: str) -> None:
    (error,) = errors_of(chain(filter_chain_match=match))
    assert error.startswith(f".filter_chains[0].filter_chain_match{reason}")


@pytest.mark.parametrize(
    ("chains", "fields", "reason"),
    [
        ([], {}, ": has no filter chain"),
        ([{"filters": []}], {}, ".filter_chains[0]: expected one filter, an HTTP connection manager or a TCP proxy"),
        ([chain(tcp(cluster="tow"))], {}, '.filter_chains[0].filters[0].typed_config: there is no cluster named "tow"'),
        ([chain(tcp())], {}, ".filter_chains[0].filters[0].typed_config: has no cluster specifier"),
        ([chain(tcp(weighted_clusters={"clusters": []}))], {}, ".filter_chains[0].filters[0].typed_config.weighted_"),
        (
            [chain(tcp(weighted_clusters={"clusters": [{"name": "one", "weight": 4294967295}] * 2}))],
            {},
            ".filter_chains[0].filters[0].typed_config.weighted_clusters: the weights sum to more than 4294967295",
        ),
        (
            [chain(any_of("filters.network.echo.v3.Echo"))],
            {},
            '.filter_chains[0].filters[0].typed_config.@type: expected the type "type.googleapis.com/envoy.extensions.',
        ),
        (
            [chain(manager(strip_any_host_port=True, strip_matching_host_port=True))],
            {},
            ".filter_chains[0].filters[0].typed_config: strip_any_host_port and strip_matching_host_port exclude each",
        ),
        (
            [chain()],
            {"listener_filters": [any_of("filters.listener.tls_inspector.v3.TlsInspector", max_client_hello_size=9)]},
            ".listener_filters[0].typed_config.max_client_hello_size: expected an integer from 256 to 16384, found 9",
        ),
        ([chain()], {"listener_filters_timeout": "-1s"}, ".listener_filters_timeout: a duration is not negative"),
        (
            [chain(transport_socket=any_of("transport_sockets.tls.v3.DownstreamTlsContext", nonsense=1))],
            {},
            ".filter_chains[0].transport_socket.typed_config: the field 'nonsense' is unknown or not supported",
        ),
        (
            [
                chain(
                    transport_socket=any_of(
                        "transport_sockets.tls.v3.DownstreamTlsContext",
                        common_tls_context={"tls_certificates": [{"certificate_chain": {"filename": "a"}}]},
                    )
                )
            ],
            {},
            '.filter_chains[0].transport_socket.typed_config.common_tls_context.tls_certificates[0]: "private_key" is',
        ),
    ],
)
def test_what_a_listener_cannot_be(chains: list[dict[str, Any]], fields: dict[str, Any], reason: str) -> None:
    (error,) = errors_of(*chains, **fields)
    assert error.startswith(reason)


def test_places_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(document(chain(filter_chain_match={"source_ports": [7, 0]})), indent=1))
    line = 1 + next(i for i, text in enumerate(file.read_text().split("\n")) if text.strip() == "0")
    with pytest.raises(ConfigErrors, match=f"{file}:{line}:"):
        load(file)


@pytest.mark.parametrize(
    ("chains", "fields", "path", "reason"),
    [
        ([chain(), chain(filter_chain_match={"destination_port": 1})], {}, ".filter_chains", "one filter chain"),
        ([chain(filter_chain_match={"destination_port": 1})], {}, ".filter_chains", "one filter chain"),
        ([chain()], {"default_filter_chain": chain()}, ".filter_chains", "one filter chain"),
        ([chain(tcp(cluster="one"))], {}, ".filter_chains[0].filters[0].typed_config", "an HTTP connection manager"),
        (
            [chain(transport_socket=any_of("transport_sockets.tls.v3.DownstreamTlsContext"))],
            {},
            ".filter_chains[0].transport_socket",
            "no TLS",
        ),
        (
            [chain()],
            {"listener_filters": [any_of("filters.listener.http_inspector.v3.HttpInspector")]},
            ".listener_filters",
            "no listener filters",
        ),
    ],
)
def test_what_the_gateway_refuses_to_serve(
    chains: list[dict[str, Any]], fields: dict[str, Any], path: str, reason: str
) -> None:
    config = load(document(*copy.deepcopy(chains), **fields))
    with pytest.raises(ConfigError, match=reason) as caught:
        Gateway(config)
    assert caught.value.path == f"static_resources.listeners[0]{path}"


def test_the_gateway_serves_a_listener_that_has_a_default_chain_only() -> None:
    assert set(Gateway(load(document(default_filter_chain=chain()))).tables) == {"in"}
