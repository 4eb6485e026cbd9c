"""Rebuilds a view while it serves: makes its rows anew beside those there are, and switches."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.local.errors import LocalError
from scripts.local.home import ROOT
from scripts.local.lags import short_name
from scripts.local.stack import Stack
from scripts.local.walks import lines_of
from scripts.tables import show

__all__ = ["drop", "rebuild", "rollback", "show_views"]


def rebuild(stack: Stack, view: str, *, yes: bool) -> None:
    """Asks before it switches, unless `yes`. Whatever cuts it short, the next one goes on."""
    price = stack.ask("walker", {"price": view})
    print(
        f"{view}: about {price['commits']:,} commits. On AWS that takes about "
        f"{price['minutes']:,} min and ${price['dollars']:,.2f}."
    )
    told = stack.ask("walker", {"rebuild": view})
    new, active = told["generation"], told["active"]
    walk = stack.end_of(told["walk"])
    for line in [*lines_of(walk), *_compared(walk["compared"])]:
        print(line)
    if walk["gave_up"]:
        raise LocalError(f"generation {new} has not everything: `make rebuild VIEW={view}` goes on")
    if not yes and not _agrees(f"Queries see generation {active}: let them see {new}?"):
        print(
            f"Not switched. `make rebuild VIEW={view}` asks again; "
            f"`make drop-generation VIEW={view} GENERATION={new}` forgets it."
        )
        return
    stack.ask("walker", {"switch": view, "generation": new})
    print(f"Queries see generation {new} now. `make rollback VIEW={view}` goes back to {active}.")


def _compared(compared: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Rows that are the same in both: {compared['equal']:,}; "
        f"that differ: {compared['differing']:,}"
        + (f"; that were just changing: {compared['skipped']:,}" if compared["skipped"] else "")
    )
    yield from (f"  {difference}" for difference in compared["differences"])


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        print(f"{question} Nobody is there to answer; YES=1 says yes.")
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def rollback(stack: Stack, view: str) -> None:
    told = stack.ask("walker", {"rollback": view})
    print(f"Queries see generation {told['active']} of {view} now.")


def drop(stack: Stack, view: str, generation: str) -> None:
    event = {"drop": view} | ({"generation": generation} if generation else {})
    dropped = stack.ask("walker", event)["dropped"]
    print(
        f"Generation {dropped} of {view} is not kept up to date any more. Its rows are deleted "
        "a quarter of an hour later, when nobody can be using them."
    )


def show_views(stack: Stack) -> None:
    lags, digests = stack.lags().views, _digests()
    rows: list[tuple[str, ...]] = []
    for name, known in stack.ask("walker", {"views": True})["views"].items():
        if known["changed"]:
            print(
                f"{name} has changed: `make rebuild VIEW={name}` makes generation {known['code']}"
            )
        for copy in known["live"]:
            generation = copy["generation"]
            is_active = generation == known["active"]
            lag = lags.get(short_name(f"{name}#{generation}"))
            rows.append(
                (
                    name,
                    generation,
                    f"since {known['since'][:19]}" if is_active else "-",
                    (copy["filled"] or "not yet")[:19],
                    f"{lag.rows:,}" if lag else "-",
                    f"{lag.behind:,}" if lag else "-",
                    digests.get(f"{name} {generation.partition('.')[0]}", "-"),
                )
            )
    show(rows, "view", "generation", "queries see it", "filled", "rows", "behind", "digest")


def _digests() -> dict[str, str]:
    """What the views in this checkout are, by name and number. No older code is here to tell."""
    sys.path.append(str(ROOT / "shared"))
    from cqrs.testing.digests import digests_of
    from domain.followed import VIEWS

    everything: Any = VIEWS
    return {
        f"{one.name} {one.generation}": "-".join(digests_of(one).values()) for one in everything
    }
