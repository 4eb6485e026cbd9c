"""What comes in is taken or refused; a refusal says all that is wrong, and where."""

import re
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, defstruct
from msgspec.json import schema_components

from cqrs import inputs, plain
from cqrs.errors import Fault, InvalidInput, Unreadable
from cqrs.inputs import between, size, text
from tests.examples import examples
from tests.library.drawings import DRAWING, GOOD, Drawing, Parcel, anything, drawings

RULES = {
    *(f"must have 1 to 10 characters, has {n}" for n in (0, *range(11, 100))),
    *(f"must have 1 to 3 entries, has {n}" for n in (0, *range(4, 100))),
    *("must not be blank", "must not contain control characters", "must be 1 to 9"),
}


def faults(**changes: object) -> list[Fault]:
    """What is found wrong with a drawing that is fine but for `changes`."""
    with pytest.raises(InvalidInput) as refusal:
        inputs.parse(Drawing, {**GOOD, **changes})
    return list(refusal.value.faults)


def said(rule: Meta, value: object) -> str | None:
    """What a rule says of a value."""
    kind = {str: str, int: int, list: tuple[str, ...]}[type(value)]
    found = [fault.detail for fault in inputs.faults_of(Annotated[kind, rule], value)]
    assert len(found) < 2
    return found[0] if found else None


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
        inputs.parse(Drawing, broken)
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


@examples(50)
@given(st.dictionaries(st.sampled_from([*GOOD]), anything) | anything)
def test_whatever_comes_in_is_refused_and_nothing_else_happens(value: object) -> None:
    with pytest.raises(InvalidInput):
        inputs.parse(Drawing, value)


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


def test_beside_anything_the_rest_is_checked_as_ever() -> None:
    with pytest.raises(InvalidInput) as refusal:
        inputs.parse(Parcel, {"label": 3, "contents": {"a": object}, "more": 1})
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
        inputs.parse(Drawing, whole)
    assert refusal.value.faults == (Fault("", "must be an object"),)


def test_a_given_field_is_not_taken_from_the_input() -> None:
    few = {name: GOOD[name] for name in GOOD if name != "tag"}
    assert inputs.parse(Drawing, few, tag="t-1") == DRAWING
    with pytest.raises(InvalidInput) as refusal:
        inputs.parse(Drawing, GOOD, tag="t-1")
    assert refusal.value.faults == (Fault("/tag", "is not a known field"),)


def test_no_more_is_said_of_one_input_than_an_answer_has_room_for() -> None:
    assert len(faults(shapes=[1] * 50_000)) == inputs.MAX_FAULTS


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


@pytest.mark.parametrize("kind", [float, bytes, set[str]])
def test_a_kind_of_field_that_no_rule_is_known_for_does_not_come_in(kind: Any) -> None:
    with pytest.raises(TypeError, match="not a kind of value"):
        inputs.parse(defstruct("Strange", [("field", kind)]), {"field": 1})


@pytest.mark.parametrize("contents", [None, 3, "dots", [], ["a"]])
def test_an_object_of_anything_is_an_object(contents: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        inputs.parse(Parcel, {"label": "l", "contents": contents})
    assert refusal.value.faults == (Fault("/contents", "must be an object"),)
    with pytest.raises(Unreadable):
        plain.load(Parcel, {"label": "l", "contents": contents})


def test_a_json_schema_says_the_rules() -> None:
    (_,), found = schema_components([Drawing])
    fields = found["Drawing"]["properties"]
    name = fields["name"]
    assert (name["type"], name["minLength"], name["maxLength"]) == ("string", 1, 10)
    assert (fields["shapes"]["minItems"], fields["shapes"]["maxItems"]) == (1, 3)
    radius = found["Circle"]["properties"]["radius"]
    assert radius == {"type": "integer", "minimum": 1, "maximum": 9}
    code = text(max=2, pattern="[A-Z]{2}").extra_json_schema
    assert code == {"minLength": 1, "maxLength": 2, "pattern": "^(?:[A-Z]{2})$"}


@examples(200)
@given(
    st.text(st.sampled_from("a ä\n\t\x00\x1f\x7f\x85\xa0\u2003") | st.characters(codec="utf-8")),
    st.sampled_from([0, 1]),
    st.booleans(),
)
def test_a_text_fits_the_pattern_of_its_schema_exactly_if_it_keeps_the_rule(
    value: str, least: int, lines: bool
) -> None:
    rule = text(min=least, max=100, lines=lines)
    assert rule.extra_json_schema
    pattern = str(rule.extra_json_schema["pattern"]).removesuffix("$")
    fits = re.search(rf"{pattern}\Z", value) is not None  # a schema's `$` is the very end
    assert (said(rule, value) is None) == (fits and least <= len(value) <= 100)


@examples(200)
@given(st.dictionaries(st.sampled_from([*GOOD, "more"]), anything | drawings.map(plain.dump)))
def test_what_no_fault_is_found_in_is_taken_and_what_cannot_be_is_never_without(
    changes: dict[str, Any],
) -> None:
    """The look for faults and the codec are two: neither takes what the other would not."""
    value = {**GOOD, **changes}
    try:
        loaded = plain.load(Drawing, value)
    except Unreadable:
        assert inputs.faults_of(Drawing, value)
    else:
        found = inputs.faults_of(Drawing, value)
        assert found or inputs.parse(Drawing, value) == loaded
        assert {fault.detail for fault in found} <= RULES
