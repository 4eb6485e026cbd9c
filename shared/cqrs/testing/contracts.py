"""Contract tests: one suite per port, which every implementation must pass. To use one, subclass it
with a fixture:

class TestMemoryEventStore(EventStoreContract):
    @pytest.fixture
    def store(self) -> EventStore:
        return MemoryEventStore()
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, get_args

import pytest

from cqrs.errors import TooLarge, Unreadable
from cqrs.follow.walks import Note, Notes
from cqrs.history.commits import Commit, Envelope
from cqrs.history.event_store import (
    WHOLE,
    AppendConflict,
    EventStore,
    GuardTaken,
    Heads,
    Section,
    Stored,
)
from cqrs.history.events import EventCodec, EventTypes, Instant
from cqrs.history.guards import Claim, Release
from cqrs.plain import Json, replace
from cqrs.views.filling import Fillable, Filling
from cqrs.views.generations import Copy, GenerationStore, Known
from cqrs.views.rows import (
    Cause,
    Generation,
    ParkedAt,
    Part,
    Place,
    Row,
    RowReader,
    RowStore,
    Saved,
)
from cqrs.views.sources import ERROR_LENGTH, TRACE_LENGTH
from cqrs.views.tallies import MAX_CHANGES, Cell, Counts, TallyRow, TallyStore

__all__ = [
    "SEARCHED",
    "EventStoreContract",
    "GenerationsContract",
    "NotesContract",
    "RowStoreContract",
    "RowsContract",
    "SearchRowsContract",
    "TalliesContract",
]

AT = Instant("2026-01-31T12:00:00.000000Z")


def _commit(stream: str, version: int, body: str = "{}") -> Commit:
    return Commit(stream, version, body)


def _committed(time: str, stream: str, version: int) -> Commit:
    envelope = Envelope(
        command_id="c",
        command_type="Any",
        fingerprint="",
        actor="tester",
        correlation_id="c",
        causation_id="c",
        time=Instant(time),
    )
    return Commit.of(stream, version, [], envelope, EventCodec(EventTypes("any")))


def _new_stream() -> str:
    """A new stream for each test: the suites also run on stores that are shared."""
    return f"order-{uuid.uuid4().hex}"


def _claim() -> Claim:
    return Claim(kind="name", value=uuid.uuid4().hex, taken=None)


class EventStoreContract:
    def test_an_empty_stream_has_nothing(self, store: EventStore) -> None:
        stream = _new_stream()

        assert list(store.read(stream)) == []
        assert list(store.load(stream)) == list(store.load(stream, 9)) == []

    def test_what_was_appended_is_read_in_order(self, store: EventStore) -> None:
        stream = _new_stream()
        commits = [_commit(stream, n, f'{{"n":{n}}}') for n in (1, 2, 3)]
        for commit in commits:
            store.append(commit, "c")

        assert list(store.read(stream)) == commits
        assert list(store.read(stream, after=1)) == commits[1:]
        assert list(store.read(stream, after=1, limit=1)) == commits[1:2]
        assert list(store.read(stream, after=3)) == []
        assert list(store.read(stream, limit=0)) == []

    def test_a_version_is_taken_only_once_and_the_loser_sees_the_winner(
        self, store: EventStore
    ) -> None:
        stream = _new_stream()
        first = _commit(stream, 1, '{"by":"first"}')
        store.append(first, "c1")

        with pytest.raises(AppendConflict) as conflict:
            store.append(_commit(stream, 1, '{"by":"second"}'), "c2")

        assert conflict.value.winner == first
        assert list(store.read(stream)) == [first]

    def test_of_racing_writers_one_wins(self, store: EventStore) -> None:
        stream = _new_stream()

        def append(n: int) -> int:
            try:
                store.append(_commit(stream, 1, f'{{"by":{n}}}'), str(n))
            except AppendConflict:
                return 0
            return 1

        with ThreadPoolExecutor(8) as pool:
            wins = sum(pool.map(append, range(16)))

        assert wins == 1
        assert len(store.read(stream)) == 1

    def test_the_last_commits_are_loaded_with_what_is_stored_beside_them(
        self, store: EventStore
    ) -> None:
        stream = _new_stream()
        first, second, third = (_commit(stream, n) for n in (1, 2, 3))
        store.append(first, "c1")
        store.append(second, "c2", "a snapshot")
        store.append(third, "c3", earlier="c1 and c2")
        newest_first = [
            Stored(third, "c3", None, "c1 and c2"),
            Stored(second, "c2", "a snapshot"),
            Stored(first, "c1"),
        ]

        assert list(store.load(stream)) == newest_first
        assert list(store.load(stream, 2)) == newest_first[:2]
        assert list(store.load(stream, 4)) == newest_first

    def test_what_goes_beside_a_commit_at_no_charge_is_less_than_a_kilobyte(
        self, store: EventStore
    ) -> None:
        commit = _commit(_new_stream(), 1)
        room = store.room(commit, "c")

        assert store.room(replace(commit, body=commit.body + "x" * room), "c") == 0
        assert store.room(replace(commit, body=commit.body + "x" * (room + 1)), "c") == 1023

    def test_a_stream_longer_than_a_page_is_read_whole(self, store: EventStore) -> None:
        stream = _new_stream()
        for n in range(1, 6):
            store.append(_commit(stream, n, "x" * 300_000), "c")

        assert [commit.version for commit in store.read(stream)] == [1, 2, 3, 4, 5]
        assert [one.commit.version for one in store.load(stream, 4)] == [5, 4, 3, 2]

    def test_a_commit_that_is_too_large_is_refused_with_its_size(self, store: EventStore) -> None:
        commit = _commit(_new_stream(), 1, "x" * 500_000)

        with pytest.raises(TooLarge) as refusal:
            store.append(commit, "c")

        assert refusal.value.size >= 500_000
        assert list(store.read(commit.stream)) == []

    def test_all_that_is_stored_of_a_commit_counts_for_its_size(self, store: EventStore) -> None:
        commit = _commit(_new_stream(), 1, "x" * 300_000)

        with pytest.raises(TooLarge):
            store.append(commit, "c" * 200_000)

        assert list(store.read(commit.stream)) == []

    def test_a_snapshot_that_makes_a_commit_too_large_is_left_out(self, store: EventStore) -> None:
        commit = _commit(_new_stream(), 1, "x" * 300_000)
        store.append(commit, "c", "y" * 300_000)

        assert list(store.load(commit.stream)) == [Stored(commit, "c")]

    def test_what_is_claimed_is_held_by_one_commit_and_the_loser_learns_which(
        self, store: EventStore
    ) -> None:
        claim, mine, theirs = _claim(), _new_stream(), _new_stream()
        store.append(_commit(theirs, 1), "c")
        store.append(_commit(theirs, 2), "c", guards=[claim])

        with pytest.raises(GuardTaken) as held:
            store.append(_commit(mine, 1), "c", guards=[_claim(), claim])

        assert (held.value.claim, held.value.stream, held.value.version) == (claim, theirs, 2)
        assert list(store.read(mine)) == []

    def test_who_holds_a_claim_is_known_until_it_is_released(self, store: EventStore) -> None:
        claim, stream = _claim(), _new_stream()
        assert store.holder(claim) is None
        store.append(_commit(stream, 1), "c")
        store.append(_commit(stream, 2), "c", guards=[claim])
        assert store.holder(claim) == (stream, 2)

        store.append(_commit(stream, 3), "c", guards=[Release(kind=claim.kind, value=claim.value)])

        assert store.holder(claim) is None

    def test_of_racing_claims_one_wins(self, store: EventStore) -> None:
        claim = _claim()

        def append(_: int) -> int:
            try:
                store.append(_commit(_new_stream(), 1), "c", guards=[claim])
            except GuardTaken:
                return 0
            return 1

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(append, range(16))) == 1

    def test_racing_writers_with_guards_meet_the_winner(self, store: EventStore) -> None:
        stream = _new_stream()

        def append(n: int) -> int:
            try:
                store.append(_commit(stream, 1, f'{{"by":{n}}}'), str(n), guards=[_claim()])
            except AppendConflict as conflict:
                assert conflict.winner == store.read(stream)[0]
                return 0
            return 1

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(append, range(16))) == 1

    def test_a_taken_version_counts_before_a_held_claim(self, store: EventStore) -> None:
        stream, claim = _new_stream(), _claim()
        first = _commit(stream, 1, '{"by":"first"}')
        store.append(first, "c", guards=[claim])

        with pytest.raises(AppendConflict) as conflict:
            store.append(_commit(stream, 1), "c", guards=[claim])

        assert conflict.value.winner == first

    def test_a_commit_that_loses_its_version_claims_nothing(self, store: EventStore) -> None:
        stream, claim = _new_stream(), _claim()
        store.append(_commit(stream, 1), "c")
        with pytest.raises(AppendConflict):
            store.append(_commit(stream, 1), "c", guards=[claim])

        store.append(_commit(stream, 2), "c", guards=[claim])

        assert len(store.read(stream)) == 2

    def test_what_is_released_can_be_claimed_by_others(self, store: EventStore) -> None:
        claim, mine, theirs = _claim(), _new_stream(), _new_stream()
        release = Release(kind=claim.kind, value=claim.value)
        store.append(_commit(theirs, 1), "c", guards=[claim])
        store.append(_commit(theirs, 2), "c", guards=[release])

        store.append(_commit(mine, 1), "c", guards=[claim])

        assert len(store.read(mine)) == 1

    def test_what_nobody_holds_can_be_released(self, store: EventStore) -> None:
        stream = _new_stream()
        store.append(_commit(stream, 1), "c", guards=[Release(kind="name", value=stream)])

        assert len(store.read(stream)) == 1

    def test_what_another_holds_cannot_be_released(self, store: EventStore) -> None:
        claim, mine = _claim(), _new_stream()
        store.append(_commit(_new_stream(), 1), "c", guards=[claim])

        with pytest.raises(Unreadable):
            store.append(
                _commit(mine, 1), "c", guards=[Release(kind=claim.kind, value=claim.value)]
            )

        assert list(store.read(mine)) == []

    def test_a_walk_finds_the_newest_version_of_every_stream(self, store: EventStore) -> None:
        streams = {_new_stream(): n % 3 + 1 for n in range(7)}
        for stream, versions in streams.items():
            for n in range(versions):
                store.append(_commit(stream, n + 1, "x" * 200_000), "c")

        found: dict[str, int] = {}
        cursor: str | None = None
        while True:
            heads = store.heads(cursor)
            found.update(heads.versions)
            cursor = heads.cursor
            if cursor is None:
                break

        assert streams.items() <= found.items()

    def test_the_segments_of_a_store_have_every_stream_once(self, store: EventStore) -> None:
        streams = {_new_stream() for _ in range(12)}
        for stream in streams:
            store.append(_commit(stream, 1), "c")

        parts = [_found(store, Section(segment=n, segments=3)) for n in range(3)]

        assert streams <= parts[0].keys() | parts[1].keys() | parts[2].keys()
        assert sum(stream in part for part in parts for stream in streams) == len(streams)

    def test_a_walk_since_a_time_finds_the_streams_with_commits_since_then(
        self, store: EventStore
    ) -> None:
        """Others may be found too, but not those of months ago."""
        old, older, lately = (_new_stream() for _ in range(3))
        store.append(_committed("2024-01-31T23:59:59.999999Z", old, 1), "c")
        store.append(_committed("2024-01-31T23:59:59.999999Z", older, 1), "c")
        for version, time in enumerate(["2024-01-01", "2026-03-01", "2026-02-28"], start=1):
            store.append(_committed(f"{time}T12:00:00.000000Z", lately, version), "c")

        found = _found(store, Section(since=Instant("2026-03-01T12:00:00.000000Z")))

        assert found[lately] >= 2
        assert found.keys().isdisjoint({old, older})

    def test_a_walk_counts_the_commits_that_it_looks_at(self, store: EventStore) -> None:
        before = _commits(store)
        stream = _new_stream()
        for version in (1, 2, 3):
            store.append(_commit(stream, version), "c")

        assert _commits(store) >= before + 3  # others may append meanwhile

    def test_a_store_says_about_how_much_it_has(self, store: EventStore) -> None:
        before = store.size()
        store.append(_commit(_new_stream(), 1, "x" * 1_000), "c")

        assert store.size().commits >= before.commits
        assert store.size().bytes >= before.bytes


def _found(store: EventStore, section: Section) -> dict[str, int]:
    """The newest version of each stream that a walk over a section finds."""
    found: dict[str, int] = {}
    for heads in _pages(store, section):
        for stream, version in heads.versions.items():
            found[stream] = max(version, found.get(stream, 0))
    return found


def _commits(store: EventStore) -> int:
    return sum(heads.commits for heads in _pages(store, WHOLE))


def _pages(store: EventStore, section: Section) -> Iterator[Heads]:
    heads = store.heads(None, section)
    yield heads
    while heads.cursor is not None:
        heads = store.heads(heads.cursor, section)
        yield heads


class NotesContract:
    def test_a_new_note_is_not_there(self, notes: Notes) -> None:
        assert notes.load([_new_note(), _new_note()]) == {}

    def test_what_was_saved_is_loaded_with_how_often_it_was(self, notes: Notes) -> None:
        name, other = _new_note(), _new_note()
        assert notes.save(name, "here", 0)
        assert notes.save(other, "there", 0)
        assert notes.save(name, "further", 1)

        assert notes.load([name, other, _new_note()]) == {
            name: Note("further", 2),
            other: Note("there", 1),
        }

    @pytest.mark.parametrize("revision", [0, 1, 3])
    def test_a_note_that_was_saved_meanwhile_stays(self, notes: Notes, revision: int) -> None:
        name = _new_note()
        for n in range(2):
            notes.save(name, "here", n)

        assert not notes.save(name, "elsewhere", revision)
        assert notes.load([name]) == {name: Note("here", 2)}

    def test_a_note_that_is_not_there_has_no_revision_to_follow(self, notes: Notes) -> None:
        name = _new_note()
        assert not notes.save(name, "here", 1)
        assert notes.load([name]) == {}

    def test_of_those_who_save_at_once_one_does(self, notes: Notes) -> None:
        name = _new_note()
        with ThreadPoolExecutor(8) as pool:
            saved = list(pool.map(lambda n: notes.save(name, str(n), 0), range(16)))

        assert saved.count(True) == 1
        assert notes.load([name]) == {name: Note(str(saved.index(True)), 1)}

    def test_many_notes_are_loaded_at_once(self, notes: Notes) -> None:
        prefix = _new_note()
        names = [f"{prefix}/{n}" for n in range(130)]
        for name in names:
            notes.save(name, name, 0)

        assert notes.load(names) == {name: Note(name, 1) for name in names}

    def test_notes_are_found_by_how_their_names_begin(self, notes: Notes) -> None:
        prefix = _new_note()
        for name in (f"{prefix}/a", f"{prefix}/b", f"x{prefix}/c"):
            notes.save(name, "here", 0)

        assert notes.beginning(f"{prefix}/").keys() == {f"{prefix}/a", f"{prefix}/b"}


def _new_note() -> str:
    return f"walk/{uuid.uuid4().hex}"


class RowStoreContract:
    """Needs a fixture `rows`."""

    def row(self) -> Row:
        """A new row that the store can save."""
        return replace(_row(), places={})

    def test_a_key_without_a_row_gives_an_empty_one(self, rows: RowStore) -> None:
        key = uuid.uuid4().hex

        assert _loaded(rows, key) == Row(key=key)

    def test_a_saved_row_comes_back_as_the_next_revision(self, rows: RowStore) -> None:
        row = self.row()

        assert _saved(rows, row) is Saved.SAVED
        assert _loaded(rows, row.key) == replace(row, revision=1)

    @pytest.mark.parametrize("name", ["{}.", "{}..b", "v1.{}", ".{}", "{}.-_:"])
    def test_names_with_dots_come_back_as_they_are(self, rows: RowStore, name: str) -> None:
        key = name.format(uuid.uuid4().hex)
        part = Part(version=3, state={"by": {key: 1, "a.b": {"": 2}}})
        row = replace(self.row(), key=key, parts={f"order-{key}": part})
        mark = ParkedAt(version=4, error="broken")

        _saved(rows, row)
        assert _loaded(rows, key) == replace(row, revision=1)

        marked = row.saved().with_part(f"order-{key}", replace(part, parked=mark))
        _saved(rows, marked)
        assert _loaded(rows, key).parts == marked.parts

    def test_a_row_that_somebody_saved_since_it_was_loaded_is_not_overwritten(
        self, rows: RowStore
    ) -> None:
        row = self.row()
        _saved(rows, row)

        assert _saved(rows, row) is Saved.RACED
        assert _saved(rows, replace(row, revision=1)) is Saved.SAVED
        assert _saved(rows, replace(row, revision=1)) is Saved.RACED
        assert _loaded(rows, row.key).revision == 2

    def test_of_racing_savers_one_wins(self, rows: RowStore) -> None:
        row = self.row()

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: _saved(rows, row), range(16)))

        assert sorted(result.value for result in results) == ["raced"] * 15 + ["saved"]

    def test_a_batch_is_loaded_and_saved_row_by_row(self, rows: RowStore) -> None:
        first, second, third = self.row(), self.row(), self.row()
        _saved(rows, second)

        results = [result.saved for result in rows.save([first, second, third])]

        assert results == [Saved.SAVED, Saved.RACED, Saved.SAVED]
        loaded = rows.load([first.key, second.key, third.key])
        assert [row.revision for row in loaded.values()] == [1, 1, 1]

    def test_more_rows_than_fit_in_one_call_are_loaded(self, rows: RowStore) -> None:
        many = [self.row() for _ in range(130)]
        rows.save(many)

        loaded = rows.load([row.key for row in many])

        assert all(loaded[row.key].revision == 1 for row in many)

    def test_a_row_that_is_named_twice_is_loaded(self, rows: RowStore) -> None:
        row = self.row()
        _saved(rows, row)

        assert rows.load([row.key, row.key]) == {row.key: replace(row, revision=1)}

    def test_a_row_that_is_too_large_is_refused(self, rows: RowStore) -> None:
        row = replace(self.row(), document={"text": "x" * 500_000})

        (result,) = rows.save([row])

        assert result.saved is Saved.REFUSED
        assert "bytes" in result.reason
        assert _loaded(rows, row.key).revision == 0

    @pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}, float("nan"), "\ud800"])
    def test_a_document_that_is_not_json_is_refused(self, rows: RowStore, value: Any) -> None:
        row = replace(self.row(), document={"value": value})

        (result,) = rows.save([row])

        assert result.saved is Saved.REFUSED
        assert "not JSON" in result.reason
        assert _loaded(rows, row.key).revision == 0

    def test_a_row_that_is_full_can_still_be_marked_as_parked(self, rows: RowStore) -> None:
        row = _full(rows, self.row())
        (stream,) = row.parts
        mark = ParkedAt(version=4, error="\x01" * ERROR_LENGTH)  # no character takes more in JSON
        marked = replace(row, parts={stream: replace(row.parts[stream], parked=mark)})

        assert _saved(rows, marked) is Saved.SAVED
        assert _loaded(rows, row.key).parked == {stream: mark}

    def test_the_room_for_marks_is_for_nothing_else(self, rows: RowStore) -> None:
        row = _full(rows, self.row())
        (stream,) = row.parts
        marked = replace(row.parts[stream], parked=ParkedAt(version=4, error="broken"))
        larger = {"text": str((row.document or {})["text"]) + "x" * 4_000}

        assert _saved(rows, replace(row, parts={stream: marked}, document=larger)) is Saved.REFUSED

    def test_a_removed_row_keeps_its_positions(self, rows: RowStore) -> None:
        row = self.row()
        _saved(rows, row)
        _saved(rows, replace(row, revision=1, document=None))

        removed = _loaded(rows, row.key)

        assert (removed.document, removed.positions) == (None, row.positions)

    def test_rows_with_a_parked_stream_are_listed_until_they_go_on(self, rows: RowStore) -> None:
        mark = ParkedAt(version=1, error="broken", at=AT)
        row = replace(self.row(), document=None)
        stream = f"order-{row.key}"
        _saved(rows, replace(row, parts={stream: Part(parked=mark)}))

        listed = {found.key: found.parked for found in rows.parked(1_000)}
        assert listed[row.key] == _loaded(rows, row.key).parked == {stream: mark}

        _saved(rows, replace(row, revision=1, parts={stream: Part(version=1, state={})}))

        assert row.key not in [found.key for found in rows.parked(1_000)]

    @pytest.mark.parametrize("cause", get_args(Cause))
    def test_a_mark_of_any_cause_comes_back_and_is_listed(
        self, rows: RowStore, cause: Cause
    ) -> None:
        row = self.row()
        stream = f"order-{row.key}"
        mark = ParkedAt(version=4, error="e", at=AT, cause=cause, trace="x")
        _saved(rows, row.with_part(stream, replace(row.part(stream), parked=mark)))

        assert _loaded(rows, row.key).marks == {stream: mark}
        assert {stream: mark} in [found.marks for found in rows.parked(1_000)]
        goes_on = [found.key for found in rows.going_on(1_000)]
        assert (row.key in goes_on) is (cause != "error")

    def test_rows_that_go_on_by_themselves_are_listed_page_by_page_until_they_have_gone_on(
        self, rows: RowStore
    ) -> None:
        waits = ParkedAt(version=1, error="e")
        ahead, long = replace(waits, cause="ahead"), replace(waits, cause="long")
        marked: dict[str, dict[str, ParkedAt]] = {}
        for marks in ({"order": long}, {"order": ahead}, {"order": ahead, "payment": waits}) * 2:
            row = replace(self.row(), parts={}, document=None)
            marked[row.key] = {f"{category}-{row.key}": mark for category, mark in marks.items()}
            parts = {stream: Part(parked=mark) for stream, mark in marked[row.key].items()}
            assert _saved(rows, replace(row, parts=parts)) is Saved.SAVED

        found = _all_going_on(rows, limit=2)
        assert {key: found[key] for key in marked} == marked
        (gone, marks), *others = marked.items()
        parts = {stream: Part(version=1, state={}) for stream in marks}
        _saved(rows, Row(key=gone, revision=1, parts=parts))

        left = _all_going_on(rows, limit=3)
        assert gone not in left
        assert dict(others).items() <= left.items()
        assert marked.keys() - {gone} <= {row.key for row in rows.parked(1_000)}

    def test_the_mark_of_a_full_row_is_cut_until_it_fits(self, rows: RowStore) -> None:
        row = _full(rows, self.row())
        (stream,) = row.parts
        error, trace = "\x01" * (ERROR_LENGTH // 2), "\x02" * TRACE_LENGTH
        mark = ParkedAt(version=4, error=error, at=AT, trace=trace)
        marked = replace(row, parts={stream: replace(row.parts[stream], parked=mark)})

        assert _saved(rows, marked) is Saved.SAVED
        kept = _loaded(rows, row.key).parked[stream]
        assert replace(kept, trace=trace) == mark
        assert kept.trace
        assert trace.endswith(kept.trace)


class FillingContract:
    """Needs a fixture `rows`."""

    def row(self) -> Row:
        return _row()

    def test_it_is_there_once_it_was_made(self, rows: Rows | Tallies) -> None:
        made = rows.create()

        assert (made.condition, bool(made.made)) == ("there", True)
        assert rows.state() == made

    def test_what_is_there_is_not_made_again(self, rows: Rows | Tallies) -> None:
        assert rows.create() == rows.create()

    def test_that_it_is_there_is_no_row(self, rows: Rows | Tallies) -> None:
        rows.create()

        assert rows.parked(10) == []
        assert rows.get("") == Row(key="")

    def test_what_is_deleted_is_gone_with_all_its_rows(self, rows: Rows | Tallies) -> None:
        before = rows.create()
        made = [self.row() for _ in range(30)]
        rows.save(made)

        cursor = rows.delete()
        while cursor is not None:
            cursor = rows.delete(cursor)

        assert rows.state() == Filling("missing")
        assert {row.revision for row in rows.load([row.key for row in made]).values()} == {0}
        assert rows.delete() is None
        assert rows.create().made != before.made


class GenerationsContract:
    """Needs a fixture `register`."""

    def test_a_view_that_nobody_has_registered_has_nothing(self, register: GenerationStore) -> None:
        name = uuid.uuid4().hex

        assert register.load([name]) == {name: Known()}
        assert register.load([]) == {}

    def test_what_was_saved_is_loaded_as_the_next_revision(self, register: GenerationStore) -> None:
        one, other = uuid.uuid4().hex, uuid.uuid4().hex

        assert register.save(one, _known(1), 0)
        assert register.save(one, _known(2), 1)
        assert register.save(other, _known(3), 0)

        assert register.load([one, other]) == {
            one: replace(_known(2), revision=2),
            other: replace(_known(3), revision=1),
        }

    def test_an_entry_that_somebody_saved_since_it_was_loaded_is_not_overwritten(
        self, register: GenerationStore
    ) -> None:
        name = uuid.uuid4().hex
        register.save(name, _known(1), 0)

        assert not register.save(name, _known(2), 0)
        assert register.save(name, _known(2), 1)
        assert not register.save(name, _known(3), 1)
        assert not register.save(name, _known(3), 3)
        assert register.load([name])[name] == replace(_known(2), revision=2)

    def test_of_racing_savers_of_an_entry_one_wins(self, register: GenerationStore) -> None:
        name = uuid.uuid4().hex

        with ThreadPoolExecutor(8) as pool:
            wins = list(pool.map(lambda n: register.save(name, _known(n), 0), range(1, 9)))

        assert sum(wins) == 1


def _known(number: int) -> Known:
    at = Instant("2026-01-01T00:00:00.000000Z")
    one, other = Generation(number), Generation(number, 2)
    copy = Copy(generation=one, made=at, filled=at, lists=("customer",), incarnation="first")
    there = Known().added(copy).filled(one, at)
    there = there.added(replace(copy, generation=other, filled=None, lists=()))
    return there.filled(other, at).switched(other, at).dropped(one, at)


class Rows(RowStore, RowReader, Fillable, Protocol):
    """The ports to write, to read and to fill rows: `MemoryRows`, `DynamoDbRows`."""


class RowsContract(RowStoreContract, FillingContract):
    """Needs a fixture `rows` with a list named `customer`."""

    def row(self) -> Row:
        return _row()

    def test_a_row_that_was_just_saved_can_be_got(self, rows: Rows) -> None:
        row = self.row()

        assert rows.get(row.key) == Row(key=row.key)
        _saved(rows, row)
        assert rows.get(row.key) == replace(row, revision=1)

    def test_a_removed_row_is_in_no_list(self, rows: Rows) -> None:
        row = self.row()
        _saved(rows, row)
        _saved(rows, replace(row, revision=1, document=None, places={}))

        assert rows.page("customer", row.places["customer"].partition, None, 10) == []

    def test_a_document_comes_back_as_json(self, rows: Rows) -> None:
        row = self.row()
        strange: Any = {"pair": (1, 2), 3: "three"}
        _saved(rows, replace(row, document=strange))

        assert rows.get(row.key).document == {"pair": [1, 2], "3": "three"}

    @pytest.mark.parametrize(
        "place", [Place("c-1", ""), Place("c-1", "ä" * 513), Place("ä" * 1_025, "2026")]
    )
    def test_a_place_that_no_index_takes_is_refused(self, rows: Rows, place: Place) -> None:
        row = replace(self.row(), places={"customer": place})

        (result,) = rows.save([row])

        assert result.saved is Saved.REFUSED
        assert "the list 'customer'" in result.reason
        assert _loaded(rows, row.key).revision == 0

    def test_a_place_may_be_as_long_as_an_index_takes_it(self, rows: Rows) -> None:
        place = Place("c" * 2_000, "ä" * 512)
        row = replace(self.row(), places={"customer": place})

        assert _saved(rows, row) is Saved.SAVED
        assert [found.key for found in rows.page("customer", place.partition, None, 9)] == [row.key]

    def test_a_list_is_paged_newest_first(self, rows: Rows) -> None:
        customer = uuid.uuid4().hex
        made = [_row(customer, f"2026-01-0{n}") for n in range(1, 6)]
        rows.save(made)
        _saved(rows, _row(uuid.uuid4().hex, "2026-01-03"))

        first = rows.page("customer", customer, None, 2)
        place = (first[-1].places["customer"].sort, first[-1].key)
        rest = rows.page("customer", customer, place, 10)

        assert [row.key for row in first + rest] == [row.key for row in reversed(made)]

    def test_a_list_can_be_read_on_from_a_place_where_no_row_is(self, rows: Rows) -> None:
        customer = uuid.uuid4().hex
        made = [_row(customer, f"2026-01-0{n}") for n in range(1, 6)]
        rows.save(made)

        found = rows.page("customer", customer, ("2026-01-04", "~"), 2)

        assert [row.key for row in found] == [made[2].key, made[1].key]
        assert rows.page("customer", customer, ("2026-01-01", "~"), 2) == []
        assert len(rows.page("customer", customer, ("2027", "~"), 10)) == 5

    def test_a_row_in_a_list_has_document_positions_and_marks(self, rows: Rows) -> None:
        mark = ParkedAt(version=4, error="broken")
        row = _row()
        row = replace(row, parts={f"order-{row.key}": Part(version=3, state={}, parked=mark)})
        _saved(rows, row)

        (found,) = rows.page("customer", row.places["customer"].partition, None, 10)

        assert found.document == row.document
        assert found.positions == row.positions
        assert found.parked == {f"order-{row.key}": mark}


class Tallies(RowStore, TallyStore, Fillable, Protocol):
    """The ports to write, to read and to fill tallies: `MemoryTallies`, `DynamoDbTallies`."""

    def get(self, key: str) -> Row: ...


class TalliesContract(RowStoreContract, FillingContract):
    """Needs a fixture `rows`."""

    def test_a_row_is_saved_with_what_it_adds_to_the_cells(self, rows: Tallies) -> None:
        month = uuid.uuid4().hex
        a, b = Cell(month, "a"), Cell(month, "b")

        assert _saved(rows, _adding(self.row(), {a: {"units": 2, "revenue": 500}})) is Saved.SAVED
        assert _saved(rows, _adding(self.row(), {a: {"units": 1}, b: {"units": 4}})) is Saved.SAVED

        assert rows.cells(month, "a", "z", None, 10) == {
            a: {"units": 3, "revenue": 500},
            b: {"units": 4},
        }

    def test_the_changes_of_a_row_are_not_loaded_with_it(self, rows: Tallies) -> None:
        row = _adding(self.row(), {Cell(uuid.uuid4().hex, "a"): {"units": 2}})
        _saved(rows, row)

        assert _loaded(rows, row.key) == rows.get(row.key) == replace(row.stored(), revision=1)

    def test_a_row_that_lost_a_race_adds_nothing(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "a")
        row = _adding(self.row(), {cell: {"units": 2}})
        _saved(rows, row)

        assert _saved(rows, row) is Saved.RACED
        assert _numbers(rows, cell) == {"units": 2}

    def test_of_racing_savers_of_one_row_one_adds(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "a")
        row = _adding(self.row(), {cell: {"units": 2}})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: _saved(rows, row), range(16)))

        assert _numbers(rows, cell) == {"units": 2}

    def test_racing_savers_of_many_rows_all_add_to_the_same_cell(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "a")

        def add(_: int) -> bool:
            row = _adding(self.row(), {cell: {"units": 1}})
            return any(_saved(rows, row) is Saved.SAVED for _ in range(20))

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(add, range(16)))

        assert _numbers(rows, cell) == {"units": 16}

    def test_of_a_batch_those_that_raced_or_are_refused_add_nothing(self, rows: Tallies) -> None:
        month = uuid.uuid4().hex
        cells = [Cell(month, name) for name in "abcd"]
        shared = Cell(month, "shared")
        first, raced, refused, last = (
            _adding(self.row(), {cell: {"units": 1}, shared: {"units": 1}}) for cell in cells
        )
        _saved(rows, raced.stored())

        results = rows.save([first, raced, replace(refused, document={"x": float("nan")}), last])

        assert [result.saved for result in results] == [
            Saved.SAVED,
            Saved.RACED,
            Saved.REFUSED,
            Saved.SAVED,
        ]
        assert rows.cells(month, "a", "z", None, 10) == {
            cells[0]: {"units": 1},
            cells[3]: {"units": 1},
            shared: {"units": 2},
        }

    def test_more_rows_than_fit_in_one_transaction_are_saved(self, rows: Tallies) -> None:
        month = uuid.uuid4().hex
        cells = [Cell(month, f"{n:03}") for n in range(150)]
        many = [_adding(self.row(), {cell: {"units": 1}}) for cell in cells for _ in range(2)]

        assert {result.saved for result in rows.save(many)} == {Saved.SAVED}
        assert rows.cells(month, "0", "9", None, 1_000) == {cell: {"units": 2} for cell in cells}

    def test_rows_too_large_to_be_saved_together_are_saved(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "a")
        text = {"text": "x" * 350_000}
        many = [replace(_adding(self.row(), {cell: {"n": 1}}), document=text) for _ in range(13)]

        assert {result.saved for result in rows.save(many)} == {Saved.SAVED}
        assert _numbers(rows, cell) == {"n": 13}

    def test_a_row_that_changes_too_many_cells_at_once_is_refused(self, rows: Tallies) -> None:
        month = uuid.uuid4().hex
        cells = [Cell(month, f"{n:03}") for n in range(MAX_CHANGES + 1)]
        fits = _adding(self.row(), {cell: {"units": 1} for cell in cells[1:]})
        too_many = _adding(self.row(), {cell: {"units": 1} for cell in cells})

        first, second = rows.save([fits, too_many])

        assert (first.saved, second.saved) == (Saved.SAVED, Saved.REFUSED)
        assert str(MAX_CHANGES) in second.reason
        assert rows.cells(month, "000", "000", None, 10) == {}

    @pytest.mark.parametrize(
        ("sort", "numbers"),
        [
            ("", {"units": 1}),
            ("ä" * 512, {"units": 1}),
            ("a", {"units": 1.5}),
            ("a", {"units": True}),
            ("a", {"units": 10**39}),
            ("a", {"": 1}),
            ("a", {"row": 1}),
            ("a", {"cell": 1}),
            ("a", {f"n{n}": 1 for n in range(101)}),
        ],
    )
    def test_a_cell_that_no_table_takes_is_refused(
        self, rows: Tallies, sort: str, numbers: Any
    ) -> None:
        month = uuid.uuid4().hex
        row = _adding(self.row(), {Cell(month, sort): numbers, Cell(month, "b"): {"units": 1}})

        assert _saved(rows, row) is Saved.REFUSED
        assert rows.cells(month, "", "", None, 10) == {}

    def test_a_cell_whose_partition_no_table_takes_is_refused(self, rows: Tallies) -> None:
        row = _adding(self.row(), {Cell("ä" * 1_025, "a"): {"units": 1}})

        assert _saved(rows, row) is Saved.REFUSED

    def test_a_row_that_makes_a_cell_too_large_is_refused(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "a")

        def names(start: int) -> Counts:
            return {cell: {f"{n}-{'x' * 4_000}": 1 for n in range(start, start + 50)}}

        results = [_saved(rows, _adding(self.row(), names(50 * n))) for n in range(3)]

        assert results == [Saved.SAVED, Saved.SAVED, Saved.REFUSED]
        assert len(_numbers(rows, cell)) == 100

    def test_what_is_added_and_taken_again_is_gone(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "a")
        row = _adding(self.row(), {cell: {"units": 2, "revenue": 5}})
        _saved(rows, row)
        _saved(rows, replace(row, revision=1, changes={cell: {"units": -2}}))
        assert _numbers(rows, cell) == {"revenue": 5}

        _saved(rows, replace(row, revision=2, changes={cell: {"revenue": -5}}))
        assert rows.cells(cell.partition, "a", "z", None, 10) == {}

    def test_a_sum_may_be_less_than_nothing(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "a")
        _saved(rows, _adding(self.row(), {cell: {"units": -(10**15)}}))

        assert _numbers(rows, cell) == {"units": -(10**15)}

    def test_cells_come_in_order_page_by_page_without_those_that_are_zero(
        self, rows: Tallies
    ) -> None:
        month = uuid.uuid4().hex
        cells = [Cell(month, f"day-{n}") for n in range(9)]
        both = [{"units": 1}, {"units": -1}]
        for cell in cells[2], cells[3], cells[6]:
            rows.save([_adding(self.row(), {cell: change}) for change in both])
        kept = [cell for n, cell in enumerate(cells) if n not in (2, 3, 6)]
        for cell in reversed(kept):
            _saved(rows, _adding(self.row(), {cell: {"units": 1}}))

        found: list[Cell] = []
        while page := rows.cells(month, "day-1", "day-7", found[-1].sort if found else None, 2):
            assert len(page) <= 2
            found += page

        assert found == kept[1:-1]
        assert rows.cells(month, "day-1", "day-7", "day-7", 10) == {}
        assert rows.cells(month, "day-1", "day-7", "day-9", 10) == {}
        assert rows.cells(month, "day-7", "day-1", None, 10) == {}
        assert list(rows.cells(month, "day-1", "day-7", "day-0", 1)) == kept[1:2]

    def test_without_an_end_the_cells_are_all_of_the_partition(self, rows: Tallies) -> None:
        month = uuid.uuid4().hex
        first, last = Cell(month, "\0"), Cell(month, "ä" * 511 + "z")
        for cell in (first, last):
            _saved(rows, _adding(self.row(), {cell: {"units": 1}}))

        assert list(rows.cells(month, "", "", None, 10)) == [first, last]
        assert list(rows.cells(month, "", "a", None, 10)) == [first]
        assert list(rows.cells(month, "a", "", None, 10)) == [last]
        assert list(rows.cells(month, "", "", first.sort, 10)) == [last]
        assert list(rows.cells(month, "", "", last.sort, 10)) == []

    def test_with_the_rows_their_cells_are_deleted(self, rows: Tallies) -> None:
        cell = Cell(uuid.uuid4().hex, "2026-01-01")
        rows.create()
        _saved(rows, _adding(self.row(), {cell: {"units": 2}}))

        cursor = rows.delete()
        while cursor is not None:
            cursor = rows.delete(cursor)

        assert rows.cells(cell.partition, "", "", None, 10) == {}

    def test_a_partition_that_is_named_as_a_row_is_apart_from_it(self, rows: Tallies) -> None:
        row = self.row()
        cell = Cell(row.key, "-")
        _saved(rows, _adding(row, {cell: {"units": 1}}))

        assert rows.cells(row.key, "-", "~", None, 10) == {cell: {"units": 1}}
        assert _loaded(rows, row.key) == replace(row, revision=1)


_KEPT: Json = {"type": "keyword", "index": False, "doc_values": False}
SEARCHED: Mapping[str, Json] = {
    **dict.fromkeys(["order_id", "total", "cancel_reason", "text", "value"], _KEPT),
    "status": {"type": "keyword"},
    "title": {"type": "text"},
    "price": {"type": "long"},
    "weight": {"type": "double"},
    "gift": {"type": "boolean"},
    "placed_at": {"type": "date"},
    "lines": {"properties": {"sku": {"type": "keyword"}}},
    "free": {"type": "object", "enabled": False},
}


class SearchRowsContract(RowStoreContract):
    """Needs a fixture `rows` of a view with the fields SEARCHED."""

    def row(self) -> Row:
        return replace(super().row(), document={"status": "placed"})

    @pytest.mark.parametrize(
        "document",
        [
            {"title": "On engines", "status": None, "price": 5, "weight": 0.5, "gift": True},
            {"status": ["placed", 1, False], "title": ["On", "engines"], "lines": []},
            {"lines": [{"sku": "book-1"}, {"sku": None}], "free": {"whatever": [{"there": 1}]}},
            {"lines.sku": "book-1", "price": "12", "weight": "0.5", "gift": "true"},
            {"placed_at": "2026-01-31T12:00:00.000000Z"},
            {"placed_at": ["2026-01-31", "2026-01", "2026", 1_769_817_600_000]},
            {"price": [-(2**63), 2**63 - 1, 1.5, ""]},
        ],
    )
    def test_a_document_that_fits_the_fields_is_taken(self, rows: RowStore, document: Any) -> None:
        row = replace(self.row(), document=document)

        assert _saved(rows, row) is Saved.SAVED
        assert _loaded(rows, row.key).revision == 1

    @pytest.mark.parametrize(
        "document",
        [
            {"cover": "blue"},
            {"lines": [{"sku": "book-1", "cover": "blue"}]},
            {"lines.cover": "blue"},
            {"lines": "book-1"},
            {"status": {"is": "placed"}},
            {"title": {"en": "On engines"}},
            {"price": "dear"},
            {"price": True},
            {"price": 2**63},
            {"price": {"amount": 5}},
            {"weight": "light"},
            {"gift": 1},
            {"gift": "yes"},
            {"placed_at": "yesterday"},
            {"placed_at": "2026-02-31"},
            {"placed_at": "2026-01-31 12:00"},
            {"placed_at": ""},
            {"": "nameless"},
        ],
    )
    def test_a_document_that_does_not_fit_the_fields_is_refused(
        self, rows: RowStore, document: Any
    ) -> None:
        row = replace(self.row(), document=document)

        assert _saved(rows, row) is Saved.REFUSED
        assert _loaded(rows, row.key).revision == 0


def _adding(row: Row, changes: Counts) -> TallyRow:
    return TallyRow(key=row.key, parts=row.parts, document=row.document, changes=changes)


def _numbers(rows: Tallies, cell: Cell) -> Mapping[str, int]:
    return rows.cells(cell.partition, cell.sort, cell.sort, None, 1)[cell]


def _row(customer: str | None = None, day: str = "2026-01-01") -> Row:
    key = uuid.uuid4().hex
    return Row(
        key=key,
        parts={f"order-{key}": Part(version=3, state={"status": "placed", "names": ["Zoë"]})},
        document={"order_id": key, "total": 2500, "cancel_reason": None},
        places={"customer": Place(customer or uuid.uuid4().hex, f"{day}/{key}")},
    )


def _full(rows: RowStore, row: Row) -> Row:
    """Saves `row` as large, to a kilobyte, as the store takes it without a mark."""
    for size in range(420_000, 380_000, -1_000):
        full = replace(row, document={"text": "x" * size})
        if _saved(rows, full) is Saved.SAVED:
            return replace(full, revision=1)
    raise AssertionError("no large row can be saved")


def _all_going_on(rows: RowStore, limit: int) -> dict[str, dict[str, ParkedAt]]:
    """The marks by row, each row being listed once."""
    found: dict[str, dict[str, ParkedAt]] = {}
    after: str | None = None
    while page := rows.going_on(limit, after):
        assert len(page) <= limit
        assert not found.keys() & {row.key for row in page}
        found |= {row.key: row.marks for row in page}
        after = page[-1].key
    return found


def _saved(rows: RowStore, row: Row) -> Saved:
    (result,) = rows.save([row])
    return result.saved


def _loaded(rows: RowStore, key: str) -> Row:
    return rows.load([key])[key]
