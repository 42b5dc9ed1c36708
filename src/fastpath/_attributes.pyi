from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Final

VALUE_NULL: Final[int]
VALUE_NUMBER: Final[int]
VALUE_RANGE: Final[int]
VALUE_TEXT: Final[int]
VALUE_BOOL: Final[int]
VALUE_PRESENT: Final[int]
VALUE_ANY_ITEM: Final[int]
VALUE_ANY_OF: Final[int]

class RequestAttributes:
    def __init__(
        self,
        metadata: Mapping[str, Mapping[str, object]] | None = None,
        filter_state: Mapping[str, str | bytes | IPv4Address | IPv6Address] | None = None,
    ) -> None: ...

class AttributeTest:
    def __init__(
        self,
        path: list[str],
        steps: list[tuple[int, bool, int, int, int, float, float, str]],
        ranges: list[tuple[bytes, int]],
    ) -> None: ...
