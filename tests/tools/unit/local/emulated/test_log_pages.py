"""Pages of log events put together are the whole log."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scripts.local.emulated.log_pages import Start, page

Streams = dict[str, list[dict[str, Any]]]

MILLISECONDS = st.integers(0, 5)  # few, so that many events share one
STREAMS = st.dictionaries(st.sampled_from("abcde"), st.lists(MILLISECONDS, max_size=12).map(sorted))


def streams_of(times: dict[str, list[int]]) -> Streams:
    return {
        name: [{"timestamp": t, "message": f"{name}{n}"} for n, t in enumerate(moments)]
        for name, moments in times.items()
    }


def pages(streams: Streams, start: Start, limit: int, without: str = "-") -> Iterator[list[Any]]:
    following: Start | None = start
    while following is not None:
        events, following = page(streams, following, limit, lambda e: without not in e["message"])
        yield events


def told(streams: Streams, limit: int, since: int = 0, without: str = "-") -> list[str]:
    found = pages(streams, (since, 0), limit, without)
    return [event["message"] for events in found for event in events]


@given(STREAMS, st.integers(1, 7))
def test_every_event_is_told_once_and_in_the_order_of_time(
    times: dict[str, list[int]], limit: int
) -> None:
    streams = streams_of(times)
    every = [event for events in streams.values() for event in events]
    in_order = sorted(every, key=lambda event: event["timestamp"])
    assert told(streams, limit) == [event["message"] for event in in_order]


@given(STREAMS, st.integers(1, 7))
def test_no_page_but_the_last_is_short(times: dict[str, list[int]], limit: int) -> None:
    lengths = [len(events) for events in pages(streams_of(times), (0, 0), limit)]
    assert all(length == limit for length in lengths[:-1])
    assert lengths[-1] <= limit


@given(STREAMS, st.integers(1, 7), MILLISECONDS)
def test_a_start_leaves_out_what_is_older(
    times: dict[str, list[int]], limit: int, since: int
) -> None:
    younger = {name: [t for t in moments if t >= since] for name, moments in times.items()}
    found = told(streams_of(times), limit, since)
    assert len(found) == sum(map(len, younger.values()))


@given(STREAMS, st.integers(1, 7))
def test_what_is_not_wanted_takes_no_room(times: dict[str, list[int]], limit: int) -> None:
    streams = streams_of(times)
    others = {name: events for name, events in streams.items() if name != "a"}
    assert told(streams, limit, without="a") == told(others, limit)


def test_an_event_says_which_stream_it_is_of() -> None:
    events, _ = page(streams_of({"a": [1], "b": [0]}), (0, 0), 2, lambda event: True)
    assert [event["logStreamName"] for event in events] == ["b", "a"]


def test_events_that_come_meanwhile_are_on_a_later_page() -> None:
    streams = streams_of({"a": [1, 1, 1]})
    first, following = page(streams, (0, 0), 2, lambda event: True)
    streams["b"] = [{"timestamp": 1, "message": "b0"}]
    assert following is not None
    second, _ = page(streams, following, 2, lambda event: True)
    assert [event["message"] for event in first + second] == ["a0", "a1", "a2", "b0"]
