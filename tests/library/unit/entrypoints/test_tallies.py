"""Tallies over HTTP: days, pages, tokens, and what is refused of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pytest

from cqrs.adapters.memory import MemoryTallies
from cqrs.entrypoints.http import Handler
from cqrs.entrypoints.tallies import days_of
from cqrs.follow.followers import Follower
from cqrs.read.joiner import Joiner
from cqrs.read.tally_reader import TallyReader
from cqrs.views.tallies import Cell, TallyRow, daily
from cqrs.waiting import Patience
from tests.library.books import LOANS, LOANS_WITH_NAME, BookAdded, BookLent, Named, shown_loans
from tests.library.unit.entrypoints.asking import (
    Answer,
    ask_route,
    cursor_of,
    pages,
    refused,
    token,
)
from tests.library.unit.entrypoints.wired import Books

TODAY = "2026-03-31"


@dataclass
class Loans:
    """The tally of loans. Whoever waits for it lets it catch up with book 7, if it `follows`."""

    books: Books = field(default_factory=Books)
    rows: MemoryTallies = field(default_factory=MemoryTallies)
    follows: bool = True
    now: float = 0.0

    @cached_property
    def handler(self) -> Handler:
        stores = self.books.stores
        patience = Patience(1, clock=lambda: self.now, pause=self.pause)
        reader = TallyReader(LOANS, self.rows, stores, patience=patience)
        joiner = Joiner([(LOANS_WITH_NAME, self.books.readers)], stores)
        return days_of(reader, "loans", shown_loans, joiner)

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.follows:
            self.follow("book-7")

    def follow(self, stream: str) -> None:
        Follower(LOANS, self.rows, self.books.stores).catch_up({stream: ()})

    def lent(self, *days: str, reader: str = "ada") -> None:
        """A book on each day."""
        for day in days:
            changes: Mapping[Cell, Mapping[str, int]] = {daily(day, reader): {"books": 1}}
            self.rows.save([TallyRow(key=f"{day}/{reader}", changes=changes)])

    def ask(self, asked: str = "", **query: str) -> Answer:
        return ask_route(self.handler, "GET /loans", query=query, headers=token(asked))

    def days(self, **query: str) -> list[str]:
        return [loan["day"] for loan in self.ask(**query).body["loans"]]


@pytest.fixture
def loans(monkeypatch: pytest.MonkeyPatch) -> Loans:
    monkeypatch.setattr("cqrs.entrypoints.http.now", lambda: f"{TODAY}T12:00:00.000000Z")
    return Loans()


def between(first: str, last: str) -> dict[str, str]:
    return {"from": first, "to": last}


class TestDays:
    def test_a_loan_is_answered_by_day_and_reader_with_its_name(self, loans: Loans) -> None:
        loans.lent("2026-03-03", reader="bob")
        loans.lent("2026-03-03", "2026-03-02")
        loans.books.happens("reader-ada", Named(name="Ada"))
        loans.books.follow()

        answer = loans.ask()

        ada, bob = {"reader": "ada", "name": "Ada"}, {"reader": "bob", "name": None}
        assert answer.status == 200
        assert answer.body == {
            "loans": [
                {"day": "2026-03-02", "books": 1, **ada},
                {"day": "2026-03-03", "books": 1, **ada},
                {"day": "2026-03-03", "books": 1, **bob},
            ],
            "cursor": None,
        }
        assert answer.headers["Consistency"] == "eventual"

    def test_without_days_they_are_the_last_thirty(self, loans: Loans) -> None:
        loans.lent("2026-03-01", "2026-03-02", TODAY, "2026-04-01")
        assert loans.days() == ["2026-03-02", TODAY]

    def test_both_days_are_included(self, loans: Loans) -> None:
        loans.lent("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01")
        february = between("2026-02-01", "2026-02-28")
        assert loans.days(**february) == ["2026-02-01", "2026-02-28"]

    def test_one_day_alone_goes_to_today_or_back_thirty_days(self, loans: Loans) -> None:
        loans.lent("2026-01-01", "2026-01-02", "2026-01-31", TODAY)
        assert loans.days(to="2026-01-31") == ["2026-01-02", "2026-01-31"]
        assert loans.days(**{"from": "2026-01-31"}) == ["2026-01-31", TODAY]

    def test_a_range_has_at_most_a_leap_year(self, loans: Loans) -> None:
        assert loans.days(**between("2027-03-01", "2028-02-29")) == []
        answer = loans.ask(**between("2027-02-28", "2028-02-29"))
        assert "1 to 366 days" in refused(answer, 400, "invalid_input")["detail"]

    @pytest.mark.parametrize("query", [between("2026-03-02", "2026-03-01"), {"from": "2026-04-01"}])
    def test_a_range_does_not_end_before_it_begins(
        self, loans: Loans, query: dict[str, str]
    ) -> None:
        refused(loans.ask(**query), 400, "invalid_input")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "today",
            "2026-02-30",
            "2026-13-01",
            "20260301",
            "2026-W10-1",
            "2026-3-1",
            "0001-01-01",
            "9999-12-31",
            "2026-03-01T00:00:00Z",
            " 2026-03-01",
            "2026-03-01\n",
            "٢٠٢٦-03-01",
        ],
    )
    def test_what_is_not_a_day_is_refused(self, loans: Loans, text: str) -> None:
        for name in ("from", "to"):
            problem = refused(loans.ask(**{name: text}), 400, "invalid_input")
            assert problem["detail"] == f"'{name}' in the query must be a day like 2026-11-30."

    @pytest.mark.parametrize("limit", ["0", "101", "x"])
    def test_a_limit_out_of_bounds_is_refused(self, loans: Loans, limit: str) -> None:
        refused(loans.ask(limit=limit), 400, "invalid_input")


class TestPages:
    def test_pages_go_on_over_months_until_there_are_no_more(self, loans: Loans) -> None:
        days = ["2025-12-31", "2026-01-01", "2026-01-31", "2026-03-01", "2026-03-02"]
        loans.lent(*reversed(days))
        found = pages(loans.ask, "loans", limit="2", **{"from": "2025-12-01"})
        shown = [[loan["day"] for loan in page] for page in found]
        assert shown == [days[:2], days[2:4], days[4:]]

    @pytest.mark.parametrize(
        "found",
        [
            [],
            ["loans#1"],
            ["loans#1", "2026-03"],
            ["loans#1", "2026-03", 3],
            ["loans#1", "2026-03", None],
            ["loans#1", ["2026-03"], "2026-03-01"],
            ["loans#1", "2026-03", "x" * 1025],
            ["loans#1", "2026-03", "\ud800"],
            ["loans#1", "2026-03", "2026-03-01", "more"],
            ["loans#1", "2026-07", "2026-07-01/ada"],
            ["loans#2", "2026-03", "2026-03-01/ada"],
            ["books#1", "author", "byron", "2026", "7"],
            "text",
            7,
        ],
    )
    def test_a_cursor_that_was_not_answered_here_is_refused(
        self, loans: Loans, found: object
    ) -> None:
        refused(loans.ask(cursor=cursor_of(found)), 400, "invalid_cursor")

    @pytest.mark.parametrize(
        ("sort", "days"), [("", ["2026-03-02", TODAY]), ("a", []), ("2026-03-02~", [TODAY])]
    )
    def test_a_cursor_that_was_tampered_with_leads_to_no_other_days(
        self, loans: Loans, sort: str, days: list[str]
    ) -> None:
        loans.lent("2026-03-02", TODAY, "2026-04-01")
        assert loans.days(cursor=cursor_of(["loans#1", "2026-03", sort])) == days


THAT_DAY = between("2026-01-01", "2026-01-01")


class TestTokens:
    def test_a_loan_is_counted_in_an_answer_to_its_token(self, loans: Loans) -> None:
        loans.books.happens("book-7", BookAdded(), BookLent(reader="ada"), BookLent(reader="bob"))
        answer = loans.ask("book-7@3", **THAT_DAY)
        assert [loan["reader"] for loan in answer.body["loans"]] == ["ada", "bob"]
        assert answer.headers["Consistency"] == "waited; ms=20"
        assert answer.headers["Consistency-Token"] == "book-7@3"

        assert loans.ask("book-7@3", **THAT_DAY).headers["Consistency"] == "current"

    def test_a_tally_that_does_not_come_so_far_in_time_is_unavailable(self, loans: Loans) -> None:
        loans.follows = False
        loans.books.added("7")
        answer = loans.ask("book-7@1", **THAT_DAY)
        refused(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "1"
        assert 1 <= loans.now < 1.2

    def test_a_version_that_does_not_exist_is_refused(self, loans: Loans) -> None:
        loans.books.added("7")
        refused(loans.ask("book-7@2", **THAT_DAY), 400, "invalid_consistency_token")

    def test_what_can_not_be_counted_is_a_defined_problem(self, loans: Loans) -> None:
        loans.books.happens("book-7", BookLent(reader="ada"))  # which was never added
        loans.follow("book-7")
        refused(loans.ask("book-7@1", **THAT_DAY), 503, "view_parked")

    def test_a_name_can_be_asked_to_be_as_new_as_its_reader(self, loans: Loans) -> None:
        loans.lent(TODAY)
        loans.books.happens("reader-ada", Named(name="Ada"))
        answer = loans.ask("reader-ada@1")
        assert answer.body["loans"][0]["name"] == "Ada"
        assert answer.headers["Consistency"] == "folded; commits=1"
