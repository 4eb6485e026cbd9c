"""What is promised when more is asked than can be done at once, and when processes are killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import repeat
from threading import Event, Thread

import requests

from tests.shop.e2e.conftest import Shop, answered

SETTLING_SECONDS = 240
KILL_SECONDS = 0.3


def at_once(calls: list[Callable[[], requests.Response]]) -> list[requests.Response]:
    with ThreadPoolExecutor(len(calls)) as callers:
        return [call.result() for call in [callers.submit(call) for call in calls]]


def placing(shop: Shop, customer: str, key: str) -> Callable[[], requests.Response]:
    return lambda: shop.place(customer, Idempotency_Key=f"{customer}-{key}")


def listed(shop: Shop, customer: str) -> set[str]:
    shop.control.wait_until_still(SETTLING_SECONDS)
    page = shop.orders(customer, query="?limit=50").json()
    assert page["cursor"] is None
    return {order["order_id"] for order in page["orders"]}


def order_id(answer: requests.Response) -> str:
    return str(answer.json()["order_id"])


def processes_of(shop: Shop, function: str) -> list[int]:
    command = ["ps", "-axwwo", "pid=,command="]  # whole lines
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    ours = [line for line in lines if f"-{function}-" in line and str(shop.stack.home.path) in line]
    return [int(line.split()[0]) for line in ours]


@contextmanager
def killed(shop: Shop, function: str, pauses: Iterable[float]) -> Iterator[None]:
    """Meanwhile the function's processes are killed after each of these pauses, in seconds."""
    over = Event()

    def kill() -> None:
        for pause in pauses:
            if over.wait(pause):
                return
            for process in processes_of(shop, function):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def test_a_burst_is_answered_and_whoever_is_told_to_come_again_may(
    shop: Shop, customer: str
) -> None:
    known = order_id(shop.place(customer))
    orders = [placing(shop, customer, str(n)) for n in range(40)]
    queries = [
        lambda: shop.ask("GET", "/health"),
        lambda: shop.order(known),
        lambda: shop.orders(customer),
        lambda: shop.composed(f"/orders/{known}"),
    ]

    answers = at_once(orders + queries * 25)

    assert {answer.status_code for answer in answers} <= {200, 201, 404, 503}
    first = [order_id(answer) for answer in answers[: len(orders)] if answer.status_code == 201]
    again = [order_id(answered(order)) for order in orders]
    assert set(first) <= set(again)
    assert listed(shop, customer) == {known, *again}
    assert len(set(again)) == len(orders)


def test_a_command_whose_process_was_killed_may_be_repeated(shop: Shop, customer: str) -> None:
    orders = [placing(shop, customer, str(n)) for n in range(40)]

    with killed(shop, "orders_commands", repeat(KILL_SECONDS)):
        answers = at_once(orders)

    failed = [answer for answer in answers if answer.status_code != 201]
    assert failed, "no process was killed in time: this shows nothing"
    assert {answer.status_code for answer in failed} == {500}
    assert {answer.text for answer in failed} == {'{"message": "Internal Server Error"}'}
    again = [order_id(answered(order)) for order in orders]
    assert {order_id(answer) for answer in answers if answer.status_code == 201} <= set(again)
    assert listed(shop, customer) == set(again)
    assert len(set(again)) == len(orders)
