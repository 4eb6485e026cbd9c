"""The rules of one order: what each command does, when it is refused, when it stays quiet."""

from contextlib import suppress
from functools import reduce

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cqrs import inputs, plain
from cqrs.errors import InvalidInput, NotFound, Refused
from cqrs.history.events import EventCodec
from cqrs.plain import replace
from cqrs.testing.deciders import given
from domain.kernel import Currency, OrderId
from domain.orders import (
    ORDER,
    ORDER_EVENTS,
    Address,
    CancelOrder,
    ChangeAddress,
    ConfirmOrder,
    DeliverOrder,
    Line,
    OrderAddressChanged,
    OrderAlreadyPlaced,
    OrderCancelled,
    OrderCommand,
    OrderConfirmed,
    OrderDelivered,
    OrderEvent,
    OrderIsCancelled,
    OrderIsConfirmed,
    OrderIsRejected,
    OrderIsShipped,
    OrderNotConfirmed,
    OrderNotCovered,
    OrderNotFound,
    OrderNotShipped,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    Paid,
    PlaceOrder,
    RejectOrder,
    RejectReason,
    Reserved,
    ShipOrder,
    SkuOnTwoLines,
)
from tests.examples import examples

SEVEN = OrderId("7")
VIENNA = Address(
    name="Ada Lovelace",
    street="1 Example Street",
    postal_code="1010",
    city="Vienna",
    country="AT",
)
GRAZ = replace(VIENNA, postal_code="8010", city="Graz")
TWO_BOOKS = Line(sku="book-1", quantity=2, unit_price=1250)
ONE_PEN = Line(sku="pen", quantity=1, unit_price=99)
RESERVED = (Reserved(sku="book-1", quantity=2), Reserved(sku="pen", quantity=1))
PAID = Paid(amount=2599, currency=Currency.EUR, reference="gateway-1")

place = PlaceOrder(
    order_id=SEVEN,
    customer_id="c-1",
    currency=Currency.EUR,
    lines=(TWO_BOOKS, ONE_PEN),
    address=VIENNA,
    payment_method="invoice",
)
change = ChangeAddress(order_id=SEVEN, address=GRAZ)
confirm = ConfirmOrder(order_id=SEVEN, reserved=RESERVED, paid=PAID)
reject = RejectOrder(order_id=SEVEN, reason=RejectReason.OUT_OF_STOCK, detail="There are 0 of pen.")
cancel = CancelOrder(order_id=SEVEN, reason="too late")
ship = ShipOrder(order_id=SEVEN)
deliver = DeliverOrder(order_id=SEVEN)

placed = OrderPlaced(
    order_id=SEVEN,
    customer_id="c-1",
    currency=Currency.EUR,
    lines=(TWO_BOOKS, ONE_PEN),
    address=VIENNA,
    payment_method="invoice",
)
moved = OrderAddressChanged(order_id=SEVEN, customer_id="c-1", address=GRAZ)
confirmed = OrderConfirmed(order_id=SEVEN, reserved=RESERVED, paid=PAID)
rejected = OrderRejected(
    order_id=SEVEN, reason=RejectReason.OUT_OF_STOCK, detail="There are 0 of pen."
)
cancelled = OrderCancelled(order_id=SEVEN, reason="too late")
shipped = OrderShipped(order_id=SEVEN)
delivered = OrderDelivered(order_id=SEVEN)

PLACED: tuple[OrderEvent, ...] = (placed,)
CONFIRMED = (*PLACED, confirmed)
SHIPPED = (*CONFIRMED, shipped)
DELIVERED = (*SHIPPED, delivered)
REJECTED = (*PLACED, rejected)
CANCELLED = (*PLACED, cancelled)


class TestPlaceOrder:
    def test_an_order_can_be_placed(self) -> None:
        given(ORDER).when(place).then(placed)

    @pytest.mark.parametrize("history", [PLACED, CONFIRMED, REJECTED, CANCELLED])
    def test_an_order_is_placed_only_once(self, history: tuple[OrderEvent, ...]) -> None:
        given(ORDER, *history).when(place).then_refused(OrderAlreadyPlaced)

    def test_an_order_names_each_sku_on_one_line_only(self) -> None:
        twice = replace(place, lines=(TWO_BOOKS, TWO_BOOKS))
        given(ORDER).when(twice).then_refused(SkuOnTwoLines)

    def test_who_does_not_say_how_to_pay_pays_with_the_card_on_file(self) -> None:
        body = plain.dump(place)
        assert isinstance(body, dict)
        del body["payment_method"]
        assert inputs.parse(PlaceOrder, body).payment_method == "card-on-file"

    def test_a_payment_method_has_a_name_of_up_to_64_characters(self) -> None:
        body = plain.dump(replace(place, payment_method="x" * 65))
        with pytest.raises(InvalidInput) as error:
            inputs.parse(PlaceOrder, body)
        assert [fault.pointer for fault in error.value.faults] == ["/payment_method"]


