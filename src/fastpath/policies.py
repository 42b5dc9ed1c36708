"""Load balancing policies of your own, over the hosts, health and priorities that the built-in ones see.

    class LeastLoaded(HostPolicy):
        def pick(self, prepared, number, attempt):
            loads = [host.active_requests for host in prepared.hosts]
            return loads.index(min(loads))

    manager = ClusterManager(config.clusters, policies={"service_a": LeastLoaded()})

A cluster asks its policy once it knows which hosts come into question: those of the priority, locality or subset whose
turn it is, healthy ones, or all in panic.
"""

from __future__ import annotations

from typing import Any

from fastpath._cluster import Policy
from fastpath._policy import HostGroup, NativePolicy, PythonPolicy

__all__ = ["HostGroup", "HostPolicy", "NativePolicy", "Policy"]


class HostPolicy:
    """Base of policies in Python. One object may serve any number of clusters.

    It is called with the GIL held, by the thread that picks, and by one thread at a time for each cluster; others that
    pick from the cluster wait meanwhile. It must not ask its own cluster for a host (RuntimeError), and should hold no
    reference to it: the cluster, which lives longer, holds the policy and what `prepare` gave. What it raises comes out
    of the call that picked, and nothing is counted; the next pick asks again.
    """

    hashes: bool = False
    """Whether it goes by the request's hash. Then priorities are chosen by the hash as well, and degraded hosts never
    used. Read when a cluster is made."""

    def prepare(self, group: HostGroup) -> Any:
        """What `pick` gets first. Called before the first choice among a group of two hosts or more, and again when an
        update has changed the group. `group.seed` differs from cluster to cluster, unless the manager has a seed."""
        return group

    def pick(self, prepared: Any, number: int, attempt: int) -> int | None:
        """The index in the group's `hosts` of the host to take; None for none of them.

        number: the request's hash, or a random number for a request without one, 0 to 2^64-1; 0 unless `hashes`.
        attempt: 0, then 1, 2, ... while what was chosen before is excluded. With a single host nothing is asked.
        """
        raise NotImplementedError


def as_policy(policy: HostPolicy | Policy) -> Policy:
    """What a cluster of the core takes. TypeError for anything else."""
    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, HostPolicy):
        return PythonPolicy(policy)
    raise TypeError(f"a policy is a HostPolicy or a NativePolicy, not {type(policy).__name__}")
