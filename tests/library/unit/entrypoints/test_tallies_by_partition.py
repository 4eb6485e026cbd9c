"""Tallies over HTTP that are not by days: which partition, pages, tokens, and what is refused."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryTallies
from cqrs.entrypoints.http import HttpFunction
from cqrs.entrypoints.queries import in_query, one_of, only
from cqrs.entrypoints.tallies import cells_of
from cqrs.follow.followers import Follower
from cqrs.read.joiner import Joiner
from cqrs.read.tally_reader import TallyReader
from cqrs.views.tallies import Cell, TallyRow
from cqrs.waiting import Patience
from tests.library.books import (
    SHELF_WITH_AUTHOR,
    SHELVES,
    BookAdded,
    BookLent,
    BookWithdrawn,
    Named,
    Status,
    shown_shelf,
)
from tests.library.payloads import http
from tests.library.unit.entrypoints.asking import Answer, ask, cursor_of, pages, refused, token
from tests.library.unit.entrypoints.wired import Books, editions

IN_PATH = "GET /authors/{id}/shelves"
IN_QUERY = "GET /shelves"
ONE_OF = "GET /lent"
ONLY = "GET /byron"


@dataclass
class Shelves:
    """The tally of what an author's books are. Whoever waits for it lets it catch up."""

    books: Books = field(default_factory=Books)
    rows: MemoryTallies = field(default_factory=MemoryTallies)
    unfilled: set[str] = field(default_factory=set)
    now: float = 0.0

    @cached_property
    def function(self) -> HttpFunction:
        stores = self.books.stores
        patience = Patience(1, clock=lambda: self.now, pause=self.pause)
        rows = editions(SHELVES, self.rows, self.unfilled)
        reader = TallyReader(SHELVES, rows, stores, patience=patience)
        joiner = Joiner([(SHELF_WITH_AUTHOR, self.books.authors)], stores)
        picked = {IN_QUERY: in_query("author"), ONE_OF: one_of("is", Status), ONLY: only("byron")}
        by_pick = {
            route: cells_of(reader, "shelves", shown_shelf, partition_in=partition)
            for route, partition in picked.items()
        }
        return HttpFunction({IN_PATH: cells_of(reader, "shelves", shown_shelf, joiner), **by_pick})

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.follow()

    def follow(self) -> None:
        streams = dict.fromkeys(self.books.store.heads().versions, ())
        Follower(SHELVES, self.rows, self.books.stores).catch_up(streams)

    def ask(self, asked: str = "", route: str = IN_PATH, *, of: str = "byron", **q: str) -> Answer:
        return ask(self.function, http(route, id=of, query=q, headers=token(asked)))

    def has(self, *sorts: str, author: str = "byron") -> None:
        """Cells of an author, with a book each."""
        for sort in sorts:
            row = TallyRow(key=f"{author}/{sort}", changes={Cell(author, sort): {"books": 1}})
            self.rows.save([row])

    def statuses(self, route: str = IN_PATH, **query: str) -> list[Any]:
        return [shelf["status"] for shelf in self.ask(route=route, **query).body["shelves"]]


@pytest.fixture
def shelves() -> Shelves:
    return Shelves()


