"""Operators that read the request: its fields, its path, its query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .query import decode_query, query_parameter
from .registry import OPTIONAL, REQUIRED, BadOperator, Kind, Reader, field_names, operator

if TYPE_CHECKING:
    from .heads import RequestHead
    from .stream import StreamInfo

__all__: list[str] = []


def _request_field(argument: str, length: int | None) -> Reader:
    name, other = field_names(argument)

    def read(stream: StreamInfo) -> bytes | None:
        head = stream.head
        if head is None:
            return None
        value = head.value(name)
        if value is None and other:
            value = head.value(other)
        return value if value is None or length is None else value[:length]

    return Reader(Kind.BYTES, read, (name, other) if other else (name,), clean=True)


for _name in ("REQ", "REQUEST_HEADER", "STREAM_INFO_REQ"):
    operator(_name, REQUIRED, length=True)(_request_field)


@operator("REQ_WITHOUT_QUERY", REQUIRED, length=True)
def _request_field_without_query(argument: str, length: int | None) -> Reader:
    inner = _request_field(argument, None)

    def read(stream: StreamInfo) -> bytes | None:
        value = inner.read(stream)
        return value.partition(b"?")[0][:length] if isinstance(value, bytes) else None

    return Reader(Kind.BYTES, read, inner.headers)


_ORIGINAL_PATH = b"x-envoy-original-path"
_ORIGINAL_HOST = b"x-envoy-original-host"


def _source(choice: str, own: str, fields: dict[str, tuple[bytes, ...]], what: str) -> tuple[bytes, ...]:
    names = fields.get(choice or f"ORIG_OR_{own}")
    if names is None:
        raise BadOperator(f"{what} reads one of {', '.join(fields)}, not {choice!r}")
    return names


def _first(head: RequestHead | None, names: tuple[bytes, ...]) -> bytes | None:
    if head is None:
        return None
    for name in names:
        value = head.value(name)
        if value:
            return value
    return None


@operator("PATH", OPTIONAL, length=True)
def _path(argument: str, length: int | None) -> Reader:
    form, _, rest = argument.partition(":")
    fields = {"ORIG": (_ORIGINAL_PATH,), "PATH": (b":path",), "ORIG_OR_PATH": (_ORIGINAL_PATH, b":path")}
    names = _source(rest.partition(":")[0], "PATH", fields, "PATH")
    if form not in ("", "WQ", "NQ"):
        raise BadOperator(f"PATH is given with (WQ) or without (NQ) its query, not {form!r}")

    def read(stream: StreamInfo) -> bytes | None:
        value = _first(stream.head, names)
        if value is not None and form == "NQ":
            value = value.partition(b"?")[0]
        return value if value is None else value[:length]

    return Reader(Kind.BYTES, read, names, clean=True)


@operator("QUERY_PARAM", REQUIRED, length=True)
def _query_parameter(argument: str, length: int | None) -> Reader:
    name = argument.encode("utf-8", "surrogateescape")

    def read(stream: StreamInfo) -> bytes | None:
        value = query_parameter(stream.head.path, name) if stream.head is not None else None
        return value if value is None else value[:length]

    return Reader(Kind.BYTES, read, (b":path",))


@operator("QUERY_PARAMS", OPTIONAL, length=True)
def _query_parameters(argument: str, length: int | None) -> Reader:
    if argument not in ("", "ORIG", "DECODED"):
        raise BadOperator(f"QUERY_PARAMS takes ORIG or DECODED, not {argument!r}")

    def read(stream: StreamInfo) -> bytes | None:
        query = stream.head.path.partition(b"?")[2] if stream.head is not None else b""
        if not query:
            return None
        return (decode_query(query) if argument == "DECODED" else query)[:length]

    return Reader(Kind.BYTES, read, (b":path",))


@operator("REQUESTED_SERVER_NAME", OPTIONAL)
def _requested_server_name(argument: str, length: int | None) -> Reader:
    form, _, rest = argument.partition(":")
    if form not in ("", "SNI_ONLY", "SNI_FIRST", "HOST_FIRST"):
        raise BadOperator(f"REQUESTED_SERVER_NAME takes SNI_ONLY, SNI_FIRST or HOST_FIRST, not {form!r}")
    fields = {"ORIG_OR_HOST": (_ORIGINAL_HOST, b":authority"), "HOST": (b":authority",), "ORIG": (_ORIGINAL_HOST,)}
    names = _source(rest.partition(":")[0], "HOST", fields, "REQUESTED_SERVER_NAME")

    def sni(stream: StreamInfo) -> bytes | None:
        connection = stream.connection
        name = connection.requested_server_name if connection is not None else ""
        return re.sub(r"[^0-9A-Za-z.\-_]", "_", name).encode() or None

    def read(stream: StreamInfo) -> bytes | None:
        if form == "HOST_FIRST":
            return _first(stream.head, names) or sni(stream)
        return sni(stream) or (_first(stream.head, names) if form == "SNI_FIRST" else None)

    return Reader(Kind.BYTES, read, names)


@operator("REQUEST_HEADERS_BYTES")
def _request_headers_bytes(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int:
        head = stream.head
        if head is None:
            return 0
        pseudo = ((b":method", head.method), (b":authority", head.authority), (b":path", head.path))
        fields = [*(each for each in pseudo if each[1]), (b":scheme", head.scheme), *head.headers.items()]
        return sum(len(name) + len(value) for name, value in fields)

    return Reader(Kind.NUMBER, read, total=True)
