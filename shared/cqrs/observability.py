"""Logs and metrics with Powertools, which is imported on first use because it is slow to import.

What is logged holds no personal data: of a request its route, of an error what `errors.said` says.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from cqrs.discretion import traced

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

__all__ = ["count", "hush", "logger"]


@cache
def logger() -> Logger:
    """A JSON logger; POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL set its name and level."""
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

    class Discreet(LambdaPowertoolsFormatter):
        """Writes of an error no text that may hold values."""

        def _extract_log_exception(self, log_record: logging.LogRecord) -> Any:
            error = (log_record.exc_info or (None, None))[1]
            return (traced(error), type(error).__name__, None) if error else (None, None, None)

    encoder = msgspec.json.Encoder(enc_hook=str)
    discreet = Discreet(
        json_serializer=lambda line: encoder.encode(line).decode(),
        json_deserializer=str,  # else every message is tried as JSON, too
        # Lambda reads level and time of each line
        utc=True,
        use_rfc3339=True,
        serialize_stacktrace=False,
    )
    return Logger(logger_formatter=discreet)


def hush() -> None:
    """Keeps the clients from logging requests and answers, which they do at the level DEBUG."""
    for client in ("boto3", "botocore", "urllib3"):
        logging.getLogger(client).setLevel(logging.WARNING)


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
