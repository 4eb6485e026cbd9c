"""The edges of a process: what makes it deliver, and what is told of what it could not."""

from typing import Any

import pytest

from cqrs.adapters.memory import MemoryRows
from cqrs.adapters.s3_failures import FailedBatch
from cqrs.entrypoints.deliverer import SPARE_MS, DelivererFunction
from cqrs.entrypoints.operator import OperatorFunction
from cqrs.entrypoints.recoverer import RecovererFunction
from cqrs.entrypoints.streams import LOGGED, FollowerFunction
from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.messages import Answer
from cqrs.follow.process_followers import PAGE, ProcessFollower
from cqrs.follow.process_managers import GRACE_SECONDS
from cqrs.history.commits import Commit
from cqrs.plain import replace
from cqrs.views.rows import Row
from tests.library.payloads import kinesis_of
from tests.library.processes import Wished, World
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.tending import Context, Failures
from tests.library.unit.entrypoints.wired import Books
from tests.library.walking import REDRIVE, audit, walk

DOWN = Unavailable("the works are down")
ALL_WELL: dict[str, Any] = {"batchItemFailures": []}


@pytest.fixture
def world() -> World:
    return World()


def stuck(world: World, *trips: str) -> None:
    """Trips whose bed could not be ordered when it was wished for."""
    world.works.trouble = {"bed": DOWN}
    for trip in trips:
        world.wishes(trip, "bed")
    world.visit(*trips)
    world.works.trouble = {}
    world.works.sent.clear()


def follow(world: World, *commits: Commit) -> dict[str, Any]:
    return FollowerFunction([world.follower()])(kinesis_of(*commits), None)


class Tending:
    """The functions that look after trips."""

    def __init__(self, world: World, *others: Follower) -> None:
        self.followers = [*others, world.follower()]
        self.stores = {"trips": world.store}

    def deliver(self, *remaining: int) -> dict[str, Any]:
        """What is told of delivering, with this time left at each look."""
        processes = [one for one in self.followers if isinstance(one, ProcessFollower)]
        return DelivererFunction(processes)({}, Context(*remaining))

    def delivers(self, *remaining: int) -> Any:
        """What is told of delivering trips."""
        return self.deliver(*remaining)["delivered"]["trips"]

    def waiting(self) -> Any:
        return self.ask({"waiting": True})["waiting"]["trips"]

    def ask(self, event: dict[str, Any]) -> dict[str, Any]:
        return OperatorFunction(self.stores, lambda: self.followers)(event, Context())


