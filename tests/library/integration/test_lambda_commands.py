"""Commands on their way: to a service's function, now or at a time to come; and what comes back."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody
from botocore.stub import Stubber

from cqrs import plain
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.lambda_commands import LambdaCommands, ScheduledCommands
from cqrs.adapters.memory import MemoryEventStore
from cqrs.entrypoints.commands import CommandFunction, changes
from cqrs.entrypoints.wiring import Wiring
from cqrs.errors import Conflict, Throttled, Unavailable
from cqrs.follow.messages import Answer, Message, Reply
from cqrs.history.events import Instant
from cqrs.plain import replace
from cqrs.settings import Settings
from cqrs.write.commands import CommandHandler
from tests.library.books import BOOK, AddBook, BuyCopies
from tests.library.integration.tables import create_event_store, create_process_store
from tests.library.processes import TRIPS, Wished, Works, World

URL = "https://lambda.eu-west-1.amazonaws.com"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:books_commands"
ROLE = "arn:aws:iam::123456789012:role/deadlines"
MESSAGE = Message(
    id="abcdefghijklmnop",
    command="BuyCopies",
    data={"book_id": "bücher-1", "copies": 5},
    actor="process:trips",
    correlation_id="request-1",
    causation_id="trips/7",
)


class Lambda:
    """A client whose one request is answered as told, and never arrives."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "lambda",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.stub = Stubber(self.client)

    def replies(self, payload: object, **more: Any) -> "Lambda":
        text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        body = StreamingBody(io.BytesIO(text), len(text))
        expected = {"FunctionName": FUNCTION, "Payload": _event(MESSAGE)}
        self.stub.add_response("invoke", {"StatusCode": 200, "Payload": body, **more}, expected)
        return self

    def errs(self, code: str, status: int) -> "Lambda":
        self.stub.add_client_error("invoke", code, "no", status)
        return self

    def fails(self, error: Exception) -> "Lambda":
        def fail(**_: Any) -> None:
            raise error

        self.client.meta.events.register_first("before-send.lambda", fail)
        return self

    def send(self) -> Answer:
        with self.stub:
            answer = LambdaCommands(FUNCTION, lambda: self.client).send(MESSAGE)
            self.stub.assert_no_pending_responses()
            return answer


def _event(message: Message) -> str:
    return plain.to_json({"message": plain.dump(message)})


class TestSending:
    def test_an_answer_comes_back_as_it_was_given(self) -> None:
        given = Answer(accepted=True, stream="book-1", version=3)
        assert Lambda().replies({"answer": plain.dump(given)}).send() == given

    def test_a_refusal_comes_back_as_it_was_given(self) -> None:
        given = Answer(accepted=False, code="no_copy_left", detail="All copies are lent.")
        assert Lambda().replies({"answer": plain.dump(given)}).send() == given

    @pytest.mark.parametrize("code", [Conflict.code, Throttled.code])
    def test_what_lost_a_race_or_its_breath_may_be_sent_again_at_once(self, code: str) -> None:
        with pytest.raises(Throttled, match=code):
            Lambda().replies({"again": code}).send()

    @pytest.mark.parametrize("code", [Unavailable.code, "failed", "", None, 3, ["conflict"]])
    def test_what_is_to_be_sent_again_for_another_reason_is_unavailable(self, code: Any) -> None:
        with pytest.raises(Unavailable) as raised:
            Lambda().replies({"again": code}).send()
        assert type(raised.value) is Unavailable

    @pytest.mark.parametrize("kind", ["Unhandled", "Handled"])
    def test_a_function_that_failed_is_unavailable(self, kind: str) -> None:
        failure = {"errorMessage": "Task timed out after 10.00 seconds"}
        with pytest.raises(Unavailable, match=kind) as raised:
            Lambda().replies(failure, FunctionError=kind).send()
        assert type(raised.value) is Unavailable

    @pytest.mark.parametrize(
        "reply",
        [
            b"",
            b"{",
            b"\xff",
            None,
            3,
            True,
            "answer",
            "again",
            [],
            ["again"],
            {},
            {"answer": None},
            {"answer": {}},
            {"answer": {"accepted": "yes"}},
            {"answer": {"accepted": True, "by": "me"}},
            {"statusCode": 200, "headers": {}, "body": "{}"},
        ],
    )
    def test_an_answer_that_cannot_be_read_is_unavailable(self, reply: Any) -> None:
        with pytest.raises(Unavailable) as raised:
            Lambda().replies(reply).send()
        assert type(raised.value) is Unavailable

    def test_of_a_strange_answer_only_the_beginning_is_told(self) -> None:
        with pytest.raises(Unavailable) as raised:
            Lambda().replies(b"x" * 10_000).send()
        assert len(str(raised.value)) < 400

    @pytest.mark.parametrize(
        "error",
        [
            ConnectTimeoutError(endpoint_url=URL),
            ReadTimeoutError(endpoint_url=URL),
            EndpointConnectionError(endpoint_url=URL),
        ],
    )
    def test_a_function_out_of_reach_is_unavailable(self, error: Exception) -> None:
        lambda_ = Lambda().fails(error)
        with pytest.raises(Unavailable) as raised:
            LambdaCommands(FUNCTION, lambda: lambda_.client).send(MESSAGE)
        assert type(raised.value) is Unavailable

    def test_an_answer_that_breaks_off_is_unavailable(self) -> None:
        class BrokenOff:
            def read(self) -> bytes:
                raise ReadTimeoutError(endpoint_url=URL)

        class Client:
            def invoke(self, **_: Any) -> Any:
                return {"Payload": BrokenOff()}

        client: Any = Client()
        with pytest.raises(Unavailable):
            LambdaCommands(FUNCTION, lambda: client).send(MESSAGE)

    @pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException"])
    def test_a_function_without_capacity_is_throttled(self, code: str) -> None:
        with pytest.raises(Throttled):
            Lambda().errs(code, 429).send()

    @pytest.mark.parametrize(
        ("code", "status"), [("ServiceException", 500), ("EC2ThrottledException", 502)]
    )
    def test_lambda_in_trouble_is_unavailable(self, code: str, status: int) -> None:
        with pytest.raises(Unavailable):
            Lambda().errs(code, status).send()

    @pytest.mark.parametrize(
        ("code", "status"), [("AccessDeniedException", 403), ("ResourceNotFoundException", 404)]
    )
    def test_what_is_our_own_fault_stays_what_it_is(self, code: str, status: int) -> None:
        with pytest.raises(ClientError, match=code):
            Lambda().errs(code, status).send()


