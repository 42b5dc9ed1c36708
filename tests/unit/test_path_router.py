"""A router for ordinary servers: which template takes a path, and what its variables stand for."""

from __future__ import annotations

import pytest

from fastpath import ConfigError, PathRouter

ROUTES = {
    "/": "root",
    "/users/me": "me",
    "/users/{id}": "user",
    "/users/v{n}": "version",
    "/users/{id}/posts/{post}": "post",
    "/users/me/posts/{post}": "own post",
    "/users/{rest=**}": "rest",
    "/files/{name}.json": "json",
    "/a=b/*": "star",
}


@pytest.mark.parametrize(
    ("path", "value", "params"),
    [
        ("/", "root", {}),
        ("/users/me", "me", {}),
        ("/users/me?q=/x", "me", {}),
        ("/users/7", "user", {"id": "7"}),
        ("/users/v7", "version", {"n": "7"}),
        ("/users/v", "user", {"id": "v"}),
        ("/users/é=*", "user", {"id": "é=*"}),
        ("/users/7/posts/8#x", "post", {"id": "7", "post": "8"}),
        ("/users/me/posts/8", "own post", {"post": "8"}),
        ("/users/me/x", "rest", {"rest": "me/x"}),
        ("/users/", "rest", {"rest": ""}),
        ("/files/a.b.json", "json", {"name": "a.b"}),
        ("/a=b/c", "star", {}),
    ],
)
def test_the_most_specific_template_wins_whatever_the_order(path: str, value: str, params: dict[str, str]) -> None:
    for routes in (ROUTES, dict(reversed(ROUTES.items()))):
        router = PathRouter(routes)
        assert router.match(path) == (value, params)
        assert router.find(path) == router.find(path.encode()) == value


@pytest.mark.parametrize("path", ["", "/none", "/users", "/files/.json", "/a=b/c/d", "users/me"])
def test_a_path_that_nothing_takes(path: str) -> None:
    assert PathRouter(ROUTES).match(path) is None
    assert PathRouter(ROUTES).find(path) is None


@pytest.mark.parametrize("template", ["", "x", "/{a}{b}", "/{a", "/**/*", "//", "/{a}/{a}", "/a b", "/a?"])
def test_a_malformed_template_is_refused_and_the_old_ones_stay(template: str) -> None:
    router = PathRouter({"/old": 1})
    with pytest.raises(ConfigError) as caught:
        router.update([("/new", 2), (template, 3)])
    assert caught.value.path == template
    assert router.find("/old") == 1


def test_many_variables_and_routes() -> None:
    path = "/".join(f"{{v{i}}}" for i in range(32))
    router = PathRouter([(f"/{path}", "all"), *((f"/r{i}/{{id}}/x", i) for i in range(5000))])
    match = router.match("/" + "/".join(map(str, range(32))))
    assert match is not None
    assert match[1] == {f"v{i}": str(i) for i in range(32)}
    assert router.match("/r4321/7/x") == (4321, {"id": "7"})
    with pytest.raises(ConfigError):
        PathRouter({f"/{path}/{{more}}": 1})
    with pytest.raises(ConfigError):
        PathRouter([("/a", 1), ("/a", 2)])


@pytest.mark.parametrize("length", [1, 7, 15, 16, 17, 31, 32, 33, 100])
@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_variable_is_as_long_as_its_segment(length: int, letter: str) -> None:
    router = PathRouter({"/{first}/of/{second}.json": 1})
    first, second = letter * length, letter * (40 - length % 40)
    path = f"/{first}/of/{second}.json"
    assert router.match(path) == (1, {"first": first, "second": second})
    assert router.match(path + "/") is None


def test_bytes_of_ones_own_kind_give_bytes() -> None:
    class Path(bytes):
        pass

    router = PathRouter({"/users/{id}": 1})
    assert router.match(Path(b"/users/7")) == (1, {"id": b"7"})
