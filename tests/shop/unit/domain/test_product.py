"""The rules of one product and its stock: what each command does, when it is refused, when it stays
quiet; and that it is never oversold, whatever is asked of it in whichever order.
"""

from collections import Counter
from contextlib import suppress
from functools import reduce
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cqrs import inputs, plain
from cqrs.errors import Conflict, CqrsError, InvalidInput, NotFound, Refused
from cqrs.history.guards import Claim
from cqrs.plain import replace
from cqrs.testing.deciders import given
from domain.inventory import (
    PRODUCT,
    ChangePrice,
    NoProduct,
    OutOfStock,
    PriceChanged,
    PriceDiffers,
    Product,
    ProductAlreadyRegistered,
    ProductCommand,
    ProductEvent,
    ProductNotFound,
    ProductRegistered,
    ProductState,
    ReceiveStock,
    RegisterProduct,
    ReleaseStock,
    ReservationBarred,
    ReservationDiffers,
    ReservationIsOver,
    ReserveStock,
    ShipStock,
    StockReceived,
    StockReleased,
    StockReserved,
    StockShipped,
    product,
    product_facts,
)
from domain.kernel import Currency, OrderId
from tests.examples import examples

SEVEN, EIGHT = OrderId("7"), OrderId("8")

register = RegisterProduct(
    sku="book-1",
    title="The Analytical Engine",
    description="With notes by the translator.",
    tags=("history", "machines"),
    price=1250,
    currency=Currency.EUR,
)
registered = ProductRegistered(
    sku="book-1",
    title="The Analytical Engine",
    description="With notes by the translator.",
    tags=("history", "machines"),
    price=1250,
    currency=Currency.EUR,
)
change = ChangePrice(sku="book-1", price=1300)
changed = PriceChanged(sku="book-1", price=1300)
receive = ReceiveStock(sku="book-1", quantity=3)
received = StockReceived(sku="book-1", quantity=3)
reserve = ReserveStock(
    sku="book-1", order_id=SEVEN, quantity=2, unit_price=1250, currency=Currency.EUR
)
reserved = StockReserved(sku="book-1", order_id=SEVEN, quantity=2, listed=True)
counted = replace(reserved, listed=False)
release = ReleaseStock(sku="book-1", order_id=SEVEN)
released = StockReleased(sku="book-1", order_id=SEVEN, quantity=2)
barred = ReservationBarred(sku="book-1", order_id=SEVEN)
ship = ShipStock(sku="book-1", order_id=SEVEN)
shipped = StockShipped(sku="book-1", order_id=SEVEN, quantity=2)


def claim(order_id: str, taken: CqrsError | None) -> Claim:
    return Claim(kind="reservation", value=f"book-1/{order_id}", taken=taken)


ENDS = Claim(kind="reservation end", value="book-1/7", taken=None)


class TestRegisterProduct:
    def test_a_product_can_be_registered(self) -> None:
        given(PRODUCT).when(register).then(registered)

    def test_a_product_is_registered_only_once(self) -> None:
        given(PRODUCT, registered).when(register).then_refused(ProductAlreadyRegistered)

    def test_a_product_can_be_registered_after_an_order_gave_it_up(self) -> None:
        given(PRODUCT, barred).when(register).then(registered)

    def test_a_product_may_have_up_to_twenty_short_tags(self) -> None:
        fields = plain.dump(register)
        assert isinstance(fields, dict)
        assert inputs.parse(RegisterProduct, {**fields, "tags": []}) == replace(register, tags=())
        with pytest.raises(InvalidInput) as error:
            inputs.parse(RegisterProduct, {**fields, "tags": ["x" * 41] * 21})
        assert {fault.pointer for fault in error.value.faults} >= {"/tags", "/tags/20"}

    def test_the_description_may_have_several_lines_and_the_title_has_one(self) -> None:
        fields = plain.dump(replace(register, title="One\nline", description="Two\nlines"))
        with pytest.raises(InvalidInput) as error:
            inputs.parse(RegisterProduct, fields)
        assert [fault.pointer for fault in error.value.faults] == ["/title"]


class TestChangePrice:
    def test_the_price_can_be_changed(self) -> None:
        given(PRODUCT, registered).when(change).then(changed)

    def test_the_price_of_an_unknown_product_cannot_be_changed(self) -> None:
        given(PRODUCT).when(change).then_refused(ProductNotFound)

    def test_changing_the_price_to_what_it_is_does_nothing(self) -> None:
        given(PRODUCT, registered, changed).when(change).then_nothing()


