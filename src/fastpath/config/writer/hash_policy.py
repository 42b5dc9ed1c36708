"""What of a request is hashed (envoy.config.route.v3.RouteAction.HashPolicy)."""

from __future__ import annotations

from collections.abc import Iterable

from ...models import HashPolicy, HashPolicyCookie
from .fields import Json, changed, duration, member
from .matcher import write_regex_rewrite

__all__ = ["write_cookie", "write_hash_policies"]


def write_hash_policies(policies: Iterable[HashPolicy]) -> list[Json]:
    """HashPolicies."""
    return [{**_write_kind(each), **changed(each, "terminal")} for each in policies]


def _write_kind(policy: HashPolicy) -> Json:
    kinds: Json = {}
    if policy.header is not None:
        rewrite = policy.header_rewrite
        kinds["header"] = {
            "header_name": policy.header,
            **member("regex_rewrite", write_regex_rewrite(rewrite) if rewrite is not None else None),
        }
    if policy.cookie is not None:
        kinds["cookie"] = write_cookie(policy.cookie)
    if policy.source_ip:
        kinds["connection_properties"] = {"source_ip": True}
    if policy.query_parameter is not None:
        kinds["query_parameter"] = {"name": policy.query_parameter}
    if policy.filter_state is not None:
        kinds["filter_state"] = {"key": policy.filter_state}
    return kinds


def write_cookie(cookie: HashPolicyCookie) -> Json:
    """A Cookie."""
    return {
        "name": cookie.name,
        **changed(cookie, "ttl", write=duration),
        **changed(cookie, "path"),
        **changed(cookie, "attributes", write=_write_attributes),
    }


def _write_attributes(attributes: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in attributes]