class TestChangeAddress:
    @pytest.mark.parametrize("history", [PLACED, CONFIRMED])
    def test_the_address_can_be_changed_until_the_order_is_shipped(
        self, history: tuple[OrderEvent, ...]
    ) -> None:
        given(ORDER, *history).when(change).then(moved)

    @pytest.mark.parametrize("history", [SHIPPED, DELIVERED])
    def test_the_address_of_what_is_on_its_way_cannot_be_changed(
        self, history: tuple[OrderEvent, ...]
    ) -> None:
        given(ORDER, *history).when(change).then_refused(OrderIsShipped)

    def test_the_address_of_a_rejected_order_cannot_be_changed(self) -> None:
        given(ORDER, *REJECTED).when(change).then_refused(OrderIsRejected)

    def test_the_address_of_a_cancelled_order_cannot_be_changed(self) -> None:
        given(ORDER, *CANCELLED).when(change).then_refused(OrderIsCancelled)

    def test_the_address_of_an_unknown_order_cannot_be_changed(self) -> None:
        given(ORDER).when(change).then_refused(OrderNotFound)

    @pytest.mark.parametrize("history", [(placed, moved), (placed, moved, confirmed)])
    def test_changing_the_address_to_what_it_is_does_nothing(
        self, history: tuple[OrderEvent, ...]
    ) -> None:
        given(ORDER, *history).when(change).then_nothing()


class TestConfirmOrder:
    def test_an_order_that_is_reserved_and_paid_is_confirmed(self) -> None:
        given(ORDER, placed).when(confirm).then(confirmed)

    def test_in_which_order_it_was_reserved_does_not_matter(self) -> None:
        backwards = RESERVED[::-1]
        given(ORDER, placed).when(replace(confirm, reserved=backwards)).then(
            replace(confirmed, reserved=backwards)
        )

    @pytest.mark.parametrize(
        "reserved",
        [
            (),
            RESERVED[:1],
            (RESERVED[0], RESERVED[0]),
            (*RESERVED, RESERVED[1]),
            (RESERVED[0], Reserved(sku="pen", quantity=2)),
            (RESERVED[0], Reserved(sku="pencil", quantity=1)),
        ],
    )
    def test_an_order_is_not_confirmed_if_something_else_was_reserved(
        self, reserved: tuple[Reserved, ...]
    ) -> None:
        other = replace(confirm, reserved=reserved)
        given(ORDER, placed).when(other).then_refused(OrderNotCovered)

    @pytest.mark.parametrize(
        "paid", [replace(PAID, amount=2598), replace(PAID, currency=Currency.USD)]
    )
    def test_an_order_is_not_confirmed_if_something_else_was_paid(self, paid: Paid) -> None:
        given(ORDER, placed).when(replace(confirm, paid=paid)).then_refused(OrderNotCovered)

    def test_a_rejected_order_cannot_be_confirmed(self) -> None:
        given(ORDER, *REJECTED).when(confirm).then_refused(OrderIsRejected)

    def test_a_cancelled_order_cannot_be_confirmed(self) -> None:
        given(ORDER, *CANCELLED).when(confirm).then_refused(OrderIsCancelled)

    def test_an_unknown_order_cannot_be_confirmed(self) -> None:
        given(ORDER).when(confirm).then_refused(OrderNotFound)

    @pytest.mark.parametrize("history", [CONFIRMED, SHIPPED, DELIVERED])
    def test_confirming_a_confirmed_order_does_nothing(
        self, history: tuple[OrderEvent, ...]
    ) -> None:
        given(ORDER, *history).when(confirm).then_nothing()


class TestRejectOrder:
    def test_a_placed_order_can_be_rejected(self) -> None:
        given(ORDER, placed).when(reject).then(rejected)

    @pytest.mark.parametrize("history", [CONFIRMED, SHIPPED, DELIVERED])
    def test_a_confirmed_order_cannot_be_rejected(self, history: tuple[OrderEvent, ...]) -> None:
        given(ORDER, *history).when(reject).then_refused(OrderIsConfirmed)

    def test_an_unknown_order_cannot_be_rejected(self) -> None:
        given(ORDER).when(reject).then_refused(OrderNotFound)

    @pytest.mark.parametrize("history", [REJECTED, CANCELLED])
    def test_rejecting_what_is_over_does_nothing(self, history: tuple[OrderEvent, ...]) -> None:
        given(ORDER, *history).when(reject).then_nothing()


