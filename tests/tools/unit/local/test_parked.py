"""What `make parked` prints of what the operator tells."""

from scripts.local.parked import lines_of

ERROR = {"version": 3, "error": "KeyError: 'x'", "at": "2026-01-31T12:00:00.000000Z"}


def test_a_parked_stream_is_told_with_its_event_its_traceback_and_since_when() -> None:
    mark = ERROR | {"cause": "error", "trace": "Traceback\nKeyError: 'x'", "events": ["Paid"]}
    assert list(lines_of({"sales": {"order-7": mark}})) == [
        "sales  order-7@3 (Paid)  stopped by an error since 2026-01-31T12:00:00",
        "    Traceback",
        "    KeyError: 'x'",
    ]


def test_a_mark_of_older_code_is_told_as_far_as_it_goes() -> None:
    assert list(lines_of({"sales": {"order-7": {**ERROR, "at": None}}})) == [
        "sales  order-7@3 (unknown events)  stopped by an error since ?",
        "    KeyError: 'x'",
    ]


def test_what_goes_on_by_itself_is_told_so() -> None:
    first, _, second, _ = lines_of(
        {
            "sales": {
                "order-7": ERROR | {"cause": "ahead", "events": ["Repaid"]},
                "order-8": ERROR | {"cause": "long", "events": ["Paid"]},
            }
        }
    )
    assert "order-7@3 (Repaid)  ahead of this code, goes on by itself; since" in first
    assert "order-8@3 (Paid)  long, goes on by itself; since" in second


def test_where_nothing_is_parked_that_is_said_and_what_cannot_be_asked_is_named() -> None:
    assert list(lines_of({"sales": {}, "search": {"error": "Unavailable: down"}})) == [
        "search can't be asked: Unavailable: down",
        "No stream is parked.",
    ]
