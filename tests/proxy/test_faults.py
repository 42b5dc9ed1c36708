"""Peers that break the rules, break down, or leave."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import pytest

from fastpath.proxy import Exchange, Gateway, Options

SMUGGLING = {
    "CL.TE": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE.CL": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "signed length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
    "TE twice": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE with a tab": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "TE in 1.0": b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "space before colon": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folding": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare CR": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n",
    "NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "RTSP": b"GET / RTSP/1.0\r\nHost: a\r\n\r\n",
    "fragment": b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("attack", SMUGGLING)
async def test_smuggling_never_reaches_the_upstream(lab: Any, attack: str) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]})
    client = await lab.client()
    response = await client.request(SMUGGLING[attack] + lab.get("/smuggled"))
    assert 400 <= response.status <= 505
    assert response.get(b"connection") == b"close"
    assert await client.closed()
    assert upstream.requests == []
    assert (await lab.fetch()).status == 200


@pytest.mark.parametrize("body", [b"zz\r\n", b"3\r\nabcX", b"3 \r\nabc\r\n", b"-3\r\n", b"ffffffffffffffffff\r\n"])
async def test_a_broken_chunk_ends_the_request(lab: Any, body: bytes) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]})
    client = await lab.client()
    response = await client.request(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert response.status in (400, 413)
    assert await client.closed()
    assert upstream.requests == []
    await lab.until(lambda: upstream.open_connections == 0)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", 501),
        (b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nContent-Length: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 400),
    ],
    ids=["fields", "line", "target", "connect", "connect with a body", "no host"],
)
async def test_limits(lab: Any, request_: bytes, status: int) -> None:
    await lab.gateway({"one": [await lab.upstream()]})
    assert (await lab.fetch(request_)).status == status


async def test_a_body_after_an_early_answer_is_not_a_request(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]}, [{"match": {"path": "/no"}, "direct_response": {"status": 403}}])
    client = await lab.client()
    smuggled = lab.get("/smuggled")
    request = b"GET /no HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(smuggled) + smuggled
    assert (await client.request(request)).status == 403
    assert (await client.request(lab.get("/no"))).status == 403
    assert upstream.requests == []


async def test_an_early_answer_to_a_large_upload_arrives(lab: Any) -> None:
    await lab.gateway({}, [{"match": {"prefix": "/"}, "direct_response": {"status": 413}}])
    client = await lab.client()
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"
    assert (await client.request(head + b"x" * 200_000)).status == 413


UPSTREAM_FAULTS = {
    "not HTTP": (b"hello\r\n\r\n", 502),
    "nothing": (b"", 503),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-", 503),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 502),
    "CL and TE": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502),
    "endless 1xx": (b"HTTP/1.1 102 Processing\r\n\r\n" * 1000, 502),
    "switch not asked for": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 502),
}


@pytest.mark.parametrize("fault", UPSTREAM_FAULTS)
async def test_upstreams_that_do_not_answer_in_http(lab: Any, fault: str) -> None:
    data, status = UPSTREAM_FAULTS[fault]

    async def broken(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(data)
        await writer.drain()

    await lab.gateway({"one": [await lab.serve(broken)]})
    client = await lab.client()
    response = await client.request(lab.get())
    while response.status < 200:
        response = await client.response()
    assert response.status == status
    assert (await client.request(lab.get())).status >= 102


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 100\r\n\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz",
    ],
)
async def test_an_upstream_that_dies_in_its_answer_is_seen_by_the_client(lab: Any, head: bytes) -> None:
    async def dies(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        await writer.drain()

    await lab.gateway({"one": [await lab.serve(dies)]})
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await lab.fetch()


async def test_bytes_after_an_answer_are_nobodys_answer(lab: Any) -> None:
    async def generous(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(lab.answer(200, b"mine") + lab.answer(200, b"poison"))
        await writer.drain()
        await reader.read()

    await lab.gateway({"one": [await lab.serve(generous)]})
    client = await lab.client()
    for _ in range(3):
        assert (await client.request(lab.get())).body == b"mine"


async def test_a_client_that_leaves_cancels_the_upstream(lab: Any) -> None:
    logged: list[Exchange] = []

    class Logging(Gateway):
        def logging(self, exchange: Exchange) -> None:
            logged.append(exchange)

    upstream = await lab.upstream(delay=30)
    gateway = await lab.gateway({"one": [upstream]}, kind=Logging)
    client = await lab.client()
    await client.send(lab.get())
    await lab.until(lambda: len(upstream.requests) == 1)
    client.writer.close()
    await lab.until(lambda: len(logged) == 1)
    assert (logged[0].error, logged[0].status) == ("client-gone", 0)
    assert [host.active_requests for host in gateway.clusters["one"].hosts] == [0]


async def test_a_client_that_resets_in_the_middle_of_a_response(lab: Any) -> None:
    async def endless(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            ended.set()

    ended = asyncio.Event()
    await lab.gateway({"one": [await lab.serve(endless)]})
    client = await lab.client()
    await client.send(lab.get())
    await client.reader.readexactly(100_000)
    linger = struct.pack("ii", 1, 0)
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.writer.transport.abort()
    await asyncio.wait_for(ended.wait(), 10)


async def test_the_route_timeout(lab: Any) -> None:
    slow = await lab.upstream(delay=30)
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": "0.05s"}}]
    await lab.gateway({"one": [slow]}, routes)
    client = await lab.client()
    for _ in range(2):
        assert (await client.request(lab.get())).status == 504


async def test_the_route_timeout_in_the_middle_of_an_answer(lab: Any) -> None:
    async def stuck(reader: Any, writer: Any) -> None:
        await lab.read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await writer.drain()
        await reader.read()

    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "one", "timeout": "0.05s"}}]
    await lab.gateway({"one": [await lab.serve(stuck)]}, routes)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await lab.fetch()


async def test_the_time_for_a_head_counts_from_its_first_byte(lab: Any) -> None:
    await lab.gateway({"one": [await lab.upstream()]}, manager={"request_headers_timeout": "0.15s"})
    client = await lab.client()
    sending = asyncio.create_task(_drip(client, lab.get()))
    response = await client.response()
    assert (response.status, response.get(b"connection")) == (408, b"close")
    assert not sending.done()
    sending.cancel()


async def _drip(client: Any, data: bytes) -> None:
    for byte in data:
        await client.send(bytes([byte]))
        await asyncio.sleep(0.05)


async def test_idle_connections_end(lab: Any) -> None:
    upstream = await lab.upstream()
    options = Options(upstream_idle_timeout=0.1)
    manager = {"common_http_protocol_options": {"idle_timeout": "0.3s"}}
    gateway = await lab.gateway({"one": [upstream]}, manager=manager, options=options)
    silent, client = await lab.client(), await lab.client()
    assert (await client.request(lab.get())).status == 200
    assert await asyncio.wait_for(client.closed(), 5)
    assert await asyncio.wait_for(silent.closed(), 5)
    await lab.until(lambda: upstream.open_connections == 0)
    assert gateway._pools == {}  # what is not used takes no memory


async def test_an_upload_that_stalls(lab: Any) -> None:
    upstream = await lab.upstream()
    await lab.gateway({"one": [upstream]}, options=Options(stream_idle_timeout=0.1))
    client = await lab.client()
    response = await client.request(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    assert response.status == 408
    await lab.until(lambda: upstream.open_connections == 0)


async def test_the_connect_timeout(lab: Any) -> None:
    """A listener whose queue is full does not answer a connect at all."""
    listener = socket.socket()
    lab.stack.callback(listener.close)
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        lab.stack.callback(filler.close)
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
    await lab.gateway({"one": [listener.getsockname()[1]]}, cluster={"connect_timeout": "0.1s"})
    began = asyncio.get_running_loop().time()
    assert (await lab.fetch()).status == 503
    assert 0.05 < asyncio.get_running_loop().time() - began < 2


async def test_no_host(lab: Any) -> None:
    await lab.gateway({"one": []})
    assert (await lab.fetch()).status == 503


async def test_close_lets_requests_end(lab: Any) -> None:
    slow = await lab.upstream(held=True)
    gateway = await lab.gateway({"one": [slow]})
    idle, busy = await lab.client(), await lab.client()
    await busy.send(lab.get())
    await lab.until(lambda: len(slow.requests) == 1)
    closing = asyncio.create_task(gateway.close())
    assert await idle.closed()
    slow.release(1)
    response = await busy.response()
    assert (response.status, response.get(b"connection")) == (200, b"close")
    assert await busy.closed()
    await closing
    with pytest.raises(ConnectionRefusedError):
        await lab.client()


async def test_close_does_not_wait_forever(lab: Any) -> None:
    slow = await lab.upstream(delay=30)
    gateway = await lab.gateway({"one": [slow]})
    client = await lab.client()
    await client.send(lab.get())
    await lab.until(lambda: len(slow.requests) == 1)
    began = asyncio.get_running_loop().time()
    await gateway.close(0.1)
    assert asyncio.get_running_loop().time() - began < 2
    assert await client.closed()
