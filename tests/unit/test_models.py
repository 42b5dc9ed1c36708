"""Models are made as frozen dataclasses are, whatever sets their fields."""

from __future__ import annotations

import copy
import dataclasses
import gc
import inspect
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

import fastpath
from fastpath import models
from fastpath.models._fields import Fields

MODELS: list[Any] = [each for name in models.__all__ if dataclasses.is_dataclass(each := getattr(models, name))]
by_name = pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
ROUTES: dict[str, Any] = {
    "name": "r",
    "virtual_hosts": [
        {
            "name": "all",
            "domains": ["*"],
            "routes": [{"match": {"prefix": each}, "route": {"cluster": "c"}} for each in ("/a", "/b")],
        }
    ],
}


def given(kind: Any) -> list[dataclasses.Field[Any]]:
    return [each for each in dataclasses.fields(kind) if each.init]


def needed(kind: Any) -> dict[str, str]:
    """Something for each field that has no default."""
    missing = dataclasses.MISSING
    return {
        each.name: each.name.upper()
        for each in given(kind)
        if each.default is missing and each.default_factory is missing
    }


def plain(kind: Any) -> Any:
    """The dataclass that it says to be, as the standard library makes it."""
    members = []
    for each in dataclasses.fields(kind):
        same = {
            name: getattr(each, name) for name in ("default", "default_factory", "repr", "compare", "init", "kw_only")
        }
        members.append((each.name, each.type, dataclasses.field(**same)))
    return dataclasses.make_dataclass(kind.__name__, members, frozen=True, slots=True)


@by_name
def test_made_as_a_dataclass(kind: Any) -> None:
    twin = plain(kind)
    assert str(inspect.signature(kind)) == str(inspect.signature(twin))
    fewest, twins = kind(**needed(kind)), twin(**needed(kind))
    filled = {each.name: object() for each in given(kind)}
    most, in_order = kind(**filled), kind(*[filled[each.name] for each in given(kind) if not each.kw_only])
    for each in given(kind):
        assert getattr(fewest, each.name) == getattr(twins, each.name)
        assert getattr(most, each.name) is filled[each.name]
        assert each.kw_only or getattr(in_order, each.name) is filled[each.name]
    if given(kind):
        assert repr(fewest).endswith(repr(twins).partition("(")[2])
    assert pickle.loads(pickle.dumps(fewest)) == fewest == copy.deepcopy(fewest) == dataclasses.replace(fewest)


@by_name
def test_refused_as_by_a_dataclass(kind: Any) -> None:
    made = kind(**needed(kind))
    for each in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, each.name, None)
    for name in needed(kind):
        with pytest.raises(TypeError, match=f"missing.*'{name}'"):
            kind(**{key: value for key, value in needed(kind).items() if key != name})
    with pytest.raises(TypeError, match="no_field"):
        kind(**needed(kind), no_field=1)
    with pytest.raises(TypeError):
        kind(*range(100))


def test_defaults_are_made_afresh() -> None:
    one, two = models.Endpoint("::1", 80), models.Endpoint("::1", 80)
    assert one.metadata == two.metadata == {}
    assert one.metadata is not two.metadata


def test_values_are_let_go() -> None:
    value: Any = object()
    before = sys.getrefcount(value)
    made = models.RouteMatch(value, path=value)
    assert sys.getrefcount(value) == before + 2
    made.__init__(prefix=value)  # type: ignore[misc]
    assert sys.getrefcount(value) == before + 1
    del made
    assert sys.getrefcount(value) == before


def test_positions_are_no_work_for_the_collector() -> None:
    (host,) = fastpath.load(ROUTES).route_configurations["r"].virtual_hosts
    for model in (host, *host.routes):
        assert model.position is not None
        assert not gc.is_tracked(model.position)
    assert [str(each.position.path) for each in host.routes if each.position] == [
        "virtual_hosts[0].routes[0]",
        "virtual_hosts[0].routes[1]",
    ]


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_refused_configurations_leave_nothing(tmp_path: Path, suffix: str) -> None:
    """Models that were made beside something wrong are let go, though errors know the frames that they come from."""
    (tmp_path / f"good{suffix}").write_text(json.dumps(ROUTES))
    (tmp_path / f"bad{suffix}").write_text('{"name": "s", "name": "s", "virtual_hosts": {"a": ]')
    before = 0
    for turn in range(6):
        with pytest.raises(fastpath.ConfigErrors):
            fastpath.load(tmp_path)
        gc.collect()
        alive = sum(isinstance(each, models.Route) for each in gc.get_objects())
        assert turn == 0 or alive <= before
        before = alive


def test_fields_are_those_of_their_class() -> None:
    class Wider(models.RouteMatch):
        __slots__ = ("more",)

    prefix: Any = Fields(models.RouteMatch, ("prefix",))
    wider = Wider(path="/b")
    prefix.fill(wider, "/a")
    assert (wider.prefix, wider.path) == ("/a", "/b")
    assert prefix.make_leaf("/c").prefix == "/c"
    with pytest.raises(AttributeError):
        prefix.make_leaf("/c").path  # noqa: B018
    for arguments in [(wider,), (wider, 1, 2)]:
        with pytest.raises(TypeError, match="1 values are expected"):
            prefix.fill(*arguments)
    for other in (None, object(), models.Route):
        with pytest.raises(TypeError, match="a RouteMatch is expected"):
            prefix.fill(other, "/a")
    no_slots: list[tuple[Any, Any]] = [(int, ("real",)), (Exception, ("args",)), (models.RouteMatch, ("__doc__",))]
    for kind, names in no_slots:
        with pytest.raises(TypeError, match="is not a slot"):
            Fields(kind, names)
