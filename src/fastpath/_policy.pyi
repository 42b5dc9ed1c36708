from typing import Any, NamedTuple, final

from fastpath._cluster import Policy
from fastpath._host import Host

class HostGroup(NamedTuple):
    hosts: tuple[Host, ...]
    weights: tuple[int, ...]
    seed: int

@final
class PythonPolicy(Policy):
    def __init__(self, policy: Any) -> None: ...
    @property
    def policy(self) -> Any: ...

@final
class NativePolicy(Policy):
    def __init__(self, table: object, *, context: int = 0, owner: object = None) -> None: ...
