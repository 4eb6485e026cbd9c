"""The runner finds its mappings, and answers at its door."""

import io
from collections.abc import Iterator, Set
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from queue import Queue
from threading import Semaphore, Thread
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from scripts.local.clients import Clients
from scripts.local.errors import LocalError
from scripts.local.streams.control import Control, Server
from scripts.local.streams.mappings import NotHonouredError
from scripts.local.streams.runner import Runner
from tests.tools.unit.local.streams.test_mappings import KINESIS, RAW

PROJECTOR = "shop-projector"


class FakeAws:
    """Lambda with one mapping, and a Kinesis stream with one record."""

    def __init__(self) -> None:
        self.mappings: list[dict[str, Any]] = [RAW]
        self.outcomes: list[Any] = []
        self.payloads: list[bytes] = []
        self.records = 1
        self.invoked = Semaphore(0)

    def get_paginator(self, operation: str) -> "FakeAws":
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"EventSourceMappings": self.mappings}]

    def get_function_configuration(self, **_: Any) -> dict[str, str]:
        return {"Role": "arn:aws:iam::000000000000:role/projector"}

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        summary = {"StreamCreationTimestamp": datetime(2026, 1, 1, tzinfo=UTC)}
        return {"StreamDescriptionSummary": summary | {"RetentionPeriodHours": 24}}

    def list_shards(self, **_: Any) -> dict[str, Any]:
        return {"Shards": [{"ShardId": "shardId-0"}]}

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        return {"ShardIterator": request.get("StartingSequenceNumber", "0")}

    def get_records(self, **request: Any) -> dict[str, Any]:
        found = range(int(request["ShardIterator"]) + 1, self.records + 1)
        common = {
            "ApproximateArrivalTimestamp": datetime.now(UTC),
            "Data": b"",
            "PartitionKey": "7",
        }
        records = [common | {"SequenceNumber": str(n)} for n in found]
        return {"Records": records, "NextShardIterator": str(self.records)}

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.payloads.append(request["Payload"])
        self.invoked.release()
        outcome = self.outcomes.pop(0) if self.outcomes else b"null"
        if isinstance(outcome, Exception):
            raise outcome
        return {
            "Payload": io.BytesIO(outcome),
            "StatusCode": 200,
            "ResponseMetadata": {"RequestId": "request-1"},
        }


class FakeClients(Clients):
    def __init__(self, aws: FakeAws) -> None:
        self.aws = aws

    def client(self, service: str) -> Any:
        return self.aws


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def control(aws: FakeAws, tmp_path: Path) -> Iterator[Control]:
    """The door of a runner that runs."""
    runner = Runner(FakeClients(aws), tmp_path)
    with Server(0, runner) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        runner.start()
        yield Control(f"http://127.0.0.1:{server.server_port}")
        runner.stop()
        server.shutdown()
        thread.join()


def test_what_is_on_the_stream_is_delivered(control: Control, aws: FakeAws) -> None:
    control.wait_until_still(60)
    assert len(aws.payloads) == 1
    assert control.status()[0]["checkpoint"] == "1"


def test_a_function_that_can_not_be_invoked_is_tried_again(control: Control, aws: FakeAws) -> None:
    control.wait_until_still(60)
    throttled = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
    aws.outcomes = [throttled, EndpointConnectionError(endpoint_url="there")]
    aws.records = 2
    control.wait_until_still(60)
    assert len(aws.payloads) == 4
    assert control.status()[0]["checkpoint"] == "2"


@pytest.fixture
def runner(aws: FakeAws, tmp_path: Path) -> Iterator[Runner]:
    """It has delivered all that there is."""
    runner = Runner(FakeClients(aws), tmp_path)
    runner.start()
    assert aws.invoked.acquire(timeout=60)
    assert not runner.wait_until_still(60)
    yield runner
    runner.stop()


def test_a_shard_is_read_when_its_stream_is_said_to_be_written_to(
    runner: Runner, aws: FakeAws
) -> None:
    written: Queue[Set[str]] = Queue()
    Thread(target=runner.listen, args=[lambda: iter(written.get, None)], daemon=True).start()
    aws.records = 2
    written.put({KINESIS})
    assert aws.invoked.acquire(timeout=60)


