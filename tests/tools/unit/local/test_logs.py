"""Logs are told whole, and their lines are made for a reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.local.clients import Clients
from scripts.local.logs import Log, print_logs, readable


def test_a_structured_line_shows_level_message_and_what_is_its_own() -> None:
    line = {
        "level": "INFO",
        "location": "handler:7",
        "message": "followed",
        "timestamp": "2026-11-22 21:24:48,244+0000",
        "service": "storefront_projector",
        "applied": {"order-7": 1},
    }
    assert readable(json.dumps(line)) == 'INFO    followed applied={"order-7": 1}'


def test_an_exception_is_shown_over_its_lines() -> None:
    line = {"level": "ERROR", "message": "failed", "exception": "Traceback:\n  it broke"}
    assert readable(json.dumps(line)) == "ERROR   failed exception=Traceback:\n  it broke"


def test_other_lines_are_left_as_they_are() -> None:
    assert readable("Traceback (most recent call last):") == "Traceback (most recent call last):"
    assert readable('"text"') == '"text"'
    assert readable('{"no": "message"}') == '{"no": "message"}'


def test_metrics_are_not_for_reading() -> None:
    assert readable('{"_aws": {"Timestamp": 1}, "Applied": [1.0]}') == ""


class Logs:
    """CloudWatch's, by function, two events a page."""

    class exceptions:  # noqa: N801 - the SDK's name
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}

    def log(self, function: str, time: int, message: str) -> None:
        event = {"timestamp": time, "message": message}
        self.events.setdefault(f"/aws/lambda/{function}", []).append(event)

    def get_paginator(self, operation: str) -> Logs:
        assert operation == "filter_log_events"
        return self

    def paginate(self, logGroupName: str, startTime: int) -> Iterator[Any]:  # noqa: N803
        if logGroupName not in self.events:
            raise self.exceptions.ResourceNotFoundException
        found = [e for e in self.events[logGroupName] if e["timestamp"] >= startTime]
        yield from ({"events": found[n : n + 2]} for n in range(0, len(found), 2))


def read(log: Log) -> list[str]:
    return [event["message"] for event in log.news()]


def test_a_log_is_read_to_its_last_page() -> None:
    logs = Logs()
    for n in range(7):
        logs.log("f", 10 + n // 3, f"line {n}")
    assert read(Log(logs, "f")) == [f"line {n}" for n in range(7)]


def test_lines_that_are_the_same_are_all_told() -> None:
    logs = Logs()
    for _ in range(3):
        logs.log("f", 10, "again")
    assert read(Log(logs, "f")) == ["again"] * 3


def test_news_are_what_was_not_told_before() -> None:
    logs = Logs()
    log = Log(logs, "f")
    logs.log("f", 10, "a")
    logs.log("f", 11, "b")
    assert read(log) == ["a", "b"]
    assert read(log) == []
    logs.log("f", 11, "b")
    logs.log("f", 11, "c")
    assert read(log) == ["b", "c"]
    logs.log("f", 12, "d")
    assert read(log) == ["d"]
    assert read(log) == []


def test_a_function_that_never_ran_has_said_nothing() -> None:
    assert read(Log(Logs(), "f")) == []


def test_what_the_platform_says_is_left_out() -> None:
    logs = Logs()
    for message in ("START RequestId: 1", "hello\n", "", "END RequestId: 1", "REPORT RequestId: 1"):
        logs.log("f", 10, message)
    log = Log(logs, "f")
    assert read(log) == ["hello"]
    assert read(log) == []


def test_functions_are_told_together_in_the_order_of_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs = Logs()
    for time, function in [(10, "f"), (11, "g"), (12, "f"), (13, "g")]:
        logs.log(function, time, f"at {time}")

    class Only(Clients):
        def __init__(self) -> None: ...

        def client(self, service: str) -> Any:
            return {"logs": logs}[service]

    print_logs(Only(), ["f", "g"], follow=False)
    assert [line.split()[1:] for line in capsys.readouterr().out.splitlines()] == [
        ["f", "at", "10"],
        ["g", "at", "11"],
        ["f", "at", "12"],
        ["g", "at", "13"],
    ]
