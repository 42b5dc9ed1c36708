"""What a table refuses of a route's actions, before it is used: formats, substitutions, templates, names, values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fastpath._regex import Regex
from fastpath.errors import ConfigError
from fastpath.models import (
    DirectResponse,
    HashPolicy,
    HeaderMatcher,
    HeaderMutations,
    HttpFault,
    RedirectAction,
    RegexRewrite,
    RequestMirrorPolicy,
    RetryPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    VirtualHost,
    WeightedCluster,
)
from fastpath.substitution.formatter import SubstitutionFormatter

from .template import match_variables, parse_rewrite

__all__ = ["Refusal", "validate_configuration", "validate_fault", "validate_route", "validate_virtual_host"]

Refusal = tuple[str, str]
"""The path from the model to the field (".route.prefix_rewrite"), and the reason."""

_REDIRECT_CODES = (301, 302, 303, 307, 308)
_find_forbidden = re.compile("[\\0\\r\\n]").search
_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*").fullmatch
_ROUTE_MUTATIONS = Route.__dataclass_fields__["mutations"].default  # what a route has that says nothing of them
_FORBIDDEN = "NUL, CR and LF are not allowed"


def validate_route(route: Route) -> Iterable[Refusal]:
    """All that is wrong with a route's action, mutations and fault. Next to nothing for a route that just forwards."""
    action = route.action
    if type(action) is RouteAction and not (
        action.prefix_rewrite
        or action.weighted_clusters
        or action.regex_rewrite
        or action.path_template_rewrite
        or action.host_rewrite_literal
        or action.host_rewrite_header
        or action.host_rewrite_path_regex
        or action.cluster_header is not None
        or action.hash_policy
        or action.request_mirror_policies
        or action.retry_policy
        or route.fault
        or route.mutations is not _ROUTE_MUTATIONS
    ):
        return ()
    return _validate(route)


def _validate(route: Route) -> Iterator[Refusal]:
    if route.mutations is not _ROUTE_MUTATIONS:
        yield from _mutations(route.mutations, "")
    if route.fault is not None:
        yield from validate_fault(route.fault, ".fault")
    action = route.action
    if isinstance(action, RouteAction):
        yield from _route_action(action, route)
    elif isinstance(action, RedirectAction):
        yield from _redirect(action)
    elif isinstance(action, DirectResponse) and not _is_status(action.status):
        yield ".direct_response.status", f"a status is a whole number from 200 to 599, not {action.status!r}"


def _is_status(status: object) -> bool:
    return type(status) is int and 200 <= status <= 599


def validate_virtual_host(host: VirtualHost) -> Iterator[Refusal]:
    """The same for what a virtual host says of all its routes; its routes are not looked at."""
    yield from _mutations(host.mutations, "")
    yield from _mirrors(host.request_mirror_policies, ".request_mirror_policies")
    if host.retry_policy is not None:
        yield from _retry_policy(host.retry_policy, ".retry_policy")
    for index, cluster in enumerate(host.virtual_clusters):
        yield from _header_matchers(cluster.headers, f".virtual_clusters[{index}].headers")
    if host.fault is not None:
        yield from validate_fault(host.fault, ".fault")


def validate_configuration(configuration: RouteConfiguration) -> Iterator[Refusal]:
    """The same for what a route configuration says of all its routes; its virtual hosts are not looked at."""
    yield from _mutations(configuration.mutations, "")
    yield from _mirrors(configuration.request_mirror_policies, ".request_mirror_policies")
    if configuration.fault is not None:
        yield from validate_fault(configuration.fault, ".fault")


def _mutations(mutations: HeaderMutations, path: str) -> Iterator[Refusal]:
    for direction, added, removed in (
        ("request", mutations.request_headers_to_add, mutations.request_headers_to_remove),
        ("response", mutations.response_headers_to_add, mutations.response_headers_to_remove),
    ):
        for index, option in enumerate(added):
            here = f"{path}.{direction}_headers_to_add[{index}].header"
            if reason := _name_reason(option.key):
                yield f"{here}.key", reason
            if _find_forbidden(option.value):
                yield f"{here}.value", _FORBIDDEN
            else:
                try:
                    SubstitutionFormatter(option.value, omit_empty_values=True, extensions=False)
                except ConfigError as error:
                    yield f"{here}.value", error.reason
        for index, name in enumerate(removed):
            if reason := _name_reason(name):
                yield f"{path}.{direction}_headers_to_remove[{index}]", reason


def _name_reason(name: str) -> str:
    """Why a header field may not be changed; "" when it may."""
    if name.startswith(":") or name.lower() == "host":
        return "pseudo header fields and host may not be changed here"
    return "" if _is_token(name) else f"{name!r} is not the name of a header field"


