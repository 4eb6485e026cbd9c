"""What the functions have logged, in the order of time, made readable."""

import heapq
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
    logs = [Log(clients.client("logs"), name) for name in functions]
    while True:
        for event in heapq.merge(*(log.news() for log in logs), key=_time):
            _print_line(event)
        if not follow:
            return
        time.sleep(FOLLOW_SECONDS)


class Log:
    """A function's log, read on from where it was read to."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function
        self._since = 0
        self._told = 0  # events of that millisecond: they have no ids

    def news(self) -> Iterator[dict[str, Any]]:
        """Events in the order of time; those of one millisecond, in the order of their arrival."""
        since, again = self._since, self._told
        for event in self._events():
            if again and _time(event) == since:
                again -= 1
                continue
            same = _time(event) == self._since
            self._since, self._told = _time(event), self._told + 1 if same else 1
            message = event["message"].rstrip()
            if message and not message.startswith(PLATFORM_LINES):
                yield event | {"message": message, "function": self._function}

    def _events(self) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self._function}", startTime=self._since
        )
        try:
            for page in pages:
                yield from page["events"]
        except self._client.exceptions.ResourceNotFoundException:
            return  # it was never invoked


def _time(event: Mapping[str, Any]) -> int:
    return int(event["timestamp"])


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
