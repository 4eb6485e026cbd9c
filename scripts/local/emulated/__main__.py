"""Runs the emulator, in its own virtual environment, with put right what gets in the way here:

- It looks at every Kinesis iterator of the last five minutes at every call. The runner takes a new
  one every second.
- It starts a process for every request that comes while others run, and nobody in a burst is
  answered. Here a function has few processes, and requests wait for their turn (ADR 19).
- It unpacks all layers again for each process, which took most of what starting one took, and
  starts as many at once as are wanted, while those that run get nothing done.
- A process that dies while it starts takes all others of its function with it.
- It starts a process for each of the schedules that are due, all at once, and forgets those that
  time out for it, as it forgets events whose function has no capacity. AWS has them queue.
- Its HTTP APIs tell what became of a function that failed or had no capacity. On AWS they do not.
- It keeps processes of versions that nothing invokes any more.
- It has pages of log events, but no way to the second one.
- It does what any page has a browser send.
- It keeps to itself whom it has denied what: here its log has it.
- It tells nobody which streams were written to, so that who follows them asks all the time.
- After each run of a function it waits for more output: 5 ms, or 50 where nothing was printed.
- Its HTTP server takes more than the rest of most requests.
- It answers sooner than Terraform's provider has noticed that its request is sent, and so the
  provider takes some of the answers for errors, asks again, and is told that what it wants to make
  is there already; or it makes it twice.

What is changed here is internal to it: its version is pinned.
"""

import asyncio
import json
import logging
import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from contextvars import ContextVar
from threading import BoundedSemaphore
from typing import Any

import hypercorn.asyncio  # type: ignore[import-not-found]
import uvicorn  # type: ignore[import-not-found]
from ministack import app  # type: ignore[import-not-found]
from ministack.core import iam_evaluator, lambda_runtime  # type: ignore[import-not-found]
from ministack.services import (  # type: ignore[import-not-found]
    apigateway,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    kinesis,
    lambda_svc,
)

from scripts.local.emulated import output, writes
from scripts.local.emulated.layers import Layers
from scripts.local.emulated.log_pages import page
from scripts.local.emulated.turns import Turns
from scripts.local.strangers import refusal

# A process takes 50 MB and, to start, a third of a second of one of few processors. An API waits
# for an answer for 30 s, of which most functions may take 10.
TURNS = Turns(at_once=3, waiting=200, patience_seconds=20)
STARTING = BoundedSemaphore(1)
LONG_START_SECONDS = 5  # others don't wait longer for one that may never end
LAYERS = Layers()
WRITES = writes.Writes()
EVENT_RETRY_SECONDS = 1
SCHEDULES_AT_A_TIME = ThreadPoolExecutor(4)
TERRAFORM_NOTICES_SECONDS = 0.01
LOG_PAGE_EVENTS = 10_000
HEADERS_THAT_THE_SERVER_READS = {b"connection", b"content-length", b"transfer-encoding"}

is_event = ContextVar("is_event", default=False)  # an invocation whose answer nobody waits for


# Functions

take_slot, give_back_slot = lambda_svc._acquire_execution_slot, lambda_svc._release_execution_slot
spawn, invoke = lambda_runtime.Worker._spawn, lambda_runtime.Worker.invoke
release_worker, update_alias = lambda_svc.release_worker, lambda_svc._update_alias
read_stderr = lambda_runtime.Worker._read_stderr


def take_turn(function: Any, config: Any) -> tuple[str | None, str | None]:
    slot, limit = ask_for_turn(function, config)
    while slot is None and is_event.get():
        time.sleep(EVENT_RETRY_SECONDS)
        slot, limit = ask_for_turn(function, config)
    return slot, limit


def ask_for_turn(function: Any, config: Any) -> tuple[str | None, str | None]:
    name = lambda_svc._inflight_key(config)
    if not TURNS.take(name):
        return None, "function"
    slot, limit = take_slot(function, config)
    if slot is None:
        TURNS.give_back(name)
    return slot, limit


def give_back_turn(slot: str | None) -> None:
    give_back_slot(slot)
    if slot is not None:
        TURNS.give_back(slot)


def spawn_in_turn(worker: Any) -> None:
    config = worker.config
    contents = filter(None, map(lambda_svc._resolve_layer_zip, config.get("Layers", [])))
    told = {"_LAMBDA_LAYERS_DIRS": os.pathsep.join(map(LAYERS.folder, contents))}
    variables = config.get("Environment", {}).get("Variables", {})
    worker.config = config | {"Layers": [], "Environment": {"Variables": variables | told}}
    alone = STARTING.acquire(timeout=LONG_START_SECONDS)
    try:
        spawn(worker)
    finally:
        worker.config = config
        if alone:
            STARTING.release()


