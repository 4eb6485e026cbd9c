"""The status of a stack: what runs, what is down, and how far its views are behind its stores."""

from collections.abc import Iterable, Iterator
from textwrap import shorten

from scripts.local import search
from scripts.local.errors import BusyError, LocalError
from scripts.local.lags import Lags
from scripts.local.stack import Stack
from scripts.tables import show

DOWN = "DOES NOT ANSWER"


def print_status(stack: Stack) -> list[str]:
    """Prints the status. Returns what is down; a view that is behind is not."""
    addresses = stack.addresses()
    has_aws, has_runner = stack.is_healthy(), stack.control.is_up()
    has_search = addresses.search is None or search.is_healthy(addresses.search)
    parts = [
        ("API", addresses.url, has_aws),
        ("AWS", addresses.endpoint, has_aws),
        ("OpenSearch", addresses.search or "none", has_search),
        ("stream runner", addresses.control, has_runner),
    ]
    show((name, url if is_up else f"{url} {DOWN}") for name, url, is_up in parts)
    down = [name for name, _, is_up in parts if not is_up]
    if has_aws:
        down += _print_views(stack)
    if has_runner:
        _print(_delivery(stack))
    if down:
        _print([f"Down: {', '.join(down)}. `make up` starts what has died."])
    return down


def _print_views(stack: Stack) -> list[str]:
    """Prints how far they are behind. Returns which are down."""
    try:
        lags, waiting = stack.lags(), stack.waiting()
    except BusyError:
        _print(
            ["The operator has too much to do for counting what is behind: ask again in a minute."]
        )
        return []
    except LocalError as error:
        _print([str(error)])
        return ["operator"]
    rows = (
        (view, *(f"{number:,}" for number in (lag.commits, lag.behind, lag.streams, lag.parked)))
        for view, lag in lags.views.items()
        if view not in lags.down
    )
    print()
    show(rows, "view or process", "commits", "behind", "in streams", "parked streams")
    _print(_views(lags, waiting))
    return list(lags.down)


def _views(lags: Lags, waiting: int) -> Iterator[str]:
    for part, why in lags.down.items():
        yield f"{part} {DOWN}: {shorten(why, 120)}"
    if not lags.finished:
        yield "There was no time to count all: they are behind by as much at least."
    if lags.parked:
        yield f"Parked streams: {lags.parked:,}. `make parked` lists them, and why."
    if waiting:
        yield f"Commands that wait to be delivered: {waiting:,}. `make waiting` lists them."


def _delivery(stack: Stack) -> Iterator[str]:
    """Reasons for which views may be behind."""
    for worker in stack.control.status():
        if worker["error"]:
            tries, error = worker["tries"], worker["error"]
            yield f"{worker['mapping']} FAILING after {tries} tries: {error}"
    for name, knobs in stack.faults().items():
        yield f"{name} has fault knobs set: {knobs} (make faults SET=clear ends that)"


def _print(lines: Iterable[str]) -> None:
    for number, line in enumerate(lines):
        print(line if number else f"\n{line}")
