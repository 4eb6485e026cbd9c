"""docs/system.svg shows the system as Terraform says that it is; and could show any other."""

import re
from collections.abc import Mapping
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.build.terraform.nouns import Entry
from scripts.picture import COLUMN, EDGE, END, LETTER, PAD, PICTURE, Box, System, boxes, drawn

SYSTEM = System.in_terraform()


def test_the_picture_is_of_the_system_as_it_is() -> None:
    if PICTURE.read_text() != drawn(SYSTEM):
        pytest.fail("docs/system.svg is not what Terraform says any more: make picture", False)


def test_every_function_service_and_view_is_in_it_and_nothing_else() -> None:
    shown = re.findall(r'<text class="name" [^>]*>(\w+)</text>', PICTURE.read_text())

    assert {*shown} == {*SYSTEM.functions, *SYSTEM.services, *SYSTEM.views}


def some(of: str, **says: object) -> st.SearchStrategy[Mapping[str, Entry]]:
    """A few things with names of any length, of which each may say any of this."""
    names = st.just(of) | st.from_regex(rf"{of}[a-z]{{1,40}}", fullmatch=True)
    entries = st.fixed_dictionaries({}, optional={noun: st.just(it) for noun, it in says.items()})
    return st.dictionaries(names, entries, max_size=12)


SYSTEMS = st.builds(
    System,
    functions=some("function", appends={"service"}, publishes=set(), tends="all", keeps={"view"})
    | some("function", keeps={"process"}, queries={"view"}),
    services=some("service", guards=set()),
    views=some("view", kind="search"),
    processes=some("process", deadlines={"service"}),
)


@given(SYSTEMS)
def test_however_large_a_system_is_its_boxes_do_not_touch(system: System) -> None:
    there = boxes(system).values()

    assert all(box.x >= EDGE and box.end <= END for box in there)
    assert [(a.title, b.title) for a, b in combinations(there, 2) if touch(a, b)] == []


def touch(a: Box, b: Box) -> bool:
    return a.x <= b.end and b.x <= a.end and a.y <= b.bottom and b.y <= a.bottom


@given(SYSTEMS)
def test_however_long_a_name_is_it_stays_in_its_box(system: System) -> None:
    names = re.findall(r'class="name"[^>]*?( textLength="(\d+)"[^>]*)?>(.*)<', drawn(system))

    widths = {name: int(width or len(name) * LETTER) for _, width, name in names}

    assert {name for name, width in widths.items() if width > COLUMN - 2 * PAD} == set()
