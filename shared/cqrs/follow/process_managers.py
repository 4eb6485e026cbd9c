"""Process managers: followers whose output is commands, sent until they are answered.

A process is one pure function. From what a row has followed and what its commands were answered,
`react` says which commands must have been sent by now. The rest is the follower's work:

    what is newly wanted      is saved in the row, with the positions that it follows from
    what waits in the row     is sent at every visit, with the same id, until it is answered
    an answer                 is saved in the row, and may lead to more being wanted
    what was asked for and is
      no longer wanted        is not sent any more; it may have arrived, so undoing includes it
    what is for later         is saved with the time that it is for, and then given to a timer; it
                              is sent from here if the timer can't be set, or does not ring
    a refusal                 is an answer only where `react` can do something about it; else the
                              command waits on, and is counted, until somebody has seen to it

So a crash anywhere only repeats a command that has an effect once. A command that can't be
delivered waits for the next visit, of an event or of the sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from cqrs import plain
from cqrs.errors import Unreadable
from cqrs.follow.messages import Answer, Message, Receiver
from cqrs.history.events import Instant
from cqrs.history.idempotency import command_id_of
from cqrs.history.instants import is_instant, later, now
from cqrs.plain import Value, field, replace
from cqrs.settings import Settings
from cqrs.views.rows import Document, Fold, KeyedByEntity, Kind, Place, Row, States

__all__ = ["WAITING", "Entry", "ProcessManager", "Send", "Sent", "Setup", "due_at", "entries_of"]

WAITING = "waiting"
"""The list of the rows with something to deliver, by when it is due."""

AT_ONCE = "0"
GRACE_SECONDS = 120  # a timer may be this late before the command is sent without it


class Send(Value):
    """A command that a process wants to have been sent, to the receiver named `to`.

    `key` names it in its row: whatever has the same key is the same command. `refusable`: a refusal
    is an answer that the process deals with. With `after_seconds` the command is for later, counted
    from when it is first wanted, and forgotten if it is not wanted any more by then.
    """

    key: str
    to: str
    command: object
    correlation_id: str
    refusable: bool = False
    after_seconds: int = 0


class Entry(Value):
    """A command in a row: waiting, answered, or (neither) asked for and no longer wanted.

    `at`: it is for later, for then. As long as there are `after_seconds` no timer has it.
    """

    to: str = ""
    message: Message | None = None
    refusable: bool = False
    after_seconds: int = 0
    at: Instant | None = None
    answer: Answer | None = None

    @property
    def waits(self) -> bool:
        return self.message is not None


class Sent:
    """What a row has asked for so far, as `react` sees it."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries

    def asked(self, key: str) -> bool:
        """Whether the command may have been sent. It may also never have arrived."""
        return key in self._entries

    def answer(self, key: str) -> Answer | None:
        return self._entries.get(key, Entry()).answer

    def accepted(self, key: str) -> bool:
        answer = self.answer(key)
        return answer is not None and answer.accepted

    def refusal(self, key: str) -> Answer | None:
        answer = self.answer(key)
        return answer if answer and not answer.accepted else None


class ProcessManager(Value, KeyedByEntity):
    """A process per entity. Its rows can't be made again: what was asked for is only here.

    It sends to the services named in `commands`, at a time to come to those in `deadlines`, and to
    `receivers` that are no services.
    """

    kind: ClassVar[Kind] = "row"
    generation: ClassVar[int] = 1  # type: ignore[misc]
    name: str
    folds: Sequence[Fold[Any, Any]]
    react: Callable[[States, Sent], Iterable[Send]]
    lists: ClassVar[Mapping[str, object]] = {WAITING: None}
    commands: Sequence[str] = ()
    deadlines: Sequence[str] = ()
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    clock: Callable[[], Instant] = now

    def shown(self, row: Row) -> Row:
        """`row` with what it wants to have sent now."""
        entries = entries_of(row)
        wanted = {s.key: s for s in self.react(States(row.key, row.parts), Sent(entries))}
        for key, entry in entries.items():
            if entry.waits and key not in wanted:
                entries[key] = Entry()
        for key, send in wanted.items():
            entry = entries.get(key, Entry())
            if not entry.answer and not entry.waits:
                entries[key] = self._entry(row.key, send)
        return _with_entries(row, entries)

    def _entry(self, row: str, send: Send) -> Entry:
        actor = f"process:{self.name}"
        message = Message(
            id=command_id_of(actor, f"{row}/{send.key}"),
            command=type(send.command).__name__,
            data=plain.dump(send.command),
            actor=actor,
            correlation_id=send.correlation_id,
            causation_id=f"{self.name}/{row}",
        )
        return Entry(
            to=send.to,
            message=message,
            refusable=send.refusable,
            after_seconds=send.after_seconds,
            at=later(self.clock(), send.after_seconds) if send.after_seconds else None,
        )

    def answered(self, row: Row, answers: Mapping[str, Answer | Instant]) -> Row:
        """`row` with the answers to its commands, or when a timer that was set will ring, and what
        follows.
        """
        entries = entries_of(row)
        for key, answer in answers.items():
            entry = entries.get(key, Entry())
            if isinstance(answer, Answer):
                entries[key] = Entry(answer=entry.answer or answer)
            elif entry.waits:
                entries[key] = replace(entry, at=answer, after_seconds=0)
        return self.shown(_with_entries(row, entries))


Setup = Callable[[Settings], ProcessManager]
"""How a process is set up where it runs: its deadlines, whom else it sends to."""


def entries_of(row: Row) -> dict[str, Entry]:
    """What a row has asked for, by key, in the order it was asked. Raises Unreadable."""
    document: object = {} if row.document is None else row.document
    stored = document.get("sent", {}) if isinstance(document, Mapping) else None
    if not isinstance(stored, dict):
        raise Unreadable(f"the row {row.key} has no list of what was sent")
    entries: dict[str, Entry] = {key: plain.load(Entry, entry) for key, entry in stored.items()}
    for key, entry in entries.items():
        if entry.at is not None and not is_instant(entry.at):
            raise Unreadable(f"the row {row.key} has '{key}' for a time that is none")
    return entries


def _with_entries(row: Row, entries: Mapping[str, Entry]) -> Row:
    document: Document = {"sent": {key: _compact(entry) for key, entry in entries.items()}}
    due = min((due_at(entry) for entry in entries.values() if entry.waits), default=None)
    places = {WAITING: Place(WAITING, f"{due}/{row.key}")} if due else {}
    return replace(row, document=document, places=places)


def due_at(entry: Entry) -> str:
    """When to look after a waiting entry: an instant, or before all of them."""
    return later(entry.at, GRACE_SECONDS) if entry.at and not entry.after_seconds else AT_ONCE


def _compact(value: object) -> Any:
    """The plain form without what is empty: loading fills it in again."""
    dumped: Any = plain.dump(value)
    return {name: entry for name, entry in dumped.items() if entry}
