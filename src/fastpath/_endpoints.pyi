from typing import final

from fastpath._subset import Labels
from fastpath.models import Endpoint

@final
class EndpointArray:
    def __init__(self) -> None: ...
    @property
    def count(self) -> int: ...
    def add(
        self,
        endpoints: tuple[Endpoint, ...],
        place: tuple[int, int, int, int],
        labels: list[Labels | None] | None,
        by_hostname: bool,
    ) -> int: ...
    def has_weights_of(self, other: EndpointArray) -> bool: ...