class TestCancelOrder:
    @pytest.mark.parametrize("history", [PLACED, CONFIRMED, (placed, moved)])
    def test_an_order_can_be_cancelled_until_it_is_shipped(
        self, history: tuple[OrderEvent, ...]
    ) -> None:
        given(ORDER, *history).when(cancel).then(cancelled)

    @pytest.mark.parametrize("history", [SHIPPED, DELIVERED])
    def test_what_is_on_its_way_cannot_be_cancelled(self, history: tuple[OrderEvent, ...]) -> None:
        given(ORDER, *history).when(cancel).then_refused(OrderIsShipped)

    def test_a_rejected_order_cannot_be_cancelled(self) -> None:
        given(ORDER, *REJECTED).when(cancel).then_refused(OrderIsRejected)

    def test_an_unknown_order_cannot_be_cancelled(self) -> None:
        given(ORDER).when(cancel).then_refused(OrderNotFound)

    def test_cancelling_a_cancelled_order_does_nothing(self) -> None:
        given(ORDER, *CANCELLED).when(cancel).then_nothing()


class TestShipOrder:
    def test_a_confirmed_order_can_be_shipped(self) -> None:
        given(ORDER, *CONFIRMED).when(ship).then(shipped)

    def test_an_order_that_is_not_confirmed_cannot_be_shipped(self) -> None:
        given(ORDER, placed).when(ship).then_refused(OrderNotConfirmed)

    def test_a_rejected_order_cannot_be_shipped(self) -> None:
        given(ORDER, *REJECTED).when(ship).then_refused(OrderIsRejected)

    @pytest.mark.parametrize("history", [CANCELLED, (*CONFIRMED, cancelled)])
    def test_a_cancelled_order_cannot_be_shipped(self, history: tuple[OrderEvent, ...]) -> None:
        given(ORDER, *history).when(ship).then_refused(OrderIsCancelled)

    def test_an_unknown_order_cannot_be_shipped(self) -> None:
        given(ORDER).when(ship).then_refused(OrderNotFound)

    @pytest.mark.parametrize("history", [SHIPPED, DELIVERED])
    def test_shipping_a_shipped_order_does_nothing(self, history: tuple[OrderEvent, ...]) -> None:
        given(ORDER, *history).when(ship).then_nothing()


class TestDeliverOrder:
    def test_a_shipped_order_can_be_delivered(self) -> None:
        given(ORDER, *SHIPPED).when(deliver).then(delivered)

    @pytest.mark.parametrize("history", [PLACED, CONFIRMED])
    def test_an_order_that_is_not_shipped_cannot_be_delivered(
        self, history: tuple[OrderEvent, ...]
    ) -> None:
        given(ORDER, *history).when(deliver).then_refused(OrderNotShipped)

    def test_a_rejected_order_cannot_be_delivered(self) -> None:
        given(ORDER, *REJECTED).when(deliver).then_refused(OrderIsRejected)

    def test_a_cancelled_order_cannot_be_delivered(self) -> None:
        given(ORDER, *CANCELLED).when(deliver).then_refused(OrderIsCancelled)

    def test_an_unknown_order_cannot_be_delivered(self) -> None:
        given(ORDER).when(deliver).then_refused(OrderNotFound)

    def test_delivering_a_delivered_order_does_nothing(self) -> None:
        given(ORDER, *DELIVERED).when(deliver).then_nothing()


def test_an_order_of_before_customers_could_choose_is_like_one_paid_with_the_card_on_file() -> None:
    codec = EventCodec(ORDER_EVENTS)
    data = plain.dump(placed)
    del data["payment_method"]

    read = codec.decode(plain.to_json({"type": "OrderPlaced", "schema": 1, "data": data}))

    assert read == replace(placed, payment_method="card-on-file")
    given(ORDER, read).when(confirm).then(confirmed)


EVERYTHING = (place, change, confirm, reject, cancel, ship, deliver)


@pytest.mark.parametrize("history", [PLACED, CONFIRMED, SHIPPED, DELIVERED, REJECTED, CANCELLED])
def test_what_is_remembered_of_an_order_can_be_stored_and_read(
    history: tuple[OrderEvent, ...],
) -> None:
    order = reduce(ORDER.evolve, history, ORDER.initial)
    assert plain.load(ORDER.state, plain.dump(order)) == order


@examples(200)
@for_all(st.lists(st.sampled_from(EVERYTHING), max_size=12))
def test_whatever_is_asked_in_whichever_order_an_order_has_one_fate(
    commands: list[OrderCommand],
) -> None:
    history: list[OrderEvent] = []
    for command in commands:
        with suppress(Refused, NotFound):
            order = reduce(ORDER.evolve, history, ORDER.initial)
            history += ORDER.decide(command, order)

    happened = [type(event) for event in history if not isinstance(event, OrderAddressChanged)]
    fates: list[list[type]] = [
        [OrderPlaced, OrderConfirmed, OrderShipped, OrderDelivered],
        [OrderPlaced, OrderConfirmed, OrderCancelled],
        [OrderPlaced, OrderCancelled],
        [OrderPlaced, OrderRejected],
    ]
    assert happened in [fate[:n] for fate in fates for n in range(len(fate) + 1)]
