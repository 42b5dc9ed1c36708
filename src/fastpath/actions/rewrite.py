"""What becomes of a request's path and host. Source: envoy.config.route.v3.RouteAction.

/old/a?q=1   prefix_rewrite "/new" of the prefix "/old"              /new/a?q=1
             regex_rewrite and path_template_rewrite                 the whole path, the query stays
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastpath._regex import Regex
from fastpath.models import RegexRewrite, RouteMatch
from fastpath.substitution.heads import HeaderSource, as_bytes
from fastpath.substitution.joined import join

from .template import parse_rewrite

__all__ = ["PathRewrite", "forwarded_host", "path_rewrite", "regex_replacement"]

PathRewrite = Callable[[bytes, Mapping[str, object]], bytes]
"""From a path without its query, and the match's params, to the new path; empty when there is nothing to change."""


def regex_replacement(rewrite: RegexRewrite) -> Callable[[bytes], bytes]:
    """Every match of the pattern replaced."""
    regex = Regex(rewrite.pattern, latin1=True)
    substitution = as_bytes(rewrite.substitution)
    replace_all = regex.replace_all

    def replace(text: bytes) -> bytes:
        return replace_all(substitution, text)

    return replace


def path_rewrite(
    match: RouteMatch,
    prefix_rewrite: str | None,
    regex_rewrite: RegexRewrite | None,
    template_rewrite: str | None = None,
) -> PathRewrite | None:
    """The rewrite that a route asks for; None for none."""
    if regex_rewrite is not None:
        replace = regex_replacement(regex_rewrite)
        return lambda path, params: replace(path)
    if template_rewrite is not None:
        return _template(template_rewrite)
    if not prefix_rewrite:
        return None
    rewrite = as_bytes(prefix_rewrite)
    covered = match.prefix if match.prefix is not None else match.path_separated_prefix
    covered = match.path if covered is None else covered
    covered = match.path_template if covered is None else covered
    if covered is None:
        return lambda path, params: rewrite
    length = len(as_bytes(covered))
    return lambda path, params: rewrite + path[length:]


def _template(rewrite: str) -> PathRewrite:
    parts = parse_rewrite(rewrite)

    def fill(path: bytes, params: Mapping[str, object]) -> bytes:
        filled = []
        for part in parts:
            if isinstance(part, bytes):
                filled.append(part)
            else:
                value = params.get(part, b"")
                filled.append(value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape"))
        return b"".join(filled)

    return fill


def forwarded_host(host: bytes, headers: HeaderSource) -> bytes | None:
    """x-forwarded-host with a host appended, None when that is its last value already, or empty."""
    known = join(headers.get_all(b"x-forwarded-host"))
    if not host or (known and known.rpartition(b",")[2] == host):
        return None
    return known + b"," + host if known else host
