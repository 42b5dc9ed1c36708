"""Which requests a route takes (envoy.config.route.v3.RouteMatch)."""

from __future__ import annotations

from typing import Any

from ..models import RouteMatch, TlsContextMatch
from .envoy_attributes import read_filter_state_matcher, read_metadata_matcher
from .envoy_matcher import (
    read_cookie_matcher,
    read_header_matcher,
    read_query_parameter_matcher,
    read_regex,
    read_runtime_fraction,
)
from .envoy_types import URI_TEMPLATE_MATCH
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
_CONDITIONS = frozenset(
    {
        "query_parameters",
        "cookies",
        "grpc",
        "runtime_fraction",
        "tls_context",
        "dynamic_metadata",
        "filter_state",
    }
)


def read_route_match(section: Section) -> RouteMatch:
    """A RouteMatch."""
    kind = section.one_of("path specifier", *_PATH_KINDS)
    fields = _read_path(section, kind) if kind is not None else {}
    if not section.boolean("case_sensitive", default=True):
        fields["case_sensitive"] = False
    fields["headers"] = tuple(map(read_header_matcher, section.sections("headers")))
    if not section.lacks(_CONDITIONS):
        fields |= _read_conditions(section)
    section.end()
    return RouteMatch(**fields, position=section.position)


def _read_path(section: Section, kind: str) -> dict[str, Any]:
    if kind == "safe_regex":
        return {kind: read_regex(section.section(kind))}
    if kind == "path_match_policy":
        return {"path_template": _read_template(section.section(kind))}
    if kind == "connect_matcher":
        connect = section.section(kind)
        if connect is not None:
            connect.end()
        return {kind: True}
    return {kind: section.header_text(kind)}


def _read_template(section: Section | None) -> str:
    if section is None:
        return ""
    section.string("name", required=True)
    config = section.typed("typed_config", URI_TEMPLATE_MATCH)
    section.end()
    if config is None:
        return ""
    template = config.string("path_template", required=True)
    config.end()
    return template


def _read_conditions(section: Section) -> dict[str, Any]:
    return {
        "query_parameters": tuple(map(read_query_parameter_matcher, section.sections("query_parameters"))),
        "cookies": tuple(map(read_cookie_matcher, section.sections("cookies"))),
        "grpc": _read_grpc(section),
        "runtime_fraction": read_runtime_fraction(section.section("runtime_fraction")),
        "tls_context": _read_tls_context(section.section("tls_context")),
        "dynamic_metadata": tuple(map(read_metadata_matcher, section.sections("dynamic_metadata"))),
        "filter_state": tuple(map(read_filter_state_matcher, section.sections("filter_state"))),
    }


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
