"""Ids derived from a request's sender and idempotency key, so that a repeat has the same ids."""

from __future__ import annotations

import base64
import hashlib

from cqrs import plain

__all__ = ["command_id_of", "digest_of", "entity_id_of", "fingerprint_of"]

COMMAND_ID_LENGTH = 16  # of 5 bits each
ENTITY_ID_LENGTH = 20


def command_id_of(actor: str, key: str) -> str:
    """The id of the command that `actor` sends with `key`. Ids differ by actor, too."""
    return digest_of(actor, key, length=COMMAND_ID_LENGTH)


def entity_id_of(actor: str, operation: str, key: str) -> str:
    """The id of the aggregate that a command creates. It ignores the payload: the same key with
    another payload must lead to the same stream, where it is refused.
    """
    return digest_of(operation, actor, key, length=ENTITY_ID_LENGTH)


def fingerprint_of(operation: str, target: str, payload: object) -> str:
    """A hash of what a command asks for. The order of names in the payload does not matter."""
    return digest_of(
        operation, target, plain.to_json(payload, ordered=True), length=COMMAND_ID_LENGTH
    )


def digest_of(*parts: str, length: int = 52) -> str:
    """A hash of `parts`: so many lower-case letters and digits."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    used = digest[: -(-length * 5 // 8)]  # Python writes each letter by itself
    return base64.b32encode(used).decode().lower()[:length]
