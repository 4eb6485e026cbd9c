"""Pins: what must not change beside its number, written down as a digest.

A snapshot is read as long as its `state_schema` is the decider's. So whoever changes what a state
is, or what an event makes of it, has to raise that number, or old snapshots go on as if nothing had
changed. In the same way the rows of a view stay as they were made until it has another
`generation`. Nothing else tells who forgets it. A pin is a line with the number and a digest of
what it stands for; that of a view has a part for each thing that can change:

    order 3 5d0c6b1f9a27
    order_history 1 0f3c61aa-77d02b3e-c4158d90
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from cqrs.testing.sources import source_of
from cqrs.views.rows import RowView
from cqrs.views.searches import SearchView
from cqrs.views.tallies import TallyView
from cqrs.write.decider import Decider

__all__ = ["Pinned", "name_of", "pin_of", "pinned_in", "renewed", "unpinned"]

View = RowView | TallyView
Pinned = Decider[Any, Any, Any] | View


def name_of(what: Pinned) -> str:
    """What its line begins with."""
    return what.category if isinstance(what, Decider) else what.name


def pin_of(what: Pinned) -> str:
    """The line to write down. Of a decider it stands for `evolve` and the states; of a view for its
    folds, for `render` or `counted`, its lists with their choices, and a search view's fields; and
    for all of the domain that these use, but for the definitions of events: as old ones are read as
    new ones, they are no matter. `cqrs.testing.sources` has what shows of it.
    """
    if isinstance(what, Decider):
        roots = [what.initial, what.evolve, what.state]
        digest = _digest(source_of(roots, what.events.schemas()), 12)
        return f"{what.category} {what.state_schema} {digest}"
    digest = "-".join(_digest(text, 8) for text in _parts(what).values())
    return f"{what.name} {what.generation} {digest}"


def unpinned(what: Pinned, pins: Iterable[str]) -> str | None:
    """Advice, unless one of the lines is the pin of `what`."""
    now = pin_of(what)
    name, number, digest = now.split()
    before = _lines_of(now, pins)
    write = f"write `{now}`"
    if not before:
        return f"{name} has no pin: {write}"
    if before == [[name, number, digest]]:
        return None
    if len(before) > 1:
        return f"{name} has {len(before)} pins: {write} alone"
    if number != before[0][1]:
        return f"{name} has another number: {write} in place of `{' '.join(before[0])}`"
    if isinstance(what, Decider):
        return (
            f"the states of {name}, or its `evolve`, have changed: raise its `state_schema`, so "
            "that older snapshots are left alone, and try again. If the same events still lead to "
            f"the same states, written differently, only {write}"
        )
    return (
        f"{_changed(what, before[0][2], digest)} of {name} changed: raise its `generation`, and "
        "try again. Rows are then made anew beside those that are there, and queries go on with "
        f"the old ones until `make rebuild VIEW={name}` switches. If the same events still lead to "
        f"the same rows, or no row was made yet, only {write}"
    )


def renewed(everything: Iterable[Pinned], pins: Iterable[str]) -> list[str]:
    """The lines as they should be, but for what has changed beside its number: that is for a person
    to judge, so those lines are left as they are.
    """
    before = [*pins]
    lines: list[str] = []
    for now in map(pin_of, everything):
        same_number = [pin for pin in _lines_of(now, before) if pin[1] == now.split()[1]]
        lines += [" ".join(pin) for pin in same_number] or [now]
    return sorted(lines)


def pinned_in(package: ModuleType) -> list[Pinned]:
    """The deciders and views that the modules of a package define."""
    found: dict[int, Pinned] = {}
    for name in [package.__name__, *_modules_of(package)]:
        for value in vars(import_module(name)).values():
            for one in value if isinstance(value, list | tuple) else [value]:
                if isinstance(one, Decider | RowView | TallyView):
                    found[id(one)] = one
    return sorted(found.values(), key=name_of)


def _modules_of(package: ModuleType) -> list[str]:
    walk = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [module.name for module in walk]


def _parts(view: View) -> Mapping[str, str]:
    """The text of each thing that makes its rows, by what it is called."""
    events = {name for fold in view.folds for name in fold.events.schemas()}
    folds = {fold.category: [fold.state, fold.initial, fold.evolve] for fold in view.folds}
    parts = {"folds": source_of(dict(sorted(folds.items())), events)}
    if isinstance(view, TallyView):
        return parts | {"`counted`": source_of(view.counted, events, view.folds)}
    choices = {name: [one.value for one in kind] for name, kind in view.choices.items()}
    lists = [dict(sorted(view.lists.items())), dict(sorted(choices.items()))]
    parts["`render`"] = source_of(view.render, events, view.folds)
    parts["lists"] = source_of(lists, events)
    if isinstance(view, SearchView):
        parts["fields"] = json.dumps(view.fields, sort_keys=True)
    return parts


def _changed(view: View, before: str, now: str) -> str:
    """The names of its parts that differ, or of all if the digest before had others."""
    names, old, new = list(_parts(view)), before.split("-"), now.split("-")
    if len(old) == len(new):
        names = [name for name, a, b in zip(names, old, new, strict=True) if a != b]
    return f"the {' and the '.join(names)}"


def _lines_of(pin: str, pins: Iterable[str]) -> list[list[str]]:
    """Those of the same name, of deciders or of views."""
    name, of_view = pin.split()[0], "-" in pin.split()[-1]
    split = [line.split() for line in pins]
    return [line for line in split if line[0] == name and ("-" in line[-1]) == of_view]


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
