"""What a parser or proxy makes of a stream, and when one of two is the laxer one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

__all__ = [
    "CORPUS",
    "NEXT",
    "NO_SAY",
    "Case",
    "Message",
    "Outcome",
    "corpus",
    "host_name",
    "laxer_than",
    "origin_form",
    "starts_alike",
    "verdict",
]

CORPUS = Path(__file__).with_name("corpus.yaml")
# Stands behind every stream: where it is seen, and as what, tells where the end of the stream was taken to be.
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

# The end of an outcome that says nothing about what follows.
NO_SAY = "upgrade"


@dataclass(frozen=True)
class Case:
    name: str
    stream: bytes
    valid: str = ""  # the RFC that wants it accepted

    @property
    def bytes(self) -> bytes:
        return self.stream + NEXT


@dataclass(frozen=True)
class Message:
    """A request that was let through, whole."""

    method: bytes
    target: bytes  # in origin-form
    body: int  # bytes of it
    host: bytes | None = None  # where it goes, without a port; None when that is not a parser's to say


@dataclass(frozen=True)
class Outcome:
    messages: tuple[Message, ...]
    end: str = ""  # what came then: a status, "refused", "closed", "waits", NO_SAY; "" when the plain request was seen

    @property
    def accepted(self) -> tuple[Message, ...]:
        """Without the request behind the stream."""
        behind = self.messages and self.messages[-1].target == b"/next" and not self.end
        return self.messages[:-1] if behind else self.messages

    def __str__(self) -> str:
        if not self.messages:
            return self.end
        seen = f"{len(self.messages)} ({', '.join(str(message.body) for message in self.messages)})"
        return f"{seen} {self.end}".rstrip()


def corpus() -> list[Case]:
    """The cases, each of another name."""
    made = [
        Case(entry["name"], entry["stream"].encode("latin-1"), entry.get("valid", ""))
        for entry in yaml.safe_load(CORPUS.read_text())
    ]
    if len({case.name for case in made}) != len(made):
        raise ValueError("two cases have one name")
    return made


def origin_form(target: bytes) -> bytes:
    """A target without the scheme and authority of an absolute one."""
    path = re.sub(rb"^[a-z]+://[^/?#]*", b"", target, flags=re.IGNORECASE)
    return path or b"/"


def host_name(authority: bytes | None) -> bytes | None:
    """An authority without its port."""
    return None if authority is None else re.sub(rb":\d*$", b"", authority)


def _alike(ours: Message, theirs: Message) -> bool:
    same = (ours.method, ours.target, ours.body) == (theirs.method, theirs.target, theirs.body)
    return same and (ours.host is None or theirs.host is None or ours.host == theirs.host)


def starts_alike(ours: Sequence[Message], theirs: Sequence[Message]) -> bool:
    """Whether as many as both have are the same."""
    return all(map(_alike, ours, theirs))


def laxer_than(case: Case, ours: Outcome, theirs: Outcome) -> bool:
    """Whether ours lets through what theirs does not, or lets through something else.

    A message that an RFC wants accepted may be refused by theirs, but if they take it, they must see the same.
    """
    if not starts_alike(ours.messages, theirs.messages):
        return True
    return not case.valid and theirs.end != NO_SAY and len(ours.messages) > len(theirs.messages)


def verdict(case: Case, ours: Outcome, peers: Mapping[str, Outcome]) -> str:
    """Of all peers: "LAXER than ..." when ours is, else how it stands."""
    stricter = [name for name, theirs in peers.items() if laxer_than(case, ours, theirs)]
    if stricter:
        return f"LAXER than {', '.join(stricter)}"
    accepting = [name for name, theirs in peers.items() if len(theirs.accepted) > len(ours.accepted)]
    if accepting:
        return f"stricter than {', '.join(accepting)}"
    if not ours.accepted:
        return "all refuse"
    refusing = [
        name for name, theirs in peers.items() if theirs.end != NO_SAY and len(theirs.accepted) < len(ours.accepted)
    ]
    return f"valid; refused by {', '.join(refusing)}" if refusing else "all agree"
