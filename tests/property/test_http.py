"""HTTP/1 over generated messages: round trips, splits, and agreement with h11 and httptools."""

from __future__ import annotations

from itertools import pairwise

import h11
import httptools
from hypothesis import given
from hypothesis import strategies as st

from fastpath import (
    CLIENT,
    NEED_DATA,
    PAUSED,
    SERVER,
    ChunkedDecoder,
    Connection,
    Data,
    EndOfMessage,
    HeadRewriter,
    PathNormalizer,
    RemoteProtocolError,
    Request,
    Response,
    encode_chunk,
    encode_last_chunk,
    parse_request,
    parse_response,
)

TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TARGET = bytes(byte for byte in range(0x21, 0x7F) if byte != 0x23)
# What frames a message or steers a connection is put in on purpose, not by chance.
STEERING = {
    *(b"host", b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"expect", b"te", b"trailer"),
    *(b"keep-alive", b"proxy-connection", b"proxy-authorization", b"proxy-authenticate", b"authorization"),
}
FAMILIAR = [b"Accept", b"user-agent", b"X-Request-Id", b"COOKIE", b"x-forwarded-for", b"ETag", b"content-TYPE"]


def text_of(alphabet: bytes, **sizes: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(list(alphabet)), **sizes).map(bytes)  # type: ignore[arg-type]


methods = st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"PROPFIND", b"M-SEARCH"])
targets = text_of(TARGET, max_size=40).map(lambda rest: b"/" + rest)
names = st.one_of(
    st.sampled_from(FAMILIAR),
    text_of(TOKEN, min_size=1, max_size=24).filter(lambda name: name.lower() not in STEERING),
)
values = st.binary(max_size=60).map(
    lambda value: bytes(byte for byte in value if byte == 9 or 0x20 <= byte != 0x7F).strip(b" \t")
)
fields = st.lists(st.tuples(names, values), max_size=40)
bodies = st.lists(st.binary(min_size=1, max_size=200), max_size=6)
blanks = text_of(b" \t", max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]:
    """Method, target, header fields and the head that says so, with blanks where they are allowed."""
    method, target = draw(methods), draw(targets)
    pairs = draw(fields)
    pairs.insert(draw(st.integers(0, len(pairs))), (b"Host", b"a.example:8080"))
    lines = [name + b":" + draw(blanks) + value + draw(blanks) for name, value in pairs]
    return method, target, pairs, b"\r\n".join([method + b" " + target + b" HTTP/1.1", *lines, b"", b""])


@given(requests())
def test_what_was_written_is_read(request: tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]) -> None:
    method, target, pairs, data = request
    head = parse_request(data)
    assert head is not None
    assert (head.method, head.target, head.headers.items()) == (method, target, pairs)
    path, mark, query = target.partition(b"?")
    assert (head.path, head.query) == (path, query if mark else None)
    assert head.headers.flat() == tuple(text for pair in pairs for text in pair)
    assert head.headers.lower_items() == [(name.lower(), value) for name, value in pairs]
    for name, _ in pairs:
        same = [value for other, value in pairs if other.lower() == name.lower()]
        for spelling in (name, name.lower(), name.upper()):
            assert head.headers.get_all(spelling) == same
            assert head.headers[spelling] == same[0]


@given(requests())
def test_a_head_made_from_its_parts_says_the_same(
    request: tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes],
) -> None:
    method, target, pairs, _ = request
    made = Request(method=method, target=target, headers=pairs)
    read = parse_request(bytes(made))
    assert read is not None
    assert read.headers == made.headers
    assert made.headers.items() == pairs
    assert (read.method, read.target) == (made.method, made.target) == (method, target)


class Collector:
    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.url = b""
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True


def by_httptools(data: bytes) -> tuple[bytes, bytes, list[tuple[bytes, bytes]]] | None:
    collector = Collector()
    parser = httptools.HttpRequestParser(collector)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        if not collector.complete:
            return None
    return parser.get_method(), collector.url, [(name, value.strip(b" \t")) for name, value in collector.headers]


@given(requests())
def test_httptools_and_h11_read_the_same(request: tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]) -> None:
    method, target, pairs, data = request
    assert by_httptools(data) == (method, target, pairs)
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(data)
    event = peer.next_event()
    assert isinstance(event, h11.Request)
    assert (event.method, event.target) == (method, target)
    head = parse_request(data)
    assert head is not None
    assert list(event.headers) == head.headers.lower_items()


@given(requests(), st.data())
def test_what_is_accepted_after_damage_httptools_reads_the_same(
    request: tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes], data: st.DataObject
) -> None:
    damaged = bytearray(request[3])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        if data.draw(st.booleans()):
            damaged[at] = data.draw(st.sampled_from(b"\r\n\0 \t:,/?%#aZ\x7f\x80"))
        else:
            damaged[at : at + 1] = data.draw(st.binary(max_size=3))
    try:
        head = parse_request(damaged)
    except RemoteProtocolError:
        return
    if head is not None:
        assert by_httptools(bytes(damaged)[: head.head_length]) == (head.method, head.target, head.headers.items())


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    bounds = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(bounds) if start < end]


