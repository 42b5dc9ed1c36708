"""Configurations that Envoy's documents can say: whole ones (`configs`), and small ones for every field (`PARTS`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fastpath import models as m

T = TypeVar("T")

Fields = Mapping[str, SearchStrategy[Any]]

NONE: Fields = MappingProxyType({})

VARIED: dict[type, set[str]] = {}
"""The fields of each model that some strategy gives values to."""


def some(kind: type[T], optional: Fields = NONE, **required: SearchStrategy[Any]) -> SearchStrategy[T]:
    """A model with the required fields, and any of the others left as they are by default."""
    VARIED.setdefault(kind, set()).update(required, optional)
    return st.fixed_dictionaries(required, optional=dict(optional)).map(lambda fields: kind(**fields))


def tuples(items: SearchStrategy[T], least: int = 0, most: int = 2) -> SearchStrategy[tuple[T, ...]]:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def maybe(items: SearchStrategy[T]) -> SearchStrategy[T | None]:
    return st.none() | items


CLUSTERS = ("a", "no", "1.5")
# What YAML takes for something else when it stands without quotes, and what it has to escape.
_tricky = st.sampled_from(["y", "N", "on", "null", "~", "0x1F", "1e3", "a: b", "- a", "#", "'", "2024-01-01", "é", "%"])
names = _tricky | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
header_texts = _tricky | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
tokens = st.text("abcXYZ019-_.", min_size=1, max_size=6)
seconds = st.integers(1_100_000, 10**15).map(lambda nanos: nanos // 10**9 + nanos % 10**9 / 1e9)
flags = st.booleans()
counts = st.integers(0, 2**32 - 1)
ports = st.integers(1, 65535)
clusters = st.sampled_from(CLUSTERS)
payloads = st.binary(min_size=1, max_size=4)
scalars = st.none() | flags | st.integers(-(2**53), 2**53) | names
_values = st.recursive(
    scalars, lambda each: st.lists(each, max_size=2) | st.dictionaries(names, each, max_size=2), max_leaves=4
)
structs = st.dictionaries(names, _values, max_size=2)
metadata = st.dictionaries(st.sampled_from(["envoy.lb", "y", "a_b"]), structs, max_size=2)

# ---- matchers

_kinds = [
    some(m.StringMatcher, {"ignore_case": flags}, **{kind: header_texts})
    for kind in ("exact", "prefix", "suffix", "contains")
]
strings = st.one_of(*_kinds, some(m.StringMatcher, safe_regex=names))
int64 = st.integers(-(2**63), 2**63 - 1)
_negated = {"invert_match": flags, "treat_missing_header_as_empty": flags}
headers = st.one_of(
    some(m.HeaderMatcher, _negated, name=tokens),
    some(m.HeaderMatcher, _negated, name=tokens, string_match=strings),
    some(m.HeaderMatcher, _negated, name=tokens, range_match=some(m.Int64Range, start=int64, end=int64)),
    some(m.HeaderMatcher, _negated, name=tokens, present_match=flags),
)
queries = some(m.QueryParameterMatcher, {"string_match": strings}, name=names) | some(
    m.QueryParameterMatcher, name=names, present_match=flags
)
cookies = some(m.CookieMatcher, {"invert_match": flags}, name=names, string_match=strings)
percents = some(m.FractionalPercent, {"numerator": counts, "denominator": st.sampled_from(m.DenominatorType)})
fractions = some(m.RuntimeFraction, {"runtime_key": names}, default_value=percents)
numbers = st.floats(allow_nan=False)
value_matchers = st.recursive(
    st.one_of(
        some(m.ValueMatcher, null_match=st.just(True)),
        some(m.ValueMatcher, double_match=numbers | some(m.DoubleRange, {"start": numbers, "end": numbers})),
        some(m.ValueMatcher, string_match=strings),
        some(m.ValueMatcher, bool_match=flags),
        some(m.ValueMatcher, present_match=flags),
    ),
    lambda inner: some(m.ValueMatcher, list_match=inner) | some(m.ValueMatcher, or_match=tuples(inner, 2, 3)),
    max_leaves=4,
)
metadata_matchers = some(
    m.MetadataMatcher, {"invert": flags}, filter=names, path=tuples(names, 1), value=value_matchers
)
addresses = st.sampled_from(["127.0.0.1", "0.0.0.0", "::1"])
ranges = tuples(some(m.CidrRange, {"prefix_len": st.integers(0, 128)}, address_prefix=addresses))
filter_state_matchers = st.one_of(
    some(m.FilterStateMatcher, key=names, string_match=strings),
    some(
        m.FilterStateMatcher, key=names, address_match=some(m.AddressMatcher, {"ranges": ranges, "invert_match": flags})
    ),
)
rewrites = some(m.RegexRewrite, pattern=names, substitution=header_texts)
options = some(
    m.HeaderValueOption,
    {"value": header_texts, "append_action": st.sampled_from(m.HeaderAppendAction), "keep_empty_value": flags},
    key=tokens,
)
mutations = some(
    m.HeaderMutations,
    {
        "request_headers_to_add": tuples(options),
        "request_headers_to_remove": tuples(tokens),
        "response_headers_to_add": tuples(options),
        "response_headers_to_remove": tuples(tokens),
    },
)

# ---- routes

_conditions: Fields = {
    "case_sensitive": flags,
    "headers": tuples(headers),
    "query_parameters": tuples(queries),
    "cookies": tuples(cookies),
    "grpc": flags,
    "runtime_fraction": fractions,
    "tls_context": some(m.TlsContextMatch, {"presented": flags, "validated": flags}),
    "dynamic_metadata": tuples(metadata_matchers),
    "filter_state": tuples(filter_state_matchers),
}
_paths: Fields = {
    "prefix": st.just("") | header_texts,
    "path": header_texts,
    "path_separated_prefix": header_texts,
    "safe_regex": names,
    "path_template": names,
    "connect_matcher": st.just(True),
}
matches = st.one_of(*(some(m.RouteMatch, _conditions, **{kind: texts}) for kind, texts in _paths.items()))
hash_cookies = some(
    m.HashPolicyCookie,
    {"ttl": seconds, "path": header_texts, "attributes": tuples(st.tuples(names, header_texts))},
    name=names,
)
sessions = st.one_of(
    some(m.StatefulSession, {"strict": flags}, cookie=hash_cookies),
    some(m.StatefulSession, {"strict": flags}, header=tokens),
    st.just(m.StatefulSession()),
)
faults = st.builds(
    lambda fault, delay, abort: replace(fault, **delay, **abort),
    some(m.HttpFault, {"headers": tuples(headers), "upstream_cluster": names, "max_active_faults": counts}),
    st.just({}) | st.fixed_dictionaries({"delay": seconds, "delay_percentage": percents}),
    st.just({})
    | st.fixed_dictionaries({"abort_status": st.integers(200, 599), "abort_percentage": percents})
    | st.fixed_dictionaries({"abort_grpc_status": st.integers(0, 2**32 - 1), "abort_percentage": percents}),
)
VARIED[m.HttpFault] |= {"delay", "delay_percentage", "abort_status", "abort_grpc_status", "abort_percentage"}
retries = st.builds(
    lambda policy, maximum: replace(policy, back_off_max_interval=maximum and policy.back_off_base_interval + maximum),
    some(
        m.RetryPolicy,
        {
            "retry_on": tuples(st.sampled_from(["5xx", "reset", "retriable-headers"])),
            "num_retries": counts,
            "retriable_status_codes": tuples(st.integers(100, 599)),
            "retriable_headers": tuples(headers),
            "retriable_request_headers": tuples(headers),
            "previous_hosts": flags,
            "omit_canary_hosts": flags,
            "omit_host_metadata": tuples(structs),
            "previous_priorities": st.integers(1, 2**31 - 1),
            "host_selection_retry_max_attempts": st.integers(1, 2**63 - 1),
            "per_try_timeout": seconds,
            "per_try_idle_timeout": seconds,
            "back_off_base_interval": st.integers(1, 999).map(float),
        },
    ),
    maybe(st.integers(1, 999)),
)
VARIED[m.RetryPolicy].add("back_off_max_interval")
_copied: Fields = {"runtime_fraction": fractions, "disable_shadow_host_suffix_append": flags}
mirrors = some(m.RequestMirrorPolicy, _copied, cluster=clusters) | some(
    m.RequestMirrorPolicy, _copied, cluster_header=tokens
)
hash_policies = st.one_of(
    some(m.HashPolicy, {"header_rewrite": rewrites, "terminal": flags}, header=tokens),
    some(m.HashPolicy, cookie=hash_cookies),
    some(m.HashPolicy, source_ip=st.just(True)),
    some(m.HashPolicy, query_parameter=names),
    some(m.HashPolicy, filter_state=names),
)
_share: Fields = {
    "mutations": mutations,
    "host_rewrite_literal": header_texts,
    "metadata_match": structs,
    "fault": faults,
    "stateful_session": sessions,
}
shares = some(m.WeightedCluster, _share, name=clusters, weight=st.integers(1, 9)) | some(
    m.WeightedCluster, _share, name=st.just(""), cluster_header=tokens, weight=st.integers(1, 9)
)
_policies: Fields = {
    "append_x_forwarded_host": flags,
    "cluster_not_found_response_code": st.sampled_from([404, 500, 503]),
    "timeout": seconds,
    "idle_timeout": st.just(0.0) | seconds,
    "max_stream_duration": some(
        m.MaxStreamDuration,
        dict.fromkeys(("max_stream_duration", "grpc_timeout_header_max", "grpc_timeout_header_offset"), seconds),
    ),
    "retry_policy": retries,
    "request_mirror_policies": tuples(mirrors),
    "hash_policy": tuples(hash_policies),
    "metadata_match": structs,
    "upgrade_types": st.dictionaries(st.sampled_from(["websocket", "y"]), flags),
}
_targets: tuple[Fields, ...] = (
    {"cluster": clusters},
    {"cluster_header": tokens},
    {"weighted_clusters": tuples(shares, 1)},
    {"weighted_clusters": tuples(shares, 1), "random_value_header": tokens},
    {"weighted_clusters": tuples(shares, 1), "use_hash_policy": flags},
)
_rewritten: tuple[Fields, ...] = (
    {"prefix_rewrite": header_texts, "host_rewrite_literal": header_texts},
    {"regex_rewrite": rewrites, "auto_host_rewrite": flags},
    {"path_template_rewrite": names, "host_rewrite_header": tokens},
    {"host_rewrite_path_regex": rewrites},
)
actions = st.one_of(
    *(some(m.RouteAction, {**_policies, **rewritten}, **target) for target in _targets for rewritten in _rewritten)
)
_redirect: Fields = {
    "response_code": st.sampled_from([301, 302, 303, 307, 308]),
    "host_redirect": header_texts,
    "strip_query": flags,
    "port_redirect": ports,
}
prefixes = st.just("") | header_texts
redirects = st.one_of(
    some(m.RedirectAction, {**_redirect, "https_redirect": flags, "path_redirect": header_texts}),
    some(
        m.RedirectAction, {**_redirect, "scheme_redirect": header_texts, "prefix_rewrite": st.just("") | header_texts}
    ),
    some(m.RedirectAction, {**_redirect, "regex_rewrite": rewrites}),
)
bodies = st.binary(max_size=8) | names.map(str.encode) | st.just(b"long" * 2000)
answers = some(m.DirectResponse, {"body": bodies}, status=st.integers(200, 599))
routes = some(
    m.Route,
    {"name": names, "mutations": mutations, "metadata": metadata, "fault": faults, "stateful_session": sessions},
    match=matches,
    action=actions | redirects | answers,
)

# ---- trees of matchers

predicates: SearchStrategy[m.MatchPredicate] = st.recursive(
    some(m.HeaderTest, header=tokens, string_match=strings),
    lambda each: st.one_of(
        some(m.AllOf, predicates=tuples(each, 2)),
        some(m.AnyOf, predicates=tuples(each, 2)),
        some(m.NoneOf, predicate=each),
    ),
    max_leaves=3,
)


def _matchers(target: SearchStrategy[m.MatchTarget]) -> SearchStrategy[m.MatcherList | m.MatcherMap]:
    targets = st.dictionaries(names, target, min_size=1, max_size=2).map(lambda found: tuple(found.items()))
    return some(m.MatcherList, {"entries": tuples(st.tuples(predicates, target)), "on_no_match": target}) | some(
        m.MatcherMap, {"prefix": flags, "on_no_match": target}, header=tokens, targets=targets
    )


trees = _matchers(st.recursive(some(m.MatchedRoutes, {"count": st.integers(0, 2)}), _matchers, max_leaves=2))


def count_routes(target: m.MatchTarget | None) -> int:
    """How many routes a tree leads to."""
    if isinstance(target, m.MatchedRoutes):
        return target.count
    if target is None:
        return 0
    inner = [each for _, each in (target.entries if isinstance(target, m.MatcherList) else target.targets)]
    return sum(map(count_routes, [*inner, target.on_no_match]))


@st.composite
def virtual_hosts(draw: st.DrawFn, index: int) -> m.VirtualHost:
    tree = draw(st.none() | trees)
    found = draw(tuples(routes) if tree is None else tuples(routes, count_routes(tree), count_routes(tree)))
    return replace(draw(_hosts), domains=(f"{index}.{draw(tokens)}", f"*.{index}"), routes=found, matcher=tree)


_hosts = some(
    m.VirtualHost,
    {
        "require_tls": st.sampled_from(m.TlsRequirement),
        "retry_policy": retries,
        "mutations": mutations,
        "request_mirror_policies": tuples(mirrors),
        "include_request_attempt_count": flags,
        "include_attempt_count_in_response": flags,
        "virtual_clusters": tuples(some(m.VirtualCluster, name=names, headers=tuples(headers, 1))),
        "fault": faults,
        "stateful_session": sessions,
    },
    name=names,
    domains=st.just(("*",)),
)
VARIED[m.VirtualHost] |= {"routes", "matcher"}
route_configurations = some(
    m.RouteConfiguration,
    {
        "virtual_hosts": st.integers(0, 2).flatmap(lambda count: st.tuples(*map(virtual_hosts, range(count)))),
        "ignore_port_in_host_matching": flags,
        "ignore_path_parameters_in_path_matching": flags,
        "vhost_header": tokens,
        "mutations": mutations,
        "most_specific_header_mutations_wins": flags,
        "request_mirror_policies": tuples(mirrors),
        "validate_clusters": flags,
        "internal_only_headers": tuples(tokens),
        "fault": faults,
        "stateful_session": sessions,
    },
    name=names,
)

# ---- listeners

_files = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
sources = some(m.DataSource, filename=_files) | some(m.DataSource, inline=bodies)
contexts = some(
    m.DownstreamTlsContext,
    {
        "certificates": tuples(some(m.TlsCertificate, certificate_chain=sources, private_key=sources)),
        "alpn_protocols": tuples(names),
        "require_client_certificate": flags,
        "trusted_ca": sources,
    },
)
chain_matches = some(
    m.FilterChainMatch,
    {
        "destination_port": ports,
        "prefix_ranges": ranges,
        "server_names": tuples(names),
        "transport_protocol": names,
        "application_protocols": tuples(names),
        "direct_source_prefix_ranges": ranges,
        "source_type": st.sampled_from(m.ConnectionSourceType),
        "source_prefix_ranges": ranges,
        "source_ports": tuples(ports),
    },
)
_stripped = st.sampled_from([{}, {"strip_any_host_port": True}, {"strip_matching_host_port": True}])
VARIED[m.HttpConnectionManager] = {"strip_any_host_port", "strip_matching_host_port"}
_managers = st.builds(
    lambda manager, stripped: replace(manager, **stripped),
    some(
        m.HttpConnectionManager,
        {
            "normalize_path": flags,
            "merge_slashes": flags,
            "path_with_escaped_slashes_action": st.sampled_from(m.PathWithEscapedSlashesAction),
            "strip_trailing_host_dot": flags,
            "upgrade_types": st.sampled_from([(), ("websocket",), ("y", "websocket")]),
            "request_headers_timeout": st.just(0.0) | seconds,
            "idle_timeout": seconds,
            "fault": faults,
            "stateful_session": sessions,
        },
        route_config_name=st.just(""),
    ),
    _stripped,
)
proxies = some(m.TcpProxy, {"idle_timeout": seconds}, cluster=clusters) | some(
    m.TcpProxy, weighted_clusters=tuples(some(m.TcpProxyCluster, name=clusters, weight=st.integers(1, 9)), 1)
)
listener_filters = st.one_of(
    some(
        m.TlsInspector,
        {"close_connection_on_client_hello_parsing_errors": flags, "max_client_hello_size": st.integers(256, 16384)},
    ),
    some(m.HttpInspector),
    some(
        m.ProxyProtocol,
        {"allow_requests_without_proxy_protocol": flags, "disallowed_versions": tuples(st.integers(1, 2), 0, 1)},
    ),
    some(m.OriginalDst),
)


def listeners(name: str, known: list[str]) -> SearchStrategy[m.Listener]:
    """Listeners whose connection managers have routes that are known."""
    managers = st.builds(
        lambda manager, routes: replace(manager, route_config_name=routes), _managers, st.sampled_from(known or [""])
    )
    chains = some(
        m.FilterChain,
        {"name": names, "filter_chain_match": chain_matches, "tls": contexts, "metadata": metadata},
        filters=tuples(managers | proxies if known else proxies, 1, 1),
    )
    return some(
        m.Listener,
        {
            "default_filter_chain": chains,
            "listener_filters": tuples(listener_filters),
            "listener_filters_timeout": st.just(0.0) | seconds,
            "continue_on_listener_filters_timeout": flags,
        },
        name=st.just(name),
        address=addresses,
        port=st.integers(0, 65535),
        filter_chains=tuples(chains, 1),
    )


# ---- clusters

thresholds = some(
    m.CircuitBreakerThresholds,
    {
        **dict.fromkeys(("max_connections", "max_pending_requests", "max_requests", "max_retries"), counts),
        "retry_budget": some(m.RetryBudget, {"budget_percent": st.floats(0, 100), "min_retry_concurrency": counts}),
        "track_remaining": flags,
    },
)
_shared_counts = [each.name for each in dataclasses.fields(m.OutlierDetection) if each.type == "int"]
_shared_flags = [each.name for each in dataclasses.fields(m.OutlierDetection) if each.type == "bool"]
outliers = st.builds(
    lambda detection, maximum: replace(detection, max_ejection_time=maximum and detection.base_ejection_time + maximum),
    some(
        m.OutlierDetection,
        {
            **dict.fromkeys(_shared_counts, st.integers(0, 100)),
            **dict.fromkeys(_shared_flags, flags),
            "interval": seconds,
            "base_ejection_time": st.integers(1, 999).map(float),
            "max_ejection_time_jitter": seconds,
        },
    ),
    maybe(st.integers(1, 999)),
)
VARIED[m.OutlierDetection].add("max_ejection_time")
statuses = tuples(st.builds(m.Int64Range, st.integers(100, 350), st.integers(351, 600)), 1)
_plain_options = some(m.HeaderValueOption, {"value": tokens}, key=tokens)
_http_check: Fields = {
    "host": header_texts,
    "receive": tuples(payloads),
    "response_buffer_size": st.just(0) | st.integers(8, 2**64 - 1),
    "expected_statuses": statuses,
    "retriable_statuses": statuses,
    "request_headers_to_add": tuples(_plain_options),
    "request_headers_to_remove": tuples(tokens),
}
_bodiless: Fields = {**_http_check, "method": st.sampled_from(["GET", "HEAD", "TRACE"])}
_with_body = st.sampled_from(["POST", "PUT"])
http_checks = some(m.HttpHealthCheck, _bodiless, path=st.just("/?y")) | some(
    m.HttpHealthCheck, {**_http_check, "send": payloads}, path=st.just("/"), method=_with_body
)
tcp_checks = some(m.TcpHealthCheck, {"send": payloads, "receive": tuples(payloads)})
_check_times = [each.name for each in dataclasses.fields(m.HealthCheck) if each.type.startswith("float")]
health_checks = some(
    m.HealthCheck,
    {
        **{name: seconds for name in _check_times if name not in ("timeout", "interval")},
        "interval_jitter_percent": counts,
        "reuse_connection": flags,
    },
    timeout=seconds,
    interval=seconds,
    unhealthy_threshold=st.integers(1, 9),
    healthy_threshold=st.integers(1, 9),
    check=http_checks | tcp_checks,
)
_keys = st.frozensets(names, min_size=2, max_size=3)
selectors = st.one_of(
    some(
        m.SubsetSelector,
        {
            "single_host_per_subset": flags,
            "fallback_policy": st.sampled_from(
                [each for each in m.SubsetSelectorFallback if each.name != "KEYS_SUBSET"]
            ),
        },
        keys=_keys,
    ),
    _keys.map(lambda keys: m.SubsetSelector(keys, m.SubsetSelectorFallback.KEYS_SUBSET, frozenset(sorted(keys)[:1]))),
)
VARIED[m.SubsetSelector].add("fallback_keys_subset")
subsets = some(
    m.SubsetConfig,
    {
        "fallback_policy": st.sampled_from(m.SubsetFallback),
        "default_subset": structs,
        **dict.fromkeys(("locality_weight_aware", "scale_locality_weight", "panic_mode_any", "list_as_any"), flags),
    },
    selectors=tuples(selectors, 1),
)
dns = st.builds(
    lambda config, base, more: replace(
        config, failure_base_interval=base, failure_max_interval=base and more and base + more
    ),
    some(
        m.DnsConfig,
        {
            "refresh_rate": seconds,
            "jitter": seconds,
            "respect_ttl": flags,
            "lookup_family": st.sampled_from(m.DnsLookupFamily),
        },
    ),
    maybe(st.integers(1, 999).map(float)),
    maybe(st.integers(1, 999).map(float)),
)
VARIED[m.DnsConfig] |= {"failure_base_interval", "failure_max_interval"}
endpoints = some(
    m.Endpoint,
    {
        "weight": st.integers(1, 999),
        "hostname": header_texts,
        "health_status": st.sampled_from(m.HealthStatus),
        "metadata": metadata,
    },
    address=addresses,
    port=ports,
)
_place: Fields = {
    "region": names,
    "zone": names,
    "sub_zone": names,
    "weight": st.integers(1, 99),
}


def localities(priority: int) -> SearchStrategy[m.LocalityEndpoints]:
    return some(m.LocalityEndpoints, _place, priority=st.just(priority), endpoints=tuples(endpoints))


assignments = st.integers(0, 3).flatmap(lambda count: st.tuples(*map(localities, range(count))))
_single = some(m.LocalityEndpoints, _place, endpoints=tuples(endpoints, 1, 1)).map(lambda each: (each,))
slow_starts = some(
    m.SlowStartConfig,
    {"aggression": st.floats(0.01, 100), "min_weight_percent": st.floats(0, 100)},
    window=seconds,
)
zone_aware = some(
    m.ZoneAwareConfig,
    {
        "routing_enabled": st.floats(0, 100),
        "min_cluster_size": st.integers(0, 2**64 - 1),
        "fail_traffic_on_panic": flags,
    },
)
ring_sizes = st.integers(1, 8388608)
_secrets: Fields = {"trusted_ca_secret": names.filter(bool), "subject_alt_names": tuples(names.filter(bool))}
_peer_names = some(m.SubjectAltNameMatcher, {}, san_type=st.sampled_from(m.SanType), matcher=strings)
_upstream_tls: Fields = {
    "sni": header_texts,
    "auto_sni": flags,
    "auto_san_validation": flags,
    "alpn_protocols": tuples(names.filter(bool)),
}
upstream_contexts = st.one_of(
    some(m.UpstreamTlsContext, _upstream_tls, certificate_secret=names.filter(bool)),
    some(m.UpstreamTlsContext, {**_upstream_tls, **_secrets, "crl": sources}, trusted_ca=sources),
    some(
        m.UpstreamTlsContext,
        {**_upstream_tls, "crl": sources},
        trusted_ca=sources,
        typed_subject_alt_names=tuples(_peer_names, 1),
    ),
    some(
        m.UpstreamTlsContext,
        _upstream_tls,
        certificate=some(m.TlsCertificate, certificate_chain=sources, private_key=sources),
    ),
)
_settings: Fields = {
    "dns": dns,
    "tls": upstream_contexts,
    "http2": flags,
    "lb_policy": st.sampled_from([each for each in m.LbPolicy if each.value < 64]),
    "connect_timeout": seconds,
    "healthy_panic_threshold": st.floats(0, 100),
    "overprovisioning_factor": st.integers(1, 999),
    "weighted_priority_health": flags,
    "locality_weighted": flags,
    "zone_aware": zone_aware,
    "override_host_status": st.frozensets(st.sampled_from(m.HealthStatus), min_size=1),
    "subsets": subsets,
    "consistent_hashing": some(
        m.ConsistentHashingConfig,
        {"use_hostname_for_hashing": st.just(False), "hash_balance_factor": st.integers(100, 2**32 - 1)},
    ),
    "outlier_detection": outliers,
    "circuit_breaker": thresholds,
    "health_checks": tuples(health_checks, 0, 1),
}
_lb_configs: tuple[Fields, ...] = (
    {"round_robin": some(m.RoundRobinConfig, {"slow_start": slow_starts})},
    {
        "least_request": some(
            m.LeastRequestConfig,
            {
                "choice_count": st.integers(2, 2**32 - 1),
                "active_request_bias": st.floats(0, 1e300),
                "slow_start": slow_starts,
            },
        )
    },
    {
        "ring_hash": st.tuples(ring_sizes, ring_sizes, st.sampled_from(m.HashFunction)).map(
            lambda drawn: m.RingHashConfig(*sorted(drawn[:2]), drawn[2])
        )
    },
    {"maglev": some(m.MaglevConfig, {"table_size": st.sampled_from([2, 251, 5000011])})},
)
_named: Fields = {
    "consistent_hashing": some(
        m.ConsistentHashingConfig,
        {"use_hostname_for_hashing": flags, "hash_balance_factor": st.integers(100, 2**32 - 1)},
    ),
}
# Clusters that need a load balancing policy to say so.
_full_scan = some(
    m.LeastRequestConfig,
    {
        "choice_count": st.integers(2, 2**32 - 1),
        "active_request_bias": st.floats(0, 1e300),
        "slow_start": slow_starts,
    },
    full_scan=st.just(True),
)
_forced = some(
    m.ZoneAwareConfig,
    {
        "routing_enabled": st.floats(0, 100),
        "min_cluster_size": st.integers(0, 2**64 - 1),
        "fail_traffic_on_panic": flags,
        "force_local_zone_min_size": st.integers(0, 2**32 - 1),
        "locality_basis": st.just(m.LocalityBasis.HEALTHY_HOSTS_WEIGHT),
    },
)
_redundant = subsets.map(lambda each: replace(each, allow_redundant_keys=True))
VARIED[m.SubsetConfig].add("allow_redundant_keys")
_ring_hash, _maglev = _lb_configs[2]["ring_hash"], _lb_configs[3]["maglev"]
_by_reports = some(
    m.ClientSideWeightedRoundRobinConfig,
    {
        "blackout_period": seconds,
        "weight_expiration_period": seconds,
        "weight_update_period": seconds,
        "error_utilization_penalty": st.floats(0, 2.0**99, width=32),
        "metric_names_for_computing_utilization": tuples(names, 0, 2),
        "slow_start": slow_starts,
    },
)
_keys = some(m.MetadataKey, key=names, path=tuples(names, 1))
_sources = st.one_of(some(m.OverrideHostSource, header=tokens), some(m.OverrideHostSource, metadata=_keys))
_overrides = some(m.OverrideHostConfig, sources=tuples(_sources, 1))
_grpc_checks = some(
    m.GrpcHealthCheck,
    {"service_name": names, "authority": header_texts, "initial_metadata": tuples(_plain_options)},
)
_by_policy: tuple[Fields, ...] = (
    {
        "http2": st.just(True),
        "health_checks": st.builds(lambda check, kind: (replace(check, check=kind),), health_checks, _grpc_checks),
    },
    {"lb_policy": st.just(m.LbPolicy.RANDOM), "override_host": _overrides, "locality_weighted": flags},
    {"lb_policy": st.just(m.LbPolicy.MAGLEV), "override_host": _overrides, "subsets": subsets},
    {
        "lb_policy": st.just(m.LbPolicy.CLIENT_SIDE_WEIGHTED_ROUND_ROBIN),
        "client_side_weighted_round_robin": _by_reports,
        "locality_weighted": flags,
    },
    {"lb_policy": st.just(m.LbPolicy.PICK_FIRST)},
    {
        "lb_policy": st.sampled_from([m.LbPolicy.ROUND_ROBIN, m.LbPolicy.LEAST_REQUEST, m.LbPolicy.RANDOM]),
        "zone_aware": _forced,
    },
    {"lb_policy": st.just(m.LbPolicy.LEAST_REQUEST), "least_request": _full_scan, "locality_weighted": flags},
    {"lb_policy": st.just(m.LbPolicy.LEAST_REQUEST), "least_request": _full_scan, "zone_aware": zone_aware},
    {
        "lb_policy": st.just(m.LbPolicy.ROUND_ROBIN),
        "subsets": _redundant,
        "round_robin": _lb_configs[0]["round_robin"],
        "zone_aware": zone_aware,
    },
    {"lb_policy": st.just(m.LbPolicy.RANDOM), "subsets": _redundant, "locality_weighted": flags},
    {
        "lb_policy": st.just(m.LbPolicy.RING_HASH),
        "subsets": _redundant,
        "ring_hash": _ring_hash,
        "locality_weighted": flags,
        "consistent_hashing": _settings["consistent_hashing"],
    },
    {
        "lb_policy": st.just(m.LbPolicy.MAGLEV),
        "subsets": _redundant,
        "maglev": _maglev,
        "locality_weighted": flags,
    },
)
VARIED[m.Cluster] = {"client_side_weighted_round_robin", "override_host"}
VARIED[m.RingHashConfig] = {"minimum_ring_size", "maximum_ring_size", "hash_function"}


def _alternatives(cluster: m.Cluster) -> m.Cluster:
    """Localities are weighted, which subsets that look at their weights need, or zones count."""
    aware = cluster.subsets is not None and cluster.subsets.locality_weight_aware
    if not aware and not cluster.locality_weighted:
        return cluster
    return replace(cluster, locality_weighted=True, zone_aware=m.ZoneAwareConfig())


def cluster_of(name: str) -> SearchStrategy[m.Cluster]:
    strict = st.just(m.DiscoveryType.STRICT_DNS)
    told = {**_named, "eds_service_name": st.sampled_from(["", f"{name}/eds"])}
    kinds: tuple[tuple[Fields, Fields], ...] = (
        (NONE, {"localities": assignments}),
        (_named, {"type": strict, "localities": assignments}),
        (NONE, {"type": st.just(m.DiscoveryType.LOGICAL_DNS), "localities": _single}),
        (told, {"type": st.just(m.DiscoveryType.EDS), "localities": assignments}),
    )
    return st.one_of(
        st.one_of(
            *(
                some(m.Cluster, {**_settings, **config, **optional}, name=st.just(name), **required)
                for config in _lb_configs
                for optional, required in kinds
            )
        ).map(_alternatives),
        st.sampled_from(_by_policy).flatmap(lambda fields: some(m.Cluster, name=st.just(name), **fields)),
    )


# ---- all of it


@st.composite
def configs(draw: st.DrawFn) -> m.Config:
    """Configurations whose routes and clusters are all there."""
    found = draw(st.lists(route_configurations, max_size=2, unique_by=lambda each: each.name))
    known = [each.name for each in found]
    return m.Config(
        listeners=tuple(draw(listeners(name, known)) for name in draw(st.lists(names, max_size=2, unique=True))),
        route_configurations={each.name: each for each in found},
        clusters=tuple(draw(cluster_of(name)) for name in CLUSTERS),
    )


@st.composite
def placed_configs(draw: st.DrawFn) -> m.Config:
    """Configurations that say where the program runs, and as part of what."""
    config = draw(configs())
    local = draw(st.none() | names.filter(lambda name: name not in CLUSTERS))
    return replace(
        config,
        locality=draw(maybe(some(m.Locality, {"region": names, "zone": names, "sub_zone": names}))),
        local_cluster_name=local or "",
        clusters=config.clusters if local is None else (*config.clusters, m.Cluster(local)),
    )


def _of_host(host: m.VirtualHost) -> m.Config:
    return m.Config(route_configurations={"r": m.RouteConfiguration("r", (host,))})


def _of_route(route: m.Route) -> m.Config:
    return _of_host(m.VirtualHost("v", ("*",), (route,)))


def _of_action(action: Any) -> m.Config:
    return _of_route(m.Route(m.RouteMatch(prefix="/"), action))


def _of_manager(manager: m.HttpConnectionManager) -> m.FilterChain:
    return m.FilterChain(filters=(replace(manager, route_config_name="r"),))


def _of_listener(listener: m.Listener) -> m.Config:
    return m.Config(listeners=(listener,), route_configurations={"r": m.RouteConfiguration("r")})


PARTS: dict[str, SearchStrategy[m.Config]] = {
    "match": matches.map(lambda match: _of_route(m.Route(match, m.DirectResponse(200)))),
    "action": actions.map(_of_action),
    "retry policy": retries.map(lambda policy: _of_action(m.RouteAction("a", retry_policy=policy))),
    "hash policies": tuples(hash_policies, 1).map(lambda found: _of_action(m.RouteAction("a", hash_policy=found))),
    "answer": (redirects | answers).map(_of_action),
    "route": routes.map(_of_route),
    "mutations": mutations.map(lambda found: _of_host(m.VirtualHost("v", ("*",), mutations=found))),
    "virtual host": virtual_hosts(0).map(_of_host),
    "listener": listeners("l", ["r"]).map(_of_listener),
    "listener filters": tuples(listener_filters, 1).map(
        lambda found: _of_listener(
            m.Listener("l", "::1", 1, (_of_manager(m.HttpConnectionManager()),), listener_filters=found)
        )
    ),
    "connection manager": _managers.map(lambda each: _of_listener(m.Listener("l", "::1", 1, (_of_manager(each),)))),
    "cluster": cluster_of("a").map(lambda cluster: m.Config(clusters=(cluster,))),
}
VARIED[m.Config] = {"listeners", "route_configurations", "clusters", "locality", "local_cluster_name"}
