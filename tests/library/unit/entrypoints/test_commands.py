"""Commands over HTTP: what is answered, what is refused and why, and what a repeat gets."""

import json
from typing import Any, NoReturn

import pytest

from cqrs.errors import Refused, Throttled, TooLarge, Unavailable
from cqrs.history.idempotency import entity_id_of
from cqrs.inputs import MAX_FAULTS
from cqrs.plain import replace
from cqrs.write.recent import LOADED
from tests.library.books import BOOK, BookLent, BookWithdrawn
from tests.library.unit.entrypoints.asking import ON_EVERY_ANSWER, Answer, faults, refused
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.wired import (
    ADD,
    ADD_NAMED,
    LEND,
    WITHDRAW,
    Books,
    BrokenStore,
)

ENGINES: dict[str, Any] = {"title": "On engines", "author": "byron", "copies": 2}
NAMED = {**ENGINES, "book_id": "7"}
ADA = {"reader": "ada"}


@pytest.fixture
def books() -> Books:
    """With book 7."""
    books = Books()
    books.added("7")
    return books


def keyed(key: str, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": key, **more}


def add(books: Books, key: str = "key-1", **request: Any) -> Answer:
    return books.command(ADD, **{"body": ENGINES, "headers": keyed(key)} | request)


class TestAnswers:
    def test_an_added_book_is_answered_with_its_place_and_its_version(self, books: Books) -> None:
        answer = add(books)
        book = entity_id_of("jwt:ada", "AddBook", "key-1")
        assert answer.status == 201
        assert answer.body == {"book_id": book, "version": 1, "events": ["BookAdded"]}
        assert answer.headers == {
            **ON_EVERY_ANSWER,
            "Content-Type": "application/json",
            "X-Correlation-Id": "request-1",
            "Location": f"/books/{book}",
            "ETag": '"1"',
            "Consistency-Token": f"book-{book}@1",
        }

    def test_a_changed_book_is_answered_with_its_next_version(self, books: Books) -> None:
        answer = books.command(LEND, id="7", body=ADA)
        assert answer.status == 200
        assert answer.body == {"book_id": "7", "version": 2, "events": ["BookLent"]}
        assert answer.headers["ETag"] == '"2"'
        assert answer.headers["Consistency-Token"] == "book-7@2"
        assert "Location" not in answer.headers

    def test_a_command_with_nothing_to_do_is_answered_with_the_version_as_it_is(
        self, books: Books
    ) -> None:
        books.happens("book-7", BookLent(reader="ada"))
        answer = books.command(LEND, id="7", body=ADA)
        assert (answer.status, answer.body["version"], answer.body["events"]) == (200, 2, [])
        assert len(books.stored("7")) == 2

    @pytest.mark.parametrize("body", [None, "", {}, {"reason": None}])
    def test_a_command_without_fields_needs_no_body(self, books: Books, body: object) -> None:
        assert books.command(WITHDRAW, id="7", body=body).body["version"] == 2

    def test_a_commit_says_who_asked_for_it_and_in_which_request(self, books: Books) -> None:
        headers = {"X-Correlation-Id": "c-9"}
        books.command(WITHDRAW, id="7", actor="bob", request_id="r-9", headers=headers)
        envelope = books.stored("7")[-1].envelope
        assert (envelope.actor, envelope.command_type) == ("jwt:bob", "WithdrawBook")
        assert (envelope.correlation_id, envelope.causation_id) == ("c-9", "r-9")

    def test_what_did_not_come_to_be_has_neither_etag_nor_token(self) -> None:
        books = Books(decider=replace(BOOK, decide=lambda *_: []))
        for answer in (add(books), books.command(WITHDRAW, id="7")):
            assert (answer.body["version"], answer.body["events"]) == (0, [])
            assert answer.headers.keys() & {"ETag", "Consistency-Token"} == set()
        assert not books.store.heads().versions

    def test_a_log_line_names_the_commit(self, books: Books, logs: Lines) -> None:
        books.command(LEND, id="7", body=ADA)
        (line,) = logs()
        assert line["commit"] == "book-7@2"
        assert (line["events"], line["repeated"]) == (["BookLent"], False)


class TestInvalidInput:
    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ("null", {"": "must be an object"}),
            ([], {"": "must be an object"}),
            ({}, dict.fromkeys(["/author", "/copies", "/title"], "is missing")),
            (ENGINES | {"book_id": "7"}, {"/book_id": "is not a known field"}),
            (ENGINES | {"a/b": 1}, {"/a~1b": "is not a known field"}),
            (
                {"title": " ", "author": 1, "copies": True},
                {
                    "/title": "must not be blank",
                    "/author": "must be a string",
                    "/copies": "must be a whole number",
                },
            ),
        ],
    )
    def test_a_book_that_is_not_valid_says_all_that_is_wrong(
        self, body: object, wrong: dict[str, str]
    ) -> None:
        books = Books()
        assert faults(refused(add(books, body=body), 400, "invalid_input")) == wrong
        assert not books.store.heads().versions

    def test_the_words_of_an_answer_stay_within_what_lambda_can_send(self, books: Books) -> None:
        strange = {f"field-{n}": None for n in range(2 * MAX_FAULTS)}
        problem = refused(add(books, body=strange), 400, "invalid_input")
        assert len(problem["errors"]) == MAX_FAULTS

    @pytest.mark.parametrize("body", [None, "{", b"\xff"])
    def test_a_book_that_is_no_json_is_refused(self, books: Books, body: object) -> None:
        assert "errors" not in refused(add(books, body=body), 400, "invalid_input")

    def test_a_book_that_is_too_large_is_refused(self, books: Books) -> None:
        body = json.dumps(ENGINES | {"title": "x" * 200_000})
        refused(add(books, body=body), 413, "too_large")
        refused(books.command(LEND, id="7", body=body), 413, "too_large")

    def test_a_strange_idempotency_key_is_refused(self, books: Books) -> None:
        refused(add(books, " "), 400, "invalid_input")
        refused(books.command(WITHDRAW, id="7", headers=keyed(" ")), 400, "invalid_input")

    @pytest.mark.parametrize("etag", ["1", 'W/"1"'])
    def test_a_strange_if_match_is_refused(self, books: Books, etag: str) -> None:
        answer = books.command(WITHDRAW, id="7", headers={"If-Match": etag})
        refused(answer, 400, "invalid_input")
        assert len(books.stored("7")) == 1

    @pytest.mark.parametrize("book", ["a b", "7@1"])
    def test_a_strange_id_is_not_found(self, books: Books, book: str) -> None:
        refused(books.command(WITHDRAW, id=book), 404, "not_found")