class TestBatches:
    def test_a_batch_is_followed_and_what_it_leads_to_is_sent(self, world: World) -> None:
        told = follow(world, *world.wishes("7", "bed"), *world.wishes("8", "tea"))
        assert told == ALL_WELL
        assert sorted(world.works.heard) == ["bed", "tea"]

    def test_what_cannot_be_sent_holds_up_no_batch(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        told = follow(world, *world.wishes("7", "bed"), *world.wishes("8", "tea"))
        assert told == ALL_WELL
        assert list(world.works.done.values()) == ["tea"]

    def test_what_was_delivered_and_what_was_not_is_logged_and_counted(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        world.works.trouble = {"bed": DOWN}
        follow(world, *world.wishes("7", "bed"), *world.wishes("8", "tea", "bath"))
        (line,) = logs()
        assert (line["message"], line["view"]) == ("followed", "trips")
        assert line["undelivered"] == {"7": "bed: Unavailable: the works are down"}
        (counted,) = metrics()
        assert (counted["Delivered"], counted["Undelivered"]) == (2, 1)
        assert (counted["Applied"], counted["view"]) == (3, "trips")
        assert "Failed" not in counted

    def test_a_batch_that_comes_again_counts_what_it_delivers_only(
        self, world: World, metrics: Lines
    ) -> None:
        stuck(world, "7")
        follow(world, *world.store.read("trip-7"))
        assert metrics() == [{"Delivered": 1, "view": "trips", "service": "test"}]

    def test_a_view_delivers_nothing_and_says_nothing_of_it(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        books = Books()
        FollowerFunction([books.follower])(kinesis_of(*books.added("7")), None)
        assert logs()[0]["undelivered"] == {}
        assert metrics() == [{"Applied": 1, "view": "books", "service": "test"}]

    def test_who_is_not_concerned_says_nothing(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        FollowerFunction([Books().follower])(kinesis_of(*world.wishes("7", "bed")), None)
        assert (logs(), metrics()) == ([], [])

    def test_a_log_line_stays_short_however_much_is_stuck(self, world: World, logs: Lines) -> None:
        world.works.trouble = {"bed": DOWN}
        follow(world, *(c for n in range(2 * LOGGED) for c in world.wishes(str(n), "bed")))
        (line,) = logs()
        assert len(line["undelivered"]) == LOGGED


class TestDelivering:
    def test_what_could_not_be_delivered_is_when_it_is_asked_for(self, world: World) -> None:
        stuck(world, "7", "8")
        told = Tending(world).deliver()
        assert told == {"delivered": {"trips": {"delivered": 2, "undelivered": {}}}}
        assert world.works.heard == ["bed", "bed"]
        assert Tending(world).delivers()["delivered"] == 0

    def test_what_still_cannot_be_delivered_is_told(self, world: World) -> None:
        stuck(world, "7", "8")
        world.works.trouble = {"bed": DOWN}
        told = Tending(world).delivers()
        reason = "bed: Unavailable: the works are down"
        assert told == {"delivered": 0, "undelivered": {"7": reason, "8": reason}}

    def test_what_no_timer_rang_for_is_sent(self, world: World) -> None:
        world.wishes("7", Wished(what="bell", seconds=60))
        world.visit("7")
        assert Tending(world).delivers()["delivered"] == 0
        world.clock.forward(60 + GRACE_SECONDS + 1)
        assert Tending(world).delivers()["delivered"] == 1
        assert world.works.heard == ["bell"]

    def test_what_is_refused_and_must_not_be_is_told_until_somebody_has_seen_to_it(
        self, world: World, metrics: Lines
    ) -> None:
        world.works.answers = {"bed": Answer(accepted=False, code="full", detail="no room")}
        world.wishes("7", Wished(what="bed", refusable=False))
        world.visit("7")
        for _ in range(2):
            told = Tending(world).delivers()
            assert told["undelivered"] == {"7": "bed: CqrsError: works refuses: full"}
        assert [counted["Undelivered"] for counted in metrics() if "view" in counted] == [1, 1]
        world.works.answers = {}
        assert Tending(world).delivers()["delivered"] == 1

    def test_a_row_that_cannot_be_read_is_told(self, world: World) -> None:
        stuck(world, "7", "8")
        world.rows.save([replace(world.rows.get("7"), document={"sent": 3})])
        told = Tending(world).delivers()
        assert (told["delivered"], [*told["undelivered"]]) == (1, ["7"])

    def test_every_page_is_logged_and_counted(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        stuck(world, *(f"{n:03}" for n in range(PAGE + 1)))
        told = Tending(world).delivers()
        assert told["delivered"] == PAGE + 1
        assert [(line["message"], line["view"]) for line in logs()] == [("delivered", "trips")] * 2
        assert [counted["Delivered"] for counted in metrics() if "view" in counted] == [PAGE, 1]

    def test_when_there_is_no_time_left_the_rest_waits_for_the_next_time(
        self, world: World
    ) -> None:
        stuck(world, *(f"{n:03}" for n in range(PAGE + 1)))
        told = Tending(world).delivers(SPARE_MS - 1)
        assert told["delivered"] == PAGE
        assert len(world.waiting()) == 1

    def test_one_process_in_trouble_does_not_keep_others_from_delivering(
        self, world: World, logs: Lines, metrics: Lines
    ) -> None:
        class Broken(MemoryRows):
            def page(self, *place: Any) -> list[Row]:
                raise Unavailable("the table is down")

        broken = World(rows=Broken(), process=replace(world.process, name="other_trips"))
        stuck(world, "7")
        told = Tending(world, broken.follower()).deliver()["delivered"]
        assert told["other_trips"] == {"error": "Unavailable: the table is down"}
        assert told["trips"] == {"delivered": 1, "undelivered": {}}
        (line,) = [line for line in logs() if line["message"] == "a part failed"]
        assert line["part"] == "other_trips"
        assert {"PartErrors": 1, "part": "other_trips", "service": "test"} in metrics()

    def test_views_have_nothing_to_deliver(self, world: World) -> None:
        assert Tending(world, Books().follower).deliver()["delivered"].keys() == {"trips"}

    def test_what_was_done_is_counted_and_what_was_not_is_not(
        self, world: World, metrics: Lines
    ) -> None:
        Tending(world).deliver()
        assert metrics() == [{"Done": 1, "service": "test"}]

        class Broken(MemoryRows):
            def page(self, *place: Any) -> list[Row]:
                raise Unavailable("the table is down")

        Tending(World(rows=Broken())).deliver()
        assert not any("Done" in counted for counted in metrics())

    def test_what_is_not_understood_delivers_nothing(self, world: World) -> None:
        stuck(world, "7")
        assert "not understood" in Tending(world).ask({"waiting": False})["error"]
        assert world.works.heard == []


class TestWaiting:
    def test_what_waits_is_listed_with_whom_it_is_for_and_not_sent(self, world: World) -> None:
        stuck(world, "7")
        world.wishes("8", "tea")
        world.visit("8")
        world.works.sent.clear()
        assert Tending(world).waiting() == {"7": ["works: bed"]}
        assert world.works.heard == []

    def test_nothing_waiting_is_an_empty_list(self, world: World) -> None:
        assert Tending(world).waiting() == {}

    def test_what_a_timer_has_is_not_listed_before_its_time_and_grace(self, world: World) -> None:
        world.wishes("7", Wished(what="bell", seconds=60))
        world.visit("7")
        assert Tending(world).waiting() == {}
        world.clock.forward(60 + GRACE_SECONDS + 1)
        assert Tending(world).waiting() == {"7": ["works: bell"]}

    def test_a_row_that_cannot_be_read_keeps_no_other_from_being_listed(self, world: World) -> None:
        stuck(world, "7", "8")
        world.rows.save([replace(world.rows.get("7"), document={"sent": 3})])
        listed = Tending(world).waiting()
        assert listed["8"] == ["works: bed"]
        assert listed["7"][0].startswith("unreadable")

    def test_processes_only_are_asked(self, world: World) -> None:
        assert Tending(world, Books().follower).ask({"waiting": True}) == {"waiting": {"trips": {}}}


class TestLookingAfter:
    def test_an_audit_finds_what_no_message_told_a_process(self, world: World) -> None:
        world.wishes("7", "bed")
        assert audit(world.store, [world.follower()]).found == {"trips#1": 1}
        assert world.works.heard == ["bed"]

    def test_what_cannot_be_sent_fails_no_stream_and_keeps_no_batch(self, world: World) -> None:
        world.works.trouble = {"bed": DOWN}
        commits = world.wishes("7", "bed")
        assert audit(world.store, [world.follower()]).failed == {}
        batch = FailedBatch("b-1", tuple(kinesis_of(*commits)["Records"]))
        recoverer = RecovererFunction(lambda: [world.follower()], Failures(batch))
        told = recoverer({}, Context())
        assert told["given_up"] == {"batches": 1, "streams": 1, "left": 0}

    def test_a_redrive_of_a_process_delivers_what_waits(self, world: World) -> None:
        stuck(world, "7")
        told = Tending(world).ask({"redrive": "trip-7"})["redrive"]["trips"]
        assert (told["applied"], world.works.heard) == ({"trip-7": 1}, ["bed"])

    def test_a_redrive_of_every_stream_sends_nothing_again(self, world: World) -> None:
        world.wishes("7", "bed")
        world.visit("7")
        world.works.sent.clear()
        redriven = walk(world.store, [world.follower()], REDRIVE)
        assert (redriven.found, world.works.heard) == ({"trips#1": 1}, [])

    def test_a_parked_process_is_listed_as_views_are(self, world: World) -> None:
        world.wishes("7", "poison")
        world.visit("7")
        (mark,) = Tending(world).ask({"parked": True})["parked"]["trips"].values()
        assert mark["version"] == 1
