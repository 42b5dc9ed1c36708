"""Filters of rules and backends: header modifiers, redirects, rewrites, mirrors.

Source: https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ...models import (
    DenominatorType,
    FractionalPercent,
    HeaderAppendAction,
    HeaderMatcher,
    HeaderMutations,
    HeaderValueOption,
    RedirectAction,
    RegexRewrite,
    RequestMirrorPolicy,
    Route,
    RuntimeFraction,
    StringMatcher,
)
from ..fields import UINT32_MAX, Section, is_token
from ..kubernetes_fields import choice, host_name, integer, port_number
from ..node import shorten
from .references import Problem, ReferenceReader

__all__ = ["Filters", "PathModifier", "Redirect", "read_filters"]

_TYPES = {
    "RequestHeaderModifier": "requestHeaderModifier",
    "ResponseHeaderModifier": "responseHeaderModifier",
    "RequestRedirect": "requestRedirect",
    "URLRewrite": "urlRewrite",
    "RequestMirror": "requestMirror",
    "ExtensionRef": "extensionRef",
    "CORS": "cors",
    "ExternalAuth": "externalAuth",
}
_STATUS_CODES = (301, 302, 303, 307, 308)
_WELL_KNOWN = {"http": 80, "https": 443}
_HOST_WITH_PORT = HeaderMatcher(":authority", StringMatcher(safe_regex=".*:[0-9]+"))


@dataclass(frozen=True, slots=True)
class PathModifier:
    """A whole new path, or what takes the place of the prefix that matched."""

    full: str | None = None
    prefix: str | None = None

    def rewrite(self, matched: str) -> dict[str, Any]:
        """Fields of RouteAction; `matched` is the prefix without a slash at its end."""
        if self.full is not None:
            return {"regex_rewrite": RegexRewrite("^/.*$", self.full.replace("\\", "\\\\"))}
        return self._replace_prefix(matched)

    def redirect(self, matched: str) -> dict[str, Any]:
        """Fields of RedirectAction."""
        return {"path_redirect": self.full} if self.full is not None else self._replace_prefix(matched)

    def _replace_prefix(self, matched: str) -> dict[str, Any]:
        """Prefixes are replaced element by element: "/a" by "" or "/" in "/a/b" gives "/b", and in "/a" gives "/"."""
        replacement = (self.prefix or "").rstrip("/")
        if not matched:
            return {"prefix_rewrite": f"{replacement}/"} if replacement else {}
        if replacement:
            return {"prefix_rewrite": replacement}
        return {"regex_rewrite": RegexRewrite(f"^{re.escape(matched)}/?", "/")}


@dataclass(frozen=True, slots=True)
class Redirect:
    """A RequestRedirect; what it does not say comes from the request and the listener."""

    scheme: str | None = None
    hostname: str | None = None
    port: int | None = None
    status: int = 302
    path: PathModifier = PathModifier()

    def routes(self, whole: Route, matched: str, listener_scheme: str, listener_port: int) -> Iterator[Route]:
        """For requests that came to a listener. A port that the scheme implies is written to hosts with one only."""
        scheme = self.scheme or listener_scheme
        port = self.port
        if port is None:
            port = listener_port if self.scheme is None else _WELL_KNOWN[scheme]
        action = RedirectAction(
            response_code=self.status,
            scheme_redirect="https" if scheme == "https" else self.scheme,
            host_redirect=self.hostname,
            port_redirect=port,
            **(self.path.redirect(matched) if self.path != PathModifier() else {}),
        )
        if port == _WELL_KNOWN[scheme]:
            if self.hostname is None:
                match = replace(whole.match, headers=(*whole.match.headers, _HOST_WITH_PORT))
                yield replace(whole, match=match, action=action)
            action = replace(action, port_redirect=None)
        yield replace(whole, action=action)


@dataclass(slots=True)
class Filters:
    """What the filters of one rule, or of one backend, say together."""

    mutations: HeaderMutations = HeaderMutations()
    redirect: Redirect | None = None
    rewrite_host: str | None = None
    rewrite_path: PathModifier | None = None
    mirrors: list[RequestMirrorPolicy] = field(default_factory=list)
    unresolved: Problem | None = None
    """A filter that is not known: its requests are answered with 500."""
    unsupported: str = ""
    """Why a rule with them is left out."""

    @property
    def only_headers(self) -> bool:
        """Whether they do nothing that Envoy could not do for one backend of several."""
        return not (self.redirect or self.rewrite_host or self.rewrite_path or self.mirrors)


def read_filters(sections: Iterable[Section], references: ReferenceReader) -> Filters:
    """All filters of a list; each kind but mirrors may be there once."""
    filters = Filters()
    seen: set[str] = set()
    for section in sections:
        kind = choice(section, "type", tuple(_TYPES), required=True)
        content = section.section(_TYPES[kind], required=True) if kind else None
        section.end()
        if kind in seen and kind not in ("RequestMirror", "ExtensionRef"):
            section.error(f"the filter {kind} is there twice")
        seen.add(kind)
        if kind == "CORS":
            filters.unsupported = "the filter CORS is not supported"
        elif kind == "ExternalAuth":
            # Requests that were to be asked about must not go on to another rule.
            filters.unresolved = Problem("UnsupportedValue", "the filter ExternalAuth is not supported")
            references.problems.append(filters.unresolved)
        elif content is not None:
            _read_filter(kind, content, filters, references)
            content.end()
        if {"RequestRedirect", "URLRewrite"} <= seen:
            section.error("RequestRedirect and URLRewrite exclude each other")
    return filters


def _read_filter(kind: str, content: Section, filters: Filters, references: ReferenceReader) -> None:
    if kind == "RequestHeaderModifier":
        added, removed = _read_modifier(content)
        if "host" in map(str.lower, (*removed, *(each.key for each in added))):
            filters.unsupported = "the header Host is changed with URLRewrite only"
        filters.mutations = replace(filters.mutations, request_headers_to_add=added, request_headers_to_remove=removed)
    elif kind == "ResponseHeaderModifier":
        added, removed = _read_modifier(content)
        filters.mutations = replace(
            filters.mutations, response_headers_to_add=added, response_headers_to_remove=removed
        )
    elif kind == "RequestRedirect":
        filters.redirect = _read_redirect(content)
    elif kind == "URLRewrite":
        filters.rewrite_host = _read_host(content)
        filters.rewrite_path = _read_path(content)
    elif kind == "RequestMirror":
        mirror = _read_mirror(content, references)
        if mirror is not None:
            filters.mirrors.append(mirror)
    else:
        name = f"{content.string('kind', required=True)} {content.string('name', required=True)}"
        content.string("group")
        filters.unresolved = Problem("InvalidKind", f'no extension "{name}" is known')
        references.problems.append(filters.unresolved)


def _read_modifier(section: Section) -> tuple[tuple[HeaderValueOption, ...], tuple[str, ...]]:
    """What is set, then what is added, each but once, and what is removed."""
    options: dict[tuple[str, str], HeaderValueOption] = {}
    for name, action in (
        ("set", HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
        ("add", HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD),
    ):
        for each in section.sections(name):
            key, text = each.string("name", required=True), each.header_text("value") or ""
            _check_header(each, key)
            # A percent sign begins an operator in Envoy's formats, here it is one.
            option = HeaderValueOption(key, text.replace("%", "%%"), action, True, position=each.position)
            options.setdefault((name, key.lower()), option)
            each.end()
    removed = []
    for value in section.items("remove"):
        removed.append(value.string())
        if not is_token(removed[-1]):
            value.error(f"expected the name of a header field, found {shorten(removed[-1])!r}")
    return tuple(options.values()), tuple(removed)


def _check_header(section: Section, name: str) -> None:
    if name and not is_token(name):
        section.error(f"expected the name of a header field, found {shorten(name)!r}")


def _read_redirect(section: Section) -> Redirect:
    code = integer(section, "statusCode", 300, 399)
    if code is not None and code not in _STATUS_CODES:
        section.error(f"expected one of {', '.join(map(str, _STATUS_CODES))} as statusCode, found {code}")
    return Redirect(
        scheme=choice(section, "scheme", tuple(_WELL_KNOWN)) or None,
        hostname=_read_host(section),
        port=port_number(section, "port"),
        status=302 if code is None else code,
        path=_read_path(section) or PathModifier(),
    )


def _read_host(section: Section) -> str | None:
    """One host, without a wildcard."""
    value = section.get("hostname")
    if value is None:
        return None
    host = host_name(value)
    if host.startswith("*"):
        value.error(f"expected one host, found {host!r}")
    return host


def _read_path(parent: Section) -> PathModifier | None:
    section = parent.section("path")
    if section is None:
        return None
    names = {"ReplaceFullPath": "replaceFullPath", "ReplacePrefixMatch": "replacePrefixMatch"}
    kind = choice(section, "type", tuple(names), required=True)
    value = section.get(names[kind], required=True) if kind else None
    section.end()
    if value is None:
        return None
    text = value.string()
    if any(char in text for char in "\0\r\n #") or (text and not text.startswith("/")):
        value.error(f"expected a path that begins with '/', found {shorten(text)!r}")
    return PathModifier(full=text or "/") if kind == "ReplaceFullPath" else PathModifier(prefix=text)


def _read_mirror(section: Section, references: ReferenceReader) -> RequestMirrorPolicy | None:
    target = section.section("backendRef", required=True)
    backend = references.backend(target) if target is not None else None
    if target is not None:
        target.end()
    share = _read_share(section)
    if backend is None or not backend.cluster:
        return None
    return RequestMirrorPolicy(
        backend.cluster,
        runtime_fraction=RuntimeFraction(share) if share is not None else None,
        disable_shadow_host_suffix_append=True,
        position=section.position,
    )


def _read_share(section: Section) -> FractionalPercent | None:
    section.one_of("share", "percent", "fraction", required=False)
    percent = integer(section, "percent", 0, 100)
    if percent is not None:
        return FractionalPercent(percent)
    fraction = section.section("fraction")
    if fraction is None:
        return None
    numerator = integer(fraction, "numerator", 0, UINT32_MAX, required=True) or 0
    denominator = integer(fraction, "denominator", 1, UINT32_MAX) or 100
    fraction.end()
    if numerator > denominator:
        fraction.error("the numerator is more than the denominator")
    return FractionalPercent(numerator * 1_000_000 // denominator, DenominatorType.MILLION)