class TestRules:
    def test_a_rule_that_says_no_is_told_with_its_own_code(self, books: Books) -> None:
        refused(add(books, body=ENGINES | {"copies": 0}), 422, "nothing_to_add")

    def test_an_unknown_book_is_not_found(self, books: Books) -> None:
        refused(books.command(WITHDRAW, id="nothing"), 404, "no_such_book")

    def test_a_refusal_leaves_no_trace(self) -> None:
        books = Books()
        books.added("7", copies=0)
        refused(books.command(LEND, id="7", body=ADA), 422, "no_copy_left")
        assert len(books.stored("7")) == 1


class TestRepeats:
    def test_a_book_added_twice_is_one_book_and_one_answer(self) -> None:
        books = Books()
        first, again = add(books, request_id="r-1"), add(books, request_id="r-2")
        assert (again.status, again.text) == (201, first.text)
        assert again.headers == first.headers | {"X-Correlation-Id": "r-2"}
        assert list(books.store.heads().versions.values()) == [1]

    def test_a_repeat_is_logged_as_one(self, books: Books, logs: Lines) -> None:
        add(books)
        add(books)
        assert [line["repeated"] for line in logs()] == [False, True]

    def test_a_repeat_is_known_by_what_it_says_not_by_how_it_is_written(self, books: Books) -> None:
        turned = json.dumps(dict(reversed(ENGINES.items())), indent=4).encode()
        assert add(books).text == add(books, body=turned).text

    @pytest.mark.parametrize("copies", [3, 0])
    def test_the_same_key_with_another_book_is_refused_even_if_a_rule_would_refuse_it(
        self, books: Books, copies: int
    ) -> None:
        add(books)
        answer = add(books, body=ENGINES | {"copies": copies})
        refused(answer, 422, "idempotency_key_reused")

    def test_a_repeat_is_known_though_a_rule_became_stricter_since(self, books: Books) -> None:
        def refuse(*_: object) -> NoReturn:
            raise Refused("Nobody can add any more.")

        first = add(books)
        stricter = Books(store=books.store, decider=replace(BOOK, decide=refuse))
        assert add(stricter).text == first.text
        refused(add(stricter, "key-2"), 422, "refused")

    @pytest.mark.parametrize("other", [{"key": "key-2"}, {"actor": "bob"}])
    def test_another_key_and_the_same_key_of_another_actor_are_another_book(
        self, books: Books, other: dict[str, Any]
    ) -> None:
        first, second = add(books), add(books, **other)
        assert second.status == 201
        assert second.body["book_id"] != first.body["book_id"]

    def test_without_a_key_every_request_is_another_book(self, books: Books) -> None:
        first, second = add(books, headers=None), add(books, headers=None)
        assert first.body["book_id"] != second.body["book_id"]

    def test_a_request_that_lambda_runs_twice_has_one_effect_without_a_key(
        self, books: Books
    ) -> None:
        first, second = (add(books, headers=None, request_id="r-1") for _ in range(2))
        assert first.text == second.text

    def test_a_repeat_is_known_after_the_book_was_added_and_changed(self, books: Books) -> None:
        first = add(books)
        books.command(WITHDRAW, id=first.body["book_id"])
        assert add(books).text == first.text

    def test_a_repeated_change_gets_the_answer_of_the_first_one(self, books: Books) -> None:
        first, again = (
            books.command(LEND, id="7", body=ADA, headers=keyed("key-2")) for _ in range(2)
        )
        assert (again.status, again.text) == (200, first.text)
        assert len(books.stored("7")) == 2

    def test_a_repeat_is_known_when_a_snapshot_lies_between(self) -> None:
        books = Books()
        books.added("7", copies=100)
        first = books.command(LEND, id="7", body=ADA, headers=keyed("key-2"))
        for n in range(2 * LOADED):
            books.command(LEND, id="7", body={"reader": f"reader-{n}"})
        again = books.command(LEND, id="7", body=ADA, headers=keyed("key-2"))
        assert again.text == first.text
        assert again.body["events"] == ["BookLent"]

    def test_a_key_of_another_command_to_the_same_book_is_refused(self, books: Books) -> None:
        books.command(WITHDRAW, id="7", headers=keyed("key-2"))
        answer = books.command(LEND, id="7", body=ADA, headers=keyed("key-2"))
        refused(answer, 422, "idempotency_key_reused")

    def test_a_repeat_is_answered_though_the_version_it_named_is_gone(self, books: Books) -> None:
        headers = keyed("key-2", **{"If-Match": '"1"'})
        first, again = (books.command(WITHDRAW, id="7", headers=headers) for _ in range(2))
        assert (again.status, again.text) == (200, first.text)

    def test_a_refusal_is_not_remembered(self, books: Books) -> None:
        refused(add(books, body=ENGINES | {"copies": 0}), 422, "nothing_to_add")
        assert add(books).status == 201


