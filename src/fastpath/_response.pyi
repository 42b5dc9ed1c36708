from collections.abc import Iterable
from typing import final

from fastpath._head import FramedHead, Head
from fastpath._headers import Headers

_Text = bytes | str
_Pairs = Headers | Iterable[tuple[_Text, _Text]]

@final
class Response(FramedHead):
    def __init__(
        self, *, status_code: int, headers: _Pairs = (), reason: _Text | None = None, http_version: _Text = b"1.1"
    ) -> None: ...
    @property
    def status_code(self) -> int: ...
    @property
    def reason(self) -> bytes: ...
    @property
    def until_close(self) -> bool: ...

@final
class InformationalResponse(Head):
    def __init__(
        self, *, status_code: int, headers: _Pairs = (), reason: _Text | None = None, http_version: _Text = b"1.1"
    ) -> None: ...
    @property
    def status_code(self) -> int: ...
    @property
    def reason(self) -> bytes: ...
