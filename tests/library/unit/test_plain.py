"""Plain JSON values: what comes in is checked, what was stored is read; both say what is wrong."""

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, defstruct
from msgspec.json import schema_components

from cqrs import plain
from cqrs.errors import Fault, InvalidInput, Unreadable
from cqrs.plain import Case, Value, between, size, text
from tests.examples import examples

TagId = NewType("TagId", str)
Name = Annotated[str, text(max=10)]


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Circle(Case):
    radius: Annotated[int, between(1, 9)]


class Square(Case):
    side: int


Shape = Circle | Square


class Drawing(Value):
    name: Name
    tag: TagId
    colour: Colour
    finish: Literal["matt", "shiny"]
    framed: bool
    shape: Shape
    shapes: Annotated[tuple[Shape, ...], size(min=1, max=3)]
    by_place: Mapping[str, Shape]
    spare: Shape | None = None
    note: Name | None = None
    copies: int = 1


GOOD: dict[str, Any] = {
    "name": "dots",
    "tag": "t-1",
    "colour": "red",
    "finish": "matt",
    "framed": True,
    "shape": {"is": "Circle", "radius": 2},
    "shapes": [{"is": "Square", "side": 3}, {"is": "Circle", "radius": 4}],
    "by_place": {"left": {"is": "Square", "side": 5}},
    "spare": None,
    "note": None,
    "copies": 1,
}
DRAWING = Drawing(
    name="dots",
    tag=TagId("t-1"),
    colour=Colour.RED,
    finish="matt",
    framed=True,
    shape=Circle(radius=2),
    shapes=(Square(side=3), Circle(radius=4)),
    by_place={"left": Square(side=5)},
)


def said(rule: Meta, value: object) -> str | None:
    """What a rule says of a value."""
    kind = {str: str, int: int, list: tuple[str, ...]}[type(value)]
    found = [fault.detail for fault in plain.faults_of(Annotated[kind, rule], value)]
    assert len(found) < 2
    return found[0] if found else None


def faults(**changes: object) -> list[Fault]:
    """What is found wrong with a drawing that is fine but for `changes`."""
    with pytest.raises(InvalidInput) as refusal:
        plain.parse(Drawing, {**GOOD, **changes})
    return list(refusal.value.faults)


def test_every_kind_of_value_is_written_and_read_again() -> None:
    assert plain.dump(DRAWING) == GOOD
    assert plain.load(Drawing, GOOD) == DRAWING
    assert plain.parse(Drawing, GOOD) == DRAWING


shapes = st.builds(Circle, radius=st.integers(1, 9)) | st.builds(Square, side=st.integers())
names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=10)
drawings = st.builds(
    Drawing,
    name=names,
    tag=names.map(TagId),
    colour=st.sampled_from(Colour),
    finish=st.sampled_from(["matt", "shiny"]),
    framed=st.booleans(),
    shape=shapes,
    shapes=st.lists(shapes, max_size=3).map(tuple),
    by_place=st.dictionaries(names, shapes, max_size=3),
    spare=st.none() | shapes,
    note=st.none() | names,
    copies=st.integers(),
)


@examples(50)
@given(drawings)
def test_what_was_written_as_text_is_read_as_what_it_was(drawing: Drawing) -> None:
    text = plain.write(drawing)
    assert plain.read(Drawing, text) == drawing
    assert plain.load(Drawing, plain.from_json(text)) == drawing
    assert text.decode() == plain.to_json(plain.dump(drawing))


def test_a_case_says_which_it_is_wherever_it_is() -> None:
    stored = plain.dump(Circle(radius=1))
    assert stored == {"is": "Circle", "radius": 1}
    assert plain.load(Shape, stored) == plain.load(Circle, stored) == Circle(radius=1)


def test_a_case_that_can_be_no_other_need_not_say_so() -> None:
    assert plain.load(Circle, {"radius": 1}) == Circle(radius=1)


def test_fields_with_a_default_may_be_left_out() -> None:
    few = {name: GOOD[name] for name in GOOD if name not in ("spare", "note", "copies")}
    assert plain.parse(Drawing, few) == plain.load(Drawing, few) == DRAWING