@pytest.fixture
def books() -> CommandFunction:
    """A service with one book."""
    handler = CommandHandler(MemoryEventStore(), BOOK)
    function = CommandFunction({}, [changes(handler, c, "book_id") for c in (AddBook, BuyCopies)])
    dune = {"book_id": "dune", "title": "Dune", "author": "herbert", "copies": 2}
    add = replace(MESSAGE, id="add", command="AddBook", data=dune)
    assert "answer" in function(json.loads(_event(add)), None)
    return function


class InProcess:
    """A Lambda client that runs the function here, as Lambda would: JSON in, JSON out."""

    def __init__(self, function: Callable[[Any, object], Any]) -> None:
        self._function = function

    def invoke(self, *, FunctionName: str, Payload: str) -> Any:  # noqa: N803
        assert FunctionName == FUNCTION
        reply = json.dumps(self._function(json.loads(Payload), None)).encode()
        return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(reply), len(reply))}


def test_what_is_sent_is_what_a_command_function_takes(books: CommandFunction) -> None:
    client: Any = InProcess(books)
    library = LambdaCommands(FUNCTION, lambda: client)
    message = replace(MESSAGE, data={"book_id": "dune", "copies": 5})
    answer = library.send(message)
    assert answer == Answer(accepted=True, stream="book-dune", version=2)
    assert library.send(message) == answer
    other = library.send(replace(MESSAGE, id="another", data={"book_id": "x", "copies": 5}))
    assert (other.accepted, other.code) == (False, "no_such_book")


class Handed:
    """A Lambda client that is handed events, and told how to answer each."""

    def __init__(self, *answers: Callable[[Any], object]) -> None:
        self.events: list[Any] = []
        self._answers = list(answers)

    def invoke(self, *, FunctionName: str, Payload: str) -> Any:  # noqa: N803
        self.events.append(json.loads(Payload))
        reply = self._answers.pop(0)(self.events[-1])
        if isinstance(reply, Exception):
            raise reply
        if reply is None:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO()}
        return {"Payload": io.BytesIO(json.dumps(reply).encode())}

    def send(self, *messages: Message) -> Sequence[Reply]:
        client: Any = self
        return LambdaCommands(FUNCTION, lambda: client).send_all(messages)

    @property
    def sizes(self) -> list[int]:
        return [1 + len(event.get("more", ())) for event in self.events]


MESSAGES = [replace(MESSAGE, id=f"message-{n}") for n in range(4)]
UNREACHED = ReadTimeoutError(endpoint_url=URL)


def done(version: int) -> Answer:
    return Answer(accepted=True, stream="book-7", version=version)


