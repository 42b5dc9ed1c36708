from typing import Literal

from typing_extensions import Buffer

_Unfinished = Literal[False] | None

def parse_proxy_header(
    data: Buffer, /
) -> tuple[int, int, bool, bool, bytes, int, bytes, int, int, bytes] | _Unfinished: ...
def parse_client_hello(
    data: Buffer, /
) -> tuple[int, int, bytes | None, tuple[bytes, ...], bytes, bytes, int] | _Unfinished: ...
def detect_http(data: Buffer, /) -> int | _Unfinished: ...
