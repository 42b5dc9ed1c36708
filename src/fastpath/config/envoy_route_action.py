"""What becomes of a request: forwarding, redirects, direct responses (envoy.config.route.v3)."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from ..models import (
    DirectResponse,
    HashPolicy,
    HashPolicyCookie,
    RedirectAction,
    RequestMirrorPolicy,
    RouteAction,
    WeightedCluster,
)
from .envoy_header import read_header_mutations
from .envoy_matcher import header_name, read_regex_rewrite, read_runtime_fraction
from .envoy_retry import read_retry_policy
from .fields import UINT32_MAX, Section

__all__ = ["read_action", "read_direct_response", "read_mirror_policies", "read_redirect"]

_TEMPLATE_REWRITE = "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig"
_HOST_REWRITES = ("host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header", "host_rewrite_path_regex")


class _RedirectCode(enum.Enum):
    MOVED_PERMANENTLY = 0
    FOUND = 1
    SEE_OTHER = 2
    TEMPORARY_REDIRECT = 3
    PERMANENT_REDIRECT = 4


class _NotFoundCode(enum.Enum):
    SERVICE_UNAVAILABLE = 0
    NOT_FOUND = 1
    INTERNAL_SERVER_ERROR = 2


class _Priority(enum.Enum):
    DEFAULT = 0


_REDIRECT_STATUS = {
    _RedirectCode.MOVED_PERMANENTLY: 301,
    _RedirectCode.FOUND: 302,
    _RedirectCode.SEE_OTHER: 303,
    _RedirectCode.TEMPORARY_REDIRECT: 307,
    _RedirectCode.PERMANENT_REDIRECT: 308,
}
_NOT_FOUND_STATUS = {
    _NotFoundCode.SERVICE_UNAVAILABLE: 503,
    _NotFoundCode.NOT_FOUND: 404,
    _NotFoundCode.INTERNAL_SERVER_ERROR: 500,
}


def read_action(section: Section) -> RouteAction:
    """A RouteAction."""
    kind = section.one_of("cluster specifier", "cluster", "cluster_header", "weighted_clusters")
    section.one_of("path rewrite", "prefix_rewrite", "regex_rewrite", "path_rewrite_policy", required=False)
    section.one_of("host rewrite", *_HOST_REWRITES, required=False)
    timeout = section.duration("timeout")
    code = section.enum("cluster_not_found_response_code", _NotFoundCode, _NotFoundCode.SERVICE_UNAVAILABLE)
    section.enum("priority", _Priority, _Priority.DEFAULT, {"HIGH": 1})
    clusters, random_value_header, use_hash_policy = _read_weighted_clusters(section.section("weighted_clusters"))
    action = RouteAction(
        cluster=section.string("cluster", required=True) if kind == "cluster" else None,
        weighted_clusters=clusters,
        cluster_header=header_name(section, "cluster_header"),
        random_value_header=random_value_header,
        use_hash_policy=use_hash_policy,
        cluster_not_found_response_code=_NOT_FOUND_STATUS[code],
        prefix_rewrite=section.header_text("prefix_rewrite") or None,
        regex_rewrite=read_regex_rewrite(section.section("regex_rewrite")),
        path_template_rewrite=_read_template_rewrite(section.section("path_rewrite_policy")),
        host_rewrite_literal=section.header_text("host_rewrite_literal") or None,
        auto_host_rewrite=section.boolean("auto_host_rewrite"),
        host_rewrite_header=header_name(section, "host_rewrite_header"),
        host_rewrite_path_regex=read_regex_rewrite(section.section("host_rewrite_path_regex")),
        append_x_forwarded_host=section.boolean("append_x_forwarded_host"),
        timeout=15.0 if timeout is None else timeout,
        idle_timeout=section.duration("idle_timeout"),
        retry_policy=read_retry_policy(section),
        request_mirror_policies=read_mirror_policies(section),
        hash_policy=tuple(_read_hash_policy(item) for item in section.sections("hash_policy")),
        metadata_match=_read_metadata_match(section.section("metadata_match")),
        upgrade_types=_read_upgrades(section),
        position=section.position,
    )
    section.end()
    return action


def _read_template_rewrite(section: Section | None) -> str | None:
    if section is None:
        return None
    section.string("name", required=True)
    config = section.typed("typed_config", _TEMPLATE_REWRITE)
    section.end()
    if config is None:
        return ""
    rewrite = config.string("path_template_rewrite", required=True)
    config.end()
    return rewrite


def _read_weighted_clusters(split: Section | None) -> tuple[tuple[WeightedCluster, ...], str | None, bool]:
    """The clusters, the header that chooses among them, and whether the request's hash does."""
    if split is None:
        return (), None, False
    clusters = tuple(_read_weighted_cluster(item) for item in split.sections("clusters"))
    total = sum(cluster.weight for cluster in clusters)
    if not clusters:
        split.error("has no clusters")
    elif not 1 <= total <= UINT32_MAX:
        split.error(f"the weights must sum to 1 up to {UINT32_MAX}, found {total}")
    expected = split.integer("total_weight", 1)
    if expected is not None and expected != total:
        split.error(f"the weights sum to {total}, but total_weight says {expected}")
    split.string("runtime_key_prefix")
    split.one_of("random value specifier", "header_name", "use_hash_policy", required=False)
    chooser = header_name(split, "header_name")
    use_hash_policy = split.boolean("use_hash_policy")
    split.end()
    return clusters, chooser, use_hash_policy


