"""Requests stay in their zone, as far as it is known who asks what of which zone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fastpath import Cluster, ClusterManager, ConfigError, NoHostAvailable, load, models
from fastpath.cli import main
from fastpath.config import to_yaml
from fastpath.models import Endpoint, HealthStatus, HostFlag, LbPolicy, Locality, LocalityEndpoints, ZoneAwareConfig
from fastpath.proxy import Gateway
from fastpath.watching import LiveConfig

HERE = Locality(zone="a")


def cluster(name: str, *, health: HealthStatus = HealthStatus.UNKNOWN, **more: Any) -> models.Cluster:
    """`b=4` are four hosts in the zone b."""
    zones = {zone: count for zone, count in more.items() if len(zone) == 1}
    fields = {name: value for name, value in more.items() if len(name) > 1}
    groups = []
    port = 0
    for zone, count in zones.items():
        ports = range(port, port + count)
        groups.append(
            LocalityEndpoints(tuple(Endpoint("10.0.0.1", each, health_status=health) for each in ports), zone=zone)
        )
        port += count
    return models.Cluster(name, tuple(groups), **fields)


# Two of five callers are in a, where the program is: they ask 40 % of what there is, of hosts that can take 25 %.
CALLERS = cluster("callers", a=2, b=2, c=1)
SPREAD = cluster("c", b=4, a=2, c=2)


def manager(*clusters: models.Cluster, locality: Locality | None = HERE, local: str = "callers") -> ClusterManager:
    return ClusterManager(clusters, seed=7, locality=locality, local_cluster_name=local)


def shares(cluster: Cluster, picks: int = 8000, **options: Any) -> dict[str, float]:
    """By zone."""
    zones = {endpoint.port: group.zone for group in cluster.model.localities for endpoint in group.endpoints}
    counts = Counter(zones[cluster.pick_host(**options).port] for _ in range(picks))
    return {zone: count / picks for zone, count in counts.items()}


def test_what_a_zone_cannot_take_goes_to_those_that_can_take_more() -> None:
    found = shares(manager(CALLERS, SPREAD)["c"])
    assert found["a"] == pytest.approx(0.625, abs=0.03)
    assert found["b"] == pytest.approx(0.25, abs=0.03)
    assert found["c"] == pytest.approx(0.125, abs=0.03)


@pytest.mark.parametrize(
    "policy", [each for each in LbPolicy if each.name not in ("RING_HASH", "MAGLEV", "KETAMA", "RENDEZVOUS")]
)
def test_every_policy_that_goes_by_no_hash_has_it(policy: LbPolicy) -> None:
    found = shares(manager(CALLERS, replace(SPREAD, lb_policy=policy))["c"])
    assert found["a"] == pytest.approx(0.625, abs=0.03)


def test_without_a_place_or_callers_zones_do_not_count() -> None:
    for made in (manager(CALLERS, SPREAD, local=""), manager(CALLERS, SPREAD, locality=None)):
        assert shares(made["c"]) == {"a": 0.25, "b": 0.5, "c": 0.25}


def test_the_callers_themselves_are_asked_in_any_zone() -> None:
    assert shares(manager(cluster("callers", a=3, b=3, c=3))["callers"], 9000) == pytest.approx(
        dict.fromkeys("abc", 1 / 3)
    )


def test_picks_follow_the_callers() -> None:
    made = manager(CALLERS, SPREAD)
    assert shares(made["c"])["a"] < 0.7
    made["callers"].update(cluster("callers", a=1, b=2, c=2))
    assert shares(made["c"]) == {"a": 1.0}
    for host in made["callers"].hosts[1:]:
        made["callers"].flag_host(host, HostFlag.FAILED_ACTIVE_HC)
    assert shares(made["c"]) == {"a": 0.25, "b": 0.5, "c": 0.25}  # most callers are ill: nothing is known of them


def test_an_update_of_all_clusters_keeps_the_callers() -> None:
    made = manager(CALLERS, SPREAD)
    callers = made["callers"]
    made.update([cluster("callers", a=1, b=2, c=2), replace(SPREAD, connect_timeout=1.0)])
    assert made["callers"] is callers
    assert shares(made["c"]) == {"a": 1.0}
    callers.update(CALLERS)
    assert shares(made["c"])["a"] < 0.7


def test_a_seed_makes_the_same_choices() -> None:
    first, second = (manager(CALLERS, SPREAD)["c"] for _ in range(2))
    assert [first.pick_host().port for _ in range(500)] == [host.port for host in second.pick_many(500)]


def test_an_excluded_host_is_not_given_though_it_is_the_only_one_of_its_zone() -> None:
    alone = manager(cluster("callers", a=1, b=9), cluster("c", a=1, b=6))["c"]
    host = alone.pick_host()
    assert host.port == 0
    assert alone.pick_host(exclude=[host]).port != 0


def test_in_panic_there_may_be_no_host() -> None:
    ill = cluster("c", a=2, b=4, health=HealthStatus.UNHEALTHY)
    assert shares(manager(CALLERS, ill)["c"], 600) == pytest.approx({"a": 1 / 3, "b": 2 / 3})
    failing = replace(ill, zone_aware=ZoneAwareConfig(fail_traffic_on_panic=True))
    for made in (manager(CALLERS, failing), manager(failing, local="", locality=None)):
        with pytest.raises(NoHostAvailable):
            made["c"].pick_host()
        with pytest.raises(NoHostAvailable):
            made["c"].pick_host(exclude=[made["c"].hosts[0]])


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"routing_enabled": 101.0}, "routing_enabled"),
        ({"min_cluster_size": -1}, "min_cluster_size"),
        ({"min_cluster_size": 2**64}, "min_cluster_size"),
        ({"force_local_zone_min_size": 1.5}, "force_local_zone_min_size"),
    ],
)
def test_settings_that_make_no_sense_are_refused(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        manager(CALLERS, replace(SPREAD, zone_aware=ZoneAwareConfig(**fields)))
    assert caught.value.path == f"clusters[1].zone_aware.{path}"


def test_the_local_cluster_must_be_there_and_have_one_priority() -> None:
    with pytest.raises(ConfigError, match="'callers' is none of the clusters") as missing:
        manager(SPREAD)
    assert missing.value.path == "local_cluster_name"
    second = LocalityEndpoints((), zone="a", priority=1)
    with pytest.raises(ConfigError, match="have priority 0") as refused:
        manager(replace(CALLERS, localities=(*CALLERS.localities, second)))
    assert refused.value.path == "clusters[0].localities[3].priority"
    made = manager(CALLERS, SPREAD)
    with pytest.raises(ConfigError):
        made.update([SPREAD])
    assert shares(made["c"])["a"] < 0.7


def test_a_configuration_in_use_hands_on_where_it_runs() -> None:
    config = models.Config(clusters=(CALLERS, SPREAD), locality=HERE, local_cluster_name="callers")
    live = LiveConfig(config, seed=7)
    assert shares(live.clusters["c"])["a"] == pytest.approx(0.625, abs=0.03)
    live.apply(replace(config, clusters=(cluster("callers", a=1, b=2, c=2), SPREAD)))
    assert shares(live.clusters["c"]) == {"a": 1.0}
    with pytest.raises(ConfigError, match="cannot change while it is in use") as caught:
        live.apply(replace(config, locality=Locality(zone="b")))
    assert caught.value.path == "locality"
    assert live.config.locality == HERE
    gateway = Gateway(config, seed=7)
    assert shares(gateway.clusters["c"])["a"] == pytest.approx(0.625, abs=0.03)


def test_balance_simulate_knows_the_callers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = models.Config(clusters=(CALLERS, SPREAD), locality=HERE, local_cluster_name="callers")
    file = tmp_path / "c.yaml"
    file.write_text(to_yaml(config))
    assert main(["balance", "simulate", str(file), "--cluster", "c", "--picks", "8000", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["cluster"] == "c"
    # The hosts of a are the fifth and the sixth.
    assert sum(host["picked"] for host in told["hosts"][4:6]) == pytest.approx(0.625, abs=0.03)


def bootstrap(**more: Any) -> dict[str, Any]:
    return {"static_resources": {"clusters": [{"name": "callers"}, {"name": "c"}]}, **more}


def test_a_bootstrap_says_where_it_runs() -> None:
    config = load(
        bootstrap(
            node={"id": "x", "locality": {"region": "r", "zone": "z", "sub_zone": "s"}},
            cluster_manager={"local_cluster_name": "callers"},
        )
    )
    assert config.locality == Locality("r", "z", "s")
    assert config.local_cluster_name == "callers"
    assert load(bootstrap(node={"id": "x"})).locality is None


def test_a_dump_says_where_it_was_taken() -> None:
    told = bootstrap(node={"locality": {"zone": "z"}}, cluster_manager={"local_cluster_name": "callers"})
    del told["static_resources"]
    clusters = [{"cluster": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "callers"}}]
    config = load(
        {
            "configs": [
                {"@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump", "bootstrap": told},
                {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "static_clusters": clusters},
                {"@type": "type.googleapis.com/envoy.admin.v3.EndpointsConfigDump"},
            ]
        }
    )
    assert (config.locality, config.local_cluster_name) == (Locality(zone="z"), "callers")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"cluster_manager": {"local_cluster_name": "caller"}}, 'there is no cluster named "caller"'),
        ({"cluster_manager": {"outlier_detection": {}}}, "outlier_detection"),
        ({"node": {"locality": {"planet": "x"}}}, "planet"),
    ],
)
def test_what_a_bootstrap_cannot_say_is_refused(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load(bootstrap(**more))
