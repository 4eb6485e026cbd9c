"""Command functions: what they answer to messages of other services, beside their routes."""

from typing import Any

import pytest

from cqrs import plain
from cqrs.entrypoints.commands import SPARE_MS
from cqrs.errors import Conflict, Refused, Throttled, TooLarge, Unavailable, Unreadable
from cqrs.follow.messages import Answer, Message
from cqrs.plain import replace
from tests.library.books import BOOK
from tests.library.unit.entrypoints.asking import refused
from tests.library.unit.entrypoints.conftest import Lines
from tests.library.unit.entrypoints.wired import ADD_NAMED, LEND, Books, BrokenStore

ENGINES: dict[str, Any] = {"book_id": "7", "title": "On engines", "author": "byron", "copies": 2}
TO_ADA = {"book_id": "7", "reader": "ada"}
FIVE_COPIES = {"book_id": "7", "copies": 5}


@pytest.fixture
def books() -> Books:
    """With book 7."""
    books = Books()
    books.added("7")
    return books


def message(command: str, data: dict[str, Any], **changed: str) -> Any:
    sent = Message(
        id="message-1",
        command=command,
        data=data,
        actor="process:reminders",
        correlation_id="request-1",
        causation_id="reminders/7",
    )
    return plain.dump(replace(sent, **changed))


def send(books: Books, command: str, data: dict[str, Any], **changed: str) -> Answer:
    reply = books.reply(message(command, data, **changed))
    assert reply.keys() == {"answer"}
    answer: Answer = plain.load(Answer, reply["answer"])
    return answer


def refusal(answer: Answer, code: str) -> str:
    assert (answer.accepted, answer.code) == (False, code)
    assert (answer.stream, answer.version) == ("", 0)
    return answer.detail


class TestMessages:
    def test_an_accepted_message_is_answered_with_where_its_events_are(self, books: Books) -> None:
        done = Answer(accepted=True, stream="book-7", version=2)
        assert send(books, "LendBook", TO_ADA) == done

    def test_a_message_is_stored_with_who_sent_it_and_because_of_what(self, books: Books) -> None:
        send(books, "LendBook", TO_ADA)
        envelope = books.stored("7")[-1].envelope
        assert (envelope.command_id, envelope.command_type) == ("message-1", "LendBook")
        assert (envelope.actor, envelope.correlation_id) == ("process:reminders", "request-1")
        assert envelope.causation_id == "reminders/7"
        assert envelope.time.endswith("Z")

    def test_a_message_that_finds_nothing_to_do_is_accepted(self, books: Books) -> None:
        first, other = (send(books, "LendBook", TO_ADA, id=name) for name in ("one", "two"))
        assert first == other == Answer(accepted=True, stream="book-7", version=2)

    def test_a_command_that_opens_a_stream_can_be_sent_as_a_message(self) -> None:
        books = Books()
        added = Answer(accepted=True, stream="book-7", version=1)
        assert send(books, "AddBook", ENGINES) == added
        assert not send(books, "AddBook", ENGINES, id="message-2").accepted

    def test_a_command_without_a_route_can_be_sent_as_a_message(self, books: Books) -> None:
        assert send(books, "BuyCopies", FIVE_COPIES).version == 2

    def test_the_same_message_twice_has_one_effect_and_the_same_answer(self, books: Books) -> None:
        first = send(books, "BuyCopies", FIVE_COPIES)
        send(books, "LendBook", TO_ADA, id="message-2")
        assert send(books, "BuyCopies", FIVE_COPIES) == first
        assert len(books.stored("7")) == 3

    def test_the_same_message_with_its_fields_in_another_order_is_the_same(
        self, books: Books
    ) -> None:
        turned = dict(reversed(FIVE_COPIES.items()))
        assert send(books, "BuyCopies", FIVE_COPIES) == send(books, "BuyCopies", turned)

    def test_another_message_with_the_same_content_has_its_own_effect(self, books: Books) -> None:
        for name in ("message-1", "message-2"):
            send(books, "BuyCopies", FIVE_COPIES, id=name)
        assert len(books.stored("7")) == 3


class Time:
    """The time that a function has left: enough for so many messages."""

    def __init__(self, messages: int = 1_000) -> None:
        self._left = messages

    def get_remaining_time_in_millis(self) -> int:
        self._left -= 1
        return 10_000 if self._left >= 0 else SPARE_MS - 1


