"""The operator's edge: the sweep finds what no message told, and a person can ask and redrive."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.entrypoints.sweeper import SPARE_MS, SweeperFunction
from cqrs.errors import Unavailable
from cqrs.history.commits import Commit
from cqrs.history.event_store import EventStore, Heads
from tests.fixtures.payloads import dynamodb, kinesis_of
from tests.unit.entrypoints.conftest import Lines
from tests.unit.entrypoints.shop import BrokenRows, BrokenStore, Shop
from tests.unit.entrypoints.sweeping import Bookmarks, Context, Failures

VIEW = "order_history"


class Stumbling(MemoryEventStore):
    """A store whose walk fails with `error`, once, at its n-th page."""

    stumbles_at = 0
    error: Exception = Unavailable("the store is down")

    def heads(self, cursor: str | None = None) -> Heads:
        self.stumbles_at -= 1
        if self.stumbles_at == 0:
            raise self.error
        return super().heads(cursor)


@dataclass
class World:
    shop: Shop = field(default_factory=Shop)
    failures: Failures = field(default_factory=Failures)
    bookmarks: Bookmarks = field(default_factory=Bookmarks)
    others: dict[str, EventStore] = field(default_factory=dict)  # swept before the shop's own

    def ask(self, event: dict[str, Any] | None = None, context: Any = None) -> dict[str, Any]:
        function = SweeperFunction(
            stores={**self.others, "orders": self.shop.store},
            followers=[self.shop.follower],
            failures=self.failures,
            bookmarks=self.bookmarks,
        )
        return function(event or {}, context or Context())

    def swept(self, context: Any = None) -> dict[str, Any]:
        """What a sweep says of the store of orders."""
        found: dict[str, Any] = self.ask(context=context)["stores"]["orders"]
        return found

    def poison(self) -> tuple[str, Callable[[], None]]:
        """An order whose second commit can't be applied, and how to mend it."""
        order = self.shop.place("poison")
        stream = f"order-{order}"
        (first,) = self.shop.store.read(stream)
        broken = Commit(stream, 2, first.body.replace("OrderPlaced", "OrderVanished"))
        self.shop.store.append(broken, "poison")
        self.shop.follow(order)

        def mend() -> None:
            store = MemoryEventStore()
            store.append(first, "")
            store.append(replace(first, version=2), "")
            self.shop.stores["order"] = store

        return order, mend


@pytest.fixture
def world() -> World:
    return World()


def failed_batch(*commits: Commit, key: str = "batch-1") -> FailedBatch:
    return FailedBatch(key, tuple(kinesis_of(*commits)["Records"]))