def story(pieces: list[bytes]) -> list[tuple[object, ...]]:
    """What a server is told, exchange after exchange; body bytes joined; a refusal ends it."""
    connection = Connection(SERVER)
    told: list[tuple[object, ...]] = []
    for piece in pieces:
        try:
            connection.receive_data(piece)
            while (event := connection.next_event()) is not NEED_DATA:
                if isinstance(event, Request):
                    told.append(("request", event.method, event.target, event.headers.items()))
                elif isinstance(event, Data):
                    if told[-1][0] == "data":
                        told[-1] = ("data", told[-1][1] + bytes(event))  # type: ignore[operator]
                    else:
                        told.append(("data", bytes(event)))
                elif isinstance(event, EndOfMessage):
                    told.append(("end", event.trailers.items()))
                    connection.send(Response(status_code=200, headers=[("Content-Length", "0")]))
                    connection.send(EndOfMessage())
                    connection.start_next_cycle()
                else:
                    assert event is not PAUSED
                    break
        except RemoteProtocolError as refused:
            told.append(("refused", refused.code, refused.position, refused.status))
            break
    return told


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Pipelined requests with bodies of both framings."""
    stream = b""
    for _ in range(draw(st.integers(1, 4))):
        head = draw(requests())[3][:-2]
        chunks = draw(bodies)
        if draw(st.booleans()):
            trailers = draw(st.lists(st.tuples(st.just(b"X-T"), values), max_size=2))
            stream += head + b"Transfer-Encoding: chunked\r\n\r\n"
            stream += b"".join(map(encode_chunk, chunks)) + encode_last_chunk(trailers)
        else:
            body = b"".join(chunks)
            stream += head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    return stream


@given(streams(), st.lists(st.integers(0, 10**6), max_size=8))
def test_every_split_tells_the_same_story(stream: bytes, cuts: list[int]) -> None:
    whole = story([stream])
    assert story(pieces_of(stream, cuts)) == whole
    assert sum(event[0] == "end" for event in whole) >= 1


@given(streams(), st.integers(0, 10**6), st.binary(max_size=3), st.lists(st.integers(0, 10**6), max_size=8))
def test_every_split_of_damage_tells_the_same_story(stream: bytes, at: int, put: bytes, cuts: list[int]) -> None:
    at %= len(stream)
    damaged = stream[:at] + put + stream[at + 1 :]
    assert story(pieces_of(damaged, cuts)) == story([damaged])


@given(requests(), bodies, st.booleans())
def test_what_one_side_sends_the_other_reads(
    request: tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes], chunks: list[bytes], chunked: bool
) -> None:
    method, target, pairs, _ = request
    body = b"".join(chunks)
    framing = (b"Transfer-Encoding", b"chunked") if chunked else (b"Content-Length", b"%d" % len(body))
    client = Connection(CLIENT)
    sent = client.send(Request(method=method, target=target, headers=[*pairs, framing]))
    sent += b"".join(client.send(Data(data=chunk)) for chunk in chunks) + client.send(EndOfMessage())
    assert story([sent]) == [
        ("request", method, target, [*pairs, framing]),
        *([("data", body)] if body else []),
        ("end", []),
    ]
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(sent)
    assert isinstance(peer.next_event(), h11.Request)
    received = b""
    while isinstance(event := peer.next_event(), h11.Data):
        received += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert received == body


@given(requests(), st.dictionaries(names.map(bytes.lower), values, max_size=5), st.lists(names, max_size=5))
def test_rewriting_keeps_all_but_what_it_was_told(
    request: tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes], given: dict[bytes, bytes], removed: list[bytes]
) -> None:
    method, target, pairs, data = request
    head = parse_request(data)
    assert head is not None
    rewritten = parse_request(HeadRewriter(set=given, remove=removed).rewrite(head))
    assert rewritten is not None
    assert (rewritten.method, rewritten.target) == (method, target)
    gone = {name.lower() for name in removed} | set(given)
    kept = [(name, value) for name, value in pairs if name.lower() not in gone]
    seen = [(name, value) for name, value in rewritten.headers if name not in given]
    assert seen == kept
    for name, value in given.items():
        assert rewritten.headers.get_all(name) == [value]


@given(st.binary(max_size=40), st.sampled_from(["keep", "reject", "redirect", "forward"]), st.booleans())
def test_normalising_twice_changes_nothing(rest: bytes, action: str, strict: bool) -> None:
    make = PathNormalizer if strict else PathNormalizer.envoy
    normalizer = make(escaped_slashes=action, normalize=True, merge_slashes=True, strip_parameters=True)  # type: ignore[arg-type]
    try:
        once = normalizer.normalize(b"/" + rest)
    except RemoteProtocolError:
        return
    assert normalizer.normalize(once) == once
    assert b"/../" not in once.partition(b"?")[0]
    path = once.partition(b"?")[0]
    assert b"//" not in path or (path == b"//" and not strict)  # Envoy leaves a path of nothing but slashes two


@given(bodies, st.lists(st.tuples(st.just(b"X-T"), values), max_size=3), st.lists(st.integers(0, 10**6), max_size=8))
def test_chunked_bodies_come_back(chunks: list[bytes], trailers: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    coded = b"".join(map(encode_chunk, chunks)) + encode_last_chunk(trailers) + b"next"
    joined, viewed = ChunkedDecoder(), ChunkedDecoder()
    pieces = pieces_of(coded, cuts)
    assert b"".join(map(joined.decode, pieces)) == b"".join(chunks)
    assert b"".join(view for piece in pieces for view in viewed.decode_views(piece)) == b"".join(chunks)
    for decoder in (joined, viewed):
        assert decoder.finished
        assert decoder.trailers is not None
        assert decoder.trailers.items() == trailers
        assert decoder.unused_data == b"next"


@given(st.integers(200, 599), fields)
def test_responses_come_back(status: int, pairs: list[tuple[bytes, bytes]]) -> None:
    made = Response(status_code=status, headers=pairs)
    read = parse_response(bytes(made))
    assert isinstance(read, Response)
    assert (read.status_code, read.headers.items()) == (status, pairs)
