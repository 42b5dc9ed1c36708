"""HTTPRoute: what becomes of the requests that a route takes.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRoute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...models import (
    DirectResponse,
    HeaderMutations,
    HttpFault,
    RedirectAction,
    RegexRewrite,
    RequestMirrorPolicy,
    RetryPolicy,
    RouteAction,
    RuntimeFraction,
    WeightedCluster,
)
from ...models.grpc_status import GRPC_STATUSES
from ..fields import UINT32_MAX, Section
from ..kubernetes_fields import choice, integer, port_number
from .destinations import DestinationReader, Target
from .fields import duration, fraction, whole_percent
from .headers import Headers, read_headers
from .retries import default_retries, read_retries

__all__ = ["Action", "check_action", "read_action"]

_REDIRECT_CODES = (301, 302, 303, 307, 308)
_PREFIX = "%PREFIX()%"
_WELL_KNOWN = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Action:
    """Of a Route, all but its match and name."""

    action: RouteAction | RedirectAction | DirectResponse
    mutations: HeaderMutations
    fault: HttpFault | None

    def without_plain_port(self, scheme: str) -> Action:
        """For requests that come by a scheme: redirects do not write the port that goes without saying."""
        redirect = self.action
        if not isinstance(redirect, RedirectAction) or redirect.port_redirect is None:
            return self
        if redirect.port_redirect != _WELL_KNOWN.get(redirect.scheme_redirect or scheme):
            return self
        return replace(self, action=replace(redirect, port_redirect=None))


def check_action(section: Section) -> None:
    """What Istio refuses of a route as it is written; one that is joined with a delegate's may have more."""
    section.one_of("way to mirror", "mirror", "mirrors", required=False)
    for kind in ("redirect", "directResponse"):
        for name in ("fault", "rewrite") if section.get(kind) is not None else ():
            if section.get(name) is not None:
                section.error(f"{kind} and {name} exclude each other")


def read_action(section: Section, reader: DestinationReader) -> Action:
    """What a route does; its match and name are left."""
    headers = read_headers(section)
    fault = _read_fault(section)
    kind = section.one_of("action", "route", "redirect", "directResponse")
    redirect, direct = section.section("redirect"), section.section("directResponse")
    timeout = duration(section, "timeout")
    retries = section.section("retries")
    rewrite = _read_rewrite(section)
    if rewrite.authority is not None and headers.host is not None:
        section.error("the rewrite's authority and a header that sets the host exclude each other")
    mirrors = _read_mirrors(section, reader)
    if kind == "redirect" and redirect is not None:
        if headers.host is not None:
            section.error("a redirect has its own field for the host")
        return Action(_read_redirect(redirect, reader), headers.mutations, fault)
    if kind == "directResponse" and direct is not None:
        return Action(_read_direct_response(direct), headers.mutations, fault)
    splits = [_read_split(each, reader) for each in section.sections("route")]
    if kind == "route" and not splits:
        section.error("has no destination")
    stays = len(splits) == 1 and splits[0].target.hash_policy is not None
    policy = default_retries(stays=stays) if retries is None else read_retries(retries, stays=stays)
    if len(splits) == 1:
        headers = headers.then(splits[0].headers)
    action = _forward(section, splits, headers, rewrite, mirrors, timeout or 0.0, policy)
    return Action(action, headers.mutations, fault)


@dataclass(frozen=True, slots=True)
class _Rewrite:
    prefix: str | None = None
    regex: RegexRewrite | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class _Split:
    target: Target
    weight: int
    headers: Headers
    section: Section


def _read_split(section: Section, reader: DestinationReader) -> _Split:
    destination = section.section("destination", required=True)
    target = reader.read(destination) if destination is not None else Target("")
    split = _Split(target, integer(section, "weight", 0, UINT32_MAX) or 0, read_headers(section), section)
    section.end()
    return split


def _forward(
    section: Section,
    splits: Sequence[_Split],
    headers: Headers,
    rewrite: _Rewrite,
    mirrors: tuple[RequestMirrorPolicy, ...],
    timeout: float,
    retries: RetryPolicy | None,
) -> RouteAction:
    """The only destination has all requests, whatever its weight; among several those without a weight have none."""
    shares: tuple[WeightedCluster, ...] = ()
    if len(splits) > 1:
        splits = [each for each in splits if each.weight]
        if not 0 < sum(each.weight for each in splits) <= UINT32_MAX:
            section.error(f"the weights of the destinations sum up to a number from 1 to {UINT32_MAX}")
        shares = tuple(
            WeightedCluster(
                each.target.cluster,
                each.weight,
                mutations=each.headers.mutations,
                host_rewrite_literal=each.headers.host,
                position=each.section.position,
            )
            for each in splits
        )
    policies = dict.fromkeys(each.target.hash_policy for each in splits)
    return RouteAction(
        cluster=splits[0].target.cluster if splits and not shares else None,
        weighted_clusters=shares,
        prefix_rewrite=rewrite.prefix,
        regex_rewrite=rewrite.regex,
        host_rewrite_literal=rewrite.authority if rewrite.authority is not None else headers.host,
        timeout=timeout,
        retry_policy=retries,
        request_mirror_policies=mirrors,
        hash_policy=tuple(each for each in policies if each is not None),
        position=section.position,
    )


