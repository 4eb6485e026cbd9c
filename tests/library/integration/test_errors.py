"""DynamoDB in trouble: what passes is Throttled or Unavailable, what is our fault is not."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
)

from cqrs.adapters.clients import CONTENTION
from cqrs.adapters.dynamodb_event_store import DynamoDbEventStore
from cqrs.adapters.dynamodb_notes import DynamoDbNotes
from cqrs.adapters.dynamodb_rows import DynamoDbRows
from cqrs.errors import Throttled, Unavailable, Unreadable
from cqrs.history.commits import Commit
from cqrs.history.event_store import AppendConflict, GuardTaken
from cqrs.history.guards import Claim, Release
from cqrs.views.rows import Part, Row, Saved
from tests.library.integration.trouble import (
    DONE,
    DOWN,
    OURS,
    OUT_OF_REACH,
    PASSING,
    THROTTLING,
    Trouble,
    cancelled,
)

ROW = Row(key="7", parts={"order-7": Part(version=1, state={})}, document={"order_id": "7"})


@pytest.fixture(scope="module")
def trouble() -> Trouble:
    return Trouble()


Use = Callable[[Any], object]


def store(client: Any) -> DynamoDbEventStore:
    return DynamoDbEventStore("events", client=lambda: client)


def rows(client: Any, pause: Callable[[float], None] = lambda _: None) -> DynamoDbRows:
    return DynamoDbRows("order_history", "order_history#1", ["customer"], lambda: client, pause)


def notes(client: Any) -> DynamoDbNotes:
    return DynamoDbNotes("walks", lambda: client, lambda _: None)


EVERY_USE: dict[str, Use] = {
    "append": lambda client: store(client).append(Commit("order-7", 1, "{}"), "c"),
    "append with guards": lambda client: DynamoDbEventStore(
        "events", "guards", client=lambda: client
    ).append(Commit("order-7", 1, "{}"), "c", None, CLAIMS),
    "holder": lambda client: DynamoDbEventStore("events", "guards", client=lambda: client).holder(
        CLAIMS[0]
    ),
    "load": lambda client: store(client).load("order-7", 9),
    "read": lambda client: store(client).read("order-7"),
    "heads": lambda client: store(client).heads(),
    "get": lambda client: rows(client).get("7"),
    "load rows": lambda client: rows(client).load(["7"]),
    "page": lambda client: rows(client).page("customer", "c-1", None, 10),
    "parked": lambda client: rows(client).parked(10),
    "going on": lambda client: rows(client).going_on(10, "7"),
    "size": lambda client: store(client).size(),
    "load notes": lambda client: notes(client).load(["walk/audit"]),
    "save note": lambda client: notes(client).save("walk/audit", "here", 1),
    "all notes": lambda client: notes(client).beginning("walk/"),
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


CLAIMS = [Claim(kind="name", value=value, taken=None) for value in ("ada", "bob")]


HOLDER = {"guard": {"S": CLAIMS[0].key}, "stream": {"S": "order-6"}, "version": {"N": "4"}}


WINNER = {"stream": {"S": "order-7"}, "version": {"N": "1"}, "body": {"S": "theirs"}}


def failed(item: object) -> tuple[str, object]:
    return "ConditionalCheckFailed", item


class TestTransactions:
    def append(self, trouble: Trouble, *, guarded: bool = True) -> list[float]:
        """The pauses that were made."""
        pauses: list[float] = []
        events = DynamoDbEventStore(
            "events", "guards", client=lambda: trouble.client, pause=pauses.append
        )
        events.append(Commit("order-7", 1, "{}"), "c", None, CLAIMS if guarded else ())
        return pauses

    @pytest.mark.parametrize("code", PASSING)
    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_transaction_that_met_another_is_tried_again(
        self, trouble: Trouble, code: str, place: int
    ) -> None:
        reasons = ["None"] * 3
        reasons[place] = code
        before = trouble.requests
        pauses = self.append(trouble.in_turn(cancelled(*reasons), cancelled(*reasons), DONE))
        assert trouble.requests - before == 1 + len(pauses) == 3

    @pytest.mark.parametrize("code", PASSING)
    def test_a_transaction_that_meets_others_again_and_again_is_throttled(
        self, trouble: Trouble, code: str
    ) -> None:
        before = trouble.requests
        with pytest.raises(Throttled):
            self.append(trouble.in_turn(cancelled("None", code, "None")))
        assert trouble.requests - before == CONTENTION.tries

    def test_the_pauses_between_get_longer_and_the_first_try_waits_for_nothing(
        self, trouble: Trouble
    ) -> None:
        conflict = cancelled("TransactionConflict", "None", "None")
        pauses = self.append(trouble.in_turn(*[conflict] * (CONTENTION.tries - 1), DONE))
        assert len(pauses) == CONTENTION.tries - 1
        assert all(0 <= pause <= 0.02 * 2**tries for tries, pause in enumerate(pauses, start=1))

    def test_a_plain_append_that_met_a_transaction_is_tried_again(self, trouble: Trouble) -> None:
        met = ({"__type": "com.amazonaws#TransactionConflictException", "message": "no"}, 400)
        before = trouble.requests
        self.append(trouble.in_turn(met, DONE), guarded=False)
        assert trouble.requests - before == 2
        with pytest.raises(Throttled):
            self.append(trouble.in_turn(met), guarded=False)
        assert trouble.requests - before == 2 + CONTENTION.tries

    def test_a_taken_version_counts_whatever_else_is_said(self, trouble: Trouble) -> None:
        both = cancelled(failed(WINNER), failed(HOLDER), "TransactionConflict")
        with pytest.raises(AppendConflict) as conflict:
            self.append(trouble.in_turn(both))
        assert conflict.value.winner == Commit("order-7", 1, "theirs")

    def test_a_held_claim_counts_whatever_is_said_of_others(self, trouble: Trouble) -> None:
        for other in ("None", "TransactionConflict"):
            with pytest.raises(GuardTaken) as held:
                self.append(trouble.in_turn(cancelled("None", failed(HOLDER), other)))
            assert (held.value.claim, held.value.stream, held.value.version) == (
                CLAIMS[0],
                "order-6",
                4,
            )

    @pytest.mark.parametrize("code", PASSING)
    def test_a_held_claim_does_not_count_while_nobody_knows_who_takes_the_version(
        self, trouble: Trouble, code: str
    ) -> None:
        """The other transaction may be a try of the same command, half of which can be seen."""
        unclear = cancelled(code, failed(HOLDER), "None")
        with pytest.raises(AppendConflict):
            self.append(trouble.in_turn(unclear, cancelled(failed(WINNER), failed(HOLDER), "None")))

    def test_what_another_stream_holds_cannot_be_released(self, trouble: Trouble) -> None:
        release = Release(kind="name", value="ada")
        client = trouble.in_turn(cancelled("None", failed(HOLDER))).client
        with pytest.raises(Unreadable, match="order-6"):
            DynamoDbEventStore("events", "guards", client=lambda: client).append(
                Commit("order-7", 1, "{}"), "c", None, [release]
            )

    @pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
    def test_what_is_our_own_fault_in_a_transaction_stays_what_it_is(
        self, trouble: Trouble, code: str
    ) -> None:
        with pytest.raises(ClientError, match="TransactionCanceled"):
            self.append(trouble.in_turn(cancelled("None", code, "None")))

    def test_guards_without_a_table_for_them_are_our_own_fault(self, trouble: Trouble) -> None:
        with pytest.raises(LookupError, match="no table for guards"):
            store(trouble.client).append(Commit("order-7", 1, "{}"), "c", None, CLAIMS)


def test_a_batch_that_never_comes_whole_is_throttled(trouble: Trouble) -> None:
    keys = {"Keys": [{"row": {"S": "order_history#1/7"}}]}
    answer = {"Responses": {}, "UnprocessedKeys": {"order_history": keys}}
    client = trouble.answering(answer).client
    before = trouble.requests
    pauses: list[float] = []
    with pytest.raises(Throttled):
        rows(client, pauses.append).load(["7"])
    assert trouble.requests - before == 1 + len(pauses) == CONTENTION.tries
    assert all(0 <= pause <= 0.02 * 2**tries for tries, pause in enumerate(pauses, start=1))
