"""The operator's edge: the sweep finds what no message told, and a person can ask and redrive."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cqrs.adapters.memory import MemoryEventStore
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.commits import Commit
from cqrs.entrypoints.sweeper import SPARE_MS, SweeperFunction
from cqrs.errors import Unavailable
from tests.fixtures.payloads import dynamodb, kinesis_of
from tests.unit.entrypoints.conftest import Lines
from tests.unit.entrypoints.shop import BrokenRows, BrokenStore, Shop

VIEW = "order_history"


class Context:
    """Lambda's, with this much time left at each look."""

    def __init__(self, *remaining: int) -> None:
        self._remaining = iter(remaining)

    def get_remaining_time_in_millis(self) -> int:
        return next(self._remaining, 300_000)


class Failures:
    """What mappings gave up on, in memory."""

    def __init__(self, *batches: FailedBatch) -> None:
        self.left = list(batches)

    def batches(self) -> Iterator[FailedBatch]:
        yield from list(self.left)

    def remove(self, batch: FailedBatch) -> None:
        self.left.remove(batch)


class Bookmarks:
    """Where walks leave off, in memory."""

    def __init__(self) -> None:
        self.places: dict[str, str | None] = {}

    def get(self, name: str) -> str | None:
        return self.places.get(name)

    def put(self, name: str, place: str | None) -> None:
        self.places[name] = place


@dataclass
class World:
    shop: Shop = field(default_factory=Shop)
    failures: Failures = field(default_factory=Failures)
    bookmarks: Bookmarks = field(default_factory=Bookmarks)

    def ask(self, event: dict[str, Any] | None = None, context: Any = None) -> dict[str, Any]:
        function = SweeperFunction(
            stores={"orders": self.shop.store},
            followers=[self.shop.follower],
            failures=self.failures,
            bookmarks=self.bookmarks,
        )
        return function(event or {}, context or Context())

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
            "given_up": {"batches": 0, "streams": 0},
            "orders": {
                "streams": 1,
                "behind": {"order_history": 1},
                "failed": 0,
                "finished": True,
            },
        }
        assert world.shop.query("GET /orders/{id}", id=order).status == 200

    def test_a_second_sweep_finds_nothing(self, world: World) -> None:
        world.shop.place()
        world.ask()
        assert world.ask()["orders"]["behind"] == {}

    def test_an_empty_store_is_swept_at_once(self, world: World) -> None:
        assert world.ask()["orders"] == {
            "streams": 0,
            "behind": {},
            "failed": 0,
            "finished": True,
        }

    def test_a_sweep_stops_in_time_and_the_next_one_goes_on(self) -> None:
        world = World(Shop(store=MemoryEventStore(page=2)))
        orders = [world.shop.place(f"key-{n}") for n in range(5)]
        short = Context(300_000, SPARE_MS - 1)
        first = world.ask(context=short)
        assert (first["orders"]["streams"], first["orders"]["finished"]) == (4, False)
        second = world.ask()
        assert (second["orders"]["streams"], second["orders"]["finished"]) == (1, True)
        assert all(world.shop.rows.get(order).document for order in orders)
        assert world.ask()["orders"]["streams"] == 5

    def test_a_parked_stream_waits_for_a_person(self, world: World) -> None:
        world.poison()
        assert world.ask()["orders"]["behind"] == {}

    def test_what_could_not_be_healed_is_counted(self) -> None:
        store = BrokenStore(Unavailable("the store is down"))
        error, store.error = store.error, None
        world = World(Shop(store=store))
        world.shop.place()
        store.error = error  # the walk goes on; the streams can't be read
        assert world.ask()["orders"]["failed"] == 1

    def test_a_sweep_leaves_one_line(self, world: World, logs: Lines) -> None:
        world.shop.place()
        before = len(logs())
        world.ask()
        assert [line["message"] for line in logs()[before:]][-1] == "swept"


class TestGivenUp:
    def test_a_batch_that_was_given_up_is_taken_and_removed(self, world: World) -> None:
        a, b = world.shop.place("a"), world.shop.place("b")
        stored = [commit for o in (a, b) for commit in world.shop.store.read(f"order-{o}")]
        world.failures.left.append(failed_batch(*stored))
        assert world.ask()["given_up"] == {"batches": 1, "streams": 2}
        assert world.failures.left == []
        assert world.shop.rows.get(a).document

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

        assert swept["orders"] == {"error": "the table is down"}
        assert swept["given_up"] == {"batches": 0, "streams": 0}
        assert world.failures.left == [batch]

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
        strange: Any = ["text", None, {"kinesis": {"data": "?"}}]
        world.failures.left.append(FailedBatch("batch-1", (*strange, *good)))
        assert world.ask()["given_up"] == {"batches": 1, "streams": 1}
        unreadable = [line for line in logs() if line["message"] == "unreadable record"]
        assert [line["object"] for line in unreadable] == ["batch-1"] * 3

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
    def test_a_parked_stream_is_taken_up_again_after_the_fix(
        self, world: World, which: str
    ) -> None:
        order, mend = world.poison()
        mend()
        stream = f"order-{order}"
        asked = stream if which == "one" else "all"
        assert world.ask({"redrive": asked}) == {
            "redrive": {VIEW: {"applied": {stream: 1}, "parked": {}, "failed": {}}}
        }
        assert world.ask({"parked": True}) == {"parked": {VIEW: {}}}
        assert world.shop.rows.get(order).positions == {stream: 2}

    def test_a_redrive_before_the_fix_parks_again(self, world: World) -> None:
        order, _ = world.poison()
        world.ask({"redrive": f"order-{order}"})
        assert world.ask({"parked": True})["parked"][VIEW].keys() == {f"order-{order}"}

    def test_one_stream_can_be_brought_up_to_date(self, world: World) -> None:
        order, other = world.shop.place("a"), world.shop.place("b")
        answer = world.ask({"catch_up": f"order-{order}"})
        assert answer["catch_up"][VIEW]["applied"] == {f"order-{order}": 1}
        assert world.shop.rows.get(other).revision == 0

    @pytest.mark.parametrize("stream", ["payment-7", "nothing", "order-nothing"])
    @pytest.mark.parametrize("what", ["catch_up", "redrive"])
    def test_asking_for_a_stream_that_is_not_there_does_nothing(
        self, world: World, what: str, stream: str
    ) -> None:
        answer = world.ask({what: stream})[what][VIEW]
        assert not any(answer["applied"].values())
        assert (answer["parked"], answer["failed"]) == ({}, {})
        assert world.shop.rows.get("nothing").revision == 0

    def test_a_store_that_is_down_is_told_to_the_operator(self) -> None:
        store = BrokenStore(Unavailable("the store is down"))
        world = World(Shop(store=store))
        answer = world.ask({"catch_up": "order-7"})
        assert answer["catch_up"][VIEW]["failed"] == {"order-7": "the store is down"}
