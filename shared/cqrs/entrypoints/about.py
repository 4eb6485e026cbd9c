"""What a route tells of itself, where it is defined: the documents of the API are made of it when
functions are packaged (`scripts.build.documents`). Answering requests needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal, TypeVar

from cqrs.errors import CqrsError
from cqrs.plain import Value, field

__all__ = [
    "About",
    "Body",
    "Header",
    "Parameter",
    "Schema",
    "about_of",
    "choice",
    "choices",
    "day",
    "ids",
    "number",
    "telling",
    "words",
]

Schema = Mapping[str, Any]
"""A JSON Schema, of the draft 2020-12."""

A = TypeVar("A", bound=Callable[..., Any])

ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class Parameter(Value, kw_only=False):
    """What a request may say beside its body; a list is sent with commas."""

    name: str
    description: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    place: Literal["header", "query"] = "query"
    required: bool = False


class Header(Value, kw_only=False):
    """A header of an answer."""

    name: str
    description: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})


class Body(Value, kw_only=False):
    """The body of a request: a command, without the field that the route gives. A customer may
    leave out those that are `optional`. `one_each`: what it opens has the id of their account.
    """

    command: type[Value]
    given: str | None = None
    optional: str | None = None
    one_each: bool = False


class About(Value, kw_only=False):
    """`answer` is the schema of a good one; `problems` are those that the route itself may lead to,
    besides the refusals of its service's rules.
    """

    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    status: int = 200
    answer: Schema = field(default_factory=lambda: {"type": "object"})
    content_type: str = "application/json"
    headers: tuple[Header, ...] = ()
    problems: tuple[type[CqrsError], ...] = ()


def telling(about: About) -> Callable[[A], A]:
    """Decorates a function that answers requests. It is called as before."""

    def told(answer: A) -> A:
        vars(answer)["about"] = about
        return answer

    return told


def about_of(answer: object) -> About | None:
    found: About | None = getattr(answer, "about", None)
    return found


def words(name: str) -> str:
    """A name of code, read aloud: `PlaceOrder` and `place_order` are `place order`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).replace("_", " ").strip()


def number(name: str, description: str, *, default: int, low: int, high: int) -> Parameter:
    schema: Schema = {"type": "integer", "minimum": low, "maximum": high, "default": default}
    return Parameter(name, description, schema)


def day(name: str, description: str) -> Parameter:
    return Parameter(name, description, {"type": "string", "format": "date"})


def choice(
    name: str, description: str, kind: type[StrEnum], *, required: bool = False
) -> Parameter:
    return Parameter(name, description, {"type": "string", "enum": [*kind]}, required=required)


def choices(name: str, description: str, kind: type[StrEnum]) -> Parameter:
    one: Schema = {"type": "string", "enum": [*kind]}
    return Parameter(name, description, {"type": "array", "items": one})


def ids(name: str, description: str, *, most: int) -> Parameter:
    """One id, or several."""
    one: Schema = {"type": "string", "pattern": ID}
    several: Schema = {"type": "array", "items": one, "minItems": 1, "maxItems": most}
    return Parameter(name, description, one if most == 1 else several, required=True)
