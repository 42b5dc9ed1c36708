"""Which requests a route takes (envoy.config.route.v3.RouteMatch)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ...models import RouteMatch, TlsContextMatch
from ..envoy_types import URI_TEMPLATE_MATCH
from .attributes import write_filter_state_matcher, write_metadata_matcher
from .fields import Json, changed, extension
from .matcher import (
    write_cookie_matcher,
    write_header_matchers,
    write_query_parameter_matcher,
    write_regex,
    write_runtime_fraction,
)

__all__ = ["write_route_match"]

M = TypeVar("M")


def write_route_match(match: RouteMatch) -> Json:
    """A RouteMatch."""
    return {
        **changed(match, "prefix", "path", "path_separated_prefix"),
        **changed(match, "safe_regex", write=write_regex),
        **_write_template(match.path_template),
        **changed(match, "connect_matcher", write=_empty),
        **changed(match, "case_sensitive"),
        **changed(match, "headers", write=write_header_matchers),
        **changed(match, "query_parameters", write=_each(write_query_parameter_matcher)),
        **changed(match, "cookies", write=_each(write_cookie_matcher)),
        **changed(match, "grpc", write=_empty),
        **changed(match, "runtime_fraction", write=write_runtime_fraction),
        **changed(match, "tls_context", write=_write_tls_context),
        **changed(match, "dynamic_metadata", write=_each(write_metadata_matcher)),
        **changed(match, "filter_state", write=_each(write_filter_state_matcher)),
    }


def _write_template(template: str | None) -> Json:
    if template is None:
        return {}
    name = "envoy.path.match.uri_template.uri_template_matcher"
    return {"path_match_policy": extension(name, URI_TEMPLATE_MATCH, {"path_template": template})}


def _write_tls_context(match: TlsContextMatch) -> Json:
    return changed(match, "presented", "validated")


def _empty(_: object) -> Json:
    """A message that counts by being there."""
    return {}


def _each(write: Callable[[M], Json]) -> Callable[[Iterable[M]], list[Json]]:
    return lambda models: [write(each) for each in models]
