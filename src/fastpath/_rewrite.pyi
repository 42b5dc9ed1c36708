from collections.abc import Iterable, Mapping, Sequence
from typing import final

from fastpath._http import Request
from fastpath._response import InformationalResponse, Response

_Text = bytes | str
_Fields = Mapping[bytes, bytes | None] | Mapping[str, str | None] | Iterable[tuple[_Text, _Text | None]]

@final
class HeadRewriter:
    def __new__(
        cls,
        *,
        set: _Fields = (),  # noqa: A002
        append: _Fields = (),
        add_if_absent: _Fields = (),
        overwrite_if_exists: _Fields = (),
        remove: Iterable[_Text] = (),
    ) -> HeadRewriter: ...
    def rewrite(
        self,
        head: Request | Response | InformationalResponse,
        *,
        values: Sequence[bytes | None] = (),
        method: bytes | None = None,
        path: bytes | None = None,
        query: bytes | None = None,
        authority: bytes | None = None,
        content_length: int | None = None,
        chunked: bool | None = None,
        upgrade: bool = False,
        close: bool = False,
        keep_alive: bool = False,
        proxy_authorization: bool = False,
    ) -> bytes: ...