class TestReceiveStock:
    def test_stock_can_be_received(self) -> None:
        given(PRODUCT, registered).when(receive).then(received)

    def test_stock_of_an_unknown_product_cannot_be_received(self) -> None:
        given(PRODUCT).when(receive).then_refused(ProductNotFound)

    def test_receiving_the_same_again_is_more_stock(self) -> None:
        given(PRODUCT, registered, received).when(receive).then(received)

    def test_what_would_add_up_or_undo_what_came_later_is_guarded(self) -> None:
        assert PRODUCT.guarded == (ReceiveStock, ChangePrice)


class TestReserveStock:
    def test_what_is_available_can_be_reserved(self) -> None:
        given(PRODUCT, registered, received).when(reserve).then(reserved)

    def test_reserving_claims_the_one_reservation_of_the_order(self) -> None:
        given(PRODUCT, registered, received).when(reserve).then_guards(
            claim("7", ReservationIsOver())
        )

    def test_an_unknown_product_cannot_be_reserved(self) -> None:
        given(PRODUCT).when(reserve).then_refused(ProductNotFound)

    def test_more_than_was_received_cannot_be_reserved(self) -> None:
        given(PRODUCT, registered).when(reserve).then_refused(OutOfStock)

    def test_what_is_reserved_for_another_order_cannot_be_reserved(self) -> None:
        another = replace(reserve, order_id=EIGHT)
        given(PRODUCT, registered, received, reserved).when(another).then_refused(OutOfStock)

    def test_what_was_released_can_be_reserved_for_another_order(self) -> None:
        another = replace(reserve, order_id=EIGHT)
        given(PRODUCT, registered, received, reserved, released).when(another).then(
            replace(reserved, order_id=EIGHT)
        )

    def test_what_was_shipped_cannot_be_reserved(self) -> None:
        another = replace(reserve, order_id=EIGHT)
        given(PRODUCT, registered, received, reserved, shipped).when(another).then_refused(
            OutOfStock
        )

    def test_a_price_that_the_customer_did_not_agree_to_is_refused(self) -> None:
        given(PRODUCT, registered, received, changed).when(reserve).then_refused(PriceDiffers)

    def test_a_price_in_another_currency_is_refused(self) -> None:
        in_pounds = replace(reserve, currency=Currency.GBP)
        given(PRODUCT, registered, received).when(in_pounds).then_refused(PriceDiffers)

    def test_so_many_open_reservations_are_listed_and_all_others_counted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(product, "MOST_LISTED", 1)
        another = replace(reserve, order_id=EIGHT, quantity=1)
        happened: Any = (registered, received, reserved)
        given(PRODUCT, *happened).when(another).then(
            StockReserved(sku="book-1", order_id=EIGHT, quantity=1, listed=False)
        )
        given(PRODUCT, *happened, shipped, received).when(another).then(
            StockReserved(sku="book-1", order_id=EIGHT, quantity=1, listed=True)
        )

    def test_what_is_counted_is_in_no_list(self) -> None:
        several = [replace(counted, order_id=OrderId(f"{n}"), quantity=1) for n in range(3)]
        events: list[ProductEvent] = [registered, received, *several]
        state = reduce(PRODUCT.evolve, events, PRODUCT.initial)
        assert isinstance(state, Product)
        assert (state.reserved, state.available, state.listed) == (3, 0, {})

    def test_an_open_reservation_is_not_made_again(self) -> None:
        given(PRODUCT, registered, received, reserved).when(reserve).then_nothing()

    def test_an_open_reservation_stands_whatever_the_price_is_since(self) -> None:
        given(PRODUCT, registered, received, reserved, changed).when(reserve).then_nothing()

    def test_an_open_reservation_cannot_be_changed(self) -> None:
        more = replace(reserve, quantity=3)
        given(PRODUCT, registered, received, reserved).when(more).then_refused(ReservationDiffers)

    def test_reserving_what_is_over_claims_what_is_held_and_so_is_refused(self) -> None:
        given(PRODUCT, registered, received, reserved, released).when(reserve).then_guards(
            claim("7", ReservationIsOver())
        )

    def test_an_order_id_is_limited(self) -> None:
        body = {"order_id": "7/8", "quantity": 1, "unit_price": 1250, "currency": "EUR"}
        with pytest.raises(InvalidInput) as error:
            inputs.parse(ReserveStock, body, sku="book-1")
        assert [fault.pointer for fault in error.value.faults] == ["/order_id"]


