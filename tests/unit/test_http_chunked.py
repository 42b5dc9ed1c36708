"""The chunked coding by itself: strict, the same for every split, within limits."""

from __future__ import annotations

import gc

import pytest

from fastpath import (
    ChunkedDecoder,
    Limits,
    LocalProtocolError,
    RemoteProtocolError,
    encode_chunk,
    encode_last_chunk,
)

BODY = b'5\r\nhello\r\n1;ext="q\\"x"\r\n \r\n00a\r\n0123456789\r\n0\r\nX-Sum: 1\r\nX-Other:  2 \r\n\r\n'
TEXT = b"hello 0123456789"


def feed(decoder: ChunkedDecoder, body: bytes, step: int) -> bytes:
    return b"".join(decoder.decode(body[index : index + step]) for index in range(0, len(body), step))


def test_whole_body() -> None:
    decoder = ChunkedDecoder()
    assert decoder.decode(BODY + b"GET / next") == TEXT
    assert decoder.finished
    assert decoder.trailers is not None
    assert decoder.trailers.items() == [(b"X-Sum", b"1"), (b"X-Other", b"2")]
    assert decoder.unused_data == b"GET / next"


def test_views_show_the_same_without_copying() -> None:
    source = bytes(bytearray(BODY))
    decoder = ChunkedDecoder()
    views = decoder.decode_views(source)
    assert [bytes(view) for view in views] == [b"hello", b" ", b"0123456789"]
    assert decoder.finished
    del source, decoder
    gc.collect()
    assert b"".join(views) == TEXT


@pytest.mark.parametrize("cut", range(len(BODY) + 1))
@pytest.mark.parametrize("views", [False, True])
def test_every_split_gives_the_same(cut: int, views: bool) -> None:
    decoder = ChunkedDecoder()

    def decode(data: bytes) -> bytes:
        return b"".join(decoder.decode_views(data)) if views else decoder.decode(data)

    assert decode(BODY[:cut]) + decode(BODY[cut:]) == TEXT
    assert decoder.finished
    assert decoder.trailers is not None
    assert decoder.trailers.get_all(b"x-sum") == [b"1"]


def test_byte_by_byte() -> None:
    decoder = ChunkedDecoder()
    assert feed(decoder, BODY, 1) == TEXT
    assert decoder.finished
    decoder.finish()


def test_many_chunks_through_both_sizes_of_room() -> None:
    for size in (1, 64, 1024, 70000):
        pieces = [bytes([index % 251]) * size for index in range(40)]
        body = b"".join(map(encode_chunk, pieces)) + encode_last_chunk()
        decoder = ChunkedDecoder()
        assert decoder.decode(body) == b"".join(pieces)
        assert b"".join(ChunkedDecoder().decode_views(body)) == b"".join(pieces)
        assert decoder.trailers is not None
        assert decoder.trailers.items() == []


@pytest.mark.parametrize("wrap", [bytearray, memoryview])
def test_other_bytes_like_input(wrap: type[memoryview]) -> None:
    source = bytearray(BODY)
    views = ChunkedDecoder().decode_views(wrap(source))
    source[:] = bytes(len(source))
    assert b"".join(views) == TEXT