def test_when_nothing_more_is_said_it_is_asked_again_and_every_shard_read(
    runner: Runner, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.local.streams.runner.TROUBLED_SECONDS", 0.001)
    news = Mock(side_effect=chain([OSError("gone"), ValueError("half a line")], repeat([set()])))
    aws.records = 2
    Thread(target=runner.listen, args=[news], daemon=True).start()
    assert aws.invoked.acquire(timeout=60)


def test_an_answer_that_is_not_json_is_no_report(aws: FakeAws, tmp_path: Path) -> None:
    aws.mappings = [RAW | {"FunctionResponseTypes": ["ReportBatchItemFailures"]}]
    aws.outcomes = [b"<html>"]
    runner = Runner(FakeClients(aws), tmp_path)
    runner.start()
    assert not runner.wait_until_still(60)
    runner.stop()
    assert len(aws.payloads) == 2


def test_a_second_runner_goes_on_where_the_first_left_off(aws: FakeAws, tmp_path: Path) -> None:
    for _ in range(2):
        runner = Runner(FakeClients(aws), tmp_path)
        runner.start()
        assert not runner.wait_until_still(60)
        runner.stop()
    assert len(aws.payloads) == 1


def test_a_mapping_that_starts_at_the_latest_record_misses_what_was_there_and_nothing_else(
    aws: FakeAws, tmp_path: Path
) -> None:
    aws.mappings = [RAW | {"StartingPosition": "LATEST"}]
    Runner(FakeClients(aws), tmp_path)  # has looked, but was stopped before it began
    aws.records = 2
    runner = Runner(FakeClients(aws), tmp_path)
    runner.start()
    assert not runner.wait_until_still(60)
    runner.stop()
    assert [b'"sequenceNumber":"2"' in payload for payload in aws.payloads] == [True]


def test_a_runner_does_not_start_with_a_mapping_that_it_can_not_honour(
    aws: FakeAws, tmp_path: Path
) -> None:
    aws.mappings = [RAW | {"ParallelizationFactor": 10}]
    with pytest.raises(NotHonouredError, match="ParallelizationFactor = 10"):
        Runner(FakeClients(aws), tmp_path)


def test_knobs_are_turned_through_the_door(control: Control, aws: FakeAws) -> None:
    assert control.set_faults("projector", stop=1, delay=2) == {PROJECTOR: {"stop": 1, "delay": 2}}
    assert control.status()[0]["stopped"]
    control.clear_faults()
    assert control.faults() == {PROJECTOR: {}}


@pytest.mark.parametrize(
    ("function", "knobs", "said"),
    [
        ("mailer", {"stop": 1}, f"no stream feeds a function mailer.*{PROJECTOR}"),
        ("*", {"explode": 1}, "there is no knob explode"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_in_words(
    control: Control, function: str, knobs: dict[str, int], said: str
) -> None:
    with pytest.raises(LocalError, match=said):
        control.set_faults(function, **knobs)


def test_waiting_in_vain_tells_for_whom(control: Control, aws: FakeAws) -> None:
    control.set_faults("*", delay=600)
    aws.records = 2
    with pytest.raises(LocalError, match=f"still busy: events -> {PROJECTOR}"):
        control.wait_until_still(0.3)


def test_a_stopped_mapping_is_not_waited_for(control: Control, aws: FakeAws) -> None:
    control.set_faults("*", stop=1)
    aws.records = 9
    control.wait_until_still(60)


def test_a_runner_that_is_gone_is_told_in_a_sentence() -> None:
    gone = Control("http://127.0.0.1:1")
    assert not gone.is_up()
    with pytest.raises(LocalError, match="the stream runner does not answer; run `make up`"):
        gone.status()


def test_queues_are_left_to_the_emulator(aws: FakeAws, tmp_path: Path) -> None:
    queue = "arn:aws:sqs:eu-west-1:000000000000:jobs"
    aws.mappings = [RAW, RAW | {"EventSourceArn": queue, "State": "Enabled"}]
    assert [m.stream_arn for m in Runner(FakeClients(aws), tmp_path).mappings] == [KINESIS]
