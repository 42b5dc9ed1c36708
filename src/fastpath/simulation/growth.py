"""What a host that joins gets while its slow start lasts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastpath import models
from fastpath.clusters import ClusterManager, Host
from fastpath.models import LbPolicy

__all__ = ["Growth", "simulate_growth"]

_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Growth:
    """The host, and its part of the picks, 0 to 1, by the seconds since it joined."""

    host: Host
    shares: tuple[tuple[float, float], ...]


def simulate_growth(model: models.Cluster, picks: int, *, seed: int = 0) -> Growth | None:
    """Let the last endpoint of the first priority join the others; pick so many times at each quarter of the window.

    None without slow start, and for fewer than two hosts there.
    """
    window = _window(model)
    groups = [at for at, group in enumerate(model.localities) if group.priority == 0 and group.endpoints]
    if window <= 0 or sum(len(model.localities[at].endpoints) for at in groups) < 2:
        return None
    at, now = groups[-1], 0.0
    group = model.localities[at]
    others = replace(group, endpoints=group.endpoints[:-1])
    before = replace(model, localities=(*model.localities[:at], others, *model.localities[at + 1 :]))
    cluster = ClusterManager([before], seed=seed, clock=lambda: now)[model.name]
    known = set(cluster.hosts)
    now = 2 * window  # the others have been there for long
    cluster.update(model)
    joined = [host for host in cluster.hosts if host not in known]
    if not joined or not known:
        return None
    shares = []
    for part in _PARTS:
        now = (2 + part) * window
        chosen = cluster.pick_many(picks)
        shares.append((part * window, sum(host is joined[0] for host in chosen) / picks))
    return Growth(joined[0], tuple(shares))


def _window(model: models.Cluster) -> float:
    configs = {
        LbPolicy.ROUND_ROBIN: model.round_robin.slow_start,
        LbPolicy.LEAST_REQUEST: model.least_request.slow_start,
        LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN: model.client_side_weighted_round_robin.slow_start,
    }
    config = configs.get(model.lb_policy)
    return 0.0 if config is None else config.window
