"""Logs of the local AWS are read to their end."""

from __future__ import annotations

from scripts.local.logs import Log
from tests.tools.e2e.conftest import Local

PAGE = 10_000
TIME = 1_900_000_000_000


def test_a_log_is_told_whole_however_much_is_in_it_and_in_one_of_its_milliseconds(
    local: Local,
) -> None:
    logs = local.client("logs")
    group = {"logGroupName": "/aws/lambda/talkative"}
    logs.create_log_group(**group)
    times = {"a": [TIME] * PAGE, "b": [TIME] * PAGE, "c": [TIME + n // 3 for n in range(PAGE)]}
    for stream, moments in times.items():
        events = [{"timestamp": t, "message": f"{stream}{n}"} for n, t in enumerate(moments)]
        logs.create_log_stream(**group, logStreamName=stream)
        logs.put_log_events(**group, logStreamName=stream, logEvents=events)

    told = [event["message"] for event in Log(logs, "talkative").news()]

    assert told == [f"{stream}{n}" for stream in times for n in range(PAGE)]


def test_a_log_can_be_asked_for_a_time_and_for_words(local: Local) -> None:
    logs = local.client("logs")
    stream = {"logGroupName": "/aws/lambda/asked", "logStreamName": "a"}
    logs.create_log_group(logGroupName=stream["logGroupName"])
    logs.create_log_stream(**stream)
    events = [{"timestamp": TIME + n, "message": f"{n} {n % 2 and 'odd'}"} for n in range(9)]
    logs.put_log_events(**stream, logEvents=events)

    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=stream["logGroupName"],
        startTime=TIME + 2,
        endTime=TIME + 7,
        filterPattern="odd",
        limit=1,
    )

    told = [event["message"] for page in pages for event in page["events"]]
    assert told == ["3 odd", "5 odd", "7 odd"]
