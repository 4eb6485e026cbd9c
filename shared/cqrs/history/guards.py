"""Guards: what at most one commit may hold, written in the same transaction as the commit.

A stream can only keep rules about itself. What must be unique over all streams (one customer per
e-mail address), or must happen once however long ago it was (one reservation per order and
product), is claimed by an event. The claim stands until an event releases it; one that is never
released stands for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from cqrs.errors import Refused
from cqrs.history.idempotency import digest_of
from cqrs.plain import Value

__all__ = ["Claim", "Guard", "Release", "guard_key_of", "no_guards"]


def guard_key_of(kind: str, value: str) -> str:
    """The key of a guard as it is stored: the value may be personal, so only its hash is kept."""
    return f"{kind}#{digest_of(kind, value)}"


class Claim(Value):
    """`value` may be held once among all claims of its `kind`.

    If it is held already, by whatever commit, the command is refused with `taken`; with None it has
    nothing left to do.
    """

    kind: str
    value: str
    taken: Refused | None

    @property
    def key(self) -> str:
        return guard_key_of(self.kind, self.value)


class Release(Value):
    """Gives up what this stream has claimed. Nothing happens if it holds no such claim."""

    kind: str
    value: str

    @property
    def key(self) -> str:
        return guard_key_of(self.kind, self.value)


Guard = Claim | Release


def no_guards(state: object, event: object) -> Sequence[Guard]:
    return ()
