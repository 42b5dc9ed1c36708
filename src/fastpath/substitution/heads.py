"""Heads as operators and actions see them: pseudo header fields and fields, of a parsed message or of plain parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from fastpath._headers import Headers
from fastpath._http import Request
from fastpath._routed_headers import RoutedHeaders, routed_headers

from .joined import JOINED_IN_REQUESTS, join

__all__ = ["HeaderList", "HeaderSource", "RequestHead", "as_bytes", "request_scheme"]

_Text = bytes | str

_FORWARDED_PROTO = b"x-forwarded-proto"


def as_bytes(text: _Text) -> bytes:
    """The text's bytes; a str's in UTF-8, and whatever bytes it was made of with surrogateescape."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


class HeaderSource(Protocol):
    """Header fields to read, by name in any case: `fastpath.Headers`, what is left of them, and HeaderList."""

    def get(self, name: bytes, /) -> bytes | None:
        """The first value."""
        ...

    def get_all(self, name: bytes, /) -> list[bytes]:
        """All values, in order."""
        ...

    def items(self) -> list[tuple[bytes, bytes]]:
        """All fields."""
        ...


class HeaderList:
    """Header fields that can be changed: an ordered list of (name, value), looked up without regard to case."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[_Text, _Text]] = ()):
        self._fields: list[tuple[bytes, bytes, bytes]] = []
        for name, value in fields:
            self.append(as_bytes(name), as_bytes(value))

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.items())

    def __contains__(self, name: bytes) -> bool:
        return self.get(name) is not None

    def get(self, name: bytes, /) -> bytes | None:
        """The first value of that name."""
        name = name.lower()
        for lower, _, value in self._fields:
            if lower == name:
                return value
        return None

    def get_all(self, name: bytes, /) -> list[bytes]:
        """All values of that name, in order."""
        name = name.lower()
        return [value for lower, _, value in self._fields if lower == name]

    def items(self) -> list[tuple[bytes, bytes]]:
        """All fields, names as they were written."""
        return [(name, value) for _, name, value in self._fields]

    def append(self, name: bytes, value: bytes) -> None:
        """One more line, at the end."""
        self._fields.append((name.lower(), name, value))

    def remove(self, name: bytes) -> None:
        """No line of that name."""
        name = name.lower()
        self._fields = [field for field in self._fields if field[0] != name]

    def set(self, name: bytes, value: bytes) -> None:
        """This line, at the end, instead of all others of that name."""
        self.remove(name)
        self.append(name, value)

    def set_first(self, name: bytes, value: bytes) -> None:
        """Another value for the first line of that name, which stays where it is."""
        lower = name.lower()
        for index, field in enumerate(self._fields):
            if field[0] == lower:
                self._fields[index] = (lower, field[1], value)
                return
        self.append(name, value)

    def __repr__(self) -> str:
        return f"HeaderList({self.items()!r})"


class RequestHead:
    """A request's head.

    `path` is the :path of the request, with its query, as the connection manager left it: normalised where that is
    asked for. It is empty for a CONNECT without one. `headers` has no host field; `host` is `authority`; of a parsed
    request it has what the connection manager leaves, else it is as given.
    """

    __slots__ = ("authority", "connection_scheme", "headers", "method", "path", "scheme")

    def __init__(
        self,
        method: _Text = b"GET",
        authority: _Text = b"",
        path: _Text = b"/",
        headers: HeaderSource | Iterable[tuple[_Text, _Text]] = (),
        scheme: _Text = b"http",
    ):
        self.method = as_bytes(method)
        self.authority = as_bytes(authority)
        self.path = as_bytes(path)
        if not isinstance(headers, Headers | HeaderList | RoutedHeaders):
            headers = HeaderList(headers)  # type: ignore[arg-type]
        self.headers: HeaderSource = headers
        self.scheme = as_bytes(scheme)
        self.connection_scheme: bytes | None = self.scheme
        """What x-forwarded-proto is where it is missing."""

    @classmethod
    def of(
        cls,
        request: Request,
        *,
        path: bytes | None = None,
        authority: bytes | None = None,
        tls: bool = False,
        without: frozenset[bytes] = frozenset(),
    ) -> RequestHead:
        """The head of a parsed request, without the fields that Envoy's routes do not see.

        path, authority: what they became when they were normalised, the path without its query. without: names, in
            lower case, of further fields that are not to be seen.
        """
        head = cls.__new__(cls)
        head.method = request.method
        head.authority = request.authority if authority is None else authority
        query = request.query
        path = request_path(request) if path is None else path
        head.path = path if query is None else path + b"?" + query
        head.headers = routed_headers(request, without)
        head.scheme = request_scheme(request, tls)
        head.connection_scheme = b"https" if tls else b"http"
        return head

    def replace(
        self, *, authority: bytes | None = None, path: bytes | None = None, headers: HeaderSource | None = None
    ) -> RequestHead:
        """The same with another authority, path or fields; None keeps what is there."""
        head = RequestHead.__new__(RequestHead)
        head.method = self.method
        head.authority = self.authority if authority is None else authority
        head.path = self.path if path is None else path
        head.headers = self.headers if headers is None else headers
        head.scheme = self.scheme
        head.connection_scheme = self.connection_scheme
        return head

    @property
    def forwarded_proto(self) -> bytes:
        """x-forwarded-proto, its lines joined, as Envoy has it: the connection's scheme where there is none."""
        return join(self.get_all(_FORWARDED_PROTO)) or b""

    def get(self, name: bytes) -> bytes | None:
        """The first value of a field, pseudo header fields and "host" among them; `name` is in lower case.

        Where there is no x-forwarded-proto it is the connection's scheme.
        """
        if name[:1] == b":" or name == b"host":
            if name == b":path":
                return self.path or None
            if name in (b":authority", b"host"):
                return self.authority or None
            if name == b":method":
                return self.method
            return self.scheme if name == b":scheme" else None
        value = self.headers.get(name)
        return self.connection_scheme if value is None and name == _FORWARDED_PROTO else value

    def get_all(self, name: bytes) -> list[bytes]:
        """All values of a field, as `get` finds them."""
        if name[:1] == b":" or name == b"host":
            value = self.get(name)
            return [] if value is None else [value]
        values = self.headers.get_all(name)
        own = self.connection_scheme
        return values or ([own] if own is not None and name == _FORWARDED_PROTO else values)

    def value(self, name: bytes) -> bytes | None:
        """The value of a field as Envoy has it: all lines joined where it keeps one, else the first line's."""
        return join(self.get_all(name)) if name in JOINED_IN_REQUESTS else self.get(name)

    def __repr__(self) -> str:
        return f"<RequestHead {self.method!r} {self.authority!r} {self.path!r}>"


def request_path(request: Request) -> bytes:
    """Its path without the query; "/" for an absolute target without one ("http://host"), empty for a CONNECT."""
    path: bytes = request.path
    return path or (b"" if request.method == b"CONNECT" else b"/")


def request_scheme(request: Request, tls: bool = False) -> bytes:
    """The :scheme of a request, as Envoy takes it: its target's, else x-forwarded-proto, else the connection's."""
    target = request.target
    if target[:1] != b"/":
        scheme = target[:8].partition(b"://")[0].lower()
        if scheme in (b"http", b"https"):
            return scheme
    own = b"https" if tls else b"http"
    values = request.headers.get_all(_FORWARDED_PROTO)
    forwarded = (join(values) or b"").lower()
    return forwarded if forwarded in (b"http", b"https") else own
