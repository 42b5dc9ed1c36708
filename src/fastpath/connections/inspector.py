"""A listener's filters, which look at a connection before its filter chain is chosen.

    bytes ──> PROXY header? ──> ClientHello? ──> request line? ──> InspectedConnection ──> FilterChainTable.match

Source: envoy.extensions.filters.listener; each filter decides as Envoy's of that name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from fastpath.errors import RemoteProtocolError
from fastpath.models import HttpInspector, Listener, ListenerFilter, OriginalDst, ProxyProtocol, TlsInspector

from .first_bytes import (
    NOT_THIS,
    ClientHello,
    ClientHelloReader,
    HttpDetector,
    HttpVersion,
    IPAddress,
    ProxyHeader,
    parse_proxy_header,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ConnectionInspector", "InspectedConnection"]

_PROTOCOLS = {HttpVersion.HTTP_1_0: b"http/1.0", HttpVersion.HTTP_1_1: b"http/1.1", HttpVersion.HTTP_2: b"h2c"}
_SIGNATURES = {1: b"PROXY ", 2: b"\r\n\r\n\0\r\nQUIT\n"}


@dataclass(frozen=True, slots=True)
class InspectedConnection:
    """What is known of a connection. Addresses are None when they are not of the internet."""

    destination: IPAddress | None = None
    port: int = 0
    source: IPAddress | None = None
    source_port: int = 0
    direct_source: IPAddress | None = None
    """The peer itself, whatever a PROXY header says."""
    transport_protocol: str = "raw_buffer"
    """Or "tls"."""
    server_name: str | None = None
    application_protocols: tuple[bytes, ...] = ()
    """Of the ClientHello, or what the HTTP inspector found."""
    proxy_header: ProxyHeader | None = None
    client_hello: ClientHello | None = None
    consumed: int = 0
    """Bytes that are not the connection's own: those of the PROXY header."""


class ConnectionInspector:
    """Runs listener filters over the first bytes of one connection.

    listener_filters: the models, in their order, or a listener that has them. destination, port, source, source_port:
    of the socket; the destination is the original one where the kernel redirected the connection.

    `receive` takes the bytes as they come and returns what was found as soon as all filters have done, None before. It
    raises RemoteProtocolError when the connection is to be closed. When the listener's time is up, `known` is what may
    be gone on with. Not safe in several threads at once.
    """

    def __init__(
        self,
        listener_filters: Listener | Iterable[ListenerFilter],
        *,
        destination: IPAddress | str | None = None,
        port: int = 0,
        source: IPAddress | str | None = None,
        source_port: int = 0,
    ):
        filters = listener_filters.listener_filters if isinstance(listener_filters, Listener) else listener_filters
        self._filters = iter(tuple(filters))
        self._filter = next(self._filters, None)
        self._reader: ClientHelloReader | HttpDetector | None = None
        self._data = bytearray()
        peer = _address(source)
        self.known = InspectedConnection(_address(destination), port, peer, source_port, peer)
        """What has been found so far."""

    @property
    def data(self) -> bytes:
        """The connection's own bytes among those received."""
        return bytes(self._data[self.known.consumed :])

    def receive(self, data: Buffer = b"") -> InspectedConnection | None:
        """Look at more bytes; at none, to see whether any are needed."""
        self._data += data
        with memoryview(self._data) as whole:
            while self._filter is not None:
                if not self._run(self._filter, whole[self.known.consumed :]):
                    return None
                self._filter = next(self._filters, None)
                self._reader = None
        return self.known

    def _run(self, model: ListenerFilter, data: memoryview) -> bool:
        """Whether the filter has done."""
        if isinstance(model, ProxyProtocol):
            return self._read_proxy_header(model, data)
        if isinstance(model, TlsInspector):
            return self._read_client_hello(model, data)
        if isinstance(model, HttpInspector):
            return self.known.transport_protocol != "raw_buffer" or self._detect_http(data)
        assert isinstance(model, OriginalDst)
        return True

    def _read_proxy_header(self, model: ProxyProtocol, data: memoryview) -> bool:
        begin = bytes(data[:12])
        if not any(
            version not in model.disallowed_versions and begin[: len(signature)] == signature[: len(begin)]
            for version, signature in _SIGNATURES.items()
        ):
            if model.allow_requests_without_proxy_protocol:
                return True
            raise RemoteProtocolError("a PROXY header is missing", code="inspect_proxy", position=0)
        found = parse_proxy_header(data)
        if found is None:
            return False
        assert isinstance(found, ProxyHeader)
        if found.version == 2 and not found.local and found.source is None:
            raise RemoteProtocolError("the PROXY header has no addresses", code="inspect_proxy", position=13)
        self.known = replace(self.known, proxy_header=found, consumed=found.length)
        if found.source is not None:
            self.known = replace(
                self.known,
                source=found.source,
                source_port=found.source_port,
                destination=found.destination,
                port=found.destination_port,
            )
        return True

    def _read_client_hello(self, model: TlsInspector, data: memoryview) -> bool:
        if not isinstance(self._reader, ClientHelloReader):
            self._reader = ClientHelloReader(model.max_client_hello_size)
        strict = model.close_connection_on_client_hello_parsing_errors
        try:
            found = self._reader.read(data)
        except RemoteProtocolError as error:
            if strict or error.code != "inspect_tls":
                raise
            return True
        if isinstance(found, ClientHello):
            self.known = replace(
                self.known,
                transport_protocol="tls",
                server_name=found.server_name,
                application_protocols=found.application_protocols,
                client_hello=found,
            )
        elif found is NOT_THIS and strict:
            raise RemoteProtocolError("there is no ClientHello", code="inspect_tls", position=0)
        return found is not None

    def _detect_http(self, data: memoryview) -> bool:
        if not isinstance(self._reader, HttpDetector):
            self._reader = HttpDetector()
        found = self._reader.read(data)
        if isinstance(found, HttpVersion):
            self.known = replace(self.known, application_protocols=(_PROTOCOLS[found],))
        return found is not None


def _address(address: IPAddress | str | None) -> IPAddress | None:
    return ip_address(address) if isinstance(address, str) else address