def test_all_that_is_wrong_is_said_at_once_and_where() -> None:
    broken: dict[str, Any] = {
        "name": "",
        "colour": "green",
        "finish": "rough",
        "framed": 1,
        "shape": {"is": "Circle", "radius": 10},
        "shapes": [{"is": "Square"}, {"is": "Line"}, 3],
        "by_place": {"a/b~c": {"is": "Square", "side": "5"}},
        "copies": None,
        "price": 3,
    }
    with pytest.raises(InvalidInput) as refusal:
        plain.parse(Drawing, broken)
    assert {fault.pointer: fault.detail for fault in refusal.value.faults} == {
        "/tag": "is missing",
        "/price": "is not a known field",
        "/name": "must have 1 to 10 characters, has 0",
        "/colour": "must be one of red, blue",
        "/finish": "must be one of matt, shiny",
        "/framed": "must be true or false",
        "/shape/radius": "must be 1 to 9",
        "/shapes/0/side": "is missing",
        "/shapes/1": "must be an object whose 'is' is one of ['Circle', 'Square']",
        "/shapes/2": "must be an object whose 'is' is one of ['Circle', 'Square']",
        "/by_place/a~1b~0c/side": "must be a whole number",
        "/copies": "must be a whole number",
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([*GOOD, "is"]), inner)
    ),
    max_leaves=10,
)


@examples(50)
@given(st.dictionaries(st.sampled_from([*GOOD]), anything) | anything)
def test_whatever_comes_in_is_refused_and_nothing_else_happens(value: object) -> None:
    with pytest.raises(InvalidInput):
        plain.parse(Drawing, value)


@pytest.mark.parametrize("number", [True, 1.0, 1.5, "1", None, [1], {}, float("inf")])
def test_a_whole_number_is_neither_a_truth_nor_a_fraction_nor_a_text(number: object) -> None:
    assert faults(copies=number) == [Fault("/copies", "must be a whole number")]


@pytest.mark.parametrize("text", [1, True, ["dots"], {"dots": 1}, None])
def test_a_text_is_nothing_else(text: object) -> None:
    assert faults(name=text) == [Fault("/name", "must be a string")]


@pytest.mark.parametrize("several", ["dots", {"0": "dots"}, None, 3])
def test_a_list_is_nothing_else(several: object) -> None:
    assert faults(shapes=several) == [Fault("/shapes", "must be a list")]


@pytest.mark.parametrize("several", ["left", ["left"], None, 3])
def test_an_object_with_any_names_is_nothing_else(several: object) -> None:
    assert faults(by_place=several) == [Fault("/by_place", "must be an object")]


NAN = float("nan")


class Odd(Value):
    field: Any


class Parcel(Value):
    label: str
    contents: Mapping[str, Any]
    remark: Any = None


WHATEVER: list[Any] = [
    None,
    True,
    3,
    0.5,
    "dots",
    [],
    [1, [2]],
    {},
    {"is": "Circle", "a": {"b": 1}},
]


@pytest.mark.parametrize("value", WHATEVER)
def test_anything_is_taken_and_written_as_it_is(value: Any) -> None:
    written = {"label": "l", "contents": {"a": value}, "remark": value}
    parcel = Parcel(label="l", contents={"a": value}, remark=value)
    assert plain.dump(parcel) == written
    assert plain.load(Parcel, written) == plain.parse(Parcel, written) == parcel
    assert plain.load(Parcel, plain.from_json(plain.to_json(written))) == parcel


anything_finite = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@examples(50)
@given(st.dictionaries(st.text(), anything_finite))
def test_whatever_is_in_an_object_of_anything_stays_as_it_is(contents: dict[str, Any]) -> None:
    parcel = plain.load(Parcel, {"label": "l", "contents": contents})
    assert parcel.contents is not None
    assert repr(plain.dump(parcel)) == repr({"label": "l", "contents": contents, "remark": None})