class TestReleaseStock:
    def test_an_open_reservation_can_be_released(self) -> None:
        given(PRODUCT, registered, received, reserved).when(release).then(released)

    def test_releasing_an_open_reservation_leaves_it_claimed(self) -> None:
        given(PRODUCT, registered, received, reserved).when(release).then_guards()

    def test_a_release_that_comes_before_the_reservation_bars_it(self) -> None:
        given(PRODUCT, registered, received).when(release).then(barred)

    def test_a_release_bars_the_reservation_of_a_product_that_does_not_exist(self) -> None:
        given(PRODUCT).when(release).then(barred)

    def test_barring_claims_the_reservation_and_has_nothing_to_do_if_it_is_over(self) -> None:
        given(PRODUCT, registered, received).when(release).then_guards(claim("7", None))
        given(PRODUCT, registered, received, reserved, released).when(release).then_guards(
            claim("7", None)
        )
        given(PRODUCT, registered, received, reserved, shipped).when(release).then_guards(
            claim("7", None)
        )


class TestShipStock:
    def test_what_is_reserved_can_be_shipped(self) -> None:
        given(PRODUCT, registered, received, reserved).when(ship).then(shipped)

    def test_shipping_leaves_the_reservation_claimed(self) -> None:
        given(PRODUCT, registered, received, reserved).when(ship).then_guards()

    def test_an_unknown_product_cannot_be_shipped(self) -> None:
        given(PRODUCT).when(ship).then_refused(ProductNotFound)

    def test_shipping_without_a_reservation_does_nothing(self) -> None:
        given(PRODUCT, registered, received).when(ship).then_nothing()

    def test_shipping_what_was_shipped_or_released_does_nothing(self) -> None:
        given(PRODUCT, registered, received, reserved, shipped).when(ship).then_nothing()
        given(PRODUCT, registered, received, reserved, released).when(ship).then_nothing()


class TestCountedReservations:
    """Those that the state does not list: what happened to them is recalled by their claims."""

    other = replace(counted, order_id=EIGHT, quantity=1)  # one that stays open
    some = given(PRODUCT, registered, received, other)
    is_open = given(PRODUCT, registered, received, other, counted)

    def test_one_that_is_open_can_be_released_or_shipped_and_its_end_is_claimed(self) -> None:
        self.is_open.when(release).then(released)
        self.is_open.when(release).then_guards(ENDS)
        self.is_open.when(ship).then(shipped)
        self.is_open.when(ship).then_guards(ENDS)

    @pytest.mark.parametrize("end", [released, shipped])
    def test_to_end_what_is_over_claims_what_is_held_and_so_does_nothing(
        self, end: ProductEvent
    ) -> None:
        over = given(PRODUCT, registered, received, self.other, counted, end)
        over.when(release).then_guards(ENDS)
        over.when(ship).then_guards(ENDS)
        assert ENDS.taken is None

    @pytest.mark.parametrize("end", [released, shipped])
    def test_what_is_over_cannot_be_reserved_again(self, end: ProductEvent) -> None:
        over = given(PRODUCT, registered, received, self.other, counted, end)
        over.when(reserve).then_refused(ReservationIsOver)

    def test_one_that_is_open_is_not_made_again_or_changed(self) -> None:
        self.is_open.when(reserve).then_nothing()
        self.is_open.when(replace(reserve, quantity=3)).then_refused(ReservationDiffers)

    def test_a_release_that_comes_first_is_tried_again_if_the_reservation_was_made_meanwhile(
        self,
    ) -> None:
        self.some.when(release).then(barred)
        self.some.when(release).then_guards(claim("7", Conflict("product-book-1", 1)))

    def test_what_is_barred_cannot_be_reserved_shipped_or_barred_again(self) -> None:
        is_barred = given(PRODUCT, registered, received, self.other, barred)
        is_barred.when(reserve).then_refused(ReservationIsOver)
        is_barred.when(ship).then_nothing()
        is_barred.when(release).then_nothing()

    def test_what_was_listed_and_is_over_stays_over(self) -> None:
        over = given(PRODUCT, registered, received, self.other, reserved, released)
        over.when(release).then_nothing()
        over.when(ship).then_nothing()
        over.when(reserve).then_refused(ReservationIsOver)

    def test_they_count_as_reserved(self) -> None:
        events: list[ProductEvent] = [registered, received, self.other, reserved]
        state = reduce(PRODUCT.evolve, events, PRODUCT.initial)
        assert isinstance(state, Product)
        assert (state.on_hand, state.reserved, state.available) == (3, 3, 0)

    def test_a_snapshot_from_before_anything_was_counted_is_read(self) -> None:
        events: list[ProductEvent] = [registered, received, reserved]
        stored = plain.dump(reduce(PRODUCT.evolve, events, PRODUCT.initial))
        assert isinstance(stored, dict)
        assert stored.pop("counted") == 0
        assert stored["reserved"] == {"7": 2}
        state = plain.load(PRODUCT.state, stored)
        assert (state.listed, state.reserved) == ({"7": 2}, 2)


