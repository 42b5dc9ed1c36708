"""The messages of the soak: mostly good, some bad, whole, with bodies. Written to a file for the C driver.

python messages.py FILE    each as a 32-bit little-endian length and the bytes
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path


def request(start: str, *fields: str, body: bytes = b"") -> bytes:
    return "\r\n".join([start, *fields, "", ""]).encode("latin-1") + body


MANY = [f"X-Field-{i}: value {i} of a header that is as long as they are in a mesh" for i in range(40)]

GOOD = [
    request("GET / HTTP/1.1", "Host: a.example"),
    request("GET /items/7?page=2 HTTP/1.1", "Host: shop.example:8080", "Accept: */*", "User-Agent: soak"),
    request("GET /mesh HTTP/1.1", "Host: a.example", *MANY),
    request("HEAD /x HTTP/1.1", "Host: a.example", "Connection: keep-alive, X-Hop", "X-Hop: 1"),
    request("PROPFIND /dav HTTP/1.1", "Host: a.example", "Depth: 1"),
    request("GET http://b.example/absolute HTTP/1.1", "Host: b.example"),
    request("OPTIONS * HTTP/1.1", "Host: a.example"),
    request("POST /form HTTP/1.1", "Host: a.example", "Content-Length: 2000", body=b"b" * 2000),
    request("PUT /big HTTP/1.1", "Host: a.example", "Content-Length: 40000", body=b"p" * 40000),
    request(
        "POST /chunked HTTP/1.1",
        "Host: a.example",
        "Transfer-Encoding: chunked",
        body=b"5\r\nhello\r\n" * 50 + b"7d0\r\n" + b"c" * 2000 + b"\r\n0\r\nDigest: abc\r\n\r\n",
    ),
    request("GET /old HTTP/1.0", "Host: a.example"),
    request("GET /upgrade HTTP/1.1", "Host: a.example", "Connection: Upgrade", "Upgrade: websocket"),
]

BAD = [
    request("GET / HTTP/1.1"),
    request("GET / HTTP/2.0", "Host: a"),
    request("GET /#fragment HTTP/1.1", "Host: a"),
    request("GET / HTTP/1.1", "Host: a", "Host: b"),
    request("GET / HTTP/1.1", "Host : a"),
    request("GET / HTTP/1.1", "Host: a", "X: a\x00b"),
    request("GET / HTTP/1.1", "Host: a", " folded"),
    request("POST / HTTP/1.1", "Host: a", "Content-Length: +5", body=b"hello"),
    request("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Content-Length: 6", body=b"hello!"),
    request("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    request("GET / HTTP/1.1", "Host: a", *[f"X{i}: 1" for i in range(150)]),
    request("GET / HTTP/1.1", "Host: a", "X: " + "v" * 70000),
    b"GET / HTTP/1.1\nHost: a\n\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]

# These have a good head; only their bodies are refused.
BAD_BODIES = [
    request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", body=b"zz\r\nhello\r\n0\r\n\r\n"),
    request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", body=b"5\r\nhelloXX0\r\n\r\n"),
    request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", body=b"0\r\nHost: b\r\n\r\n"),
]

# One in six has something wrong with it.
ALL = GOOD * 8 + BAD + BAD_BODIES


def main() -> int:
    Path(sys.argv[1]).write_bytes(b"".join(struct.pack("<I", len(message)) + message for message in ALL))
    return 0


if __name__ == "__main__":
    sys.exit(main())
