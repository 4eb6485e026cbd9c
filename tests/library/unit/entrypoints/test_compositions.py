"""Compositions over HTTP: what services are asked, what is answered, headers, problems."""

from typing import Any

import pytest

from cqrs.entrypoints.compositions import composed_page_of, composed_row_of
from cqrs.errors import Unavailable
from cqrs.read.compositions import AllTold, Ask, Composition, Plan, Reply
from cqrs.views.rows import Document
from tests.library.services import FakeServices, problem, told
from tests.library.unit.entrypoints.asking import ON_EVERY_ANSWER, Answer, ask_route, refused
from tests.library.unit.entrypoints.conftest import Lines

ROW = "GET /books/{id}"
PAGE = "GET /authors/{id}/books"


def asks(part: str, *of: str, **query: str) -> Ask:
    return Ask(part=part, of=of, query=query, read=lambda body: body)


def a_book(book: str) -> Plan:
    """A book with its reviews, and its author, once the book says who that is."""

    def joined(found: AllTold) -> Document:
        return {**found["book"], "author": found["author"], "reviews": found["reviews"]}

    return Plan(
        root=asks("book", "books", book),
        beside=[asks("reviews", "reviews", book)],
        after=lambda book: [asks("author", "authors", book["author"])],
        join=joined,
    )


def books_of(author: str, limit: int, cursor: str | None) -> Plan:
    query = {"author": author, "limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    return Plan(root=asks("books", "books", **query), join=lambda found: found["books"])


@pytest.fixture
def services() -> FakeServices:
    """Who knows of book 7, its author and its reviews, and of the books of Byron."""
    seven = {"book_id": "7", "version": 2, "author": "byron"}
    current, eventual = {"consistency": "current"}, {"consistency": "eventual"}
    page = told({"books": [seven], "cursor": "more"}, consistency_token="book-7@2", **eventual)
    return FakeServices(
        {
            "/books/7": told(seven, consistency_token="book-7@2", **eventual),
            "/reviews/7": told({"stars": 5}, consistency_token="review-7@3", **current),
            "/authors/byron": told(
                {"name": "Byron"}, consistency_token="author-byron@1", **current
            ),
            "/books?author=byron&limit=20": page,
        },
        otherwise=problem(404, "not_found"),
    )


def ask(services: FakeServices, route: str = ROW, key: str = "7", **request: Any) -> Answer:
    composition = Composition(services, 10)
    handlers = {
        ROW: composed_row_of(composition, a_book),
        PAGE: composed_page_of(composition, books_of),
    }
    return ask_route(handlers[route], route, id=key, **request)


def statuses(answer: Answer) -> dict[str, str]:
    return {name: part["status"] for name, part in answer.body["parts"].items()}


def test_a_document_is_what_was_joined_and_says_how_its_parts_are(services: FakeServices) -> None:
    answer = ask(services)
    document = answer.body
    parts = document.pop("parts")
    book = {"book_id": "7", "version": 2, "author": {"name": "Byron"}, "reviews": {"stars": 5}}
    assert (answer.status, document) == (200, book)
    assert statuses(answer) == {"book": "ok", "reviews": "ok", "author": "ok"}
    assert all(isinstance(part["ms"], int) for part in parts.values())


def test_a_list_is_what_was_joined_and_goes_on_where_its_root_says(services: FakeServices) -> None:
    first = ask(services, PAGE, "byron")
    assert [book["book_id"] for book in first.body["books"]] == ["7"]
    services.does["/books?author=byron&limit=2&cursor=more"] = told({"books": [], "cursor": None})
    query = {"limit": "2", "cursor": first.body["cursor"]}
    last = ask(services, PAGE, "byron", query=query)
    assert (last.body["books"], last.body["cursor"], statuses(last)) == ([], None, {"books": "ok"})


def test_its_headers_say_how_new_all_of_it_is(services: FakeServices) -> None:
    assert ask(services, headers={"X-Correlation-Id": "c-9"}).headers == {
        **ON_EVERY_ANSWER,
        "Content-Type": "application/json",
        "X-Correlation-Id": "c-9",
        "ETag": '"2"',
        "Consistency": "eventual",
        "Consistency-Token": "book-7@2, review-7@3, author-byron@1",
    }


def test_a_list_has_no_etag(services: FakeServices) -> None:
    headers = ask(services, PAGE, "byron").headers
    assert (headers["Consistency-Token"], "ETag" in headers) == ("book-7@2", False)


def test_services_hear_in_whose_name_and_because_of_what_they_are_asked_and_how_new_they_must_be(
    services: FakeServices,
) -> None:
    said = {
        "X-Correlation-Id": "c-9",
        "Authorization": "Bearer x",
        "Consistency-Token": "book-7@2",
    }
    ask(services, headers=said)
    assert services.headers == dict.fromkeys(("/books/7", "/reviews/7", "/authors/byron"), said)


def test_what_is_missing_is_null_and_named(services: FakeServices, logs: Lines) -> None:
    services.does["/reviews/7"] = TimeoutError("too slow")
    services.does["/authors/byron"] = Unavailable("it is down")
    answer = ask(services)
    assert answer.status == 200
    assert (answer.body["reviews"], answer.body["author"]) == (None, None)
    assert statuses(answer) == {"book": "ok", "reviews": "late", "author": "unavailable"}
    assert answer.headers["Consistency-Token"] == "book-7@2"
    line = logs()[-1]
    assert line["parts"]["reviews"]["status"] == "late"
    assert line["missing"] == {"reviews": "too slow", "author": "it is down"}


def test_what_is_not_there_is_null_and_named(services: FakeServices) -> None:
    del services.does["/reviews/7"]
    answer = ask(services)
    assert (answer.body["reviews"], statuses(answer)["reviews"]) == (None, "not_found")


@pytest.mark.parametrize(("route", "key"), [(ROW, "7"), (PAGE, "byron")])
@pytest.mark.parametrize(
    "trouble",
    [Unavailable("books is down"), TimeoutError("books is slow"), problem(429, "throttled")],
)
def test_without_its_root_there_is_no_answer(
    route: str, key: str, trouble: Exception | Reply
) -> None:
    answer = ask(FakeServices(otherwise=trouble), route, key)
    assert "books" not in refused(answer, 503, "unavailable")["detail"]
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "not_found"), (400, "invalid_consistency_token"), (400, "invalid_cursor")],
)
def test_what_the_roots_service_refuses_is_refused_in_its_words(status: int, code: str) -> None:
    answer = ask(FakeServices(otherwise=problem(status, code)), PAGE, "byron")
    assert refused(answer, status, code)["detail"] == f"{code} it is."


def test_a_token_that_any_service_refuses_is_refused(services: FakeServices) -> None:
    services.does["/reviews/7"] = problem(400, "invalid_consistency_token")
    refused(ask(services), 400, "invalid_consistency_token")


@pytest.mark.parametrize("route", [ROW, PAGE])
def test_what_can_be_no_id_is_asked_of_nobody(services: FakeServices, route: str) -> None:
    refused(ask(services, route, "a b"), 404, "not_found")
    assert services.asked == []


@pytest.mark.parametrize("route", [ROW, PAGE])
def test_a_token_that_was_never_answered_is_asked_of_nobody(
    services: FakeServices, route: str
) -> None:
    answer = ask(services, route, headers={"Consistency-Token": "book-7"})
    refused(answer, 400, "invalid_consistency_token")
    assert services.asked == []


def test_a_limit_that_is_too_high_is_refused(services: FakeServices) -> None:
    refused(ask(services, PAGE, query={"limit": "51"}), 400, "invalid_input")
    assert services.asked == []
