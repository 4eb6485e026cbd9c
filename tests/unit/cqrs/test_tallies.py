"""Tallies: whatever arrives how often and in which order, every entity counts exactly once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryTallies
from cqrs.errors import InvalidToken, Parked, Unavailable
from cqrs.follow.followers import Follower, Hints
from cqrs.follow.sweep import sweep
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventReader
from cqrs.read.tally_reader import TallyReader
from cqrs.read.tokens import Token
from cqrs.views.rows import Part, Row, RowStore, SaveResult, States
from cqrs.views.tallies import (
    MAX_CHANGES,
    Cell,
    Counts,
    TallyRow,
    TallyView,
    changes_of,
    daily,
    months,
    summed,
)
from cqrs.waiting import Patience
from tests.examples import examples
from tests.library.weather import StormyReads, Weather, happenings
from tests.library.worlds import ORDER, PAYMENT, Crash, Reads, commit, history, stored

ENTITIES = ("7", "8", "9")
FLOOD = MAX_CHANGES - 2  # cells: with one that is left and one that is entered, what just fits


def count(order: Sequence[str], payment: Sequence[str]) -> Counts:
    """An entity counts in the cell of its newest note, with all its notes: what it contributed to
    the cell before is taken out again. Each note `flood` adds many cells.
    """
    if not order:
        return {}
    newest = {Cell("newest", order[-1]): {"entities": 1, "notes": len(order), "paid": len(payment)}}
    flood = {Cell("flood", f"{n:03}"): {"n": 1} for n in range(FLOOD * order.count("flood"))}
    return newest | flood


uncountable = {"uncountable"}


def counted(states: States) -> Counts:
    order, payment = states[ORDER].texts, states[PAYMENT].texts
    if uncountable.intersection(order):
        raise ValueError("uncountable")
    return count(order, payment)


TALLY = TallyView(name="newest", folds=[ORDER, PAYMENT], counted=counted)


def follower(rows: RowStore, store: EventReader, view: TallyView = TALLY) -> Follower:
    return Follower(view, rows, {"order": store, "payment": store})


def cells_of(rows: MemoryTallies) -> Counts:
    return rows.cells("newest", "a", "z", None, 1_000) | rows.cells("flood", "0", "9", None, 1_000)


def contributed(rows: MemoryTallies, entities: Sequence[str] = ENTITIES) -> Counts:
    """The sum of what the rows say that they have contributed."""
    return summed(*(of_document(rows.get(entity)) for entity in entities))


def of_document(row: Row) -> Counts:
    document: Mapping[str, object] = row.document or {}
    return {
        Cell(partition, sort): numbers
        for partition, cells in document.items()
        for sort, numbers in cells.items()  # type: ignore[attr-defined]
    }


@pytest.fixture
def rows() -> MemoryTallies:
    return MemoryTallies()


@contextmanager
def countable() -> Iterator[None]:
    """After the fix."""
    uncountable.clear()
    try:
        yield
    finally:
        uncountable.add("uncountable")


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

        assert "not a whole number" in report.parked["order-7"].error
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
        assert replace(self.SHOWN, changes={}) == TallyRow(**vars(self.SHOWN.stored()))


class StormyTallies:
    """A tally in bad weather. After each save the cells are what the rows have contributed."""

    def __init__(self, rows: MemoryTallies, store: EventReader, weather: Weather) -> None:
        self.rows, self.store, self.weather = rows, store, weather

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        match self.weather.next():
            case "down":
                raise Unavailable("rows are down")
            case "crash before" | "crash after":
                raise Crash
            case _:
                return self.rows.load(keys)

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        happens = self.weather.next()
        if happens == "crash before":
            raise Crash
        if happens == "another worker" and self.weather.others:
            follower(self, self.store).catch_up(self.weather.others.pop())
        results = self.rows.save(rows)
        assert cells_of(self.rows) == contributed(self.rows)
        if happens == "crash after":
            raise Crash
        return results

    def parked(self, limit: int) -> list[Row]:
        return self.rows.parked(limit)


notes = st.lists(st.sampled_from(["a", "b", "c"]), max_size=4)
strange = st.sampled_from(["a", "b", "uncountable", "flood"])
Histories = dict[str, list[str]]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[Histories, list[Hints]]:
    """Histories, and batches in which they arrive: shuffled, duplicated, some never at all."""
    texts = {f"payment-{entity}": draw(notes) for entity in ENTITIES}
    texts |= {f"order-{entity}": draw(notes | st.lists(strange, max_size=4)) for entity in ENTITIES}
    everything = [one for stream, said in texts.items() for one in history(stream, *said)]
    copies = draw(st.lists(st.integers(0, 2), min_size=len(everything), max_size=len(everything)))
    arriving = [c for c, n in zip(everything, copies, strict=True) for _ in range(n)]
    arriving = draw(st.permutations(arriving))
    batches: list[Hints] = []
    while arriving:
        size = draw(st.integers(1, len(arriving)))
        batch, arriving = arriving[:size], arriving[size:]
        hints: dict[str, list[Commit]] = {}
        for one in batch:
            hints.setdefault(one.stream, []).append(one)
        batches.append(hints)
    return texts, batches


@examples(400)
@given(deliveries(), happenings)
def test_after_one_sweep_the_cells_are_the_sum_over_the_folds_of_the_store(
    arrivals: tuple[Histories, list[Hints]], plan: list[str]
) -> None:
    texts, batches = arrivals
    store, rows = stored(*(history(name, *said) for name, said in texts.items())), MemoryTallies()
    weather = Weather(plan)
    stormy = follower(StormyTallies(rows, store, weather), StormyReads(store, weather))
    weather.others = batches[1::2]
    for batch in batches:
        try:
            stormy.catch_up(batch)
        except Crash:
            continue  # this batch is lost for good: worse than Lambda, which sends it again

    list(sweep(store, [follower(rows, store)]))

    so_far = [count(*followed(rows.get(key), texts)) for key in ENTITIES]
    assert cells_of(rows) == contributed(rows) == summed(*so_far)
    with countable():
        assert follower(rows, store).redrive(texts).parked == {}
    whole = [count(texts[f"order-{key}"], texts[f"payment-{key}"]) for key in ENTITIES]
    assert cells_of(rows) == contributed(rows) == summed(*whole)


def followed(row: Row, texts: Histories) -> tuple[list[str], list[str]]:
    """What the streams of a row say, up to where they can't be counted."""
    order, payment = texts[f"order-{row.key}"], texts[f"payment-{row.key}"]
    can_be = [*itertools.takewhile(lambda text: text not in uncountable, order)]
    assert row.positions.get(f"order-{row.key}", 0) == len(can_be)
    assert row.positions.get(f"payment-{row.key}", 0) == len(payment)
    return can_be, payment


