"""The settings of an event source mapping, and the refusal of those that are not honoured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.local.errors import LocalError
from scripts.local.streams.filters import Pattern, beyond_equality, read_patterns

FOREVER = -1
_BUCKET_PREFIX = "arn:aws:s3:::"


class NotHonouredError(LocalError):
    """Ignoring a setting would make the local environment lie about AWS; so it says which one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamMapping:
    """`maximum_retries` and `maximum_age_seconds` may be `FOREVER`, as in AWS."""

    uuid: str
    function_arn: str
    stream_arn: str
    batch_size: int = 100
    window_seconds: int = 0
    reports_failures: bool = False
    bisects: bool = False
    maximum_retries: int = FOREVER
    maximum_age_seconds: int = FOREVER
    from_latest: bool = False
    failure_bucket: str | None = None
    patterns: tuple[Pattern, ...] = ()

    @property
    def function(self) -> str:
        return self.function_arn.split(":")[6]

    @property
    def name(self) -> str:
        return f"{stream_name(self.stream_arn)} -> {self.function}"


def stream_name(arn: str) -> str:
    """The table or the Kinesis stream that an ARN speaks of."""
    return arn.split(":", 5)[5].split("/")[1]


def is_kinesis(arn: str) -> bool:
    return arn.split(":")[2] == "kinesis"


def is_stream(raw: Mapping[str, Any]) -> bool:
    """Queues are left to the emulator, which serves them well."""
    return raw.get("EventSourceArn", "").split(":")[2:3] in (["kinesis"], ["dynamodb"])


def read_mapping(raw: Mapping[str, Any]) -> StreamMapping:
    """From an entry of ListEventSourceMappings."""
    bucket = _on_failure(raw).removeprefix(_BUCKET_PREFIX)
    mapping = StreamMapping(
        uuid=raw["UUID"],
        function_arn=raw["FunctionArn"],
        stream_arn=raw["EventSourceArn"],
        batch_size=raw.get("BatchSize", 100),
        window_seconds=raw.get("MaximumBatchingWindowInSeconds", 0),
        reports_failures="ReportBatchItemFailures" in (raw.get("FunctionResponseTypes") or ()),
        bisects=raw.get("BisectBatchOnFunctionError", False),
        maximum_retries=raw.get("MaximumRetryAttempts", FOREVER),
        maximum_age_seconds=raw.get("MaximumRecordAgeInSeconds", FOREVER),
        from_latest=raw.get("StartingPosition") == "LATEST",
        failure_bucket=bucket or None,
        patterns=read_patterns(raw.get("FilterCriteria")),
    )
    if refused := _refused(raw):
        raise NotHonouredError(f"the mapping {mapping.name} has {refused}")
    return mapping


def _on_failure(raw: Mapping[str, Any]) -> str:
    destinations = raw.get("DestinationConfig") or {}
    return str((destinations.get("OnFailure") or {}).get("Destination") or "")


def _refused(raw: Mapping[str, Any]) -> str | None:
    destination = _on_failure(raw)
    honoured = "which the local runner does not honour"
    if raw.get("State") not in ("Disabled", "Disabling"):
        return "Enabled = true: the emulator would deliver its records too, create it disabled"
    patterns = read_patterns(raw.get("FilterCriteria"))
    if patterns and is_kinesis(raw["EventSourceArn"]):
        return f"FilterCriteria on Kinesis data, {honoured}"
    if unknown := next(filter(None, map(beyond_equality, patterns)), None):
        return f"FilterCriteria with {unknown}, {honoured}"
    if (raw.get("ParallelizationFactor") or 1) > 1:
        return f"ParallelizationFactor = {raw['ParallelizationFactor']}, {honoured}"
    if raw.get("TumblingWindowInSeconds"):
        return f"TumblingWindowInSeconds = {raw['TumblingWindowInSeconds']}, {honoured}"
    if raw.get("StartingPosition") not in ("TRIM_HORIZON", "LATEST"):
        return f"StartingPosition = {raw.get('StartingPosition')}, {honoured}"
    if destination and not destination.startswith(_BUCKET_PREFIX):
        return f"the on-failure destination {destination}, {honoured} (it writes to S3)"
    return None
