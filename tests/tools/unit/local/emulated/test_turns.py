"""Few run at once, some wait, the rest are turned away."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Semaphore

from scripts.local.emulated.turns import Turns

LONG = 60.0


def test_as_many_as_may_run_get_their_turn_at_once() -> None:
    turns = Turns(at_once=2, waiting=0, patience_seconds=LONG)
    assert turns.take("f")
    assert turns.take("f")


def test_who_finds_all_places_taken_is_turned_away_at_once() -> None:
    turns = Turns(at_once=1, waiting=0, patience_seconds=LONG)
    assert turns.take("f")
    assert not turns.take("f")


def test_who_waits_too_long_is_turned_away_and_leaves_the_line() -> None:
    turns = Turns(at_once=1, waiting=1, patience_seconds=0.001)
    assert turns.take("f")
    assert not turns.take("f")
    turns.give_back("f")
    assert turns.take("f")


def test_those_who_wait_get_their_turn_when_others_give_theirs_back() -> None:
    turns = Turns(at_once=2, waiting=18, patience_seconds=LONG)
    two_inside, inside, most = Barrier(2), Semaphore(2), []

    def take_part() -> bool:
        if not turns.take("f"):
            return False
        most.append(inside.acquire(blocking=False))
        two_inside.wait(LONG)
        inside.release()
        turns.give_back("f")
        return True

    with ThreadPoolExecutor(20) as callers:
        took = [callers.submit(take_part) for _ in range(20)]
    assert all(taken.result() for taken in took)
    assert all(most), "more than two were inside"


def test_functions_do_not_wait_for_each_other() -> None:
    turns = Turns(at_once=1, waiting=0, patience_seconds=LONG)
    assert turns.take("f")
    assert turns.take("g")