class TestSweep:
    def test_an_order_that_no_message_told_of_is_found(self, world: World) -> None:
        order = world.shop.place()
        assert world.ask() == {
            "stores": {
                "orders": {
                    "streams": 1,
                    "behind": {"order_history": 1},
                    "failed": 0,
                    "finished": True,
                },
            },
            "given_up": {"batches": 0, "streams": 0},
        }
        assert world.shop.query("GET /orders/{id}", id=order).status == 200

    def test_a_second_sweep_finds_nothing(self, world: World) -> None:
        world.shop.place()
        world.ask()
        assert world.swept()["behind"] == {}

    def test_an_empty_store_is_swept_at_once(self, world: World) -> None:
        assert world.swept() == {"streams": 0, "behind": {}, "failed": 0, "finished": True}

    def test_a_sweep_stops_in_time_and_the_next_one_goes_on(self) -> None:
        world = World(Shop(store=MemoryEventStore(page=2)))
        orders = [world.shop.place(f"key-{n}") for n in range(5)]
        short = Context(300_000, SPARE_MS - 1)
        first = world.swept(context=short)
        assert (first["streams"], first["finished"]) == (4, False)
        second = world.swept()
        assert (second["streams"], second["finished"]) == (1, True)
        assert all(world.shop.rows.get(order).document for order in orders)
        assert world.swept()["streams"] == 5

    def test_a_sweep_that_breaks_off_is_continued_at_the_page_that_broke_it(self) -> None:
        store = Stumbling(page=2)
        world = World(Shop(store=store))
        orders = [world.shop.place(f"key-{n}") for n in range(5)]
        store.stumbles_at = 3
        assert world.swept() == {"error": "Unavailable: the store is down"}
        assert sum(bool(world.shop.rows.get(order).document) for order in orders) == 4
        second = world.swept()
        assert (second["streams"], second["finished"]) == (1, True)
        assert all(world.shop.rows.get(order).document for order in orders)

    def test_where_to_go_on_is_kept_after_every_page(self) -> None:
        world = World(Shop(store=MemoryEventStore(page=2)))
        streams = sorted(f"order-{world.shop.place(f'key-{n}')}" for n in range(5))
        world.ask()
        assert world.bookmarks.kept == [
            ("sweep/orders", streams[1]),
            ("sweep/orders", streams[3]),
            ("sweep/orders", None),
        ]

    def test_a_parked_stream_waits_for_a_person(self, world: World) -> None:
        world.poison()
        assert world.swept()["behind"] == {}

    def test_what_could_not_be_healed_is_counted(self) -> None:
        store = BrokenStore(Unavailable("the store is down"))
        error, store.error = store.error, None
        world = World(Shop(store=store))
        world.shop.place()
        store.error = error  # the walk goes on; the streams can't be read
        assert world.swept()["failed"] == 1

    def test_a_sweep_that_finds_nothing_leaves_one_line(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        world.shop.follow(world.shop.place())
        before = len(logs())
        world.ask()
        (line,) = logs()[before:]
        assert (line["message"], line["stores"]["orders"]["streams"]) == ("swept", 1)
        assert metrics() == []

    def test_what_a_sweep_applied_and_parked_is_logged_and_counted(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        good, bad = world.shop.place("good"), world.shop.place("bad")
        world.shop.store.append(Commit(f"order-{bad}", 2, ""), "")
        before = len(logs())
        world.ask()
        line, last = logs()[before:]
        assert (line["message"], line["view"]) == ("swept", VIEW)
        assert line["applied"] == {f"order-{good}": 1, f"order-{bad}": 1}
        assert line["parked"].keys() == {f"order-{bad}"}
        assert last["stores"]["orders"]["behind"] == {VIEW: 2}
        (counted,) = metrics()
        assert (counted["Applied"], counted["Parked"], counted["view"]) == (2, 1, VIEW)

    @pytest.mark.parametrize(
        "error", [Unavailable("the store is down"), KeyError("stream"), ZeroDivisionError("so")]
    )
    def test_a_store_in_trouble_does_not_keep_the_others_from_being_swept(
        self, error: Exception, logs: Lines, metrics: Lines
    ) -> None:
        broken = Stumbling()
        broken.stumbles_at, broken.error = 1, error
        world = World(others={"accounts": broken})
        order = world.shop.place()
        (stored,) = world.shop.store.read(f"order-{order}")
        world.failures.left.append(failed_batch(stored))

        swept = world.ask()

        assert swept["stores"]["accounts"] == {"error": f"{type(error).__name__}: {error}"}
        assert swept["stores"]["orders"]["behind"] == {VIEW: 1}
        assert swept["given_up"] == {"batches": 1, "streams": 1}
        (line,) = [line for line in logs() if line["message"] == "a part of the sweep failed"]
        assert (line["level"], line["part"]) == ("ERROR", "accounts")
        assert line["exception_name"] == type(error).__name__
        assert {"SweepErrors": 1, "part": "accounts", "service": "test"} in metrics()

    @pytest.mark.parametrize("error", [Unavailable("the bucket is down"), KeyError("Contents")])
    def test_a_bucket_in_trouble_does_not_keep_the_stores_from_being_swept(
        self, error: Exception, metrics: Lines
    ) -> None:
        class Broken(Failures):
            def batches(self) -> Iterator[FailedBatch]:
                raise error

        world = World(failures=Broken())
        world.shop.place()

        swept = world.ask()

        assert swept["given_up"] == {"error": f"{type(error).__name__}: {error}"}
        assert swept["stores"]["orders"]["behind"] == {VIEW: 1}
        assert {"SweepErrors": 1, "part": "given_up", "service": "test"} in metrics()


class TestGivenUp:
    def test_a_batch_that_was_given_up_is_taken_and_removed(self, logs: Lines) -> None:
        store = Stumbling()
        world = World(Shop(store=store))
        a, b = world.shop.place("a"), world.shop.place("b")
        stored = [commit for o in (a, b) for commit in world.shop.store.read(f"order-{o}")]
        world.failures.left.append(failed_batch(*stored))
        store.stumbles_at = 1  # so that it is not the walk that finds them
        assert world.ask()["given_up"] == {"batches": 1, "streams": 2}
        assert world.failures.left == []
        assert world.shop.rows.get(a).document
        (line,) = [line for line in logs() if line["message"] == "rung"]
        assert line["applied"] == {f"order-{a}": 1, f"order-{b}": 1}

    def test_a_batch_of_a_stores_stream_is_taken_too(self, world: World) -> None:
        (stored,) = world.shop.store.read(f"order-{world.shop.place()}")
        batch = FailedBatch("batch-1", tuple(dynamodb(stored)["Records"]))
        world.failures.left.append(batch)
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}

    def test_a_batch_that_fails_again_stays(self) -> None:
        world = World(Shop(rows=BrokenRows()))
        (stored,) = world.shop.store.read(f"order-{world.shop.place()}")
        batch = failed_batch(stored)
        world.failures.left.append(batch)

        swept = world.ask()

        assert swept["stores"]["orders"]["down"] == {VIEW: "Unavailable: the table is down"}
        assert swept["given_up"] == {"batches": 0, "streams": 0}
        assert world.failures.left == [batch]

    def test_when_there_is_no_time_left_batches_wait_for_the_next_sweep(self, world: World) -> None:
        a, b = world.shop.place("a"), world.shop.place("b")
        for key, order in (("batch-1", a), ("batch-2", b)):
            stored = world.shop.store.read(f"order-{order}")
            world.failures.left.append(failed_batch(*stored, key=key))

        # the clock is looked at after each page of a walk, and before each batch
        swept = world.ask(context=Context(SPARE_MS, SPARE_MS, SPARE_MS - 1))

        assert swept["given_up"] == {"batches": 1, "streams": 1}
        assert [batch.key for batch in world.failures.left] == ["batch-2"]
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}
        assert world.failures.left == []

    def test_a_batch_with_a_poisoned_stream_goes_away_and_the_stream_stays_parked(
        self, world: World
    ) -> None:
        order, _ = world.poison()
        world.failures.left.append(failed_batch(*world.shop.store.read(f"order-{order}")))
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}
        assert world.shop.rows.get(order).parked

    def test_records_that_cannot_be_read_are_logged_and_the_others_taken(
        self, world: World, logs: Lines
    ) -> None:
        order = world.shop.place()
        good = kinesis_of(*world.shop.store.read(f"order-{order}"))["Records"]
        nameless = kinesis_of(Commit("nameless", 1, "{}"))["Records"]
        strange: Any = ["text", None, {"kinesis": {"data": "?"}}, *nameless]
        world.failures.left.append(FailedBatch("batch-1", (*strange, *good)))
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}
        unreadable = [line for line in logs() if line["message"] == "unreadable record"]
        assert [line["object"] for line in unreadable] == ["batch-1"] * 4

    def test_what_is_no_batch_is_left_for_people_and_logged(
        self, world: World, logs: Lines
    ) -> None:
        world.failures.left.append(FailedBatch("strange", ()))
        assert world.ask()["given_up"] == {"batches": 0, "streams": 0}
        assert [batch.key for batch in world.failures.left] == ["strange"]
        assert "strange" in [line.get("object") for line in logs()]


