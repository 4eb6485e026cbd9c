"""Functions on the local AWS: a few processes each, and what their callers are told of them."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.tools.e2e.conftest import Local, Signals

MANY = 60
PROCESSES = 3
RUNNING = "*.*"


ANSWERING = "def handler(event, context): print(); return 'here'"

ENDLESS = (
    """
import os, time
open("FOLDER/starting", "x").close()
while not os.path.exists("FOLDER/go-on"):
    time.sleep(0.01)
"""
    + ANSWERING
)

# How many were starting when this one was.
STARTING = """
import glob, os, time
mine = f"FOLDER/starting-{os.getpid()}"
open(mine, "x").close()
time.sleep(0.1)
STARTING = len(glob.glob("FOLDER/starting-*"))
os.remove(mine)
def handler(event, context):
    open(f"FOLDER/{os.getpid()}.run", "x").close()
    print("running")
    while not os.path.exists("FOLDER/go-on"):
        time.sleep(0.01)
    return str(STARTING)
"""


def invoke(local: Local, function: str, kind: str = "RequestResponse") -> Any:
    return local.client("lambda").invoke(FunctionName=function, InvocationType=kind)


def allow_one_at_a_time(local: Local, function: str) -> None:
    local.client("lambda").put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=1
    )


def process(run: str) -> int:
    return int(run.partition(".")[0])


def test_a_burst_waits_for_its_turn_at_few_processes(
    local: Local, waiting_function: str, signals: Signals
) -> None:
    api = local.make_api(waiting_function)
    with ThreadPoolExecutor(MANY) as callers:
        calls = [callers.submit(api.get) for _ in range(MANY)]
        signals.wait_for(RUNNING, PROCESSES)
        signals.give("go-on")
    answers = [call.result() for call in calls]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == PROCESSES


def test_while_one_function_is_taken_others_answer(
    local: Local, waiting_function: str, signals: Signals
) -> None:
    other = local.make_function("other", ANSWERING)
    with ThreadPoolExecutor(MANY) as callers:
        calls = [callers.submit(local.make_api(waiting_function).get) for _ in range(MANY)]
        signals.wait_for(RUNNING, PROCESSES)
        assert local.make_api(other).get().text == "here"
        signals.give("go-on")
    assert all(call.result().ok for call in calls)


def test_without_capacity_an_api_is_unavailable_and_an_invocation_is_throttled(
    local: Local, waiting_function: str, signals: Signals
) -> None:
    allow_one_at_a_time(local, waiting_function)
    with ThreadPoolExecutor(1) as first:
        call = first.submit(invoke, local, waiting_function)
        signals.wait_for(RUNNING)
        answer = local.make_api(waiting_function).get()
        with pytest.raises(local.client("lambda").exceptions.TooManyRequestsException):
            invoke(local, waiting_function)
        signals.give("go-on")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
    assert call.result()["StatusCode"] == 200


def test_events_wait_for_capacity(local: Local, waiting_function: str, signals: Signals) -> None:
    functions, events = local.client("lambda"), local.client("events")
    arn = functions.get_function(FunctionName=waiting_function)["Configuration"]["FunctionArn"]
    events.put_rule(Name="tests", EventPattern='{"source": ["tests"]}')
    events.put_targets(Rule="tests", Targets=[{"Id": "function", "Arn": arn}])
    functions.put_function_event_invoke_config(
        FunctionName=waiting_function, MaximumRetryAttempts=0
    )
    allow_one_at_a_time(local, waiting_function)
    with ThreadPoolExecutor(1) as first:
        first.submit(invoke, local, waiting_function)
        signals.wait_for(RUNNING)
        for _ in range(2):
            invoke(local, waiting_function, "Event")
        events.put_events(Entries=[{"Source": "tests", "DetailType": "test", "Detail": "{}"}])
        with pytest.raises(functions.exceptions.TooManyRequestsException):
            invoke(local, waiting_function)
        signals.give("go-on")

    assert len(signals.wait_for(RUNNING, 4)) == 4


def test_a_process_that_is_killed_is_an_internal_error_of_its_own_request_only(
    local: Local, waiting_function: str, signals: Signals
) -> None:
    api = local.make_api(waiting_function)
    with ThreadPoolExecutor(2) as callers:
        calls = [callers.submit(api.get) for _ in range(2)]
        killed, left = map(process, signals.wait_for(RUNNING, 2))
        os.kill(killed, signal.SIGKILL)
        signals.give("go-on")
    failed, answered = sorted((call.result() for call in calls), key=lambda answer: answer.ok)

    assert (failed.status_code, failed.json()) == (500, {"message": "Internal Server Error"})
    assert (answered.status_code, answered.text) == (200, str(left))
    assert api.get().status_code == 200


def test_a_process_that_dies_at_its_start_leaves_the_others_alone(
    local: Local, waiting_function: str, signals: Signals
) -> None:
    api = local.make_api(waiting_function)
    with ThreadPoolExecutor(1) as callers:
        first = callers.submit(api.get)
        signals.wait_for(RUNNING)
        signals.give("break")
        second = api.get()
        signals.give("go-on")

    assert (second.status_code, second.json()) == (500, {"message": "Internal Server Error"})
    assert first.result().status_code == 200


def test_processes_start_one_after_another(local: Local, signals: Signals) -> None:
    function = local.make_function("starting", STARTING.replace("FOLDER", str(signals.folder)))
    api = local.make_api(function)
    with ThreadPoolExecutor(PROCESSES) as callers:
        calls = [callers.submit(api.get) for _ in range(PROCESSES)]
        signals.wait_for(RUNNING, PROCESSES)
        signals.give("go-on")
    assert [call.result().text for call in calls] == ["1"] * PROCESSES


def test_a_process_whose_start_does_not_end_holds_up_others_for_a_moment_only(
    local: Local, signals: Signals
) -> None:
    other = local.make_function("unaffected", ANSWERING)
    endless = local.make_function("endless", ENDLESS.replace("FOLDER", str(signals.folder)))
    with ThreadPoolExecutor(1) as callers:
        call = callers.submit(local.make_api(endless).get)
        signals.wait_for("starting")
        assert local.make_api(other).get().text == "here"
        signals.give("go-on")
    assert call.result().text == "here"


def test_a_function_that_raises_is_an_internal_error_and_says_no_more(local: Local) -> None:
    raising = local.make_function("raising", "def handler(event, context): raise ValueError('why')")
    answer = local.make_api(raising).get()
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_processes_share_their_layers(local: Local) -> None:
    layer = local.make_layer(shared="")
    code = "import shared\ndef handler(event, context): print(); return vars(shared)['__file__']"
    for name in ("one", "two"):
        local.make_function(name, code, Layers=[layer])
    told = [json.loads(invoke(local, name)["Payload"].read()) for name in ("one", "two")]
    assert told[0] == told[1]


def test_all_that_a_run_prints_is_logged_and_nothing_besides(local: Local) -> None:
    code = "def handler(event, context): print('one'); print('two', end=''); return 'here'"
    local.make_function("printing", code)
    for _ in range(2):
        invoke(local, "printing")
    pages = local.client("logs").get_paginator("filter_log_events")
    found = [
        event["message"]
        for page in pages.paginate(logGroupName="/aws/lambda/printing")
        for event in page["events"]
    ]
    assert [line.partition(" ")[0] for line in found] == 2 * [
        "START",
        "one",
        "two",
        "END",
        "REPORT",
    ]


def test_headers_of_an_answer_are_named_as_the_function_names_them(local: Local) -> None:
    answer = {"statusCode": 200, "headers": {"Consistency-Token": "order-7@1"}, "body": "here"}
    code = f"def handler(event, context): return {answer!r}"
    api = local.make_api(local.make_function("naming", code))

    found = api.get()

    assert found.text == "here"
    assert "Consistency-Token" in list(found.headers)
