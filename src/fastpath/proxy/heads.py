"""How heads are written anew: what the gateway does to all of them, and what hooks want changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastpath import HeaderList, HeadRewriter

if TYPE_CHECKING:
    from ..actions import RequestChanges, ResponseChanges

__all__ = ["DROPPED_FROM_REQUESTS", "REQUEST_REWRITER", "RESPONSE_REWRITER", "HeaderChanges"]

DROPPED_FROM_REQUESTS = (
    b"expect",  # the gateway answers 100-continue itself, so that a body can be sent again on a retry
    # With these an internal client tells its Envoy what to do. There is none here, and the next hop shall not obey.
    b"x-envoy-expected-rq-timeout-ms",
    b"x-envoy-force-trace",
    b"x-envoy-hedge-on-per-try-timeout",
    b"x-envoy-internal",
    b"x-envoy-ip-tags",
    b"x-envoy-max-retries",
    b"x-envoy-original-url",
    b"x-envoy-retriable-header-names",
    b"x-envoy-retriable-status-codes",
    b"x-envoy-retry-grpc-on",
    b"x-envoy-retry-on",
    b"x-envoy-upstream-alt-stat-name",
    b"x-envoy-upstream-rq-per-try-timeout-ms",
    b"x-envoy-upstream-rq-timeout-alt-response",
    b"x-envoy-upstream-rq-timeout-ms",
    b"x-forwarded-client-cert",  # only who ends the client's TLS can say that
)

REQUEST_REWRITER = HeadRewriter(remove=DROPPED_FROM_REQUESTS)
RESPONSE_REWRITER = HeadRewriter()


class HeaderChanges:
    """What a hook wants changed. Names and values are bytes; nothing that could end a line early is accepted."""

    __slots__ = ("_appended", "_removed", "_set")

    def __init__(self) -> None:
        self._set: dict[bytes, bytes] = {}
        self._appended: list[tuple[bytes, bytes]] = []
        self._removed: list[bytes] = []

    def set(self, name: bytes, value: bytes) -> None:
        """One line of this name instead of all others."""
        self._set[name] = value

    def append(self, name: bytes, value: bytes) -> None:
        """One more line."""
        self._appended.append((name, value))

    def remove(self, name: bytes) -> None:
        """No line of this name."""
        self._removed.append(name)

    def __bool__(self) -> bool:
        return bool(self._set or self._appended or self._removed)

    def request_rewriter(self) -> HeadRewriter:
        """These changes, and what the gateway does to every request."""
        if not self:
            return REQUEST_REWRITER
        removed = [*self._removed, *DROPPED_FROM_REQUESTS]
        return HeadRewriter(set=self._set, append=self._appended, remove=removed)

    def response_rewriter(self) -> HeadRewriter:
        """These changes."""
        return HeadRewriter(set=self._set, append=self._appended, remove=self._removed) if self else RESPONSE_REWRITER

    def after(self, route: RequestChanges | ResponseChanges) -> HeadRewriter:
        """These changes on top of what a route has made of a head."""
        fields = HeaderList(route.fields())
        for name in self._removed:
            fields.remove(name)
        for name, value in self._set.items():
            fields.set(name, value)
        for name, value in self._appended:
            fields.append(name, value)
        return _rewriter_to(fields, [*route.touched, *self._removed, *self._set, *(name for name, _ in self._appended)])


def _rewriter_to(fields: HeaderList, names: Sequence[bytes]) -> HeadRewriter:
    touched = {name.lower() for name in names}
    return HeadRewriter(
        remove=sorted(touched), append=[(name, value) for name, value in fields.items() if name.lower() in touched]
    )
