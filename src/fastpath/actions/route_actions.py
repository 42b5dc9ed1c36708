"""All that happens to a request once its route is known, laid out once for each route.

A route that changes nothing is `plain`. Where the order of changes does not matter, a request costs the values that are
made for it, and a HeadRewriter made once does the rest. Where it does (a field named at two levels, a value made of a
field that another level sets), the changes are played on a copy of the head, one after the other, as Envoy does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastpath._http import Request
from fastpath._response import Response
from fastpath._rewrite import HeadRewriter
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
from fastpath.substitution.heads import HeaderList, RequestHead, as_bytes
from fastpath.substitution.joined import JOINED_IN_REQUESTS, JOINED_IN_RESPONSES, join
from fastpath.substitution.stream import StreamInfo

from .answers import Answer, Redirect
from .changes import RequestChanges, ResponseChanges
from .hashing import Hash, RequestHasher
from .mutations import Level, Mutations, rewriter_between
from .policies import (
    Fault,
    Mirror,
    Random,
    Timeouts,
    decide_fault,
    internal_retry_policy,
    mirrors,
    retry_policy,
    timeouts,
)
from .rewrite import PathRewrite, forwarded_host, path_rewrite, regex_replacement

if TYPE_CHECKING:
    from fastpath._route import Match

__all__ = ["RouteActions"]

_ATTEMPTS = b"x-envoy-attempt-count"
_ORIGINAL_PATH = b"x-envoy-original-path"
_ORIGINAL_HOST = b"x-envoy-original-host"
_FORWARDED_HOST = b"x-forwarded-host"
_LOCATION = b"location"
_SET_COOKIE = b"set-cookie"
_CONTENT_TYPE = b"content-type"
_CONTENT_LENGTH = b"content-length"
_NO_PARAMS: Mapping[str, object] = {}
_NO_MUTATIONS = HeaderMutations()


class RouteActions:
    """What one route does to requests and responses.

    route, virtual_host, configuration: models; of the two last, what concerns all their routes counts.
    weighted: the share of a split that was chosen, which has mutations of its own.
    drops: request fields that never go upstream, whatever the route says.

    Raises ConfigError for what `validate` finds. Immutable in all that shows; may be shared between threads.
    """

    __slots__ = (
        "_append_forwarded_host",
        "_attempts_in_request",
        "_attempts_in_response",
        "_auto_host",
        "_content_type",
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
        "_special",
        "_touched",
        "_weighted_level",
        "action",
        "attachment",
        "configuration",
        "plain",
        "plain_response",
        "reads_stream",
        "retry_policy",
        "route",
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
        self._drops = tuple(drops)
        self.attachment: Any = None
        """For whoever uses the table: what he makes of the route, to be kept as long as the table."""
        self._shares: dict[int, RouteActions] = {}
        action = route.action
        self.action = action if isinstance(action, RouteAction) else None
        """The RouteAction of a route that forwards."""
        self._direct = action if isinstance(action, DirectResponse) else None
        self._redirect: Redirect | None = None
        if isinstance(action, RedirectAction):
            self._redirect = Redirect(action, route.match)
        elif self._direct is not None and 300 <= self._direct.status <= 399:
            self._redirect = Redirect(
                RedirectAction(self._direct.status), route.match
            )  # it says where the request went
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

    # --- laying out ------------------------------------------------------------------------------------------------

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
        self._weighted_level = bool(requests[0])
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
        own = self.route.fault
        self._fault: HttpFault | None = own if own is not None or host is None else host.fault
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
        self.plain = not (mutations or rewritten or rehosted or special or self._first_host)
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
            or (self._append_forwarded_host and _FORWARDED_HOST in names)
        )
        self._request_fills = operations.fills() if operations is not None else ()
        self._request_rewriters: dict[tuple[bytes, ...], HeadRewriter] = {}
        self._response_rewriter: HeadRewriter | None = None
        self._response_touched = self._response_mutations.names()
        if self._attempts_in_response:
            self._response_touched |= {_ATTEMPTS}
        response = self._response_mutations.operations
        self._response_fills = response.fills() if response is not None and not self._attempts_in_response else None

    def of_share(self, weighted: WeightedCluster | None) -> RouteActions:
        """The actions where this share of the route's split was chosen."""
        if weighted is None or (weighted.mutations == _NO_MUTATIONS and not weighted.host_rewrite_literal):
            return self
        known = self._shares.get(id(weighted))
        if known is None:
            known = RouteActions(self.route, self.virtual_host, self.configuration, weighted, drops=self._drops)
            self._shares[id(weighted)] = known
        return known

    # --- requests --------------------------------------------------------------------------------------------------

    def finalize_request(
        self,
        match: Match,
        request: Request | RequestHead,
        stream: StreamInfo | None = None,
        *,
        hostname: str = "",
        attempt: int = 1,
    ) -> RequestChanges:
        """What the upstream gets.

        request: parsed, or its parts. stream: what operators read, and its `head` becomes the new head where that is
            made; without one they find what is in the request. hostname: of the host chosen, for auto_host_rewrite.
        attempt: counts from 1.
        """
        if isinstance(request, Request):
            bare, query = request.path, request.query
        else:
            bare, mark, rest = request.path.partition(b"?")
            query = rest if mark else None
        changed = match.path
        if changed is not None:
            bare = changed
        if not self._fast_request or (stream is not None and self._response_mutations.headers):
            return self._play(match, self._head_of(match, request, stream), stream, hostname, attempt)
        if self._request_fills:
            if stream is None:
                stream = StreamInfo()
            if stream.head is None or match.path is not None or match.authority is not None:
                stream.head = self._head_of(match, request, None)
        special: list[bytes] = []
        values: list[bytes | None] = []
        authority = self._first_host if self._first_host is not None else match.authority
        rehosted = self._new_host(request, bare, hostname)
        if rehosted is not None:
            before = request.authority if authority is None else authority
            if self._append_forwarded_host:
                forwarded = forwarded_host(before, request.headers)
                if forwarded is not None:
                    special.append(_FORWARDED_HOST)
                    values.append(forwarded)
            special.append(_ORIGINAL_HOST)
            values.append(before)
            authority = rehosted
        path = changed
        new_query: bytes | None = None
        if self._path_rewrite is not None:
            new = self._path_rewrite(bare, self._params(match))
            if new:
                special.append(_ORIGINAL_PATH)
                values.append(bare if query is None else bare + b"?" + query)
                path = new
                if b"?" in new:
                    path, new_query = _split(new, query)
        if self._attempts_in_request:
            special.append(_ATTEMPTS)
            values.append(b"%d" % attempt)
        for entry in self._request_fills:
            assert stream is not None
            values.append(entry.fill(stream))
        key = tuple(special)
        rewriter = self._request_rewriters.get(key)
        return RequestChanges(
            lambda: self._play(match, self._head_of(match, request, None), stream, hostname, attempt).head,
            rewriter if rewriter is not None else lambda: self._make_rewriter(key),
            self._touched,
            path,
            new_query,
            authority,
            tuple(values),
        )

    def _make_rewriter(self, special: tuple[bytes, ...]) -> HeadRewriter:
        operations = self._request_mutations.operations
        assert operations is not None
        rewriter = operations.rewriter(remove=self._drops, first=special)
        self._request_rewriters[special] = rewriter
        return rewriter

    def _params(self, match: Match) -> Mapping[str, object]:
        return match.params or _NO_PARAMS

    def _head_of(self, match: Match, request: Request | RequestHead, stream: StreamInfo | None) -> RequestHead:
        """The request as it came, its path and host normalised."""
        if stream is not None and stream.head is not None and match.path is None and match.authority is None:
            return stream.head
        if isinstance(request, Request):
            return RequestHead.of(request, path=match.path, authority=match.authority)
        if match.path is None and match.authority is None:
            return request
        path = request.path if match.path is None else b"".join((match.path, *request.path.partition(b"?")[1:]))
        authority = request.authority if match.authority is None else match.authority
        return RequestHead(request.method, authority, path, request.headers, request.scheme)

    def _new_host(self, request: Request | RequestHead, bare: bytes, hostname: str) -> bytes | None:
        """The host that the route wants; None leaves it as it is."""
        if self._host is not None:
            return self._host
        if self._host_header is not None:
            name = self._host_header
            values = request.headers.get_all(name)
            return (join(values) if name in JOINED_IN_REQUESTS else values[0] if values else None) or None
        if self._host_of_path is not None:
            return self._host_of_path(bare) or None
        return as_bytes(hostname) if self._auto_host and hostname else None

    def _play(
        self, match: Match, before: RequestHead, stream: StreamInfo | None, hostname: str, attempt: int
    ) -> RequestChanges:
        """All changes, one after the other, on a copy of the head."""
        headers = HeaderList(before.headers.items())
        head = RequestHead(before.method, before.authority, before.path, headers, before.scheme)
        if stream is None:
            stream = StreamInfo(before)
        stream.head = head
        for name in self._drops:
            headers.remove(name)
        if self._attempts_in_request:
            headers.set(_ATTEMPTS, b"%d" % attempt)
        mutations = self._request_mutations
        mutations.apply(headers, stream, 0, 1)
        if self._first_host is not None:
            head.authority = self._first_host
        mutations.apply(headers, stream, 1)
        bare, mark, query = head.path.partition(b"?")
        rehosted = self._new_host(head, bare, hostname)
        if rehosted is not None:
            forwarded = forwarded_host(head.authority, headers) if self._append_forwarded_host else None
            if forwarded is not None:
                headers.set(_FORWARDED_HOST, forwarded)
            headers.set(_ORIGINAL_HOST, head.authority)
            head.authority = rehosted
        if self._path_rewrite is not None:
            new = self._path_rewrite(bare, self._params(match))
            if new:
                headers.set(_ORIGINAL_PATH, head.path)
                head.path = new + mark + query
        path, mark, query = head.path.partition(b"?")
        moved = head.path != before.path or match.path is not None
        return RequestChanges(
            head,
            lambda: rewriter_between(headers, self._touched),
            self._touched,
            path if moved else None,
            query if moved else None,
            head.authority if head.authority != before.authority or match.authority is not None else None,
        )

    # --- responses -------------------------------------------------------------------------------------------------

    def finalize_response(
        self,
        response: Response,
        stream: StreamInfo | None = None,
        *,
        cookies: Sequence[bytes] = (),
        attempts: int = 1,
    ) -> ResponseChanges:
        """What the client gets of an upstream's response. `cookies`: Set-Cookie values to add (Hash.cookies)."""
        fills = self._response_fills
        if fills is None or cookies:
            played = self._play_response(response, stream, cookies, attempts)
            touched = self._response_touched | {_SET_COOKIE} if cookies else self._response_touched
            return ResponseChanges(played, lambda: rewriter_between(played, touched), touched)
        if self._response_rewriter is None:
            operations = self._response_mutations.operations
            assert operations is not None
            self._response_rewriter = operations.rewriter()
        values: tuple[bytes | None, ...] = ()
        if fills:
            if stream is None:
                stream = StreamInfo()
            stream.response_headers = response.headers
            stream.response_status = response.status_code
            values = tuple([entry.fill(stream) for entry in fills])
        return ResponseChanges(
            lambda: self._play_response(response, stream, (), attempts),
            self._response_rewriter,
            self._response_touched,
            values,
        )

    def _play_response(
        self, response: Response, stream: StreamInfo | None, cookies: Sequence[bytes], attempts: int
    ) -> HeaderList:
        """All changes, one after the other, on a copy of the fields."""
        headers = HeaderList(response.headers.items())
        self._apply_to_response(headers, response.status_code, stream, attempts)
        for cookie in cookies:
            headers.append(_SET_COOKIE, cookie)
        return headers

    def finalize_response_fields(
        self, status: int, fields: Sequence[tuple[bytes, bytes]], stream: StreamInfo | None = None, *, attempts: int = 1
    ) -> list[tuple[bytes, bytes]]:
        """The same for a response in parts."""
        headers = HeaderList(fields)
        self._apply_to_response(headers, status, stream, attempts)
        return headers.items()

    def _apply_to_response(self, headers: HeaderList, status: int, stream: StreamInfo | None, attempts: int) -> None:
        if stream is None:
            stream = StreamInfo()
        stream.response_headers = headers
        stream.response_status = status
        self._response_mutations.apply(headers, stream)
        if self._attempts_in_response and attempts:
            headers.set(_ATTEMPTS, b"%d" % attempts)

    # --- answers ---------------------------------------------------------------------------------------------------

    def answer(self, match: Match, request: Request | RequestHead, stream: StreamInfo | None = None) -> Answer | None:
        """The redirect or direct response that the route is, its header fields changed; None for one that forwards."""
        direct = self._direct
        if direct is not None and not 300 <= direct.status <= 399:
            if self._response_mutations.headers and stream is None:
                stream = StreamInfo(self._head_of(match, request, None))
            return self.decorate(Answer(direct.status, direct.body), stream)
        if self._redirect is None:
            return None
        before = self._head_of(match, request, stream)
        path = self._redirect.rewritten(before.path, self._params(match))
        head = before
        if path != before.path:
            head = RequestHead(before.method, before.authority, path, before.headers, before.scheme)
        if self._response_mutations:
            stream = stream if stream is not None else StreamInfo()
            stream.head = head
        location = self._redirect.location(head)
        body = direct.body if direct is not None else b""
        return self.decorate(Answer(self._redirect.status, body, ((_LOCATION, location),)), stream)

    def decorate(self, answer: Answer, stream: StreamInfo | None = None, *, attempts: int = 0) -> Answer:
        """An answer of one's own for a request on this route, with the route's changes to response fields."""
        fields = list(answer.headers)
        if self._response_mutations or (self._attempts_in_response and attempts):
            fields = self.finalize_response_fields(answer.status, fields, stream, attempts=attempts)
        if answer.body:
            fields = [field for field in fields if field[0].lower() != _CONTENT_LENGTH]
            if not any(name.lower() == _CONTENT_TYPE for name, _ in fields):
                fields.append((_CONTENT_TYPE, b"text/plain"))
        else:
            fields = [field for field in fields if field[0].lower() not in (_CONTENT_LENGTH, _CONTENT_TYPE)]
        return Answer(answer.status, answer.body, tuple(fields))

    # --- how -----------------------------------------------------------------------------------------------------

    @property
    def cluster_not_found(self) -> Answer:
        """Where there is no such cluster; to be decorated."""
        return Answer(self.action.cluster_not_found_response_code if self.action is not None else 503)

    @property
    def hashes(self) -> bool:
        """Whether the route has hash policies."""
        return self._hasher is not None

    def hash(self, request: Request | RequestHead, stream: StreamInfo | None = None) -> Hash:
        """The request's hash, by the route's hash policies; its key is None when they give none."""
        if self._hasher is None:
            return Hash()
        head = request if isinstance(request, RequestHead) else RequestHead.of(request)
        return self._hasher.hash(head, stream)

    def timeouts(self, request: Request | RequestHead | None = None) -> Timeouts:
        """How long it may take. `request`: an internal one, whose header fields may say otherwise."""
        assert self.action is not None
        head = request if isinstance(request, RequestHead) or request is None else RequestHead.of(request)
        return timeouts(self.action, self.retry_policy, head)

    def internal_retry_policy(self, request: Request | RequestHead) -> RetryPolicy | None:
        """The retry policy of an internal request, whose header fields may add to it."""
        head = request if isinstance(request, RequestHead) else RequestHead.of(request)
        return internal_retry_policy(self.retry_policy, head)

    @property
    def mirror_policies(self) -> tuple[RequestMirrorPolicy, ...]:
        """The route's, else the virtual host's, else the configuration's."""
        return self._mirrors

    def mirrors(self, head: RequestHead, random: Random) -> list[Mirror]:
        """Where copies of the request go. `head`: RequestChanges.head; `random` draws from 0 to 2^64-1."""
        return mirrors(self._mirrors, head, random) if self._mirrors else []

    @property
    def fault_policy(self) -> HttpFault | None:
        """The route's, else the virtual host's; None leaves it to the listener's."""
        return self._fault

    def fault(self, random: Random, listener: HttpFault | None = None) -> Fault:
        """The fault to inject, if any; `random` draws from 0 to 2^64-1, for the delay first."""
        fault = self._fault if self._fault is not None else listener
        return Fault(None, None) if fault is None else decide_fault(fault, random)


def _split(new: bytes, query: bytes | None) -> tuple[bytes, bytes]:
    """Path and query of a rewritten path that has a query itself, with the request's query after it."""
    path, _, own = new.partition(b"?")
    return path, own if query is None else own + b"?" + query