class TestBatches:
    def test_each_message_of_a_batch_has_its_own_answer_in_their_order(self, books: Books) -> None:
        sent = [
            message("BuyCopies", FIVE_COPIES, id="one"),
            message("LendBook", {"book_id": "8", "reader": "ada"}, id="two"),
            message("AddBook", ENGINES | {"book_id": "9"}, id="three"),
        ]

        answers = books.reply(*sent, context=Time())["answers"]

        first, second, third = (plain.load(Answer, told["answer"]) for told in answers)
        assert first == Answer(accepted=True, stream="book-7", version=2)
        assert (second.accepted, second.code) == (False, "no_such_book")
        assert third == Answer(accepted=True, stream="book-9", version=1)

    def test_messages_to_one_stream_are_handled_in_their_order(self, books: Books) -> None:
        sent = [message("BuyCopies", FIVE_COPIES, id=f"buy-{n}") for n in range(20)]

        answers = books.reply(*sent, context=Time())["answers"]

        assert [told["answer"]["version"] for told in answers] == list(range(2, 22))
        ids = [commit.envelope.command_id for commit in books.stored("7")[1:]]
        assert ids == [one["id"] for one in sent]

    def test_a_batch_that_comes_again_has_one_effect_and_the_same_answers(
        self, books: Books
    ) -> None:
        sent = [message("BuyCopies", FIVE_COPIES, id=f"buy-{n}") for n in range(3)]
        first = books.reply(*sent, context=Time())
        assert books.reply(*sent, context=Time()) == first
        assert len(books.stored("7")) == 4

    @pytest.mark.parametrize(
        "broken",
        [{}, 3, None, message("NoSuchCommand", {}), message("BuyCopies", FIVE_COPIES) | {"id": 3}],
    )
    def test_a_message_that_cannot_be_read_stops_no_other(self, books: Books, broken: Any) -> None:
        good = message("BuyCopies", FIVE_COPIES, id="good")

        for sent in ([broken, good], [good, broken]):
            answers = books.reply(*sent, context=Time())["answers"]
            assert ["again" in told for told in answers] == [one is broken for one in sent]

    def test_a_rule_that_fails_over_a_message_stops_no_other(self) -> None:
        def decide(command: Any, state: Any) -> Any:
            if command.book_id == "8":
                raise ZeroDivisionError
            return BOOK.decide(command, state)

        books = Books(decider=replace(BOOK, decide=decide))
        sent = [message("AddBook", ENGINES | {"book_id": n}, id=f"add-{n}") for n in "789"]

        answers = books.reply(*sent, context=Time())["answers"]

        assert [[*told] for told in answers] == [["answer"], ["again"], ["answer"]]
        assert answers[1] == {"again": "ZeroDivisionError"}

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_what_there_is_no_time_for_is_to_be_sent_again_soon(
        self, books: Books, number: int
    ) -> None:
        """The first message has its turn in any case, so a batch gets smaller."""
        sent = [message("BuyCopies", FIVE_COPIES, id=f"buy-{n}") for n in range(4)]

        answers = books.reply(*sent, context=Time(number - 1))["answers"]

        assert [[*told] for told in answers] == [["answer"]] * number + [["again"]] * (4 - number)
        assert answers[-1] == {"again": Throttled.code}
        assert len(books.stored("7")) == 1 + number

    def test_every_message_is_logged_with_what_it_belongs_to(
        self, books: Books, logs: Lines
    ) -> None:
        sent = [
            message("BuyCopies", FIVE_COPIES, id=f"buy-{n}", correlation_id=f"request-{n}")
            for n in range(3)
        ]
        books.reply(*sent, context=Time())
        assert [line["correlation_id"] for line in logs()] == [
            "request-0",
            "request-1",
            "request-2",
        ]


class TestRefusals:
    def test_what_is_not_there_is_refused(self) -> None:
        detail = refusal(send(Books(), "LendBook", TO_ADA), "no_such_book")
        assert detail == "There is no book 7."

    def test_what_a_rule_refuses_is_refused_with_its_code_and_why(self) -> None:
        class Closed(Refused):
            code = "closed"

        def refuse(*_: object) -> list[Any]:
            raise Closed("Nothing is lent today.")

        closed = Books(decider=replace(BOOK, decide=refuse))
        assert refusal(send(closed, "LendBook", TO_ADA), "closed") == "Nothing is lent today."

    def test_what_breaks_a_rule_of_the_command_is_refused(self, books: Books) -> None:
        refusal(send(books, "LendBook", {"book_id": "a b", "reader": "ada"}), "invalid_input")
        assert len(books.stored("7")) == 1

    def test_the_same_id_with_another_content_is_refused(self, books: Books) -> None:
        send(books, "LendBook", TO_ADA)
        answer = send(books, "LendBook", TO_ADA | {"reader": "bob"})
        refusal(answer, "idempotency_key_reused")

    def test_what_can_never_be_stored_is_refused(self) -> None:
        books = Books(BrokenStore(TooLarge("The commit book-7@1", 500_000, 400_000)))
        refusal(send(books, "AddBook", ENGINES), "too_large")

    def test_a_refusal_changes_nothing_and_is_not_remembered(self) -> None:
        books = Books()
        refusal(send(books, "LendBook", TO_ADA), "no_such_book")
        books.added("7")
        assert send(books, "LendBook", TO_ADA).accepted


