"""What `make history` prints of what the operator function tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.local.history import history


def commit(version: int, **changes: Any) -> dict[str, Any]:
    return {
        "version": version,
        "events": [{"type": "OrderPlaced", "schema": 1, "data": {"total": 5}}],
        "command": {"id": "c", "type": "PlaceOrder", "hash": "h"},
        "actor": "ada",
        "correlation": "request-1",
        "causation": "request-2",
        "time": "2026-01-01T12:00:00.000000Z",
    } | changes


def lines(*parts: list[Any], **sent: Any) -> list[str]:
    """Of a history that is told in these parts."""

    def ask(event: Mapping[str, object]) -> dict[str, Any]:
        start = event.get("after", 0)
        assert event["history"] == "order-7"
        (place,) = [n for n in range(len(parts)) if sum(map(len, parts[:n])) == start]
        told: dict[str, Any] = {"commits": parts[place]}
        if place + 1 < len(parts):
            told["more"] = start + len(parts[place])
        return {"history": told, "sent": sent}

    return list(history(ask, "order-7"))


def test_an_event_is_a_line_with_who_sent_what_and_the_ids_to_follow_it_by() -> None:
    (line,) = lines([commit(1)])
    assert line == (
        'order-7@1  2026-01-01T12:00:00.000000Z  PlaceOrder by ada: OrderPlaced {"total": 5}  '
        "(correlation request-1, causation request-2)"
    )


def test_a_history_in_parts_is_told_whole_and_in_order() -> None:
    told = lines([commit(1), commit(2)], [commit(3)])
    assert [line.partition(" ")[0] for line in told] == ["order-7@1", "order-7@2", "order-7@3"]


def test_what_can_not_be_read_is_shown_as_it_is() -> None:
    told = lines([{"version": 1, "unreadable": "{"}, commit(2, command=None), {"version": 3}])
    assert [line[:27] for line in told] == [f"order-7@{n}  can't be read: {{" for n in (1, 2, 3)]


def test_what_processes_have_sent_follows_with_what_became_of_it() -> None:
    noon, command = "2026-01-01T12:00:00.000000Z", 'RejectOrder {"order_id": "7"}'
    waiting = {"to": "orders", "message": {"command": "RejectOrder", "data": {"order_id": "7"}}}
    entries = {
        "reserve": {"answer": {"accepted": True, "stream": "product-1", "version": 4}},
        "call": {"answer": {"accepted": True, "reference": "simulated/7"}},
        "authorise": {"answer": {"accepted": False, "code": "declined", "detail": "No money."}},
        "reject": waiting,
        "deadline": waiting | {"at": noon},
        "confirm": {},
        "strange": 3,
    }
    _, *told = lines([commit(1)], checkout=entries)
    assert told == [
        "checkout  reserve: accepted  product-1@4",
        "checkout  call: accepted  simulated/7",
        "checkout  authorise: refused  declined: No money.",
        f"checkout  reject: waits, for orders: {command}",
        f"checkout  deadline: waits until {noon}, for orders: {command}",
        "checkout  confirm: no longer wanted",
        "checkout  strange: can't be read: 3",
    ]


def test_a_process_that_could_not_be_asked_says_so() -> None:
    _, line = lines([commit(1)], checkout={"error": "Unavailable: the table is down"})
    assert line == 'checkout  error: can\'t be read: "Unavailable: the table is down"'
