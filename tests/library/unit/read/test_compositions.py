"""Compositions: who is asked what and when, how long it may take, and what is said of who is
missing.
"""

import time
from collections.abc import Iterator, Sequence
from threading import Event
from typing import Any

import pytest

from cqrs.errors import InvalidCursor, InvalidToken, NotFound, Throttled, Unavailable
from cqrs.plain import replace
from cqrs.read.compositions import ASKED_AT_ONCE, Ask, Composed, Composition, Plan, Reply, Status
from cqrs.read.tokens import Token
from tests.library.services import FakeServices, problem, told

SOON = 0.8  # what one that answers at once keeps on a busy machine too
AT_ONCE = 0.05
LONG = 10.0  # what no test lasts
PROMPT = 5.0


def asks(*names: str) -> list[Ask]:
    return [Ask(part=name, of=[name], read=lambda body: body) for name in names]


def plan(*, beside: Sequence[str] = ("wife",), after: Sequence[str] = ("child",)) -> Plan:
    """A plan whose document is all that was told."""
    return Plan(root=asks("king")[0], beside=asks(*beside), after=lambda _: asks(*after), join=dict)


@pytest.fixture
def services() -> Iterator[FakeServices]:
    services = FakeServices()
    services.otherwise = told({"is": "here"})
    yield services
    services.over.set()


def answer(
    services: FakeServices,
    plan: Plan = plan(),  # noqa: B008
    token: str = "",
    seconds: float = LONG,
    **headers: str,
) -> Composed:
    return Composition(services, seconds).answer(plan, Token.parse(token), headers)


def statuses(found: Composed) -> dict[str, str]:
    return {name: part.status.value for name, part in found.parts.items()}


HERE = {"is": "here"}


class TestAsking:
    def test_all_that_was_told_is_joined(self, services: FakeServices) -> None:
        found = answer(services)
        assert found.document == {"king": HERE, "wife": HERE, "child": HERE}
        assert statuses(found) == dict.fromkeys(("king", "wife", "child"), "ok")

    def test_what_follows_from_the_root_is_asked_with_what_it_told(
        self, services: FakeServices
    ) -> None:
        services.does["/king"] = told({"heir": "h/1 "})
        heir = Ask(part="heir", of=[], read=lambda body: body)
        family = replace(plan(), after=lambda king: [replace(heir, of=["people", king["heir"]])])
        assert answer(services, family).parts["heir"].status is Status.OK
        assert services.asked[-1] == "/people/h%2F1%20"

    def test_a_query_is_written_into_the_address(self, services: FakeServices) -> None:
        root = Ask(
            part="king", of=["kings"], query={"id": "a,b", "cursor": "&="}, read=lambda body: body
        )
        answer(services, Plan(root=root, join=dict))
        assert services.asked == ["/kings?id=a,b&cursor=%26%3D"]

    def test_what_can_be_asked_at_once_is(self, services: FakeServices) -> None:
        wife_asked = Event()

        def wife() -> Reply:
            wife_asked.set()
            return told(HERE)

        def king() -> Reply:
            assert wife_asked.wait(PROMPT)
            return told(HERE)

        services.does |= {"/wife": wife, "/king": king}
        assert statuses(answer(services))["king"] == "ok"

    def test_token_and_headers_go_with_every_question(self, services: FakeServices) -> None:
        answer(services, token="king-1@3, wife-1@1", **{"X-Correlation-Id": "c-1"})
        sent = {"X-Correlation-Id": "c-1", "Consistency-Token": "king-1@3, wife-1@1"}
        assert services.headers == {"/king": sent, "/wife": sent, "/child": sent}

    def test_no_token_is_not_sent(self, services: FakeServices) -> None:
        answer(services)
        assert services.headers["/king"] == {}

    def test_the_token_answered_is_what_was_asked_and_what_all_have_shown(
        self, services: FakeServices
    ) -> None:
        services.does["/king"] = told(
            HERE, consistency_token="king-1@4", consistency="waited; ms=20"
        )
        services.does["/child"] = told(HERE, consistency_token="child-1@2", consistency="current")
        services.does["/wife"] = problem(404, "not_found")
        found = answer(services, token="king-1@3, wife-1@1")
        assert str(found.freshness.token) == "king-1@4, wife-1@1, child-1@2"
        assert str(found.freshness.consistency) == "waited; ms=20"


