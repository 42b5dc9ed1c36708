"""What routes ask of the gateway, on real sockets: header fields, hosts, answers, hashes, mirrors, faults."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from fastpath import ConfigError
from fastpath.proxy import Exchange, Gateway, HeaderChanges, Options

CLUSTER = {"cluster": "one"}
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"


def route(prefix: str, action: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"match": {"prefix": prefix}, "route": {**CLUSTER, **(action or {})}, **fields}


def adding(*fields: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"header": {"key": key, "value": value}} for key, value in fields]


async def test_fields_of_requests_and_responses_are_changed(lab: Any) -> None:
    upstream = await lab.upstream()
    routes = [
        route(
            "/",
            {"prefix_rewrite": "/new/", "host_rewrite_literal": "up.example", "append_x_forwarded_host": True},
            request_headers_to_add=adding(("x-from", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %REQ(:PATH)%")),
            request_headers_to_remove=["x-secret"],
            response_headers_to_add=adding(("x-to", "%RESPONSE_CODE% %UPSTREAM_CLUSTER% %REQ(:PATH)%")),
            response_headers_to_remove=["x-upstream"],
        )
    ]
    await lab.gateway({"one": [upstream]}, routes)
    response = await lab.fetch(lab.get("/p?q", "X-Secret: s", "X-Envoy-Retry-On: 5xx"))
    (request,) = upstream.requests
    assert request.start == b"GET /new/p?q HTTP/1.1"
    assert request.get(b"host") == b"up.example"
    assert request.get(b"x-forwarded-host") == request.get(b"x-envoy-original-host") == b"a.example"
    assert request.get(b"x-envoy-original-path") == b"/p?q"
    assert request.get(b"x-from") == b"127.0.0.1 /p?q"
    assert request.get(b"x-secret") is None
    assert request.get(b"x-envoy-retry-on") is None
    assert response.get(b"x-to") == b"200 one /new/p?q"
    assert response.get(b"x-upstream") is None


async def test_hooks_change_what_the_route_made(lab: Any) -> None:
    class Hooked(Gateway):
        def upstream_request_filter(self, exchange: Exchange, headers: HeaderChanges) -> None:
            headers.set(b"x-route", b"hook")
            headers.remove(b"x-gone")
            headers.append(b"x-more", b"2")

        def response_filter(self, exchange: Exchange, headers: HeaderChanges) -> None:
            headers.append(b"y", b"hook")

    upstream = await lab.upstream()
    added = adding(("x-route", "1"), ("x-gone", "1"), ("x-more", "1"))
    await lab.gateway(
        {"one": [upstream]},
        [route("/", request_headers_to_add=added, response_headers_to_add=adding(("z", "route")))],
        kind=Hooked,
    )
    response = await lab.fetch()
    (request,) = upstream.requests
    assert request.get(b"x-route") == b"hook"
    assert request.get(b"x-gone") is None
    assert [value for name, value in request.headers if name == b"x-more"] == [b"1", b"2"]
    assert (response.get(b"y"), response.get(b"z")) == (b"hook", b"route")


async def test_redirects_and_direct_responses_come_from_the_route(lab: Any) -> None:
    routes = [
        {
            "match": {"prefix": "/r"},
            "redirect": {"https_redirect": True, "prefix_rewrite": "/s", "response_code": "FOUND"},
            "response_headers_to_add": adding(("x", "%REQ(:PATH)%")),
        },
        {
            "match": {"prefix": "/d"},
            "direct_response": {"status": 418, "body": {"inline_string": "tea"}},
            "response_headers_to_add": adding(("content-type", "text/tea")),
        },
    ]
    await lab.gateway({"one": [lab.dead_port()]}, routes)
    response = await lab.fetch(lab.get("/r/x?q"))
    assert (response.status, response.get(b"location")) == (302, b"https://a.example/s/x?q")
    assert response.get(b"x") == b"/s/x?q"
    response = await lab.fetch(lab.get("/d"))
    assert (response.status, response.body, response.get(b"content-type")) == (418, b"tea", b"text/tea")


async def test_tls_may_be_required(lab: Any) -> None:
    upstream = await lab.upstream()
    hosts = [{"name": "v", "domains": ["*"], "require_tls": "ALL", "routes": [route("/")]}]
    await lab.gateway({"one": [upstream]}, manager={"route_config": {"name": "web", "virtual_hosts": hosts}})
    response = await lab.fetch(lab.get("/p?q"))
    assert (response.status, response.get(b"location")) == (301, b"https://a.example/p?q")
    assert (await lab.fetch(lab.get("/p", "X-Forwarded-Proto: https"))).status == 200


async def test_a_header_names_the_cluster(lab: Any) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two")
    action = {"cluster_header": "x-cluster", "cluster_not_found_response_code": "NOT_FOUND"}
    routes = [{"match": {"prefix": "/"}, "route": action, "response_headers_to_add": adding(("x", "%RESPONSE_FLAGS%"))}]
    await lab.gateway({"one": [one], "two": [two]}, routes)
    assert (await lab.fetch(lab.get("/", "X-Cluster: two"))).body == b"two"
    for lines in ((), ("X-Cluster: nowhere",)):
        response = await lab.fetch(lab.get("/", *lines))
        assert (response.status, response.get(b"x")) == (404, b"NC")


async def test_answers_of_the_gateways_own_have_the_routes_fields(lab: Any) -> None:
    await lab.gateway(
        {"one": [lab.dead_port()]}, [route("/", response_headers_to_add=adding(("x", "%RESPONSE_FLAGS%")))]
    )
    response = await lab.fetch()
    assert (response.status, response.get(b"x")) == (503, b"UF")


@pytest.mark.parametrize("policy", ["RING_HASH", "MAGLEV"])
async def test_requests_with_the_same_hash_stay_on_one_host(lab: Any, policy: str) -> None:
    upstreams = [await lab.upstream(f"up{number}") for number in range(4)]
    routes = [route("/", {"hash_policy": [{"header": {"header_name": "x-user"}}]})]
    await lab.gateway({"one": upstreams}, routes, cluster={"lb_policy": policy})
    chosen: dict[int, set[bytes]] = {}
    client = await lab.client()
    for number in [*range(24)] * 2:
        response = await client.request(lab.get("/", f"X-User: {number}"))
        chosen.setdefault(number, set()).add(response.body)
    assert all(len(bodies) == 1 for bodies in chosen.values())
    assert len(set().union(*chosen.values())) > 1


async def test_a_hash_cookie_is_handed_out_once_and_sticks(lab: Any) -> None:
    upstreams = [await lab.upstream(f"up{number}") for number in range(4)]
    cookie = {"cookie": {"name": "stick", "ttl": "60s", "path": "/"}}
    await lab.gateway({"one": upstreams}, [route("/", {"hash_policy": [cookie]})], cluster={"lb_policy": "RING_HASH"})
    first = await lab.fetch()
    given = first.get(b"set-cookie") or b""
    assert given.endswith(b"; Max-Age=60; Path=/; HttpOnly")
    value = given.partition(b";")[0].decode()
    for _ in range(6):
        again = await lab.fetch(lab.get("/", f"Cookie: {value}"))
        assert (again.body, again.get(b"set-cookie")) == (first.body, None)


async def test_requests_are_copied_to_mirrors_and_their_answers_dropped(lab: Any) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two", 500)
    routes = [
        route(
            "/",
            {"request_mirror_policies": [{"cluster": "two"}], "prefix_rewrite": "/new"},
            request_headers_to_add=adding(("x", "1")),
        )
    ]
    gateway = await lab.gateway({"one": [one], "two": [two]}, routes)
    body = b"hello, body"
    head = b"POST /?q HTTP/1.1\r\nHost: a.example:80\r\nContent-Length: %d\r\n\r\n" % len(body)
    response = await lab.fetch(head + body)
    assert (response.status, response.body) == (200, b"one")
    await lab.until(lambda: bool(two.requests))
    (copy,), (original,) = two.requests, one.requests
    assert copy.body == original.body == body
    assert copy.start == original.start == b"POST /new?q HTTP/1.1"
    assert (copy.get(b"host"), copy.get(b"x")) == (b"a.example-shadow:80", b"1")
    await lab.until(lambda: not gateway.shadows)
    assert [host.active_requests for host in gateway.clusters["two"].hosts] == [0]


async def test_a_mirror_that_is_down_or_slow_is_not_noticed(lab: Any) -> None:
    one = await lab.upstream("one")

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    policies = [{"cluster": name} for name in ("dead", "slow", "empty")] + [{"cluster_header": "x-unknown"}]
    routes = [route("/", {"request_mirror_policies": policies, "timeout": "0.3s"})]
    gateway = await lab.gateway(
        {"one": [one], "dead": [lab.dead_port()], "slow": [await lab.serve(silent)], "empty": []}, routes
    )
    for _ in range(3):
        assert (await lab.fetch(lab.get("/", "X-Unknown: nowhere"))).body == b"one"
    await lab.until(lambda: not gateway.shadows)


async def test_copies_are_bounded_in_number_and_size(lab: Any) -> None:
    one, two = await lab.upstream("one"), await lab.upstream("two", held=True)
    routes = [route("/", {"request_mirror_policies": [{"cluster": "two"}]})]
    gateway = await lab.gateway(
        {"one": [one], "two": [two]}, routes, options=Options(max_shadows=2, max_replay_bytes=100)
    )
    client = await lab.client()
    for _ in range(5):
        assert (await client.request(lab.get())).status == 200
    assert len(gateway.shadows) == 2
    await lab.until(lambda: len(two.requests) == 2)
    two.release(2)
    await lab.until(lambda: not gateway.shadows)
    assert len(two.requests) == 2
    assert (await lab.fetch(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" + b"x" * 101)).status == 200
    assert not gateway.shadows
    assert len(two.requests) == 2


def faulty(**fault: Any) -> dict[str, Any]:
    return {"typed_per_filter_config": {"envoy.filters.http.fault": {"@type": FAULT, **fault}}}


def filtering(**fault: Any) -> dict[str, Any]:
    """A connection manager with the fault filter."""
    faults = {"name": "envoy.filters.http.fault", "typed_config": {"@type": FAULT, **fault}}
    return {"http_filters": [faults, {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}]}


ALL = {"numerator": 100}


async def test_faults_are_injected(lab: Any) -> None:
    upstream = await lab.upstream()
    delay = {"fixed_delay": "0.2s", "percentage": ALL}
    abort = {"http_status": 418, "percentage": ALL}
    routes = [
        route("/delay", **faulty(delay=delay)),
        route("/abort", **faulty(abort=abort), response_headers_to_add=adding(("x", "%RESPONSE_FLAGS%"))),
        route("/grpc", **faulty(abort={"grpc_status": 7, "percentage": ALL})),
        route("/both", **faulty(delay=delay, abort=abort)),
        route("/", **faulty(abort={"http_status": 418, "percentage": {"numerator": 0}})),
    ]
    await lab.gateway({"one": [upstream]}, routes, manager=filtering(abort={"http_status": 500, "percentage": ALL}))
    assert (await lab.fetch(lab.get("/other"))).status == 200
    response = await lab.fetch(lab.get("/abort"))
    assert (response.status, response.body, response.get(b"x")) == (418, b"fault filter abort", b"FI")
    response = await lab.fetch(lab.get("/abort", "content-type: application/grpc"))
    assert (response.status, response.body, response.get(b"x"), response.get(b"grpc-status")) == (200, b"", b"FI", b"2")
    response = await lab.fetch(lab.get("/grpc", "content-type: application/grpc+proto"))
    assert (response.status, response.get(b"content-type")) == (200, b"application/grpc")
    assert (response.get(b"grpc-status"), response.get(b"grpc-message")) == (b"7", b"fault filter abort")
    head = lab.get("/grpc", "content-type: application/grpc").replace(b"GET", b"HEAD", 1)
    response = await lab.fetch(head)
    assert (response.get(b"grpc-status"), response.get(b"grpc-message")) == (b"7", None)
    response = await lab.fetch(lab.get("/grpc"))
    assert (response.status, response.body, response.get(b"grpc-status")) == (200, b"fault filter abort", None)
    for path, status in (("/delay", 200), ("/both", 418)):
        began = time.monotonic()
        assert (await lab.fetch(lab.get(path))).status == status
        assert time.monotonic() - began > 0.19
    assert len(upstream.requests) == 2


async def test_a_client_that_leaves_during_a_delay_leaves_nothing_behind(lab: Any) -> None:
    upstream = await lab.upstream()
    gateway = await lab.gateway(
        {"one": [upstream]},
        [route("/", **faulty(delay={"fixed_delay": "15s", "percentage": ALL}))],
        manager=filtering(max_active_faults=1),
    )
    client = await lab.client()
    (faults,) = [server.faults for server in gateway._servers if server.faults is not None]
    await client.send(lab.get())
    await lab.until(lambda: faults.active == 1)
    client.writer.close()
    await lab.until(lambda: not any(server.connections for server in gateway._servers))
    assert faults.active == 0
    assert not upstream.requests


async def test_the_listeners_fault_takes_all_requests_but_those_of_faulty_routes(lab: Any) -> None:
    upstream = await lab.upstream()
    abort = {"http_status": 418, "percentage": ALL}
    routes = [
        route("/own", **faulty(abort={"http_status": 503, "percentage": ALL}, headers=[{"name": "x-fail"}])),
        {"match": {"prefix": "/direct"}, "direct_response": {"status": 202}},
        route("/one"),
    ]
    await lab.gateway({"one": [upstream]}, routes, manager=filtering(abort=abort))
    expected = {"/own": 200, "/direct": 418, "/one": 418, "/none": 418}
    assert {path: (await lab.fetch(lab.get(path))).status for path in expected} == expected
    assert (await lab.fetch(lab.get("/own", "X-Fail: 1"))).status == 503
    assert len(upstream.requests) == 1


async def test_without_the_filter_routes_have_no_faults(lab: Any) -> None:
    await lab.gateway(
        {"one": [await lab.upstream()]}, [route("/", **faulty(abort={"http_status": 418, "percentage": ALL}))]
    )
    assert (await lab.fetch()).status == 200


async def test_faults_that_no_request_can_have_are_refused(lab: Any) -> None:
    headers = [{"name": "x", "string_match": {"safe_regex": {"regex": "("}}}]
    with pytest.raises(ConfigError, match=r"http_filters\[0\]|fault\.headers\[0\]"):
        await lab.gateway({"one": []}, manager=filtering(headers=headers))


async def test_a_route_may_be_stricter_about_silence(lab: Any) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await lab.read_head(reader)
        await reader.read()

    await lab.gateway({"one": [await lab.serve(stall)]}, [route("/", {"timeout": "0s", "idle_timeout": "0.1s"})])
    assert (await lab.fetch()).status == 504


async def test_attempts_are_counted(lab: Any) -> None:
    broken = await lab.upstream("broken", 503)
    hosts = [
        {
            "name": "v",
            "domains": ["*"],
            "include_request_attempt_count": True,
            "include_attempt_count_in_response": True,
            "retry_policy": {"retry_on": "5xx", "num_retries": 1, "retry_back_off": {"base_interval": "0.001s"}},
            "routes": [route("/")],
        }
    ]
    await lab.gateway({"one": [broken]}, manager={"route_config": {"name": "web", "virtual_hosts": hosts}})
    response = await lab.fetch()
    assert [request.get(b"x-envoy-attempt-count") for request in broken.requests] == [b"1", b"2"]
    assert response.get(b"x-envoy-attempt-count") == b"2"


async def test_a_head_that_cannot_be_sent_is_answered(lab: Any) -> None:
    await lab.gateway({"one": [await lab.upstream()]}, [route("/", {"host_rewrite_header": "x-host"})])
    assert (await lab.fetch(lab.get("/", "X-Host: a b"))).status == 500
    assert (await lab.fetch(lab.get("/", "X-Host: b.example"))).status == 200


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"request_headers_to_add": adding(("connection", "close"))}, "request_headers_to_add[0].header.key"),
        ({"response_headers_to_remove": ["content-length"]}, "response_headers_to_remove[0]"),
        ({"route": {**CLUSTER, "prefix_rewrite": "new"}}, "route.prefix_rewrite"),
        ({"route": {**CLUSTER, "host_rewrite_literal": "a b"}}, "route.host_rewrite_literal"),
    ],
)
async def test_what_the_gateway_cannot_do_is_refused_beforehand(lab: Any, fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await lab.gateway({"one": [lab.dead_port()]}, [{**route("/"), **fields}])
    assert caught.value.path.endswith(f"routes[0].{path}")
