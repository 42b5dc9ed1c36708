"""A cluster's endpoints as the core takes them: rows by group, made once for each Endpoint object.

An update names all endpoints, though few of them are new: rows of those that the last model had are taken from there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from fastpath._subset import Labels
from fastpath.errors import ConfigError
from fastpath.models import Cluster, DiscoveryType, Endpoint, SubsetConfig

from .labels import host_labels
from .localities import number_localities
from .refusal import MAX_UINT32, check_integer, refusal
from .zones import Zones, place_of

__all__ = ["EndpointRows", "Group", "is_name", "locate"]

_MAX_PRIORITY = 128
_MAX_PORT = 65535
_RESOLVED = (DiscoveryType.STRICT_DNS, DiscoveryType.LOGICAL_DNS)
_FIELDS = {"config_weight": ".weight"}

# Address, hostname, hash key, port, weight, health, labels.
Row = tuple[bytes, bytes, bytes, int, int, int, Labels | None]
# Priority, locality, its weight and zone, and the rows of the endpoints there.
Group = tuple[int, int, int, int, list[Row]]


class EndpointRows:
    """The rows of one model's endpoints. Immutable."""

    __slots__ = ("_known", "_model", "groups")

    def __init__(self, model: Cluster, path: str, zones: Zones, previous: EndpointRows | None = None):
        """ConfigError with a path that begins with `path`."""
        known = previous._known_for(model) if previous is not None else {}
        self._model = model  # keeps its endpoints, whose identities are the keys below
        self._known: dict[int, Row | None] = {}
        rows_now, subsets = self._known, model.subsets
        by_hostname = model.consistent_hashing.use_hostname_for_hashing
        self.groups: list[Group] = []
        """As the core takes them."""
        numbers = number_localities(model.localities, zones.own)
        may_be_names = model.type in _RESOLVED
        for place, (locality, (number, weight)) in enumerate(zip(model.localities, numbers, strict=True)):
            where = f"{path}localities[{place}]"
            check_integer(locality.priority, 0, _MAX_PRIORITY, f"{where}.priority", locality.position)
            check_integer(weight, 0, MAX_UINT32, f"{where}.weight", locality.position)
            rows: list[Row] = []
            for index, endpoint in enumerate(locality.endpoints):
                key = id(endpoint)
                if key in known:
                    row = known[key]
                elif not may_be_names or not is_name(endpoint.address):
                    row = _row(endpoint, subsets, where, index, by_hostname=by_hostname)
                else:
                    row = None
                rows_now[key] = row
                if row is not None:
                    rows.append(row)
            self.groups.append((locality.priority, number, weight, zones.number(place_of(locality)), rows))

    def _known_for(self, model: Cluster) -> dict[int, Row | None]:
        """Rows by endpoint, as far as they are the same in another model."""
        mine = self._model
        alike = (
            model.type is mine.type
            and model.subsets == mine.subsets
            and model.consistent_hashing.use_hostname_for_hashing == mine.consistent_hashing.use_hostname_for_hashing
        )
        return self._known if alike else {}


def _row(endpoint: Endpoint, subsets: SubsetConfig | None, where: str, index: int, *, by_hostname: bool) -> Row:
    weight, port, hostname = endpoint.weight, endpoint.port, endpoint.hostname
    if weight is None:
        weight = 1
    if not (type(weight) is int and 1 <= weight <= MAX_UINT32 and type(port) is int and 0 <= port <= _MAX_PORT):
        # Paths cost more than all the rest, and only an error needs them.
        check_integer(weight, 1, MAX_UINT32, f"{where}.endpoints[{index}].weight", endpoint.position)
        check_integer(port, 0, _MAX_PORT, f"{where}.endpoints[{index}].port", endpoint.position)
    return (
        endpoint.address.encode("utf-8", "surrogateescape"),
        hostname.encode("utf-8", "surrogateescape") if hostname else b"",
        _hash_key(endpoint, by_hostname=by_hostname) if endpoint.metadata or by_hostname else b"",
        port,
        weight,
        endpoint.health_status._value_,  # as `.value`, but without a search
        None if subsets is None else _labels(endpoint, subsets, f"{where}.endpoints[{index}]"),
    )


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


def _hash_key(endpoint: Endpoint, *, by_hostname: bool) -> bytes:
    """What hash policies place it by, when that is not its address: the string `hash_key` of metadata `envoy.lb`."""
    key = endpoint.metadata.get("envoy.lb", {}).get("hash_key") if endpoint.metadata else None
    if not key or not isinstance(key, str):
        key = endpoint.hostname if by_hostname else ""
    return key.encode("utf-8", "surrogateescape")


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
