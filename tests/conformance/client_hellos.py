"""ClientHellos made by hand, well-formed or not, in records of any length."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

SERVER_NAME, GROUPS, POINT_FORMATS, SIGNATURES, ALPN, VERSIONS = 0, 10, 11, 13, 16, 43


def vector(size: int, data: bytes) -> bytes:
    """The data behind its length in `size` bytes."""
    return len(data).to_bytes(size, "big") + data


def extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!H", kind) + vector(2, content)


def server_name(name: bytes) -> bytes:
    return extension(SERVER_NAME, vector(2, b"\0" + vector(2, name)))


def alpn(names: Iterable[bytes]) -> bytes:
    return extension(ALPN, vector(2, b"".join(vector(1, name) for name in names)))


def versions(numbers: Iterable[int]) -> bytes:
    return extension(VERSIONS, vector(1, b"".join(struct.pack("!H", number) for number in numbers)))


def message(
    extensions: bytes | None,
    *,
    version: int = 0x0303,
    session: bytes = b"",
    ciphers: bytes = b"\x13\x01\xc0\x2b",
    compressions: bytes = b"\0",
    after: bytes = b"",
) -> bytes:
    """The handshake message."""
    body = struct.pack("!H", version) + bytes(range(32)) + vector(1, session) + vector(2, ciphers)
    body += vector(1, compressions) + (b"" if extensions is None else vector(2, extensions)) + after
    return b"\x01" + vector(3, body)


def in_records(data: bytes, sizes: Sequence[int] = (), version: int = 0x0301, kind: int = 22) -> bytes:
    """Cut into records of these sizes, and one for the rest."""
    records, at = b"", 0
    for size in (*sizes, len(data) - sum(sizes)):
        piece, at = data[at : at + size], at + size
        records += bytes((kind,)) + struct.pack("!H", version) + vector(2, piece)
    return records


def hello(name: bytes | None = None, protocols: Sequence[bytes] = (), sizes: Sequence[int] = ()) -> bytes:
    """An ordinary one of TLS 1.2 and 1.3."""
    extensions = b"" if name is None else server_name(name)
    extensions += alpn(protocols) if protocols else b""
    return in_records(message(extensions + versions((0x0304, 0x0303))), sizes)
