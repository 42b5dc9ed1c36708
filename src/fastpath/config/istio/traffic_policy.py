"""TrafficPolicy: how a cluster balances, how many connections it may have, and when its hosts are ejected.

What a policy does not say is Istio's default: docs/istio.md lists them all.

Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...models import (
    CircuitBreakerThresholds,
    Cluster,
    HashPolicy,
    HashPolicyCookie,
    LbPolicy,
    LeastRequestConfig,
    MaglevConfig,
    OutlierDetection,
    RegexRewrite,
    RetryBudget,
    RingHashConfig,
    RoundRobinConfig,
    SlowStartConfig,
    UpstreamTlsContext,
)
from ..fields import UINT32_MAX, Section
from ..kubernetes_fields import choice, integer
from ..kubernetes_secret import Secrets
from .client import Client
from .client_tls import ClientTls, read_client_tls
from .fields import duration, port_selector
from .locality import LocalitySettings, read_locality_settings

__all__ = ["TrafficPolicy", "read_traffic_policy"]

_SIMPLE = {
    "UNSPECIFIED": LbPolicy.LEAST_REQUEST,
    "LEAST_CONN": LbPolicy.LEAST_REQUEST,
    "LEAST_REQUEST": LbPolicy.LEAST_REQUEST,
    "RANDOM": LbPolicy.RANDOM,
    "ROUND_ROBIN": LbPolicy.ROUND_ROBIN,
}
_WARMING = (LbPolicy.LEAST_REQUEST, LbPolicy.ROUND_ROBIN)
_CONNECT_TIMEOUT = 10.0
_WITHOUT_EFFECT_TCP = ("maxConnectionDuration", "tcpKeepalive")
_WITHOUT_EFFECT_HTTP = ("http2KeepAlive", "idleTimeout", "maxConcurrentStreams", "maxRequestsPerConnection")
_MAX_RING, _MAX_TABLE = 8388608, 5000011


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """Istio balances by least request unless told otherwise."""

    policy: LbPolicy = LbPolicy.LEAST_REQUEST
    hash_policy: HashPolicy | None = None
    ring_hash: RingHashConfig = RingHashConfig()
    maglev: MaglevConfig = MaglevConfig()
    locality: LocalitySettings | None = None
    slow_start: SlowStartConfig | None = None


@dataclass(frozen=True, slots=True)
class ConnectionPool:
    """Istio has no limits unless told otherwise."""

    connect_timeout: float = _CONNECT_TIMEOUT
    limits: CircuitBreakerThresholds = CircuitBreakerThresholds(UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX)
    idle_timeout: float | None = None
    """Of connections that carry bytes."""


@dataclass(frozen=True, slots=True)
class Outliers:
    """Istio ejects no host and never panics unless told otherwise."""

    detection: OutlierDetection | None = None
    panic_threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """None: not told, so that a less specific policy or else Istio's default counts."""

    load_balancer: LoadBalancer | None = None
    connection_pool: ConnectionPool | None = None
    outliers: Outliers | None = None
    tls: ClientTls | None = None
    retry_budget: RetryBudget | None = None
    ports: Mapping[int, TrafficPolicy] = field(default_factory=dict)

    def at(self, port: int) -> TrafficPolicy:
        """What counts at a port. Settings of a port inherit nothing but what ports have not."""
        found = self.ports.get(port)
        return replace(found, retry_budget=self.retry_budget) if found is not None else self

    def under(self, specific: TrafficPolicy, port: int) -> TrafficPolicy:
        """This one with what a subset's policy says of a port."""
        budget = specific.retry_budget or self.retry_budget
        if port in specific.ports:
            return replace(specific.ports[port], retry_budget=budget)
        return TrafficPolicy(
            specific.load_balancer or self.load_balancer,
            specific.connection_pool or self.connection_pool,
            specific.outliers or self.outliers,
            specific.tls or self.tls,
            budget,
        )

    @property
    def hash_policy(self) -> HashPolicy | None:
        """What routes to the cluster hash."""
        return self.load_balancer.hash_policy if self.load_balancer is not None else None

    @property
    def idle_timeout(self) -> float | None:
        return self.connection_pool.idle_timeout if self.connection_pool is not None else None

    @property
    def locality(self) -> LocalitySettings | None:
        return self.load_balancer.locality if self.load_balancer is not None else None

    def apply(self, cluster: Cluster, tls: UpstreamTlsContext | None) -> Cluster:
        """A cluster with the policy, whose hosts are spoken to in TLS or not."""
        balancer = self.load_balancer or LoadBalancer()
        pool = self.connection_pool or ConnectionPool()
        outliers = self.outliers or Outliers()
        by_turns = balancer.policy is LbPolicy.ROUND_ROBIN
        return replace(
            cluster,
            lb_policy=balancer.policy,
            round_robin=RoundRobinConfig(balancer.slow_start if by_turns else None),
            least_request=LeastRequestConfig(slow_start=None if by_turns else balancer.slow_start),
            ring_hash=balancer.ring_hash,
            maglev=balancer.maglev,
            tls=tls,
            connect_timeout=pool.connect_timeout,
            circuit_breaker=replace(pool.limits, retry_budget=self.retry_budget),
            outlier_detection=outliers.detection,
            healthy_panic_threshold=outliers.panic_threshold,
            client_ip_affinity=None,
        )


