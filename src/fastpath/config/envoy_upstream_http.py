"""How a cluster's hosts are spoken to (envoy.extensions.upstreams.http.v3.HttpProtocolOptions)."""

from __future__ import annotations

from typing import NamedTuple

from .envoy_types import HTTP_PROTOCOL_OPTIONS
from .fields import Section

__all__ = ["UpstreamHttp", "read_upstream_http"]


class UpstreamHttp(NamedTuple):
    """What is told: the protocol, and what of requests names the server in TLS."""

    http2: bool = False
    auto_sni: bool = False
    auto_san_validation: bool = False


def read_upstream_http(section: Section) -> UpstreamHttp:
    """Of a Cluster. None of the options of the protocols is there."""
    listed = section.section("typed_extension_protocol_options")
    found = UpstreamHttp()
    if listed is not None:
        options = listed.typed(HTTP_PROTOCOL_OPTIONS, HTTP_PROTOCOL_OPTIONS)
        if options is not None:
            found = _read_options(options)
        listed.end()
    return found


def _read_options(section: Section) -> UpstreamHttp:
    explicit = section.section("explicit_http_config", required=True)
    names = section.section("upstream_http_protocol_options")
    section.end(("use_downstream_protocol_config", "auto_config", "common_http_protocol_options"))
    found = UpstreamHttp()
    if names is not None:
        found = UpstreamHttp(
            auto_sni=names.boolean("auto_sni"), auto_san_validation=names.boolean("auto_san_validation")
        )
        names.end(("override_auto_sni_header",))
    return found if explicit is None else found._replace(http2=_is_http2(explicit))


def _is_http2(explicit: Section) -> bool:
    protocols = ("http_protocol_options", "http2_protocol_options", "http3_protocol_options")
    kind = explicit.one_of("protocol", *protocols)
    options = explicit.section(kind) if kind is not None else None
    if kind == protocols[2]:
        explicit.error(f"the field {kind!r} is not supported")
    elif options is not None:
        options.end()
    explicit.end()
    return kind == protocols[1]