class TestPreconditions:
    @pytest.mark.parametrize("etag", ['"1"', "*"])
    def test_a_change_goes_through_at_the_version_that_it_names(
        self, books: Books, etag: str
    ) -> None:
        answer = books.command(WITHDRAW, id="7", headers={"If-Match": etag})
        assert answer.body["version"] == 2

    @pytest.mark.parametrize("etag", ['"1"', '"3"'])
    def test_a_change_at_another_version_is_refused(self, books: Books, etag: str) -> None:
        books.happens("book-7", BookWithdrawn())
        answer = books.command(WITHDRAW, id="7", headers={"If-Match": etag})
        problem = refused(answer, 412, "precondition_failed")
        assert f"is at version 2, not {etag[1]}" in problem["detail"]
        assert "Retry-After" not in answer.headers
        assert len(books.stored("7")) == 2

    @pytest.mark.parametrize(("route", "body"), [(ADD, ENGINES), (ADD_NAMED, NAMED)])
    def test_a_precondition_has_no_meaning_where_nothing_is(
        self, route: str, body: dict[str, Any]
    ) -> None:
        books = Books()
        answer = books.command(route, body=body, headers={"If-Match": '"1"'})
        refused(answer, 400, "invalid_input")
        assert not books.store.heads().versions


class TestTrouble:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (Unavailable("The store is not available."), 503, "unavailable"),
            (Throttled("The store has no capacity left for now."), 429, "throttled"),
        ],
    )
    def test_a_store_in_trouble_is_told_as_something_that_passes(
        self, error: Exception, status: int, code: str
    ) -> None:
        answer = add(Books(BrokenStore(error)))
        refused(answer, status, code)
        assert answer.headers["Retry-After"] == "1"

    def test_a_commit_that_the_store_cannot_take_is_told_with_its_size(self) -> None:
        answer = add(Books(BrokenStore(TooLarge("The commit book-7@1", 500_000, 400_000))))
        assert "500000 bytes" in refused(answer, 413, "too_large")["detail"]
        assert "Retry-After" not in answer.headers

    def test_a_command_that_failed_has_its_effect_when_it_is_sent_again(self) -> None:
        store = BrokenStore(Unavailable("The store is not available."))
        books = Books(store)
        refused(add(books), 503, "unavailable")
        store.error = None
        assert add(books).status == 201


