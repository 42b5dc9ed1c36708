"""A virtual host's matcher tree as the steps that the builder takes, see fastpath/route_matcher.h."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastpath._route_builder import (
    MATCHER_AND,
    MATCHER_ELSE,
    MATCHER_EXACT_MAP,
    MATCHER_IGNORE_CASE,
    MATCHER_KEY,
    MATCHER_LIST,
    MATCHER_NOT,
    MATCHER_OR,
    MATCHER_PREFIX_MAP,
    MATCHER_ROUTES,
    MATCHER_TEST,
    RouteTableBuilder,
)
from fastpath.errors import ConfigError
from fastpath.models import (
    AllOf,
    AnyOf,
    HeaderTest,
    MatchedRoutes,
    MatcherList,
    MatcherMap,
    MatchPredicate,
    MatchTarget,
    NoneOf,
)

from .place import Step, reason_of, refusal
from .string_comparison import string_comparison

__all__ = ["add_match_tree", "list_ends"]

# kind, compare, flags, count, name, value, and the model that it comes from
_Step = tuple[int, int, int, int, str, str, object]


def add_match_tree(builder: RouteTableBuilder, tree: MatchTarget, seen_name: Callable[[str], str], here: Step) -> None:
    """Give the builder's last virtual host, which has its routes, the tree. `seen_name`: under which name a header is
    to be looked for."""
    steps: list[_Step] = []
    at: object = tree
    try:
        for step in _target(tree):
            at = step[6]
            steps.append((*step[:4], seen_name(step[4]), *step[5:]))
        at = None
        builder.set_matcher([step[:6] for step in steps])
    except (ConfigError, TypeError, ValueError, OverflowError, RecursionError) as error:
        at = steps[min(builder.failed_step, len(steps) - 1)][6] if at is None and steps else at
        code = error.code if isinstance(error, ConfigError) else "config_condition"
        raise refusal(reason_of(error), here, Step(".matcher", at), code=code) from None


def list_ends(tree: MatchTarget) -> list[int]:
    """For each list of routes that the tree leads to, where in the virtual host's routes it ends."""
    ends: list[int] = []
    for step in _target(tree):
        if step[0] == MATCHER_ROUTES:
            ends.append(step[3] + (ends[-1] if ends else 0))
    return ends


def _target(tree: MatchTarget) -> Iterator[_Step]:
    if isinstance(tree, MatchedRoutes):
        yield MATCHER_ROUTES, 0, 0, tree.count, "", "", tree
        return
    flags = 0 if tree.on_no_match is None else MATCHER_ELSE
    if isinstance(tree, MatcherList):
        yield MATCHER_LIST, 0, flags, len(tree.entries), "", "", tree
        for predicate, target in tree.entries:
            yield from _predicate(predicate)
            yield from _target(target)
    elif isinstance(tree, MatcherMap):
        kind = MATCHER_PREFIX_MAP if tree.prefix else MATCHER_EXACT_MAP
        yield kind, 0, flags, len(tree.targets), tree.header, "", tree
        for key, target in tree.targets:
            yield MATCHER_KEY, 0, 0, 0, "", key, tree
            yield from _target(target)
    else:
        raise TypeError(f"expected a matcher, found {type(tree).__name__}")
    if tree.on_no_match is not None:
        yield from _target(tree.on_no_match)


def _predicate(predicate: MatchPredicate) -> Iterator[_Step]:
    if isinstance(predicate, HeaderTest):
        compare, case, value = string_comparison(predicate.string_match)
        yield MATCHER_TEST, compare, MATCHER_IGNORE_CASE if case else 0, 0, predicate.header, value, predicate
    elif isinstance(predicate, NoneOf):
        yield MATCHER_NOT, 0, 0, 0, "", "", predicate
        yield from _predicate(predicate.predicate)
    elif isinstance(predicate, AllOf | AnyOf):
        kind = MATCHER_AND if isinstance(predicate, AllOf) else MATCHER_OR
        yield kind, 0, 0, len(predicate.predicates), "", "", predicate
        for each in predicate.predicates:
            yield from _predicate(each)
    else:
        raise TypeError(f"expected a predicate, found {type(predicate).__name__}")
