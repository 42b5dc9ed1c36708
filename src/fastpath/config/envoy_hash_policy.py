"""What of a request is hashed for ring hash and Maglev (envoy.config.route.v3.RouteAction.HashPolicy)."""

from __future__ import annotations

from typing import Any

from ..models import HashPolicy, HashPolicyCookie
from .envoy_matcher import header_name, read_regex_rewrite
from .fields import Section

__all__ = ["read_hash_policies"]

_KINDS = ("header", "cookie", "connection_properties", "query_parameter", "filter_state")


def read_hash_policies(section: Section) -> tuple[HashPolicy, ...]:
    """A message's hash_policy. One that hashes nothing of the connection is left out, since it does nothing."""
    policies = map(_read_policy, section.sections("hash_policy"))
    return tuple(policy for policy in policies if policy is not None)


def _read_policy(section: Section) -> HashPolicy | None:
    kind = section.one_of("policy specifier", *_KINDS)
    content = section.section(kind) if kind is not None else None
    fields = _read_kind(kind, content) if kind is not None and content is not None else {}
    if content is not None:
        content.end()
    policy = HashPolicy(**fields, terminal=section.boolean("terminal"), position=section.position)
    section.end()
    return None if fields == {"source_ip": False} else policy


def _read_kind(kind: str, content: Section) -> dict[str, Any]:
    """The fields of a HashPolicy that say what is hashed."""
    if kind == "header":
        return {
            "header": header_name(content, "header_name", required=True),
            "header_rewrite": read_regex_rewrite(content.section("regex_rewrite")),
        }
    if kind == "cookie":
        return {"cookie": read_cookie(content)}
    if kind == "connection_properties":
        return {"source_ip": content.boolean("source_ip")}
    if kind == "query_parameter":
        return {"query_parameter": content.string("name", required=True)}
    return {"filter_state": content.string("key", required=True)}


def read_cookie(section: Section) -> HashPolicyCookie:
    """A Cookie. The caller ends it."""
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
