"""Sends commands to the command function of a service, now or at a later time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cqrs import plain
from cqrs.adapters import clients
from cqrs.discretion import said
from cqrs.errors import Conflict, Throttled, Unavailable, Unreadable
from cqrs.follow.messages import Answer, Message, Reply
from cqrs.history.events import Instant

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

__all__ = ["LambdaCommands", "ScheduledCommands"]


MOST_BYTES = 1 << 20  # of an invocation's messages; Lambda takes 6 MB, and an answer has as much


def _event(message: Message, *more: Message) -> str:
    """A function that does not know of `more` takes the first message and answers that alone."""
    event = {"message": plain.dump(message)}
    return plain.to_json(event | ({"more": plain.dump(more)} if more else {}))


class LambdaCommands:
    """A receiver that invokes a command function, and waits until it has handled the commands."""

    def __init__(
        self, function: str, client: Callable[[], LambdaClient] = clients.functions
    ) -> None:
        """`function` is a name or an ARN."""
        self._function = function
        self._client = client

    def send(self, message: Message) -> Answer:
        (reply,) = self._invoke([message])
        if isinstance(reply, Exception):
            raise reply
        return reply

    def send_all(self, messages: Sequence[Message]) -> Sequence[Reply]:
        """Calls: an invocation for each megabyte. Where older code is deployed, which takes one
        message at a time, one for each message.
        """
        replies: list[Reply] = []
        for share in _shares(messages):
            try:
                taken = self._invoke(share)
                replies += taken
                for message in share[len(taken) :]:
                    replies += self._invoke([message])
            except Exception as error:
                if not replies:
                    raise
                # what is known stays known, and who has failed is not asked again
                return [*replies, *[error] * (len(messages) - len(replies))]
        return replies

    def _invoke(self, messages: Sequence[Message]) -> Sequence[Reply]:
        """The replies to all messages, or to the first one alone. Raises Unavailable."""
        with clients.translated(self._function):
            reply = self._client().invoke(FunctionName=self._function, Payload=_event(*messages))
            payload = reply["Payload"].read()
        if kind := reply.get("FunctionError"):
            raise Unavailable(f"{self._function} failed ({kind}) at {messages[0].command}")
        try:
            told = plain.from_json(payload)
            answers = told["answers"] if len(messages) > 1 and "answers" in told else [told]
            replies = [self._reply(answer) for answer in answers]
        except (ValueError, TypeError) as error:
            raise self._no_answer(error) from error
        if len(replies) not in (1, len(messages)):
            raise Unavailable(f"{self._function} answered {len(replies)} of {len(messages)}")
        return replies

    def _reply(self, told: Any) -> Reply:
        try:
            if "again" in told:
                soon = told["again"] in (Conflict.code, Throttled.code)
                return (Throttled if soon else Unavailable)(f"to be sent again: {told['again']}")
            answer: Answer = plain.load(Answer, told["answer"])
        except (LookupError, TypeError, Unreadable) as error:
            return self._no_answer(error)
        return answer

    def _no_answer(self, error: Exception) -> Unavailable:
        return Unavailable(f"{self._function} gave no answer: {said(error)}")


def _shares(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    share: list[Message] = []
    size = 0
    for message in messages:
        length = len(plain.write(message))
        if share and size + length > MOST_BYTES:
            yield share
            share, size = [], 0
        share.append(message)
        size += length
    if share:
        yield share


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
