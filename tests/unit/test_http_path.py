"""The path normaliser: Envoy's options, the library's own strict defaults, and idempotence."""

from __future__ import annotations

import pytest

from fastpath import PathNormalizer, RemoteProtocolError, normalize_path


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", b"/"),
        (b"/a/b", b"/a/b"),
        (b"/a/./b", b"/a/b"),
        (b"/a/../b", b"/b"),
        (b"/a/%2e%2E/b", b"/b"),
        (b"/a/b/..", b"/a/"),
        (b"/a/.", b"/a/"),
        (b"/../../a", b"/a"),
        (b"//a///b//", b"/a/b/"),
        (b"/%7euser/%41", b"/~user/A"),
        (b"/a%20b", b"/a%20b"),
        (b"/caf%c3%a9", b"/caf%c3%a9"),
        (b"/a/../b?x=/../y//z", b"/b?x=/../y//z"),
        (b"/a?", b"/a?"),
        (b"*", b"*"),
    ],
)
def test_strict_defaults(target: bytes, expected: bytes) -> None:
    assert normalize_path(target) == expected
    assert normalize_path(expected) == expected
    assert PathNormalizer().normalize(target) == expected


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (b"/a%2fb", "http_path"),
        (b"/a%5Cb", "http_path"),
        (b"/a\\b", "http_path"),
        (b"/a%00b", "http_path"),
        (b"/a%0", "http_path"),
        (b"/a%u0041", "http_path"),
        (b"/a%zz", "http_path"),
        (b"/%c0%ae%c0%ae/", "http_path"),
        (b"/%ff", "http_path"),
        (b"/a#b", "http_target"),
        (b"/a?b#c", "http_target"),
        (b"a/b", "http_target"),
        (b"", "http_target"),
    ],
)
def test_refused_by_the_strict_defaults(target: bytes, code: str) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        normalize_path(target)
    assert (refused.value.code, refused.value.status) == (code, 400)


def test_the_same_bytes_when_nothing_changes() -> None:
    target = bytes(bytearray(b"/a/b?c"))
    assert normalize_path(target) is target


@pytest.mark.parametrize(
    ("action", "expected"),
    [("keep", (b"/a%2Fb", False)), ("redirect", (b"/a/b", True)), ("forward", (b"/a/b", False))],
)
def test_escaped_slashes(action: str, expected: tuple[bytes, bool]) -> None:
    normalizer = PathNormalizer(escaped_slashes=action)  # type: ignore[arg-type]
    assert normalizer.resolve(b"/a%2Fb") == expected
    assert normalizer.resolve(b"/a/b") == (b"/a/b", False)


def test_unescaped_slashes_are_seen_by_dot_segments() -> None:
    assert PathNormalizer(escaped_slashes="forward").normalize(b"/a%2f..%2Fadmin") == b"/admin"


def test_parameters() -> None:
    normalizer = PathNormalizer(strip_parameters=True)
    assert normalizer.normalize(b"/a;v=1/b;x;y/c?d;e") == b"/a/b/c?d;e"
    assert normalizer.normalize(b"/a/..;x=1/b") == b"/b"
    assert normalize_path(b"/a;v=1") == b"/a;v=1"


def test_envoys_defaults_keep_everything() -> None:
    for target in (b"/a/../b", b"//a", b"/a%2Fb", b"/a\\b", b"/a;b"):
        assert PathNormalizer.envoy().normalize(target) == target
    normalizer = PathNormalizer.envoy(normalize=True, merge_slashes=True, escaped_slashes="forward")
    assert normalizer.normalize(b"/a%2F..//b") == b"/b"


def test_long_targets() -> None:
    assert normalize_path(b"/." * 20000) == b"/"
    assert normalize_path(b"/a" * 20000 + b"/..") == b"/a" * 19999 + b"/"


@pytest.mark.parametrize("strange", ["/a", None, bytearray(b"/a")])
def test_targets_are_bytes(strange: object) -> None:
    with pytest.raises(TypeError):
        normalize_path(strange)  # type: ignore[arg-type]


def test_options_are_checked_and_shown() -> None:
    with pytest.raises(ValueError, match="escaped_slashes"):
        PathNormalizer(escaped_slashes="maybe")  # type: ignore[arg-type]
    assert repr(PathNormalizer(escaped_slashes="keep")).startswith("PathNormalizer(escaped_slashes='keep', normalize=T")
