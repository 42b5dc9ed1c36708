"""What a simulation has to know of a policy."""

from __future__ import annotations

from fastpath.clusters import Cluster
from fastpath.models import LbPolicy

__all__ = ["is_hashed"]

_HASHED = {LbPolicy.RING_HASH, LbPolicy.MAGLEV, LbPolicy.KETAMA, LbPolicy.RENDEZVOUS}


def is_hashed(cluster: Cluster) -> bool:
    """Whether a request's hash decides."""
    return cluster.model.lb_policy in _HASHED