@pytest.mark.parametrize(
    ("body", "code", "position"),
    [
        (b"+5\r\nhello\r\n", "http_chunk_size", 0),
        (b"-5\r\nhello\r\n", "http_chunk_size", 0),
        (b"0x5\r\nhello\r\n", "http_chunk_size", 1),
        (b"\r\nhello\r\n", "http_chunk_size", 0),
        (b" 5\r\nhello\r\n", "http_chunk_size", 0),
        (b"5 \r\nhello\r\n", "http_chunk_size", 1),
        (b"5_0\r\nhello\r\n", "http_chunk_size", 1),
        (b"00000000000000005\r\nhello\r\n", "http_chunk_size", 16),
        (b"8000000000000000\r\n", "http_chunk_size", 15),
        (b"ffffffffffffffff\r\n", "http_chunk_size", 15),
        (b"5\nhello\r\n", "http_line_end", 1),
        (b"5\rhello\r\n", "http_line_end", 2),
        (b"5;a=b\nhello\r\n", "http_line_end", 5),
        (b"5;a=\rb\r\nhello\r\n", "http_chunk_extension", 4),
        (b"5\r\nhelloX\r\n", "http_chunk_end", 8),
        (b"5\r\nhello\n", "http_chunk_end", 8),
        (b"5\r\nhello\rX", "http_chunk_end", 9),
        (b"0\r\nContent-Length: 5\r\n\r\n", "http_trailer", 3),
        (b"0\r\nTransfer-Encoding: chunked\r\n\r\n", "http_trailer", 3),
        (b"0\r\nHost: a\r\n\r\n", "http_trailer", 3),
        (b"0\r\nAuthorization: a\r\n\r\n", "http_trailer", 3),
        (b"0\r\nX: a\r\n b\r\n\r\n", "http_line_folding", 9),
    ],
)
def test_refused(body: bytes, code: str, position: int) -> None:
    for step in (len(body), 1):
        decoder = ChunkedDecoder()
        with pytest.raises(RemoteProtocolError) as refused:
            feed(decoder, body, step)
        assert refused.value.code == code
        assert refused.value.status == (413 if body[:1] in b"8f" else 400)
        assert refused.value.position == position
        for again in (b"", b"0\r\n\r\n"):
            with pytest.raises(RemoteProtocolError) as sticky:
                decoder.decode(again)
            assert (sticky.value.code, sticky.value.position) == (code, position)
        assert not decoder.finished


def test_framing_overhead_is_bounded() -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        feed(ChunkedDecoder(), b"1\r\nx\r\n" * 20000, 6)
    assert refused.value.code == "http_chunk_overhead"
    with pytest.raises(RemoteProtocolError) as refused:
        ChunkedDecoder().decode(b"1;" + b"x" * 20000 + b"\r\n")
    assert refused.value.code in ("http_chunk_overhead", "http_line_too_long")


def test_trailers_are_limited() -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        ChunkedDecoder(Limits(max_trailers=1)).decode(BODY)
    assert refused.value.status == 431
    with pytest.raises(RemoteProtocolError) as refused:
        ChunkedDecoder(Limits(max_trailer_bytes=10)).decode(BODY)
    assert refused.value.status == 431


@pytest.mark.parametrize("cut", range(len(BODY)))
def test_end_of_input_in_the_middle(cut: int) -> None:
    decoder = ChunkedDecoder()
    decoder.decode(BODY[:cut])
    assert not decoder.finished
    with pytest.raises(RemoteProtocolError) as refused:
        decoder.finish()
    assert refused.value.code == "http_unexpected_eof"


def test_what_comes_behind_is_kept_for_the_next_message() -> None:
    decoder = ChunkedDecoder()
    decoder.decode(b"0\r\n\r\nab")
    assert decoder.decode(b"cd") == b""
    assert decoder.decode_views(b"ef") == []
    assert decoder.unused_data == b"abcdef"


def test_strided_memory_is_refused() -> None:
    with pytest.raises(BufferError):
        ChunkedDecoder().decode(memoryview(BODY)[::2])
    with pytest.raises(BufferError):
        encode_chunk(memoryview(b"abcd")[::2])


def test_encoding() -> None:
    assert encode_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert encode_chunk(bytearray(b"ab")) == b"2\r\nab\r\n"
    assert encode_last_chunk() == b"0\r\n\r\n"
    assert encode_last_chunk([("X-Sum", "1")]) == b"0\r\nX-Sum: 1\r\n\r\n"
    with pytest.raises(ValueError, match="end the body"):
        encode_chunk(b"")


@pytest.mark.parametrize("trailer", [(b"Content-Length", b"5"), (b"Host", b"a"), (b"X", b"a\r\nb"), (b"X Y", b"a")])
def test_trailers_that_must_not_be_sent(trailer: tuple[bytes, bytes]) -> None:
    with pytest.raises(LocalProtocolError):
        encode_last_chunk([trailer])
