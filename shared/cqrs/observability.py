"""Logs and metrics with Powertools, which is imported on first use because it is slow to import."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

__all__ = ["count", "logger"]


@cache
def logger() -> Logger:
    """A JSON logger; POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL set its name and level."""
    from aws_lambda_powertools import Logger

    return Logger(utc=True, use_rfc3339=True)  # Lambda reads level and time of each line


def count(numbers: Mapping[str, int], **dimensions: str) -> None:
    """Adds `numbers` to the metrics of these names, in one log line (embedded metric format).
    Zeros are left out.
    """
    seen = {name: number for name, number in numbers.items() if number}
    if not seen:
        return
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

    metrics = EphemeralMetrics()
    for name, value in dimensions.items():
        metrics.add_dimension(name=name, value=value)
    for name, number in seen.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
    metrics.flush_metrics()
