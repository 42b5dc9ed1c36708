"""How a cluster's hosts are spoken to (envoy.extensions.upstreams.http.v3.HttpProtocolOptions)."""

from __future__ import annotations

from .envoy_types import HTTP_PROTOCOL_OPTIONS
from .fields import Section

__all__ = ["read_http2"]


def read_http2(section: Section) -> bool:
    """Whether a Cluster asks for HTTP/2. None of the options of the protocols is there."""
    listed = section.section("typed_extension_protocol_options")
    found = False
    if listed is not None:
        options = listed.typed(HTTP_PROTOCOL_OPTIONS, HTTP_PROTOCOL_OPTIONS)
        if options is not None:
            found = _read_options(options)
        listed.end()
    return found


def _read_options(section: Section) -> bool:
    explicit = section.section("explicit_http_config", required=True)
    section.end(("use_downstream_protocol_config", "auto_config", "common_http_protocol_options"))
    if explicit is None:
        return False
    protocols = ("http_protocol_options", "http2_protocol_options", "http3_protocol_options")
    kind = explicit.one_of("protocol", *protocols)
    options = explicit.section(kind) if kind is not None else None
    if kind == protocols[2]:
        explicit.error(f"the field {kind!r} is not supported")
    elif options is not None:
        options.end()
    explicit.end()
    return kind == protocols[1]
