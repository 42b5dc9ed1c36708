"""Protobuf messages as configurations: what they say, and what is refused where."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryResponse
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import ParseDict
from google.protobuf.wrappers_pb2 import StringValue
from property.envoy_messages import BOOTSTRAP, message_of

import fastpath
from fastpath import ConfigWarning, models
from fastpath.config import DocumentLimits, load
from fastpath.errors import ConfigErrors

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def host(**route: Any) -> VirtualHost:
    action = {"match": {"prefix": "/"}, "route": {"cluster": "a", **route}}
    made: VirtualHost = ParseDict({"name": "all", "domains": ["*"], "routes": [action]}, VirtualHost())
    return made


def action_of(config: models.Config, name: str = "") -> models.RouteAction:
    action = config.route_configurations[name].virtual_hosts[0].routes[0].action
    assert isinstance(action, models.RouteAction)
    return action


def errors_of(*messages: Any, limits: DocumentLimits | None = None) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load(messages[0] if len(messages) == 1 else messages, limits=limits)
    return [f"{error.path}: {error.reason}" for error in caught.value.errors]


def listener(packed: AnyMessage) -> Listener:
    made: Listener = ParseDict(
        {
            "name": "in",
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": 80}},
            "filter_chains": [{"filters": [{"name": "f"}]}],
        },
        Listener(),
    )
    made.filter_chains[0].filters[0].typed_config.CopyFrom(packed)
    return made


def packed(message: Any) -> AnyMessage:
    made = AnyMessage()
    made.Pack(message)
    return made


class TestKinds:
    def test_each_is_told_by_its_type(self) -> None:
        assert load(Cluster(name="a")).clusters == (models.Cluster("a"),)
        assert load(ClusterLoadAssignment(cluster_name="a")).clusters[0].type is models.DiscoveryType.EDS
        assert list(load(RouteConfiguration(name="r", virtual_hosts=[host()])).route_configurations) == ["r"]
        assert load(listener(packed(TcpProxy(stat_prefix="t", cluster="a")))).listeners[0].name == "in"
        bootstrap = Bootstrap()
        bootstrap.static_resources.clusters.add(name="a")
        assert load(bootstrap) == load(Cluster(name="a"))
        assert load(DiscoveryResponse(resources=[packed(Cluster(name="a"))])) == load(bootstrap)

    def test_a_list_says_what_its_parts_say(self) -> None:
        config = load([Cluster(name="a"), RouteConfiguration(name="r", virtual_hosts=[host()]), Cluster(name="b")])
        assert [each.name for each in config.clusters] == ["a", "b"]
        assert fastpath.RouteTable.from_config(config, "r").match_parts(method="GET", authority="x", path="/")
        assert load(iter([Cluster(name="a")])) == load(Cluster(name="a"))

    def test_virtual_hosts_are_those_of_routes_without_a_name(self) -> None:
        other = VirtualHost(name="other", domains=["other.example"])
        hosts = load([host(), other]).route_configurations[""].virtual_hosts
        assert [each.name for each in hosts] == ["all", "other"]
        assert errors_of(host(), host()) == ['[1]: there is another wildcard domain "*"']

    def test_messages_and_mappings_may_be_mixed(self) -> None:
        cluster = {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "a"}
        assert [each.name for each in load([cluster, Cluster(name="b")]).clusters] == ["a", "b"]

    def test_a_bootstrap_stands_alone(self) -> None:
        bootstrap = Bootstrap()
        bootstrap.static_resources.clusters.add(name="a")
        for several in ([bootstrap, Cluster(name="b")], [Cluster(name="b"), bootstrap]):
            assert errors_of(*several) == [
                "[1]: an Envoy configuration stands alone: give one document, or several of one resource each"
            ]

    def test_other_messages_are_refused(self) -> None:
        expected = "the type 'envoy.config.route.v3.Route' is not supported"
        assert errors_of(Route()) == [f"@type: {expected}"]
        assert errors_of(Cluster(name="a"), Route())[0] == f"[1].@type: {expected}"
        with pytest.raises(TypeError, match="a source is a path, a mapping or a protobuf message, not int"):
            load([5])  # type: ignore[list-item]

    def test_the_type_of_what_is_packed_need_not_be_imported(self) -> None:
        """Of what the bootstrap's own module imports, the connection manager is no part."""
        document = yaml.safe_load((EXAMPLES / "canary.yaml").read_text())
        raw = message_of(document, BOOTSTRAP).SerializeToString()
        script = (
            "import sys, fastpath\n"
            "from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap\n"
            "assert not any('http_connection_manager' in name for name in sys.modules)\n"
            f"config = fastpath.load(Bootstrap.FromString({raw!r}))\n"
            f"assert config == fastpath.load({str(EXAMPLES / 'canary.yaml')!r}) and config.listeners\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True)

    def test_nothing_of_protobuf_is_imported_without_a_message(self) -> None:
        script = (
            "import sys, fastpath\n"
            f"fastpath.load({str(EXAMPLES / 'canary.yaml')!r})\n"
            "assert not [name for name in sys.modules if name.startswith(('google', 'envoy'))]\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True)


class TestPresence:
    def test_what_is_set_to_its_default_is_set(self) -> None:
        assert action_of(load(host())).timeout == action_of(load(host(timeout="15s"))).timeout
        assert action_of(load(host(timeout="0s"))).timeout == 0
        assert load(Cluster(name="a")).clusters[0].healthy_panic_threshold == 50
        set_to_none = Cluster(name="a")
        set_to_none.common_lb_config.healthy_panic_threshold.value = 0
        assert load(set_to_none).clusters[0].healthy_panic_threshold == 0

    def test_a_oneof_is_set_though_its_text_is_empty(self) -> None:
        empty = host()
        empty.routes[0].match.Clear()
        assert errors_of(empty)[0].startswith("routes[0].match: has no path specifier")
        empty.routes[0].match.prefix = ""
        assert load(empty).route_configurations[""].virtual_hosts[0].routes[0].match.prefix == ""


class TestRefusals:
    def test_paths_lead_into_the_message(self) -> None:
        wrong = host()
        wrong.routes[0].route.timeout.CopyFrom(Duration(seconds=-1))
        assert errors_of(wrong) == [
            "routes[0].route.timeout.seconds: expected an integer from 0 to 315575999999, found -1"
        ]
        proxy = TcpProxy(stat_prefix="t", cluster="a")
        proxy.idle_timeout.nanos = -1
        assert errors_of(Cluster(name="a"), listener(packed(proxy))) == [
            "[1].filter_chains[0].filters[0].typed_config.idle_timeout.nanos: "
            "expected an integer from 0 to 999999999, found -1"
        ]

    def test_a_number_that_an_enum_does_not_have(self) -> None:
        assert errors_of(Cluster(name="a", lb_policy=77))[0].startswith("lb_policy: expected one of ROUND_ROBIN, ")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "url",
        [
            "type.googleapis.com/nobody.knows.This",
            "type.googleapis.com/envoy.no.such.v3.Type",
            "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxies",
            "type.googleapis.com/os.path.X",
            "envoy..X",
            "x",
            "/",
        ],
    )
    def test_unknown_types(self, url: str) -> None:
        unknown = errors_of(listener(AnyMessage(type_url=url)))
        path = "filter_chains[0].filters[0].typed_config.@type"
        assert unknown[0] == f"{path}: the type {url!r} is not known; import the module that it was generated in"

    @pytest.mark.parametrize("depth", [17, 500, 100_000])
    def test_a_type_that_is_too_deep_is_not_imported(self, depth: int) -> None:
        unknown = errors_of(listener(AnyMessage(type_url=f"type.googleapis.com/envoy{'.a' * depth}.X")))
        assert "is not known; import the module that it was generated in" in unknown[0]

    def test_few_of_many_unknown_types_are_looked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sought = []

        class Finder:
            @staticmethod
            def find_spec(name: str, *_: object) -> None:
                sought.append(name)

        monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
        kinds = [AnyMessage(type_url=f"t/envoy.nowhere{number}.v3.Kind") for number in range(2000)]
        with pytest.raises(ConfigErrors) as raised:
            load(DiscoveryResponse(resources=kinds))
        assert len(raised.value.errors) == 1000
        assert 0 < len([name for name in sought if name.startswith("envoy.nowhere")]) <= 100

    def test_a_type_that_does_not_belong_there(self) -> None:
        (found,) = errors_of(listener(packed(Cluster(name="a"))))
        assert found.startswith("filter_chains[0].filters[0].typed_config.@type: expected the type ")
        assert "found 'type.googleapis.com/envoy.config.cluster.v3.Cluster'" in found
        assert "typed_config.@type: expected the type" in errors_of(listener(packed(StringValue(value="a"))))[0]

    def test_bytes_that_are_no_message(self) -> None:
        garbage = packed(TcpProxy())
        garbage.value = b"\xff\xff"
        assert errors_of(listener(garbage))[0] == (
            "filter_chains[0].filters[0].typed_config.value: the bytes are no message of the type "
            "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
        )

    def test_nothing_is_packed(self) -> None:
        assert errors_of(listener(AnyMessage())) == [
            'filter_chains[0].filters[0].typed_config: "@type" is missing',
        ]

    def test_unknown_fields(self) -> None:
        newer = Cluster.FromString(Cluster(name="a").SerializeToString() + b"\xfa\xff\x07\x00")
        assert errors_of(newer) == [": the field number 16383 is unknown"]
        with pytest.warns(ConfigWarning, match="the field number 16383 is unknown"):
            assert load(newer, lenient=True) == load(Cluster(name="a"))

    def test_limits(self) -> None:
        many = RouteConfiguration(name="r", virtual_hosts=[host()])
        size = many.ByteSize()
        assert errors_of(many, limits=DocumentLimits(max_bytes=10)) == [
            f": the message has {size} bytes, the limit is 10"
        ]
        assert errors_of(many, limits=DocumentLimits(max_nodes=5))[0].endswith("there are more than 5 values")
        assert errors_of(many, limits=DocumentLimits(max_depth=2)) == [
            "virtual_hosts[0].routes[0].route: nested deeper than 2 levels"
        ]

    def test_messages_packed_in_messages(self) -> None:
        deep = packed(StringValue(value="a"))
        for _ in range(200):
            deep = packed(deep)
        assert any(each.endswith("nested deeper than 100 levels") for each in errors_of(listener(deep)))
