"""Tallies on DynamoDB keep the contract of their port, on moto; what they cost; and what they do in
trouble.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cqrs.adapters.clients import CONTENTION
from cqrs.adapters.dynamodb_tallies import DynamoDbTallies
from cqrs.adapters.memory import MemoryEventStore
from cqrs.errors import Throttled, Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.read.tally_reader import TallyReader
from cqrs.read.tokens import Token
from cqrs.testing.contracts import Tallies, TalliesContract
from cqrs.testing.views import recorded
from cqrs.views.rows import Part, Row, Saved, SaveResult, States
from cqrs.views.tallies import Cell, Counts, TallyRow, changes_of
from tests.library.books import (
    BOOK_FOLD,
    LIBRARY,
    LOANS,
    BookAdded,
    BookLent,
    BookWithdrawn,
    CopiesBought,
)
from tests.library.integration.counted import Call, Counted
from tests.library.integration.tables import create_tally_store, one_at_a_time
from tests.library.integration.trouble import (
    DONE,
    DOWN,
    OURS,
    OUT_OF_REACH,
    PASSING,
    THROTTLING,
    Trouble,
    cancelled,
)

added, to_ada, to_bob = BookAdded(), BookLent(reader="ada"), BookLent(reader="bob")
bought, withdrawn = CopiesBought(copies=1), BookWithdrawn()


def lent(states: States) -> Counts:
    """The loans of books that are still there."""
    entry = states[BOOK_FOLD]
    return {} if entry and entry.book.withdrawn else LOANS.counted(states)


LENT = replace(LOANS, counted=lent)


@pytest.mark.usefixtures("aws")
class TestDynamoDbTallies(TalliesContract):
    @pytest.fixture
    def rows(self, aws: None) -> Tallies:
        client = one_at_a_time(boto3.client("dynamodb"))
        create_tally_store(client, "loans")
        return DynamoDbTallies("loans", "loans#1", [], lambda: client, lambda _: None)


def test_generations_count_apart(aws: None) -> None:
    client = boto3.client("dynamodb")
    create_tally_store(client, "loans")
    cell = Cell("2026-01", "2026-01-01")
    for generation in (1, 2):
        rows = DynamoDbTallies.of(replace(LENT, generation=generation), "loans")
        rows._client = lambda: client
        rows.save([TallyRow(key="7", changes={cell: {"books": generation}})])
        assert rows.cells("2026-01", "2026", "2027", None, 10) == {cell: {"books": generation}}


@dataclass
class Library:
    aws: Counted
    rows: DynamoDbTallies
    store: MemoryEventStore

    @property
    def follower(self) -> Follower:
        return Follower(LENT, self.rows, {"book": self.store})

    @property
    def reader(self) -> TallyReader:
        return TallyReader(LENT, self.rows, {"book": self.store})

    def happens(self, book: str, *events: object) -> list[Commit]:
        commits = recorded(LIBRARY, f"book-{book}", *events)
        for commit in commits[len(self.store.read(f"book-{book}")) :]:
            self.store.append(commit, "")
        return commits

    def lent(self) -> dict[str, Any]:
        cells = self.rows.cells("2026-01", "2026-01-01", "2026-01-31~", None, 100)
        return {cell.sort: dict(numbers) for cell, numbers in cells.items()}


@pytest.fixture
def library(aws: None) -> Library:
    counted = Counted()
    create_tally_store(one_at_a_time(counted.client), "loans")
    rows = DynamoDbTallies("loans", "loans#1", [], lambda: counted.client, lambda _: None)
    counted.start()
    return Library(counted, rows, MemoryEventStore())


def hints(*streams: list[Commit]) -> dict[str, list[Commit]]:
    return {commits[0].stream: commits for commits in streams}


def write_units(call: Call) -> int:
    """Of a transaction: 2 for each kilobyte of each item. A cell has no more than one."""
    assert call.operation == "TransactWriteItems"
    actions = call.request["TransactItems"]
    puts = [Call("PutItem", a["Put"]).write_units for a in actions if "Put" in a]
    return 2 * (sum(puts) + sum("Update" in action for action in actions))


class TestCosts:
    def test_books_that_count_in_the_same_cells_are_one_read_and_one_transaction(
        self, library: Library
    ) -> None:
        books = [library.happens(str(n), added, to_ada, to_bob) for n in range(10)]

        report = library.follower.catch_up(hints(*books))

        assert len(report.applied) == 10
        load, write = library.aws.taken()
        assert load.operation == "BatchGetItem"
        assert [list(a) for a in write.request["TransactItems"]] == [["Put"]] * 10 + [
            ["Update"]
        ] * 2
        assert write_units(write) == 2 * (10 + 2)
        assert library.lent() == {
            "2026-01-01/ada": {"books": 10},
            "2026-01-01/bob": {"books": 10},
        }

    def test_a_hundred_books_are_two_transactions(self, library: Library) -> None:
        books = [library.happens(str(n), added, to_ada, to_bob) for n in range(100)]
        library.follower.catch_up(hints(*books))
        assert library.aws.names() == ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]

    def test_a_book_that_changes_no_cell_is_a_plain_write_at_half_the_price(
        self, library: Library
    ) -> None:
        library.follower.catch_up(hints(library.happens("7", added)))
        load, put = library.aws.taken()
        assert (load.operation, put.operation, put.write_units) == ("BatchGetItem", "PutItem", 1)

        library.happens("7", added, to_ada, to_bob)
        library.follower.catch_up({"book-7": ()})
        assert library.aws.names() == ["BatchGetItem", "TransactWriteItems"]
        library.follower.catch_up(hints(library.happens("7", added, to_ada, to_bob, bought)))
        assert library.aws.names() == ["BatchGetItem", "PutItem"]

    def test_what_comes_again_is_one_read(self, library: Library) -> None:
        book = library.happens("7", added, to_ada, to_bob)
        library.follower.catch_up(hints(book))
        library.aws.taken()
        library.follower.catch_up(hints(book))
        assert library.aws.names() == ["BatchGetItem"]

    def test_a_redrive_that_changes_nothing_touches_no_cell(self, library: Library) -> None:
        library.follower.catch_up(hints(library.happens("7", added, to_ada, to_bob)))
        before = library.lent()
        library.aws.taken()
        library.follower.redrive(["book-7"])
        assert library.aws.names() == ["BatchGetItem", "PutItem", "BatchGetItem"]
        assert library.lent() == before

    def test_days_are_one_consistent_read_for_each_month(self, library: Library) -> None:
        library.follower.catch_up(hints(library.happens("7", added, to_ada, to_bob)))
        library.aws.taken()
        found = library.reader.days("2025-12-15", "2026-01-14", Token(), limit=50)
        assert len(found.counts) == 2
        queries = library.aws.taken()
        assert [query.operation for query in queries] == ["Query", "Query"]
        assert all(query.request["ConsistentRead"] for query in queries)

    def test_a_token_costs_one_read_more_that_comes_first(self, library: Library) -> None:
        library.follower.catch_up(hints(library.happens("7", added, to_ada, to_bob)))
        library.aws.taken()
        library.reader.days("2026-01-01", "2026-01-31", Token({"book-7": 2}), limit=50)
        load, query = library.aws.taken()
        assert (load.operation, query.operation) == ("BatchGetItem", "Query")
        assert load.request["RequestItems"]["loans"]["ConsistentRead"]


class TestCounting:
    def test_racing_workers_count_every_book_once(self, library: Library) -> None:
        books = [library.happens(str(n), added, to_ada, to_bob) for n in range(12)]
        some = [library.happens(str(n), added, to_ada, to_bob, withdrawn) for n in range(4)]
        batches = [books[:8], books[4:], some, [books[0], books[11]], books]

        def follow(batch: list[list[Commit]]) -> None:
            while library.follower.catch_up(hints(*batch)).failed:
                pass

        with ThreadPoolExecutor(5) as pool:
            list(pool.map(follow, batches))

        assert library.lent() == {
            "2026-01-01/ada": {"books": 8},
            "2026-01-01/bob": {"books": 8},
        }

    def test_a_transaction_that_was_done_and_seems_to_have_failed_counts_once(
        self, library: Library
    ) -> None:
        """The answer is lost, and the batch comes again."""
        book = library.happens("7", added, to_ada, to_bob)
        lost = Lost(library.aws.client)
        rows = DynamoDbTallies("loans", "loans#1", [], lambda: lost, lambda _: None)

        report = Follower(LENT, rows, {"book": library.store}).catch_up(hints(book))
        assert report.failed.keys() == {"book-7"}
        assert library.follower.catch_up(hints(book)).applied == {}

        assert library.lent()["2026-01-01/bob"] == {"books": 1}

    @pytest.mark.parametrize("text", ["", "{", "null", "NaN", "3", "[]", '{"2026-01":[]}'])
    def test_a_book_whose_contribution_cannot_be_read_is_parked_and_not_counted_again(
        self, library: Library, text: str
    ) -> None:
        library.follower.catch_up(hints(library.happens("7", added, to_ada, to_bob)))
        before = library.lent()
        library.aws.client.update_item(
            TableName="loans",
            Key={"row": {"S": "loans#1/7"}, "cell": {"S": "-"}},
            UpdateExpression="SET doc = :doc",
            ExpressionAttributeValues={":doc": {"S": text}},
        )
        commits = library.happens("7", added, to_ada, to_bob, bought)

        assert library.follower.catch_up(hints(commits)).parked.keys() == {"book-7"}
        assert library.follower.redrive(["book-7"]).parked.keys() == {"book-7"}
        assert library.follower.parked(10).keys() == {"book-7"}
        assert library.lent() == before

    def test_parts_that_cannot_be_read_are_folded_anew_and_change_nothing(
        self, library: Library
    ) -> None:
        library.follower.catch_up(hints(library.happens("7", added, to_ada, to_bob)))
        before = library.lent()
        library.aws.client.update_item(
            TableName="loans",
            Key={"row": {"S": "loans#1/7"}, "cell": {"S": "-"}},
            UpdateExpression="SET positions = :broken",
            ExpressionAttributeValues={":broken": {"S": "{"}},
        )
        commits = library.happens("7", added, to_ada, to_bob, bought)

        assert library.follower.catch_up(hints(commits)).applied == {"book-7": 4}
        assert library.lent() == before


class Lost:
    """A client that does what it is asked, and loses the answer of its transactions."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> None:
        self._client.transact_write_items(**request)
        raise OUT_OF_REACH[1]


