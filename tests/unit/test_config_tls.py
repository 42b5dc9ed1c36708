"""TLS to the hosts of a cluster: what a DestinationRule says, and what Envoy is told.

Source: https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from unit.istio_documents import (
    SERVICES,
    cluster,
    edge,
    gateway,
    istio,
    refusals,
    route,
    service_entry,
    virtual_service,
)

from fastpath import ConfigError, ConfigWarning
from fastpath.config import load, to_dict
from fastpath.models import (
    Config,
    DataSource,
    SanType,
    StringMatcher,
    SubjectAltNameMatcher,
    TlsCertificate,
    UpstreamTlsContext,
)
from fastpath.proxy.supported import check_supported

SYSTEM = DataSource(filename="/etc/ssl/certs/ca-certificates.crt")
FILES = {"clientCertificate": "/c.pem", "privateKey": "/k.pem", "caCertificates": "/ca.pem"}
CERTIFICATE = TlsCertificate(DataSource(filename="/c.pem"), DataSource(filename="/k.pem"))
AUTHORITY = DataSource(filename="/ca.pem")
ISTIO = UpstreamTlsContext(
    sni="outbound_.80_._.a.default.svc.cluster.local",
    alpn_protocols=("istio-peer-exchange", "istio"),
    certificate_secret="default",
    trusted_ca_secret="ROOTCA",
)


def rule(policy: dict[str, Any], host: str = "a", **spec: object) -> dict[str, Any]:
    return istio("DestinationRule", "r", host=host, trafficPolicy=policy, **spec)


def secret(name: str, **data: str) -> dict[str, Any]:
    encoded = {key.replace("_", "."): base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}


def loaded(*documents: dict[str, Any]) -> Config:
    retries = {"attempts": 1, "retryOn": "5xx"}
    return load([gateway(), virtual_service(route(retries=retries)), *documents, *SERVICES])


def tls_of(policy: dict[str, Any], *documents: dict[str, Any], name: str = "default/a:80") -> UpstreamTlsContext | None:
    return cluster(loaded(rule(policy), *documents), name).tls


def tls(mode: str, **fields: object) -> dict[str, Any]:
    return {"tls": {"mode": mode, **fields}}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (tls("DISABLE"), None),
        ({"loadBalancer": {"simple": "RANDOM"}}, None),
        (tls("SIMPLE"), UpstreamTlsContext(auto_sni=True, auto_san_validation=True, trusted_ca=SYSTEM)),
        (tls("SIMPLE", sni="b.example"), UpstreamTlsContext(sni="b.example", trusted_ca=SYSTEM)),
        (
            tls("SIMPLE", caCertificates="/ca.pem", subjectAltNames=["b.example"]),
            UpstreamTlsContext(auto_sni=True, trusted_ca=AUTHORITY, subject_alt_names=("b.example",)),
        ),
        (tls("SIMPLE", insecureSkipVerify=True), UpstreamTlsContext(auto_sni=True)),
        (tls("SIMPLE", insecureSkipVerify=True, caCrl="/crl.pem"), UpstreamTlsContext(auto_sni=True)),
        (
            tls("SIMPLE", sni="b.example", caCrl="/crl.pem"),
            UpstreamTlsContext(sni="b.example", trusted_ca=SYSTEM, crl=DataSource(filename="/crl.pem")),
        ),
        (
            tls("MUTUAL", sni="b.example", **FILES),
            UpstreamTlsContext(sni="b.example", certificate=CERTIFICATE, trusted_ca=AUTHORITY),
        ),
        (tls("ISTIO_MUTUAL"), ISTIO),
    ],
)
def test_modes(settings: dict[str, Any], expected: UpstreamTlsContext | None) -> None:
    assert tls_of(settings) == expected


def test_a_secret_has_what_files_would() -> None:
    chain = secret("s", tls_crt="C", tls_key="K", ca_crt="A")
    found = tls_of(tls("MUTUAL", credentialName="s", sni="x"), chain)
    shown = TlsCertificate(DataSource(inline=b"C"), DataSource(inline=b"K"))
    assert found == UpstreamTlsContext(sni="x", certificate=shown, trusted_ca=DataSource(inline=b"A"))
    found = tls_of(tls("SIMPLE", credentialName="s", sni="x"), secret("s-cacert", ca_crt="A"))
    assert found == UpstreamTlsContext(sni="x", trusted_ca=DataSource(inline=b"A"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (tls("SIMPLE"), ("x.example", "y.example")),
        (tls("SIMPLE", subjectAltNames=["own"]), ("own",)),
        (tls("MUTUAL", **FILES), ("x.example", "y.example")),
        (tls("ISTIO_MUTUAL"), ("x.example", "y.example")),
        (tls("SIMPLE", insecureSkipVerify=True), ()),
    ],
)
def test_names_of_a_service_entry(settings: dict[str, Any], expected: tuple[str, ...]) -> None:
    """They hold for the entry's hosts, unless the rule says others."""
    entry = service_entry(endpoints=[{"address": "10.0.0.1"}], subjectAltNames=["x.example", "y.example"])
    config = loaded(entry, rule(settings, host="api.example"), rule(tls("SIMPLE")) | {"metadata": {"name": "other"}})
    found = {each.name: each.tls for each in config.clusters if each.tls is not None}
    assert found["default/api.example:80"].subject_alt_names == expected
    assert found["default/a:80"].subject_alt_names == ()


