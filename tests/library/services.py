"""Services for compositions: each answers what a test says, and some not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cqrs.read.compositions import Reply

__all__ = ["FakeServices", "problem", "told"]

PATIENCE_SECONDS = 20  # of one that hangs, so that a test that fails ends too

Behaviour = Reply | Exception | Callable[[], Reply]


@dataclass
class FakeServices:
    """`does` says by path what a service does; all others do `otherwise`."""

    does: dict[str, Behaviour] = field(default_factory=dict)
    otherwise: Behaviour = field(default_factory=lambda: told({}))
    asked: list[str] = field(default_factory=list)
    headers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def get(self, path: str, headers: Mapping[str, str], seconds: float) -> Reply:
        self.asked.append(path)
        self.headers[path] = headers
        self.seconds[path] = seconds
        behaviour = self.does.get(path, self.otherwise)
        if isinstance(behaviour, Exception):
            raise behaviour
        return behaviour if isinstance(behaviour, Reply) else behaviour()

    def hang(self) -> Reply:
        """What a service does that answers only when the test is over."""
        self.over.wait(PATIENCE_SECONDS)
        return told({})


def told(body: Any, status: int = 200, **headers: str) -> Reply:
    """An answer. `consistency_token="order-7@1"` is a header of it."""
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(body).encode(), found)


def problem(status: int, code: str) -> Reply:
    return told({"code": code, "detail": f"{code} it is."}, status)
