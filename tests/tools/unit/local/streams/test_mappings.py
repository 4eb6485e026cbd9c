"""The settings of a mapping are honoured or refused, never ignored."""

from typing import Any

import pytest

from scripts.local.streams.mappings import FOREVER, NotHonouredError, is_stream, read_mapping

KINESIS = "arn:aws:kinesis:eu-west-1:000000000000:stream/events"
TABLE = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000"
RAW: dict[str, Any] = {
    "UUID": "uuid-1",
    "EventSourceArn": KINESIS,
    "FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:shop-projector",
    "StartingPosition": "TRIM_HORIZON",
    "State": "Disabled",
}


def test_what_is_not_set_has_the_defaults_of_aws() -> None:
    mapping = read_mapping(RAW)
    assert mapping.batch_size == 100
    assert mapping.window_seconds == 0
    assert mapping.maximum_retries == mapping.maximum_age_seconds == FOREVER
    assert (mapping.reports_failures, mapping.bisects) == (False, False)
    assert mapping.failure_bucket is None


def test_settings_are_read() -> None:
    mapping = read_mapping(
        RAW
        | {
            "BatchSize": 7,
            "MaximumBatchingWindowInSeconds": 3,
            "MaximumRetryAttempts": 2,
            "MaximumRecordAgeInSeconds": 600,
            "BisectBatchOnFunctionError": True,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::given-up"}},
            "ParallelizationFactor": 1,
            "StartingPosition": "LATEST",
        }
    )
    assert (mapping.batch_size, mapping.window_seconds) == (7, 3)
    assert (mapping.maximum_retries, mapping.maximum_age_seconds) == (2, 600)
    assert (mapping.bisects, mapping.reports_failures, mapping.from_latest) == (True, True, True)
    assert mapping.failure_bucket == "given-up"


def test_a_mapping_is_called_by_its_stream_and_its_function() -> None:
    assert read_mapping(RAW).name == "events -> shop-projector"
    assert read_mapping(RAW | {"EventSourceArn": TABLE}).name == "orders -> shop-projector"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"State": "Enabled"}, "Enabled = true"),
        ({"ParallelizationFactor": 2}, "ParallelizationFactor = 2"),
        ({"TumblingWindowInSeconds": 30}, "TumblingWindowInSeconds = 30"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPosition = AT_TIMESTAMP"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:0:q"}}},
            "arn:aws:sqs:eu-west-1:0:q",
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"data": {"a": [1]}}'}]}}, "Kinesis data"),
        (
            {
                "EventSourceArn": TABLE,
                "FilterCriteria": {"Filters": [{"Pattern": '{"eventName": [{"prefix": "INS"}]}'}]},
            },
            '"prefix"',
        ),
    ],
)
def test_a_setting_that_is_not_honoured_is_refused_by_name(
    setting: dict[str, Any], said: str
) -> None:
    with pytest.raises(NotHonouredError) as refused:
        read_mapping(RAW | setting)
    assert said in str(refused.value)
    assert "-> shop-projector" in str(refused.value)


def test_a_queue_is_none_of_the_runners_business() -> None:
    assert is_stream(RAW)
    assert not is_stream({"EventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:jobs"})