def _read_name_reason(name: str) -> str:
    """Why a header field cannot be read; pseudo header fields can."""
    return "" if _is_token(name.removeprefix(":")) else f"{name!r} is not the name of a header field"


def _regex(rewrite: RegexRewrite, path: str) -> Iterator[Refusal]:
    if _find_forbidden(rewrite.substitution):
        yield f"{path}.substitution", _FORBIDDEN
        return
    if not rewrite.pattern:
        yield f"{path}.pattern.regex", "a pattern is needed"
        return
    try:
        regex = Regex(rewrite.pattern, latin1=True)
    except ConfigError as error:
        yield f"{path}.pattern.regex", error.reason
        return
    try:
        regex.check_substitution(rewrite.substitution)
    except ConfigError as error:
        yield f"{path}.substitution", error.reason


def _texts(model: object, path: str, *fields: str) -> Iterator[Refusal]:
    for field in fields:
        text = getattr(model, field)
        if text and _find_forbidden(text):
            yield f"{path}.{field}", _FORBIDDEN


def _route_action(action: RouteAction, route: Route) -> Iterator[Refusal]:
    rewrites = (action.prefix_rewrite, action.regex_rewrite, action.path_template_rewrite)
    if any(rewrites):
        yield from _path_rewrites(action, route)
    hosts = (
        action.host_rewrite_literal,
        action.host_rewrite_header,
        action.host_rewrite_path_regex,
        action.auto_host_rewrite,
    )
    if any(hosts):
        yield from _host_rewrites(action)
    if action.cluster_header is not None and (reason := _read_name_reason(action.cluster_header)):
        yield ".route.cluster_header", reason
    for index, weighted in enumerate(action.weighted_clusters):
        yield from _weighted(weighted, f".route.weighted_clusters.clusters[{index}]")
    for index, policy in enumerate(action.hash_policy):
        yield from _hash_policy(policy, f".route.hash_policy[{index}]")
    if action.request_mirror_policies:
        yield from _mirrors(action.request_mirror_policies, ".route.request_mirror_policies")
    if action.retry_policy is not None:
        yield from _retry_policy(action.retry_policy, ".route.retry_policy")


def _path_rewrites(action: RouteAction, route: Route) -> Iterator[Refusal]:
    given = [action.prefix_rewrite, action.regex_rewrite, action.path_template_rewrite]
    if sum(bool(each) for each in given) > 1:
        yield ".route", "at most one of prefix_rewrite, regex_rewrite and path_template_rewrite is allowed"
    yield from _texts(action, ".route", "prefix_rewrite")
    if action.regex_rewrite is not None:
        yield from _regex(action.regex_rewrite, ".route.regex_rewrite")
    template = route.match.path_template
    if template is not None and action.prefix_rewrite:
        yield ".route.prefix_rewrite", "a path_template has no prefix to rewrite"
    if action.path_template_rewrite:
        here = ".route.path_template_rewrite"
        if template is None:
            yield here, "needs a path_template to match"
            return
        try:
            parts = parse_rewrite(action.path_template_rewrite)
        except ConfigError as error:
            yield here, error.reason
            return
        known = match_variables(template)
        for part in parts:
            if isinstance(part, str) and part not in known:
                yield here, f"the match has no variable {part!r}"


def _host_rewrites(action: RouteAction) -> Iterator[Refusal]:
    given = [action.host_rewrite_literal, action.host_rewrite_header, action.host_rewrite_path_regex]
    if sum(bool(each) for each in [*given, action.auto_host_rewrite]) > 1:
        yield ".route", "at most one of the host rewrites is allowed"
    yield from _texts(action, ".route", "host_rewrite_literal")
    if action.host_rewrite_header and (reason := _read_name_reason(action.host_rewrite_header)):
        yield ".route.host_rewrite_header", reason
    if action.host_rewrite_path_regex is not None:
        yield from _regex(action.host_rewrite_path_regex, ".route.host_rewrite_path_regex")


def _weighted(weighted: WeightedCluster, path: str) -> Iterator[Refusal]:
    yield from _mutations(weighted.mutations, path)
    yield from _texts(weighted, path, "name", "host_rewrite_literal")
    if weighted.fault is not None:
        yield from validate_fault(weighted.fault, f"{path}.fault")
    if bool(weighted.name) == bool(weighted.cluster_header):
        yield path, "exactly one of name and cluster_header is needed"
    if weighted.cluster_header and (reason := _read_name_reason(weighted.cluster_header)):
        yield f"{path}.cluster_header", reason


