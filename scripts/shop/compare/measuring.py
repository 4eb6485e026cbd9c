"""The measurements: time per answer, delay of changes, and missing parts while a service is down.

View and composition are queried in turn in one run, so that other load of this machine hits both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from math import ceil
from statistics import mean
from typing import Any

from scripts.local.errors import LocalError
from scripts.shop.compare.shape import WORK, Question, Way, order
from scripts.shop.compare.shop import CLIENTS, Asked, Shop

__all__ = ["CHANGES", "Change", "Down", "Latencies", "Staleness", "down", "latencies", "staleness"]

WARM_UP = 10
BLOCK = 5  # queries of one client before all clients switch to the other way
SHOWN_SECONDS = 60.0
PAUSE_SECONDS = 0.005

Both = list(product(Question, Way))
Target = tuple[Question, Way]


@dataclass(frozen=True, kw_only=True)
class Latencies:
    """Times in milliseconds. `billed` is the average time of all functions of an answer, each
    rounded up as Lambda does.
    """

    alone: Mapping[Target, list[float]]
    together: Mapping[Target, list[float]]
    floor: list[float]
    billed: Mapping[Target, float]


def latencies(shop: Shop, asked: int) -> Latencies:
    """Sends each query `asked` times, from one client and then from several at once."""
    since = time.time()
    alone: dict[Target, list[float]] = {target: [] for target in Both}
    together: dict[Target, list[float]] = {target: [] for target in Both}
    floor: list[float] = []
    for number in range(-WARM_UP, asked):
        for target in Both:
            found = shop.ask(*target, {"X-Correlation-Id": _mark(shop, target, number)})
            alone[target] += [_whole(target, found)] if number >= 0 else []
        health = shop.get("/health").ms
        floor += [health] if number >= 0 else []
    with ThreadPoolExecutor(CLIENTS) as pool:
        for number in range(-1, ceil(asked / CLIENTS / BLOCK)):
            for target in Both:
                clients = [pool.submit(_block, shop, target) for _ in range(CLIENTS)]
                answers = [answer for client in clients for answer in client.result()]
                if number >= 0:
                    together[target] += [_whole(target, answer) for answer in answers]
    logged = shop.logged(since)
    billed = {target: _billed(shop, target, asked, logged) for target in Both}
    return Latencies(alone=alone, together=together, floor=floor, billed=billed)


def _mark(shop: Shop, target: Target, number: int) -> str:
    question, way = target
    return f"{shop.run}-{question.name}-{way.name}-{number}"


def _block(shop: Shop, target: Target) -> list[Asked]:
    return [shop.ask(*target) for _ in range(BLOCK)]


def _whole(target: Target, found: Asked) -> float:
    if found.status != 200 or missing(found):
        raise LocalError(f"{' by '.join(target)} was answered {found.status}: {found.body}")
    return found.ms


def _billed(shop: Shop, target: Target, asked: int, logged: Mapping[str, list[float]]) -> float:
    """The mean billed milliseconds of an answer. Raises LocalError if log lines are missing."""
    parts = [logged.get(_mark(shop, target, number), []) for number in range(asked)]
    expected = WORK[target].requests
    if {len(part) for part in parts} != {expected}:
        counted = sorted({len(part) for part in parts})
        raise LocalError(f"{' by '.join(target)} takes {expected} invocations, logged: {counted}")
    return mean(sum(map(ceil, part)) for part in parts)


def missing(found: Asked) -> list[str]:
    """The parts that are missing in a composition; a view always has all."""
    parts = found.body.get("parts", {})
    return sorted(name for name, part in parts.items() if part["status"] != "ok")


# Delay


@dataclass(frozen=True, kw_only=True)
class Change:
    """A command whose effect must appear in answers. `send` sends it, `shown` finds the effect."""

    what: str
    question: Question
    send: Callable[[Shop, str], Any]
    shown: Callable[[Any], Any]


def _move(shop: Shop, street: str) -> Any:
    address = order(shop.run, shop.customer, 0)["address"] | {"street": street}
    return shop.change("PUT", f"/orders/{shop.order}/address", {"address": address})


def _rename(shop: Shop, name: str) -> Any:
    return shop.change("PUT", f"/customers/{shop.customer}/name", {"name": name})


CHANGES = [
    Change(
        what="an order's new address, in the order",
        question=Question.ORDER,
        send=_move,
        shown=lambda body: body["address"]["street"],
    ),
    Change(
        what="an order's new address, in the page",
        question=Question.PAGE,
        send=_move,
        shown=lambda body: [one["address"]["street"] for one in body["orders"]],
    ),
    Change(
        what="the customer's new name, in the order",
        question=Question.ORDER,
        send=_rename,
        shown=lambda body: body["customer"]["name"],
    ),
]


@dataclass(frozen=True, kw_only=True)
class Staleness:
    """`ms`: from the command's answer to the start of the first query without a token that shows
    the change. `fresh`: whether a query with the token showed it at once.
    """

    ms: list[float] = field(default_factory=list)
    fresh: list[bool] = field(default_factory=list)


def staleness(shop: Shop, rounds: int) -> dict[tuple[str, Way], Staleness]:
    found = {(change.what, way): Staleness() for change in CHANGES for way in Way}
    for number in range(rounds):
        for change, way in product(CHANGES, Way):
            value = f"{number + 1} {change.question.name} {way.name}"
            told = found[change.what, way]
            shop.stack.control.wait_until_still()
            token = change.send(shop, value).headers["Consistency-Token"]
            answered = asked = time.perf_counter()
            is_shown = _shows(shop, change, way, value)
            told.fresh.append(_shows(shop, change, way, value, {"Consistency-Token": token}))
            while not is_shown:
                if asked - answered > SHOWN_SECONDS:
                    raise LocalError(f"{change.what} by {way} does not come to be shown")
                time.sleep(PAUSE_SECONDS)
                asked = time.perf_counter()
                is_shown = _shows(shop, change, way, value)
            told.ms.append((asked - answered) * 1000)
    return found


def _shows(
    shop: Shop, change: Change, way: Way, value: str, headers: Mapping[str, str] | None = None
) -> bool:
    found = shop.ask(change.question, way, headers)
    if found.status != 200:
        raise LocalError(f"{change.what} by {way} was answered {found.status}: {found.body}")
    shown = change.shown(found.body)
    return value in shown if isinstance(shown, list) else bool(value == shown)


# With a service down


@dataclass(frozen=True, kw_only=True)
class Down:
    """The statuses, times and missing parts of the answers while a service is down."""

    statuses: set[int]
    ms: list[float]
    missing: set[str]


def down(shop: Shop, asked: int) -> dict[Target, Down]:
    with shop.without_payments():
        found: dict[Target, list[Asked]] = {target: [] for target in Both}
        for number in range(-WARM_UP, asked):
            for target in Both:
                answer = shop.ask(*target)
                found[target] += [answer] if number >= 0 else []
    return {
        target: Down(
            statuses={answer.status for answer in answers},
            ms=[answer.ms for answer in answers],
            missing={part for answer in answers for part in missing(answer)},
        )
        for target, answers in found.items()
    }
