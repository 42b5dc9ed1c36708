"""Which requests a route takes (envoy.config.route.v3.RouteMatch)."""

from __future__ import annotations

from ..models import MetadataMatcher, RouteMatch, TlsContextMatch
from .envoy_matcher import (
    read_cookie_matcher,
    read_header_matcher,
    read_query_parameter_matcher,
    read_regex,
    read_runtime_fraction,
)
from .fields import Section

__all__ = ["read_route_match"]

_PATH_KINDS = (
    "prefix",
    "path",
    "path_separated_prefix",
    "safe_regex",
    "connect_matcher",
    "path_match_policy",
)
_URI_TEMPLATE = "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"


def read_route_match(section: Section) -> RouteMatch:
    """A RouteMatch."""
    kind = section.one_of("path specifier", *_PATH_KINDS)
    if kind == "connect_matcher":
        connect = section.section(kind)
        if connect is not None:
            connect.end()
    match = RouteMatch(
        prefix=section.header_text("prefix"),
        path=section.header_text("path"),
        path_separated_prefix=section.header_text("path_separated_prefix"),
        safe_regex=read_regex(section.section("safe_regex")),
        path_template=_read_template(section.section("path_match_policy")),
        connect_matcher=kind == "connect_matcher",
        case_sensitive=section.boolean("case_sensitive", default=True),
        headers=tuple(read_header_matcher(item) for item in section.sections("headers")),
        query_parameters=tuple(read_query_parameter_matcher(item) for item in section.sections("query_parameters")),
        cookies=tuple(read_cookie_matcher(item) for item in section.sections("cookies")),
        grpc=_read_grpc(section),
        runtime_fraction=read_runtime_fraction(section.section("runtime_fraction")),
        tls_context=_read_tls_context(section.section("tls_context")),
        dynamic_metadata=tuple(_read_metadata(item) for item in section.sections("dynamic_metadata")),
        position=section.position,
    )
    section.end()
    return match


def _read_template(section: Section | None) -> str | None:
    if section is None:
        return None
    section.string("name", required=True)
    config = section.typed("typed_config", _URI_TEMPLATE)
    section.end()
    if config is None:
        return ""
    template = config.string("path_template", required=True)
    config.end()
    return template


def _read_grpc(section: Section) -> bool:
    """GrpcRouteMatchOptions: an empty message that counts by being there."""
    grpc = section.section("grpc")
    if grpc is None:
        return False
    grpc.end()
    return True


def _read_tls_context(section: Section | None) -> TlsContextMatch | None:
    if section is None:
        return None
    match = TlsContextMatch(
        presented=section.boolean("presented") if section.get("presented") is not None else None,
        validated=section.boolean("validated") if section.get("validated") is not None else None,
    )
    section.end()
    return match


def _read_metadata(section: Section) -> MetadataMatcher:
    value = section.get("value", required=True)
    path = []
    for segment in section.sections("path"):
        path.append(segment.string("key", required=True))
        segment.end()
    if not path:
        section.error("has no path")
    content = value.plain() if value is not None else {}
    matcher = MetadataMatcher(
        filter=section.string("filter", required=True),
        path=tuple(path),
        value=content if isinstance(content, dict) else {},
        invert=section.boolean("invert"),
        position=section.position,
    )
    section.end()
    return matcher
