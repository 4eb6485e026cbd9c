"""Shapes, and what differs between two: what is said of reading is what happens in reading."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs import plain
from cqrs.errors import Unreadable
from cqrs.inputs import between
from cqrs.plain import Case, Value
from scripts.release.shapes import Shape, changes, in_words, shape_of

SCALARS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "text": (str, st.text(max_size=3)),
    "whole number": (int, st.integers(0, 9)),
    "number": (float, st.sampled_from([0.5, 1.5])),
    "yes or no": (bool, st.booleans()),
    "anything": (Any, st.sampled_from([None, 1, "a", ["a"]])),
}
scalars = st.sampled_from(sorted(SCALARS))
closed = st.one_of(
    st.sets(st.sampled_from(several), min_size=1).map(lambda some: {"one of": sorted(some)})
    for several in ("xyz", [7, 8, 9])
)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Shape]) -> Shape:
    shape: dict[str, Any] = {"fields": draw(st.dictionaries(st.sampled_from("abc"), inner))}
    optional = {
        name: plain.dump(plain.load(type_of(one), draw(values(one))))
        for name, one in shape["fields"].items()
        if draw(st.booleans())
    }
    if optional:
        shape["defaults"] = optional
        if draw(st.booleans()):
            shape["omits"] = True
    return shape


def nullable(shape: Shape) -> Shape:
    is_so_already = shape == "anything" or (isinstance(shape, dict) and "or null" in shape)
    return shape if is_so_already else {"or null": shape}


shapes: st.SearchStrategy[Shape] = st.recursive(
    scalars | closed,
    lambda inner: (
        objects(inner)
        | inner.map(lambda one: [one])
        | inner.map(lambda one: {"by name": one})
        | inner.map(nullable)
        | st.dictionaries(st.sampled_from(["One", "Two"]), objects(inner), min_size=1).map(
            lambda cases: {"cases": cases}
        )
    ),
    max_leaves=5,
)


def values(shape: Shape, *, as_written: bool = True) -> st.SearchStrategy[Any]:
    """`as_written`: what may be left out is there, unless it is omitted. In older data it need not
    be.
    """

    def within(one: Shape) -> st.SearchStrategy[Any]:
        return values(one, as_written=as_written)

    match shape:
        case str():
            return SCALARS[shape][1]
        case [inner]:
            return st.lists(within(inner), max_size=2)
        case {"or null": inner}:
            return st.none() | within(inner)
        case {"by name": inner}:
            return st.dictionaries(st.text(max_size=2), within(inner), max_size=2)
        case {"one of": some}:
            return st.sampled_from(some)
        case {"cases": cases}:
            return st.one_of(
                within(fields).map(lambda data, tag=tag: {"is": tag, **data})
                for tag, fields in cases.items()
            )
        case _:
            optional = shape.get("defaults", {})
            left_out = optional if shape.get("omits") or not as_written else {}
            kinds = {name: within(one) for name, one in shape["fields"].items()}
            return st.fixed_dictionaries(
                {name: one for name, one in kinds.items() if name not in left_out},
                optional={name: one for name, one in kinds.items() if name in left_out},
            )


def type_of(shape: Shape, base: type = Value, name: str = "Thing") -> Any:
    match shape:
        case str():
            return SCALARS[shape][0]
        case [inner]:
            return tuple[type_of(inner), ...]  # type: ignore[misc]
        case {"or null": inner}:
            return type_of(inner) | None
        case {"by name": inner}:
            return Mapping[str, type_of(inner)]  # type: ignore[misc]
        case {"one of": some}:
            return Literal[tuple(some)]
        case {"cases": cases}:
            return reduce(or_, [type_of(one, Case, tag) for tag, one in cases.items()])
        case _:
            kinds = {field: type_of(one) for field, one in shape["fields"].items()}
            defaults = {
                field: plain.load(kinds[field], value)
                for field, value in shape.get("defaults", {}).items()
            }
            made = {"__annotations__": kinds, "__module__": __name__}
            made |= {field: _made(value) for field, value in defaults.items()}
            return type(base)(name, (base,), made, omit_defaults=shape.get("omits", False))


def _made(value: Any) -> Any:
    """Defaults that could be changed must be made anew each time."""
    if isinstance(value, list | dict):
        return plain.field(default_factory=lambda: value)
    return value


@given(shapes)
def test_a_type_of_a_shape_has_that_shape(shape: Shape) -> None:
    assert shape_of(type_of(shape)) == shape


@given(shapes)
def test_nothing_differs_from_itself(shape: Shape) -> None:
    assert changes(shape, shape) == []


@given(st.data(), objects(shapes), objects(shapes))
def test_what_can_be_read_by_all_that_is_said_can_be_read(
    data: st.DataObject, old: Shape, new: Shape
) -> None:
    for before, now, cant in ((old, new, "new_cant"), (new, old, "old_cant")):
        if not any(getattr(one, cant) for one in changes(old, new)):
            plain.load(type_of(now), data.draw(values(before, as_written=cant == "old_cant")))


@given(st.data(), objects(shapes), objects(shapes))
def test_what_can_never_be_read_by_what_is_said_never_is(
    data: st.DataObject, old: Shape, new: Shape
) -> None:
    if any(one.new_cant and one.always for one in changes(old, new)):
        with pytest.raises(Unreadable):
            plain.load(type_of(new), data.draw(values(old)))


class Tool(Value):
    name: str
    parts: tuple[Tool, ...] = ()


def test_what_has_itself_inside_is_told_once() -> None:
    assert shape_of(Tool) == {
        "fields": {"name": "text", "parts": ["Tool again"]},
        "defaults": {"parts": []},
    }


def test_rules_of_input_are_no_part_of_a_shape() -> None:
    assert shape_of(Annotated[int, between(1, 5)]) == "whole number"


def told(old: Shape, new: Shape) -> list[str]:
    return [str(one) for one in changes({"fields": {"a": old}}, {"fields": {"a": new}})]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("text", "whole number", "`a` is whole number, and was text"),
        ("text", {"or null": "text"}, "`a` may be null"),
        ({"or null": "text"}, "text", "`a` may not be null"),
        (["text"], "text", "`a` is text, and was a list of text"),
        (["text"], ["number"], "`a[]` is number, and was text"),
        ({"one of": ["x"]}, {"one of": ["x", "y"]}, "`a` may be 'y'"),
        ({"one of": ["x", "y"]}, {"one of": ["x"]}, "`a` may not be 'y'"),
        ({"one of": ["x"]}, "text", "`a` may be any text"),
        ({"one of": [7]}, "whole number", "`a` may be any whole number"),
        ({"one of": [7]}, {"one of": ["7"]}, "`a` may be '7'"),
        ("text", {"one of": ["x", "y"]}, "`a` may only be x or y"),
        ({"fields": {}}, {"fields": {"b": "text"}}, "`a.b` is new, and required"),
        ({"by name": "text"}, {"by name": "number"}, "`a{}` is number, and was text"),
        (
            {"cases": {"One": {"fields": {}}}},
            {"cases": {"Two": {"fields": {}}}},
            "`a` may not be a One",
        ),
    ],
)
def test_a_change_is_told_with_its_place(old: Shape, new: Shape, sentence: str) -> None:
    assert told(old, new)[0] == sentence


@given(shapes)
def test_every_shape_can_be_said(shape: Shape) -> None:
    assert in_words(shape)