def old(event: Any) -> object:
    """As code answers that does not know of several messages."""
    return {"answer": plain.dump(done(int(event["message"]["id"][-1])))}


def new(event: Any) -> object:
    if "more" not in event:
        return old(event)
    return {"answers": [old({"message": one}) for one in (event["message"], *event["more"])]}


def kinds(replies: Sequence[Reply]) -> list[type]:
    return [type(reply) for reply in replies]


class TestSendingSeveral:
    def test_several_messages_are_one_invocation(self) -> None:
        lambda_ = Handed(new)
        assert lambda_.send(*MESSAGES) == [done(0), done(1), done(2), done(3)]
        assert lambda_.events == [
            {"message": plain.dump(MESSAGES[0]), "more": plain.dump(MESSAGES[1:])}
        ]

    def test_one_message_is_sent_as_ever(self) -> None:
        lambda_ = Handed(new)
        assert lambda_.send(MESSAGES[3]) == [done(3)]
        assert lambda_.events == [{"message": plain.dump(MESSAGES[3])}]

    def test_a_receiver_of_older_code_gets_every_message_alone(self) -> None:
        lambda_ = Handed(old, old, old, old)
        assert lambda_.send(*MESSAGES) == [done(0), done(1), done(2), done(3)]
        assert lambda_.sizes == [4, 1, 1, 1]
        assert [event["message"]["id"] for event in lambda_.events] == [m.id for m in MESSAGES]

    def test_each_message_has_its_own_reply(self) -> None:
        refusal = Answer(accepted=False, code="no_copy_left")
        told = [{"answer": plain.dump(refusal)}, {"again": "conflict"}, {"again": "x"}, {"?": 1}]
        replies = Handed(lambda _: {"answers": told}).send(*MESSAGES)
        assert replies[0] == refusal
        assert kinds(replies) == [Answer, Throttled, Unavailable, Unavailable]

    @pytest.mark.parametrize(
        "answer",
        [
            lambda _: None,
            lambda _: UNREACHED,
            lambda _: {"answers": []},
            lambda _: {"answers": [{"again": "x"}] * 3},
            lambda _: {"answers": None},
            lambda _: "answers",
            lambda _: 3,
        ],
    )
    def test_an_invocation_that_fails_has_told_of_none(self, answer: Any) -> None:
        with pytest.raises(Unavailable):
            Handed(answer).send(*MESSAGES)

    def test_what_was_answered_stays_when_the_next_invocation_fails(self) -> None:
        lambda_ = Handed(old, old, lambda _: UNREACHED)
        replies = lambda_.send(*MESSAGES)
        assert replies[:2] == [done(0), done(1)]
        assert kinds(replies[2:]) == [Unavailable, Unavailable]
        assert lambda_.sizes == [4, 1, 1]  # who lets us wait is not asked again

    def test_an_invocation_has_a_megabyte_of_messages_at_most(self) -> None:
        large = [replace(one, data={"text": "x" * 400_000}) for one in MESSAGES]
        lambda_ = Handed(new, new)
        assert lambda_.send(*large) == [done(0), done(1), done(2), done(3)]
        assert lambda_.sizes == [2, 2]

    def test_a_message_that_is_larger_is_sent_alone(self) -> None:
        large = replace(MESSAGES[1], data={"text": "x" * 2_000_000})
        lambda_ = Handed(new, new, new)
        lambda_.send(MESSAGES[0], large, MESSAGES[2])
        assert lambda_.sizes == [1, 1, 1]

    def test_several_that_are_sent_are_what_a_command_function_takes(
        self, books: CommandFunction
    ) -> None:
        class Context:
            def get_remaining_time_in_millis(self) -> int:
                return 10_000

        client: Any = InProcess(lambda event, _: books(event, Context()))
        sent = [replace(one, data={"book_id": "dune", "copies": 1}) for one in MESSAGES]
        replies = LambdaCommands(FUNCTION, lambda: client).send_all(sent)
        assert replies == [replace(done(n), stream="book-dune") for n in (2, 3, 4, 5)]


AT = Instant("2030-01-31T12:34:56.789012Z")


@pytest.fixture
def scheduler(aws: None) -> Any:
    client = boto3.client("scheduler")
    client.create_schedule_group(Name="deadlines")
    return client


