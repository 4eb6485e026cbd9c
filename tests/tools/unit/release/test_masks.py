"""Masks: what was written says nothing any more, and can still be replayed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cqrs import plain
from cqrs.history.commits import Commit
from scripts.release.masks import Mask

SHAPES: dict[str, Any] = {
    "Placed@1": {"upcaster": "0"},
    "Placed@2": {
        "fields": {
            "order_id": "text",
            "currency": {"one of": ["CHF", "EUR"]},
            "lines": [{"fields": {"sku": "text", "quantity": "whole number"}}],
            "born": "text",
            "age": {"or null": "whole number"},
            "by": {"by name": "text"},
            "how": {"cases": {"Card": {"fields": {"holder": "text"}}}},
        },
        "personal": {"age": "order_id", "born": "order_id"},
    },
}
DATA: dict[str, Any] = {
    "order_id": "a7-lovelace",
    "currency": "EUR",
    "lines": [{"sku": "engine-1", "quantity": 2}],
    "born": "1815-12-10",
    "age": 36,
    "by": {"Byron": "father"},
    "how": {"is": "Card", "holder": "ADA Lovelace"},
}
TIME = "2026-01-31T12:00:00.000000Z"


def commit(data: object, *, schema: int = 2) -> Commit:
    body = {
        "events": [{"type": "Placed", "schema": schema, "data": data}],
        "command": {"id": "c1", "type": "Place", "hash": "abcdef"},
        "actor": "jwt:ada-sub",
        "correlation": "r-1",
        "causation": "checkout/a7-lovelace",
        "time": TIME,
    }
    return Commit("order-a7-lovelace", 3, plain.to_json(body))


def masked(data: Any = DATA, *, schema: int = 2) -> tuple[Commit, Any]:
    found = Mask().commit(commit(data, schema=schema), SHAPES)
    return found, plain.from_json(found.body)


def test_nothing_that_somebody_wrote_is_left() -> None:
    found, _ = masked()
    told = f"{found.stream} {found.body}".lower()
    assert [w for w in ("lovelace", "engine", "byron", "father", "1815", "sub") if w in told] == []


def test_closed_sets_numbers_and_names_of_code_are_left() -> None:
    found, body = masked()
    data = body["events"][0]["data"]
    assert found.version == 3
    assert (body["time"], body["command"]["type"], body["actor"][:4]) == (TIME, "Place", "jwt:")
    assert (data["currency"], data["lines"][0]["quantity"]) == ("EUR", 2)
    assert data["how"]["is"] == "Card"


def test_what_refers_to_something_still_does() -> None:
    found, body = masked()
    order_id = body["events"][0]["data"]["order_id"]
    assert found.stream == f"order-{order_id}"
    assert body["causation"].endswith(f"/{order_id}")


def test_capitals_and_the_kinds_of_characters_are_as_they_were() -> None:
    mask = Mask()
    text = mask.text("Ada, ADA and ada7@example.com")
    capital, capitals = text[:3], text[5:8]
    assert (capital.istitle(), capitals) == (True, capital.upper())
    assert text[17:20].isalpha() or text[13:16].isalpha()
    assert (text[3:5], text[-12], text[-4]) == (", ", "@", ".")


def test_numbers_and_days_that_are_personal_are_masked() -> None:
    _, body = masked()
    data = body["events"][0]["data"]
    assert data["age"] != 36
    assert 10 <= data["age"] <= 19
    assert data["born"] != DATA["born"]
    assert len(data["born"]) == len(DATA["born"])


def test_of_an_older_schema_what_is_not_known_is_as_it_is_today() -> None:
    _, body = masked({"currency": "EUR", "age": 36, "note": "for Ada"}, schema=1)
    data = body["events"][0]["data"]
    assert data["currency"] == "EUR"
    assert data["age"] != 36
    assert "Ada" not in data["note"]


def test_what_somebody_wrote_as_a_name_is_masked_whatever_the_field_is() -> None:
    written = [{"Ada": {"ada@example.com": "Byron"}, "sku": "engine-1"}]
    for schema in (1, 2):
        found, body = masked({"extra": written, "note": {"Byron": 1}}, schema=schema)
        told = found.body.lower()
        assert [w for w in ("ada", "example", "byron", "engine") if w in told] == []
        assert "sku" in body["events"][0]["data"]["extra"][0]


def test_letters_are_masked_with_their_marks() -> None:
    text = "हिन्दी สวัสดี"
    assert not {*text} & {*Mask().text(text)} - {" "}


def test_another_export_has_other_masks() -> None:
    text = "a text that is long enough to differ"
    assert Mask().text(text) != Mask().text(text)


def test_short_words_are_told_apart_even_if_there_are_hardly_others() -> None:
    mask = Mask()
    words = [*"0123456789", *"abcdefghijklmnopqrstuvwxyz", *"äöüßéèáàøåæœ"]
    assert len({mask.text(word) for word in words}) == len(words)


texts = st.text(min_size=4, max_size=12)


@given(st.lists(texts, min_size=2, max_size=8, unique_by=str.lower))
def test_what_was_told_apart_still_is(written: list[str]) -> None:
    mask = Mask()
    assert len({mask.text(one).lower() for one in written}) == len(written)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner))
)
def test_whatever_it_is_its_form_is_as_it_was(data: Any) -> None:
    def form(value: Any) -> Any:
        return [*map(form, value)] if isinstance(value, list) else type(value)

    assert form(Mask().data(data)) == form(data)
