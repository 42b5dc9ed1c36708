import enum
from collections.abc import Sequence
from typing import Final, Literal, final

from typing_extensions import Buffer as BytesLike

from fastpath._buffer import Buffer, Room
from fastpath._buffer_pool import BufferPool
from fastpath._events import ConnectionClosed, Data, EndOfMessage, Signal
from fastpath._http import Request
from fastpath._limits import Limits
from fastpath._response import InformationalResponse, Response
from fastpath._rewrite import HeadRewriter
from fastpath._view import View

class Role(enum.Enum):
    CLIENT = 0
    SERVER = 1

class State(enum.Enum):
    IDLE = 0
    SEND_RESPONSE = 1
    SEND_BODY = 2
    DONE = 3
    MUST_CLOSE = 4
    CLOSED = 5
    MIGHT_SWITCH_PROTOCOL = 6
    SWITCHED_PROTOCOL = 7
    ERROR = 8

CLIENT: Final = Role.CLIENT
SERVER: Final = Role.SERVER

_Head = Request | Response | InformationalResponse
_Event = _Head | Data | EndOfMessage | ConnectionClosed

@final
class Connection:
    def __new__(cls, role: Role, *, limits: Limits | None = None, pool: BufferPool | None = None) -> Connection: ...
    def receive_data(self, data: BytesLike, /) -> None: ...
    def get_buffer(self, sizehint: int = -1, /) -> Room: ...
    def buffer_updated(self, nbytes: int, /) -> None: ...
    def next_event(self) -> _Event | Literal[Signal.NEED_DATA, Signal.PAUSED]: ...
    def send(self, event: _Event, /) -> bytes: ...
    def send_into(self, buffer: Buffer, event: _Event) -> None: ...
    def send_with_data_passthrough(self, event: _Event, /) -> list[View]: ...
    def forward(
        self,
        head: _Head,
        rewriter: HeadRewriter,
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
    def forward_into(
        self,
        buffer: Buffer,
        head: _Head,
        rewriter: HeadRewriter,
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
    ) -> None: ...
    def send_failed(self) -> None: ...
    def start_next_cycle(self) -> None: ...
    def reset(self) -> None: ...
    @property
    def our_role(self) -> Role: ...
    @property
    def their_role(self) -> Role: ...
    @property
    def our_state(self) -> State: ...
    @property
    def their_state(self) -> State: ...
    @property
    def their_http_version(self) -> bytes | None: ...
    @property
    def client_is_waiting_for_100_continue(self) -> bool: ...
    @property
    def they_are_waiting_for_100_continue(self) -> bool: ...
    @property
    def reusable(self) -> bool: ...
    @property
    def buffered(self) -> int: ...
    @property
    def trailing_data(self) -> tuple[bytes, bool]: ...
    def take_trailing_data_into(self, buffer: Buffer, /) -> None: ...
