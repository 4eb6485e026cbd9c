"""All workers of a stack, each in its own thread, and what can be asked of them."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from http.client import HTTPException
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.local.clients import Clients
from scripts.local.errors import LocalError
from scripts.local.streams import destination
from scripts.local.streams.checkpoints import HORIZON, Checkpoint
from scripts.local.streams.delivery import Answer, Attempt, Condition
from scripts.local.streams.faults import Faults
from scripts.local.streams.mappings import StreamMapping, is_stream, read_mapping
from scripts.local.streams.records import Record, payload
from scripts.local.streams.shards import latest, open_stream
from scripts.local.streams.stillness import Stillness
from scripts.local.streams.worker import AbandonedError, Surroundings, Worker

CALM_SECONDS = 10.0  # between readings of a stream that nobody is said to have written to
TROUBLED_SECONDS = 1.0


def read_mappings(clients: Clients) -> list[StreamMapping]:
    """All stream mappings of the stack; raises if one cannot be honoured."""
    pages = clients.client("lambda").get_paginator("list_event_source_mappings").paginate()
    found = [raw for page in pages for raw in page["EventSourceMappings"] if is_stream(raw)]
    return sorted((read_mapping(raw) for raw in found), key=lambda mapping: mapping.name)


class Runner:
    def __init__(self, clients: Clients, checkpoints: Path) -> None:
        self._clients = clients
        self._checkpoints = checkpoints
        self._halted = threading.Event()
        self._stillness = Stillness()
        self._faults: dict[str, Faults] = {}
        self._around = Surroundings(
            invoke=self._invoke,
            give_up=self._give_up,
            faults=lambda function: self._faults.get(function, _NO_FAULTS),
            halted=self._halted.is_set,
            now=time.time,
            wait=lambda seconds: self._stillness.wait(seconds, self._stillness.rings()),
            stillness=self._stillness,
        )
        self.mappings = read_mappings(clients)
        self.functions = sorted({mapping.function for mapping in self.mappings})
        self._workers = [worker for m in self.mappings for worker in self._make_workers(m)]
        self._threads = [
            threading.Thread(target=self._run, args=[worker], name=worker.name, daemon=True)
            for worker in self._workers
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """A function that is running is not waited for: its batch will be delivered again."""
        self._halted.set()
        self._stillness.ring()
        for thread in self._threads:
            thread.join(timeout=0.5)

    def listen(self, news: Callable[[], Iterable[Set[str]]]) -> None:
        """Lets shards be read when `news` tells of their streams, until the runner is stopped."""
        told = ""
        while not self._halted.is_set():
            try:
                for streams in news():
                    self._stillness.ring(*streams)
            except (OSError, HTTPException, ValueError) as error:
                if str(error) != told:
                    _log(f"nothing is heard of streams: {type(error).__name__}: {error}")
                told = str(error)
            self._halted.wait(TROUBLED_SECONDS)

    def status(self) -> list[dict[str, Any]]:
        return [worker.status() for worker in self._workers]

    def wait_until_still(self, seconds: float) -> Set[str]:
        return self._stillness.wait_until_still(
            lambda: {worker.name for worker in self._workers if not worker.stopped}, seconds
        )

    def faults(self) -> dict[str, dict[str, float]]:
        return {f: self._faults.get(f, _NO_FAULTS).set_knobs() for f in self.functions}

    def change_faults(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """All or, if one is refused, none; they hold for whatever is written from then on."""
        changed = dict(self._faults)
        for name, knobs in changes.items():
            for function in self._functions_called(name):
                changed[function] = changed.get(function, Faults()).changed(knobs)
        self._faults = changed
        for worker in self._workers:
            with worker.reading:
                pass
        self._stillness.ring()

    def _functions_called(self, name: str) -> list[str]:
        """`*` is all of them; a function may be called by the end of its name."""
        found = [f for f in self.functions if name in ("*", f) or f.endswith(f"-{name}")]
        if not found:
            known = ", ".join(self.functions) or "none"
            raise LocalError(f"no stream feeds a function {name}; those that one feeds: {known}")
        return found

    def _make_workers(self, mapping: StreamMapping) -> list[Worker]:
        function = self._clients.client("lambda").get_function_configuration(
            FunctionName=mapping.function_arn
        )
        stream = open_stream(mapping, function["Role"], self._clients)
        workers = []
        for shard_id, shard in stream.shards.items():
            file = self._checkpoints / f"{mapping.uuid}-{shard_id}.json"
            checkpoint = Checkpoint(file, stream.identity)
            start = checkpoint.load()
            if start is None:
                start = latest(shard) if mapping.from_latest else HORIZON
                checkpoint.save(start)
            workers.append(
                Worker(
                    mapping,
                    shard_id,
                    shard,
                    stream.retention_seconds,
                    checkpoint,
                    start,
                    self._around,
                )
            )
        return workers

    def _run(self, worker: Worker) -> None:
        stream = worker.mapping.stream_arn
        while not self._halted.is_set():
            heard = self._stillness.rings(stream)
            if not self._step(worker):
                self._stillness.wait(_pause(worker), heard, stream)

    def _step(self, worker: Worker) -> bool:
        """Whatever goes wrong is told in the status, and tried again."""
        try:
            active = worker.step()
        except AbandonedError:
            return False
        except Exception as error:
            if str(error) != worker.trouble:
                _log(f"{worker.name}: {type(error).__name__}: {error}")
            worker.trouble = str(error)
            return False
        worker.trouble = None
        return active

    def _invoke(self, mapping: StreamMapping, records: Sequence[Record]) -> Answer:
        try:
            answer = self._clients.client("lambda").invoke(
                FunctionName=mapping.function_arn, Payload=payload(records).encode()
            )
        except (ClientError, BotoCoreError) as error:
            return Answer(invoked=False, error=type(error).__name__, body=str(error))
        return Answer(
            body=_parsed(answer["Payload"].read()),
            error=answer.get("FunctionError"),
            status=answer["StatusCode"],
            version=answer.get("ExecutedVersion", "$LATEST"),
            request_id=answer["ResponseMetadata"]["RequestId"],
        )

    def _give_up(
        self, mapping: StreamMapping, shard_id: str, attempt: Attempt, condition: Condition
    ) -> None:
        where = mapping.failure_bucket or "nowhere, as it has no on-failure destination"
        _log(f"{mapping.name}: {condition}, {len(attempt.records)} records go to {where}")
        if mapping.failure_bucket:
            s3 = self._clients.client("s3")
            destination.write_to_bucket(s3, mapping, shard_id, attempt, condition)


_NO_FAULTS = Faults()


def _pause(worker: Worker) -> float:
    return min(TROUBLED_SECONDS if worker.trouble else CALM_SECONDS, worker.window_left())


def _parsed(body: bytes) -> Any:
    """What is not JSON is handed on as text, which no rule takes for a report."""
    try:
        return json.loads(body or b"null")
    except ValueError:
        return body.decode(errors="replace")


def _log(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)
