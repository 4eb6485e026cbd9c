"""Whoever waits for the whole stack is told first if a knob keeps it from getting there."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.local.errors import LocalError
from scripts.local.home import Home
from scripts.local.stack import Stack


def stack(path: Path, monkeypatch: pytest.MonkeyPatch, faults: dict[str, str]) -> Stack:
    monkeypatch.setattr(Stack, "addresses", lambda _: None)
    monkeypatch.setattr(Stack, "faults", lambda _: faults)
    return Stack(Home(path))


def test_a_knob_that_is_set_is_refused_with_what_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = r"^projector has stop=1; indexer has drop=0\.1\. `make faults SET=clear` ends that\.$"
    with pytest.raises(LocalError, match=told):
        stack(
            tmp_path, monkeypatch, {"projector": "stop=1", "indexer": "drop=0.1"}
        ).require_no_faults()


def test_without_knobs_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack(tmp_path, monkeypatch, {}).require_no_faults()


def test_a_stack_that_does_not_run_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="not running"):
        Stack(Home(tmp_path)).require_no_faults()