def _read_rewrite(parent: Section) -> _Rewrite:
    section = parent.section("rewrite")
    if section is None:
        return _Rewrite()
    section.one_of("path rewrite", "uri", "uriRegexRewrite", required=False)
    uri, authority = section.string("uri"), section.string("authority")
    regex = section.section("uriRegexRewrite")
    section.end()
    rewrite = None
    if regex is not None:
        rewrite = RegexRewrite(
            regex.string("match", required=True), regex.string("rewrite", required=True), position=regex.position
        )
        regex.end()
    if not (uri or authority or rewrite):
        section.error("rewrites neither uri nor authority")
    return _Rewrite(uri or None, rewrite, authority or None)


def _read_redirect(section: Section, reader: DestinationReader) -> RedirectAction:
    """Without a port the redirect has the one that goes without saying, or that of the request (derivePort)."""
    section.one_of("port", "port", "derivePort", required=False)
    port = port_number(section, "port")
    derived = choice(section, "derivePort", ("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"))
    if derived == "FROM_REQUEST_PORT":
        port = reader.request_port()
    uri = section.string("uri")
    code = integer(section, "redirectCode", 0, 999) or 301
    if code not in _REDIRECT_CODES:
        section.error(f"expected a redirectCode of {', '.join(map(str, _REDIRECT_CODES))}, found {code}")
        code = 301
    if uri.startswith(_PREFIX):
        section.error(f"{_PREFIX} is not supported in a redirect's uri")
    scheme = choice(section, "scheme", tuple(_WELL_KNOWN))
    authority = section.string("authority")
    if not (uri or authority or scheme or port or derived):
        section.error("changes nothing: one of uri, authority, scheme and a port is needed")
    action = RedirectAction(
        response_code=code,
        host_redirect=authority or None,
        path_redirect=uri or None,
        scheme_redirect=scheme or None,
        port_redirect=port,
        position=section.position,
    )
    section.end()
    return action


def _read_direct_response(section: Section) -> DirectResponse:
    status = integer(section, "status", 200, 599, required=True)
    body, content = section.section("body"), b""
    if body is not None:
        kind = body.one_of("body", "string", "bytes", required=False)
        value = body.get(kind) if kind else None
        if value is not None:
            content = value.string().encode() if kind == "string" else value.base64()
        body.end()
    section.end()
    return DirectResponse(status or 500, content, position=section.position)


def _read_mirrors(section: Section, reader: DestinationReader) -> tuple[RequestMirrorPolicy, ...]:
    """`mirror` with `mirrorPercentage`, or the whole `mirrorPercent` before it; and `mirrors`, each with its own."""
    mirror = section.section("mirror")
    share = fraction(section, "mirrorPercentage", whole_percent(section, "mirrorPercent", 100))
    found = []
    if mirror is not None:
        found.append((reader.read(mirror), share, mirror))
    for each in section.sections("mirrors"):
        destination = each.section("destination", required=True)
        percent = fraction(each, "percentage", 100.0)
        each.end()
        if destination is not None:
            found.append((reader.read(destination), percent, each))
    return tuple(
        RequestMirrorPolicy(target.cluster, runtime_fraction=RuntimeFraction(percent), position=place.position)
        for target, percent, place in found
        if percent.numerator
    )


def _read_fault(parent: Section) -> HttpFault | None:
    """Without a percentage nothing is injected."""
    section = parent.section("fault")
    if section is None:
        return None
    delay, abort = section.section("delay"), section.section("abort")
    section.end()
    if abort is not None:
        value = abort.get("http2Error")
        if value is not None:  # without it, what is to be aborted would go through
            value.error("is not supported: abort with httpStatus or grpcStatus")
        abort.one_of("error type", "httpStatus", "grpcStatus", required=value is None)
    if delay is None and abort is None:
        section.error("has neither a delay nor an abort")
    found = HttpFault(
        delay=duration(delay, "fixedDelay", 0.001) if delay is not None else None,
        delay_percentage=fraction(delay, "percentage", whole_percent(delay, "percent", 0))
        if delay is not None
        else HttpFault().delay_percentage,
        abort_status=integer(abort, "httpStatus", 200, 599) if abort is not None else None,
        abort_grpc_status=_read_grpc_status(abort) if abort is not None else None,
        abort_percentage=fraction(abort, "percentage", 0.0) if abort is not None else HttpFault().abort_percentage,
        position=section.position,
    )
    for each in (delay, abort):
        if each is not None:
            each.end()
    if delay is not None and found.delay is None:
        delay.error('"fixedDelay" is missing')
    return found


def _read_grpc_status(abort: Section) -> int | None:
    """Its name stands for its number."""
    name = choice(abort, "grpcStatus", GRPC_STATUSES)
    return GRPC_STATUSES.index(name) if name in GRPC_STATUSES else None
