from typing import final

from typing_extensions import Self

from fastpath._host import Host

@final
class RetryPriority:
    def __new__(cls, update_frequency: int) -> Self: ...
    def attempted(self, host: Host) -> None: ...
