"""How far views are behind is counted from the stores and their rows."""

from collections.abc import Mapping, Sequence

from cqrs.adapters.memory import MemoryEventStore, MemoryRows
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.lag import Lag, Lags, lags
from cqrs.history.event_store import WHOLE, EventReader, Heads, Section
from cqrs.plain import replace
from cqrs.views.rows import Row
from tests.library.worlds import VIEW, commit, follower, history, older, shouted, stored

NOTES = "notes#1"


def counted(store: EventReader, *followers: Follower) -> Lags:
    return lags({"world": store}, followers)


def test_what_a_view_has_not_applied_is_counted_by_commits_and_streams() -> None:
    rows = MemoryRows()
    store = stored(history("order-7", "a", "b", "c"), history("order-8", "a"), history("review-9"))
    follows = follower(rows, store)
    follows.catch_up({"order-7": store.read("order-7")[:1]})

    assert counted(store, follows).views == {NOTES: Lag(commits=4, behind=3, streams=2, rows=1)}


def test_a_view_that_has_everything_is_behind_by_nothing() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "a", "b"), history("payment-7", "c"))
    follows = follower(rows, store)
    follows.catch_up({"order-7": (), "payment-7": ()})

    found = counted(store, follows)

    assert found == Lags(views={NOTES: Lag(commits=3, rows=1)}, down={}, finished=True)


def test_a_parked_stream_is_counted_as_parked_and_not_as_behind() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "poison", "b"), history("order-8", "a"))
    follows = follower(rows, store)
    follows.catch_up({"order-7": ()})

    found = counted(store, follows)

    assert found.views == {NOTES: Lag(commits=3, behind=1, streams=1, parked=1)}


def test_what_waits_for_newer_code_counts_as_parked_and_what_is_long_as_behind() -> None:
    rows, news = MemoryRows(), [shouted(one) for one in history("order-7", "a")]
    store = stored(news, history("order-8", "a", "b", "c"))
    follows = older(rows, store, chunk=1, budget=1)
    follows.catch_up({"order-7": (), "order-8": ()})

    expected = Lag(commits=4, behind=2, streams=1, parked=1, rows=1)
    assert counted(store, follows).views == {NOTES: expected}


def test_streams_that_a_view_does_not_follow_are_not_counted() -> None:
    rows, store = MemoryRows(), stored(history("customer-7", "a"), history("order-7", "a"))

    assert counted(store, follower(rows, store)).views[NOTES].commits == 1


def test_commits_that_came_while_it_was_counted_put_no_view_ahead() -> None:
    rows, store = MemoryRows(), stored(history("order-7", "a"))
    follows = follower(rows, store)

    class Late(MemoryEventStore):
        def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
            seen = store.heads(cursor, section)
            store.append(commit("order-7", 2, "b"), "")
            follows.catch_up({"order-7": ()})
            return seen

    assert counted(Late(), follows).views == {NOTES: Lag(commits=1, rows=1)}


def test_each_generation_of_a_view_is_counted_by_itself() -> None:
    store = stored(history("order-7", "a", "b"))
    old = follower(MemoryRows(), store)
    old.catch_up({"order-7": ()})
    new = Follower(replace(VIEW, generation=2), MemoryRows(), {"order": store, "payment": store})

    behind = {view: lag.behind for view, lag in counted(store, old, new).views.items()}

    assert behind == {"notes#1": 0, "notes#2": 2}


class Down(MemoryRows):
    """Rows that can't be reached. `asked` counts how often somebody tried."""

    asked = 0

    def load(self, keys: Sequence[str]) -> dict[str, Row]:
        self.asked += 1
        raise Unavailable("the index is down")


def test_a_view_that_is_down_is_told_and_asked_once_and_the_others_are_counted() -> None:
    down, store = Down(), stored(*(history(f"order-{n}", "a") for n in range(5)))
    broken = Follower(replace(VIEW, name="other"), down, {"order": store, "payment": store})

    found = counted(store, broken, follower(MemoryRows(), store))

    assert found.down == {"other#1": "Unavailable: the index is down"}
    assert found.views[NOTES].behind == 5
    assert down.asked == 1


def test_a_store_that_is_down_is_told_and_the_others_are_counted() -> None:
    class Lost(MemoryEventStore):
        def heads(self, cursor: str | None = None, section: Section = WHOLE) -> Heads:
            raise Unavailable("the table is down")

    store = stored(history("order-7", "a"))
    stores: Mapping[str, EventReader] = {"lost": Lost(), "world": store}

    found = lags(stores, [follower(MemoryRows(), store)])

    assert found.down == {"lost": "Unavailable: the table is down"}
    assert found.views[NOTES].behind == 1


def test_when_there_is_no_time_left_what_was_counted_by_then_is_told() -> None:
    store = stored(*(history(f"order-{n}", "a") for n in range(5)))
    looks = iter([False, False, True])

    found = lags({"world": store}, [follower(MemoryRows(), store)], lambda: next(looks, True))

    assert (found.views[NOTES].behind, found.finished) == (4, False)
