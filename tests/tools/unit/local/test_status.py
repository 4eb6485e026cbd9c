"""The status says what is down and how far views are behind, and only what is down is an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from scripts.local.errors import BusyError, LocalError
from scripts.local.lags import Lags
from scripts.local.stack import Addresses, Stack
from scripts.local.status import print_status
from tests.tools.unit.local.test_lags import lag, lags

WELL = {"mapping": "orders -> projector", "error": None, "tries": 0}


@dataclass
class Running:
    """A stack that is up, as the status asks it; `control` is its runner."""

    answers: bool = True
    runner: bool = True
    search: str | None = None
    counted: Lags | LocalError = field(default_factory=lambda: lags(orders=lag(9)))
    to_deliver: int = 0
    worker: dict[str, Any] = field(default_factory=lambda: WELL)
    knobs: dict[str, str] = field(default_factory=dict)

    @property
    def control(self) -> Running:
        return self

    def addresses(self) -> Addresses:
        return Addresses("http://api", "http://aws", "http://runner", self.search)

    def is_healthy(self) -> bool:
        return self.answers

    def is_up(self) -> bool:
        return self.runner

    def status(self) -> list[dict[str, Any]]:
        return [self.worker]

    def faults(self) -> dict[str, str]:
        return self.knobs

    def lags(self) -> Lags:
        if isinstance(self.counted, LocalError):
            raise self.counted
        return self.counted

    def waiting(self) -> int:
        return self.to_deliver


Told = Callable[[Running], tuple[list[str], str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """What is down, and what was printed."""

    def told(running: Running) -> tuple[list[str], str]:
        return print_status(cast(Stack, running)), capsys.readouterr().out

    return told


def test_a_stack_that_is_well_says_where_it_is_and_no_more(told: Told) -> None:
    down, said = told(Running())
    assert down == []
    assert [line.split() for line in said.splitlines()] == [
        ["API", "http://api"],
        ["AWS", "http://aws"],
        ["OpenSearch", "none"],
        ["stream", "runner", "http://runner"],
        [],
        ["view", "or", "process", "commits", "behind", "in", "streams", "parked", "streams"],
        ["orders", "9", "0", "0", "0"],
    ]


def test_to_be_behind_is_not_to_be_down(told: Told) -> None:
    down, said = told(Running(counted=lags(orders=lag(9_000, 1_200))))
    assert down == []
    assert ["orders", "9,000", "1,200", "1", "0"] in [line.split() for line in said.splitlines()]


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        (
            Running(counted=lags(orders=lag(9_000, parked=1_200))),
            "Parked streams: 1,200. `make parked` lists them, and why.",
        ),
        (
            Running(to_deliver=3),
            "Commands that wait to be delivered: 3. `make waiting` lists them.",
        ),
        (
            Running(counted=Lags({}, {}, finished=False)),
            "There was no time to count all: they are behind by as much at least.",
        ),
        (
            Running(counted=BusyError()),
            "The operator has too much to do for counting what is behind: ask again in a minute.",
        ),
        (
            Running(worker=WELL | {"error": "Unhandled", "tries": 7}),
            "orders -> projector FAILING after 7 tries: Unhandled",
        ),
        (
            Running(knobs={"projector": "stop=1"}),
            "projector has fault knobs set: stop=1 (make faults SET=clear ends that)",
        ),
    ],
)
def test_what_keeps_a_view_behind_is_told_and_is_no_error(
    told: Told, running: Running, expected: str
) -> None:
    down, said = told(running)
    assert down == []
    assert expected in said.splitlines()


@pytest.mark.parametrize(
    ("running", "names", "expected"),
    [
        (Running(answers=False), ["API", "AWS"], "http://aws DOES NOT ANSWER"),
        (Running(runner=False), ["stream runner"], "http://runner DOES NOT ANSWER"),
        (
            Running(search="http://127.0.0.1:1"),
            ["OpenSearch"],
            "http://127.0.0.1:1 DOES NOT ANSWER",
        ),
        (
            Running(counted=lags(orders=lag(9), down={"search#1": "no index"})),
            ["search"],
            "search DOES NOT ANSWER: no index",
        ),
        (
            Running(counted=LocalError("the operator failed")),
            ["operator"],
            "the operator failed",
        ),
    ],
)
def test_what_is_down_is_named(
    told: Told, running: Running, names: list[str], expected: str
) -> None:
    down, said = told(running)
    assert down == names
    assert expected in said
    assert said.splitlines()[-1] == f"Down: {', '.join(names)}. `make up` starts what has died."


def test_where_views_cannot_be_asked_what_runs_is_told_all_the_same(told: Told) -> None:
    nobody = Running(answers=False, counted=LocalError("must not be asked"))
    _, said = told(nobody)
    assert "must not be asked" not in said
    assert "http://runner" in said
