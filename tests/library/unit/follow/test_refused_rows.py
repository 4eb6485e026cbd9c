"""How the first commit with which a row is refused is found, and its stream parked."""

from collections.abc import Sequence
from dataclasses import replace

from cqrs.adapters.memory import MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.history.events import EventTypes
from cqrs.plain import Json
from cqrs.testing.views import recorded
from cqrs.views.rows import Row, Saved, SaveResult
from tests.library import worlds
from tests.library.worlds import VIEW, Watched, follower, history, shown, stored


def test_the_commits_before_the_bad_one_are_saved_beside_a_part_that_cannot_be_read(
    rows: MemoryRows,
) -> None:
    orders, payments = history("order-7", "a", "b", "unshowable"), history("payment-7", "p", "q")
    follows = follower(rows, stored(orders, payments))
    follows.catch_up({"order-7": orders[:1], "payment-7": payments[:1]})
    row = rows.get("7")
    older = replace(row.part("payment-7"), state={"names": "of another time"})
    rows.save([row.with_part("payment-7", older)])

    report = follows.catch_up({"order-7": orders, "payment-7": payments})

    assert (report.parked["order-7"].version, report.failed) == (3, {})
    assert shown(rows, "7") == {"order": ["a", "b"], "payment": ["p", "q"]}


def test_a_row_that_is_folded_anew_never_goes_back_while_the_bad_commit_is_looked_for(
    rows: MemoryRows,
) -> None:
    orders, payments = history("order-7", "a", "b"), history("payment-7", "p", "unshowable")
    store = stored(orders, payments)
    follower(rows, store).catch_up({"order-7": orders, "payment-7": payments})
    versions: list[int] = []
    watched = Watched(
        rows, after_save=lambda _: versions.append(rows.get("7").part("order-7").version)
    )

    follower(watched, store).redrive(["order-7", "payment-7"])

    assert set(versions) == {2}


def test_a_stream_is_parked_where_it_stands_if_that_can_be_shown_no_more(rows: MemoryRows) -> None:
    """As after a deployment of a view that is stricter."""
    orders = history("order-7", "a", "unshowable")
    store = stored(orders)
    lax = replace(VIEW, render=lambda states: {"order": list(states[worlds.ORDER].texts)})
    Follower(lax, rows, {"order": store, "payment": store}).catch_up({"order-7": orders})

    report = follower(rows, store).redrive(["order-7"])

    assert (report.parked["order-7"].version, report.failed) == (2, {})
    assert rows.get("7").positions == {"order-7": 2}


def test_what_was_saved_while_the_bad_commit_was_looked_for_is_not_folded_anew_again(
    rows: MemoryRows,
) -> None:
    orders, payments = history("order-7", "a", "unshowable"), history("payment-7", "p", "q")
    follows = follower(rows, stored(orders, payments))

    report = follows.redrive(["payment-7", "order-7"])

    assert report.applied == {"payment-7": 2, "order-7": 1}
    assert [*report.parked] == ["order-7"]


def test_an_outage_while_the_bad_commit_is_looked_for_is_made_up_for(rows: MemoryRows) -> None:
    class Flaky:
        """Opens each of two commits once to fold them, and is out of reach for the next."""

        opened = 0

        def seal(self, subject: str, value: Json) -> Json:
            return value

        def open(self, subject: str, sealed: Json) -> Json:
            self.opened += 1
            if self.opened == 3:
                raise Unavailable("the keys are out of reach")
            return sealed

    secrets = EventTypes("secrets")
    secrets.event(personal={"text": "text"})(worlds.Noted)
    view = replace(VIEW, folds=[replace(worlds.ORDER, events=secrets)])
    events = recorded(secrets, "order-7", worlds.Noted(text="a"), worlds.Noted(text="unshowable"))

    follows = Follower(view, rows, {"order": stored(events)}, Flaky())
    report = follows.catch_up({"order-7": events})

    assert (report.parked["order-7"].version, report.failed) == (2, {})
    assert rows.get("7").positions == {"order-7": 1}


def test_a_stream_that_cannot_even_be_marked_fails_and_is_told_why(rows: MemoryRows) -> None:
    class Refusing(Watched):
        def save(self, rows: Sequence[Row]) -> list[SaveResult]:
            return [SaveResult(Saved.REFUSED, "not today") for _ in rows]

    events = history("order-7", "a")

    report = follower(Refusing(rows), stored(events)).catch_up({"order-7": events})

    assert (report.failed, report.parked, report.applied) == ({"order-7": "not today"}, {}, {})


def test_a_row_is_told_as_parking_left_it_also_when_it_cannot_be_followed_on(
    rows: MemoryRows,
) -> None:
    def down_once_parked() -> None:
        if rows.get("7").parked:
            raise Unavailable("down")

    events = history("order-7", "a", "unshowable")
    watched = Watched(rows, before_load=down_once_parked)

    report = follower(watched, stored(events)).catch_up({"order-7": events})

    assert (report.failed, report.rows) == ({"order-7": "down"}, {"7": rows.get("7")})
