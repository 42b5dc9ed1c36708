"""Operators for the upstream host and what is kept with requests: metadata, filter state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .registry import OPTIONAL, REQUIRED, TABLE, BadOperator, Kind, Reader, number_operator, operator, text_operator

if TYPE_CHECKING:
    from .stream import StreamInfo

__all__: list[str] = []


def _upstream_text(name: str, read: Callable[..., str | None]) -> None:
    text_operator(name, lambda stream: None if stream.upstream is None else read(stream.upstream) or None)


def _name_of(upstream: object) -> str | None:
    host = getattr(upstream, "host", None)
    name: str = getattr(upstream, "hostname", "")
    return name or (str(host) if host is not None else None)


def _without_port(name: str | None) -> str | None:
    if name is None:
        return None
    before, colon, port = name.rpartition(":")
    return before if colon and port.isdigit() and (before.endswith("]") or ":" not in before) else name


_upstream_text("UPSTREAM_HOST", lambda upstream: None if upstream.host is None else str(upstream.host))
_upstream_text("UPSTREAM_HOST_NAME", _name_of)
_upstream_text("UPSTREAM_HOST_NAME_WITHOUT_PORT", lambda upstream: _without_port(_name_of(upstream)))
_upstream_text("UPSTREAM_CLUSTER", lambda upstream: upstream.cluster)
_upstream_text("UPSTREAM_CLUSTER_RAW", lambda upstream: upstream.cluster)
_upstream_text("UPSTREAM_PROTOCOL", lambda upstream: upstream.protocol)
_upstream_text("UPSTREAM_LOCAL_CLOSE_REASON", lambda upstream: upstream.local_close_reason)
_upstream_text("UPSTREAM_DETECTED_CLOSE_TYPE", lambda upstream: upstream.detected_close_type)
_upstream_text("UPSTREAM_HOSTS_ATTEMPTED", lambda upstream: ",".join(upstream.hosts_attempted))
_upstream_text("UPSTREAM_HOST_NAMES_ATTEMPTED", lambda upstream: ",".join(upstream.host_names_attempted))
_upstream_text(
    "UPSTREAM_CONNECTION_IDS_ATTEMPTED", lambda upstream: ",".join(map(str, upstream.connection_ids_attempted))
)
_upstream_text(
    "UPSTREAM_TRANSPORT_FAILURE_REASON", lambda upstream: upstream.transport_failure_reason.replace(" ", "_")
)
number_operator(
    "UPSTREAM_CONNECTION_ID", lambda stream: 0 if stream.upstream is None else stream.upstream.connection_id, total=True
)
number_operator(
    "UPSTREAM_REQUEST_ATTEMPT_COUNT",
    lambda stream: 0 if stream.upstream is None else stream.upstream.attempts,
    total=True,
)


@operator("UPSTREAM_CONNECTION_POOL_READY_DURATION")
def _pool_ready(argument: str, length: int | None) -> Reader:
    def read(stream: StreamInfo) -> int | None:
        seconds = stream.upstream.pool_ready_duration if stream.upstream is not None else None
        return None if seconds is None else int(seconds * 1e3)

    return Reader(Kind.NUMBER, read)


def _reach(metadata: Mapping[str, object], path: list[str]) -> object:
    """The value at the end of a path through structs; None when there is none."""
    value: object = metadata
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _metadata_operator(name: str, find: Callable[[StreamInfo], Mapping[str, object]]) -> None:
    def make(argument: str, length: int | None) -> Reader:
        path = argument.split(":")
        return Reader(Kind.VALUE, lambda stream: _cut(_reach(find(stream), path), length))

    operator(name, REQUIRED, length=True)(make)


def _cut(value: object, length: int | None) -> object:
    return value[:length] if isinstance(value, str) and length is not None else value


_EMPTY: Mapping[str, object] = {}
_metadata_operator("DYNAMIC_METADATA", lambda stream: stream.dynamic_metadata)
_metadata_operator("UPSTREAM_METADATA", lambda stream: stream.upstream.metadata if stream.upstream else _EMPTY)
_metadata_operator("CLUSTER_METADATA", lambda stream: stream.upstream.cluster_metadata if stream.upstream else _EMPTY)

_METADATA: dict[str, Callable[[StreamInfo], Mapping[str, object]]] = {
    "DYNAMIC": lambda stream: stream.dynamic_metadata,
    "ROUTE": lambda stream: stream.route_metadata,
    "UPSTREAM_HOST": lambda stream: stream.upstream.metadata if stream.upstream else _EMPTY,
    "CLUSTER": lambda stream: stream.upstream.cluster_metadata if stream.upstream else _EMPTY,
}


@operator("METADATA", REQUIRED, length=True)
def _metadata(argument: str, length: int | None) -> Reader:
    kind, _, rest = argument.partition(":")
    find = _METADATA.get(kind)
    if find is None:
        raise BadOperator(f"METADATA is of one of {', '.join(_METADATA)}, not {kind!r}")
    path = rest.split(":")
    return Reader(Kind.VALUE, lambda stream: _cut(_reach(find(stream), path), length))


def _filter_state_operator(name: str, find: Callable[[StreamInfo], Mapping[str, object]]) -> None:
    def make(argument: str, length: int | None) -> Reader:
        key, _, rest = argument.partition(":")
        form, _, field = rest.partition(":")
        if not key:
            raise BadOperator("a filter state needs a key")
        if form not in ("", "PLAIN", "TYPED", "FIELD"):
            raise BadOperator(f"a filter state is written as PLAIN, TYPED or FIELD, not {form!r}")
        if (form == "FIELD") != bool(field):
            raise BadOperator("FIELD, and only FIELD, comes with the name of a field")
        field = field.partition(":")[0]

        def read(stream: StreamInfo) -> object:
            value = find(stream).get(key)
            if form == "FIELD":
                value = value.get(field) if isinstance(value, Mapping) else getattr(value, field, None)
            elif form == "PLAIN" and value is not None and not isinstance(value, str):
                value = str(value)
            return _cut(value, length)

        return Reader(Kind.VALUE, read)

    operator(name, OPTIONAL, length=True)(make)


_filter_state_operator("FILTER_STATE", lambda stream: stream.filter_state)
_filter_state_operator(
    "UPSTREAM_FILTER_STATE", lambda stream: stream.upstream.filter_state if stream.upstream is not None else _EMPTY
)


@operator("PER_REQUEST_STATE", REQUIRED)
def _per_request_state(argument: str, length: int | None) -> Reader:
    return TABLE["FILTER_STATE"].make(f"{argument}:PLAIN", length)
