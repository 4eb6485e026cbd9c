"""What waits is delivered, page by page, whatever else is stuck."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cqrs.errors import Unavailable
from cqrs.follow import process_followers
from cqrs.follow.process_followers import PAGE
from cqrs.views.rows import Row
from tests.library.processes import (
    DOWN,
    HOUR,
    WatchedRows,
    Wished,
    World,
    undelivered,
)


class TestDelivering:
    def many(self, world: World, number: int) -> list[str]:
        """Rows whose commands could not be sent when they came up."""
        world.works.trouble = {"bed": DOWN}
        trips = [f"{n:03}" for n in range(number)]
        for trip in trips:
            world.wishes(trip, "bed")
        world.visit(*trips)
        assert len(world.works.heard) == number
        return trips

    @pytest.mark.parametrize("number", [0, 1, PAGE, PAGE + 1, 2 * PAGE + 20])
    def test_all_that_waits_is_delivered_page_by_page(self, world: World, number: int) -> None:
        trips = self.many(world, number)
        world.works.trouble = {}

        reports = world.deliver()

        assert len(world.works.heard) == number
        assert sum(report.delivered for report in reports) == number
        assert [report.delivered for report in reports[:-1]] == [PAGE] * (len(reports) - 1)
        assert [world.waits(trip) for trip in trips] == [[]] * number

    def test_what_still_cannot_be_delivered_is_told_and_tried_once_a_round(
        self, world: World
    ) -> None:
        trips = self.many(world, 2 * PAGE + 20)

        reports = world.deliver()

        assert len(world.works.heard) == len(trips)
        assert sorted(undelivered(reports)) == trips
        assert sum(report.delivered for report in reports) == 0

    def test_a_page_is_only_delivered_when_its_report_is_taken(self, world: World) -> None:
        self.many(world, PAGE + 20)
        world.works.trouble = {}

        next(world.follower().deliver_waiting())

        assert len(world.works.heard) == PAGE

    def test_in_any_order_so_that_nothing_has_to_wait_for_the_same_others(
        self, world: World
    ) -> None:
        trips = self.many(world, 2 * PAGE)

        firsts = [next(world.follower().waiting()) for _ in range(5)]

        assert [len(rows) for rows in firsts] == [PAGE] * 5
        assert len({tuple(rows) for rows in firsts}) > 1
        assert world.waiting() == trips

    def test_however_many_wait_all_are_reached_in_one_round(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_followers, "MOST_DUE", PAGE + 1)
        self.many(world, PAGE + 5)
        world.works.trouble = {}

        rounds = [[report.delivered for report in world.deliver()] for _ in range(2)]

        assert rounds == [[PAGE, 1, 4], []]

    def test_what_waits_is_found_with_all_that_is_known_of_it(self, world: World) -> None:
        self.many(world, 1)

        (rows,) = world.follower().waiting()

        assert rows == {"000": world.rows.get("000")}

    def test_rows_with_nothing_due_are_not_visited(self, world: World) -> None:
        world.wishes("answered", "bath")
        world.wishes("set", Wished(what="bell", seconds=HOUR))
        world.wishes("stuck", "bed")
        world.works.trouble = {"bed": DOWN}
        world.visit("answered", "set", "stuck")
        loaded: list[Sequence[str]] = []

        class Noting(WatchedRows):
            def load(self, keys: Sequence[str]) -> dict[str, Row]:
                loaded.append(keys)
                return super().load(keys)

        world.deliver(rows=Noting(world.rows))

        assert loaded == [["stuck"]]

    def test_when_nothing_waits_nothing_is_done(self, world: World) -> None:
        world.wishes("7", "bed")
        world.visit("7")

        assert world.deliver() == []

    def test_what_answers_lead_to_is_delivered_in_the_same_round(self, world: World) -> None:
        self.many(world, 1)
        world.wishes("000", Wished(what="bath", after="bed"))
        world.visit("000")
        world.works.sent.clear()
        world.works.trouble = {}

        world.deliver()

        assert world.works.heard == ["bed", "bath"]

    def test_rows_that_are_down_end_the_round(self, world: World) -> None:
        self.many(world, 1)

        def down() -> None:
            raise Unavailable("the rows are down")

        with pytest.raises(Unavailable):
            world.deliver(rows=WatchedRows(world.rows, before_load=down))
