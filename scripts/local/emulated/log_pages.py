"""Pages of log events: where one ends and the next one begins."""

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

Event = dict[str, Any]
Start = tuple[int, int]  # a millisecond, and how many events of it were on earlier pages


def page(
    streams: Mapping[str, Sequence[Event]],
    start: Start,
    limit: int,
    wanted: Callable[[Event], bool],
) -> tuple[list[Event], Start | None]:
    """Events of all streams in the order of time, and the start of the next page, if any."""
    since, told = start
    rest = [
        _since(since, name, events)
        for name, events in streams.items()
        if events and _time(events[-1]) >= since
    ]
    found = filter(wanted, heapq.merge(*rest, key=_time))
    events = list(islice(found, told, told + limit + 1))
    if len(events) <= limit:
        return events, None
    events.pop()
    last = _time(events[-1])
    of_last = sum(_time(event) == last for event in events)
    return events, (last, of_last + told if last == since else of_last)


def _since(time: int, name: str, events: Sequence[Event]) -> Iterator[Event]:
    for place in range(bisect_left(events, time, key=_time), len(events)):
        yield {**events[place], "logStreamName": name}


def _time(event: Event) -> int:
    return int(event["timestamp"])
