"""Documents of any vocabulary, in files, directories or Python mappings, as one configuration."""

from __future__ import annotations

from collections.abc import Iterable

from ..models import Config
from . import envoy, kubernetes
from .collector import paused_collector
from .document import Document, Source, read_all
from .fields import Value
from .kubernetes_object import is_object, read_objects
from .kubernetes_scope import Scope
from .node import DocumentLimits
from .problems import Problems

__all__ = ["load"]


def load(
    source: Source | Iterable[Source],
    *,
    lenient: bool = False,
    limits: DocumentLimits | None = None,
    scope: Scope | None = None,
) -> Config:
    """Read a configuration from YAML or JSON files, directories of them, Python mappings or protobuf messages.

    It is an Envoy bootstrap, the answer of Envoy's /config_dump?include_eds or a DiscoveryResponse; or any number of
    Envoy's resources (RouteConfiguration and ClusterLoadAssignment, which their fields tell, or whatever "@type" says);
    or any number of Kubernetes objects, which `apiVersion` and `kind` tell. References between them are resolved, and
    `scope` says which part of a Kubernetes cluster is meant.

    All errors of all documents are raised together as one ConfigErrors; each has the path into the document and the
    reason, and file, line and column when it came from a file. `lenient` turns unknown and unsupported fields into
    ConfigWarning. `limits` bounds what reading each file may cost.
    """
    with paused_collector():
        return _load(source, lenient, limits or DocumentLimits(), scope or Scope())


def _load(source: Source | Iterable[Source], lenient: bool, limits: DocumentLimits, scope: Scope) -> Config:
    problems = Problems(lenient=lenient)
    documents = read_all(source, limits, problems)
    objects = [each for each in documents if is_object(each)]
    others = [each for each in documents if not is_object(each)]
    config = Config()
    if objects and not others:
        config = kubernetes.read(read_objects(objects, problems), scope, problems)
    else:
        if objects:
            for document in others:
                _value(document, problems).error("a configuration is Envoy's or of Kubernetes objects, not both")
        outermost = [section for each in others if (section := _value(each, problems).section()) is not None]
        if outermost:
            config = envoy.read(outermost, problems)
    problems.raise_any()
    return config


def _value(document: Document, problems: Problems) -> Value:
    return Value(document.value, document.path, problems.in_document(document.file, document.places))
