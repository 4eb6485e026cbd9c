"""All errors of the library, as one tree.

CqrsError
├── InvalidInput             the request is malformed; lists every fault and where it is
│   ├── InvalidToken         a consistency token that no command or query ever returned
│   └── InvalidCursor        a page cursor that this list did not return
├── Unauthenticated          nobody says who asks, or not so that it can be believed
├── Forbidden                the caller has not the role that this needs
├── NotFound                 no such order, route, ...; or it is another's
├── Refused                  a domain rule forbids the command; each rule has a subclass and a code
├── KeyReused                an idempotency key was sent again with another command
├── PreconditionFailed       the stream is not at the version that the client named
├── Conflict                 other writers won every attempt
├── TooLarge                 a commit or a request exceeds a size limit
├── Parked                   a follower can't process a commit, so the answer would be outdated
├── Unavailable              a store is down or too slow
│   ├── Throttled            a store has no capacity left for now
│   └── NotFilled            a new view is not complete yet
├── NotConfigured            this deployment lacks a component that the request needs
└── Unreadable               stored data that this code can't read: damaged, or too new
    └── Ahead                what code of another version has written: it waits for that code

(`event_store.AppendConflict` and `GuardTaken` never reach anyone but the event store's caller.)

`code` is stable and meant for programs; HTTP statuses are assigned in `entrypoints.http`.
`retryable`: the same request may succeed later, unchanged.
`quotes`: the text may repeat what a caller sent, so no log has it (`discretion`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

__all__ = [
    "Ahead",
    "Conflict",
    "CqrsError",
    "Fault",
    "Forbidden",
    "InvalidCursor",
    "InvalidInput",
    "InvalidToken",
    "KeyReused",
    "NotConfigured",
    "NotFilled",
    "NotFound",
    "Parked",
    "PreconditionFailed",
    "Refused",
    "Throttled",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unreadable",
]


class CqrsError(Exception):
    """The root of the tree. `str(error)` is a sentence that a caller of the API may read. Unless it
    `quotes`, it goes to logs too, and has no value of a field in it.
    """

    code: ClassVar[str] = "internal_error"
    retryable: bool = False
    quotes: ClassVar[bool] = False


class Fault(Struct, frozen=True):
    """One fault of an input. `pointer` is a JSON pointer into the body."""

    pointer: str
    detail: str


class InvalidInput(CqrsError):
    code = "invalid_input"
    quotes = True

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class InvalidToken(InvalidInput):
    code = "invalid_consistency_token"


class InvalidCursor(InvalidInput):
    code = "invalid_cursor"


class Unauthenticated(CqrsError):
    code = "unauthenticated"


class Forbidden(CqrsError):
    code = "forbidden"


class NotFound(CqrsError):
    code = "not_found"
    quotes = True


class Refused(CqrsError):
    code = "refused"
    quotes = True


class KeyReused(CqrsError):
    code = "idempotency_key_reused"

    def __init__(self, stream: str) -> None:
        super().__init__(
            "This Idempotency-Key was used before for another request; "
            "use a new key for a new request."
        )
        self.stream = stream


class PreconditionFailed(CqrsError):
    code = "precondition_failed"

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"'{stream}' is at version {actual}, not {expected} as If-Match says.")
        self.stream, self.expected, self.actual = stream, expected, actual


class Conflict(CqrsError):
    code = "conflict"
    retryable = True

    def __init__(self, stream: str, attempts: int) -> None:
        super().__init__(
            f"'{stream}' was changed by others during each of {attempts} attempts; try again."
        )
        self.stream, self.attempts = stream, attempts


class TooLarge(CqrsError):
    code = "too_large"

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size} bytes; at most {limit} are allowed.")
        self.size, self.limit = size, limit


class Parked(CqrsError):
    code = "view_parked"

    def __init__(self, stream: str, version: int, error: str, *, ahead: bool = False) -> None:
        """`ahead`: it waits for newer code, and then goes on by itself."""
        why = (
            "was written by newer code than this. It will be processed once that code is here"
            if ahead
            else "could not be processed. An operator has to resolve this"
        )
        super().__init__(
            f"This answer would be outdated: version {version} of '{stream}' {why}; "
            "no data is lost."
        )
        self.stream, self.version, self.error = stream, version, error
        self.retryable = ahead


class Unavailable(CqrsError):
    code = "unavailable"
    retryable = True


class Throttled(Unavailable):
    code = "throttled"


class NotFilled(Unavailable):
    code = "view_not_filled"

    def __init__(self, view: str) -> None:
        super().__init__(f"'{view}' is new, and does not have everything yet; try again.")
        self.view = view


class NotConfigured(CqrsError):
    code = "not_configured"


class Unreadable(CqrsError):
    code = "unreadable"


class Ahead(Unreadable):
    code = "ahead"
    retryable = True

    def __init__(self, why: str) -> None:
        """`why` this code can't read it, without a full stop."""
        super().__init__(f"{why}. Code of another version can: this waits for it, nothing is lost.")
