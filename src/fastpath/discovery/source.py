"""What feeds a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from fastpath.models import LocalityEndpoints

__all__ = ["EndpointSource"]


class EndpointSource(Protocol):
    """Whoever knows a cluster's endpoints: DNS, a file, a registry."""

    def watch(self) -> AsyncIterator[Sequence[LocalityEndpoints]]:
        """All endpoints, and again all whenever they have changed.

        An exception says that the source has failed for now: the cluster keeps what it has, and `watch` is called
        again later. An end says that nothing will change any more.
        """
        ...
