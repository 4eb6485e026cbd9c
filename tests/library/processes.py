"""A small process to follow: trips wish for things, and works do them; with all that is around."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.messages import Answer, Message
from cqrs.follow.process_followers import ProcessFollower
from cqrs.follow.process_managers import Entry, ProcessManager, Send, Sent, entries_of
from cqrs.follow.reports import Report
from cqrs.history.commits import Commit, Envelope
from cqrs.history.events import EventCodec, EventTypes, Instant, Recorded
from cqrs.history.instants import later
from cqrs.plain import Value, replace
from cqrs.views.rows import Fold, Row, States
from tests.library.worlds import Watched

TYPES = EventTypes("trips")
NOON = Instant("2026-01-01T12:00:00.000000Z")
HOUR = 3_600
DOWN = Unavailable("the works are down")


@TYPES.event()
class Wished(Value):
    """`what` is to be done: by `to`, once `after` was answered, `seconds` later; and if it is
    refused, something instead, if that will do.
    """

    what: str
    to: str = "works"
    after: str | None = None
    seconds: int = 0
    refusable: bool = True


@TYPES.event()
class Dropped(Value):
    """`what` is no longer wished for, and to be undone if it may have been done."""

    what: str


class Do(Value):
    what: str


class Plan(Value):
    wishes: tuple[Wished, ...] = ()
    dropped: tuple[str, ...] = ()


def follow(plan: Plan, recorded: Recorded[Wished | Dropped]) -> Plan:
    match recorded.event:
        case Wished() as wish:
            return replace(plan, wishes=(*plan.wishes, wish))
        case Dropped(what=what):
            left = tuple(wish for wish in plan.wishes if wish.what != what)
            return replace(plan, wishes=left, dropped=(*plan.dropped, what))


def _fold(category: str) -> Fold[Plan, Any]:
    return Fold(category=category, events=TYPES, state=Plan, initial=Plan(), evolve=follow)


TRIP, ROOM = _fold("trip"), _fold("room")


class Poison(Exception):
    """What `react` raises over a wish for `poison`, and once `bomb` was answered."""


def send(what: str) -> Send:
    return Send(
        key=what, to="works", command=Do(what=what), correlation_id=f"for-{what}", refusable=True
    )


def granted(wish: Wished) -> Send:
    return replace(
        send(wish.what), to=wish.to, after_seconds=wish.seconds, refusable=wish.refusable
    )


def react(states: States, sent: Sent) -> Iterator[Send]:
    plans = states[TRIP], states[ROOM]
    for wish in (wish for plan in plans for wish in plan.wishes):
        if wish.what == "poison" or sent.answer("bomb"):
            raise Poison
        if not wish.after or sent.answer(wish.after):
            yield granted(wish)
        if refusal := sent.refusal(wish.what):
            yield send(f"instead-of-{wish.what}-{refusal.code}")
        if wish.what == "applause" and sent.accepted("applause"):
            yield send("bow")
    for what in (what for plan in plans for what in plan.dropped):
        if sent.asked(what):
            yield send(f"undo-{what}")


TRIPS = ProcessManager(name="trips", folds=[TRIP, ROOM], react=react)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> Instant:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now = later(self.now, seconds)


class Works:
    """Does what it is sent, once per id; answers are accepted unless it is told others."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.done: dict[str, str] = {}
        self.answers: dict[str, Answer] = {}
        self.trouble: dict[str, Exception] = {}
        self.before: Callable[[str], object] = lambda what: None

    def send(self, message: Message) -> Answer:
        what = message.data["what"]
        self.sent.append(message)
        self.before(what)
        if error := self.trouble.get(what):
            raise error
        self.done.setdefault(message.id, what)
        return self.answers.get(what, Answer(accepted=True))

    @property
    def heard(self) -> list[str]:
        """What was sent since the last time this was asked."""
        heard, self.sent = [message.data["what"] for message in self.sent], []
        return heard


class Timers:
    """Remembers what it was set to, and never rings."""

    def __init__(self) -> None:
        self.calls: list[tuple[Message, Instant]] = []
        self.trouble: Exception | None = None

    def set(self, message: Message, at: Instant) -> None:
        if self.trouble:
            raise self.trouble
        self.calls.append((message, at))


class WatchedRows(Watched):
    """Rows that a process can have, and around whose calls things happen."""

    def get(self, key: str) -> Row:
        return self.rows.get(key)

    def page(self, *place: Any) -> list[Row]:
        return self.rows.page(*place)

    def parked(self, limit: int) -> list[Row]:
        return self.rows.parked(limit)

    def going_on(self, limit: int, after: str | None = None) -> list[Row]:
        return self.rows.going_on(limit, after)


@dataclass
class World:
    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    rows: MemoryRows = field(default_factory=MemoryRows)
    works: Works = field(default_factory=Works)
    timers: Timers = field(default_factory=Timers)
    clock: Clock = field(default_factory=Clock)
    pauses: list[float] = field(default_factory=list)
    process: ProcessManager = TRIPS

    def follower(self, rows: Any = None, **changed: Any) -> ProcessFollower:
        stores = {"trip": self.store, "room": self.store}
        wired: dict[str, Any] = {
            "receivers": {"works": self.works},
            "timers": {"works": self.timers},
            "pause": self.pauses.append,
        }
        process = replace(self.process, clock=self.clock)
        return ProcessFollower(process, rows or self.rows, stores, **wired | changed)

    def happens(self, stream: str, *events: object) -> list[Commit]:
        """A commit per event, at the end of the stream."""
        head = len(self.store.read(stream))
        commits = [
            Commit.of(stream, head + n, [event], _envelope(f"{stream}@{head + n}"), CODEC)
            for n, event in enumerate(events, start=1)
        ]
        for commit in commits:
            self.store.append(commit, "")
        return commits

    def wishes(self, trip: str, *wishes: str | Wished) -> list[Commit]:
        made = (wish if isinstance(wish, Wished) else Wished(what=wish) for wish in wishes)
        return self.happens(f"trip-{trip}", *made)

    def visit(self, *trips: str, rows: Any = None, **changed: Any) -> Report:
        """Lets the process look at these trips."""
        follower = self.follower(rows, **changed)
        return follower.catch_up({f"trip-{trip}": () for trip in trips})

    def deliver(self, rows: Any = None, **changed: Any) -> list[Report]:
        return list(self.follower(rows, **changed).deliver_waiting())

    def entries(self, trip: str) -> dict[str, Entry]:
        return entries_of(self.rows.get(trip))

    def waits(self, trip: str) -> list[str]:
        return [key for key, entry in self.entries(trip).items() if entry.waits]

    def waiting(self) -> list[str]:
        """The rows with something due. A follower finds them in any order."""
        return sorted(key for rows in self.follower().waiting() for key in rows)


CODEC = EventCodec(TYPES)


def _envelope(name: str) -> Envelope:
    return Envelope(
        command_id=name,
        command_type="Test",
        fingerprint="",
        actor="tester",
        correlation_id=f"correlation-{name}",
        causation_id="test",
        time=NOON,
    )


def undelivered(reports: Sequence[Report]) -> dict[str, str]:
    return {row: reason for report in reports for row, reason in report.undelivered.items()}