class TestPartitions:
    def test_the_cells_of_the_partition_in_the_path_are_answered_in_order(
        self, shelves: Shelves
    ) -> None:
        books = shelves.books
        books.added("7", "8")
        books.happens("book-7", BookWithdrawn())
        books.added("9", author="brien")
        books.happens("author-byron", Named(name="Ada"))
        books.follow()
        shelves.follow()

        answer = shelves.ask()

        mine = {"author": "byron", "books": 1, "copies": 2, "by": {"name": "Ada"}}
        assert answer.status == 200
        assert answer.body == {
            "shelves": [{**mine, "status": "shelved"}, {**mine, "status": "withdrawn"}],
            "cursor": None,
        }
        assert answer.headers["Consistency"] == "eventual"

    def test_a_partition_can_be_picked_in_the_query_or_be_the_only_one(
        self, shelves: Shelves
    ) -> None:
        shelves.has("shelved")
        shelves.has("withdrawn", author="brien")
        shelves.has("byron", author="lent_out")
        assert shelves.statuses(IN_QUERY, author="brien") == ["withdrawn"]
        assert shelves.statuses(ONE_OF, **{"is": "lent_out"}) == ["byron"]
        assert shelves.statuses(ONLY) == ["shelved"]

    def test_a_partition_where_nothing_was_counted_is_empty(self, shelves: Shelves) -> None:
        assert shelves.ask().body == {"shelves": [], "cursor": None}

    def test_what_can_be_no_partition_is_refused(self, shelves: Shelves) -> None:
        refused(shelves.ask(of="-"), 404, "not_found")
        refused(shelves.ask(route=IN_QUERY), 400, "invalid_input")
        refused(shelves.ask(route=ONE_OF, **{"is": "burnt"}), 400, "invalid_input")

    @pytest.mark.parametrize("limit", ["0", "101", "x"])
    def test_a_limit_out_of_bounds_is_refused(self, shelves: Shelves, limit: str) -> None:
        refused(shelves.ask(limit=limit), 400, "invalid_input")


class TestPages:
    def test_pages_go_on_until_there_are_no_more(self, shelves: Shelves) -> None:
        longest = "z" * 1023
        shelves.has("d", "b", "\0", "c", longest)
        found = pages(shelves.ask, "shelves", limit="2")
        shown = [[shelf["status"] for shelf in page] for page in found]
        assert shown == [["\0", "b"], ["c", "d"], [longest]]
        found = pages(shelves.ask, "shelves", limit="5")
        assert [len(page) for page in found] == [5]

    @pytest.mark.parametrize(
        "found",
        [
            ["shelves#1", "brien", "shelved"],
            ["shelves#2", "byron", "shelved"],
            ["loans#1", "byron", "shelved"],
            ["shelves#1", "byron"],
            ["shelves#1", "byron", 3],
            ["shelves#1", "byron", "x" * 1024],
            ["shelves#1", "byron", "\ud800"],
            ["shelves#1", "byron", "shelved", "more"],
        ],
    )
    def test_a_cursor_that_was_not_answered_here_is_refused(
        self, shelves: Shelves, found: object
    ) -> None:
        refused(shelves.ask(cursor=cursor_of(found)), 400, "invalid_cursor")


class TestTokens:
    def test_a_book_is_counted_in_an_answer_to_its_token(self, shelves: Shelves) -> None:
        shelves.books.happens("book-7", BookAdded(copies=1), BookLent(reader="ada"))
        answer = shelves.ask("book-7@2")
        assert answer.body["shelves"] == [
            {"author": "byron", "status": "lent_out", "books": 1, "copies": 0, "by": None}
        ]
        assert answer.headers["Consistency"] == "waited; ms=20"
        assert answer.headers["Consistency-Token"] == "book-7@2"

    def test_a_version_that_does_not_exist_is_refused(self, shelves: Shelves) -> None:
        shelves.books.added("7")
        refused(shelves.ask("book-7@2"), 400, "invalid_consistency_token")

    def test_what_can_not_be_counted_is_a_defined_problem(self, shelves: Shelves) -> None:
        shelves.books.happens("book-7", BookLent(reader="ada"))  # which was never added
        shelves.follow()
        refused(shelves.ask("book-7@1"), 503, "view_parked")

    def test_a_tally_that_is_not_filled_yet_says_so(self, shelves: Shelves) -> None:
        shelves.books.added("7")
        shelves.follow()
        shelves.unfilled.add("shelves")
        for asked in ("", "book-7@1"):
            answer = shelves.ask(asked)
            problem = refused(answer, 503, "view_not_filled")
            assert problem["detail"].startswith("'shelves' is new, and does not have everything")
            assert answer.headers["Retry-After"] == "1"
        shelves.unfilled.clear()
        assert shelves.statuses() == ["shelved"]
