"""What passes through the gateway, in both directions, and how it is framed."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from fastpath import Limits
from fastpath.models import Route, RouteAction, RouteMatch
from fastpath.proxy import Exchange, Gateway, HeaderChanges, Options, Reply


async def test_a_request_and_its_answer(lab: Any) -> None:
    upstream = await lab.upstream("up")
    await lab.gateway({"one": [upstream]})
    response = await lab.fetch(lab.get("/a/b?c=d", "X-Kept: 1", "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: 5"))
    assert (response.status, response.body, response.get(b"X-Upstream")) == (200, b"up", b"up")
    (request,) = upstream.requests
    assert request.start == b"GET /a/b?c=d HTTP/1.1"
    assert request.get(b"host") == b"a.example"
    assert request.get(b"x-kept") == b"1"
    assert request.get(b"x-hop") is None
    assert request.get(b"keep-alive") is None


async def test_limits_hold_on_both_sides(lab: Any) -> None:
    async def long_headed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await lab.read_head(reader)
        writer.write(lab.answer(200, b"", b"X-Long: " + b"a" * 100))

    await lab.gateway({"one": [await lab.serve(long_headed)]}, options=Options(limits=Limits(max_line=100)))
    assert (await lab.fetch(lab.get("/", "X-Long: " + "a" * 100))).status == 431
    assert (await lab.fetch()).status == 502
    await lab.gateway({"one": [await lab.serve(long_headed)]})
    assert (await lab.fetch(lab.get("/", "X-Long: " + "a" * 100))).status == 200


async def test_connections_are_kept_on_both_sides(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]})
    client = await lab.client()
    for _ in range(20):
        assert (await client.request(lab.get())).status == 200
    assert upstream.connections == 1


async def test_pipelined_requests_are_answered_in_order(lab: Any) -> None:
    upstream = await lab.upstream()
    routes = [
        {"match": {"path": "/direct"}, "direct_response": {"status": 200, "body": {"inline_string": "direct"}}},
        {"match": {"prefix": "/"}, "route": {"cluster": "one"}},
    ]
    await lab.gateway({"one": [upstream]}, routes)
    client = await lab.client()
    paths = ["/direct" if index % 3 else f"/{index}" for index in range(300)]
    await client.send(b"".join(lab.get(path) for path in paths))
    bodies = [(await client.response()).body for _ in paths]
    assert bodies == [b"direct" if path == "/direct" else b"up" for path in paths]
    assert [request.start.split()[1].decode() for request in upstream.requests] == [p for p in paths if p != "/direct"]


async def test_thousands_of_pipelined_direct_responses_need_no_stack(lab: Any) -> None:
    await lab.gateway({}, [{"match": {"prefix": "/"}, "direct_response": {"status": 204}}])
    client = await lab.client()
    sending = asyncio.create_task(client.send(lab.get() * 5000))
    for _ in range(5000):
        assert (await client.response()).status == 204
    await sending


async def test_one_byte_at_a_time(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]})
    client = await lab.client()
    request = b"POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    for byte in request:
        await client.send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await client.response()).status == 200
    assert upstream.requests[0].body == b"abc"


async def test_chunked_both_ways_with_trailers(lab: Any) -> None:
    async def echo(reader: Any, writer: Any) -> None:
        request = await lab.read_body(reader, await lab.read_head(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%s\r\n0\r\nX-Sum: 7\r\n\r\n" % (len(request.body), request.body))
        await writer.drain()
        assert request.trailers == b"X-In: 1\r\n"

    await lab.gateway({"one": [await lab.serve(echo)]})
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    response = await lab.fetch(head + b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-In: 1\r\n\r\n")
    assert response.body == b"hello world"
    assert response.trailers == b"X-Sum: 7\r\n"


async def test_an_answer_until_close_becomes_chunked(lab: Any) -> None:
    async def old(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nfirst ")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"second")

    await lab.gateway({"one": [await lab.serve(old)]})
    client = await lab.client()
    for _ in range(2):
        response = await client.request(lab.get())
        assert response.body == b"first second"
        assert response.get(b"transfer-encoding") == b"chunked"


async def test_a_client_of_http_1_0(lab: Any) -> None:
    async def chunked(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        await writer.drain()

    await lab.gateway({"one": [await lab.serve(chunked)]})
    client = await lab.client()
    response = await client.request(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    assert response.body == b"abc"
    assert response.get(b"transfer-encoding") is None
    assert await client.closed()


async def test_http_1_0_with_keep_alive(lab: Any) -> None:
    await lab.gateway({"one": [await lab.upstream()]})
    client = await lab.client()
    for _ in range(2):
        response = await client.request(b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        assert (response.body, response.get(b"connection")) == (b"up", b"keep-alive")


async def test_head_and_responses_without_a_body(lab: Any) -> None:
    upstream = await lab.upstream("up")
    nothing = await lab.upstream("", 204)
    routes = [
        {"match": {"prefix": "/nothing"}, "route": {"cluster": "two"}},
        {"match": {"prefix": "/"}, "route": {"cluster": "one"}},
    ]
    await lab.gateway({"one": [upstream], "two": [nothing]}, routes)
    client = await lab.client()
    for _ in range(2):
        response = await client.request(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (response.status, response.get(b"content-length")) == (200, b"2")
        response = await client.request(lab.get("/nothing"))
        assert (response.status, response.get(b"content-length")) == (204, None)
    assert (upstream.connections, nothing.connections) == (1, 1)


async def test_expect_100_continue(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]})
    client = await lab.client()
    await client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert (await client.response()).status == 100
    await client.send(b"abc")
    assert (await client.response()).status == 200
    assert upstream.requests[0].body == b"abc"
    assert upstream.requests[0].get(b"expect") is None


async def test_interim_responses_are_passed_on(lab: Any) -> None:
    async def hint(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + lab.answer(200, b"x"))
        await writer.drain()

    await lab.gateway({"one": [await lab.serve(hint)]})
    client = await lab.client()
    interim = await client.request(lab.get())
    assert (interim.status, interim.get(b"link")) == (103, b"</a>")
    assert (await client.response()).body == b"x"


@pytest.mark.parametrize("chunked", [False, True])
async def test_large_bodies_both_ways(lab: Any, chunked: bool) -> None:
    """More than fits into any buffer on the way, with ends that take it slowly."""
    content = random.Random(1).randbytes(6_000_000)

    async def echo(reader: Any, writer: Any) -> None:
        request = await lab.read_body(reader, await lab.read_head(reader))
        assert request.body == content
        writer.write(lab.answer(200, request.body))
        await writer.drain()

    gateway = await lab.gateway({"one": [await lab.serve(echo)]})
    client = await lab.client()
    if chunked:
        pieces = [content[i : i + 70_000] for i in range(0, len(content), 70_000)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    else:
        head, body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(content), content
    sending = asyncio.create_task(client.send(head + body))
    response = await client.response()
    await sending
    assert response.body == content
    assert gateway.buffers.in_use < 200


async def test_a_client_that_does_not_read_holds_the_upstream_back(lab: Any) -> None:
    sent = 0

    async def endless(reader: Any, writer: Any) -> None:
        nonlocal sent
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": "0s"}}]
    await lab.gateway({"one": [await lab.serve(endless)]}, routes)
    client = await lab.client()
    client.writer.transport.pause_reading()
    await client.send(lab.get())
    before = -1
    while sent != before:
        before = sent
        await asyncio.sleep(0.2)
    assert 0 < sent < 40_000_000


async def test_an_upstream_that_does_not_read_holds_the_client_back(lab: Any) -> None:
    async def deaf(reader: Any, writer: Any) -> None:
        reader._transport.pause_reading()
        await asyncio.sleep(30)

    await lab.gateway({"one": [await lab.serve(deaf)]})
    client = await lab.client()
    client.writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
    sent = 0
    try:
        while True:
            client.writer.write(b"x" * 65536)
            await asyncio.wait_for(client.writer.drain(), 0.5)
            sent += 65536
    except asyncio.TimeoutError:
        pass
    assert 0 < sent < 40_000_000


async def test_rewrites(lab: Any) -> None:
    upstream = await lab.upstream()
    routes = [
        {"match": {"path": "/exact"}, "route": {"cluster": "one", "prefix_rewrite": "/other"}},
        {
            "match": {"prefix": "/api/"},
            "route": {"cluster": "one", "prefix_rewrite": "/", "host_rewrite_literal": "inner.example"},
        },
    ]
    await lab.gateway({"one": [upstream]}, routes)
    await lab.fetch("/api/v1/x?y=/api/")
    await lab.fetch("/exact?q")
    assert [request.start.split()[1] for request in upstream.requests] == [b"/v1/x?y=/api/", b"/other?q"]
    assert [request.get(b"host") for request in upstream.requests] == [b"inner.example", b"a.example"]


WEBSOCKET = {"upgrade_configs": [{"upgrade_type": "websocket"}]}
HANDSHAKE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13")


async def test_an_upgrade_becomes_a_tunnel(lab: Any) -> None:
    async def shout(reader: Any, writer: Any) -> None:
        request = await lab.read_head(reader)
        assert request.get(b"upgrade") == b"websocket"
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello ")
        while data := await reader.read(65536):
            writer.write(data.upper())
            await writer.drain()

    logged: list[Exchange] = []
    kind = type("Logging", (Gateway,), {"logging": lambda self, exchange: logged.append(exchange)})
    gateway = await lab.gateway({"one": [await lab.serve(shout)]}, manager=WEBSOCKET, kind=kind)
    client = await lab.client()
    await client.send(lab.get("/", *HANDSHAKE) + b"early ")  # not HTTP, and not to be read as such
    response = await lab.read_head(client.reader)
    assert (response.status, response.get(b"upgrade")) == (101, b"websocket")
    assert await client.reader.readexactly(12) == b"hello EARLY "
    content = random.Random(2).randbytes(3_000_000).lower()
    sending = asyncio.create_task(client.send(content))
    assert await client.reader.readexactly(len(content)) == content.upper()
    await sending
    client.writer.write_eof()
    assert await client.closed()
    await lab.until(lambda: len(logged) == 1)
    assert (logged[0].status, logged[0].error) == (101, "")
    assert (logged[0].bytes_received, logged[0].bytes_sent) == (len(content) + 6, len(content) + 12)
    assert [host.active_requests for host in gateway.clusters["one"].hosts] == [0]


async def test_the_upstream_ends_a_tunnel(lab: Any) -> None:
    async def brief(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        await reader.readexactly(3)
        writer.write(b"bye")

    await lab.gateway({"one": [await lab.serve(brief)]}, manager=WEBSOCKET)
    client = await lab.client()
    await client.send(lab.get("/", *HANDSHAKE))
    assert (await lab.read_head(client.reader)).status == 101
    await client.send(b"abc")
    assert await client.reader.read() == b"bye"


async def test_an_upgrade_that_the_upstream_declines(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]}, manager=WEBSOCKET)
    client = await lab.client()
    await client.send(lab.get("/", *HANDSHAKE) + lab.get("/next"))
    assert (await client.response()).body == b"up"
    assert (await client.response()).body == b"up"
    assert [request.start.split()[1] for request in upstream.requests] == [b"/", b"/next"]


async def test_an_upgrade_that_the_listener_does_not_allow(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]}, manager=WEBSOCKET)
    for other in ("other", "websocket, other", ""):
        refused = await lab.fetch(lab.get("/", "Connection: Upgrade", f"Upgrade: {other}"))
        assert refused.status == 403
    assert upstream.requests == []
    assert (await lab.fetch(lab.get("/", "Connection: Upgrade", "Upgrade: h2c"))).body == b"up"
    assert (await lab.fetch(lab.get("/", "Upgrade: other"))).body == b"up"
    assert [request.get(b"upgrade") for request in upstream.requests] == [None, None]


async def test_targets_without_a_path(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]}, manager=NORMALIZE)
    for target, status in (("http://a", 200), ("http://a?q", 404), ("http://a/?q", 200)):
        head = f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        assert (await lab.fetch(head)).status == status, target
    assert [request.start.split()[1] for request in upstream.requests] == [b"/", b"/?q"]


async def test_grpc_is_not_redirected_for_its_path(lab: Any) -> None:
    manager = {"path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT"}
    await lab.gateway({"one": [await lab.upstream()]}, manager=manager)
    answer = await lab.fetch(lab.get("/a%2Fb", "Content-Type: application/grpc"))
    assert (answer.status, answer.get(b"grpc-status"), answer.get(b"location")) == (200, b"13", None)


async def test_upgrades_are_routed_apart(lab: Any) -> None:
    plain, sockets = await lab.upstream("plain"), await lab.upstream("sockets")
    routes = [
        {
            "match": {"prefix": "/", "headers": [{"name": "upgrade", "string_match": {"exact": "websocket"}}]},
            "route": {"cluster": "sockets"},
        },
        {"match": {"prefix": "/"}, "route": {"cluster": "plain"}},
    ]
    await lab.gateway({"plain": [plain], "sockets": [sockets]}, routes, manager=WEBSOCKET)
    assert (await lab.fetch(lab.get("/", *HANDSHAKE))).body == b"sockets"
    assert (await lab.fetch(lab.get("/", "Upgrade: websocket"))).body == b"plain"


async def test_fields_that_no_client_may_send(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]})
    forged = ("X-Forwarded-Client-Cert: By=me", "Referer: http://u@b/", "x-envoy-retry-on: 5xx")
    await lab.fetch(lab.get("/", *forged, "a: 1"))
    names = [b"x-forwarded-client-cert", b"referer", b"x-envoy-retry-on", b"a"]
    assert [upstream.requests[0].get(name) for name in names] == [None, None, None, b"1"]
    assert (await lab.fetch(lab.get("/", "Connection: x-forwarded-for", "X-Forwarded-For: 1.1.1.1"))).status == 400


NORMALIZE = {"normalize_path": True, "merge_slashes": True}


@pytest.mark.parametrize(
    ("manager", "path", "sent"),
    [
        ({}, "/a//b/../c%2Fd", b"/a//b/../c%2Fd"),
        (NORMALIZE, "/a//b/../%61%2Fd?x=/../y", b"/a/a%2Fd?x=/../y"),
        (NORMALIZE, "/public/../admin/", b"/admin/"),
        ({**NORMALIZE, "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"}, "/a%2F..%2fb", b"/b"),
    ],
)
async def test_paths_are_matched_and_sent_as_the_listener_normalises_them(
    lab: Any, manager: dict[str, Any], path: str, sent: bytes
) -> None:
    upstream = await lab.upstream()
    routes = [
        {"match": {"prefix": "/admin"}, "direct_response": {"status": 403}},
        {"match": {"prefix": "/"}, "route": {"cluster": "one"}},
    ]
    await lab.gateway({"one": [upstream]}, routes, manager=manager)
    response = await lab.fetch(path)
    if sent.startswith(b"/admin"):
        assert response.status == 403
        assert upstream.requests == []
    else:
        assert [request.start.split()[1] for request in upstream.requests] == [sent]


@pytest.mark.parametrize(
    ("action", "status", "location"),
    [("REJECT_REQUEST", 400, None), ("UNESCAPE_AND_REDIRECT", 307, b"/a/b?c"), (2, 400, None)],
)
async def test_escaped_slashes_that_are_not_sent_on(lab: Any, action: object, status: int, location: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]}, manager={"path_with_escaped_slashes_action": action})
    client = await lab.client()
    response = await client.request(lab.get("/a%2Fb?c"))
    assert (response.status, response.get(b"location")) == (status, location)
    assert (await client.request(lab.get("/fine"))).status == 200
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("redirect", "path", "location"),
    [
        ({"path_redirect": "/new"}, "/old/x?a=1", b"http://a.example/new?a=1"),
        ({"path_redirect": "/new?b=2"}, "/old/x?a=1", b"http://a.example/new?b=2"),
        ({"path_redirect": "/new", "strip_query": True}, "/old/x?a=1", b"http://a.example/new"),
        ({"prefix_rewrite": "/n/"}, "/old/x?a=1", b"http://a.example/n/x?a=1"),
        ({"host_redirect": "b.example", "https_redirect": True}, "/old/x", b"https://b.example/old/x"),
    ],
)
async def test_redirects(lab: Any, redirect: dict[str, Any], path: str, location: bytes) -> None:
    await lab.gateway({}, [{"match": {"prefix": "/old/"}, "redirect": redirect}])
    response = await lab.fetch(path)
    assert (response.status, response.get(b"location"), response.body) == (301, location, b"")


async def test_no_route(lab: Any) -> None:
    await lab.gateway({}, [{"match": {"path": "/only"}, "direct_response": {"status": 200}}])
    client = await lab.client()
    assert (await client.request(lab.get("/other"))).status == 404
    assert (await client.request(lab.get("/only"))).status == 200


async def test_phases(lab: Any) -> None:
    calls: list[str] = []

    class Phases(Gateway):
        async def request_filter(self, exchange: Exchange) -> Reply | None:
            calls.append("request")
            if exchange.request.path == b"/later":
                await asyncio.sleep(0.01)
            if exchange.request.headers.get(b"x-key") != b"k":
                return Reply(401, b"no\n", ((b"WWW-Authenticate", b"Key"),))
            return None

        def upstream_peer(self, exchange: Exchange) -> Any:
            calls.append("peer")
            return exchange.pick()

        def upstream_request_filter(self, exchange: Exchange, headers: HeaderChanges) -> None:
            calls.append("upstream request")
            headers.set(b"X-Gateway", b"1")
            headers.remove(b"x-key")

        def response_filter(self, exchange: Exchange, headers: HeaderChanges) -> None:
            calls.append("response")
            headers.append(b"X-Seen", b"%d" % exchange.response.status_code)

        def logging(self, exchange: Exchange) -> None:
            calls.append(f"logging {exchange.status} {exchange.error} {exchange.bytes_sent}")

    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]}, kind=Phases)
    client = await lab.client()
    refused = await client.request(lab.get())
    assert (refused.status, refused.get(b"www-authenticate"), refused.body) == (401, b"Key", b"no\n")
    accepted = await client.request(lab.get("/later", "X-Key: k"))
    assert (accepted.status, accepted.get(b"x-seen")) == (200, b"200")
    (request,) = upstream.requests
    assert (request.get(b"x-gateway"), request.get(b"x-key")) == (b"1", None)
    assert calls == [
        "request",
        "logging 401 filter 3",
        "request",
        "peer",
        "upstream request",
        "response",
        "logging 200  2",
    ]


@pytest.mark.parametrize("phase", ["request_filter", "upstream_peer", "upstream_request_filter", "response_filter"])
async def test_a_hook_that_raises_is_an_answer_of_500(lab: Any, phase: str) -> None:
    lab.expects_problems = True

    def broken(self: Gateway, *arguments: object) -> None:
        raise LookupError(phase)

    gateway = await lab.gateway({"one": [await lab.upstream()]}, kind=type("Broken", (Gateway,), {phase: broken}))
    client = await lab.client()
    for _ in range(2):
        assert (await client.request(lab.get())).status == 500
    assert [host.active_requests for host in gateway.clusters["one"].hosts] == [0]


async def test_a_split_by_weight(lab: Any) -> None:
    v1, v2, none = await lab.upstream("v1"), await lab.upstream("v2"), await lab.upstream("none")
    weights = [{"name": "v1", "weight": 90}, {"name": "v2", "weight": 10}, {"name": "none", "weight": 0}]
    routes = [{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": weights}}}]
    await lab.gateway({"v1": [v1], "v2": [v2], "none": [none]}, routes, seed=42)

    async def send(count: int) -> None:
        client = await lab.client()
        for _ in range(count):
            assert (await client.request(lab.get())).status == 200

    await asyncio.gather(*(send(300) for _ in range(10)))
    assert len(none.requests) == 0
    assert len(v1.requests) + len(v2.requests) == 3000
    assert abs(len(v2.requests) - 300) <= 3 * (3000 * 0.1 * 0.9) ** 0.5


async def test_a_canary_that_becomes_everything_while_clients_are_served(lab: Any) -> None:
    v1, v2 = await lab.upstream("v1"), await lab.upstream("v2")
    weights = [{"name": "v1", "weight": 90}, {"name": "v2", "weight": 10}]
    routes = [{"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": weights}}}]
    gateway = await lab.gateway({"v1": [v1], "v2": [v2]}, routes)
    stop = False
    bodies: list[bytes] = []

    async def send() -> None:
        client = await lab.client()
        while not stop:
            response = await client.request(lab.get())
            assert response.status == 200
            bodies.append(response.body)

    clients = [asyncio.create_task(send()) for _ in range(10)]
    await lab.until(lambda: len(bodies) >= 500)
    table = gateway.tables["web"]
    (host,) = table.virtual_hosts
    everything = Route(RouteMatch(prefix="/"), RouteAction(cluster="v2"))
    table.update([replace(host, routes=(everything,))])
    begun = len(bodies) + len(clients)  # what was under way went where it had been sent
    await lab.until(lambda: len(bodies) >= begun + 500)
    stop = True
    await asyncio.gather(*clients)
    assert set(bodies[begun:]) == {b"v2"}
    assert bodies.count(b"v1") > 300


async def test_limits_of_connections(lab: Any) -> None:
    slow = await lab.upstream(held=True)
    await lab.gateway({"one": [slow]}, options=Options(max_connections_per_host=2))
    fetches = lab.fetches(5)
    await lab.answered(fetches, 3)
    slow.release(2)
    assert sorted([each.status for each in await asyncio.gather(*fetches)]) == [200, 200, 503, 503, 503]
    assert slow.connections == 2
