"""What is known of a request, its connections and its response: all that operators read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastpath._http import Request

from .heads import HeaderSource, RequestHead

__all__ = ["Address", "Certificate", "ConnectionInfo", "StreamInfo", "TlsInfo", "UpstreamInfo"]

_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address and a port."""

    ip: str
    port: int = 0

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


@dataclass(slots=True)
class Certificate:
    """What of a certificate can be logged. Times are seconds since 1970."""

    subject: str = ""
    issuer: str = ""
    serial: str = ""
    uri_sans: Sequence[str] = ()
    dns_sans: Sequence[str] = ()
    ip_sans: Sequence[str] = ()
    email_sans: Sequence[str] = ()
    othername_sans: Sequence[str] = ()
    sha256: str = ""
    """The fingerprint, in hexadecimal."""
    sha1: str = ""
    pem: str = ""
    """URL-encoded."""
    not_before: float | None = None
    not_after: float | None = None
    chain_sha256: Sequence[str] = ()
    chain_sha1: Sequence[str] = ()
    chain_serials: Sequence[str] = ()


@dataclass(slots=True)
class TlsInfo:
    """One side's view of a TLS connection."""

    version: str = ""
    """ "TLSv1.3"."""
    cipher: str = ""
    session_id: str = ""
    peer: Certificate | None = None
    local: Certificate | None = None


@dataclass(slots=True)
class ConnectionInfo:
    """The client's connection: made once, for all its requests."""

    remote: Address | None = None
    """The client as the connection manager sees it, which x-forwarded-for may have had a say in."""
    local: Address | None = None
    direct_remote: Address | None = None
    """The peer of the socket; None: the same as `remote`."""
    direct_local: Address | None = None
    id: int = 0
    tls: TlsInfo | None = None
    requested_server_name: str = ""
    ja3: str = ""
    ja4: str = ""
    filter_chain_name: str = ""
    termination_details: str | None = None
    transport_failure_reason: str = ""
    local_close_reason: str = ""
    detected_close_type: str = ""


@dataclass(slots=True)
class UpstreamInfo:
    """The host of the latest attempt, and the connection to it."""

    cluster: str = ""
    host: Address | None = None
    hostname: str = ""
    """As configured; may have a port."""
    remote: Address | None = None
    local: Address | None = None
    protocol: str | None = None
    connection_id: int = 0
    tls: TlsInfo | None = None
    attempts: int = 0
    """How often the request was tried."""
    metadata: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """The endpoint's."""
    cluster_metadata: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    filter_state: Mapping[str, object] = field(default_factory=dict)
    transport_failure_reason: str = ""
    local_close_reason: str = ""
    detected_close_type: str = ""
    pool_ready_duration: float | None = None
    """Seconds until a connection was there."""
    hosts_attempted: Sequence[str] = ()
    host_names_attempted: Sequence[str] = ()
    connection_ids_attempted: Sequence[int] = ()
    wire_bytes_received: int = 0
    wire_bytes_sent: int = 0
    header_bytes_received: int = 0
    header_bytes_sent: int = 0


class StreamInfo:
    """One request and what became of it. All that is not known stays as it is here.

    `times` holds seconds of one steady clock by Envoy's names of points in time: DS_RX_BEG (the request began),
    DS_RX_END, US_CX_BEG, US_CX_END, US_HS_END, US_TX_BEG, US_TX_END, US_RX_BEG, US_RX_BODY_BEG, US_RX_END, DS_TX_BEG,
    DS_TX_END, and names of the user's own. DURATION counts up to "NOW" when that is there, else to DS_TX_END.
    """

    __slots__ = (
        "access_log_type",
        "bytes_received",
        "bytes_sent",
        "connection",
        "custom_flags",
        "downstream_header_bytes_received",
        "downstream_header_bytes_sent",
        "downstream_wire_bytes_received",
        "downstream_wire_bytes_sent",
        "dynamic_metadata",
        "filter_state",
        "head",
        "local_reply_body",
        "protocol",
        "response_code",
        "response_code_details",
        "response_flags",
        "response_headers",
        "response_status",
        "response_trailers",
        "route_metadata",
        "route_name",
        "span_id",
        "start_time",
        "stream_id",
        "times",
        "trace_id",
        "upstream",
        "virtual_cluster_name",
        "virtual_host_name",
    )

    def __init__(
        self,
        request: Request | RequestHead | None = None,
        connection: ConnectionInfo | None = None,
        *,
        start_time: float | None = None,
        protocol: str | None = "HTTP/1.1",
    ):
        self.head: RequestHead | None = RequestHead.of(request) if isinstance(request, Request) else request
        """The request as it is now: what was received, and once it was made ready for the upstream, that."""
        self.connection = connection
        self.start_time = start_time
        """Seconds since 1970 when the request began."""
        self.protocol = protocol
        self.upstream: UpstreamInfo | None = None
        self.times: dict[str, float] = {}
        self.response_code = 0
        """Of the response that was sent; 0 until then. An upstream's counts as soon as it is here."""
        self.response_status: int | None = None
        """The :status of the response whose header fields are read."""
        self.response_code_details: str | None = None
        self.response_flags: tuple[str, ...] = ()
        """Short names ("UF", "NR")."""
        self.response_headers: HeaderSource | None = None
        self.response_trailers: HeaderSource | None = None
        self.bytes_received = 0
        """Of the request's body."""
        self.bytes_sent = 0
        """Of the response's body."""
        self.downstream_wire_bytes_received = 0
        self.downstream_wire_bytes_sent = 0
        self.downstream_header_bytes_received = 0
        self.downstream_header_bytes_sent = 0
        self.route_name = ""
        self.route_metadata: Mapping[str, Mapping[str, object]] = _NOTHING  # type: ignore[assignment]
        self.virtual_host_name = ""
        self.virtual_cluster_name: str | None = None
        self.dynamic_metadata: Mapping[str, Mapping[str, object]] = _NOTHING  # type: ignore[assignment]
        self.filter_state: Mapping[str, object] = _NOTHING
        self.local_reply_body = b""
        self.access_log_type = "NotSet"
        self.custom_flags = ""
        self.stream_id: str | None = None
        self.trace_id: str | None = None
        self.span_id: str | None = None
