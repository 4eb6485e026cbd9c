"""Typed values: what is written is read again as it was; what is damaged is unreadable."""

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs import inputs, plain
from cqrs.errors import Unreadable
from tests.examples import examples
from tests.library.drawings import (
    DRAWING,
    GOOD,
    INFINITY,
    NAN,
    WHATEVER,
    Circle,
    Drawing,
    Odd,
    Parcel,
    Shape,
    anything_finite,
    drawings,
)


def test_every_kind_of_value_is_written_and_read_again() -> None:
    assert plain.dump(DRAWING) == GOOD
    assert plain.load(Drawing, GOOD) == DRAWING
    assert inputs.parse(Drawing, GOOD) == DRAWING


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
    assert inputs.parse(Drawing, few) == plain.load(Drawing, few) == DRAWING


@pytest.mark.parametrize("value", WHATEVER)
def test_anything_is_taken_and_written_as_it_is(value: Any) -> None:
    written = {"label": "l", "contents": {"a": value}, "remark": value}
    parcel = Parcel(label="l", contents={"a": value}, remark=value)
    assert plain.dump(parcel) == written
    assert plain.load(Parcel, written) == inputs.parse(Parcel, written) == parcel
    assert plain.load(Parcel, plain.from_json(plain.to_json(written))) == parcel


@examples(50)
@given(st.dictionaries(st.text(), anything_finite))
def test_whatever_is_in_an_object_of_anything_stays_as_it_is(contents: dict[str, Any]) -> None:
    parcel = plain.load(Parcel, {"label": "l", "contents": contents})
    assert parcel.contents is not None
    assert repr(plain.dump(parcel)) == repr({"label": "l", "contents": contents, "remark": None})


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


@examples(50)
@given(anything_finite, anything_finite, st.sampled_from([NAN, -NAN, INFINITY, -INFINITY]))
def test_a_number_that_is_not_json_is_found_whatever_is_around_it(
    before: Any, after: Any, number: float
) -> None:
    plain.write(Parcel(label="l", contents={}, remark=[before, after]))
    with pytest.raises(ValueError, match="JSON"):
        plain.write(Parcel(label="l", contents={}, remark=[before, {"n": [number]}, after]))


def test_mappings_of_other_classes_are_written_as_objects() -> None:
    parcel = Parcel(label="l", contents=MappingProxyType({"a": None}))
    assert plain.dump(parcel) == {"label": "l", "contents": {"a": None}, "remark": None}


@pytest.mark.parametrize("field", ["contents", "remark"])
def test_a_number_of_any_size_stays_exact(field: str) -> None:
    parcel = Parcel(**{"label": "l", "contents": {}, field: {"n": 10**40 + 1, "m": -(2**63)}})
    assert plain.read(Parcel, plain.write(parcel)) == plain.load(Parcel, plain.dump(parcel))
    assert plain.read(Parcel, plain.write(parcel)) == parcel


@pytest.mark.parametrize("value", [-1e308, 5e-324, -0.0, 2**70, "\x7f\xf8 null", [None, 1.5]])
def test_a_number_beside_a_null_is_written_as_it_is(value: object) -> None:
    assert plain.from_json(plain.write(Parcel(label="null", contents={}, remark=value))) == {
        "label": "null",
        "contents": {},
        "remark": value,
    }


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
