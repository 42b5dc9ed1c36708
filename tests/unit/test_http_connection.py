"""Connections without I/O: the events of either side, the states between them, and what is refused."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Iterable

import pytest

from fastpath import (
    CLIENT,
    NEED_DATA,
    PAUSED,
    SERVER,
    Buffer,
    BufferPool,
    Connection,
    ConnectionClosed,
    Data,
    EndOfMessage,
    HeadRewriter,
    InformationalResponse,
    Limits,
    LocalProtocolError,
    RemoteProtocolError,
    Request,
    Response,
    State,
)
from fastpath._events import Signal

GET = b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def server(data: bytes = b"", limits: Limits | None = None) -> Connection:
    connection = Connection(SERVER, limits=limits)
    if data:
        connection.receive_data(data)
    return connection


def client(method: str = "GET", *headers: tuple[str, str], target: str = "/") -> Connection:
    """A client that has sent a request without a body."""
    connection = Connection(CLIENT)
    connection.send(Request(method=method, target=target, headers=[("Host", "a"), *headers]))
    connection.send(EndOfMessage())
    return connection


def told(event: object) -> tuple[object, ...]:
    """An event as plain data, so that sequences of them can be compared."""
    if isinstance(event, Request):
        return ("request", event.method, event.target, event.headers.items())
    if isinstance(event, (Response, InformationalResponse)):
        return (type(event).__name__, event.status_code, event.headers.items())
    if isinstance(event, Data):
        return ("data", bytes(event))
    if isinstance(event, EndOfMessage):
        return ("end", event.trailers.items())
    return (event,) if isinstance(event, Signal) else ("closed",)


def events(connection: Connection) -> list[tuple[object, ...]]:
    """What is told until there is nothing more, neighbouring pieces of body joined."""
    seen: list[tuple[object, ...]] = []
    while True:
        event = told(connection.next_event())
        if event[0] == "data" and seen and seen[-1][0] == "data":
            seen[-1] = ("data", seen[-1][1] + event[1])  # type: ignore[operator]
        else:
            seen.append(event)
        if event[0] in (NEED_DATA, PAUSED, "closed"):
            return seen


def answer(connection: Connection) -> bytes:
    return connection.send(Response(status_code=200, headers=[("Content-Length", "0")])) + connection.send(
        EndOfMessage()
    )


def states(connection: Connection) -> tuple[State, State]:
    return connection.our_state, connection.their_state


HOST = (b"Host", b"a.example")


def test_request_without_body() -> None:
    connection = server(GET)
    assert states(connection) == (State.IDLE, State.IDLE)
    assert told(connection.next_event()) == ("request", b"GET", b"/a", [HOST])
    assert states(connection) == (State.SEND_RESPONSE, State.SEND_BODY)
    assert told(connection.next_event()) == ("end", [])
    assert states(connection) == (State.SEND_RESPONSE, State.DONE)
    assert connection.next_event() is NEED_DATA


def test_whole_exchange_between_both_sides() -> None:
    ours, theirs = Connection(CLIENT), Connection(SERVER)
    for number in range(3):
        out = ours.send(Request(method="POST", target=f"/{number}", headers=[("Host", "a"), ("Content-Length", "4")]))
        out += ours.send(Data(data=b"ab")) + ours.send(Data(data=bytearray(b"cd"))) + ours.send(EndOfMessage())
        theirs.receive_data(out)
        *seen, last = events(theirs)
        assert seen == [
            ("request", b"POST", b"/%d" % number, [(b"Host", b"a"), (b"Content-Length", b"4")]),
            ("data", b"abcd"),
            ("end", []),
        ]
        assert last == (NEED_DATA,)
        back = theirs.send(Response(status_code=200, headers=[("X", "y")])) + theirs.send(Data(data=b"body"))
        back += theirs.send(EndOfMessage(trailers=[("X-Sum", "9")]))
        ours.receive_data(back)
        assert events(ours)[:-1] == [
            ("Response", 200, [(b"X", b"y"), (b"Transfer-Encoding", b"chunked")]),
            ("data", b"body"),
            ("end", [(b"X-Sum", b"9")]),
        ]
        assert states(ours) == states(theirs) == (State.DONE, State.DONE)
        assert ours.reusable
        ours.start_next_cycle()
        theirs.start_next_cycle()


def test_pipelined_requests_wait_their_turn() -> None:
    connection = server(GET + POST + CHUNKED)
    assert events(connection) == [("request", b"GET", b"/a", [HOST]), ("end", []), (PAUSED,)]
    answer(connection)
    assert connection.next_event() is PAUSED
    connection.start_next_cycle()
    assert [event[0] for event in events(connection)] == ["request", "data", "end", PAUSED]
    answer(connection)
    connection.start_next_cycle()
    assert events(connection)[1:] == [("data", b"hello world"), ("end", [(b"X-Sum", b"1")]), (NEED_DATA,)]


@pytest.mark.parametrize("message", [GET, POST, CHUNKED, GET + POST], ids=["get", "post", "chunked", "pipelined"])
def test_every_split_gives_the_same_events(message: bytes) -> None:
    def all_events(pieces: Iterable[bytes]) -> list[tuple[object, ...]]:
        connection = Connection(SERVER)
        seen: list[tuple[object, ...]] = []

        def drain() -> None:
            while True:
                for event in events(connection):
                    if event[0] == "data" and seen and seen[-1][0] == "data":
                        seen[-1] = ("data", seen[-1][1] + event[1])  # type: ignore[operator]
                    elif event[0] not in (NEED_DATA, PAUSED):
                        seen.append(event)
                if connection.their_state is not State.DONE:
                    return
                answer(connection)
                connection.start_next_cycle()

        for piece in pieces:
            connection.receive_data(piece)
            drain()
        return seen

    expected = all_events([message])
    for cut in range(1, len(message)):
        assert all_events([message[:cut], message[cut:]]) == expected
    assert all_events(message[index : index + 1] for index in range(len(message))) == expected


def test_body_is_shown_where_it_was_received() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
    connection = server(head)
    assert isinstance(connection.next_event(), Request)
    body = bytes(100000)
    connection.receive_data(body)
    data = connection.next_event()
    assert isinstance(data, Data)
    assert len(data) == len(body)
    view = memoryview(data.data)
    assert view.readonly
    # The view keeps the bytes alive without anybody else.
    del connection, data, body
    gc.collect()
    assert bytes(view) == bytes(100000)


def test_views_and_heads_outlive_the_connection() -> None:
    connection = server()
    source = bytearray(CHUNKED)
    connection.receive_data(source)
    source[:] = b"!" * len(source)
    request = connection.next_event()
    assert isinstance(request, Request)
    data = connection.next_event()
    assert isinstance(data, Data)
    end = None
    while not isinstance(end, EndOfMessage):
        if isinstance(end, Data):
            assert data is not end
        end = connection.next_event()
    connection.reset()
    connection.receive_data(GET * 1000)
    connection.next_event()
    del connection
    gc.collect()
    assert request.headers.items() == [HOST, (b"Transfer-Encoding", b"chunked")]
    assert b"hello world".startswith(bytes(data))
    assert bytes(data) == b"".join(data.views())
    assert end.trailers.items() == [(b"X-Sum", b"1")]


def test_buffers_are_emptied_without_copying() -> None:
    buffer = Buffer(GET)
    connection = server()
    connection.receive_data(buffer)
    assert len(buffer) == 0
    assert events(connection)[0] == ("request", b"GET", b"/a", [HOST])


def test_end_of_stream_between_messages() -> None:
    connection = server(GET)
    events(connection)
    answer(connection)
    connection.start_next_cycle()
    connection.receive_data(b"")
    assert connection.next_event() == ConnectionClosed()
    assert connection.next_event() == ConnectionClosed()
    assert connection.their_state is State.CLOSED
    with pytest.raises(RuntimeError):
        connection.receive_data(b"GET")


@pytest.mark.parametrize("cut", range(1, len(CHUNKED)))
def test_end_of_stream_inside_a_message(cut: int) -> None:
    connection = server(CHUNKED[:cut])
    events(connection)
    connection.receive_data(b"")
    with pytest.raises(RemoteProtocolError) as refused:
        events(connection)
    assert refused.value.code == "http_unexpected_eof"
    assert connection.their_state is State.ERROR


def test_response_until_close() -> None:
    connection = client()
    connection.receive_data(b"HTTP/1.1 200 OK\r\n\r\nsome")
    assert events(connection)[1:] == [("data", b"some"), (NEED_DATA,)]
    connection.receive_data(b" more")
    connection.receive_data(b"")
    assert events(connection)[:2] == [("data", b" more"), ("end", [])]
    assert not connection.reusable


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_responses_without_body(method: str, status: int) -> None:
    connection = client(method)
    connection.receive_data(b"HTTP/1.1 %d X\r\n%b\r\n" % (status, b"" if status == 204 else b"Content-Length: 5\r\n"))
    assert [event[0] for event in events(connection)][:2] == ["Response", "end"]
    assert connection.reusable


def test_interim_responses() -> None:
    connection = client("POST", ("Expect", "100-continue"), ("Content-Length", "0"))
    connection.receive_data(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)
    assert [event[:2] for event in events(connection)][:3] == [
        ("InformationalResponse", 100),
        ("InformationalResponse", 103),
        ("Response", 200),
    ]


def test_interim_responses_are_limited() -> None:
    connection = Connection(CLIENT, limits=Limits(max_interim=3))
    connection.send(Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(EndOfMessage())
    connection.receive_data(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4)
    for _ in range(3):
        assert isinstance(connection.next_event(), InformationalResponse)
    with pytest.raises(RemoteProtocolError) as refused:
        connection.next_event()
    assert refused.value.code == "http_too_many_interim"


def test_expect_continue() -> None:
    connection = server(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    request = connection.next_event()
    assert isinstance(request, Request)
    assert request.expect_continue
    assert connection.they_are_waiting_for_100_continue
    assert connection.client_is_waiting_for_100_continue
    assert connection.send(InformationalResponse(status_code=100)) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert not connection.they_are_waiting_for_100_continue
    connection.receive_data(b"ok")
    assert events(connection) == [("data", b"ok"), ("end", []), (NEED_DATA,)]


def test_websocket_upgrade_holds_bytes_until_the_switch() -> None:
    connection = server(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00frame")
    assert [event[0] for event in events(connection)] == ["request", "end", PAUSED]
    assert connection.their_state is State.MIGHT_SWITCH_PROTOCOL
    connection.send(Response(status_code=101, headers=[("Connection", "Upgrade"), ("Upgrade", "websocket")]))
    assert states(connection) == (State.SWITCHED_PROTOCOL, State.SWITCHED_PROTOCOL)
    assert connection.next_event() is PAUSED
    assert connection.trailing_data == (b"\x81\x00frame", False)
    assert connection.trailing_data == (b"\x81\x00frame", False)


def test_refused_upgrade_goes_on_with_http() -> None:
    connection = server(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + POST)
    events(connection)
    answer(connection)
    connection.start_next_cycle()
    assert [event[0] for event in events(connection)] == ["request", "data", "end", NEED_DATA]


def test_connect_makes_a_tunnel() -> None:
    connection = server(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n\x16\x03")
    events(connection)
    connection.send(Response(status_code=200))
    held = Buffer()
    connection.take_trailing_data_into(held)
    assert bytes(held) == b"\x16\x03"


def test_tunnel_as_seen_by_the_client() -> None:
    connection = client("CONNECT", target="a.example:443")
    connection.receive_data(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03")
    assert isinstance(connection.next_event(), Response)
    assert states(connection) == (State.SWITCHED_PROTOCOL, State.SWITCHED_PROTOCOL)
    connection.receive_data(b"")
    assert connection.trailing_data == (b"\x16\x03", True)


def test_trailing_data_is_nobodys_business_before() -> None:
    connection = server(GET + POST)
    with pytest.raises(RuntimeError):
        connection.trailing_data  # noqa: B018


@pytest.mark.parametrize("line", [b"Connection: close", b"Connection: foo, close"])
def test_nothing_is_parsed_after_connection_close(line: bytes) -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n\r\n"
    connection = server(head + GET)
    assert isinstance(connection.next_event(), Request)
    assert isinstance(connection.next_event(), EndOfMessage)
    with pytest.raises(RemoteProtocolError) as refused:
        connection.next_event()
    assert (refused.value.code, refused.value.position) == ("http_data_after_close", len(head))
    assert b"Connection: close" in answer(connection)
    assert connection.our_state is State.MUST_CLOSE
    with pytest.raises((LocalProtocolError, RuntimeError)):
        connection.start_next_cycle()


def test_refusals_stick_until_reset() -> None:
    connection = server(GET + b"GET / HTTP/1.1\nHost: a\r\n\r\n")
    events(connection)
    answer(connection)
    connection.start_next_cycle()
    for _ in range(3):
        with pytest.raises(RemoteProtocolError) as refused:
            connection.next_event()
        assert (refused.value.code, refused.value.status) == ("http_line_end", 400)
        assert refused.value.position == len(GET) + 14
    assert connection.their_state is State.ERROR
    assert connection.send(Response(status_code=400, headers=[("Content-Length", "0")])).endswith(
        b"Connection: close\r\n\r\n"
    )
    connection.reset()
    connection.receive_data(GET)
    assert isinstance(connection.next_event(), Request)


def test_response_nobody_asked_for() -> None:
    connection = Connection(CLIENT)
    connection.receive_data(OK)
    with pytest.raises(RemoteProtocolError) as refused:
        events(connection)
    assert refused.value.code == "http_unexpected_response"


def test_bytes_after_a_response_make_the_connection_unfit_for_reuse() -> None:
    connection = client()
    connection.receive_data(OK + b"HTTP/1.1 200 OK\r\n")
    assert isinstance(connection.next_event(), Response)
    assert isinstance(connection.next_event(), Data)
    assert isinstance(connection.next_event(), EndOfMessage)
    assert not connection.reusable


def test_http2_preface_is_recognised() -> None:
    connection = server(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    with pytest.raises(RemoteProtocolError) as refused:
        connection.next_event()
    assert refused.value.code == "http_http2_preface"


def test_limits_hold() -> None:
    connection = server(b"GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n", Limits(max_headers=2))
    with pytest.raises(RemoteProtocolError) as refused:
        connection.next_event()
    assert (refused.value.code, refused.value.status) == ("http_too_many_headers", 431)
    many = b"".join(b"X-%d: y\r\n" % index for index in range(500))
    request = server(GET[:-2] + many + b"\r\n", Limits(max_headers=600)).next_event()
    assert isinstance(request, Request)
    assert len(request.headers) == 501


def test_sending_out_of_turn_changes_nothing() -> None:
    connection = Connection(SERVER)
    for event in (Request(method="GET", target="/", headers=[("Host", "a")]), Data(data=b"x"), EndOfMessage()):
        with pytest.raises((LocalProtocolError, RuntimeError)):
            connection.send(event)
    assert states(connection) == (State.IDLE, State.IDLE)
    connection.receive_data(GET)
    events(connection)
    assert answer(connection)


def test_promised_length_is_kept() -> None:
    connection = server(GET)
    events(connection)
    connection.send(Response(status_code=200, headers=[("Content-Length", "3")]))
    with pytest.raises(LocalProtocolError) as refused:
        connection.send(Data(data=b"four"))
    assert refused.value.code == "http_content_length"
    assert connection.send(Data(data=b"ab")) == b"ab"
    with pytest.raises(LocalProtocolError):
        connection.send(EndOfMessage())
    assert connection.send(Data(data=b"c")) == b"c"
    assert connection.send(EndOfMessage()) == b""


def test_data_of_several_chunks_that_promises_too_much_ends_our_side() -> None:
    incoming = server(CHUNKED)
    incoming.next_event()
    data = incoming.next_event()
    assert isinstance(data, Data)
    assert [bytes(view) for view in data.views()] == [b"hello", b" world"]
    connection = server(GET)
    events(connection)
    connection.send(Response(status_code=200, headers=[("Content-Length", "7")]))
    with pytest.raises(LocalProtocolError):
        connection.send(data)
    assert connection.our_state is State.ERROR


def test_trailers_need_chunked_framing() -> None:
    connection = server(GET)
    events(connection)
    connection.send(Response(status_code=200, headers=[("Content-Length", "0")]))
    with pytest.raises(LocalProtocolError) as refused:
        connection.send(EndOfMessage(trailers=[("X", "y")]))
    assert refused.value.code == "http_trailer"


@pytest.mark.parametrize("trailer", [("Content-Length", "1"), ("Host", "a"), ("X", "a\r\nb")])
def test_trailers_that_must_not_be_sent(trailer: tuple[str, str]) -> None:
    with pytest.raises(LocalProtocolError):
        EndOfMessage(trailers=[trailer])


def test_responses_to_http_1_0_run_until_close() -> None:
    connection = server(b"GET / HTTP/1.0\r\n\r\n")
    events(connection)
    assert connection.their_http_version == b"1.0"
    head = connection.send(Response(status_code=200))
    assert b"ransfer-" not in head
    assert connection.send(Data(data=b"abc")) == b"abc"
    connection.send(EndOfMessage())
    assert connection.our_state is State.MUST_CLOSE


def test_body_goes_out_by_reference() -> None:
    body = bytes(10000)
    connection = server(GET)
    events(connection)
    pieces = connection.send_with_data_passthrough(Response(status_code=200))
    pieces += connection.send_with_data_passthrough(Data(data=body))
    pieces += connection.send_with_data_passthrough(EndOfMessage())
    joined = b"".join(pieces)
    assert joined.endswith(b"\r\n\r\n2710\r\n" + body + b"\r\n0\r\n\r\n")
    out = Buffer()
    other = server(GET)
    events(other)
    for event in (Response(status_code=200), Data(data=body), EndOfMessage()):
        other.send_into(out, event)
    assert bytes(out) == joined


def test_received_data_is_passed_on_by_reference() -> None:
    incoming = server(CHUNKED)
    outgoing = Connection(CLIENT)
    out = Buffer()
    rewriter = HeadRewriter(set={b"x-via": b"gw"})
    while True:
        event = incoming.next_event()
        if isinstance(event, Request):
            outgoing.forward_into(out, event, rewriter, authority=b"up:80")
        elif isinstance(event, (Data, EndOfMessage)):
            outgoing.send_into(out, event)
            if isinstance(event, EndOfMessage):
                break
    again = server(bytes(out))
    assert events(again)[:-1] == [
        (
            "request",
            b"POST",
            b"/a",
            [(b"Host", b"up:80"), (b"x-via", b"gw"), (b"Transfer-Encoding", b"chunked")],
        ),
        ("data", b"hello world"),
        ("end", [(b"X-Sum", b"1")]),
    ]


def test_forwarded_response_suits_its_client() -> None:
    upstream = client()
    upstream.receive_data(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody")
    response = upstream.next_event()
    assert isinstance(response, Response)
    modern, old = server(GET), server(b"GET / HTTP/1.0\r\n\r\n")
    events(modern)
    events(old)
    assert b"Transfer-Encoding: chunked" in modern.forward(response, HeadRewriter())
    assert b"ransfer-" not in old.forward(response, HeadRewriter())


def test_connection_is_not_entered_twice() -> None:
    connection = Connection(SERVER)
    caught: list[BaseException] = []

    class Meddler:
        """A finaliser that runs in the middle of a call, when its last reference goes."""

        def __iter__(self) -> Meddler:
            return self

        def __next__(self) -> bytes | None:
            try:
                connection.receive_data(GET)
            except RuntimeError as error:
                caught.append(error)
            raise StopIteration

    upstream = client()
    upstream.receive_data(OK)
    response = upstream.next_event()
    assert isinstance(response, Response)
    connection.receive_data(GET)
    events(connection)
    # The arguments are taken before the connection is entered: nothing of theirs can run inside.
    connection.forward(response, HeadRewriter(), values=Meddler())  # type: ignore[arg-type]
    assert caught == []
    assert events(connection)[-1] == (PAUSED,)


def test_send_failed_ends_our_side() -> None:
    connection = client()
    connection.send_failed()
    assert connection.our_state is State.ERROR
    assert not connection.reusable


def test_closing() -> None:
    connection = Connection(CLIENT)
    assert connection.send(ConnectionClosed()) == b""
    assert connection.our_state is State.CLOSED


def test_buffered_counts_what_is_held() -> None:
    connection = server(GET + POST)
    assert connection.buffered == len(GET + POST)
    events(connection)
    assert connection.buffered == len(POST)


@pytest.mark.parametrize("strange", [memoryview(GET)[::2], memoryview(GET)[::-1]])
def test_strided_memory_is_refused(strange: memoryview) -> None:
    connection = server()
    with pytest.raises(BufferError):
        connection.receive_data(strange)
    with pytest.raises(BufferError):
        Data(data=strange)
    connection.receive_data(GET)
    assert isinstance(connection.next_event(), Request)


@pytest.mark.parametrize("strange", [None, "GET", 1, b"GET / HTTP/1.1"])
def test_only_events_are_sent(strange: object) -> None:
    with pytest.raises(TypeError):
        Connection(CLIENT).send(strange)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [None, 1, "CLIENT", State.IDLE])
def test_role_is_a_role(role: object) -> None:
    with pytest.raises(TypeError):
        Connection(role)  # type: ignore[arg-type]


def test_receiving_through_sockets() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(CHUNKED)
        connection = Connection(SERVER, pool=BufferPool(block_size=4096))
        count = right.recv_into(connection.get_buffer(4096))
        connection.buffer_updated(count)
        assert events(connection)[1:] == [("data", b"hello world"), ("end", [(b"X-Sum", b"1")]), (NEED_DATA,)]
        connection.buffer_updated(0)
        assert connection.next_event() is NEED_DATA


def test_asyncio_buffered_protocol() -> None:
    class Protocol(asyncio.BufferedProtocol):
        def __init__(self) -> None:
            self.connection = Connection(SERVER)
            self.get_buffer = self.connection.get_buffer  # type: ignore[method-assign,assignment]

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport

        def buffer_updated(self, nbytes: int) -> None:
            self.connection.buffer_updated(nbytes)
            while isinstance(event := self.connection.next_event(), (Request, Data, EndOfMessage)):
                if isinstance(event, Request):
                    self.transport.write(self.connection.send(Response(status_code=200)))
                elif isinstance(event, Data):
                    self.transport.writelines(self.connection.send_with_data_passthrough(event))
                else:
                    self.transport.write(self.connection.send(EndOfMessage()))
                    self.connection.start_next_cycle()

    async def exchange() -> list[tuple[object, ...]]:
        serving = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*serving.sockets[0].getsockname())
        ours = Connection(CLIENT)
        body = b"0123456789" * 10000
        head = Request(method="POST", target="/", headers=[("Host", "a"), ("Transfer-Encoding", "chunked")])
        writer.write(ours.send(head))
        writer.writelines(ours.send_with_data_passthrough(Data(data=body)))
        writer.write(ours.send(EndOfMessage()))
        seen: list[tuple[object, ...]] = []
        while not seen or seen[-1][0] != "end":
            event = ours.next_event()
            if event is NEED_DATA:
                ours.receive_data(await reader.read(65536))
            else:
                seen.append(told(event))
        writer.close()
        serving.close()
        return seen

    seen = asyncio.run(exchange())
    assert seen[0][:2] == ("Response", 200)
    assert b"".join(event[1] for event in seen if event[0] == "data") == b"0123456789" * 10000  # type: ignore[misc]


def test_data_to_send() -> None:
    assert bytes(Data(data=memoryview(b"abc"))) == b"abc"
    assert len(Data(data=b"abc")) == 3
    assert bytes(Data(data=Buffer(b"abc").peek())) == b"abc"
    source = bytearray(b"abc")
    data = Data(data=source)
    source[:] = b"xyz"
    assert bytes(data) == b"abc"
    with pytest.raises(TypeError):
        Data(data="abc")  # type: ignore[arg-type]


def test_empty_data_is_not_the_end() -> None:
    connection = server(GET)
    events(connection)
    connection.send(Response(status_code=200))
    assert connection.send(Data(data=b"")) == b""
    assert connection.send(Data(data=b"x")) == b"1\r\nx"


def test_representations() -> None:
    connection = server(CHUNKED)
    assert repr(connection) == "<Connection SERVER: we IDLE, they IDLE>"
    assert repr(connection.next_event()) == "<Request POST b'/a' with 2 headers>"
    assert repr(EndOfMessage()) == "<EndOfMessage>"
    assert repr(EndOfMessage(trailers=[("X", "y")])) == "<EndOfMessage with 1 trailers>"
    assert repr(ConnectionClosed()) == "<ConnectionClosed>"
    assert repr(NEED_DATA) == "NEED_DATA"
    assert repr(Data(data=b"secret")) == "<Data of 6 bytes>"


def test_cycles_through_a_connection_are_not_possible() -> None:
    connection = server(POST)
    assert not gc.is_tracked(connection)
    assert not gc.is_tracked(connection.next_event())
    assert not gc.is_tracked(connection.next_event())
