"""What stops for a while and goes on by itself: streams ahead of this code, and long ones."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.follow.followers import Follower
from cqrs.follow.parking import streams_marked
from cqrs.follow.reports import merged
from cqrs.history.commits import Commit
from cqrs.history.events import Instant
from cqrs.plain import replace
from cqrs.views.rows import ParkedAt, Row, SaveResult
from tests.library.processes import World
from tests.library.walking import audit
from tests.library.worlds import (
    VIEW,
    Crash,
    Reads,
    Watched,
    commit,
    crash,
    follower,
    history,
    older,
    shouted,
    shown,
    stored,
)

SMALL = {"chunk": 2, "budget": 4}


class Saves(MemoryRows):
    """Rows that remember the versions of order 7 that were saved."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: list[int] = []

    def save(self, rows: Sequence[Row]) -> list[SaveResult]:
        self.versions += [row.part("order-7").version for row in rows]
        return super().save(rows)


def news(stream: str, *texts: str) -> list[Commit]:
    """The second commit is newer code's."""
    first, second, *others = history(stream, *texts)
    return [first, shouted(second), *others]


def long(length: int, stream: str = "order-7") -> list[Commit]:
    return history(stream, *(str(n + 1) for n in range(length)))


def texts(rows: MemoryRows) -> list[str]:
    document = rows.get("7").document
    return list(document["order"]) if document else []  # type: ignore[arg-type]


class TestAhead:
    def test_what_newer_code_has_written_stops_its_own_stream_until_that_code_is_here(
        self, rows: MemoryRows
    ) -> None:
        store = stored(news("order-7", "a", "b", "c"), history("payment-7", "p"))

        report = older(rows, store).catch_up({"order-7": (), "payment-7": ()})

        assert shown(rows, "7") == {"order": ["a"], "payment": ["p"]}
        assert (report.parked["order-7"].cause, report.parked["order-7"].version) == ("ahead", 2)
        assert report.failed == {}

    @pytest.mark.parametrize("hints", [(), (1, 2), (2,), (3,), (1,)])
    def test_every_hint_tries_it_again_and_it_goes_on_in_order(
        self, rows: MemoryRows, hints: tuple[int, ...]
    ) -> None:
        store = stored(news("order-7", "a", "b", "c"))
        older(rows, store).catch_up({"order-7": ()})

        arriving = [store.read("order-7")[version - 1] for version in hints]
        report = follower(rows, store).catch_up({"order-7": arriving})

        assert shown(rows, "7") == {"order": ["a", "b", "c"], "payment": []}
        assert (rows.get("7").marks, report.applied) == ({}, {"order-7": 2})

    def test_as_long_as_it_is_ahead_nothing_is_written_and_little_is_read(
        self, rows: MemoryRows
    ) -> None:
        reads = Reads(stored(news("order-7", *"abcdefghij")))
        follows = older(rows, reads)
        follows.catch_up({"order-7": ()})
        before, reads.commits = rows.get("7"), 0

        reports = [follows.catch_up({"order-7": reads.read("order-7", 2, 1)}) for _ in range(3)]

        assert rows.get("7") == before
        assert reads.commits <= 3 + 3 * 2
        assert merged(reports).still_parked == {"order-7"}
        assert (merged(reports).parked, merged(reports).failed) == ({}, {})

    def test_a_stream_whose_next_event_can_not_be_folded_now_waits_for_a_person(
        self, rows: MemoryRows
    ) -> None:
        store = stored(news("order-7", "a", "poison", "c"))
        older(rows, store).catch_up({"order-7": ()})

        report = follower(rows, store).catch_up({"order-7": ()})

        assert report.parked["order-7"].cause == "error"
        assert follower(rows, store).catch_up({"order-7": ()}).still_parked == {"order-7"}

    def test_one_that_waits_for_a_person_is_left_alone_as_before(self, rows: MemoryRows) -> None:
        reads = Reads(stored(history("order-7", "a", "poison")))
        follows = follower(rows, reads)
        follows.catch_up({"order-7": ()})
        before = reads.count

        follows.catch_up({"order-7": reads.store.read("order-7")})
        assert list(follows.go_on()) == []

        assert reads.count == before

    def test_without_an_event_it_goes_on_when_it_is_visited(self, rows: MemoryRows) -> None:
        streams = [f"order-{n}" for n in range(5)]
        store = stored(*(news(stream, "a", "b") for stream in streams))
        older(rows, store).catch_up(dict.fromkeys(streams, ()))

        still = list(older(rows, store).go_on(limit=2))
        assert merged(still).still_parked == {*streams}
        done = list(follower(rows, store).go_on(limit=2))

        assert [sum(report.applied.values()) for report in done] == [2, 2, 1]
        assert list(follower(rows, store).go_on()) == []

    def test_a_redrive_by_older_code_leaves_it_ahead(self, rows: MemoryRows) -> None:
        store = stored(news("order-7", "a", "b"))
        older(rows, store).catch_up({"order-7": ()})

        report = older(rows, store).redrive(["order-7"])

        assert report.parked["order-7"].cause == "ahead"
        assert (rows.get("7").part("order-7").version, report.failed) == (1, {})

    def test_a_process_delivers_what_a_visit_leads_to(self) -> None:
        world = World()
        world.wishes("7", "tea", "bed", "bath")
        world.visit("7", chunk=1, budget=1)
        assert world.works.heard == ["tea"]

        reports = list(world.follower(chunk=1, budget=1).go_on())

        assert world.works.heard == ["bed", "bath"]
        assert merged(reports).delivered == 2
        assert world.rows.get("7").marks == {}