def row(key: str, reader: str = "ada") -> TallyRow:
    cell = Cell("2026-01", f"2026-01-01/{reader}")
    parts = {f"book-{key}": Part(version=1, state={})}
    return TallyRow(key=key, parts=parts, changes={cell: {"books": 1}})


@pytest.fixture(scope="module")
def trouble() -> Trouble:
    return Trouble()


def save(trouble: Trouble, *rows: Row) -> list[SaveResult]:
    store = DynamoDbTallies("loans", "loans#1", [], lambda: trouble.client, lambda _: None)
    return store.save(rows)


def outcomes(trouble: Trouble, *rows: Row) -> list[Saved]:
    return [result.saved for result in save(trouble, *rows)]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [*((*of, Throttled) for of in THROTTLING), *((*of, Unavailable) for of in DOWN)],
)
def test_cells_that_cannot_be_read_for_now_are_unavailable(
    trouble: Trouble, code: str, status: int, error: type[Exception]
) -> None:
    client = trouble.error(code, status).client
    with pytest.raises(error):
        DynamoDbTallies("loans", "loans#1", [], lambda: client).cells("p", "a", "z", None, 1)


FAILED, SAVED, RACED, REFUSED = Saved.FAILED, Saved.SAVED, Saved.RACED, Saved.REFUSED
RACE = ("ConditionalCheckFailed", {"row": {"S": "loans#1/7"}})


