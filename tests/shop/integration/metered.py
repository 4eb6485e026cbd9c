"""The whole shop on moto, with everything counted that AWS bills for its work."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from math import ceil, inf
from typing import Any

import pytest

from cqrs.adapters import clients
from cqrs.history.commits import Commit
from cqrs.observability import logger
from cqrs.views import generations
from cqrs.write import turns
from scripts.build.terraform.program import ROOT
from scripts.shop.cost.work import Work
from tests.library.payloads import dynamodb, kinesis
from tests.shop.integration.marked import (
    PLENTY,
    PROCESSES,
    VIEWS,
    Heard,
    Search,
    Shop,
    http_answer,
    replied,
)
from tests.shop.integration.units import Lists, read_units, write_units

__all__ = ["Metered", "counted"]

FOLLOWERS = {  # of the event stream, and how many records they take at once
    "storefront_projector": 200,
    "storefront_indexer": 100,
    "checkout_process": 25,
    "payments_gateway": 25,
}
PUBLISHED = 500  # commits that the publisher takes at once
LINE_BYTES = 26  # that CloudWatch counts for each line, beside its text

MEMORY = {
    name: int(megabytes) / 1024
    for path in (ROOT / "shop_functions.tf", ROOT / "nouns.tf")
    for name, megabytes in re.findall(
        r"(?s)(\w+)\s*= \{\s*description(?:(?!\n    \}).)*?memory_megabytes\s*= (\d+)",
        path.read_text(),
    )
}


@dataclass
class Running:
    """A function that runs, and the calls that it has waited for."""

    function: str
    calls: int = 0


class Remembering(Search):
    """It has what it was given, so that nothing is read in the event stores instead."""

    def __init__(self, waited: Callable[[], None]) -> None:
        super().__init__(marks=[])
        self._waited = waited
        self._kept: dict[tuple[str, str], Any] = {}

    def request(self, method: str, url: str, data: bytes | None, **more: Any) -> Any:
        self._waited()
        lines = [json.loads(line) for line in (data or b"").splitlines()]
        match url.rpartition("/")[2].partition("?")[0]:
            case "_mget":
                asked = [(one["_index"], one["_id"]) for one in lines[0]["docs"]]
                return http_answer(200, {"docs": [self._found(*one) for one in asked]})
            case "_bulk":
                for action, source in zip(lines[::2], lines[1::2], strict=True):
                    known = action["index"]
                    self._kept[known["_index"], known["_id"]] = (known["version"], source)
        return super().request(method, url, data, **more)

    def _found(self, index: str, key: str) -> dict[str, Any]:
        version, source = self._kept.get((index, key), (0, {}))
        found = {"_index": index, "_id": key, "found": bool(version)}
        return found | {"_version": version, "_source": source}


class Metered(Shop):
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.counts = Work()
        self._lock = threading.Lock()
        self._here = threading.local()
        self._outermost: Running | None = None
        self._deadlines: list[str] = []
        self.customers: list[str] = []
        self.metrics: set[str] = set()
        self._published: set[tuple[str, int]] = set()
        patch.setattr(generations, "CACHE_SECONDS", 1_000_000)  # in which nobody looks again
        patch.setattr(turns, "OTHERS_SECONDS", inf)  # as if no function knew a stream
        super().__init__(Heard(lines=StringIO(), raised=[], kept=[]), patch)
        self.search = Remembering(self._waited)
        tables = {f"{view.name}-table": tuple(view.lists) for view in VIEWS if view.kind == "row"}
        waiting = {f"{process}-table": ("waiting",) for process in PROCESSES}
        self._lists = Lists(tables | waiting, bare=frozenset({"waiting"}))
        self._meter(patch)

    def _meter(self, patch: pytest.MonkeyPatch) -> None:
        events = clients.dynamodb().meta.events

        def asked(params: Any, context: Any, **_: Any) -> None:
            context["asked"] = json.loads(params["body"])

        def answered(model: Any, parsed: Any, context: Any, **_: Any) -> None:
            if not self._running_here():  # the test looks for what is new
                return
            sent = context["asked"]
            with self._lock:
                writes = write_units(model.name, sent, self._lists)
            self.count(reads=read_units(model.name, sent, parsed), writes=writes)
            self._waited()

        # moto mixes up the writes of threads, most of all in transactions
        turn = threading.Lock()

        def taken(**_: Any) -> None:
            assert turn.acquire(timeout=10), "a call before this one has failed"

        events.register_first("before-call.dynamodb", taken, "turn")
        events.register_last("after-call.dynamodb", lambda **_: turn.release(), "turned")
        events.register("before-call.dynamodb", asked, unique_id="asked")
        events.register("after-call.dynamodb", answered, unique_id="answered")
        put_records, schedule = clients.kinesis().put_records, clients.scheduler().create_schedule

        def put(**call: Any) -> Any:
            self._waited()
            sizes = [ceil(len(record["Data"]) / 1024) for record in call["Records"]]
            self.count(records=len(sizes), kilobytes=sum(sizes))
            return put_records(**call)

        def create(**call: Any) -> Any:
            self._waited()
            self.count(deadlines=1)
            self._deadlines.append(call["Target"]["Input"])
            return schedule(**call)

        def listed(**_: Any) -> None:
            self._waited()
            self.count(listings=1)

        clients.s3().meta.events.register("before-call.s3.ListObjectsV2", listed, "listed")
        patch.setattr(clients.kinesis(), "put_records", put)
        patch.setattr(clients.scheduler(), "create_schedule", create)

    def unmeter(self) -> None:
        events = clients.dynamodb().meta.events
        for name in ("turn", "asked", "marked"):
            events.unregister("before-call.dynamodb", unique_id=name)
        clients.s3().meta.events.unregister("before-call.s3.ListObjectsV2", unique_id="listed")
        for name in ("answered", "turned"):
            events.unregister("after-call.dynamodb", unique_id=name)

    # Counting

    def count(self, **more: float) -> None:
        with self._lock:
            before = asdict(self.counts)
            self.counts = Work(**before | {name: before[name] + n for name, n in more.items()})

    def _waited(self, calls: int = 1) -> None:
        if running := self._running_here():
            with self._lock:
                running.calls += calls
            self.count(waits=calls * MEMORY[running.function])

    def _running_here(self) -> Running | None:
        """What a function's own threads call, that function waits for."""
        return getattr(self._here, "running", None) or self._outermost

    @contextmanager
    def _running(self, function: str) -> Iterator[Running]:
        before = getattr(self._here, "running", None)
        running = self._here.running = Running(function)
        self.count(invocations=1)
        yield running
        self._here.running = before

    def call(self, function: str, event: Any) -> Any:
        os.environ["POWERTOOLS_SERVICE_NAME"] = function  # metrics are told apart by it
        with self._running(function) as self._outermost:
            answer = super().call(function, event)
        self._outermost = None
        assert not self.heard.raised, self.heard.raised
        return answer

    def _invoked(self, function: str, payload: str) -> dict[str, Any]:
        """Who invokes it waits for as long as it works: for its calls, and one more."""
        name = function.removesuffix("-function") + "_commands"
        with self._running(name) as running:
            reply = replied(self.handlers[name](json.loads(payload), PLENTY))
        self._waited(running.calls + 2)
        return reply

    def asks(self, route: str, *args: Any, **more: Any) -> Any:
        self.count(requests=1)
        return super().asks(route, *args, **more)

    # Following

    def new_commits(self) -> list[Commit]:
        found = [c for c in self.commits() if (c.stream, c.version) not in self._published]
        self._published |= {(commit.stream, commit.version) for commit in found}
        return found

    def follow(self, *followers: str, at_once: int) -> None:
        """Lets followers follow until nothing is new, `at_once` messages at a time, or as many as
        they take.
        """
        while commits := self.new_commits():
            services = {
                service: [commit for commit in commits if commit.stream in store.heads().versions]
                for service, store in self.stores.items()
            }
            self.records.clear()
            for own in services.values():
                for batch in parts(own, min(at_once, PUBLISHED)):
                    self.call("event_publisher", dynamodb(*batch))
            records = list(self.records)
            for follower in followers:
                for batch in parts(records, min(at_once, FOLLOWERS[follower])):
                    self.call(follower, kinesis(*batch))
            if followers == tuple(FOLLOWERS):
                for batch in parts(services["orders"], min(at_once, 100)):
                    self.call("orders_projector", dynamodb(*batch))

    def ring_deadlines(self) -> None:
        for sent in self._deadlines:
            self.call("orders_commands", json.loads(sent))
        self._deadlines.clear()


def parts(all_of_them: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(all_of_them), size):
        yield all_of_them[start : start + size]


def counted(shop: Metered, live: Callable[[], object]) -> Work:
    """What is counted while something happens."""
    ours, lines = logger(), StringIO()
    handler = ours.registered_handler
    before, handler.stream = handler.stream, lines
    shop.counts = Work()
    try:
        with redirect_stdout(lines):  # metrics are printed
            live()
    finally:
        handler.stream = before
    told = lines.getvalue()
    shop.metrics |= set(metrics_in(told))
    shop.count(logged=(len(told.encode()) + LINE_BYTES * told.count("\n")) / 1024)
    return shop.counts


def metrics_in(lines: str) -> Iterator[str]:
    """What CloudWatch makes a metric of: each name, with the values of its dimensions."""
    for line in lines.splitlines():
        told = json.loads(line)
        for group in told.get("_aws", {}).get("CloudWatchMetrics", ()):
            for names in group["Dimensions"]:
                of = ", ".join(f"{name}={told[name]}" for name in sorted(names))
                yield from (f"{metric['Name']} {of}" for metric in group["Metrics"])
