"""Which hosts a request is not tried again on (RetryPolicy.retry_host_predicate)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fastpath import Cluster, Host

from ..balancing.labels import LabelPair, label_pairs
from ..models import Cluster as ClusterModel
from ..models import RetryPolicy

__all__ = ["HostPredicates"]

_CANARY = frozenset(label_pairs({"canary": True}, list_as_any=False))


class HostPredicates:
    """The predicates of a RetryPolicy, laid out for asking them. False when there are none."""

    __slots__ = ("_known", "_unwanted", "previous_hosts")

    def __init__(self, policy: RetryPolicy):
        self.previous_hosts = policy.previous_hosts
        unwanted = [frozenset(label_pairs(wanted, list_as_any=False)) for wanted in policy.omit_host_metadata if wanted]
        self._unwanted = [_CANARY, *unwanted] if policy.omit_canary_hosts else unwanted
        # By cluster: what its hosts were when they were last looked at, and which of them are not wanted.
        self._known: dict[str, tuple[ClusterModel, tuple[Host, ...], list[Host]]] = {}

    def __bool__(self) -> bool:
        return self.previous_hosts or bool(self._unwanted)

    def rejected(self, cluster: Cluster, tried: Iterable[Host]) -> list[Host]:
        """The hosts not to try next. `tried`: those that were."""
        labelled = self._labelled(cluster) if self._unwanted else []
        return [*labelled, *tried] if self.previous_hosts else labelled

    def _labelled(self, cluster: Cluster) -> list[Host]:
        model, hosts = cluster.model, cluster.hosts
        known = self._known.get(cluster.name)
        if known is None or known[0] is not model or known[1] is not hosts:
            addresses = frozenset(self._addresses(model))
            found = [host for host in hosts if (host.address, host.port) in addresses]
            known = self._known[cluster.name] = model, hosts, found
        return known[2]

    def _addresses(self, model: ClusterModel) -> Iterator[tuple[str, int]]:
        seen: set[tuple[str, int]] = set()
        for locality in model.localities:
            for endpoint in locality.endpoints:
                address = endpoint.address, endpoint.port
                if address not in seen and self._rejects(endpoint.metadata):
                    yield address
                seen.add(address)  # of several endpoints with one address the first counts

    def _rejects(self, metadata: Mapping[str, Mapping[str, object]]) -> bool:
        labels: set[LabelPair] = set(label_pairs(metadata.get("envoy.lb", {}), list_as_any=True))
        return any(unwanted <= labels for unwanted in self._unwanted)