def read_traffic_policy(parent: Section, secrets: Secrets, client: Client) -> TrafficPolicy:
    """The field `trafficPolicy` of a rule or a subset."""
    section = parent.section("trafficPolicy")
    if section is None:
        return TrafficPolicy()
    ports: dict[int, TrafficPolicy] = {}
    for each in section.sections("portLevelSettings"):
        number = port_selector(each)
        if number is None:
            each.error('"port" is missing')
        elif number in ports:
            each.error(f"the port {number} is there twice")
        ports[number or 0] = _read_settings(each, secrets, client)
        each.end()
    budget = section.section("retryBudget")
    found = replace(
        _read_settings(section, secrets, client),
        retry_budget=_read_retry_budget(budget) if budget is not None else None,
        ports=ports,
    )
    section.end(("proxyProtocol", "tunnel"))
    return found


def _read_settings(section: Section, secrets: Secrets, client: Client) -> TrafficPolicy:
    """What a rule, a subset and a port of either may have; the caller ends the section."""
    balancer = section.section("loadBalancer")
    pool = section.section("connectionPool")
    outliers = section.section("outlierDetection")
    tls = section.section("tls")
    return TrafficPolicy(
        _read_load_balancer(balancer, client) if balancer is not None else None,
        _read_connection_pool(pool) if pool is not None else None,
        _read_outliers(outliers) if outliers is not None else None,
        read_client_tls(tls, secrets, client) if tls is not None else None,
    )


def _read_retry_budget(section: Section) -> RetryBudget:
    percent = section.get("percent")
    share = percent.number(0.0, 100.0) if percent is not None else None
    least = integer(section, "minRetryConcurrency", 0, UINT32_MAX)
    section.end()
    known = RetryBudget()
    return RetryBudget(
        known.budget_percent if share is None else share, known.min_retry_concurrency if least is None else least
    )


def _read_load_balancer(section: Section, client: Client) -> LoadBalancer:
    section.one_of("policy", "simple", "consistentHash", required=False)
    simple = choice(section, "simple", tuple(_SIMPLE), "UNSPECIFIED")
    consistent = section.section("consistentHash")
    locality = section.section("localityLbSetting")
    slow_start = _read_warmup(section)
    section.end()
    policy = _SIMPLE.get(simple, LbPolicy.LEAST_REQUEST)
    if slow_start is not None and (consistent is not None or policy not in _WARMING):
        section.error("hosts warm up with simple LEAST_REQUEST or ROUND_ROBIN only")
    found = _read_consistent_hash(consistent) if consistent is not None else LoadBalancer(policy, slow_start=slow_start)
    return replace(found, locality=read_locality_settings(locality, client)) if locality is not None else found


def _read_warmup(balancer: Section) -> SlowStartConfig | None:
    """The field `warmup`, or else the one that came before it."""
    before = duration(balancer, "warmupDurationSecs", 0.001)
    section = balancer.section("warmup")
    if section is None:
        return None if before is None else SlowStartConfig(before, position=balancer.position)
    window = duration(section, "duration", 0.001)
    if window is None:
        section.error('"duration" is missing')
    percent, aggression = section.get("minimumPercent"), section.get("aggression")
    least = 10.0 if percent is None else percent.number(0.0, 100.0)
    bend = 1.0 if aggression is None else aggression.number(1.0, sys.float_info.max)
    section.end()
    return SlowStartConfig(window or 0.0, bend or 1.0, 10.0 if least is None else least, position=section.position)


def _read_consistent_hash(section: Section) -> LoadBalancer:
    kind = section.one_of("hash key", "httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")
    place = section.position
    policy = HashPolicy(
        header=section.string("httpHeaderName") if kind == "httpHeaderName" else None,
        header_rewrite=_read_header_rewrite(section, kind),
        cookie=_read_cookie(section),
        source_ip=section.boolean("useSourceIp"),
        query_parameter=section.string("httpQueryParameterName") if kind == "httpQueryParameterName" else None,
        position=place,
    )
    if kind == "useSourceIp" and not policy.source_ip:
        section.error("useSourceIp is true or left out")
    section.one_of("algorithm", "ringHash", "maglev", "minimumRingSize", required=False)
    ring, maglev = section.section("ringHash"), section.section("maglev")
    size = integer(section, "minimumRingSize", 0, _MAX_RING)
    if ring is not None:
        size = integer(ring, "minimumRingSize", 0, _MAX_RING)
        ring.end()
    section.end()
    if maglev is None:
        return LoadBalancer(LbPolicy.RING_HASH, policy, RingHashConfig(size or 1024))
    table = integer(maglev, "tableSize", 2, _MAX_TABLE) or MaglevConfig().table_size
    if any(table % each == 0 for each in range(2, int(table**0.5) + 1)):
        maglev.error(f"the tableSize is a prime number, found {table}")
    maglev.end()
    return LoadBalancer(LbPolicy.MAGLEV, policy, maglev=MaglevConfig(table))


