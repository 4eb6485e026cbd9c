"""The whole shop on the running local stack: answers by `/health`, a command until its effect is
seen by a bare chain of functions, and a burst of checkouts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from secrets import token_hex
from statistics import median

import requests

from scripts.local.clients import http
from scripts.local.errors import LocalError
from scripts.local.home import Home
from scripts.local.stack import Stack
from scripts.shop.bench.bare import bare_chain
from scripts.shop.bench.figures import Figure, Times, in_turn
from scripts.shop.compare.shape import Question, Way, order, path
from scripts.shop.compare.shop import Shop

__all__ = ["figures"]

ASKED = 100
CHANGED = 40
BURST = 200
AT_ONCE = 8
BURST_SECONDS = 10.0
SEEN_SECONDS = 30.0
SETTLED_SECONDS = 600.0


def figures() -> Iterator[Figure]:
    shop = Shop(Stack(Home.from_environment()))
    shop.fill()
    yield from _answers(shop)
    yield _until_seen(shop)
    yield from _burst(shop)


def _answers(shop: Shop) -> Iterator[Figure]:
    """Medians say more than the best here: all of it is waiting for several processes."""
    search = "/search/orders?q=engines&limit=20"
    composed = path(Question.ORDER, Way.COMPOSITION, shop.order, shop.customer)
    for measure, where, goal in (
        ("GET an order", path(Question.ORDER, Way.VIEW, shop.order, shop.customer), 1.4),
        ("a page of orders", path(Question.PAGE, Way.VIEW, shop.order, shop.customer), 1.7),
        ("a search", search, 2.2),
        ("an order, composed", composed, 3.5),
    ):
        for _ in range(5):
            _got(shop, where)
        times = in_turn(
            partial(_got, shop, "/health"),
            partial(_got, shop, where),
            rounds=ASKED,
            timed=lambda ask: ask(),
        )
        yield Figure.medians(f"{measure}, local", "`/health`", times, goal, _told(times))


def _got(shop: Shop, where: str) -> float:
    found = shop.get(where)
    if found.status != 200:
        raise LocalError(f"{where} was answered {found.status}: {found.body}")
    return found.ms / 1000


def _until_seen(shop: Shop) -> Figure:
    """From sending a command until a query without a token shows its effect."""
    with bare_chain() as url, http() as session:

        def bare() -> float:
            body = {"street": token_hex(8)}
            return _seen(
                lambda: session.put(f"{url}/rows/7", json=body),
                lambda: session.get(f"{url}/rows/7").json() == body,
            )

        def ours() -> float:
            street = token_hex(8)
            address = order(shop.run, shop.customer, 0)["address"] | {"street": street}
            return _seen(
                lambda: shop.change("PUT", f"/orders/{shop.order}/address", {"address": address}),
                lambda: shop.get(f"/orders/{shop.order}").body["address"]["street"] == street,
            )

        times = in_turn(bare, ours, rounds=CHANGED, timed=lambda change: change())
    what = "a command until it is seen, local"
    return Figure.medians(what, "a bare chain", times, 1.2, _told(times))


def _told(times: Times) -> str:
    """The floor is a few milliseconds, so that a ratio alone says little of how long one waits."""
    ours, floor = (1000 * median(seconds) for seconds in (times.ours, times.floor))
    return f"{ours:.1f} ms, against {floor:.1f}"


def _seen(change: Callable[[], requests.Response], is_seen: Callable[[], bool]) -> float:
    began = time.perf_counter()
    change().raise_for_status()
    while not is_seen():
        if time.perf_counter() - began > SEEN_SECONDS:
            raise LocalError("a change does not come to be seen")
    return time.perf_counter() - began


def _burst(shop: Shop) -> Iterator[Figure]:
    """Orders are placed as fast as that goes; then the checkouts settle."""
    shop.stack.control.wait_until_still()
    since = time.time()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda n: _placed(shop, n), range(BURST)))
    placed = time.perf_counter()
    shop.stack.control.wait_until_still(SETTLED_SECONDS)
    seconds = time.perf_counter() - placed
    each = _invocations(shop, since) / BURST
    times = Times(floor=[BURST_SECONDS], ours=[seconds])
    yield Figure.medians(
        f"{BURST} checkouts settle, local", f"{BURST_SECONDS:g} s", times, 1, f"{seconds:.1f} s"
    )
    calls = Times(floor=[1.0], ours=[each])
    yield Figure.medians("invocations for a checkout in a burst", "1", calls)


def _placed(shop: Shop, number: int) -> None:
    shop.change("POST", "/orders", order(shop.run, shop.customer, number))


def _invocations(shop: Shop, since: float) -> int:
    """Of all functions since then."""
    found = 0
    logs = shop.stack.clients.client("logs").get_paginator("filter_log_events")
    for name in shop.stack.function_names():
        pages = logs.paginate(logGroupName=f"/aws/lambda/{name}", startTime=int(since * 1000))
        lines = (event["message"] for page in pages for event in page["events"])
        found += sum(line.startswith("START RequestId") for line in lines)
    return found
