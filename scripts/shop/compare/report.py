"""Formats the measurements as Markdown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from scripts.shop.compare import prices
from scripts.shop.compare.figures import median, spread, table
from scripts.shop.compare.measuring import CHANGES, Down, Latencies, Staleness
from scripts.shop.compare.shape import STORING, WORK, Question, Way
from scripts.shop.compare.shop import CLIENTS

__all__ = ["BEGIN", "END", "Measured", "report"]

BEGIN = "<!-- measured by `make compare WRITE=1` -->"
END = "<!-- end of what was measured -->"


@dataclass(frozen=True, kw_only=True)
class Measured:
    latencies: Latencies
    staleness: Mapping[tuple[str, Way], Staleness]
    down: Mapping[tuple[Question, Way], Down]


def report(measured: Measured, at: datetime | None = None) -> str:
    day = (at or datetime.now(UTC)).strftime("%Y-%m-%d")
    asked = len(measured.latencies.floor)
    how = (
        f"Measured on {day} with `make compare` on the local stack, {os.cpu_count()} cores; each "
        f"asked {asked} times, in turn. Times are median / 95th percentile."
    )
    return "\n\n".join(
        [
            how,
            "**Time per answer**",
            _latencies(measured.latencies),
            f"**Work and cost per answer** (counted; computed from {prices.SOURCE})",
            _work(measured.latencies),
            _storing(measured.latencies),
            "**Delay until a query without the token shows a change**",
            _staleness(measured.staleness),
            "**The payments service is down**",
            _down(measured.down),
        ]
    )


def _latencies(found: Latencies) -> str:
    rows = []
    for question in Question:
        for clients, ms in ((1, found.alone), (CLIENTS, found.together)):
            view, composed = ms[question, Way.VIEW], ms[question, Way.COMPOSITION]
            ratio = f"{median(composed) / median(view):.1f}"
            who = f"{clients} client{'s' if clients > 1 else ''}"
            rows.append([f"{question}, {who}", spread(view), spread(composed), ratio])
    rows.append(["`GET /health`, 1 client: the floor", spread(found.floor), "", ""])
    return table(["", "view", "composition", "ratio"], rows)


def _work(found: Latencies) -> str:
    head = [
        "",
        "HTTP requests, an invocation each",
        "reads of DynamoDB",
        "read units",
        "ms in functions",
        "$ per million",
    ]
    rows = [
        [
            f"{question}, {way}",
            str(work.requests),
            str(work.reads),
            f"{work.units:g}",
            f"{found.billed[question, way]:.0f}",
            f"{prices.per_million_answers(work, found.billed[question, way]):.2f}",
        ]
        for (question, way), work in WORK.items()
    ]
    return table(head, rows)


def _storing(found: Latencies) -> str:
    orders = {way: prices.per_million_orders(storing) for way, storing in STORING.items()}
    answers = {
        way: prices.per_million_answers(
            WORK[Question.ORDER, way], found.billed[Question.ORDER, way]
        )
        for way in Way
    }
    view, own = STORING[Way.VIEW], STORING[Way.COMPOSITION]
    often = prices.answers_to_earn_back(answers, orders)
    return (
        f"Writes until an order is confirmed: {view.writes} ({view.units} write units) for the "
        f"view, {own.writes} ({own.units}) for the orders service's own view, which a composition "
        f"asks. That is ${orders[Way.VIEW]:.2f} and ${orders[Way.COMPOSITION]:.2f} per million "
        f"orders. The view is cheaper once an order is read more than {often:.1f} times."
    )


def _staleness(found: Mapping[tuple[str, Way], Staleness]) -> str:
    rows = []
    for change in CHANGES:
        told = {way: found[change.what, way] for way in Way}
        fresh = [shown for way in Way for shown in told[way].fresh]
        with_token = f"{sum(fresh)} of {len(fresh)}"
        rows.append([change.what, *(spread(told[way].ms) for way in Way), with_token])
    return table(["", "view", "composition", "with its token, shown at once"], rows)


def _down(found: Mapping[tuple[Question, Way], Down]) -> str:
    rows = [
        [
            f"{question}, {way}",
            ", ".join(map(str, sorted(told.statuses))),
            spread(told.ms),
            ", ".join(sorted(told.missing)) or "nothing",
        ]
        for (question, way), told in found.items()
    ]
    return table(["", "status", "time", "missing"], rows)