def _read_weighted_cluster(item: Section) -> WeightedCluster:
    item.one_of("cluster", "name", "cluster_header")
    cluster = WeightedCluster(
        name=item.string("name"),
        weight=item.integer("weight") or 0,
        cluster_header=header_name(item, "cluster_header") or "",
        mutations=read_header_mutations(item),
        host_rewrite_literal=item.header_text("host_rewrite_literal") or None,
        metadata_match=_read_metadata_match(item.section("metadata_match")),
        position=item.position,
    )
    item.end()
    return cluster


def _read_metadata_match(section: Section | None) -> Mapping[str, object]:
    """What of metadata_match counts: filter_metadata["envoy.lb"]."""
    if section is None:
        return {}
    filters = section.section("filter_metadata")
    wanted: Mapping[str, object] = {}
    if filters is not None:
        criteria = filters.get("envoy.lb")
        content = criteria.plain() if criteria is not None else {}
        wanted = content if isinstance(content, dict) else {}
    section.end()
    return wanted


def _read_upgrades(section: Section) -> dict[str, bool]:
    upgrades: dict[str, bool] = {}
    for item in section.sections("upgrade_configs"):
        kind = item.string("upgrade_type", required=True).lower()
        if kind in upgrades:
            item.error(f'there is another upgrade_type "{kind}"')
        upgrades[kind] = item.boolean("enabled", default=True)
        item.end()
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
    section.end()
    return policy


def _read_hash_policy(section: Section) -> HashPolicy:
    kinds = ("header", "cookie", "connection_properties", "query_parameter", "filter_state")
    kind = section.one_of("policy specifier", *kinds)
    content = section.section(kind) if kind is not None else None
    header = query = state = None
    rewrite = None
    cookie = None
    source_ip = False
    if content is not None:
        if kind == "header":
            header = header_name(content, "header_name", required=True)
            rewrite = read_regex_rewrite(content.section("regex_rewrite"))
        elif kind == "cookie":
            cookie = _read_cookie(content)
        elif kind == "connection_properties":
            source_ip = content.boolean("source_ip")
        elif kind == "query_parameter":
            query = content.string("name", required=True)
        else:
            state = content.string("key", required=True)
        content.end()
    policy = HashPolicy(
        header=header,
        header_rewrite=rewrite,
        cookie=cookie,
        source_ip=source_ip,
        query_parameter=query,
        filter_state=state,
        terminal=section.boolean("terminal"),
        position=section.position,
    )
    section.end()
    return policy


def _read_cookie(section: Section) -> HashPolicyCookie:
    attributes = []
    for item in section.sections("attributes"):
        attributes.append((item.string("name", required=True), item.header_text("value") or ""))
        item.end()
    return HashPolicyCookie(
        name=section.string("name", required=True),
        ttl=section.duration("ttl"),
        path=section.header_text("path") or "",
        attributes=tuple(attributes),
    )


def read_direct_response(section: Section) -> DirectResponse:
    """A DirectResponseAction."""
    status = section.get("status", required=True)
    number = status.integer(200, 599) if status is not None else None
    body = section.section("body")
    content = b""
    if body is not None:
        kind = body.one_of("body", "inline_string", "inline_bytes")
        if kind == "inline_string":
            content = body.string("inline_string").encode()
        elif kind == "inline_bytes":
            value = body.get("inline_bytes")
            content = value.base64() if value is not None else b""
        body.end()
    section.end()
    return DirectResponse(number or 500, content, position=section.position)


def read_redirect(section: Section) -> RedirectAction:
    """A RedirectAction."""
    section.one_of("scheme rewrite", "https_redirect", "scheme_redirect", required=False)
    section.one_of("path rewrite", "path_redirect", "prefix_rewrite", "regex_rewrite", required=False)
    code = section.enum("response_code", _RedirectCode, _RedirectCode.MOVED_PERMANENTLY)
    action = RedirectAction(
        response_code=_REDIRECT_STATUS[code],
        https_redirect=section.boolean("https_redirect"),
        host_redirect=section.header_text("host_redirect") or None,
        path_redirect=section.header_text("path_redirect") or None,
        prefix_rewrite=section.header_text("prefix_rewrite"),
        strip_query=section.boolean("strip_query"),
        scheme_redirect=section.header_text("scheme_redirect") or None,
        port_redirect=section.integer("port_redirect", 0, 65535) or None,
        regex_rewrite=read_regex_rewrite(section.section("regex_rewrite")),
        position=section.position,
    )
    section.end()
    return action
