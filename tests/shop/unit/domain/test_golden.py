"""Every event that was ever stored, in every schema it was ever stored in, can still be read.

`tests/shop/fixtures/history/<context>.<event>.<schema>.json` is what the store holds. Such a file
is written once, when an event or a schema is new, and never changed.
"""

import importlib
import json
import pkgutil
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import domain
from cqrs import plain
from cqrs.history.events import EventCodec, EventTypes
from cqrs.testing.views import recorded, shows
from cqrs.views.rows import Fold
from cqrs.views.searches import SearchView
from domain.inventory import StockReserved
from domain.kernel import Currency, OrderId
from domain.orders import Address, Line, OrderPlaced
from domain.payments import AuthorisationRequested
from scripts.release import replay
from tests.terraform.unit.test_agreements import views

HISTORY = Path(__file__).parents[2] / "fixtures" / "history"

READ_AS: dict[str, object] = {
    "orders.OrderPlaced.1": OrderPlaced(
        order_id=OrderId("7"),
        customer_id="c-1",
        currency=Currency.EUR,
        lines=(
            Line(sku="book-1", quantity=2, unit_price=1250),
            Line(sku="pen", quantity=1, unit_price=0),
        ),
        address=Address(
            name="Zoë Example",
            street="1 Example Street",
            postal_code="1010",
            city="Vienna",
            country="AT",
        ),
        payment_method="card-on-file",
    ),
    "inventory.StockReserved.1": StockReserved(
        sku="book-1", order_id=OrderId("7"), quantity=2, listed=True
    ),
    "payments.AuthorisationRequested.1": AuthorisationRequested(
        order_id=OrderId("7"),
        amount=2500,
        currency=Currency.EUR,
        method="invoice",
        customer_id=None,
    ),
}
"""What each file of an older schema is read as today."""


@cache
def registries() -> dict[str, EventTypes]:
    """The event types of every context, found by looking into all modules of all domains."""
    found: dict[str, EventTypes] = {}
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, EventTypes):
                assert found.setdefault(value.context, value) is value, (
                    f"two registries are called '{value.context}'"
                )
    return found


def files() -> dict[str, Path]:
    return {path.stem: path for path in HISTORY.glob("*.json")}


def needed() -> set[str]:
    return {
        f"{context}.{name}.{schema}"
        for context, types in registries().items()
        for name, newest in types.schemas().items()
        for schema in range(1, newest + 1)
    }


def current() -> set[str]:
    return {
        f"{context}.{name}.{schema}"
        for context, types in registries().items()
        for name, schema in types.schemas().items()
    }


def stored(name: str) -> Any:
    return json.loads(files()[name].read_text())


def codec(name: str) -> EventCodec:
    return EventCodec(registries()[name.partition(".")[0]])


each_file = pytest.mark.parametrize("name", sorted(files()))


def test_every_schema_of_every_event_has_a_golden_file() -> None:
    missing = sorted(needed() - files().keys())
    folder = HISTORY.relative_to(HISTORY.parents[3]).as_posix()
    assert not missing, (
        f"no golden file for {', '.join(missing)}. For each, write what the store holds of such an "
        f"event to {folder}/<context>.<event>.<schema>.json, with values as they may be:\n"
        + "\n".join(map(outline, missing))
        + "\nOf an older schema, git or a store has one: say in READ_AS, in this test, what it is "
        "read as today. Leave the files that are there as they are."
    )


def outline(name: str) -> str:
    """The file to be, as far as the class tells."""
    context, event, schema = name.split(".")
    cls = registries()[context].named(event).cls
    data = {name: f"<{kind}>" for name, kind in cls.__annotations__.items()}
    return json.dumps({"type": event, "schema": int(schema), "data": data}, indent=2)


def test_every_golden_file_is_known_to_a_registry() -> None:
    unknown = sorted(files().keys() - needed())
    assert not unknown, (
        f"no registry knows {', '.join(unknown)}. What was stored once is stored for ever: keep "
        "the event under its old name, with an upcaster for each older schema."
    )


def test_every_file_of_an_older_schema_says_what_it_is_read_as() -> None:
    assert sorted(READ_AS) == sorted(needed() - current()), (
        "READ_AS, in this test, has what each file of an older schema is read as today"
    )


@pytest.mark.parametrize("name", sorted(READ_AS))
def test_what_was_stored_before_is_read_as_the_event_of_today(name: str) -> None:
    assert codec(name).decode(plain.to_json(stored(name))) == READ_AS[name]


@each_file
def test_a_golden_file_holds_what_its_name_says(name: str) -> None:
    _, event, schema = name.split(".")
    assert (stored(name)["type"], stored(name)["schema"]) == (event, int(schema))


@pytest.mark.parametrize("name", sorted(current() & files().keys()))
def test_what_is_stored_today_is_read_and_stored_again_as_it_was(name: str) -> None:
    """Field by field: what were lost or changed in reading would not come out again."""
    event = codec(name).decode(plain.to_json(stored(name)))
    assert codec(name).encode(event).decode() == plain.to_json(stored(name))


def stories(fold: Fold[Any, Any]) -> list[list[object]]:
    """For each event that was ever stored, the shortest history that ends with it."""
    mine = [name for name in files() if name.startswith(f"{fold.events.context}.")]
    events = [codec(name).decode(plain.to_json(stored(name))) for name in mine]
    found = replay.stories(fold, events)
    assert len(found) == len(events)
    return found


SEARCH_VIEWS = [view for view in views().values() if isinstance(view, SearchView)]


@pytest.mark.parametrize("view", SEARCH_VIEWS, ids=lambda view: view.name)
def test_whatever_was_stored_can_be_searched(view: SearchView) -> None:
    for told in product(*(stories(fold) for fold in view.folds)):
        commits = [
            commit
            for fold, events in zip(view.folds, told, strict=True)
            for commit in recorded(fold.events, f"{fold.category}-7", *events)
        ]
        shows(view, commits)
