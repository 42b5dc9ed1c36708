"""After a route was chosen: rewrites, header mutations, redirects, direct responses, hashes, timeouts, mirrors, faults.

    match = table.match(request)
    answer = direct_answer(match, request)
    if answer is None:
        changes = finalize_request(match, request)
        head = changes.rewriter.rewrite(
            request, path=changes.path, query=changes.query, authority=changes.authority, values=changes.values
        )

Decisions are Envoy's. Requests may be parsed ones, or a RequestHead made of plain parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastpath.substitution.heads import RequestHead
from fastpath.substitution.stream import StreamInfo

from .answers import Answer, tls_redirect
from .changes import RequestChanges, ResponseChanges
from .hashing import Hash, RequestHasher
from .policies import Fault, Mirror, Timeouts
from .route_actions import RouteActions
from .validate import validate_configuration, validate_fault, validate_route, validate_virtual_host

if TYPE_CHECKING:
    from fastpath._http import Request
    from fastpath._match import Match
    from fastpath._response import Response

__all__ = [
    "Answer",
    "Fault",
    "Hash",
    "Mirror",
    "RequestChanges",
    "RequestHasher",
    "ResponseChanges",
    "RouteActions",
    "Timeouts",
    "actions_of",
    "direct_answer",
    "finalize_request",
    "finalize_response",
    "validate_configuration",
    "validate_fault",
    "validate_route",
    "validate_virtual_host",
]


def actions_of(match: Match) -> RouteActions:
    """The actions of the route, and of the share of its split, that a match stands for.

    They are laid out when first asked for, and kept with the table. LookupError with a match's tls_redirect.
    """
    actions = match.layout
    assert isinstance(actions, RouteActions)
    return actions.of_share(match.weighted_cluster)


def direct_answer(match: Match, request: Request | RequestHead, stream: StreamInfo | None = None) -> Answer | None:
    """The answer to a request that needs no upstream; None for a route that forwards."""
    if match.tls_redirect:
        head = (
            request
            if isinstance(request, RequestHead)
            else RequestHead.of(request, path=match.path, authority=match.authority)
        )
        return tls_redirect(head)
    return actions_of(match).answer(match, request, stream)


def finalize_request(
    match: Match,
    request: Request | RequestHead,
    stream: StreamInfo | None = None,
    *,
    hostname: str = "",
    attempt: int = 1,
) -> RequestChanges:
    """What the upstream gets: see RouteActions.finalize_request."""
    return actions_of(match).finalize_request(match, request, stream, hostname=hostname, attempt=attempt)


def finalize_response(match: Match, response: Response, stream: StreamInfo | None = None) -> ResponseChanges:
    """What the client gets of an upstream's response: see RouteActions.finalize_response."""
    return actions_of(match).finalize_response(response, stream)
