"""What processes cost, counted on moto.

These numbers are promises. Who changes one changes what the system costs and how long it takes.
"""

from typing import Any

import pytest

from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.errors import Unavailable
from cqrs.follow.process_followers import PAGE
from tests.library.integration.counted import Counted
from tests.library.integration.tables import (
    create_process_store,
)
from tests.library.processes import TRIPS, Dropped, Wished, World


@pytest.fixture
def process(aws: None) -> tuple[Counted, World]:
    counted = Counted()
    create_process_store(counted.client, "trips")
    rows: Any = DynamoDbRows("trips", "trips#1", TRIPS.lists, lambda: counted.client)
    counted.start()
    return counted, World(rows=rows)


class TestProcesses:
    @pytest.mark.parametrize("steps", [0, 1, 2, 3])
    def test_each_step_that_is_answered_is_one_write_more(
        self, process: tuple[Counted, World], steps: int
    ) -> None:
        """The row with what is wanted, then with each answer and what it leads to."""
        aws, world = process
        after: list[str | None] = [None, "bed", "bath"]
        wishes = [
            Wished(what=w, after=a) for w, a in zip(("bed", "bath", "tea"), after, strict=True)
        ]
        commits = world.happens("trip-7", *wishes[:steps], Dropped(what="bell"))
        world.follower().catch_up({"trip-7": commits})
        assert len(world.works.heard) == steps
        assert aws.names() == ["BatchGetItem", "PutItem", *["PutItem"] * steps]

    def test_what_is_answered_together_is_written_together(
        self, process: tuple[Counted, World]
    ) -> None:
        aws, world = process
        world.wishes("7", "bed", "bath", "tea", Wished(what="bell", seconds=60))
        world.visit("7")
        assert aws.names() == ["BatchGetItem", "PutItem", "PutItem"]

    def test_a_batch_that_comes_again_is_one_read(self, process: tuple[Counted, World]) -> None:
        aws, world = process
        commits = world.wishes("7", "bed")
        world.follower().catch_up({"trip-7": commits})
        aws.taken()
        world.follower().catch_up({"trip-7": commits})
        assert aws.names() == ["BatchGetItem"]

    def test_to_look_for_what_waits_where_nothing_does_is_one_read(
        self, process: tuple[Counted, World]
    ) -> None:
        aws, world = process
        world.wishes("7", "bed", Wished(what="bell", seconds=3_600))
        world.visit("7")
        aws.taken()
        assert world.deliver() == []
        assert aws.names() == ["Query"]

    def test_what_waits_is_found_page_by_page_and_delivered(
        self, process: tuple[Counted, World]
    ) -> None:
        aws, world = process
        world.works.trouble = {"bed": Unavailable("the works are down")}
        trips = [f"{n:03}" for n in range(PAGE + 5)]
        for trip in trips:
            world.wishes(trip, "bed")
        world.visit(*trips)
        assert sorted(world.waiting()) == trips
        aws.taken()
        world.works.trouble = {}

        reports = world.deliver()

        assert [report.delivered for report in reports] == [PAGE, 5]
        pages = [name for rows in (PAGE, 5) for name in ("BatchGetItem", *["PutItem"] * rows)]
        assert aws.names() == ["Query", *pages]
        assert world.waiting() == []
