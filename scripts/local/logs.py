"""What the functions have logged, in the order of time, made readable."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scripts.local.clients import Clients

FOLLOW_SECONDS = 0.5
PLATFORM_LINES = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
# What Powertools adds to every line and a reader of a terminal knows or does not need.
NOISE = frozenset(
    {"cold_start", "location", "service", "timestamp", "xray_trace_id", "function_arn"}
    | {"function_memory_size", "function_name", "function_request_id"}
)


def print_logs(clients: Clients, functions: Iterable[str], follow: bool) -> None:
    names = list(functions)
    seen: set[tuple[str, ...]] = set()  # the emulator's events have no ids
    since = 0
    while True:
        lines = [line for name in names for line in _events(clients, name, since)]
        for event in sorted(lines, key=lambda line: line["timestamp"]):
            since = max(since, event["timestamp"])
            identity = (event["logStreamName"], str(event["timestamp"]), event["message"])
            if identity not in seen:
                seen.add(identity)
                _print_line(event)
        if not follow:
            return
        time.sleep(FOLLOW_SECONDS)


def readable(message: str) -> str:
    """A structured line as `LEVEL message key=value ...`, any other as it is, a metric as ""."""
    try:
        fields = json.loads(message)
    except ValueError:
        return message
    if isinstance(fields, dict) and "_aws" in fields:
        return ""  # a metric
    if not isinstance(fields, dict) or "message" not in fields:
        return message
    rest = {k: v for k, v in fields.items() if k not in NOISE | {"level", "message"}}
    told = [f"{key}={_short(value, lines=key == 'exception')}" for key, value in rest.items()]
    return " ".join([f"{fields.get('level', '-'):7}", _short(fields["message"]), *told])


def _short(value: Any, *, lines: bool = False) -> str:
    """Printable: who calls the API must not be able to forge lines."""
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(
        c if c.isprintable() or (lines and c == "\n") else c.encode("unicode_escape").decode()
        for c in text
    )


def _print_line(event: Mapping[str, Any]) -> None:
    when = datetime.fromtimestamp(event["timestamp"] / 1000)
    function = event["function"].rpartition("-")[2]
    if line := readable(event["message"]):
        print(f"{when:%H:%M:%S.%f}"[:-3], f"{function:22}", line, flush=True)


def _events(clients: Clients, function: str, since: int) -> Iterator[dict[str, Any]]:
    client = clients.client("logs")
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{function}", startTime=since
    )
    try:
        for page in pages:
            for event in page["events"]:
                event["message"] = event["message"].rstrip()
                if event["message"] and not event["message"].startswith(PLATFORM_LINES):
                    yield event | {"function": function}
    except client.exceptions.ResourceNotFoundException:
        return  # it was never invoked
