from typing import Literal

from typing_extensions import Buffer

_Unfinished = Literal[False] | None

def parse_proxy_header(
    data: Buffer, /
) -> tuple[int, int, bool, bool, bytes, int, bytes, int, int, bytes] | _Unfinished: ...

class ClientHelloReader:
    def __init__(self, max_size: int = 0) -> None: ...
    def read(
        self, data: Buffer, /
    ) -> (
        tuple[bytes | None, tuple[bytes, ...], int, int, bytes, bytes, bytes, bytes, bytes, bytes, int] | _Unfinished
    ): ...

def iter_extensions(extensions: bytes, /) -> list[tuple[int, bytes]]: ...

class HttpDetector:
    def __init__(self) -> None: ...
    def read(self, data: Buffer, /) -> int | _Unfinished: ...
