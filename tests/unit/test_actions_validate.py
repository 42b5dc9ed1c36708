"""What a table refuses of actions, and where it says that it is."""

from __future__ import annotations

from typing import Any

import pytest

from fastpath import ConfigError, RouteTable
from fastpath.actions import validate_route
from fastpath.models import (
    DirectResponse,
    HashPolicy,
    HashPolicyCookie,
    HeaderMutations,
    HeaderValueOption,
    HttpFault,
    RedirectAction,
    RegexRewrite,
    RequestMirrorPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)

PREFIX = RouteMatch(prefix="/")
TEMPLATE = RouteMatch(path_template="/a/{id}")


def forward(**action: Any) -> RouteAction:
    return RouteAction(cluster="c", **action)


def adding(key: str, value: str = "x") -> HeaderMutations:
    return HeaderMutations(request_headers_to_add=(HeaderValueOption(key, value),))


def rewrite(pattern: str, substitution: str = "") -> RegexRewrite:
    return RegexRewrite(pattern, substitution)


BAD_ACTIONS = [
    (PREFIX, forward(regex_rewrite=rewrite("(")), ".route.regex_rewrite.pattern.regex"),
    (PREFIX, forward(regex_rewrite=rewrite("")), ".route.regex_rewrite.pattern.regex"),
    (PREFIX, forward(regex_rewrite=rewrite("a", r"\1")), ".route.regex_rewrite.substitution"),
    (PREFIX, forward(regex_rewrite=rewrite("a", "x\\")), ".route.regex_rewrite.substitution"),
    (PREFIX, forward(regex_rewrite=rewrite("a", "b\nc")), ".route.regex_rewrite.substitution"),
    (PREFIX, forward(regex_rewrite=rewrite("a", "b"), prefix_rewrite="/a"), ".route"),
    (PREFIX, forward(host_rewrite_path_regex=rewrite("[")), ".route.host_rewrite_path_regex.pattern.regex"),
    (
        PREFIX,
        forward(hash_policy=(HashPolicy(header="a", header_rewrite=rewrite("a", r"\9")),)),
        ".route.hash_policy[0].header.regex_rewrite.substitution",
    ),
    (PREFIX, RedirectAction(regex_rewrite=rewrite("a**")), ".redirect.regex_rewrite.pattern.regex"),
    (PREFIX, forward(prefix_rewrite="/a\nb"), ".route.prefix_rewrite"),
    (TEMPLATE, forward(prefix_rewrite="/a"), ".route.prefix_rewrite"),
    (PREFIX, forward(host_rewrite_literal="a\rb"), ".route.host_rewrite_literal"),
    (PREFIX, forward(host_rewrite_literal="a", host_rewrite_header="b"), ".route"),
    (PREFIX, forward(host_rewrite_literal="a", auto_host_rewrite=True), ".route"),
    (PREFIX, forward(host_rewrite_header="a b"), ".route.host_rewrite_header"),
    (PREFIX, RouteAction(cluster_header="a b"), ".route.cluster_header"),
    (PREFIX, RouteAction(cluster_header=""), ".route.cluster_header"),
    (PREFIX, forward(path_template_rewrite="/x/{id}"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x/{other}"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="x/{id}"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x/{id"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x//y"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x?y={id}"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x/{1}"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x}/y"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x/{}"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x/{id=*}"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x y"), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/" + "x" * 256), ".route.path_template_rewrite"),
    (TEMPLATE, forward(path_template_rewrite="/x", prefix_rewrite="/y"), ".route"),
    (PREFIX, forward(hash_policy=(HashPolicy(),)), ".route.hash_policy[0]"),
    (PREFIX, forward(hash_policy=(HashPolicy(header="a", source_ip=True),)), ".route.hash_policy[0]"),
    (PREFIX, forward(hash_policy=(HashPolicy(header="a b"),)), ".route.hash_policy[0].header.header_name"),
    (PREFIX, forward(hash_policy=(HashPolicy(query_parameter=""),)), ".route.hash_policy[0].query_parameters.name"),
    (PREFIX, forward(hash_policy=(HashPolicy(cookie=HashPolicyCookie("")),)), ".route.hash_policy[0].cookie.name"),
    (PREFIX, forward(hash_policy=(HashPolicy(cookie=HashPolicyCookie("k", -1)),)), ".route.hash_policy[0].cookie.ttl"),
    (
        PREFIX,
        forward(hash_policy=(HashPolicy(cookie=HashPolicyCookie("k", 1, "a;b")),)),
        ".route.hash_policy[0].cookie",
    ),
    (PREFIX, forward(request_mirror_policies=(RequestMirrorPolicy(),)), ".route.request_mirror_policies[0]"),
    (
        PREFIX,
        forward(request_mirror_policies=(RequestMirrorPolicy(cluster_header="a b"),)),
        ".route.request_mirror_policies[0].cluster_header",
    ),
    (PREFIX, RouteAction(weighted_clusters=(WeightedCluster("", 1),)), ".route.weighted_clusters.clusters[0]"),
    (
        PREFIX,
        RouteAction(weighted_clusters=(WeightedCluster("c", 1, mutations=adding("host")),)),
        ".route.weighted_clusters.clusters[0].request_headers_to_add[0].header.key",
    ),
    (
        PREFIX,
        RouteAction(weighted_clusters=(WeightedCluster("c", 1, host_rewrite_literal="a\0"),)),
        ".route.weighted_clusters.clusters[0].host_rewrite_literal",
    ),
    (PREFIX, RedirectAction(response_code=200), ".redirect.response_code"),
    (PREFIX, RedirectAction(https_redirect=True, scheme_redirect="http"), ".redirect"),
    (PREFIX, RedirectAction(path_redirect="/a", prefix_rewrite="/b"), ".redirect"),
    (PREFIX, RedirectAction(host_redirect="a\nb"), ".redirect.host_redirect"),
    (PREFIX, RedirectAction(path_redirect="/a\nb"), ".redirect.path_redirect"),
    (PREFIX, RedirectAction(scheme_redirect="a b"), ".redirect.scheme_redirect"),
    (PREFIX, RedirectAction(port_redirect=70000), ".redirect.port_redirect"),
    (PREFIX, DirectResponse(199), ".direct_response.status"),
    (PREFIX, DirectResponse(600), ".direct_response.status"),
    (PREFIX, DirectResponse("200"), ".direct_response.status"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("match", "action", "path"), BAD_ACTIONS)
def test_bad_actions_are_refused_with_their_place(match: RouteMatch, action: Any, path: str) -> None:
    assert path in [found for found, _ in validate_route(Route(match, action))]
    with pytest.raises(ConfigError) as caught:
        RouteTable([VirtualHost("v", ("*",), (Route(match, action),))])
    assert caught.value.path.startswith("virtual_hosts[0].routes[0]")


BAD_MUTATIONS = [
    (adding(":path"), ".request_headers_to_add[0].header.key"),
    (adding("Host"), ".request_headers_to_add[0].header.key"),
    (adding("a b"), ".request_headers_to_add[0].header.key"),
    (adding(""), ".request_headers_to_add[0].header.key"),
    (adding("x", "a\nb"), ".request_headers_to_add[0].header.value"),
    (adding("x", "%NOPE%"), ".request_headers_to_add[0].header.value"),
    (adding("x", "100%"), ".request_headers_to_add[0].header.value"),
    (adding("x", "%REQ_WITHOUT_QUERY(:path)%"), ".request_headers_to_add[0].header.value"),
    (HeaderMutations(request_headers_to_remove=("ok", "host")), ".request_headers_to_remove[1]"),
    (HeaderMutations(request_headers_to_remove=(":path",)), ".request_headers_to_remove[0]"),
    (HeaderMutations(response_headers_to_remove=(":status",)), ".response_headers_to_remove[0]"),
    (HeaderMutations(response_headers_to_add=(HeaderValueOption("host"),)), ".response_headers_to_add[0].header.key"),
]


@pytest.mark.parametrize(("mutations", "path"), BAD_MUTATIONS)
def test_bad_mutations_are_refused_at_every_level(mutations: HeaderMutations, path: str) -> None:
    route = Route(PREFIX, forward())
    bad = Route(PREFIX, forward(), mutations=mutations)
    tables: list[tuple[str, Any]] = [
        ("virtual_hosts[0].routes[0]", RouteConfiguration("c", (VirtualHost("v", ("*",), (bad,)),))),
        ("virtual_hosts[0]", RouteConfiguration("c", (VirtualHost("v", ("*",), (route,), mutations=mutations),))),
        ("", RouteConfiguration("c", (VirtualHost("v", ("*",), (route,)),), mutations=mutations)),
    ]
    for place, configuration in tables:
        with pytest.raises(ConfigError) as caught:
            RouteTable(configuration)
        assert caught.value.path == (place + path).removeprefix(".")


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        (HttpFault(delay=0.0), ".fault.delay.fixed_delay"),
        (HttpFault(abort_status=199), ".fault.abort.http_status"),
        (HttpFault(abort_grpc_status=-1), ".fault.abort.grpc_status"),
        (HttpFault(abort_status=503, abort_grpc_status=14), ".fault.abort"),
    ],
)
def test_bad_faults_are_refused(fault: HttpFault, path: str) -> None:
    for host in (
        VirtualHost("v", ("*",), (Route(PREFIX, forward(), fault=fault),)),
        VirtualHost("v", ("*",), (Route(PREFIX, forward()),), fault=fault),
    ):
        with pytest.raises(ConfigError) as caught:
            RouteTable([host])
        assert caught.value.path.endswith(path)


def test_a_table_stays_as_it_was_when_an_update_is_refused() -> None:
    table = RouteTable([VirtualHost("v", ("*",), (Route(PREFIX, DirectResponse(204)),))])
    with pytest.raises(ConfigError):
        table.update([VirtualHost("v", ("*",), (Route(PREFIX, forward(), mutations=adding("host")),))])
    match = table.match_parts(path="/")
    assert match is not None
    assert match.route.action == DirectResponse(204)


def test_good_actions_are_not_refused() -> None:
    good: list[tuple[RouteMatch, Any]] = [
        (PREFIX, forward(prefix_rewrite="/a b", host_rewrite_header=":path")),
        (TEMPLATE, forward(path_template_rewrite="/x/{id}/{id}{id}%20*")),
        (PREFIX, forward(hash_policy=(HashPolicy(source_ip=True), HashPolicy(header=":authority")))),
        (PREFIX, RedirectAction(path_redirect="", prefix_rewrite=None, port_redirect=0)),
        (PREFIX, DirectResponse(599, b"\0")),
    ]
    for match, action in good:
        assert list(validate_route(Route(match, action, mutations=adding("x", "%REQ(x)%")))) == []
