"""Forwarding: to which cluster, with what path and host, and how (envoy.config.route.v3.RouteAction)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...models import MaxStreamDuration, RequestMirrorPolicy, RouteAction, WeightedCluster
from ..envoy_route_action import NOT_FOUND_STATUS
from ..envoy_types import URI_TEMPLATE_REWRITE
from .fault import write_fault_of
from .fields import Json, changed, duration, extension, member, unwritable
from .hash_policy import write_hash_policies
from .header import write_header_mutations
from .matcher import write_regex_rewrite, write_runtime_fraction
from .metadata import write_metadata_match
from .retry import write_retry_policy

__all__ = ["write_action", "write_mirror_policies"]

_NOT_FOUND_NAMES = {status: code.name for code, status in NOT_FOUND_STATUS.items()}


def write_action(action: RouteAction) -> Json:
    """A RouteAction."""
    return {
        **changed(action, "cluster", "cluster_header"),
        **_write_weighted_clusters(action),
        **_write_rewrites(action),
        **_write_policies(action),
    }


def _write_weighted_clusters(action: RouteAction) -> Json:
    split = {
        **changed(action, "use_hash_policy"),
        **member("header_name", action.random_value_header),
        **member("clusters", [_write_weighted_cluster(each) for each in action.weighted_clusters]),
    }
    return member("weighted_clusters", split)


def _write_weighted_cluster(cluster: WeightedCluster) -> Json:
    return {
        **member("name", cluster.name),
        "weight": cluster.weight,
        **changed(cluster, "cluster_header", "host_rewrite_literal"),
        **changed(cluster, "metadata_match", write=write_metadata_match),
        **write_header_mutations(cluster.mutations),
        **write_fault_of(cluster.fault),
    }


def _write_rewrites(action: RouteAction) -> Json:
    return {
        **changed(action, "prefix_rewrite"),
        **changed(action, "regex_rewrite", "host_rewrite_path_regex", write=write_regex_rewrite),
        **_write_template(action.path_template_rewrite),
        **changed(action, "host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header"),
        **changed(action, "append_x_forwarded_host"),
    }


def _write_template(template: str | None) -> Json:
    if template is None:
        return {}
    name = "envoy.path.rewrite.uri_template.uri_template_rewriter"
    return {"path_rewrite_policy": extension(name, URI_TEMPLATE_REWRITE, {"path_template_rewrite": template})}


def _write_policies(action: RouteAction) -> Json:
    status = action.cluster_not_found_response_code
    if status not in _NOT_FOUND_NAMES:
        known = ", ".join(map(str, _NOT_FOUND_NAMES))
        raise unwritable(action.position, f"cluster_not_found_response_code is {status}, not one of {known}")
    return {
        **changed(action, "cluster_not_found_response_code", write=_NOT_FOUND_NAMES.__getitem__),
        **changed(action, "timeout", "idle_timeout", write=duration),
        **changed(action, "max_stream_duration", write=_write_max_stream_duration),
        **changed(action, "retry_policy", write=write_retry_policy),
        **changed(action, "request_mirror_policies", write=write_mirror_policies),
        **changed(action, "hash_policy", write=write_hash_policies),
        **changed(action, "metadata_match", write=write_metadata_match),
        **member("upgrade_configs", _write_upgrades(action.upgrade_types)),
    }


def _write_max_stream_duration(limits: MaxStreamDuration) -> Json:
    names = ("max_stream_duration", "grpc_timeout_header_max", "grpc_timeout_header_offset")
    return changed(limits, *names, write=duration)


def _write_upgrades(upgrades: Mapping[str, bool]) -> list[Json]:
    return [_write_upgrade(kind, enabled=enabled) for kind, enabled in upgrades.items()]


def _write_upgrade(kind: str, *, enabled: bool) -> Json:
    return {"upgrade_type": kind, **({} if enabled else {"enabled": False})}


def write_mirror_policies(policies: Iterable[RequestMirrorPolicy]) -> list[Json]:
    """RequestMirrorPolicies."""
    return [
        {
            **changed(policy, "cluster", "cluster_header"),
            **changed(policy, "runtime_fraction", write=write_runtime_fraction),
            **changed(policy, "disable_shadow_host_suffix_append"),
        }
        for policy in policies
    ]
