"""Tallies: whatever arrives how often and in which order, every entity counts exactly once."""

from __future__ import annotations

import pytest
from msgspec.structs import asdict

from cqrs.adapters.memory import MemoryTallies
from cqrs.plain import replace
from cqrs.views.rows import Part, Row, States
from cqrs.views.tallies import (
    MAX_CHANGES,
    Cell,
    Counts,
    TallyRow,
    changes_of,
    daily,
    months,
    summed,
)
from tests.library.counts import TALLY, cells_of, contributed, count, countable, follower
from tests.library.worlds import ORDER, commit, history, stored


@pytest.fixture
def rows() -> MemoryTallies:
    return MemoryTallies()


class TestCounting:
    def test_a_cell_is_the_sum_over_all_entities(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a", "b"), history("order-8", "b"), history("order-9"))
        follower(rows, store).catch_up({"order-7": (), "order-8": (), "order-9": ()})

        assert cells_of(rows) == {Cell("newest", "b"): {"entities": 2, "notes": 3}}

    def test_what_an_entity_contributed_before_is_taken_out(self, rows: MemoryTallies) -> None:
        commits = history("order-7", "a", "b")
        tally = follower(rows, stored(commits))
        tally.catch_up({"order-7": commits[:1]})
        assert cells_of(rows) == {Cell("newest", "a"): {"entities": 1, "notes": 1}}

        tally.catch_up({"order-7": commits[1:]})
        assert cells_of(rows) == {Cell("newest", "b"): {"entities": 1, "notes": 2}}

    def test_what_comes_again_counts_once(self, rows: MemoryTallies) -> None:
        commits = history("order-7", "a")
        tally = follower(rows, stored(commits))
        for _ in range(3):
            tally.catch_up({"order-7": commits})

        assert cells_of(rows) == {Cell("newest", "a"): {"entities": 1, "notes": 1}}

    def test_a_row_knows_what_it_has_contributed(self, rows: MemoryTallies) -> None:
        follower(rows, stored(history("order-7", "a"))).catch_up({"order-7": ()})

        assert rows.get("7").document == {"newest": {"a": {"entities": 1, "notes": 1}}}

    def test_a_row_that_contributes_nothing_has_no_document(self, rows: MemoryTallies) -> None:
        follower(rows, stored(history("payment-7", "p"))).catch_up({"payment-7": ()})

        assert (rows.get("7").document, rows.get("7").revision) == (None, 1)

    @pytest.mark.parametrize("number", [1.5, True, "1", None])
    def test_what_is_not_a_whole_number_is_not_counted(
        self, rows: MemoryTallies, number: object
    ) -> None:
        odd: Counts = {Cell("newest", "a"): {"n": number}}  # type: ignore[dict-item]
        tally = follower(
            rows, stored(history("order-7", "a")), replace(TALLY, counted=lambda _: odd)
        )

        report = tally.catch_up({"order-7": ()})

        assert "not a whole number" in str(report.causes["order-7"])
        assert cells_of(rows) == {}


class TestRules:
    """A rule of counting that was changed."""

    def test_a_redrive_under_the_same_rule_changes_nothing(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a", "b"), history("order-8", "b"))
        tally = follower(rows, store)
        tally.catch_up({"order-7": (), "order-8": ()})
        before = cells_of(rows)

        tally.redrive(["order-7", "order-8"])

        assert cells_of(rows) == before

    def test_a_redrive_under_another_rule_corrects_the_cells(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a", "b"), history("order-8", "b"))
        follower(rows, store).catch_up({"order-7": (), "order-8": ()})

        def first_note(states: States) -> Counts:
            return {Cell("newest", states[ORDER].texts[0]): {"entities": 1}}

        other = follower(rows, store, replace(TALLY, counted=first_note))
        other.redrive(["order-7"])
        assert cells_of(rows) == {
            Cell("newest", "a"): {"entities": 1},
            Cell("newest", "b"): {"entities": 1, "notes": 1},
        }

        other.redrive(["order-8"])
        assert cells_of(rows) == {
            Cell("newest", "a"): {"entities": 1},
            Cell("newest", "b"): {"entities": 1},
        }

    def test_until_then_an_entity_is_corrected_by_its_next_commit(
        self, rows: MemoryTallies
    ) -> None:
        store = stored(history("order-7", "a"))
        follower(rows, store).catch_up({"order-7": ()})
        other = follower(rows, store, replace(TALLY, counted=lambda _: {}))
        assert cells_of(rows) != {}

        other.catch_up({"order-7": [commit("order-7", 2, "b")]})

        assert cells_of(rows) == {}


class TestParking:
    def test_a_stream_that_cannot_be_counted_keeps_what_it_has_counted_once(
        self, rows: MemoryTallies
    ) -> None:
        commits = history("order-7", "a", "b", "uncountable", "c")

        report = follower(rows, stored(commits)).catch_up({"order-7": commits})

        assert report.parked["order-7"].version == 3
        assert cells_of(rows) == {Cell("newest", "b"): {"entities": 1, "notes": 2}}
        assert contributed(rows) == cells_of(rows)

    def test_the_mark_that_follows_a_counted_commit_counts_nothing(
        self, rows: MemoryTallies
    ) -> None:
        """The row is marked as it was saved before, and not shown again."""
        commits = history("order-7", "a", "uncountable")
        for hints in (commits[:1], commits[1:]):
            follower(rows, stored(commits)).catch_up({"order-7": hints})

        assert cells_of(rows) == {Cell("newest", "a"): {"entities": 1, "notes": 1}}

    def test_a_row_that_changes_too_many_cells_is_parked_and_says_so(
        self, rows: MemoryTallies
    ) -> None:
        commits = [commit("order-7", 1, "a"), commit("order-7", 2, "flood", "flood")]

        report = follower(rows, stored(commits)).catch_up({"order-7": commits})

        assert f"over {MAX_CHANGES}" in report.parked["order-7"].error
        assert cells_of(rows) == {Cell("newest", "a"): {"entities": 1, "notes": 1}}

    def test_too_many_cells_for_one_save_are_changed_commit_by_commit(
        self, rows: MemoryTallies
    ) -> None:
        commits = history("order-7", "a", "flood", "flood", "b")

        report = follower(rows, stored(commits)).catch_up({"order-7": commits})

        assert (report.parked, report.applied) == ({}, {"order-7": 4})
        assert cells_of(rows) == summed(count(["a", "flood", "flood", "b"], []))

    def test_after_the_fix_all_of_it_counts(self, rows: MemoryTallies) -> None:
        commits = history("order-7", "a", "uncountable", "b")
        tally = follower(rows, stored(commits))
        tally.catch_up({"order-7": commits})

        with countable():
            assert tally.redrive(["order-7"]).parked == {}

        assert cells_of(rows) == {Cell("newest", "b"): {"entities": 1, "notes": 3}}

    def test_a_row_that_does_not_know_what_it_contributed_is_never_counted_again(
        self, rows: MemoryTallies
    ) -> None:
        commits = history("order-7", "a", "b")
        tally = follower(rows, stored(commits))
        tally.catch_up({"order-7": commits[:1]})
        before = cells_of(rows)
        rows.save([replace(rows.get("7"), document={"unreadable": "{"})])

        assert tally.catch_up({"order-7": commits[1:]}).parked.keys() == {"order-7"}
        assert tally.redrive(["order-7"]).parked.keys() == {"order-7"}
        assert cells_of(rows) == before


class TestTallyRows:
    """What saving a row adds belongs to that save alone."""

    SHOWN = TALLY.shown(
        Row(key="7", parts={"order-7": Part(version=1, state={"texts": ["a"]})}, revision=3)
    )

    def test_a_row_that_is_shown_tells_its_changes(self) -> None:
        assert self.SHOWN.changes == {Cell("newest", "a"): {"entities": 1, "notes": 1}}

    def test_a_row_that_goes_on_from_there_has_none(self) -> None:
        further = self.SHOWN.with_part("order-7", Part(version=2, state={"texts": ["a", "b"]}))

        assert changes_of(further) == {}
        assert further.document == self.SHOWN.document

    def test_a_row_that_is_shown_again_tells_the_difference(self) -> None:
        further = self.SHOWN.with_part("order-7", Part(version=2, state={"texts": ["a", "b"]}))

        assert TALLY.shown(further).changes == {
            Cell("newest", "a"): {"entities": -1, "notes": -1},
            Cell("newest", "b"): {"entities": 1, "notes": 2},
        }
        assert TALLY.shown(TALLY.shown(further)).changes == {}

    def test_nothing_but_the_changes_is_left_out_of_what_is_stored(self) -> None:
        assert replace(self.SHOWN, changes={}) == TallyRow(**asdict(self.SHOWN.stored()))


class TestDays:
    def test_the_cells_of_a_month_lie_together_by_day(self) -> None:
        assert daily("2026-11-23", "book-1", "EUR") == Cell("2026-11", "2026-11-23/book-1/EUR")

    @pytest.mark.parametrize(
        ("first", "last", "partitions"),
        [
            ("2026-11-01", "2026-11-30", ["2026-11"]),
            ("2026-11-30", "2026-12-01", ["2026-11", "2026-12"]),
            ("2026-12-31", "2027-03-01", ["2026-12", "2027-01", "2027-02", "2027-03"]),
            ("2028-02-29", "2028-02-29", ["2028-02"]),
            ("2026-01-31", "2026-01-01", ["2026-01"]),
        ],
    )
    def test_days_lie_in_the_months_between(
        self, first: str, last: str, partitions: list[str]
    ) -> None:
        assert months(first, last) == partitions

    def test_a_sum_has_no_zeros(self) -> None:
        one, other = Cell("p", "a"), Cell("p", "b")
        assert summed(
            {one: {"n": 1, "m": 2}, other: {"n": 3}}, {one: {"n": -1}}, {other: {"n": -3}}
        ) == {one: {"m": 2}}
