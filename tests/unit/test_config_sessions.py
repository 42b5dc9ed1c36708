"""Sessions that stay with a host: what is read of listeners and routes, written again, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import ConfigError, load, models
from fastpath.config import to_dict
from fastpath.models import HashPolicyCookie, StatefulSession
from fastpath.proxy import Gateway

HTTP = "type.googleapis.com/envoy.extensions.filters.http."
FILTER = f"{HTTP}stateful_session.v3.StatefulSession"
STATE = "type.googleapis.com/envoy.extensions.http.stateful_session."
NAME = "envoy.filters.http.stateful_session"
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{HTTP}router.v3.Router"}}
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def header(name: str = "x-s") -> dict[str, Any]:
    typed = {"@type": f"{STATE}header.v3.HeaderBasedSessionState", "name": name}
    return {"session_state": {"name": "h", "typed_config": typed}}


def cookie(**fields: Any) -> dict[str, Any]:
    typed = {"@type": f"{STATE}cookie.v3.CookieBasedSessionState", "cookie": fields}
    return {"session_state": {"name": "c", "typed_config": typed}}


def read(
    filters: list[dict[str, Any]], own: dict[str, Any] | None = None, share: dict[str, Any] | None = None
) -> models.Config:
    route: dict[str, Any] = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
    clusters: list[dict[str, Any]] = []
    if own is not None:
        route["typed_per_filter_config"] = {NAME: {"@type": f"{FILTER}PerRoute", **own}}
    if share is not None:
        per_filter = {NAME: {"@type": f"{FILTER}PerRoute", **share}}
        split = [{"name": "a", "weight": 1, "typed_per_filter_config": per_filter}, {"name": "b", "weight": 1}]
        del route["direct_response"]
        route["route"] = {"weighted_clusters": {"clusters": split}}
        clusters += [{"name": "a"}, {"name": "b"}]
    hosts = [{"name": "h", "domains": ["*"], "routes": [route]}]
    manager = {
        "@type": HCM,
        "stat_prefix": "x",
        "http_filters": [*filters, ROUTER],
        "route_config": {"name": "r", "virtual_hosts": hosts},
    }
    listener = {
        "name": "l",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    config = load({"static_resources": {"listeners": [listener], "clusters": clusters}})
    assert load(to_dict(config)) == config
    return config


def session_filter(name: str = NAME, **config: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": FILTER, **config}}


def of_listener(config: models.Config) -> StatefulSession | None:
    (manager,) = config.listeners[0].filter_chains[0].filters
    assert isinstance(manager, models.HttpConnectionManager)
    return manager.stateful_session


def of_route(config: models.Config) -> StatefulSession | None:
    return config.route_configurations["r"].virtual_hosts[0].routes[0].stateful_session


def test_the_filter_is_read() -> None:
    assert of_listener(read([])) is None
    assert of_listener(read([session_filter()])) == StatefulSession()
    assert of_listener(read([session_filter(**header(), strict=True)])) == StatefulSession(header="x-s", strict=True)
    kept = cookie(name="s", ttl="60s", path="/a", attributes=[{"name": "Secure"}])
    expected = StatefulSession(HashPolicyCookie("s", 60.0, "/a", (("Secure", ""),)))
    assert of_listener(read([session_filter(**kept)])) == expected


def test_what_routes_say_is_read() -> None:
    listener = [session_filter(**header())]
    assert of_route(read(listener)) is None
    assert of_route(read(listener, {"disabled": True})) == StatefulSession()
    assert of_route(read(listener, {"stateful_session": header("x-t")})) == StatefulSession(header="x-t")


def test_what_shares_say_is_read() -> None:
    config = read([session_filter(**header())], {"disabled": True}, {"stateful_session": header("x-t")})
    assert of_route(config) == StatefulSession()
    action = config.route_configurations["r"].virtual_hosts[0].routes[0].action
    assert isinstance(action, models.RouteAction)
    assert [share.stateful_session for share in action.weighted_clusters] == [StatefulSession(header="x-t"), None]


@pytest.mark.parametrize(
    ("filters", "own", "reason"),
    [
        ([session_filter("mine")], None, 'expected the filter\'s name "envoy.filters.http.stateful_session"'),
        ([session_filter(), session_filter()], None, "there is another filter of this type"),
        ([session_filter(**cookie())], None, '"name" is missing'),
        ([session_filter()], {}, "has no override"),
        ([session_filter()], {"disabled": False}, '"disabled" can only be true'),
        ([session_filter()], {"disabled": True, "stateful_session": {}}, "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_refused(filters: list[Any], own: dict[str, Any] | None, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(filters, own)
    assert reason in str(caught.value)


@pytest.mark.parametrize("state", [header("content-length"), cookie(name="a b")])
def test_the_gateway_refuses_what_it_cannot_write(state: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="stateful_session"):
        Gateway(read([session_filter(**state)]))
    with pytest.raises(ConfigError, match="stateful_session"):
        Gateway(read([session_filter()], {"stateful_session": state}))
    with pytest.raises(ConfigError, match=r"clusters\[0\].stateful_session"):
        Gateway(read([session_filter()], share={"stateful_session": state}))
