"""Every way in which the system says no, as one tree.

CqrsError
├── InvalidInput             the request is not understood; says all that is wrong, where
│   ├── InvalidToken         a consistency token that no command or query ever returned
│   └── InvalidCursor        a page cursor that this list did not hand out
├── NotFound                 no such order, route, ...
├── Refused                  a rule of the domain says no; each rule is a subclass with its own code
├── KeyReused                an idempotency key was sent again with another command
├── PreconditionFailed       the stream is not at the version that the client named
├── Conflict                 other writers won every attempt
├── TooLarge                 a commit or a request that can never be stored
├── Parked                   a stream that a follower can't get past, so what it shows would be old
├── Unavailable              a store is down or too slow
│   └── Throttled            a store has no capacity left for now
├── NotConfigured            what is asked for needs something that this deployment is without
└── Unreadable               stored data that this code can't read: damaged, or too new

(Two more never leave the event store and its caller: `event_store.AppendConflict`, `GuardTaken`.)

`code` is stable and meant for programs; HTTP statuses live at the edge (`entrypoints.http`).
`retryable` says whether the same request may succeed later without being changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

__all__ = [
    "Conflict",
    "CqrsError",
    "Fault",
    "InvalidCursor",
    "InvalidInput",
    "InvalidToken",
    "KeyReused",
    "NotConfigured",
    "NotFound",
    "Parked",
    "PreconditionFailed",
    "Refused",
    "Throttled",
    "TooLarge",
    "Unavailable",
    "Unreadable",
]


class CqrsError(Exception):
    """The root. `str(error)` is a sentence that a caller of the API may read."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False


class Fault(Struct, frozen=True):
    """One thing that is wrong with an input. `pointer` is a JSON pointer into the body."""

    pointer: str
    detail: str


class InvalidInput(CqrsError):
    code = "invalid_input"

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class InvalidToken(InvalidInput):
    code = "invalid_consistency_token"


class InvalidCursor(InvalidInput):
    code = "invalid_cursor"


class NotFound(CqrsError):
    code = "not_found"


class Refused(CqrsError):
    code = "refused"


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
        super().__init__(f"{what} has {size} bytes; at most {limit} can be taken.")
        self.size, self.limit = size, limit


class Parked(CqrsError):
    code = "view_parked"

    def __init__(self, stream: str, version: int, error: str) -> None:
        super().__init__(
            f"What is shown here stopped before version {version} of '{stream}', "
            "which could not be processed. It needs an operator; nothing is lost."
        )
        self.stream, self.version, self.error = stream, version, error


class Unavailable(CqrsError):
    code = "unavailable"
    retryable = True


class Throttled(Unavailable):
    code = "throttled"


class NotConfigured(CqrsError):
    code = "not_configured"


class Unreadable(CqrsError):
    code = "unreadable"
