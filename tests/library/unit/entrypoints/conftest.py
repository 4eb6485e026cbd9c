"""What functions say while they work: log lines and metrics, as they come out."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from cqrs.observability import logger

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _powertools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "test")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "test")


@pytest.fixture
def logs() -> Iterator[Lines]:
    """The log lines so far."""
    out = StringIO()
    handler = logger().registered_handler
    # not setStream, which flushes the one before: a test that is over may have closed it
    before, handler.stream = handler.stream, out
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    handler.stream = before


@pytest.fixture
def metrics(capsys: pytest.CaptureFixture[str]) -> Lines:
    """The metrics since the last call: embedded metric format, without its frame."""

    def read() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [
            {
                name: value[0] if isinstance(value, list) else value
                for name, value in line.items()
                if name != "_aws"
            }
            for line in lines
            if "_aws" in line
        ]

    return read
