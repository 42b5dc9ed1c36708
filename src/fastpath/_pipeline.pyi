from typing import final

from typing_extensions import Buffer, Self

from fastpath._http import Request
from fastpath._limits import Limits

@final
class RequestIterator:
    @property
    def body(self) -> bytes: ...
    @property
    def consumed(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> Request: ...

def iter_requests(data: Buffer, /, limits: Limits | None = None) -> RequestIterator: ...