def invoke_alone(worker: Any, event: Any, run: str, **named: Any) -> Any:
    worker.run = run
    try:
        return invoke(worker, event, run, **named)
    except Exception as error:
        return {"status": "error", "error": str(error)}


def move_alias(function: str, *others: Any) -> Any:
    answer = update_alias(function, *others)
    end_retired(function)
    return answer


def give_back_worker(worker: Any) -> None:
    release_worker(worker)
    if worker is not None:
        end_retired(worker.func_name)


def end_retired(function: str) -> None:
    """Ends the processes of versions that are not live, each after its last invocation."""
    aliases = lambda_svc._functions.get(function, {}).get("aliases", {}).values()
    if not (live := {alias["FunctionVersion"] for alias in aliases}):
        return
    retired = []
    with lambda_runtime._lock:
        for key, workers in lambda_runtime._workers.items():
            *_, name, version = key.split(":")
            if name == function and version not in live:
                retired += [worker for worker in workers if not worker.in_use]
                workers[:] = [worker for worker in workers if worker.in_use]
    lambda_runtime.kill_workers(retired)


def read_to_the_end(worker: Any) -> None:
    lines = worker._stderr_queue  # the next process has another one
    read_stderr(worker)
    lines.put(output.OVER)


def printed(worker: Any) -> str:
    return output.printed(worker._stderr_queue, worker.run)


def as_event(call: Callable[..., Any]) -> Callable[..., Any]:
    def call_as_event(*arguments: Any) -> Any:
        before = is_event.set(True)
        try:
            return call(*arguments)
        finally:
            is_event.reset(before)

    return call_as_event


def enqueue(arn: str, payload: str) -> None:
    function, version, _ = lambda_svc._get_func_record_for_ref(arn)
    record = lambda_svc._execution_record_for_config(function, version)
    execute = as_event(lambda_svc._execute_function_with_config_scope)
    SCHEDULES_AT_A_TIME.submit(execute, record, json.loads(payload))


# Streams

emit, put_record, put_records = (
    dynamodb._emit_stream_event,
    kinesis._put_record,
    kinesis._put_records,
)


def emit_and_ring(table: str, *arguments: Any, **named: Any) -> None:
    emit(table, *arguments, **named)
    if stream := dynamodb._tables.get(table, {}).get("LatestStreamArn"):
        WRITES.note(stream)


