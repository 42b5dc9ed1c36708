"""Configurations as documents again: as Envoy's Python mappings, YAML and JSON.

What is written is read again and compared before it is handed out, so that nothing that Envoy's documents cannot say is
lost without a word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from ..errors import ConfigError, ConfigErrors
from ..models import Config
from . import envoy
from .collector import paused_collector
from .difference import differences
from .document import from_python, parse
from .fields import Value
from .node import DocumentLimits
from .problems import Problems
from .writer import write_bootstrap, write_resources
from .yaml_writer import write_yaml

__all__ = ["Form", "to_dict", "to_json", "to_yaml"]

Form = Literal["bootstrap", "resources"]

_FORMS = {"bootstrap": write_bootstrap, "resources": write_resources}


def to_dict(config: Config, *, form: Form = "bootstrap") -> dict[str, Any]:
    """The configuration as Envoy has it in JSON, without what is the default; `load` gives an equal one of it.

    A bootstrap has listeners with their routes, and clusters. Routes that no listener has, and endpoints of clusters of
    type EDS, need the form "resources": a DiscoveryResponse. Keys of certificates are written as they are. Left out are
    `statuses`, which say what became of Kubernetes objects and are no part of what Envoy is told.

    Raises ConfigErrors (or ConfigError) that name each model or field that Envoy's documents cannot say.
    """
    with paused_collector():
        document = _FORMS[form](config)
        _refuse_losses(config, from_python(document, DocumentLimits()))
        return document


def to_yaml(config: Config, *, form: Form = "bootstrap") -> str:
    """As `to_dict`, in YAML. Fractions in metadata are refused: Envoy takes what is not whole in YAML for text."""
    text = write_yaml(to_dict(config, form=form))
    with paused_collector():
        _refuse_losses(config, _parse(text, "the configuration.yaml"))
    return text


def to_json(config: Config, *, form: Form = "bootstrap") -> str:
    """As `to_dict`, in JSON."""
    document = to_dict(config, form=form)
    try:
        return json.dumps(document, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise ConfigError("JSON has no infinite numbers, and none that are not a number") from error


def _parse(text: str, file: str) -> object:
    """What was written, read again. The file's name only tells the format."""
    problems: list[ConfigError] = []
    ((value, _),) = parse(text.encode(), file, DocumentLimits(), problems)
    if problems:
        raise ConfigErrors(problems)
    return value


def _refuse_losses(config: Config, root: object) -> None:
    problems = Problems()
    section = Value(root, "", problems).section()
    assert section is not None  # both forms are objects
    found = envoy.read([section], problems)
    refused = [*_refusals(problems), *_losses(config, found)]
    if refused:
        raise ConfigErrors(refused)


def _refusals(problems: Problems) -> Iterator[ConfigError]:
    for error in problems.errors:
        yield ConfigError(f"Envoy's documents cannot say this: {error.reason}", path=error.path)


def _losses(config: Config, found: Config) -> Iterator[ConfigError]:
    for each in differences(replace(config, statuses=()), found):
        reason = f"Envoy's documents cannot say this: {each.old} would come back as {each.new}"
        yield ConfigError(reason, path=each.path)
