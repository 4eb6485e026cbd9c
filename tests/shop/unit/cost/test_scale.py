"""docs/scale.md says what is reckoned, and that follows from what is counted."""

from __future__ import annotations

import re

import pytest

from scripts.build.terraform.nouns import nouns
from scripts.local.home import ROOT
from scripts.shop.cost.reckoning import FOLLOWERS
from scripts.shop.cost.scale import (
    DEADLINE_SECONDS,
    lines,
    of_one_stream,
    rows_of_one_batch,
    shards,
)
from scripts.shop.cost.work import ALONE, FULL, Piece

PAGE = (ROOT / "docs/scale.md").read_text()
TEXT = " ".join(PAGE.split())


def test_the_table_by_rate_is_what_is_reckoned() -> None:
    assert "\n".join(lines()) in PAGE


@pytest.mark.parametrize(
    "sentence",
    [
        f"saves about {rows_of_one_batch():.0f} rows a second",
        f"about {of_one_stream():.0f} a second at two calls each",
        f"{ALONE[Piece.CHECKOUT].records:g} commits and {ALONE[Piece.CHECKOUT].writes:g} write",
        f"many at once {FULL[Piece.CHECKOUT].invocations:.0f} invocations",
        f"{DEADLINE_SECONDS / 60:g} minutes of",
    ],
)
def test_the_figures_in_its_sentences_are_what_is_reckoned(sentence: str) -> None:
    assert sentence in TEXT


def test_a_shard_is_full_of_what_is_read_before_it_is_full_of_what_is_written() -> None:
    assert shards(512) == 1
    assert shards(513) == 2


def test_as_many_follow_the_event_stream_as_is_reckoned_with() -> None:
    functions = nouns("functions")
    following = [
        name for name, entry in functions.items() if entry.get("keeps") and not entry.get("fed_by")
    ]
    assert len(following) == FOLLOWERS


def test_a_deadline_is_as_long_as_terraform_says() -> None:
    said = (ROOT / "terraform/shop_processes.tf").read_text()
    assert re.search(rf"20 : {DEADLINE_SECONDS}\)", said)
