"""Cells that are never older than the token sent."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import pytest

from cqrs.adapters.memory import MemoryTallies
from cqrs.errors import InvalidToken, Parked, Unavailable
from cqrs.history.event_store import EventReader
from cqrs.read.tally_reader import TallyReader
from cqrs.read.tokens import Token
from cqrs.views.rows import Row
from cqrs.views.tallies import (
    Cell,
    TallyRow,
)
from cqrs.waiting import Patience
from tests.library.counts import TALLY, follower
from tests.library.waiting import Clock
from tests.library.worlds import Reads, history, stored


@pytest.fixture
def rows() -> MemoryTallies:
    return MemoryTallies()


def reader(rows: MemoryTallies, store: EventReader, **how: object) -> TallyReader:
    return TallyReader(TALLY, rows, {"order": store, "payment": store}, **how)  # type: ignore[arg-type]


def asked(reader: TallyReader, token: Token) -> object:
    return reader.cells(["newest"], "a", "z", token, limit=10)


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

    def test_a_version_that_the_store_does_not_have_is_not_waited_for(
        self, rows: MemoryTallies
    ) -> None:
        store = stored(history("order-7", "a"))
        follower(rows, store).catch_up({"order-7": ()})
        clock = Clock()
        patient = reader(rows, store, patience=Patience(1, clock, clock.pause))

        with pytest.raises(InvalidToken, match="its newest is 1"):
            asked(patient, Token({"order-7": 2}))

        assert clock.pauses == []

    def test_what_gets_parked_while_it_is_waited_for_is_a_defined_problem(
        self, rows: MemoryTallies
    ) -> None:
        store = stored(history("order-7", "a", "poison"))
        clock = Clock()

        def pause(seconds: float) -> None:
            clock.pause(seconds)
            follower(rows, store).catch_up({"order-7": ()})

        with pytest.raises(Parked):
            asked(reader(rows, store, patience=Patience(1, clock, pause)), Token({"order-7": 2}))

        assert len(clock.pauses) == 1

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
