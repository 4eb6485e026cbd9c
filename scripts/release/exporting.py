"""Exports streams from the event stores, masked, to replay them.

However large a store is, so many streams are taken, and so many read units at most: pages from all
over the table tell which events there are, and then some streams are read, those with events that
no other one has first. With a stream come those that feed the same rows.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cqrs.adapters.dynamodb_event_store import commit_of
from cqrs.history.commits import Commit, category_of, entity_of
from scripts.release.application import Application
from scripts.release.masks import Mask, Shapes
from scripts.release.released import ReleaseError

__all__ = ["Limits", "export", "tables_of"]

PAGE = 100  # commits
PLACE = 1_000  # commits of a table that has several places to look at
PLACES = 500  # at most


class Limits(NamedTuple):
    """`units` are read units of each store, `commits` those of one stream: what comes after them is
    left out.
    """

    streams: int = 100
    units: int = 1_000
    commits: int = 500


class Exported(NamedTuple):
    streams: int
    commits: int
    kinds: set[str]  # events, with their schemas
    units: float
    skipped: int  # commits that can't be read


def tables_of(app: Application, environment: str, client: Any) -> dict[str, str]:
    """The tables of the stores, by service. Raises ReleaseError."""
    pages = client.get_paginator("list_tables").paginate()
    names = [name for page in pages for name in page["TableNames"]]
    found: dict[str, str] = {}
    for service in app.deciders:
        ends = f"-{environment}-{service.replace('_', '-')}-events"
        fitting = [name for name in names if name.endswith(ends)]
        if len(fitting) != 1:
            raise ReleaseError(
                f"There are {len(fitting)} tables named …{ends} in this account and region, and "
                f"one is wanted: is {environment} deployed there?"
            )
        found[service] = fitting[0]
    return found


class _Store:
    """One table, of which no more than `units` are read."""

    def __init__(self, client: Any, table: str, units: float) -> None:
        self._client, self._table = client, table
        self.left = units

    def looked_at(self) -> Iterator[Commit]:
        """Commits from all over it; when half of the units are used up, no more."""
        reserve = self.left / 2
        count = self._client.describe_table(TableName=self._table)["Table"]["ItemCount"]
        segments = min(PLACES, 1 + count // PLACE)
        places: list[dict[str, Any]] = [
            {"Segment": n, "TotalSegments": segments} for n in range(segments)
        ]
        random.shuffle(places)
        while places and self.left > reserve:
            place = places.pop(0)
            page = self._asked(self._client.scan, Limit=PAGE, **place)
            yield from map(commit_of, page["Items"])
            if "LastEvaluatedKey" in page:
                places.append({**place, "ExclusiveStartKey": page["LastEvaluatedKey"]})

    def read(self, stream: str, most: int) -> list[Commit]:
        """The first commits of a stream; fewer, or none, when the units are used up."""
        found: list[Commit] = []
        start: dict[str, Any] = {}
        while self.left > 0 and len(found) < most:
            page = self._asked(
                self._client.query,
                KeyConditionExpression="#stream = :stream",
                ExpressionAttributeNames={"#stream": "stream"},
                ExpressionAttributeValues={":stream": {"S": stream}},
                Limit=min(PAGE, most - len(found)),
                **start,
            )
            found += map(commit_of, page["Items"])
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return found

    def _asked(self, ask: Any, **request: Any) -> Any:
        page = ask(TableName=self._table, ReturnConsumedCapacity="TOTAL", **request)
        self.left -= float(page["ConsumedCapacity"]["CapacityUnits"])
        return page


def export(
    app: Application,
    shapes: Mapping[str, Any],
    client: Any,
    tables: Mapping[str, str],
    limits: Limits,
    file: Path,
) -> Exported:
    """Writes the file in one step, and nothing unmasked anywhere. `shapes` are by event and schema,
    as `orders.OrderPlaced@1`.
    """
    stores = {service: _Store(client, table, limits.units) for service, table in tables.items()}
    each = max(1, limits.streams // max(1, len(stores)))
    chosen = {
        name: None
        for service, store in stores.items()
        for stream in _chosen(store.looked_at(), each)
        for name in [stream, *_companions(app, stream)]
    }
    mask, kinds, skipped, streams = Mask(), set[str](), 0, 0
    lines: list[str] = []
    for stream in chosen:
        service = app.services.get(category_of(stream), "")
        if service not in stores:
            continue
        before = len(lines)
        for commit in stores[service].read(stream, limits.commits):
            try:
                masked = mask.commit(commit, _of_service(shapes, service))
            except ValueError:
                skipped += 1
                break  # what follows can't be replayed without it
            kinds |= {f"{service}.{kind.partition('.')[2]}" for kind in commit.kinds()}
            lines.append(json.dumps(masked_line(masked), ensure_ascii=False))
        streams += len(lines) > before
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.draft")
    draft.write_text("".join(f"{line}\n" for line in lines))
    draft.replace(file)
    used = sum(limits.units - store.left for store in stores.values())
    return Exported(streams, len(lines), kinds, used, skipped)


def masked_line(commit: Commit) -> dict[str, Any]:
    return {"stream": commit.stream, "version": commit.version, "body": commit.body}


def _of_service(shapes: Mapping[str, Any], service: str) -> Shapes:
    own = f"{service}."
    return {name.removeprefix(own): shape for name, shape in shapes.items() if name.startswith(own)}


def _chosen(looked_at: Iterator[Commit], most: int) -> Sequence[str]:
    """Streams with events that no other has so far, however many these are; then any others."""
    seen: set[str] = set()
    first: dict[str, None] = {}
    others: dict[str, None] = {}
    for commit in looked_at:
        kinds = {*commit.kinds()}
        (others if kinds <= seen else first)[commit.stream] = None
        seen |= kinds
    rest = [stream for stream in others if stream not in first]
    random.shuffle(rest)
    return [*first, *rest[: max(0, most - len(first))]]


def _companions(app: Application, stream: str) -> Iterator[str]:
    """The streams that feed the same rows."""
    for follower in app.followers.values():
        if follower.fold_of(stream):
            for fold in follower.folds:
                yield f"{fold.category}-{entity_of(stream)}"
