"""An order that is placed and moved again and again: benchmarks of streams send these commands."""

from __future__ import annotations

from cqrs.history.commits import Envelope
from cqrs.history.events import Instant
from domain.kernel import Currency, OrderId
from domain.orders import Address, ChangeAddress, Line, PlaceOrder

__all__ = ["envelope", "moved", "placed"]


def placed(order: OrderId) -> PlaceOrder:
    return PlaceOrder(
        order_id=order,
        customer_id="c-1",
        currency=Currency.EUR,
        lines=(Line(sku="book", quantity=1, unit_price=1250),),
        address=_address("0 Street"),
    )


def moved(order: OrderId, street: str) -> ChangeAddress:
    return ChangeAddress(order_id=order, address=_address(street))


def _address(street: str) -> Address:
    return Address(name="Ada", street=street, postal_code="1010", city="Vienna", country="AT")


def envelope(key: str) -> Envelope:
    return Envelope(
        command_id=key,
        command_type="AnyCommand",
        fingerprint="fingerprint12345",
        actor="ada@example.com",
        correlation_id="JKJaXmPLvHcESHA=",
        causation_id="JKJaXmPLvHcESHA=",
        time=Instant("2026-01-01T00:00:00.000000Z"),
    )
