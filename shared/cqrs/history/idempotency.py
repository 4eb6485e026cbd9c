"""Ids that follow from who sent a request with which key, so that a repeat meets the first."""

from __future__ import annotations

import base64
import hashlib

from cqrs import plain

__all__ = ["command_id_of", "digest_of", "entity_id_of", "fingerprint_of"]

COMMAND_ID_LENGTH = 16  # of 5 bits each
ENTITY_ID_LENGTH = 20


def command_id_of(actor: str, key: str) -> str:
    """The id of the command that `actor` sends with a key: the same key of another is another."""
    return digest_of(actor, key)[:COMMAND_ID_LENGTH]


def entity_id_of(actor: str, operation: str, key: str) -> str:
    """The id of the aggregate that a command creates. The payload has no part in it: the same key
    with another payload must meet the first one's stream, to be refused there.
    """
    return digest_of(operation, actor, key)[:ENTITY_ID_LENGTH]


def fingerprint_of(operation: str, target: str, payload: object) -> str:
    """What a command asks for, as a short text: the same however the payload was written."""
    return digest_of(operation, target, plain.to_json(_sorted(payload)))[:COMMAND_ID_LENGTH]


def digest_of(*parts: str) -> str:
    """A text of 52 letters and digits that differs whenever the parts do."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()


def _sorted(payload: object) -> object:
    if isinstance(payload, dict):
        return {key: _sorted(payload[key]) for key in sorted(payload)}
    if isinstance(payload, list):
        return [_sorted(entry) for entry in payload]
    return payload
