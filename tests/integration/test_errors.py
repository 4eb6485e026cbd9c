"""DynamoDB in trouble: what passes is Throttled or Unavailable, what is our fault is not."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from cqrs.adapters import clients
from cqrs.adapters.dynamodb_bookmarks import DynamoDbBookmarks
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_rows import BATCH_TRIES, DynamoDbRows
from cqrs.commits import Commit
from cqrs.errors import Throttled, Unavailable
from cqrs.views import Part, Row, Saved

URL = "https://dynamodb.eu-west-1.amazonaws.com"
ROW = Row(key="7", parts={"order-7": Part(version=1, state={})}, document={"order_id": "7"})

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

    def failing(self, error: Exception) -> "Trouble":
        def fail() -> None:
            raise error

        self._with = fail
        return self


@pytest.fixture(scope="module")
def trouble() -> Trouble:
    return Trouble()


Use = Callable[[Any], object]


def store(client: Any) -> DynamoDbEventStore:
    return DynamoDbEventStore("events", client=lambda: client)


def rows(client: Any, pause: Callable[[float], None] = lambda _: None) -> DynamoDbRows:
    return DynamoDbRows("order_history", "order_history#1", ["customer"], lambda: client, pause)


def bookmarks(client: Any) -> DynamoDbBookmarks:
    return DynamoDbBookmarks("order_history", lambda: client)


EVERY_USE: dict[str, Use] = {
    "append": lambda client: store(client).append(Commit("order-7", 1, "{}"), "c"),
    "load": lambda client: store(client).load("order-7", 9, str),
    "read": lambda client: store(client).read("order-7"),
    "heads": lambda client: store(client).heads(),
    "get": lambda client: rows(client).get("7"),
    "load rows": lambda client: rows(client).load(["7"]),
    "page": lambda client: rows(client).page("customer", "c-1", None, 10),
    "parked": lambda client: rows(client).parked(10),
    "get bookmark": lambda client: bookmarks(client).get("sweep"),
    "put bookmark": lambda client: bookmarks(client).put("sweep", "here"),
}
every_use = pytest.mark.parametrize("use", EVERY_USE.values(), ids=EVERY_USE)


@every_use
def test_a_table_without_capacity_is_throttled(trouble: Trouble, use: Use) -> None:
    for code, status in THROTTLING:
        with pytest.raises(Throttled) as refusal:
            use(trouble.error(code, status).client)
        assert isinstance(refusal.value.__cause__, ClientError)


@every_use
def test_a_table_that_is_down_is_unavailable(trouble: Trouble, use: Use) -> None:
    for code, status in DOWN:
        with pytest.raises(Unavailable) as refusal:
            use(trouble.error(code, status).client)
        assert type(refusal.value) is Unavailable


@every_use
def test_a_table_out_of_reach_is_unavailable(trouble: Trouble, use: Use) -> None:
    for error in OUT_OF_REACH:
        with pytest.raises(Unavailable) as refusal:
            use(trouble.failing(error).client)
        assert type(refusal.value) is Unavailable


@every_use
def test_what_is_our_own_fault_stays_what_it_is(trouble: Trouble, use: Use) -> None:
    for code, status in [*OURS, ("ValidationException", 400)]:
        with pytest.raises(ClientError, match=code):
            use(trouble.error(code, status).client)


class TestSaving:
    @pytest.mark.parametrize(("code", "status"), [*THROTTLING, *DOWN])
    def test_a_row_that_could_not_be_saved_for_now_failed(
        self, trouble: Trouble, code: str, status: int
    ) -> None:
        (result,) = rows(trouble.error(code, status).client).save([ROW])
        assert result.saved is Saved.FAILED
        assert "order_history" in result.reason

    @pytest.mark.parametrize("error", OUT_OF_REACH)
    def test_a_row_that_may_or_may_not_have_been_saved_failed(
        self, trouble: Trouble, error: Exception
    ) -> None:
        (result,) = rows(trouble.failing(error).client).save([ROW])
        assert result.saved is Saved.FAILED

    def test_a_row_that_the_table_will_never_take_is_refused_and_says_why(
        self, trouble: Trouble
    ) -> None:
        (result,) = rows(trouble.error("ValidationException", 400).client).save([ROW])
        assert result.saved is Saved.REFUSED
        assert "ValidationException" in result.reason

    def test_a_row_that_somebody_else_saved_is_raced(self, trouble: Trouble) -> None:
        client = trouble.error("ConditionalCheckFailedException", 400).client
        (result,) = rows(client).save([ROW])
        assert result.saved is Saved.RACED

    @pytest.mark.parametrize(("code", "status"), OURS)
    def test_what_is_our_own_fault_is_not_taken_for_a_fault_of_the_row(
        self, trouble: Trouble, code: str, status: int
    ) -> None:
        client = trouble.error(code, status).client
        for batch in ([ROW], [ROW, Row(key="8")]):
            with pytest.raises(ClientError, match=code):
                rows(client).save(batch)


def test_a_batch_that_never_comes_whole_is_throttled(trouble: Trouble) -> None:
    keys = {"Keys": [{"row": {"S": "order_history#1/7"}}]}
    answer = {"Responses": {}, "UnprocessedKeys": {"order_history": keys}}
    client = trouble.answering(answer).client
    before = trouble.requests
    pauses: list[float] = []
    with pytest.raises(Throttled):
        rows(client, pauses.append).load(["7"])
    assert trouble.requests - before == len(pauses) == BATCH_TRIES
    assert pauses[0] == 0
    assert all(0 <= pause <= 0.02 * 2**tries for tries, pause in enumerate(pauses))


def _timeout_seconds(function: str) -> int:
    """What a function is given in Terraform."""
    text = (Path(__file__).parents[2] / "terraform" / "functions.tf").read_text()
    found = re.search(rf"^ +{function} = {{$.*?^ +timeout_seconds += (\d+)$", text, re.M | re.S)
    assert found, function
    return int(found[1])


def test_a_client_is_made_once_and_gives_up_before_its_function_does(aws: None) -> None:
    calls = 2  # of a command: load and append; of a query for a row: the row and its stream
    for name in ("dynamodb", "kinesis", "s3"):
        make: Any = getattr(clients, name)
        make.cache_clear()
        client = make()
        assert make() is client
        config = client.meta.config
        wait = max(config.connect_timeout, config.read_timeout)
        for function in ("orders_commands", "storefront_queries"):
            longest = wait * config.retries["total_max_attempts"] * calls
            assert longest < _timeout_seconds(function)
        make.cache_clear()
