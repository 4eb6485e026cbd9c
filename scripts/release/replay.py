"""Replays what was stored through all that reads it: upcasters, deciders, views and processes.

The golden history is one stored event of every type and schema there ever was. What was exported
from a store (`make export-history`) are streams.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cqrs import plain
from cqrs.adapters.memory import MemoryEventStore, rows_for
from cqrs.errors import Unreadable
from cqrs.follow.followers import Follower
from cqrs.history.commits import Commit, category_of, entity_of
from cqrs.history.events import EventCodec, EventTypes
from cqrs.testing.views import recorded
from cqrs.views.rows import Fold
from scripts.release.application import Application
from scripts.release.description import Description
from scripts.release.released import ReleaseError
from scripts.release.shapes import Shape

__all__ = ["commits_in", "golden", "replayed", "replayed_golden", "stories"]

MOST_STATES = 500  # looked at, for the stories of one fold

Golden = Mapping[str, Any]
"""What is stored of events, by `orders.OrderPlaced@1`."""


def golden(folder: Path) -> dict[str, Any]:
    """Raises ReleaseError."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*/fixtures/history/*.json")):
        event, _, schema = path.stem.rpartition(".")
        try:
            one = json.loads(path.read_text())
            found[f"{event}@{schema}"] = {part: one[part] for part in ("type", "schema", "data")}
        except (LookupError, TypeError, ValueError) as error:
            raise ReleaseError(
                f"{path.name} is no stored event ({error!r}): get it back from git, or write what "
                "the store holds."
            ) from None
    return found


def replayed_golden(
    app: Application, stored: Golden, released: Description, now: Description
) -> Iterator[str]:
    """A sentence for each event that can't be read, and for what can't follow one that can. What
    is not as it was released is left out: that is told anyway.
    """
    read: dict[str, list[Any]] = defaultdict(list)
    lacking: set[str] = set()
    for line, one in stored.items():
        context, _, _ = line.partition(".")
        shape, shape_now = released["events"].get(line, {}), now["events"].get(line)
        if shape_now is None or ("upcaster" not in shape_now and shape and shape != shape_now):
            lacking.add(context)
            continue
        for variant in (one["data"], *_variants(shape, one["data"])):
            try:
                event = _decoded(app.events[context], {**one, "data": variant})
            except Exception as error:  # whatever an upcaster raises
                yield (
                    f"{line} can't be read as it is stored: {_told(error)}: mend its upcaster "
                    f"(data: {plain.to_json(variant)[:200]})"
                )
                lacking.add(context)
                break
            if variant is one["data"]:
                read[context].append(event)
    yield from _told_stories(app, read, lacking)


def _decoded(types: EventTypes, stored: Any) -> Any:
    return EventCodec(types).decode(plain.to_json(stored))


def _variants(shape: Shape, data: Any) -> Iterator[Any]:
    """The same data with each other value of a closed set, with null, and without what may be left
    out, one at a time.
    """
    match shape:
        case {"or null": inner}:
            if data is not None:
                yield None
            yield from _variants(inner, data)
        case {"one of": values}:
            yield from (value for value in values if value != data)
        case {"fields": fields} if isinstance(data, dict):
            for name in shape.get("defaults", {}):
                yield {key: value for key, value in data.items() if key != name}
            for name in fields.keys() & data.keys():
                for variant in _variants(fields[name], data[name]):
                    yield {**data, name: variant}
        case [inner] if isinstance(data, list):
            for n, entry in enumerate(data):
                for variant in _variants(inner, entry):
                    yield [*data[:n], variant, *data[n + 1 :]]


def _told_stories(
    app: Application, read: Mapping[str, Sequence[Any]], lacking: Container[str]
) -> Iterator[str]:
    """Where an event is lacking, those that follow on it would be told of, too."""
    for service, decider in app.deciders.items():
        if service in lacking:
            continue
        _, failed = _stories(decider.initial, partial(_evolved, decider), read[service])
        for event, error in failed:
            yield f"the `evolve` of {service} can't follow a stored {event}: {error}: mend it"
    for name, follower in app.followers.items():
        if any(fold.events.context in lacking for fold in follower.folds):
            continue
        told: dict[str, list[list[Any]]] = {}
        for fold in follower.folds:
            context = fold.events.context
            told[fold.category], failed = _stories_of(fold, read[context])
            if [*app.services.values()].count(context) > 1:
                failed = []  # which events are of which streams is not known
            for event, error in failed:
                where = f"its fold of {fold.category}-<id>"
                yield f"{name} can't follow a stored {event}: {error}: mend {where}"
        for n in range(max(map(len, told.values()), default=0)):
            row = [
                commit
                for fold in follower.folds
                if (some := told[fold.category])
                for commit in recorded(fold.events, f"{fold.category}-7", *some[n % len(some)])
            ]
            yield from _shown(name, follower, row)


