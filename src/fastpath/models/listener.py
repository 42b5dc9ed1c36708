"""Listeners, and the filters that look at a connection before its filter chain is chosen.

Source: Envoy v3 API, envoy.config.listener.v3 and envoy.extensions.filters.listener.
"""

from __future__ import annotations

from collections.abc import Iterator

from .filter_chain import FilterChain
from .model import model
from .network_filter import HttpConnectionManager
from .position import Position, position_field

__all__ = ["HttpInspector", "Listener", "ListenerFilter", "OriginalDst", "ProxyProtocol", "TlsInspector"]


@model(frozen=True, slots=True)
class TlsInspector:
    """Tells TLS from plain bytes, and reads the server name and the application protocols of a ClientHello."""

    close_connection_on_client_hello_parsing_errors: bool = False
    """End a connection that does not begin with a ClientHello, instead of taking it for plain bytes."""
    max_client_hello_size: int = 16384
    """Bytes, in which a ClientHello must be complete."""


@model(frozen=True, slots=True)
class HttpInspector:
    """Tells HTTP/1 and HTTP/2 from other plain bytes, as application protocol "http/1.0", "http/1.1" or "h2c"."""


@model(frozen=True, slots=True)
class ProxyProtocol:
    """Reads the PROXY header that each connection begins with, and takes its addresses for the connection's."""

    allow_requests_without_proxy_protocol: bool = False
    disallowed_versions: tuple[int, ...] = ()
    """Of 1 and 2: headers that end the connection; with the option above, they are then no header."""


@model(frozen=True, slots=True)
class OriginalDst:
    """Takes the destination that the connection had before the kernel redirected it."""


ListenerFilter = TlsInspector | HttpInspector | ProxyProtocol | OriginalDst


@model(frozen=True, slots=True)
class Listener:
    """Where to accept connections, and the filter chains for what arrives."""

    name: str
    address: str
    port: int
    filter_chains: tuple[FilterChain, ...] = ()
    default_filter_chain: FilterChain | None = None
    """For connections that no other chain matches; without it they are closed."""
    listener_filters: tuple[ListenerFilter, ...] = ()
    """In the order in which they look at a connection."""
    listener_filters_timeout: float = 15.0
    """Seconds that they may take together; 0 means no limit."""
    continue_on_listener_filters_timeout: bool = False
    """Go on with what is known by then, instead of closing the connection."""
    position: Position | None = position_field()

    def chains(self) -> Iterator[FilterChain]:
        """All chains, the default one last."""
        yield from self.filter_chains
        if self.default_filter_chain is not None:
            yield self.default_filter_chain

    def http_connection_managers(self) -> Iterator[HttpConnectionManager]:
        """Those of all chains."""
        for chain in self.chains():
            for each in chain.filters:
                if isinstance(each, HttpConnectionManager):
                    yield each
