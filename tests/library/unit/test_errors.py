"""Errors: one tree that the docstring draws, a code for each, and a status at the edge for all."""

import inspect
import re

import pytest

import cqrs
from cqrs import errors
from cqrs.errors import CqrsError
from tests.library.errors import errors_of, shared_codes, status_of


def classes() -> list[type[CqrsError]]:
    return [
        kind
        for kind in vars(errors).values()
        if inspect.isclass(kind) and issubclass(kind, CqrsError)
    ]


def drawn() -> dict[str, str | None]:
    """The parent of each class in the tree that the docstring draws."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in (inspect.getdoc(errors) or "").splitlines():
        branch = re.match(r"([│ ]*)(?:[├└]── )?([A-Z][A-Za-z]+)(?: {2,}|$)", line)
        if branch and (path or branch[2] == "CqrsError"):
            depth = len(line[: line.index(branch[2])]) // 4
            path = [*path[:depth], branch[2]]
            parents[branch[2]] = path[-2] if depth else None
    return parents


def test_the_drawn_tree_is_the_tree() -> None:
    tree = {kind.__name__: kind.__base__.__name__ for kind in classes() if kind.__base__}
    assert drawn() == {**tree, "CqrsError": None}


def test_every_error_can_be_imported_by_name() -> None:
    assert sorted(errors.__all__) == list(errors.__all__)
    assert {kind.__name__ for kind in classes()} | {"Fault"} == set(errors.__all__)


def test_no_two_errors_have_the_same_code() -> None:
    assert shared_codes(errors_of(cqrs)) == []


def test_codes_are_words_for_programs() -> None:
    assert [
        kind.code for kind in errors_of(cqrs) if not re.fullmatch("[a-z]+(_[a-z]+)*", kind.code)
    ] == []


def test_every_error_has_a_status_of_its_own_kind() -> None:
    ours = {kind.__name__ for kind in errors_of(cqrs) if status_of(kind) == 500}
    assert ours == {
        "CqrsError",
        "Unreadable",
        "AppendConflict",
        "GuardTaken",
        "LostError",
    }  # never reach a client


def test_what_may_succeed_later_is_never_the_clients_fault() -> None:
    for kind in errors_of(cqrs):
        if kind.retryable:
            assert status_of(kind) in (409, 429, 500, 503), kind


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            errors.Conflict("order-7", 4),
            "'order-7' was changed by others during each of 4 attempts; try again.",
        ),
        (
            errors.PreconditionFailed("order-7", 3, 4),
            "'order-7' is at version 4, not 3 as If-Match says.",
        ),
        (errors.TooLarge("The body", 9, 8), "The body has 9 bytes; at most 8 are allowed."),
    ],
)
def test_an_error_is_a_sentence_that_a_caller_may_read(error: CqrsError, sentence: str) -> None:
    assert str(error) == sentence


def test_a_caller_is_told_whether_a_parked_stream_waits_for_a_person_or_goes_on_by_itself() -> None:
    assert "An operator has to resolve this" in str(errors.Parked("order-7", 3, "e"))
    ahead = str(errors.Parked("order-7", 3, "e", ahead=True))
    assert "version 3 of 'order-7' was written by newer code" in ahead
    assert "operator" not in ahead
    assert not errors.Parked("order-7", 3, "e").retryable
    assert errors.Parked("order-7", 3, "e", ahead=True).retryable


def test_what_made_a_stream_stop_is_not_told_to_a_caller() -> None:
    error = errors.Parked("order-7", 3, "KeyError: 'secret'")
    assert "secret" not in str(error)
    assert error.error == "KeyError: 'secret'"