@pytest.mark.parametrize("contents", [None, 3, "dots", [], ["a"]])
def test_an_object_of_anything_is_an_object(contents: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        plain.parse(Parcel, {"label": "l", "contents": contents})
    assert refusal.value.faults == (Fault("/contents", "must be an object"),)
    with pytest.raises(Unreadable):
        plain.load(Parcel, {"label": "l", "contents": contents})


def test_beside_anything_the_rest_is_checked_as_ever() -> None:
    with pytest.raises(InvalidInput) as refusal:
        plain.parse(Parcel, {"label": 3, "contents": {"a": object}, "more": 1})
    assert {fault.pointer for fault in refusal.value.faults} == {"/label", "/more"}


@pytest.mark.parametrize("tag", [[], {}, None, 3, "", "Drawing"])
def test_a_union_takes_only_the_names_of_its_classes(tag: object) -> None:
    (fault,) = faults(shape={"is": tag, "radius": 2})
    assert fault.pointer == "/shape"


def test_a_class_of_a_union_has_no_other_fields() -> None:
    assert faults(shape={"is": "Square", "side": 1, "radius": 2}) == [
        Fault("/shape/radius", "is not a known field")
    ]


@pytest.mark.parametrize("whole", [None, [], "dots", 3, True])
def test_an_input_that_is_no_object_is_said_to_be_none(whole: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        plain.parse(Drawing, whole)
    assert refusal.value.faults == (Fault("", "must be an object"),)


def test_a_given_field_is_not_taken_from_the_input() -> None:
    few = {name: GOOD[name] for name in GOOD if name != "tag"}
    assert plain.parse(Drawing, few, tag="t-1") == DRAWING
    with pytest.raises(InvalidInput) as refusal:
        plain.parse(Drawing, GOOD, tag="t-1")
    assert refusal.value.faults == (Fault("/tag", "is not a known field"),)


def test_no_more_is_said_of_one_input_than_an_answer_has_room_for() -> None:
    assert len(faults(shapes=[1] * 50_000)) == plain.MAX_FAULTS


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "must have 1 to 10 characters, has 0"),
        ("x" * 11, "must have 1 to 10 characters, has 11"),
        ("   ", "must not be blank"),
        ("\u2003", "must not be blank"),
        ("a\nb", "must not contain control characters"),
        ("a\x00b", "must not contain control characters"),
        ("a\x7fb", "must not contain control characters"),
        ("a\x85b", "must not contain control characters"),
        ("a\ud800b", "must not contain control characters"),
    ],
)
def test_a_text_is_a_line_of_visible_characters(value: str, fault: str) -> None:
    assert said(text(max=10), value) == fault


def test_a_text_may_have_several_lines_where_that_is_said() -> None:
    lines = text(max=10, lines=True)
    assert said(lines, "a\n\nb\n") is None
    assert said(lines, "\n \n") == "must not be blank"
    assert said(lines, "a\n" * 6) == "must have 1 to 10 characters, has 12"
    others = [said(lines, f"a{c}b") for c in "\r\t\v\f\x00\x7f\x85\ud800"]
    assert others == ["must not contain control characters"] * 8


def test_a_text_has_any_letters_of_any_language() -> None:
    assert [
        said(text(max=10), value) for value in ("Zoë", "日本語", "👩‍🔬", "O'Neill", "x" * 10)
    ] == [None] * 5


def test_a_text_may_be_empty_only_where_that_is_said() -> None:
    assert said(text(max=10, min=0), "") is None
    assert said(text(max=10, min=0), "  ") is None


def test_a_pattern_holds_for_the_whole_text() -> None:
    code = text(max=10, pattern="[A-Z]{2}", hint="must be a code like AT")
    assert said(code, "AT") is None
    assert said(code, "ATX") == said(code, "xAT") == "must be a code like AT"
    assert said(code, "AT\n") == "must not contain control characters"


def test_the_ends_of_a_range_belong_to_it() -> None:
    assert [said(between(1, 9), n) for n in (1, 9)] == [None, None]
    assert [said(between(1, 9), n) for n in (0, 10, -1)] == ["must be 1 to 9"] * 3


@pytest.mark.parametrize(("entries", "fits"), [(0, False), (1, True), (3, True), (4, False)])
def test_a_list_has_as_many_entries_as_it_may(entries: int, fits: bool) -> None:
    fault = said(size(min=1, max=3), ["x"] * entries)
    assert (fault is None) == fits
    assert fits or fault == f"must have 1 to 3 entries, has {entries}"