class TestOpeningUnderAName:
    def name(self, books: Books, key: str = "key-1", **changed: object) -> Answer:
        return books.command(ADD_NAMED, body=NAMED | changed, headers=keyed(key))

    def test_it_is_answered_with_its_place_and_its_version(self) -> None:
        answer = self.name(Books())
        assert answer.status == 201
        assert answer.body == {"book_id": "7", "version": 1, "events": ["BookAdded"]}
        assert answer.headers["Location"] == "/books/7"
        assert answer.headers["ETag"] == '"1"'
        assert answer.headers["Consistency-Token"] == "book-7@1"

    def test_a_repeat_gets_the_same_answer_and_has_no_second_effect(self) -> None:
        books = Books()
        first = self.name(books)
        books.command(LEND, id="7", body=ADA)
        again = self.name(books)
        assert (again.status, again.text) == (201, first.text)
        assert again.headers == first.headers | {"X-Correlation-Id": "request-3"}
        assert len(books.stored("7")) == 2

    def test_the_same_name_with_another_key_is_refused_by_the_rule(self, books: Books) -> None:
        refused(self.name(books), 422, "book_is_there")

    def test_the_same_key_with_another_content_is_refused(self) -> None:
        books = Books()
        self.name(books)
        refused(self.name(books, copies=3), 422, "idempotency_key_reused")

    def test_the_same_key_with_another_name_is_another_command(self) -> None:
        """Keys are remembered by stream, and the body names the stream."""
        books = Books()
        assert [self.name(books, book_id=book).status for book in "78"] == [201, 201]

    def test_without_a_name_nothing_is_opened(self, books: Books) -> None:
        problem = refused(books.command(ADD_NAMED, body=ENGINES), 400, "invalid_input")
        assert faults(problem) == {"/book_id": "is missing"}

    @pytest.mark.parametrize("name", ["", "a b", "../7", 7, None])
    def test_a_name_that_cannot_be_an_id_is_refused(self, books: Books, name: object) -> None:
        problem = refused(self.name(books, book_id=name), 400, "invalid_input")
        assert faults(problem).keys() == {"/book_id"}
