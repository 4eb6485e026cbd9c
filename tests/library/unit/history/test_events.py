"""Events: stored under their names for ever, read in any schema they were ever written in."""

from typing import Annotated, Any

import pytest

from cqrs.errors import Ahead, Unreadable
from cqrs.history.events import CLEAR, Cipher, Data, EventCodec, EventTypes
from cqrs.inputs import text
from cqrs.plain import Json, Value, replace, to_json

SHOP = EventTypes("shop")


@SHOP.event(schema=3, personal={"name": "person_id"})
class PersonNamed(Value):
    person_id: str
    name: Annotated[str, text(max=5)] | None
    language: str


@SHOP.upcaster(PersonNamed, schema=1)
def _person_named_1(data: Data) -> Data:
    return {"person_id": data["id"], "name": data["name"]}


@SHOP.upcaster(PersonNamed, schema=2)
def _person_named_2(data: Data) -> Data:
    return {**data, "language": "en"}


@SHOP.event()
class ShopClosed(Value):
    shop_id: str


ADA = PersonNamed(person_id="p-1", name="Ada", language="en")
codec = EventCodec(SHOP)


class Vault:
    """A toy cipher: it keeps what it sealed, by person, and forgets a person's all at once."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Json]] = {}

    def seal(self, subject: str, value: Json) -> Json:
        self.kept.setdefault(subject, []).append(value)
        return {"sealed": len(self.kept[subject]) - 1}

    def open(self, subject: str, sealed: Json) -> Json:
        assert isinstance(sealed, dict)
        (place,) = sealed.values()
        assert isinstance(place, int)
        return self.kept[subject][place] if subject in self.kept else None


def stored(schema: object = 3, kind: object = "PersonNamed", /, **data: object) -> str:
    return to_json({"type": kind, "schema": schema, "data": data})


def test_an_event_is_stored_with_its_name_and_schema_and_read_again() -> None:
    encoded = codec.encode(ADA)
    assert encoded.decode() == stored(person_id="p-1", name="Ada", language="en")
    assert codec.decode(encoded) == ADA


def test_an_event_of_an_older_schema_is_raised_step_by_step() -> None:
    assert codec.decode(stored(1, id="p-1", name="Ada")) == ADA
    assert codec.decode(stored(2, person_id="p-1", name="Ada")) == ADA


def test_an_event_of_a_newer_schema_is_ahead_of_this_code() -> None:
    with pytest.raises(Ahead, match="PersonNamed of schema 4 was written by newer code"):
        codec.decode(stored(4, person_id="p-1", name="Ada", language="en"))


def test_an_event_of_an_unknown_type_is_refused_in_both_directions() -> None:
    class PersonForgotten(Value, kw_only=False):
        person_id: str

    with pytest.raises(Ahead, match="shop has no event type 'PersonForgotten'"):
        codec.decode(stored(1, "PersonForgotten", person_id="p-1"))
    with pytest.raises(Unreadable, match="shop has no event type 'PersonForgotten'") as refused:
        codec.encode(PersonForgotten("p-1"))
    assert not isinstance(refused.value, Ahead)  # no newer code will come and write it


@pytest.mark.parametrize("changes", [{"name": 3}, {"language": None}, {"person_id": ["p-1"]}])
def test_an_event_that_could_not_be_read_again_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        codec.encode(replace(ADA, **changes))


def test_an_event_that_breaks_a_rule_on_what_comes_in_is_written() -> None:
    long = replace(ADA, name="Augusta Ada King")
    assert codec.decode(codec.encode(long)) == long


def test_an_event_without_an_upcaster_for_its_schema_is_refused() -> None:
    with pytest.raises(Unreadable, match="no upcaster for PersonNamed of schema 0"):
        codec.decode(stored(0, id="p-1"))


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{}",
        '{"type":"PersonNamed","schema":3}',
        '{"type":"PersonNamed","data":{}}',
        '{"schema":3,"data":{}}',
        '{"type":"PersonNamed","schema":3,"data":null}',
        '{"type":"PersonNamed","schema":2,"data":null}',
        '{"type":"PersonNamed","schema":3,"data":"Ada"}',
        '{"type":"PersonNamed","schema":2,"data":"Ada"}',
        '{"type":"PersonNamed","schema":3,"data":' + "[" * 100_000,
        stored("newest", person_id="p-1"),
        stored(None, person_id="p-1"),
        stored(3, ["PersonNamed"], person_id="p-1"),
        stored(3),
        stored(3, person_id="p-1", name="Ada"),
        stored(3, person_id="p-1", name="Ada", language=3),
        stored(3, person_id="p-1", name="Ada", language="en", shoes=2),
        stored(1, name="Ada"),
        stored(1, id="p-1"),
    ],
)
def test_a_damaged_event_is_unreadable_and_nothing_worse(damaged: str) -> None:
    with pytest.raises(Unreadable) as found:
        codec.decode(damaged)
    assert not isinstance(found.value, Ahead)


def test_a_stored_value_that_broke_a_rule_made_stricter_later_is_still_read() -> None:
    event = codec.decode(stored(person_id="p-1", name="Augusta Ada King", language="en"))
    assert event.name == "Augusta Ada King"


def test_two_events_of_a_context_cannot_have_the_same_name() -> None:
    with pytest.raises(ValueError, match="shop has two events named ShopClosed"):
        SHOP.event()(type("ShopClosed", (), {}))


def test_a_registry_says_what_golden_files_must_cover() -> None:
    assert SHOP.schemas() == {"PersonNamed": 3, "ShopClosed": 1}


def test_what_is_personal_is_stored_as_it_is_when_nothing_is_to_be_hidden() -> None:
    cipher: Cipher = CLEAR
    assert b"Ada" in EventCodec(SHOP, cipher).encode(ADA)


def test_what_is_personal_is_sealed_in_the_stored_text_and_opened_again() -> None:
    sealing = EventCodec(SHOP, Vault())
    encoded = sealing.encode(ADA)
    assert encoded.decode() == stored(person_id="p-1", name={"sealed": 0}, language="en")
    assert sealing.decode(encoded) == ADA


def test_what_is_sealed_need_not_look_like_what_is_in_it() -> None:
    sealing = EventCodec(SHOP, Vault())
    unknown = replace(ADA, name=None)
    assert sealing.decode(sealing.encode(unknown)) == unknown


def test_a_codec_seals_if_there_is_something_personal_and_something_to_hide_it_with() -> None:
    impersonal = EventTypes("impersonal")
    impersonal.event()(ShopClosed)
    assert EventCodec(SHOP, Vault()).seals
    assert not EventCodec(SHOP).seals
    assert not EventCodec(impersonal, Vault()).seals


def test_what_is_personal_is_gone_with_its_key_and_the_event_stays() -> None:
    vault = Vault()
    sealing = EventCodec(SHOP, vault)
    encoded = sealing.encode(ADA)
    del vault.kept["p-1"]
    assert sealing.decode(encoded) == PersonNamed(person_id="p-1", name=None, language="en")


def test_what_was_sealed_in_an_older_schema_is_opened_in_the_newest() -> None:
    vault = Vault()
    old = stored(1, id="p-1", name=vault.seal("p-1", "Ada"))
    assert EventCodec(SHOP, vault).decode(old) == ADA