def test_a_json_schema_says_the_rules() -> None:
    (_,), found = schema_components([Drawing])
    fields = found["Drawing"]["properties"]
    assert fields["name"] == {"type": "string", "minLength": 1, "maxLength": 10}
    assert (fields["shapes"]["minItems"], fields["shapes"]["maxItems"]) == (1, 3)
    radius = found["Circle"]["properties"]["radius"]
    assert radius == {"type": "integer", "minimum": 1, "maximum": 9}
    code = text(max=2, pattern="[A-Z]{2}").extra_json_schema
    assert code == {"minLength": 1, "maxLength": 2, "pattern": "^(?:[A-Z]{2})$"}


def test_what_was_stored_is_read_though_a_rule_became_stricter_since() -> None:
    large = {"is": "Circle", "radius": 10_000}
    stored = {**GOOD, "name": "far too long today", "shapes": [], "spare": large}
    loaded = plain.load(Drawing, stored)
    assert (loaded.name, loaded.shapes, loaded.spare) == (
        "far too long today",
        (),
        Circle(radius=10_000),
    )


@pytest.mark.parametrize(
    "broken",
    [
        {**GOOD, "copies": "1"},
        {**GOOD, "colour": "green"},
        {**GOOD, "shape": {"is": "Line"}},
        {**GOOD, "more": 1},
        {"name": "dots"},
        None,
        [],
    ],
)
def test_what_was_stored_in_another_form_is_unreadable(broken: object) -> None:
    with pytest.raises(Unreadable):
        plain.load(Drawing, broken)


@pytest.mark.parametrize("kind", [float, bytes, set[str]])
def test_a_kind_of_field_that_no_rule_is_known_for_does_not_come_in(kind: Any) -> None:
    with pytest.raises(TypeError, match="not a kind of value"):
        plain.parse(defstruct("Strange", [("field", kind)]), {"field": 1})


@pytest.mark.parametrize(
    "value",
    [
        object(),
        float("nan"),
        [float("inf")],
        {"a": (None, -float("inf"))},
        "\ud800",
        Odd(field=NAN),
    ],
)
def test_what_would_not_be_read_again_is_not_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match=r"JSON|surrogates"):
        plain.write(Parcel(label="l", contents={}, remark=value))


def test_mappings_of_other_classes_are_written_as_objects() -> None:
    parcel = Parcel(label="l", contents=MappingProxyType({"a": None}))
    assert plain.dump(parcel) == {"label": "l", "contents": {"a": None}, "remark": None}


@pytest.mark.parametrize("field", ["contents", "remark"])
def test_a_number_of_any_size_stays_exact(field: str) -> None:
    parcel = Parcel(**{"label": "l", "contents": {}, field: {"n": 10**40 + 1, "m": -(2**63)}})
    assert plain.read(Parcel, plain.write(parcel)) == plain.load(Parcel, plain.dump(parcel))
    assert plain.read(Parcel, plain.write(parcel)) == parcel


@pytest.mark.parametrize("value", [object(), b"", {1}, float("nan"), [float("inf")]])
def test_what_has_no_form_in_json_is_not_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="JSON"):
        plain.to_json(value)


@pytest.mark.parametrize("untrusted", [True, False])
def test_a_number_keeps_its_value_however_it_is_written(untrusted: bool) -> None:
    numbers = plain.from_json("[1e3, 1e308, -0.5, 1e-999, 12]", untrusted=untrusted)
    assert numbers == [1000.0, 1e308, -0.5, 0.0, 12]


def test_a_text_of_json_is_as_short_as_can_be() -> None:
    assert plain.to_json({"a": [1, None], "b": "é"}) == '{"a":[1,null],"b":"é"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'a': 1}",
        '{"a": 1,}',
        "NaN",
        "[Infinity]",
        '{"a": -Infinity}',
        "1e999",
        "[-1e999]",
        '{"a": 1.5E+400}',
        "[" * 100_000,
    ],
)
def test_what_is_not_json_is_no_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        plain.from_json(text)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '[{"b": {"a": 1, "a": 1}}]', r'{"\ud800": 1}']
)
def test_a_stranger_must_name_things_once_and_in_unicode(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        plain.from_json(text, untrusted=True)
    assert plain.from_json(text) == json.loads(text)