class TestOperators:
    def test_parked_streams_are_listed_with_what_stopped_them(self, world: World) -> None:
        order, _ = world.poison()
        world.shop.follow(world.shop.place("fine"))
        assert world.ask({"parked": True}) == {
            "parked": {
                VIEW: {
                    f"order-{order}": {
                        "version": 2,
                        "error": "Unreadable: orders has no event type 'OrderVanished'",
                    }
                }
            }
        }

    def test_nothing_parked_is_an_empty_list(self, world: World) -> None:
        assert world.ask({"parked": True}) == {"parked": {VIEW: {}}}

    @pytest.mark.parametrize("which", ["one", "all"])
    def test_a_parked_stream_is_folded_anew_after_the_fix(self, world: World, which: str) -> None:
        order, mend = world.poison()
        mend()
        stream = f"order-{order}"
        asked = stream if which == "one" else "all"
        assert world.ask({"redrive": asked}) == {
            "redrive": {VIEW: {"applied": {stream: 2}, "parked": {}, "failed": {}, "unknown": []}}
        }
        assert world.ask({"parked": True}) == {"parked": {VIEW: {}}}
        assert world.shop.rows.get(order).positions == {stream: 2}

    def test_a_redrive_before_the_fix_parks_again_and_says_why(self, world: World) -> None:
        order, _ = world.poison()
        told = world.ask({"redrive": f"order-{order}"})["redrive"][VIEW]
        assert told["parked"] == {
            f"order-{order}": {
                "version": 2,
                "error": "Unreadable: orders has no event type 'OrderVanished'",
            }
        }
        assert world.ask({"parked": True})["parked"][VIEW] == told["parked"]

    def test_a_redrive_of_all_looks_at_what_is_parked_only(self, world: World) -> None:
        poisoned, mend = world.poison()
        other = world.shop.place("other")
        mend()
        told = world.ask({"redrive": "all"})["redrive"][VIEW]
        assert told["applied"].keys() == {f"order-{poisoned}"}
        assert world.shop.rows.get(other).revision == 0

    def test_a_redrive_of_all_when_nothing_is_parked_does_nothing(self, world: World) -> None:
        world.shop.place()
        nothing: Any = {"applied": {}, "parked": {}, "failed": {}, "unknown": []}
        assert world.ask({"redrive": "all"}) == {"redrive": {VIEW: nothing}}

    def test_a_redrive_brings_a_stream_that_is_behind_up_to_date(self, world: World) -> None:
        order, other = world.shop.place("a"), world.shop.place("b")
        told = world.ask({"redrive": f"order-{order}"})["redrive"][VIEW]
        assert told["applied"] == {f"order-{order}": 1}
        assert world.shop.rows.get(other).revision == 0

    def test_a_redrive_repairs_a_row_that_shows_what_never_happened(self, world: World) -> None:
        order = world.shop.place()
        world.shop.follow(order)
        true = world.shop.rows.get(order)
        part = true.part(f"order-{order}")
        assert isinstance(part.state, dict)
        state = {**part.state, "status": "cancelled"}
        wrong = {f"order-{order}": replace(part, state=state)}
        world.shop.rows.save([replace(true, parts=wrong, document={"status": "cancelled"})])

        world.ask({"redrive": f"order-{order}"})

        mended = world.shop.rows.get(order)
        assert (mended.document, mended.parts) == (true.document, true.parts)

    def test_after_a_change_of_the_view_every_stream_is_folded_anew(self, world: World) -> None:
        a, b = world.shop.place("a"), world.shop.place("b")
        world.shop.follow(a)
        told = world.ask({"redrive": "every"})["redrive"]["orders"]
        assert (told["streams"], told["folded anew"], told["finished"]) == (2, {VIEW: 2}, True)
        assert [world.shop.rows.get(order).revision for order in (a, b)] == [2, 1]

    def test_a_redrive_of_every_stream_and_a_sweep_leave_off_at_places_of_their_own(self) -> None:
        world = World(Shop(store=MemoryEventStore(page=1)))
        for name in ("a", "b", "c"):
            world.shop.follow(world.shop.place(name))

        world.ask({"redrive": "every"}, Context(SPARE_MS - 1))

        assert world.ask()["stores"]["orders"]["streams"] == 3

    def test_a_redrive_of_every_stream_starts_over_and_of_the_rest_goes_on(self) -> None:
        world = World(Shop(store=MemoryEventStore(page=1)))
        for name in ("a", "b", "c"):
            world.shop.follow(world.shop.place(name))

        first = world.ask({"redrive": "every"}, Context(SPARE_MS - 1))["redrive"]["orders"]
        again = world.ask({"redrive": "every"}, Context(SPARE_MS - 1))["redrive"]["orders"]
        rest = world.ask({"redrive": "rest"})["redrive"]["orders"]

        assert [part["streams"] for part in (first, again, rest)] == [1, 1, 2]
        assert [part["finished"] for part in (first, again, rest)] == [False, False, True]

    @pytest.mark.parametrize(
        "event",
        [{"catchup": "order-7"}, {"redrive": 5}, {"parked": False}, {"parked": True, "x": 1}, [1]],
    )
    def test_what_is_not_understood_does_nothing_and_says_so(
        self, world: World, event: Any
    ) -> None:
        world.shop.place()
        assert "not understood" in world.ask(event)["error"]
        assert world.bookmarks.kept == []

    def test_a_redrive_is_logged_and_counted(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        order, mend = world.poison()
        mend()
        before = len(logs())
        metrics()
        world.ask({"redrive": f"order-{order}"})
        (line,) = logs()[before:]
        assert (line["message"], line["applied"]) == ("redriven", {f"order-{order}": 2})
        assert [counted["Applied"] for counted in metrics()] == [2]

    @pytest.mark.parametrize("stream", ["product-7", "nothing", "order-nothing", "payment-nothing"])
    def test_a_redrive_of_a_stream_that_is_not_there_says_so(
        self, world: World, stream: str
    ) -> None:
        told = world.ask({"redrive": stream})["redrive"][VIEW]
        assert told == {"applied": {}, "parked": {}, "failed": {}, "unknown": [stream]}
        assert world.shop.rows.get("nothing").revision == 0

    def test_a_store_that_is_down_is_told_to_the_operator(self) -> None:
        store = BrokenStore(Unavailable("the store is down"))
        world = World(Shop(store=store))
        answer = world.ask({"redrive": "order-7"})
        assert answer["redrive"][VIEW]["failed"] == {"order-7": "the store is down"}
