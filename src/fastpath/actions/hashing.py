"""What of a request decides its host with ring hash and Maglev. Source: envoy.config.route.v3.RouteAction.HashPolicy.

Each policy gives a hash or none; hashes combine as rotl(combined, 1) ^ hash. Each is XXH64 of the bytes; the values of
a repeated header are sorted and chained, each one's hash being the seed of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from fastpath._hash_keys import xxh64
from fastpath.models import HashPolicy, HashPolicyCookie
from fastpath.substitution.heads import HeaderSource, RequestHead, as_bytes
from fastpath.substitution.joined import JOINED_IN_REQUESTS, join
from fastpath.substitution.query import raw_query_parameter

from .rewrite import regex_replacement

if TYPE_CHECKING:
    from fastpath.substitution.stream import StreamInfo

__all__ = ["Hash", "RequestHasher", "cookie_value"]

_MASK = 2**64 - 1


class Hash:
    """What the policies came to: `key` for `Cluster.pick(hash_key=...)`, and cookies to set in the response."""

    __slots__ = ("cookies", "key")

    def __init__(self) -> None:
        self.key: int | None = None
        self.cookies: list[bytes] = []
        """Values of Set-Cookie fields."""

    def __repr__(self) -> str:
        return f"<Hash {self.key}>"


_State = Mapping[str, object]
_Policy = Callable[[RequestHead, "StreamInfo | None", "_State | None", Hash], int | None]


class RequestHasher:
    """Hash policies, laid out once. Immutable."""

    __slots__ = ("_policies",)

    def __init__(self, policies: Sequence[HashPolicy]):
        self._policies = tuple((_policy(policy), policy.terminal) for policy in policies)

    def hash(
        self,
        head: RequestHead,
        stream: StreamInfo | None = None,
        filter_state: _State | None = None,
    ) -> Hash:
        """The hash of a request. The addresses are the stream's, and so is the filter state unless it is given."""
        result = Hash()
        if filter_state is None and stream is not None:
            filter_state = stream.filter_state
        combined: int | None = None
        for policy, terminal in self._policies:
            value = policy(head, stream, filter_state, result)
            if value is not None:
                combined = value if combined is None else ((combined << 1 | combined >> 63) & _MASK) ^ value
            if terminal and combined is not None:
                break
        result.key = combined
        return result


def _policy(policy: HashPolicy) -> _Policy:
    if policy.header is not None:
        return _header(policy)
    if policy.cookie is not None:
        return _cookie(policy.cookie)
    if policy.query_parameter is not None:
        name = as_bytes(policy.query_parameter)

        def query(head: RequestHead, stream: StreamInfo | None, state: _State | None, result: Hash) -> int | None:
            value = raw_query_parameter(head.path, name)
            return None if value is None else xxh64(value)

        return query
    if policy.filter_state is not None:
        key = policy.filter_state

        def of_state(head: RequestHead, stream: StreamInfo | None, state: _State | None, result: Hash) -> int | None:
            value = state.get(key) if state is not None else None
            return None if value is None else xxh64(value if isinstance(value, bytes) else str(value).encode())

        return of_state
    return _source_ip


def _source_ip(head: RequestHead, stream: StreamInfo | None, state: _State | None, result: Hash) -> int | None:
    connection = stream.connection if stream is not None else None
    remote = connection.remote if connection is not None else None
    return None if remote is None else xxh64(remote.ip.encode())


def _header(policy: HashPolicy) -> _Policy:
    assert policy.header is not None
    name = as_bytes(policy.header).lower()
    replace = regex_replacement(policy.header_rewrite) if policy.header_rewrite is not None else None
    joined = name in JOINED_IN_REQUESTS

    def header(head: RequestHead, stream: StreamInfo | None, state: _State | None, result: Hash) -> int | None:
        values = head.get_all(name)
        if not values:
            return None
        if joined:
            values = [join(values) or b""]
        if replace is not None:
            values = [replace(value) for value in values]
        seed = 0
        for value in sorted(values):
            seed = xxh64(value, seed)
        return seed

    return header


def _cookie(cookie: HashPolicyCookie) -> _Policy:
    name = as_bytes(cookie.name)

    def hash_cookie(head: RequestHead, stream: StreamInfo | None, state: _State | None, result: Hash) -> int | None:
        value = cookie_value(head.headers, name)
        if not value and cookie.ttl is not None:
            value = _new_cookie(stream)
            result.cookies.append(set_cookie(cookie, value))
        return xxh64(value) if value else None

    return hash_cookie


def cookie_value(headers: HeaderSource, name: bytes) -> bytes | None:
    """The value of the first cookie of a name, without the quotes around it."""
    for line in headers.get_all(b"cookie"):
        for pair in line.split(b";"):
            key, equals, value = pair.lstrip(b" ").partition(b"=")  # what stands after the value is its
            if key == name and equals:
                quoted = len(value) > 1 and value[:1] == value[-1:] == b'"'
                return value[1:-1] if quoted else value
    return None


def _new_cookie(stream: StreamInfo | None) -> bytes:
    """The same for all requests of a connection."""
    connection = stream.connection if stream is not None else None
    ends = f"{connection.remote or ''}{connection.local or ''}" if connection is not None else ""
    return b"%016x" % xxh64(ends.encode())


def set_cookie(cookie: HashPolicyCookie, value: bytes) -> bytes:
    """A value for Set-Cookie."""
    parts = [as_bytes(cookie.name) + b'="' + value + b'"']
    if cookie.ttl is not None and cookie.ttl >= 1:
        parts.append(b"Max-Age=%d" % int(cookie.ttl))
    if cookie.path:
        parts.append(b"Path=" + as_bytes(cookie.path))
    parts += [as_bytes(f"{name}={value}" if value else name) for name, value in cookie.attributes]
    return b"; ".join([*parts, b"HttpOnly"])