class TestTrouble:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (Unavailable("The store is not available."), "unavailable"),
            (Throttled("The store has no capacity left for now."), "throttled"),
            (Conflict("book-7", 4), "conflict"),
        ],
    )
    def test_a_message_that_may_or_may_not_have_been_handled_is_to_be_sent_again(
        self, error: Exception, code: str
    ) -> None:
        store = BrokenStore(error)
        books = Books(store)
        assert books.reply(message("AddBook", ENGINES)) == {"again": code}
        store.error = None
        assert send(books, "AddBook", ENGINES).version == 1

    @pytest.mark.parametrize(
        "data",
        [{}, {"book_id": 7, "reader": "ada"}, TO_ADA | {"more": 1}, TO_ADA | {"book_id": []}],
    )
    def test_a_command_of_a_sender_of_another_version_is_to_be_sent_again(
        self, books: Books, data: dict[str, Any]
    ) -> None:
        assert books.reply(message("LendBook", data)) == {"again": "ahead"}
        assert len(books.stored("7")) == 1

    def test_a_command_that_nobody_takes_here_yet_is_to_be_sent_again(self, books: Books) -> None:
        assert books.reply(message("SellBook", {"book_id": "7"})) == {"again": "ahead"}

    @pytest.mark.parametrize("strange", [None, 3, "LendBook", [], {"id": "m", "command": "x"}])
    def test_what_is_no_message_that_this_code_knows_is_to_be_sent_again(
        self, books: Books, strange: object
    ) -> None:
        assert books.reply(strange) == {"again": "ahead"}

    def test_a_stream_that_newer_code_has_written_to_is_waited_for(self, books: Books) -> None:
        books.breaks("book-7", known='"Named"')
        assert books.reply(message("LendBook", TO_ADA)) == {"again": "ahead"}
        answer = books.command(LEND, id="7", body={"reader": "ada"})
        refused(answer, 503, "ahead")
        assert answer.headers["Retry-After"] == "1"

    def test_a_history_that_cannot_be_read_is_an_error_and_no_answer(self, books: Books) -> None:
        books.breaks("book-7")
        with pytest.raises(Unreadable):
            books.reply(message("LendBook", TO_ADA))

    def test_whatever_else_goes_wrong_is_an_error_and_no_answer(self) -> None:
        books = Books(BrokenStore(ZeroDivisionError("so")))
        with pytest.raises(ZeroDivisionError):
            books.reply(message("AddBook", ENGINES))


class TestLogs:
    def test_a_message_is_one_log_line_with_its_commit(self, books: Books, logs: Lines) -> None:
        send(books, "LendBook", TO_ADA)
        (line,) = logs()
        assert (line["message"], line["level"]) == ("message LendBook", "INFO")
        assert (line["commit"], line["repeated"]) == ("book-7@2", False)
        assert line["events"] == ["BookLent"]
        assert (line["correlation_id"], line["causation_id"]) == ("request-1", "reminders/7")
        assert line["answer"]["accepted"]

    def test_a_refusal_is_logged_with_its_code(self, logs: Lines) -> None:
        send(Books(), "LendBook", TO_ADA)
        (line,) = logs()
        assert line["answer"]["code"] == "no_such_book"

    def test_what_is_wrong_with_a_message_is_logged(self, books: Books, logs: Lines) -> None:
        send(books, "BuyCopies", {"book_id": "7", "copies": 0})
        (line,) = logs()
        assert line["errors"] == [{"pointer": "/copies", "detail": "must be 1 to 100"}]

    def test_why_a_message_is_to_be_sent_again_is_logged(self, logs: Lines) -> None:
        books = Books(BrokenStore(Unavailable("books_events is not available")))
        books.reply(message("AddBook", ENGINES))
        (line,) = logs()
        assert (line["again"], line["why"]) == ("unavailable", "books_events is not available")


class TestRoutes:
    def test_routes_are_answered_as_ever(self) -> None:
        books = Books()
        assert books.command(ADD_NAMED, body=ENGINES).status == 201
        answer = books.command(LEND, id="7", body={"reader": "ada"})
        assert (answer.status, answer.body["version"]) == (200, 2)
        assert answer.headers["Consistency-Token"] == "book-7@2"

    def test_a_route_and_a_message_are_handled_alike(self, books: Books) -> None:
        books.command(LEND, id="7", body={"reader": "ada"})
        send(books, "LendBook", TO_ADA | {"reader": "bob"})
        by_route, by_message = (
            commit.body.partition(',"command"')[0] for commit in books.stored("7")[1:]
        )
        assert by_message == by_route.replace("ada", "bob")

    def test_a_body_with_a_message_in_it_is_no_message(self, books: Books) -> None:
        answer = books.command(ADD_NAMED, body={"message": message("AddBook", ENGINES)})
        refused(answer, 400, "invalid_input")