def reader(rows: MemoryTallies, store: EventReader, **how: object) -> TallyReader:
    return TallyReader(TALLY, rows, {"order": store, "payment": store}, **how)  # type: ignore[arg-type]


def asked(reader: TallyReader, token: Token) -> object:
    return reader.cells(["newest"], "a", "z", token, limit=10)


class Clock:
    """Passes only while somebody pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class TestReading:
    def test_without_a_token_the_answer_is_what_the_tally_has(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a", "b"))
        follower(rows, store).catch_up({"order-7": store.read("order-7")[:1]})

        answer = reader(rows, store).cells(["newest"], "a", "z", Token(), limit=10)

        assert answer.counts == {Cell("newest", "a"): {"entities": 1, "notes": 1}}
        assert (str(answer.freshness.consistency), str(answer.freshness.token), answer.more) == (
            "eventual",
            "",
            None,
        )

    def test_a_tally_at_its_token_is_current(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a", "b"))
        follower(rows, store).catch_up({"order-7": ()})
        token = Token({"order-7": 2, "customer-1": 3})

        answer = reader(rows, store).cells(["newest"], "a", "z", token, limit=10)

        assert (str(answer.freshness.consistency), answer.freshness.token) == ("current", token)

    def test_a_token_of_what_is_not_counted_here_asks_for_nothing(
        self, rows: MemoryTallies
    ) -> None:
        answer = reader(rows, stored()).cells(
            ["newest"], "a", "z", Token({"customer-1": 3}), limit=1
        )

        assert str(answer.freshness.consistency) == "eventual"

    def test_a_tally_behind_its_token_is_waited_for(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a", "b"), history("order-8", "b"))
        follower(rows, store).catch_up({"order-7": store.read("order-7")[:1], "order-8": ()})
        clock = Clock()

        def pause(seconds: float) -> None:
            clock.pause(seconds)
            if len(clock.pauses) == 3:
                follower(rows, store).catch_up({"order-7": ()})

        answer = reader(rows, store, patience=Patience(1, clock, pause)).cells(
            ["newest"], "a", "z", Token({"order-7": 2, "order-8": 1}), limit=10
        )

        assert answer.counts == {Cell("newest", "b"): {"entities": 2, "notes": 3}}
        assert str(answer.freshness.consistency) == "waited; ms=140"

    def test_the_pauses_get_longer_but_not_too_long(self, rows: MemoryTallies) -> None:
        clock = Clock()
        patient = reader(
            rows,
            stored(history("order-7", "a")),
            patience=Patience(1, clock, clock.pause),
        )
        with pytest.raises(Unavailable):
            asked(patient, Token({"order-7": 1}))

        assert clock.pauses[:6] == [0.02, 0.04, 0.08, 0.16, 0.2, 0.2]
        assert 1 <= clock.now < 1.2

    def test_a_version_that_the_store_does_not_have_is_refused(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a"))
        follower(rows, store).catch_up({"order-7": ()})

        with pytest.raises(InvalidToken, match="its newest is 1"):
            asked(reader(rows, store, patience=Patience(0)), Token({"order-7": 2}))

    def test_a_token_that_waits_for_what_is_parked_is_a_defined_problem_at_once(
        self, rows: MemoryTallies
    ) -> None:
        store = stored(history("order-7", "a", "poison"))
        follower(rows, store).catch_up({"order-7": ()})
        clock = Clock()

        with pytest.raises(Parked) as problem:
            asked(
                reader(rows, store, patience=Patience(1, clock, clock.pause)), Token({"order-7": 2})
            )

        assert (problem.value.stream, problem.value.version) == ("order-7", 2)
        assert clock.pauses == []

    def test_what_is_parked_after_what_was_asked_for_is_no_problem(
        self, rows: MemoryTallies
    ) -> None:
        store = stored(history("order-7", "a", "poison"))
        follower(rows, store).catch_up({"order-7": ()})

        answer = reader(rows, store).cells(["newest"], "a", "z", Token({"order-7": 1}), limit=10)

        assert answer.counts == {Cell("newest", "a"): {"entities": 1, "notes": 1}}

    def test_a_tally_behind_its_token_while_the_store_is_down_is_not_answered(
        self, rows: MemoryTallies
    ) -> None:
        reads = Reads(stored(history("order-7", "a")))
        reads.down = Unavailable("down")

        with pytest.raises(Unavailable, match="down"):
            asked(reader(rows, reads, patience=Patience(0)), Token({"order-7": 1}))

    def test_the_cells_are_read_after_the_rows_were_new_enough(self, rows: MemoryTallies) -> None:
        store = stored(history("order-7", "a"))

        class Later(MemoryTallies):
            """Where the row is saved between the two reads of a query that reads cells first."""

            def load(self, keys: Sequence[str]) -> dict[str, Row]:
                follower(rows, store).catch_up({"order-7": ()})
                return rows.load(keys)

            def cells(self, *place: object) -> dict[Cell, Mapping[str, int]]:
                return rows.cells(*place)  # type: ignore[arg-type]

        answer = reader(Later(), store).cells(["newest"], "a", "z", Token({"order-7": 1}), limit=1)

        assert (str(answer.freshness.consistency), len(answer.counts)) == ("current", 1)

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
    def test_partitions_are_read_one_after_the_other_page_by_page(
        self, rows: MemoryTallies, limit: int
    ) -> None:
        cells = [Cell(part, sort) for part in ("p", "q", "s") for sort in ("a", "b", "c")]
        for n, cell in enumerate(reversed(cells)):
            rows.save([TallyRow(key=str(n), changes={cell: {"n": n + 1}})])
        partitions = ["p", "q", "r", "s"]

        pages: list[list[Cell]] = []
        after: Cell | None = None
        while after or not pages:
            page = reader(rows, stored()).cells(
                partitions, "b", "c", Token(), limit=limit, after=after
            )
            pages.append(list(page.counts))
            after = page.more

        assert [*itertools.chain(*pages)] == [cell for cell in cells if cell.sort != "a"]
        assert {len(page) for page in pages[:-1]} <= {limit}
        assert pages[-1]


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
