"""Masks: what somebody wrote becomes something that looks alike, and says nothing.

Every word is replaced by one of its length and kind, letters for letters and digits for digits; the
same word always by the same one, and no two by one. So ids that refer to each other still do, and
what is told apart still is. A mask holds for one export: its key is thrown away with it.

Left as they are: values of closed sets, names of fields that events have, times, numbers that are
not marked as personal data, and how long words are.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from cqrs.history.commits import Commit, category_of, entity_of
from cqrs.plain import from_json, to_json

__all__ = ["Mask"]

WORD = re.compile(r"[^\W_](?:[^\W_]|[^\x00-\x7f\s])*")  # with the marks that letters may have
DAY = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z)?")
TRIES = 200  # to find one that is not taken: of one letter there are only 26

Shapes = Mapping[str, Any]
"""What events look like, by `OrderPlaced@1`; with `personal`, the fields that are about people."""


class Mask:
    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._words: dict[str, str] = {}
        self._used: set[str] = set()
        self._names: set[str] = set()

    def commit(self, commit: Commit, shapes: Shapes) -> Commit:
        """Raises ValueError for one that can't be read: it can't be masked, either."""
        try:
            body = from_json(commit.body)
            self._names.update(_names_in(shapes))
            events = [self._event(one, shapes) for one in body["events"]]
            kind, _, actor = body["actor"].partition(":")
            masked = {
                "events": events,
                "command": {
                    "id": self.text(body["command"]["id"]),
                    "type": body["command"]["type"],
                    "hash": self.text(body["command"]["hash"]),
                },
                "actor": f"{kind}:{self.text(actor)}" if actor else self.text(kind),
                "correlation": self.text(body["correlation"]),
                "causation": self.text(body["causation"]),
                "time": body["time"],
            }
        except (AttributeError, LookupError, TypeError) as error:
            raise ValueError(f"{commit} is damaged") from error
        return Commit(self.stream(commit.stream), commit.version, to_json(masked))

    def stream(self, name: str) -> str:
        return f"{category_of(name)}-{self.text(entity_of(name))}"

    def _event(self, stored: Any, shapes: Shapes) -> Any:
        fields, personal = _known(shapes, stored["type"], stored["schema"])
        return {
            "type": stored["type"],
            "schema": stored["schema"],
            "data": {
                name: self.data(value, fields.get(name), personal=name in personal)
                for name, value in stored["data"].items()
            },
        }

    def data(self, value: Any, shape: Any = None, *, personal: bool = False) -> Any:
        """Without a shape any text may be somebody's."""
        match shape, value:
            case {"or null": inner}, _:
                return self.data(value, inner, personal=personal)
            case {"one of": values}, str() | int() if value in values:
                return value
            case {"cases": cases}, {"is": str(tag)}:
                inside = self.data(
                    {name: one for name, one in value.items() if name != "is"},
                    cases.get(tag),
                    personal=personal,
                )
                return {"is": tag, **inside}
            case {"by name": inner}, dict():
                return {
                    self.text(name): self.data(one, inner, personal=personal)
                    for name, one in value.items()
                }
            case _, dict():
                fields = shape.get("fields", {}) if isinstance(shape, dict) else {}
                return {
                    name if name in fields or name in self._names else self.text(name): self.data(
                        one, fields.get(name), personal=personal
                    )
                    for name, one in value.items()
                }
            case _, list():
                inner = shape[0] if isinstance(shape, list) else None
                return [self.data(one, inner, personal=personal) for one in value]
            case _, str() if DAY.fullmatch(value):
                return self._day(value) if personal else value
            case _, str():
                return self.text(value)
            case _, bool() | None:
                return value
            case _, int() | float() if personal:
                return self._number(value)
        return value

    def text(self, text: str) -> str:
        return WORD.sub(lambda word: self._word(word[0]), text)

    def _word(self, word: str) -> str:
        masked = self._lower(word.lower())
        if len(masked) != len(word):
            return masked
        return "".join(m.upper() if c.isupper() else m for c, m in zip(word, masked, strict=True))

    def _lower(self, word: str) -> str:
        if word not in self._words:
            for n in count():
                like = word + word[-1] * (
                    n // (2 * TRIES)
                )  # when there are no others of its length
                masked = "".join(map(_alike, like, self._noise(f"{n}/{word}", len(like))))
                if masked not in self._used and (masked != word or n >= TRIES):
                    break
            self._words[word] = masked
            self._used.add(masked)
        return self._words[word]

    def _number(self, number: float) -> int:
        digits = str(abs(int(number)))
        masked = int("1" + self._lower(digits)[1:])
        return masked if number >= 0 else -masked

    def _day(self, text: str) -> str:
        year, month, day = self._noise(text, 3)
        return f"{1950 + year % 50}-{1 + month % 12:02}-{1 + day % 28:02}{text[10:]}"

    def _noise(self, text: str, length: int) -> bytes:
        return hashlib.shake_256(self._key + text.encode("utf-8", "surrogatepass")).digest(length)


def _known(shapes: Shapes, event: str, schema: int) -> tuple[Any, Any]:
    """The fields of an event, and which of them are personal. What is not known of an older schema
    is taken to be as it is today.
    """
    mine = {
        int(n): one
        for name, one in shapes.items()
        for e, _, n in [name.partition("@")]
        if e == event
    }
    newest = mine[max(mine)] if mine else {}
    then = mine.get(schema, {})
    fields = then.get("fields", newest.get("fields", {}))
    return fields, newest.get("personal", {}) | then.get("personal", {})


def _names_in(shape: Any) -> Iterator[str]:
    """The names of fields in a shape, or in many: what `fields` has is named by code."""
    for part in shape.values() if isinstance(shape, dict) else shape:
        if isinstance(part, dict | list):
            yield from _names_in(part)
    if isinstance(shape, dict):
        yield from shape.get("fields", {})


def _alike(character: str, noise: int) -> str:
    return str(noise % 10) if character.isdigit() else chr(ord("a") + noise % 26)
