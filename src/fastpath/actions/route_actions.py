"""All that happens to a request once its route is known, laid out once for each route.

A route that changes nothing is `plain`. Where the order of changes does not matter, a request costs the values that are
made for it, and a HeadRewriter made once does the rest. Where it does (a field named at two levels, a value made of a
field that another level sets), the changes are played on a copy of the head, one after the other, as Envoy does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastpath._http import Request
from fastpath._response import Response
from fastpath._rewrite import HeadRewriter
from fastpath.models import HeaderMutations, HttpFault, RequestMirrorPolicy, RetryPolicy, WeightedCluster
from fastpath.substitution.heads import HeaderList, RequestHead, as_bytes, request_path
from fastpath.substitution.stream import StreamInfo

from .answers import Answer
from .changes import RequestChanges, ResponseChanges
from .hashing import Hash
from .mutations import rewriter_between
from .policies import Fault, Mirror, Random, Timeouts, decide_fault, internal_retry_policy, mirrors, timeouts
from .rewrite import forwarded_host
from .route_layout import RouteLayout

if TYPE_CHECKING:
    from fastpath._match import Match

__all__ = ["RouteActions"]

_ATTEMPTS = b"x-envoy-attempt-count"
_ORIGINAL_PATH = b"x-envoy-original-path"
_ORIGINAL_HOST = b"x-envoy-original-host"
_FORWARDED_HOST = b"x-forwarded-host"
_FORWARDED_PROTO = b"x-forwarded-proto"
_LOCATION = b"location"
_SET_COOKIE = b"set-cookie"
_CONTENT_TYPE = b"content-type"
_CONTENT_LENGTH = b"content-length"
_NO_PARAMS: Mapping[str, object] = {}
_NO_MUTATIONS = HeaderMutations()


class RouteActions(RouteLayout):
    """What one route does to requests and responses.

    route, virtual_host, configuration: models; of the two last, what concerns all their routes counts.
    weighted: the share of a split that was chosen, which has mutations of its own.
    drops: request fields that never go upstream, whatever the route says.

    Raises ConfigError for what `validate` finds. Immutable in all that shows; may be shared between threads.
    """

    __slots__ = ()

    def of_share(self, weighted: WeightedCluster | None) -> RouteActions:
        """The actions where this share of the route's split was chosen."""
        if weighted is None:
            return self
        changes = weighted.mutations != _NO_MUTATIONS or weighted.host_rewrite_literal or weighted.metadata_match
        if not changes and weighted.fault is None:
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
            bare, query = request_path(request), request.query
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

    def head_of(self, match: Match, request: Request) -> RequestHead:
        """A parsed request's head as it came: its path and host normalised, without what no route sees."""
        return RequestHead.of(request, path=match.path, authority=match.authority, without=self.unseen)

    def _head_of(self, match: Match, request: Request | RequestHead, stream: StreamInfo | None) -> RequestHead:
        """The request as it came, its path and host normalised."""
        if stream is not None and stream.head is not None and match.path is None and match.authority is None:
            return stream.head
        if isinstance(request, Request):
            return self.head_of(match, request)
        if match.path is None and match.authority is None:
            return request
        path = request.path if match.path is None else b"".join((match.path, *request.path.partition(b"?")[1:]))
        authority = request.authority if match.authority is None else match.authority
        return request.replace(authority=authority, path=path)

    def _new_host(self, request: Request | RequestHead, bare: bytes, hostname: str) -> bytes | None:
        """The host that the route wants; None leaves it as it is."""
        if self._host is not None:
            return self._host
        if self._host_header is not None:
            head = RequestHead.of(request, without=self.unseen) if isinstance(request, Request) else request
            return head.value(self._host_header) or None
        if self._host_of_path is not None:
            return self._host_of_path(bare) or None
        return as_bytes(hostname) if self._auto_host and hostname else None

    def _play(
        self, match: Match, before: RequestHead, stream: StreamInfo | None, hostname: str, attempt: int
    ) -> RequestChanges:
        """All changes, one after the other, on a copy of the head."""
        headers = HeaderList(before.headers.items())
        head = before.replace(headers=headers)
        if stream is None:
            stream = StreamInfo(before)
        stream.head = head
        for name in self._drops:
            headers.remove(name)
        if _FORWARDED_PROTO in self._touched:
            headers.set(_FORWARDED_PROTO, before.forwarded_proto)
            head.connection_scheme = None
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
        is_own_query = (mark, query) == before.path.partition(b"?")[1:]
        return RequestChanges(
            head,
            lambda: rewriter_between(headers, self._touched),
            self._touched,
            path if moved else None,
            None if is_own_query else query,
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
        if direct is None and self._redirect is None:
            return None
        if self.reads_stream:
            if stream is None:
                stream = StreamInfo(self._head_of(match, request, None))
            stream.response_code_details = "direct_response"
        if direct is not None and self._redirect is None:
            return self.decorate(Answer(direct.status, direct.body), stream)
        assert self._redirect is not None
        before = self._head_of(match, request, stream)
        path = self._redirect.rewritten(before.path, self._params(match))
        head = before.replace(path=path)
        if self._response_mutations:
            if path is not None:
                headers = HeaderList(before.headers.items())
                headers.set(_ORIGINAL_PATH, before.path)
                head = head.replace(headers=headers)
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

    def hash(
        self,
        request: Request | RequestHead,
        stream: StreamInfo | None = None,
        *,
        filter_state: Mapping[str, object] | None = None,
    ) -> Hash:
        """The request's hash as it came, by the route's hash policies; its key is None when they give none.

        It chooses among weighted clusters (use_hash_policy). `filter_state` counts instead of the stream's.
        """
        if self._hasher is None:
            return Hash()
        head = RequestHead.of(request, without=self.unseen) if isinstance(request, Request) else request
        return self._hasher.hash(head, stream, filter_state)

    def host_hash(
        self,
        match: Match,
        request: Request | RequestHead,
        stream: StreamInfo | None = None,
        *,
        filter_state: Mapping[str, object] | None = None,
    ) -> Hash:
        """The hash that chooses the host: of the request as the route changes it, but for what depends on the host.

        Errors as finalize_request.
        """
        if self._hasher is None:
            return Hash()
        if self.plain:
            head = self._head_of(match, request, None)
        else:
            before = stream.head if stream is not None else None
            try:
                head = self.finalize_request(match, request, stream).head
            finally:
                if stream is not None:
                    stream.head = before
        return self._hasher.hash(head, stream, filter_state)

    def timeouts(self, request: Request | RequestHead | None = None) -> Timeouts:
        """How long it may take. `request`: an internal one, whose header fields may say otherwise."""
        assert self.action is not None
        return timeouts(self.action, self.retry_policy, request.headers if request is not None else None)

    def internal_retry_policy(self, request: Request | RequestHead) -> RetryPolicy | None:
        """The retry policy of an internal request, whose header fields may add to it."""
        return internal_retry_policy(self.retry_policy, request.headers)

    @property
    def mirror_policies(self) -> tuple[RequestMirrorPolicy, ...]:
        """The route's, else the virtual host's, else the configuration's."""
        return self._mirrors

    def mirrors(self, head: RequestHead, random: Random) -> list[Mirror]:
        """Where copies of the request go. `head`: RequestChanges.head; `random` draws from 0 to 2^64-1."""
        return mirrors(self._mirrors, head, random) if self._mirrors else []

    @property
    def fault_policy(self) -> HttpFault | None:
        """The share's, else the route's, the virtual host's, the configuration's; None leaves it to the listener's."""
        return self._fault

    def fault(self, random: Random, listener: HttpFault | None = None) -> Fault:
        """The fault to inject, if any; `random` draws from 0 to 2^64-1, for the delay first.

        The caller has looked at the policy's headers, upstream_cluster and max_active_faults.
        """
        fault = self._fault if self._fault is not None else listener
        return Fault() if fault is None else decide_fault(fault, random)


def _split(new: bytes, query: bytes | None) -> tuple[bytes, bytes]:
    """Path and query of a rewritten path that has a query itself, with the request's query after it."""
    path, _, own = new.partition(b"?")
    return path, own if query is None else own + b"?" + query
