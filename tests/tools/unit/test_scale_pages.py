"""The tables of docs/scale.md and of the decision for audits say what the model says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cqrs.follow.estimates import (
    COMMITS_PER_STREAM,
    Estimate,
    Walked,
    audit,
    hour_items_dollars,
    index_dollars,
    rebuild,
)
from cqrs.history.event_store import Size
from cqrs.plain import replace

DOCS = Path(__file__).parents[3] / "docs"
MILLION = 10**6
COMMIT_BYTES, STORES = 600, 4
SOME = 0.01  # of the streams
AUDITS = {"hour": 730, "day": 30.4, "week": 4.35}  # a month
HOURS = {"hour": 1, "day": 24, "week": 168}


def stores(commits: int, share: float, views: int, *, compared: int = 0) -> list[Walked]:
    """Four equal ones, a `share` of whose streams is looked at. The first has compared rows."""
    own = commits // STORES
    size = Size(commits=own, bytes=own * COMMIT_BYTES)
    streams = round(own / COMMITS_PER_STREAM * share)
    walked = Walked(size=size, streams=streams, views=views)
    return [replace(walked, compared=compared), *[walked] * (STORES - 1)]


def dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 10 else f"${amount:,.0f}"


def time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


def line(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def of_scale() -> Iterator[str]:
    for millions in (1, 10, 100):
        commits = millions * MILLION
        walks: Sequence[Estimate] = (
            audit(stores(commits, SOME, views=3)),
            audit(stores(commits, 1, views=3)),
            rebuild(stores(commits, 1, views=1, compared=1)),
        )
        told = [f"{dollars(walk.dollars)}, {time(walk.seconds)}" for walk in walks]
        yield line(f"{millions} million", f"{commits * COMMIT_BYTES / 1e9:g} GB", *told)


def of_the_decision() -> Iterator[str]:
    for millions in (1, 10, 100):
        for months, history in ((1, "1 month"), (12, "1 year"), (36, "3 years")):
            commits = millions * MILLION * months
            scan = audit(stores(commits, 0, views=0))
            audits = [
                dollars(scan.dollars * times) if scan.seconds < HOURS[each] * 3_600 else "too long"
                for each, times in AUDITS.items()
            ]
            yield line(
                f"{millions} million",
                history,
                f"{scan.read_units / 1e6:.1f}",
                *audits,
                dollars(index_dollars(millions * MILLION, months)),
                dollars(hour_items_dollars(millions * MILLION, months)),
            )


def table(document: str) -> list[str]:
    lines = (DOCS / document).read_text().splitlines()
    return [each for each in lines if "million |" in each]


def test_the_page_on_scale_tells_what_walks_cost_and_how_long_they_take() -> None:
    assert table("scale.md") == [*of_scale()]


def test_the_decision_for_audits_rests_on_what_the_model_says() -> None:
    assert table("adr/0023-audit-or-index.md") == [*of_the_decision()]
