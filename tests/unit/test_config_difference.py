"""What an update would change, by name and by place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastpath.config import differences
from fastpath.models import (
    Cluster,
    Config,
    Endpoint,
    LbPolicy,
    LocalityEndpoints,
    Position,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)


def hosts(*ports: int) -> Cluster:
    return Cluster("c", (LocalityEndpoints(tuple(Endpoint("10.0.0.1", port) for port in ports)),))


def routes(*prefixes: str, named: bool = False) -> Config:
    found = tuple(
        Route(RouteMatch(prefix=prefix), RouteAction("c"), name=prefix if named else "") for prefix in prefixes
    )
    configuration = RouteConfiguration("r", (VirtualHost("v", ("*",), found),))
    return Config(route_configurations={"r": configuration})


def told(old: Config, new: Config) -> list[str]:
    return [str(each) for each in differences(old, new)]


def test_clusters_go_by_name_and_endpoints_by_address() -> None:
    old = Config(clusters=(hosts(1, 2), Cluster("gone")))
    new = Config(clusters=(replace(hosts(2, 3), lb_policy=LbPolicy.RANDOM), Cluster("came")))
    lines = told(old, new)
    assert lines[0].startswith('- clusters["c"].localities[0].endpoints["10.0.0.1:1"]: Endpoint(')
    assert lines[1].startswith('+ clusters["c"].localities[0].endpoints["10.0.0.1:3"]: Endpoint(')
    assert lines[2] == '~ clusters["c"].lb_policy: ROUND_ROBIN -> RANDOM'
    assert lines[3].startswith('- clusters["gone"]: Cluster(')
    assert lines[4].startswith('+ clusters["came"]: Cluster(')
    assert len(lines) == 5


def test_a_route_without_a_name_that_comes_between_is_one_difference() -> None:
    (line,) = told(routes("/a", "/b", "/c"), routes("/a", "/new", "/b", "/c"))
    assert line.startswith('+ route_configurations["r"].virtual_hosts["v"].routes[1]: Route(')
    (line,) = told(routes("/a", "/b"), routes("/a", "/c"))
    assert line == "~ route_configurations[\"r\"].virtual_hosts[\"v\"].routes[1].match.prefix: '/b' -> '/c'"


def test_another_order_of_routes_is_a_difference() -> None:
    (line,) = told(routes("/a", "/b", named=True), routes("/b", "/a", named=True))
    assert line == '~ route_configurations["r"].virtual_hosts["v"].routes (order): /a, /b -> /b, /a'


def test_positions_are_none() -> None:
    assert differences(Config(clusters=(Cluster("c", position=Position("a")),)), Config(clusters=(Cluster("c"),))) == []


@pytest.mark.parametrize("named", [False, True])
@given(data=st.data())
def test_nothing_is_told_only_of_equals(named: bool, data: st.DataObject) -> None:
    some = st.lists(st.sampled_from(["/a", "/b", "/c", "/d"]), max_size=5, unique=named)
    old, new = routes(*data.draw(some), named=named), routes(*data.draw(some), named=named)
    assert (differences(old, new) == []) == (old == new)