class TestLong:
    def test_a_visit_takes_no_more_than_its_budget_and_nothing_has_failed(
        self, rows: MemoryRows
    ) -> None:
        reads = Reads(stored(long(11)))

        report = follower(rows, reads, **SMALL).catch_up({"order-7": ()})

        assert (report.applied, report.long) == ({"order-7": 4}, {"order-7"})
        assert (report.failed, report.parked) == ({}, {})
        mark = rows.get("7").marks["order-7"]
        assert (mark.cause, mark.version) == ("long", 5)
        assert texts(rows) == ["1", "2", "3", "4"]
        assert reads.commits <= 4 + 2  # and in each chunk one, to see whether there are more

    def test_position_and_state_are_saved_chunk_by_chunk(self) -> None:
        rows = Saves()
        follower(rows, stored(long(5)), chunk=2).catch_up({"order-7": ()})
        assert rows.versions == [2, 4, 5]

    def test_a_stream_as_long_as_its_chunk_has_nothing_left(self, rows: MemoryRows) -> None:
        report = follower(rows, stored(long(4)), **SMALL).catch_up({"order-7": ()})
        assert (report.long, rows.get("7").marks) == (set(), {})

    @pytest.mark.parametrize("hinted", [5, 11])
    def test_its_next_event_takes_it_on_and_misses_nothing(
        self, rows: MemoryRows, hinted: int
    ) -> None:
        commits = long(11)
        follows = follower(rows, stored(commits), **SMALL)
        since = _marked_since(follows, rows, "order-7")

        report = follows.catch_up({"order-7": [commits[hinted - 1]]})
        assert (report.applied, report.long) == ({"order-7": 4}, {"order-7"})
        assert rows.get("7").marks["order-7"].at == since
        report = follows.catch_up({"order-7": [commits[hinted - 1]]})

        assert (report.applied, report.long) == ({"order-7": 3}, set())
        assert texts(rows) == [str(n) for n in range(1, 12)]
        assert rows.get("7").marks == {}

    def test_a_visit_takes_it_on_budget_after_budget_and_may_be_stopped(
        self, rows: MemoryRows
    ) -> None:
        store = stored(long(11), long(6, "order-8"))
        follows = follower(rows, store, **SMALL)
        follows.catch_up({"order-7": (), "order-8": ()})

        next(follows.go_on())
        assert rows.get("7").marks.keys() == {"order-7"}
        rest = list(follows.go_on())

        assert [dict(report.applied) for report in rest] == [{"order-7": 3}]
        assert [rows.get(key).marks for key in "78"] == [{}, {}]

    def test_a_walk_folds_it_to_its_end(self, rows: MemoryRows) -> None:
        store = stored(long(11))
        progress = audit(store, [follower(rows, store, **SMALL)])

        assert not progress.failed
        assert (texts(rows)[-1], rows.get("7").marks) == ("11", {})

    def test_a_worker_that_is_gone_loses_a_chunk_and_the_rest_is_visited(
        self, rows: MemoryRows
    ) -> None:
        saves = iter([lambda _: None, crash])
        watched = Watched(rows, before_save=lambda rows: next(saves)(rows))
        store = stored(long(11))
        with pytest.raises(Crash):
            follower(watched, store, **SMALL).catch_up({"order-7": ()})
        assert texts(rows) == ["1", "2"]

        list(follower(rows, store, **SMALL).go_on())

        assert texts(rows)[-1] == "11"

    def test_to_be_folded_anew_it_is_in_memory_in_chunks_and_never_goes_back(self) -> None:
        rows, store = Saves(), stored(long(11))
        reads = Reads(store)
        follower(rows, store).catch_up({"order-7": ()})
        rows.versions.clear()

        report = follower(rows, reads, **SMALL).redrive(["order-7"])

        assert (report.applied, rows.versions) == ({"order-7": 11}, [11])
        store.append(commit("order-7", 12, "12"), "")
        store.append(commit("order-7", 13, "13"), "")
        follower(rows, reads, **SMALL).redrive(["order-7"])
        assert rows.versions == [11, 12, 13]

    def test_a_state_of_other_code_is_folded_anew_budget_after_budget(
        self, rows: MemoryRows
    ) -> None:
        commits = long(11)
        store = stored(commits)
        follower(rows, store).catch_up({"order-7": ()})
        follows = follower(rows, store, **SMALL)
        row = rows.get("7")
        rows.save([row.with_part("order-7", replace(row.part("order-7"), state="of others"))])

        report = follows.catch_up({"order-7": [commits[-1]]})
        assert (report.long, texts(rows)) == ({"order-7"}, ["1", "2", "3", "4"])
        list(follows.go_on())

        assert (texts(rows)[-1], rows.get("7").marks) == ("11", {})

    def test_where_one_commit_is_refused_only_those_read_with_it_are_saved_one_by_one(self) -> None:
        rows = Saves()
        unshowable = history("order-7", *"abcdefg", "unshowable", *"ijk")

        report = follower(rows, stored(unshowable), chunk=3).catch_up({"order-7": ()})

        assert (report.parked["order-7"].version, report.failed) == (8, {})
        assert rows.versions == [3, 6, 7, 7]  # the last is the mark
        assert report.parked["order-7"].trace

    def test_a_redrive_finds_a_commit_that_is_refused_in_the_last_chunk_only(self) -> None:
        rows = Saves()
        store = stored(history("order-7", *"abcdefg", "unshowable"))
        follower(rows, store).catch_up({"order-7": ()})
        rows.versions.clear()

        report = follower(rows, store, chunk=3).redrive(["order-7"])

        assert (report.parked["order-7"].version, report.failed) == (8, {})
        assert len(rows.versions) <= 3
        assert texts(rows) == [*"abcdefg"]

    def test_many_streams_are_not_in_memory_together(self, rows: MemoryRows) -> None:
        streams = [f"order-{n}" for n in range(60)]
        reads = Reads(stored(*(long(2, stream) for stream in streams)))
        most: list[int] = []

        def note(_: Sequence[Row]) -> None:
            most.append(reads.commits)
            reads.commits = 0

        follows = follower(Watched(rows, before_save=note), reads, chunk=1)
        report = follows.catch_up(dict.fromkeys(streams, ()))

        assert sum(report.applied.values()) == 120
        assert max(most) <= 12


def test_streams_are_picked_by_what_stopped_them() -> None:
    marks = {
        "order-7": ParkedAt(version=2, error="KeyError: 'price'"),
        "order-8": ParkedAt(version=3, error="ValueError: no price"),
        "order-9": ParkedAt(version=4, error="Ahead: no price", cause="ahead"),
    }

    assert streams_marked(marks) == [*marks]
    assert streams_marked(marks, saying="KeyError") == ["order-7"]
    assert streams_marked(marks, cause="ahead") == ["order-9"]
    assert streams_marked(marks, cause="error", saying="no price") == ["order-8"]


def _marked_since(follows: Follower, rows: MemoryRows, stream: str) -> Instant | None:
    follows.catch_up({stream: ()})
    return rows.get(VIEW.key_of(stream)).marks[stream].at
