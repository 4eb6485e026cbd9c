"""HTTP's edge: what a request is read as, and what every answer and every problem looks like."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from cqrs.entrypoints.http import (
    MAX_BODY_BYTES,
    HttpFunction,
    Request,
    Response,
    no_such_route,
)
from cqrs.errors import (
    Conflict,
    CqrsError,
    Fault,
    Forbidden,
    InvalidCursor,
    InvalidInput,
    InvalidToken,
    KeyReused,
    NotFound,
    Parked,
    PreconditionFailed,
    Refused,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unreadable,
)
from tests.library.payloads import http, unrouted
from tests.library.unit.entrypoints.asking import ON_EVERY_ANSWER, Answer, ask, ask_route, refused
from tests.library.unit.entrypoints.conftest import Lines

ROUTE = "POST /things/{id}"
Reads = Callable[[Request], Any]


def answered(response: Response, **request: Any) -> Answer:
    return ask_route(lambda _: response, ROUTE, **request)


def failing(error: Exception, **request: Any) -> Answer:
    def answer(_: Request) -> Response:
        raise error

    return ask_route(answer, ROUTE, **request)


def reading(reads: Reads, **request: Any) -> Answer:
    """The answer of a route that reads a part of its request."""
    return ask_route(lambda asked: Response(body=reads(asked)), ROUTE, **request)


def read(reads: Reads, **request: Any) -> Any:
    """A part of a request, as a route reads it."""
    answer = reading(reads, **request)
    assert answer.status == 200, answer
    return answer.body


def actor(authorizer: object) -> str:
    """Whom a request is taken to be from, when the API's authoriser says this of it; or the status
    of the answer, if there is none.
    """
    event = http(ROUTE)
    event["requestContext"]["authorizer"] = authorizer
    answer = ask(HttpFunction({ROUTE: lambda asked: Response(body=asked.actor)}), event)
    return str(answer.body if answer.status == 200 else answer.status)


def key(request: Request) -> str:
    return request.idempotency_key


def limit(request: Request) -> int:
    return request.number("limit", default=20, low=1, high=50)


class TestRequests:
    def test_a_request_is_who_asks_what_and_when(self) -> None:
        seen: list[Request] = []
        asked: dict[str, Any] = {"query": {"limit": "3"}, "headers": {"If-Match": "*"}}
        reading(seen.append, id="7", body={"a": 1}, **asked)
        (request,) = seen
        assert (request.route, request.method, request.path) == (ROUTE, "POST", "/things/7")
        assert (request.params, request.query) == ({"id": "7"}, {"limit": "3"})
        assert (request.actor, request.request_id) == ("jwt:ada", "request-1")
        assert request.headers["if-match"] == "*"
        assert request.json() == {"a": 1}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", request.time)

    @pytest.mark.parametrize(
        ("authorizer", "known"),
        [
            ({"jwt": {"claims": {"sub": "ada"}, "scopes": None}}, "jwt:ada"),
            (
                {"iam": {"userArn": "arn:aws:iam::1:user/ada", "userId": "AIDA"}},
                "iam:arn:aws:iam::1:user/ada",
            ),
            ({"lambda": {"principalId": "ada", "plan": "free"}}, "lambda:ada"),
        ],
    )
    def test_who_asks_is_told_with_how_that_is_known(self, authorizer: object, known: str) -> None:
        assert actor(authorizer) == known

    @pytest.mark.parametrize(
        "authorizer",
        [
            {"jwt": {"claims": None}},
            {"jwt": {"claims": {"scope": "books"}}},
            {"jwt": {"claims": {"sub": ""}}},
            {"iam": {"accountId": "1"}},
            {"lambda": {"plan": "free"}},
            {"lambda": {"principalId": 7}},
        ],
    )
    def test_behind_an_authoriser_that_names_nobody_nobody_is_served(
        self, authorizer: object
    ) -> None:
        assert actor(authorizer) == "500"

    @pytest.mark.parametrize("authorizer", [None, {}, {"jwt": None}, {"lambda": None}])
    def test_without_an_authoriser_all_are_anonymous(self, authorizer: object) -> None:
        assert actor(authorizer) == "anonymous"

    def test_who_was_not_asked_for_is_anonymous(self) -> None:
        assert read(lambda request: request.actor, actor=None) == "anonymous"

    def test_a_body_in_base64_is_opened(self) -> None:
        assert read(lambda request: request.json(), body='{"city":"Zürich"}'.encode()) == {
            "city": "Zürich"
        }

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (None, "required"),
            ("", "required"),
            ("\n\n\n", "Expecting value"),
            ("book", "Expecting value"),
            ("{", "Expecting property name"),
            ('{"a": 1,}', "can't be read as JSON"),
            ("{'a': 1}", "Expecting property name"),
            ('{"a": 1} {"a": 2}', "Extra data"),
            ('{"a": NaN}', "NaN is not JSON"),
            ('{"a": Infinity}', "Infinity is not JSON"),
            ('{"a": 1e999}', "1e999 is not JSON"),
            ('{"a": -Infinity}', "-Infinity is not JSON"),
            ('{"a": 1, "a": 2}', "same name twice"),
            (r'{"\ud800": 1}', "surrogates not allowed"),
            ("[" * 60_000, "nested too deeply"),
            ('{"a":' * 20_000 + "1" + "}" * 20_000, "nested too deeply"),
            ("9" * 5_000, "4300"),
            ("\ufeff{}", "Unexpected UTF-8 BOM"),
            ('"\ud800"', "not UTF-8"),
            (b"\xff\xfe{}", "not UTF-8"),
            ('{"a": "é"}'.encode("latin-1"), "not UTF-8"),
        ],
    )
    def test_a_body_that_is_no_json_is_refused(self, body: object, why: str) -> None:
        answer = reading(lambda request: request.json(), body=body)
        assert why in refused(answer, 400, "invalid_input")["detail"]

    @pytest.mark.parametrize("body", ["not base64!", "é", "e30", "e30=\n="])
    def test_a_body_that_is_no_base64_is_refused_as_no_json(self, body: str) -> None:
        event = http(ROUTE, body=body) | {"isBase64Encoded": True}
        function = HttpFunction({ROUTE: lambda request: Response(body=request.json())})
        refused(ask(function, event), 400, "invalid_input")

    def test_a_body_that_is_too_large_is_refused_before_it_is_read(self) -> None:
        answer = reading(lambda request: request.json(), body="[" * (MAX_BODY_BYTES + 1))
        assert refused(answer, 413, "too_large")["detail"] == (
            "The body has 131073 bytes; at most 131072 are allowed."
        )

    @pytest.mark.parametrize("sent", [str, str.encode])
    @pytest.mark.parametrize("letter", ["x", "é"])
    def test_a_body_has_128_kilobytes_and_not_a_byte_more(
        self, sent: Callable[[str], object], letter: str
    ) -> None:
        fits = '"' + letter * (131_070 // len(letter.encode())) + '"'
        assert len(fits.encode()) == 131_072
        assert reading(lambda request: len(request.json()), body=sent(fits)).status == 200
        answer = reading(lambda request: request.json(), body=sent(fits + " "))
        assert "131073 bytes" in refused(answer, 413, "too_large")["detail"]

    @pytest.mark.parametrize("thing", ["7", "a", "A-1_b.c", "x" * 64])
    def test_an_id_is_taken_from_the_path(self, thing: str) -> None:
        assert read(lambda request: request.id("id"), id=thing) == thing

    @pytest.mark.parametrize(
        "thing",
        ["", " ", "-1", ".", "..", "a b", "a/b", "é", "7\n", "a@1", "a,b", "#", "x" * 65, "\x00"],
    )
    def test_nothing_is_found_under_what_is_no_id(self, thing: str) -> None:
        refused(reading(lambda request: request.id("id"), id=thing), 404, "not_found")

    @pytest.mark.parametrize(
        "text", ["0", "51", "-1", "1.5", "1e1", "ten", "", " 7", "٣", "9" * 20]
    )
    def test_a_number_in_the_query_is_a_number_within_its_range(self, text: str) -> None:
        problem = refused(reading(limit, query={"limit": text}), 400, "invalid_input")
        assert problem["detail"] == "'limit' in the query must be a number from 1 to 50."

    def test_a_number_that_is_not_in_the_query_has_its_default(self) -> None:
        assert read(limit) == 20
        assert read(limit, query={"limit": "50"}) == 50

    @pytest.mark.parametrize("sent", ["k", "a key with spaces", "x" * 255, "8f14e45f-ceea", "~!@"])
    def test_an_idempotency_key_is_the_clients_choice(self, sent: str) -> None:
        assert read(key, headers={"Idempotency-Key": sent}) == sent

    def test_without_a_key_the_request_is_one_of_its_own(self) -> None:
        assert read(key, request_id="r-9") == "r-9"

    @pytest.mark.parametrize("sent", ["", " ", " a", "a ", "é", "a\tb", "a\nb", "x" * 256, "\x7f"])
    def test_a_strange_idempotency_key_is_refused(self, sent: str) -> None:
        refused(reading(key, headers={"Idempotency-Key": sent}), 400, "invalid_input")

    @pytest.mark.parametrize(
        ("etag", "version"), [('"3"', 3), ('"1000000"', 1_000_000), ("*", None)]
    )
    def test_if_match_names_the_version_that_was_answered(
        self, etag: str, version: int | None
    ) -> None:
        headers = {"If-Match": etag}
        assert read(lambda request: [request.expected_version], headers=headers) == [version]

    @pytest.mark.parametrize("etag", ["", "3", '"0"', '"-1"', 'W/"3"', '"3", "4"', '"x"', '"03"'])
    def test_an_if_match_that_was_never_answered_is_refused(self, etag: str) -> None:
        answer = reading(lambda request: request.expected_version, headers={"If-Match": etag})
        refused(answer, 400, "invalid_input")


class TestAnswers:
    def test_an_answer_is_a_line_of_json_with_its_headers(self) -> None:
        answer = answered(Response(status=201, body={"city": "Zürich"}, headers={"ETag": '"1"'}))
        assert (answer.status, answer.text) == (201, '{"city":"Zürich"}\n')
        assert answer.headers == {
            **ON_EVERY_ANSWER,
            "Content-Type": "application/json",
            "ETag": '"1"',
            "X-Correlation-Id": "request-1",
        }

    def test_an_answer_without_a_body_is_empty(self) -> None:
        assert answered(Response(status=204)).text == ""

    @pytest.mark.parametrize("body", [object(), {"a": b"x"}, {"a": {1}}, float("inf")])
    def test_an_answer_that_cannot_be_written_as_json_is_our_fault(
        self, body: object, logs: Lines
    ) -> None:
        answer = answered(Response(status=201, body=body, headers={"ETag": '"1"'}))
        refused(answer, 500, "internal_error")
        assert "ETag" not in answer.headers
        assert [line["message"] for line in logs()] == ["failed", "POST /things/{id} 500"]

    def test_the_clients_correlation_id_is_kept(self) -> None:
        answer = answered(Response(), headers={"X-Correlation-ID": "trace-7"})
        assert answer.headers["X-Correlation-Id"] == "trace-7"

    @pytest.mark.parametrize(
        "strange", ["", "a b", "é", "<script>", "x" * 65, "a\r\nSet-Cookie: b"]
    )
    def test_a_strange_correlation_id_is_replaced_by_the_requests(self, strange: str) -> None:
        answer = answered(Response(), headers={"X-Correlation-Id": strange})
        assert answer.headers["X-Correlation-Id"] == "request-1"

    def test_a_request_leaves_one_line_that_says_what_became_of_it(self, logs: Lines) -> None:
        answered(Response(notes={"commit": "book-7@1"}), id="7", headers={"x-correlation-id": "c"})
        (line,) = logs()
        assert line["message"] == "POST /things/{id} 200"
        assert (line["route"], line["status"], line["commit"]) == (ROUTE, 200, "book-7@1")
        assert (line["correlation_id"], line["causation_id"]) == ("c", "request-1")
        assert line["actor"] == "jwt:ada"
        assert line["ms"] >= 0

    def test_what_went_well_is_not_counted(self, metrics: Lines) -> None:
        answered(Response())
        assert metrics() == []


ERRORS: list[tuple[CqrsError, int]] = [
    (InvalidInput("No."), 400),
    (InvalidToken("No."), 400),
    (InvalidCursor("No."), 400),
    (Unauthenticated("No."), 401),
    (Forbidden("No."), 403),
    (NotFound("No."), 404),
    (Conflict("book-7", 4), 409),
    (PreconditionFailed("book-7", 2, 3), 412),
    (TooLarge("The body", 9, 8), 413),
    (Refused("No."), 422),
    (KeyReused("book-7"), 422),
    (Throttled("No."), 429),
    (Parked("book-7", 3, "boom"), 503),
    (Unavailable("No."), 503),
]


class TestProblems:
    @pytest.mark.parametrize(("error", "status"), ERRORS)
    def test_every_error_is_a_problem_with_a_status_and_a_code(
        self, error: CqrsError, status: int, metrics: Lines
    ) -> None:
        refused(failing(error), status, error.code)
        assert metrics() == [{"Problems": 1.0, "code": error.code, "service": "test"}]

    @pytest.mark.parametrize(("error", "status"), ERRORS)
    def test_what_may_succeed_later_says_when_to_try_again(
        self, error: CqrsError, status: int
    ) -> None:
        assert failing(error).headers.get("Retry-After") == ("1" if error.retryable else None)

    @pytest.mark.parametrize("error", [NotFound("No such thing."), Conflict("book-7", 4)])
    def test_a_problem_is_a_line_that_says_what_the_error_says(self, error: CqrsError) -> None:
        answer = failing(error)
        assert answer.body["detail"] == str(error)
        assert answer.text.endswith("}\n")

    @pytest.mark.parametrize("kind", [Unavailable, Throttled])
    def test_which_store_is_in_trouble_is_told_to_the_log_only(
        self, kind: type[Unavailable], logs: Lines
    ) -> None:
        answer = failing(kind("prod-books is down"))
        assert answer.body["detail"] == "This can't be done at the moment; try again."
        assert logs()[0]["message"] == "prod-books is down"

    def test_a_rule_of_a_domain_has_a_code_of_its_own(self) -> None:
        class ThingIsFull(Refused):
            code = "thing_is_full"

        problem = refused(failing(ThingIsFull("It is full.")), 422, "thing_is_full")
        assert problem["title"] == "Thing is full"

    def test_an_invalid_input_says_all_that_is_wrong(self) -> None:
        faults = [Fault("/a", "is missing"), Fault("/b/0", "must be a string")]
        problem = refused(failing(InvalidInput("Not valid.", faults)), 400, "invalid_input")
        assert problem["errors"] == [
            {"pointer": "/a", "detail": "is missing"},
            {"pointer": "/b/0", "detail": "must be a string"},
        ]

    @pytest.mark.parametrize(
        "error", [KeyError("secret"), ValueError("secret"), ZeroDivisionError(), RecursionError()]
    )
    def test_whatever_goes_wrong_inside_stays_inside(self, error: Exception, logs: Lines) -> None:
        answer = failing(error)
        problem = refused(answer, 500, "internal_error")
        assert problem["detail"] == "Something went wrong on our side."
        assert "secret" not in answer.text
        first, last = logs()
        assert (first["level"], first["exception_name"]) == ("ERROR", type(error).__name__)
        assert "Traceback" in first["exception"]
        assert last["status"] == 500

    def test_what_cannot_be_read_is_told_to_the_log_only(self, logs: Lines) -> None:
        answer = failing(Unreadable("book-7@3 has no events"))
        problem = refused(answer, 500, "unreadable")
        assert problem["detail"] == "Something went wrong on our side."
        assert logs()[0]["message"] == "book-7@3 has no events"

    def test_a_route_that_was_never_wired_is_our_fault(self) -> None:
        refused(ask(HttpFunction({}), http(ROUTE)), 500, "internal_error")


class TestNoSuchRoute:
    function = HttpFunction(
        {"$default": no_such_route("GET /books/{id},PUT /books/{id},POST /books,GET /a.b")}
    )

    @pytest.mark.parametrize(
        "path", ["/", "", "/nothing", "/books/", "/books/7/8", "/aXb", "/BOOKS", "//books/7"]
    )
    def test_an_unknown_path_is_not_found(self, path: str) -> None:
        problem = refused(ask(self.function, unrouted("GET", path)), 404, "not_found")
        assert problem["detail"] == f"There is nothing at {path}."

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("DELETE", "/books/7", "GET, PUT"),
            ("HEAD", "/books/7", "GET, PUT"),
            ("OPTIONS", "/books/7", "GET, PUT"),
            ("GET", "/books", "POST"),
            ("POST", "/a.b", "GET"),
        ],
    )
    def test_a_known_path_says_which_methods_it_takes(
        self, method: str, path: str, allowed: str
    ) -> None:
        answer = ask(self.function, unrouted(method, path))
        refused(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"] == allowed

    def test_a_preflight_is_let_through_where_pages_may_call(self) -> None:
        function = HttpFunction({"$default": no_such_route("GET /books/{id},OPTIONS *")})
        for path in ("/books/7", "/nothing"):
            assert ask(function, unrouted("OPTIONS", path)).status == 204
        refused(ask(function, unrouted("PUT", "/books/7")), 405, "method_not_allowed")

    def test_without_known_routes_nothing_is_found(self) -> None:
        function = HttpFunction({"$default": no_such_route("")})
        refused(ask(function, unrouted("GET", "/books")), 404, "not_found")


def test_an_answer_with_any_text_can_be_sent() -> None:
    body = {"text": '\u2028 é 👩‍🔬 " \\ \x00'}
    assert answered(Response(body=body)).body == body
    assert json.loads(answered(Response(body=[])).text) == []
