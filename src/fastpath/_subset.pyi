from collections.abc import Sequence

from typing_extensions import Self

class Labels:
    def __new__(cls, pairs: Sequence[tuple[bytes, bytes]]) -> Self: ...

class SubsetRules:
    def __new__(
        cls,
        selectors: Sequence[tuple[Sequence[bytes], int, Sequence[bytes], bool]],
        fallback: int,
        default_subset: Labels | None,
        flags: tuple[bool, bool, bool, bool],
    ) -> Self: ...