class TestTrouble:
    @pytest.mark.parametrize(("code", "status"), [*THROTTLING, *DOWN])
    def test_rows_that_could_not_be_saved_for_now_failed(
        self, trouble: Trouble, code: str, status: int
    ) -> None:
        results = save(trouble.error(code, status), row("7"), row("8"))
        assert [result.saved for result in results] == [FAILED, FAILED]
        assert "loans" in results[0].reason

    @pytest.mark.parametrize("error", OUT_OF_REACH)
    def test_rows_that_may_or_may_not_have_been_saved_failed(
        self, trouble: Trouble, error: Exception
    ) -> None:
        assert outcomes(trouble.failing(error), row("7"), row("8")) == [FAILED, FAILED]

    @pytest.mark.parametrize("code", PASSING)
    @pytest.mark.parametrize("place", [0, 2])
    def test_a_transaction_that_met_another_is_tried_again(
        self, trouble: Trouble, code: str, place: int
    ) -> None:
        reasons = ["None"] * 3
        reasons[place] = code
        met = cancelled(*reasons)
        before = trouble.requests
        assert outcomes(trouble.in_turn(met, met, DONE), row("7"), row("8")) == [SAVED, SAVED]
        assert trouble.requests - before == 3

    @pytest.mark.parametrize("code", PASSING)
    def test_a_transaction_that_meets_others_again_and_again_failed(
        self, trouble: Trouble, code: str
    ) -> None:
        before = trouble.requests
        met = cancelled("None", code)
        assert outcomes(trouble.in_turn(met), row("7")) == [FAILED]
        assert trouble.requests - before == CONTENTION.tries

    def test_rows_that_raced_are_told_and_the_others_saved(self, trouble: Trouble) -> None:
        raced = cancelled(RACE, "None", RACE, "None")
        before = trouble.requests
        answers = trouble.in_turn(raced, DONE)
        assert outcomes(answers, row("7"), row("8"), row("9")) == [RACED, SAVED, RACED]
        assert trouble.requests - before == 2

    def test_a_row_that_raced_counts_whatever_else_is_said(self, trouble: Trouble) -> None:
        both = cancelled(RACE, "TransactionConflict", "TransactionConflict")
        assert outcomes(trouble.in_turn(both, DONE), row("7"), row("8")) == [RACED, SAVED]

    def test_if_all_raced_there_is_nothing_more_to_do(self, trouble: Trouble) -> None:
        before = trouble.requests
        all_raced = cancelled(RACE, RACE, "None")
        assert outcomes(trouble.in_turn(all_raced), row("7"), row("8")) == [RACED, RACED]
        assert trouble.requests - before == 1

    @pytest.mark.parametrize(
        "never",
        [
            cancelled("None", "None", "ValidationError"),
            cancelled("ItemCollectionSizeLimitExceeded", "None", "None"),
            ({"__type": "com.amazonaws#ValidationException", "message": "no"}, 400),
        ],
    )
    def test_what_the_table_will_never_take_holds_up_no_other_row(
        self, trouble: Trouble, never: tuple[object, int]
    ) -> None:
        results = save(trouble.in_turn(never, never, DONE), row("7"), row("8"))
        assert [result.saved for result in results] == [REFUSED, SAVED]
        assert "Valid" in results[0].reason or "ItemCollection" in results[0].reason

    @pytest.mark.parametrize(("code", "status"), OURS)
    def test_what_is_our_own_fault_is_not_taken_for_a_fault_of_the_row(
        self, trouble: Trouble, code: str, status: int
    ) -> None:
        with pytest.raises(ClientError, match=code):
            save(trouble.error(code, status), row("7"), row("8"))

    def test_a_plain_row_that_met_a_transaction_raced(self, trouble: Trouble) -> None:
        plain = row("7").stored()
        assert changes_of(plain) == {}
        answer = trouble.error("TransactionConflictException", 400)
        assert outcomes(answer, plain) == [RACED]

    def test_one_failed_transaction_says_nothing_of_the_next(self, trouble: Trouble) -> None:
        many = [row(str(n)) for n in range(100)]
        refusal = ({"__type": "com.amazonaws#ThrottlingException", "message": "no"}, 400)
        results = outcomes(trouble.in_turn(refusal, DONE), *many)
        assert results == [FAILED] * 99 + [SAVED]

    def test_rows_whose_changes_cancel_out_are_saved_without_touching_the_cell(
        self, library: Library
    ) -> None:
        one, other = row("7"), row("8")
        minus = {cell: {"books": -1} for cell in other.changes}
        assert [r.saved for r in library.rows.save([one, replace(other, changes=minus)])] == [
            SAVED,
            SAVED,
        ]
        (write,) = library.aws.taken()
        assert [name for a in write.request["TransactItems"] for name in a] == ["Put"] * 2

    def test_a_request_can_be_sent_again_by_the_sdk(self, library: Library) -> None:
        library.rows.save([row("7")])
        (write,) = library.aws.taken()
        assert write.request["ClientRequestToken"]
        assert json.dumps(write.request).count("revision") == 2
