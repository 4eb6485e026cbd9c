"""How new an answer is, and what it took."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from cqrs.plain import Value, field
from cqrs.read.tokens import Token

__all__ = ["Consistency", "Freshness"]

Effort = Literal["eventual", "current", "waited", "folded"]
_EFFORTS: tuple[Effort, ...] = get_args(Effort)  # the least first
_SAID = re.compile(rf"({'|'.join(_EFFORTS)})(?:; ms=([0-9]+))?(?:; commits=([0-9]+))?")


class Consistency(Value, kw_only=False):
    """How an answer came to be as new as asked: it was, by waiting, or by folding commits.

    `eventual` when nothing was asked of what is shown.
    """

    kind: Effort = "eventual"
    ms: int = 0
    commits: int = 0

    @classmethod
    def after(cls, wanted: object, *, waited: float = 0, commits: int = 0) -> Consistency:
        """Of an answer of which something was `wanted`, or nothing, and what was done for it."""
        if commits:
            return cls("folded", commits=commits)
        if waited:
            return cls("waited", ms=round(waited * 1000))
        return cls("current" if wanted else "eventual")

    @classmethod
    def parse(cls, text: str) -> Consistency:
        """What another answer says of itself. What can't be read counts as the weakest."""
        if not (said := _SAID.fullmatch(text)):
            return cls()
        kind: Any = said[1]
        return cls(kind, ms=int(said[2] or 0), commits=int(said[3] or 0))

    def and_then(self, other: Consistency) -> Consistency:
        """Of an answer that this and another one went into: the one that took more to get there."""
        if self.kind == other.kind:
            return Consistency(self.kind, self.ms + other.ms, self.commits + other.commits)
        return max(self, other, key=lambda one: _EFFORTS.index(one.kind))

    def __str__(self) -> str:
        efforts = {"waited": f"; ms={self.ms}", "folded": f"; commits={self.commits}"}
        return self.kind + efforts.get(self.kind, "")


class Freshness(Value, kw_only=False):
    """How an answer came to be as new as asked, and the token of what it has seen."""

    consistency: Consistency = field(default_factory=Consistency)
    token: Token = field(default_factory=Token)

    def and_then(self, other: Freshness) -> Freshness:
        """Of an answer that this and another one went into, one after the other."""
        return Freshness(
            self.consistency.and_then(other.consistency),
            self.token.having_seen([other.token.positions]),
        )
