"""How new an answer is, and how it came to be so: the headers Consistency, Consistency-Token."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from cqrs.plain import Value, field
from cqrs.read.tokens import Token

__all__ = ["Consistency", "Freshness"]

Effort = Literal["eventual", "current", "waited", "folded"]
_EFFORTS: tuple[Effort, ...] = get_args(Effort)  # the least effort first
_SAID = re.compile(rf"({'|'.join(_EFFORTS)})(?:; ms=([0-9]+))?(?:; commits=([0-9]+))?")


class Consistency(Value, kw_only=False):
    """How an answer came to be as new as its token: it was already (`current`), after `ms`
    milliseconds (`waited`), or by folding `commits` (`folded`). `eventual`: the token named nothing
    that the answer shows.
    """

    kind: Effort = "eventual"
    ms: int = 0
    commits: int = 0

    @classmethod
    def after(cls, wanted: object, *, waited: float = 0, commits: int = 0) -> Consistency:
        """The consistency of an answer from what was `wanted` of it, the seconds `waited` and the
        commits folded.
        """
        if commits:
            return cls("folded", commits=commits)
        if waited:
            return cls("waited", ms=round(waited * 1000))
        return cls("current" if wanted else "eventual")

    @classmethod
    def parse(cls, text: str) -> Consistency:
        """Reads the header `Consistency` of another answer; `eventual` if it can't be read."""
        if not (said := _SAID.fullmatch(text)):
            return cls()
        kind: Any = said[1]
        return cls(kind, ms=int(said[2] or 0), commits=int(said[3] or 0))

    def and_then(self, other: Consistency) -> Consistency:
        """The consistency of an answer made of two: the one that took more effort."""
        if self.kind == other.kind:
            return Consistency(self.kind, self.ms + other.ms, self.commits + other.commits)
        return max(self, other, key=lambda one: _EFFORTS.index(one.kind))

    def __str__(self) -> str:
        efforts = {"waited": f"; ms={self.ms}", "folded": f"; commits={self.commits}"}
        return self.kind + efforts.get(self.kind, "")


class Freshness(Value, kw_only=False):
    """How an answer came to be as new as its token, and the token to return with it."""

    consistency: Consistency = field(default_factory=Consistency)
    token: Token = field(default_factory=Token)

    def and_then(self, other: Freshness) -> Freshness:
        """The freshness of an answer made of two."""
        return Freshness(
            self.consistency.and_then(other.consistency),
            self.token.having_seen([other.token.positions]),
        )
