"""Filling a view: from nothing to all that the stores have, however often it is cut short.

A view that is new, or whose rows are gone, is filled by a walk over the stores, beside the live
traffic. Queries see it once it has everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from cqrs.errors import Unavailable
from cqrs.follow.followers import Follower
from cqrs.follow.reports import Report
from cqrs.follow.sweep import sweep
from cqrs.history.event_store import EventReader
from cqrs.views.filling import Fillable

__all__ = ["Bookmarks", "fill"]

FILLED = "filled"  # the bookmark of a store that the view has all of


class Bookmarks(Protocol):
    """Where walks leave off."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, cursor: str | None) -> None: ...


def fill(
    rows: Fillable,
    follower: Follower,
    stores: Mapping[str, EventReader],
    bookmarks: Bookmarks,
    *,
    out_of_time: Callable[[], bool] = lambda: False,
    told: Callable[[Report], None] = lambda report: None,
) -> bool:
    """Whether the view is ready. If not, the next call goes on. `stores` are by service.

    Raises Unavailable when what keeps the rows, or a store, is down, and whatever else the follower
    raises.
    """
    state = rows.state()
    if state.condition == "ready":
        return True
    if state.condition == "missing":
        state = rows.create()
    # Bookmarks are those of this very filling: whoever is still at the one before does no harm.
    name = f"{follower.view.name}/{state.made}"
    services = sorted({fold.events.context for fold in follower.view.folds})
    feeding = {f"fill/{name}/{service}": stores[service] for service in services}
    if state.condition == "empty":
        # what is counted lags behind what was saved; rows that are asked for by key do not
        if not any(follower.behind(_some_heads(store)) for store in feeding.values()):
            return True
        rows.close()
    for bookmark, store in feeding.items():
        cursor = bookmarks.get(bookmark)
        if cursor == FILLED:
            continue
        for page in sweep(store, [follower], cursor=cursor):
            for _, report in page.reports:
                told(report)
            for error in page.down.values():
                if not isinstance(error, Unavailable):
                    raise error
            if page.failed:
                return False
            bookmarks.put(bookmark, page.cursor or FILLED)
            if page.cursor and out_of_time():
                return False
    for bookmark in feeding:  # whoever closes it has it filled from the beginning
        bookmarks.put(bookmark, None)
    rows.open()
    return True


def _some_heads(store: EventReader) -> Mapping[str, int]:
    """The first that a walk finds; none if the store has none."""
    heads = store.heads()
    while heads.cursor and not heads.versions:
        heads = store.heads(heads.cursor)
    return heads.versions
