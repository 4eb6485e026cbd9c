"""Files over HTTP, and what routes tell of themselves."""

from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from cqrs.entrypoints.about import About, about_of, choices, ids, telling, words
from cqrs.entrypoints.files import file_of
from cqrs.entrypoints.http import OfOwners, Request, Response
from tests.library.unit.entrypoints.asking import ask_route

ROUTE = "GET /file"


class Status(StrEnum):
    SHELVED = "shelved"
    LENT = "lent"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("page.html", "text/html; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("page.json", "application/json"),
    ],
)
def test_a_file_is_answered_as_it_is(tmp_path: Path, name: str, content_type: str) -> None:
    (tmp_path / name).write_text('"é"\n', encoding="utf-8")

    answer = ask_route(file_of(tmp_path / name, "A file"), ROUTE)

    assert (answer.status, answer.text) == (200, '"é"\n')
    assert answer.headers["Content-Type"] == content_type


def test_a_page_runs_no_script_of_others_and_sends_nothing_to_them(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>Books</p>")

    policy = ask_route(file_of(tmp_path / "page.html", "A page"), ROUTE).headers[
        "Content-Security-Policy"
    ]

    said = dict(each.split(" ", 1) for each in policy.split("; "))
    assert said["default-src"] == said["frame-ancestors"] == "'none'"
    assert said["script-src"] == said["connect-src"] == "'self'"


def test_a_file_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    route = file_of(tmp_path / "page.css", "A file")
    (tmp_path / "page.css").write_text("p {}")
    assert ask_route(route, ROUTE).text == "p {}"


def test_a_file_of_a_type_that_nobody_knows_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        file_of(tmp_path / "page.exe", "A file")


def test_what_a_route_tells_is_known_however_it_is_wrapped() -> None:
    about = About("Books")

    @telling(about)
    def answer(_: Request) -> Response:
        return Response(body={})

    assert about_of(answer) is about_of(OfOwners(answer)) is about
    assert about_of(lambda _: Response()) is None


@pytest.mark.parametrize("name", ["LendBook", "lend_book"])
def test_a_name_of_code_is_read_aloud(name: str) -> None:
    assert words(name) == "lend book"


def test_what_is_sent_with_commas_is_a_list() -> None:
    one: Any = {"type": "string", "enum": ["shelved", "lent"]}
    assert choices("status", "", Status).schema == {"type": "array", "items": one}
    assert ids("id", "", most=5).schema["maxItems"] == 5
    assert ids("id", "", most=1).schema["type"] == "string"