class TestDeadline:
    def test_nobody_is_waited_for_beyond_it(self, services: FakeServices) -> None:
        services.does |= {"/wife": services.hang, "/child": services.hang}
        start = time.monotonic()
        found = answer(services, seconds=SOON)
        assert time.monotonic() - start < PROMPT
        assert statuses(found) == {"king": "ok", "wife": "late", "child": "late"}
        assert found.document == {"king": HERE, "wife": None, "child": None}
        assert found.parts["wife"].ms > 0
        assert found.parts["wife"].reason

    def test_one_that_is_late_holds_up_nothing_else(self, services: FakeServices) -> None:
        services.does["/wife"] = services.hang
        found = answer(services, seconds=SOON)
        assert statuses(found) == {"king": "ok", "wife": "late", "child": "ok"}

    def test_each_is_told_how_long_it_may_take(self, services: FakeServices) -> None:
        now = [100.0]

        def king() -> Reply:
            now[0] += 1
            return told(HERE)

        services.does["/king"] = king
        found = Composition(services, 1.5, clock=lambda: now[0]).answer(
            plan(beside=()), Token(), {}
        )
        assert services.seconds == {"/king": 1.5, "/child": 0.5}
        assert found.parts["king"].ms == 1000

    def test_what_there_is_no_time_left_for_is_not_asked(self, services: FakeServices) -> None:
        now = [100.0]

        def king() -> Reply:
            now[0] += 1.5
            return told(HERE)

        services.does["/king"] = king
        composition = Composition(services, 1.5, clock=lambda: now[0])
        found = composition.answer(plan(beside=()), Token(), {})
        assert services.asked == ["/king"]
        assert statuses(found) == {"king": "ok", "child": "late"}

    def test_a_root_that_is_late_is_no_answer(self, services: FakeServices) -> None:
        services.does["/king"] = services.hang
        with pytest.raises(Unavailable, match="'king' is late"):
            answer(services, seconds=AT_ONCE)
        assert "/child" not in services.asked

    def test_a_root_that_is_not_there_is_told_at_once(self, services: FakeServices) -> None:
        services.does |= {"/king": problem(404, "not_found"), "/wife": services.hang}
        start = time.monotonic()
        with pytest.raises(NotFound, match=r"not_found it is\."):
            answer(services)
        assert time.monotonic() - start < PROMPT

    def test_what_is_still_to_be_asked_when_it_is_over_is_never_asked(
        self, services: FakeServices
    ) -> None:
        names = [f"child-{n}" for n in range(2 * ASKED_AT_ONCE)]
        services.does |= {f"/{name}": services.hang for name in names}
        found = answer(services, plan(beside=(), after=names), seconds=SOON)
        assert set(statuses(found).values()) == {"ok", "late"}
        services.over.set()
        assert len(services.asked) <= 1 + ASKED_AT_ONCE


NOT_THERE = [problem(404, "not_found")]
LATE = [TimeoutError("no answer")]
NO_ANSWER: list[Any] = [
    Unavailable("it is down"),
    Throttled("it is busy"),
    problem(400, "invalid_input"),
    problem(429, "throttled"),
    problem(500, "internal_error"),
    problem(503, "view_parked"),
    told({"message": "Not Found"}, 404),  # a gateway's, not the service's
    told({"message": "Service Unavailable"}, 503),
    told(["not_found"], 404),
    Reply(404, b"<html>"),
    Reply(301, b"", {"location": "/elsewhere"}),
    Reply(204, b""),
    Reply(200, b""),
    Reply(200, b"<html>"),
    Reply(200, b"\xff\xfe"),
    Reply(200, b"[" * 100_000),
    Reply(200, b'{"is": NaN}'),
    told(None),
    told([]),
    told({}),
    told(HERE, consistency_token="what?"),
]
EVERY_END = [
    *[(behaviour, "not_found") for behaviour in NOT_THERE],
    *[(behaviour, "late") for behaviour in LATE],
    *[(behaviour, "unavailable") for behaviour in NO_ANSWER],
]


def strict() -> Plan:
    """A plan that reads what it needs from each answer."""
    king, wife, child = (
        replace(ask, read=lambda body: body["is"]) for ask in asks("king", "wife", "child")
    )
    return Plan(root=king, beside=[wife], after=lambda _: [child], join=dict)


class TestMissing:
    @pytest.mark.parametrize(("behaviour", "status"), EVERY_END)
    @pytest.mark.parametrize("name", ["wife", "child"])
    def test_any_other_part_may_be_missing_and_is_named(
        self, services: FakeServices, name: str, behaviour: Any, status: str
    ) -> None:
        services.does[f"/{name}"] = behaviour
        found = answer(services, strict())
        everyone = ("king", "wife", "child")
        assert statuses(found) == dict.fromkeys(everyone, "ok") | {name: status}
        assert found.document == dict.fromkeys(everyone, "here") | {name: None}
        assert found.parts[name].reason

    @pytest.mark.parametrize("behaviour", [*NO_ANSWER, *LATE])
    def test_without_its_root_there_is_no_answer(
        self, services: FakeServices, behaviour: Any
    ) -> None:
        services.does["/king"] = behaviour
        with pytest.raises(Unavailable):
            answer(services, strict())
        assert "/child" not in services.asked

    @pytest.mark.parametrize("name", ["king", "wife", "child"])
    def test_a_token_that_a_service_refuses_is_refused(
        self, services: FakeServices, name: str
    ) -> None:
        services.does[f"/{name}"] = problem(400, "invalid_consistency_token")
        with pytest.raises(InvalidToken, match=r"invalid_consistency_token it is\."):
            answer(services)

    def test_a_cursor_that_a_service_refuses_is_refused(self, services: FakeServices) -> None:
        services.does["/king"] = problem(400, "invalid_cursor")
        with pytest.raises(InvalidCursor):
            answer(services)
