"""Operators for the client's connection and both sides' TLS: addresses, certificates."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

from .registry import OPTIONAL, Kind, Reader, number_operator, operator, text_operator, time_operator

if TYPE_CHECKING:
    from .stream import Address, Certificate, StreamInfo, TlsInfo

__all__: list[str] = []


def _network(ip: str, bits: int) -> str:
    """The network of so many bits that an address is in; at most all of them."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((ip, min(bits, address.max_prefixlen)), strict=False))


def _address_operators(name: str, find: Callable[[StreamInfo], Address | None]) -> None:
    """%X_ADDRESS%, %X_ADDRESS_WITHOUT_PORT% and %X_PORT% of one address."""

    def with_port(stream: StreamInfo) -> str | None:
        address = find(stream)
        return None if address is None else str(address)

    def without_port(argument: str, length: int | None) -> Reader:
        bits = int(argument) if argument.isdecimal() and len(argument) < 10 else None

        def read(stream: StreamInfo) -> str | None:
            address = find(stream)
            if address is None or bits is None:
                return None if address is None else address.ip
            return _network(address.ip, bits)

        return Reader(Kind.TEXT, read)

    def port(stream: StreamInfo) -> int | None:
        address = find(stream)
        return None if address is None else address.port

    text_operator(f"{name}_ADDRESS", with_port)
    operator(f"{name}_ADDRESS_WITHOUT_PORT", OPTIONAL)(without_port)
    number_operator(f"{name}_PORT", port)


def _downstream_address(side: str, direct: bool) -> Callable[[StreamInfo], Address | None]:
    def find(stream: StreamInfo) -> Address | None:
        connection = stream.connection
        if connection is None:
            return None
        if side == "remote":
            return (connection.direct_remote if direct else None) or connection.remote
        return (connection.direct_local if direct else None) or connection.local

    return find


def _upstream_address(side: str) -> Callable[[StreamInfo], Address | None]:
    def find(stream: StreamInfo) -> Address | None:
        upstream = stream.upstream
        if upstream is None:
            return None
        return upstream.remote if side == "remote" else upstream.local

    return find


for _side in ("remote", "local"):
    _address_operators(f"DOWNSTREAM_{_side.upper()}", _downstream_address(_side, False))
    _address_operators(f"DOWNSTREAM_DIRECT_{_side.upper()}", _downstream_address(_side, True))
    _address_operators(f"UPSTREAM_{_side.upper()}", _upstream_address(_side))


def _connection_text(name: str, field: str, *, underscores: bool = False) -> None:
    def read(stream: StreamInfo) -> str | None:
        connection = stream.connection
        value: str | None = getattr(connection, field) if connection is not None else None
        return (value.replace(" ", "_") if underscores else value) if value else None

    text_operator(name, read)


number_operator("CONNECTION_ID", lambda stream: 0 if stream.connection is None else stream.connection.id, total=True)
_connection_text("TLS_JA3_FINGERPRINT", "ja3")
_connection_text("TLS_JA4_FINGERPRINT", "ja4")
_connection_text("FILTER_CHAIN_NAME", "filter_chain_name")
_connection_text("CONNECTION_TERMINATION_DETAILS", "termination_details")
_connection_text("DOWNSTREAM_TRANSPORT_FAILURE_REASON", "transport_failure_reason", underscores=True)
_connection_text("DOWNSTREAM_LOCAL_CLOSE_REASON", "local_close_reason")
_connection_text("DOWNSTREAM_DETECTED_CLOSE_TYPE", "detected_close_type")


_FIELDS = {
    "SUBJECT": "subject",
    "ISSUER": "issuer",
    "SERIAL": "serial",
    "CERT": "pem",
    "URI_SAN": "uri_sans",
    "DNS_SAN": "dns_sans",
    "IP_SAN": "ip_sans",
    "EMAIL_SAN": "email_sans",
    "OTHERNAME_SAN": "othername_sans",
    "FINGERPRINT_256": "sha256",
    "FINGERPRINT_1": "sha1",
    "CHAIN_FINGERPRINTS_256": "chain_sha256",
    "CHAIN_FINGERPRINTS_1": "chain_sha1",
    "CHAIN_SERIALS": "chain_serials",
}
_SANS = ("URI_SAN", "DNS_SAN", "IP_SAN")
_CERTIFICATES = {
    "DOWNSTREAM_PEER": tuple(_FIELDS),
    "DOWNSTREAM_LOCAL": ("SUBJECT", *_SANS, "EMAIL_SAN", "OTHERNAME_SAN"),
    "UPSTREAM_PEER": ("SUBJECT", "ISSUER", "CERT", *_SANS),
    "UPSTREAM_LOCAL": _SANS,
}


def _tls(stream: StreamInfo, downstream: bool) -> TlsInfo | None:
    owner = stream.connection if downstream else stream.upstream
    return None if owner is None else owner.tls


def _certificate(stream: StreamInfo, owner: str) -> Certificate | None:
    tls = _tls(stream, owner.startswith("DOWNSTREAM"))
    if tls is None:
        return None
    return tls.peer if owner.endswith("PEER") else tls.local


def _certificate_text(owner: str, what: str) -> None:
    field = _FIELDS[what]

    def read(stream: StreamInfo) -> str | None:
        certificate = _certificate(stream, owner)
        if certificate is None:
            return None
        value = getattr(certificate, field)
        return (value if isinstance(value, str) else ",".join(value)) or None

    text_operator(f"{owner}_{what}", read)


for _owner, _parts in _CERTIFICATES.items():
    for _part in _parts:
        _certificate_text(_owner, _part)


def _validity(owner: str, edge: str, field: str) -> None:
    def when(stream: StreamInfo) -> float | None:
        certificate = _certificate(stream, owner)
        return None if certificate is None else getattr(certificate, field)

    time_operator(f"{owner}_CERT_V_{edge}", when)


def _tls_text(side: str, what: str, field: str) -> None:
    def read(stream: StreamInfo) -> str | None:
        tls = _tls(stream, side == "DOWNSTREAM")
        return getattr(tls, field) or None if tls is not None else None

    text_operator(f"{side}_TLS_{what}", read)


for _side in ("DOWNSTREAM", "UPSTREAM"):
    _validity(f"{_side}_PEER", "START", "not_before")
    _validity(f"{_side}_PEER", "END", "not_after")
    for _what, _field in (("VERSION", "version"), ("CIPHER", "cipher"), ("SESSION_ID", "session_id")):
        _tls_text(_side, _what, _field)
