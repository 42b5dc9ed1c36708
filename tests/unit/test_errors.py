"""A status of the core becomes one exception, whichever module met it; exceptions survive pickling."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path

import pytest

import fastpath
from fastpath import ConfigError, FastpathError, LocalProtocolError, NoHostAvailable, ProtocolError, RemoteProtocolError
from fastpath.errors import exception_for

HEADER = Path(fastpath.get_include(), "fastpath", "base.h").read_text()
STATUSES = {name: int(value) for name, value in re.findall(r"FASTPATH_(ERR_\w+) = (-\d+)", HEADER)}

PLAIN = {
    "ERR_MEMORY": MemoryError,
    "ERR_ARGUMENT": ValueError,
    "ERR_BUSY": BufferError,
    "ERR_STATE": RuntimeError,
    "ERR_OVERFLOW": OverflowError,
}


@pytest.mark.parametrize("name", STATUSES)
def test_every_status_has_its_exception(name: str) -> None:
    error = exception_for(STATUSES[name], name, "because", position=3)
    if name.startswith(("ERR_HTTP_", "ERR_INSPECT_")):
        assert type(error) is RemoteProtocolError
    elif name.startswith("ERR_CONFIG"):
        assert type(error) is ConfigError
    else:
        assert type(error) is PLAIN[name]
        assert error.args == ("because",)


def test_what_this_side_made_is_local() -> None:
    error = exception_for(STATUSES["ERR_HTTP_HOST"], "http_host", "no Host", position=0, http_status=400, local=True)
    assert type(error) is LocalProtocolError
    assert isinstance(error, ProtocolError)


def test_refusal_says_why_where_and_what_to_answer() -> None:
    error = exception_for(
        STATUSES["ERR_HTTP_TARGET_TOO_LONG"], "http_target_too_long", "too long", position=7, http_status=414
    )
    assert isinstance(error, RemoteProtocolError)
    assert (error.reason, error.code, error.position, error.status) == ("too long", "http_target_too_long", 7, 414)
    assert str(error) == "too long at byte 7 [http_target_too_long]"


def test_refused_configuration_names_the_item() -> None:
    error = exception_for(STATUSES["ERR_CONFIG_WEIGHT"], "config_weight", "sum is 0", position=2)
    assert isinstance(error, ConfigError)
    assert isinstance(error, ValueError)
    assert (error.reason, error.code, error.index) == ("sum is 0", "config_weight", 2)


def test_place_comes_first_in_a_configuration_error() -> None:
    assert (
        str(ConfigError("unknown", path="clusters[1]", source="edge.yaml:3:7")) == "edge.yaml:3:7: clusters[1]: unknown"
    )
    assert str(ConfigError("unknown")) == "unknown"


@pytest.mark.parametrize(
    "error",
    [
        RemoteProtocolError("bad", code="http_host", position=9, status=421),
        LocalProtocolError("bad"),
        ConfigError("bad", path="a.b", source="f:1", code="config_path", index=4),
        NoHostAvailable("none"),
        FastpathError("plain"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling_and_copying(error: FastpathError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error)
        assert vars(other) == vars(error)
        assert str(other) == str(error)
