"""Bad weather: what may happen at any call of a follower."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from cqrs.adapters.memory import MemoryEventStore
from cqrs.errors import Unavailable
from cqrs.follow.followers import Hints
from cqrs.history.commits import Commit
from cqrs.history.event_store import Heads
from tests.library.worlds import Crash


class Weather:
    """Decides, call by call, what happens: nothing, an outage, a crash, another worker."""

    def __init__(self, plan: Sequence[str]) -> None:
        self.plan = list(plan)
        self.others: list[Hints] = []

    def next(self) -> str:
        return self.plan.pop(0) if self.plan else "calm"


class StormyReads:
    def __init__(self, store: MemoryEventStore, weather: Weather) -> None:
        self.store, self.weather = store, weather

    def read(self, stream: str, after: int = 0, limit: int | None = None) -> Sequence[Commit]:
        match self.weather.next():
            case "down":
                raise Unavailable("events are down")
            case "crash before" | "crash after":
                raise Crash
            case _:
                return self.store.read(stream, after, limit)

    def heads(self, cursor: str | None = None) -> Heads:
        return self.store.heads(cursor)


happenings = st.lists(
    st.sampled_from(["calm", "calm", "crash before", "crash after", "down", "another worker"]),
    max_size=40,
)
