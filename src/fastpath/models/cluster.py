"""Clusters and their endpoints. Source: Envoy v3 API, envoy.config.{cluster,endpoint}.v3."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field

from .circuit_breakers import CircuitBreakerThresholds
from .discovery import DiscoveryType, DnsConfig
from .health_check import HealthCheck
from .locality import ZoneAwareConfig
from .model import model
from .outlier_detection import OutlierDetection
from .override_host import OverrideHostConfig
from .position import Position, position_field
from .subset import SubsetConfig
from .tls import UpstreamTlsContext

__all__ = [
    "ClientSideWeightedRoundRobinConfig",
    "Cluster",
    "ConsistentHashingConfig",
    "Endpoint",
    "HashFunction",
    "HealthStatus",
    "LbPolicy",
    "LeastRequestConfig",
    "LocalityEndpoints",
    "MaglevConfig",
    "PeakEwmaConfig",
    "RingHashConfig",
    "RoundRobinConfig",
    "SlowStartConfig",
]


class HealthStatus(enum.Enum):
    """What is known about an endpoint from outside (envoy.config.core.v3.HealthStatus)."""

    UNKNOWN = 0
    HEALTHY = 1
    UNHEALTHY = 2
    DRAINING = 3
    TIMEOUT = 4
    DEGRADED = 5


class LbPolicy(enum.Enum):
    """How a cluster chooses among its hosts.

    The first five are Envoy's (envoy.config.cluster.v3.Cluster.LbPolicy). No Envoy configuration can ask for the rest,
    but for CLIENT_SIDE_WEIGHTED_ROUND_ROBIN and PICK_FIRST (load_balancing_policy); Envoy leaves the latter to gRPC.
    """

    ROUND_ROBIN = 0
    """Weighted: earliest deadline first."""
    LEAST_REQUEST = 1
    RING_HASH = 2
    RANDOM = 3
    """Does not look at weights."""
    MAGLEV = 5
    SCHEDULED_ROUND_ROBIN = 64
    """By a smooth schedule that is made once: the fastest with weights. A round has as many turns as the weights add up
    to, at most 2^20; where they add up to more, shares are rounded to that."""
    WEIGHTED_RANDOM = 65
    PICK_FIRST = 66
    """The first healthy host, and the next ones when it is excluded."""
    LEAST_CONNECTION = 67
    """The fewest active requests of all hosts; of equals the first (IPVS: lc)."""
    WEIGHTED_LEAST_CONNECTION = 68
    """The least active requests / weight (IPVS: wlc)."""
    SHORTEST_EXPECTED_DELAY = 69
    """The least (active requests + 1) / weight (IPVS: sed)."""
    NEVER_QUEUE = 70
    """The first idle host; when there is none, as SHORTEST_EXPECTED_DELAY (IPVS: nq)."""
    KETAMA = 71
    """The hosts of nginx's `hash $key consistent` and of pingora. A key is hashed by CRC-32; a host is placed by its
    address and port, or by its hash key. Weights add up to at most 52428."""
    RENDEZVOUS = 72
    """The host with the highest score for the request: looks at all, and moves only what it must when hosts change."""
    PEAK_EWMA = 73
    """Of two hosts that are drawn the one with less latency * (active requests + 1), by what `Pick.report(latency=...)`
    says. Does not look at weights. Envoy has this in builds with contrib extensions only."""
    CLIENT_SIDE_WEIGHTED_ROUND_ROBIN = 74
    """ROUND_ROBIN by weights that hosts earn with the load reports in their answers."""

    @classmethod
    def from_ipvs(cls, name: str) -> LbPolicy:
        """The policy for a scheduler of Linux's IPVS, by the name that ipvsadm and kube-proxy know it by.

        rr, wrr, lc, wlc, sed and nq count requests where IPVS counts connections; rr does not ignore weights, as long
        as there are some. sh and dh become MAGLEV: give the source or destination address as hash key. ValueError for
        any other name.
        """
        try:
            return _IPVS[name]
        except KeyError:
            raise ValueError(f"IPVS scheduler {name!r} is none of {', '.join(_IPVS)}") from None


_IPVS = {
    "rr": LbPolicy.ROUND_ROBIN,
    "wrr": LbPolicy.SCHEDULED_ROUND_ROBIN,
    "lc": LbPolicy.LEAST_CONNECTION,
    "wlc": LbPolicy.WEIGHTED_LEAST_CONNECTION,
    "sh": LbPolicy.MAGLEV,
    "dh": LbPolicy.MAGLEV,
    "sed": LbPolicy.SHORTEST_EXPECTED_DELAY,
    "nq": LbPolicy.NEVER_QUEUE,
}


@model(frozen=True, slots=True)
class Endpoint:
    """One address to send requests to. `weight` is 1 to 2^32-1, None when not given (counts as 1)."""

    address: str
    port: int
    weight: int | None = None
    hostname: str = ""
    health_status: HealthStatus = HealthStatus.UNKNOWN
    metadata: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class LocalityEndpoints:
    """Endpoints of one locality and priority.

    `weight` is 1 to 2^32-1. When localities are weighted, one without a weight gets no load; when none of a priority
    has one, its hosts are balanced as if localities were not weighted, but hash policies have no host to give.
    """

    endpoints: tuple[Endpoint, ...]
    region: str = ""
    zone: str = ""
    sub_zone: str = ""
    priority: int = 0
    weight: int | None = None
    position: Position | None = position_field()


class HashFunction(enum.Enum):
    """What the points of a hash ring come from (envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction)."""

    XX_HASH = 0
    MURMUR_HASH_2 = 1


@model(frozen=True, slots=True)
class SlowStartConfig:
    """A host that has just joined, or has passed the active check that it had failed, gets its load by and by.

    Until `window` has passed it counts with this part of its weight:
    max(min_weight_percent / 100, (time / window) ** (1 / aggression)).
    """

    window: float
    """Seconds; 0: there is none."""
    aggression: float = 1.0
    """1.0: the weight grows evenly; above, fast at first. Finite, above 0."""
    min_weight_percent: float = 10.0
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class RoundRobinConfig:
    """For LbPolicy.ROUND_ROBIN (round_robin_lb_config)."""

    slow_start: SlowStartConfig | None = None
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class ClientSideWeightedRoundRobinConfig:
    """For LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN (envoy.load_balancing_policies.client_side_weighted_round_robin).

    A host's weight is rps / (utilization + error_utilization_penalty * eps / rps) of its latest load report. Those that
    have none that counts get the median of the others in their priority, or 1. Times are in seconds.
    """

    blackout_period: float = 10.0
    """A host's weight counts once it has reported for so long."""
    weight_expiration_period: float = 180.0
    """It counts no more when its latest report is older than this."""
    weight_update_period: float = 1.0
    """How often weights are worked out; 0.1 for less. Until the first time those of the endpoints count."""
    error_utilization_penalty: float = 0.0
    """Finite, not negative. Envoy 1.39 takes 0 where nothing is said, although its documentation has 1."""
    metric_names_for_computing_utilization: tuple[str, ...] = ()
    """Utilization is the highest of these: names as `named_metrics.queue` and `utilization.*`. If none is above 0 it is
    `application_utilization`, and then `cpu_utilization`."""
    slow_start: SlowStartConfig | None = None
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class LeastRequestConfig:
    """For LbPolicy.LEAST_REQUEST (least_request_lb_config)."""

    choice_count: int = 2
    """How many hosts are drawn and compared when weights are equal; at least 2."""
    active_request_bias: float = 1.0
    """With unequal weights a host counts as weight / (active requests + 1) to this power; finite, not negative."""
    slow_start: SlowStartConfig | None = None
    """While a host is in it, all count as with unequal weights."""
    full_scan: bool = False
    """Whether all hosts are compared when weights are equal, not some that are drawn; of those with the fewest requests
    any (selection_method FULL_SCAN of the load balancing policy)."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class RingHashConfig:
    """For LbPolicy.RING_HASH (ring_hash_lb_config). Sizes are in points, 1 to 8388608."""

    minimum_ring_size: int = 1024
    maximum_ring_size: int = 8388608
    hash_function: HashFunction = HashFunction.XX_HASH
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class MaglevConfig:
    """For LbPolicy.MAGLEV (maglev_lb_config)."""

    table_size: int = 65537
    """A prime, at most 5000011, and no less than there are hosts."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class PeakEwmaConfig:
    """For LbPolicy.PEAK_EWMA. A host's latency is a moving average: it rises to a higher one at once, and falls towards
    lower ones, or to nothing while there are none, by exp(-time / decay_time). All in seconds."""

    decay_time: float = 10.0
    """At least a millisecond."""
    default_latency: float = 0.01
    """What an idle host counts with while nothing is known of it."""
    latency_penalty: float = 1000.0
    """What a host with active requests counts with while nothing is known of it: others are tried first."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class ConsistentHashingConfig:
    """For LbPolicy.RING_HASH and LbPolicy.MAGLEV (common_lb_config.consistent_hashing_lb_config)."""

    use_hostname_for_hashing: bool = False
    """Whether hosts are placed by hostname, not by address; one without a hostname is placed by its address. An
    endpoint's metadata `hash_key` comes before both. For policies of no Envoy's as well."""
    hash_balance_factor: int | None = None
    """Percent, at least 100: a host that has this much of its share of the active requests gets no more while others
    have less. None: no bound. Requests are active from `pick()` on until they are given back."""
    position: Position | None = position_field()


@model(frozen=True, slots=True)
class Cluster:
    """A named group of endpoints and how to choose among them."""

    name: str
    localities: tuple[LocalityEndpoints, ...] = ()
    type: DiscoveryType = DiscoveryType.STATIC
    dns: DnsConfig = DnsConfig()
    eds_service_name: str = ""
    """What a management server knows it by; "" for its name."""
    lb_policy: LbPolicy = LbPolicy.ROUND_ROBIN
    connect_timeout: float = 5.0
    """Seconds."""
    http2: bool = False
    """Whether hosts are spoken to in HTTP/2 (http2_protocol_options), as checks by gRPC need. The gateway cannot."""
    tls: UpstreamTlsContext | None = None
    """How hosts are spoken to in TLS (transport_socket); None: they are not. The gateway cannot."""
    healthy_panic_threshold: float = 50.0
    """Percent (common_lb_config): with fewer healthy hosts all are used. 0 means never."""
    overprovisioning_factor: int = 140
    """Percent, above 0 (load_assignment.policy): a priority can take all load while so much of what is healthy in it is
    100 or more; so can a locality."""
    weighted_priority_health: bool = False
    """Whether what is healthy in a priority is measured by weight, not by number of hosts (load_assignment.policy)."""
    locality_weighted: bool = False
    """Whether localities share a priority's load by their weights (common_lb_config.locality_weighted_lb_config)."""
    zone_aware: ZoneAwareConfig = ZoneAwareConfig()
    """How requests stay in their zone, where it is known which that is; weighted localities take turns instead."""
    override_host_status: frozenset[HealthStatus] = frozenset(
        {HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DEGRADED}
    )
    """Health of hosts that a session may ask for (common_lb_config); empty: the default, as in Envoy."""
    override_host: OverrideHostConfig | None = None
    """Whether requests may name their hosts (envoy.load_balancing_policies.override_host). `pick` does not look at
    requests: see `Cluster.override_hosts`."""
    subsets: SubsetConfig | None = None
    """None: all hosts are for all requests."""
    round_robin: RoundRobinConfig = RoundRobinConfig()
    client_side_weighted_round_robin: ClientSideWeightedRoundRobinConfig = ClientSideWeightedRoundRobinConfig()
    least_request: LeastRequestConfig = LeastRequestConfig()
    ring_hash: RingHashConfig = RingHashConfig()
    maglev: MaglevConfig = MaglevConfig()
    peak_ewma: PeakEwmaConfig = PeakEwmaConfig()
    consistent_hashing: ConsistentHashingConfig = ConsistentHashingConfig()
    outlier_detection: OutlierDetection | None = None
    """Whether hosts are ejected for what they answer."""
    circuit_breaker: CircuitBreakerThresholds = CircuitBreakerThresholds()
    """How much may be under way at once. A cluster does not count that: see fastpath.CircuitBreaker."""
    health_checks: tuple[HealthCheck, ...] = ()
    """How hosts are asked whether they are well; at most one. A cluster does not ask: see fastpath.health."""
    client_ip_affinity: float | None = None
    """Seconds for which a client's address goes on to the same host since its last request (Kubernetes' session
    affinity ClientIP); None is not wanted. The gateway does that; a Cluster, which sees no clients, does not."""
    position: Position | None = position_field()
