"""Guards: values that at most one commit may hold, written in the same transaction as the commit.

A stream can only check rules about itself. A value that must be unique over all streams (one
customer per e-mail address), or a thing that must never happen twice (one reservation per order and
product), is claimed by an event. The claim lasts until an event releases it, or for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from cqrs.errors import CqrsError
from cqrs.history.idempotency import digest_of
from cqrs.plain import Value

__all__ = ["MAX_GUARDS", "Claim", "Guard", "Release", "guard_key_of", "no_guards"]

MAX_GUARDS = 99  # of a commit: they and it fit in a transaction


def guard_key_of(kind: str, value: str) -> str:
    """The stored key of a guard. It holds only a hash of the value, which may be personal data."""
    return f"{kind}#{digest_of(kind, value)}"


class Claim(Value):
    """Claims `value`, which can be held once among all claims of its `kind`.

    If any commit holds it already, `taken` is raised: mostly a refusal. With None the command has
    nothing left to do.
    """

    kind: str
    value: str
    taken: CqrsError | None

    @property
    def key(self) -> str:
        return guard_key_of(self.kind, self.value)


class Release(Value):
    """Releases a claim of this stream. Nothing happens if the stream holds no such claim."""

    kind: str
    value: str

    @property
    def key(self) -> str:
        return guard_key_of(self.kind, self.value)


Guard = Claim | Release


def no_guards(state: object, event: object) -> Sequence[Guard]:
    return ()