def _read_header_rewrite(parent: Section, kind: str | None) -> RegexRewrite | None:
    section = parent.section("httpHeaderRegexRewrite")
    if section is None:
        return None
    if kind != "httpHeaderName":
        section.error("is for httpHeaderName")
    rewrite = RegexRewrite(section.string("match", required=True), section.string("rewrite"), position=section.position)
    section.end()
    return rewrite if kind == "httpHeaderName" else None


def _read_cookie(parent: Section) -> HashPolicyCookie | None:
    section = parent.section("httpCookie")
    if section is None:
        return None
    attributes = []
    for each in section.sections("attributes"):
        attributes.append((each.string("name", required=True), each.string("value")))
        each.end()
    cookie = HashPolicyCookie(
        section.string("name", required=True), duration(section, "ttl"), section.string("path"), tuple(attributes)
    )
    section.end()
    return cookie


def _read_connection_pool(section: Section) -> ConnectionPool:
    tcp, http = section.section("tcp"), section.section("http")
    section.end()
    timeout, connections, idle = None, UINT32_MAX, None
    if tcp is not None:
        timeout, connections = duration(tcp, "connectTimeout", 0.001), _limit(tcp, "maxConnections")
        idle = duration(tcp, "idleTimeout")
        _warn_without_effect(tcp, _WITHOUT_EFFECT_TCP)
        tcp.end()
    pending = requests = retries = UINT32_MAX
    if http is not None:
        pending = _limit(http, "http1MaxPendingRequests")
        requests = _limit(http, "http2MaxRequests")
        retries = _limit(http, "maxRetries")
        # Hosts are spoken to with HTTP/1.1 whatever clients speak, which is what these say.
        if choice(http, "h2UpgradePolicy", ("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"), "DEFAULT") == "UPGRADE":
            http.error("h2UpgradePolicy: HTTP/2 to the hosts of a cluster is not supported")
        if http.boolean("useClientProtocol"):
            http.error("useClientProtocol: HTTP/2 to the hosts of a cluster is not supported")
        _warn_without_effect(http, _WITHOUT_EFFECT_HTTP)
        http.end()
    limits = CircuitBreakerThresholds(connections, pending, requests, retries, position=section.position)
    return ConnectionPool(_CONNECT_TIMEOUT if timeout is None else timeout, limits, idle)


def _warn_without_effect(section: Section, names: tuple[str, ...]) -> None:
    """How long connections are kept changes nothing about where requests go."""
    for name in names:
        value = section.get(name)
        if value is not None:
            value.warn("has no effect: connections are kept as the runtime sees fit")


def _limit(section: Section, name: str) -> int:
    """0 is no limit, as when it is not told."""
    return integer(section, name, 0, 2**31 - 1) or UINT32_MAX


def _read_outliers(section: Section) -> Outliers:
    known = OutlierDetection()
    errors = integer(section, "consecutive5xxErrors", 0, UINT32_MAX)
    gateway = integer(section, "consecutiveGatewayErrors", 0, UINT32_MAX)
    split = section.boolean("splitExternalLocalOriginErrors")
    local = integer(section, "consecutiveLocalOriginFailures", 0, UINT32_MAX)
    if local and not split:
        section.error("consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors")
    interval = duration(section, "interval", 0.001)
    ejection = duration(section, "baseEjectionTime", 0.001)
    old = section.get("consecutiveErrors")
    if old is not None:
        old.warn("has no effect in Istio any more: use consecutive5xxErrors or consecutiveGatewayErrors")
    percent = integer(section, "maxEjectionPercent", 0, 100)
    healthy = integer(section, "minHealthPercent", 0, 100)
    section.end()
    detection = OutlierDetection(
        interval=known.interval if interval is None else interval,
        base_ejection_time=known.base_ejection_time if ejection is None else ejection,
        max_ejection_percent=percent or known.max_ejection_percent,
        consecutive_5xx=known.consecutive_5xx if errors is None else errors,
        enforcing_consecutive_5xx=0 if errors == 0 else 100,
        consecutive_gateway_failure=known.consecutive_gateway_failure if gateway is None else gateway,
        enforcing_consecutive_gateway_failure=100 if gateway else 0,
        split_external_local_origin_errors=split,
        consecutive_local_origin_failure=local or known.consecutive_local_origin_failure,
        enforcing_success_rate=0,
        enforcing_local_origin_success_rate=0 if split else known.enforcing_local_origin_success_rate,
        position=section.position,
    )
    return Outliers(detection, float(healthy or 0))
