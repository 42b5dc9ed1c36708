"""What a check says to a host and makes of the answer: bytes in, bytes out."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from fastpath._connection import CLIENT, Connection
from fastpath._events import NEED_DATA, PAUSED, Data, EndOfMessage
from fastpath._http import Request
from fastpath._response import InformationalResponse, Response
from fastpath.errors import ProtocolError
from fastpath.models import HeaderAppendAction, HeaderValueOption, HttpHealthCheck, Int64Range, TcpHealthCheck

__all__ = ["CheckResult", "HttpProbe", "TcpProbe", "with_options"]


class CheckResult(enum.Enum):
    """How a check ended."""

    PASSED = "passed"
    DEGRADED = "degraded"
    """Passed, and the answer holds x-envoy-degraded."""
    FAILED = "failed"
    """The host says that it is not well: it is unhealthy at once."""
    RETRIABLE = "retriable"
    """It says so with a status that has to come unhealthy_threshold times."""
    NETWORK = "network"
    """No connection, or it ended before the answer did: this, too, counts up to the threshold."""
    TIMEOUT = "timeout"
    """No answer in time; as NETWORK."""


class HttpProbe:
    """A request and its response. `outgoing` is what to send now: at first, and after each `receive`."""

    def __init__(self, check: HttpHealthCheck, cluster_name: str):
        self._check = check
        self._connection = Connection(CLIENT)
        self._response: Response | None = None
        self._body = bytearray()
        request = Request(method=check.method, target=check.path, headers=_request_headers(check, cluster_name))
        self.outgoing = self._connection.send(request)
        if check.send:
            self.outgoing += self._connection.send(Data(data=check.send))
        self.outgoing += self._connection.send(EndOfMessage())

    @property
    def reusable(self) -> bool:
        """Whether another check may go over the same connection, now that this one is over."""
        return self._connection.reusable

    def connected(self) -> CheckResult | None:
        """There is a connection. What that says about the host; None: nothing yet."""
        return None

    def receive(self, data: bytes) -> CheckResult | None:
        """Bytes from the host, b"" at the end of its stream. The result, None while more is needed."""
        self.outgoing = b""
        try:
            self._connection.receive_data(data)
            return self._take_events()
        except ProtocolError:
            return CheckResult.NETWORK

    def _take_events(self) -> CheckResult | None:
        while True:
            event = self._connection.next_event()
            if isinstance(event, Response):
                self._response = event
            elif isinstance(event, Data):
                self._keep(bytes(event))
            elif isinstance(event, EndOfMessage):
                return self._judge()
            elif event is NEED_DATA or event is PAUSED:
                return None
            elif not isinstance(event, InformationalResponse):
                return CheckResult.NETWORK  # the end, before the answer

    def _keep(self, data: bytes) -> None:
        limit = self._check.response_buffer_size
        if self._check.receive:
            self._body += data if limit == 0 else data[: max(limit - len(self._body), 0)]

    def _judge(self) -> CheckResult:
        check, response = self._check, self._response
        assert response is not None
        status = response.status_code
        if not _holds(self._body, check.receive):
            return CheckResult.FAILED
        if not _among(status, check.expected_statuses):
            return CheckResult.RETRIABLE if _among(status, check.retriable_statuses) else CheckResult.FAILED
        return CheckResult.DEGRADED if b"x-envoy-degraded" in response.headers else CheckResult.PASSED


class TcpProbe:
    """Bytes, and what must come back."""

    reusable = True

    def __init__(self, check: TcpHealthCheck):
        self._check = check
        self._received = bytearray()
        self.outgoing = check.send

    def connected(self) -> CheckResult | None:
        """As HttpProbe.connected."""
        return None if self._check.receive else CheckResult.PASSED

    def receive(self, data: bytes) -> CheckResult | None:
        """As HttpProbe.receive."""
        self.outgoing = b""
        if not data:
            return CheckResult.NETWORK
        self._received += data
        return CheckResult.PASSED if _holds(self._received, self._check.receive) else None


def _request_headers(check: HttpHealthCheck, cluster_name: str) -> list[tuple[str, str]]:
    headers = [("host", check.host or cluster_name), ("user-agent", "Envoy/HC")]
    headers = with_options(headers, check.request_headers_to_add)
    removed = {name.lower() for name in check.request_headers_to_remove}
    headers = [each for each in headers if each[0] not in removed]
    if check.send:
        headers.append(("content-length", str(len(check.send))))
    return headers


def with_options(headers: list[tuple[str, str]], options: Iterable[HeaderValueOption]) -> list[tuple[str, str]]:
    """The header fields, and what the options make of them."""
    for option in options:
        name = option.key.lower()
        present = any(name == each for each, _ in headers)
        action = option.append_action
        if action is HeaderAppendAction.ADD_IF_ABSENT and present:
            continue
        if action is HeaderAppendAction.OVERWRITE_IF_EXISTS and not present:
            continue
        if action in (HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD, HeaderAppendAction.OVERWRITE_IF_EXISTS):
            headers = [each for each in headers if each[0] != name]
        if option.value or option.keep_empty_value:
            headers.append((name, option.value))
    return headers


def _among(status: int, ranges: tuple[Int64Range, ...]) -> bool:
    return any(each.start <= status < each.end for each in ranges)


def _holds(data: bytearray, parts: tuple[bytes, ...]) -> bool:
    """Whether the parts are there, one behind the other, whatever stands between."""
    at = 0
    for part in parts:
        at = data.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True
