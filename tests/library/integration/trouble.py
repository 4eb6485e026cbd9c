"""DynamoDB in trouble: a client whose requests are answered as told, and never arrive."""

import json
from collections.abc import Callable
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

URL = "https://dynamodb.eu-west-1.amazonaws.com"
THROTTLING = [
    ("ProvisionedThroughputExceededException", 400),
    ("ThrottlingException", 400),
    ("RequestLimitExceeded", 400),
]


DOWN = [("InternalServerError", 500), ("ServiceUnavailable", 503), ("Whatever", 502)]


OURS = [
    ("AccessDeniedException", 400),
    ("ResourceNotFoundException", 400),
    ("UnrecognizedClientException", 400),
    ("ItemCollectionSizeLimitExceededException", 400),
]


OUT_OF_REACH = [
    ConnectTimeoutError(endpoint_url=URL),
    ReadTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
]


class Raw:
    """The body of an answer, as urllib3 hands it on."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Any:
        yield self._content


class Trouble:
    """A client whose requests never arrive: each is answered, or fails, as told."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "dynamodb",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.requests = 0
        self.error("Whatever", 500)
        self.client.meta.events.register_first("before-send.dynamodb", self._answer)

    def _answer(self, **_: Any) -> Any:
        self.requests += 1
        return self._with()

    def error(self, code: str, status: int) -> "Trouble":
        return self.answering({"__type": f"com.amazonaws#{code}", "message": "no"}, status)

    def answering(self, body: object, status: int = 200) -> "Trouble":
        content = json.dumps(body).encode()
        self._with: Callable[[], Any] = lambda: AWSResponse(URL, status, {}, Raw(content))
        return self

    def in_turn(self, *answers: tuple[object, int]) -> "Trouble":
        """One answer after the other, and the last one for ever."""
        left = list(answers)

        def next_one() -> Any:
            body, status = left.pop(0) if len(left) > 1 else left[0]
            return AWSResponse(URL, status, {}, Raw(json.dumps(body).encode()))

        self._with = next_one
        return self

    def failing(self, error: Exception) -> "Trouble":
        def fail() -> None:
            raise error

        self._with = fail
        return self


DONE: tuple[object, int] = ({}, 200)


PASSING = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]


def cancelled(*reasons: str | tuple[str, object]) -> tuple[object, int]:
    """What DynamoDB says of a transaction: a reason per action, and the item that is there."""
    pairs = [(reason, None) if isinstance(reason, str) else reason for reason in reasons]
    listed = [{"Code": code} | ({"Item": item} if item else {}) for code, item in pairs]
    kind = "com.amazonaws#TransactionCanceledException"
    return {"__type": kind, "message": "no", "CancellationReasons": listed}, 400