Failed = list[tuple[str, str]]
"""Types of events, and why they can't be followed."""


def stories(fold: Fold[Any, Any], events: Sequence[Any]) -> list[list[Any]]:
    """For each of these events that the fold can follow, the shortest history of them that ends
    with it.
    """
    return _stories_of(fold, events)[0]


def _stories_of(fold: Fold[Any, Any], events: Sequence[Any]) -> tuple[list[list[Any]], Failed]:
    codec = EventCodec(fold.events)

    def evolve(state: Any, event: Any) -> Any:
        (commit,) = recorded(fold.events, f"{fold.category}-7", event)
        return fold.evolve(state, commit.events(codec)[0])

    return _stories(fold.initial, evolve, events)


def _stories(
    initial: Any, evolve: Callable[[Any, Any], Any], events: Sequence[Any]
) -> tuple[list[list[Any]], Failed]:
    """From state to state, the nearest first, until every event has happened."""
    found: dict[int, list[Any]] = {}
    errors: dict[int, str] = {}
    states = {plain.write(initial)}
    waiting: deque[tuple[Any, list[Any]]] = deque([(initial, [])])
    while waiting and len(found) < len(events) and len(states) < MOST_STATES:
        state, before = waiting.popleft()
        for n, event in enumerate(events):
            try:
                after = evolve(state, event)
                known = plain.write(after)
            except Exception as error:  # whatever a fold raises
                errors.setdefault(n, _told(error))
                continue
            found.setdefault(n, [*before, event])
            if known not in states:
                states.add(known)
                waiting.append((after, [*before, event]))
    failed = [(type(events[n]).__name__, why) for n, why in errors.items() if n not in found]
    return [found[n] for n in sorted(found)], failed


def commits_in(file: Path) -> list[Commit]:
    """The commits of an exported history. Raises ValueError for what is none."""
    lines = map(json.loads, file.read_text().splitlines())
    return [Commit(one["stream"], one["version"], one["body"]) for one in lines]


def replayed(app: Application, commits: Sequence[Commit]) -> Iterator[str]:
    """A sentence for each stream, and each row, that can't be read or followed."""
    streams: dict[str, list[Commit]] = defaultdict(list)
    for commit in sorted(commits, key=lambda one: (one.stream, one.version)):
        streams[commit.stream].append(commit)
    deciders = {decider.category: decider for decider in app.deciders.values()}
    readable: dict[str, list[Commit]] = {}
    for stream, history in streams.items():
        decider = deciders.get(category_of(stream))
        trouble = _decided_on(decider, history) if decider else None
        if trouble:
            yield trouble
        else:
            readable[stream] = history
    for name, follower in app.followers.items():
        rows: dict[str, list[Commit]] = defaultdict(list)
        for stream, history in readable.items():
            if follower.fold_of(stream):
                rows[entity_of(stream)] += history
        for row in rows.values():
            yield from _shown(name, follower, row)


def _decided_on(decider: Any, history: Sequence[Commit]) -> str | None:
    """What is wrong with what a decider makes of a stream, if something is."""
    codec, state = EventCodec(decider.events), decider.initial
    for commit in history:
        what = "can't be read"
        try:
            events = commit.bare_events(codec)
            what = f"can't be followed by the rules of {decider.events.context}"
            for event in events:
                list(decider.guards(state, event))
                state = _evolved(decider, state, event)
            if decider.owner:
                decider.owner(entity_of(commit.stream), state)
        except Exception as error:  # whatever a rule raises
            return f"{commit} ({_events_of(commit)}) {what}: {_told(error)}: mend that"
    return None


def _evolved(decider: Any, state: Any, event: Any) -> Any:
    """The state after an event, which a snapshot must be able to hold."""
    after = decider.evolve(state, event)
    if plain.read(decider.state, plain.write(after)) != after:
        raise Unreadable("a snapshot of the state would be read as another one")
    return after


def _shown(name: str, follower: Any, commits: Sequence[Commit]) -> Iterator[str]:
    """What is wrong with the row that these commits feed, as they arrive one after the other."""
    if not commits:
        return
    rows, store = rows_for(follower), MemoryEventStore()
    following = Follower(follower, rows, {fold.category: store for fold in follower.folds})
    for commit in commits:
        store.append(commit, "")
        report = following.catch_up({commit.stream: [commit]})
        for stream, mark in report.parked.items():
            why = _told(report.causes[stream]) if stream in report.causes else mark.error
            yield f"{name} can't follow {commit} ({_events_of(commit)}): {why}: mend it"
            return


def _events_of(commit: Commit) -> str:
    try:
        events = plain.from_json(commit.body)["events"]
        return ", ".join(f"{one['type']} of schema {one['schema']}" for one in events)
    except (LookupError, TypeError, ValueError):
        return "damaged"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ").rstrip(".")[:300]
