"""Roles of routes, and what is the caller's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore, MemoryRows, MemoryTallies
from cqrs.entrypoints.callers import ANYONE, NOBODY, Caller, Role, caller_of, groups_in
from cqrs.entrypoints.commands import CommandFunction, changes, opens
from cqrs.entrypoints.facts import facts_of, facts_of_many
from cqrs.entrypoints.http import HttpFunction, OfOwners, Request, Response
from cqrs.entrypoints.queries import in_path, in_query, own, page_of, row_of
from cqrs.entrypoints.tallies import cells_of
from cqrs.errors import Unauthenticated
from cqrs.follow.followers import Follower
from cqrs.plain import replace
from cqrs.read.consistency import Reader
from cqrs.read.tally_reader import TallyReader
from cqrs.write.aggregates import Aggregates
from cqrs.write.commands import CommandHandler
from tests.library.books import BOOK, BOOKS, SHELVES, AddBook, LendBook, book_facts, shown_shelf
from tests.library.payloads import http
from tests.library.unit.entrypoints.asking import Answer, ask, refused

GROUPS = "cognito:groups"
OWNED = replace(BOOK, owner=lambda book_id, book: book.author if book else None)


def account(name: str) -> str:
    return Caller(f"jwt:{name}", Role.CUSTOMER).account


class TestRoles:
    def test_each_role_may_do_what_the_ones_before_it_may(self) -> None:
        may = {role: [str(needed) for needed in Role if role.may(needed)] for role in Role}
        assert may == {
            Role.PUBLIC: ["public"],
            Role.CUSTOMER: ["public", "customer"],
            Role.STAFF: ["public", "customer", "staff"],
            Role.OPERATOR: ["public", "customer", "staff", "operator"],
        }

    @pytest.mark.parametrize(
        ("claim", "role"),
        [
            (None, Role.CUSTOMER),
            ("[]", Role.CUSTOMER),
            ("[staff]", Role.STAFF),
            ("[staff operator]", Role.OPERATOR),
            ("[operator staff]", Role.OPERATOR),
            ("staff", Role.STAFF),
            (["staff"], Role.STAFF),
            ("[readers operator]", Role.OPERATOR),
            ("[nostaff staffers operators]", Role.CUSTOMER),
            ("[readers,operator]", Role.CUSTOMER),
            ("[x\u2003operator]", Role.CUSTOMER),
            ("[staff", Role.CUSTOMER),
            ("[Staff]", Role.CUSTOMER),
            (7, Role.CUSTOMER),
        ],
    )
    def test_groups_are_whole_words(self, claim: object, role: Role) -> None:
        assert caller_of("jwt:ada", {GROUPS: claim}, GROUPS).role is role

    @given(st.lists(st.from_regex(r"[a-z,][a-zA-Z,._-]{0,8}", fullmatch=True)))
    def test_a_list_that_was_made_a_text_is_read_as_the_list(self, groups: list[str]) -> None:
        assert groups_in(f"[{' '.join(groups)}]") == groups_in(groups) == set(groups)

    def test_a_token_that_is_not_for_access_is_refused(self) -> None:
        assert caller_of("jwt:ada", {"token_use": "access"}, GROUPS).role is Role.CUSTOMER
        for told in ({"token_use": "id"}, {"typ": "ID"}, {"at_hash": "x"}, {"nonce": "x"}):
            with pytest.raises(Unauthenticated):
                caller_of("jwt:ada", {**told, GROUPS: "[operator]"}, GROUPS)


class TestOwners:
    def test_an_account_follows_from_who_it_is_and_is_nobody_elses(self) -> None:
        assert account("ada") == account("ada") != account("bob")

    def test_a_customer_owns_their_own_and_staff_everything(self) -> None:
        ada = Caller("jwt:ada", Role.CUSTOMER)
        found = [ada.owns(owner) for owner in (account("ada"), account("bob"), "", None)]
        assert found == [True, False, False, False]
        assert not NOBODY.owns(NOBODY.account)
        for all_seeing in (Caller("jwt:ada", Role.STAFF), Caller("x", Role.OPERATOR), ANYONE):
            assert all(all_seeing.owns(owner) for owner in (account("bob"), None))


ADD, LEND = "POST /books", "POST /books/{id}/loans"
ACCOUNT = "POST /accounts"
FACTS, MANY = "GET /facts/{id}", "GET /facts"
ROW, LIST, ASKED = "GET /books/{id}", "GET /authors/{id}/books", "GET /books"
OLDER = "GET /older-books/{id}"
ENGINES = {"title": "On engines", "copies": 2}


class Shelf:
    """Books that belong to their authors."""

    def __init__(self) -> None:
        self.store = MemoryEventStore()
        self.rows = MemoryRows()
        self.stores = dict.fromkeys(("book", "review"), self.store)

    @cached_property
    def commands(self) -> CommandFunction:
        handler = CommandHandler(self.store, OWNED)
        return opened(
            CommandFunction(
                {
                    ADD: opens(handler, AddBook, "book_id", "/books/{id}", owner_field="author"),
                    ACCOUNT: opens(
                        handler, AddBook, "book_id", "/b/{id}", one_each=True, owner_field="author"
                    ),
                    LEND: changes(handler, LendBook, "book_id"),
                }
            )
        )

    @cached_property
    def queries(self) -> HttpFunction:
        aggregates = Aggregates(self.store, OWNED)
        reader = Reader(BOOKS, self.rows, self.stores)
        return opened(
            HttpFunction(
                {
                    FACTS: facts_of(aggregates, book_facts, "book"),
                    MANY: facts_of_many(aggregates, book_facts, "id", "books"),
                    ROW: row_of(reader, "book", owner="author"),
                    OLDER: row_of(reader, "book", owner="writer"),
                    LIST: page_of(reader, "author", "books", partition_in=own(in_path)),
                    ASKED: page_of(reader, "author", "books", partition_in=own(in_query("by"))),
                }
            )
        )

    def change(self, route: str, by: str = "ada", **request: Any) -> Answer:
        return ask(self.commands, said_by(by, http(route, actor=by, **request)))

    def ask(self, route: str, by: str = "ada", **request: Any) -> Answer:
        follower = Follower(BOOKS, self.rows, self.stores)
        follower.catch_up(dict.fromkeys(self.store.heads().versions, ()))
        return ask(self.queries, said_by(by, http(route, actor=by, **request)))

    def added(self, by: str = "ada", **fields: Any) -> str:
        answer = self.change(ADD, by, body=ENGINES | fields, request_id=f"{by}-{fields}")
        assert answer.status == 201, answer
        return str(answer.body["book_id"])


def opened(function: Any, role: str = "customer") -> Any:
    function.open_to(dict.fromkeys(function.routes, Role(role)), GROUPS)
    return function


def said_by(who: str, event: dict[str, Any], **claims: Any) -> dict[str, Any]:
    """The event, of `who`, who is staff if so called."""
    groups = {GROUPS: f"[{who}]"} if who in ("staff", "operator") else {}
    event["requestContext"]["authorizer"]["jwt"]["claims"] |= groups | claims
    return event


class TestCommands:
    def test_what_is_opened_is_the_callers_own_without_saying_so(self) -> None:
        shelf = Shelf()
        book = shelf.added()
        assert account("ada") in shelf.store.read(f"book-{book}")[0].body

    def test_nobody_opens_something_for_another(self) -> None:
        shelf = Shelf()
        body = ENGINES | {"author": account("bob")}
        refused(shelf.change(ADD, body=body), 404, "not_found")
        assert not shelf.store.heads().versions
        assert shelf.change(ADD, "staff", body=body).status == 201

    def test_who_sees_all_has_to_say_whose_it_is(self) -> None:
        refused(Shelf().change(ADD, "staff", body=ENGINES), 400, "invalid_input")

    def test_what_is_anothers_is_as_if_it_were_not_there(self) -> None:
        shelf = Shelf()
        book = shelf.added()
        for headers in ({}, {"If-Match": '"7"'}, {"If-Match": '"1"'}):
            there = shelf.change(LEND, "bob", id=book, body={"reader": "b"}, headers=headers)
            nowhere = shelf.change(LEND, "bob", id="none", body={"reader": "b"}, headers=headers)
            refused(there, 404, "no_such_book")
            assert there.text.replace(book, "none") == nowhere.text
        assert len(shelf.store.read(f"book-{book}")) == 1

    def test_the_owner_and_staff_change_it(self) -> None:
        shelf = Shelf()
        book = shelf.added()
        for by in ("ada", "staff"):
            assert shelf.change(LEND, by, id=book, body={"reader": by}).status == 200
        assert len(shelf.store.read(f"book-{book}")) == 3

    def test_a_repeat_is_answered_as_the_first_time(self) -> None:
        shelf = Shelf()
        headers = {"Idempotency-Key": "k"}
        first, again = (shelf.change(ADD, body=ENGINES, headers=headers) for _ in range(2))
        assert (first.status, first.text) == (again.status, again.text)

    def test_a_customer_has_one_account_whatever_the_key(self) -> None:
        shelf = Shelf()
        first = shelf.change(ACCOUNT, body=ENGINES, request_id="1")
        assert first.body["book_id"] == account("ada")
        refused(shelf.change(ACCOUNT, body=ENGINES, request_id="2"), 422, "book_is_there")
        body = ENGINES | {"author": "x"}
        others = [shelf.change(ACCOUNT, "staff", body=body, request_id=str(n)) for n in range(2)]
        assert len({answer.body["book_id"] for answer in others}) == 2


class TestQueries:
    def test_each_is_shown_their_own(self) -> None:
        shelf = Shelf()
        book = shelf.added()
        asked: list[Mapping[str, Any]] = [
            {"route": FACTS, "id": book},
            {"route": ROW, "id": book},
            {"route": LIST, "id": account("ada")},
            {"route": ASKED, "query": {"by": account("ada")}},
        ]
        for request in asked:
            assert shelf.ask(**request).status == 200, request
            assert shelf.ask(by="staff", **request).status == 200, request
            refused(shelf.ask(by="bob", **request), 404, "not_found")

    def test_a_row_that_was_made_without_an_owner_is_shown_once_it_is_made_anew(self) -> None:
        shelf = Shelf()
        book = shelf.added()
        refused(shelf.ask(OLDER, id=book), 503, "view_not_filled")
        assert shelf.ask(OLDER, "staff", id=book).status == 200

    @pytest.mark.parametrize("token", ["", "book-{id}@1", "book-{id}@99", "review-{id}@1"])
    @pytest.mark.parametrize("route", [FACTS, MANY, ROW])
    def test_what_is_anothers_is_answered_word_for_word_as_if_it_were_not_there(
        self, route: str, token: str
    ) -> None:
        shelf = Shelf()
        book = shelf.added()

        def told(of: str) -> tuple[int, str, dict[str, str]]:
            asked: dict[str, Any] = {"query": {"id": of}} if route == MANY else {"id": of}
            headers = {"Consistency-Token": token.format(id=of)} if token else {}
            answer = shelf.ask(route, "bob", headers=headers, **asked)
            headers = {name: value.replace(of, "ID") for name, value in answer.headers.items()}
            return answer.status, answer.text.replace(of, "ID"), headers

        if route == ROW and token == "book-{id}@1":  # that it is there can be found out
            assert told(book)[0] == 404
        else:
            assert told(book) == told("none")

    def test_of_many_those_of_others_are_not_there(self) -> None:
        shelf = Shelf()
        mine, others = shelf.added(), shelf.added("bob")
        query = {"id": f"{mine},{others},none"}
        found = shelf.ask(MANY, query=query).body["books"]
        assert {book: bool(told) for book, told in found.items()} == {
            mine: True,
            others: False,
            "none": False,
        }

    def test_me_is_a_customers_own_id(self) -> None:
        shelf = Shelf()
        book = shelf.added()
        (found,) = shelf.ask(LIST, id="me").body["books"]
        assert found["book_id"] == book
        assert shelf.ask(LIST, "bob", id="me").body["books"] == []
        assert shelf.ask(LIST, "staff", id="me").body["books"] == []


class TestRoutes:
    ROUTES = ("GET /open", "GET /own", "GET /desk", "GET /levers")

    @pytest.fixture
    def function(self) -> HttpFunction:
        def answer(request: Request) -> Response:
            return Response(body=str(request.caller.role))

        routes = dict.fromkeys(self.ROUTES, answer)
        function = HttpFunction({**routes, "GET /own": OfOwners(answer)})
        function.open_to(dict(zip(self.ROUTES, Role, strict=True)), GROUPS)
        return function

    @pytest.mark.parametrize(
        ("who", "statuses"),
        [
            (None, [200, 401, 401, 401]),
            ("ada", [200, 200, 403, 403]),
            ("staff", [200, 200, 200, 403]),
            ("operator", [200, 200, 200, 200]),
        ],
    )
    def test_a_route_is_open_to_its_role_and_those_above_it(
        self, function: HttpFunction, who: str | None, statuses: list[int]
    ) -> None:
        events = [http(route, actor=who) for route in self.ROUTES]
        if who:
            events = [said_by(who, event) for event in events]
        answers = [ask(function, event) for event in events]
        assert [answer.status for answer in answers] == statuses
        for answer in answers:
            if answer.status == 401:
                assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_a_token_of_nobody_opens_nothing(self, function: HttpFunction) -> None:
        event = said_by("operator", http("GET /own"), sub="")
        refused(ask(function, event), 401, "unauthenticated")

    def test_an_id_token_opens_nothing(self, function: HttpFunction) -> None:
        event = said_by("operator", http("GET /own"), token_use="id")
        refused(ask(function, event), 401, "unauthenticated")

    def test_a_route_that_nobody_opens_is_a_mistake(self) -> None:
        function = HttpFunction({"GET /open": lambda request: Response()})
        with pytest.raises(LookupError, match=r"to whom these are open: \['GET /open'\]"):
            function.open_to({}, GROUPS)

    def test_so_is_one_for_customers_that_does_not_say_what_is_theirs(self) -> None:
        with pytest.raises(LookupError, match="GET /own is open to customers, and shows"):
            opened(HttpFunction({"GET /own": lambda request: Response()}))
        handler = CommandHandler(MemoryEventStore(), BOOK)
        with pytest.raises(LookupError, match="is open to customers, and shows"):
            opened(CommandFunction({LEND: changes(handler, LendBook, "book_id")}))
        opened(CommandFunction({LEND: changes(handler, LendBook, "book_id")}), "staff")

    def test_the_partition_of_a_tally_may_be_ones_own_too(self) -> None:
        reader = TallyReader(
            SHELVES,
            MemoryTallies(),
            dict.fromkeys(("author", "book", "review"), MemoryEventStore()),
        )
        told = cells_of(reader, "shelves", shown_shelf, partition_in=own(in_path))
        function = opened(HttpFunction({"GET /authors/{id}/shelves": told}))

        def asked(who: str) -> Answer:
            event = http("GET /authors/{id}/shelves", actor=who, id=account("ada"))
            return ask(function, said_by(who, event))

        assert [asked(who).status for who in ("ada", "bob", "staff")] == [200, 404, 200]

    def test_and_one_that_shows_what_is_somebodys_to_the_public_beside_others(self) -> None:
        own = OfOwners(lambda request: Response())
        function = HttpFunction({"GET /own": own, "GET /desk": own})
        with pytest.raises(LookupError, match="GET /own is open to the public, and shows"):
            function.open_to({"GET /own": Role.PUBLIC, "GET /desk": Role.STAFF}, GROUPS)
        opened(function, "public")  # where nobody is asked who they are
