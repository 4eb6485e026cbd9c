"""Sends commands to the command function of a service, now or at a later time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cqrs import plain
from cqrs.adapters import clients
from cqrs.discretion import said
from cqrs.errors import Conflict, Throttled, Unavailable, Unreadable
from cqrs.follow.messages import Answer, Message
from cqrs.history.events import Instant

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

__all__ = ["LambdaCommands", "ScheduledCommands"]


def _event(message: Message) -> str:
    return plain.to_json({"message": plain.dump(message)})


class LambdaCommands:
    """A receiver that invokes a command function, and waits until it has handled the command."""

    def __init__(
        self, function: str, client: Callable[[], LambdaClient] = clients.functions
    ) -> None:
        """`function` is a name or an ARN."""
        self._function = function
        self._client = client

    def send(self, message: Message) -> Answer:
        with clients.translated(self._function):
            reply = self._client().invoke(FunctionName=self._function, Payload=_event(message))
            payload = reply["Payload"].read()
        if kind := reply.get("FunctionError"):
            raise Unavailable(f"{self._function} failed ({kind}) at {message.command}")
        try:
            return _answer(plain.from_json(payload))
        except (ValueError, LookupError, TypeError, Unreadable) as error:
            raise Unavailable(f"{self._function} gave no answer: {said(error)}") from error


def _answer(reply: Any) -> Answer:
    if "again" in reply:
        soon = reply["again"] in (Conflict.code, Throttled.code)
        raise (Throttled if soon else Unavailable)(f"to be sent again: {reply['again']}")
    answer: Answer = plain.load(Answer, reply["answer"])
    return answer


class ScheduledCommands:
    """A timer on EventBridge Scheduler: a one-time schedule per command, named by the command's id.

    It is exact to the minute, and deletes itself.
    """

    def __init__(
        self,
        function_arn: str,
        group: str,
        role_arn: str,
        client: Callable[[], EventBridgeSchedulerClient] = clients.scheduler,
    ) -> None:
        """`role_arn` lets the scheduler invoke the function."""
        self._function = function_arn
        self._group = group
        self._role = role_arn
        self._client = client

    def set(self, message: Message, at: Instant) -> None:
        client = self._client()
        with clients.translated(self._group):
            try:
                client.create_schedule(
                    Name=message.id,
                    GroupName=self._group,
                    ScheduleExpression=f"at({at.partition('.')[0]})",
                    FlexibleTimeWindow={"Mode": "OFF"},
                    ActionAfterCompletion="DELETE",
                    Target={
                        "Arn": self._function,
                        "RoleArn": self._role,
                        "Input": _event(message),
                    },
                )
            except client.exceptions.ConflictException:
                return  # it exists already
