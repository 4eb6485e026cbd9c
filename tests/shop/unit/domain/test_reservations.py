"""Reservations through the command handler and its store: each is made once and ends once, however
late and often its commands come again, and whatever is read beside a transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqrs import plain
from cqrs.errors import Conflict, Refused
from cqrs.history.commits import Commit, Envelope
from cqrs.history.events import EventCodec, Instant
from cqrs.history.guards import Claim
from cqrs.write.aggregates import Aggregates
from cqrs.write.commands import CommandHandler
from cqrs.write.recent import REMEMBERED
from domain.inventory import (
    PRODUCT,
    PRODUCT_EVENTS,
    Product,
    ProductCommand,
    ReceiveStock,
    RegisterProduct,
    ReleaseStock,
    ReservationBarred,
    ReserveStock,
    ShipStock,
    StockReceived,
    StockReleased,
    StockReserved,
    StockShipped,
    product,
)
from domain.kernel import Currency, OrderId
from tests.examples import examples
from tests.library.stores import Counting

SKU = "book-1"


class Shaky(Counting):
    """The next `unseen` claims look free, as those of a transaction on its way may."""

    unseen = 0

    def holder(self, claim: Claim) -> tuple[str, int] | None:
        if self.unseen:
            self.unseen -= 1
            return None
        return super().holder(claim)


class Shelf:
    """The commands to one product, each under the id that its sender gives it."""

    def __init__(self) -> None:
        self.store = Shaky()
        self.others = 0
        book = RegisterProduct(
            sku=SKU, title="On", description="A.", tags=(), price=100, currency=Currency.EUR
        )
        self.send("register", book)
        self.send("receive", ReceiveStock(sku=SKU, quantity=10))

    def send(self, key: str, command: ProductCommand, *, aside: bool = False) -> None:
        envelope = Envelope(
            command_id=key,
            command_type=type(command).__name__,
            fingerprint=key,
            actor="checkout",
            correlation_id=key,
            causation_id=key,
            time=Instant("2026-01-01T00:00:00.000000Z"),
        )
        store = self.store.store if aside else self.store
        CommandHandler(store, PRODUCT, pause=lambda _: None).handle(SKU, command, envelope)

    def much_happens(self) -> None:
        """More commands than are remembered."""
        for _ in range(REMEMBERED + 2):
            self.others += 1
            self.send(f"other-{self.others}", ReceiveStock(sku=SKU, quantity=1), aside=True)

    def happened(self, *kinds: type) -> list[Any]:
        codec = EventCodec(PRODUCT_EVENTS)
        commits = self.store.store.read(f"product-{SKU}")
        events = [recorded.event for commit in commits for recorded in commit.events(codec)]
        return [event for event in events if isinstance(event, kinds)]

    def product(self) -> Product:
        state = Aggregates(self.store.store, PRODUCT).load(f"product-{SKU}").state
        assert isinstance(state, Product)
        return state


def reserve(order: str) -> ReserveStock:
    return ReserveStock(
        sku=SKU, order_id=OrderId(order), quantity=2, unit_price=100, currency=Currency.EUR
    )


def release(order: str) -> ReleaseStock:
    return ReleaseStock(sku=SKU, order_id=OrderId(order))


def ship(order: str) -> ShipStock:
    return ShipStock(sku=SKU, order_id=OrderId(order))


most_listed = pytest.mark.parametrize("most_listed", [0, 1, 50])


@most_listed
def test_commands_that_come_again_when_nobody_remembers_them_change_nothing(
    most_listed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "MOST_LISTED", most_listed)
    shelf = Shelf()
    for key, command in [("a", reserve("7")), ("b", ship("7")), ("c", reserve("8"))]:
        shelf.send(key, command)
    shelf.much_happens()
    before, state = shelf.happened(object), shelf.product()

    with suppress(Refused):  # it is over
        shelf.send("a", reserve("7"))
    shelf.send("b", ship("7"))
    shelf.send("c", reserve("8"))
    shelf.send("d", release("7"))

    assert (shelf.happened(object), shelf.product()) == (before, state)
    assert (state.reserved, state.on_hand) == (2, shelf.others + 10 - 2)


def test_what_is_stored_for_a_product_is_as_large_with_many_open_reservations() -> None:
    sizes = []
    for orders in (100, 300):
        shelf = Shelf()
        shelf.send("much", ReceiveStock(sku=SKU, quantity=1_000))
        for order in range(orders):
            shelf.send(f"reserve-{order}", reserve(f"{order}"))
        sizes.append(len(plain.write(shelf.product())))
    assert sizes == [sizes[0]] * 2


def test_a_release_that_could_not_see_the_reservation_yet_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DynamoDB: a read beside a transaction may see its commit and not yet its claim."""
    monkeypatch.setattr(product, "MOST_LISTED", 0)
    shelf = Shelf()
    shelf.send("a", reserve("7"))
    shelf.store.unseen = 1

    with pytest.raises(Conflict):
        shelf.send("b", release("7"))
    shelf.send("b", release("7"))

    assert len(shelf.happened(StockReleased)) == 1
    assert shelf.product().reserved == 0


