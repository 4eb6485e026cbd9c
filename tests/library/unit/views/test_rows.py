"""A row is what its parts say of it, and stands where its document has it."""

from __future__ import annotations

import pytest

from cqrs.plain import replace
from cqrs.views.rows import Part, Place, Row
from tests.library.worlds import ORDER, PAYMENT, VIEW

NOTED = Part(version=1, state={"texts": ["a"]})
PARTS = {"order-7": NOTED, "payment-7": Part(version=2, state={"texts": ["p", "q"]})}


@pytest.mark.parametrize("streams", [["order-7", "payment-7"], ["payment-7", "order-7"]])
def test_a_row_is_the_same_whichever_stream_came_first(streams: list[str]) -> None:
    row = Row(key="7", parts={stream: PARTS[stream] for stream in streams})
    assert VIEW.shown(row).document == {"order": ["a"], "payment": ["p", "q"]}


def test_what_nothing_is_known_of_is_rendered_as_it_is_in_the_beginning() -> None:
    assert VIEW.shown(Row(key="7", parts={"order-7": NOTED})).document == {
        "order": ["a"],
        "payment": [],
    }


def test_a_row_stands_in_the_lists_that_have_a_place_for_its_document() -> None:
    lists = {"all": lambda document: Place("all", "1"), "none": lambda document: None}
    view = replace(VIEW, lists=lists)
    assert view.shown(Row(key="7", parts=PARTS)).places == {"all": Place("all", "1")}


def test_a_row_with_nothing_to_show_stands_in_no_list_any_more() -> None:
    shown = VIEW.shown(Row(key="7", parts=PARTS))
    assert shown.places
    gone = replace(VIEW, render=lambda states: None).shown(shown)
    assert (gone.document, gone.places, gone.parts) == (None, {}, PARTS)


def test_a_stream_feeds_the_row_of_its_entity() -> None:
    assert [VIEW.key_of(stream) for stream in PARTS] == ["7", "7"]
    assert [VIEW.fold_of(stream) for stream in PARTS] == [ORDER, PAYMENT]
    assert VIEW.fold_of("customer-7") is None
