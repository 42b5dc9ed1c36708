"""What of a message tells that it is gRPC's, and what an HTTP status is called there."""

from __future__ import annotations

__all__ = ["grpc_status_of", "is_grpc"]

_UNKNOWN = 2
_OF_HTTP = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}


def is_grpc(content_type: bytes | None) -> bool:
    """Whether a message with this content-type is one of gRPC."""
    return content_type is not None and (
        content_type == b"application/grpc" or content_type.startswith(b"application/grpc+")
    )


def grpc_status_of(status: int) -> int:
    """The gRPC status that an HTTP status stands for where a response has no grpc-status.

    Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md.
    """
    return _OF_HTTP.get(status, _UNKNOWN)
