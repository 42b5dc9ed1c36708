"""A cluster's endpoints as the core takes them.

An update names all endpoints, though few of them are new. Reading one costs little, but for what subsets know it by and
whether its address is a name: that is taken from the last model.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from fastpath._endpoints import EndpointArray
from fastpath._subset import Labels
from fastpath.errors import ConfigError
from fastpath.models import Cluster, DiscoveryType, Endpoint, LocalityEndpoints, SubsetConfig

from .labels import host_labels
from .localities import number_localities
from .refusal import MAX_UINT32, check_integer, refusal
from .zones import Zones, place_of

__all__ = ["CoreEndpoints", "is_name", "locate"]

_MAX_PRIORITY = 128
_MAX_PORT = 65535
_RESOLVED = (DiscoveryType.STRICT_DNS, DiscoveryType.LOGICAL_DNS)
_FIELDS = {"config_weight": ".weight"}

# Of an endpoint: its labels, and whether it is a host.
_Look = tuple["Labels | None", bool]


class CoreEndpoints:
    """One model's endpoints. Immutable."""

    __slots__ = ("_known", "_model", "array")

    def __init__(self, model: Cluster, path: str, zones: Zones, previous: CoreEndpoints | None = None):
        """ConfigError with a path that begins with `path`."""
        self._model = model  # keeps its endpoints, whose identities are the keys of what is known
        self._known: dict[int, _Look] = {}
        known = previous._known_for(model) if previous is not None else {}
        by_hostname = model.consistent_hashing.use_hostname_for_hashing
        self.array = EndpointArray()
        """As the core takes them."""
        numbers = number_localities(model.localities, zones.own)
        for place, (locality, (number, weight)) in enumerate(zip(model.localities, numbers, strict=True)):
            where = f"{path}localities[{place}]"
            check_integer(locality.priority, 0, _MAX_PRIORITY, f"{where}.priority", locality.position)
            check_integer(weight, 0, MAX_UINT32, f"{where}.weight", locality.position)
            endpoints, labels = tuple(locality.endpoints), None
            if model.type in _RESOLVED or model.subsets is not None:
                endpoints, labels = self._look_at(locality, where, known)
            numbered = locality.priority, number, weight, zones.number(place_of(locality))
            added = self.array.add(endpoints, numbered, labels, by_hostname)
            if added < len(endpoints):
                _check_numbers(endpoints[added], f"{where}.endpoints[{added}]")

    def _known_for(self, model: Cluster) -> dict[int, _Look]:
        """What is known by endpoint, as far as it is the same in another model."""
        mine = self._model
        return self._known if model.type is mine.type and model.subsets == mine.subsets else {}

    def _look_at(
        self, locality: LocalityEndpoints, where: str, known: dict[int, _Look]
    ) -> tuple[tuple[Endpoint, ...], list[Labels | None]]:
        """The endpoints that are hosts, and the labels of each."""
        hosts: list[Endpoint] = []
        labels: list[Labels | None] = []
        for index, endpoint in enumerate(locality.endpoints):
            key = id(endpoint)
            look = known.get(key) or _look_at(self._model, endpoint, f"{where}.endpoints[{index}]")
            self._known[key] = look
            if look[1]:
                hosts.append(endpoint)
                labels.append(look[0])
        return tuple(hosts), labels


def _look_at(model: Cluster, endpoint: Endpoint, path: str) -> _Look:
    if not _is_host(model, endpoint):
        return None, False
    _check_numbers(endpoint, path)
    return None if model.subsets is None else _labels(endpoint, model.subsets, path), True


def _check_numbers(endpoint: Endpoint, path: str) -> None:
    if endpoint.weight is not None:
        check_integer(endpoint.weight, 1, MAX_UINT32, f"{path}.weight", endpoint.position)
    check_integer(endpoint.port, 0, _MAX_PORT, f"{path}.port", endpoint.position)


def _is_host(model: Cluster, endpoint: Endpoint) -> bool:
    """A name that DNS is to resolve is no host yet."""
    return model.type not in _RESOLVED or not is_name(endpoint.address)


def is_name(address: str) -> bool:
    """Whether an endpoint's address is no IP address."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return True
    return False


def _labels(endpoint: Endpoint, subsets: SubsetConfig, path: str) -> Labels | None:
    """What subsets know it by: its metadata `envoy.lb`."""
    try:
        return host_labels(endpoint.metadata.get("envoy.lb", {}), list_as_any=subsets.list_as_any)
    except TypeError as error:
        raise refusal(str(error), f"{path}.metadata", endpoint.position) from None


def locate(error: ConfigError, model: Cluster, path: str) -> ConfigError:
    """The core's refusal of row number `error.index`, with the way to the endpoint."""
    for count, (where, endpoint) in enumerate(_hosts(model, path)):
        if count == error.index:
            return refusal(error.reason, where + _FIELDS.get(error.code, ""), endpoint.position, error.code)
    return error


def _hosts(model: Cluster, path: str) -> Iterator[tuple[str, Endpoint]]:
    for number, locality in enumerate(model.localities):
        for index, endpoint in enumerate(locality.endpoints):
            if _is_host(model, endpoint):
                yield f"{path}localities[{number}].endpoints[{index}]", endpoint