class LostAnswer(Exception):
    """Of a commit that was appended."""


MAKE: dict[str, Callable[[str], ProductCommand]] = {
    "reserve": reserve,
    "release": release,
    "ship": ship,
}
STEPS = st.tuples(
    st.sampled_from(list(MAKE)),
    st.sampled_from("78"),
    st.sampled_from("aab"),  # the sender's key: mostly a repeat
    st.sampled_from(["nothing", "nothing", "race", "lost answer", "much else", "unseen claim"]),
)


def brew(shelf: Shelf, trouble: str, rival: ProductCommand) -> None:
    store = shelf.store

    def race(_: Commit) -> None:
        store.before_append = lambda _: None
        with suppress(Refused, Conflict):
            shelf.others += 1
            shelf.send(f"rival-{shelf.others}", rival, aside=True)

    def lose(_: Commit) -> None:
        raise LostAnswer

    match trouble:
        case "race":
            store.before_append = race
        case "lost answer":
            store.after_append = lose
        case "much else":
            shelf.much_happens()
        case "unseen claim":
            store.unseen = 1
        case _:
            pass


@examples(100)
@given(st.lists(STEPS, min_size=4, max_size=25), st.integers(0, 2))
def test_each_reservation_is_made_once_and_ends_once_whatever_happens(
    steps: list[tuple[str, str, str, str]], most_listed: int
) -> None:
    with patch.object(product, "MOST_LISTED", most_listed):
        whatever_happens(Shelf(), steps)


def whatever_happens(shelf: Shelf, steps: list[tuple[str, str, str, str]]) -> None:
    released: set[str] = set()
    for what, order, key, trouble in steps:
        command = MAKE[what](order)
        brew(shelf, trouble, MAKE["release" if what == "reserve" else "reserve"](order))
        with suppress(Refused, Conflict, LostAnswer):
            shelf.send(f"{what}-{order}-{key}", command)
            released |= {order} if what == "release" else set()
        shelf.store.before_append = shelf.store.after_append = lambda _: None
        shelf.store.unseen = 0

    made = Counter(e.order_id for e in shelf.happened(StockReserved, ReservationBarred))
    ended = Counter(e.order_id for e in shelf.happened(StockReleased, StockShipped))
    reserved = shelf.happened(StockReserved)
    assert set(made.values()) <= {1}
    assert set(ended.values()) <= {1}
    assert ended.keys() <= {event.order_id for event in reserved}
    barred = {event.order_id for event in shelf.happened(ReservationBarred)}
    assert released <= ended.keys() | barred, "what was released is open"
    state = shelf.product()
    assert state.reserved == 2 * (len(reserved) - len(ended))
    received = sum(event.quantity for event in shelf.happened(StockReceived))
    assert state.on_hand == received - 2 * len(shelf.happened(StockShipped))
    assert state.available >= 0
