"""Options that say which part of a Kubernetes cluster is meant: the fields of Scope."""

from __future__ import annotations

import argparse

from .config import Scope

__all__ = ["add_scope", "scope_of"]

_TEXTS = {
    "namespace": "the namespace of the workload or gateway, for Istio",
    "node_name": "the node that it runs on",
    "region": "where it is",
    "zone": "where it is",
    "sub_zone": "where it is",
    "ingress_class": "only Ingresses of this class",
    "gateway_class": "only Gateways of this class",
}


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add the options to those of a command that loads Kubernetes and Istio documents."""
    group = parser.add_argument_group("which part of a Kubernetes cluster")
    for name, text in _TEXTS.items():
        group.add_argument(f"--{name.replace('_', '-')}", metavar="NAME", help=text)
    group.add_argument(
        "--label",
        type=_label,
        action="append",
        dest="labels",
        metavar="KEY=VALUE",
        help="a label of the workload or gateway, for Istio's selectors; may be given again",
    )


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, found {text!r}")
    return key, value


def scope_of(options: argparse.Namespace) -> Scope:
    fields = {name: getattr(options, name) for name in _TEXTS}
    return Scope(**fields, labels=None if options.labels is None else dict(options.labels))
