"""The state machine is started once for each holder of a walk, on moto."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError

from cqrs.adapters.step_functions import MOST_STEPS, StepFunctions
from cqrs.errors import Unavailable
from cqrs.follow.walks import Leg, Run, Work
from cqrs.history.events import Instant
from cqrs.plain import dump, replace

NOON = Instant("2026-01-01T12:00:00.000000Z")
RUN = Run(
    work=Work(kind="redrive", targets=("sales",)),
    number=7,
    holder="0a1b2c",
    began=NOON,
    beat=NOON,
    legs=(Leg(of="orders", segment=0, segments=2), Leg(of="orders", segment=1, segments=2)),
)


@pytest.fixture
def client(aws: None) -> Any:
    return boto3.client("stepfunctions")


@pytest.fixture
def arn(client: Any) -> str:
    definition = {"StartAt": "Legs", "States": {"Legs": {"Type": "Succeed"}}}
    made = client.create_state_machine(
        name="walks",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/walks",
    )
    return str(made["stateMachineArn"])


@pytest.fixture
def machine(client: Any, arn: str) -> StepFunctions:
    return StepFunctions(arn, lambda: client)


def executions(client: Any, arn: str) -> list[Any]:
    listed = client.list_executions(stateMachineArn=arn)["executions"]
    return [client.describe_execution(executionArn=one["executionArn"]) for one in listed]


def test_an_execution_has_a_walks_ticket_and_its_legs(
    machine: StepFunctions, client: Any, arn: str
) -> None:
    machine.start(RUN)
    (execution,) = executions(client, arn)
    told = json.loads(execution["input"])
    assert execution["name"] == RUN.holder
    assert told["ticket"] == {"purpose": "redrive/sales", "number": 7, "holder": "0a1b2c"}
    assert [leg["leg"] for leg in told["legs"]] == [dump(leg) for leg in RUN.legs]
    assert all(leg["ticket"] == told["ticket"] for leg in told["legs"])


def test_the_more_legs_there_are_the_fewer_steps_each_may_take_in_an_execution(
    machine: StepFunctions, client: Any, arn: str
) -> None:
    """So none has more events than Step Functions allows."""
    for legs in (1, 256, 5_000):
        run = replace(RUN, holder=f"of-{legs}", legs=RUN.legs[:1] * legs)
        machine.start(run)
    told = [json.loads(execution["input"])["legs"] for execution in executions(client, arn)]
    left = {len(legs): legs[0]["left"] for legs in told}
    assert left == {1: MOST_STEPS, 256: MOST_STEPS // 256, 5_000: 1}


def test_a_holder_has_one_execution(machine: StepFunctions, client: Any, arn: str) -> None:
    for run in (RUN, RUN, replace(RUN, holder="another")):
        machine.start(run)
    assert {one["name"] for one in executions(client, arn)} == {"0a1b2c", "another"}


def test_an_execution_that_was_started_with_other_legs_is_the_same(
    machine: StepFunctions, client: Any, arn: str
) -> None:
    machine.start(RUN)
    machine.start(replace(RUN, legs=()))
    assert len(executions(client, arn)) == 1


def test_it_is_stopped_and_then_there_is_none_to_stop(
    machine: StepFunctions, client: Any, arn: str
) -> None:
    machine.start(RUN)
    machine.stop(RUN)
    machine.stop(replace(RUN, holder="another"))
    assert [one["status"] for one in executions(client, arn)] == ["ABORTED"]


def test_a_machine_that_is_out_of_reach_is_said_to_be_unavailable(
    machine: StepFunctions, client: Any
) -> None:
    def refuse(**_: Any) -> None:
        raise ConnectTimeoutError(endpoint_url="https://states.eu-west-1.amazonaws.com")

    client.meta.events.register("before-call.stepfunctions", refuse)
    with pytest.raises(Unavailable):
        machine.start(RUN)
    with pytest.raises(Unavailable):
        machine.stop(RUN)
