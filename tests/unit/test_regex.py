"""Regular expressions from Python: types, offsets, refusals."""

from __future__ import annotations

import pickle
import sys
import threading

import pytest

from fastpath import ConfigError, Regex, RegexSet


def test_full_match_takes_str_and_bytes() -> None:
    regex = Regex(r"/users/(\d+)/é+")
    assert regex.full_match("/users/17/éé")
    assert regex.full_match("/users/17/éé".encode())
    assert not regex.full_match("/users/17/é/")
    assert not regex.full_match(b"/users/17/\xc3")
    assert Regex(b"a\xc3\xa9").full_match("aé")


def test_escaped_surrogates_stand_for_bytes() -> None:
    text = b"a\xff".decode("utf-8", "surrogateescape")
    assert not Regex(".*").full_match(text)
    assert Regex("a").search(text) == ((0, 1),)
    assert Regex("a").replace_all("b", text).encode("utf-8", "surrogateescape") == b"b\xff"


def test_search_gives_spans_in_bytes() -> None:
    regex = Regex(r"(?P<first>é)(x)?(b)")
    assert regex.search("aéb") == ((1, 4), (1, 3), None, (3, 4))
    assert regex.search("aéb", 2) is None
    assert regex.group_count == 3
    assert regex.group_names == ("first", None, None)
    assert Regex("^a").search("ba", 1) is None
    assert Regex("").search("ab", 2) == ((2, 2),)
    with pytest.raises(ValueError, match="argument"):
        regex.search("a", 2)
    with pytest.raises(OverflowError):
        regex.search("a", -1)


def test_replace_all_keeps_the_type_of_the_text() -> None:
    regex = Regex(r"/(\w+)")
    assert regex.replace_all(r"-\1\\\0", "/a/b") == r"-a\/a-b\/b"
    assert regex.replace_all(rb"-\1", b"/a/b") == b"-a-b"
    text = "none here"
    assert regex.replace_all("x", text) is text
    assert Regex("a").replace_all("é" * 10, "a" * 1000) == "é" * 10000
    assert Regex("").replace_all("-", "é/") == "-é-/-"


@pytest.mark.parametrize(("substitution", "position"), [("a\\", 1), (r"\x", 0), (r"a\2", 1)])
def test_bad_substitutions_are_refused(substitution: str, position: int) -> None:
    with pytest.raises(ConfigError) as caught:
        Regex("(a)").replace_all(substitution, "b")
    assert caught.value.code == "config_regex"
    assert caught.value.index == position


def test_bad_patterns_are_refused_with_reason_and_position() -> None:
    with pytest.raises(ConfigError, match="backreference is not supported") as caught:
        Regex(r"(é)\1")
    assert caught.value.code == "config_regex"
    assert caught.value.index == 4
    with pytest.raises(ConfigError, match="would pass 10 instructions"):
        Regex("a{20}", max_program_size=10)
    with pytest.raises(ConfigError, match="not UTF-8"):
        Regex(b"\xff")


@pytest.mark.parametrize("wrong", [None, 1, bytearray(b"a"), ["a"]])
def test_other_types_are_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        Regex(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Regex("a").full_match(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        RegexSet([wrong])  # type: ignore[list-item]


def test_what_is_known_of_a_regex() -> None:
    regex = Regex(r"/api/v[0-9]+")
    assert regex.pattern == r"/api/v[0-9]+"
    assert regex.literal_prefix == b"/api/v"
    assert 8 <= regex.program_size <= 12
    assert repr(regex) == r"Regex('/api/v[0-9]+')"
    assert sys.getsizeof(regex) > 300
    assert pickle.loads(pickle.dumps(regex)).full_match("/api/v1")


def test_a_set_lists_all_that_match() -> None:
    regexes = RegexSet(["/a/.*", Regex(r".*\.png"), b"/a/b"])
    assert len(regexes) == 3
    assert regexes.full_match("/a/b") == [0, 2]
    assert regexes.full_match(b"/a/x.png") == [0, 1]
    assert regexes.full_match("/c") == []
    assert RegexSet([]).full_match("") == []
    assert sys.getsizeof(regexes) > 100


def test_a_set_may_answer_with_many_ids() -> None:
    assert RegexSet(["a+"] * 1000).full_match("aa") == list(range(1000))


def test_long_texts_are_matched_in_threads_at_once() -> None:
    regex, text = Regex("(?:a|b)*c"), "ab" * 50_000 + "c"
    verdicts: list[bool] = []
    threads = [threading.Thread(target=lambda: verdicts.append(regex.full_match(text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [True] * 4