def ringing(put: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def put_and_ring(data: Any) -> Any:
        answer = put(data)
        _, stream = kinesis._resolve_stream(data)
        if stream:
            WRITES.note(stream["StreamARN"])
        return answer

    return put_and_ring


def telling_of_writes(answer: Any) -> Any:
    async def answer_or_tell(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == writes.PATH:
            await tell(receive, send)
        else:
            await answer(scope, receive, send)

    return answer_or_tell


async def tell(receive: Any, send: Any) -> None:
    listens = asyncio.create_task(until_gone(receive))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    async with aclosing(WRITES.lines()) as lines:
        async for line in lines:
            if listens.done():
                break
            await send({"type": "http.response.body", "body": line, "more_body": True})


async def until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


# HTTP APIs

proxy_response = lambda_svc.lambda_execute_result_to_api_proxy_response


def api_answer(result: Any) -> Any:
    if result.get("throttle"):
        return said(503, "Service Unavailable"), None
    if result.get("error"):
        return said(500, "Internal Server Error"), None
    return proxy_response(result)


def said(status: int, message: str) -> dict[str, Any]:
    return {"statusCode": status, "body": json.dumps({"message": message})}


# Logs

filter_log_events = cloudwatch_logs._filter_log_events


def log_events(data: Any) -> Any:
    group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(data))
    if group is None:
        return filter_log_events(data)
    names, until = data.get("logStreamNames"), data.get("endTime", math.inf)
    matches = cloudwatch_logs._compile_filter_pattern(data.get("filterPattern", ""))
    since, _, told = data.get("nextToken", "").partition("/")
    events, start = page(
        {n: s["events"] for n, s in list(group["streams"].items()) if not names or n in names},
        (int(since or data.get("startTime", 0)), int(told or 0)),
        min(data.get("limit", LOG_PAGE_EVENTS), LOG_PAGE_EVENTS),
        lambda event: event["timestamp"] <= until and matches(event["message"]),
    )
    token = {"nextToken": f"{start[0]}/{start[1]}"} if start else {}
    return cloudwatch_logs.json_response({"events": events, "searchedLogStreams": [], **token})


# Rights

enforce = iam_evaluator.enforce


def told(access_key: Any, action: str, *others: Any, resource_arn: str = "*", **named: Any) -> Any:
    refused = enforce(access_key, action, *others, resource_arn=resource_arn, **named)
    if isinstance(refused, iam_evaluator.EvalResult):
        log = logging.getLogger("ministack")
        log.warning("denied %s %s %s", refused.principal_arn, action, resource_arn)
    return refused


# Requests


def guarded(answer: Any) -> Any:
    async def answer_if_let_in(scope: Any, receive: Any, send: Any) -> None:
        why = refused(scope)
        if why is None:
            await answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            kind = (b"content-type", b"application/json")
            await send({"type": "http.response.start", "status": 403, "headers": [kind]})
            body = json.dumps({"message": why}).encode()
            await send({"type": "http.response.body", "body": body})

    return answer_if_let_in


def refused(scope: Any) -> str | None:
    if scope["type"] == "lifespan":
        return None
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    return refusal(headers, any_page=has_rules_for_pages(scope["path"]))


def has_rules_for_pages(path: str) -> bool:
    """Whether it leads to an API with a CORS configuration, which is asked then as it is on AWS."""
    if not (parts := app._parse_execute_api_url("", path)):
        return False
    owner = apigateway.find_api_scope(parts[0])
    return bool(owner and apigateway._apis.get_scoped(*owner, parts[0]).get("corsConfiguration"))


def unhurried(answer: Any) -> Any:
    async def answer_later(scope: Any, receive: Any, send: Any) -> None:
        async def send_later(message: Any) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(TERRAFORM_NOTICES_SECONDS)
            await send(message)

        agent = dict(scope.get("headers", ())).get(b"user-agent", b"")
        await answer(scope, receive, send_later if b"Terraform" in agent else send)

    return answer_later


class Name(bytes):
    """The name of a header, which the server below would change to lower case."""

    def lower(self) -> "Name":
        return self


def with_names_as_they_are(answer: Any) -> Any:
    async def answer_with_names(scope: Any, receive: Any, send: Any) -> None:
        async def send_with_names(message: Any) -> None:
            if message["type"] == "http.response.start":
                named = [(as_it_is(name), value) for name, value in message["headers"]]
                message = message | {"headers": named}
            await send(message)

        await answer(scope, receive, send_with_names)

    return answer_with_names


def as_it_is(name: bytes) -> bytes:
    lower = name.lower()
    return lower if lower in HEADERS_THAT_THE_SERVER_READS else Name(name)


async def serve(answer: Any, config: Any) -> None:
    """In place of the emulator's own server."""
    host, _, port = config.bind[0].rpartition(":")
    settings = uvicorn.Config(
        with_names_as_they_are(answer),
        host=host,
        port=int(port),
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # the emulator has put one in
        timeout_keep_alive=int(config.keep_alive_timeout),
        timeout_graceful_shutdown=1,
    )
    await uvicorn.Server(settings).serve()


if __name__ == "__main__":
    kinesis.ITERATOR_EXPIRY_SECONDS = 5
    iam_evaluator.enforce = told
    lambda_svc._acquire_execution_slot = take_turn
    lambda_svc._release_execution_slot = give_back_turn
    lambda_svc.release_worker = give_back_worker
    lambda_svc._update_alias = move_alias
    lambda_svc.invoke_async_with_retry = as_event(lambda_svc.invoke_async_with_retry)
    lambda_svc.lambda_execute_result_to_api_proxy_response = api_answer
    lambda_runtime.Worker._spawn = spawn_in_turn
    lambda_runtime.Worker.invoke = invoke_alone
    lambda_runtime.Worker._read_stderr = read_to_the_end
    lambda_runtime.Worker._drain_stderr_bounded = printed
    lambda_runtime._PYTHON_WORKER_SCRIPT = output.told_to_end(lambda_runtime._PYTHON_WORKER_SCRIPT)
    eventbridge._dispatch_to_lambda = enqueue
    cloudwatch_logs._filter_log_events = log_events
    dynamodb._emit_stream_event = emit_and_ring
    kinesis._put_record, kinesis._put_records = ringing(put_record), ringing(put_records)
    app.app = unhurried(guarded(telling_of_writes(app.app)))
    hypercorn.asyncio.serve = serve
    app.main()
