"""Subsets against a plain model of Envoy's: which hosts a request may get, and that all of them get some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import Cluster, ClusterManager, MetadataMatch, NoHostAvailable, models
from fastpath.models import (
    Endpoint,
    LbPolicy,
    LocalityEndpoints,
    SubsetConfig,
    SubsetFallback,
    SubsetSelector,
    SubsetSelectorFallback,
)

Metadata = Mapping[str, object]
KEYS = ["a", "b", "c"]
ELEMENTS: list[object] = ["1", "2", 1, 1.0, True, None]
values: st.SearchStrategy[object] = st.one_of(
    st.sampled_from(ELEMENTS), st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=3), st.just({"x": [1, "1"]})
)
metadata = st.dictionaries(st.sampled_from(KEYS), values, max_size=3)


@st.composite
def selectors(draw: st.DrawFn) -> SubsetSelector:
    keys = frozenset(draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)))
    policy = draw(st.sampled_from(SubsetSelectorFallback))
    if policy is not SubsetSelectorFallback.KEYS_SUBSET:
        return SubsetSelector(keys, policy)
    if len(keys) == 1:
        return SubsetSelector(keys)
    kept = draw(st.lists(st.sampled_from(sorted(keys)), min_size=1, max_size=len(keys) - 1))
    return SubsetSelector(keys, policy, frozenset(kept))


configs = st.builds(
    SubsetConfig,
    st.lists(selectors(), min_size=1, max_size=4).map(tuple),
    st.sampled_from(SubsetFallback),
    metadata,
    list_as_any=st.booleans(),
    allow_redundant_keys=st.booleans(),
)


def same(one: object, other: object) -> bool:
    """As protobuf compares values: numbers are doubles, booleans are none."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def has(host: Metadata, wanted: Metadata, *, list_as_any: bool) -> bool:
    for key, value in wanted.items():
        if key not in host:
            return False
        mine = host[key]
        options = mine if list_as_any and isinstance(mine, list) else [mine]
        if not any(same(each, value) for each in options):
            return False
    return True


class Model:
    def __init__(self, config: SubsetConfig, hosts: Mapping[int, Metadata]) -> None:
        self.config = config
        self.hosts = hosts
        ordered = list(config.selectors)
        if config.allow_redundant_keys:
            ordered.sort(key=lambda each: -len(each.keys))
        self.selectors = ordered
        self.policies: dict[tuple[str, ...], SubsetSelector | None] = {}
        for selector in ordered:
            path = tuple(sorted(selector.keys))
            if path not in self.policies:
                self.policies[path] = selector
            for length in range(1, len(path)):
                self.policies.setdefault(path[:length], None)

    def matching(self, wanted: Metadata) -> set[int]:
        return {port for port, mine in self.hosts.items() if has(mine, wanted, list_as_any=self.config.list_as_any)}

    def expected(self, wanted: Metadata) -> set[int]:
        if self.config.allow_redundant_keys:
            for selector in self.selectors:
                if selector.keys <= wanted.keys():
                    wanted = {key: wanted[key] for key in selector.keys}
                    break
        keys = tuple(sorted(wanted))
        if keys and any(keys == tuple(sorted(selector.keys)) for selector in self.selectors):
            found = self.matching(wanted)
            if found:
                return found
        selector_policy = self.policies.get(keys)
        if selector_policy is not None:
            match selector_policy.fallback_policy:
                case SubsetSelectorFallback.NO_FALLBACK:
                    return set()
                case SubsetSelectorFallback.ANY_ENDPOINT:
                    return set(self.hosts)
                case SubsetSelectorFallback.DEFAULT_SUBSET:
                    return self.matching(self.config.default_subset)
                case SubsetSelectorFallback.KEYS_SUBSET:
                    return self.expected({key: wanted[key] for key in selector_policy.fallback_keys_subset})
                case SubsetSelectorFallback.NOT_DEFINED:
                    pass
        match self.config.fallback_policy:
            case SubsetFallback.NO_FALLBACK:
                return set()
            case SubsetFallback.ANY_ENDPOINT:
                return set(self.hosts)
            case SubsetFallback.DEFAULT_SUBSET:
                return self.matching(self.config.default_subset)


def model_of(config: SubsetConfig, hosts: Iterable[Metadata]) -> models.Cluster:
    endpoints = tuple(
        Endpoint("10.0.0.1", port, metadata={"envoy.lb": each}) for port, each in enumerate(hosts, start=1)
    )
    return models.Cluster("c", (LocalityEndpoints(endpoints),), subsets=config)


def got(cluster: Cluster, wanted: Metadata, picks: int) -> set[int]:
    try:
        match = MetadataMatch(wanted)
        return {cluster.pick_host(metadata_match=match).port for _ in range(picks)}
    except NoHostAvailable:
        return set()


host_lists = st.lists(metadata, min_size=1, max_size=6)


@settings(deadline=None)
@given(configs, host_lists, host_lists, st.lists(metadata, min_size=1, max_size=4))
def test_a_request_gets_all_hosts_of_its_subset_and_no_other(
    config: SubsetConfig, hosts: list[Metadata], others: list[Metadata], requests: list[Metadata]
) -> None:
    cluster = ClusterManager([model_of(config, hosts)], seed=1)["c"]
    for listed in (hosts, others, hosts):
        cluster.update(model_of(config, listed))
        model = Model(config, dict(enumerate(listed, start=1)))
        for wanted in requests:
            assert got(cluster, wanted, len(listed)) == model.expected(wanted)


@given(configs, host_lists, st.sampled_from(LbPolicy), metadata)
def test_indices_are_those_of_all_hosts(
    config: SubsetConfig, hosts: list[Metadata], policy: LbPolicy, wanted: Metadata
) -> None:
    model = model_of(config, hosts)
    groups = (*model.localities, LocalityEndpoints((Endpoint("10.0.0.2", 1, metadata={"envoy.lb": wanted}),)))
    cluster = ClusterManager([models.Cluster("c", groups, lb_policy=policy, subsets=config)], seed=1)["c"]
    try:
        chosen = cluster.pick_host(metadata_match=MetadataMatch(wanted), hash_key="k")
    except NoHostAvailable:
        return
    assert chosen in cluster.hosts
