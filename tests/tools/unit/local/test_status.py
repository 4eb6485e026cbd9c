"""`make status` says what is down, and how far each view is behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from scripts.local import search
from scripts.local.errors import LocalError
from scripts.local.home import Home
from scripts.local.lags import Lags
from scripts.local.stack import Addresses, Stack
from scripts.local.status import print_status

ADDRESSES = Addresses("http://api", "http://aws", "http://control", "http://search")
LAG = {"commits": 12_345, "behind": 6, "streams": 2, "parked": 0}
TOLD: dict[str, Any] = {
    "behind": {"order_history#1": LAG, "sales#2": LAG | {"behind": 0, "streams": 0}},
    "down": {},
    "finished": True,
}


class Control:
    def __init__(self, up: bool, workers: Sequence[dict[str, Any]]) -> None:
        self.up, self.workers = up, workers

    def is_up(self) -> bool:
        return self.up

    def status(self) -> Sequence[dict[str, Any]]:
        return self.workers


class Shown(Stack):
    """A stack that is as the test says."""

    told: Any = TOLD
    due: int = 0
    aws = runner_up = has_search = True
    workers: Sequence[dict[str, Any]] = ()
    knobs: Mapping[str, str] = MappingProxyType({})

    def addresses(self) -> Addresses:
        return ADDRESSES

    def is_healthy(self) -> bool:
        return self.aws

    @property
    def control(self) -> Any:
        return Control(self.runner_up, self.workers)

    def lags(self) -> Lags:
        if isinstance(self.told, LocalError):
            raise self.told
        return Lags.of(self.told)

    def waiting(self) -> int:
        return self.due

    def faults(self) -> dict[str, str]:
        return dict(self.knobs)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shown:
    shown = Shown(Home(tmp_path))
    monkeypatch.setattr(search, "is_healthy", lambda url: shown.has_search)
    return shown


def told(stack: Shown, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    down = print_status(stack)
    return down, capsys.readouterr().out


def test_each_view_is_told_with_how_far_it_is_behind(
    stack: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    down, said = told(stack, capsys)
    assert down == []
    (history,) = [line.split() for line in said.splitlines() if "order_history" in line]
    assert history == ["order_history", "12,345", "6", "2", "0"]
    assert "sales#2" in said


def test_what_is_parked_waits_or_fails_is_told_with_what_to_do(
    stack: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.told = TOLD | {"behind": {"order_history#1": LAG | {"parked": 3}}}
    stack.due = 2
    stack.workers = [{"mapping": "events -> projector", "error": "boom", "tries": 4}]
    stack.knobs = {"projector": "stop=1"}
    down, said = told(stack, capsys)
    assert down == []
    assert "Parked streams: 3. `make parked` lists them" in said
    assert "Commands that wait to be delivered: 2. `make waiting` lists them." in said
    assert "events -> projector FAILING after 4 tries: boom" in said
    assert "projector has fault knobs set: stop=1" in said


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("OpenSearch", {"has_search": False}),
        ("stream runner", {"runner_up": False}),
        ("API", {"aws": False}),
        ("sweeper", {"told": LocalError("the sweeper failed")}),
        ("order_search", {"told": TOLD | {"down": {"order_search#1": "Unavailable: no index"}}}),
    ],
)
def test_what_is_down_is_told(
    stack: Shown, capsys: pytest.CaptureFixture[str], what: str, changes: dict[str, Any]
) -> None:
    for name, value in changes.items():
        setattr(stack, name, value)
    down, said = told(stack, capsys)
    assert what in down
    assert f"Down: {', '.join(down)}. `make up` starts what has died." in said or what == "sweeper"


def test_a_count_that_was_not_finished_is_not_taken_for_all(
    stack: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.told = TOLD | {"finished": False}
    assert "behind by as much at least" in told(stack, capsys)[1]
