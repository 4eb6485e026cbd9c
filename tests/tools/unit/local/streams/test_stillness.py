"""Still is said only when nothing can come any more."""

import threading

import pytest

from scripts.local.streams.stillness import Stillness

WORKERS = frozenset({"publisher", "projector"})


@pytest.fixture
def stillness() -> Stillness:
    return Stillness()


def find_empty(stillness: Stillness, *workers: str) -> None:
    for worker in workers:
        stillness.found_empty(worker, stillness.tick())


def test_what_was_read_before_the_question_does_not_answer_it(stillness: Stillness) -> None:
    find_empty(stillness, *WORKERS)
    assert stillness.restless(WORKERS, stillness.tick()) == WORKERS


def test_it_is_still_when_every_shard_was_found_empty_since(stillness: Stillness) -> None:
    asked = stillness.tick()
    find_empty(stillness, "publisher")
    assert stillness.restless(WORKERS, asked) == {"projector"}
    find_empty(stillness, "projector")
    assert not stillness.restless(WORKERS, asked)


def test_a_delivery_makes_earlier_findings_worthless(stillness: Stillness) -> None:
    asked = stillness.tick()
    find_empty(stillness, "projector")
    with stillness.busy("publisher"):
        pass
    find_empty(stillness, "publisher")
    assert stillness.restless(WORKERS, asked) == {"projector"}


def test_a_reading_that_began_before_a_delivery_ended_proves_nothing(
    stillness: Stillness,
) -> None:
    asked = stillness.tick()
    with stillness.busy("publisher"):
        began = stillness.tick()
    stillness.found_empty("projector", began)
    find_empty(stillness, "publisher")
    assert stillness.restless(WORKERS, asked) == {"projector"}


def test_who_is_busy_is_not_still_even_when_no_longer_read(stillness: Stillness) -> None:
    with stillness.busy("publisher"):
        assert stillness.restless(frozenset(), stillness.tick()) == {"publisher"}


def test_a_delivery_that_broke_off_is_over(stillness: Stillness) -> None:
    with pytest.raises(ZeroDivisionError), stillness.busy("publisher"):
        _ = 1 / 0
    assert not stillness.restless(frozenset(), stillness.tick())


def test_waiting_ends_with_the_time_and_the_names_of_the_restless(stillness: Stillness) -> None:
    assert stillness.wait_until_still(lambda: WORKERS, 0) == WORKERS


def test_waiting_ends_when_all_is_still(stillness: Stillness) -> None:
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(stillness.wait_until_still(lambda: WORKERS, 60))
    )
    unheard = stillness.rings()
    thread.start()
    stillness.wait(60, unheard)  # the question rings
    find_empty(stillness, *WORKERS)
    thread.join(60)
    assert answers == [frozenset()]


def test_a_ring_ends_a_wait_even_if_it_came_before(stillness: Stillness) -> None:
    heard = stillness.rings()
    stillness.ring()
    stillness.wait(3600, heard)


def test_the_bell_of_a_stream_is_heard_by_those_that_read_it(stillness: Stillness) -> None:
    orders, payments = stillness.rings("orders"), stillness.rings("payments")
    stillness.ring("orders")
    stillness.wait(3600, orders, "orders")
    assert stillness.rings("payments") == payments


def test_while_somebody_waits_the_end_of_the_last_delivery_is_rung(stillness: Stillness) -> None:
    unheard = stillness.rings()
    thread = threading.Thread(target=stillness.wait_until_still, args=[lambda: WORKERS, 60])
    with stillness.busy("projector"):
        thread.start()
        stillness.wait(60, unheard)
        asked = stillness.rings()
        with stillness.busy("publisher"):
            pass
        assert stillness.rings() == asked
    assert stillness.rings() == asked + 1
    find_empty(stillness, *WORKERS)
    thread.join(60)
    assert not thread.is_alive()


def test_deliveries_that_nobody_waits_for_wake_nobody(stillness: Stillness) -> None:
    quiet = stillness.rings()
    with stillness.busy("publisher"):
        pass
    assert stillness.rings() == quiet
