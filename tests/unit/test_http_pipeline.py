"""Several requests in one piece of data."""

from __future__ import annotations

import pytest

from fastpath import Limits, RemoteProtocolError, iter_requests

GET = b"GET /get HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"PUT /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n"
STREAM = GET + POST + CHUNKED + GET
ENDS = [len(GET), len(GET + POST), len(GET + POST + CHUNKED), len(STREAM)]


def seen(data: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    requests = iter_requests(data)
    return [(request.target, requests.body) for request in requests], requests.consumed


def test_all_requests_with_their_bodies() -> None:
    expected = [(b"/get", b""), (b"/post", b"hello"), (b"/put", b"abc"), (b"/get", b"")]
    assert seen(STREAM) == (expected, len(STREAM))
    assert seen(bytearray(STREAM)) == (expected, len(STREAM))


@pytest.mark.parametrize("cut", range(len(STREAM) + 1))
def test_what_is_not_complete_is_left_for_later(cut: int) -> None:
    first, consumed = seen(STREAM[:cut])
    assert consumed == max((end for end in ENDS if end <= cut), default=0)
    rest, more = seen(STREAM[consumed:])
    assert first + rest == seen(STREAM)[0]
    assert consumed + more == len(STREAM)


@pytest.mark.parametrize(
    "last",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    ],
)
def test_nothing_is_read_behind_the_last_request(last: bytes) -> None:
    requests = iter_requests(GET + last + b"\x16\x03 no HTTP")
    assert len(list(requests)) == 2
    assert requests.consumed == len(GET + last)
    assert list(requests) == []


@pytest.mark.parametrize(
    ("bad", "code", "position"),
    [
        (b"GET / HTTP/1.1\nHost: a\r\n\r\n", "http_line_end", 14),
        (b"GET / HTTP/1.1\r\n\r\n", "http_host", 16),
        (CHUNKED.replace(b"1\r\nc", b"+1\r\nc"), "http_chunk_size", CHUNKED.index(b"1\r\nc\r\n")),
    ],
)
def test_a_refusal_counts_from_the_start_of_the_data(bad: bytes, code: str, position: int) -> None:
    requests = iter_requests(GET + bad)
    assert next(requests).target == b"/get"
    for _ in range(2):
        with pytest.raises(RemoteProtocolError) as refused:
            next(requests)
        assert (refused.value.code, refused.value.position) == (code, len(GET) + position)
    assert requests.consumed == len(GET)


def test_limits() -> None:
    with pytest.raises(RemoteProtocolError):
        list(iter_requests(POST, Limits(max_headers=1)))


def test_strided_memory_is_refused() -> None:
    with pytest.raises(BufferError):
        iter_requests(memoryview(GET)[::2])
