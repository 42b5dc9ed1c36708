"""A check by gRPC (grpc.health.v1.Health/Check) as bytes in and out. Needs the package h2: fastpath[grpc]."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastpath.models import GrpcHealthCheck
from fastpath.wire_format import fields_of, varint

from .probes import CheckResult, with_options

if TYPE_CHECKING:
    from h2.connection import H2Connection

__all__ = ["GrpcProbe", "connection_maker"]

_STREAM = 1
_SERVING = 1
_PREFIX = struct.Struct(">BI")  # of a message: whether it is compressed, and its length
_MAX_RESPONSE = 65536
_FRAME = struct.Struct(">BHBBI")  # of HTTP/2: length, type, flags, stream
_END = struct.Struct(">II")  # of a GOAWAY: the last stream that counts, the error
_GOAWAY = 7
_MAX_FRAME = 16384 + _FRAME.size  # nobody has been allowed longer ones
_OK, _NO_ERROR = 200, 0


def connection_maker() -> type[Any]:
    """h2's client; ImportError says what to install."""
    try:
        from h2.connection import H2Connection
    except ImportError as error:
        raise ImportError("checks by gRPC need h2: pip install 'fastpath[grpc]'") from error
    return H2Connection


class GrpcProbe:
    """One call on a connection of its own. `outgoing` is what to send now."""

    reusable = False

    def __init__(self, check: GrpcHealthCheck, cluster_name: str, timeout: float):
        self._connection: H2Connection = connection_maker()()
        self._received = bytearray()
        self._body = bytearray()
        self._serving: bool | None = None  # None: no message yet
        service = check.service_name.encode()
        message = b"" if not service else b"\x0a" + varint(len(service)) + service
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":authority", check.authority or cluster_name),
            (":path", "/grpc.health.v1.Health/Check"),
        ]
        plain = [("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "Envoy/HC")]
        headers += with_options(plain, check.initial_metadata)
        headers.append(("grpc-timeout", f"{max(int(timeout * 1000), 1)}m"))
        self._connection.initiate_connection()
        self._connection.send_headers(_STREAM, headers)
        self._connection.send_data(_STREAM, _PREFIX.pack(0, len(message)) + message, end_stream=True)
        self.outgoing: bytes = self._connection.data_to_send()

    def connected(self) -> CheckResult | None:
        """As HttpProbe.connected."""
        return None

    def receive(self, data: bytes) -> CheckResult | None:
        """As HttpProbe.receive."""
        from h2.exceptions import H2Error

        if not data:
            return CheckResult.NETWORK
        self._received += data
        try:
            for frame in self._frames():
                for event in self._connection.receive_data(frame):
                    result = self._take(event)
                    if result is not None:
                        return result
            self.outgoing = self._connection.data_to_send()
        except (H2Error, ValueError):
            return CheckResult.NETWORK
        return None

    def _frames(self) -> Iterator[bytes]:
        """The frames that are whole, but those that say that the connection ends after this call: h2 would then take no
        answer any more."""
        while len(self._received) >= _FRAME.size:
            high, low, kind, _, _ = _FRAME.unpack_from(self._received)
            size = _FRAME.size + (high << 8 | low)
            if size > _MAX_FRAME:
                raise ValueError("the frame is longer than it may be")
            if len(self._received) < size:
                return
            frame = bytes(self._received[:size])
            del self._received[:size]
            if kind == _GOAWAY and len(frame) >= _FRAME.size + _END.size:
                last_stream, error = _END.unpack_from(frame, _FRAME.size)
                if error == _NO_ERROR and last_stream & 0x7FFFFFFF >= _STREAM:
                    continue
            yield frame

    def _take(self, event: Any) -> CheckResult | None:
        from h2 import events

        if isinstance(event, events.ResponseReceived):
            return self._head(dict(event.headers or ()), ended=event.stream_ended is not None)
        if isinstance(event, events.DataReceived):
            self._connection.acknowledge_received_data(event.flow_controlled_length or 0, _STREAM)
            return self._data(event.data or b"", ended=event.stream_ended is not None)
        if isinstance(event, events.TrailersReceived):
            status = dict(event.headers or ()).get(b"grpc-status", b"")
            return CheckResult.PASSED if _is_ok(status) and self._serving else CheckResult.FAILED
        if isinstance(event, (events.StreamReset, events.ConnectionTerminated)):
            return CheckResult.NETWORK
        return None

    def _head(self, headers: dict[bytes, bytes], *, ended: bool) -> CheckResult | None:
        kind = headers.get(b"content-type", b"")
        is_grpc = kind == b"application/grpc" or kind.startswith(b"application/grpc+")
        wrong = ended or headers.get(b":status") != b"%d" % _OK or not is_grpc
        return CheckResult.FAILED if wrong else None

    def _data(self, data: bytes, *, ended: bool) -> CheckResult | None:
        self._body += data
        if ended or len(self._body) > _MAX_RESPONSE:
            return CheckResult.FAILED
        while len(self._body) >= _PREFIX.size:
            flags, length = _PREFIX.unpack_from(self._body)
            if flags > 1:
                return CheckResult.FAILED
            if len(self._body) < _PREFIX.size + length:
                return None
            message = bytes(self._body[_PREFIX.size : _PREFIX.size + length])
            del self._body[: _PREFIX.size + length]
            if message and not self._message(message, flags):
                return CheckResult.FAILED
        return None

    def _message(self, message: bytes, flags: int) -> bool:
        """Whether it is the one message that there may be."""
        if self._serving is not None or flags:
            return False
        status = 0
        try:
            for number, value, _ in fields_of(message):
                status = value if number == 1 and isinstance(value, int) else status
        except ValueError:
            return False
        self._serving = status == _SERVING
        return True


def _is_ok(status: bytes) -> bool:
    return status.strip(b" ").isdigit() and int(status) == 0
