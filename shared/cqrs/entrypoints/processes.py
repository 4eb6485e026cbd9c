"""A process on AWS: its rows in a table, its commands to the services' functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.adapters.lambda_commands import LambdaCommands, ScheduledCommands
from cqrs.follow.messages import Receiver, Timer
from cqrs.follow.process_followers import ProcessFollower
from cqrs.follow.process_managers import ProcessManager
from cqrs.history.event_store import EventReader

__all__ = ["Deadlines", "process_on_aws"]


@dataclass(frozen=True)
class Deadlines:
    """Where commands wait for their time: a group of EventBridge schedules, and the role that lets
    those invoke the function of `service`.
    """

    service: str
    group: str
    role_arn: str


def process_on_aws(
    process: ProcessManager,
    table: str,
    stores: Mapping[str, EventReader],
    functions: Mapping[str, str],
    *,
    others: Mapping[str, Receiver] | None = None,
    deadlines: Deadlines | None = None,
) -> ProcessFollower:
    """`functions` are the ARNs of the command functions by service, `others` what else is sent
    to.
    """
    timers: dict[str, Timer] = {}
    if deadlines:
        arn = functions[deadlines.service]
        timers[deadlines.service] = ScheduledCommands(arn, deadlines.group, deadlines.role_arn)
    services = {service: LambdaCommands(arn) for service, arn in functions.items()}
    rows = DynamoDbRows.of(process, table)
    return ProcessFollower(process, rows, stores, services | dict(others or {}), timers)
