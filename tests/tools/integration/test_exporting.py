"""History is exported as DynamoDB keeps it: masked, and no more of it than is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cqrs.adapters import clients
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.history.commits import Commit, category_of, entity_of
from cqrs.testing.views import recorded
from scripts.release.application import Application
from scripts.release.exporting import Exported, Limits, export, tables_of
from scripts.release.released import ReleaseError
from scripts.release.replay import commits_in, replayed
from scripts.release.shapes import shape_of
from tests.library.books import BOOK, BOOKS, LIBRARY, BookAdded, BookLent, BookWithdrawn, Reviewed
from tests.library.integration.conftest import aws
from tests.library.integration.tables import create_event_store

__all__ = ["aws"]

TABLE = "cqrs-local-library-events"
APPLICATION = Application({"library": BOOK}, {}, {}, {"books": BOOKS}, {}, {})
SHAPES = {f"library.{name}@1": shape_of(LIBRARY.named(name).cls) for name in LIBRARY.schemas()}


@pytest.fixture(autouse=True)
def table(aws: None) -> None:
    create_event_store(clients.dynamodb(), TABLE)


def happens(stream: str, *events: object) -> list[Commit]:
    commits = recorded(LIBRARY, stream, *events)
    for commit in commits:
        DynamoDbEventStore(TABLE).append(commit, "c")
    return commits


class Metered:
    """The client, as a large table would answer: what it says of its size and its capacity."""

    def __init__(self, *, units: float = 1, items: int = 0) -> None:
        self.calls: list[Any] = []
        self._units, self._items = units, items

    def __getattr__(self, name: str) -> Any:
        def ask(**request: Any) -> Any:
            self.calls.append(request)
            answer = getattr(clients.dynamodb(), name)(**request)
            if name == "describe_table":
                answer["Table"]["ItemCount"] = self._items
            answer["ConsumedCapacity"] = {"CapacityUnits": self._units}
            return answer

        return ask


def exported(file: Path, client: Any = None, **limits: int) -> tuple[Exported, Sequence[Commit]]:
    done = export(
        *(APPLICATION, SHAPES, client or Metered(), {"library": TABLE}),
        Limits(**limits),
        file / "history.jsonl",
    )
    return done, commits_in(file / "history.jsonl")


def test_a_stream_comes_with_all_its_commits_and_those_that_feed_the_same_row(
    tmp_path: Path,
) -> None:
    happens("book-engines", BookAdded(title="On engines", author="byron"), BookWithdrawn())
    happens("review-engines", Reviewed(stars=5))

    done, commits = exported(tmp_path)

    assert (done.streams, done.commits, len(commits)) == (2, 3, 3)
    assert {category_of(one.stream) for one in commits} == {"book", "review"}
    assert len({entity_of(one.stream) for one in commits}) == 1
    assert done.kinds == {"library.BookAdded@1", "library.BookWithdrawn@1", "library.Reviewed@1"}


def test_nothing_unmasked_is_written(tmp_path: Path) -> None:
    happens("book-engines", BookAdded(title="Sketch of engines", author="lovelace"))

    exported(tmp_path)

    (file,) = tmp_path.iterdir()
    assert [word for word in ("engines", "lovelace", "tester") if word in file.read_text()] == []


def test_what_was_exported_can_be_replayed(tmp_path: Path) -> None:
    for n in range(20):
        happens(f"book-{n}", BookAdded(copies=n + 1), BookLent(reader=f"r-{n}"))

    _, commits = exported(tmp_path)

    assert [*replayed(APPLICATION, commits)] == []


def test_no_more_streams_are_read_than_are_asked_for_but_of_every_event_one(
    tmp_path: Path,
) -> None:
    for n in range(30):
        happens(f"book-{n}", BookAdded())
    happens("book-rare", BookAdded(), BookWithdrawn())

    done, _ = exported(tmp_path, streams=5)

    assert 5 <= done.streams <= 6
    assert "library.BookWithdrawn@1" in done.kinds


def test_of_a_long_stream_the_first_commits_are_read(tmp_path: Path) -> None:
    happens("book-1", BookAdded(copies=90), *[BookLent(reader=f"r-{n}") for n in range(58)])

    _, commits = exported(tmp_path, commits=10)

    assert [one.version for one in commits] == [*range(1, 11)]


def test_a_store_of_any_size_costs_no_more_read_units_than_are_said(tmp_path: Path) -> None:
    for n in range(40):
        happens(f"book-{n}", BookAdded())
    client = Metered(units=4, items=100_000_000)

    done, commits = exported(tmp_path, client, units=1_000)

    assert done.units <= 1_004  # a call is not told before what it takes
    assert len(client.calls) <= 252
    assert commits


def test_a_damaged_commit_is_left_out_with_what_follows_it(tmp_path: Path) -> None:
    happens("book-1", BookAdded(), BookLent(reader="ada"), BookWithdrawn())
    key = {"stream": {"S": "book-1"}, "version": {"N": "2"}}
    clients.dynamodb().put_item(TableName=TABLE, Item={**key, "body": {"S": '{"events": "?"}'}})

    done, commits = exported(tmp_path)

    assert (done.skipped, [one.version for one in commits]) == (1, [1])


def test_an_export_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    happens("book-1", BookAdded())
    _, before = exported(tmp_path)

    with pytest.raises(RuntimeError):
        export(
            *(APPLICATION, SHAPES, Failing(), {"library": TABLE}),
            Limits(),
            tmp_path / "history.jsonl",
        )

    assert commits_in(tmp_path / "history.jsonl") == before
    assert [file.name for file in tmp_path.iterdir()] == ["history.jsonl"]


class Failing(Metered):
    def query(self, **request: Any) -> Any:
        raise RuntimeError


def test_tables_are_found_by_the_environment_and_the_service() -> None:
    create_event_store(clients.dynamodb(), "cqrs-dev-library-events")
    found = tables_of(APPLICATION, "dev", clients.dynamodb())
    assert found == {"library": "cqrs-dev-library-events"}


def test_an_environment_that_is_not_there_is_told() -> None:
    with pytest.raises(ReleaseError, match="is prod deployed there"):
        tables_of(APPLICATION, "prod", clients.dynamodb())
