"""The gateway's own answers as clients of gRPC read them: the status in a field of the head, and no body.

Source: Http::Utility::prepareLocalReply in Envoy.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..substitution.grpc import grpc_status_of, is_grpc

if TYPE_CHECKING:
    from fastpath import Request

    from .reply import Reply

__all__ = ["reply_to"]

_HTTP_ONLY = (b"content-type", b"grpc-message")


def reply_to(request: Request, reply: Reply, grpc_status: int | None = None) -> Reply:
    """The answer as the request's client reads it. `grpc_status`: for gRPC, instead of what the HTTP status stands for;
    one that the route adds goes first.
    """
    if not is_grpc(request.headers.get(b"content-type")) or not request.path:
        return reply
    headers = [(name, value) for name, value in reply.headers if name.lower() not in _HTTP_ONLY]
    headers.append((b"content-type", b"application/grpc"))
    if not any(name.lower() == b"grpc-status" and value for name, value in headers):
        status = grpc_status_of(reply.status) if grpc_status is None else grpc_status
        headers = [field for field in headers if field[0].lower() != b"grpc-status"]
        headers.append((b"grpc-status", b"%d" % status))
    if reply.body and request.method != b"HEAD":
        headers.append((b"grpc-message", _percent_encoded(reply.body)))
    return replace(reply, status=200, body=b"", headers=tuple(headers))


def _percent_encoded(text: bytes) -> bytes:
    if text.isascii() and text.isalnum():
        return text
    return b"".join(b"%%%02X" % byte if byte < 0x20 or byte >= 0x7E or byte == 0x25 else b"%c" % byte for byte in text)
