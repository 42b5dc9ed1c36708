"""Hosts that a request names (envoy.load_balancing_policies.override_host)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from fastpath._host import Host
from fastpath.models import OverrideHostConfig

from .refusal import refusal

__all__ = ["HostIndex", "OverrideHosts", "check_override_host"]

_SPACE = " \t\n\v\f\r"


class _Head(Protocol):
    def get_all(self, name: bytes, /) -> Sequence[bytes]: ...


class HostIndex:
    """Hosts by their addresses. Immutable."""

    __slots__ = ("_by_key", "hosts")

    def __init__(self, hosts: tuple[Host, ...]):
        self.hosts = hosts
        self._by_key = {str(host): host for host in hosts}

    def find(self, key: str) -> Host | None:
        """The host that str() gives this of."""
        return self._by_key.get(key)


class OverrideHosts:
    """The hosts that one request names, for all of its attempts. One thread at a time."""

    __slots__ = ("_find", "_names")

    def __init__(
        self,
        config: OverrideHostConfig,
        find: Callable[[str], Host | None],
        head: _Head,
        metadata: Mapping[str, Mapping[str, object]] | None,
    ):
        self._find = find
        self._names = iter([*_named(config, head, metadata or {})])

    def take(self) -> Host | None:
        """The next one that the cluster has now, whatever is known of its health. None: ask the cluster's policy."""
        for name in self._names:
            host = self._find(name)
            if host is not None:
                return host
        return None


def _named(config: OverrideHostConfig, head: _Head, metadata: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for source in config.sources:
        if source.metadata is None:
            values = head.get_all(source.header.lower().encode("latin-1"))
            listed: object = values[0].decode("latin-1") if values else None
        else:
            listed = metadata.get(source.metadata.key)
            for key in source.metadata.path:
                listed = listed.get(key) if isinstance(listed, Mapping) else None
        if isinstance(listed, str):
            yield from filter(None, (each.strip(_SPACE) for each in listed.split(",")))


def check_override_host(config: OverrideHostConfig | None, path: str) -> None:
    """ConfigError with a path below `path` for what makes no sense."""
    if config is None:
        return
    if not config.sources:
        raise refusal("there is no source", f"{path}.sources", config.position)
    for index, source in enumerate(config.sources):
        where = f"{path}.sources[{index}]"
        if bool(source.header) is (source.metadata is not None):
            raise refusal("a source is a header or metadata, one of both", where, source.position)
        if not source.header.isascii():
            raise refusal(f"{source.header!r} is not the name of a header field", f"{where}.header", source.position)
        if source.metadata is not None and not source.metadata.path:
            raise refusal("the path is empty", f"{where}.metadata.path", source.metadata.position)
