"""What `make rebuild`, `rollback`, `drop-generation` and `views` do and print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from scripts.local import rebuild as commands
from scripts.local.errors import LocalError
from scripts.local.lags import Lag, Lags

WALK = {
    "purpose": "rebuild/sales#2",
    "began": "2026-01-31T12:00:00.000000Z",
    "ended": "2026-01-31T12:00:01.500000Z",
    "walked": 30,
    "streams": 10,
    "found": {"sales#2": 10},
    "aside": [],
    "gave_up": {},
    "compared": {"equal": 9, "differing": 1, "skipped": 0, "differences": ["7: units 1 -> 2"]},
}


class Stack:
    """A stack that is asked, and how it answers."""

    def __init__(self, walk: Mapping[str, Any] = WALK) -> None:
        self.asked: list[dict[str, Any]] = []
        self._walk = dict(walk)
        self.views: dict[str, Any] = {}
        self.lag: dict[str, Lag] = {}

    def ask(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        assert function == "walker"
        self.asked.append(event)
        answers: dict[str, dict[str, Any]] = {
            "price": {"commits": 30, "minutes": 2, "dollars": 1.5},
            "rebuild": {"generation": "2", "active": "1", "walk": {"ended": None}},
            "switch": {},
            "rollback": {"active": "1"},
            "drop": {"dropped": "2"},
            "views": {"views": self.views},
        }
        return answers[next(iter(event))]

    def end_of(self, walk: object) -> dict[str, Any]:
        return self._walk

    def lags(self) -> Lags:
        return Lags(self.lag, {}, True)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_rebuild_tells_its_price_and_what_differs_and_switches_when_it_may(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack: Any = Stack()
    commands.rebuild(stack, "sales", yes=True)
    assert stack.asked == [
        {"price": "sales"},
        {"rebuild": "sales"},
        {"switch": "sales", "generation": "2"},
    ]
    assert printed(capsys) == [
        "sales: about 30 commits. On AWS that takes about 2 min and $1.50.",
        "rebuild/sales#2: 1.5 s; streams: 10; commits: 30; were behind: 10 in sales#2",
        "Rows that are the same in both: 9; that differ: 1",
        "  7: units 1 -> 2",
        "Queries see generation 2 now. `make rollback VIEW=sales` goes back to 1.",
    ]


@pytest.mark.parametrize(
    ("answer", "switches"), [("y", True), ("yes", True), ("", False), ("n", 0)]
)
def test_it_asks_before_it_switches(
    monkeypatch: pytest.MonkeyPatch, answer: str, switches: bool
) -> None:
    stack: Any = Stack()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    commands.rebuild(stack, "sales", yes=False)
    assert ({"switch": "sales", "generation": "2"} in stack.asked) == bool(switches)


def test_where_nobody_can_answer_it_does_not_switch(capsys: pytest.CaptureFixture[str]) -> None:
    stack: Any = Stack()
    commands.rebuild(stack, "sales", yes=False)
    assert "switch" not in [next(iter(event)) for event in stack.asked]
    assert "YES=1" in printed(capsys)[-2]


def test_what_has_not_everything_is_not_switched_to() -> None:
    stack: Any = Stack({**WALK, "gave_up": {"sales#2": "Unavailable: down"}})
    with pytest.raises(LocalError, match="generation 2 has not everything"):
        commands.rebuild(stack, "sales", yes=True)
    assert "switch" not in [next(iter(event)) for event in stack.asked]


def test_a_generation_is_gone_back_to_and_another_dropped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack: Any = Stack()
    commands.rollback(stack, "sales")
    commands.drop(stack, "sales", "")
    commands.drop(stack, "sales", "2")
    assert stack.asked == [
        {"rollback": "sales"},
        {"drop": "sales"},
        {"drop": "sales", "generation": "2"},
    ]
    assert printed(capsys)[0] == "Queries see generation 1 of sales now."


def test_each_generation_is_told_with_its_own_rows_and_lag(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack: Any = Stack()
    made = {"made": "2026-01-31T12:00:00.000000Z", "filled": "2026-01-31T12:00:01.000000Z"}
    live = [{"generation": "1", **made}, {"generation": "1.1", **made, "filled": None}]
    since = "2026-01-31T12:00:01.000000Z"
    known = {"active": "1", "since": since, "before": None, "live": live, "code": "2"}
    stack.views = {"sales": {**known, "changed": True}}
    stack.lag = {
        "sales": Lag(commits=9, behind=1, streams=1, parked=0, rows=4),
        "sales#1.1": Lag(commits=9, behind=7, streams=5, parked=0, rows=2),
    }
    commands.show_views(stack)
    changed, _, first, second = (line.split() for line in printed(capsys))
    assert " ".join(changed) == ("sales has changed: `make rebuild VIEW=sales` makes generation 2")
    assert first[:6] == ["sales", "1", "since", since[:19], made["filled"][:19], "4"]
    assert second[:6] == ["sales", "1.1", "-", "not", "yet", "2"]
    assert (first[6], second[6]) == ("1", "7")
