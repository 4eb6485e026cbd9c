"""The streams' edges: batches come in, the first record that must come again goes out."""

import json
from typing import Any, NoReturn

import pytest

from cqrs import plain
from cqrs.adapters.memory import MemoryRows
from cqrs.entrypoints.streams import LOGGED, FollowerFunction, PublisherFunction, commits_in
from cqrs.errors import Unavailable, Unreadable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.history.publisher import read_record
from cqrs.plain import replace
from cqrs.views.rows import Document, States
from tests.library.books import BOOKS, BookAdded, BookLent, CopiesBought
from tests.library.payloads import dynamodb, kinesis, kinesis_of
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.wired import ROW, Books, BrokenRows, BrokenStore, ForbiddenRows

ALL_WELL: dict[str, Any] = {"batchItemFailures": []}
NO_NAMES = ["", "7", "book", "book-", "-7", "Book-7", "book-a b", "book-7\n", "book-é"]
NO_NAMES.append("book-" + "7" * 129)
ONE = {"stream": "book-7", "version": 1, "body": "{}"}


def again(sequence: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": str(sequence)}]}


@pytest.fixture
def books() -> Books:
    return Books()


def three(books: Books, book: str = "7") -> list[Commit]:
    """A book of three commits."""
    bought = CopiesBought(copies=1)
    return books.happens(f"book-{book}", BookAdded(), bought, bought)


def publish(books: Books, event: dict[str, Any]) -> dict[str, Any]:
    return PublisherFunction(books.publisher, books.kinds)(event, None)


def follow(books: Books, event: dict[str, Any], *others: Books) -> dict[str, Any]:
    return FollowerFunction([one.follower for one in (books, *others)])(event, None)


def unreadable(logs: Lines, metrics: Lines) -> None:
    """One record was logged as unreadable, the first one, and counted."""
    (line,) = [line for line in logs() if line["message"] == "unreadable record"]
    assert (line["level"], line["sequence"]) == ("ERROR", "1")
    assert metrics()[0]["UnreadableRecords"] == 1


class TestPublishing:
    def test_every_commit_of_a_batch_is_published(self, books: Books) -> None:
        stored = books.added("7", "8")
        assert publish(books, dynamodb(*stored)) == ALL_WELL
        assert [c for record in books.publisher.records for c in read_record(record.data)] == stored

    def test_a_commit_is_published_as_the_text_that_is_stored(self, books: Books) -> None:
        (stored,) = books.added("7")
        publish(books, dynamodb(stored))
        (record,) = books.publisher.records
        assert json.loads(record.data)["commits"][0]["body"] == stored.body

    def test_commits_that_come_in_disorder_are_published_in_order(self, books: Books) -> None:
        first, second, third = three(books)
        publish(books, dynamodb(third, first, second))
        (record,) = books.publisher.records
        assert record.commits == (first, second, third)

    def test_the_earliest_commit_that_was_not_sent_comes_again(self, books: Books) -> None:
        books.publisher.refuse = lambda record: record.key in ("8", "9")
        assert publish(books, dynamodb(*books.added("7", "9", "8"))) == again(2)

    def test_what_is_behind_an_unsent_commit_comes_again_with_it(self, books: Books) -> None:
        (other,) = books.added("8")
        first, second, third = three(books)
        books.publisher.refuse = lambda record: record.key == "7"
        batch = dynamodb(other, third, first, second)
        assert publish(books, batch) == again(2)
        books.publisher.refuse = lambda _: False
        assert publish(books, {"Records": batch["Records"][1:]}) == ALL_WELL
        assert books.publisher.records[-1].commits == (first, second, third)

    def test_kinds_of_events_are_noted_once(self, books: Books) -> None:
        publisher = PublisherFunction(books.publisher, books.kinds)
        publisher(dynamodb(*books.added("7", "8")), None)
        assert books.kinds.kinds == {"book.BookAdded@1"}
        publisher(dynamodb(*three(books, "9")), None)
        assert books.kinds.kinds == {"book.BookAdded@1", "book.CopiesBought@1"}
        publisher(dynamodb(*three(books, "10")), None)
        assert books.kinds.calls == 2

    def test_a_kind_that_could_not_be_noted_is_published_and_noted_with_the_next(
        self, books: Books, logs: Lines
    ) -> None:
        publisher = PublisherFunction(books.publisher, books.kinds)
        books.kinds.error = Unavailable("down")
        assert publisher(dynamodb(*books.added("7")), None) == ALL_WELL
        assert len(books.publisher.records) == 1
        assert logs()[0]["kinds"] == ["book.BookAdded@1"]
        books.kinds.error = None
        publisher(dynamodb(*books.added("8")), None)
        assert books.kinds.kinds == {"book.BookAdded@1"}

    @pytest.mark.parametrize("event_name", ["REMOVE", "MODIFY"])
    def test_what_an_operator_removes_or_mends_is_not_published(
        self, books: Books, event_name: str
    ) -> None:
        batch = dynamodb(*books.added("7"), event_name=event_name)
        assert publish(books, batch) == ALL_WELL
        assert books.publisher.records == []

    @pytest.mark.parametrize(
        "image",
        [
            {},
            {"stream": {"S": "book-7"}, "version": {"N": "one"}, "body": {"S": "{}"}},
            {"stream": {"N": "7"}, "version": {"N": "1"}, "body": {"S": "{}"}},
            {"stream": "book-7", "version": 1, "body": "{}"},
            {"stream": None, "version": None, "body": None},
            {"stream": {"S": None}, "version": {"N": "1"}, "body": {"S": "{}"}},
            *(
                {"stream": {"S": name}, "version": {"N": "1"}, "body": {"S": "{}"}}
                for name in NO_NAMES
            ),
        ],
    )
    def test_an_item_that_is_no_commit_is_let_go_and_logged(
        self,
        books: Books,
        image: dict[str, Any],
        logs: Lines,
        metrics: Lines,
    ) -> None:
        assert publish(books, dynamodb(image, *books.added("7"))) == ALL_WELL
        assert len(books.publisher.records) == 1
        unreadable(logs, metrics)

    @pytest.mark.parametrize("body", ["", "{", "[]", '{"events": []}', '{"events": 3}'])
    def test_a_commit_with_a_damaged_text_is_published_as_it_is(
        self, books: Books, body: str
    ) -> None:
        commit = Commit("book-7", 1, body)
        assert publish(books, dynamodb(commit)) == ALL_WELL
        assert books.publisher.records[0].commits == (commit,)

    def test_a_commit_without_a_text_is_published_so_that_its_stream_stops(
        self, books: Books
    ) -> None:
        image = {"stream": {"S": "book-7"}, "version": {"N": "1"}}
        assert publish(books, dynamodb(image)) == ALL_WELL
        assert books.publisher.records[0].commits == (Commit("book-7", 1, ""),)

    def test_an_empty_batch_is_nothing_to_do(self, books: Books) -> None:
        assert publish(books, {"Records": []}) == ALL_WELL

    def test_a_batch_is_one_log_line_and_one_line_of_metrics(
        self, books: Books, logs: Lines, metrics: Lines
    ) -> None:
        books.publisher.refuse = lambda record: record.key == "8"
        publish(books, dynamodb(*books.added("7", "8")))
        (line,) = logs()
        assert (line["message"], line["published"], line["unsent"]) == ("published", 1, 1)
        assert line["commits"] == ["book-7@1", "book-8@1"]
        assert line["correlation_ids"] == ["request-book-7@1", "request-book-8@1"]
        assert metrics() == [{"Published": 1, "Unsent": 1, "service": "test"}]

    def test_a_publisher_that_cannot_go_on_at_all_gets_the_batch_again(self, books: Books) -> None:
        class Forbidden(Exception):
            pass

        def refuse(_: object) -> NoReturn:
            raise Forbidden

        books.publisher.refuse = refuse
        with pytest.raises(Forbidden):
            publish(books, dynamodb(*books.added("7")))


class TestFollowing:
    def test_what_arrives_is_shown(self, books: Books) -> None:
        assert follow(books, kinesis_of(*books.added("7", "8"))) == ALL_WELL
        shown = [books.rows.get(book).positions for book in "78"]
        assert shown == [{"book-7": 1}, {"book-8": 1}]

    def test_what_arrives_on_the_stream_of_the_store_itself_is_shown(self, books: Books) -> None:
        assert follow(books, dynamodb(*books.added("7"))) == ALL_WELL
        assert books.query(ROW, id="7").body["version"] == 1

    def test_what_arrives_twice_and_in_disorder_is_shown_once(self, books: Books) -> None:
        first, second, third = three(books)
        batch = kinesis_of(third, first, first, second, third)
        assert [follow(books, batch), follow(books, batch)] == [ALL_WELL, ALL_WELL]
        row = books.rows.get("7")
        assert (row.positions, row.revision) == ({"book-7": 3}, 1)

    def test_the_first_record_of_a_stream_that_failed_comes_again(self) -> None:
        store = BrokenStore()
        books = Books(store)
        (first,) = books.added("8")
        _, second, third = three(books)
        store.error = Unavailable("the store is down")
        # a gap: what lies before it must be read from the store, which is down
        assert follow(books, kinesis_of(first, third, second, first)) == again(2)
        assert books.rows.get("8").positions == {"book-8": 1}
        assert books.rows.get("7").positions == {}

    def test_a_table_that_is_down_lets_the_whole_batch_come_again(self) -> None:
        rows = BrokenRows()
        books = Books(rows=rows)
        batch = kinesis_of(*books.added("7", "8"))
        assert follow(books, batch) == again(1)
        rows.down = False
        assert follow(books, batch) == ALL_WELL

    def test_a_batch_comes_again_if_it_fails_in_any_view(self, books: Books) -> None:
        broken = Books(books.store, rows=BrokenRows())
        batch = kinesis_of(*books.added("7"))
        assert follow(books, batch, broken) == again(1)
        assert follow(broken, batch, books) == again(1)
        assert books.rows.get("7").revision == 1

    def test_a_view_that_fails_stops_no_other_and_lets_the_whole_batch_come_again(
        self, books: Books, logs: Lines
    ) -> None:
        forbidden = Books(books.store, rows=ForbiddenRows())
        batch = kinesis_of(*books.added("7"))
        with pytest.raises(ExceptionGroup, match="could not follow: books") as failed:
            follow(forbidden, batch, books)
        assert failed.group_contains(PermissionError)
        assert books.rows.get("7").document
        (line,) = [line for line in logs() if line["message"] == "a view failed"]
        assert (line["level"], line["view"], line["commits"]) == ("ERROR", "books", ["book-7@1"])
        assert line["exception_name"] == "PermissionError"

    def test_a_commit_that_cannot_be_applied_stops_its_own_stream_only(
        self, books: Books, metrics: Lines
    ) -> None:
        seven, eight, nine = books.added("7", "8", "9")
        poison, empty = books.breaks("book-7"), Commit("book-8", 2, "")
        books.store.append(empty, "")
        assert follow(books, kinesis_of(seven, poison, eight, empty, nine)) == ALL_WELL
        stopped = [books.rows.get(book).parked[f"book-{book}"].version for book in "78"]
        assert (stopped, books.rows.get("9").parked) == ([2, 2], {})
        assert books.rows.get("9").document
        (counted,) = metrics()
        assert (counted["Applied"], counted["Parked"], counted["view"]) == (3, 2, "books")

    def test_a_stream_that_is_parked_is_logged_as_an_error_with_its_traceback(
        self, books: Books, logs: Lines
    ) -> None:
        lent = books.happens("book-7", BookLent(reader="ada"))  # which was never added
        follow(books, kinesis_of(*lent, *books.added("8")))
        error, line = logs()
        assert (error["level"], error["message"]) == ("ERROR", "parked")
        assert (error["view"], error["stream"], error["version"]) == ("books", "book-7", 1)
        assert error["error"] == "ValueError"
        assert error["exception"].startswith("Traceback")
        assert ", in evolve" in error["exception"]
        assert (line["level"], line["parked"].keys()) == ("INFO", {"book-7"})

    def test_a_stream_that_is_ahead_of_this_code_is_a_warning_and_wakes_nobody(
        self, books: Books, logs: Lines, metrics: Lines
    ) -> None:
        (added,) = books.added("7")
        news = replace(added, version=2, body=added.body.replace("BookAdded", "BookBurnt"))
        books.store.append(news, "")
        follow(books, kinesis_of(added, news))
        warning, line = logs()
        assert (warning["level"], warning["message"]) == ("WARNING", "ahead")
        assert (warning["view"], warning["stream"], warning["version"]) == ("books", "book-7", 2)
        assert warning["error"].startswith("Ahead: library has no event type 'BookBurnt'. ")
        assert "exception" not in warning
        assert (line["level"], line["parked"]) == ("INFO", {})
        (counted,) = metrics()
        assert (counted["Ahead"], counted.get("Parked")) == (1, None)

    def test_a_stream_that_is_long_holds_nothing_up_and_is_counted(
        self, books: Books, logs: Lines, metrics: Lines
    ) -> None:
        *_, third = [
            *books.added("7"),
            *books.happens("book-7", *[BookLent(reader="a")] * 2),
        ]
        books.follower = Follower(BOOKS, books.rows, books.stores, chunk=1, budget=1)
        assert follow(books, kinesis_of(third)) == ALL_WELL
        (line,) = logs()
        assert (line["level"], line["long"], line["failed"]) == ("INFO", ["book-7"], {})
        (counted,) = metrics()
        assert (counted["Long"], counted["Applied"]) == (1, 1)

    def test_a_row_that_can_not_be_shown_is_logged_with_what_its_view_raised(
        self, logs: Lines
    ) -> None:
        def fails(states: States) -> Document:
            raise LookupError("no shelf")

        books = Books()
        books.follower = Follower(replace(BOOKS, render=fails), books.rows, books.stores)
        follow(books, kinesis_of(*books.added("7")))
        error, _ = logs()
        assert error["error"] == "LookupError"
        assert ", in fails" in error["exception"]

    def test_a_row_that_the_table_refuses_is_logged_with_what_the_table_said(
        self, logs: Lines
    ) -> None:
        books = Books(rows=MemoryRows(max_bytes=300))
        follow(books, kinesis_of(*books.added("7", title="x" * 300)))
        error, _ = logs()
        assert "bytes, over 300" in error["error"]
        assert "exception" not in error

    def test_a_stream_that_is_parked_is_counted_as_waiting(
        self, books: Books, metrics: Lines
    ) -> None:
        (first,) = books.added("7")
        follow(books, kinesis_of(first, books.breaks("book-7")))
        metrics()
        assert follow(books, kinesis_of(replace(first, version=3))) == ALL_WELL
        assert metrics() == [{"StillParked": 1, "view": "books", "service": "test"}]

    @pytest.mark.parametrize(
        "record",
        [
            b"",
            b"\x00\xff",
            b"not a record",
            b"{}",
            b'{"commits": 3}',
            b'{"commits": [{"stream": "book-7"}]}',
            "not base64!",
            "é",
            "e30",
            *(plain.to_json({"commits": [ONE | {"stream": name}]}).encode() for name in NO_NAMES),
            plain.to_json({"commits": [ONE, ONE | {"stream": "7"}]}).encode(),
        ],
    )
    def test_an_unreadable_record_is_let_go_and_logged(
        self, books: Books, record: bytes | str, logs: Lines, metrics: Lines
    ) -> None:
        (good,) = kinesis_of(*books.added("7"))["Records"]
        batch = {"Records": [*kinesis(record)["Records"], good]}
        assert follow(books, batch) == ALL_WELL
        assert books.rows.get("7").document
        unreadable(logs, metrics)

    @pytest.mark.parametrize(
        "changes",
        [
            {"actor": None},
            {"correlation": None},
            {"correlation": []},
            {"correlation": {"a": 1}},
            {"causation": 3},
            {"command": None},
            {"command": {"id": [], "type": "x", "hash": "y"}},
            {"events": None},
            {"events": [3]},
        ],
    )
    def test_a_damaged_commit_in_a_good_record_costs_one_read(
        self, books: Books, changes: dict[str, object], metrics: Lines
    ) -> None:
        commit, other = books.added("7", "8")
        wrong = replace(commit, body=plain.to_json({**plain.from_json(commit.body), **changes}))
        assert follow(books, kinesis_of(wrong, other)) == ALL_WELL
        assert books.rows.get("7").document
        (counted,) = metrics()
        assert (counted["Applied"], counted["Repaired"]) == (2, 1)

    def test_what_this_view_does_not_follow_is_passed_over(self, books: Books) -> None:
        assert follow(books, kinesis_of(Commit("reader-7", 1, "{}"))) == ALL_WELL
        assert books.rows.get("7").revision == 0

    def test_an_empty_batch_is_nothing_to_do(self, books: Books) -> None:
        assert follow(books, {"Records": []}) == ALL_WELL

    def test_a_batch_is_one_log_line_for_each_view(self, books: Books, logs: Lines) -> None:
        follow(books, kinesis_of(*books.added("7")), Books(books.store))
        lines = logs()
        assert len(lines) == 2
        for line in lines:
            assert (line["message"], line["view"]) == ("followed", "books")
            assert line["applied"] == {"book-7": 1}
            assert line["commits"] == ["book-7@1"]
            assert line["correlation_ids"] == ["request-book-7@1"]

    def test_a_log_line_stays_short_however_large_the_batch(
        self, books: Books, logs: Lines
    ) -> None:
        follow(books, kinesis_of(*books.added(*map(str, range(2 * LOGGED)))))
        (line,) = logs()
        assert {len(line[name]) for name in ("commits", "applied", "correlation_ids")} == {LOGGED}


@pytest.mark.parametrize("record", ["text", 3, None, [], {"kinesis": None}, {"kinesis": {}}])
def test_what_is_no_record_at_all_is_unreadable_and_nothing_worse(record: Any) -> None:
    with pytest.raises(Unreadable):
        commits_in(record)
