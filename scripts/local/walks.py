"""What is printed of walks over the event stores."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scripts.tables import show

__all__ = ["lines_of", "show_walks"]

Walk = Mapping[str, Any]
ANEW = "redrive"


def lines_of(walk: Walk) -> Iterator[str]:
    """One walk that has ended, and what it leaves for others to do."""
    kind = walk["purpose"].partition("/")[0]
    found = {view: number for view, number in walk["found"].items() if number}
    streams = ", ".join(f"{number:,} in {view}" for view, number in found.items())
    done = "folded anew" if kind == ANEW else "were behind"
    yield (
        f"{walk['purpose']}: {_seconds(walk):.1f} s; streams: {walk['streams']:,}; "
        f"commits: {walk['walked']:,}; {done}: {streams or 'none'}"
    )
    if walk["aside"]:
        yield f"Set aside, as they stopped the walker: {', '.join(walk['aside'])}"
    for view, why in walk["gave_up"].items():
        yield f"Not done: {view or 'the rest'}: {why}"


def _seconds(walk: Walk) -> float:
    began, ended = (datetime.fromisoformat(walk[name]) for name in ("began", "ended"))
    return (ended - began).total_seconds()


def show_walks(walks: Iterable[Walk]) -> None:
    rows = (
        (
            walk["purpose"],
            walk["began"][:19],
            (walk["ended"] or "on its way")[:19],
            f"{walk['walked']:,} of about {walk['commits']:,}",
            f"{sum(walk['found'].values()):,}",
            f"{len(walk['aside']):,}",
            "; ".join(f"{view}: {why}" for view, why in walk["gave_up"].items()) or "-",
        )
        for walk in walks
    )
    show(rows, "walk", "began", "ended", "commits", "streams", "set aside", "not done")