def test_names_of_a_service_entry_are_asked_for_besides_the_host() -> None:
    entry = service_entry(endpoints=[{"address": "10.0.0.1"}], subjectAltNames=["x.example"])
    found = cluster(loaded(entry, rule(tls("SIMPLE"), host="api.example")), "default/api.example:80").tls
    assert found == UpstreamTlsContext(
        auto_sni=True, auto_san_validation=True, trusted_ca=SYSTEM, subject_alt_names=("x.example",)
    )


def test_subsets_and_ports_have_their_own() -> None:
    """What a subset does not say it has from the rule; a port's settings stand alone."""
    port = {"port": {"number": 80}}
    subsets = [
        {"name": "same"},
        {"name": "plain", "trafficPolicy": tls("DISABLE")},
        {"name": "other", "trafficPolicy": tls("SIMPLE", sni="other.example")},
    ]
    config = loaded(rule(tls("ISTIO_MUTUAL"), subsets=subsets))
    found = {
        each.name: each.tls.sni if each.tls else None for each in config.clusters if each.name.startswith("default/a")
    }
    assert found == {
        "default/a:80": "outbound_.80_._.a.default.svc.cluster.local",
        "default/a:80/same": "outbound_.80_.same_.a.default.svc.cluster.local",
        "default/a:80/plain": None,
        "default/a:80/other": "other.example",
    }
    ports = [{**port, **tls("SIMPLE", sni="port.example")}]
    config = loaded(rule({**tls("DISABLE"), "portLevelSettings": ports}, host="c"))
    of_port = cluster(config, "default/c:80").tls
    assert of_port is not None
    assert of_port.sni == "port.example"
    assert cluster(config, "default/c:8080").tls is None
    ports = [{**port, "connectionPool": {"tcp": {"maxConnections": 1}}}]
    assert cluster(loaded(rule({**tls("SIMPLE"), "portLevelSettings": ports})), "default/a:80").tls is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (tls("MUTUAL"), "the mode MUTUAL needs a certificate"),
        (tls("MUTUAL", clientCertificate="/c.pem"), "clientCertificate and privateKey belong together"),
        (tls("SIMPLE", **FILES), "the mode SIMPLE shows no certificate"),
        (tls("ISTIO_MUTUAL", **FILES), "the certificates that Istio hands out, and no others"),
        (tls("SIMPLE", credentialName="no"), "there is no Secret 'no' in the namespaces default"),
        (tls("SIMPLE", credentialName="s", caCertificates="/c"), "credentialName takes the place of files"),
        (tls("SIMPLE", insecureSkipVerify=True, subjectAltNames=["b"]), "exclude each other"),
        (tls("SIMPLE", caCrl=""), "a file's name is not empty"),
        (tls("ISTIO_MUTUAL", caCrl="/crl"), "the certificates that Istio hands out, and no others"),
        (tls("SIMPLE", credentialName="s", caCrl="/crl"), "credentialName takes the place of files"),
        (tls("AUTO"), "expected one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL"),
    ],
)
def test_refused(settings: dict[str, Any], reason: str) -> None:
    found = refusals(gateway(), rule(settings), secret("s", ca_crt="A"))
    assert any(reason in each for each in found), found


