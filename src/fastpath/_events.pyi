import enum
from collections.abc import Iterable
from typing import Final, final

from typing_extensions import Buffer as BytesLike

from fastpath._headers import Headers
from fastpath._view import View

_Text = bytes | str

class Signal(enum.Enum):
    NEED_DATA = 0
    PAUSED = 1

NEED_DATA: Final = Signal.NEED_DATA
PAUSED: Final = Signal.PAUSED

@final
class Data:
    def __init__(self, *, data: BytesLike) -> None: ...
    @property
    def data(self) -> View | bytes: ...
    def views(self) -> list[View | bytes]: ...
    def __len__(self) -> int: ...
    def __bytes__(self) -> bytes: ...

@final
class EndOfMessage:
    def __init__(self, *, trailers: Headers | Iterable[tuple[_Text, _Text]] = ()) -> None: ...
    @property
    def trailers(self) -> Headers: ...

@final
class ConnectionClosed:
    def __hash__(self) -> int: ...