class TestFacts:
    def test_a_product_is_told_with_what_is_on_hand_reserved_and_available(self) -> None:
        events: list[ProductEvent] = [registered, received, reserved]
        state = reduce(PRODUCT.evolve, events, PRODUCT.initial)
        assert product_facts("book-1", state) == {
            "sku": "book-1",
            "title": "The Analytical Engine",
            "description": "With notes by the translator.",
            "tags": ["history", "machines"],
            "price": 1250,
            "currency": "EUR",
            "on_hand": 3,
            "reserved": 2,
            "available": 1,
        }

    def test_nothing_is_told_of_a_product_that_was_only_given_up(self) -> None:
        assert product_facts("book-1", PRODUCT.evolve(NoProduct(), barred)) is None


class Warehouse:
    """What happens when commands are sent: events, and the claims that they leave behind."""

    def __init__(self) -> None:
        self.state: ProductState = PRODUCT.initial
        self.events: list[ProductEvent] = []
        self.claims: dict[str, ProductEvent] = {}
        self.decide = PRODUCT.recalling(self._events_of).decide

    def _events_of(self, claim: Claim) -> list[ProductEvent]:
        return [self.claims[claim.key]] if claim.key in self.claims else []

    def send(self, command: ProductCommand) -> None:
        with suppress(Refused, NotFound):
            for event in self.decide(command, self.state):
                self._append(event)

    def _append(self, event: ProductEvent) -> None:
        claimed = {guard.key for guard in PRODUCT.guards(self.state, event)}
        if not claimed & self.claims.keys():
            self.claims |= dict.fromkeys(claimed, event)
            self.state = PRODUCT.evolve(self.state, event)
            self.events.append(event)

    def of(self, *kinds: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kinds)]

    def pieces(self, *kinds: type) -> int:
        return sum(event.quantity for event in self.of(*kinds))


orders = st.sampled_from([OrderId(letter) for letter in "abcde"])
prices = st.sampled_from([1250, 1250, 1250, 1300])
commands: st.SearchStrategy[ProductCommand] = (
    st.just(register)
    | st.builds(ChangePrice, sku=st.just("book-1"), price=prices)
    | st.builds(ReceiveStock, sku=st.just("book-1"), quantity=st.integers(1, 4))
    | st.builds(
        ReserveStock,
        sku=st.just("book-1"),
        order_id=orders,
        quantity=st.integers(1, 4),
        unit_price=prices,
        currency=st.just(Currency.EUR),
    )
    | st.builds(ReleaseStock, sku=st.just("book-1"), order_id=orders)
    | st.builds(ShipStock, sku=st.just("book-1"), order_id=orders)
)
many = st.lists(commands, min_size=12, max_size=40)  # left to itself, hypothesis sends but a few
limits = st.lists(st.sampled_from([0, 1, 2, 50]), min_size=1, max_size=4)
sequences = many | many.map(lambda sent: [register, receive, *sent])


@examples(400)
@for_all(sequences, limits)
def test_stock_is_never_oversold_whatever_is_asked(
    sent: list[ProductCommand], most_listed: list[int]
) -> None:
    warehouse = Warehouse()
    for number, command in enumerate(sent):
        with patch.object(product, "MOST_LISTED", most_listed[number % len(most_listed)]):
            warehouse.send(command)
        state = warehouse.state
        if isinstance(state, Product):
            over = warehouse.pieces(StockReleased, StockShipped)
            assert state.available >= 0
            assert state.counted >= 0
            assert state.on_hand == state.available + state.reserved
            assert state.on_hand == warehouse.pieces(StockReceived) - warehouse.pieces(StockShipped)
            assert state.reserved == warehouse.pieces(StockReserved) - over


@examples(400)
@for_all(sequences, limits)
def test_an_order_reserves_a_product_once_and_never_after_it_gave_up(
    sent: list[ProductCommand], most_listed: list[int]
) -> None:
    warehouse = Warehouse()
    for number, command in enumerate(sent):
        with patch.object(product, "MOST_LISTED", most_listed[number % len(most_listed)]):
            warehouse.send(command)
    begun = Counter(e.order_id for e in warehouse.of(StockReserved, ReservationBarred))
    ended = Counter(e.order_id for e in warehouse.of(StockReleased, StockShipped))
    assert set(begun.values()) <= {1}
    assert set(ended.values()) <= {1}
    assert ended.keys() <= begun.keys()


@examples(50)
@for_all(sequences)
def test_a_state_is_read_from_a_snapshot_as_it_was(sent: list[ProductCommand]) -> None:
    warehouse = Warehouse()
    for command in sent:
        warehouse.send(command)
    stored = plain.from_json(plain.to_json(plain.dump(warehouse.state)))
    assert plain.load(PRODUCT.state, stored) == warehouse.state