@pytest.mark.parametrize(
    "settings", [tls("SIMPLE"), tls("ISTIO_MUTUAL", subjectAltNames=["spiffe://a"]), tls("MUTUAL", **FILES)]
)
def test_envoy_is_told_and_the_gateway_refuses(settings: dict[str, Any]) -> None:
    config = loaded(rule(settings))
    again = load(to_dict(config))
    assert cluster(again, "default/a:80").tls == cluster(config, "default/a:80").tls
    with pytest.raises(ConfigError, match="the gateway does no TLS"):
        check_supported(config)


def test_what_is_harmless_is_warned_of() -> None:
    with pytest.warns(ConfigWarning, match="corsPolicy: has no effect: preflight requests are forwarded"):
        edge(route(corsPolicy={"allowOrigins": [{"exact": "https://a.example"}]}))
    with pytest.warns(ConfigWarning, match="statPrefix: has no effect"):
        edge(route(match=[{"statPrefix": "a", "uri": {"prefix": "/"}}]))


def envoy_cluster(common: dict[str, Any], **fields: object) -> dict[str, Any]:
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
    context = {"@type": kind, "common_tls_context": common, **fields}
    socket = {"name": "envoy.transport_sockets.tls", "typed_config": context}
    return {"static_resources": {"clusters": [{"name": "a", "transport_socket": socket}]}}


SDS = {"name": "s", "sds_config": {"ads": {}}}
CHAIN = {"certificate_chain": {"filename": "/c.pem"}, "private_key": {"filename": "/k.pem"}}


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        ({}, UpstreamTlsContext(sni="b")),
        ({"tls_certificates": [CHAIN]}, UpstreamTlsContext(sni="b", certificate=CERTIFICATE)),
        ({"tls_certificate_sds_secret_configs": [SDS]}, UpstreamTlsContext(sni="b", certificate_secret="s")),
        ({"validation_context_sds_secret_config": SDS}, UpstreamTlsContext(sni="b", trusted_ca_secret="s")),
        (
            {
                "validation_context": {
                    "trusted_ca": {"filename": "/ca.pem"},
                    "match_subject_alt_names": [{"exact": "x"}],
                }
            },
            UpstreamTlsContext(sni="b", trusted_ca=AUTHORITY, subject_alt_names=("x",)),
        ),
        (
            {
                "combined_validation_context": {
                    "default_validation_context": {"match_subject_alt_names": [{"exact": "x"}]},
                    "validation_context_sds_secret_config": SDS,
                }
            },
            UpstreamTlsContext(sni="b", trusted_ca_secret="s", subject_alt_names=("x",)),
        ),
        (
            {
                "validation_context": {
                    "trusted_ca": {"filename": "/ca.pem"},
                    "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"prefix": "spiffe://"}}],
                    "match_subject_alt_names": [{"exact": "not looked at"}],
                    "crl": {"filename": "/crl.pem"},
                }
            },
            UpstreamTlsContext(
                sni="b",
                trusted_ca=AUTHORITY,
                typed_subject_alt_names=(SubjectAltNameMatcher(SanType.URI, StringMatcher(prefix="spiffe://")),),
                crl=DataSource(filename="/crl.pem"),
            ),
        ),
    ],
)
def test_envoys_contexts(common: dict[str, Any], expected: UpstreamTlsContext) -> None:
    assert load(envoy_cluster(common, sni="b")).clusters[0].tls == expected


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (envoy_cluster({"tls_certificates": [CHAIN, CHAIN]}), "a client shows one certificate"),
        (envoy_cluster({}, sni="a" * 256), "sni has at most 255 bytes"),
        (envoy_cluster({}, allow_renegotiation=True), "'allow_renegotiation' is unknown or not supported"),
        (envoy_cluster({"alpn_protocols": [""]}), "an ALPN protocol has 1 to 255 bytes"),
        (
            envoy_cluster({"validation_context": {"match_subject_alt_names": [{"exact": "x"}]}}),
            "names of a certificate are worth nothing without a trusted_ca",
        ),
        (
            envoy_cluster({"validation_context": {"match_subject_alt_names": [{"prefix": "x"}]}}),
            "the field 'prefix' is not supported",
        ),
    ],
)
def test_envoys_contexts_that_are_refused(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(document)
    assert reason in str(caught.value)
