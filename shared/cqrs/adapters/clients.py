"""AWS clients: created on first use, once per process, with keep-alive and short time-outs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cqrs.errors import Throttled, Unavailable
from cqrs.waiting import Backoff

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_stepfunctions import SFNClient

__all__ = [
    "CONDITION_FAILED",
    "CONTENTION",
    "UNDECIDED",
    "dynamodb",
    "error_code",
    "functions",
    "kinesis",
    "once",
    "resent_once",
    "s3",
    "scheduler",
    "step_functions",
    "translated",
]

THROTTLED = {
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
DOWN = {"InternalServerError", "InternalFailure", "InternalError", "ServiceUnavailable"}

# reasons of a cancelled transaction, per action
CONDITION_FAILED = "ConditionalCheckFailed"
UNDECIDED = {"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}

OF_ITEMS = {"BatchGetItemOutput", "GetItemOutput", "QueryOutput", "ScanOutput"}

CONTENTION = Backoff(tries=5, first_seconds=0.04)  # for transactions that DynamoDB cancelled

C = TypeVar("C")
R = TypeVar("R")


def once(make: Callable[[], C]) -> Callable[[], C]:
    """Creates one client, even if several threads need it first at the same time."""
    made, lock = cache(make), threading.Lock()

    @wraps(make)
    def get() -> C:
        with lock:
            return made()

    return get


def _client(service: str, *, read_seconds: float = 2, attempts: int = 2) -> Any:
    # imported here, so that importing this module costs nothing
    from botocore.config import Config

    return _session().client(
        service,
        config=Config(
            connect_timeout=1,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=16,
            tcp_keepalive=True,
            # both save a third of a call's CPU time; our own requests are valid
            parameter_validation=False,
            user_agent="serverless-cqrs",
        ),
    )


@cache
def _session() -> Any:
    """One that takes items of DynamoDB as they come: they are plain JSON, and to convert each
    attribute is most of what a query of some items takes.
    """
    import boto3
    import botocore.session
    from botocore import parsers

    class AsItComes(parsers.JSONParser):
        def _handle_json_body(self, raw_body: bytes, shape: Any) -> Any:
            if shape is not None and shape.name in OF_ITEMS and raw_body:
                return msgspec.json.decode(raw_body)
            return super()._handle_json_body(raw_body, shape)  # type: ignore[misc]

    class Parsers(parsers.ResponseParserFactory):
        def create_parser(self, protocol_name: str) -> Any:
            if protocol_name == "json":
                return AsItComes()
            return super().create_parser(protocol_name)

    session = botocore.session.get_session()
    session.register_component("response_parser_factory", Parsers())
    return boto3.Session(botocore_session=session)


@once
def dynamodb() -> DynamoDBClient:
    return _client("dynamodb")  # type: ignore[no-any-return]


@once
def kinesis() -> KinesisClient:
    return _client("kinesis")  # type: ignore[no-any-return]


@once
def s3() -> S3Client:
    return _client("s3")  # type: ignore[no-any-return]


@once
def functions() -> LambdaClient:
    # A command function may run that long. No retries: the process sends the command again.
    return _client("lambda", read_seconds=12, attempts=1)  # type: ignore[no-any-return]


@once
def scheduler() -> EventBridgeSchedulerClient:
    return _client("scheduler")  # type: ignore[no-any-return]


@once
def step_functions() -> SFNClient:
    return _client("stepfunctions")  # type: ignore[no-any-return]


def error_code(error: Exception) -> str:
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns the SDK's errors about capacity and connections into Throttled and Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if code in THROTTLED:
            raise Throttled(f"{what} has no capacity left for now") from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in DOWN or status >= 500:
            raise Unavailable(f"{what} is not available") from error
        raise
    except BotoCoreError as error:
        raise Unavailable(f"{what} can't be reached") from error


def resent_once(send: Callable[[], R]) -> R:
    """Sends once more if the server had closed a kept-alive connection, as happens while a function
    is frozen.
    """
    from requests import ConnectionError as NoConnection
    from urllib3.exceptions import MaxRetryError, ProtocolError

    try:
        return send()
    except NoConnection as error:
        cause = error.args[0] if error.args else None
        reason = cause.reason if isinstance(cause, MaxRetryError) else cause
        if not isinstance(reason, ProtocolError):
            raise
    return send()
