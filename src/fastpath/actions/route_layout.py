"""What a route asks for, laid out once: which changes there are, and which way they can be made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastpath._rewrite import HeadRewriter
from fastpath.balancing.labels import MetadataMatch
from fastpath.models import (
    DirectResponse,
    HeaderMutations,
    HttpFault,
    RedirectAction,
    RequestMirrorPolicy,
    RetryPolicy,
    Route,
    RouteAction,
    RouteConfiguration,
    VirtualHost,
    WeightedCluster,
)
from fastpath.substitution.heads import as_bytes
from fastpath.substitution.joined import JOINED_IN_REQUESTS, JOINED_IN_RESPONSES

from .answers import Redirect
from .hashing import RequestHasher
from .mutations import Level, Mutations
from .policies import retry_policy
from .rewrite import PathRewrite, path_rewrite, regex_replacement

if TYPE_CHECKING:
    from .route_actions import RouteActions

__all__ = ["RouteLayout"]

_ATTEMPTS = b"x-envoy-attempt-count"
_ORIGINAL_PATH = b"x-envoy-original-path"
_ORIGINAL_HOST = b"x-envoy-original-host"
_FORWARDED_HOST = b"x-forwarded-host"
_FORWARDED_PROTO = b"x-forwarded-proto"
_NO_MUTATIONS = HeaderMutations()


class RouteLayout:
    """What a RouteActions is made of; see there for the arguments."""

    __slots__ = (
        "_append_forwarded_host",
        "_attempts_in_request",
        "_attempts_in_response",
        "_auto_host",
        "_direct",
        "_drops",
        "_fast_request",
        "_fault",
        "_first_host",
        "_hasher",
        "_host",
        "_host_header",
        "_host_of_path",
        "_mirrors",
        "_path_rewrite",
        "_redirect",
        "_request_fills",
        "_request_mutations",
        "_request_rewriters",
        "_response_fills",
        "_response_mutations",
        "_response_rewriter",
        "_response_touched",
        "_shares",
        "_touched",
        "action",
        "attachment",
        "configuration",
        "metadata_match",
        "plain",
        "plain_response",
        "reads_stream",
        "retry_policy",
        "route",
        "unseen",
        "virtual_host",
        "weighted",
    )

    def __init__(
        self,
        route: Route,
        virtual_host: VirtualHost | None = None,
        configuration: RouteConfiguration | None = None,
        weighted: WeightedCluster | None = None,
        *,
        drops: Sequence[bytes] = (),
    ):
        self.route = route
        self.virtual_host = virtual_host
        self.configuration = configuration
        self.weighted = weighted
        internal = configuration.internal_only_headers if configuration is not None else ()
        self.unseen = frozenset(as_bytes(name).lower() for name in internal)
        """Request fields that nothing here sees, and no upstream: for `RequestHead.of`."""
        self._drops = tuple(dict.fromkeys((*drops, *sorted(self.unseen))))
        self.attachment: Any = None
        """For whoever uses the table: what he makes of the route, to be kept as long as the table."""
        self._shares: dict[int, RouteActions] = {}
        action = route.action
        self.action = action if isinstance(action, RouteAction) else None
        """The RouteAction of a route that forwards."""
        wanted: dict[str, object] = {}
        for each in (self.action, weighted):
            if each is not None:
                wanted.update(each.metadata_match)
        self.metadata_match = MetadataMatch(wanted) if wanted else None
        """For `Cluster.pick`: which subset of the cluster requests are for; what a share says overrides the route."""
        self._direct = action if isinstance(action, DirectResponse) else None
        self._redirect: Redirect | None = None
        if isinstance(action, RedirectAction):
            self._redirect = Redirect(action, route.match)
        elif self._direct is not None and (self._direct.status == 201 or 300 <= self._direct.status <= 399):
            # It says where the request went.
            self._redirect = Redirect(RedirectAction(self._direct.status), route.match)
        self._lay_out_mutations()
        self._lay_out_host()
        self._lay_out_policies()
        forwarding = self.action
        self._path_rewrite: PathRewrite | None = None
        if forwarding is not None:
            self._path_rewrite = path_rewrite(
                route.match, forwarding.prefix_rewrite, forwarding.regex_rewrite, forwarding.path_template_rewrite
            )
        self._choose_way()

    def _levels(self) -> list[HeaderMutations]:
        """Those that do something, the weighted cluster's first whatever the order of the others."""
        own: list[HeaderMutations] = [self.route.mutations]
        if self.virtual_host is not None:
            own.append(self.virtual_host.mutations)
        if self.configuration is not None:
            own.append(self.configuration.mutations)
            if self.configuration.most_specific_header_mutations_wins:
                own.reverse()
        return own

    def _lay_out_mutations(self) -> None:
        weighted = self.weighted.mutations if self.weighted is not None else _NO_MUTATIONS
        levels = [weighted, *self._levels()]
        requests = [Level(each.request_headers_to_add, each.request_headers_to_remove) for each in levels]
        responses = [Level(each.response_headers_to_add, each.response_headers_to_remove) for each in levels]
        self._request_mutations = Mutations(requests, JOINED_IN_REQUESTS)
        self._response_mutations = Mutations([level for level in responses if level], JOINED_IN_RESPONSES)
        host = self.virtual_host
        self._attempts_in_request = host is not None and host.include_request_attempt_count
        self._attempts_in_response = host is not None and host.include_attempt_count_in_response

    def _lay_out_host(self) -> None:
        action, weighted = self.action, self.weighted
        self._first_host: bytes | None = None
        if weighted is not None and weighted.host_rewrite_literal:
            self._first_host = as_bytes(weighted.host_rewrite_literal)
        self._host: bytes | None = None
        self._host_header: bytes | None = None
        self._host_of_path: Callable[[bytes], bytes] | None = None
        self._auto_host = False
        self._append_forwarded_host = False
        if action is None:
            return
        self._append_forwarded_host = action.append_x_forwarded_host
        self._auto_host = action.auto_host_rewrite
        if action.host_rewrite_literal:
            self._host = as_bytes(action.host_rewrite_literal)
        elif action.host_rewrite_header:
            self._host_header = as_bytes(action.host_rewrite_header).lower()
        elif action.host_rewrite_path_regex is not None:
            self._host_of_path = regex_replacement(action.host_rewrite_path_regex)

    def _lay_out_policies(self) -> None:
        action, host, configuration = self.action, self.virtual_host, self.configuration
        self._hasher = RequestHasher(action.hash_policy) if action is not None and action.hash_policy else None
        self._fault: HttpFault | None = None
        for level in (self.weighted, self.route, host, configuration):
            if self._fault is None and level is not None:
                self._fault = level.fault
        self._mirrors: tuple[RequestMirrorPolicy, ...] = ()
        self.retry_policy: RetryPolicy | None = None
        """The route's, else the virtual host's."""
        if action is None:
            return
        self.retry_policy = retry_policy(action.retry_policy, host.retry_policy if host is not None else None)
        self._mirrors = (
            action.request_mirror_policies
            or (host.request_mirror_policies if host is not None else ())
            or (configuration.request_mirror_policies if configuration is not None else ())
        )

    def _choose_way(self) -> None:
        """Whether requests go the fast way, and what they have in common there."""
        mutations, rewritten = self._request_mutations, self._path_rewrite is not None
        rehosted = bool(self._host or self._host_header or self._host_of_path or self._auto_host)
        special = {_ATTEMPTS} if self._attempts_in_request else set()
        if rewritten:
            special.add(_ORIGINAL_PATH)
        if rehosted:
            special.add(_ORIGINAL_HOST)
            if self._append_forwarded_host:
                special.add(_FORWARDED_HOST)
        names = mutations.names()
        self._touched = names.union(special, self._drops)
        self.plain = not (mutations or rewritten or rehosted or special or self._first_host or self.unseen)
        """Nothing of the request changes."""
        self.plain_response = not (self._response_mutations or self._attempts_in_response)
        """Nothing of an upstream's response changes."""
        self.reads_stream = any(
            entry.formatter is not None
            for each in (mutations, self._response_mutations)
            for level in each.levels
            for entry in level.entries
        )
        """Values are made with operators: a StreamInfo is of use."""
        reads = mutations.headers
        reads_host = bool(reads & {b":authority", b"host"}) and self._first_host is not None
        operations = mutations.operations
        self._fast_request = not (
            operations is None
            or names & special
            or reads & special
            or reads_host
            or self._host_header in names
            or (self._host_header is not None and (self._host_header[:1] == b":" or self._host_header == b"host"))
            or (self._append_forwarded_host and _FORWARDED_HOST in names)
            or _FORWARDED_PROTO in names  # which is there even where the client sends none
        )
        self._request_fills = operations.fills() if operations is not None else ()
        self._request_rewriters: dict[tuple[bytes, ...], HeadRewriter] = {}
        self._response_rewriter: HeadRewriter | None = None
        self._response_touched = self._response_mutations.names()
        if self._attempts_in_response:
            self._response_touched |= {_ATTEMPTS}
        response = self._response_mutations.operations
        self._response_fills = response.fills() if response is not None and not self._attempts_in_response else None
