"""Digests: what must not change beside its number, in a few letters.

A snapshot is read as long as its `state_schema` is the decider's. So whoever changes what a state
is, or what an event makes of it, has to raise that number, or old snapshots go on as if nothing had
changed. In the same way the rows of a view stay as they were made until it has another
`generation`. Nothing else tells who forgets it: so a digest is kept of what a number stands for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, get_args

from cqrs.follow.process_managers import ProcessManager
from cqrs.history.guards import no_guards
from cqrs.testing.sources import source_of
from cqrs.views.rows import KeyedByEntity
from cqrs.views.searches import SearchView
from cqrs.views.tallies import TallyView
from cqrs.write.decider import Decider

__all__ = ["digests_of"]

LENGTH = 8


def digests_of(what: Any, events: Collection[type] = ()) -> dict[str, str]:
    """Of each thing that a number stands for, by what it is called. Of a decider, its states and
    `evolve`; and its claims, although no number stands for them. Of an upcaster, itself; of a
    process, each of its folds; of a view, its folds, `render` or `counted`, its lists with their
    choices, and a search view's fields.

    With all of the domain that these use, but for the fields of events: as old ones are read as new
    ones, they are no matter. (An upcaster knows no events, so they are given.)
    `cqrs.testing.sources` has what shows of it.
    """
    texts = _texts(what, events)
    return {name: hashlib.sha256(texts[name].encode()).hexdigest()[:LENGTH] for name in texts}


def _texts(what: Any, events: Collection[type]) -> Mapping[str, str]:
    match what:
        case Decider():
            states = [what.initial, what.evolve, what.state]
            return {"states": source_of(states, what.events.classes())} | _claims(what)
        case KeyedByEntity():
            return _parts(what)
        case _:
            return {"upcaster": source_of(what, events)}


def _claims(decider: Decider[Any, Any, Any]) -> dict[str, str]:
    """None, if it makes none."""
    claims: list[object] = [decider.guards] if decider.guards is not no_guards else []
    claims += [decider.recall.claims] if decider.recall else []
    known = [*decider.events.classes(), *(get_args(decider.state) or [decider.state])]
    return {"claims": source_of(claims, known, [decider])} if claims else {}


def _parts(follower: Any) -> Mapping[str, str]:
    events = {one for fold in follower.folds for one in fold.events.classes()}
    folds = {fold.category: [fold.state, fold.initial, fold.evolve] for fold in follower.folds}
    if isinstance(follower, ProcessManager):
        return {category: source_of(fold, events) for category, fold in folds.items()}
    parts = {"folds": source_of(dict(sorted(folds.items())), events)}
    if isinstance(follower, TallyView):
        return parts | {"counted": _made(follower.counted, follower)}
    parts["render"] = _made(follower.render, follower)
    choices = {name: [one.value for one in kind] for name, kind in follower.choices.items()}
    lists = [dict(sorted(follower.lists.items())), dict(sorted(choices.items()))]
    parts["lists"] = source_of(lists, events)
    if isinstance(follower, SearchView):
        parts["fields"] = json.dumps(follower.fields, sort_keys=True)
    return parts


def _made(shown: Callable[..., object], view: Any) -> str:
    events = {one for fold in view.folds for one in fold.events.classes()}
    return source_of(shown, events, view.folds)