class TestSchedules:
    def timer(self, client: Any) -> ScheduledCommands:
        return ScheduledCommands(FUNCTION, "deadlines", ROLE, lambda: client)

    def test_a_command_for_later_is_a_schedule_of_its_own_that_rings_once(
        self, scheduler: Any
    ) -> None:
        self.timer(scheduler).set(MESSAGE, AT)

        found = scheduler.get_schedule(Name=MESSAGE.id, GroupName="deadlines")
        assert found["ScheduleExpression"] == "at(2030-01-31T12:34:56)"
        assert found.get("ScheduleExpressionTimezone", "UTC") == "UTC"
        assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert found["ActionAfterCompletion"] == "DELETE"
        assert (found["Target"]["Arn"], found["Target"]["RoleArn"]) == (FUNCTION, ROLE)

    def test_set_twice_it_rings_once_and_as_it_was_set_first(self, scheduler: Any) -> None:
        timer = self.timer(scheduler)
        timer.set(MESSAGE, AT)
        timer.set(MESSAGE, Instant("2031-01-01T00:00:00.000000Z"))

        (found,) = scheduler.list_schedules(GroupName="deadlines")["Schedules"]
        assert found["Name"] == MESSAGE.id
        whole = scheduler.get_schedule(Name=MESSAGE.id, GroupName="deadlines")
        assert whole["ScheduleExpression"] == "at(2030-01-31T12:34:56)"

    def test_two_commands_are_two_schedules(self, scheduler: Any) -> None:
        timer = self.timer(scheduler)
        for name in ("one", "another"):
            timer.set(replace(MESSAGE, id=name), AT)

        found = scheduler.list_schedules(GroupName="deadlines")["Schedules"]
        assert sorted(schedule["Name"] for schedule in found) == ["another", "one"]

    def test_what_it_rings_with_is_what_a_command_function_takes(
        self, scheduler: Any, books: CommandFunction
    ) -> None:
        message = replace(MESSAGE, data={"book_id": "dune", "copies": 5})
        self.timer(scheduler).set(message, AT)

        found = scheduler.get_schedule(Name=message.id, GroupName="deadlines")
        rung = books(json.loads(found["Target"]["Input"]), None)

        assert rung["answer"]["accepted"]
        client: Any = InProcess(books)
        sent_too = LambdaCommands(FUNCTION, lambda: client).send(message)
        assert sent_too.version == rung["answer"]["version"]  # whoever is first: the same command

    @pytest.mark.parametrize(
        ("code", "status", "kind"),
        [
            ("ThrottlingException", 429, Throttled),
            ("InternalServerException", 500, Unavailable),
        ],
    )
    def test_a_scheduler_in_trouble_is_told_as_something_that_passes(
        self, aws: None, code: str, status: int, kind: type[Exception]
    ) -> None:
        client = boto3.client("scheduler")
        with Stubber(client) as stub:
            stub.add_client_error("create_schedule", code, "no", status)
            with pytest.raises(kind):
                self.timer(client).set(MESSAGE, AT)

    def test_a_group_that_is_not_there_is_our_own_fault(self, aws: None) -> None:
        client = boto3.client("scheduler")
        with Stubber(client) as stub:
            stub.add_client_error("create_schedule", "ResourceNotFoundException", "no", 404)
            with pytest.raises(ClientError, match="ResourceNotFound"):
                self.timer(client).set(MESSAGE, AT)


def test_a_process_on_aws_has_its_rows_in_a_table_and_sends_by_function_timer_and_others(
    scheduler: Any,
) -> None:
    client, inn = boto3.client("dynamodb"), Works()
    create_event_store(client, "events")
    create_process_store(client, "trips")
    store: Any = DynamoDbEventStore("events", client=lambda: client)
    process = replace(TRIPS, commands=["works"], deadlines=["works"], receivers={"inn": inn})
    environment = {
        "TRIPS_EVENTS_TABLE": "events",
        "TRIPS_TABLE": "trips",
        "WORKS_FUNCTION": FUNCTION,
        "DEADLINES_GROUP": "deadlines",
        "DEADLINES_ROLE": ROLE,
    }
    wiring = Wiring(Settings(environment))
    (follower,) = wiring.follower(processes=[lambda _: process])._followers
    World(store=store).wishes("7", Wished(what="bed", to="inn"), Wished(what="bell", seconds=900))

    report = follower.catch_up({"trip-7": ()})

    assert (report.delivered, report.undelivered, report.failed) == (2, {}, {})
    assert inn.heard == ["bed"]
    (schedule,) = scheduler.list_schedules(GroupName="deadlines")["Schedules"]
    assert schedule["Target"]["Arn"] == FUNCTION
    row = client.scan(TableName="trips")["Items"][0]
    assert (row["row"]["S"], row["waiting"]["S"]) == ("trips#1/7", "trips#1/waiting")