def _hash_policy(policy: HashPolicy, path: str) -> Iterator[Refusal]:
    kinds = [policy.header, policy.cookie, policy.source_ip or None, policy.query_parameter, policy.filter_state]
    if sum(kind is not None for kind in kinds) != 1:
        yield path, "exactly one of header, cookie, source_ip, query_parameter and filter_state is needed"
    if policy.header is not None and (reason := _read_name_reason(policy.header)):
        yield f"{path}.header.header_name", reason
    if policy.header_rewrite is not None:
        yield from _regex(policy.header_rewrite, f"{path}.header.regex_rewrite")
    if policy.query_parameter == "":
        yield f"{path}.query_parameters.name", "a name is needed"
    cookie = policy.cookie
    if cookie is None:
        return
    if not _is_token(cookie.name):
        yield f"{path}.cookie.name", f"{cookie.name!r} is not the name of a cookie"
    if cookie.ttl is not None and not cookie.ttl >= 0:
        yield f"{path}.cookie.ttl", "a time to live is not negative"
    for text in (cookie.path, *(text for pair in cookie.attributes for text in pair)):
        if re.search(r"[\x00-\x1f;\x7f]", text):
            yield f"{path}.cookie", f"{text!r} cannot be part of a cookie"


def _mirrors(policies: tuple[RequestMirrorPolicy, ...], path: str) -> Iterator[Refusal]:
    for index, policy in enumerate(policies):
        if bool(policy.cluster) == bool(policy.cluster_header):
            yield f"{path}[{index}]", "exactly one of cluster and cluster_header is needed"
        if policy.cluster_header and (reason := _read_name_reason(policy.cluster_header)):
            yield f"{path}[{index}].cluster_header", reason


def _retry_policy(policy: RetryPolicy, path: str) -> Iterator[Refusal]:
    yield from _header_matchers(policy.retriable_headers, f"{path}.retriable_headers")
    yield from _header_matchers(policy.retriable_request_headers, f"{path}.retriable_request_headers")


def _header_matchers(matchers: tuple[HeaderMatcher, ...], path: str) -> Iterator[Refusal]:
    """What of conditions that no table compiles cannot be compiled: their regular expressions."""
    for index, matcher in enumerate(matchers):
        pattern = matcher.string_match.safe_regex if matcher.string_match is not None else None
        if pattern is None:
            continue
        from fastpath._regex import Regex

        try:
            Regex(pattern, latin1=True)
        except ConfigError as error:
            yield f"{path}[{index}]", error.reason


def validate_fault(fault: HttpFault, path: str) -> Iterator[Refusal]:
    """All that is wrong with a fault, which stands at `path`."""
    if fault.delay is not None and not fault.delay > 0:
        yield f"{path}.delay.fixed_delay", "a delay is more than 0"
    status = fault.abort_status
    if status is not None and not _is_status(status):
        yield f"{path}.abort.http_status", f"a status is a whole number from 200 to 599, not {status!r}"
    grpc = fault.abort_grpc_status
    if grpc is not None and status is not None:
        yield f"{path}.abort", "http_status and grpc_status exclude each other"
    if grpc is not None and not (type(grpc) is int and 0 <= grpc < 2**32):
        yield f"{path}.abort.grpc_status", f"a gRPC status is a whole number from 0 to 2^32-1, not {grpc!r}"
    yield from _header_matchers(fault.headers, f"{path}.headers")


def _redirect(action: RedirectAction) -> Iterator[Refusal]:
    if action.response_code not in _REDIRECT_CODES:
        reason = f"a redirect's code is one of {_REDIRECT_CODES}, not {action.response_code!r}"
        yield ".redirect.response_code", reason
    if action.https_redirect and action.scheme_redirect:
        yield ".redirect", "at most one of https_redirect and scheme_redirect is allowed"
    if sum(each is not None for each in (action.path_redirect, action.prefix_rewrite, action.regex_rewrite)) > 1:
        yield ".redirect", "path_redirect, prefix_rewrite and regex_rewrite exclude each other"
    yield from _texts(action, ".redirect", "host_redirect", "path_redirect", "prefix_rewrite")
    if action.scheme_redirect and not _is_scheme(action.scheme_redirect):
        yield ".redirect.scheme_redirect", f"{action.scheme_redirect!r} is not a scheme"
    port = action.port_redirect
    if port is not None and (type(port) is not int or not 0 <= port <= 65535):
        yield ".redirect.port_redirect", f"a port is a whole number from 0 to 65535, not {port!r}"
    if action.regex_rewrite is not None:
        yield from _regex(action.regex_rewrite, ".redirect.regex_rewrite")
