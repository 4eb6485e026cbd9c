"""Commands that one part of the system sends to another, and how they are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from cqrs.history.events import Instant
from cqrs.plain import Value

__all__ = ["Answer", "BatchReceiver", "Message", "Receiver", "Reply", "Timer"]


class Message(Value):
    """A command on its way: `command` is the name of its class, `data` its fields as plain JSON.

    `id` is the same for every try: whoever receives the message twice must do it once.
    """

    id: str
    command: str
    data: Mapping[str, Any]
    actor: str
    correlation_id: str
    causation_id: str


class Answer(Value):
    """What became of a message. One that was not accepted never will be: `code` and `detail` say
    why.

    `stream` and `version` are where the events are that it led to; `reference` is what the receiver
    calls the matter, if that is not one of our services.
    """

    accepted: bool
    code: str = ""
    detail: str = ""
    stream: str = ""
    version: int = 0
    reference: str = ""


class Receiver(Protocol):
    def send(self, message: Message) -> Answer:
        """Raises Unavailable when it can't be told whether the message has arrived: it must be sent
        again. Throttled says that a moment later is soon enough.
        """


Reply = Answer | Exception
"""An answer, or what `send` would have raised."""


@runtime_checkable
class BatchReceiver(Receiver, Protocol):
    """One that takes many messages at once, which saves calls. They are as many messages as if they
    were sent one by one: each has its own reply, and none depends on another one's.
    """

    def send_all(self, messages: Sequence[Message]) -> Sequence[Reply]:
        """What became of each, in their order. Raises Unavailable, as `send`, when that is known of
        none of them.
        """


class Timer(Protocol):
    def set(self, message: Message, at: Instant) -> None:
        """Lets `message` be sent at a time to come; once, however often it is set. Perhaps late,
        perhaps never: the row that asked for it looks after that. Raises Unavailable.
        """
