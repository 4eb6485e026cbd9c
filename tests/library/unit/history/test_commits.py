"""Commits: made into text once, carried unchanged, and refused where the text is damaged."""

import json
from contextlib import suppress

import pytest
from hypothesis import given

from cqrs import plain
from cqrs.errors import Ahead, Unreadable
from cqrs.history.commits import Commit, Envelope, category_of, entity_of
from cqrs.history.events import Data, EventCodec, EventTypes, Instant, Recorded
from cqrs.plain import Value, replace
from tests.examples import examples
from tests.library.hostile import jsons, nearly, texts

SHOP = EventTypes("shop")


@SHOP.event()
class Opened(Value):
    at_street: str


@SHOP.event()
class Closed(Value):
    reason: str | None = None


@SHOP.event(schema=2)
class Priced(Value):
    cents: int


@SHOP.upcaster(Priced, schema=1)
def _priced_1(data: Data) -> Data:
    return {"cents": int(str(data["cents"])) * 100}  # they were euros


codec = EventCodec(SHOP)
NOON = Instant("2026-01-01T12:00:00.000000Z")
ENVELOPE = Envelope(
    command_id="command-1",
    command_type="OpenShop",
    fingerprint="fingerprint",
    actor="ada",
    correlation_id="correlation-1",
    causation_id="request-1",
    time=NOON,
)
EVENTS = [Opened(at_street="Example Street"), Closed()]
COMMIT = Commit.of("shop-7", 3, EVENTS, ENVELOPE, codec)
BODY = plain.from_json(COMMIT.body)


def damaged(**changes: object) -> Commit:
    return replace(COMMIT, body=plain.to_json({**BODY, **changes}))


def test_a_commit_is_one_short_json_text() -> None:
    assert COMMIT.body == (
        '{"events":['
        '{"type":"Opened","schema":1,"data":{"at_street":"Example Street"}},'
        '{"type":"Closed","schema":1,"data":{"reason":null}}],'
        '"command":{"id":"command-1","type":"OpenShop","hash":"fingerprint"},'
        '"actor":"ada","correlation":"correlation-1","causation":"request-1",'
        '"time":"2026-01-01T12:00:00.000000Z"}'
    )


def test_all_that_went_into_a_commit_can_be_read_from_its_text() -> None:
    again = Commit("shop-7", 3, COMMIT.body)
    assert again == COMMIT
    assert again.envelope == ENVELOPE
    assert again.events(codec) == [
        Recorded(event=event, version=3, at=NOON, actor="ada", correlation_id="correlation-1")
        for event in EVENTS
    ]


@pytest.mark.parametrize(("schema", "cents"), [(1, 700), (2, 7)])
def test_each_event_is_read_in_the_schema_that_it_was_written_in(schema: int, cents: int) -> None:
    priced = {"type": "Priced", "schema": schema, "data": {"cents": 7}}
    commit = damaged(events=[*BODY["events"], priced])
    assert commit.bare_events(codec) == [*EVENTS, Priced(cents=cents)]
    assert [each.event for each in commit.events(codec)] == [*EVENTS, Priced(cents=cents)]


def test_events_that_nobody_knows_are_ahead_of_this_code() -> None:
    nothing = EventCodec(EventTypes("nothing"))
    assert damaged(events=[]).bare_events(nothing) == []
    with pytest.raises(Ahead, match="nothing has no event type 'Opened'"):
        COMMIT.bare_events(nothing)


def test_what_newer_code_adds_around_events_is_no_matter() -> None:
    events = [{**event, "new": 1} for event in BODY["events"]]
    assert damaged(events=events, new=1).bare_events(codec) == EVENTS


def test_a_commit_is_called_by_its_stream_and_version() -> None:
    assert str(COMMIT) == "shop-7@3"


@pytest.mark.parametrize(
    ("stream", "category", "entity"),
    [("order-7", "order", "7"), ("payment-7", "payment", "7"), ("order-a-b.c", "order", "a-b.c")],
)
def test_a_streams_name_is_its_kind_and_its_entity(stream: str, category: str, entity: str) -> None:
    assert (category_of(stream), entity_of(stream)) == (category, entity)


@pytest.mark.parametrize("stream", ["shop-7", "a_2-A.b:c_d-e", "shop-" + "7" * 128])
def test_a_streams_name_fits_wherever_it_is_used_as_a_key(stream: str) -> None:
    assert Commit.of(stream, 1, EVENTS, ENVELOPE, codec).stream == stream


@pytest.mark.parametrize(
    "stream",
    [
        "",
        "shop",
        "shop-",
        "-7",
        "7",
        "Shop-7",
        "2shop-7",
        "shop 7",
        "shop-a b",
        "shop-7\n",
        "shop-é",
        "shop-7@1",
        "shop-7,shop-8",
        "shop-a/b",
        "shop-" + "7" * 129,
    ],
)
def test_nothing_is_committed_under_another_name(stream: str) -> None:
    with pytest.raises(ValueError, match="can't be the name of a stream"):
        Commit.of(stream, 1, EVENTS, ENVELOPE, codec)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        '"events"',
        "{}",
        '{"events": null}',
        '{"events": {}}',
        "[" * 9999,
    ],
)
def test_a_text_that_is_no_commit_is_unreadable(text: str) -> None:
    commit = Commit("shop-7", 3, text)
    with pytest.raises(Unreadable, match="shop-7@3"):
        commit.events(codec)
    with pytest.raises(Unreadable, match="shop-7@3"):
        _ = commit.envelope


@pytest.mark.parametrize("field", ["command", "actor", "correlation", "causation", "time"])
@pytest.mark.parametrize("value", [None, 3, [], {}])
def test_a_commit_that_does_not_say_where_it_is_from_is_unreadable(
    field: str, value: object
) -> None:
    commit = damaged(**{field: value})
    with pytest.raises(Unreadable):
        commit.events(codec)
    with pytest.raises(Unreadable):
        _ = commit.envelope


@pytest.mark.parametrize("field", ["command", "actor", "correlation", "causation", "time"])
def test_a_commit_that_lacks_something_says_what(field: str) -> None:
    lacking = {name: value for name, value in BODY.items() if name != field}
    with pytest.raises(Unreadable, match=f"shop-7@3 can't be read: .*`{field}`"):
        _ = replace(COMMIT, body=plain.to_json(lacking)).envelope


@pytest.mark.parametrize("event", [None, 3, "Opened", [], {}, {"type": "Burnt"}])
def test_a_commit_with_a_damaged_event_still_says_where_it_is_from(event: object) -> None:
    commit = damaged(events=[event])
    assert commit.envelope == ENVELOPE
    with pytest.raises(Unreadable):
        commit.events(codec)


@examples(500)
@given(texts | (jsons | nearly(BODY)).map(json.dumps) | nearly(BODY).map(plain.to_json))
def test_any_text_is_a_commit_or_unreadable(text: str) -> None:
    commit = Commit("shop-7", 3, text)
    names = [kind.split(".")[-1].partition("@")[0] for kind in commit.kinds()]
    with suppress(Unreadable):
        assert [type(recorded.event).__name__ for recorded in commit.events(codec)] == names
    with suppress(Unreadable):
        assert isinstance(commit.envelope, Envelope)
