"""What typed values look like as JSON, and what differs between two such shapes.

A shape is plain JSON itself: `"text"`, `"whole number"`, `"number"`, `"yes or no"`, `"anything"`;
`["text"]`, a list; and objects with one key that says what they are:

    {"or null": SHAPE}    {"by name": SHAPE}    {"one of": ["EUR", "USD"]}
    {"fields": {"sku": SHAPE, ...}, "defaults": {"note": null}, "omits": true}
    {"cases": {"Open": FIELDS, ...}}

`defaults` has the fields that may be left out, and what they are then. `omits`: they are left out
when they are written, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from cqrs import plain

Shape = Any
_SCALARS: Mapping[type, str] = {
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.BoolType: "yes or no",
    inspect.NoneType: "null",
}


def shape_of(kind: Any) -> Shape:
    """The shape of a type that a `Value` may have in a field, or of a `Value`."""
    return _shape(inspect.type_info(kind), ())


def _shape(kind: inspect.Type, around: tuple[type, ...]) -> Shape:
    match kind:
        case inspect.Metadata(type=inner):  # its rules are for input
            return _shape(inner, around)
        case inspect.StructType(cls=cls) if cls in around:
            return f"{cls.__name__} again"
        case inspect.StructType(tag=None):
            return _fields(kind, around)
        case inspect.StructType(tag=tag):
            return {"cases": {str(tag): _fields(kind, around)}}
        case inspect.VarTupleType(item_type=inner) | inspect.ListType(item_type=inner):
            return [_shape(inner, around)]
        case inspect.DictType(value_type=inner):
            return {"by name": _shape(inner, around)}
        case inspect.EnumType(cls=cls):
            return {"one of": sorted((member.value for member in cls), key=str)}
        case inspect.LiteralType(values=values):
            return {"one of": sorted(values, key=str)}
        case inspect.UnionType(types=kinds):
            return _union(kinds, around)
    return _SCALARS.get(type(kind), "anything")


def _union(kinds: tuple[inspect.Type, ...], around: tuple[type, ...]) -> Shape:
    shapes = [_shape(kind, around) for kind in kinds if not isinstance(kind, inspect.NoneType)]
    cases = {tag: fields for shape in shapes for tag, fields in _cases(shape).items()}
    shape = {"cases": cases} if cases else shapes[0] if len(shapes) == 1 else "anything"
    return {"or null": shape} if len(shapes) < len(kinds) else shape


def _cases(shape: Shape) -> dict[str, Shape]:
    return shape.get("cases", {}) if isinstance(shape, dict) else {}


def _fields(kind: inspect.StructType, around: tuple[type, ...]) -> Shape:
    inside = (*around, kind.cls)
    shape: dict[str, Any] = {
        "fields": {one.encode_name: _shape(one.type, inside) for one in kind.fields}
    }
    if defaults := {one.encode_name: _default(one) for one in kind.fields if not one.required}:
        shape["defaults"] = defaults
        if kind.cls.__struct_config__.omit_defaults:
            shape["omits"] = True
    return shape


def _default(field: inspect.Field) -> Any:
    made = field.default_factory
    value = made() if callable(made) and made is not msgspec.NODEFAULT else field.default
    return plain.dump(value)


def without(shape: Shape, names: set[str]) -> Shape:
    """Fields without some of them."""
    kept = {
        part: {name: value for name, value in shape[part].items() if name not in names}
        for part in ("fields", "defaults")
        if part in shape
    }
    return {**shape, **kept}


class Change(NamedTuple):
    """What differs at a place. `new_cant`: the new shape can't read what the old one wrote;
    `old_cant`: the other way round. `always`: it can't read any of it. `otherwise`: the same JSON
    means something else.
    """

    place: str
    told: str
    new_cant: bool
    old_cant: bool
    always: bool = True
    otherwise: bool = False

    def __str__(self) -> str:
        return f"`{self.place}` {self.told}" if self.place else f"it {self.told}"


def changes(old: Shape, new: Shape) -> list[Change]:
    return [*_changes(old, new, "", always=True)]


def _changes(old: Shape, new: Shape, at: str, *, always: bool) -> Iterator[Change]:
    def changed(told: str, *, new_cant: bool, old_cant: bool, all_of_it: bool = always) -> Change:
        return Change(at, told, new_cant, old_cant, all_of_it)

    if old == new:
        return
    match old, new:
        case {"or null": before}, {"or null": now}:
            yield from _changes(before, now, at, always=always and not at)
        case _, {"or null": now}:
            yield from _changes(old, now, at, always=always)
            yield changed("may be null", new_cant=False, old_cant=True, all_of_it=False)
        case {"or null": before}, _:
            yield from _changes(before, new, at, always=False)
            yield changed("may not be null", new_cant=True, old_cant=False, all_of_it=False)
        case _, "anything":
            yield changed("may be anything", new_cant=False, old_cant=True, all_of_it=False)
        case {"fields": _}, {"fields": _}:
            yield from _fields_changes(old, new, at, always=always)
        case {"cases": before}, {"cases": now}:
            for tag in sorted(before.keys() | now.keys()):
                if tag in before and tag in now:
                    yield from _fields_changes(before[tag], now[tag], f"{at}:{tag}", always=False)
                else:
                    is_new = tag in now
                    told = f"{'may' if is_new else 'may not'} be a {tag}"
                    yield changed(told, new_cant=not is_new, old_cant=is_new, all_of_it=False)
        case {"one of": before}, {"one of": now}:
            for value in sorted({*before} ^ {*now}, key=repr):
                is_new = value in now
                told = f"{'may' if is_new else 'may not'} be {value!r}"
                yield changed(told, new_cant=not is_new, old_cant=is_new, all_of_it=False)
        case [before], [now]:
            yield from _changes(before, now, f"{at}[]", always=False)
        case {"by name": before}, {"by name": now}:
            yield from _changes(before, now, f"{at}{{}}", always=False)
        case {"one of": values}, str() if new == _kind_of(values):
            yield changed(f"may be any {new}", new_cant=False, old_cant=True, all_of_it=False)
        case {"one of": values}, "number":
            yield from _changes(_kind_of(values), new, at, always=always)
        case str(), {"one of": values} if old == _kind_of(values):
            told = f"may only be {' or '.join(map(str, values))}"
            yield changed(told, new_cant=True, old_cant=False, all_of_it=False)
        case "whole number", "number":
            told = "may have a fraction"
            yield changed(told, new_cant=False, old_cant=True, all_of_it=False)
        case "number", "whole number":
            told = "may not have a fraction"
            yield changed(told, new_cant=True, old_cant=False, all_of_it=False)
        case _:
            told = f"is {in_words(new)}, and was {in_words(old)}"
            alike = old == "anything" or (_is_object(old) and _is_object(new))
            yield changed(told, new_cant=True, old_cant=True, all_of_it=always and not alike)


def _kind_of(values: list[Any]) -> Shape:
    """Of a closed set; nothing, if it has several."""
    if all(isinstance(value, str) for value in values):
        return "text"
    return "whole number" if all(isinstance(value, int) for value in values) else ""


def _is_object(shape: Shape) -> bool:
    return isinstance(shape, dict) and bool(shape.keys() & {"fields", "by name", "cases"})


def _fields_changes(old: Shape, new: Shape, at: str, *, always: bool) -> Iterator[Change]:
    """`omits`: what has its default need not be there."""
    before, now = old["fields"], new["fields"]
    left_out_before, left_out_now = old.get("defaults", {}), new.get("defaults", {})
    omitted = left_out_before if old.get("omits") else {}
    for name in sorted(before.keys() | now.keys()):
        place = f"{at}.{name}" if at else name
        if name not in now:
            missed = name not in left_out_before
            yield Change(place, "is gone", True, missed, always and name not in omitted)
        elif name not in before:
            required = name not in left_out_now
            told = "is new, and required" if required else "is new"
            yield Change(place, told, required, True, always)
        else:
            spared = name in omitted and name in left_out_now
            yield from _changes(before[name], now[name], place, always=always and not spared)
            yield from _left_out(place, name, old, new)


def _left_out(place: str, name: str, old: Shape, new: Shape) -> Iterator[Change]:
    before, now = old.get("defaults", {}), new.get("defaults", {})
    if name in before and name not in now:
        yield Change(place, "may not be left out", True, False, always=False)
    elif name in now and name not in before and new.get("omits"):
        yield Change(place, "may be left out", False, True, always=False)
    elif name in before and before[name] != now.get(name):
        told = f"is {plain.to_json(now[name])} where it is left out, and was "
        told += plain.to_json(before[name])
        yield Change(place, told, False, False, always=False, otherwise=True)


def in_words(shape: Shape) -> str:
    match shape:
        case [inner]:
            return f"a list of {in_words(inner)}"
        case {"or null": inner}:
            return f"{in_words(inner)} or null"
        case {"by name": inner}:
            return f"{in_words(inner)} by name"
        case {"one of": values}:
            return " or ".join(map(repr, values))
        case {"fields": fields}:
            return f"an object of {', '.join(fields)}"
        case {"cases": cases}:
            return " or ".join(f"a {tag}" for tag in cases)
    return str(shape)
