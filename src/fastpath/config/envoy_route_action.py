"""Forwarding: to which cluster, with what path and host, and how (envoy.config.route.v3.RouteAction)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from ..models import MaxStreamDuration, RequestMirrorPolicy, RouteAction, WeightedCluster
from .envoy_filters import read_filters
from .envoy_hash_policy import read_hash_policies
from .envoy_header import read_header_mutations
from .envoy_matcher import header_name, read_regex_rewrite, read_runtime_fraction
from .envoy_retry import read_retry_policy
from .envoy_types import URI_TEMPLATE_REWRITE
from .fields import UINT32_MAX, Section

__all__ = ["NOT_FOUND_STATUS", "read_action", "read_mirror_policies"]

_PATH_REWRITES = ("prefix_rewrite", "regex_rewrite", "path_rewrite_policy")
_HOST_REWRITES = ("host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header", "host_rewrite_path_regex")
_REWRITES = frozenset({*_PATH_REWRITES, *_HOST_REWRITES, "append_x_forwarded_host"})
_POLICIES = frozenset(
    {
        "idle_timeout",
        "max_stream_duration",
        "request_mirror_policies",
        "hash_policy",
        "metadata_match",
        "upgrade_configs",
        "cluster_not_found_response_code",
        "priority",
    }
)
_OPTIONAL_OF_SPLITS = frozenset({"total_weight", "runtime_key_prefix", "header_name", "use_hash_policy"})
_OPTIONAL_OF_SHARES = frozenset({"cluster_header", "host_rewrite_literal", "metadata_match", "typed_per_filter_config"})
_UNSUPPORTED = (
    "cluster_specifier_plugin",
    "cors",
    "early_data_policy",
    "flush_timeout",
    "grpc_timeout_offset",
    "hedge_policy",
    "include_vh_rate_limits",
    "inline_cluster_specifier_plugin",
    "internal_redirect_action",
    "internal_redirect_policy",
    "max_grpc_timeout",
    "max_internal_redirects",
    "rate_limits",
    "retry_policy_typed_config",
)
_UNSUPPORTED_OF_MIRRORS = ("host_rewrite_literal", "request_headers_mutations", "trace_sampled")


class _NotFoundCode(enum.Enum):
    SERVICE_UNAVAILABLE = 0
    NOT_FOUND = 1
    INTERNAL_SERVER_ERROR = 2


class _Priority(enum.Enum):
    DEFAULT = 0


NOT_FOUND_STATUS = {
    _NotFoundCode.SERVICE_UNAVAILABLE: 503,
    _NotFoundCode.NOT_FOUND: 404,
    _NotFoundCode.INTERNAL_SERVER_ERROR: 500,
}


def read_action(section: Section) -> RouteAction:
    """A RouteAction. Most routes have a cluster and little else, so the rest is asked for in groups."""
    fields: dict[str, Any] = {}
    kind = section.one_of("cluster specifier", "cluster", "cluster_header", "weighted_clusters")
    if kind == "cluster":
        fields["cluster"] = section.string("cluster", required=True)
    elif kind == "cluster_header":
        fields["cluster_header"] = header_name(section, "cluster_header")
    elif kind == "weighted_clusters":
        fields |= _read_weighted_clusters(section.section("weighted_clusters"))
    timeout = section.duration("timeout")
    if timeout is not None:
        fields["timeout"] = timeout
    fields["retry_policy"] = read_retry_policy(section)
    if not section.lacks(_REWRITES):
        fields |= _read_rewrites(section)
    if not section.lacks(_POLICIES):
        fields |= _read_policies(section)
    section.end(_UNSUPPORTED)
    return RouteAction(**fields, position=section.position)


def _read_rewrites(section: Section) -> dict[str, Any]:
    section.one_of("host rewrite", *_HOST_REWRITES, required=False)
    prefix_rewrite = section.header_text("prefix_rewrite") or None
    if prefix_rewrite is None:  # an empty one is none
        section.one_of("path rewrite", "regex_rewrite", "path_rewrite_policy", required=False)
    else:
        section.one_of("path rewrite", *_PATH_REWRITES, required=False)
    return {
        "prefix_rewrite": prefix_rewrite,
        "regex_rewrite": read_regex_rewrite(section.section("regex_rewrite")),
        "path_template_rewrite": _read_template_rewrite(section.section("path_rewrite_policy")),
        "host_rewrite_literal": section.header_text("host_rewrite_literal") or None,
        "auto_host_rewrite": section.boolean("auto_host_rewrite"),
        "host_rewrite_header": header_name(section, "host_rewrite_header", empty=True),
        "host_rewrite_path_regex": read_regex_rewrite(section.section("host_rewrite_path_regex")),
        "append_x_forwarded_host": section.boolean("append_x_forwarded_host"),
    }


def _read_policies(section: Section) -> dict[str, Any]:
    code = section.enum("cluster_not_found_response_code", _NotFoundCode, _NotFoundCode.SERVICE_UNAVAILABLE)
    section.enum("priority", _Priority, _Priority.DEFAULT, {"HIGH": 1})
    return {
        "cluster_not_found_response_code": NOT_FOUND_STATUS[code],
        "idle_timeout": section.duration("idle_timeout"),
        "max_stream_duration": _read_max_stream_duration(section.section("max_stream_duration")),
        "request_mirror_policies": read_mirror_policies(section),
        "hash_policy": read_hash_policies(section),
        "metadata_match": _read_metadata_match(section),
        "upgrade_types": _read_upgrades(section),
    }


def _read_template_rewrite(section: Section | None) -> str | None:
    if section is None:
        return None
    section.string("name", required=True)
    config = section.typed("typed_config", URI_TEMPLATE_REWRITE)
    section.end()
    if config is None:
        return ""
    rewrite = config.string("path_template_rewrite", required=True)
    config.end()
    return rewrite


def _read_max_stream_duration(section: Section | None) -> MaxStreamDuration | None:
    if section is None:
        return None
    names = ("max_stream_duration", "grpc_timeout_header_max", "grpc_timeout_header_offset")
    limits = MaxStreamDuration(*map(section.duration, names))
    section.end()
    return limits


def _read_weighted_clusters(split: Section | None) -> dict[str, Any]:
    """The clusters, and what chooses among them. Their total_weight is read over, as Envoy does: the sum counts."""
    if split is None:
        return {}
    clusters = tuple(_read_weighted_cluster(item) for item in split.sections("clusters"))
    total = sum(cluster.weight for cluster in clusters)
    if not clusters:
        split.error("has no clusters")
    elif not 1 <= total <= UINT32_MAX:
        split.error(f"the weights must sum to 1 up to {UINT32_MAX}, found {total}")
    fields: dict[str, Any] = {"weighted_clusters": clusters}
    if not split.lacks(_OPTIONAL_OF_SPLITS):
        fields |= _read_choice(split)
    split.end()
    return fields


def _read_choice(split: Section) -> dict[str, Any]:
    split.integer("total_weight")
    split.string("runtime_key_prefix")
    split.one_of("random value specifier", "header_name", "use_hash_policy", required=False)
    chooser = header_name(split, "header_name", empty=True)
    return {"random_value_header": chooser, "use_hash_policy": split.boolean("use_hash_policy")}


def _read_weighted_cluster(item: Section) -> WeightedCluster:
    item.one_of("cluster", "name", "cluster_header")
    weight = item.integer("weight", required=True)
    fields: dict[str, Any] = {} if item.lacks(_OPTIONAL_OF_SHARES) else _read_optional_of_share(item)
    fields |= read_header_mutations(item)
    cluster = WeightedCluster(
        name=item.string("name"),
        weight=weight or 0,
        **fields,
        position=item.position,
    )
    item.end()
    return cluster


def _read_optional_of_share(item: Section) -> dict[str, Any]:
    return {
        "cluster_header": header_name(item, "cluster_header") or "",
        "host_rewrite_literal": item.header_text("host_rewrite_literal") or None,
        "metadata_match": _read_metadata_match(item),
        **read_filters(item),
    }


def _read_metadata_match(parent: Section) -> Mapping[str, object]:
    """What of metadata_match counts: filter_metadata["envoy.lb"]."""
    section = parent.section("metadata_match")
    if section is None:
        return {}
    wanted: Mapping[str, object] = {}
    filters = section.get("filter_metadata")
    content = filters.raw if filters is not None else {}
    if filters is not None and not isinstance(content, dict):
        filters.expected("an object")
    elif isinstance(content, dict):
        wanted = content.get("envoy.lb", wanted)
        if filters is not None and not all(isinstance(each, dict) for each in content.values()):
            filters.error("holds an object for each filter")
    section.end(("typed_filter_metadata",))
    return wanted if isinstance(wanted, dict) else {}


def _read_upgrades(section: Section) -> dict[str, bool]:
    upgrades: dict[str, bool] = {}
    for item in section.sections("upgrade_configs"):
        kind = (item.header_text("upgrade_type") or "").lower()
        if not kind:
            item.error('"upgrade_type" is missing or empty')
        if kind in upgrades:
            item.error(f'there is another upgrade_type "{kind}"')
        upgrades[kind] = item.boolean("enabled", default=True)
        item.end(("connect_config",))
    return upgrades


def read_mirror_policies(section: Section) -> tuple[RequestMirrorPolicy, ...]:
    """A message's request_mirror_policies."""
    return tuple(_read_mirror_policy(item) for item in section.sections("request_mirror_policies"))


def _read_mirror_policy(section: Section) -> RequestMirrorPolicy:
    section.one_of("cluster", "cluster", "cluster_header")
    policy = RequestMirrorPolicy(
        cluster=section.string("cluster"),
        cluster_header=header_name(section, "cluster_header") or "",
        runtime_fraction=read_runtime_fraction(section.section("runtime_fraction")),
        disable_shadow_host_suffix_append=section.boolean("disable_shadow_host_suffix_append"),
        position=section.position,
    )
    section.end(_UNSUPPORTED_OF_MIRRORS)
    return policy
