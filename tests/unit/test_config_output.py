"""Configurations as documents again: what is left out, what is refused, and what the command line prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from fastpath import ConfigError
from fastpath.cli import main
from fastpath.config import load, to_dict, to_json, to_yaml
from fastpath.models import (
    Cluster,
    Config,
    DirectResponse,
    DiscoveryType,
    Endpoint,
    FilterChain,
    HttpConnectionManager,
    LbPolicy,
    Listener,
    LocalityEndpoints,
    Position,
    RedirectAction,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
HOSTS = (LocalityEndpoints((Endpoint("10.0.0.1", 80),)),)


def test_defaults_are_left_out() -> None:
    assert to_dict(Config(clusters=(Cluster("c", HOSTS),))) == {
        "static_resources": {
            "clusters": [
                {
                    "name": "c",
                    "load_assignment": {
                        "cluster_name": "c",
                        "endpoints": [
                            {
                                "lb_endpoints": [
                                    {
                                        "endpoint": {
                                            "address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}}
                                        }
                                    }
                                ]
                            }
                        ],
                    },
                }
            ]
        }
    }


def routes(action: RouteAction | DirectResponse | RedirectAction) -> Config:
    """A configuration whose listener has one route."""
    host = VirtualHost("v", ("*",), (Route(RouteMatch(prefix="/"), action),))
    chain = FilterChain(filters=(HttpConnectionManager("r"),))
    return Config((Listener("l", "::1", 80, (chain,)),), {"r": RouteConfiguration("r", (host,))})


def refusal(config: Config) -> str:
    with pytest.raises(ConfigError) as caught:
        to_dict(config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (Config(clusters=(Cluster("c", client_ip_affinity=60.0),)), 'clusters["c"].client_ip_affinity: '),
        (Config(clusters=(Cluster("c", lb_policy=LbPolicy.KETAMA),)), "static_resources.clusters[0].lb_policy: "),
        (Config(clusters=(Cluster("c", connect_timeout=1e-12),)), "static_resources.clusters[0]: "),
        (routes(RouteAction("nowhere")), 'there is no cluster named "nowhere"'),
        (routes(RedirectAction(302, host_redirect="")), ".action.host_redirect: "),
    ],
)
def test_what_envoy_cannot_say_is_named(config: Config, named: str) -> None:
    message = refusal(config)
    assert named in message
    assert "Envoy's documents cannot say this" in message


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (
            RedirectAction(304, position=Position("a.b", "f.yaml", 3, 4)),
            "f.yaml:3:4: a.b: a redirect has the status 304",
        ),
        (RouteAction("c", cluster_not_found_response_code=418), "cluster_not_found_response_code is 418"),
    ],
)
def test_a_status_without_a_name_is_refused_where_it_was_read(
    action: RouteAction | RedirectAction, reason: str
) -> None:
    assert refusal(routes(action)).startswith(reason)


def test_what_has_no_place_in_a_bootstrap_has_one_among_resources() -> None:
    loose = Config(route_configurations={"r": RouteConfiguration("r")})
    told = Config(clusters=(Cluster("c", HOSTS, type=DiscoveryType.EDS),))
    assert 'no listener has the route configuration "r"' in refusal(loose)
    assert 'endpoints of the cluster "c" of type EDS' in refusal(told)
    for config in (loose, told):
        assert load(to_dict(config, form="resources")) == config


def test_routes_that_are_not_there_are_refused() -> None:
    chain = FilterChain(filters=(HttpConnectionManager("missing"),))
    config = Config(listeners=(Listener("l", "::1", 80, (chain,)),))
    assert 'there is no route configuration named "missing"' in refusal(config)
    with pytest.raises(ConfigError, match='there is no route configuration named "missing"'):
        to_dict(config, form="resources")


def with_metadata(value: object) -> Config:
    endpoint = Endpoint("10.0.0.1", 80, metadata={"envoy.lb": {"k": value}})
    return Config(clusters=(Cluster("c", (LocalityEndpoints((endpoint,)),)),))


def test_a_fraction_in_metadata_is_for_json_only() -> None:
    config = with_metadata({"share": 0.5, "whole": 2.0})
    assert json.loads(to_json(config)) == to_dict(config)
    with pytest.raises(
        ConfigError, match=r'metadata\["envoy.lb"\]\["k"\]\["share"\]: .* 0\.5 would come back as \'0\.5\''
    ):
        to_yaml(config)


@pytest.mark.parametrize("value", [b"bytes", {1: "a"}, ("a", float("inf"))])
@pytest.mark.parametrize("write", [to_json, to_yaml])
def test_metadata_that_is_no_plain_data_is_refused(write: Callable[[Config], str], value: object) -> None:
    with pytest.raises(ConfigError):
        write(with_metadata(value))


def test_half_a_character_is_refused() -> None:
    config = Config(clusters=(Cluster("\ud800", HOSTS),))
    for write in (to_dict, to_json, to_yaml):
        with pytest.raises(ConfigError, match="cluster_name: the text holds half of a surrogate pair"):
            write(config)


def test_a_long_answer_brings_the_limit_that_lets_it_pass() -> None:
    config = routes(DirectResponse(200, b"x" * 5000))
    assert load(to_dict(config)) == config


def test_routes_of_one_name_keep_apart() -> None:
    """Two listeners with routes that share a name; the models have them under names of their own."""
    document = to_dict(routes(DirectResponse(200)))
    other = to_dict(routes(DirectResponse(404)))["static_resources"]["listeners"][0]
    document["static_resources"]["listeners"].append({**other, "name": "m"})
    config = load(document)
    assert list(config.route_configurations) == ["r", "r@m"]
    assert load(to_dict(config)) == config


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["config", "print", *arguments]) == 0
    return capsys.readouterr().out


def test_kubernetes_documents_are_printed_as_a_bootstrap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(EXAMPLES / name) for name in ("canary-services.yaml", "canary-ingress.yaml")]
    config = replace(load(files), statuses=())
    again = tmp_path / "envoy.yaml"
    again.write_text(printed(capsys, *files))
    assert list(yaml.safe_load(again.read_text())) == ["static_resources"]
    assert load(again) == config
    as_json = json.loads(printed(capsys, "--json", "--form", "resources", *files))
    assert list(as_json) == ["resources"]
    assert load(as_json) == config


def test_what_cannot_be_printed_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = tmp_path / "service.yaml"
    service.write_text(
        "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n"
        "spec: { clusterIP: 10.0.0.1, sessionAffinity: ClientIP, ports: [{ port: 80 }] }\n"
    )
    assert main(["config", "print", str(service)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "client_ip_affinity: Envoy's documents cannot say this: 10800.0 would come back as None" in output.err


def test_refused_objects_are_told_beside_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "print", str(EXAMPLES / "canary-gateway.yaml")]) == 0
    output = capsys.readouterr()
    assert "warning: HTTPRoute" in output.err
    assert "warning" not in output.out
